"""All worlds and all mutants, in as many processes as there are cores; what `python -m tests.proof` prints.

CI depth searches each world up to CI_STATES and stops there, closed or not. The deep run closes them, and searches
their wide forms beside, with more moves than can be closed, up to WIDE_STATES.
"""

import importlib
import importlib.util
import multiprocessing
import os

from tests.proof.model import hasten
from tests.proof.mutants import MUTANTS, build
from tests.proof.search import Search, told
from tests.proof.worlds import WORLDS

CI_STATES = 20000
DEEP_STATES = 700000
WIDE_STATES = 110000
MUTANT_STATES = 60000


def search_world(name, wide=False, states_max=CI_STATES):
    """The result of one world as a dict, its trace as lines."""
    world = WORLDS[name](deep=wide)
    result = Search(world, liveness=True).run(states_max)
    if wide:
        result.name += ", wide"
    return shown(result, world, name)


def search_mutant(name):
    world = build(name)
    found = shown(Search(world).run(MUTANT_STATES), world, name)
    found["taken_away"] = MUTANTS[name][2]
    found["world"] = MUTANTS[name][0]
    return found


def shown(result, world, key):
    found = result.as_dict()
    found["key"] = key
    found["about"] = (WORLDS[key].__doc__ or "").strip() if key in WORLDS else ""
    if result.trace:
        found["trace"] = told(result.trace, world.turn_count() + 1)
    if result.stranded:
        found["stranded"] = {"evse": result.stranded["evse"], "trace": told(result.stranded["trace"], world.turn_count() + 1)}
    return found


def job(task):
    kind, name, wide, states_max = task
    os.nice(5)
    return kind, search_world(name, wide, states_max) if kind == "world" else search_mutant(name)


def part(name, deep):
    """What another module of the proof has to say, or None where it is not there: its run(full)."""
    if importlib.util.find_spec("tests.proof." + name) is None:
        return None
    return importlib.import_module("tests.proof." + name).run(deep)


def searches(deep=False, worlds=None, mutants=None, states_max=None, processes=None):
    """Results of all searches as they come: ("world" | "mutant", dict)."""
    names = list(WORLDS if worlds is None else worlds)
    tasks = [("world", name, False, states_max or (DEEP_STATES if deep else CI_STATES)) for name in names]
    if deep:
        tasks += [("world", name, True, states_max or WIDE_STATES) for name in names]
    tasks += [("mutant", name, False, 0) for name in (MUTANTS if mutants is None else mutants)]
    count = min(processes or os.cpu_count() or 1, len(tasks))
    if not tasks:
        return
    hasten()
    with multiprocessing.get_context("fork").Pool(count, maxtasksperchild=1) as pool:
        yield from pool.imap_unordered(job, tasks, chunksize=1)


def rule_of(mutant):
    return mutant.split(" ")[0]


def summary(found):
    """The object of the last line: sums over worlds, and which rule is missed when it is taken away."""
    worlds = [one for kind, one in found if kind == "world"]
    mutants = [one for kind, one in found if kind == "mutant"]
    caught = {}
    for one in mutants:
        rule = rule_of(one["key"])
        caught[rule] = caught.get(rule, True) and "violation" in one
    wrong = [one for one in worlds if "violation" in one or "stranded" in one]
    return {
        "states": sum(one["states"] for one in worlds), "depth": max([0] + [one["depth"] for one in worlds]),
        "violations": len(wrong), "closed": sum(one["closed"] for one in worlds), "worlds": len(worlds),
        "transitions": sum(one["steps"] for one in worlds), "back_steps": max([0] + [one.get("bound_steps", 0) for one in worlds]),
        "mutations": {rule: caught[rule] for rule in sorted(caught, key=lambda r: [int(n) for n in r.split(".")])},
    }  # fmt: skip
