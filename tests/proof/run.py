"""All worlds, all rules taken away, and the further parts, in as many processes as there are cores.

CI depth searches each world up to CI_STATES and stops there, closed or not. The deep run closes them. Their wide forms,
with more moves, are searched up to WIDE_STATES; where they are not closed by then, random walks go on for WIDE_WALKED
transitions; and so in `everything`.

A further part is a line in FURTHER: its name, and the module whose `run(deep) -> dict` gives what stands under that
name in the last line. Of what it says, WRONG counts as failure where it is not 0.
"""

import importlib
import sys
import time

from tests.proof.kept import Kept
from tests.proof.mutants import DEFECTS, MUTANTS, build
from tests.proof.search import Search, told
from tests.proof.walks import Walks
from tests.proof.worlds import UNBOUNDED, WORLDS

FURTHER = {
    "policy": "tests.proof.anypolicy",
    "oracle": "tests.proof.oracle",
    "trees": "tests.proof.trees",
    "drawn": "tests.drawn.run",
    "soak": "tests.proof.soak",
    "same": "tests.proof.soak_same",
    "replay": "tests.proof.replay",
    "fuzz": "tests.fuzz.run",
    "tests": "tests.proof.deep_tests",
}
WRONG = ("violations", "disagreements", "failures")
SEARCHES = ("worlds", "rules")
PARTS = SEARCHES + tuple(FURTHER)
QUARTERED = ("drawn", "soak")  # parts of which each quarter is evidence by itself
PIECES = ("policy", "drawn", "soak")  # parts that keep each of their results, not only the whole

CI_STATES = 20_000
DEEP_STATES = 12_000_000
WIDE_STATES, WIDE_WALKED = 60_000, 100_000
EVERYTHING_STATES, EVERYTHING_WALKED = 200_000, 600_000
MUTANT_STATES = 60_000
LARGE = ("metered", "death", "below", "gateway")
RULES = [str(number) for number in range(1, 16)]


def search_world(name, wide=False, states_max=CI_STATES, tell=False):
    """The result of one world as a dict, its trace as lines."""
    world = WORLDS[name](deep=wide)
    if states_max <= CI_STATES and name in UNBOUNDED:
        result = Walks(world).run(states_max, tell=tell, searched=states_max // 2)
    elif wide or name in UNBOUNDED:
        result = Walks(world).run(tell=tell, searched=states_max, walked=EVERYTHING_WALKED if name in UNBOUNDED else WIDE_WALKED)
    else:
        result = Search(world, liveness=True).run(states_max, tell=tell)
    if wide:
        result.name += ", wide"
    return shown(result, world, name)


def search_mutant(name):
    world = build(name)
    result = Search(world).run(MUTANT_STATES)
    found = shown(result, world, name)
    found["world"], _, found["taken_away"] = (MUTANTS if name in MUTANTS else DEFECTS)[name]
    turns = world.turn_count() + 1
    found["steps_of"] = [result.trace[at : at + turns] for at in range(0, len(result.trace), turns)]
    return found


def shown(result, world, key):
    found = result.as_dict()
    found["key"] = key
    found["step_ms"] = world.step_ms
    found["about"] = (WORLDS[key].__doc__ or "").strip() if key in WORLDS else ""
    if result.trace:
        found["trace"] = told(result.trace, world.turn_count() + 1)
    if result.stranded:
        found["stranded"] = {"evse": result.stranded["evse"], "trace": told(result.stranded["trace"], world.turn_count() + 1)}
    return found


def job(task):
    kind, name, wide, states_max = task
    if kind == "mutant":
        return kind, search_mutant(name)
    return "wide" if wide else kind, search_world(name, wide, states_max, tell=True)


def tasks_of(deep, worlds, mutants, states_max):
    """The largest first, so that none is left alone at the end."""
    bounded = sorted([name for name in worlds if name not in UNBOUNDED], key=lambda name: name not in LARGE)
    tasks = [("world", name, False, states_max or EVERYTHING_STATES) for name in worlds if name in UNBOUNDED and deep]
    tasks += [("world", name, False, states_max or (DEEP_STATES if deep else CI_STATES)) for name in bounded]
    if deep:
        tasks += [("world", name, True, states_max or WIDE_STATES) for name in bounded]
    else:
        tasks += [("world", name, False, states_max or CI_STATES) for name in worlds if name in UNBOUNDED]
    return tasks + [("mutant", name, False, 0) for name in mutants]


def searches(deep=True, worlds=None, mutants=None, states_max=None, processes=None, kept=None):
    """Results of all searches as they come: ("world" | "wide" | "mutant", dict). kept: a Kept."""
    tasks = tasks_of(deep, WORLDS if worlds is None else worlds, [*MUTANTS, *DEFECTS] if mutants is None else mutants, states_max)
    rules = [task for task in tasks if task[0] == "mutant"]
    done, kept = 0, kept or Kept()
    for figure, some in (("worlds", [task for task in tasks if task not in rules]), ("rules", rules)):
        for one in kept.mapped(figure, job, some, processes):
            done += 1
            print("proof: %d of %d searches" % (done, len(tasks)), file=sys.stderr, flush=True)
            yield tuple(one)


def part(name, deep, kept=None, **some):
    """What a further part has to say, and how long it took. One that cannot be run is a failure, and no end of the others.
    some: what the part's `run` takes to do less than all of it."""
    began = time.monotonic()
    kept = kept or Kept()
    known = None if some else kept.found(name).get("whole")
    if known:
        print("proof: %s is known of this code" % name, file=sys.stderr, flush=True)
        return known
    print("proof: %s …" % name, file=sys.stderr, flush=True)
    try:
        module = importlib.import_module(FURTHER[name])
        answer = module.run(deep, **some, **({"kept": kept} if name in PIECES else {}))
        if not some:
            kept.put(name, "whole", {**answer, "seconds": round(time.monotonic() - began, 1)})
    except Exception as problem:
        answer = {"failures": 1, "problems": ["%s: %s" % (type(problem).__name__, problem)]}
        print("proof: %s: %s" % (name, answer["problems"][0]), file=sys.stderr, flush=True)
    answer["seconds"] = round(time.monotonic() - began, 1)
    return answer


def rule_of(mutant):
    return mutant.split(" ")[0]


def caught(mutants):
    """{rule: is each change that takes it, or a part of it, away found?}"""
    found = {}
    for one in mutants:
        rule = rule_of(one["key"])
        found[rule] = found.get(rule, True) and "violation" in one
    return {rule: found[rule] for rule in sorted(found, key=lambda r: [int(n) for n in r.split(".")])}


def summary(found):
    """The object of the last line: sums over worlds, and which rule is missed when it is taken away."""
    worlds = [one for kind, one in found if kind in ("world", "wide")]
    small = [one for kind, one in found if kind == "world" and one["key"] not in UNBOUNDED]
    rules = caught([one for kind, one in found if kind == "mutant" and one["key"] in MUTANTS])
    wrong = [one for one in worlds if "violation" in one or "stranded" in one]
    return {
        "states": sum(one["states"] for one in worlds), "depth": max([0] + [one["depth"] for one in worlds]),
        "violations": len(wrong), "closed": sum(one["closed"] for one in small), "worlds": len(small),
        "transitions": sum(one["steps"] for one in worlds), "back_steps": max([0] + [one.get("bound_steps", 0) for one in worlds]),
        "mutations": {rule: found for rule, found in rules.items() if rule in RULES},
        "other_load": {rule: found for rule, found in rules.items() if rule not in RULES},
        "mends": {one["key"]: "violation" in one for kind, one in found if kind == "mutant" and one["key"] in DEFECTS},
    }  # fmt: skip


def sound(result):
    """Nothing above a rating, nobody stranded, no rule that nothing misses; and no further part found anything."""
    well = not result["violations"] and all([*result["mutations"].values(), *result["other_load"].values(), *result["mends"].values()])
    return well and not any(result[name].get(word) for name in FURTHER if name in result for word in WRONG)
