"""The report as one HTML page that needs nothing else: to be read, printed, and put into the site's folder."""

from html import escape
from typing import Any

from ampacity.commission.replace import value_text
from ampacity.commission.report import unfinished, without_name
from ampacity_host.commission.report import holds
from ampacity_host.commission.svg_plot import plot

STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#1c2333;max-width:920px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin-bottom:.2rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #d9dde6;padding-bottom:.2rem}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #e6e9f0;vertical-align:top}
.passed{color:#0a7a3c}.failed,.error{color:#b3261e}.open,.warning{color:#8a5a00}.none{color:#6b7280}.small{font-size:10px;fill:#5b6375}
.finding{border-left:4px solid #b3261e;padding:.3rem .8rem;margin:.6rem 0;background:#fdf3f2}.finding.warning{border-color:#c98a00;background:#fdf8ec}
.fix{color:#3b4358}code{font-size:.9em;word-break:break-all}svg{width:100%;height:auto}details{margin:.4rem 0}
@media print{body{margin:0;max-width:none}details{display:block}h2{page-break-after:avoid}}
"""
LABELS = {  # of the figures of a step
    "after_da": "Current after the silence", "allowed_ms": "Allowed time to fall", "before_da": "Current before",
    "claimed_da": "Declared power-on value", "claimed_fallback_da": "Declared fallback", "claimed_watchdog_ms": "Declared watchdog time",
    "device_da": "Current measured by the device", "device_limit_da": "Limit shown by the device", "fallback_da": "Measured fallback",
    "fell_ms": "Time to fall", "high_da": "Order before the silence", "meter_da": "Current at the meter", "off": "Shown while paused",
    "return_ms": "Time to return", "seen_da": "Measured power-on value", "silent_ms": "Duration of the silence",
    "stood_ms": "Last reading before the fall", "tries": "Attempts",
}  # fmt: skip
CLASSES = {"passed": "passed", "failed": "failed", "not done": "open", "not needed": "none"}


def html(report: dict[str, Any]) -> str:
    """The page."""
    head = report["head"]
    parts = ["<!doctype html><html lang='en'><meta charset='utf-8'>", f"<title>Commissioning of {escape(head['site'])}</title><style>{STYLE}</style>"]
    parts += summary(report) + found(report)
    for sheet in report["evses"]:
        parts += evse(sheet)
    parts += signature(report)
    return "\n".join(parts) + "\n"


def summary(report: dict[str, Any]) -> list[str]:
    head = report["head"]
    rows = [
        ("Outcome", f"<b class='{CLASSES[report['outcome']]}'>{report['outcome']}</b>"),
        ("Started, ended", f"{head['began'] or 'time unknown'}, {head['ended'] or 'time unknown'}; written {report['written']}"),
        ("Run", "finished" if head.get("finished") else f"<b class='failed'>{escape(unfinished(head))}</b>"),
        ("Firmware", escape(head["firmware"])), ("Controller", f"<code>{escape(head['controller'])}</code>"),
        ("Site file (sha256, compiled, without upstream)", f"<code>{escape(head['site_sha256'])}</code>"),
    ]  # fmt: skip
    parts = [f"<h1>Commissioning of {escape(head['site'])}</h1>", table(rows)]
    cells = "".join(
        f"<tr><td>{escape(one['name'])}</td><td class='{CLASSES[one['outcome']]}'>{one['outcome']}</td><td>{escape(one['kind'])}</td>"
        f"<td>{escape(one['serial'] or 'unknown')}</td><td>{escape(one['where'])}</td></tr>" for one in report["evses"])
    parts += replaced(head)
    parts.append(f"<table><tr><th>EVSE</th><th>Outcome</th><th>Kind</th><th>Serial number</th><th>Where</th></tr>{cells}</table>")
    return parts


def replaced(head: dict[str, Any]) -> list[str]:
    """Units that took another's place, newest last."""
    rows = []
    for row in head.get("replaced", []):
        settings = ", ".join(f"{one[0]} {value_text(one[2], one[4])}" for one in row["settings"]) or "not read"
        text = f"{row['evse']}: serial number {row['old'] or 'none'} replaced by {row['new'] or 'none'}, {row['outcome']}; settings {settings}"
        rows.append((escape(row["at"] or "time unknown"), escape(text)))
    return [table(rows)] if rows else []


def table(rows: list[tuple[str, str]]) -> str:
    return "<table>" + "".join(f"<tr><th>{escape(name)}</th><td>{value}</td></tr>" for name, value in rows) + "</table>"


def found(report: dict[str, Any]) -> list[str]:
    parts = ["<h2>Findings</h2>"]
    for row in report["findings"]:
        parts.append(f"<div class='finding {row['level']}'><b>{escape(row['text'])}</b><div class='fix'>Fix: {escape(row['fix'])}</div></div>")
    what = "" if report["head"].get("finished") else " in the completed steps"
    return parts if report["findings"] else [*parts, f"<p>No faults found{what}.</p>"]


def evse(sheet: dict[str, Any]) -> list[str]:
    name = escape(sheet["name"])
    parts = [f"<h2>{name} <span class='{CLASSES[sheet['outcome']]}'>{sheet['outcome']}</span></h2>"]
    parts += [f"<p>Times from {escape(sheet['run'])} on.</p>"] if sheet.get("run") else []
    parts.append("<table>")
    for step in sheet["steps"]:
        outcome = f"<td class='{CLASSES[step['outcome']]}'>{step['outcome']}</td>"
        parts.append(f"<tr><td>{step['step']}</td>{outcome}<td>{escape(without_name(sheet['name'], step['text']))}</td></tr>")
    parts += ["</table>", plot(sheet)]
    for step in sheet["steps"]:
        if step["step"] == "steps" and step["figures"].get("plateaus"):
            parts += stepping(step["figures"])
        elif step["figures"]:
            rows = [(LABELS.get(key, key), escape(text_of(key, value))) for key, value in sorted(step["figures"].items())]
            parts.append(details(f"{step['step']}: declared and measured", table(rows)))
    return parts


def stepping(figures: dict[str, Any]) -> list[str]:
    """Plateaus, lines and latencies."""
    rows = ""
    for order, reported, drawn, meters in figures["plateaus"]:
        lines = "; ".join(", ".join(f"{da / 10:.1f}" for da in lines) for lines in meters if lines)
        amps = ", ".join(f"{da / 10:.1f}" for da in drawn) if drawn else "not measured"
        rows += f"<tr><td>{amp(order)}</td><td>{amp(reported)}</td><td>{amps}</td><td>{lines}</td></tr>"
    head = "<tr><th>Ordered (A)</th><th>Reported (A)</th><th>Drawn per terminal (A)</th><th>Lines of each meter (A)</th></tr>"
    parts = [details("steps: every plateau", f"<table>{head}{rows}</table>")]
    rows = ""
    for meter, lines in figures["meters"]:
        for number, (kind, share, agree) in enumerate(lines):
            rows += f"<tr><td>{escape(meter)} L{number + 1}</td><td>{kind}</td><td>{share / 10:.1f} %</td><td>{agree} %</td></tr>"
    parts.append(details("steps: lines", f"<table><tr><th>Line</th><th></th><th>Share of its steps</th><th>Steps that agree</th></tr>{rows}</table>"))
    rows = ""
    for way in ("down", "up"):
        for row in figures["latency"][way]:
            rows += f"<tr><td>{way}</td>{''.join(f'<td>{milliseconds(one)}</td>' for one in row)}</tr>"
    head = "<tr><th></th><th>Shown by the device</th><th>Drawn (nine tenths)</th><th>At the meter (nine tenths)</th></tr>"
    title = f"steps: latency (declared: {milliseconds(figures['claimed_settle_ms'])})"
    return [*parts, details(title, f"<table>{head}{rows}</table>")]


def details(title: str, body: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{body}</details>"


def amp(da: int | None) -> str:
    return "–" if da is None else f"{da / 10:.1f}"


def milliseconds(ms: int | None) -> str:
    return "–" if ms is None else f"{ms / 1000:.1f} s"


def text_of(key: str, value: Any) -> str:
    """A figure with the unit that its name says."""
    if value is None:
        return "unknown"
    if key.endswith("_ms") and isinstance(value, int):
        return milliseconds(value)
    return f"{value / 10:.1f} A" if key.endswith("_da") and isinstance(value, int) else str(value)


def signature(report: dict[str, Any]) -> list[str]:
    signed = report["head"].get("signed")
    rows = [("Fingerprint of the JSON (sha256)", f"<code>{report['sha256']}</code>")]
    if signed:
        rows.insert(0, ("Signed off by", f"{escape(signed['by'])}, {signed['at'] or report['written']}"))
        rows.append(("Seal kept by the controller", f"<code>{escape(signed['seal'])}</code>"))
    else:
        rows.insert(0, ("Signed off by", "not signed: name ______________________ date ____________"))
    rows.append(("Checked", "as it was written" if holds(report) else "<b class='failed'>this report was changed after it was written</b>"))
    return ["<h2>Sign-off</h2>", table(rows)]
