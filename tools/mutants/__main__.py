"""`make mutants`, or `python -m tools.mutants [--sample N --seed K] [--file FILE …]`: the small defects that no behaviour
test detects.

Each mutant of what must be right (tools/trusted.py: circuit/trusted and files next to it) runs through the tests of its room
that reach its statement, quick ones first, until one fails. tests/circuit/test_vectors.py is omitted: recorded vectors detect a
change, not an error. out/mutants/ keeps killed mutants until their file changes, survivors until a test changes.
tools/mutants/equivalent.txt lists mutants with the same behaviour as the original. --page writes the score into
docs/safety-case.md, with a digest of the code and of its tests.
"""

import argparse
import hashlib
import json
import random
import sys
from pathlib import Path
from typing import Any

from tools import digests
from tools.mutants import suite
from tools.mutants.changes import Mutant, equivalent_names, mutants_of, mutated
from tools.trusted import BESIDE, CIRCUIT, TRUSTED

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
OUT = ROOT / "out" / "mutants"
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
NOT_BEHAVIOUR = ("test_vectors.py",)
TESTS_BESIDE = {"bus": ("bus", "profiles")}
SECONDS_MAX = 120.0  # more than all tests of a room take: none is left out
SEEDS = 100000


class Run:
    """Mutants of some files of a layout, and their results, stored in the folder `kept`."""

    def __init__(self, layout: suite.Layout, folder: Path, seconds_max: float = SECONDS_MAX, processes: int = 2) -> None:
        self.layout, self.folder, self.seconds_max, self.processes = layout, folder, seconds_max, processes
        self.sources: dict[str, Path] = {}
        self.texts: dict[str, str] = {}  # of test files
        self.reach: dict[tuple[str, str], tuple[float, dict[str, list[int]]]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def mutants(self, files: "list[Path]") -> "list[Mutant]":
        found = []
        for file in files:
            name = str(file.relative_to(self.layout.sources))
            self.sources[name] = file
            found += mutants_of(file.read_text(), name)
        return found

    def measure(self, files: "list[Path]", tell: Any) -> None:
        """Which tests reach which statements; measured again when a test file changes, or a source that it reached."""
        files = self._room(files)
        for test_file in sorted({test for file in files for test in self.layout.tests_of(file)}):
            mine = [file for file in files if test_file in self.layout.tests_of(file)]
            sources = {self.layout.module_of(file): digest([file]) for file in mine}
            path = self.folder / ("reach-%s-%s.json" % (test_file.stem, digest(self._context(test_file))))
            kept = json.loads(path.read_text()) if path.exists() else {"sources": {}, "tests": {}}
            met = {module for _, lines in kept["tests"].values() for module in lines}
            if all(module in kept["sources"] and (kept["sources"][module] == sources[module] or module not in met) for module in sources):
                self._known(test_file, kept["tests"])
                continue
            tell("measuring %s" % test_file.name)

            def told(job: Any, result: Any, test_file: Path = test_file, path: Path = path, sources: "dict[str, str]" = sources) -> None:
                if result is None:
                    raise SystemExit(f"mutants: {test_file} fails as it stands")
                path.write_text(json.dumps({"sources": sources, "tests": result}))
                self._known(test_file, result)

            suite.run_all([(self.layout, mine, test_file)], suite.reached, 1, told)

    def _known(self, test_file: Path, result: "dict[str, Any]") -> None:
        for name, (seconds, lines) in result.items():
            self.reach[str(test_file), name] = (seconds, lines)

    def _room(self, files: "list[Path]") -> "list[Path]":
        """All files of the folder: one measurement for all of them."""
        return sorted({path for file in files for path in file.parent.glob("*.py") if path.name != "__init__.py"})

    def _context(self, test_file: Path) -> "list[Path]":
        return [test_file, *sorted(test_file.parent.glob("helper*.py"))]

    def tests(self, mutant: Mutant) -> "tuple[list[tuple[str, str, float]], int]":
        """The tests that reach it, within seconds_max: files that import its module first, quick tests first in each; and how
        many are omitted.
        """
        module = self.layout.module_of(self.sources[mutant.file])
        found = []
        for (path, name), (seconds, lines) in self.reach.items():
            at = lines.get(module, [])
            if mutant.line in at or (mutant.line == 0 and (at or self._imports(path, module))):
                found.append((path, name, seconds))
        found.sort(key=lambda test: (not self._imports(test[0], module), test[2], test[1]))
        taken, spent = [], 0.0
        for test in found:
            if taken and spent + test[2] > self.seconds_max:
                break
            taken.append(test)
            spent += test[2]
        return taken, len(found) - len(taken)

    def _imports(self, test_file: str, module: str) -> bool:
        if test_file not in self.texts:
            self.texts[test_file] = Path(test_file).read_text()
        package, _, name = module.rpartition(".")
        return module + " import" in self.texts[test_file] or "from %s import %s" % (package, name) in self.texts[test_file]

    def play(self, mutants: "list[Mutant]", tell: Any) -> "dict[str, dict[str, Any]]":
        """Name → {"state": killed, survived or unreached, "by", "slow": tests omitted}; each result is stored at once."""
        kept = self._kept()
        results: dict[str, dict[str, Any]] = {}
        jobs = []
        for mutant in mutants:
            tests, slow = self.tests(mutant)
            source = digest([self.sources[mutant.file]])
            context = digest(sorted({beside for path in {test[0] for test in tests} for beside in self._context(Path(path))})) + str(self.seconds_max)
            known = kept.get(mutant.name)
            if known and known["source"] == source and (known["state"] == "killed" or known["tests"] == context):
                results[mutant.name] = known
                continue
            row = {"name": mutant.name, "source": source, "tests": context, "slow": slow}
            jobs.append((self.layout, self.sources[mutant.file], mutant, tests, row))

        def told(job: Any, result: Any) -> None:
            row = job[4]
            row["state"], row["by"] = result or ("killed", "the process died")
            if not job[3]:
                row["state"] = "unreached"
            results[row["name"]] = row
            with open(self.folder / "results.jsonl", "a") as file:
                file.write(json.dumps(row) + "\n")
            tell("%4d of %d  %-9s %s" % (len(results), len(mutants), row["state"], row["name"]))

        suite.run_all([job for job in jobs if not job[2].outermost], _judged, self.processes, told)
        quick = [job for job in jobs if job[2].outermost]
        if quick:
            suite.run_ready(self.layout, sorted({Path(test[0]) for job in quick for test in job[3]}), quick, _judged, self.processes, told)
        return results

    def _kept(self) -> "dict[str, dict[str, Any]]":
        path = self.folder / "results.jsonl"
        if not path.exists():
            return {}
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        return {row["name"]: row for row in rows}


def _judged(layout: suite.Layout, file: Path, mutant: Mutant, tests: "list[tuple[str, str, float]]", row: Any) -> "tuple[str, str]":
    return suite.judged(layout, file, mutated(file.read_text(), mutant), mutant.outermost, tests)


def digest(paths: "list[Path]") -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def tests_of(file: Path) -> "list[Path]":
    """The behaviour tests of a firmware file's room."""
    room = file.relative_to(FIRMWARE / "ampacity").parts[0]
    folders = TESTS_BESIDE.get(room, (room,))
    found = [path for folder in folders for path in sorted((ROOT / "tests" / folder).glob("test_*.py"))]
    return [path for path in found if path.name not in NOT_BEHAVIOUR]


def score(results: "list[dict[str, Any]]") -> "tuple[int, int]":
    return sum(row["state"] == "killed" for row in results), len(results)


def report(results: "dict[str, dict[str, Any]]") -> str:
    """Survivors with their change, then the score of each file and of all."""
    rows = sorted(results.values(), key=lambda row: row["name"])
    lines = []
    for row in rows:
        if row["state"] != "killed":
            lines.append("%-9s %s%s" % (row["state"], row["name"], "  (%d slow tests left out)" % row["slow"] if row["slow"] else ""))
    files = sorted({row["name"].split(":")[0] for row in rows})
    for file in files:
        killed, count = score([row for row in rows if row["name"].startswith(file + ":")])
        lines.append("%-45s %4d of %4d  %5.1f %%" % (file, killed, count, 100 * killed / count))
    killed, count = score(rows)
    lines.append("%-45s %4d of %4d  %5.1f %% killed by behaviour" % ("all", killed, count, 100 * killed / max(1, count)))
    return "\n".join(lines)


def put_on_page(results: "list[dict[str, Any]]", drawn: "tuple[int, int, int]", code: str, path: "Path | None" = None) -> None:
    """The line of the safety case. drawn: sample, among how many, seed."""
    from tests.proof import case

    killed, judged = score(results)
    sample, among, seed = drawn
    figures = {"mutants": {"killed": killed, "judged": judged, "sample": sample, "all": among, "seed": seed}}
    path = path or case.PATH
    path.write_text(case.with_figures(path.read_text(), figures, {"mutants": code}))


def main(words: "list[str]") -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", action="append", help="a folder of firmware/ampacity: circuit/trusted, bus; again for more")
    parser.add_argument("--file", action="append", help="a firmware file, or a part of its path; again for more. Default: all that must be right")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of them, drawn; without: all")
    parser.add_argument("--seed", type=int, help="of the draw; without: a new one, which is printed")
    parser.add_argument("--contains", default="", help="only mutants whose name contains this")
    parser.add_argument("--seconds", type=float, default=SECONDS_MAX, help="of tests for one mutant, quick ones first (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (%(default)s)")
    parser.add_argument("--least", type=float, default=0, help="fail below so many per cent")
    parser.add_argument("--page", action="store_true", help="put the score into docs/safety-case.md")
    parser.add_argument("--json", action="store_true", help="results as JSON")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    asked = parser.parse_args(words)
    if asked.page and (asked.file or asked.room or asked.contains):
        parser.error("--page takes the score of all that must be right")
    code = digests.code("mutants")
    files = chosen_files(asked.file, asked.room)
    layout = suite.Layout(FIRMWARE, [ROOT / "tests", ROOT], tests_of)
    run = Run(layout, OUT, asked.seconds, asked.jobs)
    equivalent = equivalent_names(EQUIVALENT)
    mutants = [m for m in run.mutants(files) if asked.contains in m.name]
    among = len(mutants)
    seed = random.randrange(1, SEEDS) if asked.seed is None else asked.seed
    if asked.sample and asked.sample < len(mutants):
        mutants = random.Random(seed).sample(mutants, asked.sample)
    sample = len(mutants)
    mutants = [m for m in mutants if m.name not in equivalent]  # after the draw: a line there does not change the sample

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    tell("%d mutants%s" % (len(mutants), ", seed %d (SEED=%d draws them again)" % (seed, seed) if asked.sample else ""))
    if asked.list:
        print("\n".join(m.name for m in mutants))
        return 0
    run.measure(files, tell)
    results = run.play(mutants, tell)
    print(json.dumps(sorted(results.values(), key=lambda row: row["name"]), indent=1) if asked.json else report(results))
    if asked.page:
        put_on_page(list(results.values()), (sample, among, seed), code)
    killed, count = score(list(results.values()))
    return 1 if 100 * killed < asked.least * count else 0


def chosen_files(names: "list[str] | None", rooms: "list[str] | None" = None) -> "list[Path]":
    """The files of these rooms, and those with one of these names in their path; without both all that must be right."""
    found: list[Path] = []
    for room in rooms or ([] if names else [f"{CIRCUIT.name}/{TRUSTED}"]):
        if not (FIRMWARE / "ampacity" / room).is_dir():
            raise SystemExit(f"mutants: firmware/ampacity has no room {room!r}")
        found += [path for path in sorted((FIRMWARE / "ampacity" / room).rglob("*.py")) if path.name != "__init__.py"]
    if not rooms and not names:
        found += [CIRCUIT / name for name in BESIDE]
    for name in names or []:
        hits = [path for path in sorted((FIRMWARE / "ampacity").rglob("*.py")) if name in str(path.relative_to(FIRMWARE))]
        if not hits:
            raise SystemExit(f"mutants: no file of firmware/ampacity has {name!r} in its path")
        found += [path for path in hits if path not in found]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
