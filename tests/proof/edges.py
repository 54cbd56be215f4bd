"""Worlds of what happens beside the path of orders: a journal that is late, people at feeders and cables, other load beyond
what was assumed, a stranger who only reads, a line that is not clean yet.
"""

from json import dumps, loads

from ampacity.circuit.cascaded_guard import CascadedGuard
from ampacity.circuit.guard import Guard
from tests.proof.below import Below
from tests.proof.judge import Paused
from tests.proof.metered import Metered
from tests.proof.model import STEP_MS, AnyPlan, World
from tests.proof.plant import Box
from tests.proof.settled import Death, Foreign
from tests.proof.sites import box, circuit, evse, mute, site


class Worn(Box):
    """After a restart its watchdog is off for good."""

    def audited(self):
        """Nothing brings it back."""

    def _restart(self, now):
        Box._restart(self, now)
        self.armed = False


class Journal(World):
    """The journal is written in each step in which the adversary lets it; a restart begins with what was written last.

    No restart within the time of the device's own fault (T1): its watchdog, tolerance and settle time.
    """

    since = 9  # steps since the device's fault

    def start(self):
        self._write()

    def _write(self):
        journal_barrier = self.guard.ledger.journal_barrier
        self.written = dumps(self.guard.evidence_dump())
        journal_barrier.written = journal_barrier.version

    def make_device(self, facts):
        return Worn(facts, self.now) if facts["kind"] == "profile" else World.make_device(self, facts)

    def moves_wear(self):
        """The first device restarts so fast that no frame meets it off."""
        return ["wear"] if self.devices[0].armed else []

    def do_wear(self):
        self.do_blink(0)
        self.since = 0

    def moves_late(self):
        return ["late"]

    def do_late(self):
        """The journal is not written in this step."""

    def before_tick(self, label):
        if label != "late":
            self._write()

    def moves_reboot(self):
        return ["reboot"] if self.since > 3 else []

    def do_reboot(self):
        self.guard = self.make_guard(loads(self.written))
        self.guard.ledger.journal_barrier.written = self.guard.ledger.journal_barrier.version
        self.epoch += 1

    def on_advance(self):
        self.since = min(9, self.since + 1)

    def encode_more(self):
        journal_barrier, evse_states = self.guard.ledger.journal_barrier, self.guard.ledger.evse_states
        behind = [version > journal_barrier.written for version in [journal_barrier.version, *[s.dirty_version for s in evse_states]]]
        return [self.form.numbers[self.written], self.since, *behind]

    def decode_more(self, x, at):
        self.written = self.form.numbers.values[x[at]]
        self.since = x[at + 1]
        self.behind = x[at + 2 : at + 3 + len(self.devices)]
        return at + 3 + len(self.devices)

    def decode(self, key):
        World.decode(self, key)
        journal_barrier, evse_states = self.guard.ledger.journal_barrier, self.guard.ledger.evse_states
        journal_barrier.written, journal_barrier.version = 0, self.behind[0]
        for s, version in zip(evse_states, self.behind[1:], strict=True):
            s.dirty_version = version


class Rerated(World):
    """The site file says more than the cable carries, until everybody on it was proven paused: then another one is laid."""

    old_da = 160

    def start(self):
        facts = self.old_site()
        old = self.guard_class(facts, self.now)
        for key, value in self.devices[0].settings():
            old.evidence(0, key, value, self.now)
        self.guard = self.make_guard(old.evidence_dump())
        self.paused = Paused(self.devices)
        self.epoch = 2

    def old_site(self):
        return dict(self.facts, circuits=[dict(self.facts["circuits"][0], rating_da=[self.old_da])])

    def prove(self, i, limit):
        self.paused.answered(i, self.epoch, self.now)
        World.prove(self, i, limit)

    def over(self):
        self.paused.look(self.now)
        laid = self.paused.everybody()
        self.wiring.ratings[0] = self.facts["circuits"][0]["rating_da"][0] if laid else self.old_da
        return World.over(self)

    def do_reboot(self):
        World.do_reboot(self)
        if not self.paused.everybody():
            self.paused.forget()

    def encode_more(self):
        return [self.paused.rested, self.paused.shown]

    def decode_more(self, x, at):
        self.paused.rested, self.paused.shown = x[at : at + 2]
        return at + 2


class Isolated(World):
    """A person opens the feeder of the first EVSE and says so, and closes it without a word."""

    excused_da = 80
    excuse_steps = 3  # its first answer, the others lowered, and settled

    def turns(self, i):
        return ["dark"] if self.devices[i].open else World.turns(self, i)

    def moves_isolate(self):
        return [] if self.devices[0].open or self.excused else ["isolate"]

    def do_isolate(self):
        self.devices[0].restart(self.now)
        self.devices[0].open, self.devices[0].booting = True, False
        self.guard.isolate(0, True, self.now)

    def moves_close(self):
        return ["close"] if self.devices[0].open else []

    def do_close(self):
        """It starts at what it draws without being asked."""
        self.devices[0].open = False
        self.devices[0].old_da = 0
        self.excuse()

    def well(self, i):
        return not self.devices[i].open


class Fed(World):
    """Somebody else on the network reads the first device, and its watchdog is fed by whatever it hears."""

    def moves_stranger(self):
        return ["stranger"]

    def do_stranger(self):
        self.devices[0].hear_read(self.now)


class Reserved(Metered):
    """Other load rises beyond what was assumed, beside reserves that count whatever is ordered."""

    def well(self, i):
        return not self.other_da[0]


def lived(world, steps):
    """So many steps in which nobody attacks are over before the first state."""
    for _ in range(steps * (world.turn_count() + 1)):
        assert not world.apply(world.choices()[0])
        world.decode(world.encode())


class Unseen(Metered):
    """The meter has shown something before it falls silent or stands still."""

    def start(self):
        lived(self, 1)


class Elsewhere(Metered):
    """The meter hangs on a phase with a load of its own, and shows nothing of ours. The first car comes when all is known. In a whole life
    the circuit is above its rating only for as long as a suspicion may last once (3.2), and until what follows it has settled."""

    wants_at_start = False
    known_steps = 6
    lie_steps = 12 + 5  # until the step is judged, the time is over and the order has settled: each takes up to a step more
    spent = 0  # steps in which the circuit was above its rating

    def start(self):
        lived(self, self.known_steps)
        self.known_steps = 0

    def heal(self):
        if not self.known_steps:
            Metered.heal(self)

    def before_tick(self, label):
        self.mark = 1 - self.mark
        self.guard.meter(0, [80], self.now, self.mark)

    def is_excused(self, key, excess_da):
        return excess_da <= self.excused_da and self.spent <= self.lie_steps

    def on_advance(self):
        self.spent += self.other_da[0] + sum([device.draw_da(self.now) for device in self.devices]) > self.wiring.ratings[0]

    def encode_more(self):
        return [self.spent, *Metered.encode_more(self)]

    def decode_more(self, x, at):
        self.spent = x[at]
        return Metered.decode_more(self, x, at + 1)


class Under(Unseen):
    """Other load below a circuit without a meter of its own, seen by that of the circuit that it is on."""

    def do_step(self):
        Metered.do_step(self)
        self.other_da[1] = self.other_da[0]

    def before_tick(self, label):
        if label not in ("silence", "hidden"):
            self.mark = 1 - self.mark
            self.guard.meter(0, [self.other_da[1]], self.now, self.mark)


class Above(World):
    """The first car draws 1 A more than it was ordered, all the time. Room is made once, and from then on it is there."""

    excused_da = 10
    room_steps = 3  # seen, the others lowered, and settled
    spent = 0  # steps in which the circuit was above its rating

    def start(self):
        self.devices[0].follow_da = 10

    def measure(self, i):
        self.guard.measured(i, [self.devices[i].draw_da(self.now)], self.now, self.now)

    def is_excused(self, key, excess_da):
        return excess_da <= min(self.excused_da, self.devices[0].follow_da) and self.spent < self.room_steps

    def on_advance(self):
        drawn_da = sum([device.draw_da(self.now) for device in self.devices])
        self.spent += drawn_da > self.wiring.ratings[0]

    def encode_more(self):
        return [self.spent]

    def decode_more(self, x, at):
        self.spent = x[at]
        return at + 1


class Lowers(World):
    """The adversary picks every order, settings are not read in time, and the safety loop hangs: what only lowers leaves."""

    def moves_hang(self):
        return ["hang"] if self.ticking else []

    def do_hang(self):
        self.ticking = False

    def heal(self):
        self.ticking = True
        World.heal(self)

    def turns(self, i):
        """No more than a few orders of which nobody knows whether they were heard."""
        full = len(self.guard.ledger.evse_states[i].book.orders) >= self.orders_max
        return [label for label in World.turns(self, i) if not full or not label.startswith("unread")]

    orders_max = 3


class Known(Death):
    """Other load is more than was assumed, and was seen so before anybody charged; after the primary's death it comes again."""

    seen_steps = 8

    def well(self, i):
        """While somebody is there to let them charge, and other load leaves the room."""
        return self.alive and not self.other_da[0]

    def start(self):
        self.other_da[0] = 100
        lived(self, self.seen_steps)


def journal(guard=Guard, deep=False):
    """A device loses its watchdog; the journal that is to know it is late; the primary restarts."""
    facts = site([box(0, holds=True), evse(1)], [circuit(160)])
    outcomes = (("well", "dark"), ("well", "dark")[: 1 + deep])
    return Journal("late journal", facts, guard, outcomes=outcomes, attacks=("wear", "late", "reboot"))


def rerated(guard=Guard, deep=False):
    """The rating of a circuit was raised in the site file; the primary restarts, once and again."""
    facts = site([evse(0, fallback_da=80, power_on_da=80), evse(1)], [circuit(200)])
    outcomes = (("well", "dark"), ("well", "dark")[: 1 + deep])
    return Rerated("changed rating", facts, guard, outcomes=outcomes, attacks=("reboot",))


def isolated(guard=Guard, deep=False):
    """An EVSE is declared isolated, and its feeder is closed again."""
    facts = site([evse(0, fallback_da=80, power_on_da=80), evse(1)], [circuit(160)])
    outcomes = (("well",), ("well", "dark")[: 1 + deep])
    return Isolated("isolated", facts, guard, outcomes=outcomes, attacks=("isolate", "close"))


def fed(guard=Guard, deep=False):
    """Another client on the network reads a device whose watchdog is fed by any request."""
    facts = site([box(0, poll_feeds=True, survives=True, holds=True), evse(1)], [circuit(160)])
    facts["buses"] = [{"name": "b", "kind": "tcp"}]
    outcomes = (("well", "dark"), ("well", "dark")[: 1 + deep])
    return Fed("fed by others", facts, guard, outcomes=outcomes, feeds=True, attacks=("stranger", "car"), cars_of=(0,), stays=False)


def reserved(guard=Guard, deep=False):
    """Other load rises above what was assumed, beside an EVSE with a reserve."""
    facts = site([evse(0, fallback_da=80, power_on_da=80)], [circuit(160, other=60, meter=0)], meters=({"name": "m", "phases": [0]},))
    return Reserved("above what was assumed", facts, guard, outcomes=("well",), attacks=("step",))


def known(guard=Guard, deep=False):
    """The primary dies while one without watchdog charges; other load above what was assumed, as it was seen, comes back."""
    facts = site([mute(0, survives=True), evse(1, max_da=80, limit_da=80)], [circuit(190, other=60, meter=0)], meters=({"name": "m", "phases": [0]},))
    outcomes = (("well", "dark")[: 1 + deep], ("well",))
    return Known("what was seen", facts, guard, outcomes=outcomes, attacks=("die", "step"))


def aged(guard=Guard, deep=False):
    """Other load jumps while no frame of the meter comes, one of whose equal frames say nothing; one EVSE."""
    meter = {"name": "m", "phases": [0], "coarse": True}
    facts = site([evse(0, min_da=60)], [circuit(180, other=100, meter=0)], meters=(meter,))
    return _unseen("old frames", facts, guard, deep, ("hidden", "silence"))


def stuck(guard=Guard, deep=False):
    """Other load jumps while the meter repeats its last frame; one EVSE."""
    facts = site([evse(0, min_da=60)], [circuit(180, other=100, meter=0)], meters=({"name": "m", "phases": [0]},))
    return _unseen("frozen frames", facts, guard, deep, ("hidden", "freeze"))


def elsewhere(guard=Guard, deep=False):
    """The meter was installed on another phase, which carries as much as ours may."""
    facts = site([evse(0, min_da=60, max_da=80)], [circuit(160, other=100, meter=0)], meters=({"name": "m", "phases": [0]},))
    return Elsewhere("another phase", facts, guard, outcomes=("well",), attacks=("step",), excuse_steps=0, tries=8 if deep else 4)


def under(guard=Guard, deep=False):
    """Other load jumps on a circuit whose meter is silent, below one that has none."""
    meter = {"name": "m", "phases": [0], "coarse": True}
    circuits = [circuit(180), circuit(160, "sub", 0, other=100, meter=0)]
    facts = site([evse(0, min_da=60)], circuits, meters=(meter,))
    more = dict(attacks=("hidden", "silence"), excuse_steps=4 + deep)
    return Under("a silent meter below", facts, guard, outcomes=("well", "dark")[: 1 + deep], **more)


def above(guard=Guard, deep=False):
    """A car draws a little more than it is ordered."""
    facts = site([evse(0, min_da=60), evse(1, min_da=60)], [circuit(160)])
    outcomes = (("well",), ("well", "dark", "mute")[: 2 + deep])
    return Above("a little above its order", facts, guard, outcomes=outcomes, attacks=("car",), cars_of=(1,))


def orphan(guard=None, deep=False):
    """No plan in a primary nor in the one below it: the grant lapses, and what was ordered under it is wanted for ever."""
    child = type("AnyChild", (CascadedGuard,), {"plan_class": AnyPlan})
    ways = dict(outcomes=(("well", "dark"), ("well", "dark")[: 1 + deep]), own_ways=("well", "dark", "mute")[: 2 + deep])
    return Below(guard, any_plan=((100,), (100,)), any_own=(100,), child_guard=child, **ways)


def lowers(guard=Guard, deep=False):
    """No plan, no fresh settings, no safety loop, a device that rounds up: each lower has to leave."""
    facts = site([box(0, rounds_da=20, min_da=60)], [circuit(160)])
    outcomes = ("well", "unread") + (("dark", "mute") if deep else ())
    return Lowers("lowers alone", facts, guard, outcomes=outcomes, any_plan=(0, 60, 100), attacks=("hang",))


def _unseen(name, facts, guard, deep, attacks):
    """A step that no frame shows ends one frame's and one timeout's time later than one that is seen."""
    return Unseen(name, facts, guard, outcomes=("well", "dark")[: 1 + deep], attacks=attacks, excuse_steps=4 + deep)


def dirty(guard=Guard, deep=False):
    """As `foreign`, in steps of half the length: a second write falls between the proof and the end of the line's ten seconds."""
    facts = site([mute(0, survives=True), evse(1)], [circuit(160)])
    more = dict(attacks=("foreign", "again"), writes=1, slip_steps=4 + 2 * deep, excuse_steps=6, unclean_steps=4)
    return Foreign("a line not clean", facts, guard, outcomes=(("well", "dark"), ("well",)), step_ms=STEP_MS // 2, **more)


MAKERS = (journal, rerated, isolated, fed, reserved, known, aged, stuck, elsewhere, under, above, lowers, orphan, dirty)
