"""Readings that only some EVSEs have, for the station: what a meter has signed, and the power of each phase. Nothing is read for them in addition."""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.messages import Values


def more_readings(driver: "Any") -> "Values":
    """driver: of an EVSE. Powers in W, one a terminal, as its profile reads them; signed: see ports/evse_hardware.py."""
    found: "Values" = {}
    signed = getattr(driver, "signed", None)
    if signed is not None:
        found["signed"] = signed
    device: "Any" = getattr(driver, "device", None)
    readings = getattr(device, "readings", None)  # of a device with a profile
    if readings is not None and readings.index("power_l1") >= 0:
        powers_w = readings.phases("power", device.terminals) if device.facts.online else None
        if powers_w and len(powers_w) == device.terminals:
            found["powers_w"] = powers_w
    return found
