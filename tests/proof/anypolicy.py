"""Any policy behind the ledger: every world with every target chosen by the adversary.

No plan at all: in each turn it picks 0, the least or the most current of that EVSE; for the child of `below`, too. Liveness
is not asked. Where other load steps, a stranger writes or a car disobeys, no policy sheds: the overload may last until the
ledger's own budget has run out (then nothing is fed any more) and after that until every watchdog has, `excuse_steps` below.

`python -m tests.proof --parts policy` searches each world up to STATES_DEEP states; of a world that is not closed by then
the shallow part is searched whole, and the rest not.
"""

import multiprocessing
import os
import sys

from ampacity.circuit.guard import Guard
from tests.proof.model import STEP_MS, AnyPlan
from tests.proof.search import Search, told
from tests.proof.worlds import WORLDS

NAMES = tuple(WORLDS)
STATES_CI, STATES_DEEP = 3_000, 60_000
MARGIN_STEPS = 2  # the tick that sees it, and the one that sees the budget run out


def any_policy(name, guard=Guard):
    """The world, and nobody who plans."""
    planless = type("AnyGuard", (guard,), {"plan_class": AnyPlan})
    world = WORLDS[name](planless)
    for one in world.guards():
        one.plan.__class__ = AnyPlan
    world.any_plan = tuple([(0, facts["min_da"], facts["max_da"]) for facts in world.evses])
    world.excuse_steps = excuse_steps(world)
    return world


def excuse_steps(world):
    """The ledger's budget, and the longest lapse after it; 0 where the world excuses nothing."""
    return 2 * -(-world.guard.ledger.margin.budget_ms // STEP_MS) + MARGIN_STEPS if world.excuse_steps else 0


def search(name, states_max=STATES_CI, seconds_max=1e9, guard=Guard):
    return Search(any_policy(name, guard)).run(states_max, seconds_max)


def one_of(task):
    """One world as a dict."""
    name, states_max = task
    world = any_policy(name)
    found = Search(world).run(states_max).as_dict()
    found["key"] = name
    if "trace" in found:
        found["trace"] = told(found["trace"], world.turn_count() + 1)
    print("policy: %(key)s: %(states)d states, depth %(depth)d, %(seconds).0f s" % found, file=sys.stderr, flush=True)
    return found


def run(deep=True, processes=None):
    """The part of `python -m tests.proof`."""
    tasks = [(name, STATES_DEEP if deep else STATES_CI) for name in NAMES]
    with multiprocessing.get_context("fork").Pool(min(processes or os.cpu_count() or 1, len(tasks)), maxtasksperchild=1) as pool:
        worlds = pool.map(one_of, tasks, chunksize=1)
    return {
        "worlds": worlds, "states": sum([one["states"] for one in worlds]), "closed": sum([one["closed"] for one in worlds]),
        "violations": sum(["violation" in one for one in worlds]),
    }  # fmt: skip
