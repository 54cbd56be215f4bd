"""Reset (B11, B12): end or wait for what is in progress, let the queue empty itself, then hand over to the roles."""

from ampacity.ocpp.errors import refusal

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

DRAIN_MS_MAX = 30000


class Resets:
    """Scheduled resets: [kind, evse_id or 0, since_ms or None, boot reason]. evse_id 0: the station."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._waiting: "list[list[Any]]" = []

    def schedule(self, kind: str, evse_id: int, now_ms: int) -> str:
        """ResetResponse status."""
        busy = self._is_busy(kind, evse_id)
        self._waiting = [item for item in self._waiting if item[1] != evse_id]
        scheduled = kind == "OnIdle" and busy
        self._waiting.append([kind, evse_id, None, "ScheduledReset" if scheduled else "RemoteReset"])
        return "Scheduled" if scheduled else "Accepted"

    def scheduled(self) -> bool:
        """True if the whole station waits to be reset: nothing new begins."""
        return any(item[1] == 0 for item in self._waiting)

    def tick(self, now_ms: int) -> "int | None":
        """Hand over what may happen now; when to look again, or None."""
        wake = None
        for item in list(self._waiting):
            if self._is_busy(item[0], item[1]):
                if item[0] == "Immediate":  # one after the other; also what begins meanwhile
                    running = [evse for evse in self._evses(item[1]) if evse.tx is not None and evse.tx.ending is None]
                    self._station.turns.add("reset", running, self._station.transactions.reset)
                continue
            if item[2] is None:
                item[2] = now_ms
            if self._station.drained() and not self._station.documents.is_owed() or now_ms - item[2] >= DRAIN_MS_MAX:
                self._waiting.remove(item)
                if item[1] == 0:
                    self._station.remember_boot(item[3])
                self._station.actions.append(("reset", item[0], item[1]))
            else:
                wake = item[2] + DRAIN_MS_MAX
        return wake

    def _is_busy(self, kind: str, evse_id: int) -> bool:
        """A transaction is open; or, what only OnIdle of the station waits for, a log is being sent (B11.FR.07)."""
        if any([evse.tx is not None for evse in self._evses(evse_id)]):
            return True
        log = self._station.optional.find("log") if kind == "OnIdle" and not evse_id else None
        return log is not None and log.is_sending()

    def _evses(self, evse_id: int) -> "list[OcppEvse]":
        return [evse for evse in self._station.evses if evse_id in (0, evse.id)]


def reset(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """Reset (B11, B12)."""
    evse_id = request.get("evseId", 0)
    if evse_id and station.evse(evse_id) is None:
        return refusal("UnknownEvse")
    return {"status": station.resets.schedule(request["type"], evse_id, now_ms)}
