"""Row `image`: compiled bytes of each room on a board, and of all rooms of a primary with OCPP 2.0.1, against the partition; the latter as a pack."""

from collections.abc import Iterator

from ampacity_host.build.compiler import compiled
from ampacity_host.build.pack import made
from tools.bench.entry import Entry, entry
from tools.size import APART, FIRMWARE, NOT_ON_A_BOARD, PRIMARY_BYTES_MAX, module_sizes, on_a_board, primary_bytes, room_of, room_sizes

ROWS = ("image",)
KIB = 1024
PACKED_KIB_MAX = 512


def packed_bytes(names: list[str]) -> int:
    """Size of the pack of these modules, paths below ampacity/."""
    modules = compiled([("ampacity/" + name, FIRMWARE / name) for name in names], lambda done, whole: None)
    return len(made((module.path, module.data) for module in modules))


def rows() -> Iterator[Entry]:
    modules = on_a_board(module_sizes())
    found = room_sizes(modules)
    note = f"a primary with OCPP 2.0.1: the sum of all rooms below but {' and '.join(APART)}; they are without {', '.join(NOT_ON_A_BOARD)}"
    yield entry("image/primary", primary_bytes(found) / KIB, PRIMARY_BYTES_MAX / KIB, "KiB", "<= 1", note)
    names = [name for name in modules if room_of(name) not in APART]
    note = "the modules of `image/primary` as a pack, which is what a slot holds"
    yield entry("image/packed", packed_bytes(names) / KIB, PACKED_KIB_MAX, "KiB", "<= 1", note)
    for room, size in sorted(found.items()):
        yield entry(f"image/{room}", size / KIB, PRIMARY_BYTES_MAX / KIB, "KiB")
