"""`ampacity replace EVSE`: shows old and new serial number, has the new unit accepted, set and tested, and renews the report."""

import json
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ampacity_host.commission.command import ENDS, INTERRUPTED, OK, REFUSED, USAGE, open_link, report_failure, status_of
from ampacity_host.commission.guide import Guide
from ampacity_host.commission.html_report import html
from ampacity_host.commission.installer import KeyboardInstaller, NoInstaller
from ampacity_host.commission.report import NoReport, fetch, read, refuse_to_sign_without_password, write
from ampacity_host.commission.screen import Screen
from ampacity_host.console.link import Link, accepted, as_json

POLL_S = 0.5
UNTOUCHED = "nothing was changed; the new unit of {0} stays locked at 0 A until `ampacity replace {0}` accepts it"
SETTING = "the controller continues with {0}, which stays at 0 A until its settings are read back and an order is proven; "
SETTING += "at its console `replace status` shows the progress, `replace stop` ends it"
TAKEN = "the new unit of {0} is accepted and in service, not tested; `ampacity commission {0}` tests it"
TESTING = "the new unit of {0} is accepted and in service; its test continues in the controller: `commission abort` at its console ends it"


class Stage:
    """State of an interrupted replacement, for the user."""

    state = UNTOUCHED


def replace_command(options: SimpleNamespace) -> int:
    """0 in service and tested, 1 something was refused or failed, 2 wrong usage, 3 no connection, 130 Ctrl-C."""
    screen, at = Screen(), Stage()
    try:
        with closing(open_link(options.ref)) as link:
            refuse_to_sign_without_password(link, options.by)
            new = shown_serial(link, options, screen)
            if new is None:
                return report_failure(screen, "nothing was changed", REFUSED)
            at.state = SETTING
            status = follow(link, options.evse, new, screen)
            at.state = TAKEN
            if status["outcome"] == "passed" and not options.no_test:
                at.state = TESTING
                Guide(link, NoInstaller() if options.unattended else KeyboardInstaller(), screen).follow()
            screen.close()
            report = fetch(link, scans_of(options.out, link), options.by) if status["outcome"] == "passed" and not options.no_test else None
    except ENDS as problem:
        return report_failure(screen, str(problem), status_of(problem))
    except KeyboardInterrupt:
        return report_failure(screen, f"interrupted: {at.state.format(options.evse)}", INTERRUPTED)
    if options.json:
        print(json.dumps(status))
    passed = status["outcome"] == "passed"
    if report is not None:
        passed = passed and report["head"]["evses"].get(options.evse, {}).get("outcome") == "passed"
        try:
            write_report(report, options.out, screen)
        except OSError as problem:
            return report_failure(screen, f"{options.out}: {problem.strerror}; at the console: commission report", USAGE)
    return OK if passed else REFUSED


def shown_serial(link: Link, options: SimpleNamespace, screen: Screen) -> "str | None":
    """What the unit shows now, and whether a person takes it; None: no. --serial decides beforehand."""
    text = accepted(link.ask(f"replace {options.evse}"))
    screen.note(text.split("; replace ")[0])
    if " serial=" not in text:
        return None
    new = text.split(" serial=")[1].split(" ")[0]
    if options.serial is not None:
        return str(options.serial)
    if not sys.stdin.isatty():
        raise ValueError(f"--serial {new}: no installer is present to confirm the new unit")
    return new if input(f"Is {new} the new unit of {options.evse}? [y/n] ").strip().lower() in ("y", "yes") else None


def follow(link: Link, evse: str, serial: str, screen: Screen) -> dict[str, Any]:
    """Its settings are written and read back, an order is proven. Refused when the controller says no."""
    accepted(link.ask(f"replace {evse} serial={serial}"))
    told_lines = 0
    while True:
        status: dict[str, Any] = as_json(link, "replace status --json")
        for mark, line in status["lines"][told_lines:]:
            screen.note(f"{mark:4} {evse}: {line}")
        told_lines = len(status["lines"])
        if status["stage"] == "over":
            return status
        time.sleep(POLL_S)


def scans_of(out: "Path | None", link: Link) -> list[dict[str, Any]]:
    """What the scans of the whole site found, by the report that is renewed, if it is one of this controller."""
    try:
        before = read(out.with_suffix(".json")) if out is not None else None
    except NoReport:
        return []
    same = before is not None and before["head"].get("controller") == as_json(link, "commission report --json").get("controller")
    return list(before.get("scans", [])) if before is not None and same else []


def write_report(report: dict[str, Any], out: "Path | None", screen: Screen) -> None:
    """The site's report with the sheet of this one renewed."""
    if out is None:
        return
    pages = out.with_suffix(".json"), out.with_suffix(".html")
    write(report, pages[0])
    pages[1].write_text(html(report))
    screen.note(f"{report['outcome']}: {pages[1]} and {pages[0]}, sha256 {report['sha256']}")
