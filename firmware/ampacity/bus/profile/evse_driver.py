"""One charge controller behind a register map: its compiled profile interpreted, frame by frame.

The driver decides what this device should be asked next; the engine decides whose turn it is; the guard decides what
may leave. Nothing that can raise a current, or keep one in force, leaves without the permission of the guard:

- silent: only probes, each an order no larger than the reserve, in a form that one write completes (probing.py);
- audit: it answers; its identity and settings are read, and wrong settings corrected; orders may only lower (proof/audit_pass.py);
- online: settings as they should be; orders (orders/order_writer.py), proofs (proof/order_proof.py), refreshes and readings (answers.py).
"""

from ampacity.bus.client.request import LOWER, ORDER, OVERDUE, ROUTINE, Request
from ampacity.bus.device_facts import ALL_TRAFFIC, IDLE_POLL_MS, NO_TRAFFIC, STEADY_POLL_MS
from ampacity.bus.profile.answers import Answers
from ampacity.bus.profile.evse_device import AUDIT, ONLINE, SILENT, EvseDevice
from ampacity.bus.profile.orders.order_writer import OrderWriter
from ampacity.bus.profile.orders.write_limiter import REFUSED_MS
from ampacity.bus.profile.probing import PROBE_MS, Probing
from ampacity.bus.profile.proof.audit_pass import next_step
from ampacity.bus.profile.proof.order_proof import OrderProof
from ampacity.bus.profile.proof.pause_proof import PauseProof
from ampacity.bus.profile.proof.settings_check import SettingsCheck
from ampacity.bus.profile.registers.read_cycle import first_due
from ampacity.bus.profile.requests import Requests
from ampacity.bus.profile.trouble import Trouble

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.device_facts import DriverGuard
    from ampacity.bus.profile.orders.order_writer import Job
    from ampacity.bus.profile.orders.shared_limits import SharedLimits

DOUBTFUL = 2              # so many unanswered, then an answer: was it away?
FAILURES_MAX = 3  # unanswered requests in a row until the device counts as silent
OVERDUE_MS = 1000         # a reading older than this goes before routine ones


class EvseDriver:
    """Driver of one EVSE, made of parts with their own state; `device` is the state that they share, `pause` the proof that it is off.

    evse_facts: its entry of the site facts; compiled: its profile; index: its place there; guard: the safety core, circuit/guard.py.
    """

    _idle_until_ms = 0  # nothing to ask before
    _phases: "Any" = None
    _contactor: "Any" = None

    def __init__(self, evse_facts: "dict[str, Any]", compiled: "dict[str, Any]", index: int, guard: "DriverGuard") -> None:
        self.device = device = EvseDevice(evse_facts, compiled, index, guard)
        self.facts = device.facts
        self.pause = PauseProof(device)
        self._requests = Requests(device)
        self._proof = OrderProof(device, self.pause)
        self._trouble = Trouble(device, self.pause)
        self._settings = SettingsCheck(device, self._trouble)
        self._features = self._make_features(compiled)
        self._orders = OrderWriter(device, self._requests, self._settings, self._proof, self.pause, self._features, self._phases)
        if compiled.get("shared"):
            from ampacity.bus.profile.orders.shared_limits import SharedLimits
            SharedLimits(compiled["shared"]).join(self._orders)
        self._probing = Probing(device, self._requests, self._orders)
        self._answers = Answers(device, self.pause, self._proof, self._settings, self._trouble, self._features)

    def _make_features(self, compiled: "dict[str, Any]") -> "tuple[Any, ...]":
        """What only some devices need in addition to orders and readings, each imported where it is needed."""
        device, requests = self.device, self._requests
        found: list[Any] = []
        if compiled.get("answers"):
            from ampacity.bus.profile.features.start_permission import StartPermission
            found.append(StartPermission(device, requests, compiled["answers"]))
        if compiled.get("phases") and device.site.get("phase_switch") and device.terminals == 3:
            from ampacity.bus.profile.features.phase_switching import PhaseSwitching
            self._phases = PhaseSwitching(device, requests, self._settings.liveness, compiled["phases"], device.terminals)
            found.append(self._phases)
        if compiled.get("contactor"):
            from ampacity.bus.profile.features.contactor_override import ContactorOverride
            self._contactor = ContactorOverride(device, requests, compiled["contactor"])
            found.append(self._contactor)
        return tuple(found)

    # ---- the driver's face

    @property
    def unit(self) -> int:
        """Its address on the line."""
        return self.device.unit

    @property
    def poll_feeds(self) -> bool:
        """Does any reading keep its limit alive?"""
        return self._requests.reads_feed

    @property
    def link(self) -> str:
        """"silent", "audit" or "online"."""
        return self.device.link

    @property
    def traffic(self) -> int:
        """ALL_TRAFFIC, READS_ONLY or NO_TRAFFIC."""
        return self.device.traffic

    @property
    def shared(self) -> "SharedLimits | None":
        """The frame in which the limits of all units of its line travel; None: it takes its own."""
        return self._orders.shared

    def join_shared(self, shared: "SharedLimits") -> None:
        """Its limits travel in this frame from now on, with those of the other units of its line."""
        shared.join(self._orders)

    def want(self, limit_da: int, now_ms: int) -> None:
        """The limit that should be in force, da; 0 pauses."""
        if limit_da != self.device.want_da:
            self.device.want_da = limit_da
            self._idle_until_ms = 0

    def set_traffic(self, level: int, now_ms: int) -> None:
        """A test of its fail-safe: ALL_TRAFFIC, READS_ONLY (its live readings and nothing else) or NO_TRAFFIC (nothing is sent to it)."""
        device = self.device
        if level != ALL_TRAFFIC and device.traffic == ALL_TRAFFIC and device.link != SILENT:
            device.lost(now_ms)
        device.traffic = level
        device.cycles["live"].restart()  # what is read next is all of one round, from now
        self._idle_until_ms = 0

    def hold_open(self, on: bool) -> None:
        """Its contactor is to be open, or (off) as its order requires; nothing where it has no register for that."""
        if self._contactor is not None:
            self._contactor.hold(on)

    def switch_phases(self, count: int, now_ms: int) -> None:
        """So many of its phases should be able to close; nothing where it cannot switch, or is not to."""
        if self._phases is not None:
            self._phases.want(count)

    def declare_off_shows(self, shows: "str | None") -> None:
        """What this unit shows as its limit while it is off, by the site file or its commissioning; None: as its profile has it."""
        self.pause.declare(shows)

    def show_energy(self, since_ms: int) -> None:
        """Currents and energy of since_ms or later are requested: what is read seldom, or whose reading pauses, is read once."""
        for group in ("slow", "live"):
            cycle = self.device.cycles.get(group)
            if cycle is not None and cycle.ask(since_ms):
                self._idle_until_ms = 0

    def reaudit(self, now_ms: int) -> None:
        """Read again who it is and how it is set, before anything but a lower is ordered."""
        if self.device.link != SILENT:
            self.device.recheck(now_ms)

    def settings_shown(self) -> "tuple[list[tuple[str, int, int | str | None, bool, str]], int, str | None]":
        """(settings as SettingsAudit.shown has them, since when they were read, what is wrong with the device or None)."""
        return self._settings.shown()

    @property
    def idle_poll_ms(self) -> int:
        """So long between two readings while nothing flows there; 0: as often as the bus allows."""
        device, order, amps = self.device, self.device.order, self.facts.amps_da
        if amps is None or self.facts.charging or any(amps):
            return 0
        if not order.proven or device.failures or device.link != ONLINE or self._proof.resend or self._orders.target_da() != order.target_da:
            return 0
        return STEADY_POLL_MS if device.recipe.most_da(order.target_da) or device.reserve_da() else IDLE_POLL_MS

    # ---- what is next

    def urgency(self, now_ms: int) -> "tuple[int, int] | None":
        """(class, due) of what this device needs next. While it rests only a want, an answer or a feature brings something before."""
        if now_ms < self._idle_until_ms and not self._features and not self._orders.shared:
            return ROUTINE, self._idle_until_ms
        found = self._next(now_ms)
        if found is None:
            return None
        if found[0] == ROUTINE and self.idle_poll_ms and self.device.traffic == ALL_TRAFFIC:
            self._idle_until_ms = found[1]
        return found[0], found[1]

    def take(self, now_ms: int) -> "Request | None":
        """Takes the request that is due, for the bus to send now: an order, a proof or a reading. An order is live in the guard when
        this returns it. None when nothing is due, or the guard refused.
        """
        self._idle_until_ms = 0
        found = self._next(now_ms)
        if found is None or found[1] > now_ms:
            return None
        if self._probing.must_wake():
            return self._probing.take_wake(found[0], now_ms)
        self._probing.woken = False
        return found[2](now_ms)

    def _next(self, now_ms: int) -> "Job | None":
        """(class, due, what makes the request) of the next one."""
        device, shared, hold_ms = self.device, self._orders.shared, self.device.hold_ms
        if device.traffic != ALL_TRAFFIC or (shared and shared.quiet()):
            if device.traffic == NO_TRAFFIC:
                return None
            return (OVERDUE, max(device.cycles["live"].due_ms(), hold_ms["read"]), self._requests.take_live)
        order = device.order
        if device.link == SILENT:
            if self._probing.presence_due:
                return (ROUTINE, hold_ms["read"], self._requests.take_live)
            return (LOWER if order.lowering else ORDER, hold_ms["probe"], self._probing.take_probe)
        best = None if self._reading_before_order(now_ms) else self._orders.due(now_ms)
        if order.done() and not order.proven and "proof" in device.cycles:
            due_ms = max(order.written_ms + device.table["latency_ms"], hold_ms["read"], hold_ms["proof"])
            best = first_due(best, (ORDER, due_ms, self._requests.take_proof), now_ms)
        if device.link == AUDIT:
            best = first_due(best, (ORDER, max(hold_ms["audit"], hold_ms["read"]), self._take_audit), now_ms)
            opening = self._contactor.due(now_ms) if self._contactor else None
            best = first_due(best, opening, now_ms) if opening else best
            return self._probe_before_feed(best, now_ms)
        for feature in self._features:
            wish = feature.due(now_ms)
            best = first_due(best, wish, now_ms) if wish else best
        return self._probe_before_feed(self._routine_due(best, now_ms), now_ms)

    def _take_audit(self, now_ms: int) -> "Request | None":
        return next_step(self.device, self._requests, self._trouble, now_ms)

    def _probe_before_feed(self, best: "Job | None", now_ms: int) -> "Job | None":
        """Where frames that may feed have to wait, an order within the reserve must be heard before them."""
        device, requests = self.device, self._requests
        requests.feed_denied = requests.feed_denied and not device.guard.may_feed(device.index, now_ms)
        if requests.feed_denied and (device.link == AUDIT or device.guard.state(device.index) == "returning"):
            best = first_due(best, (ORDER, device.hold_ms["probe"], self._probing.take_probe), now_ms)
        return best

    def _late(self, now_ms: int) -> bool:
        live = self.device.cycles["live"]
        return now_ms - max(live.done_ms, 0) > OVERDUE_MS + max(live.period_ms, self.idle_poll_ms)

    def _reading_before_order(self, now_ms: int) -> bool:
        """An order that was denied is not tried again before an overdue reading: what the guard waits for may be that."""
        order = self.device.order
        return 0 <= order.denied_ms >= self.device.cycles["live"].done_ms and not order.done() and self._late(now_ms)

    def _routine_due(self, best: "Job | None", now_ms: int) -> "Job | None":
        cycles, requests, read_ms = self.device.cycles, self._requests, self.device.hold_ms["read"]
        if requests.feed_ms:
            best = first_due(best, self._orders.feed_due(), now_ms)
        live, idle_poll_ms = cycles["live"], self.idle_poll_ms
        late = self._late(now_ms)
        due_ms = live.due_ms() if live.at or not idle_poll_ms else max(live.due_ms(), live.started_ms + idle_poll_ms)
        best = first_due(best, (OVERDUE if late else ROUTINE, max(due_ms, read_ms), requests.take_live), now_ms)
        for group, take in (("settings", requests.take_settings), ("slow", requests.take_slow)):
            if group in cycles:
                best = first_due(best, (ROUTINE, max(cycles[group].due_ms(), read_ms), take), now_ms)
        return best

    # ---- answers

    def reply(self, request: Request, pdu: bytes, now_ms: int) -> None:
        """The device's answer to a request, exceptions excluded."""
        device, kind = self.device, request.tag[0]
        self._idle_until_ms = 0
        if device.failures >= DOUBTFUL and device.link == ONLINE:
            device.recheck(now_ms)
        device.failures = 0
        device.guard.heard(device.index, now_ms)
        if request.certain and request.not_echo:
            self._settings.liveness.answered(request.sent_ms if request.sent_ms >= 0 else now_ms, now_ms)
        if kind == "wake":
            self._probing.woken = True
        elif kind == "read":
            if self._probing.presence_due:
                self._probing.presence_read(request.certain, now_ms)
            self._answers.take(request, pdu, now_ms)
        elif kind == "feature":
            request.tag[1].replied(request, now_ms)
        elif kind == "feed":
            device.write_limiter.worked("feed")
        elif kind == "order":
            device.write_limiter.worked("refused")
            self._answered(request, False, now_ms)
            device.order.heard(request.tag[1], request.certain and request.not_echo)
            device.order.acknowledged()
            self._trouble.refusal_text = None
        elif kind == "probe":
            device.write_limiter.worked("refused")
            self._answered(request, True, now_ms)
            device.order.probed(request.tag[3], request.certain and request.not_echo)
            device.begin_audit(now_ms)
        elif kind == "recipe":
            device.audit.written(request.tag[1])

    def _answered(self, request: Request, whole: bool, now_ms: int) -> None:
        """An answer that may belong to an older request shows nothing about this one: it may still be on its way.

        whole: one write that is the whole order. It takes the place of what the device remembers.
        """
        if request.certain:
            self.device.guard.answered(self.device.index, request.tag[2], now_ms, whole and request.not_echo)

    def failed(self, request: Request, reason: str, now_ms: int) -> None:
        """No answer that counts. reason: "timeout", "crc", "unexpected", "duplicate", "gateway" or "exception:N"; "alone": an
        answer of one that was two before, which is trusted again after so many that it is not to be asked seldom."""
        device, kind = self.device, request.tag[0]
        self._idle_until_ms = 0
        if reason.startswith("exception"):
            self._refused(request, reason, now_ms)
            return
        if kind == "wake":
            self._probing.woken = True
            return
        device.failures += 1
        self._settings.liveness.broken()
        self._probing.presence_due = False
        if kind == "order":
            device.write_limiter.lost("order")
        if kind == "read" and request.tag[1] != "proof":
            device.cycles[request.tag[1]].fail(now_ms)
            self._settings.timing.cut()
        if reason == "alone":
            device.hold_ms["probe"] = min(device.hold_ms["probe"], now_ms + PROBE_MS)
        if device.failures >= FAILURES_MAX and device.link != SILENT:
            device.lost(now_ms)

    def _refused(self, request: Request, reason: str, now_ms: int) -> None:
        """The device answers and refuses an order, a setting or a reading. What is refused is repeated at growing intervals."""
        device, kind = self.device, request.tag[0]
        device.failures = 0
        device.guard.heard(device.index, now_ms)
        if kind in ("order", "probe"):
            device.guard.refused(device.index, request.tag[2], now_ms)
            self._trouble.refusal_text = self._orders.refused(request, reason, now_ms)
        elif kind == "feed":
            device.write_limiter.sent("feed", None, now_ms, REFUSED_MS)
            device.hold_ms["feed"] = device.write_limiter.ready_ms("feed", None, now_ms, True)
        elif kind == "wake":
            self._probing.woken = True  # a device that refuses is awake
        elif kind == "recipe":
            device.audit.skip()
        elif kind == "feature":
            request.tag[1].refused(request, now_ms)
        elif kind == "read":
            self._answers.refused(request.tag[1], request.tag[2], reason, now_ms)

    def disconnected(self, now_ms: int) -> None:
        """The connection to it is gone: silent at once."""
        if self.device.link != SILENT:
            self.device.lost(now_ms)
