"""The commands `ampacity configure push | pull | diff | backup | restore`. Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no connection."""

import json
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ampacity_host.configure.command import accepted
from ampacity_host.configure.push_pull import write_private
from ampacity_host.configure.transfer.answers import Answer
from ampacity_host.configure.transfer.backup_file import BackupError, contents, read_backup, write_backup
from ampacity_host.configure.transfer.canonical import differences, digest, redacted, to_cbor
from ampacity_host.configure.transfer.interfaces import Refusal, Report, Unreachable, Way
from ampacity_host.configure.transfer.over_console import OverConsole
from ampacity_host.configure.transfer.over_prompt import OverPrompt
from ampacity_host.console.controller_option import ControllerRef, door_of, is_of_rig
from ampacity_host.console.link import ConsoleLink, LinkLost, SerialDoor, asked_password
from ampacity_host.progress import Progress

OK, REFUSED, USAGE, NO_CONNECTION = 0, 1, 2, 3
DETECT_S = 2.0
LOOK = "show version --json"
RIG = "configuration: `ampacity rig` gives its controllers the site file that it was started with: start it with the new one"
FIELD = re.compile(r"(\S+?)(?::? `.*`)?(?:[:;] | is refused| is not allowed| needs | does not take )")  # that a refusal begins with

Result = tuple[int, dict[str, Any], list[str]]  # exit code, object, lines


class Options(NamedTuple):
    """What all of the commands have. prompt: the serial device is a MicroPython prompt; folder: the data folder there, None: found."""

    controller: ControllerRef
    prompt: bool = False
    folder: str | None = None
    password_file: Path | None = None
    json: bool = False


class Usage(Exception):
    """A file that is missing or cannot be read or written, or an option."""


def done(options: Options, work: Callable[[Way, Report], Result]) -> int:
    """Runs the work on a connection; prints its result: an object with --json, else its lines."""
    progress = Progress(options.json)
    way: Way | None = None
    try:
        way = way_to(options)
        status, answer, lines = work(way, lambda what, count, whole: progress.part("configuration", what, count, whole))
    except Refusal as problem:
        return stopped(options, str(problem), REFUSED)
    except Unreachable as problem:
        return stopped(options, str(problem), NO_CONNECTION)
    except (Usage, OSError) as problem:
        return stopped(options, str(problem), USAGE)
    finally:
        if way is not None:
            way.close()
    if options.json:
        print(json.dumps({"ok": status == OK} | answer))
    else:
        print("\n".join(lines)) if lines else None
    return status


def stopped(options: Options, problem: str, status: int) -> int:
    """One line on standard error, and with --json the same as an object, with the field that the line begins with; null: with none."""
    if options.json:
        found = None if status == NO_CONNECTION else FIELD.match(problem)
        print(json.dumps({"ok": False, "field": found[1] if found else None, "error": problem}))
    print(f"ampacity: {problem}", file=sys.stderr)
    return status


def way_to(options: Options) -> Way:
    """The console of the controller, or the prompt of a board. Raises Usage, Unreachable."""
    tty = options.controller.tty
    if options.prompt and tty is None:
        raise Usage("--prompt needs --controller TTY")
    if tty is not None and options.prompt:
        return OverPrompt(tty, options.folder)
    if tty is not None and not has_console(tty):
        return OverPrompt(tty, options.folder, f"no console at {tty}: no answer; ")
    try:
        door_of(options.controller)
    except ValueError as problem:
        raise Unreachable(str(problem)) from None
    return OverConsole(lambda: door_of(options.controller), cache(lambda: password(options)))


def has_console(tty: str) -> bool:
    """Does a console of a controller answer at this serial device? Raises Garbled, OSError."""
    import asyncio

    async def asked() -> str:
        link = ConsoleLink(SerialDoor(tty), DETECT_S, DETECT_S)
        try:
            return await link.ask(LOOK)
        finally:
            link.close()

    try:
        Answer(LOOK, tty, asyncio.run(asked())).facts()
    except LinkLost:
        return False
    return True


def password(options: Options) -> str | None:
    """The installer's: of the file, the environment, or the person at the terminal. Raises Usage."""
    if options.password_file is not None:
        try:
            return options.password_file.read_text().strip("\r\n")
        except OSError as problem:
            raise Usage(f"--password-file: {options.password_file}: {problem.strerror}") from None
    return asked_password()


def push_command(site: Path, options: Options, secondary: str | None, line: str | None, minutes: int, confirm: bool) -> int:
    """Sends the compiled site file."""
    facts = accepted(site, secondary, line)
    if facts is None:
        if options.json:
            print(json.dumps({"ok": False, "field": str(site), "error": "the site is refused: see `ampacity check`"}))
        return REFUSED
    if is_of_rig(options.controller):
        return stopped(options, RIG, REFUSED)
    return done(options, lambda way, report: sent(way, facts, {}, minutes, confirm, report))


def sent(way: Way, facts: dict[str, Any], settings: dict[str, str], minutes: int, confirm: bool, report: Report) -> Result:
    """The configuration, and then the settings, which may name its EVSEs."""
    secretless, secrets = redacted(facts)
    wanted = digest(to_cbor(secretless))
    answer: dict[str, Any] = {"sha256": wanted, "count": 0, "changes": [], "kept": [], "missing": [], "written": False, "confirmed": True}
    if secrets or not has_already(way, wanted, report):
        answer |= way.send(facts, minutes, confirm, report) | {"written": True}
    if confirm:
        answer["settings"] = way.set_settings(settings)
    answer["without"] = answer.pop("missing")  # secrets that neither the site file nor the controller has
    return OK, answer, lines_of(answer)


def has_already(way: Way, wanted: str, report: Report) -> bool:
    """Is the active configuration the wanted one? A controller without one has none."""
    try:
        return way.active(lambda *_: None).sha256 == wanted
    except Refusal as problem:
        if "has no" in str(problem):
            return False
        raise


def lines_of(answer: dict[str, Any]) -> list[str]:
    """What became of it, for people."""
    lines = [f"  {line}" for line in answer["changes"]]
    more = answer["count"] - len(lines)
    lines += [f"  and {more} more"] if more > 0 else []
    if not answer["written"]:
        lines.append("the controller already has this configuration")
    elif answer["confirmed"]:
        lines.append(f"active and confirmed: {answer['count']} changes, sha256 {answer['sha256'][:16]}")
    elif answer.get("judged") is False:
        lines.append(f"written and read back: {answer['count']} changes, sha256 {answer['sha256'][:16]}; not judged: the board has no firmware there")
    else:
        lines.append(f"active on trial: `commit confirm` at the console within {answer['minutes']} min keeps it, else the previous one returns")
    lines += [f"kept as it was on the controller: {path}" for path in answer["kept"]]
    return lines + [f"set {line}" for line in answer.get("settings", [])]


def pull_command(options: Options, out: Path | None) -> int:
    """Fetches the active configuration, without secrets."""

    def work(way: Way, report: Report) -> Result:
        active = way.active(report)
        text = json.dumps(active.facts, sort_keys=True, separators=(",", ":"))
        result: dict[str, Any] = {"sha256": active.sha256, "secrets": active.secrets}
        if out is None:
            return OK, result | {"configuration": active.facts}, [text]
        save(out, lambda: write_private(out, text.encode()))
        return OK, result | {"out": str(out)}, [f"{out}: written without secrets", *[f"not in it: {path}" for path in active.secrets]]

    return done(options, work)


def save(out: Path, write: Callable[[], None]) -> None:
    """Raises Usage."""
    try:
        write()
    except OSError as problem:
        raise Usage(f"{out}: {problem.strerror}") from None


def diff_command(site: Path, options: Options, secondary: str | None, line: str | None) -> int:
    """1 where it differs. A secret counts only as there or not: it cannot be read."""
    facts = accepted(site, secondary, line)
    if facts is None:
        return REFUSED

    def work(way: Way, report: Report) -> Result:
        active = way.active(report)
        secretless, secrets = redacted(facts)
        found = differences(active.facts, secretless)
        found += [f"{path}: not set on the controller" for path in secrets if path not in active.secrets]
        found += [f"{path}: set on the controller, not in the site file" for path in active.secrets if path not in secrets]
        unseen = [path for path in secrets if path in active.secrets]
        lines = [*found, *[f"not compared, a secret: {path}" for path in unseen]]
        return (REFUSED if found else OK), {"same": not found, "differences": found, "not_compared": unseen}, lines

    return done(options, work)


def backup_command(options: Options, out: Path) -> int:
    """Writes site, profiles and settings to one file, without secrets."""

    def work(way: Way, report: Report) -> Result:
        backup = contents(way.active(report), way.settings())
        save(out, lambda: write_backup(out, backup))
        lines = [f"{out}: site {backup['site'].get('name', '')} and {len(backup['settings'])} settings, sha256 {backup['sha256'][:16]}"]
        lines += [f"not in it, a secret: {path}" for path in backup["missing"]]
        return OK, {"out": str(out), "sha256": backup["sha256"], "missing": backup["missing"]}, lines

    return done(options, work)


def restore_command(file: Path, options: Options, secrets: list[str], minutes: int) -> int:
    """Checks the file, sends it, and names what has to be set again. secrets: PATH=FILE."""
    if is_of_rig(options.controller):
        return stopped(options, RIG, REFUSED)
    try:
        backup = read_backup(file)
        facts = backup["site"]
        for each in secrets:
            insert(facts, each, backup["missing"])
    except OSError as problem:
        return stopped(options, f"{file}: {problem.strerror}", USAGE)
    except Usage as problem:
        return stopped(options, str(problem), USAGE)
    except BackupError as problem:
        return stopped(options, str(problem), REFUSED)

    def work(way: Way, report: Report) -> Result:
        status, answer, lines = sent(way, facts, backup["settings"], minutes, True, report)
        there = way.settings()["secrets"]
        unset = [path for path in backup["missing"] if path in answer["without"] or (" " in path and path not in there)]
        return status, answer | {"missing": unset}, lines + [f"to be set again: {path}" for path in unset]

    return done(options, work)


def insert(facts: dict[str, Any], text: str, missing: list[str]) -> None:
    """Puts the content of a file in the place of a secret: `ocpp.password=FILE`. Raises Usage."""
    path, _, name = text.partition("=")
    of_site = [each for each in missing if " " not in each]  # `password ROLE` is set at the console
    if path not in of_site:
        raise Usage(f"--secret: {path!r} is no secret of this site; it has: {', '.join(of_site) or 'none'}")
    try:
        value = Path(name).read_text()
    except OSError as problem:
        raise Usage(f"--secret {path}: {name}: {problem.strerror}") from None
    at: Any = facts
    *above, last = path.replace("]", "").replace("[", ".[").split(".")
    for part in above:
        if part.startswith("["):
            at = next((item for item in at if isinstance(item, dict) and item.get("name") == part[1:]), None) or at[int(part[1:])]
        else:
            at = at[part]
    at[last] = value if last == "key_pem" else value.strip("\r\n")
