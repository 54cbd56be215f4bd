"""Of which shape a document must be, as one line of text, and the check of a value against it.

    i0..65535   integer in a range; the upper end may be missing: i0..
    n           number of 0 or more, with or without a fraction
    b           true or false
    s40         text of at most 40 characters
    (a b c)     one of these texts
    x           any of these four, or null
    ?A          A or null
    [A*9]       list of at most 9 times A; [A+9]: of at least one
    [A,B,C]     list of exactly these three
    {k:A,l?:B}  object; a member with "?" may be missing, members that are not named are not looked at
    {*:A}       object of any members, all of them A
    {-:A}       the same; the names of the members are not shown in an error
    <A|B>       A, else B

A checked value is read in the text's own order, without a tree: a table of shapes costs a board its text and nothing else.
"""

if False:  # for the type checker
    from typing import Any


MARKS = "[]{}<>(),|*+"


class WrongShape(ValueError):
    """The text names the field and what it must be."""


def check_shape(value: "Any", shape: str) -> None:
    """WrongShape: the first field that is of another shape."""
    Shape(shape).check(value)


def wrong(place: str, value: "Any", allowed: str) -> WrongShape:
    """The error for a field: its place, what is there (never a content that could be a secret), and what it must be."""
    return WrongShape("%s is %s, must be %s" % (place or "the document", _shown(value), allowed))


def _shown(value: "Any") -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return "the number %d" % value if -(10**15) < value < 10**15 else "a number of too many digits"
    for kind, word in ((bool, "true or false"), (str, "a text"), (float, "a number"), (list, "a list"), (dict, "an object")):
        if isinstance(value, kind):
            return word if kind in (bool, float) or value else word + " without content"
    return "null"


class Shape:
    """One shape, for many values: what it found in its text is kept. `check` and `skip` return where the text continues."""

    def __init__(self, shape: str) -> None:
        self.shape = shape
        self._ends: "dict[int, int]" = {}  # of `skip`

    def check(self, value: "Any", at: int = 0, place: str = "") -> int:
        """WrongShape: as `check_shape`."""
        letter = self.shape[at]
        if letter == "?":
            return self.skip(at + 1) if value is None else self.check(value, at + 1, place)
        if letter == "<":
            return self._either(value, at, place)
        if letter == "[":
            return self._list(value, at, place)
        if letter == "{":
            return self._object(value, at, place)
        end = self.skip(at)
        allowed = _scalar(value, letter, self.shape[at + 1 : end])
        if allowed:
            raise wrong(place, value, allowed)
        return end

    def skip(self, at: int) -> int:
        """Past a shape without a value."""
        start, depth, text = at, 0, self.shape
        if start in self._ends:
            return self._ends[start]
        while at < len(text):
            letter = text[at]
            if letter in "[{<(":
                depth += 1
            elif letter in MARKS and not depth:
                break
            elif letter in "]}>)":
                depth -= 1
            at += 1
        self._ends[start] = at
        return at

    def _either(self, value: "Any", at: int, place: str) -> int:
        end = self.skip(at)
        at += 1
        while True:
            try:
                self.check(value, at, place)
                return end
            except WrongShape:
                at = self.skip(at)
                if self.shape[at] == ">":
                    raise
                at += 1

    def _list(self, value: "Any", at: int, place: str) -> int:
        if not isinstance(value, list):
            raise wrong(place, value, "a list")
        first = at + 1
        more = self.check(value[0], first, place + "[0]") if value else self.skip(first)
        if self.shape[more] in "*+":
            end = self.shape.find("]", more)
            most = int(self.shape[more + 1 : end])
            if len(value) > most or not value and self.shape[more] == "+":
                raise wrong(place, len(value), "a list of %s%d" % ("1.." if self.shape[more] == "+" else "at most ", most))
            for i in range(1, len(value)):
                self.check(value[i], first, "%s[%d]" % (place, i))
            return end + 1
        for i in range(1, len(value)):
            if self.shape[more] == "]":
                raise wrong(place, len(value), "a list of %d" % i)
            more = self.check(value[i], more + 1, "%s[%d]" % (place, i))
        if not value or self.shape[more] != "]":
            raise wrong(place, len(value), "a longer list")
        return more + 1

    def _object(self, value: "Any", at: int, place: str) -> int:
        if not isinstance(value, dict):
            raise wrong(place, value, "an object")
        inner = place + "." if place else ""
        at += 1
        while self.shape[at] != "}":
            colon = self.shape.find(":", at)
            name = self.shape[at:colon]
            optional = name[-1] == "?"
            name = name[:-1] if optional else name
            end = -1
            for key in sorted(value) if name in ("*", "-") else (name,):
                if key in value:
                    end = self.check(value[key], colon + 1, inner + ("*" if name == "-" else key))
                elif not optional:
                    raise WrongShape(inner + key + " is missing")
            if end < 0:
                end = self.skip(colon + 1)
            at = end + 1 if self.shape[end] == "," else end
        return at + 1


def _scalar(value: "Any", letter: str, rest: str) -> str:
    """What a value must be, "": it is."""
    number = isinstance(value, int) and not isinstance(value, bool)
    if letter == "i":
        least, most = rest.split("..")
        right = number and value >= int(least) and (not most or value <= int(most))
        return "" if right else "a whole number, %s" % (rest if most else least + " or more")
    if letter == "n":
        return "" if (number or isinstance(value, float)) and value >= 0 else "a number of 0 or more"
    if letter == "b":
        return "" if isinstance(value, bool) else "true or false"
    if letter == "s":
        return "" if isinstance(value, str) and len(value) <= int(rest) else "a text of at most %s characters" % rest
    if letter == "(":
        return "" if isinstance(value, str) and value in rest[:-1].split(" ") else "one of " + rest[:-1].replace(" ", ", ")
    return "" if value is None or isinstance(value, (int, float, str)) else "a single value"
