"""`python -m tests.proof [--deep] [--json] [--world NAME …] [--rule NAME …]`: the exhaustive proof of the safety core.

One line for each world: states, depth, transitions, whether it is closed, the longest way back to charging; one for
each rule taken away, with the shortest trace that then overloads a circuit. The last line is one JSON object.
Exit code 1: an overload, a stranded car, or a rule that nothing misses.
"""

import argparse
import json
import sys
import time

from tests.proof.run import part, searches, summary

WORLD = "{name:32} {states:>8} states  depth {depth:>3}  {steps:>8} transitions  {closed:>6}  back in {back:>2} steps  {seconds:>6} s"


def line_of(kind, one):
    if kind == "mutant":
        verdict = "missed" if "violation" in one else "NOT MISSED"
        lines = ["without {key:16} {verdict:10} {states:>7} states  {world:16} {taken_away}".format(verdict=verdict, **one)]
        return "\n".join(lines + ["      " + step for step in one.get("trace", [])])
    lines = [WORLD.format(**{"back": one.get("bound_steps", "-"), **one, "closed": "closed" if one["closed"] else "open"})]
    if "violation" in one:
        lines += ["  OVERLOAD " + one["violation"]] + ["      " + step for step in one["trace"]]
    if "stranded" in one:
        lines += ["  STRANDED evse %d after" % (one["stranded"]["evse"] + 1)] + ["      " + step for step in one["stranded"]["trace"]]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deep", action="store_true", help="every world until it is closed, and its wide form; soak and oracle whole")
    parser.add_argument("--json", action="store_true", help="only the last line")
    parser.add_argument("--world", action="append", help="only this world (may be repeated); no rules, soak or oracle")
    parser.add_argument("--rule", action="append", help="only this rule taken away (may be repeated)")
    parser.add_argument("--searches", action="store_true", help="without soak and oracle")
    parser.add_argument("--states", type=int, help="stop each world after so many states")
    parser.add_argument("--processes", type=int)
    options = parser.parse_args()
    chosen = options.world or options.rule
    began, found = time.monotonic(), []
    worlds, rules = (options.world or [], options.rule or []) if chosen else (None, None)
    for kind, one in searches(options.deep, worlds, rules, options.states, options.processes):
        found.append((kind, one))
        if not options.json:
            print(line_of(kind, one), flush=True)
    result = summary(found)
    result["seconds"] = round(time.monotonic() - began, 1)
    for name in () if chosen or options.searches else ("soak", "oracle"):
        answer = part(name, options.deep)
        if answer is not None:
            result[name] = answer
    print(json.dumps(result))
    return 1 if result["violations"] or not all(result["mutations"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
