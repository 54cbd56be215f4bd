"""What the words of the live view mean: the page that `?` shows."""

from rich.table import Table
from rich.text import Text

WORDS = (
    ("bar", "▒ other load, █ EVSEs, · free; full at the rating, ! above it"),
    ("least, above", "least margin to the rating so far; how long it was above"),
    ("quarantine", "after a start every EVSE counts with the most it could draw"),
    ("regulating", "all answer; what the circuits carry is shared"),
    ("degraded", "what is lost counts with its worst; the rest is shared"),
    ("safe", "orders are lowered only, until a person has looked"),
    ("no rule broken", "no circuit was above its rating for longer than allowed"),
    ("CP", "control pilot: A no car, B plugged, C charging; 2: offered"),
    ("order", "A per phase: the most that the primary lets the EVSE offer"),
    ("drawn", "A that flow; the figures behind it are the phases L1 to L3"),
    ("bound", "A that count for it: the most it may draw until proven less"),
    ("why", "what it waits for, or what keeps its order from being higher"),
    ("Suspended", "a car is plugged and has no current"),
    ("silent", "no answer: its last order counts until its watchdog ends"),
    ("alone", "no primary: the EVSE does what its watchdog demands"),
    ("watchdog", "in the EVSE: it ends when the primary was not heard for so long"),
    ("fallback", "A that an EVSE allows itself when its watchdog has ended"),
    ("queue", "OCPP messages that wait for the CSMS"),
    ("0:33", "time since the site was switched on, here and in the chart"),
)


def explained(rows, low):
    """The table of words, and how to get back; as many as there are rows for."""
    table = Table(box=None, padding=(0, 1 if low else 3, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True, min_width=14)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for word, meaning in WORDS[: rows - 2]:
        table.add_row(word, meaning)
    table.add_row("", "")
    table.add_row("?", Text("back to the site, which goes on meanwhile", "bold"))
    return table
