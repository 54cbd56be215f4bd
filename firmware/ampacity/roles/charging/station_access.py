"""Authorisation at one EVSE of a primary with an upstream: the station decides, its events are those of the session."""

from ampacity.ocpp.evse import CHARGING_STATES, STOPPED_REASONS

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.roles.interfaces import UpstreamFace

LETS_GO = ("Local", "MasterPass", "Remote", "StoppedByEV")  # stoppedReason with which a socket lets its plug go (E06.FR.10, E07.FR.07)


class StationAccess:
    """Who may charge at one EVSE, by the station (evse/interfaces.py, Access); and the events of its session, in OCPP terms."""

    remedy = "authorize it at the EVSE or by the CSMS"

    def __init__(self, upstream: "UpstreamFace", evse: "OcppEvse") -> None:
        self._upstream = upstream
        self._evse = evse

    def permits(self) -> bool:
        """Charging is authorised there."""
        return self._evse.may_charge()

    def reason(self) -> str:
        """stoppedReason with which that was over last."""
        return self._evse.ended_by

    def lets_go(self) -> bool:
        """A stop at the EVSE, by the CSMS, or by a car that ended the transaction; not a refused identifier (E05.FR.11) or a fault."""
        return self._evse.ended_by in LETS_GO

    def event(self, kind: str, word: "str | None", now_ms: int) -> None:
        """To the station at once; a reset of a lock-out does not authorise charging."""
        if kind == "unlocked":
            return
        fields: "dict[str, Any]" = {}
        if kind == "charging":
            fields["state"] = CHARGING_STATES[word]  # type: ignore[index]  # it has one
        elif word is not None:
            fields["reason"] = STOPPED_REASONS[word]
        self._upstream.event(self._evse.id - 1, "stop_local" if kind == "stop" else kind, fields, now_ms)
