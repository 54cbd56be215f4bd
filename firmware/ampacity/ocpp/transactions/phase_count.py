"""On how many phases a car charges: sent when the currents have settled, and again when it changes (E02.FR.18, E02.FR.19)."""

from ampacity.ocpp.transactions.meter_values import phases_used

if False:  # for the type checker
    from ampacity.ocpp.messages import Metered

STEADY_MS = 3000  # on-board chargers begin one phase after the other
# (number that the CSMS knows, number that is seen, since when if that is another); what most transactions have is there once
KNOWN = ((0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 3, 0))
UNKNOWN = KNOWN[0]


def look(known: "tuple[int, int, int]", evse: "Metered", now_ms: int) -> "tuple[tuple[int, int, int], int]":
    """New readings: (the next `known`, the number that is to be sent now, or 0)."""
    sent, seen, since_ms = known
    now = phases_used(evse) if evse.state == "Charging" else 0
    if now == sent:
        return KNOWN[sent], 0
    if now != seen:
        known = (sent, now, now_ms)
        since_ms = now_ms
    if not now or now_ms - since_ms < STEADY_MS:
        return known, 0
    return KNOWN[now], now
