"""Primaries below a primary (rule 13): real guards, each granting to the next, with EVSEs of their own."""

from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.primary_register_map import PrimaryRegisterMap
from ampacity.circuit.cascaded_guard import CascadedGuard
from tests.proof.freeze import Form, ids_of
from tests.proof.model import IDENTITY, NOW, STEP_MS, Frame, World
from tests.proof.plant import FINE_MS, NONE, Device, Secondary
from tests.proof.sites import circuit, evse, site

LEASE_MS = 7500
BELOW_MS = 7500 + 2500 + 5000  # watchdog + tolerance + settle of what is below


def single():
    """What is below the child of the world `below`: one charging point."""
    return primary_site([evse(0)], 100)


def primary_site(evses, rating_da, reserve_da=0, **settings):
    """The site of a primary below another: reserve_da is what its parent counts for it at any time."""
    facts = site(evses, [circuit(rating_da)], **settings)
    facts["parent"] = {"fallback_da": reserve_da, "power_on_da": reserve_da}
    return facts


class Child(Device):
    """A whole primary as its parent's secondary: its lease, what its registers show, its guard, and the points below it,
    of which one may be a primary again."""

    def __init__(self, facts, now, guard_class=CascadedGuard):
        Device.__init__(self, facts)
        self.own_facts = facts["below"]
        self.lease = Lease(facts["fallback_da"], facts["max_da"], facts["power_on_da"])
        self.shown = PrimaryRegisterMap(self.lease, "below", "", "", 1, BELOW_MS)
        self.guard = guard_class(self.own_facts, now)
        self.points = []
        for i, own in enumerate(self.own_facts["evses"]):
            self.guard.demand(i, not own.get("idle", False))
            self.points.append(Child(own, now, guard_class) if own.get("primary") else Secondary(own, now))
        self.form = Form(self.guard, self.own_facts, STEP_MS, NOW, 1, False)

    def children(self):
        """Itself and the primaries below it, the nearest first."""
        found = [self]
        for child in found:
            found += [point for point in child.points if isinstance(point, Child)]
        return found

    def limit_da(self, now):
        """As its status shows it: the grant once all below are within it, until then the most that may be drawn below."""
        guard = self.guard
        self.shown.standing_da = guard.reserves_da() if guard.mode == "quarantine" else guard.fullest_da()
        return self.shown.limit_shown_da(now)

    def draw_da(self, now):
        return sum([point.draw_da(now) for point in self.points])

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
        facts = self.facts
        return (("watchdog_ms", facts["watchdog_ms"]), ("fallback_da", facts["fallback_da"]), ("power_on_da", facts["power_on_da"]))

    def tick(self, now):
        self.guard.grant(self.lease.limit_da(now))
        self.guard.tick(now)
        self.shown.prove(self.guard.grant_met, now)

    def before_advance(self, now):
        for point in self.points:
            point.before_advance(now)

    def advance(self, now):
        for point in self.points:
            point.advance(now)
        self.lease.limit_da(now)

    def encode(self, now, step, rank, epochs):
        lease, proven, awaited, ids = self.lease, self.shown._proven, self.shown._awaited, ids_of(self.guard) | {0}
        for point in self.points:
            ids.update(point.ids())
        own = {order_id: place for place, order_id in enumerate(sorted(ids))}
        until = (lease._until_ms - now) // FINE_MS if lease._leased else NONE
        out = [lease.identity, epochs[lease.epoch], rank[lease.sequence], lease._granted_da if lease._leased else 0, until, lease._leased,
               proven[0], epochs[proven[1]], rank[proven[2]],
               awaited[0], awaited[1], epochs[awaited[2]], rank[awaited[3]], len(ids)]  # fmt: skip
        for point in self.points:
            out += point.encode(now, step, own, {0: 0, 1: 1})
        frozen = self.form.encode(self.guard, now, own)
        return out + [len(frozen)] + frozen

    def decode(self, x, at, now, step):
        lease = self.lease
        lease.identity, lease.epoch, lease.sequence, lease._granted_da, until, leased = x[at : at + 6]
        lease._until_ms = -1 if until == NONE else now + until * FINE_MS
        lease._leased = leased == 1
        self.shown._proven, self.shown._awaited, ids = tuple(x[at + 6 : at + 9]), tuple(x[at + 9 : at + 13]), x[at + 13]
        at += 14
        for point in self.points:
            at = point.decode(x, at, now, step)
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
        return (self.lease.sequence, self.shown._proven[2], self.shown._awaited[3])

    def epochs(self):
        return (self.lease.epoch, self.shown._proven[1], self.shown._awaited[2])


class Below(World):
    """After the turns of the parent come those of the primaries below: its safety pass, and the driver of each of its points."""

    own_ways = ("well", "dark", "mute")  # of each point below, or of each its own
    any_own = (0, 100)  # targets of a child where nobody has a plan
    child_guard = CascadedGuard
    cars_of = (1,)

    def __init__(self, guard_class=None, name="a primary below a primary", facts=None, **options):
        self.below = []  # (child, index of its point), in the order of their turns
        facts = facts or site([evse(0, primary=True, watchdog_ms=LEASE_MS + BELOW_MS, below=single()), evse(1)], [circuit(160)])
        World.__init__(self, name, facts, **dict({"guard_class": guard_class} if guard_class else {}, **options))

    def make_device(self, facts):
        if not facts.get("primary"):
            return World.make_device(self, facts)
        top = Child(facts, self.now, self.child_guard)
        self.below += [(child, i) for child in top.children() for i in range(len(child.points))]
        return top

    def turn_count(self):
        return len(self.evses) + len(self.below)

    def guards(self):
        return [self.guard] + [child.guard for child, i in self.below if i == 0]

    def turns(self, i):
        place = i - len(self.evses)
        if place < 0:
            return World.turns(self, i)
        ways = self.own_ways[place] if type(self.own_ways[0]) is tuple else self.own_ways
        return ["%s>%d" % (way, da) for way in ways for da in self.any_own] if self.any_plan else list(ways)

    def turn(self, i, label):
        if i < len(self.evses):
            World.turn(self, i, label)
            return
        child, point = self.below[i - len(self.evses)]
        if point == 0:
            child.tick(self.now)
        label, _, target = label.partition(">")
        if target:
            child.guard.want_da[point] = int(target)
        self.drive(child, point, label in ("well", "mute"), label == "well")

    def drive(self, child, i, heard, answers):
        """The driver of one point below: it reads, orders, and reads again."""
        guard, point = child.guard, child.points[i]
        if answers:
            self.read_point(guard, i, point)
        want, current = guard.want_da[i], guard.last_order_da(i)
        order_id = self.send(guard, i, want)
        if order_id is None and current is not None and want > current:
            want, order_id = current, guard.send(i, current, self.now)
        if order_id is not None and heard:
            point.hear_order(Frame(i, order_id, 1, IDENTITY, want, 0), self.now)
        if answers:
            self.read_point(guard, i, point)
        else:
            guard.lost(i, self.now)

    def read_point(self, guard, i, point):
        guard.heard(i, self.now)
        for key, value in point.settings():
            guard.evidence(i, key, value, self.now)
        limit = point.limit_da(self.now)
        guard.reported(i, limit, self.now)
        self.prove_grant(guard, i, point, limit, 1)

    def prove_grant(self, guard, i, device, limit, epoch):
        """By what the device shows of its grants: a primary the newest that it has proven below, another one the newest that it took."""
        lease = device.lease
        shown = device.shown.grant_shown()[1:] if isinstance(device, Child) else (lease.epoch, lease.sequence)
        order = guard.ledger.evse_states[i].book.find(shown[1])
        if shown[0] == epoch and lease.remaining_ms(self.now) > 0 and order is not None and limit <= order.da:
            guard.proven(i, shown[1], limit, self.now)

    def prove(self, i, limit):
        if isinstance(self.devices[i], Child):
            self.prove_grant(self.guard, i, self.devices[i], limit, self.epoch)
        else:
            World.prove(self, i, limit)

    def charges(self, i):
        """Where primaries are below: everybody below who wants to."""
        device = self.devices[i]
        if not isinstance(device, Child):
            return World.charges(self, i)
        for child in device.children():
            for point, facts in zip(child.points, child.own_facts["evses"], strict=True):
                if not isinstance(point, Child) and not facts.get("idle") and point.limit_da(self.now) < facts["min_da"]:
                    return False
        return True
