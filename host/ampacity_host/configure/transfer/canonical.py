"""A configuration as bytes and without secrets: the same facts give the same CBOR here and on the controller (RFC 8949, section 4.2.1)."""

import hashlib
from typing import Any

import cbor2

from ampacity.roles.configuration.site_comparison import changes, line_of, without_secrets


def to_cbor(facts: Any) -> bytes:
    """Deterministic bytes."""
    return cbor2.dumps(facts, canonical=True)


def digest(data: bytes) -> str:
    """SHA-256 as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def redacted(facts: Any) -> tuple[Any, list[str]]:
    """(a copy whose secrets are null, their paths)."""
    found: list[str] = []
    return without_secrets(facts, "", found), found


def differences(active: Any, wanted: Any) -> list[str]:
    """A line for each field that differs; of secrets only that one differs."""
    return [line_of(*each) for each in changes(active, wanted)]
