"""The commands `ampacity commission` and `ampacity report commission`."""

import json
import sys
from contextlib import closing
from pathlib import Path

from ampacity_host.commission.guide import Guide
from ampacity_host.commission.html_report import html
from ampacity_host.commission.installer import KeyboardInstaller, NoInstaller
from ampacity_host.commission.report import NoReport, fetch, holds, read, refuse_to_sign_without_password, write
from ampacity_host.commission.screen import Screen
from ampacity_host.console.controller_option import ControllerRef, door_of
from ampacity_host.console.link import BlockingLink, Link, LinkLost, Refused, asked_password
from ampacity_host.failure import failed

OK, REFUSED, USAGE, NO_CONNECTION, INTERRUPTED = 0, 1, 2, 3, 130
ENDS = (ValueError, Refused, NoReport, LinkLost)  # a command that uses a controller ends by these
GOES_ON = "interrupted here; the run continues in the controller: `commission abort` at its console ends it, the same command joins it again"
NOT_BEGUN = "interrupted before the run started; a bus that was out of service for a scan returns to service (on a serial console: `scan stop`)"


def commission_command(
    names: list[str], controller: ControllerRef, out: Path, as_json: bool, by: "str | None", unattended: bool, scan: bool,
) -> int:  # fmt: skip
    """0 everything passed, 1 something did not, or the controller refused, 2 wrong usage, 3 no connection, 130 Ctrl-C."""
    screen, guide = Screen(), None
    try:
        with closing(open_link(controller)) as link:
            refuse_to_sign_without_password(link, by)
            guide = Guide(link, NoInstaller() if unattended else KeyboardInstaller(), screen)
            if scan:
                guide.scan(names)
            guide.run(names)
            screen.close()
            report = fetch(link, guide.scans, by)
    except ENDS as problem:
        return report_failure(screen, str(problem), status_of(problem))
    except KeyboardInterrupt:
        return report_failure(screen, GOES_ON if guide is not None and guide.begun else NOT_BEGUN, INTERRUPTED)
    pages = out.with_suffix(".json"), out.with_suffix(".html")
    try:
        write(report, pages[0])
        pages[1].write_text(html(report))
    except OSError as problem:
        return report_failure(screen, f"{out}: {problem.strerror}", USAGE)
    screen.note(f"{report['outcome']}: {pages[1]} and {pages[0]}, sha256 {report['sha256']}" + ("" if by else "; not signed, --by NAME does"))
    if as_json:
        print(json.dumps(report))
    return OK if report["outcome"] == "passed" else REFUSED


def open_link(controller: ControllerRef) -> Link:
    """ValueError: no controller has written there where its console listens."""
    return BlockingLink(door_of(controller), asked_password)


def status_of(problem: Exception) -> int:
    """The exit code of what ended the command."""
    if isinstance(problem, LinkLost):
        return NO_CONNECTION
    return USAGE if isinstance(problem, ValueError) else REFUSED


def report_failure(screen: Screen, text: str, status: int) -> int:
    screen.close()
    print(f"ampacity: {text}", file=sys.stderr)
    return status


def report_command(path: Path, out: "Path | None", as_json: bool = False) -> int:
    """Render FILE.json as HTML; 0 it is as it was written, 1 it was changed, 2 it is no report."""
    try:
        report = read(path)
        page = out or path.with_suffix(".html")
        page.write_text(html(report))
    except NoReport as problem:
        return failed(problem, USAGE)
    except OSError as problem:
        return failed(f"{out}: {problem.strerror}", USAGE)
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        return failed(f"{path}: damaged: {type(problem).__name__} {problem}", USAGE)
    good = holds(report)
    if as_json:
        print(json.dumps({"page": str(page), "outcome": report["outcome"], "sha256": report["sha256"], "as_written": good}))
        return OK if good else REFUSED
    print(f"{page}: {report['outcome']}, sha256 {report['sha256']}, " + ("as it was written" if good else "CHANGED after it was written"))
    return OK if good else REFUSED
