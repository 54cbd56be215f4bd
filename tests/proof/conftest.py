"""The proof's own time for a meter that lied, for its tests alone."""

import pytest

from ampacity.circuit import meterview
from tests.proof.model import TRUST_MS


@pytest.fixture(autouse=True)
def hastened(monkeypatch):
    monkeypatch.setattr(meterview, "TRUST_MS", TRUST_MS)
    monkeypatch.setattr(meterview, "TRUST_MS_MAX", TRUST_MS)
    monkeypatch.setattr(meterview, "RELAPSE_MS", 0)
