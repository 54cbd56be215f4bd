"""OCPP-J framing, sans I/O: one request of ours under way at a time, answers to theirs at once.

A request of ours ends in exactly one `done(kind, payload, now_ms)`: kind "result" (payload: the checked object),
"error" (payload: the code), "timeout" or "lost" (connection gone; it says nothing about the peer). What is to be sent
again, and when, is decided by the sender of the request. The last answers are kept by message id: a request that comes twice is
answered twice and done once.

Which error code says what (OCPP-J, 4.3): what cannot be read as a message → RpcFrameworkError, with the id "-1" unless the id can be read;
a type other than 2, 3, 4 → MessageTypeNotSupported; a request whose payload cannot be read, or is longer than SIZE_MAX → FormatViolation; a
payload that is no object → ProtocolError; fields: schema.py; an unknown action → NotImplemented, one that is not there → NotSupported; a
station that is not accepted → SecurityError; no room on the medium or in memory, or too many at once → InternalError.
"""

from ampacity.base.rate_limited_log import RateLimitedLog
from ampacity.base.strict_json import begin, dumps
from ampacity.ocpp.errors import CallError
from ampacity.ocpp.message_head import HEAD_BYTES, ID_MAX, message_head

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any, Protocol

    from ampacity.base.log import Log
    from ampacity.ocpp.messages import Done, Message, Reply
    from ampacity.ocpp.schema import Check

    class Reading(Protocol):
        """A message that is read piece by piece: base/strict_json.py, `begin`."""

        value: object

        def advance(self, values: int) -> bool: ...

SIZE_MAX = 65536
ANSWERS_KEPT = 4
ANSWERS_WAITING_MAX = 64  # further requests are refused
OUT_MAX = 256  # and beyond this they stay without any answer
VALUES_AT_ONCE = 128  # of a message that is read or checked; then others have their turn
CALL, RESULT, ERROR = 2, 3, 4


class Rpc:
    """`handle(action, payload, message_id, now_ms)` → the response, or None if it is given later by `answer`.

    It may raise CallError. `request_check(action, payload)`, `response_check(action, payload)`: the Check of what comes in.
    `invalid(text)`: told of each message that is not valid.
    `prefix`: makes message ids unique over restarts (at most 20 characters). `silences`: requests of ours in a row without any answer of
    the peer, over all connections.
    """

    def __init__(
        self, handle: "Callable[[str, Message, str, int], Message | None]", request_check: "Callable[[str, Message], Check]",
        response_check: "Callable[[str, Message], Check]", invalid: "Callable[[str], None]", prefix: str, log: "Log",
    ) -> None:
        self._handle = handle
        self._request_check = request_check
        self._response_check = response_check
        self._invalid = invalid
        self._prefix = prefix
        self._log = log
        self._limited_log = RateLimitedLog(log, "ocpp")
        self._count = 0
        self._out: "list[str]" = []
        self._answered: "list[tuple[str, str]]" = []
        self._later: "list[str]" = []
        self._pending: "tuple[str, str, Done, int] | None" = None
        self._unanswered = 0
        self.silences = 0
        self._reading: "Reading | None" = None  # a long message of the peer
        self._head = ""  # how that begins
        self._checking: "tuple[Check, list[Any]] | None" = None  # one that was read, as its frame

    def reading(self) -> bool:
        """True while take() has to be called again for a long message to be read and checked to its end."""
        return self._reading is not None or self._checking is not None

    def busy(self) -> bool:
        """True while a request of ours waits for its answer."""
        return self._pending is not None

    def deadline_ms(self) -> "int | None":
        """When the request under way is given up, or None."""
        return None if self._pending is None else self._pending[3]

    def close(self, now_ms: int) -> None:
        """The connection is gone: nothing that was for it remains."""
        self._out = []
        self._later = []
        self._answered = []
        self._unanswered = 0
        self._reading = self._checking = None
        self._end("lost", None, now_ms)

    def call(self, action: str, payload: "Message", done: "Done", timeout_ms: int, now_ms: int) -> str:
        """Text of a new request. Only while not busy()."""
        self._count += 1
        message_id = "%s-%x" % (self._prefix, self._count)
        self._pending = (message_id, action, done, now_ms + timeout_ms)
        return dumps([CALL, message_id, action, payload])

    def take(self, now_ms: int) -> "str | None":
        """The next answer to send, or None; also continues with a long message, and ends a request whose time is over."""
        self._advance(VALUES_AT_ONCE, now_ms)
        if self._pending is not None and now_ms >= self._pending[3]:
            self._log.counter("ocpp_timeouts")
            self.silences += 1
            self._end("timeout", None, now_ms)
        if self._out:
            return self._out.pop(0)
        if self._unanswered:
            text = "ocpp: %d messages of a burst unanswered: more than %d answers waited" % (self._unanswered, OUT_MAX)
            self._log.add("warning", text, now_ms)
            self._unanswered = 0
        return None

    def answer(self, message_id: str, payload: "Message") -> bool:
        """The response that `handle` did not give at once. False if it is no longer awaited."""
        if message_id not in self._later:
            return False
        self._later.remove(message_id)
        self._reply(message_id, dumps([RESULT, message_id, payload]))
        return True

    def receive(self, text: str, now_ms: int) -> None:
        """One message of the peer. Whatever it is, nothing is raised: what is wrong is answered or counted."""
        while self.reading():
            self._advance(SIZE_MAX, now_ms)
        try:
            self._reading, self._head = begin(text, SIZE_MAX), text[:HEAD_BYTES]
        except ValueError as e:
            return self._unread(text, str(e), now_ms)
        except MemoryError:
            return self._no_memory(text, now_ms)
        self._advance(VALUES_AT_ONCE, now_ms)

    def oversized(self, head: bytes, size: int, now_ms: int) -> None:
        """A message of the peer of `size` bytes, of which only the beginning was kept: answered with its error."""
        while self.reading():
            self._advance(SIZE_MAX, now_ms)
        self._log.counter("ocpp_oversized")
        self._unread(head, "%d bytes, at most %d are read" % (size, SIZE_MAX), now_ms)

    def _unread(self, head: "str | bytes", text: str, now_ms: int) -> None:
        """A message that cannot be read to its end."""
        known = message_head(head)
        if known is None or known[0] not in (CALL, RESULT, ERROR):
            self._refuse("-1" if known is None else known[1], "RpcFrameworkError" if known is None else "MessageTypeNotSupported", text)
        elif known[0] == CALL:
            self._refuse(known[1], "FormatViolation", text)
        elif self._pending is None or self._pending[0] != known[1]:
            self._log.counter("ocpp_unasked")
        else:
            self.silences = 0
            self._failed("FormatViolation", text, now_ms)

    def _no_memory(self, head: "str | bytes", now_ms: int) -> None:
        """A message, or what it asks for, has no room: this one is refused, and the connection lives."""
        self._reading = self._checking = None
        known = message_head(head)
        self._log.counter("ocpp_no_memory")
        if known is not None and known[0] == CALL:
            if known[1] in self._later:
                self._later.remove(known[1])
            self._refuse(known[1], "InternalError", "no memory for this message")

    def _advance(self, values: int, now_ms: int) -> None:
        """So many values of the message in hand are read, so many checked; then it is acted upon."""
        try:
            self._read_on(values, now_ms)
        except MemoryError:
            self._no_memory(self._head, now_ms)

    def _read_on(self, values: int, now_ms: int) -> None:
        reading = self._reading
        if reading is not None:
            try:
                if not reading.advance(values):
                    return
            except ValueError as e:
                self._reading = None
                return self._unread(self._head, str(e), now_ms)
            self._reading = None
            self._received(reading.value, now_ms)
        if self._checking is not None:
            self._check_on(values, now_ms)

    def _check_on(self, values: int, now_ms: int) -> None:
        check, frame = self._checking  # type: ignore[misc]  # there is one
        fault = None
        try:
            if not check.advance(values):
                return
        except CallError as e:
            fault = e
        self._checking = None
        if frame[0] == CALL:
            self._act(frame, fault, now_ms)
        elif self._pending is None or self._pending[0] != frame[1]:  # it took too long to read
            self._log.counter("ocpp_unasked")
        elif fault is not None:
            self._failed(fault.code, fault.text, now_ms)
        else:
            self._end("result", frame[2], now_ms)

    def _received(self, frame: object, now_ms: int) -> None:
        if not isinstance(frame, list) or len(frame) < 2:
            return self._refuse("-1", "RpcFrameworkError", "a list of three to five elements is expected")
        kind, message_id = frame[0], frame[1]
        known = isinstance(message_id, str) and 0 < len(message_id) <= ID_MAX
        if isinstance(kind, (bool, int)) and (kind is True or kind not in (CALL, RESULT, ERROR)):
            return self._refuse(message_id if known else "-1", "MessageTypeNotSupported", "message type: 2, 3 or 4")
        if not known:
            return self._refuse("-1", "RpcFrameworkError", "message id: 1 to %d characters" % ID_MAX)
        if not isinstance(kind, int):
            return self._refuse(message_id, "RpcFrameworkError", "message type: 2, 3 or 4")
        if len(frame) < 3:
            return self._refuse(message_id, "RpcFrameworkError", "a list of three to five elements is expected")
        if kind == CALL:
            self._call(frame, message_id)
        else:
            self._response(frame, kind, message_id, now_ms)

    def _call(self, frame: "list[Any]", message_id: str) -> None:
        for known, text in self._answered:
            if known == message_id:
                self._log.counter("ocpp_duplicates")
                return self._put(text)
        if message_id in self._later:
            return None
        if len(frame) != 4 or not isinstance(frame[2], str):
            return self._refuse(message_id, "RpcFrameworkError", "a request has four elements: 2, id, action, payload")
        if not isinstance(frame[3], dict):
            return self._refuse(message_id, "ProtocolError", "payload: an object is expected")
        if len(self._out) + len(self._later) >= ANSWERS_WAITING_MAX:
            self._log.counter("ocpp_flooded")
            return self._refuse(message_id, "InternalError", "%d answers wait; ask one at a time" % ANSWERS_WAITING_MAX)
        self._checking = (self._request_check(frame[2], frame[3]), frame)

    def _act(self, frame: "list[Any]", fault: "CallError | None", now_ms: int) -> None:
        """A request that was checked."""
        message_id = frame[1]
        try:
            self._later.append(message_id)
            if fault is not None:
                raise fault
            response = self._handle(frame[2], frame[3], message_id, now_ms)
            if response is not None:
                self.answer(message_id, response)
        except CallError as e:
            self._later.remove(message_id)
            self._refuse(message_id, e.code, e.text)
        except OSError as e:  # the store cannot keep it: nothing was promised
            self._later.remove(message_id)
            self._log.add("error", "ocpp: %s not kept: %s" % (frame[2][:40], e), now_ms)
            self._refuse(message_id, "InternalError", "the store is full or broken")
        except ValueError as e:  # a value that the schema permits and a handler does not expect: the connection lives
            self._later.remove(message_id)
            self._log.add("error", "ocpp: %s failed: %s" % (frame[2][:40], e), now_ms)
            self._refuse(message_id, "InternalError", "%s" % e)

    def _response(self, frame: "list[Any]", kind: int, message_id: str, now_ms: int) -> None:
        self.silences = 0
        if self._pending is None or self._pending[0] != message_id:
            self._log.counter("ocpp_unasked")
            return
        if kind == ERROR:
            code = frame[2] if isinstance(frame[2], str) else "GenericError"
            return self._failed(code, "", now_ms)
        if not isinstance(frame[2], dict):
            return self._failed("TypeConstraintViolation", "payload: an object is expected", now_ms)
        self._checking = (self._response_check(self._pending[1], frame[2]), frame)

    def _failed(self, code: str, text: str, now_ms: int) -> None:
        """text: what is wrong with the answer, "": it is an error."""
        self._log.counter("ocpp_errors")
        said = "bad answer to %s: %s" % (self._pending[1], text or code[:40])  # type: ignore[index]  # it is under way
        self._limited_log.add(said, now_ms)
        if text:
            self._invalid(said)
        self._end("error", code, now_ms)

    def _end(self, kind: str, payload: "Reply", now_ms: int) -> None:
        if self._pending is not None:
            done = self._pending[2]
            self._pending = None
            done(kind, payload, now_ms)

    def _refuse(self, message_id: str, code: str, text: str) -> None:
        self._log.counter("ocpp_refused")
        if code not in ("InternalError", "NotImplemented", "NotSupported", "SecurityError"):  # which answer a valid message
            self._invalid("%s: %s" % (code, text))
        self._reply(message_id, dumps([ERROR, message_id, code, text[:255], {}]))

    def _put(self, text: str) -> None:
        if len(self._out) < OUT_MAX:
            self._out.append(text)
        else:
            self._log.counter("ocpp_unanswered")
            self._unanswered += 1

    def _reply(self, message_id: str, text: str) -> None:
        self._put(text)
        if message_id != "-1":
            self._answered.append((message_id, text))
            if len(self._answered) > ANSWERS_KEPT:
                self._answered.pop(0)
