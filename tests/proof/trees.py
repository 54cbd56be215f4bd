"""Random trees of 2 to 64 EVSEs under every fault of the bench, as a part of the proof (safety.md 8.3 and 8.5).

`python -m tests.proof.trees --shards 40 --lives 10 --moves 40` prints one JSON object. Each shard is one run of the
state machine of tests/host/stateful with a seed of its own: the whole firmware's cores on the bench's plant and lines,
moves chosen by hypothesis, and at the end of each life all is healed and every EVSE must charge again.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

STATEFUL = Path(__file__).resolve().parents[1] / "host" / "stateful"
SHARDS, LIVES, MOVES = 40, 10, 40
SHORT_SHARDS = 2


def shard(task):
    """(seed, lives, moves) -> what was lived: sites, the largest, simulated hours, moves, and what went wrong."""
    number, lives, moves = task
    if str(STATEFUL) not in sys.path:
        sys.path.insert(0, str(STATEFUL))
    from adversary import COUNTS_DEEP, Adversary

    found = {"seed": number, "sites": 0, "largest": 0, "hours": 0.0, "moves": 0, "kinds": {}}

    class Played(Adversary):
        counts = COUNTS_DEEP

        def tell(self, site):
            found["sites"] += 1
            found["largest"] = max(found["largest"], len(site.facts["evses"]))
            found["hours"] += (site.bench.time.now_ms - site.bench.start_ms) / 3_600_000
            found["moves"] += len(site.done)
            for move in site.done:
                found["kinds"][move[1]] = found["kinds"].get(move[1], 0) + 1

    chosen = settings(max_examples=lives, stateful_step_count=moves, deadline=None, database=None, phases=(Phase.generate,),
                      suppress_health_check=list(HealthCheck), print_blob=False)  # fmt: skip
    began = time.process_time()
    try:
        run_state_machine_as_test(seed(number)(Played), settings=chosen)
    except Exception as error:  # whatever it is, it is a finding
        found["wrong"] = "%s: %s" % (type(error).__name__, str(error)[:4000])
    found["cpu_s"] = round(time.process_time() - began, 1)
    told = "trees: seed %(seed)d: %(sites)d sites up to %(largest)d EVSEs, %(cpu_s).0f s" % found
    print(told + (", WRONG: " + found["wrong"] if "wrong" in found else ""), file=sys.stderr, flush=True)
    return found


def play(shards, lives=LIVES, moves=MOVES, first=1, processes=None):
    """The object that `python -m tests.proof` puts under "trees"."""
    tasks = [(number, lives, moves) for number in range(first, first + shards)]
    with multiprocessing.get_context("spawn").Pool(min(processes or os.cpu_count() or 1, shards), maxtasksperchild=1) as pool:
        results = pool.map(shard, tasks, chunksize=1)
    kinds = {}
    for one in results:
        for kind, count in one["kinds"].items():
            kinds[kind] = kinds.get(kind, 0) + count
    wrong = [{"seed": one["seed"], "wrong": one["wrong"]} for one in results if "wrong" in one]
    return {"sites": sum(one["sites"] for one in results), "largest": max(one["largest"] for one in results),
            "hours": round(sum(one["hours"] for one in results), 1), "moves": sum(one["moves"] for one in results),
            "violations": len(wrong), "first": wrong[:3], "kinds": kinds}  # fmt: skip


def run(deep=True, processes=None):
    """The part of `python -m tests.proof`."""
    return play(SHARDS if deep else SHORT_SHARDS, processes=processes)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.proof.trees", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=SHARDS)
    parser.add_argument("--lives", type=int, default=LIVES, help="sites in each")
    parser.add_argument("--moves", type=int, default=MOVES, help="attacks on each")
    parser.add_argument("--seed", type=int, default=1, help="of the first shard")
    parser.add_argument("--processes", type=int)
    options = parser.parse_args()
    result = play(options.shards, options.lives, options.moves, options.seed, options.processes)
    print(json.dumps(result))
    return 1 if result["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
