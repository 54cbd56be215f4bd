"""A primary below a primary (rule 13): two real guards, one granting to the other, each with an EVSE of its own."""

from ampacity.bus.leases.lease import Lease
from ampacity.circuit.cascaded_guard import CascadedGuard
from tests.proof.freeze import Form, ids_of
from tests.proof.model import IDENTITY, NOW, STEP_MS, World
from tests.proof.plant import FINE_MS, NONE, Device, Secondary
from tests.proof.sites import circuit, evse, site

LEASE_MS = 7500
BELOW_MS = 7500 + 2500 + 5000  # watchdog + tolerance + settle of what is below


class Child(Device):
    """A whole primary as its parent's secondary: its lease, its guard, and the one charging point below it."""

    def __init__(self, facts, now, guard_class=CascadedGuard):
        Device.__init__(self, facts)
        self.own_facts = site([evse(0)], [circuit(100)])
        self.own_facts["parent"] = {"fallback_da": 0, "power_on_da": 0}
        self.lease = Lease(0, facts["max_da"], 0)
        self.proven = (0, 0)  # epoch and sequence of the newest grant that it shows
        self.guard = guard_class(self.own_facts, now)
        self.guard.demand(0, True)
        self.point = Secondary(self.own_facts["evses"][0], now)
        self.form = Form(self.guard, self.own_facts, STEP_MS, NOW, 1, False)

    def limit_da(self, now):
        """As a status shows it: the most that may be drawn below."""
        return self.guard.fullest_da()

    def draw_da(self, now):
        return self.point.draw_da(now)

    def hear_order(self, frame, now):
        """A grant is acted upon before its reply leaves."""
        taken = self.lease.grant(frame.identity, frame.epoch, frame.id, LEASE_MS, frame.da, now)
        if taken:
            self.tick(now)
        return taken

    def hear_read(self, now):
        """A read renews nothing."""

    def audited(self):
        """Its settings are its own."""

    def settings(self):
        return (("watchdog_ms", self.facts["watchdog_ms"]), ("fallback_da", 0), ("power_on_da", 0))

    def tick(self, now):
        self.guard.grant(self.lease.limit_da(now))
        self.guard.tick(now)
        if self.guard.grant_met():
            self.proven = (self.lease.epoch, self.lease.sequence)

    def before_advance(self, now):
        self.point.before_advance(now)

    def advance(self, now):
        self.point.advance(now)
        self.lease.limit_da(now)

    def encode(self, now, step, rank, epochs):
        lease, ids = self.lease, ids_of(self.guard) | {0} | set(self.point.ids())
        own = {order_id: place for place, order_id in enumerate(sorted(ids))}
        until = (lease._until_ms - now) // FINE_MS if lease._leased else NONE
        out = [lease.identity, epochs[lease.epoch], rank[lease.sequence], lease._granted_da if lease._leased else 0, until, lease._leased,
               epochs[self.proven[0]], rank[self.proven[1]], len(ids)]  # fmt: skip
        out += self.point.encode(now, step, own, {0: 0, 1: 1})
        frozen = self.form.encode(self.guard, now, own)
        return out + [len(frozen)] + frozen

    def decode(self, x, at, now, step):
        lease = self.lease
        lease.identity, lease.epoch, lease.sequence, lease._granted_da, until, leased, epoch, sequence, ids = x[at : at + 9]
        lease._until_ms = -1 if until == NONE else now + until * FINE_MS
        lease._leased = leased == 1
        self.proven = (epoch, sequence)
        at = self.point.decode(x, at + 9, now, step)
        size = x[at]
        self.form.decode(self.guard, now, x[at + 1 : at + 1 + size])
        self.guard.ledger.permits.next_id = ids + 1
        self._limits_of_grant(now)
        return at + 1 + size

    def _limits_of_grant(self, now):
        """The grant as a limit of the plan: the one limit that a world has, so it is set anew."""
        changed = self.guard.demands.changed
        self.guard._grant(self.guard.ledger.granted_da)
        self.guard.demands.changed = changed

    def ids(self):
        return (self.lease.sequence, self.proven[1])

    def epochs(self):
        return (self.lease.epoch, self.proven[0])


class Below(World):
    """The third turn is the child's own: its safety pass, and the driver of its charging point."""

    own_ways = ("well", "dark", "mute")
    child_guard = CascadedGuard

    def __init__(self, guard_class=None, **options):
        facts = site([evse(0, primary=True, watchdog_ms=LEASE_MS + BELOW_MS), evse(1)], [circuit(160)])
        World.__init__(self, "a primary below a primary", facts, **dict({"guard_class": guard_class} if guard_class else {}, **options))

    def make_device(self, facts):
        if facts.get("primary"):
            return Child(facts, self.now, self.child_guard)
        return World.make_device(self, facts)

    cars_of = (1,)
    any_own = (0, 100)  # targets of the child where nobody has a plan

    def turn_count(self):
        return 3

    def guards(self):
        return [self.guard, self.devices[0].guard]

    def turns(self, i):
        if i < 2:
            return World.turns(self, i)
        return ["%s>%d" % (way, da) for way in self.own_ways for da in self.any_own] if self.any_plan else list(self.own_ways)

    def turn(self, i, label):
        if i < 2:
            World.turn(self, i, label)
            return
        child = self.devices[0]
        child.tick(self.now)
        label, _, target = label.partition(">")
        if target:
            child.guard.want_da[0] = int(target)
        heard = label in ("well", "mute")
        answers = label == "well"
        guard, point = child.guard, child.point
        if answers:
            self.read_point(guard, point)
        want, current = guard.want_da[0], guard.last_order_da(0)
        order_id = self.send(guard, 0, want)
        if order_id is None and current is not None and want > current:
            want, order_id = current, guard.send(0, current, self.now)
        if order_id is not None and heard:
            before = point.limit_da(self.now)
            point.lease.grant(IDENTITY, 1, order_id, LEASE_MS, want, self.now)
            point.changed(before, self.now)
        if answers:
            self.read_point(guard, point)
        else:
            guard.lost(0, self.now)

    def read_point(self, guard, point):
        guard.heard(0, self.now)
        for key, value in point.settings():
            guard.evidence(0, key, value, self.now)
        limit = point.limit_da(self.now)
        guard.reported(0, limit, self.now)
        order = guard.ledger.evse_states[0].book.find(point.lease.sequence)
        if order is not None and limit <= order.da and point.lease.remaining_ms(self.now) > 0:
            guard.proven(0, point.lease.sequence, limit, self.now)

    def prove(self, i, limit):
        if i != 0:
            World.prove(self, i, limit)
            return
        guard, child = self.guard, self.devices[0]
        epoch, sequence = child.proven
        order = guard.ledger.evse_states[0].book.find(sequence)
        if epoch == self.epoch and child.lease.remaining_ms(self.now) > 0 and order is not None and limit <= order.da:
            guard.proven(0, sequence, limit, self.now)

    def charges(self, i):
        return self.devices[0].point.limit_da(self.now) >= 80 if i == 0 else World.charges(self, i)
