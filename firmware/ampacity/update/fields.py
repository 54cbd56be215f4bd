"""The fields of a map that was read from CBOR, each checked for its kind and range. Errors name the field."""

from ampacity.base.errors import Rejected

if False:  # for the type checker
    from typing import Any

TEXT_MAX = 32
UINT32_MAX = 0xFFFFFFFF


class Fields:
    """The content of one map with integers as keys. names: key → name of the field; every one of them is there, and no other."""

    def __init__(self, content: "Any", what: str, names: "dict[int, str]") -> None:
        if not isinstance(content, dict):
            raise Rejected(what, "another kind", "a map")
        for key in sorted(names):
            if key not in content:
                raise Rejected("%s.%s" % (what, names[key]), "nothing", "a value")
        if len(content) != len(names):
            raise Rejected(what, "%d fields" % len(content), "the %d fields of its format" % len(names))
        self._content = content
        self._what = what
        self._names = names

    def wrong(self, key: int, value: object, allowed: str) -> Rejected:
        """The error for a field."""
        return Rejected("%s.%s" % (self._what, self._names[key]), value, allowed)

    def number(self, key: int, low: int, high: int) -> int:
        """An integer from low to high."""
        value = self._content[key]
        if not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, value, "%d" % low if low == high else "%d to %d" % (low, high))
        return value

    def word(self, key: int) -> str:
        """A text of 1 to 32 visible ASCII characters."""
        value = self._content[key]
        if not is_word(value):
            raise self.wrong(key, value, "1 to %d visible ASCII characters" % TEXT_MAX)
        return value  # type: ignore[no-any-return]

    def entries(self, key: int, low: int, high: int) -> "list[Any]":
        """An array of low to high entries."""
        value = self._content[key]
        if not isinstance(value, list) or not low <= len(value) <= high:
            raise self.wrong(key, value if not isinstance(value, list) else len(value), "%d to %d entries" % (low, high))
        return value

    def words(self, key: int, low: int, high: int) -> "list[str]":
        """An array of different texts, in ascending order."""
        values = self.entries(key, low, high)
        for i in range(len(values)):
            if not is_word(values[i]) or (i and values[i] <= values[i - 1]):
                raise self.wrong(key, values[i], "texts of 1 to %d visible ASCII characters, ascending, each once" % TEXT_MAX)
        return values


def is_word(value: object) -> bool:
    """Is it a text of 1 to 32 visible ASCII characters?"""
    return isinstance(value, str) and 1 <= len(value) <= TEXT_MAX and all(["!" <= each <= "~" for each in value])
