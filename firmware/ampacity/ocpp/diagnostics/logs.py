"""GetLog (N01): one upload at a time, its attempts and its statuses. The way to the server is the owner's of the sockets.

For each attempt the action ("upload", Upload) is given; `Upload.end` is called when it is over. A newer request cancels the upload
under way. A restart ends it, as the log is gone then, too: the id of its request is kept to report the failure.
"""

from ampacity.base.errors import Rejected
from ampacity.base.url import parse_url, without_login
from ampacity.base.wallclock import parse_iso
from ampacity.ocpp.diagnostics.log_text import LogText
from ampacity.ocpp.errors import CallError, refusal
from ampacity.ocpp.optional_blocks import OptionalBlock

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

DOC = "ocpp_log"
SCHEMES = ("http", "https")
RETRIES, RETRIES_MAX = 3, 100  # where the CSMS names none; at most
INTERVAL_S, INTERVAL_S_MAX = 60, 86400
ATTEMPT_MS_MAX = 600000
UPLOADED = "Uploaded"
HTTP_STATUSES = ((400, "BadMessage"), (401, "PermissionDenied"), (403, "PermissionDenied"), (405, "NotSupportedOperation"),
                 (407, "PermissionDenied"), (501, "NotSupportedOperation"))  # fmt: skip


def upload_status(code: int) -> str:
    """UploadLogStatus of the status code with which an HTTP server answered."""
    if 200 <= code < 300:
        return UPLOADED
    for known, status in HTTP_STATUSES:
        if known == code:
            return status
    return "UploadFailure"


class Upload:
    """One attempt. `url`: without user and password; `login`: these, "" for none; `text`: LogText; `wanted`: False: end it."""

    def __init__(self, url: str, login: str, name: str, text: LogText) -> None:
        self.url = url
        self.login = login
        self.name = name
        self.text = text
        self.wanted = True
        self.result: "tuple[str, str] | None" = None

    def end(self, status: str, why: str) -> None:
        """It is over. status: Uploaded, UploadFailure, BadMessage, PermissionDenied, NotSupportedOperation; why: without secrets."""
        if self.result is None:
            self.result = (status, why)


class Order:
    """What the CSMS requested last."""

    def __init__(self, request: "Message", name: str, now_ms: int) -> None:
        self.id: int = request["requestId"]
        self.request = request
        self.name = name
        self.left = min(RETRIES_MAX, max(0, request.get("retries", RETRIES)))  # attempts after this one
        self.interval_ms = 1000 * min(INTERVAL_S_MAX, max(0, request.get("retryInterval", INTERVAL_S)))
        self.next_ms = self.started_ms = now_ms
        self.reported = False
        self.upload: "Upload | None" = None


class Block(OptionalBlock):
    """The upload under way, if any."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self._order: "Order | None" = None
        kept = station.documents.get(DOC)
        if kept is not None:
            station.documents.try_remove(DOC)
            self._report(kept["id"], "UploadFailure")

    def request(self, request: "Message", now_ms: int) -> "Message":
        """The answer to GetLog; the attempt begins with the next tick (N01.FR.01, N01.FR.02)."""
        try:
            url, _ = without_login(request["log"]["remoteLocation"])
            parse_url(url, SCHEMES)
        except (Rejected, ValueError) as error:
            why = str(error) if isinstance(error, Rejected) else "user and password are not percent-encoded"
            return refusal("InvalidURL", why)
        if not self._text(request, now_ms).available():
            return refusal("NotFound", "no line of this log is in the requested period")
        before = self._order
        if before is not None:
            self._cancel()
            self._report(before.id, "AcceptedCanceled")  # N01.FR.20
        name = "%s-%s-%d.log" % (_plain(self._station.config.get("identity", "")), request["logType"], request["requestId"])
        self._order = Order(request, name, now_ms)
        self._station.documents.try_put(DOC, {"id": self._order.id})
        self._station.log.add("info", "ocpp: %s is requested" % request["logType"], now_ms)
        return {"status": "Accepted" if before is None else "AcceptedCanceled", "filename": name}

    def triggered(self) -> "Message":
        """The LogStatusNotification that a TriggerMessage asks for (N01.FR.13)."""
        return {"status": "Idle"} if self._order is None else {"status": "Uploading", "requestId": self._order.id}

    def is_sending(self) -> bool:
        """An attempt is under way."""
        return self._order is not None and self._order.upload is not None

    def forget_asked(self) -> None:
        """Another CSMS: it did not ask for the log."""
        self._cancel()

    def tick(self, now_ms: int) -> "int | None":
        """Begin an attempt when it is due, or see how the one under way has ended."""
        order = self._order
        if order is None:
            return None
        if order.upload is None:
            if now_ms < order.next_ms:
                return order.next_ms
            self._begin(order, now_ms)
        upload: Upload = order.upload  # type: ignore[assignment]  # it has begun
        if upload.result is None and now_ms - order.started_ms >= ATTEMPT_MS_MAX:
            upload.wanted = False
            upload.end("UploadFailure", "no end in %d s" % (ATTEMPT_MS_MAX // 1000))
        if upload.result is None:
            return order.started_ms + ATTEMPT_MS_MAX
        return self._judge(order, upload.result, now_ms)

    def _begin(self, order: Order, now_ms: int) -> None:
        url, login = without_login(order.request["log"]["remoteLocation"])
        order.upload = Upload(url, login, order.name, self._text(order.request, now_ms))
        order.started_ms = now_ms
        if not order.reported:  # N01.FR.08
            order.reported = True
            self._report(order.id, "Uploading")
        self._station.actions.append(("upload", order.upload))

    def _judge(self, order: Order, result: "tuple[str, str]", now_ms: int) -> "int | None":
        """An attempt is over; when the next one is due, None: that was the last (N01.FR.09, N01.FR.10)."""
        status, why = result
        done = status == UPLOADED
        self._station.log.add("info" if done else "warning", "ocpp: log: %s %s" % (status, why), now_ms)
        if done or not order.left:
            self._cancel()
            self._report(order.id, status)
            return None
        order.left -= 1
        order.upload = None
        order.next_ms = max(now_ms, order.started_ms + order.interval_ms)
        return order.next_ms

    def _text(self, request: "Message", now_ms: int) -> LogText:
        log = request["log"]
        times = [parse_iso(log[name]) if name in log else None for name in ("oldestTimestamp", "latestTimestamp")]
        return LogText(self._station, request["logType"], times[0], times[1], now_ms)

    def _cancel(self) -> None:
        if self._order is not None and self._order.upload is not None:
            self._order.upload.wanted = False
        if self._order is not None:
            self._order = None
            self._station.documents.try_remove(DOC)

    def _report(self, request_id: int, status: str) -> None:
        try:
            self._station.exchange.post("LogStatusNotification", {"status": status, "requestId": request_id})
        except CallError:  # the CSMS answers nothing: it can ask for the status
            self._station.log.counter("ocpp_log_statuses_dropped")


def get_log(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetLog."""
    answer: "Message" = station.optional.get("log", now_ms).request(request, now_ms)
    return answer


def _plain(text: str) -> str:
    """What of a text may stand in the name of a file."""
    return "".join([c if c.isalpha() and c < "\x7f" or c.isdigit() and c < "\x7f" or c in "-_." else "_" for c in text])[:64]
