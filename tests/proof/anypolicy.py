"""Any policy behind the ledger: the small worlds with every target chosen by the adversary.

No plan at all: in each turn it picks 0, the least or the most current of that EVSE. Liveness is not asked. Where other load
steps, a stranger writes or a car disobeys, no policy sheds: the overload may last until the ledger's own budget has run out
(then nothing is fed any more) and after that until every watchdog has, `excuse_steps` below.
"""

from ampacity.circuit.guard import Guard
from tests.proof.model import STEP_MS, AnyPlan
from tests.proof.search import Search
from tests.proof.worlds import UNBOUNDED, WORLDS

OWN_TURNS = ("partial", "broadcast", "below")  # their turns are no single orders
NAMES = tuple([name for name in WORLDS if name not in OWN_TURNS + UNBOUNDED])
STATES_CI, STATES_DEEP = 3_000, 300_000
MARGIN_STEPS = 2  # the tick that sees it, and the one that sees the budget run out


def any_policy(name, guard=Guard):
    """The world, and nobody who plans."""
    world = WORLDS[name](type("AnyGuard", (guard,), {"plan_class": AnyPlan}))
    world.any_plan = tuple([(0, facts["min_da"], facts["max_da"]) for facts in world.evses])
    world.excuse_steps = excuse_steps(world)
    return world


def excuse_steps(world):
    """The ledger's budget, and the longest lapse after it; 0 where the world excuses nothing."""
    return 2 * -(-world.guard.ledger.margin.budget_ms // STEP_MS) + MARGIN_STEPS if world.excuse_steps else 0


def search(name, states_max=STATES_CI, seconds_max=1e9, guard=Guard):
    return Search(any_policy(name, guard)).run(states_max, seconds_max)
