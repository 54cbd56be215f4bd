"""A guard as a flat list of small integers, and back: what makes a million states of the real one affordable.

The list is canonical. Times are counted in steps from now and stop where nothing in the guard can tell them
apart any more (`spans_ms`); order ids keep only their order; scratch and diagnostics are left out. So the same list
is the key of a state and what the state is restored from, and what is explored is the quotient itself.

Every attribute of the guard is either in a table below or falls under a rule by its type and unit. One that
does not is an error, not a guess: a new attribute asks to be thought about here.
"""

from json import dumps, loads

from ampacity.circuit.guard import Guard
from ampacity.circuit.optional_functions import OptionalFunctions
from ampacity.circuit.policy.load_shedding import LoadShedding
from ampacity.circuit.policy.plan import SHARE_MS, Plan
from ampacity.circuit.policy.preemption import CLAIM_MS, RISE_MS, WAITED_MS, Preemption
from ampacity.circuit.policy.queue.demand import Demand
from ampacity.circuit.policy.queue.inhibit import InhibitTimers
from ampacity.circuit.policy.queue.slot_rotation import PARTS, STEP_MS_MAX, TICK_MS, SlotRotation
from ampacity.circuit.policy.reservations import DENIED_MS, KEPT_MS, RETURN_MS, Reservations
from ampacity.circuit.policy.targets import Targets
from ampacity.circuit.safety_load import SafetyLoads
from ampacity.circuit.trusted.bounds import Bounds
from ampacity.circuit.trusted.device.escalation import TIMES_A_DAY, Escalation
from ampacity.circuit.trusted.device.evidence import KEYS, Evidence
from ampacity.circuit.trusted.device.evse_state import FRESH_MS, LONG_AGO_MS, EvseState
from ampacity.circuit.trusted.device.order_book import READ_MS_MAX, Order, OrderBook
from ampacity.circuit.trusted.device.unused_phases import OFFERED_MS, ROSE_MS, STEADY_MS, UnusedPhases
from ampacity.circuit.trusted.events import Events
from ampacity.circuit.trusted.intake import NO_CAR_MS, Intake
from ampacity.circuit.trusted.journal_barrier import JournalBarrier
from ampacity.circuit.trusted.margin import Margin
from ampacity.circuit.trusted.metering.max_filter import MaxFilter
from ampacity.circuit.trusted.metering.meter_estimator import FILTER_MS, WAIT_MS, MeterEstimator
from ampacity.circuit.trusted.metering.meter_trust import UNTRIED_MS, MeterTrust
from ampacity.circuit.trusted.metering.other_load import OtherLoad
from ampacity.circuit.trusted.metering.step_check import REFERENCE_MS, STILL_MS, StepCheck
from ampacity.circuit.trusted.permits import LINE_CLEAN_MS, REFUSALS_MAX, TICK_MS_MAX, Permits
from ampacity.circuit.trusted.site.tree import Site

NONE = -99  # a time of -1: none
NEVER = -98  # a time of LONG_AGO_MS where that is told from a long time
UNHEARD_MS = 30000
LOOKS_MAX = 99  # a reference is too old long before
BRANCHES = (
    Bounds, Margin, Permits, Intake, Escalation, Events, JournalBarrier, Evidence, OrderBook, OtherLoad, MeterEstimator,
    StepCheck, MeterTrust, MaxFilter, Demand, Plan, Preemption, OptionalFunctions,
    InhibitTimers, Reservations, LoadShedding, EvseState, Targets, SlotRotation, UnusedPhases, SafetyLoads,
)  # fmt: skip

# constants of a site, aliases, scratch that is written before it is read, and what only people look at. No world
# has limits from outside: they lower a target, and the worlds without a plan try every target
LEFT_OUT = {
    "Guard": {"site", "facts", "unkept_ms", "want_da", "events"},
    "OptionalFunctions": {"meter_test_steps"},
    "*": {"site", "evse", "index", "ledger", "other", "limits", "demand", "demands", "bounds", "needed", "settle_ms", "transit_ms",
          "bounds_class", "margin_class", "permits_class", "intake_class"},
    "Ledger": {"evse_states", "sums", "cap_da", "other_da", "low_other_da", "assumed_da", "want_da", "start_ms",
               "root", "root_keys", "grant_keys"},
    "Bounds": {"fresh_sums", "evse_states"},
    "Margin": {"over", "sums"},
    "Permits": {"refused_count", "evse_states", "next_id", "foreign_ms"},
    "EvseState": {"evidence", "book", "disobeyed_ms", "dirty_version"},
    "Evidence": {"values", "read_ms"},
    "OrderBook": {"orders"},
    "OtherLoad": {"estimators", "by_meter", "metered", "below_da", "floor_da", "states", "bucket_ms", "greatest_da", "records"},
    "MeterRecords": {"at", "known", "merged"},
    "MeterEstimator": {"let_ms", "ended_ms", "circuit", "phases", "base", "inputs", "past", "timeout_ms", "frozen_ms", "coarse", "generation_da",
                  "shown_da_max", "wait_ms", "sample_ms", "evses", "place", "mult", "reason", "period_ms", "steps", "trust"},
    "StepCheck": {"inputs", "step_ms", "calm_ms", "missed", "unclear", "followed", "tested", "jumpy", "spared", "from_rest", "jump_x16",
                  "row", "test_ms", "test_steps"},
    "MeterTrust": {"loaded", "fell", "reason"},
    "MaxFilter": {"bucket_ms"},
    "MinMaxHistory": {"bucket_ms", "phases"},
    "Demand": {"slot_ms", "idle_ms", "wake_ms", "reasons", "ticket", "next_ticket", "queue_order", "drew_da", "short", "inhibits",
               "restart_hold_ms"},
    "InhibitTimers": {"text"},
    "SlotRotation": {"slot_ms", "had", "booked_ms", "swapped_ms"},
    "QueueOrder": {"order", "keys", "rows"},
    "Preemption": {"hidden", "want_da"},
    "UnusedPhases": {"alike_ms"},
    "Targets": {"inhibits", "want_da"},
    "Shed": {"sums", "constraint_sums", "limit_sums", "for_limits", "rising", "want_da"},
    "SafetyLoads": {"loads"},
    "SafetyLoad": {"name", "meter", "evses", "threshold_da", "hold_ms", "timeout_ms", "frozen_ms"},
    "Plan": {"extra", "want_da", "deadband_da", "raise_hold_ms", "goal_da", "admitted", "sharing", "same", "complete",
             "shared_da", "left_da", "shared_by", "member_of", "members", "by_default"},
}  # fmt: skip
# where no frame but an order feeds
NOBODY_FEEDS = {"memory_da": 0, "hearing_ms": LONG_AGO_MS, "needs_room_ms": LONG_AGO_MS}
# what counts of these is whether an age is reached, not whether it is passed
REACHED = {
    "last_feed_ms", "escalated_ms", "gone_ms", "set_gone_ms", "watched_ms", "zero_ms", "changed_ms",
    "waits_since_ms", "idle_since_ms", "part_since_ms", "turn_since_ms", "shared_ms", "since_ms", "foreign_ms", "needs_room_ms", "denied_ms",
    "kept_since_ms", "offered_since_ms", "claimed_ms", "begun_ms", "steady_ms", "offered_ms", "read_since_ms", "no_car_ms",
}  # fmt: skip
COUNTED_UP_TO = {"refusals": REFUSALS_MAX, "ref_looks": LOOKS_MAX}
LENGTHS_OF_TIME = {"suspect_ms", "budget_ms", "idle_before_ms", "without_ms"}
DOCUMENTS = {"older_shapes", "left"}
LISTS_OR_NONE = {"set_terminals"}
NOW = {"now_ms"}
WHILE_OPEN = {"lo", "hi", "unread", "waiting", "waiting_count", "frame_da", "frame_ms", "hidden_da"}  # of a meter's frame that waits to be judged
# of a meter below which there are none
BY_EVSE_BELOW = {"lo", "hi", "blind", "waiting", "unread", "read_since_ms", "lo_before", "hi_before", "since_ms"}
OF_REFERENCE = {"ref", "ref_wobble_da", "ref_looks"}  # of a step check: nothing once the reference is too old
IN_QUARANTINE = {"start_ms", "quarantine_until_ms"}
TOLD_FROM_NEVER = {"hearing_ms"}


def spans_ms(facts):
    """{name of a time: the age in ms from which on nothing in the guard can tell it from an older one}."""
    from ampacity.circuit.guard import Guard as RealGuard

    guard = RealGuard(facts, 0)
    evses = guard.site.evses
    settle = max(e.settle_ms for e in evses)
    transit = max(e.transit_ms for e in evses)
    lapse = max(e.lapse_ms(e.watchdog_ms) for e in evses)
    patience = max(e.settle_ms + 2 * e.transit_ms + max(5000, e.watchdog_ms // 2) for e in evses)
    meters = [view for view in guard.other.estimators if view is not None]
    timeout = max([0] + [view.timeout_ms for view in meters])
    frozen = max([0] + [view.frozen_ms for view in meters])
    waits = max([WAIT_MS] + [view.wait_ms for view in meters])
    plan = guard.plan
    late = READ_MS_MAX + transit
    slot = guard.demands.slot_ms
    loads = [] if guard.safety_loads is None else guard.safety_loads.loads
    waited = WAITED_MS if meters else 0  # without a meter nobody waits beside one that does not measure
    return {
        "last_feed_ms": lapse, "first_ms": late, "sent_ms": late, "loose_ms": late, "gone_ms": settle, "set_gone_ms": settle,
        "no_car_ms": NO_CAR_MS, "zero_ms": settle, "watched_ms": settle, "measured_ms": max(FRESH_MS, settle), "escalated_ms": settle + transit,
        "hearing_ms": 0, "needs_room_ms": RETURN_MS, "denied_ms": DENIED_MS, "lower_ms": patience, "fell_ms": patience, "foreign_ms": LINE_CLEAN_MS,
        "over_ms": guard.ledger.margin.budget_ms, "start_ms": max(UNHEARD_MS, guard.ledger.margin.budget_ms), "quarantine_until_ms": 0,
        "reported_until_ms": 0, "backoff_until_ms": 0, "tick_ms": TICK_MS_MAX,
        "changed_ms": max([plan.raise_hold_ms] + [load.frozen_ms + 1 for load in loads]),
        "until_ms": 0, "waits_since_ms": max(slot, waited), "kept_since_ms": KEPT_MS,
        "idle_since_ms": guard.demands.idle_ms, "part_since_ms": guard.demands.idle_ms,
        "offered_since_ms": guard.demands.idle_ms, "turn_since_ms": slot // PARTS,
        "shared_ms": SHARE_MS, "read_ms": max(e.boot_ms for e in evses), "raw_ms": max(timeout, FRESH_MS, 15000), "mark_ms": frozen,
        "failed_ms": UNTRIED_MS, "frame_ms": max(waits, FRESH_MS),
        "same_ms": STILL_MS, "ref_ms": REFERENCE_MS, "ref_frame_ms": REFERENCE_MS + waits, "above_ms": REFERENCE_MS + waits,
        "lowered_ms": REFERENCE_MS + waits + settle if meters else 0,
        "since_ms": max(FILTER_MS, 2 * settle) if loads else FILTER_MS, "claimed_ms": CLAIM_MS, "begun_ms": plan.raise_hold_ms + RISE_MS,
        "again_ms": 0, "rose_ms": ROSE_MS, "steady_ms": STEADY_MS, "offered_ms": OFFERED_MS,
        "seen_ms": max([0] + [load.timeout_ms for load in loads]),
        "read_since_ms": max([0] + [view.sample_ms for view in meters]),
    }  # fmt: skip


def attributes(obj):
    """Names of all that an object may have of its own: what it has, and what stands in its class until it is set."""
    names = set(vars(obj))
    for kind in type(obj).__mro__:
        names.update(n for n, v in vars(kind).items() if n[:2] != "__" and not callable(v) and not hasattr(v, "__get__"))
    return sorted(names)


class Numbers(dict):
    """Values that are no integers by number: phase sets, texts, what was read back."""

    def __init__(self):
        super().__init__()
        self.values = []

    def __missing__(self, value):
        self[value] = number = len(self.values)
        self.values.append(value)
        return number


class Ages(dict):
    """From a difference to now in ms to the canonical number of steps."""

    def __init__(self, steps, step_ms, nows):
        super().__init__()
        self.steps, self.step_ms = steps, step_ms
        self.none = [-1 - now for now in nows]

    def __missing__(self, difference_ms):
        number = NONE if difference_ms in self.none else max(-self.steps, difference_ms // self.step_ms)
        self[difference_ms] = number
        return number


class Form:
    """The canonical form of the guards of one site: encode and decode, generated from a sample."""

    def __init__(self, guard, facts, step_ms, now_ms, wider=1, feeds=True):
        self.step_ms, self.now_ms = step_ms, now_ms
        self.numbers = Numbers()
        self.times = {NONE: -1, NEVER: LONG_AGO_MS}
        for steps in range(-64, 65):
            self.times[steps] = now_ms + steps * step_ms
        self.ages = {}
        self.places = {}  # path of an object -> its name in the generated code
        self.feeds = feeds
        self.spans = {}
        for name, ms in spans_ms(facts).items():
            self.spans[name] = max(1, -(-ms * wider // step_ms)) if name in REACHED else ms * wider // step_ms + 1
        self.reads, self.writes, self.names = [], [], []
        self.meters = [i for i, view in enumerate(guard.other.estimators) if view is not None]
        self.buses = sorted({e.bus for e in guard.site.evses})
        self._walk(guard, "g", ("Guard",))
        self._walk(guard.optional, "g.optional", ("OptionalFunctions",))
        self._walk(guard.ledger, "g.ledger", ("Ledger",))
        for part in ("bounds", "margin", "permits"):
            self._walk(getattr(guard.ledger, part), "g.ledger." + part, (part.capitalize(),))
        self._walk(guard.ledger.bounds.unused_phases, "g.ledger.bounds.unused_phases", ("UnusedPhases",))
        for i in range(len(guard.ledger.evse_states)):
            s = "g.ledger.evse_states[%d]" % i
            self._walk(guard.ledger.evse_states[i], s, ("EvseState",))
            self._walk(guard.ledger.evse_states[i].evidence, s + ".evidence", ("Evidence",))
            self._walk(guard.ledger.evse_states[i].book, s + ".book", ("OrderBook",))
            self._special(s)
        self._walk(guard.other, "g.other", ("OtherLoad",))
        self._walk(guard.other.records, "g.other.records", ("MeterRecords",))
        for i, view in enumerate(guard.other.estimators):
            if view is not None:
                v = "g.other.estimators[%d]" % i
                self._walk(view, v, ("MeterEstimator",))
                self._walk(view.steps, v + ".steps", ("StepCheck",))
                self._walk(view.trust, v + ".trust", ("MeterTrust",))
                # no failure is explained by jumps of other load here: each counts in full
                self.writes.append("%s.steps.jump_x16[:] = %r" % (v, [0] * view.phases))
                for window in ("high_max", "high_min", "low_max"):
                    self._walk(getattr(view, window), "%s.%s" % (v, window), ("MaxFilter",))
                self._walk(view.past, "%s.past" % v, ("MinMaxHistory",))
                self._own("%s.state" % v, "g.other.states[%d]" % i)
        self._walk(guard.demands, "g.demands", ("Demand",))
        self._walk(guard.demands.paused, "g.demands.paused", ("InhibitTimers",))
        self._walk(guard.demands.slots, "g.demands.slots", ("SlotRotation",))
        # of the slot that runs, in whole steps at the minimum: a slot that was cut short begins anew here
        for s in guard.ledger.evse_states:
            had, unit = "g.demands.slots.had[%d]" % s.index, s.evse.min_da * step_ms // TICK_MS
            self._put("%s // %d if g.demands.in_slot[%d] else 0" % (had, unit, s.index), "%s = x[{}] * %d" % (had, unit))
        assert guard.demands.slot_ms // PARTS // 2 < step_ms, "swaps wait for less than a step here"
        self.writes.append("g.demands.slots.swapped_ms = LONG")
        self.writes.append("g.demands.slots.booked_ms = now - %d" % STEP_MS_MAX)
        # at what a car drew, and who is short, matters to one that is idle, and none is for so long here
        self.writes.append("g.demands.short = False")
        self.writes.append("g.demands.drew_da[:] = %r" % ([0] * len(guard.demands.drew_da)))
        if hasattr(guard.demands, "queue_order"):
            self._walk(guard.demands.queue_order, "g.demands.queue_order", ("QueueOrder",))
            self.writes.append("g.demands.queue_order.rows[:] = [g.demands.queue_order.keys[e] for e in g.demands.order]")
        self._walk(guard.plan, "g.plan", ("Plan",))
        self._attribute(guard.plan.reservations.sure_da, "g.plan.reservations.sure_da", "sure_da")
        for part in ("preemption", "shed", "targets"):
            self._walk(getattr(guard.plan, part), "g.plan." + part, (part.capitalize(),))
        if guard.safety_loads is not None:
            self._walk(guard.safety_loads, "g.safety_loads", ("SafetyLoads",))
            for i, load in enumerate(guard.safety_loads.loads):
                self._walk(load, "g.safety_loads.loads[%d]" % i, ("SafetyLoad",))
        for bus in self.buses:
            self._time("g.ledger.permits.foreign_ms.get(%d, LONG)" % bus, "g.ledger.permits.foreign_ms[%d]" % bus, "foreign_ms")
        self.order_fields = self._order_fields()
        self._compile()

    # building

    def _walk(self, obj, path, names):
        self.places[path] = "p%d" % len(self.places)
        left = set(LEFT_OUT["*"])
        for name in names:
            left |= LEFT_OUT[name]
        for attribute in attributes(obj):
            if attribute not in left:
                self._attribute(getattr(obj, attribute), "%s.%s" % (path, attribute), attribute)

    def _attribute(self, value, path, name):
        if isinstance(value, BRANCHES):
            return
        if not self.feeds and name in NOBODY_FEEDS:
            self.writes.append("%s = %d" % (path, NOBODY_FEEDS[name]))
        elif name in LISTS_OR_NONE:
            self._put("N[None if %s is None else tuple(%s)]" % (path, path), "%s = None if (v := V[x[{}]]) is None else list(v)" % path)
        elif name in DOCUMENTS:
            self._put("N[dumps(%s) if %s else '[]']" % (path, path), "%s = loads(V[x[{}]])" % path)
        elif type(value) is dict:
            self._put("N[tuple(sorted(%s.items()))]" % path, "%s = dict(V[x[{}]])" % path)
        elif type(value) is list:
            self._list(value, path, name)
        elif name in NOW:
            self.writes.append("%s = now" % path)
        elif name.endswith("_ms") and name not in LENGTHS_OF_TIME:
            self._time(path, path, name)
        elif name in COUNTED_UP_TO:
            self._put(self._of_reference("min(%s, %d)" % (path, COUNTED_UP_TO[name]), name), "%s = x[{}]" % path)
        elif type(value) is int:
            self._put(self._of_reference(self._scratch(path, name), name), "%s = x[{}]" % path)
        elif type(value) is bool:
            self._put(self._scratch(path, name), "%s = B[x[{}]]" % path)
        elif value is None or type(value) in (str, tuple):
            self._put("N[%s]" % path, "%s = V[x[{}]]" % path)
        else:
            raise TypeError("%s: how is a %s to be frozen?" % (path, type(value).__name__))

    def _scratch(self, read, name):
        """A value that means nothing while no frame waits."""
        if name not in WHILE_OPEN or not read.startswith("g.other.estimators[") or ".past." in read:
            return read
        return "%s if %s.open else 0" % (read, read[: read.index("]") + 1])

    def _of_reference(self, read, name):
        """A value that means something only as long as a step may be seen from it. How often it was looked at, only where other load moved."""
        if name not in OF_REFERENCE:
            return read
        steps = read[read.index("g.other") : read.index(".steps.")] + ".steps"
        moved = " and max(%s.ref_wobble_da) > 1" % steps if name == "ref_looks" else ""
        return "%s if 0 <= now - %s.ref_ms <= %d%s else 0" % (read, steps, REFERENCE_MS, moved)

    def _list(self, value, path, name):
        if not value and name in BY_EVSE_BELOW:
            return
        if not value:
            raise TypeError("%s: how is a list to be frozen that may grow?" % path)
        for i, item in enumerate(value):
            if type(item) not in (int, bool, list):
                raise TypeError("%s: how is a list of %s to be frozen?" % (path, type(item).__name__))
            self._attribute(item, "%s[%d]" % (path, i), name)

    def _put(self, read, write):
        self.writes.append(write.format(len(self.reads)))
        self.reads.append(read)
        self.names.append(write.split(" = ")[0])

    def _own(self, source, target):
        self.writes.append("%s = %s" % (target, source))

    def _age(self, read, name):
        """The text that makes the canonical age of a time."""
        if name not in self.spans:
            raise KeyError("%s: up to which age does the guard look at it?" % read)
        self.ages["A_" + name] = Ages(self.spans[name], self.step_ms, (self.now_ms, self.now_ms + self.step_ms))
        return "A_%s[%s - now]" % (name, read)

    def _time(self, read, target, name):
        text = self._age(read, name)
        if name in TOLD_FROM_NEVER:
            text = "%d if %s == LONG else %d" % (NEVER, read, -self.spans[name])
        if name in IN_QUARANTINE:
            text = "%s if g.ledger.permits.mode == 'quarantine' else %d" % (text, -self.spans[name])
        if name in WHILE_OPEN:
            text = "%s if %s.open else %d" % (text, read[: read.index("]") + 1], NONE)
        if name == "above_ms":  # references only get newer
            text = "%s if %s > %s.ref_frame_ms else %d" % (text, read, read[: read.index(".above_ms")], NONE)
        if name == "lowered_ms" and self.meters:
            oldest = "min([%s])" % ", ".join(["g.other.estimators[%d].steps.ref_frame_ms" % i for i in self.meters])
            text = "%s if %s >= %s - %s.evse.settle_ms else %d" % (text, read, oldest, read[: read.index(".lowered_ms")], -self.spans[name])
        self._put(text, "%s = T[x[{}]]" % target)

    def _special(self, s):
        self._put("N[tuple(sorted(%s.evidence.values.items()))]" % s, "%s.evidence.values = dict(V[x[{}]])" % s)
        self.writes.append("%s.evidence.read_ms = {}" % s)
        for key in KEYS:
            read = "%d if (v := %s.evidence.read_ms.get('%s')) is None else %s" % (NONE, s, key, self._age("v", "read_ms"))
            self._put(read, "if x[{0}] != %d: %s.evidence.read_ms['%s'] = T[x[{0}]]" % (NONE, s, key))
        self._put("min(len(%s.disobeyed_ms), %d)" % (s, TIMES_A_DAY), "%s.disobeyed_ms = [now] * x[{}]" % s)

    def _order_fields(self):
        fields = []
        order = Order(1, 1, 1)
        for name, value in [(name, getattr(order, name)) for name in attributes(order)]:
            kind = "id" if name in ("id", "first_id") else "time" if name.endswith("_ms") else "int"
            if type(value) not in (int, bool):
                raise TypeError("Order.%s: how is a %s to be frozen?" % (name, type(value).__name__))
            fields.append((name, kind))
        return fields

    def _compile(self):
        scope = {"N": self.numbers, "V": self.numbers.values, "B": (False, True), "T": self.times, "LONG": LONG_AGO_MS}
        scope.update({"dumps": dumps, "loads": loads, "Order": Order, "new": Order.__new__})
        order = ", ".join([{"id": "rank[o.%s]", "time": self._age("o." + n, n) if k == "time" else "", "int": "o.%s"}[k].replace("%s", n)
                           for n, k in self.order_fields])  # fmt: skip
        scope.update(self.ages)
        lines = ["def encode(g, now, rank):"] + self._locals()
        lines += [" out = [%s]" % ", ".join("(%s)" % self._short(read) for read in self.reads)]
        lines += [" ticket = g.demands.ticket", " if any(ticket):", "  places = {t: i for i, t in enumerate(sorted(set(ticket)))}",
                  "  out += [places[t] for t in ticket]", " else: out += ticket"]  # fmt: skip
        lines += [" for s in g.ledger.evse_states:", "  orders = s.book.orders", "  out.append(len(orders))"]
        lines += ["  for o in orders: out += (%s)" % order, " return out"]
        lines += ["def decode(g, now, x):"] + self._locals() + [" " + self._short(write) for write in self.writes]
        lines += [" del g.ledger.events.kept[:]", " at = %d" % len(self.reads), " d = g.demands", " for i in range(len(d.ticket)):"]
        lines += ["  d.ticket[i] = x[at + i]", " at += len(d.ticket)", " d.next_ticket = max(d.ticket) + 1", " for s in g.ledger.evse_states:"]
        lines += ["  s.book.orders = orders = []", "  count = x[at]", "  at += 1", "  for _ in range(count):", "   o = new(Order)"]
        for k, (name, kind) in enumerate(self.order_fields):
            source = "x[at + %d]" % k
            lines.append("   o.%s = %s" % (name, "T[%s]" % source if kind == "time" else source))
        lines += ["   orders.append(o)", "   at += %d" % len(self.order_fields), " return at"]
        exec("\n".join(lines), scope)  # noqa: S102
        self.encode = scope["encode"]
        self.decode = scope["decode"]

    def _locals(self):
        return [" %s = %s" % (name, path) for path, name in self.places.items()]

    def _short(self, text):
        for path, name in sorted(self.places.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(path + ".", name + ".")
        return text


def ids_of(guard):
    """Every order id that the guard still knows."""
    found = set()
    for s in guard.ledger.evse_states:
        for order in s.book.orders:
            found.add(order.first_id)
            found.add(order.id)
    return found


__all__ = ["Form", "Guard", "Site", "ids_of", "spans_ms"]
