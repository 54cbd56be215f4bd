"""The proof's own time for a meter that lied, for its tests alone; and what runs beside all tests."""

import pytest

from ampacity.circuit.trusted import meterview
from tests.beside import Plugin
from tests.proof.model import TRUST_MS


def pytest_configure(config):
    config.pluginmanager.register(Plugin(), "runs beside")


@pytest.fixture(autouse=True)
def hastened(monkeypatch):
    monkeypatch.setattr(meterview, "TRUST_MS", TRUST_MS)
    monkeypatch.setattr(meterview, "TRUST_MS_MAX", TRUST_MS)
    monkeypatch.setattr(meterview, "RELAPSE_MS", 0)
