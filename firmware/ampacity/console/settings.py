"""Settings as a table: what may be changed while it runs, within which range, and what a change does.

A change is staged, checked at once, and takes effect with all others at `commit`, or not at all. A commit on trial keeps the values before
it in a document of their own; while that is there a start brings them back, so a crash or a power cut undoes what was not confirmed. If that
document is damaged, the values before are unknown: then all settings have their defaults.
"""

from ampacity.base.errors import Rejected
from ampacity.base.printable import is_digits
from ampacity.base.quantities import amps, tenths
from ampacity.console.error_texts import UnknownName

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any, Protocol

    Value = Any  # by the row's kind: int (deci-amperes, ms or as it is), bool or str

    class Documents(Protocol):
        """Documents by name, as the store keeps them."""

        def get(self, name: str) -> Any:
            """The document, None if there is none."""

        def put(self, name: str, value: Any) -> None:
            """Keep it. Raises OSError; then the old one is still there."""

        def remove(self, name: str) -> None:
            """Forget it. Raises OSError; then it may be there still."""

DOCUMENT = "console"
TRIAL = "console_trial"
TEXT_MAX = 120


class Setting:
    """One row. key: its name, the same as in the site file if it exists there. kind: "int", "da" (typed in amperes with one
    decimal), "s" (typed in seconds, a value in ms), "bool", "text", "choice".

    least, most: range of "int", "da" (in da) and "s" (in ms). choices: tuple of words for "choice". unit: for people.
    default: the value without a stored one. apply: function(value), called at load and commit; may raise Rejected.
    secret: its value is never shown. former: its earlier name, which is still read and still used in the store. safety: a change needs
    the presence of a person (decision 21).
    """

    def __init__(
        self,
        key: str,
        kind: str,
        default: "Value",
        apply: "Callable[[Value], object]",
        least: int = 0,
        most: int = 0,
        choices: "tuple[str, ...]" = (),
        unit: str = "",
        secret: bool = False,
        former: "str | None" = None,
        safety: bool = False,
    ) -> None:
        self.key, self.kind, self.default, self.apply = key, kind, default, apply
        self.least, self.most, self.choices = least, most, choices
        self.unit, self.secret, self.former, self.safety = unit, secret, former, safety

    @property
    def kept_as(self) -> str:
        """Its name in the store."""
        return self.former or self.key

    def allowed(self) -> str:
        """What is allowed, in words."""
        if self.kind == "da":
            return "%s..%s" % (tenths(self.least), amps(self.most))
        if self.kind == "s":
            return "%s..%s s" % (seconds_text(self.least), seconds_text(self.most))
        if self.kind == "int":
            return "%d..%d%s" % (self.least, self.most, " " + self.unit if self.unit else "")
        if self.kind == "bool":
            return "on, off"
        if self.kind == "choice":
            return ", ".join(self.choices)
        return "at most %d characters" % TEXT_MAX

    def parse(self, text: str, name: "str | None" = None) -> "Value":
        """The value of a typed text. name: as which it was typed. Raises Rejected with the key and what is allowed."""
        if self.kind == "s" and name is not None and name == self.former and is_digits(text) and name.endswith("_ms"):
            text += "ms"
        value = self._parsed(text)
        if value is None:
            raise Rejected(self.key, "***" if self.secret else text, self.allowed())
        return value

    def shown(self, value: "Value") -> str:
        """A value as people read it, with its unit; *** for a secret."""
        if self.secret:
            return "***"
        if self.kind == "da":
            return amps(value)
        if self.kind == "s":
            return seconds_text(value) + " s"
        if self.kind == "bool":
            return "on" if value else "off"
        return "%s %s" % (value, self.unit) if self.unit else str(value)

    def typed(self, value: "Value") -> str:
        """A value as `set` takes it."""
        if self.kind == "da":
            return tenths(value)
        if self.kind == "s":
            return seconds_text(value)
        return ("on" if value else "off") if self.kind == "bool" else str(value)

    def fits(self, value: "Value") -> bool:
        """True if a stored value is still allowed; the table may have changed."""
        if self.kind == "bool":
            return isinstance(value, bool)
        if self.kind in ("int", "da", "s"):
            return isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most
        if self.kind == "choice":
            return value in self.choices
        return isinstance(value, str) and len(value) <= TEXT_MAX

    def _parsed(self, text: str) -> "Value":
        value: "Value" = None
        if self.kind == "bool":
            value = {"on": True, "off": False}.get(text)
        elif self.kind == "int":
            value = int(text) if is_number(text) else None
        elif self.kind == "da":
            value = parse_da(text)
        elif self.kind == "s":
            value = parse_ms(text)
        else:
            value = text
        return value if value is not None and self.fits(value) else None


class SettingTable:
    """rows: list of Setting. store: documents by name (get, put, remove). trials: where the values before a trial are kept, default: there, too."""

    what = "settings"

    def __init__(self, rows: "list[Setting]", store: "Documents", trials: "Documents | None" = None) -> None:
        self.rows = rows
        self._store = store
        self._trials = trials or store
        self._values: "dict[str, Value]" = {}
        self.refused: "list[str]" = []
        self.undone = False  # a start has undone a trial
        self._before: "dict[str, Value]" = {}  # while a trial runs: the values before it
        for row in rows:
            self._values[row.key] = row.default

    def load(self) -> None:
        """Apply the stored values, once at start; those that no longer fit keep their default, see `refused`. Raises nothing.

        Values that a trial had replaced are back: a start in its time ends it.
        """
        stored = self._store.get(DOCUMENT) or {}
        if DOCUMENT in getattr(self._store, "damaged", ()):
            self.refused.append("all: the document is damaged")
        before = self._trials.get(TRIAL)
        if TRIAL in getattr(self._trials, "damaged", ()):
            self._forget()
            return
        for row in self.rows:
            if row.kept_as not in stored:
                continue
            value = stored[row.kept_as]
            try:
                if not row.fits(value):
                    raise Rejected(row.key, value, row.allowed())
                row.apply(value)
                self._values[row.key] = value
            except Rejected as e:
                self.refused.append(str(e))
        if before is not None:
            self.refused.append("those committed last were not confirmed before a restart: the previous ones are active")
            self._before = before
            try:
                self.revert()
                self.undone = True
            except (Rejected, OSError) as e:
                self.refused.append(str(e))

    def _forget(self) -> None:
        """No stored value is used again: whether they were on trial only, and the values before, is not known."""
        self.undone = True
        self.refused.append("all: the values before a trial are damaged, so the defaults are active")
        try:
            self._store.put(DOCUMENT, {})
            self._trials.put(TRIAL, {})  # no longer damaged
            self._trials.remove(TRIAL)
        except OSError as e:  # the next start does the same
            self.refused.append(str(e))

    def row(self, key: str) -> "Setting":
        """The row of that key, or of the name that it had before. Raises UnknownName."""
        for row in self.rows:
            if key in (row.key, row.former):
                return row
        raise UnknownName("setting", key, [row.key for row in self.rows])

    def value(self, key: str) -> "Value":
        """What is in force for that key; KeyError for none."""
        return self._values[key]

    def shown(self, key: str) -> str:
        """What is in force, as people read it. Raises UnknownName."""
        row = self.row(key)
        return row.shown(self._values[row.key])

    def changed_values(self) -> "dict[str, str]":
        """The values that are not the default, as `set` takes them; without secrets."""
        return {row.key: row.typed(self._values[row.key]) for row in self.rows if self._values[row.key] != row.default and not row.secret}

    def secrets_set(self) -> "list[str]":
        """The keys of secrets that have a value."""
        return [row.key for row in self.rows if row.secret and self._values[row.key] != row.default]

    def commit(self, staged: "dict[str, Value]", on_trial: bool = False) -> None:
        """Put staged values (key → value) in force and keep them; Rejected or OSError: none of them is.

        on_trial: `confirm` or `revert` follows; a second commit on trial joins the first.
        """
        earlier = self._before
        try:
            if on_trial:
                before = {key: self._values[key] for key in staged}
                before.update(earlier)
                self._trials.put(TRIAL, before)
                self._before = before
            self._put_in_force(staged)
        except Exception:  # also a full memory
            if on_trial and earlier:
                self._trials.put(TRIAL, earlier)
                self._before = earlier
            elif on_trial:
                self.confirm()
            raise

    def confirm(self) -> None:
        """The values committed on trial stay. Raises OSError: they are still on trial."""
        self._trials.remove(TRIAL)
        self._before = {}

    def revert(self) -> None:
        """The values before the trial are in force again. Raises OSError: they are, but a start may try the others again."""
        before = self._before
        keys = [row.key for row in self.rows]
        self._put_in_force({key: before[key] for key in before if key in keys and self.row(key).fits(before[key])})
        self.confirm()

    def _put_in_force(self, staged: "dict[str, Value]") -> None:
        done: "list[str]" = []
        try:
            self._apply(staged, done)
            self._store.put(DOCUMENT, self._changed(staged))
        except Exception:
            for key in reversed(done):
                self.row(key).apply(self._values[key])
            raise
        for key in staged:
            self._values[key] = staged[key]

    def _apply(self, staged: "dict[str, Value]", done: "list[str]") -> None:
        """Those that fit only once others are in force come behind them. done: list of keys, in the order that was taken."""
        left = sorted(staged)
        while left:
            refused = []
            for key in left:
                try:
                    self.row(key).apply(staged[key])
                    done.append(key)
                except Rejected as e:
                    refused.append((key, e))
            if len(refused) == len(left):
                raise refused[0][1]
            left = [key for key, _ in refused]

    def _changed(self, staged: "dict[str, Value]") -> "dict[str, Value]":
        """What is stored: values other than the default, and those of names that are not in the site now."""
        out = dict(self._store.get(DOCUMENT) or {})
        for row in self.rows:
            value = staged.get(row.key, self._values[row.key])
            if value != row.default:
                out[row.kept_as] = value
            else:
                out.pop(row.kept_as, None)
        return out


def is_number(text: str) -> bool:
    """A whole number, perhaps with a minus sign."""
    digits = text[1:] if text[:1] == "-" else text
    return is_digits(digits)


def parse_da(text: str) -> "int | None":
    """Amperes as typed ("16", "16.5", "16.5A") in deci-amperes; None for anything else or a second decimal."""
    if text[-1:] in ("A", "a"):
        text = text[:-1]
    whole, dot, tenth = text.partition(".")
    if not is_digits(whole) or (dot and not (is_digits(tenth) and len(tenth) == 1)) or len(whole) > 6:
        return None
    return int(whole) * 10 + int(tenth or "0")


def parse_ms(text: str) -> "int | None":
    """Seconds as typed ("300", "0.5", "300s"), or "500ms", in milliseconds; None for anything else or a fourth decimal."""
    if text[-2:] == "ms":
        return int(text[:-2]) if is_digits(text[:-2]) and len(text) <= 12 else None
    whole, dot, part = (text[:-1] if text[-1:] == "s" else text).partition(".")
    if not is_digits(whole) or (dot and not (is_digits(part) and len(part) <= 3)) or len(whole) > 9:
        return None
    return int(whole) * 1000 + (int(part) * 10 ** (3 - len(part)) if dot else 0)


def seconds_text(value_ms: int) -> str:
    """300, 0.5 or 0.125: seconds without superfluous noughts."""
    whole, part = divmod(value_ms, 1000)
    text = "%03d" % part
    while text[-1:] == "0":
        text = text[:-1]
    return "%d.%s" % (whole, text) if text else "%d" % whole
