"""Worlds whose attack needs more than frames: death, another client, a car that disobeys, a swap, phases, a changed site."""

from ampacity.circuit.guard import Guard
from tests.proof.freeze import Form
from tests.proof.judge import Paused
from tests.proof.metered import Metered
from tests.proof.model import STEP_MS, World
from tests.proof.sites import circuit, evse, mute, site


class Joint(World):
    """Both orders leave in one frame: one choice says who hears it, and who answers after it."""

    ways = ("well", "dark", "mute")

    def choices(self):
        if self.pc == 0:
            return World.choices(self)
        if self.pc == 1:
            first, second = self.with_targets(0, self.ways), self.with_targets(1, self.ways)
            return ["%s+%s" % (a, b) for a in first for b in second]
        return ["-"]

    def turn(self, i, label):
        if i == 0:
            for device, name in enumerate(label.split("+")):
                World.turn(self, device, name)


class Death(Metered):
    """After the primary's death other load may rise to what was assumed, and nothing may be above the rating."""

    def moves(self):
        return Metered.moves(self) if self.alive else ["step"]

    def well(self, i):
        """Without turns (no slot) nobody steps for a meter that must earn its trust: `metered` and `hung` have them."""
        return False

    def do_die(self):
        World.do_die(self)
        if self.excused:
            self.excuse()  # what was about to be lowered is so when the watchdogs have run out
        self.mark = self.shown_da = 0


class Foreign(World):
    """Another client sets the first device to its maximum: seen on the line, or only by the next read. While the line is
    not clean it may do so once more, and nobody sees that. What this second write does to the sum is not excused."""

    excused_da = 100
    excuse_steps = 3
    writes = 1
    repeats = 1
    unclean = 0  # steps for which the line is not clean yet
    unclean_steps = 2
    slipped = False  # nobody saw this step's write: the next read is to come through
    slip_steps = 2  # seen by the read, the others lowered in the next step
    seen = False  # the last write was

    def moves_foreign(self):
        """It writes so many times, to a site that is regulated; unseen only to a device that answers."""
        if not self.writes or self.guard.mode != "regulating":
            return []
        return ["foreign", "slip"] if self.guard.ledger.evse_states[0].ok else ["foreign"]

    def moves_again(self):
        """Not while the path of the other one is cut: nobody could lower that for the first write."""
        return ["again"] if self.repeats and self.unclean and self.guard.ledger.evse_states[1].ok else []

    def encode_more(self):
        return [self.writes, self.repeats, self.unclean, self.slipped, self.seen]

    def decode_more(self, x, at):
        self.writes, self.repeats, self.unclean, slipped, seen = x[at : at + 5]
        self.slipped, self.seen = slipped == 1, seen == 1
        return at + 5

    def written(self):
        device = self.devices[0]
        before = device.limit_da(self.now)
        device.stored_da = device.max_da
        device.changed(before, self.now)

    def do_slip(self):
        self.writes -= 1
        self.unclean = self.unclean_steps
        self.slipped, self.seen = True, False
        self.written()
        self.excused = self.slip_steps

    def do_foreign(self):
        self.do_slip()
        self.slipped, self.seen = False, True
        self.excuse()
        self.guard.foreign_write(0, 0, self.now)

    def do_again(self):
        self.repeats -= 1
        self.written()

    def turns(self, i):
        return ["well"] if self.slipped and i == 0 else World.turns(self, i)

    def on_advance(self):
        """What a write that was seen brought is excused until it is over once."""
        self.slipped = False
        self.unclean = max(0, self.unclean - 1)
        drawn_da = sum([device.draw_da(self.now) for device in self.devices])
        if self.seen and drawn_da <= self.wiring.ratings[0]:
            self.excused = 0


class Disobeying(World):
    """The first car may draw 5 A or 12 A whatever it is told, in bursts as it likes, and its contactor is welded."""

    excused_da = 100
    excuse_steps = 4  # of each of its attacks: seen, the others lowered in the next step, and settled
    attacks_a_day = 4  # the third locks it out, the next one shows that its contactor is welded
    spent = 0  # steps in which the circuit was above its rating, of all that are excused

    def is_excused(self, key, excess_da):
        """As far as the car is above its order now, and for so many steps in all, bursts or not; what it draws above its order within
        1 A is made room for, too."""
        return excess_da <= min(self.excused_da, self.above_da()) and self.spent < self.excuse_steps * self.attacks_a_day

    def above_da(self):
        """What the car draws above what its device holds, or held within its settle time."""
        device = self.devices[0]
        told_da = max(device.limit_da(self.now), device.old_da, device.older_da)
        return max(0, device.draw_da(self.now) - told_da)

    def measure(self, i):
        self.guard.measured(i, [self.devices[i].draw_da(self.now)], self.now, self.now)

    def moves_boost(self):
        return ["boost %d" % da for da in (0, 50, 120) if da != self.devices[0].boost_da]

    def do_boost(self, da):
        self.devices[0].boost_da = da

    def on_advance(self):
        drawn_da = sum(device.draw_da(self.now) for device in self.devices)
        if drawn_da > self.facts["circuits"][0]["rating_da"][0]:
            self.spent += 1

    def encode_more(self):
        return [self.spent]

    def decode_more(self, x, at):
        self.spent = x[at]
        return at + 1

    def well(self, i):
        """One that is locked out waits for a person."""
        return i != 0 or not (self.devices[0].boost_da or self.guard.locked_out(0))

    def turn(self, i, label):
        World.turn(self, i, label)
        if self.guard.open_contactor(i):
            self.guard.contactor(i, True, self.now)


class Swap(World):
    """The new device has no watchdog, shows another serial number, and starts at its maximum, which nobody knows."""

    def moves_surge(self):
        return ["surge"] if self.shown == 1 and self.surges else []

    surges = 1
    shown = 0  # more than 1: the new device has answered; 1: what that brought is lowered and settled
    shown_steps = 3  # its first answer, the others lowered in the next step, and settled

    def read(self, i, passes, arrives):
        answers = World.read(self, i, passes, arrives)
        if i == 0 and answers and self.devices[0].swapped:
            self.shown = self.shown or self.shown_steps
        return answers

    def on_advance(self):
        self.shown = max(self.shown - 1, min(self.shown, 1))

    def do_surge(self):
        """It obeyed, and was proven; its supply fails for a moment."""
        self.surges -= 1
        device = self.devices[0]
        before = device.limit_da(self.now)
        device.stored_da = device.max_da
        device.changed(before, self.now)

    def encode_more(self):
        return [self.surges, self.shown]

    def decode_more(self, x, at):
        self.surges, self.shown = x[at : at + 2]
        return at + 2

    def moves_swap(self):
        return [] if self.devices[0].swapped else ["swap"]

    def do_swap(self):
        device = self.devices[0]
        device.restart(self.now)
        device.old_da = 0  # the feeder was open
        device.swapped = True
        device.armed = False

    def well(self, i):
        """Another unit waits for a person."""
        return i != 0 or not self.devices[0].swapped


class Phases(World):
    """The first device closes one phase or both; at its fallback and after a restart both."""

    excused_da = 0

    def __init__(self, *args, **options):
        self.closed = 2
        self.was = 0  # more phases are still in use until the car has settled
        World.__init__(self, *args, **options)

    def moves_switch(self):
        return ["switch"]

    def do_switch(self):
        """The primary wants the other number of phases: it asks, sends, and reads back."""
        want = [0] if self.closed == 2 else [0, 1]
        if not self.guard.ledger.evse_states[0].ok or not self.guard.ledger.permits.phases_sent(0, want, self.now):
            return
        if len(want) < self.closed:
            self.was = self.closed
        self.closed = len(want)
        self.guard.ledger.bounds.phases_proven(0, want, self.now)

    def on_advance(self):
        self.was = 0

    def loads_of(self, device):
        """The second phase carries what flows in the fallback, or while both are closed."""
        draw = device.draw_da(self.now)
        if device is not self.devices[0] or max(self.closed, self.was) == 2:
            return World.loads_of(self, device)
        leased = device.lease.state(self.now) == "leased"
        first, second = [self.wiring.keys(device.facts["circuit"], [terminal]) for terminal in device.facts["terminals"]]
        again = min(device.old_da, 80) if leased else device.limit_da(self.now)
        return [(key, draw) for key in first] + [(key, again) for key in second]

    def encode_more(self):
        return [self.closed, self.was]

    def decode_more(self, x, at):
        self.closed, self.was = x[at : at + 2]
        return at + 2


class Change(World):
    """evse-1 moved from "left" to "right" in the site file. It hangs on the left until it was proven paused."""

    def __init__(self, name, guard_class=Guard, **options):
        World.__init__(self, name, self.new_site(1), guard_class, **options)

    def new_site(self, place):
        circuits = [circuit(320), circuit(160, "left", 0), circuit(160, "right", 0)]
        return site([evse(0, circuit=1 + place, fallback_da=80, power_on_da=80), evse(1, circuit=1)], circuits)

    def start(self):
        """It stood on the left with its last order; the primary starts with the new file."""
        old = self.guard_class(self.new_site(0), self.now)
        for key, value in self.devices[0].settings():
            old.evidence(0, key, value, self.now)
        self.guard = self.make_guard(old.evidence_dump())
        self.paused = Paused(self.devices[:1])
        self.moved = False
        self.epoch = 2

    def prove(self, i, limit):
        if i == 0:
            self.paused.answered(i, self.epoch, self.now)
        World.prove(self, i, limit)

    def do_reboot(self):
        World.do_reboot(self)
        self.paused.forget()

    def loads_of(self, device):
        if device is not self.devices[0] or self.moved:
            return World.loads_of(self, device)
        old = self.new_site(0)["evses"][0]
        return [(key, device.draw_da(self.now)) for key in self.wiring.keys(old["circuit"], old["terminals"])]

    def encode(self):
        self.paused.look(self.now)
        self.moved = self.moved or self.paused.everybody()  # shown paused: now it may be connected elsewhere
        return World.encode(self)

    def encode_more(self):
        return [self.moved, self.paused.rested, self.paused.shown]

    def decode_more(self, x, at):
        moved, self.paused.rested, self.paused.shown = x[at : at + 3]
        self.moved = moved == 1
        return at + 3


class Left(World):
    """evse-1, without watchdog, no longer stands in the site file. It hangs where it hung, and draws what it was told last."""

    def start(self):
        old = self.guard_class(site([mute(0), evse(1, fallback_da=80, power_on_da=80)], self.facts["circuits"]), self.now)
        self.guard = self.make_guard(old.evidence_dump())
        self.form = Form(self.guard, self.facts, STEP_MS, self.now, self.wider, self.feeds)  # of a ledger with the one that left
        self.other_da[0] = 100
        self.epoch = 2


