"""Any policy behind the ledger: every world but NOT_PLAYED with every target chosen by the adversary.

No plan at all: in each turn it picks 0, the least or the most current of that EVSE; for the child of `below`, 0 or the most. Each
walk has one more target per EVSE: a current is a whole number of da, and that is any of them up to the most. Liveness is not
asked. Where other load steps, a stranger writes or a car disobeys, no policy sheds: the overload may last for the time that the
ledger allows it (then nothing is fed any more) and after that until every watchdog has run out, `excuse_steps` below.

`python -m tests.proof --parts policy` searches each world up to SEARCHED states; where it is not closed by then, random walks
of 240 turns go on for WALKED transitions: a policy that chooses at random, and half of the time the first that it may.
"""

import sys

from ampacity.circuit.guard import Guard
from tests.proof.kept import Kept
from tests.proof.model import AnyPlan
from tests.proof.search import Search, told
from tests.proof.walks import Walks
from tests.proof.worlds import WORLDS

NOT_PLAYED = ("reserved",)  # other load above its declaration beside reserves: refused orders leave these, only a policy pauses them
NAMES = tuple([name for name in WORLDS if name not in NOT_PLAYED])
SEARCHED_CI, WALKED_CI = 1_000, 2_000
SEARCHED, WALKED = 10_000, 40_000
EXCUSES = ("excuse_steps", "room_steps", "slip_steps")  # of the worlds, where they have them
LEFT_OUT = ("again",)  # a second foreign write: for the first nothing but a policy lowers the others before the budget is over
MARGIN_STEPS = 2  # the tick that sees it, and the one that sees the budget run out


def any_policy(name, guard=Guard):
    """The world, and nobody who plans."""
    planless = type("AnyGuard", (guard,), {"plan_class": AnyPlan})
    world = WORLDS[name](planless)
    for one in world.guards():
        one.plan.__class__ = AnyPlan
    world.any_plan = tuple([(0, facts["min_da"], facts["max_da"]) for facts in world.evses])
    world.well = nobody  # liveness is not asked, or walks would end where a world misses somebody
    world.attacks = tuple([attack for attack in world.attacks if attack not in LEFT_OUT])
    for excuse in EXCUSES:
        if getattr(world, excuse, 0):
            setattr(world, excuse, excuse_steps(world))
    return world


class AnyCurrent(Walks):
    """In each walk one more target for every EVSE, drawn for that walk."""

    def _walk(self, result):
        world, kept, below = self.world, self.world.any_plan, getattr(self.world, "any_own", ())
        world.any_plan = tuple([(*targets, self.chance.randint(1, targets[-1])) for targets in kept])
        if below:
            world.any_own = (*below, self.chance.randint(1, below[-1]))
        try:
            Walks._walk(self, result)
        finally:
            world.any_plan = kept
            if below:
                world.any_own = below


def nobody(i):
    """Must this one charge again?"""
    return False


def excuse_steps(world):
    """Twice the longest lapse of a device of the site: the ledger allows an excess for one, and then feeds nothing."""
    return 2 * -(-max(map(lapse_ms, world.evses)) // world.step_ms) + MARGIN_STEPS


def lapse_ms(evse):
    """From the last frame that feeds its watchdog until its car is down, in ms; `evse`: of the compiled site."""
    return evse["watchdog_ms"] + evse["watchdog_tolerance_ms"] + evse["settle_ms"] + evse["transit_ms"]


def search(name, states_max=SEARCHED_CI, seconds_max=1e9, guard=Guard):
    return Search(any_policy(name, guard)).run(states_max, seconds_max)


def one_of(task):
    """One world as a dict."""
    name, searched, walked = task
    world = any_policy(name)
    found = AnyCurrent(world).run(searched=searched, walked=walked).as_dict()
    found["key"] = name
    if "trace" in found:
        found["trace"] = told(found["trace"], world.turn_count() + 1)
    print("policy: %(key)s: %(states)d states, depth %(depth)d, %(seconds).0f s" % found, file=sys.stderr, flush=True)
    return found


def run(deep=True, processes=None, kept=None):
    """The part of `python -m tests.proof`."""
    tasks = [(name, *((SEARCHED, WALKED) if deep else (SEARCHED_CI, WALKED_CI))) for name in NAMES]
    worlds = sorted((kept or Kept()).mapped("policy", one_of, tasks, processes), key=lambda one: NAMES.index(one["key"]))
    return {
        "worlds": worlds, "states": sum([one["states"] for one in worlds]), "closed": sum([one["closed"] for one in worlds]),
        "violations": sum(["violation" in one for one in worlds]),
    }  # fmt: skip
