"""Row `image`: compiled bytes of each room on a board, and of all rooms of a primary with OCPP 2.0.1, against the partition."""

from collections.abc import Iterator

from tools.bench.entry import Entry, entry
from tools.size import APART, NOT_ON_A_BOARD, PRIMARY_BYTES_MAX, module_sizes, on_a_board, primary_bytes, room_sizes

ROWS = ("image",)
KIB = 1024


def rows() -> Iterator[Entry]:
    found = room_sizes(on_a_board(module_sizes()))
    note = f"a primary with OCPP 2.0.1: the sum of all rooms below but {' and '.join(APART)}; they are without {', '.join(NOT_ON_A_BOARD)}"
    yield entry("image/primary", primary_bytes(found) / KIB, PRIMARY_BYTES_MAX / KIB, "KiB", "<= 1", note)
    for room, size in sorted(found.items()):
        yield entry(f"image/{room}", size / KIB, PRIMARY_BYTES_MAX / KIB, "KiB")
