"""The command `ampacity new`: collects answers, lets the check judge them, applies the fixes that are chosen, writes the file last."""

import copy
import json
import os
import re
import secrets
import shlex
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from ampacity_host.configure import SiteErrors, SiteFile, check_report, load_site
from ampacity_host.configure.analysis.fixes import COPPER, WHY, Change, applied
from ampacity_host.configure.analysis.terminal_report import evidence, finding_line, fix_lines, show_mistakes, whole
from ampacity_host.configure.new.answers import BadAnswer, value_of
from ampacity_host.configure.new.asking import Ended, Person
from ampacity_host.configure.new.plan import Plan, Values, add_bus, add_evses, add_meter
from ampacity_host.configure.new.questions import ask_evses, ask_meter, ask_supply, ask_upstream, ask_voltage
from ampacity_host.configure.new.site_text import site_text
from ampacity_host.configure.site_file.supply import LOW_V
from ampacity_host.failure import failed

OK, REFUSED, USAGE, CTRL_C = 0, 1, 2, 130
SOURCE = "written by `ampacity new`"
UNWRITTEN = "nothing was written"
FIELDS = {"name": ("site", "name"), "system": ("site", "system"), "phases": ("site", "phases"), "voltage": ("site", "voltage"),
          "mains": ("circuit", "rating_a"), "breaker": ("circuit", "breaker"), "other": ("circuit", "assumed_other_a"),
          "feeder": ("circuit", "rating_a"), "continuous": ("circuit", "continuous"), "ocpp": ("ocpp", "url"),
          "identity": ("ocpp", "identity"), "root_pem": ("ocpp", "root_pem"), "tz": ("time", "tz"), "ntp": ("time", "ntp")}  # fmt: skip


def new_command(options: SimpleNamespace) -> int:
    """options: `site` (the path) and the options of the command as text. The exit code."""
    path: Path = options.site
    if path.is_dir() or not path.parent.is_dir():
        return failed(f"{path} cannot be written: " + ("it is a folder" if path.is_dir() else f"there is no folder {path.parent}"), USAGE)
    if path.exists() and not options.force:
        return failed(f"{path} exists; --force replaces it", REFUSED)
    person = Person() if sys.stdin.isatty() and not options.yes else None
    try:
        plan = collected(options, person)
        return finish(path, site_text(plan, SOURCE), options, person)
    except BadAnswer as bad:
        return failed(f"{bad}; {UNWRITTEN}", USAGE)
    except SiteErrors as errors:
        return refused(path, errors, options.json)
    except (KeyboardInterrupt, Ended):
        print(f"\nampacity: ended; {UNWRITTEN}", file=sys.stderr)
        return CTRL_C
    except OSError as problem:
        return failed(problem, USAGE)


def given_by(options: SimpleNamespace) -> Values:
    """What options have answered, by their names. Raises BadAnswer that names the option."""
    found: Values = {}
    for option, (kind, key) in FIELDS.items():
        text = getattr(options, option)
        if text is not None:
            try:
                found[option] = value_of(kind, key, text)
            except BadAnswer as bad:
                raise BadAnswer(f"--{option.replace('_', '-')}: {str(bad).partition(': ')[2]}") from None
    if found.get("system") == "split":
        found = {"voltage": 120} | found
    if found.get("voltage", LOW_V + 1) <= LOW_V:
        found = {"continuous": value_of("circuit", "continuous", "0.8")} | found
    if options.password_file is not None:
        found["password"] = password_in(options.password_file)
    return found


def password_in(path: Path) -> str:
    """Its first line. Raises BadAnswer."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as problem:
        raise BadAnswer(f"--password-file: {problem}") from None
    return str(value_of("ocpp", "password", lines[0] if lines else ""))


def collected(options: SimpleNamespace, person: Person | None) -> Plan:
    """The whole plan, from options and, on a terminal, from answers to the rest. Raises BadAnswer, Ended."""
    given = given_by(options)
    if person is None:
        for option, sense in (("mains", "the rating of the grid connection per line, such as --mains 63"),
                              ("other", "the worst case of all load that is not an EVSE, such as --other 20; 0 if there is none"),
                              ("evse", "a device, such as --evse keba-p30,count=4,host=192.168.1.40")):  # fmt: skip
            if not getattr(options, option):
                raise BadAnswer(f"--{option} is missing: {sense}")
    else:
        person.show(f"New site {options.site}. Enter takes the value in brackets, ? explains, Ctrl-C ends without a file.")
    plan = ask_supply(person, given, default_name(options.site)) if person else supply(given, default_name(options.site))
    each("bus", options.bus, plan, add_bus)
    each("evse", options.evse, plan, add_evses)
    if person and not options.evse:
        groups(person, options.site, plan, ask_evses)
    elif person:
        ask_voltage(person, plan)
    each("meter", options.meter, plan, add_meter)
    if person and not options.meter:
        groups(person, options.site, plan, ask_meter)
    found = ask_upstream(person, given, str(plan.site["name"])) if person else upstream(given, plan)
    if found:
        plan.ocpp = ocpp(found, given)
    plan.time = {key: given[key] for key in ("tz", "ntp") if key in given} or {"tz": zone_here()}
    return plan


def default_name(path: Path) -> str:
    """The file's name as the name of the site, as far as it can be one: letters without their accents, one dash for anything else."""
    plain = unicodedata.normalize("NFKD", path.stem)
    letters = re.sub(r"[^A-Za-z0-9_.-]+", "-", "".join(each for each in plain if not unicodedata.combining(each)))
    return letters.lstrip("-._")[:32].rstrip("-._") or "site"


def supply(given: Values, name: str) -> Plan:
    """[site] and the circuits from options alone."""
    main = {"name": "main", "rating_a": given["mains"]} | {key: given[key] for key in ("continuous", "breaker") if key in given}
    plan = Plan(site={"name": given.get("name", name)}, circuits=[main | {"assumed_other_a": given["other"]}])
    plan.site |= {key: given[key] for key in ("system", "phases", "voltage") if key in given}
    if "feeder" in given:
        plan.circuits.append({"name": "charging", "parent": "main", "rating_a": given["feeder"], "assumed_other_a": 0})
        plan.circuits[1] |= {"continuous": given["continuous"]} if "continuous" in given else {}
    return plan


def each(option: str, texts: "list[str] | None", plan: Plan, add: Callable[[Plan, str], None]) -> None:
    """Every value of an option that may be repeated. Raises BadAnswer that names the value."""
    for text in texts or []:
        try:
            add(plan, text)
        except BadAnswer as bad:
            raise BadAnswer(f"--{option} {text}: {bad}") from None


def groups(person: Person, path: Path, plan: Plan, ask: Callable[[Person, Plan], bool]) -> None:
    """Asks for one group of devices after another; the check looks at each at once, and what it refuses is asked again."""
    while True:
        kept = copy.deepcopy(plan.__dict__)
        try:
            if not ask(person, plan):
                return
            load_site(path, site_text(plan, SOURCE))
            continue
        except BadAnswer as bad:
            person.show(f"  {bad}")
        except SiteErrors as errors:
            show_mistakes(errors.mistakes, Console(stderr=True))
        person.show("  this device is asked again")
        plan.__dict__.update(kept)


def upstream(given: Values, plan: Plan) -> Values:
    return {"url": given["ocpp"], "identity": given.get("identity", plan.site["name"])} if "ocpp" in given else {}


def ocpp(found: Values, given: Values) -> Values:
    """[ocpp]; without a password a random one, which the CSMS has to get."""
    found = found | {key: given[key] for key in ("root_pem", "password") if key in given}
    secure = str(found["url"]).startswith("wss:")
    password = found.pop("password", "") or secrets.token_urlsafe(18)
    return {"identity": found.pop("identity"), **found, "security_profile": 2 if secure else 1, "password": value_of("ocpp", "password", password)}


def zone_here() -> str:
    """The zone of this machine as a POSIX text, which ends its zone file; UTC0 if there is none."""
    try:
        text = Path("/etc/localtime").read_bytes().rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")
        return str(value_of("time", "tz", text))
    except (OSError, ValueError, BadAnswer):
        return "UTC0"


def checked(path: Path, text: str) -> tuple[SiteFile, dict[str, Any]]:
    """The report of `ampacity check` on a text. Raises SiteErrors."""
    site = load_site(path, text)
    return site, check_report(site)


def finish(path: Path, text: str, options: SimpleNamespace, person: Person | None) -> int:
    """Checks, fixes, writes. Raises SiteErrors, OSError."""
    console = Console(stderr=True)
    site, result = checked(path, text)
    done: list[dict[str, Any]] = []
    while not result["ok"]:
        show_findings(result, console)
        proposed = result["fixes"]["changes"]
        chosen = choose(person, proposed) if person else [row for row in proposed if options.yes and not copper(row)]
        if not chosen:
            break
        try:
            new = with_rows(text, site, chosen)
            site, result = checked(path, new)
        except SiteErrors as errors:  # a part of the lines may not do without the others
            show_mistakes(errors.mistakes, console)
            if person is None:
                break
            continue
        text, done = new, done + chosen
        if person is None:
            break
    keep = bool(result["ok"]) or person is not None and person.yes("The check refuses this site. Write the file anyway", False)
    if keep:
        write(path, text)
    print_outcome(path, result, done, keep, options, console)
    return OK if result["ok"] else REFUSED


def show_findings(result: dict[str, Any], console: Console) -> None:
    for found in result["findings"]:
        console.print(finding_line(found), style="red" if found["level"] == "error" else "yellow", markup=False, highlight=False, soft_wrap=True)


def copper(row: dict[str, Any]) -> bool:
    """Does this proposal need another line or breaker? Then it is never a default."""
    return any(WHY[key_of(line)][0] >= COPPER for line in row["lines"])


def key_of(line: dict[str, Any]) -> str:
    return str(line["toml"]).partition(" = ")[0]


def choose(person: Person, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The proposals that the person takes."""
    if not rows:
        return []
    person.show("The check proposes, cheapest first:")
    for number, row in enumerate(rows, 1):
        person.show(f"  {number}  {row['table']} {row['name']}: " + ", ".join(f"{each['toml']} ({each['why']})" for each in row["lines"]))
    usual = [number for number, row in enumerate(rows, 1) if not copper(row)]

    def read(typed: str) -> list[dict[str, Any]]:
        if typed in ("a", "n"):
            return [rows[number - 1] for number in usual] if typed == "a" else []
        numbers = typed.replace(",", " ").split()
        if not all(each.isdecimal() and 1 <= int(each) <= len(rows) for each in numbers):
            raise BadAnswer("answer a, n or numbers such as 1,3")
        return [rows[int(each) - 1] for each in numbers]

    explain = ("Each line goes into its table. You declare what it says: set the device to it, `ampacity commission` tests what can be tested. "
               "`a` leaves out other ratings and breakers, which need other copper: name them by number.")  # fmt: skip
    chosen: list[dict[str, Any]] = person.ask("Apply", read, "a" if usual else "n", explain, "a all, n none, or numbers such as 1,3")
    return chosen


def with_rows(text: str, site: SiteFile, rows: list[dict[str, Any]]) -> str:
    """The text with the lines of these proposals, each with its reason as a comment."""
    tables = {"evse": site.evses, "bus": site.buses, "circuit": site.circuits}
    changes = []
    for row in rows:
        index = next(table.index for table in tables[row["table"]] if table["name"] == row["name"])
        for line in row["lines"]:
            key, _, value = line["toml"].partition(" = ")
            changes.append(Change(row["table"], index, key, f"{value}  # {line['why']}"))
    return applied(text, changes)


def write(path: Path, text: str) -> None:
    """The file as a whole; for its owner alone where it holds a password. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        if "\npassword = " not in text:
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def print_outcome(path: Path, result: dict[str, Any], done: list[dict[str, Any]], kept: bool, options: SimpleNamespace, console: Console) -> None:
    """The outcome: one JSON object, or lines for a person."""
    if options.json:
        shown = {key: result[key] for key in ("ok", "site", "warnings", "findings", "circuits", "evidence", "fixes")}
        print(json.dumps({"file": str(path), "written": kept, "applied": done, "mistakes": [], **shown}))
        return
    for warning in result["warnings"]:
        console.print(f"warning: {warning['text']}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if result["ok"]:
        show_findings(result, console)
    for row in done:
        for line in row["lines"]:
            console.print(f"applied: {row['table']} {row['name']}: {line['toml']}: {line['why']}", markup=False, highlight=False, soft_wrap=True)
    if result["evidence"]:
        console.print(whole(evidence(result)))
    if not kept:
        for line in [] if result["ok"] else fix_lines(result["fixes"]):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        hint = "; --yes applies the lines above, except other ratings and breakers" if result["fixes"]["changes"] and not options.yes else ""
        failed(f"the check refuses this site; {UNWRITTEN}{hint}", REFUSED)
        return
    print(f"{path}: written; the check {'passes' if result['ok'] else 'fails'}.")
    if not path.stat().st_mode & 0o077:
        print("It holds a password: only its owner can read it. The user of the controller needs to.")
    if result["ok"]:
        word = shlex.quote(str(path))
        print(f"next: ampacity rig {word} --no-csms    (simulate it), or\n      ampacity run {word} --data DIR    (run it; then ampacity commission)")


def refused(path: Path, errors: SiteErrors, as_json: bool) -> int:
    """Mistakes in answers that only the whole site shows."""
    if as_json:
        mistakes = [mistake.as_dict() for mistake in errors.mistakes]
        print(json.dumps({"file": str(path), "written": False, "applied": [], "ok": False, "mistakes": mistakes, "findings": []}))
    else:
        show_mistakes(errors.mistakes, Console(stderr=True))
    return failed(f"the check refuses these answers; {UNWRITTEN}", REFUSED)
