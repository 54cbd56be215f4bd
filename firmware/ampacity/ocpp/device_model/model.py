"""The device model: what a variable is, what it is worth now, and whether a new value is allowed.

A variable is addressed by (scope, component, variable, instance): scope is 0 for the station, an EVSE's id for that
EVSE, minus that id for its connector 1, or, as text, the instance of a component of the site. Facts that EVSEs report
(`device_fact`) appear as read-only variables of their EVSE.
"""

from ampacity.base.wallclock import parse_iso
from ampacity.ocpp.device_model import table

if False:  # for the type checker
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from ampacity.ocpp.documents import StationDocuments

    Scope = int | str

    class SiteModelFace(Protocol):
        """The parts of the site as components: roles/charging/site_model.py."""

        def components(self) -> "list[tuple[str, str]]": ...

        def value(self, component: str, name: str, variable: str, instance: str) -> "str | None": ...

DOC = "ocpp_vars"
MUTABILITY = {"RO": "ReadOnly", "RW": "ReadWrite", "WO": "WriteOnly"}
FACT_KINDS = {"Problem": "b", "Fallback": "b", "Overload": "b", "Temperature": "n"}
FACT_LENGTH_MAX = 200
FACT_LENGTHS_MAX = {"PublicKey": 600}


class Row:
    """One line of the table, taken apart. `limits` is the raw text; what begins with % is filled in."""

    def __init__(self, component: str, line: str) -> None:
        part = (line + "|").split("|")[:6]
        self.component = component
        self.variable, self.instance, letters, self.unit, default, limits = part
        self.mutability = table.MUTABILITIES[letters[0]]
        self.default = default.replace("%E", table.REGISTER)
        self.kind = table.KINDS[letters[1]]
        self.limits = limits.replace("%M", table.MEASURANDS).replace("%P", table.POINTS).replace("%A", table.STATUSES)


class DeviceModel:
    """`computed(scope, row)` of the station gives the values that the table marks `@`."""

    def __init__(self, documents: "StationDocuments", evse_ids: "list[int]", computed: "Callable[[int, Row], str]") -> None:
        self._documents = documents
        self._computed = computed
        self._ids = evse_ids
        self._passing: "dict[str, str]" = {}
        self._asked: "dict[tuple[str, str, str], str]" = {}
        self._facts: "dict[tuple[str, str], dict[int, str]]" = {}  # (component, variable): {scope: text}
        self.make_site: "Callable[[], SiteModelFace] | None" = None  # where the owner of the station knows them: circuits, buses and meters
        self._site: "SiteModelFace | None" = None
        self._kept: "dict[str, str]" = {}
        self._signs = True  # what was kept is looked at as if a meter signed
        kept = documents.get(DOC) or {}
        for name in sorted(kept):
            if self._possible(name, kept[name]):
                self._kept[name] = kept[name]
            else:
                documents.distrust(DOC, "%s has a value that is not allowed; its default applies" % name)
        self._signs = False

    @property
    def site(self) -> "SiteModelFace | None":
        """The circuits, buses and meters; made when a CSMS first looks for them."""
        if self._site is None and self.make_site is not None:
            self._site = self.make_site()
        return self._site

    def has_signing_meter(self) -> None:
        """A meter signs its readings: from now on the CSMS may switch that on."""
        self._signs = True
        self._asked = {}

    def _here(self, row: "Row") -> "Row":
        """The Row, as it is at this station."""
        if row.mutability == "SO":
            row.mutability = "RW" if self._signs else "RO"
            row.default = "false" if row.kind == "boolean" and not self._signs else row.default
        return row

    def _possible(self, name: str, text: str) -> bool:
        """May the variable have this value? Yes for one that this version does not have."""
        row = self.find(0, *name.split(".", 2)) if "." in name else None
        return row is None or self.refusal(row, text) is None

    def text(self, component: str, variable: str, instance: str = "") -> str:
        """Value of a variable of the station that the table or the store knows. KeyError: there is none (our mistake)."""
        key = (component, variable, instance)
        text = self._asked.get(key)
        if text is None:
            row = self.find(0, component, variable, instance)
            if row is None:
                raise KeyError(component + "." + variable)
            text = self._asked[key] = self.value(0, row)
        return text

    def number(self, component: str, variable: str, instance: str = "") -> int:
        """`text` as an integer, in the unit of its row. KeyError: there is none; ValueError: it is no integer."""
        return int(self.text(component, variable, instance))

    def on(self, component: str, variable: str) -> bool:
        """Is the boolean variable "true"? KeyError: there is none."""
        return self.text(component, variable) == "true"

    def words(self, component: str, variable: str) -> "list[str]":
        """The words of a list variable, [] when it is empty. KeyError: there is none."""
        text = self.text(component, variable)
        return text.split(",") if text else []

    def find(self, scope: "Scope", component: str, variable: str, instance: str = "") -> "Row | None":
        """The Row, or None."""
        if isinstance(scope, str):
            return self._find_of_site(scope, component, variable, instance)
        lines = _lines(scope)
        at = _find(lines, component, variable, instance)
        if at > 0:
            return self._here(_row_at(lines, at))
        for key in self._facts:
            if not instance and same_name(key[0], component) and same_name(key[1], variable) and scope in self._facts[key]:
                return _fact_row(key[0], key[1])
        return None

    def _find_of_site(self, scope: str, component: str, variable: str, instance: str) -> "Row | None":
        at = _find(table.SITE, component, variable, instance)
        if at <= 0 or self.site is None:
            return None
        row = _row_at(table.SITE, at)
        return None if self.site.value(row.component, scope, row.variable, row.instance) is None else row

    def place(self, scope: "Scope", component: str) -> "Scope | None":
        """The scope, an instance as the site spells it; None: there is no such scope, or no such component in it."""
        if isinstance(scope, str):
            names = [] if self.site is None else [name for kind, name in self.site.components() if same_name(kind, component)]
            alike = [name for name in names if same_name(name, scope)]
            return scope if scope in alike else alike[0] if alike else None
        if scope and abs(scope) not in self._ids:
            return None
        if _section(_lines(scope), component) >= 0 or any(same_name(key[0], component) and scope in self._facts[key] for key in self._facts):
            return scope
        return None

    def value(self, scope: "Scope", row: "Row") -> str:
        """The present value as text; also of a write-only one (the caller sees to it)."""
        if isinstance(scope, str):
            return (self.site.value(row.component, scope, row.variable, row.instance) if self.site is not None else None) or ""
        facts = self._facts.get((row.component, row.variable), ())
        if scope in facts:
            return facts[scope]
        name = _name(row)
        if name in self._passing:
            return self._passing[name]
        if row.default == "@":
            return self._computed(scope, row)
        return row.default if row.mutability == "RO" else self._kept.get(name, row.default)

    def refusal(self, row: "Row", text: str) -> "tuple[str, str] | None":
        """None if `text` may become the value of this row, else (reason code, what would be right)."""
        if row.mutability == "RO":
            return ("ReadOnly", "read-only")
        if row.kind in ("integer", "decimal"):
            return _number_refusal(row, text)
        if row.kind == "boolean":
            return None if text in ("true", "false") else ("InvalidValue", "true or false")
        if row.kind in ("MemberList", "SequenceList", "OptionList"):
            return _words_refusal(row, text)
        if row.kind == "dateTime":
            return _date_refusal(text)
        least, most = row.limits.split("..") if ".." in row.limits else ("0", row.limits or "1000")
        return None if int(least) <= len(text) <= int(most) else ("InvalidValue", "%s to %s characters" % (least, most))

    def set(self, row: "Row", text: str) -> None:
        """Keep a new value of a station variable that `refusal` let pass. OSError: the old one holds."""
        before = self.change(row, text)
        self.keep(before)

    def change(self, row: "Row", text: str) -> "tuple[dict[str, str], dict[str, str]]":
        """As `set`, but it is kept by `keep` only, with others; returns what `keep` needs."""
        before, name = (self._kept, self._passing), _name(row)
        self._kept, self._passing = dict(self._kept), dict(self._passing)
        self._kept[name] = text
        self._passing.pop(name, None)
        self._asked = {}
        return before

    def keep(self, before: "tuple[dict[str, str], dict[str, str]]") -> None:
        """Write what was changed. OSError: what the first `change` returned holds again."""
        try:
            self._documents.put(DOC, self._kept)
        except (OSError, MemoryError):
            self.undo(before)
            raise

    def undo(self, before: "tuple[dict[str, str], dict[str, str]]") -> None:
        """What the first `change` returned holds again."""
        self._kept, self._passing = before
        self._asked = {}

    def set_passing(self, component: str, variable: str, text: str) -> None:
        """A value until the next restart or `set` (the heartbeat interval that the CSMS gave at boot)."""
        self._passing[component + "." + variable] = text
        self._asked = {}

    def fact(self, scope: int, component: str, variable: str, text: str) -> "str | None":
        """A fact of an EVSE (scope: its id). Returns the value before, or None."""
        facts = self._facts.get((component, variable))
        if facts is None:
            facts = self._facts[component, variable] = {}
        before = facts.get(scope)
        length = FACT_LENGTHS_MAX.get(variable, FACT_LENGTH_MAX)
        facts[scope] = text if len(text) <= length else text[:length]
        return before

    def rows(self) -> "Iterator[tuple[Scope, Row]]":
        """Every (scope, Row), one after the other; facts behind the table's rows of their scope, the parts of the site at the end."""
        for scope in [0] + [i for n in self._ids for i in (n, -n)]:
            lines = _lines(scope)
            for row in rows_of(lines):
                yield scope, self._here(row)
            for key in sorted(self._facts):
                if scope in self._facts[key] and not _find(lines, key[0], key[1], ""):
                    yield scope, _fact_row(key[0], key[1])
        if self.site is not None:
            yield from self._rows_of_site(self.site)

    def _rows_of_site(self, site: "SiteModelFace") -> "Iterator[tuple[Scope, Row]]":
        for component, name in site.components():
            for row in rows_of(table.SITE):
                if row.component == component and site.value(component, name, row.variable, row.instance) is not None:
                    yield name, row


def same_name(one: str, other: str) -> bool:
    """Are these the same identifier (identifierString of part 2: upper and lower case are alike)?"""
    return one == other or len(one) == len(other) and one.lower() == other.lower()


def _section(lines: str, component: str) -> int:
    """Where the newline before the head of a component is; -1: there is no such component."""
    at = lines.find("\n=%s\n" % component)  # as nearly everybody spells it
    if at >= 0 and "\n" not in component:
        return at
    at = lines.find("\n=")
    while at >= 0 and not same_name(lines[at + 2 : lines.find("\n", at + 1)], component):
        at = lines.find("\n=", at + 1)
    return at


def _find(lines: str, component: str, variable: str, instance: str) -> int:
    """Where the line of a variable begins; 0: there is none."""
    at = _section(lines, component)
    if at < 0 or "\n" in variable + instance:
        return 0
    end, name = lines.find("\n=", at + 1), "%s|%s|" % (variable, instance)
    at = lines.find("\n", at + 1) + 1
    while 0 < at < (len(lines) if end < 0 else end):
        if same_name(lines[at : at + len(name)], name):
            return at
        at = lines.find("\n", at) + 1
    return 0


def _row_at(lines: str, at: int) -> Row:
    """The Row of the line that begins there."""
    head = lines.rfind("\n=", 0, at) + 2
    return Row(lines[head : lines.find("\n", head)], lines[at : lines.find("\n", at)])


def rows_of(lines: str) -> "Iterator[Row]":
    """Each Row of a text of the table."""
    component, at = "", 1
    while at < len(lines):
        end = lines.find("\n", at)
        if lines[at] == "=":
            component = lines[at + 1 : end]
        else:
            yield Row(component, lines[at:end])
        at = end + 1


def _lines(scope: int) -> str:
    return table.STATION if scope == 0 else table.EVSE if scope > 0 else table.CONNECTOR


def _name(row: "Row") -> str:
    return row.component + "." + row.variable + ("." + row.instance if row.instance else "")


def _fact_row(component: str, variable: str) -> "Row":
    return Row(component, "%s||R%s|||" % (variable, FACT_KINDS.get(variable, "s")))


def _number_refusal(row: "Row", text: str) -> "tuple[str, str] | None":
    try:
        if not text or not all(c in "0123456789-." for c in text):
            raise ValueError(text)
        value = int(text) if row.kind == "integer" else float(text)
        if row.kind == "integer" and str(value) != text:  # part 2, 2.1.4: no leading zeros
            raise ValueError(text)
    except ValueError:
        return ("InvalidValue", row.kind)
    if row.limits:
        least, most = row.limits.split("..")
        if value < int(least):
            return ("ValueTooLow", row.limits)
        if not value <= int(most):
            return ("ValueTooHigh", row.limits)
    return None


def _words_refusal(row: "Row", text: str) -> "tuple[str, str] | None":
    allowed = row.limits.split(",")
    words = text.split(",") if text else []
    if row.kind == "OptionList" and len(words) != 1:
        return ("InvalidValue", "one of " + row.limits)
    for i, word in enumerate(words):
        if word not in allowed or word in words[:i]:
            return ("InvalidValue", "of " + row.limits)
    return None


def _date_refusal(text: str) -> "tuple[str, str] | None":
    try:
        parse_iso(text)
    except ValueError:
        return ("InvalidValue", "a date-time")
    return None
