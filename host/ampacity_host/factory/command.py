"""The commands `ampacity factory ca|run|labels`."""

import datetime
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.command import chosen
from ampacity_host.factory.authority import CERTIFICATE, Authority, new_authority
from ampacity_host.factory.job import FactoryJob, Line
from ampacity_host.factory.labels import FILE, write_labels
from ampacity_host.factory.register import Register, alone
from ampacity_host.failure import failed
from ampacity_host.flash.command import status
from ampacity_host.flash.jobs import Patience, run_all
from ampacity_host.progress import Progress
from ampacity_host.update.key_list import is_word
from ampacity_host.update.refused import Refused

OK, REFUSED, USAGE = 0, 1, 2
ANY_SERIAL = "0"  # to read a register without an assignment


def now() -> datetime.datetime:
    """The time, UTC."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def ca_command(out: Path, name: str, as_json: bool) -> int:
    """Makes a certificate authority. 0 made, 1 there is one, 2 wrong usage."""
    if not name or len(name) > 64 or not name.isprintable():
        return failed(f"--name: {name!r} is not allowed; use 1 to 64 printable characters", USAGE)
    try:
        made = new_authority(out, name, now())
    except Refused as problem:
        return failed(problem, REFUSED)
    except OSError as problem:
        return failed(f"{problem.filename}: {problem.strerror}", USAGE)
    facts = {"ok": True, "certificate": str(out / CERTIFICATE), "name": name, "until": f"{made.not_valid_after_utc:%Y-%m-%d}"}
    print(json.dumps(facts) if as_json else f"{facts['certificate']}: {name}, until {facts['until']}; its key signs: back it up, keep it offline")
    return OK


def run_command(board: str, ports: list[str], first: str, ca: Path, out: Path, days: int, operator: str, patience: Patience, as_json: bool) -> int:
    """All controllers at once. 0 all passed, 1 refused or failed, 2 wrong usage, 3 only lost devices."""
    if not ports or len(set(ports)) < len(ports):
        return failed("--port: name the serial device of each controller, each once", USAGE)
    if operator and not is_word(operator):
        return failed(f"--operator: {operator!r} is not allowed; use 1 to 32 visible ASCII characters", USAGE)
    try:
        line = Line(chosen(board), Authority(ca), Register(out, first), out, days, operator, now)
    except Rejected as refused:
        return failed(refused, REFUSED if refused.field == "file" else USAGE)
    except Refused as problem:
        return failed(problem, USAGE if problem.field.startswith("--") else REFUSED)
    except OSError as problem:
        return failed(f"{problem.filename}: {problem.strerror}", USAGE)
    jobs = [FactoryJob(port, line) for port in ports]
    try:
        with alone(out), redirect_stdout(sys.stderr):  # mpremote prints what it did not understand
            line.register.read_again()
            outcomes = run_all(jobs, patience, Progress(as_json))
            passed = write_labels(out, line.register.entries())
    except Refused as problem:
        return failed(problem, REFUSED)
    except OSError as problem:
        return failed(f"{problem.filename}: {problem.strerror}", USAGE)
    rows = [outcome.as_dict() | {"serial": job.entry.serial if job.entry else None} for outcome, job in zip(outcomes, jobs, strict=True)]
    if as_json:
        print(json.dumps({"ok": status(outcomes) == OK, "devices": rows, "labels": str(out / FILE), "passed_in_register": len(passed)}))
    else:
        for each in outcomes:
            print(each.line())
        print(f"{sum(each.ok for each in outcomes)} of {len(outcomes)} passed; labels of {len(passed)} controllers in {out / FILE}")
    return status(outcomes)


def labels_command(out: Path, as_json: bool) -> int:
    """Writes the labels of a register again. 0 written, 1 a damaged register, 2 none."""
    try:
        register = Register(out, ANY_SERIAL)
        if not register.entries():
            return failed(f"no register in {out}", USAGE)
        passed = write_labels(out, register.entries())
    except Refused as problem:
        return failed(problem, REFUSED)
    except OSError as problem:
        return failed(f"{problem.filename}: {problem.strerror}", USAGE)
    facts = {"ok": True, "labels": str(out / FILE), "serials": [entry.serial for entry in passed]}
    print(json.dumps(facts) if as_json else f"{out / FILE}: {len(passed)} labels")
    return OK
