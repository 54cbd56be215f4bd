"""Other load of every circuit and phase: measured, assumed, or measured below (safety.md section 3).

Writes into the ledger: other_da (for a raise), low_other_da (for a lower), assumed_da (what is assumed
now, never less than what was ever seen for certain until the installer confirms) and no_raise; losses of trust are reported to `journal_barrier`
whenever a meter is trusted less, or more was seen than ever today.
"""

from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.metering.meter_estimator import MeterEstimator

if False:  # for the type checker
    from typing import Any

DAY_BUCKETS = 5
BUCKET_MS = 6 * 3600000
ALARM_STEP_DA = 10


class OtherLoad:
    """All meters of the site and what follows where there is none. facts: the compiled site's own."""

    estimator_class = MeterEstimator

    def __init__(self, ledger: Ledger, now_ms: int, facts: "dict[str, Any]") -> None:
        site = ledger.site
        self.site = site
        self.ledger = ledger
        self.estimators: list["MeterEstimator | None"] = [None] * len(site.circuits)
        self.by_meter: list[list[MeterEstimator]] = [[] for _ in site.meters]
        for c in site.circuits:
            if 0 <= c.meter < len(site.meters):
                estimator = self.estimator_class(ledger, c.index, site.meters[c.meter])
                self.estimators[c.index] = estimator
                self.by_meter[c.meter].append(estimator)
        self.metered = [estimator for estimator in self.estimators if estimator is not None]
        self.shown_da = [0] * site.size  # what the plan and people see
        self.over_da = [0] * site.size  # where a meter shows more than the rating: other load by that frame, else 0
        self.over = False
        self.below_da = [0] * site.size
        self.unhidden_da = [0] * site.size  # what is no current of EVSEs that do not measure, for the policy; until its turn Σ of those below
        self.floor_da = [0] * site.size  # for a raise it counts at least so much, as long as a meter is suspected
        self.seen_da = [[0] * site.size for _ in range(DAY_BUCKETS)]
        self.greatest_da = [0] * site.size  # of all that was seen today, in whole amperes: what the journal keeps
        self.bucket_ms = now_ms
        self.now_ms = now_ms
        self.alarm_da = list(site.assumed_da)
        self.assumed_here_da = [da for c in site.circuits for da in c.assumed_da]  # declared, or seen, at this circuit itself
        from ampacity.circuit.trusted.metering.meter_records import MeterRecords  # a longer chain of imports is too deep for a board

        self.records = MeterRecords(self, facts)
        self.states = ["none" if estimator is None else estimator.state for estimator in self.estimators]

    def meter(self, meter: int, amps_da: "list[int] | None", raw_mark: int, now_ms: int) -> None:
        """A frame of this meter: signed da per input, None if not finite."""
        for estimator in self.by_meter[meter]:
            estimator.reading(amps_da, raw_mark, now_ms)

    def evse_measured(self, evse: int, sample_ms: int, now_ms: int) -> None:
        """The current of an EVSE was read, sampled at sample_ms: passes it to the meters above (3.1)."""
        for estimator in self.metered:
            estimator.evse_measured(evse, sample_ms, now_ms)

    def tick(self, now_ms: int) -> None:
        """Ages, then other load from the leaves to the root."""
        self.now_ms = now_ms
        if now_ms - self.bucket_ms >= BUCKET_MS:
            self.bucket_ms = now_ms
            self._advance()
        self.over = False
        for key in range(self.site.size):
            self.below_da[key] = self.unhidden_da[key] = self.floor_da[key] = self.over_da[key] = 0
        for c in self.site.leaves_first:
            estimator = self.estimators[c]
            measured = False
            if estimator is not None:
                estimator.tick(now_ms)
                self._state(estimator, now_ms)
                measured = estimator.state == "ok"
                self.ledger.margin.no_raise[c] = estimator.missed_two(now_ms)
            self._circuit(c, estimator if measured else None)

    def _advance(self) -> None:
        """A quarter of a day is over."""
        self.seen_da.insert(0, self.seen_da.pop())
        for key in range(self.site.size):
            self.seen_da[0][key] = 0
            self.greatest_da[key] = max([_whole(bucket[key]) for bucket in self.seen_da])
        for estimator in self.metered:
            estimator.trust.advance()

    def _circuit(self, c: int, estimator: "MeterEstimator | None") -> None:
        ledger = self.ledger
        parent = -1 if self.site.circuits[c].removed else self.site.circuits[c].parent
        for p in range(self.site.phases):
            key = c * self.site.phases + p
            if self.estimators[c] is not None:
                self._rule_14_meter_valid(c, key, estimator is not None and p in estimator.inputs)
            if estimator is not None and p in estimator.inputs:
                self._measured(estimator, key, p)
                self.unhidden_da[key] = ledger.low_other_da[key]
            else:
                lost = self.estimators[c] is not None
                other = self._rule_3_4_assumed(key, lost)
                self.shown_da[key] = ledger.other_da[key] = ledger.low_other_da[key] = other
                self.unhidden_da[key] = other if lost else max(ledger.assumed_da[key], self.unhidden_da[key])
            if parent >= 0:
                above = parent * self.site.phases + p
                self.below_da[above] += self.shown_da[key]
                self.unhidden_da[above] += self.unhidden_da[key]

    def _rule_14_meter_valid(self, c: int, key: int, is_valid: bool) -> None:
        """Phases that cars do not use are given to others where this meter would see them used again."""
        self.ledger.bounds.unused_phases.set_meter_valid(key, is_valid and self.site.circuits[c].frees_phases)

    def _rule_3_4_assumed(self, key: int, lost: bool) -> int:
        """Without a valid meter: the assumed value, the highest seen, or the sum measured or assumed below."""
        other = max(self.ledger.assumed_da[key], self.below_da[key])
        if lost:
            for bucket in self.seen_da:
                other = max(other, bucket[key])
            other = max(other, self._still_shown(key))
        return other

    def _still_shown(self, key: int) -> int:
        """The excess of a live but invalid meter above all that our EVSEs may draw."""
        estimator, p = self.estimators[key // self.site.phases], key % self.site.phases
        alive = (estimator is not None and not estimator.trust.is_trusted(self.now_ms)
                 and 0 <= self.now_ms - estimator.raw_ms <= estimator.timeout_ms and estimator.raw_ms >= 0)
        return max(estimator.certain_da[p], estimator.seen_da[p]) if estimator is not None and alive else 0

    def _measured(self, estimator: MeterEstimator, key: int, p: int) -> None:
        ledger = self.ledger
        self.shown_da[key] = estimator.share_da[p]
        self.floor_da[key] = self._floor_da(estimator, key, p)
        ledger.other_da[key] = max(estimator.high_da[p], estimator.quick_da[p], self.floor_da[key])
        ledger.low_other_da[key] = max(estimator.low_da[p], estimator.certain_da[p], estimator.over_da[p])
        self.over_da[key] = estimator.over_da[p]
        self.over = self.over or estimator.over_da[p] > 0
        ledger.bounds.unused_phases.over(key, estimator.over_da[p], self.now_ms)
        if estimator.tight_da[p] > self.seen_da[0][key]:
            self.seen_da[0][key] = estimator.tight_da[p]
            self._greater(key, estimator.tight_da[p])
        if estimator.seen_da[p] > self.assumed_here_da[key]:
            self.assumed_here_da[key] = estimator.seen_da[p]
            if estimator.seen_da[p] > ledger.assumed_da[key]:
                self._rule_3_3_alarm(key, estimator.seen_da[p], estimator.raw_ms)

    def carried_da(self, key: int) -> int:
        """For sharing: what stays of the other load, and no less than the floor of a suspected meter."""
        return max(self.shown_da[key], self.floor_da[key])

    def _floor_da(self, estimator: MeterEstimator, key: int, p: int) -> int:
        """A suspected meter: for a raise, what counts without it, but never so much that what was in force before could not return."""
        held_da = estimator.held_da[p]
        return 0 if held_da < 0 else min(self._rule_3_4_assumed(key, True), self.ledger.cap_da[key] - held_da)

    def _greater(self, key: int, seen_da: int) -> None:
        """A meter that is lost will count for no less: the journal is to know."""
        if seen_da > self.greatest_da[key]:
            self.greatest_da[key] = _whole(seen_da)
            self.ledger.journal_barrier.mark_dirty()

    def _rule_3_3_alarm(self, key: int, seen_da: int, now_ms: int) -> None:
        """More than was assumed: the larger value holds until the installer confirms another, here and above."""
        self.ledger.assumed_da[key] = seen_da
        if seen_da >= self.alarm_da[key] + ALARM_STEP_DA:
            self.alarm_da[key] = seen_da
            text = "%s: other load %d.%d A exceeds the assumption"
            self.ledger.events.add(now_ms, "assumed", text % (self.site.phase_name(key), seen_da // 10, seen_da % 10))
            self.ledger.journal_barrier.mark_dirty()
        parent = self._above(key)
        below_da = self._below_da(parent) if parent >= 0 else 0
        if below_da > self.ledger.assumed_da[parent]:
            self._rule_3_3_alarm(parent, below_da, now_ms)

    def _above(self, key: int) -> int:
        """The key of the parent without a meter; -1: none."""
        parent = self.site.circuits[key // self.site.phases].parent
        return -1 if parent < 0 or self.estimators[parent] is not None else parent * self.site.phases + key % self.site.phases

    def _below_da(self, key: int) -> int:
        """What is assumed of all circuits directly below this one, if it has no meter."""
        parent, total = key // self.site.phases, 0
        for c in self.site.circuits if self.estimators[parent] is None else ():
            if c.parent == parent and not c.removed:
                total += self.ledger.assumed_da[c.index * self.site.phases + key % self.site.phases]
        return total

    def confirm_assumed(self, circuit: int) -> None:
        """The installer confirms what the site file assumes for this circuit. What was seen at the circuits above and below it still counts."""
        self.records.forget(circuit, ("assumed", "seen"))
        for p, declared_da in enumerate(self.site.circuits[circuit].assumed_da):
            key = circuit * self.site.phases + p
            self.assumed_here_da[key] = declared_da
            while key >= 0:
                self.ledger.assumed_da[key] = self.alarm_da[key] = max(self.assumed_here_da[key], self.site.assumed_da[key], self._below_da(key))
                key = self._above(key)

    def inspected(self, circuit: int, now_ms: int) -> None:
        """A person looked at this circuit's meter and its CTs."""
        estimator = self.estimators[circuit]
        if estimator is not None:
            estimator.inspected()
            self.records.forget(circuit, ("trust",))
            self.ledger.events.add(now_ms, "meter", "%s: meter inspected; trusted again" % self.site.circuits[circuit].name)

    def seen_whole(self, estimator: MeterEstimator) -> "list[list[int]]":
        """The greatest that this meter has seen in each quarter of the last day, per phase, in da, rounded up to whole amperes."""
        return [[_whole(da) for da in bucket[estimator.base : estimator.base + estimator.phases]] for bucket in self.seen_da]

    def add_up(self, key: int) -> None:
        """What was seen on this circuit and its neighbours flows through the circuit above, too, where that has no meter."""
        above = self._above(key)
        if above >= 0:
            self.ledger.assumed_da[above] = self.alarm_da[above] = max(self.ledger.assumed_da[above], self._below_da(above))

    def _state(self, estimator: MeterEstimator, now_ms: int) -> None:
        if estimator.state != self.states[estimator.circuit]:
            name = self.site.circuits[estimator.circuit].name
            self.ledger.events.add(now_ms, "meter", "%s: meter %s%s" % (name, estimator.state, estimator.reason and ", " + estimator.reason))
            self.states[estimator.circuit] = estimator.state
        if estimator.trust.unsaved_failures:
            estimator.trust.unsaved_failures = 0
            self.ledger.journal_barrier.mark_dirty()
            if estimator.trust.latched:
                name = self.site.circuits[estimator.circuit].name
                text = "%s: meter %s; inspect it, its CTs and the `phases` of the EVSEs, then `trust %s` at the console"
                self.ledger.events.add(now_ms, "alarm", text % (name, estimator.trust.text(), name))

    def all_ok(self) -> bool:
        """Is every meter in state "ok"? True on a site without meters."""
        for estimator in self.metered:
            if estimator.state != "ok":
                return False
        return True


def _whole(da: int) -> int:
    """Rounded up to whole amperes: the journal is not written for less."""
    return -(-da // 10) * 10
