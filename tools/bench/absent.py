"""Rows of the plan whose parts do not exist yet: listed, not omitted."""

from collections.abc import Iterator

from tools.bench.entry import Entry, unmeasured

ROWS = ("crypto",)


def rows() -> Iterator[Entry]:
    yield unmeasured("crypto", "the firmware checks no signature of a bundle yet")
