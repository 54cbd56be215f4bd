"""Text from outside as people and programs may see it: what a terminal would obey is written out, and digits are 0 to 9.

`str.isdigit` also says yes to "\\u00b2", of which `int` makes nothing, and to the digits of other scripts.
"""

from io import StringIO


def is_digits(text: str) -> bool:
    """At least one digit, and nothing else."""
    for c in text:
        if not "0" <= c <= "9":
            return False
    return bool(text)


def printable(text: str) -> str:
    """The text with control characters, line ends, marks that turn the direction of writing, and halves of pairs as \\x1b or \\u202e."""
    for c in text:
        if _obeyed(c):
            break
    else:
        return text
    out = StringIO()  # a list of all characters would take four times the text of a board's heap, in one block
    for c in text:
        out.write(_written(c) if _obeyed(c) else c)
    return out.getvalue()


def _obeyed(c: str) -> bool:
    if " " <= c <= "~":
        return False
    if 0xD800 <= ord(c) <= 0xDFFF:  # no literal: a module with a lone surrogate cannot be frozen into an image
        return True
    return c <= "\x9f" or "\u2028" <= c <= "\u202e" or "\u2066" <= c <= "\u2069" or c in "\u200e\u200f\u061c\ufeff"


def _written(c: str) -> str:
    if c == "\n":
        return "\\n"
    return "\\x%02x" % ord(c) if ord(c) < 256 else "\\u%04x" % ord(c)
