"""Row `image`: compiled bytes of each room, and of a primary with OCPP 2.0.1 against its partition."""

from collections.abc import Iterator

from tools.bench.entry import Entry, entry
from tools.size import PRIMARY_BYTES_MAX, module_sizes, primary_bytes, room_sizes

ROWS = ("image",)
KIB = 1024


def rows() -> Iterator[Entry]:
    modules = module_sizes()
    yield entry("image/primary", primary_bytes(modules) / KIB, PRIMARY_BYTES_MAX / KIB, "KiB", "<= 1", "primary + OCPP 2.0.1")
    for room, size in sorted(room_sizes(modules).items()):
        yield entry(f"image/{room}", size / KIB, PRIMARY_BYTES_MAX / KIB, "KiB")
