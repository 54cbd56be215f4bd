"""One charge controller behind a register map: its compiled profile interpreted, frame by frame.

The driver decides what this device should be asked next; the engine decides whose turn it is; the guard decides what
may leave. Nothing that can raise a current, or keep one alive, leaves without the guard's word:

- silent: only probes, each an order no larger than the reserve, in a form that one write completes;
- audit: it answers; who it is and how it is set is read, and put right; orders may only lower;
- online: settings as they should be; orders, proofs, refreshes and readings.
"""

from ampacity.bus.client.request import LOWER, ORDER, OVERDUE, ROUTINE, Request
from ampacity.bus.device_facts import ALL_TRAFFIC, IDLE_POLL_MS, NO_TRAFFIC, STEADY_POLL_MS
from ampacity.bus.profile.evse_answers import AUDIT, DENIED_MS, ONLINE, REWRITE_MS, SILENT
from ampacity.bus.profile.evse_refusals import PROBE_MS, EvseRefusals
from ampacity.bus.profile.orders.order_recipe import ENABLE, W_RAW, W_ROLE, W_WHAT
from ampacity.bus.profile.proof.conditions import fields_of
from ampacity.bus.profile.proof.settings_audit import TRIES_MAX
from ampacity.bus.profile.registers.read_cycle import first_due

DOUBTFUL = 2              # so many unanswered, then an answer: was it away?
PROBE_SLOWER_MAX = 4      # the longer it is silent, the rarer, up to this many more
FOLLOW_UP_MS = 60000            # what must follow the last read at once is this much overdue
AUDIT_PAUSE_MS = 10000    # settings that do not hold are tried again after this
OVERDUE_MS = 1000         # a reading older than this goes before routine ones


class EvseDriver(EvseRefusals):
    """Driver of one EVSE. facts: its entry of the site facts; index: its place there; guard: the safety core, circuit/guard.py."""

    _feed_denied = False  # the last frame that may feed had to wait
    muted = ALL_TRAFFIC
    _idle_until_ms = 0  # nothing to ask before
    _presence_due = False  # nobody answered the last probe, for nobody answers any: a reading is next

    # ---- the driver's face

    def want(self, limit_da: int, now_ms: int) -> None:
        """The limit that should be in force, da; 0 pauses."""
        if limit_da != self._want_da:
            self._want_da = limit_da
            self._idle_until_ms = 0

    def mute(self, level: int, now_ms: int) -> None:
        """A test of its fail-safe: ALL_TRAFFIC, READS_ONLY (its live readings and nothing else) or NO_TRAFFIC (nothing goes out to it)."""
        if level != ALL_TRAFFIC and self.muted == ALL_TRAFFIC and self.link != SILENT:
            self._lost(now_ms)
        self.muted = level
        self._cycles["live"].restart()  # what is read next is all of one round, from now
        self._idle_until_ms = 0

    def hold_open(self, on: bool) -> None:
        """Its contactor is to be open, or (off) as its order says; nothing where it has no register for that."""
        if self._contactor is not None:
            self._contactor.hold(on)

    def switch_phases(self, count: int, now_ms: int) -> None:
        """So many of its phases should be able to close; nothing where it cannot switch, or is not to."""
        if self._phases is not None:
            self._phases.want(count)

    def urgency(self, now_ms: int) -> "tuple[int, int] | None":
        """(class, due) of what this device needs next. While it rests only a want, an answer or a feature brings something before."""
        if now_ms < self._idle_until_ms and not self._features and not self.shared:
            return ROUTINE, self._idle_until_ms
        found = self._next(now_ms)
        if found is None:
            return None
        if found[0] == ROUTINE and self.idle_poll_ms and self.muted == ALL_TRAFFIC:
            self._idle_until_ms = found[1]
        return found[0], found[1]

    def take(self, now_ms: int) -> "Request | None":
        """The next request; None when nothing is due, or the guard said no."""
        self._idle_until_ms = 0
        found = self._next(now_ms)
        if found is None or found[1] > now_ms:
            return None
        if self._wake and not self._woken:
            return self._take_wake(found[0], now_ms)
        self._woken = False
        return found[2](now_ms)

    def reply(self, request: Request, pdu: bytes, now_ms: int) -> None:
        """The device's answer to a request, exceptions excluded."""
        self._idle_until_ms = 0
        if self._failures >= DOUBTFUL and self.link == ONLINE:
            self._recheck(now_ms)
        self._failures = 0
        self._guard.heard(self._index, now_ms)
        if request.certain and request.not_echo:
            self._liveness.answered(request.sent_ms if request.sent_ms >= 0 else now_ms, now_ms)
        if request.tag[0] == "wake":
            self._woken = True
        elif request.tag[0] == "read":
            if self._presence_due:
                self._presence_read(request.certain, now_ms)
            if self._refused_at == request.tag[1:3]:
                self._refused_at = None
            self._read_reply(request, pdu, now_ms)
        elif request.tag[0] == "feature":
            request.tag[1].replied(request, now_ms)
        elif request.tag[0] == "feed":
            self._write_limiter.worked("feed")
        elif request.tag[0] == "order":
            self._write_limiter.worked("refused")
            self._answered(request, False, now_ms)
            self._order.heard(request.tag[1], request.certain and request.not_echo)
            self._order.acknowledged()
            self._refusal_text = None
        elif request.tag[0] == "probe":
            self._write_limiter.worked("refused")
            self._answered(request, True, now_ms)
            self._order.probed(request.tag[3])
            self._begin_audit(now_ms)
        elif request.tag[0] == "recipe":
            self._audit.written(request.tag[1])

    def _answered(self, request: Request, whole: bool, now_ms: int) -> None:
        """An answer that may belong to an older request tells nothing of this one: it may still be on its way.

        whole: one write that is the whole order. It stands instead of what the device remembers.
        """
        if request.certain:
            self._guard.answered(self._index, request.tag[2], now_ms, whole and request.not_echo)

    def disconnected(self, now_ms: int) -> None:
        """The connection to it is gone: silent at once."""
        if self.link != SILENT:
            self._lost(now_ms)

    # ---- what is next

    def _next(self, now_ms: int) -> "tuple | None":
        if self.muted != ALL_TRAFFIC or (self.shared and self.shared.quiet()):
            return None if self.muted == NO_TRAFFIC else (OVERDUE, max(self._cycles["live"].due_ms(), self._hold_ms["read"]), self._take_live)
        if self.link == SILENT:
            if self._presence_due:
                return (ROUTINE, self._hold_ms["read"], self._take_presence)
            return (LOWER if self._order.lowering else ORDER, self._hold_ms["probe"], self._take_probe)
        best = None if self._reading_before_order(now_ms) else self._order_due(now_ms)
        if self._order.done() and not self._order.proven and "proof" in self._cycles:
            due_ms = max(self._order.written_ms + self._table["latency_ms"], self._hold_ms["read"], self._hold_ms["proof"])
            best = first_due(best, (ORDER, due_ms, self._take_proof), now_ms)
        if self.link == AUDIT:
            best = first_due(best, (ORDER, max(self._hold_ms["audit"], self._hold_ms["read"]), self._take_audit), now_ms)
            opening = self._contactor.due(now_ms) if self._contactor else None
            best = first_due(best, opening, now_ms) if opening else best
            return self._probe_before_feed(best, now_ms)
        for feature in self._features:
            wish = feature.due(now_ms)
            best = first_due(best, wish, now_ms) if wish else best
        return self._probe_before_feed(self._routine_due(best, now_ms), now_ms)

    def _probe_before_feed(self, best: "tuple | None", now_ms: int) -> "tuple | None":
        """Where frames that may feed have to wait, an order within the reserve must be heard before them."""
        self._feed_denied = self._feed_denied and not self._guard.may_feed(self._index, now_ms)
        if self._feed_denied and (self.link == AUDIT or self._guard.state(self._index) == "returning"):
            best = first_due(best, (ORDER, self._hold_ms["probe"], self._take_probe), now_ms)
        return best

    def _late(self, now_ms: int) -> bool:
        live = self._cycles["live"]
        return now_ms - max(live.done_ms, 0) > OVERDUE_MS + max(live.period_ms, self.idle_poll_ms)

    def _reading_before_order(self, now_ms: int) -> bool:
        """An order that was denied is not tried again before an overdue reading: what the guard waits for may be that."""
        order = self._order
        return 0 <= order.denied_ms >= self._cycles["live"].done_ms and not order.done() and self._late(now_ms)

    def _routine_due(self, best: "tuple | None", now_ms: int) -> tuple:
        if self._feed_ms:
            due_ms = max(self._fed_ms + self._feed_ms, self._hold_ms["feed"], self._hold_ms["read"])
            best = first_due(best, (ORDER, due_ms, self._feeder()), now_ms)
        live, idle_poll_ms = self._cycles["live"], self.idle_poll_ms
        late = self._late(now_ms)
        due_ms = live.due_ms() if live.at or not idle_poll_ms else max(live.due_ms(), live.started_ms + idle_poll_ms)
        best = first_due(best, (OVERDUE if late else ROUTINE, max(due_ms, self._hold_ms["read"]), self._take_live), now_ms)
        for group, take in (("settings", self._take_settings), ("slow", self._take_slow)):
            if group in self._cycles:
                due_ms = max(self._cycles[group].due_ms(), self._hold_ms["read"])
                best = first_due(best, (ROUTINE, due_ms, take), now_ms)
        return best

    @property
    def idle_poll_ms(self) -> int:
        """So long between two readings while nothing flows there; 0: as often as the bus allows."""
        order, amps = self._order, self.facts.amps_da
        if amps is None or self.facts.charging or any(amps):
            return 0
        if not order.proven or self._failures or self.link != ONLINE or self._resend or self._target_da() != order.target_da:
            return 0
        return STEADY_POLL_MS if self._recipe.most_da(order.target_da) or self._guard.reserve_da(self._index) else IDLE_POLL_MS

    def _feeder(self) -> "object":
        """What keeps this device's watchdog from firing: its own register, the order said again, or any reading."""
        if self._feed:
            return self._take_feed
        return self._take_refresh if self._table["order"]["refresh"] else self._take_live

    def _target_da(self) -> int:
        """What should be ordered now. While the settings are unproven a lower goes down to within the reserve."""
        target_da = self._recipe.representable(self._want_da)
        for feature in self._features:
            if feature.holding:
                target_da = 0
        if self.link == ONLINE or target_da >= self._order.target_da or self._within_reserve(target_da):
            return target_da
        target_da = self._recipe.representable(self._guard.reserve_da(self._index))
        return target_da if self._within_reserve(target_da) else 0

    def _within_reserve(self, target_da: int) -> bool:
        return self._recipe.most_da(target_da) <= self._guard.reserve_da(self._index)

    def _order_due(self, now_ms: int) -> "tuple | None":
        target_da = self._target_da()
        if self.link == AUDIT and not self._within_reserve(target_da):
            return None
        order = self._order
        hold_ms = self._hold_ms["order"]
        if self._refused_target not in (-1, target_da):  # what was refused is wanted no more
            self._refused_target, self._hold_ms["order"] = -1, min(hold_ms, now_ms)
            hold_ms = self._hold_ms["order"]
        if target_da < order.target_da:
            return (LOWER, hold_ms if order.lowering else min(hold_ms, now_ms), self._take_order)
        if target_da > order.target_da:
            return (ORDER, max(hold_ms, self._raised_ms + self._recipe.table["gap_ms"]), self._take_order)
        if not order.done():
            if not order.at:
                hold_ms = max(hold_ms, self._write_limiter.ready_ms("order", target_da, now_ms, order.lowering or not target_da))
            return (LOWER if order.lowering and not order.denied else ORDER, hold_ms, self._take_order)
        return self._repeat_due(hold_ms, now_ms)

    def _repeat_due(self, hold_ms: int, now_ms: int) -> "tuple | None":
        """The order has been given; is there a reason to give it again?"""
        order = self._order
        if self._resend:
            return (ORDER, max(hold_ms, self._write_limiter.ready_ms("resend", order.target_da, now_ms, not order.target_da)), self._take_resend)
        if self._not_as_ordered_ms >= 0:
            ready_ms = self._write_limiter.ready_ms("order", order.target_da, now_ms, order.lowering or not order.target_da)
            due_ms = max(hold_ms, self._not_as_ordered_ms + REWRITE_MS, ready_ms, self._raised_ms + self._recipe.table["gap_ms"])
            return (ORDER, due_ms, self._take_again)
        return None

    # ---- requests

    def _request(self, pdu: bytes, priority: int, tag: tuple) -> Request:
        reply_length = 5 if pdu[0] in (5, 6, 16) else None
        return Request(self.unit, pdu, priority, self._table["reply_ms"], reply_length, self._table["gap_ms"], tag)

    def _take_probe(self, now_ms: int) -> "Request | None":
        reserve_da = self._guard.reserve_da(self._index)
        target_da = self._recipe.representable(min(self._want_da, reserve_da))
        if self._recipe.most_da(target_da) > reserve_da or not self._recipe.can_probe(target_da):
            target_da = 0
        most_da = self._recipe.most_da(target_da)
        order_id = self._guard.send(self._index, most_da, now_ms)
        self._hold_ms["probe"] = now_ms + (DENIED_MS if order_id is None else PROBE_MS * (1 + min(self._failures, PROBE_SLOWER_MAX)))
        if order_id is None:
            return None
        write = self._recipe.writes(target_da)[0] if target_da else self._recipe.stop_write()
        self._order.written_ms = now_ms
        self._order.order_id = order_id
        priority = LOWER if self._order.lowering else ORDER
        self._order.lowering = False
        if self.shared:
            self._order.probed(target_da)
            self._presence_due = True
        return self._order_request(write, target_da, priority, ("probe", write, order_id, target_da), now_ms)

    def _take_again(self, now_ms: int) -> "Request | None":
        self._not_as_ordered_ms = now_ms
        self._order.again()
        self._order.counted_at_max = self._counts_at_max()
        return self._take_order(now_ms)

    def _counts_at_max(self) -> bool:
        """Nothing shows the pause of one whose maximum is reserved at all times: it is counted so, and that is proven."""
        order, most_da = self._order, self._recipe.max_da
        waits = order.resends > 1 and not order.target_da and self._guard.state(self._index) == "returning"
        return waits and self.link == ONLINE and self._guard.reserve_da(self._index) >= most_da

    def _take_resend(self, now_ms: int) -> "Request | None":
        """Not believed yet, though it is as ordered."""
        self._write_limiter.sent("resend", self._order.target_da, now_ms)
        return self._take_refresh(now_ms)

    def _take_order(self, now_ms: int, keeps: bool = False) -> "Request | None":
        """The next write of the order. keeps: it stands already, and this only keeps it alive: no write that a day counts."""
        order = self._order
        target_da = self._target_da()
        if target_da != order.target_da:
            order.start(target_da)
        write = order.next_write()
        if order.ends(write):
            order.acknowledged()
            return self._take_proof(now_ms)
        first = self._first_shown(write, now_ms)
        if first:
            return first(now_ms)
        most_da = order.most_da(write)
        order_id = self._guard.send(self._index, most_da, now_ms, held=most_da > self._recipe.most_da(order.target_da))
        if order_id is None:
            return self._denied(write, now_ms)
        priority = LOWER if order.lowering else ORDER
        if not order.lowering:
            self._raised_ms = now_ms
        if not order.at and not keeps:
            self._write_limiter.sent("order", order.target_da, now_ms)
        order.sent(write, order_id, now_ms)
        self._settings_timing.left()
        self._not_as_ordered_ms = -1
        self._resend = False
        if self.shared:  # nobody acknowledges it
            order.heard(write, False)
            order.acknowledged()
            self._fed_ms = now_ms
        return self._order_request(write, order.target_da, priority, ("order", write, order_id), now_ms)

    def _denied(self, write: list, now_ms: int) -> "Request | None":
        """The guard said no. A pause that may not name its limit goes on without it.

        A lower is none to the guard where the device may stand lower still: it is tried again as an order, with its settings read.
        """
        order = self._order
        if order.counted_at_max:  # not now: it was given, and is not believed
            order.counted_at_max, order.at = False, len(order.writes)
            return None
        if order.target_da == 0 and order.at < len(order.writes) - 1:
            order.acknowledged()
            return None
        self._hold_ms["order"] = now_ms + DENIED_MS
        again, order.denied = order.denied, True
        if not self._stale(write, now_ms):
            order.denied_ms = now_ms
            self._settings_timing.denied(now_ms)
        elif order.lowering and again and self._may_read(now_ms):
            return self._take_settings_now(now_ms)
        ready = self._write_limiter.ready_ms("order", order.target_da, now_ms) <= now_ms
        if write[W_ROLE] == ENABLE and ready and order.wants_limit_shown(write):  # the limit that it holds is too high: order it again
            order.at = 0
        return None

    def _first_shown(self, write: list, now_ms: int) -> "object | None":
        """What must be read before this write may leave: settings (rule 8), and the limit before an enable (rule 1).

        A lower waits for no settings: whether it may leave without them is the guard's to say.
        """
        order = self._order
        if order.wants_limit_shown(write) and self._limit_index() >= 0 and not self._limit_seen():
            return self._take_proof
        if order.wants_limit_shown(write) and self._ack_read_due():
            return self._take_live
        first, most_da = None, order.most_da(write)
        above = most_da > self._guard.reserve_da(self._index)
        if not order.lowering and self._stale(write, now_ms):
            first = self._take_settings_now
        elif self._phases and (above or most_da) and not order.lowering and self._phases.unsure(now_ms):
            first = self._take_phases_now
        return first if first is not None and self._may_read(now_ms) else None

    def _stale(self, write: list, now_ms: int) -> bool:
        """Is this write above the reserve, and are the settings not proven to be there still (rule 8)?"""
        return self._order.most_da(write) > self._guard.reserve_da(self._index) and not self._settings_fresh(now_ms)

    def _may_read(self, now_ms: int) -> bool:
        return not self._reads_feed or self._guard.may_feed(self._index, now_ms)

    def _limit_index(self) -> int:
        return self._table["proof"]["limit"]

    def _limit_seen(self) -> bool:
        fields = [self._limit_index()] + (fields_of(self._table["proof"]["pause"]) if self._recipe.off_shown else [])
        return self._readings.asked_since(fields, self._order.written_ms)

    def _take_phases_now(self, now_ms: int) -> "Request | None":
        return self._take_now("phases", now_ms)

    def _take_settings_now(self, now_ms: int) -> "Request | None":
        return self._take_now("settings", now_ms) if self._settings_read_allowed("order", now_ms) else None

    def _take_now(self, group: str, now_ms: int) -> "Request | None":
        request = self._take_read(group, ORDER, now_ms)
        self._hold_ms["order"] = now_ms - FOLLOW_UP_MS if request else now_ms + DENIED_MS
        if request:
            request.follows = True
        return request

    def _take_settings(self, now_ms: int) -> "Request | None":
        return self._take_read("settings", ROUTINE, now_ms)

    def _take_slow(self, now_ms: int) -> "Request | None":
        return self._take_read("slow", ROUTINE, now_ms)

    def _take_live(self, now_ms: int) -> "Request | None":
        return self._take_read("live", ROUTINE, now_ms)

    def _take_proof(self, now_ms: int) -> "Request | None":
        return self._take_read("proof", ORDER, now_ms) if "proof" in self._cycles else self._take_live(now_ms)

    def _take_read(self, group: str, priority: int, now_ms: int) -> "Request | None":
        if self._reads_feed and not self._may_feed("read", now_ms):
            return None
        at = self._cycles[group].begin(now_ms)
        return self._readings.request(self.unit, group, at, priority, self._table["reply_ms"], self._table["gap_ms"])

    def _may_feed(self, hold: str, now_ms: int) -> bool:
        """Ask whether a frame that keeps a limit alive may leave now, and record that it does."""
        self._feed_denied = not self._guard.may_feed(self._index, now_ms)
        if self._feed_denied:
            self._hold_ms[hold] = now_ms + DENIED_MS
            return False
        self._guard.fed(self._index, now_ms)
        if hold == "feed" or not (self._feed or self._table["order"]["refresh"]):  # a reading that only may feed does not count
            self._fed_ms = now_ms
        return True

    def _take_feed(self, now_ms: int) -> "Request | None":
        above = self._order.target_da > self._guard.reserve_da(self._index)
        if above and not self._settings_fresh(now_ms):
            return self._take_read("settings", ORDER, now_ms) if self._settings_read_allowed("feed", now_ms) else None
        if not self._may_feed("feed", now_ms):
            return None
        return self._request(self._recipe.pdu(self._feed, 0, self._targets), ORDER, ("feed",))

    def _take_refresh(self, now_ms: int) -> "Request | None":
        """Say the order again: this device's watchdog is fed by nothing else. Within the reserve it needs no leave."""
        if self._within_reserve(self._order.target_da):
            self._fed_ms = now_ms
        elif not self._may_feed("feed", now_ms):
            return None
        keeps = self._order.proven
        self._order.repeat()
        self._order.counted_at_max = self._counts_at_max()
        return self._take_order(now_ms, keeps)

    # ---- audit

    def _take_audit(self, now_ms: int) -> "Request | None":
        if not self._identified and "identity" in self._cycles:
            return self._take_read("identity", ORDER, now_ms)
        if "settings" in self._cycles and self._cycles["settings"].done_ms < 0:
            return self._take_read("settings", ORDER, now_ms)
        write = self._audit.next_write(now_ms)
        if write is None:
            return self._end_pass(now_ms)
        if write[W_WHAT] == "wait":
            self._audit.skip()
            self._hold_ms["audit"] = now_ms + write[W_RAW]
            return None
        if not self._may_feed("audit", now_ms):
            return None
        self._audit.spend(write, now_ms)
        return self._request(self._recipe.pdu(write, 0, self._targets), ORDER, ("recipe", write))

    def _end_pass(self, now_ms: int) -> None:
        again = self._audit.pass_over()
        wrong = self._audit.wrong()
        if wrong is None or not again:
            self.facts.fault = wrong  # what was just written is judged when it has been read back
        if wrong is None:
            taken_ms = self._targets.get("watchdog_taken")
            if taken_ms and self._feed_ms:
                self._feed_ms = min(self._feed_ms, max(1, taken_ms // 4))
            self.link = ONLINE
            self.facts.online = True
        elif again and self._audit.tries < TRIES_MAX:
            self._cycles["settings"].restart()
        else:
            self._check_mismatch(now_ms)
            self._begin_audit(now_ms, False)
            self._hold_ms["audit"] = now_ms + AUDIT_PAUSE_MS

    def _lost(self, now_ms: int) -> None:
        self.link = SILENT
        self.facts.online = False
        self._identified = False
        self._audit.forget()
        self._write_limiter.worked("order")
        lowering = self._order.target_da > 0
        self._order.forget()
        self._order.lowering = lowering
        self._hold_ms["probe"] = now_ms
        self._guard.lost(self._index, now_ms)
