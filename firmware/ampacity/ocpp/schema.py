"""Checks a payload against the generated tables (notation: tools/ocpp_tables.py).

One thing that is wrong is reported, by path. A payload with long lists is checked a piece at a time. Which code says
what (OCPP-J 2.0.1, 4.3): a field that must be there and is not, or a list too short or too long → OccurrenceConstraintViolation; the wrong type →
TypeConstraintViolation; a word, length or date that is not allowed → PropertyConstraintViolation; a field that does
not exist → FormatViolation.

A response is read leniently: of fields and words that are not in the tables, as a later version has them, nothing depends, and to refuse the
response would only send the request again.
"""

from ampacity.base.wallclock import parse_iso
from ampacity.ocpp.errors import CallError

if False:  # for the type checker
    from typing import Any, Protocol

    class Tables(Protocol):
        """A module of generated tables."""

        @property
        def TYPES(self) -> "tuple[str, ...]": ...

        @property
        def ENUMS(self) -> "tuple[str, ...]": ...


INTEGER_MAX = 2**31 - 1  # part 2, data types: an integer has 32 bits
DATE_LENGTH_MAX = 40  # seconds with a long fraction are possible, and are kept as they came


class Check:
    """The check of one payload against tables.TYPES[number]. `tables`: a module with TYPES and ENUMS; number None: nothing is known of it."""

    def __init__(self, tables: "Tables", number: "int | None", value: object, strict: bool = True) -> None:
        """strict: an unknown field, an unknown word, or an integer of more than 32 bits is an error; not so in a response."""
        self._tables = tables
        self._strict = strict
        self._number = number
        self._value = value
        self._left = 0
        self._lists: "list[list[Any]]" = []  # [kind of its elements, list, the next one's index, path] of those that are not done

    def advance(self, values: int) -> bool:
        """Check about so many values more. True: that was all of it. CallError: what is wrong, and where."""
        self._left = values
        number, self._number = self._number, None
        if number is not None:
            self._object(number, self._value, "")
        while self._lists and self._left > 0:
            row = self._lists[-1]
            kind, items, at, path = row
            if at == len(items):
                self._lists.pop()
            else:
                row[2] = at + 1
                self._one(kind, items, at, "%s[%d]" % (path, at))
        return not self._lists

    def _object(self, number: int, value: "Any", path: str) -> None:
        here = path or "payload"
        _typed(isinstance(value, dict), "an object", here)
        known = 0
        text = self._tables.TYPES[number]
        for field in text.split(" ") if text else ():
            at = field.find("!")
            required = at >= 0
            if not required:
                at = field.find("?")
            name = field[:at]
            if name in value:
                known += 1
                self._field(field[at + 1 :], value, name, path + "." + name if path else name)
            elif required:
                raise CallError("OccurrenceConstraintViolation", "%s: %s is missing" % (here, name))
        if not self._strict:
            return
        if "customData" in value:
            known += 1
            _custom(value["customData"], path)
        if known != len(value):
            raise CallError("FormatViolation", "%s: %s does not exist" % (here, _stranger(text, value)))

    def _field(self, kind: str, box: "dict[str, Any]", name: str, path: str) -> None:
        star = kind.find("*")
        if star < 0:
            return self._one(kind, box, name, path)
        value = box[name]
        _typed(isinstance(value, list), "a list", path)
        least, most = kind[star + 1 :].split("-")
        if len(value) < int(least) or len(value) > int(most) > 0:
            raise CallError("OccurrenceConstraintViolation", "%s: %d elements" % (path, len(value)))
        self._lists.append([kind[:star], value, 0, path])

    def _one(self, kind: str, box: "Any", at: "str | int", path: str) -> None:
        self._left -= 1
        letter, value = kind[0], box[at]
        if letter == "o":
            self._object(int(kind[1:]), value, path)
        elif letter == "i":
            if isinstance(value, float) and value == int(value):
                box[at] = value = int(value)  # to a JSON schema 1.0 and 1e0 are integers
            _typed(isinstance(value, int) and not isinstance(value, bool), "an integer", path)
            if self._strict and not -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
                raise CallError("PropertyConstraintViolation", "%s: more than 32 bits" % path)
        elif letter == "n":
            _typed(isinstance(value, (int, float)) and not isinstance(value, bool), "a number", path)
        elif letter == "b":
            _typed(isinstance(value, bool), "a boolean", path)
        elif letter in "sed":
            _typed(isinstance(value, str), "a string", path)
            if letter == "e" and not self._strict:
                kind = "s50"  # any word
            _text(self._tables, kind, value, path)


def _typed(holds: bool, expected: str, path: str) -> None:
    if not holds:
        raise CallError("TypeConstraintViolation", "%s: %s is expected" % (path, expected))


def _text(tables: "Tables", kind: str, value: str, path: str) -> None:
    if kind == "d":
        if len(value) > DATE_LENGTH_MAX:
            raise CallError("PropertyConstraintViolation", "%s: time: longer than %d characters" % (path, DATE_LENGTH_MAX))
        try:
            parse_iso(value)
        except ValueError as e:
            raise CallError("PropertyConstraintViolation", "%s: %s" % (path, e))
    elif kind[0] == "e":
        if not value or value not in tables.ENUMS[int(kind[1:])].split(" "):
            raise CallError("PropertyConstraintViolation", "%s: %s is not allowed" % (path, value[:40]))
    elif len(value) > int(kind[1:]) > 0:
        raise CallError("PropertyConstraintViolation", "%s: longer than %s" % (path, kind[1:]))


def _custom(value: "Any", path: str) -> None:
    """customData: any object that names its vendor."""
    path = path + ".customData" if path else "customData"
    _typed(isinstance(value, dict), "an object", path)
    vendor = value.get("vendorId")
    if vendor is None:
        raise CallError("OccurrenceConstraintViolation", "%s: vendorId is missing" % path)
    _typed(isinstance(vendor, str), "a string", path + ".vendorId")
    if len(vendor) > 255:
        raise CallError("PropertyConstraintViolation", "%s.vendorId: longer than 255" % path)


def _stranger(text: str, value: "dict[str, object]") -> str:
    names = [f.replace("?", "!").split("!")[0] for f in text.split(" ")] + ["customData"]
    return sorted(k for k in value if k not in names)[0][:40]
