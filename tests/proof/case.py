"""The tables of docs/safety-case.md: `python -m tests.proof.case [FILE] [--world NAME …] [--rule NAME …] [--part NAME …]`.

FILE is what `python -m tests.proof --out FILE` wrote; every row that ran there at full depth goes into the document. Without
one, the named worlds, rules and parts run here and now, and only their rows are written; without any name all rules. The
document is the one place in which a figure stands: the sums over worlds are taken from its table, not from a run. Each row
carries a digest of the files that it speaks of, as they were when its run began (tools/digests.py); `python -m tools.figures`
names the rows whose digest is another today.

tests/proof/test_case.py plays each trace of the document again: with the rule taken away it overloads a circuit, with the
rule it does not.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from tests.drawn import run as drawn
from tests.proof import history, soak
from tests.proof.__main__ import one_of, rules_of
from tests.proof.anypolicy import NAMES as POLICY_NAMES
from tests.proof.kept import FOLDER, Kept
from tests.proof.model import STEP_MS
from tests.proof.mutants import DEFECTS, MUTANTS, build
from tests.proof.run import FURTHER, QUARTERED, part, searches, sound, summary
from tests.proof.walks import TURNS
from tests.proof.worlds import UNBOUNDED, WORLDS
from tools import digests, marked

PATH = Path(__file__).resolve().parents[2] / "docs" / "safety-case.md"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `(\w+)` \| `([^`]+)` \|(?: [0-9a-f-]+ \|)?$", re.M)
RULES_HEAD = ["rule", "taken away", "world", "shortest trace to an overload", "code"]
WORLDS_HEAD = ["world", "what attacks", "states", "depth", "", "longest way back", "wide form: states", "depth", "code"]
POLICY_HEAD = ["world", "states", "depth", "", "code"]
NOT_KNOWN = "-"


def marks(name):
    return "<!-- %s -->\n" % name, "<!-- /%s -->" % name


def put(text, name, lines):
    """The document with these lines between the marks of one table."""
    return marked.put(text, *marks(name), lines)


def inside(text, name):
    return marked.between(text, *marks(name))


def merged(text, name, head, measured, order):
    """The document with these rows of one table written anew and all others left as they are; what is in no order goes."""
    if not measured:
        return text
    kept = {**marked.rows(inside(text, name), len(head)), **measured}
    return put(text, name, [marked.row(head), marked.row(["---"] * len(head))] + [marked.row(kept[key]) for key in order if key in kept])


def steps_text(steps):
    return " → ".join(["; ".join(step) for step in steps])


def steps_of(text):
    return [step.split("; ") for step in text.split(" → ")]


def rules_rows(found, code):
    """{name: cells} of the rules that were taken away, each with the trace that was found."""
    ours = [one for kind, one in found if kind == "mutant"]
    return {one["key"]: [one["key"], one["taken_away"], "`%s`" % one["world"], "`%s`" % steps_text(one["steps_of"]), code] for one in ours}


def worlds_rows(found, code):
    """{name: cells} of the worlds that were searched whole, in both forms where they have two."""
    small = {one["key"]: one for kind, one in found if kind == "world"}
    wide = {one["key"]: one for kind, one in found if kind == "wide"}
    lines = {}
    for name, one in small.items():
        more = wide.get(name)
        if more is None and name not in UNBOUNDED:
            continue
        how = "closed" if one["closed"] else "walked" if name in UNBOUNDED else "open"
        back = "%g s" % (one.get("step_ms", STEP_MS) * one["bound_steps"] / 1000) if one.get("bound_steps") else "-"
        far = "closed" if more and more["closed"] else "walked" if more and more["depth"] >= TURNS else "searched"
        further = ["%d, %s" % (more["states"], far), str(more["depth"])] if more else ["-", "-"]
        lines[name] = ["`%s`" % name, one["about"].rstrip("."), str(one["states"]), str(one["depth"]), how, back, *further, code]
    return lines


def quarters(name, module):
    """{"drawn 2": "251 to 500"}: the seeds of each quarter of a part."""
    return {"%s %d" % (name, each): "%d to %d" % (module.quarter(each)[0], sum(module.quarter(each)) - 1) for each in module.QUARTERS}


FIGURES = {
    "policy": "- Any policy: {states:,} distinct states of all worlds, {closed} closed, {violations} violations; {seconds:,.0f} s (code {code}).",
    "oracle": "- Oracle: {instances:,} random instances of sharing, {disagreements} disagreements; {seconds:,.0f} s (code {code}).",
    "trees": "- Random trees: {sites} sites of up to {largest} EVSEs, {moves:,} attacks, {hours} hours, {violations} violations; "
             "{seconds:,.0f} s (code {code}).",
    **{name: "- Drawn sites " + seeds + ": {sites:,} sites with {evses:,} EVSEs, {attacks:,} attacks, {hours:,} hours, {excused_s:,} s above a "
             "rating within an excuse, {left_to_a_person} times a person was asked, {left_out} EVSEs not asked whether they charge at last, "
             "{failures} failures; {cpu_s:,} s of a core (code {code})." for name, seeds in quarters("drawn", drawn).items()},
    **{name: "- Soak of seeds " + seeds + ": {days} site-days, {source[0]}, {faults:,} faults, {sessions:,} sessions, {sessions_served:.1%} "
             "served, {violations} violations; {cpu_s:,} s, seed after seed (code {code})." for name, seeds in quarters("soak", soak).items()},
    "same": "- With and without bytes: {hours} h of {evses} EVSEs twice, {source}, {energy_wh[0]:,.0f} and {energy_wh[1]:,.0f} Wh, "
            "{failures} failures; {seconds:,.0f} s (code {code}).",
    "replay": "- Replayed day: {source}, {served} of {asked} sessions served, {delivered_wh:,.0f} of {asked_wh:,.0f} Wh, {violations} violations, "
              "{failures} failures; {seconds:,.0f} s (code {code}).",
    "fuzz": "- Bent frames: {frames:,} on CPython and {micropython[frames]:,} on MicroPython, {exceptions} exceptions, "
            "{failures} failures; {seconds:,.0f} s (code {code}).",
    "tests": "- Deep tests: {tests:,}, {failures} failures; {seconds:,.0f} s (code {code}).",
    "mutants": "- Mutants: {killed:,} of {judged:,} non-equivalent killed by behaviour, sample of {sample:,} among {all:,}, "
               "seed {seed} (code {code}).",
}  # fmt: skip
TOTAL = ("- Worlds: {states:,} distinct states, deepest {depth} turns, {closed} of {worlds} small worlds closed, 0 violations "
         "(the sums of the table below).")  # fmt: skip


def policy_rows(result, code):
    """{name: cells} of the worlds behind which any policy stood."""
    rows = {}
    for one in result["worlds"]:
        how = "overload" if "violation" in one else "closed" if one["closed"] else "walked"
        rows[one["key"]] = ["`%s`" % one["key"], str(one["states"]), str(one["depth"]), how, code]
    return rows


def label(line):
    return line.partition(":")[0]


def total_line(text):
    """The sums over all worlds, from the table of the document itself."""
    table = marked.rows(inside(text, "worlds"), len(WORLDS_HEAD))
    states = sum(int(row[at].split(",")[0]) for row in table.values() for at in (2, 6) if row[at] != "-")
    depth = max([0] + [int(row[at]) for row in table.values() for at in (3, 7) if row[at] != "-"])
    small = [row for name, row in table.items() if name not in UNBOUNDED]
    return TOTAL.format(states=states, depth=depth, closed=sum(row[4] == "closed" for row in small), worlds=len(small))


def parts_of(result):
    """{name in FIGURES: its values} of what ran; each quarter of the drawn sites and of the soak is a part of its own."""
    parts = {"%s %s" % (name, each): values for name in QUARTERED for each, values in result.get(name, {}).get("quarters", {}).items()}
    return {name: values for name, values in {**result, **parts}.items() if name in FIGURES}


def figure(name):
    """The name of its sources (tools/digests.py): "drawn 2" → "drawn"."""
    return name.partition(" ")[0]


def with_figures(text, result, codes):
    """The document with a line for each part that ran; those of the others stay."""
    lines = {label(line): line for line in inside(text, "figures").splitlines() if line}
    for name, values in parts_of(result).items():
        line = FIGURES[name].format(code=codes.get(figure(name), NOT_KNOWN), **values)
        lines[label(line)] = line
    lines[label(TOTAL)] = total_line(text)
    order = [label(TOTAL)] + [label(line) for line in FIGURES.values()]
    return put(text, "figures", [lines[name] for name in order if name in lines])


def written(text, found, result, codes, deep=True):
    """The document with every row that ran whole; what takes a rule away runs whole at any depth."""
    taken = rules_rows(found, codes.get("rules", NOT_KNOWN))
    text = merged(text, "rules", RULES_HEAD, {name: row for name, row in taken.items() if name in MUTANTS}, MUTANTS)
    text = merged(text, "mends", RULES_HEAD, {name: row for name, row in taken.items() if name in DEFECTS}, DEFECTS)
    text = put(text, "found", [marked.row(row) for row in (history.HEAD, ["---"] * len(history.HEAD), *history.rows())])
    if not deep:
        return text
    if result.get("policy", {}).get("worlds"):
        text = merged(text, "policy", POLICY_HEAD, policy_rows(result["policy"], codes.get("policy", NOT_KNOWN)), WORLDS)
    measured = worlds_rows(found, codes.get("worlds", NOT_KNOWN))
    text = merged(text, "worlds", WORLDS_HEAD, measured, WORLDS)
    return with_figures(text, result, codes) if measured or parts_of(result) else text


def recorded(text):
    """[(row, its sources' name in tools/digests.py, the digest that it carries)] of all figures of the document."""
    found = []
    for name, head in (("rules", RULES_HEAD), ("mends", RULES_HEAD), ("worlds", WORLDS_HEAD), ("policy", POLICY_HEAD)):
        sources = name if name in ("worlds", "policy") else "rules"
        found += [("%s %s" % (name, key), sources, row[-1]) for key, row in marked.rows(inside(text, name), len(head)).items()]
    labels = {label(line): name for name, line in FIGURES.items()}
    for line in inside(text, "figures").splitlines():
        if label(line) in labels:
            carried = re.search(r"\(code ([0-9a-f-]+)\)\.$", line)
            found.append(("figures %s" % labels[label(line)], figure(labels[label(line)]), carried[1] if carried else NOT_KNOWN))
    return found


def wanted():
    """The rows of `recorded` that whole runs write: of each world, rule, defect, part and of the mutants."""
    tables = {"rules": MUTANTS, "mends": DEFECTS, "worlds": WORLDS, "policy": POLICY_NAMES, "figures": FIGURES}
    return ["%s %s" % (table, name) for table, names in tables.items() for name in names]


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


def run(options):
    """What is asked for, run here and now: (found, result, codes, whether at full depth)."""
    nothing = not (options.world or options.rule or options.part)
    codes = digests.codes(["rules", "worlds", *options.part])
    earlier = Kept(options.kept)
    found = list(searches(True, options.world, [*MUTANTS, *DEFECTS] if nothing else options.rule, kept=earlier))
    result = summary(found)
    for name in options.part:
        result[name] = part(name, True, earlier)
    return found, result, codes, True


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.proof.case", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", help="what `python -m tests.proof --out FILE` wrote")
    parser.add_argument("--world", action="append", default=[], type=one_of(list(WORLDS)), help="search it and write its row (may be repeated)")
    parser.add_argument("--rule", action="extend", default=[], type=rules_of, help="take this rule away and write its rows (may be repeated)")
    parser.add_argument("--part", action="append", default=[], type=one_of(list(FURTHER)), help="run this part and write its line (may be repeated)")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", default=FOLDER, help="what earlier runs found is there (left out: .cache/proof)")
    options = parser.parse_args()
    if options.file and (options.world or options.rule or options.part):
        parser.error("FILE and --world, --rule, --part exclude each other")
    if options.file:
        kept = json.loads(Path(options.file).read_text())
        found, result, codes, deep = kept["searches"], kept["result"], kept.get("codes", {}), kept.get("deep", False)
    else:
        found, result, codes, deep = run(options)
    if not sound(result):
        print("case: this run found something; the document stays as it is", file=sys.stderr)
        return 1
    PATH.write_text(written(PATH.read_text(), found, result, codes, deep))
    return 0


__all__ = ["build", "play", "put", "recorded", "rows", "total_line", "wanted", "with_rule", "written"]

if __name__ == "__main__":
    sys.exit(main())
