"""The security log: the last security events, over restarts, also after the CSMS has them (A04); GetLog uploads it."""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace

DOC = "ocpp_security"
EVENTS_MAX = 40
INFO_CHARS = 120


def remember(station: "StationFace", kind: str, info: str, now_ms: int) -> None:
    """Keep one event; the oldest goes when there are too many. What cannot be kept is counted."""
    kept = security_rows(station)[1 - EVENTS_MAX :]
    station.documents.try_put(DOC, kept + [[max(0, station.stamp(now_ms)), kind[:50], info[:INFO_CHARS]]])


def security_rows(station: "StationFace") -> "list[Any]":
    """Each [time in ms since 1970, 0 where it was not known, kind, info], the oldest first."""
    rows: "list[Any]" = station.documents.get(DOC) or []
    return rows
