"""Demand: which EVSEs request current, since when, and how much they use: the queue and the give-back (section 6)."""

from ampacity.circuit.policy.queue.inhibit import InhibitTimers
from ampacity.circuit.policy.queue.queue_order import QueueOrder
from ampacity.circuit.policy.queue.slot_rotation import PARTS, SlotRotation
from ampacity.circuit.trusted.device.evse_state import FRESH_MS, LONG_AGO_MS, EvseState
from ampacity.circuit.trusted.device.order_book import NONE_DA
from ampacity.circuit.trusted.ledger import Ledger

if False:  # for the type checker
    from ampacity.circuit.policy.minimum_grant import SharedCapacity
    from ampacity.circuit.policy.queue.departure_slack import DepartureSlack
    from ampacity.circuit.policy.queue.idle_backoff import IdleBackoff
    from ampacity.circuit.policy.queue.inhibit import Inhibit
    from ampacity.circuit.policy.queue.learnt_minimum import LearntMinimum

HEADROOM_DA = 20
HEADROOM_SHORT_DA = 5  # while others are short; a tenth of more, for cars draw a twentieth less than their order
SETTLED_MS = 15000  # after another order a car shows what it makes of it
ASLEEP_DA = 10
PROBE_MS = 60000
SATISFIED_MS = 10000
TURNS_MS = 90000  # offered in turns without current: it may need more
WITHOUT_TIMES = 3  # `idle_s` without current, in all turns, before it is idle whatever its turns were, and whatever a primary below reports
SAME_DA = 5  # orders that differ by so little are one order to a car
FIRST, KEEPS, NEXT, LAST = 0, 1, 2, 3  # among its rank: its turn has come, within its slot, others make room for it, as ever


class Demand:
    """Per EVSE: its demand, its ticket in the queue, and a cap while it does not use its order."""

    def __init__(self, ledger: Ledger) -> None:
        site = ledger.site
        count = len(site.evses)
        self.ledger = ledger
        self.slot_ms = 1000 * site.setting("slot_s", 900)
        self.idle_ms = site.setting("idle_ms", 300000)
        self.wake_ms = site.setting("wake_ms", 900000)
        self.restart_hold_ms = site.setting("restart_hold_ms", 60000)
        self.paused = InhibitTimers(count, "paused, restart allowed in %s")  # by us, while it wanted
        self.inhibits: "list[Inhibit]" = [self.paused]  # parts that may keep an EVSE at 0 A, each with its reason
        self.wants = [False] * count
        self.reasons = [""] * count  # why an EVSE with a car does not want, for people
        self.plugged = [False] * count
        self.ticket = [0] * count
        self.next_ticket = 1
        self.slots = SlotRotation(count, self.slot_ms)
        self.in_slot = [False] * count  # admitted, and has begun; or interrupted after a while, and it needs more than 6 A
        self.turn_since_ms = [LONG_AGO_MS] * count  # its slot runs since, without an interruption
        self.waits_since_ms = [-1] * count  # wants and is not admitted since
        self.kept_since_ms = [-1] * count  # has its share, and lacks the margin to begin since
        self.served = [False] * count  # had its slot, and continues because no other EVSE could charge
        self.idle_since_ms = [-1] * count  # it draws nothing since
        self.part_since_ms = [-1] * count  # it draws a part of its order since
        self.idle_cap_da = [NONE_DA] * count
        self.idle_before_ms = [0] * count  # for how long it drew nothing in turns that were ended, and at what order
        self.idle_before_da = [0] * count
        self.without_ms = [0] * count  # for how long it drew nothing, in turns that were ended
        self.idle = [False] * count  # it drew next to nothing for long, whatever it was offered
        self.reports = [False] * count  # a primary below that reports a car that could begin (minimum_grant.py)
        self.suspended_ev = [False] * count  # the car stopped without an order: it is offered current and does not request it
        self.drew = [False] * count  # in its present turn
        self.offered_since_ms = [-1] * count  # its present turn; -1: its car has drawn since
        self.begin_ms: "dict[int, int]" = {}  # the longest time that a car took to begin, where that is more than a trial
        self.changed_ms = [LONG_AGO_MS] * count
        self.slack: "DepartureSlack | None" = None
        self.idle_backoff: "IdleBackoff | None" = None
        self.learnt: "LearntMinimum | None" = None
        self.drew_da = [0] * count  # the least order at which this car drew; 0: none yet
        self.idle_da = [0] * count  # the highest order at which it drew nothing for long, since it drew last
        self.short = False  # some EVSE could use more than its share
        self.queue_order = QueueOrder(count)
        self.order = self.queue_order.order
        self.changed = True

    def put(self, evse: int, wants: bool) -> None:
        """Its car wants current, or no longer. A change ends slot, rest and idle cap; a new demand takes its place in the queue."""
        if wants == self.wants[evse]:
            return
        self.wants[evse] = wants
        self.changed = True
        self.in_slot[evse] = False
        self.paused.free(evse)
        self.drew[evse] = False
        self._forget_turns(evse)
        self.wake(evse)
        self._wake_up(evse)
        self.slots.had[evse] = 0
        if wants:
            self.slots.arrive(self, evse)

    def another_car(self, evse: int, plugged: bool) -> None:
        """Forgets the behaviour of the previous car."""
        self.plugged[evse] = plugged
        self.slots.fresh[evse] = plugged
        self._forget_turns(evse)
        self.drew_da[evse] = self.idle_da[evse] = 0
        self.begin_ms.pop(evse, None)
        if self.learnt is not None:
            self.learnt.forget(self.ledger.evse_states[evse])
        self.wake(evse)

    def wake(self, evse: int) -> None:
        """Its idle cap ends: it is offered its whole share again (section 6, `idle_s`)."""
        self.idle_since_ms[evse] = self.part_since_ms[evse] = -1
        self.idle_cap_da[evse] = NONE_DA
        self.idle[evse] = False

    def _forget_turns(self, evse: int) -> None:
        self.without_ms[evse] = self.idle_before_ms[evse] = self.idle_before_da[evse] = 0

    def _wake_up(self, evse: int) -> None:
        if self.idle_backoff is not None:
            self.idle_backoff.wake(evse)
        if self.learnt is not None:
            self.learnt.woken_da[evse] = 0

    def backs_off(self, evse: int) -> bool:
        """It gave back all that it did not use, for others are short."""
        return self.idle_backoff is not None and self.idle_backoff.inhibited[evse]

    def tick(self, now_ms: int) -> None:
        """In each pass: whose rest or sleep is over?"""
        if self.paused.tick(now_ms) or self.idle_backoff is not None and self.idle_backoff.tick(now_ms):
            self.changed = True

    def to_the_back(self, evse: int) -> None:
        """Gives it the last ticket of the queue."""
        self.ticket[evse] = self.next_ticket
        self.next_ticket += 1

    # the queue

    def sort(self, now_ms: int, claimant: int) -> "list[int]":
        """All EVSEs: larger priority first; idle ones after the others; then smaller slack; then those within their slot, also interrupted
        ones (`in_slot`), unless one of the rank has waited for a whole slot; then the EVSE for which others make room (preemption.py; -1:
        none); then by ticket, then by index."""
        evses, slack, queue_order = self.ledger.site.evses, self.slack, self.queue_order
        if slack is not None:
            slack.tick(self.ledger, now_ms)
        late = []
        for e in range(len(evses)):
            waits = self.waits_since_ms[e]
            waited = waits >= 0 and now_ms - waits >= self.slot_ms
            queue_order.put(e, evses[e].priority, self.idle[e], 0 if slack is None else self._band(slack, e, waited))
            if waited and queue_order.rank[e] not in late:
                late.append(queue_order.rank[e])
        for e in range(len(evses)):
            place = LAST
            if slack is not None and slack.turn[e]:
                place = FIRST
            elif self.in_slot[e] and not self.served[e] and (self._begins(e, now_ms) or queue_order.rank[e] not in late):
                place = KEEPS
            elif e == claimant:
                place = NEXT
            queue_order.key(e, place, self.ticket[e])
        queue_order.sort()
        return self.order

    def _band(self, slack: "DepartureSlack", e: int, waited: bool) -> int:
        """By its slack; the first for one of whom nothing is known, if its turn has come."""
        if waited and not slack.is_known(e):
            slack.turn[e] = True
        return 0 if slack.turn[e] else slack.band(e)

    def rotate(self, admitted: "list[bool]", now_ms: int) -> None:
        """An EVSE after its slot goes to the back of the queue while others of its rank wait."""
        rank, waiting, slots, charging = self.queue_order.rank, [], self.slots, 0
        ticks = slots.step(now_ms)
        for e in self.order:
            charging += admitted[e]
            if self.wants[e] and not admitted[e] and rank[e] not in waiting and not self.backs_off(e):
                waiting.append(rank[e])
        for e in self.order:
            s = self.ledger.evse_states[e]
            if self.in_slot[e] and self.ledger.want_da[e] >= s.evse.min_da and not self._begins(e, now_ms):
                slots.book(s, self.ledger.want_da[e], self._used_da(s, now_ms), ticks)
            over = self.in_slot[e] and slots.over(s)
            if self.slack is not None and (not self.wants[e] or over):
                self.slack.turn[e] = False
            if not admitted[e]:
                if over and slots.had[e]:
                    self._end_slot(s, now_ms)
                if not self.wants[e] or self.backs_off(e):
                    self.waits_since_ms[e] = -1
                    self.in_slot[e] = self.served[e] = False
                elif self.waits_since_ms[e] < 0:
                    self.waits_since_ms[e] = now_ms
                    # others always fit before one that needs more: it keeps its place, unless that would interrupt them again and again
                    if self.served[e] or s.evse.min_da <= 60 or now_ms - self.turn_since_ms[e] < self.slot_ms // PARTS:
                        self.in_slot[e] = self.served[e] = False
                continue
            if not self.ledger.want_da[e]:
                continue  # it has not begun
            if self.waits_since_ms[e] >= 0 or not self.in_slot[e]:
                self.turn_since_ms[e] = now_ms
            self.waits_since_ms[e] = -1
            if not self.in_slot[e]:
                self.in_slot[e] = True
                slots.guest = slots.fresh[e]
            elif over and waiting and rank[e] in waiting and slots.may_swap(charging, now_ms):
                self._end_slot(s, now_ms)

    def _begins(self, evse: int, now_ms: int) -> bool:
        """It is offered current, and its car has not drawn in this turn: its slot counts from its begin, or from when it is no longer tried.
        The first slot, a quarter, does not: other newly connected cars wait for it."""
        since_ms = self.offered_since_ms[evse]
        return not self.slots.fresh[evse] and 0 <= since_ms and (now_ms - since_ms < self.idle_ms or self._under_trial(evse))

    def _end_slot(self, s: EvseState, now_ms: int) -> None:
        self.slots.end(s, now_ms)
        self.served[s.index] = True
        self.to_the_back(s.index)

    # the give-back

    def watch_use(self, evse: int, want_da: int, now_ms: int) -> None:
        """A car asleep or full gives back what it does not draw, keeping headroom to wake."""
        s = self.ledger.evse_states[evse]
        if want_da == 0:
            self.drew[evse], self.offered_since_ms[evse] = False, -1
            if self.idle[evse] and self.wants[evse]:
                self.back_off(evse, now_ms)  # it was paused for others
            if self.idle_before_da[evse] and self.idle_since_ms[evse] >= 0:
                self.idle_before_ms[evse] = min(TURNS_MS, self.idle_before_ms[evse] + now_ms - self.idle_since_ms[evse])
            self.without_ms[evse] = min(WITHOUT_TIMES * self.idle_ms, self._without_ms(evse, now_ms))
            self.wake(evse)
            return
        used = self._used_da(s, now_ms)
        if used < 0:
            self.wake(evse)
            if s.measured_ms == LONG_AGO_MS and self.offered_since_ms[evse] >= 0:
                self._draws(evse, want_da, now_ms)  # its car requests current now
            self.offered_since_ms[evse] = -1
            return
        if used >= ASLEEP_DA:
            self._draws(evse, want_da, now_ms)
        elif self.offered_since_ms[evse] < 0 and not self.drew[evse]:
            self.offered_since_ms[evse] = now_ms
        headroom = min(HEADROOM_DA, max(HEADROOM_SHORT_DA, used // 10)) if self.short else HEADROOM_DA
        cap, since_ms = self.idle_cap_da[evse], self.part_since_ms if used >= ASLEEP_DA else self.idle_since_ms
        if want_da < s.evse.min_da:
            self.wake(evse)  # more is to be tried
        elif used + headroom >= want_da or s.evse.by_power and used >= ASLEEP_DA:  # with less than its maximum it may have a third
            if used + max(HEADROOM_SHORT_DA // 2, cap // 20 + 1) >= cap:
                self.wake(evse)
            elif cap == NONE_DA:
                since_ms[evse] = -1
        elif since_ms[evse] < 0:
            since_ms[evse] = now_ms
        elif now_ms - since_ms[evse] >= self._patience_ms(evse) and (used >= ASLEEP_DA or not self.reports[evse]):
            self.idle_cap_da[evse] = max(s.evse.min_da, used + headroom)
            self.idle[evse] = used < ASLEEP_DA
            if self.idle[evse]:
                self.idle_da[evse] = max(self.idle_da[evse], want_da)
        if used < ASLEEP_DA and 0 <= self.idle_since_ms[evse]:
            self._idle_in_turns(evse, want_da, now_ms)
            if self._without_ms(evse, now_ms) >= self.idle_ms * (1 if self.is_retried(evse) else WITHOUT_TIMES):
                self.idle[evse], self.idle_cap_da[evse] = True, s.evse.min_da
                self.idle_da[evse] = max(self.idle_da[evse], want_da)

    def _without_ms(self, evse: int, now_ms: int) -> int:
        """For how long it drew nothing while it was offered current, in all turns since it drew last or was retried."""
        since_ms = self.idle_since_ms[evse]
        return self.without_ms[evse] + (now_ms - since_ms if since_ms >= 0 else 0)

    def is_retried(self, evse: int) -> bool:
        """It was idle, and has not drawn since."""
        return self.idle_backoff is not None and self.idle_backoff.tries[evse] > 0

    def _idle_in_turns(self, evse: int, want_da: int, now_ms: int) -> None:
        """It has drawn nothing at this order for a while, in any number of turns: it may need more. It is not asleep for that: a turn may be
        too short for a car that takes long to begin."""
        if want_da > self.idle_before_da[evse] + SAME_DA:
            self.idle_before_ms[evse], self.idle_before_da[evse] = 0, want_da
        if self.idle_before_ms[evse] + now_ms - self.idle_since_ms[evse] >= max(TURNS_MS, self._trial_ms(evse)):
            self.idle_before_ms[evse] = TURNS_MS
            self.idle_da[evse] = max(self.idle_da[evse], want_da)

    def needs_more(self, evse: int, want_da: int) -> bool:
        """It draws nothing at this order, for so long that more is to be tried."""
        in_turns = self.idle_before_ms[evse] >= TURNS_MS and 0 < want_da <= self.idle_before_da[evse] + SAME_DA
        return self.idle[evse] or in_turns

    def _draws(self, evse: int, want_da: int, now_ms: int) -> None:
        self.drew[evse] = True
        self.idle_since_ms[evse] = -1
        if self.offered_since_ms[evse] >= 0:
            took_ms = min(self.idle_ms, now_ms - self.offered_since_ms[evse])
            if took_ms > max(PROBE_MS, self.begin_ms.get(evse, 0)):
                self.begin_ms[evse] = took_ms
            self.offered_since_ms[evse] = -1
        if self.ledger.evse_states[evse].measured_ms == LONG_AGO_MS:
            return  # nothing shows whether it draws
        self._forget_turns(evse)
        if self.idle_da[evse] and self.learnt is not None:
            self.learnt.begins(self.ledger.evse_states[evse], self.idle_da[evse], want_da)
        self.idle_da[evse] = 0
        self._wake_up(evse)
        if now_ms - self.changed_ms[evse] >= SETTLED_MS and not 0 < self.drew_da[evse] <= want_da:
            self.drew_da[evse] = want_da

    def learn(self, room: "SharedCapacity", evse: int, now_ms: int) -> None:
        """Its car may need more than it is offered (learnt_minimum.py)."""
        s = self.ledger.evse_states[evse]
        if not s.evse.primary and (self.learnt is not None or self.needs_more(evse, self.ledger.want_da[evse])):
            self.levels().look(room, self, s, now_ms)

    def levels(self) -> "LearntMinimum":
        """What is known of minimums above the usual one; made for the first car that needs it."""
        if self.learnt is None:
            from ampacity.circuit.policy.queue.learnt_minimum import LearntMinimum

            self.learnt = LearntMinimum(self.ledger.site)
        return self.learnt

    def untried_da(self, shed: "SharedCapacity", s: EvseState, least_da: int) -> int:
        """The least current, in da, at which its car was not tried although it drew nothing at its orders so far: least_da as long as there was
        no such order, then the next level of learnt_minimum.py or that of a last trial, or what a primary below reports; 0: it was tried at all."""
        idle_da = self.idle_da[s.index]
        if not idle_da:
            return least_da
        if s.evse.primary:
            return least_da if least_da > idle_da else 0
        return self.levels().next_da(shed, self, s)

    def exact_da(self, evse: int, level_da: int) -> int:
        """A level of learnt_minimum.py without the allowance for a rounded duty cycle, where it was not tried yet, in da; 0: it is no such level."""
        if not self.idle_da[evse] or self.ledger.site.evses[evse].primary:
            return 0
        from ampacity.circuit.policy.queue.learnt_minimum import LEVELS_DA, OVER_DA

        da = level_da - OVER_DA
        return da if da in LEVELS_DA and da > self.idle_da[evse] else 0

    def _used_da(self, s: EvseState, now_ms: int) -> int:
        """Its present current, in da; -1: unknown."""
        if now_ms - s.measured_ms <= FRESH_MS:
            return s.measured_da
        return 0 if self.suspended_ev[s.index] else -1

    def _patience_ms(self, evse: int) -> int:
        """A car that charged in this turn and stopped without an order has ended its demand; a retried car had its time before; a car that has
        what it needed is done."""
        if self.satisfied(evse):
            return min(self.idle_ms, SATISFIED_MS)
        if self.suspended_ev[evse] and self.drew[evse]:
            return min(self.idle_ms, PROBE_MS)
        if self.is_retried(evse) or self._under_trial(evse):
            return self._trial_ms(evse)
        return self.idle_ms

    def _trial_ms(self, evse: int) -> int:
        """For how long a car is tried. One that took longer to begin has that time, and a quarter more; one that has not drawn since it was
        plugged may be slow: when it is retried it has more, and once all the time that a car may take: at its minimum, which costs the least."""
        tries, least_ms = 0 if self.idle_backoff is None else self.idle_backoff.tries[evse], PROBE_MS
        if tries and not self.drew_da[evse]:
            if not self._under_trial(evse):
                least_ms = self.idle_ms if tries == 1 else 2 * PROBE_MS
            elif self.learnt.rounds[evse] % 2:  # type: ignore[union-attr]  # in the second round, and after the third
                least_ms = 2 * PROBE_MS
        return min(self.idle_ms, max(least_ms, self.begin_ms.get(evse, 0) * 5 // 4))

    def _under_trial(self, evse: int) -> bool:
        return self.learnt is not None and self.learnt.trying[evse]

    def satisfied(self, evse: int) -> bool:
        """It has what it was said to need."""
        return self.slack is not None and self.slack.satisfied(evse)

    def back_off(self, evse: int, now_ms: int) -> None:
        """It drew nothing for long and others are short: it is paused, and tried again in a while."""
        if self.idle_backoff is None:
            from ampacity.circuit.policy.queue.idle_backoff import IdleBackoff

            self.idle_backoff = IdleBackoff(len(self.wants), self.wake_ms)
            self.inhibits.append(self.idle_backoff)
        self.idle_backoff.send(evse, now_ms)
        self._forget_turns(evse)
        self.wake(evse)
        self.to_the_back(evse)
        self.changed = True
