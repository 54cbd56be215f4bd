"""The words of the live view and the effects of its keys: the pages of `?`."""

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

KEYS = (
    ("↑ ↓, number", "choose an EVSE; › marks it, the number is in front of its name"),
    ("p", "plug a car in, or unplug it"),
    ("c", "present a card at its reader: CARD-1 at the first EVSE"),
    ("e", "its car pauses, or continues"),
    ("f", "faults: of the EVSE, with Tab of buses, meters and the primary"),
    ("+ -", "5 A more or less other load, on each phase of the first circuit"),
    ("o", "other load in amperes for L1 L2 L3, of any circuit"),
    ("l", "a limit in amperes for a circuit or an EVSE; `off` withdraws it"),
    ("w", "why its order is what it is, from the primary's console"),
    ("k", "kill the primary; start it again"),
    ("t", "one second on, with --clock virtual"),
    (":", "any operation, as `ampacity rig do` has it: ev bay-1 stop"),
    ("Esc", "back; a line that is typed is not sent"),
    ("Ctrl-C", "ends the rig"),
)


def explained(rows, low, table_of=WORDS, back="back to the site, which continues meanwhile"):
    """The table of words or keys, and how to continue; limited to the available rows."""
    table = Table(box=None, padding=(0, 1 if low else 3, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True, min_width=14)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for word, meaning in table_of[: rows - 2]:
        table.add_row(word, meaning)
    table.add_row("", "")
    table.add_row("?", Text(back, "bold"))
    return table
