"""The report as one HTML page that needs nothing else: to be read, printed, and put into the site's folder.

The page is `report.html` in this folder; here are the texts of its figures. A report is a file that may have been changed: whatever it
says is text on the page and never markup.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, UndefinedError

from ampacity.commission.replace import value_text
from ampacity.commission.report import unfinished, without_name
from ampacity_host.commission.report import holds
from ampacity_host.commission.svg_plot import plot

PAGE = Path(__file__).with_name("report.html")
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
    """The page. KeyError, TypeError, ValueError or IndexError where the report lacks what every report has."""
    try:
        return page().render(report=report, head=report["head"])
    except UndefinedError as missing:
        raise KeyError(str(missing)) from None


@cache
def page() -> Template:
    """`report.html`, compiled once, with the functions that it calls."""
    pages = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    pages.filters["milliseconds"] = milliseconds
    tools = (holds, latencies, measured, meter_lines, plateaus, plot, replaced, unfinished, without_name)
    pages.globals.update({tool.__name__: tool for tool in tools}, classes=CLASSES)
    return pages.from_string(PAGE.read_text(encoding="utf-8"))


def replaced(head: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Units that took another's place, newest last: when, what."""
    for row in head["replaced"]:
        settings = ", ".join(f"{one[0]} {value_text(one[2], one[4])}" for one in row["settings"]) or "not read"
        text = f"{row['evse']}: serial number {row['old'] or 'none'} replaced by {row['new'] or 'none'}, {row['outcome']}; settings {settings}"
        yield row["at"] or "time unknown", text


def measured(figures: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A step's figures by their names."""
    for key, value in sorted(figures.items()):
        yield LABELS.get(key, key), text_of(key, value)


def plateaus(figures: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Ordered, reported, drawn per terminal, lines of each meter."""
    for order, reported, drawn, meters in figures["plateaus"]:
        lines = "; ".join(", ".join(f"{da / 10:.1f}" for da in lines) for lines in meters if lines)
        yield amp(order), amp(reported), ", ".join(f"{da / 10:.1f}" for da in drawn) if drawn else "not measured", lines


def meter_lines(figures: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Each line of each meter: name, kind, its share of the steps, how many agree."""
    for meter, lines in figures["meters"]:
        for number, (kind, share, agree) in enumerate(lines):
            yield f"{meter} L{number + 1}", kind, f"{share / 10:.1f} %", f"{agree} %"


def latencies(figures: dict[str, Any]) -> Iterator[list[str]]:
    """Each step down and up: shown, drawn, at the meter."""
    for way in ("down", "up"):
        for row in figures["latency"][way]:
            yield [way, *map(milliseconds, row)]


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
