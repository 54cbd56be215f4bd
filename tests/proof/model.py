"""One small world: the real guard, drivers as the contract asks for them, hostile paths, devices and cars.

A step of time is a row of choices: first a move of the adversary or none (choice 0), then the safety pass, then
one turn for each EVSE, whose outcome the adversary chooses; choice 0 is the path that works. So "the adversary
stops" is: always choice 0.
"""

from array import array

from ampacity.circuit.guard import Guard
from ampacity.circuit.policy.plan import Plan
from tests.proof.freeze import Form, ids_of
from tests.proof.judge import Wiring
from tests.proof.plant import Box, Secondary

STEP_MS = 5000
NOW = (1 << 30) - 2000  # a step leads over the place where small ints of a board end
IDENTITY = 1


class Frame:
    """An order on its way."""

    __slots__ = ("da", "epoch", "evse", "id", "identity", "left")

    def __init__(self, evse, order_id, epoch, identity, da, left):
        self.evse, self.id, self.epoch, self.identity, self.da, self.left = evse, order_id, epoch, identity, da, left


class AnyPlan(Plan):
    """No plan at all: the world chooses every target, and only the ledger says no."""

    def tick(self, now_ms, running):
        """Leaves the targets alone."""


OUTCOMES = {
    # name: (status read passes, the order is heard, its answer comes, the proof read passes)
    "well": (True, True, True, True),
    "dark": (False, False, False, False),
    "mute": (False, True, False, False),
    "only reads": (False, False, False, False),  # the device hears what is no order
    "lost order": (True, False, False, True),
    "held": (True, None, False, True),
    "held dark": (False, None, False, False),
    "copied": (True, True, True, True),
    "no proof": (True, True, True, False),
    "unread": (False, True, True, False),
    "echo": (False, False, True, False),
    "stale": (True, None, True, True),
    "refused": (True, "no", False, True),
}


HOLDS = ("held", "held dark", "copied", "stale")


class World:
    """facts: the compiled site. Subclasses and keyword arguments say what the adversary may do."""

    outcomes = ("well", "dark", "mute")
    step_ms = STEP_MS  # half of it: cars settle in two steps
    frames_max = 1
    believes_older = False  # a driver that takes the answer to an older write for that to the newest
    copies_late = 0  # steps that a copy of a frame may be on its way beyond the transit time
    broken = ""  # what the guard did against its promises
    any_plan = ()  # targets of a world without a plan

    def __init__(self, name, facts, guard_class=Guard, **options):
        self.name = name
        self.facts = facts
        self.guard_class = guard_class
        for option, value in options.items():
            if not hasattr(type(self), option):
                raise AttributeError("a world has no option " + option)
            setattr(self, option, value)
        if self.any_plan:
            self.guard_class = type("AnyGuard", (guard_class,), {"plan_class": AnyPlan})
        self.evses = facts["evses"]
        self.wiring = Wiring(facts)
        self.keys_at = [self.wiring.keys(f["circuit"], f["terminals"]) for f in self.evses]
        self.now = NOW
        self.epoch = 1
        self.frames = []
        self.alive = True
        self.ticking = True
        self.excused = 0
        self.spare = []
        self.devices = [self.make_device(f) for f in self.evses]
        self.guard = self.make_guard(None)
        self.form = Form(self.guard, facts, self.step_ms, NOW, self.wider, self.feeds)
        self.pc = 0
        self.other_da = [0] * (len(facts["circuits"]) * facts["phases"])
        self.start()

    wider = 1
    feeds = False  # does any frame but an order keep a limit alive?
    wants_at_start = True

    def make_device(self, facts):
        device = (Secondary if facts["kind"] == "ampacity" else Box)(facts, self.now)
        device.slow = self.step_ms < STEP_MS
        return device

    def make_guard(self, evidence):
        guard = self.guard_class(self.facts, self.now, evidence)
        guard.optional.meter_test_steps = None  # it only lowers, like any limit from outside; the cars' own steps are evidence here
        for view in guard.other.metered:
            view.period_ms = self.step_ms
        for i in range(len(self.evses)):
            guard.demand(i, self.wants_at_start)
        return guard

    def start(self):
        """The first state is a step into the life of the primary."""

    def guards(self):
        """All primaries of this world."""
        return [self.guard]

    # what the search asks

    def choices(self):
        """Labels of what may happen now; the first is what happens when nobody attacks."""
        if self.pc == 0:
            return ["-"] + self.moves()
        return self.turns(self.pc - 1)

    def apply(self, label):
        if self.pc == 0:
            self.move(label)
            if self.alive:
                self.before_tick(label)
                if self.ticking:
                    self.guard.tick(self.now)
            self.pc = 1
        else:
            self.turn(self.pc - 1, label)
            self.pc += 1
        if self.pc > self.turn_count() or not self.alive:
            self.pc = 0
            over = self.over()
            self.advance()
            return self.broken or over or self.over()
        return self.broken or self.over()

    def turn_count(self):
        return len(self.evses)

    def advance(self):
        for device in self.devices:
            device.before_advance(self.now)
        self.now += self.step_ms
        for device in self.devices:
            device.advance(self.now)
        for frame in self.frames:
            frame.left -= 1
        self.frames = [frame for frame in self.frames if frame.left >= 0]
        if self.excused:
            self.excused -= 1
        self.on_advance()

    def on_advance(self):
        """More that time does in this world."""

    def before_tick(self, label):
        """What else comes in before the safety pass: a frame of a meter."""

    def over(self):
        """The truth: which circuit and phase carries more than its rating now, by how much; None: none."""
        loads = list(self.other_da)
        for device in self.devices:
            for key, draw in self.loads_of(device):
                loads[key] += draw
        return self.wiring.worst(loads, self.is_excused)

    def keys_of(self, device):
        """Where it hangs, with every terminal closed, by the judge's own geometry."""
        return self.keys_at[self.devices.index(device)]

    def loads_of(self, device):
        """[(flat index of circuit and phase, da)] that its car may be drawing."""
        draw = device.draw_da(self.now)
        return [(key, draw) for key in self.keys_of(device)] if draw else ()

    excused_da = 0  # by so much, for `excuse_steps` after its cause, an overload is not ours (3.5, section 9)
    excuse_steps = 0

    def is_excused(self, key, excess_da):
        return self.excused > 0 and excess_da <= self.excused_da

    def excuse(self):
        self.excused = self.excuse_steps

    # moves of the adversary

    def moves(self):
        found = []
        for move in self.attacks:
            found += getattr(self, "moves_" + move)()
        return found

    attacks = ()

    def move(self, label):
        if label == "-":
            self.heal()
            return
        name, _, rest = label.partition(" ")
        getattr(self, "do_" + name)(*[int(part) for part in rest.split()])

    def heal(self):
        """Nobody attacks in this step: cars want to charge again."""
        for i in range(len(self.evses)):
            self.guard.demand(i, True)

    def moves_deliver(self):
        return ["deliver %d" % i for i in range(len(self.frames))]

    def do_deliver(self, i):
        frame = self.frames.pop(i)
        device = self.devices[frame.evse]
        if not device.booting:
            device.hear_order(frame, self.now)

    def moves_restart(self):
        return ["restart %d" % i for i in range(len(self.devices)) if not self.devices[i].booting]

    def do_restart(self, i):
        self.devices[i].restart(self.now)

    def moves_expire(self):
        return ["expire %d" % i for i, d in enumerate(self.devices) if isinstance(d, Box) and d.may_expire(self.now)]

    def do_expire(self, i):
        self.devices[i].expire(self.now)

    def moves_reboot(self):
        return ["reboot"]

    def do_reboot(self):
        """The primary restarts; evidence survives in the journal, orders do not."""
        self.guard = self.make_guard(self.guard.evidence_dump())
        self.epoch += 1

    def moves_blink(self):
        return ["blink %d" % i for i in range(len(self.devices))]

    def do_blink(self, i):
        """A device restarts so fast that no frame meets it off."""
        self.devices[i].restart(self.now)
        self.devices[i].booting = False

    def moves_die(self):
        return ["die"]

    def do_die(self):
        """The primary is gone for good."""
        self.alive = False
        self.frames = []

    def moves_car(self):
        wants = self.guard.demands.wants
        cars = self.cars_of or range(len(self.evses))
        if not self.stays:
            return ["car %d" % i for i in cars if wants[i]]
        return ["car %d" % i for i in cars] + ([] if all(wants) else ["stay"])

    cars_of = ()  # whose cars come and go; none named: all
    stays = True  # a car may be away for more than a step

    def do_stay(self):
        """What was done stays so for another step."""

    def do_car(self, i):
        """A car comes or goes."""
        self.guard.demand(i, not self.guard.demands.wants[i])

    # a turn: the driver of one EVSE, and what becomes of its frames

    def turns(self, i):
        if not self.alive:
            return ["-"]
        if self.devices[i].booting:
            return ["dark"] if not self.any_plan else ["dark>0"]
        allowed = self.outcomes[i] if type(self.outcomes[0]) is tuple else self.outcomes
        names = [o for o in allowed if len(self.frames) < self.frames_max or o not in HOLDS]
        if "stale" in names and not any([frame.evse == i for frame in self.frames]):
            names.remove("stale")
        return self.and_late(i, self.with_targets(i, names))

    def with_targets(self, i, names):
        """Without a plan each of them with each target that the world may choose for this EVSE."""
        if not self.any_plan:
            return list(names)
        targets = self.any_plan[i] if type(self.any_plan[0]) is tuple else self.any_plan
        return ["%s>%d" % (o, da) for o in names for da in targets]

    def and_late(self, i, names):
        """After the last turn something that is on its way may arrive."""
        if i == len(self.evses) - 1 and "deliver" in self.attacks:
            return names + ["%s/%d" % (o, k) for o in names for k in range(len(self.frames))]
        return names

    def turn(self, i, label):
        if not self.alive:
            return
        name, _, late = label.partition("/")
        name, _, target = name.partition(">")
        if late:
            self.do_deliver(int(late))
        status, heard, answered, proof = OUTCOMES[name]
        guard, answers = self.guard, 0
        if target:
            guard.want_da[i] = int(target)
        answers += self.read(i, status, status or heard or name == "only reads")
        answers += self.order(i, heard, answered, name if name in HOLDS else "")
        answers += self.read(i, proof, proof or heard)
        if not answers:
            guard.lost(i, self.now)

    def read(self, i, passes, arrives):
        """Status, settings and limit. 1: an answer came."""
        guard, device, now = self.guard, self.devices[i], self.now
        if self.evses[i]["poll_feeds"]:
            if not guard.may_feed(i, now):
                return 0
            guard.fed(i, now)
        if arrives:
            device.hear_read(now)
        if not passes:
            return 0
        guard.heard(i, now)
        for key, value in device.settings():
            guard.evidence(i, key, value, now)
        device.audited()
        limit = device.limit_da(now)
        guard.reported(i, limit, now)
        self.measure(i)
        self.prove(i, limit)
        return 1

    def measure(self, i):
        """Nothing is measured in this world."""

    def prove(self, i, limit):
        guard, device = self.guard, self.devices[i]
        book = guard.ledger.evse_states[i].book
        if isinstance(device, Secondary):
            lease = device.lease
            if lease.identity == IDENTITY and lease.epoch == self.epoch and lease.remaining_ms(self.now) > 0:
                order = book.find(lease.sequence)
                if order is not None and limit <= order.da:
                    guard.proven(i, lease.sequence, limit, self.now)
        elif book.orders and book.orders[-1].id and device.obeys(self.now) and limit <= book.orders[-1].da:
            guard.proven(i, book.orders[-1].id, limit, self.now)

    def order(self, i, heard, answered, copied):
        """1: its answer came."""
        guard, now = self.guard, self.now
        want, current = guard.want_da[i], guard.last_order_da(i)
        s = guard.ledger.evse_states[i]
        if s.silent:
            want = min(want, s.reserve_da)
        value = want
        order_id = self.send(guard, i, self.most_da(i, want))
        if order_id is None and current is not None and self.most_da(i, want) > current and not self.evses[i].get("rounds_da"):
            value = current
            order_id = guard.send(i, current, now)
        if order_id is None:
            return 0
        left = self.evses[i]["transit_ms"] // self.step_ms
        if copied == "copied":
            left += self.copies_late  # what was heard once may come again at any time
        frame = Frame(i, order_id, self.epoch, IDENTITY, value, left)
        if copied:
            self.frames.append(frame)
        if heard == "no":
            if self.devices[i].expired:
                self.excuse()  # it is known to obey what it is sent in silence: this one does not
            self.devices[i].hear_refused(now)
            guard.refused(i, order_id, now)
            return 1
        if heard:
            self.devices[i].hear_order(frame, now)
        if not answered:
            return 0
        if (copied == "stale" and not self.believes_older) or self.evses[i]["kind"] == "ampacity":
            guard.heard(i, now)  # an answer for an older one; and a grant's answer is the status after it
        else:
            guard.answered(i, order_id, now)
        return 1

    def send(self, guard, i, most_da):
        """Asks for permission as a driver does. L1: what only lowers gets it, in each guard of this world."""
        s = guard.ledger.evse_states[i]
        lowers = self.only_lowers(s, most_da)
        order_id = guard.send(i, most_da, self.now)
        if order_id is None and lowers:
            self.broken = "a lower of %s to %d da was refused" % (s.evse.name, most_da)
        return order_id

    def only_lowers(self, s, most_da):
        """Could this order make nothing but the bound of one that answers smaller: is it below all that may be in force?"""
        standing = [order for order in s.book.orders if order.gone_ms < 0]
        return s.ok and bool(standing) and all(order.id and most_da < order.da for order in standing)

    def most_da(self, i, value):
        """What the driver knows that the device may make of it."""
        facts = self.evses[i]
        return min(facts["max_da"], value + facts.get("rounds_da", 0)) if value else 0

    # keys

    def encode(self):
        ids = {0}
        epochs = {0, self.epoch} if self.alive else {0}
        if self.alive:
            ids |= ids_of(self.guard)
        for device in self.devices:
            ids.update(device.ids())
            epochs.update(device.epochs())
        for frame in self.frames:
            ids.add(frame.id)
            epochs.add(frame.epoch)
        rank = {order_id: place for place, order_id in enumerate(sorted(ids))}
        ages = {epoch: place for place, epoch in enumerate(sorted(epochs))}
        out = [self.pc, self.alive, self.ticking, self.excused, len(self.frames), ages[self.epoch] if self.alive else 0, len(ids)]
        out += self.other_da
        out += self.encode_more()
        for frame in self.frames:
            out += (frame.evse, rank[frame.id], ages[frame.epoch], frame.identity, frame.da, frame.left)
        for device in self.devices:
            out += device.encode(self.now, self.step_ms, rank, ages)
        if self.alive:
            out += self.form.encode(self.guard, self.now, rank)
        return array("i", out).tobytes()

    def encode_more(self):
        return []

    def decode_more(self, x, at):
        return at

    def decode(self, key):
        x = array("i")
        x.frombytes(key)
        self.now = NOW
        self.pc, alive, ticking, self.excused, frames, self.epoch, ids = x[:7]
        self.alive, self.ticking = alive == 1, ticking == 1
        at = 7 + len(self.other_da)
        self.other_da[:] = x[7:at]
        at = self.decode_more(x, at)
        self.frames = []
        for _ in range(frames):
            evse, order_id, epoch, identity, da, left = x[at : at + 6]
            self.frames.append(Frame(evse, order_id, epoch, identity, da, left))
            at += 6
        for device in self.devices:
            at = device.decode(x, at, NOW, self.step_ms)
        if self.alive:
            self.form.decode(self.guard, NOW, x[at:])
            self.guard.ledger.permits.next_id = ids + 1

    # liveness

    def well(self, i):
        """Must this one charge again when the adversary stops? Without a plan nobody says that it shall."""
        return not self.any_plan

    def charges(self, i):
        device = self.devices[i]
        return not device.booting and device.limit_da(self.now) >= self.evses[i]["min_da"]
