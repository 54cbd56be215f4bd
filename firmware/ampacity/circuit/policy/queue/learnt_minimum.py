"""Cars that begin only above the minimum of the standard: found by trying, kept until they are unplugged.

A car that needs 8 A does nothing at a share of 7.3 A, and appears asleep. A car that draws no current at its order is therefore
offered 8, 10 and 13 A in turn, or the most that is possible below, each for a while and as its minimum: others give that current, or it
waits for its slot. What it draws at is its minimum from then on. Where it draws at none of them it is asleep or full after all: the usual minimum
counts again. The usual minimum also counts again where what was learnt has not been possible for long: the car may have begun at that
moment for another reason, and less may suffice.

After a few rounds, or where it drew at its order before, a car is most likely full. But it may also wait for a later time, or need more to
start than to continue. So from then on every second retry is one last trial, at the highest level that is possible: one that begins there is
not full, and its level is searched again.
"""

from ampacity.circuit.policy.minimum_grant import WHOLE_DA, most_ever_da, most_possible_da, possible
from ampacity.circuit.trusted.device.evse_state import LONG_AGO_MS, EvseState

if False:  # for the type checker
    from typing import Protocol

    from ampacity.circuit.policy.minimum_grant import SharedCapacity
    from ampacity.circuit.policy.queue.idle_backoff import IdleBackoff
    from ampacity.circuit.trusted.site.tree import Site

    class Use(Protocol):
        """What is known of the use that cars make of their orders (demand.py)."""

        drew: "list[bool]"
        idle: "list[bool]"
        drew_da: "list[int]"
        idle_da: "list[int]"
        idle_before_ms: "list[int]"
        without_ms: "list[int]"
        idle_before_da: "list[int]"
        idle_cap_da: "list[int]"
        idle_ms: int
        wake_ms: int
        idle_backoff: "IdleBackoff | None"
        learnt: "LearntMinimum | None"
        changed: bool

        def is_retried(self, evse: int) -> bool:
            """It was idle, and has not drawn since."""

        def backs_off(self, evse: int) -> bool:
            """It is paused."""

        def untried_da(self, shed: "SharedCapacity", s: EvseState, least_da: int) -> int:
            """The least current at which its car was not tried."""

        def needs_more(self, evse: int, want_da: int) -> bool:
            """It draws nothing at this order, for so long that more is to be tried."""

        def satisfied(self, evse: int) -> bool:
            """It has what it was said to need."""

        def levels(self) -> "LearntMinimum":
            """What is known of minimums above the usual one."""

        def wake(self, evse: int) -> None:
            """Nothing is known of its use any more."""


LEVELS_DA = (80, 100, 130)
THIRDS_DA = 182  # 3 x 6 A of a car of three phases, where an order is in watts
OVER_DA = 2  # the duty cycle of a control pilot is rounded down
TRY_MS = 60000  # a trial; after one that was cut off the next comes so much later, then each after twice the time, at most `wake_ms`
LACKS_MS = 30000  # a meter shows for so long what others drew before they gave it; until then an order rises to its level by itself
ROUNDS = 3
SAME_DA = 5  # what it drew at so little above is no other order


class LearntMinimum:
    """Per EVSE the minimum under trial or learnt; the one in force is `evse.min_da`."""

    def __init__(self, site: "Site") -> None:
        count = len(site.evses)
        self.file_da = [evse.min_da for evse in site.evses]
        self.trying = [False] * count
        self.rounds = [0] * count
        self.again_ms = [LONG_AGO_MS] * count  # no next round before
        self.cut_rest_ms = [TRY_MS] * count
        self.cut = [False] * count  # its last trial was cut off: nothing is known of that level yet
        self.woken_da = [0] * count  # the current for which its pause or rest ended early
        self.used_ms = [0] * count  # when others could last use what it gave back
        self._looks_at = self._shared_ms = 0
        self.lacks_since_ms = [-1] * count  # since when it waits for a learnt minimum that is not possible

    def look(self, room: "SharedCapacity", demand: "Use", s: EvseState, now_ms: int) -> None:
        """Within a share, after its use was looked at: does it draw now, or what is tried next?"""
        e, want_da = s.index, room.want_da[s.index]
        least_da = s.evse.min_da
        if self.file_da[e] <= min(s.evse.limit_da, room.limits.evse_da[e]) < least_da:
            self._cut(demand, s, now_ms)  # it may not have so much for now, but its usual minimum
        elif self.trying[e] and demand.drew[e]:
            if self.rounds[e] >= ROUNDS:
                self._usual(s)  # its level is searched again, up to this one
                demand.drew_da[e] = 0
            elif s.book.last_da() < least_da - SAME_DA:
                self._usual(s)  # at an order from before this trial: it only took long to begin
            self.trying[e] = False
            self.rounds[e] = 0
            self.cut_rest_ms[e] = TRY_MS
        elif least_da > self.file_da[e] and not want_da and not possible(room, s, least_da):
            most_da = most_possible_da(room, s)
            if self.trying[e] and most_da > demand.idle_da[e] + SAME_DA and most_da > self.file_da[e]:
                s.evse.min_da = most_da  # other load has taken some of it
                self.lacks_since_ms[e] = -1
            elif self.lacks_since_ms[e] < 0:
                self.lacks_since_ms[e] = now_ms
            elif not self.trying[e] and most_da < self.file_da[e]:
                self.lacks_since_ms[e] += now_ms - self._shared_ms  # nor could it have less: that time does not count
            elif now_ms - self.lacks_since_ms[e] >= (LACKS_MS if self.trying[e] else demand.idle_ms):
                self._cut(demand, s, now_ms)
            return
        elif self.trying[e] and 0 < want_da < least_da:
            if self.lacks_since_ms[e] < 0:
                self.lacks_since_ms[e] = now_ms
            if now_ms - self.lacks_since_ms[e] < LACKS_MS:
                return
            room.targets.lower(s, 0, now_ms, False)  # others make room only for one that waits to start
        elif now_ms >= self.again_ms[e]:
            # after its rounds the last trial takes the place of a retry at its minimum
            is_last = want_da and self.rounds[e] >= ROUNDS and not self.trying[e] and demand.is_retried(e)
            if is_last or demand.needs_more(e, want_da):
                self._next(room, demand, s, now_ms)
        self.lacks_since_ms[e] = -1

    def _next(self, room: "SharedCapacity", demand: "Use", s: EvseState, now_ms: int) -> None:
        e, want_da, level_da = s.index, room.want_da[s.index], 0
        is_last = self.rounds[e] >= ROUNDS
        most_da = min(s.evse.limit_da, room.limits.evse_da[e])
        tried_da = max(want_da, demand.idle_da[e])
        if not is_last:
            for da in (want_da, tried_da):  # after a trial that was cut off where it was
                level_da = _possible_da(room, s, next_da(s, da, demand.drew_da[e], most_da), da) or level_da
        elif not self.trying[e]:
            level_da = last_da(s, most_possible_da(room, s))
            if level_da <= want_da + SAME_DA:
                level_da = 0
        over = not next_da(s, tried_da, demand.drew_da[e], min(s.evse.limit_da, most_ever_da(room, s)))
        if level_da and not demand.satisfied(e):
            self._try(demand, s, level_da)
        elif self.trying[e]:
            # at most twice the time of the first retry; one that is paused for others has a retry at its minimum before the next last trial
            self._usual(s, now_ms + demand.wake_ms * (6 if is_last and demand.is_retried(e) else 1 + min(self.rounds[e], 1)))
            if over:  # only a round counts that came to the last level, or one before it did
                self.rounds[e] = ROUNDS if demand.drew_da[e] else min(self.rounds[e] + 1, ROUNDS)
            if demand.idle[e]:
                demand.idle_cap_da[e] = s.evse.min_da
        elif want_da >= LEVELS_DA[-1] if is_last else over and demand.drew_da[e]:
            self.rounds[e] = ROUNDS
            self.again_ms[e] = now_ms + demand.wake_ms

    def untried_da(self, room: "SharedCapacity", demand: "Use", s: EvseState) -> int:
        """The next minimum above all orders at which its car drew nothing, where it is possible now, in da; 0: none.

        A primary below reports it as the least grant that is of use to it, which is its minimum where it is possible.
        """
        da = demand.untried_da(room, s, s.evse.min_da)
        return da if s.evse.primary else _possible_da(room, s, da, demand.idle_da[s.index])

    def next_da(self, room: "SharedCapacity", demand: "Use", s: EvseState) -> int:
        """The next level above all orders at which its car drew nothing, in da; where all were tried and the rest after that is over, the
        highest; 0: none."""
        e = s.index
        most_da = min(s.evse.limit_da, room.limits.evse_da[e])
        da = next_da(s, demand.idle_da[e], demand.drew_da[e], most_da)
        if not da and not self.trying[e] and LONG_AGO_MS != self.again_ms[e] <= room.now_ms and not demand.backs_off(e):
            da = last_da(s, min(most_da, most_ever_da(room, s)))
        return da

    def _try(self, demand: "Use", s: EvseState, level_da: int) -> None:
        e = s.index
        self.trying[e], self.cut[e] = True, False
        s.evse.min_da = level_da
        demand.drew[e] = False
        demand.idle_before_ms[e], demand.idle_before_da[e] = 0, level_da
        demand.without_ms[e] = 0
        demand.wake(e)
        demand.changed = True

    def try_more(self, room: "SharedCapacity", demand: "Use") -> None:
        """Once a share, one EVSE after the other: ends its pause or rest where its car can be offered more than it was tried at.

        Once for each level, or until a trial of it was not cut off: that is what it is offered then, not once more what it did not draw at.
        """
        e, now_ms = self._looks_at, room.now_ms
        self._shared_ms = now_ms
        self._looks_at = (e + 1) % len(self.trying)
        pauses, rests = demand.idle_backoff, now_ms < self.again_ms[e]
        paused = pauses is not None and pauses.inhibited[e]
        if paused or rests and not self.cut[e] and not self.trying[e] and demand.needs_more(e, room.want_da[e]):
            s = room.ledger.evse_states[e]
            level_da = self.untried_da(room, demand, s)
            if level_da > self.woken_da[e] or level_da and self.cut[e] and not rests:
                if pauses is not None:
                    pauses.free(e)
                self.woken_da[e] = level_da
                self.again_ms[e] = LONG_AGO_MS  # that rest was for what was possible then
                if not s.evse.primary and self.rounds[e] < ROUNDS:
                    self._try(demand, s, level_da)
            elif paused:
                if room.limits.constraints or not possible(room, s, last_da(s, s.evse.limit_da), True):
                    self.used_ms[e] = now_ms
                elif now_ms - self.used_ms[e] >= demand.idle_ms:
                    pauses.free(e)  # type: ignore[union-attr]  # no other can use what it gave back
                    self.again_ms[e] = min(self.again_ms[e], now_ms + 2 * demand.wake_ms)
        else:
            self.used_ms[e] = now_ms

    def begins(self, s: EvseState, idle_da: int, want_da: int) -> None:
        """Its car draws at want_da, after it drew nothing at idle_da, one of the levels or the next below: what is between is its minimum.

        So it keeps what a short turn with more current has shown; after a low share alone a car may also have slept.
        """
        level_da = 0 if s.evse.primary else next_da(s, idle_da, 0, want_da)
        if level_da > s.evse.min_da and (idle_da >= LEVELS_DA[0] or want_da <= level_da + WHOLE_DA):
            s.evse.min_da = level_da

    def _cut(self, demand: "Use", s: EvseState, now_ms: int) -> None:
        """For lack of room, or by a limit: a trial is repeated after a rest, longer each time; what was learnt when it may be."""
        e = s.index
        rest_ms = self.cut_rest_ms[e] if self.trying[e] else 0
        if rest_ms:
            self.cut_rest_ms[e] = min(2 * rest_ms, demand.wake_ms)
        self._usual(s, now_ms + rest_ms)
        self.cut[e] = rest_ms > 0

    def _usual(self, s: EvseState, again_ms: int = LONG_AGO_MS) -> None:
        """No level is under trial any more, and none before again_ms."""
        e = s.index
        s.evse.min_da = self.file_da[e]
        self.again_ms[e] = again_ms
        self.trying[e] = False
        self.lacks_since_ms[e] = -1

    def forget(self, s: EvseState) -> None:
        """Another car."""
        self._usual(s)
        self.cut[s.index] = False
        self.rounds[s.index] = 0
        self.cut_rest_ms[s.index] = TRY_MS


def last_da(s: EvseState, most_da: int) -> int:
    """What it is offered in a last trial of which most_da are possible, in da."""
    return min(s.evse.max_da if s.evse.by_power else LEVELS_DA[-1] + OVER_DA, most_da)


def _possible_da(room: "SharedCapacity", s: EvseState, level_da: int, tried_da: int) -> int:
    """This level, or without the allowance for a rounded duty cycle, where that makes it possible and is more than was tried; else the most
    that is possible, where that is no longer what was tried; 0: none."""
    for da in (level_da, level_da - OVER_DA):
        if (da == level_da or da in LEVELS_DA) and da > tried_da and possible(room, s, da):
            return da
    most_da = most_possible_da(room, s) if level_da else 0
    return most_da if most_da > tried_da + SAME_DA else 0


def next_da(s: EvseState, want_da: int, drew_da: int, most_da: int) -> int:
    """The next level for this EVSE; 0: none. After all others of one that is ordered in watts: with less than its maximum a car of three
    phases is offered a third, so what gives it its minimum on each, and then the maximum."""
    da = above(want_da, drew_da, most_da)
    if da or not s.evse.by_power or 0 < drew_da <= want_da:
        return da
    for level_da in (THIRDS_DA, s.evse.max_da):
        if want_da < level_da <= min(most_da, s.evse.max_da):
            return level_da
    return 0


def above(want_da: int, drew_da: int, most_da: int) -> int:
    """The next minimum above its order, at most a current at which it drew before; 0: none. Where that is hardly above its order, it is
    that current: a duty cycle is rounded down, and the car may need just that."""
    if want_da < drew_da <= min(want_da + SAME_DA, most_da):
        return drew_da
    for level_da in LEVELS_DA:
        da = min(level_da + OVER_DA, drew_da or most_da, most_da)
        if want_da < da and level_da <= most_da:
            return da
    return 0
