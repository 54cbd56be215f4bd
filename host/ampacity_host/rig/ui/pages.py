"""The screen parts of the keys: the last lines, and the pages that replace the site."""

from textwrap import wrap

from rich.console import Group
from rich.table import Table
from rich.text import Text

from ampacity_host.rig.ui.help_pages import KEYS, WORDS, explained
from ampacity_host.rig.ui.key_actions import FAULT_ROWS

RESULT_ROWS_MAX = 3


def foot(model, width):
    """The lines at the bottom: the result of the last key, and the possible next keys."""
    actions = model.actions
    if actions is None:
        return []
    return [*_result_lines(actions, width), _line(actions, width) if actions.line is not None else _may(model, actions)]


def _result_lines(actions, width):
    if actions.doing:
        return [Text(actions.doing + " …", "dim", no_wrap=True, overflow="ellipsis")]
    if actions.result is None:
        return []
    well, text = actions.result
    lines = wrap(text, max(20, width)) or [""]
    if len(lines) > RESULT_ROWS_MAX:
        lines = [*lines[: RESULT_ROWS_MAX - 1], lines[RESULT_ROWS_MAX - 1][: max(19, width - 1)] + "…"]
    return [Text(line, "green" if well else "bold red", no_wrap=True) for line in lines]


def _line(actions, width):
    """The typed line; its end is always visible."""
    room = max(8, width - 4)
    shown = actions.line if len(actions.line) < room else "…" + actions.line[2 - room:]
    return Text.assemble((": ", "bold"), shown, ("▏", "bold"), no_wrap=True)


def _may(model, actions):
    if actions.page is not None:
        words = "↑ ↓ scroll  Esc: back to the site"
    elif model.asked or actions.target is not None:
        words = "Esc: back to the site"
    else:
        words = "? keys  %s  c card  e %s  f faults  + - load  w why  : any" % (
            "p unplug" if actions.truth["plugged"] else "p plug", "pause" if actions.truth["hungry"] else "charge")
        words = "%d %s  %s" % (actions.chosen + 1, actions.evse, words)
    return Text(words, "reverse", no_wrap=True, overflow="ellipsis")


def page(model, rows, low):
    """The page shown in place of the site, None for the site itself."""
    actions = model.actions
    if model.asked:
        keys = actions is not None and model.asked == 1
        return explained(rows, low, KEYS, "the words of this view") if keys else explained(rows, low, WORDS)
    if actions is not None and actions.page is not None:
        return _answer_page(actions, rows)
    if actions is not None and actions.target is not None:
        return _faults(actions)
    return None


def _answer_page(actions, rows):
    title, lines, first = actions.page
    return Group(Text(title, "bold", no_wrap=True, overflow="ellipsis"), Text(""),
                 *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines[first:first + max(1, rows - 2)]))


def _faults(actions):
    """Every kind that fits the target, ● for those that are on."""
    table = Table.grid(padding=(0, 2, 0, 0))
    kinds = actions.kinds
    columns = -(-len(kinds) // FAULT_ROWS)
    for _ in range(columns):
        table.add_column(no_wrap=True)
    for row in range(min(FAULT_ROWS, len(kinds))):
        table.add_row(*(_kind(actions, at) for at in range(row, len(kinds), FAULT_ROWS)))
    return Group(Text.assemble(("faults of ", ""), (actions.target, "bold"), no_wrap=True), Text(""), table, Text(""),
                 Text("arrows choose, Enter begins it or ends it (●), Tab: the next target", "dim", no_wrap=True, overflow="ellipsis"))


def _kind(actions, at):
    kind = actions.kinds[at]
    return Text(("›" if at == actions.kind else " ") + ("● " if actions.is_on(kind) else "  ") + kind, "reverse" if at == actions.kind else "")
