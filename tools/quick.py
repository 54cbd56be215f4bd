"""`python -m tools.quick [--base REV] [--list] [FILE …]`: the tests of the rooms that a change touches, found by their
imports.

The change is what differs from HEAD, untracked files included; with --base, what differs from the point where this branch
left REV; or the named files. Changed tests come first, then those of the changed rooms (`tests/ROOM`, `tests/host/ROOM`),
then all that import a changed module, the nearer the sooner, until BUDGET_S seconds of processor time are spent
(tests/seconds.txt): on two idle cores that is less than two minutes. Omitted tests are listed; `make test` runs all.

Exit codes: that of pytest; 0 if nothing was changed or no test is affected; 2 an invalid option.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests import workers
from tools import digests

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
HOUSE = "tests/host/house"
BUDGET_S = 160
ALONE_S = 8  # below this a second worker does not pay
SHORT_S = 0.5  # for a file without a recorded time
WAITS_S = 30  # added for a file that waits for real clocks
FAR = 99
EVERY_TEST = ("tests/conftest.py", "tests/mpy_runner.py")
ROOMS = {"host/ampacity_host/sites": "configure", "firmware/ampacity": "roles"}  # for files outside any room


def test_files() -> "list[Path]":
    return sorted(TESTS.rglob("test_*.py"))


def room_of(name: str) -> "str | None":
    """The room of a file of firmware or host, or its substitute."""
    parts = name.split("/")
    if "/".join(parts[:-1]) in ROOMS:
        return ROOMS["/".join(parts[:-1])]
    if len(parts) > 3 and parts[:2] in (["firmware", "ampacity"], ["host", "ampacity_host"]):
        return parts[2]
    if parts[:2] == ["host", "ampacity_host"]:
        return parts[-1].removesuffix(".py")
    return None


def own_folders(name: str) -> "list[str]":
    """The folders of tests for this file's room; for a helper or data of tests, the tests of its folder; else the repository rules."""
    room = room_of(name)
    if room is not None:
        return [folder for folder in (f"tests/{room}", f"tests/host/{room}") if (ROOT / folder).is_dir()]
    if name.startswith("tests/"):
        place = (ROOT / name).parent
        return [str(place.relative_to(ROOT))] if place != TESTS and not name.endswith(".py") else []
    if name.startswith("tools/") and (TESTS / "host" / name.split("/")[1]).is_dir():
        return [f"tests/host/{name.split('/')[1]}"]
    return [] if name.endswith(".py") else [HOUSE]


@cache
def helpers() -> "dict[str, list[Path]]":
    """{bare name: the files below tests/ that it may mean}."""
    found: dict[str, list[Path]] = {}
    for path in TESTS.rglob("*.py"):
        found.setdefault(path.stem, []).append(path)
    return found


def bare(path: Path, name: str) -> "list[Path]":
    """The helper that a test imports by its bare name: the one in its folder, else any of that name."""
    if "tests" not in path.relative_to(ROOT).parts[:1]:
        return []
    known = helpers().get(name.split(".")[0], [])
    return [one for one in known if one.parent == path.parent] or known


@cache
def needs(path: Path) -> "frozenset[Path]":
    """The files of this repository that a file imports."""
    try:
        names = digests.imported(path)
    except (SyntaxError, ValueError):
        return frozenset()
    found = set()
    for name in names:
        module = digests.file_of(name)
        found |= {module} if module is not None else set(bare(path, name))
    return frozenset(found - {path})


@cache
def users() -> "dict[Path, list[Path]]":
    """{file: the files that import it}, of all that any test needs."""
    found: dict[Path, list[Path]] = {}
    seen = set(test_files())
    waiting = list(seen)
    while waiting:
        path = waiting.pop()
        for one in needs(path):
            found.setdefault(one, []).append(path)
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return found


def depths(changed: "set[Path]") -> "dict[Path, int]":
    """{file: the number of imports between it and the nearest changed file}, of those that need one of these."""
    found = dict.fromkeys(changed, 0)
    waiting = list(changed)
    for path in waiting:  # it grows, nearest first
        for one in users().get(path, []):
            if one not in found:
                found[one] = found[path] + 1
                waiting.append(one)
    return found


def ranked(names: "Iterable[str]") -> "list[str]":
    """The tests affected by a change of these files: changed ones, then those of their rooms that import them, then the rest."""
    names = sorted(set(names))
    changed = {ROOT / name for name in names}
    folders = tuple(folder + "/" for name in names for folder in own_folders(name))
    every = any(name in EVERY_TEST for name in names)
    found, steps_of = [], depths(changed)
    for path in test_files():
        name, steps = str(path.relative_to(ROOT)), steps_of.get(path)
        own = name.startswith(folders)
        if own or every or steps is not None:
            steps = FAR if steps is None else steps
            found.append((steps > 0, steps > 1 and not own, steps, name))
    return [name for *_, name in sorted(found)]


def known_seconds() -> "dict[str, float]":
    return workers.seconds_of(workers.SECONDS.read_text()) if workers.SECONDS.is_file() else {}


def cost_of(name: str, seconds: "dict[str, float]") -> float:
    return seconds.get(name, SHORT_S) + (WAITS_S if name in workers.WAITING else 0)


def within(names: "list[str]", seconds: "dict[str, float]", budget_s: float = BUDGET_S) -> "tuple[list[str], list[str]]":
    """(tests to run, tests omitted): the nearest that fit into the budget."""
    played, left, spent_s = [], [], 0.0
    for name in names:
        cost_s = cost_of(name, seconds)
        if spent_s + cost_s <= budget_s:
            played.append(name)
            spent_s += cost_s
        else:
            left.append(name)
    return played, left


def git(*words: str) -> "list[str]":
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr.strip() or "git %s failed" % words[0])
    return [line for line in done.stdout.splitlines() if line]


def changed_files(base: "str | None" = None) -> "list[str]":
    """What differs from HEAD, or from the point where this branch left `base`; new and deleted files count."""
    start = git("merge-base", base, "HEAD")[0] if base else "HEAD"
    return sorted({*git("diff", "--name-only", start), *git("ls-files", "--others", "--exclude-standard")})


def say(text: str) -> None:
    print("quick: " + text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.quick", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", metavar="REV", help="the change since this branch left REV, committed or not")
    parser.add_argument("--list", action="store_true", help="only print the test files, the nearest first")
    parser.add_argument("files", nargs="*", metavar="FILE", help="as if these had been changed")
    options = parser.parse_args()
    if options.base and options.files:
        parser.error("--base and FILE exclude each other")
    missing = [name for name in options.files if not (ROOT / name).is_file()]
    if missing:
        parser.error(f"{missing[0]}: there is no such file in {ROOT}")
    try:
        names = options.files or changed_files(options.base)
    except ValueError as problem:
        parser.error(f"--base {options.base}: {problem}")
    seconds = known_seconds()
    played, left = within(ranked(names), seconds)
    if options.list:
        print("\n".join(played))
        return 0
    if not played:
        say("nothing differs from HEAD; name a base: make quick BASE=main" if not names else "no test is concerned by " + ", ".join(names))
        return 0
    cost_s = sum(cost_of(name, seconds) for name in played)
    say("%d changed files, %d test files, %.0f s of processor time" % (len(names), len(played), cost_s))
    if left:
        say("left out, too far or too long: %d test files (make test plays them): %s" % (len(left), ", ".join(left[:5]) + (" …" if left[5:] else "")))
    several = ["-n", "auto"] if cost_s > ALONE_S and len(played) > 1 else []
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *several, *os.environ.get("PYTEST_OPTIONS", "").split(), *played])


if __name__ == "__main__":
    sys.exit(main())
