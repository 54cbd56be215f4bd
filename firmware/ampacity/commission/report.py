"""The report of a commissioning: documents, their seal, and the same as lines for people.

One document for the site ("commission") and one for each EVSE ("commission-0", …), small enough for a controller to hold one at
a time. All are plain JSON; their canonical text has sorted keys, so that any reader can compute the seal again.
"""

import hashlib
from binascii import hexlify

from ampacity.base import strict_json
from ampacity.commission.findings import shown_text

if False:  # for the type checker
    from collections.abc import Iterable

    from ampacity.commission.interfaces import Document, Finding

FORMAT = 1
HEAD = "commission"
MARKS = {"passed": "ok  ", "failed": "FAIL", "not done": "open", "not needed": "-   "}


def document_of(index: int) -> str:
    """The name of the document of the EVSE with that index, from 0."""
    return "%s-%d" % (HEAD, index)


def sha256_of(texts: "Iterable[str]") -> str:
    """Hex digest over the texts, each ended by a newline."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode())
        digest.update(b"\n")
    return str(hexlify(digest.digest()), "ascii")


def site_sha256(site: "Document") -> str:
    """Of the compiled site without its upstream, which holds a password."""
    plain = {key: site[key] for key in site if key != "ocpp"}
    plain["evses"] = [row.whole() if hasattr(row, "whole") else row for row in site["evses"]]
    return sha256_of([strict_json.dumps(plain)])


def seal(head: "Document", evses: "list[Document]") -> str:
    """Over everything that was found out; head without its signature, EVSE documents in the order of head["evses"]' index."""
    plain = {key: head[key] for key in head if key != "signed"}
    return sha256_of([strict_json.dumps(plain)] + [strict_json.dumps(evse) for evse in evses])


def findings_of(head: "Document", evses: "list[Document]") -> "list[Finding]":
    """All findings, each once: those of several EVSEs together first."""
    found: "list[Finding]" = []
    for row in head.get("together", []) + [row for evse in evses for step in evse["steps"] for row in step.get("findings", [])]:
        add_finding(found, row)
    return found


def add_finding(found: "list[Finding]", row: "Finding") -> None:
    """Into a list of findings, unless the same finding is there already, perhaps with other figures."""
    for known in found:
        if (known["code"], known["where"], known["fix"]) == (row["code"], row["where"], row["fix"]):
            return
    found.append(row)


def finding_lines(findings: "list[Finding]") -> "list[str]":
    """Two lines for each: its level and text, its remedy."""
    lines = []
    for row in findings:
        lines.append("%s: %s" % (row["level"], row["text"]))
        lines.append("    fix: %s" % row["fix"])
    return lines


def step_line(name: str, step: str, outcome: str, text: str) -> str:
    """One line for a step that is over."""
    return "%s %s %s: %s" % (MARKS.get(outcome, outcome), name, step, without_name(name, text))


def without_name(name: str, text: str) -> str:
    """The sentence without the name that begins it, where the line before has it."""
    return text[len(name) + 2 :] if text.startswith(name + ": ") else text


def unfinished(head: "Document") -> str:
    """Why there is no end of the run, and what was not done."""
    if not head.get("aborted"):
        return "the run was not finished"
    left = ["%s (%s)" % (name, ", ".join(steps) or "all steps") for name, steps in head["aborted"]]
    return "the run was aborted; not done: " + ", ".join(left)


def report_lines(head: "Document", evses: "list[Document]") -> "list[str]":
    """The report as text."""
    lines = ["commissioning of %s, firmware %s, started %s" % (head["site"], head["firmware"], head["began"] or "(time unknown)")]
    lines.append("site file %s" % head["site_sha256"][:16])
    for evse in evses:
        words = "%s: %s (serial %s)" % (evse["name"], evse["outcome"], evse["serial"] or "unknown")
        lines.append(words)
        if evse.get("off") and "pause" not in [step["step"] for step in evse["steps"]]:
            lines.append("  " + without_name(evse["name"], shown_text(evse["name"], evse["off"])))
        for step in evse["steps"]:
            done = (MARKS.get(step["outcome"], ""), step["step"], without_name(evse["name"], step["text"]))
            lines.append("  %s %s: %s" % done)
    for row in head.get("replaced", []):
        units = (row["evse"], row["at"] or "time unknown", row["old"] or "none", row["new"] or "none", row["outcome"])
        lines.append("%s replaced, %s: serial %s by %s, %s" % units)
    if not head["finished"]:
        lines.append(unfinished(head))
    lines += finding_lines(findings_of(head, evses)) or ["no faults found" + ("" if head["finished"] else " in the completed steps")]
    signed = head.get("signed")
    lines.append("signed by %s, %s, seal %s" % (signed["by"], signed["at"] or "time unknown", signed["seal"]) if signed else "not signed")
    return lines


def status_lines(status: "Document") -> "list[str]":
    """`commission status` for people."""
    lines = [step_line(*row) for row in status["done"]]
    if status["running"]:
        running = "%s: step %s in progress (%d s)" % (status["evse"], status["step"], status["seconds"])
        running += ", " + status["progress"] if status["progress"] else ""
        lines.append("%s; left: %s" % (running, ", ".join(status["left"]) or "none"))
    else:
        lines.append("no run in progress; see `commission start`, `commission report`")
    lines += finding_lines(status["findings"])
    if status["ask"]:
        lines.append("? %s (`commission next`: yes or continue; or no, skip, abort)" % status["ask"])
    return lines
