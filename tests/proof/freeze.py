"""A guard as a flat list of small integers, and back: what makes a million states of the real one affordable.

The list is canonical. Times are counted in steps from now and stop where nothing in the guard can tell them
apart any more (`Spans`); order ids keep only their order; scratch and diagnostics are left out. So the same list
is the key of a state and what the state is restored from, and what is explored is the quotient itself.

Every attribute of the guard is either in a table below or falls under a rule by its type and unit. One that
does not is an error, not a guess: a new attribute asks to be thought about here.
"""

from ampacity.circuit.bounds import Bounds
from ampacity.circuit.demand import Demand
from ampacity.circuit.evidence import KEYS, Evidence
from ampacity.circuit.guard import Guard
from ampacity.circuit.limits import Limits
from ampacity.circuit.meterview import FILTER_MS, REFERENCE_MS, STALE_MS, WAIT_MS, MeterView
from ampacity.circuit.orders import READ_MS_MAX, Order, OrderBook
from ampacity.circuit.otherload import OtherLoad
from ampacity.circuit.permits import LINE_CLEAN_MS, TICK_MS_MAX
from ampacity.circuit.plan import SHARE_MS, Plan
from ampacity.circuit.standing import LONG_AGO_MS, Standing
from ampacity.circuit.tree import Site
from ampacity.circuit.window import Window

NONE = -99  # a time of -1: none
NEVER = -98  # a time of LONG_AGO_MS where that is told from a long time
UNHEARD_MS = 30000
BRANCHES = (Bounds, Evidence, OrderBook, OtherLoad, MeterView, Window, Limits, Demand, Plan, Standing)

# constants of a site, aliases, scratch that is written before it is read, and what only people look at
LEFT_OUT = {
    "Guard": {"site", "want_da", "events"},
    "*": {"site", "evse", "index", "ledger", "other", "limits", "demand", "demands", "bounds", "needed", "settle_ms", "transit_ms"},
    "Bounds": {"events", "events_dropped", "fresh_sums", "refused_count", "switches", "standings", "next_id", "foreign_ms"},
    "Standing": {"evidence", "book", "disobeyed_ms"},
    "Evidence": {"values", "read_ms"},
    "OrderBook": {"orders"},
    "OtherLoad": {"views", "by_meter", "metered", "below_da", "states", "bucket_ms"},
    "MeterView": {"circuit", "phases", "base", "inputs", "timeout_ms", "frozen_ms", "coarse", "generation_da", "shown_da_max",
                  "evses", "place", "mult", "reason", "period_ms"},
    "Window": {"bucket_ms"},
    "Demand": {"slot_ms", "idle_ms", "ticket", "next_ticket"},
    "Plan": {"sums", "extra", "want_da", "deadband_da", "raise_hold_ms", "restart_hold_ms", "goal_da", "admitted"},
    "Limits": {"limits", "next_ms", "circuit_da", "chargers_da", "evse_da", "has_chargers"},
}  # fmt: skip
NOBODY_FEEDS = {"memory_da": 0, "hearing_ms": LONG_AGO_MS, "needs_room_ms": LONG_AGO_MS}  # where no frame but an order feeds
REACHED = {"other_ms", "rung_ms", "gone_ms", "set_gone_ms", "above_ms", "zero_ms", "changed_ms", "paused_ms", "slot_since_ms", "waits_since_ms", "idle_since_ms",
           "shared_ms", "since_ms", "foreign_ms", "needs_room_ms"}  # what counts is whether an age is reached, not passed  # fmt: skip
LENGTHS_OF_TIME = {"budget_ms", "trust_ms"}
NOW = {"now_ms"}
IN_QUARANTINE = {"start_ms", "quarantine_until_ms"}
TOLD_FROM_NEVER = {"hearing_ms"}


def spans_ms(facts):
    """{name of a time: the age in ms from which on nothing in the guard can tell it from an older one}."""
    from ampacity.circuit.guard import Guard as RealGuard

    guard = RealGuard(facts, 0)
    evses, site = guard.site.evses, guard.site
    settle = max(e.settle_ms for e in evses)
    transit = max(e.transit_ms for e in evses)
    lapse = max(e.lapse_ms(e.watchdog_ms) for e in evses)
    patience = max(e.settle_ms + 2 * e.transit_ms + max(5000, e.watchdog_ms // 2) for e in evses)
    meters = [view for view in guard.other.views if view is not None]
    timeout = max([0] + [view.timeout_ms for view in meters])
    frozen = max([0] + [view.frozen_ms for view in meters])
    plan = guard.plan
    return {
        "other_ms": lapse, "first_ms": READ_MS_MAX + transit, "sent_ms": READ_MS_MAX + transit, "loose_ms": READ_MS_MAX + transit,
        "gone_ms": settle, "set_gone_ms": settle, "zero_ms": settle, "above_ms": 2 * settle, "measured_ms": max(STALE_MS, settle),
        "rung_ms": settle + transit, "hearing_ms": 0, "needs_room_ms": 10000, "lower_ms": patience, "foreign_ms": LINE_CLEAN_MS, "over_ms": guard.ledger.budget_ms,
        "start_ms": max(UNHEARD_MS, guard.ledger.budget_ms), "quarantine_until_ms": 0, "reported_until_ms": 0, "hold_until_ms": 0,
        "tick_ms": TICK_MS_MAX, "changed_ms": plan.raise_hold_ms, "paused_ms": plan.restart_hold_ms, "slot_since_ms": guard.demands.slot_ms, "waits_since_ms": guard.demands.slot_ms,
        "idle_since_ms": guard.demands.idle_ms, "shared_ms": SHARE_MS, "read_ms": max(e.boot_ms for e in evses),
        "raw_ms": max(timeout, STALE_MS, 15000), "mark_ms": frozen, "trust_from_ms": 960000, "frame_ms": max(WAIT_MS, STALE_MS), "ref_ms": REFERENCE_MS,
        "since_ms": FILTER_MS, "site_phases": site.phases,
    }  # fmt: skip


class Pool:
    """Values that are no integers, by number: phase sets, texts, what was read back."""

    def __init__(self):
        self.values = []
        self.numbers = {}

    def number(self, value):
        frozen = freeze(value)
        found = self.numbers.get(frozen)
        if found is None:
            found = self.numbers[frozen] = len(self.values)
            self.values.append(value)
        return found

    def value(self, number):
        value = self.values[number]
        return list(value) if type(value) is list else dict(value) if type(value) is dict else value


def freeze(value):
    if type(value) is list:
        return ("list",) + tuple(freeze(v) for v in value)
    if type(value) is dict:
        return ("dict",) + tuple(sorted((k, freeze(v)) for k, v in value.items()))
    return (type(value).__name__, value)


class Form:
    """The canonical form of the guards of one site: encode and decode, generated from a sample."""

    def __init__(self, guard, facts, step_ms, wider=1, feeds=True):
        self.step_ms = step_ms
        self.pool = Pool()
        self.feeds = feeds
        self.spans = {}
        for name, ms in spans_ms(facts).items():
            self.spans[name] = max(1, -(-ms * wider // step_ms)) if name in REACHED else ms * wider // step_ms + 1
        self.reads, self.writes, self.names = [], [], []
        self.buses = sorted({e.bus for e in guard.site.evses})
        self.seen = set()
        self._walk(guard, "g", ("Guard",))
        self._walk(guard.ledger, "g.ledger", ("Bounds",))
        for i in range(len(guard.ledger.standings)):
            s = "g.ledger.standings[%d]" % i
            self._walk(guard.ledger.standings[i], s, ("Standing",))
            self._walk(guard.ledger.standings[i].evidence, s + ".evidence", ("Evidence",))
            self._walk(guard.ledger.standings[i].book, s + ".book", ("OrderBook",))
            self._special(s)
        self._walk(guard.other, "g.other", ("OtherLoad",))
        for i, view in enumerate(guard.other.views):
            if view is not None:
                v = "g.other.views[%d]" % i
                self._walk(view, v, ("MeterView",))
                for window in ("high_max", "high_min", "low_max"):
                    self._walk(getattr(view, window), "%s.%s" % (v, window), ("Window",))
                self._own("%s.state" % v, "g.other.states[%d]" % i)
        self._walk(guard.demands, "g.demands", ("Demand",))
        self._walk(guard.plan, "g.plan", ("Plan",))
        self._walk(guard.limits, "g.limits", ("Limits",))
        for bus in self.buses:
            self._time("g.ledger.foreign_ms.get(%d, LONG)" % bus, "g.ledger.foreign_ms[%d]" % bus, "foreign_ms")
        self.order_fields = self._order_fields()
        self._compile()

    # building

    def _walk(self, obj, path, names):
        left = set(LEFT_OUT["*"])
        for name in names:
            left |= LEFT_OUT[name]
        for attribute in sorted(vars(obj)):
            if attribute not in left:
                self._attribute(getattr(obj, attribute), "%s.%s" % (path, attribute), attribute)

    def _attribute(self, value, path, name):
        if isinstance(value, BRANCHES):
            return
        if not self.feeds and name in NOBODY_FEEDS:
            self.writes.append("%s = %d" % (path, NOBODY_FEEDS[name]))
            return
        if type(value) is list:
            self._list(value, path, name)
        elif name in NOW:
            self.writes.append("%s = now" % path)
        elif name.endswith("_ms") and name not in LENGTHS_OF_TIME:
            self._time(path, path, name)
        elif type(value) is int and path != "g.ledger.tick_ms":
            self._put(path, "%s = x[{}]" % path)
        elif type(value) is bool:
            self._put(path, "%s = x[{}] == 1" % path)
        elif value is None or type(value) in (str, tuple, dict):
            self._put("number(%s)" % path, "%s = value(x[{}])" % path)
        else:
            raise TypeError("%s: how is a %s to be frozen?" % (path, type(value).__name__))

    def _list(self, value, path, name):
        if value and type(value[0]) is list:
            for i, row in enumerate(value):
                self._list(row, "%s[%d]" % (path, i), name)
            return
        for i, item in enumerate(value):
            place = "%s[%d]" % (path, i)
            if type(item) not in (int, bool):
                raise TypeError("%s: how is a list of %s to be frozen?" % (path, type(item).__name__))
            self._attribute(item, place, name)

    def _put(self, read, write):
        self.writes.append(write.format(len(self.reads)))
        self.reads.append(read)
        self.names.append(write.split(" = ")[0])

    def _own(self, source, target):
        self.writes.append("%s = %s" % (target, source))

    def _time(self, read, target, name):
        if name not in self.spans:
            raise KeyError("%s: up to which age does the guard look at it?" % target)
        old = -self.spans[name]
        text = "%d if (v := %s) == -1 else %d if (v := (v - now) // %d) < %d else v" % (NONE, read, old, self.step_ms, old)
        if name in TOLD_FROM_NEVER:
            text = "%d if (v := %s) == LONG else %d" % (NEVER, read, old)
        if name in IN_QUARANTINE:
            text = "(%s) if g.ledger.mode == 'quarantine' else %d" % (text, old)
        write = "%s = -1 if (v := x[{}]) == %d else LONG if v == %d else now + v * %d" % (target, NONE, NEVER, self.step_ms)
        self._put(text, write)

    def _special(self, s):
        self._put("number(tuple(sorted(%s.evidence.values.items())))" % s, "%s.evidence.values = dict(value(x[{}]))" % s)
        for key in KEYS:
            old = -self.spans["read_ms"]
            read = "%d if (v := %s.evidence.read_ms.get('%s')) is None else %d if (v := (v - now) // %d) < %d else v"
            write = "if x[{}] != %d: %s.evidence.read_ms['%s'] = now + x[{}] * %d" % (NONE, s, key, self.step_ms)
            if key == KEYS[0]:
                self.writes.append("%s.evidence.read_ms = {}" % s)
            self._put(read % (NONE, s, key, old, self.step_ms, old), write.replace("{}", "{0}"))
        self._put("len(%s.disobeyed_ms)" % s, "%s.disobeyed_ms = [now] * x[{}]" % s)

    def _order_fields(self):
        fields = []
        for name, value in sorted(vars(Order(1, 1, 1)).items()):
            kind = "id" if name in ("id", "first_id") else "time" if name.endswith("_ms") else "bool" if type(value) is bool else "int"
            if kind == "time" and name not in self.spans:
                raise KeyError("Order.%s: up to which age does the guard look at it?" % name)
            fields.append((name, kind))
        return fields

    def _compile(self):
        scope = {"number": self.pool.number, "value": self.pool.value, "LONG": LONG_AGO_MS, "Order": Order, "new": Order.__new__}
        parts = []
        for name, kind in self.order_fields:
            if kind == "id":
                parts.append("rank[o.%s]" % name)
            elif kind == "time":
                old = -self.spans[name]
                parts.append("%d if (v := o.%s) == -1 else %d if (v := (v - now) // %d) < %d else v" % (NONE, name, old, self.step_ms, old))
            else:
                parts.append("o.%s" % name)
        order = ", ".join("(%s)" % part for part in parts)
        lines = ["def encode(g, now, rank):", " out = [%s]" % ", ".join("(%s)" % read for read in self.reads)]
        lines += [" ticket = g.demands.ticket", " places = {t: i for i, t in enumerate(sorted(set(ticket)))}", " out += [places[t] for t in ticket]"]
        lines += [" for s in g.ledger.standings:", "  orders = s.book.orders", "  out.append(len(orders))", "  for o in orders:", "   out += (%s)" % order]
        lines += [" return out"]
        lines += ["def decode(g, now, x):"] + [" " + write for write in self.writes]
        lines += [" del g.ledger.events[:]", " at = %d" % len(self.reads), " d = g.demands", " for i in range(len(d.ticket)):", "  d.ticket[i] = x[at + i]"]
        lines += [" at += len(d.ticket)", " d.next_ticket = max(d.ticket) + 1", " for s in g.ledger.standings:", "  s.book.orders = orders = []"]
        lines += ["  count = x[at]", "  at += 1", "  for _ in range(count):", "   o = new(Order)"]
        for k, (name, kind) in enumerate(self.order_fields):
            source = "x[at + %d]" % k
            if kind == "time":
                source = "-1 if (v := %s) == %d else now + v * %d" % (source, NONE, self.step_ms)
            elif kind == "bool":
                source += " == 1"
            lines.append("   o.%s = %s" % (name, source))
        lines += ["   orders.append(o)", "   at += %d" % len(self.order_fields), " return at"]
        exec("\n".join(lines), scope)  # noqa: S102
        self.encode = scope["encode"]
        self.decode = scope["decode"]


def ids_of(guard):
    """Every order id that the guard still knows."""
    found = set()
    for s in guard.ledger.standings:
        for order in s.book.orders:
            found.add(order.first_id)
            found.add(order.id)
    return found


__all__ = ["Form", "Guard", "Site", "ids_of", "spans_ms"]
