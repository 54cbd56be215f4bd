"""Currents and times as text, and the least current with which a car charges: for all rooms outside the core."""

from ampacity.circuit.trusted.amperes import amps, tenths

__all__ = ("CHARGING_DA_MIN", "amps", "seconds", "tenths")

CHARGING_DA_MIN = 60  # IEC 61851-1: no duty cycle offers less


def seconds(ms: int) -> str:
    """10.2 s of 10240 ms; ms: 0 or more."""
    return tenths(ms // 100) + " s"
