"""The firmware file that the CSMS orders for other charging stations (L03, L04): one at a time, and its statuses.

The order and the statuses that the CSMS has yet to receive outlive a restart. A status is kept when it is reached and forgotten when it is
answered. Download, checksum and server are the owner's of the sockets: it gets the action ("publish", Order), calls `Order.report`, and stops
as soon as `Order.wanted` is False. The MD5 checksum finds damage and names the file; it protects nothing: a charging station that downloads the
file verifies the signature in it by itself.
"""

from ampacity.base.errors import Rejected
from ampacity.base.url import parse_url
from ampacity.ocpp.errors import refusal
from ampacity.ocpp.exchange import LOSSES_MAX
from ampacity.ocpp.optional_blocks import OptionalBlock

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Message, Reply

DOC = "ocpp_publish"
SCHEMES = ("http", "https")
CHECKSUM_LENGTH = 32
RETRIES, RETRIES_MAX = 3, 100  # where the CSMS names none; at most
INTERVAL_S, INTERVAL_S_MIN, INTERVAL_S_MAX = 60, 10, 86400  # each attempt writes its statuses to the store
UNSENT_MAX = 16
PUBLISHED, IDLE = "Published", "Idle"
UNPUBLISHED = "Unpublished"  # no status of a notification: the file is yet to be removed; Idle: it is
UNDER_WAY = ("", "DownloadScheduled", "Downloading", "DownloadPaused", "Downloaded", "ChecksumVerified")
WHOLE = ("Downloaded", "ChecksumVerified", PUBLISHED)  # with these the file is there


class Order:
    """What the owner of the sockets works on. facts: "id", "url", "checksum" (lower case), "retries" after the first attempt, "interval" in s,
    "status" ("" before the first), "location". `wanted`: False: serve nothing of it any more, and remove its file. `readers`: charging
    stations that download it now; the owner counts them."""

    def __init__(self, block: "Block", facts: "Message") -> None:
        self._block = block
        self.facts = facts
        self.wanted = facts["status"] != UNPUBLISHED
        self.readers = 0

    @property
    def status(self) -> str:
        """The last one, "" before the first."""
        status: str = self.facts["status"]
        return status

    def report(self, status: str, location: str = "") -> None:
        """It has reached this status; the same again, with the same location, is no news. location: the URL, with Published."""
        self._block.reached(self, status, location)

    def removed(self) -> None:
        """An order that is not wanted any more has no file any more."""
        self._block.removed(self)


class Block(OptionalBlock):
    """The last order, and what the CSMS has yet to hear."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self._lost: "tuple[Any, int]" = (None, 0)  # the status that was lost with the link, how often
        self.order: "Order | None" = None
        kept = station.documents.get(DOC)
        if kept is not None:
            self.order = Order(self, kept)
            if kept["status"] in UNDER_WAY or kept["status"] in (PUBLISHED, UNPUBLISHED):
                station.actions.append(("publish", self.order))

    def request(self, request: "Message", now_ms: int) -> "Message":
        """The answer to PublishFirmware. What was published or under way before gives way. OSError: it could not be kept, nothing has changed."""
        checksum = request["checksum"].lower()
        if len(checksum) != CHECKSUM_LENGTH or checksum.strip("0123456789abcdef"):
            return refusal("InvalidValue", "checksum: %d hexadecimal digits" % CHECKSUM_LENGTH)
        try:
            parse_url(request["location"], SCHEMES)
        except Rejected as error:
            return refusal("InvalidURL", str(error))
        before = self.order
        unsent: "list[Any]" = []
        answer: "Message" = {"status": "Accepted"}
        if before is not None:
            if before.readers:
                return refusal("FwUpdateInProgress", "a charging station downloads the file %s" % before.facts["checksum"])
            unsent = before.facts["unsent"]
            if before.status in UNDER_WAY:
                unsent = _with(unsent, before, "PublishFailed" if before.status in WHOLE else "DownloadFailed", "")
            elif before.status == PUBLISHED:
                text = "the file %s is not published any more" % before.facts["checksum"]
                answer["statusInfo"] = {"reasonCode": "NoError", "additionalInfo": text}
        facts = {
            "id": request["requestId"], "url": request["location"], "checksum": checksum, "status": "", "location": "", "unsent": unsent,
            "retries": min(RETRIES_MAX, max(0, request.get("retries", RETRIES))),
            "interval": min(INTERVAL_S_MAX, max(INTERVAL_S_MIN, request.get("retryInterval", INTERVAL_S))),
        }  # fmt: skip
        self._station.documents.put(DOC, facts)
        if before is not None:
            before.wanted = False
        self._hand_over(Order(self, facts))
        return answer

    def withdraw(self, checksum: str, now_ms: int) -> str:
        """The status of the answer to UnpublishFirmware (L04.FR.01 to 04). OSError: it could not be kept, the file is still published."""
        order = self.order
        if order is None or order.facts["checksum"] != checksum.lower() or order.status not in UNDER_WAY + (PUBLISHED,):
            return "NoFirmware"
        if order.status != PUBLISHED or order.readers:
            return "DownloadOngoing"
        facts = dict(order.facts)
        facts["status"], facts["location"] = UNPUBLISHED, ""
        self._station.documents.put(DOC, facts)
        order.facts, order.wanted = facts, False
        self._hand_over(order)
        return UNPUBLISHED

    def triggered(self) -> "Message":
        """The PublishFirmwareStatusNotification that a TriggerMessage asks for: the last status, Idle after Published (L03.FR.10, L03.FR.11)."""
        if self.order is None or self.order.status in (PUBLISHED, UNPUBLISHED, IDLE):
            return {"status": IDLE}
        return {"status": self.order.status or UNDER_WAY[1], "requestId": self.order.facts["id"]}

    def reached(self, order: Order, status: str, location: str) -> None:
        """See `Order.report`; an order that is not wanted any more reaches nothing."""
        facts = order.facts
        if order is not self.order or not order.wanted or (facts["status"], facts["location"]) == (status, location):
            return
        facts["status"], facts["location"] = status, location
        facts["unsent"] = _with(facts["unsent"], order, status, location)
        self._station.documents.try_put(DOC, facts)

    def removed(self, order: Order) -> None:
        """See `Order.removed`."""
        if order is self.order and order.status == UNPUBLISHED:
            order.facts["status"] = IDLE
            self._keep(order)

    def pull(self, now_ms: int) -> "Call | None":
        """The next status that the CSMS has yet to receive (L03.FR.01)."""
        if self.order is None or not self.order.facts["unsent"]:
            return None
        row = self.order.facts["unsent"][0]

        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if kind != "lost" or self._is_lost_again(row):
                self._forget(row)

        payload: "Message" = {"status": row[1], "requestId": row[0]}
        if row[2]:
            payload["location"] = [row[2]]
        return "PublishFirmwareStatusNotification", payload, done

    def _hand_over(self, order: Order) -> None:
        self.order = order
        self._station.actions.append(("publish", order))

    def _is_lost_again(self, row: "list[Any]") -> bool:
        """The link broke with this status under way; True: so often that it may be the cause."""
        self._lost = (row, self._lost[1] + 1 if self._lost[0] is row else 1)
        return self._lost[1] >= LOSSES_MAX

    def _forget(self, row: "list[Any]") -> None:
        order = self.order
        if order is not None and order.facts["unsent"] and order.facts["unsent"][0] is row:
            order.facts["unsent"].pop(0)
            self._keep(order)

    def _keep(self, order: Order) -> None:
        """An order whose file is withdrawn and of which the CSMS knows everything is forgotten. A failure is not: it can be asked for
        (L03.FR.11)."""
        if order.status == IDLE and not order.facts["unsent"]:
            self._station.documents.try_remove(DOC)
            self.order = None
        else:
            self._station.documents.try_put(DOC, order.facts)


def _with(unsent: "list[Any]", order: Order, status: str, location: str) -> "list[Any]":
    return unsent[-UNSENT_MAX + 1 :] + [[order.facts["id"], status, location]]
