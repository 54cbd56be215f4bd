"""The tables of docs/safety-case.md: `python -m tests.proof.case [FILE]` writes them anew.

FILE is what `python -m tests.proof --out FILE` wrote; of it every part that ran whole goes into the document. Without one,
the rules are taken away here and now, and only their table is written. tests/proof/test_case.py plays each trace of the
document again: with the rule taken away it overloads a circuit, with the rule it does not.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from tests.proof.model import STEP_MS
from tests.proof.mutants import DEFECTS, MUTANTS, build
from tests.proof.run import searches, sound, summary
from tests.proof.walks import TURNS
from tests.proof.worlds import UNBOUNDED, WORLDS

PATH = Path(__file__).resolve().parents[2] / "docs" / "safety-case.md"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `(\w+)` \| `([^`]+)` \|$", re.M)


def put(text, name, lines):
    """The document with these lines between the marks of one table."""
    begin, end = "<!-- %s -->\n" % name, "<!-- /%s -->" % name
    head, _, rest = text.partition(begin)
    if not rest:
        raise ValueError("%s has no mark for %s" % (PATH.name, name))
    return head + begin + "\n".join(lines) + "\n" + end + rest.partition(end)[2]


def steps_text(steps):
    return " → ".join(["; ".join(step) for step in steps])


def steps_of(text):
    return [step.split("; ") for step in text.split(" → ")]


def rules_lines(found, names):
    ours = {one["key"]: one for kind, one in found if kind == "mutant"}
    row = "| {key} | {taken_away} | `{world}` | `{trace}` |"
    lines = ["| rule | taken away | world | shortest trace to an overload |", "| --- | --- | --- | --- |"]
    return lines + [row.format(**{**ours[name], "trace": steps_text(ours[name]["steps_of"])}) for name in names]


def worlds_lines(found):
    small = {one["key"]: one for kind, one in found if kind == "world"}
    wide = {one["key"]: one for kind, one in found if kind == "wide"}
    lines = ["| world | what attacks | states | depth | | longest way back | wide form: states | depth |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name in WORLDS:
        one, more = small[name], wide.get(name)
        how = "closed" if one["closed"] else "walked" if name in UNBOUNDED else "open"
        back = "%d s" % (STEP_MS // 1000 * one["bound_steps"]) if one.get("bound_steps") else "-"
        far = "closed" if more and more["closed"] else "walked" if more and more["depth"] >= TURNS else "searched"
        further = "%d, %s | %d" % (more["states"], far, more["depth"]) if more else "- | -"
        lines.append("| `%s` | %s | %d | %d | %s | %s | %s |" % (name, one["about"].rstrip("."), one["states"], one["depth"], how, back, further))
    return lines


FIGURES = {
    "oracle": "- Oracle: {instances:,} random instances of sharing, {disagreements} disagreements; {seconds:,.0f} s.",
    "trees": "- Random trees: {sites} sites of up to {largest} EVSEs, {moves:,} attacks, {hours} hours, {violations} violations; {seconds:,.0f} s.",
    "soak": "- Soak: {days} site-days, {sessions:,} sessions, {sessions_served:.1%} served, {violations} violations; {seconds:,.0f} s.",
    "fuzz": "- Bent frames: {frames:,} on CPython and {micropython[frames]:,} on MicroPython, {exceptions} exceptions, "
            "{failures} failures; {seconds:,.0f} s.",
}
FOUND = ("- Worlds: {states:,} distinct states, {transitions:,} transitions, deepest {depth} turns, {closed} of {worlds} small worlds closed, "
         "{violations} violations; {search_seconds:,.0f} s.")  # fmt: skip


def figures_lines(result):
    """One line for each part that ran."""
    return [FOUND.format(**result)] + [text.format(**result[name]) for name, text in FIGURES.items() if name in result]


def written(text, found, result):
    """The document with the tables of what ran whole."""
    keys = {one["key"] for kind, one in found if kind == "mutant"}
    if keys >= {*MUTANTS, *DEFECTS}:
        text = put(text, "rules", rules_lines(found, list(MUTANTS)))
        text = put(text, "mends", rules_lines(found, list(DEFECTS)))
    if {one["key"] for kind, one in found if kind == "wide"} >= set(WORLDS) - set(UNBOUNDED):
        text = put(text, "worlds", worlds_lines(found))
    if result["worlds"] and all(name in result for name in ("oracle", "trees")):
        text = put(text, "figures", figures_lines(result))
    return text


def rows(text):
    """[(rule, world, steps)] of all traces in the document."""
    return [(name, world, steps_of(trace)) for name, _, world, trace in ROW.findall(text)]


def play(world, steps):
    """The first overload when these choices are made, or None; None, too, where one of them cannot be made."""
    for step in steps:
        for label in step:
            try:
                over = world.apply(label)
            except IndexError:  # no such frame is on its way
                return None
            if over:
                return over
    return None


def with_rule(name):
    """The world of a mutant, with the rule in force."""
    known = MUTANTS if name in MUTANTS else DEFECTS
    return WORLDS[known[name][0]]()


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.proof.case", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", help="what `python -m tests.proof --out FILE` wrote")
    options = parser.parse_args()
    if options.file:
        kept = json.loads(Path(options.file).read_text())
        found, result = kept["searches"], kept["result"]
    else:
        found = list(searches(deep=False, worlds=[]))
        result = summary(found)
    if not sound(result):
        print("case: this run found something; the document stays as it is", file=sys.stderr)
        return 1
    PATH.write_text(written(PATH.read_text(), found, result))
    return 0


__all__ = ["build", "play", "put", "rows", "with_rule", "written"]

if __name__ == "__main__":
    sys.exit(main())
