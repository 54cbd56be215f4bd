"""Texts that a device hands over, such as a meter that signs or a module that talks ISO 15118: checked by a table before anything uses them."""

if False:  # for the type checker
    from typing import Any


def check_texts(given: "Any", rows: "tuple[tuple[str, int, int], ...]", optional: str = "", ascii_only: bool = False) -> None:
    """Rows (field, fewest bytes, most bytes) of a dict: each is a text, and there, but for `optional`. ValueError names the field that is wrong."""
    if not isinstance(given, dict):
        raise ValueError("message: a dict")
    for name, least, most in rows:
        text: "Any" = given.get(name, "" if name == optional else None)
        size = text_bytes(text)
        if size is None or not least <= size <= most or ascii_only and size != len(text):
            bounds = "%d" % most if least == most else "%d to %d" % (least, most)
            raise ValueError("%s: a text of %s %s" % (name, bounds, "ASCII characters" if ascii_only else "bytes"))


def text_bytes(text: "Any") -> "int | None":
    """How long a text is in UTF-8, None: it is none, or has no such form (a lone surrogate)."""
    if not isinstance(text, str):
        return None
    try:
        return len(text.encode())
    except ValueError:
        return None
