"""Currents and times as text, for all rooms beside the core, which holds what it needs of them itself."""

from ampacity.circuit.trusted.amperes import amps, tenths

__all__ = ("amps", "seconds", "tenths")


def seconds(ms: int) -> str:
    """10.2 s of 10240 ms; ms: 0 or more."""
    return tenths(ms // 100) + " s"
