"""Of which shape each document of a primary or a secondary is, and what becomes of one that is not (notation: base/document_shape.py).

A document of another shape is a damaged one: docs/operate.md has what that means for each. The ranges are those within which the rest of
the firmware computes, wide enough for what a device may show. A number at the end of a name (`ocpp_tx_3`) means any number.
"""

from ampacity.base.compat import forget

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.base.log import Log

BOTH = """
trusted [s40*99]
access {salt:s200,hash:s200,kind?:s40,rounds?:?i1..}
access_viewer {salt:s200,hash:s200,kind?:s40,rounds?:?i1..}
access_manufacturer {salt:s200,hash:s200,kind?:s40,rounds?:?i1..}
interfaces {*:(none viewer installer manufacturer)}
changes {count:i0..,rows:[[i0..,s40,s200,s120]*99]}
console_trial {*:x}
site_trial {phase?:(armed running returned),sha256?:s64,minutes?:i0..120,ocpp?:b}
"""
SECONDARY = """
secondary {boots:i0..65535,energy_wh:i0..4294967295}
written {fallback_da:i0..800,max_da:i60..800,power_on_da:i0..800,longest_ms:i1000..3600000}
latched [s100*99]
"""


class DamageReport:
    """Reports each damaged document: a line in the log, with the field, and the counter `documents_damaged`."""

    def __init__(self, log: "Log", now_ms: "Callable[[], int]") -> None:
        self._log = log
        self._now_ms = now_ms

    def report(self, name: str, why: str) -> None:
        """why: the first field that is wrong, or what became of the file."""
        self._log.counter("documents_damaged")
        self._log.keep("error", "storage: document %s is damaged: %s" % (name, why), self._now_ms())


def primary_shape(name: str) -> "str | None":
    """The shape of a document of a primary, None: it has none. The table is in memory during the look-up only."""
    if name.startswith("commission"):
        from ampacity.roles.storage.commission_shapes import COMMISSION as TABLE

        module = "commission_shapes"
    else:
        from ampacity.roles.storage.primary_shapes import PRIMARY as TABLE

        module = "primary_shapes"
    shape = shape_line(TABLE, name)
    forget("ampacity.roles.storage." + module)
    return shape or shape_line(BOTH, name)


def secondary_shape(name: str) -> "str | None":
    """The shape of a document of a secondary, None: it has none."""
    return shape_line(SECONDARY, name) or shape_line(BOTH, name)


def shape_line(table: str, name: str) -> "str | None":
    """The shape of a document by a table: lines of a name and a shape. None: it has none."""
    plain = name.rstrip("-0123456789")
    head = "\n%s " % (name if plain == name else plain.rstrip("_") + "_")
    at = table.find(head)
    return None if at < 0 else table[at + len(head) : table.find("\n", at + 1)]
