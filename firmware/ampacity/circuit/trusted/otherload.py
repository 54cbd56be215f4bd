"""Other load of every circuit and phase: measured, assumed, or measured below (safety.md section 3).

Writes into the ledger: other_da (for a raise), low_other_da (for a lower), assumed_da (what is assumed
now, never less than what was ever seen for certain until the installer confirms) and no_raise; what lowers trust is told to `durable`
whenever a meter is trusted less, or more was seen than ever today.
"""

from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.meterview import MeterView
from ampacity.circuit.trusted.trust import ints

DAY_BUCKETS = 5
BUCKET_MS = 6 * 3600000
ALARM_STEP_DA = 10


class OtherLoad:
    """All meters of the site and what follows where there is none."""

    view_class = MeterView

    def __init__(self, ledger: Ledger, now_ms: int) -> None:
        site = ledger.site
        self.site = site
        self.ledger = ledger
        self.views: list["MeterView | None"] = [None] * len(site.circuits)
        self.by_meter: list[list[MeterView]] = [[] for _ in site.meters]
        for c in site.circuits:
            if 0 <= c.meter < len(site.meters):
                view = self.view_class(ledger, c.index, site.meters[c.meter])
                self.views[c.index] = view
                self.by_meter[c.meter].append(view)
        self.metered = [view for view in self.views if view is not None]
        self.shown_da = [0] * site.size  # what the plan and people see
        self.over_da = [0] * site.size  # where a meter shows more than the rating: other load by that frame, else 0
        self.over = False
        self.below_da = [0] * site.size
        self.seen_da = [[0] * site.size for _ in range(DAY_BUCKETS)]
        self.greatest_da = [0] * site.size  # of all that was seen today, in whole amperes: what the journal keeps
        self.bucket_ms = now_ms
        self.now_ms = now_ms
        self.alarm_da = list(site.assumed_da)
        self.states = ["none" if view is None else view.state for view in self.views]

    def meter(self, meter: int, amps_da: "list[int] | None", raw_mark: int, now_ms: int) -> None:
        """A frame of this meter: signed da per input, None if not finite."""
        for view in self.by_meter[meter]:
            view.reading(amps_da, raw_mark, now_ms)

    def evse_measured(self, evse: int, sample_ms: int, now_ms: int) -> None:
        for view in self.metered:
            view.evse_measured(evse, sample_ms, now_ms)

    def tick(self, now_ms: int) -> None:
        """Ages, then other load from the leaves to the root."""
        self.now_ms = now_ms
        if now_ms - self.bucket_ms >= BUCKET_MS:
            self.bucket_ms = now_ms
            self._turn()
        self.over = False
        for key in range(self.site.size):
            self.below_da[key] = self.over_da[key] = 0
        for c in self.site.leaves_first:
            view = self.views[c]
            measured = False
            if view is not None:
                view.tick(now_ms)
                self._state(view, now_ms)
                measured = view.state == "ok"
                self.ledger.margin.no_raise[c] = view.missed_two(now_ms)
            self._circuit(c, view if measured else None)

    def _turn(self) -> None:
        """A quarter of a day is over."""
        self.seen_da.insert(0, self.seen_da.pop())
        for key in range(self.site.size):
            self.seen_da[0][key] = 0
            self.greatest_da[key] = max([_whole(bucket[key]) for bucket in self.seen_da])
        for view in self.metered:
            view.trust.turn()

    def _circuit(self, c: int, view: "MeterView | None") -> None:
        ledger = self.ledger
        parent = self.site.circuits[c].parent
        for p in range(self.site.phases):
            key = c * self.site.phases + p
            if self.views[c] is not None:
                self._rule_14_witness(c, key, view is not None and p in view.inputs)
            if view is not None and p in view.inputs:
                self._measured(view, key, p)
            else:
                lost = self.views[c] is not None
                other = self._rule_3_4_assumed(key, lost)
                self.shown_da[key] = ledger.other_da[key] = ledger.low_other_da[key] = other
            if parent >= 0:
                self.below_da[parent * self.site.phases + p] += self.shown_da[key]

    def _rule_14_witness(self, c: int, key: int, believed: bool) -> None:
        """Phases that cars do not use are given to others where this meter would see them used again."""
        self.ledger.bounds.unused.witness(key, believed and self.site.circuits[c].frees_phases)

    def _rule_3_4_assumed(self, key: int, lost: bool) -> int:
        """Without a meter that can be believed: what is assumed, or was seen, or is measured or assumed below."""
        other = max(self.ledger.assumed_da[key], self.below_da[key])
        if lost:
            for bucket in self.seen_da:
                other = max(other, bucket[key])
            other = max(other, self._still_shown(key))
        return other

    def _still_shown(self, key: int) -> int:
        """What a meter that lives, but is not believed, shows above all that our EVSEs may draw."""
        view, p = self.views[key // self.site.phases], key % self.site.phases
        alive = view is not None and not view.trust.believed(self.now_ms) and 0 <= self.now_ms - view.raw_ms <= view.timeout_ms and view.raw_ms >= 0
        return max(view.certain_da[p], view.seen_da[p]) if view is not None and alive else 0

    def _measured(self, view: MeterView, key: int, p: int) -> None:
        ledger = self.ledger
        self.shown_da[key] = view.share_da[p]
        ledger.other_da[key] = max(view.high_da[p], view.quick_da[p])
        ledger.low_other_da[key] = max(view.low_da[p], view.certain_da[p], view.over_da[p])
        self.over_da[key] = view.over_da[p]
        self.over = self.over or view.over_da[p] > 0
        ledger.bounds.unused.over(key, view.over_da[p], self.now_ms)
        if view.tight_da[p] > self.seen_da[0][key]:
            self.seen_da[0][key] = view.tight_da[p]
            self._greater(key, view.tight_da[p])
        if view.seen_da[p] > ledger.assumed_da[key]:
            self._rule_3_3_alarm(key, view.seen_da[p], view.raw_ms)

    def _greater(self, key: int, seen_da: int) -> None:
        """A meter that is lost will count for no less: the journal is to know."""
        if seen_da > self.greatest_da[key]:
            self.greatest_da[key] = _whole(seen_da)
            self.ledger.durable.fell()

    def _rule_3_3_alarm(self, key: int, seen_da: int, now_ms: int) -> None:
        """More than was assumed: the larger value holds until the installer confirms another, here and above."""
        self.ledger.assumed_da[key] = seen_da
        if seen_da >= self.alarm_da[key] + ALARM_STEP_DA:
            self.alarm_da[key] = seen_da
            text = "%s: other load %d.%d A is more than assumed"
            self.ledger.events.add(now_ms, "assumed", text % (self.site.phase_name(key), seen_da // 10, seen_da % 10))
            self.ledger.durable.fell()
        parent, below_da = self._above(key)
        if parent >= 0 and below_da > self.ledger.assumed_da[parent]:
            self._rule_3_3_alarm(parent, below_da, now_ms)

    def _above(self, key: int) -> "tuple[int, int]":
        """(key of the parent without a meter, what is assumed of all its children together there); (-1, 0): none."""
        phases, circuits = self.site.phases, self.site.circuits
        parent = circuits[key // phases].parent
        if parent < 0 or self.views[parent] is not None:
            return -1, 0
        total = 0
        for c in circuits:
            if c.parent == parent:
                total += self.ledger.assumed_da[c.index * phases + key % phases]
        return parent * phases + key % phases, total

    def confirm_assumed(self, circuit: int) -> None:
        """The installer confirms what the site file assumes for this circuit; above it counts what is assumed below."""
        for key in range(circuit * self.site.phases, (circuit + 1) * self.site.phases):
            below_da = 0
            while key >= 0:
                self.ledger.assumed_da[key] = self.alarm_da[key] = max(self.site.assumed_da[key], below_da)
                key, below_da = self._above(key)

    def trusted(self, circuit: int, now_ms: int) -> None:
        """A person looked at this circuit's meter and its CTs."""
        view = self.views[circuit]
        if view is not None:
            view.looked_at()
            self.ledger.events.add(now_ms, "meter", "%s: its meter was looked at; it is believed again" % self.site.circuits[circuit].name)

    def dump(self) -> "dict[str, object]":
        """JSON-able, by the circuit's name: the greatest that was seen today, and what is held against its meter."""
        kept: dict[str, object] = {}
        for view in self.metered:
            seen = [[_whole(da) for da in bucket[view.base : view.base + view.phases]] for bucket in self.seen_da]
            kept[self.site.circuits[view.circuit].name] = {"seen": seen, "trust": view.trust.dump()}
        return kept

    def load(self, kept: object) -> None:
        """What does not have the expected form is left out."""
        for view in self.metered:
            known = kept.get(self.site.circuits[view.circuit].name) if isinstance(kept, dict) else None
            if isinstance(known, dict):
                view.trust.load(known.get("trust"))
                self._load_seen(view, known.get("seen"))

    def _load_seen(self, view: MeterView, seen: object) -> None:
        if not isinstance(seen, list) or len(seen) != DAY_BUCKETS:
            return
        for bucket, values in zip(self.seen_da, seen):
            amps = ints(values, view.phases) or ()
            for p, da in enumerate(amps):
                key = view.base + p
                bucket[key] = max(bucket[key], da)
                self.greatest_da[key] = max(self.greatest_da[key], da)

    def _state(self, view: MeterView, now_ms: int) -> None:
        if view.state != self.states[view.circuit]:
            name = self.site.circuits[view.circuit].name
            self.ledger.events.add(now_ms, "meter", "%s: meter %s %s" % (name, view.state, view.reason))
            self.states[view.circuit] = view.state
        if view.trust.fell:
            view.trust.fell = 0
            self.ledger.durable.fell()
            if view.trust.latched:
                name = self.site.circuits[view.circuit].name
                self.ledger.events.add(now_ms, "alarm", "%s: meter %s; then `trust %s` at the console" % (name, view.trust.text(), name))

    def all_ok(self) -> bool:
        for view in self.metered:
            if view.state != "ok":
                return False
        return True


def _whole(da: int) -> int:
    """Rounded up to whole amperes: the journal is not written for less."""
    return -(-da // 10) * 10
