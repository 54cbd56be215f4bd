"""Many drawn sites over all cores, with the time left; and the part `drawn` of `python -m tests.proof`.

`run(deep)`: SITES sites of SECONDS of attacks each from seed 1 on, in quarters that are evidence each by itself, or the twenty of CI.
Each life says how it is played again.
"""

import sys
import time

from tests.drawn.life import again, live
from tests.proof.kept import Kept

SITES, SECONDS, QUARTERS = 1_000, 1_800, (1, 2, 3, 4)
CI_SITES, CI_SECONDS = 20, 100
LIVES_PER_PROCESS = 20  # what a rig leaves behind goes with its process


def lives(first, sites, seconds, jobs=None, kept=None):
    """Each life as it ends. kept: a Kept."""
    began_s = time.monotonic()
    print("drawn: seeds %d to %d; one alone: %s" % (first, first + sites - 1, again(first, seconds)), file=sys.stderr, flush=True)
    orders = [(seed, seconds) for seed in range(first, first + sites)]
    kept = kept or Kept()
    known = len(kept.found("drawn").keys() & {repr(order) for order in orders})
    for done, life in enumerate(kept.mapped("drawn", live, orders, jobs, lives=LIVES_PER_PROCESS), 1):
        left_s = (time.monotonic() - began_s) * (sites - done) / max(1, done - known)
        said = (done, sites, life["seed"], life["evses"], life["problems"] or "well", left_s / 60)
        print("drawn: %d of %d, seed %d, %d EVSEs: %s; %.0f min left" % said, file=sys.stderr, flush=True)
        if life["problems"]:
            print("drawn: again: " + life["again"], file=sys.stderr, flush=True)
        yield life


def summary(found):
    """Sums over lives; `failures`: lives in which something was found. `person`: what `why` asked a person for, how often; `charged`:
    EVSEs that did after the last fault; `not_asked`: why others were not missed, and how many; `left_out`: how many in all."""
    person, reasons = {}, {}
    for life in found:
        for verb, count in life["person"].items():
            person[verb] = person.get(verb, 0) + count
        for reason in life["not_asked"].values():
            reasons[reason] = reasons.get(reason, 0) + 1
    wrong = sorted([life for life in found if life["problems"]], key=lambda life: life["seed"])
    return {"sites": len(found), "seed": min([life["seed"] for life in found], default=0), "evses": sum(life["evses"] for life in found),
            "attacks": sum(life["attacks"] for life in found), "hours": round(sum(life["played_s"] for life in found) / 3600, 1),
            "excused_s": round(sum(life["over_s"] for life in found), 1), "person": person, "left_to_a_person": sum(person.values()),
            "charged": sum(life["charged"] for life in found), "not_asked": reasons, "left_out": sum(reasons.values()),
            "cpu_s": round(sum(life["cpu_s"] for life in found)), "failures": len(wrong),
            "problems": [{key: life[key] for key in ("seed", "again", "problems")} for life in wrong]}  # fmt: skip


def run(deep=True, kept=None, quarters=QUARTERS):
    """The part of `python -m tests.proof`: the summary of each quarter, {"1": summary}, and what was found in all; at CI depth one summary."""
    if not deep:
        return summary(list(lives(1, CI_SITES, CI_SECONDS, kept=kept)))
    found = {str(each): summary(list(lives(*quarter(each), SECONDS, kept=kept))) for each in quarters}
    return {"quarters": found, "sites": sum(each["sites"] for each in found.values()), "failures": sum(each["failures"] for each in found.values())}


def quarter(each):
    """(its first seed, how many sites) of a quarter, 1 to 4."""
    sites = SITES // len(QUARTERS)
    return 1 + (each - 1) * sites, sites
