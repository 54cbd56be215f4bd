"""Settings as a table: what may be changed while it runs, within which range, and what a change does.

A change is staged, checked at once, and takes effect with all others at `commit`, or not at all.
"""

from ampacity.base.errors import Rejected
from ampacity.base.printable import is_digits
from ampacity.console.words import Unknown

DOCUMENT = "console"
TEXT_MAX = 120


class Setting:
    """One row. key: dotted name. kind: "int", "da" (typed in amperes with one decimal), "bool", "text", "choice".

    least, most: range of "int" and "da" (in da). choices: tuple of words for "choice". unit: for people. default: the
    value without a stored one. apply: function(value), called at load and commit; may raise Rejected.
    secret: its value is never shown.
    """

    def __init__(self, key, kind, default, apply, least=0, most=0, choices=(), unit="", secret=False):
        self.key, self.kind, self.default, self.apply = key, kind, default, apply
        self.least, self.most, self.choices = least, most, choices
        self.unit, self.secret = unit, secret

    def allowed(self):
        """What is allowed, in words."""
        if self.kind == "da":
            return "%s..%s A" % (amps_text(self.least), amps_text(self.most))
        if self.kind == "int":
            return "%d..%d%s" % (self.least, self.most, " " + self.unit if self.unit else "")
        if self.kind == "bool":
            return "on, off"
        if self.kind == "choice":
            return ", ".join(self.choices)
        return "at most %d characters" % TEXT_MAX

    def parse(self, text):
        """The value of a typed text. Raises Rejected with the key and what is allowed."""
        value = self._parsed(text)
        if value is None:
            raise Rejected(self.key, "***" if self.secret else text, self.allowed())
        return value

    def shown(self, value):
        if self.secret:
            return "***"
        if self.kind == "da":
            return amps_text(value) + " A"
        if self.kind == "bool":
            return "on" if value else "off"
        return "%s %s" % (value, self.unit) if self.unit else str(value)

    def fits(self, value):
        """Is a stored value still one that is allowed? The table may have changed since."""
        if self.kind == "bool":
            return isinstance(value, bool)
        if self.kind in ("int", "da"):
            return isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most
        if self.kind == "choice":
            return value in self.choices
        return isinstance(value, str) and len(value) <= TEXT_MAX

    def _parsed(self, text):
        if self.kind == "bool":
            value = {"on": True, "off": False}.get(text)
        elif self.kind == "int":
            value = int(text) if is_number(text) else None
        elif self.kind == "da":
            value = parse_da(text)
        else:
            value = text
        return value if value is not None and self.fits(value) else None


class SettingTable:
    """rows: list of Setting. store: documents by name (get, put). `staged`: key → value, not yet in force."""

    def __init__(self, rows, store):
        self.rows = rows
        self._store = store
        self._values = {}
        self.refused = []
        for row in rows:
            self._values[row.key] = row.default

    def load(self):
        """Apply the stored values, once at start; those that no longer fit keep their default, see `refused`."""
        stored = self._store.get(DOCUMENT) or {}
        if DOCUMENT in getattr(self._store, "damaged", ()):
            self.refused.append("all: the document is damaged")
        for row in self.rows:
            if row.key not in stored:
                continue
            try:
                if not row.fits(stored[row.key]):
                    raise Rejected(row.key, stored[row.key], row.allowed())
                row.apply(stored[row.key])
                self._values[row.key] = stored[row.key]
            except Rejected as e:
                self.refused.append(str(e))

    def row(self, key):
        for row in self.rows:
            if row.key == key:
                return row
        raise Unknown("setting", key, [row.key for row in self.rows])

    def value(self, key):
        return self._values[key]

    def shown(self, key):
        return self.row(key).shown(self._values[key])

    def commit(self, staged):
        """Put staged values (key → value) in force and keep them; Rejected or OSError: none of them is."""
        done = []
        try:
            for key in sorted(staged):
                self.row(key).apply(staged[key])
                done.append(key)
            self._store.put(DOCUMENT, self._changed(staged))
        except (Rejected, OSError):
            for key in done:
                self.row(key).apply(self._values[key])
            raise
        for key in staged:
            self._values[key] = staged[key]

    def _changed(self, staged):
        """What is stored: values other than the default."""
        out = {}
        for row in self.rows:
            value = staged.get(row.key, self._values[row.key])
            if value != row.default:
                out[row.key] = value
        return out


def is_number(text):
    """A whole number, perhaps with a minus sign."""
    digits = text[1:] if text[:1] == "-" else text
    return is_digits(digits)


def parse_da(text):
    """Amperes as typed ("16", "16.5", "16.5A") in deci-amperes; None for anything else or a second decimal."""
    if text[-1:] in ("A", "a"):
        text = text[:-1]
    whole, dot, tenth = text.partition(".")
    if not is_digits(whole) or (dot and not (is_digits(tenth) and len(tenth) == 1)) or len(whole) > 6:
        return None
    return int(whole) * 10 + int(tenth or "0")


def amps_text(value_da):
    return "%d.%d" % (value_da // 10, value_da % 10)
