"""What goes over the link, and in which order: answers first, then one request of ours at a time.

While the CSMS has not accepted the station, only the boot and what the CSMS itself asked for is sent (B02.FR.02).
After that: what it asked for, questions that a driver waits for, the status of connectors, the queue of transactions,
needs of cars, events, samples, a heartbeat. A request whose sender keeps nothing of it (its `done` is None) is kept here
until it was answered: one that is under way when the link breaks leaves again as it was.
"""

from ampacity.ocpp.errors import CallError
from ampacity.ocpp.rpc import Rpc
from ampacity.ocpp.security.security_events import note
from ampacity.ocpp.v201 import actions

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Done, Message, Reply
    from ampacity.ocpp.schema import Check

OUTBOX_MAX = 256
RELEASE_MS = 60000  # after its last request a module that answered it is let go
SILENCES_MAX = 2  # requests in a row without any answer: the connection does not work, whatever its pings show
LOSSES_MAX = 3  # a message with which the link broke so often is the cause of it


class Exchange:
    """The order in which the station sends; `rpc` frames it (OCPP-J, part 4)."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._rpc = Rpc(self._handle, self._request_check, actions.response_check, self._invalid, "%x" % station.boot_number, station.log)
        self._outbox: "list[tuple[str | Callable[[Any, Any, int], tuple[Any, ...] | None], Any]]" = []
        self._after: "list[Callable[[int], None]]" = []
        self._later: "list[tuple[str, int, Message]]" = []
        self._used: "list[str]" = []  # modules that answered requests, the last one at
        self._used_ms = 0
        self._again: "Call | None" = None  # (action, payload, done) that was lost with the link
        self._losses: "tuple[Call | None, int]" = (None, 0)  # of that one, so far

    def post(self, what: "str | Callable[[Any, Any, int], tuple[Any, ...] | None]", payload: "Any") -> None:
        """Send a request as soon as possible; its answer is not evaluated, unless the function asks for it.

        what: an action, or a function (station, payload, now_ms) → (action, payload), (action, payload, done) or None that makes
        it when it leaves. CallError when too many wait.
        """
        if len(self._outbox) >= OUTBOX_MAX:
            raise CallError("InternalError", "too many messages queued")
        self._outbox.append((what, payload))

    def after_answer(self, function: "Callable[[int], None]") -> None:
        """Run function(now_ms) when the answer to the request in hand has left."""
        self._after.append(function)

    def answer_later(self, message_id: str, deadline_ms: int, otherwise: "Message") -> None:
        """The answer to a request comes by `answer`; at deadline_ms it is `otherwise`."""
        self._later.append((message_id, deadline_ms, otherwise))

    def answer(self, message_id: str, payload: "Message") -> None:
        """Answer a request of before; nothing happens if the answer is no longer awaited."""
        self._later = [item for item in self._later if item[0] != message_id]
        self._rpc.answer(message_id, payload)

    def receive(self, text: str, now_ms: int) -> None:
        """One message of the CSMS, as text. Nothing is raised: what is wrong is answered or counted."""
        self._rpc.receive(text, now_ms)

    def oversized(self, head: bytes, size: int, now_ms: int) -> None:
        """A message of the CSMS that was too long to be kept; head: its first bytes."""
        self._rpc.oversized(head, size, now_ms)

    def close(self, now_ms: int) -> None:
        """The link is gone."""
        self._rpc.close(now_ms)
        self._later = []
        self._run_after(now_ms)

    def forget_asked(self) -> None:
        """Another CSMS: what the former one asked for is not sent."""
        self._outbox = []
        if self._again is not None and self._again[0] != "MeterValues":
            self._again = None

    def busy(self) -> bool:
        """A request of ours is under way."""
        return self._rpc.busy()

    def reading(self) -> bool:
        """A long message is being read or checked: next_text is to be called again."""
        return self._rpc.reading()

    def deadline_ms(self) -> "int | None":
        """When the request under way is given up, or None."""
        return self._rpc.deadline_ms()

    def tick(self, now_ms: int) -> "int | None":
        """Answers whose time is over; when to look again, or None."""
        if not self._station.online:
            self._run_after(now_ms)
        if self._used and now_ms - self._used_ms >= RELEASE_MS:
            actions.release(self._used)
        wake = None
        for message_id, deadline_ms, otherwise in list(self._later):
            if now_ms >= deadline_ms:
                self.answer(message_id, otherwise)
            elif wake is None or deadline_ms < wake:
                wake = deadline_ms
        return wake

    def next_text(self, now_ms: int) -> "str | None":
        """The next text to send, or None."""
        before = self._rpc.silences
        text = self._rpc.take(now_ms)
        if self._rpc.silences > before:
            self._silent()
        if text is not None:
            return text
        self._run_after(now_ms)
        call = None if self._rpc.busy() else self._pull(now_ms)
        if call is None:
            return None
        self._station.boot.sent(now_ms)
        timeout_ms = self._station.model.number("OCPPCommCtrlr", "MessageTimeout", "Default") * 1000
        return self._rpc.call(call[0], call[1], call[2] or self._kept(call), timeout_ms, now_ms)

    def is_unanswered(self) -> bool:
        """The CSMS has answered none of the last requests, whatever they were."""
        return self._rpc.silences >= SILENCES_MAX

    def _silent(self) -> None:
        """A request was not answered in time. Is it that request, or the connection (part 2, 3.2)? A Heartbeat shows it."""
        if self.is_unanswered():
            self._station.actions.append(("unanswered",))
        elif self._station.boot.status == "Accepted":
            self._station.boot.request_heartbeat()

    def _kept(self, call: "Call") -> "Done":
        """What becomes of a request whose sender keeps nothing: lost with the link it leaves again, a few times."""
        losses = 1 + (self._losses[1] if self._losses[0] is call else 0)

        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if kind != "lost":
                self._losses = (None, 0)
            elif losses < LOSSES_MAX:
                self._losses = (call, losses)
                self._again = call
            else:
                self._losses = (None, 0)
                self._station.log.counter("ocpp_given_up")
                self._station.log.add("warning", "ocpp: %s was lost with the link %d times: given up" % (call[0], losses), now_ms)

        return done

    def _request_check(self, action: str, payload: "Message") -> "Check":
        return actions.request_check("" if self._station.boot.status == "Rejected" else action, payload)

    def _handle(self, action: str, payload: "Message", message_id: str, now_ms: int) -> "Message | None":
        if self._station.boot.status == "Rejected":  # B03.FR.08; without any answer yet we are as good as Pending
            raise CallError("SecurityError", "not accepted")
        self._used_ms = now_ms
        return actions.handler(action, self._used)(self._station, payload, message_id, now_ms)

    def _invalid(self, text: str) -> None:
        note(self._station, "InvalidMessages", text, self._station.now_ms)

    def _pull(self, now_ms: int) -> "Call | None":
        """The next request of ours: (action, payload, done), or None."""
        s = self._station
        call = s.boot.pull(now_ms)
        if call is not None or s.boot.status in (None, "Rejected"):  # B01.FR.08, B03.FR.02
            return call
        call, self._again = self._again, None
        call = call or self._pull_outbox(now_ms) or s.reports.pull(now_ms)
        if call is not None or s.boot.status != "Accepted":
            return call or s.boot.pull_heartbeat(now_ms) or s.availability.pull_forced(now_ms) or s.sampling.pull(now_ms)
        return (
            s.authorizer.pull(now_ms)
            or s.availability.pull(now_ms)
            or s.queue.pull(now_ms)
            or (s.ev_needs.pull(now_ms) if s.ev_needs is not None else None)
            or s.events.pull(now_ms)
            or s.optional.pull(now_ms)
            or s.sampling.pull(now_ms)
            or s.boot.pull_heartbeat(now_ms)
        )

    def _pull_outbox(self, now_ms: int) -> "Call | None":
        while self._outbox:
            what, payload = self._outbox.pop(0)
            call = (what, payload) if isinstance(what, str) else what(self._station, payload, now_ms)
            if call is not None:
                return (call[0], call[1], call[2] if len(call) > 2 else None)
        return None

    def _run_after(self, now_ms: int) -> None:
        functions, self._after = self._after, []
        for function in functions:
            function(now_ms)
