"""`python -m tests.proof [--quick] [--parts A,B] [--world NAME …] [--rule NAME …] [--quarter N …] [--anew] [--kept FOLDER]`: the proof of
the safety core.

One line for each world: states, depth, transitions, whether it is closed, the longest way back to charging; one for
each rule taken away, with the shortest trace that then overloads a circuit. Then the further parts. The last line is
one JSON object. Progress goes to standard error. What a deep run finds is kept in .cache/proof (--kept: elsewhere): one that was
ended goes on where it was, as long as the code is the same.

Exit codes: 0 nothing was found; 1 an overload, a stranded car, a rule that nothing misses, or a further part that found
something; 2 an option that cannot be meant.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from tests.drawn.run import QUARTERS
from tests.proof.kept import FOLDER, Kept
from tests.proof.mutants import DEFECTS, MUTANTS
from tests.proof.run import PARTS, QUARTERED, SEARCHES, part, rule_of, searches, sound, summary
from tests.proof.worlds import WORLDS
from tools import digests

WORLD = "{name:32} {states:>8} states  depth {depth:>3}  {steps:>8} transitions  {closed:>6}  back in {back:>2} steps  {seconds:>6} s"


def line_of(kind, one):
    if kind == "mutant":
        verdict = "overload" if "violation" in one else "NOT MISSED"
        lines = ["without {key:20} {verdict:10} {states:>7} states  {world:16} {taken_away}".format(verdict=verdict, **one)]
        return "\n".join(lines + ["      " + step for step in one.get("trace", [])])
    lines = [WORLD.format(**{"back": one.get("bound_steps", "-"), **one, "closed": "closed" if one["closed"] else "open"})]
    if "violation" in one:
        lines += ["  OVERLOAD " + one["violation"]] + ["      " + step for step in one["trace"]]
    if "stranded" in one:
        lines += ["  STRANDED evse %d after" % (one["stranded"]["evse"] + 1)] + ["      " + step for step in one["stranded"]["trace"]]
    return "\n".join(lines)


def one_of(names):
    """A check of one word."""

    def check(word):
        if word not in names:
            raise argparse.ArgumentTypeError("%s is not allowed; use %s" % (word or "nothing", ", ".join(names)))
        return word

    return check


def parts_of(text):
    return [one_of(PARTS)(name) for name in text.split(",")]


def rules_of(text):
    """One change by its name, or all of a rule by its number."""
    known = [*MUTANTS, *DEFECTS]
    return [name for name in known if rule_of(name) == text] or [one_of(known)(text)]


def whole(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("%s is not allowed; use a whole number from 1" % text)
    return int(text)


def arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only small worlds, each up to 20,000 states, and the rules")
    parser.add_argument("--parts", type=parts_of, help="only these of %s" % ", ".join(PARTS))
    parser.add_argument("--without", type=parts_of, default=[], help="all but these")
    parser.add_argument("--world", action="append", type=one_of(list(WORLDS)), help="only this world (may be repeated)")
    parser.add_argument("--rule", action="extend", type=rules_of, help="only this rule taken away (may be repeated): 3, or '3 settle'")
    parser.add_argument("--quarter", action="append", type=int, choices=QUARTERS, help="only this quarter of drawn and soak (may be repeated)")
    parser.add_argument("--states", type=whole, help="stop each world after so many states")
    parser.add_argument("--processes", type=whole, help="for the searches; left out: one for each core")
    parser.add_argument("--json", action="store_true", help="only the last line")
    parser.add_argument("--anew", action="store_true", help="leave out what earlier runs found of the same code")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", default=FOLDER, help="what earlier runs found is there (left out: .cache/proof)")
    parser.add_argument("--out", metavar="FILE", help="write all results there, for `python -m tests.proof.case FILE`")
    options = parser.parse_args()
    chosen = bool(options.world or options.rule)
    options.parts = options.parts or (SEARCHES if options.quick or chosen else PARTS)
    options.parts = [name for name in options.parts if name not in options.without]
    if chosen:
        options.world, options.rule = options.world or [], options.rule or []
    elif "worlds" not in options.parts:
        options.world = []
    if not chosen and "rules" not in options.parts:
        options.rule = []
    return options


def about(options):
    """What the kept results are of: a digest of the sources as they are before the run, and whether it is at full depth."""
    names = ["worlds", "rules", *[name for name in options.parts if name not in SEARCHES]]
    return {"codes": digests.codes(names) if options.out else {}, "deep": not options.quick and not options.states}


def keep(file, head, found, result):
    """All that is known by now: what ran for an hour is not lost with what comes after it."""
    if file:
        Path(file).write_text(json.dumps({**head, "searches": found, "result": result}, indent=1) + "\n")


def kept_of(options):
    """What earlier runs found: only of full depth."""
    if options.quick or options.states:
        return Kept()
    kept = Kept(options.kept)
    if options.anew:
        kept.forget(options.parts)
    return kept


def main():
    options = arguments()
    head, began, found = about(options), time.monotonic(), []
    kept = kept_of(options)
    for kind, one in searches(not options.quick, options.world, options.rule, options.states, options.processes, kept):
        found.append((kind, one))
        if not options.json:
            print(line_of(kind, one), flush=True)
    result = summary(found)
    result["search_seconds"] = round(time.monotonic() - began, 1)
    keep(options.out, head, found, result)
    for name in options.parts:
        if name not in SEARCHES:
            some = {"quarters": options.quarter} if name in QUARTERED and options.quarter and not options.quick else {}
            result[name] = part(name, not options.quick, kept, **some)
            keep(options.out, head, found, result)
    result["seconds"] = round(time.monotonic() - began, 1)
    keep(options.out, head, found, result)
    print(json.dumps(result))
    return 0 if sound(result) else 1


if __name__ == "__main__":
    sys.exit(main())
