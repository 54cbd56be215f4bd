"""On how many phases a car charges: sent when the currents have settled, and again when it changes (E02.FR.18, E02.FR.19)."""

from ampacity.ocpp.transactions.meter_values import phases_used

if False:  # for the type checker
    from ampacity.ocpp.messages import Metered

STEADY_MS = 3000  # on-board chargers begin one phase after the other
UNKNOWN = (0, 0, 0)  # (number that the CSMS knows, number that is seen, since when), 0: none; a tuple, for each EVSE has one


def look(known: "tuple[int, int, int]", evse: "Metered", now_ms: int) -> "tuple[tuple[int, int, int], int]":
    """New readings: (the next `known`, the number that is to be sent now, or 0)."""
    sent, seen, since_ms = known
    now = phases_used(evse) if evse.state == "Charging" else 0
    if now != seen:
        known = (sent, now, now_ms)
        since_ms = now_ms
    if not now or now == sent or now_ms - since_ms < STEADY_MS:
        return known, 0
    return (now, now, since_ms), now
