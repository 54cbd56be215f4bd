"""The commissioning report as one JSON document: every measurement, who signed it, and a fingerprint over all of it."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ampacity
from ampacity.base import strict_json
from ampacity.commission.report import findings_of, seal
from ampacity.commission.scan import ANY_TEXT
from ampacity_host.console.link import Link, as_json

KIND = "commissioning report"
DUPLICATE_FIX = "give each device a unique address: switch the others off and set them one by one"


class NoReport(Exception):
    """The file is no report; the text says why."""


def refuse_to_sign_without_password(link: Link, by: str | None) -> None:
    """NoReport where the controller has no password, so that it would refuse the signature at the end: before anything is done."""
    if by and link.ask("logout").startswith("no password is set"):
        raise NoReport("to sign (--by) the controller needs a password: `password NEW` at its console, then set AMPACITY_PASSWORD; or leave out --by")


def fetch(link: Link, scans: list[dict[str, Any]], by: str | None) -> dict[str, Any]:
    """The report of the controller, sheet by sheet; signed there when a name is given."""
    if by:
        text = link.ask("commission sign " + by)
        if text.startswith("error"):
            raise NoReport(text)
    head = as_json(link, "commission report --json")
    names = sorted(head["evses"], key=lambda name: head["evses"][name]["index"])
    sheets = [as_json(link, "commission report " + name) for name in names]
    return assemble(head, sheets, scans)


def assemble(head: dict[str, Any], sheets: list[dict[str, Any]], scans: list[dict[str, Any]]) -> dict[str, Any]:
    """The report, with its fingerprint."""
    findings = scan_findings(scans) + findings_of(head, sheets)
    report = {
        "format": 1, "kind": KIND, "written": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "program": "ampacity " + ampacity.__version__,
        "head": head, "scans": scans, "evses": sheets, "findings": findings, "outcome": outcome(head, findings),
    }  # fmt: skip
    report["sha256"] = fingerprint(report)
    return report


def outcome(head: dict[str, Any], findings: list[dict[str, Any]]) -> str:
    """"passed", "failed" or "not done" of the whole site."""
    each = [row["outcome"] for row in head["evses"].values()]
    if "failed" in each or any(row["level"] == "error" for row in findings):
        return "failed"
    return "passed" if each and set(each) == {"passed"} and head.get("finished") else "not done"


def scan_findings(scans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two devices at one address, as the scan of a bus has found them; a warning when it was corrected before the run."""
    found = []
    for scan in scans:
        after = "; corrected before the run" if scan.get("put_right") else ""
        for text in duplicate_addresses(scan):
            level = "warning" if after else "error"
            found.append({"code": "duplicate-unit", "where": scan["bus"], "level": level, "text": text + after, "fix": DUPLICATE_FIX})
    return found


def duplicate_addresses(scan: dict[str, Any]) -> list[str]:
    """Reports of a scan on addresses of several devices; two of them may answer each other, which prevents requests."""
    found = [f"{scan['bus']} unit {row['unit']}: {row['note']}" for row in scan["found"] if row.get("note") not in ("", None, ANY_TEXT)]
    return found or ([f"{scan['bus']}: {scan['verdict']}"] if "two devices" in scan["verdict"] else [])


def fingerprint(report: dict[str, Any]) -> str:
    """sha256 over the canonical text (keys sorted, no blanks) of everything but the fingerprint itself."""
    plain = {key: value for key, value in report.items() if key != "sha256"}
    return hashlib.sha256(strict_json.dumps(plain).encode()).hexdigest()


WANTED = "the .json that `ampacity commission` wrote"


def read(path: Path) -> dict[str, Any]:
    """A report from its file. NoReport for anything else."""
    try:
        report = json.loads(path.read_text())
    except OSError as error:
        raise NoReport(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}; use {WANTED}") from None
    except ValueError:
        raise NoReport(f"{path}: not a commissioning report; use {WANTED}") from None
    if not isinstance(report, dict) or report.get("kind") != KIND or not isinstance(report.get("head"), dict):
        raise NoReport(f"{path}: not a commissioning report; use {WANTED}")
    return report


def holds(report: dict[str, Any]) -> bool:
    """Is it as it was written, and as the controller sealed it?"""
    signed = report["head"].get("signed")
    sealed = not signed or signed["seal"] == seal(report["head"], report["evses"])
    return sealed and report.get("sha256") == fingerprint(report)


def write(report: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
