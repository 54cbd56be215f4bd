"""A fire pump and no plan at all: what the ledger alone does for rule 3.6."""

from ampacity.circuit.guard import Guard
from tests.proof.model import World
from tests.proof.sites import box, circuit, site

PUMP_DA = 100
SHED_STEPS = 6  # seen, two settle times, its watchdog, and the settle time of its car


class Pumped(World):
    """The adversary picks every order of an EVSE that a safety load sheds, and when the load runs.

    After shed_steps its device and its car are at 0 A, whatever was wanted meanwhile.
    """

    shed_steps = SHED_STEPS
    running_steps = 0  # since when it has run
    on = False

    def moves_pump(self):
        return [] if self.on else ["pump"]

    def do_pump(self):
        self.on = True

    def heal(self):
        """It runs on, or rests on."""

    def before_tick(self, label):
        self.guard.safety_load("pump", self.on, self.now)

    def on_advance(self):
        self.running_steps = min(self.shed_steps + 1, self.running_steps + 1) if self.on else 0

    def over(self):
        if self.running_steps > self.shed_steps and self.devices[0].draw_da(self.now):
            return "the pump runs, and %s may draw %d da" % (self.evses[0]["name"], self.devices[0].draw_da(self.now))
        return World.over(self)

    def encode_more(self):
        return [self.on, self.running_steps]

    def decode_more(self, x, at):
        self.on, self.running_steps = x[at] == 1, x[at + 1]
        return at + 2


class FrozenPump(Pumped):
    """Its load is seen by a meter of its own, which may stand still from any step on, also before the load starts."""

    shed_steps = SHED_STEPS + 2  # the oldest frame that is not frozen yet, and the step that sees that it is
    still = False
    mark = 0
    shown_da = 0

    def moves_freeze(self):
        return [] if self.still else ["freeze"]

    def do_freeze(self):
        self.still = True

    def before_tick(self, label):
        if not self.still:
            self.mark = 1 - self.mark
            self.shown_da = PUMP_DA if self.on else 0
        self.guard.meter(0, [self.shown_da], self.now, self.mark)

    def encode_more(self):
        return [*Pumped.encode_more(self), self.still, self.mark, self.shown_da]

    def decode_more(self, x, at):
        at = Pumped.decode_more(self, x, at)
        self.still, self.mark, self.shown_da = x[at] == 1, x[at + 1], x[at + 2]
        return at + 3


def pumped(guard=Guard, deep=False):
    """No plan: the adversary picks every order to an EVSE that a fire pump sheds, and any frame keeps it alive."""
    facts = site([box(0, poll_feeds=True, survives=True)], [circuit(160)])
    facts["safety_loads"] = [{"name": "pump", "evses": [0], "hold_ms": 5000}]
    outcomes = (("well", "dark") + (("mute", "no proof") if deep else ()),)
    return Pumped("a fire pump", facts, guard, outcomes=outcomes, any_plan=(0, 100), feeds=True, attacks=("pump",))


def frozen_pump(guard=Guard, deep=False):
    """No plan, and the fire pump is seen by a meter of its own, which stands still before the pump starts or later."""
    facts = site([box(0, poll_feeds=True, survives=True)], [circuit(160)])
    facts["meters"] = [{"name": "pump", "phases": [0], "bus": 0, "unit": 100}]
    facts["safety_loads"] = [{"name": "pump", "meter": 0, "evses": [0], "hold_ms": 5000}]
    outcomes = (("well", "dark") + (("mute", "no proof") if deep else ()),)
    return FrozenPump("a fire pump with a meter", facts, guard, outcomes=outcomes, any_plan=(0, 100), feeds=True, attacks=("pump", "freeze"))


MAKERS = (pumped, frozen_pump)
