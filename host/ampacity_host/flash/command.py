"""The command `ampacity flash`."""

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.findings import Board
from ampacity_host.build.compiler import NotCompiled
from ampacity_host.build.target import Target, file_of, target
from ampacity_host.failure import failed
from ampacity_host.flash.content import Content, content, content_of_frozen
from ampacity_host.flash.jobs import Job, Outcome, Patience, run_all
from ampacity_host.flash.littlefs_image import TooLarge
from ampacity_host.flash.plan import Devices, NotDfuse, NotUf2, Way, digest, program_of, stages
from ampacity_host.progress import Progress
from ampacity_host.update.refused import Refused

FROZEN = "frozen"  # in place of a version: that of the interpreter
OK, REFUSED, USAGE, NO_CONNECTION = 0, 1, 2, 3
REFUSALS = (Refused, NotUf2, NotDfuse, TooLarge, NotCompiled)


def flash_command(name: str, bundle: Path | None, keys: Path, devices: Devices, way: Way, patience: Patience, as_json: bool) -> int:
    """Writes all devices. bundle: None where the firmware is frozen into the interpreter.

    0 written and read back, 1 refused or failed, 2 wrong usage, 3 only lost devices.
    """
    progress = Progress(as_json)
    try:
        found, held, jobs = planned(name, bundle, keys, devices, way, progress)
    except Rejected as refused:
        return failed(refused, REFUSED if refused.field == "file" else USAGE)
    except REFUSALS as problem:
        return failed(problem, REFUSED)
    except OSError as problem:
        return failed(f"{problem.filename}: {problem.strerror}", USAGE)
    outcomes = written(jobs, patience, progress)
    print_result(found, held, outcomes, as_json)
    return status(outcomes)


def planned(
    name: str, bundle: Path | None, keys: Path, devices: Devices, way: Way, progress: Progress
) -> tuple[Board, Content, list[list[Job]]]:
    """(board, content, stages of jobs). Everything is checked before a device is touched."""
    wanted: Target = target(name, None, ())
    board = wanted.board
    program = program_of(board, file_of(name))

    def compiled(done: int, whole: int) -> None:
        progress.part(wanted.name, "boot stage", done, whole)

    frozen = bundle is None
    held = content_of_frozen() if bundle is None else content(board["name"], wanted.slot_bytes or 0, bundle.read_bytes(), keys, compiled)
    return board, held, stages(board, program, held.files, devices, way, frozen)


def written(jobs: list[list[Job]], patience: Patience, progress: Progress) -> list[Outcome]:
    """Stage after stage; a stage whose devices all failed is the last."""
    outcomes: list[Outcome] = []
    for stage in jobs:
        with redirect_stdout(sys.stderr):  # mpremote prints what it did not understand
            ended = run_all(stage, patience, progress)
        outcomes += ended
        if ended and not any(outcome.ok for outcome in ended):
            break
    return outcomes


def status(outcomes: list[Outcome]) -> int:
    """The exit code."""
    bad = [outcome for outcome in outcomes if not outcome.ok]
    if not bad:
        return OK
    return NO_CONNECTION if all(outcome.lost for outcome in bad) and len(bad) == len(outcomes) else REFUSED


def print_result(board: Board, held: Content, outcomes: list[Outcome], as_json: bool) -> None:
    """One object, or a line for each device."""
    manifest = held.manifest
    facts: dict[str, Any] = {"board": f"{board['name']}:{board['variant']}", "version": FROZEN, "sequence": None}
    if manifest is not None:
        facts |= {"version": manifest.version, "sequence": manifest.sequence}
    if as_json:
        rows = [outcome.as_dict() for outcome in outcomes]
        print(json.dumps({"ok": status(outcomes) == OK, **facts, "files_sha256": digest(held.files), "devices": rows}))
        return
    for each in outcomes:
        print(each.line())
    good = sum(outcome.ok for outcome in outcomes)
    print(f"{facts['board']} {facts['version']}: {good} of {len(outcomes)} jobs done")
