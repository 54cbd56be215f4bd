"""A fire pump and no plan at all: what the ledger alone does for rule 3.6."""

from ampacity.circuit.guard import Guard
from tests.proof.model import World
from tests.proof.sites import box, circuit, site

SHED_STEPS = 6  # seen, two settle times, its watchdog, and the settle time of its car


class Pumped(World):
    """The adversary picks every order of an EVSE that a safety load sheds, and when the load runs.

    After SHED_STEPS its device and its car are at 0 A, whatever was wanted meanwhile.
    """

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
        self.running_steps = min(SHED_STEPS + 1, self.running_steps + 1) if self.on else 0

    def over(self):
        if self.running_steps > SHED_STEPS and self.devices[0].draw_da(self.now):
            return "the pump runs, and %s may draw %d da" % (self.evses[0]["name"], self.devices[0].draw_da(self.now))
        return World.over(self)

    def encode_more(self):
        return [self.on, self.running_steps]

    def decode_more(self, x, at):
        self.on, self.running_steps = x[at] == 1, x[at + 1]
        return at + 2


def pumped(guard=Guard, deep=False):
    """No plan: the adversary picks every order to an EVSE that a fire pump sheds, and any frame keeps it alive."""
    facts = site([box(0, poll_feeds=True, survives=True)], [circuit(160)])
    facts["safety_loads"] = [{"name": "pump", "evses": [0], "hold_ms": 5000}]
    outcomes = (("well", "dark") + (("mute", "no proof") if deep else ()),)
    return Pumped("a fire pump", facts, guard, outcomes=outcomes, any_plan=(0, 100), feeds=True, attacks=("pump",))


MAKERS = (pumped,)
