"""What stands on the screen for the keys: the last lines, and the pages that take the place of the site."""

from textwrap import wrap

from rich.console import Group
from rich.table import Table
from rich.text import Text

from ampacity_host.rig.ui.explained import KEYS, WORDS, explained
from ampacity_host.rig.ui.hand import FAULT_ROWS

SAID_ROWS_MAX = 3


def foot(look, width):
    """The lines at the bottom: what came of the last key, and what the next one may be."""
    hand = look.hand
    if hand is None:
        return []
    return [*_said(hand, width), _line(hand, width) if hand.line is not None else _may(look, hand)]


def _said(hand, width):
    if hand.doing:
        return [Text(hand.doing + " …", "dim", no_wrap=True, overflow="ellipsis")]
    if hand.said is None:
        return []
    well, text = hand.said
    lines = wrap(text, max(20, width)) or [""]
    if len(lines) > SAID_ROWS_MAX:
        lines = [*lines[: SAID_ROWS_MAX - 1], lines[SAID_ROWS_MAX - 1][: max(19, width - 1)] + "…"]
    return [Text(line, "green" if well else "bold red", no_wrap=True) for line in lines]


def _line(hand, width):
    """What is being typed, its end in sight."""
    room = max(8, width - 4)
    shown = hand.line if len(hand.line) < room else "…" + hand.line[2 - room:]
    return Text.assemble((": ", "bold"), shown, ("▏", "bold"), no_wrap=True)


def _may(look, hand):
    if hand.told is not None:
        words = "↑ ↓ scroll  Esc: back to the site"
    elif look.asked or hand.target is not None:
        words = "Esc: back to the site"
    else:
        words = "? keys  %s  c card  e %s  f faults  + - load  w why  : any" % (
            "p unplug" if hand.truth["plugged"] else "p plug", "pause" if hand.truth["hungry"] else "charge")
        words = "%d %s  %s" % (hand.chosen + 1, hand.evse, words)
    return Text(words, "reverse", no_wrap=True, overflow="ellipsis")


def page(look, rows, low):
    """What is shown in place of the site, None for the site itself."""
    hand = look.hand
    if look.asked:
        keys = hand is not None and look.asked == 1
        return explained(rows, low, KEYS, "the words of this view") if keys else explained(rows, low, WORDS)
    if hand is not None and hand.told is not None:
        return _told(hand, rows)
    if hand is not None and hand.target is not None:
        return _faults(hand)
    return None


def _told(hand, rows):
    title, lines, first = hand.told
    return Group(Text(title, "bold", no_wrap=True, overflow="ellipsis"), Text(""),
                 *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines[first:first + max(1, rows - 2)]))


def _faults(hand):
    """Every kind that fits the target, ● before those that are on."""
    table = Table.grid(padding=(0, 2, 0, 0))
    kinds = hand.kinds
    columns = -(-len(kinds) // FAULT_ROWS)
    for _ in range(columns):
        table.add_column(no_wrap=True)
    for row in range(min(FAULT_ROWS, len(kinds))):
        table.add_row(*(_kind(hand, at) for at in range(row, len(kinds), FAULT_ROWS)))
    return Group(Text.assemble(("faults of ", ""), (hand.target, "bold"), no_wrap=True), Text(""), table, Text(""),
                 Text("arrows choose, Enter begins it or ends it (●), Tab: the next target", "dim", no_wrap=True, overflow="ellipsis"))


def _kind(hand, at):
    kind = hand.kinds[at]
    return Text(("›" if at == hand.kind else " ") + ("● " if hand.is_on(kind) else "  ") + kind, "reverse" if at == hand.kind else "")
