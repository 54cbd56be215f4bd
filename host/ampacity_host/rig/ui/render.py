"""A ViewModel as a screen: circuits against their ratings, EVSEs, OCPP and events. Fits 80 × 24 and uses larger terminals
fully.

A low terminal has no frames around its parts. Entries without a row are counted; rows go to the circuits with the least
margin and to EVSEs with a car.
"""

from collections import Counter
from textwrap import wrap

from rich.console import Group
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ampacity_host.rig.ui.bars import FREE, OTHER, OURS, bar, colour
from ampacity_host.rig.ui.labels import STATUS_STYLE, clock, header, kind_word, leader
from ampacity_host.rig.ui.pages import foot, page

HEAD_ROWS, STORY_ROWS_MAX = 1, 4
BOTTOM_ROWS_MIN, BOTTOM_ROWS_MIN_LOW, LOW = 8, 3, 30
WIDE = 120     # from this width on each phase of an EVSE is shown
EVENT_STYLE = {"story": "bold cyan", "primary": "magenta", "over": "bold red", "meter": "blue", "evse": "", "hand": "bold"}


def screen(model, width, height):
    """A renderable of that many cells. model: a ViewModel that has a state."""
    low = height < LOW
    frame, head = (0, 1) if low else (2, 1)     # rows of a panel apart from its lines: its frame, the column names
    rows = [Layout(header_line(model), size=HEAD_ROWS)]
    last = foot(model, width)
    left = height - HEAD_ROWS - len(last)
    end = [Layout(Group(*last), size=len(last))] if last else []
    turned = page(model, left, low)
    if turned is not None:
        return _column([*rows, Layout(turned), *end])
    if model.headline is not None:
        lines = wrap(model.headline[1], width - 2 * frame)[:STORY_ROWS_MAX]
        size = len(lines) + (frame or 1)
        rows.append(Layout(story(model, lines, low), size=size))
        left -= size
    bottom_min = BOTTOM_ROWS_MIN_LOW if low else BOTTOM_ROWS_MIN
    circuits, evses = shares(left - 2 * (frame + head) - bottom_min, len(model.state["truth"]["circuits"]), len(model.state["truth"]["evses"]))
    for panel, shown, count in ((circuit_panel, circuits, len(model.state["truth"]["circuits"])),
                                (evse_panel, evses, len(model.state["truth"]["evses"]))):
        size = shown + frame + head + (low and shown < count)   # a line for the count, which otherwise is in the frame
        rows.append(Layout(panel(model, shown, width, low), size=size))
        left -= size
    if left >= (2 if low else 3):
        rows.append(Layout(bottom_row(model, left - (1 if low else 2), low), size=left))
    elif end:
        rows.append(Layout(""))
    return _column(rows + end)


def shares(rows, circuits, evses):
    """The rows for circuits and EVSEs: all of them, else two thirds for the EVSEs."""
    rows = max(2, rows)
    shown = min(circuits, max(rows - evses, rows // 3, 1))
    return shown, min(evses, rows - shown)


def _column(rows):
    root = Layout()
    root.split_column(*rows)
    return root


def header_line(model):
    text = Text(no_wrap=True, overflow="ellipsis")
    for part, style in header(model):
        text.append(" " + part + " ", style)
    return text


def framed(body, title, subtitle, low, style="none"):
    """With a frame that has title and subtitle; a low terminal shows only the subtitle, as a last line."""
    if low:
        return Group(body, Text(subtitle, "dim", justify="right", no_wrap=True, overflow="ellipsis")) if subtitle else body
    return Panel(body, title=title, title_align="left", subtitle=subtitle, subtitle_align="right", border_style=style)


def story(model, lines, low):
    """The headline, the progress of the sequence, and its text in wrapped lines."""
    passed = ""
    if model.progress:
        passed = "%d %% of the story" % (100 * model.progress[0] // model.progress[1])
    words = Text("\n".join(lines), no_wrap=True)
    if not low:
        return framed(words, Text(model.headline[0], "bold"), passed, low, "cyan")
    line = Table.grid(expand=True)
    line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    line.add_column(justify="right", no_wrap=True)
    line.add_row(Text(model.headline[0], "bold cyan"), Text(passed, "dim"))
    return Group(line, words)


# ---- circuits


def circuit_panel(model, rows, width, low):
    """Per circuit and phase: its current, against the rating."""
    circuits = model.state["truth"]["circuits"]
    shown = foremost(circuits, rows, lambda one: min(rating - amps for rating, amps in zip(one["rating"], one["amps"], strict=True)))
    phases = max(len(one["rating"]) for one in circuits.values())
    bar_cells = max(4, (width - 4 - 10 - 7 - 14) // phases - 8)
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", show_edge=False)
    table.add_column("circuit", width=9, no_wrap=True)
    table.add_column("rating", width=6, justify="right", no_wrap=True)
    for phase in range(phases):
        table.add_column("L%d" % (phase + 1), width=bar_cells + 7, no_wrap=True)
    table.add_column("least, above", width=13, justify="right", no_wrap=True)
    for name in shown:
        table.add_row(*_circuit_row(model, name, circuits[name], bar_cells))
    left_out = "" if len(shown) == len(circuits) else "and %d more circuits with more margin" % (len(circuits) - len(shown))
    legend = "" if low else "%s other load  %s EVSEs  %s free" % (OTHER, OURS, FREE)
    return framed(table, "[bold]circuits[/] A per phase", "  ".join(part for part in (left_out, legend) if part), low)


def foremost(found, rows, key):
    """The names with a row: the first by their key, in their own order."""
    names = list(found)
    chosen = set(sorted(names, key=lambda name: key(found[name]))[:rows])
    return [name for name in names if name in chosen]


def _circuit_row(model, name, circuit, bar_cells):
    cells = [name, "%.0f A" % min(circuit["rating"])]
    for amps, other, rating in zip(circuit["amps"], circuit["other"], circuit["rating"], strict=True):
        cells.append(bar(amps, other, rating, bar_cells) + Text(" %5.1f " % amps, colour(amps, rating)))
    return cells + [_least(model, name)]


def _least(model, name):
    """The least margin since the start, and the time above the rating."""
    if model.worst is None:
        return Text("-")
    worst = model.worst["circuits"][name]
    least, over_ms = min(worst["min_margin_a"]), max(worst["over_ms"])
    text = Text("%.1f A" % least, "red" if least < 0 else "")
    return text + Text(" %.1f s" % (over_ms / 1000), "red") if over_ms else text


# ---- EVSEs


def evse_panel(model, rows, width, low):
    """Per EVSE: state, order, measured current, and reason."""
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="dim", show_edge=False)
    drawn = ("drawn L1-L3", 14, "right") if width >= WIDE else ("drawn L", 8, "right")
    actions = model.actions
    if actions is not None:
        table.add_column("", width=1 + len(str(len(model.state["truth"]["evses"]))), justify="right", no_wrap=True)
    for name, cells, justify in (("EVSE", 7, "left"), ("kind", 10, "left"), ("status", 9, "left"), ("CP", 2, "left"),
                                 ("order", 5, "right"), drawn, ("bound", 5, "right"), ("Wh", 5, "right")):
        table.add_column(name, width=cells, justify=justify, no_wrap=True, overflow="ellipsis")
    table.add_column("why", ratio=1, no_wrap=True, overflow="ellipsis")
    evses = model.state["truth"]["evses"]
    here = actions and actions.evse
    shown = foremost(evses, rows, lambda one: (one is not evses.get(here), not one["plugged"]))
    numbers = {name: number for number, name in enumerate(evses, 1)}
    for name in shown:
        number = [] if actions is None else [("›" if name == here else "") + str(numbers[name])]
        table.add_row(*number, *_evse_row(model, name, width >= WIDE), style="bold" if name == here else "")
    title = "[bold]EVSEs[/]" + (" order, bound and why as the primary has them; drawn and Wh as they are" if width >= 90 else "")
    return framed(table, title, left_out(model, [name for name in evses if name not in shown]), low)


def left_out(model, names):
    """EVSEs without a row: their number and states."""
    if not names:
        return ""
    counted = Counter(status_of(model, name) for name in names)
    return "and %d more EVSEs: %s" % (len(names), ", ".join("%d %s" % (count, status) for status, count in sorted(counted.items())))


def status_of(model, name):
    view = leader(model, name)[0]
    return "alone" if view is None else view["status"] if view["online"] else "silent"


def _evse_row(model, name, wide):
    truth = model.state["truth"]["evses"][name]
    view = leader(model, name)[0]
    drawn = Text(_drawn(truth["amps"], wide), "green" if any(truth["amps"]) else "dim")
    cells = [name, Text(kind_word(model.kinds.get(name, "")), "dim")]
    if view is None:
        return [*cells, Text("alone", "magenta"), truth["pilot"], Text("%.1f" % truth["order_a"], "dim"), drawn, "-",
                str(truth["energy_wh"]), Text(_alone(truth), "magenta")]
    status = status_of(model, name)
    order = "-" if view["order_a"] is None else "%.1f" % view["order_a"]
    return [*cells, Text(status, STATUS_STYLE.get(status, "")), truth["pilot"], order, drawn,
            "%.1f" % max(view["bound_a"]), str(truth["energy_wh"]), Text(reason(view["why"]), "dim" if not truth["plugged"] else "")]


def _drawn(amps, wide):
    """Each phase; without space the fullest one, and the numbers of the loaded phases."""
    if wide:
        return " ".join("%4.1f" % one if one else "   -" for one in amps)
    if not any(amps):
        return "-    "
    return "%.1f %s" % (max(amps), "".join(str(phase) if one else "·" for phase, one in enumerate(amps, 1)))


def reason(why):
    """The text after the amperes, which have a separate column."""
    return why.split(": ", 1)[-1]


def _alone(truth):
    """Behaviour of an EVSE without its primary."""
    if truth["watchdog"] == "expired":
        return "watchdog ran out: its fallback, %.1f A" % truth["order_a"]
    return "holds its last order until its watchdog ends" if truth["order_a"] else "paused"


# ---- OCPP and events


def bottom_row(model, rows, low):
    row = Layout()
    row.split_row(Layout(_headed(*events_panel(model, rows), low), ratio=1), Layout(_headed(*frames_panel(model, rows), low), ratio=1))
    return row


def _headed(lines, title, subtitle, low):
    return Group(Text(title, "bold", no_wrap=True), *lines) if low else framed(Group(*lines), "[bold]%s[/]" % title, subtitle, low)


def events_panel(model, rows):
    lines = []
    for t_ms, kind, text in list(model.events)[-rows:]:
        lines.append(Text("%s %s" % (clock(t_ms), text), EVENT_STYLE.get(kind, ""), no_wrap=True, overflow="ellipsis"))
    return lines, "events", ""


def frames_panel(model, rows):
    ocpp = (model.state["primary"] or {}).get("ocpp") or {"connected": False, "queue": 0}
    lines = []
    for t_ms, direction, text in list(model.frames)[-rows:]:
        arrow, style = ("→", "") if direction == "in" else ("←", "yellow")
        lines.append(Text("%s %s %s" % (clock(t_ms), arrow, text), style, no_wrap=True, overflow="ellipsis"))
    return lines, "OCPP %s, queue %d" % ("connected" if ocpp["connected"] else "offline", ocpp["queue"]), "→ from the site  ← to it"
