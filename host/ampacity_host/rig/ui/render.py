"""A Look as a screen: circuits against their ratings, EVSEs, OCPP and events. Fits 100 × 40, uses what more there is."""

from rich.console import Group
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ampacity_host.rig.ui.bars import FREE, OTHER, OURS, bar, colour
from ampacity_host.rig.ui.words import STATUS_STYLE, clock, header, kind_word

HEAD_ROWS, STORY_ROWS = 1, 4
BOTTOM_ROWS_MIN, BOTTOM_ROWS_MIN_LOW, LOW = 8, 3, 30
WIDE = 120     # from here on each phase of an EVSE is shown
EVENT_STYLE = {"story": "bold cyan", "primary": "magenta", "over": "bold red", "meter": "blue", "evse": ""}


def screen(look, width, height):
    """A renderable of that many cells. look: a Look that has a state."""
    rows = [Layout(header_line(look), size=HEAD_ROWS)]
    if look.headline is not None:
        rows.append(Layout(story(look), size=STORY_ROWS))
    circuits = look.state["truth"]["circuits"]
    rows.append(Layout(circuit_panel(look, width), size=len(circuits) + 3))
    used = HEAD_ROWS + (STORY_ROWS if look.headline else 0) + len(circuits) + 3
    evses = len(look.state["truth"]["evses"])
    evse_rows = max(1, min(evses, height - used - 3 - (BOTTOM_ROWS_MIN if height >= LOW else BOTTOM_ROWS_MIN_LOW)))
    rows.append(Layout(evse_panel(look, evse_rows, width), size=evse_rows + 3))
    bottom = height - used - evse_rows - 3
    if bottom >= 3:
        rows.append(Layout(bottom_row(look, bottom - 2), size=bottom))
    root = Layout()
    root.split_column(*rows)
    return root


def header_line(look):
    text = Text(no_wrap=True, overflow="ellipsis")
    for part, style in header(look):
        text.append(" " + part + " ", style)
    return text


def story(look):
    title, words = look.headline
    passed = Text("")
    if look.progress:
        passed_ms, length_ms = look.progress
        passed = Text("%s of %s" % (clock(passed_ms), clock(length_ms)))
    return Panel(Text(words, overflow="ellipsis"), title=Text(title, "bold"), title_align="left", subtitle=passed,
                 subtitle_align="right", border_style="cyan")


# ---- circuits


def circuit_panel(look, width):
    """Per circuit and phase: what flows, against the rating."""
    circuits = look.state["truth"]["circuits"]
    phases = max(len(one["rating"]) for one in circuits.values())
    bar_cells = max(4, (width - 4 - 10 - 7 - 14) // phases - 8)
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", show_edge=False)
    table.add_column("circuit", width=9, no_wrap=True)
    table.add_column("rating", width=6, justify="right", no_wrap=True)
    for phase in range(phases):
        table.add_column("L%d" % (phase + 1), width=bar_cells + 7, no_wrap=True)
    table.add_column("least, above", width=13, justify="right", no_wrap=True)
    for name, circuit in circuits.items():
        table.add_row(*_circuit_row(look, name, circuit, bar_cells))
    legend = "%s other load  %s EVSEs  %s free" % (OTHER, OURS, FREE)
    return Panel(table, title="[bold]circuits[/] A per phase", title_align="left", subtitle=legend, subtitle_align="right")


def _circuit_row(look, name, circuit, bar_cells):
    cells = [name, "%.0f A" % min(circuit["rating"])]
    for amps, other, rating in zip(circuit["amps"], circuit["other"], circuit["rating"], strict=True):
        cells.append(bar(amps, other, rating, bar_cells) + Text(" %5.1f " % amps, colour(amps, rating)))
    return cells + [_least(look, name)]


def _least(look, name):
    """The least margin since the start, and how long it was above."""
    if look.worst is None:
        return Text("-")
    worst = look.worst["circuits"][name]
    least, over_ms = min(worst["min_margin_a"]), max(worst["over_ms"])
    text = Text("%.1f A" % least, "red" if least < 0 else "")
    return text + Text(" %.1f s" % (over_ms / 1000), "red") if over_ms else text


# ---- EVSEs


def evse_panel(look, rows, width):
    """Per EVSE: state, order, what is measured, and why."""
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="dim", show_edge=False)
    drawn = ("drawn L1-L3", 14, "right") if width >= WIDE else ("drawn", 5, "right")
    for name, cells, justify in (("EVSE", 7, "left"), ("kind", 10, "left"), ("status", 9, "left"), ("CP", 2, "left"),
                                 ("order", 5, "right"), drawn, ("bound", 5, "right"), ("Wh", 5, "right")):
        table.add_column(name, width=cells, justify=justify, no_wrap=True, overflow="ellipsis")
    table.add_column("why", ratio=1, no_wrap=True, overflow="ellipsis")
    names = list(look.state["truth"]["evses"])
    for name in names[:rows]:
        table.add_row(*_evse_row(look, name, width >= WIDE))
    more = "" if len(names) <= rows else "and %d more" % (len(names) - rows)
    return Panel(table, title="[bold]EVSEs[/] order, bound and why as the primary has them; drawn and Wh as they are", title_align="left",
                 subtitle=more, subtitle_align="right")


def _evse_row(look, name, wide):
    truth = look.state["truth"]["evses"][name]
    view = (look.state["primary"] or {}).get("evses", {}).get(name)
    shown = truth["amps"] if wide else [max(truth["amps"])]
    drawn = Text(" ".join("%4.1f" % amps if amps else "   -" for amps in shown), "green" if any(truth["amps"]) else "dim")
    cells = [name, Text(kind_word(look.kinds.get(name, "")), "dim")]
    if view is None:
        return [*cells, Text("alone", "magenta"), truth["pilot"], Text("%.1f" % truth["order_a"], "dim"), drawn, "-",
                str(truth["energy_wh"]), Text(_alone(truth), "magenta")]
    status = view["status"] if view["online"] else "silent"
    order = "-" if view["order_a"] is None else "%.1f" % view["order_a"]
    return [*cells, Text(status, STATUS_STYLE.get(status, "")), truth["pilot"], order, drawn,
            "%.1f" % max(view["bound_a"]), str(truth["energy_wh"]), Text(reason(view["why"]), "dim" if not truth["plugged"] else "")]


def reason(why):
    """What follows the amperes, which have a column of their own."""
    return why.split(": ", 1)[-1]


def _alone(truth):
    """What an EVSE does while nobody leads it."""
    if truth["watchdog"] == "expired":
        return "watchdog ran out: its fallback, %.1f A" % truth["order_a"]
    return "holds its last order until its watchdog ends" if truth["order_a"] else "paused"


# ---- OCPP and events


def bottom_row(look, rows):
    row = Layout()
    row.split_row(Layout(events_panel(look, rows), ratio=1), Layout(frames_panel(look, rows), ratio=1))
    return row


def events_panel(look, rows):
    lines = []
    for t_ms, kind, text in list(look.events)[-rows:]:
        lines.append(Text("%s %s" % (clock(t_ms), text), EVENT_STYLE.get(kind, ""), no_wrap=True, overflow="ellipsis"))
    return Panel(Group(*lines), title="[bold]events[/]", title_align="left")


def frames_panel(look, rows):
    ocpp = (look.state["primary"] or {}).get("ocpp") or {"connected": False, "queue": 0}
    lines = []
    for t_ms, direction, text in list(look.frames)[-rows:]:
        arrow, style = ("→", "") if direction == "in" else ("←", "yellow")
        lines.append(Text("%s %s %s" % (clock(t_ms), arrow, text), style, no_wrap=True, overflow="ellipsis"))
    title = "[bold]OCPP[/] %s, queue %d" % ("connected" if ocpp["connected"] else "offline", ocpp["queue"])
    return Panel(Group(*lines), title=title, title_align="left", subtitle="→ from the site  ← to it", subtitle_align="right")
