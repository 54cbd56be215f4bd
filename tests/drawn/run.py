"""Many drawn sites over all cores, with the time left; and the part `drawn` of `python -m tests.proof`.

`run(deep)`: SITES sites of SECONDS of attacks each from seed 1 on, or the twenty of CI. Each life says how it is played again.
"""

import multiprocessing
import sys
import time

from tests.drawn.life import again, live

SITES, SECONDS = 1_000, 1_800
CI_SITES, CI_SECONDS = 20, 100
LIVES_PER_PROCESS = 20  # what a rig leaves behind goes with its process


def lives(first, sites, seconds, jobs=None):
    """Each life as it ends."""
    began_s = time.monotonic()
    print("drawn: seeds %d to %d; one alone: %s" % (first, first + sites - 1, again(first, seconds)), file=sys.stderr, flush=True)
    with multiprocessing.Pool(jobs, maxtasksperchild=LIVES_PER_PROCESS) as pool:
        orders = [(seed, seconds) for seed in range(first, first + sites)]
        for done, life in enumerate(pool.imap_unordered(live, orders), 1):
            left_s = (time.monotonic() - began_s) * (sites - done) / done
            said = (done, sites, life["seed"], life["evses"], life["problems"] or "well", left_s / 60)
            print("drawn: %d of %d, seed %d, %d EVSEs: %s; %.0f min left" % said, file=sys.stderr, flush=True)
            if life["problems"]:
                print("drawn: again: " + life["again"], file=sys.stderr, flush=True)
            yield life


def summary(found):
    """Sums over lives; `failures`: lives in which something was found. `person`: what `why` asked a person for, how often."""
    person = {}
    for life in found:
        for verb, count in life["person"].items():
            person[verb] = person.get(verb, 0) + count
    wrong = sorted([life for life in found if life["problems"]], key=lambda life: life["seed"])
    return {"sites": len(found), "seed": min([life["seed"] for life in found], default=0), "evses": sum(life["evses"] for life in found),
            "attacks": sum(life["attacks"] for life in found), "hours": round(sum(life["played_s"] for life in found) / 3600, 1),
            "excused_s": round(sum(life["over_s"] for life in found), 1), "person": person, "left_to_a_person": sum(person.values()),
            "not_asked": sum(not life["measured"] for life in found), "failures": len(wrong),
            "problems": [{key: life[key] for key in ("seed", "again", "problems")} for life in wrong]}  # fmt: skip


def run(deep=True):
    """The part of `python -m tests.proof`."""
    return summary(list(lives(1, *((SITES, SECONDS) if deep else (CI_SITES, CI_SECONDS)))))
