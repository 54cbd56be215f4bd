"""The update that the CSMS ordered last, and the statuses of it that the CSMS has yet to receive; both outlive a restart.

A status is kept when it is reached and forgotten when it is answered: a link that breaks or a power cut meanwhile makes it leave again.
"""

from ampacity.ocpp.errors import CallError
from ampacity.ocpp.exchange import LOSSES_MAX
from ampacity.ocpp.firmware.kept_order import DOC, ENDS, INSTALLED

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Reply

RETRIES, RETRIES_MAX = 3, 100  # where the CSMS names none; at most
INTERVAL_S, INTERVAL_S_MIN = 60, 10  # each attempt writes its statuses to the store
UNSENT_MAX = 32
AGAIN_MS = 60000  # a status that was not sent by then was forgotten with a former CSMS


class FirmwareOrder:
    """facts: as `kept_order` gives them; None: none was ordered. `facts["status"]`: the last one, "" before the first."""

    def __init__(self, station: "StationFace", facts: "Message | None") -> None:
        self._station = station
        self._post_ms = 0
        self._losses: "tuple[Any, int]" = (None, 0)  # the status that was lost with the link, how often
        self.facts = facts

    @property
    def status(self) -> str:
        """The last status, that of an end where nothing is ordered."""
        return INSTALLED if self.facts is None else self.facts["status"]

    def ended(self) -> bool:
        """Is nothing ordered, or is it over?"""
        return self.status in ENDS

    def begin(self, request: "Message", key: str, retrieve_s: int, install_s: "int | None") -> None:
        """A new order takes the place of the one before, whose last statuses are still sent. key: hex, with which its signature is verified,
        "" without one. Times in s since 1970."""
        unsent = [] if self.facts is None else self.facts["unsent"]
        self.facts = {
            "id": request["requestId"], "url": request["firmware"]["location"], "retrieve": retrieve_s, "install": install_s,
            "retries": min(RETRIES_MAX, max(0, request.get("retries", RETRIES))),
            "interval": max(INTERVAL_S_MIN, request.get("retryInterval", INTERVAL_S)),
            "status": "", "slot": -1, "sequence": 0, "unsent": unsent,
        }  # fmt: skip
        if key:
            self.facts["key"], self.facts["signature"] = key, request["firmware"].get("signature", "")
        self.keep()

    def report(self, status: str) -> None:
        """It has reached this status; the same again is no news."""
        facts = self.facts
        if facts is None or facts["status"] == status:
            return
        facts["status"] = status
        facts["unsent"] = facts["unsent"][-UNSENT_MAX:] + [[facts["id"], status]]
        self._post_ms = 0
        self.keep()

    def keep(self) -> None:
        """What was changed outlives a restart, where the store can keep it."""
        self._station.documents.try_put(DOC, self.facts)

    def sent(self) -> bool:
        """Has the CSMS every status?"""
        return self.facts is None or not self.facts["unsent"]

    def post(self, now_ms: int) -> bool:
        """Offer the next status to the exchange; True: it has something to send now."""
        if self.sent() or not self._station.accepted() or now_ms < self._post_ms:
            return False
        self._post_ms = now_ms + AGAIN_MS
        try:
            self._station.exchange.post(self._next, None)
        except CallError:  # too many messages wait: again in a while
            return False
        return True

    def _next(self, station: "StationFace", nothing: None, now_ms: int) -> "tuple[str, Message, Any] | None":
        if self.sent():
            return None
        row = self.facts["unsent"][0]  # type: ignore[index]  # not sent: there are some

        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if kind == "lost" and self._is_lost_again(row):
                self._post_ms = 0
            else:
                self._forget(row)

        return "FirmwareStatusNotification", {"status": row[1], "requestId": row[0]}, done

    def _is_lost_again(self, row: "list[Any]") -> bool:
        """The link broke with this status under way; False: so often that it may be the cause."""
        self._losses = (row, self._losses[1] + 1 if self._losses[0] is row else 1)
        return self._losses[1] < LOSSES_MAX

    def _forget(self, row: "list[Any]") -> None:
        unsent = self.facts["unsent"]  # type: ignore[index]  # there is an order
        if unsent and unsent[0] is row:
            unsent.pop(0)
            self.keep()
        self._post_ms = 0
        if unsent:
            self.post(self._station.now_ms)
