"""littlefs images: made from files, and read again. The same files give the same bytes: no time, no user, one order.

The format on disk is 2.0, which every littlefs 2 reads.
"""

from collections.abc import Iterable, Iterator

from littlefs import LittleFS
from littlefs.errors import LittleFSError

DISK_VERSION = 0x00020000
NAME_BYTES_MAX = 64
BLOCKS_MIN = 16
READ_BYTES = 128
LOOKAHEAD_BYTES = 32
CACHE_BYTES = 128  # MicroPython's default: it cannot read a file that is stored inline and larger than its cache
SPARE_BLOCKS = 2  # littlefs wants a free pair to write a folder
FOLDER = 2  # in what stat gives
SUPERBLOCK_AT, SUPERBLOCK_MAGIC = 8, b"littlefs"


class TooLarge(Exception):
    """The files do not fit; the text says how many bytes they have and what is there."""


def made(files: Iterable[tuple[str, bytes]], block_bytes: int, blocks: int | None = None) -> bytes:
    """The image of these files. blocks: its size; None: the least that holds them. Raises TooLarge."""
    wanted = sorted(files)
    if blocks is not None:
        return _filled(wanted, block_bytes, blocks)[0]
    room = BLOCKS_MIN + 2 * sum(len(data) // block_bytes + 3 for _, data in wanted)
    used = _filled(wanted, block_bytes, room)[1]
    return _filled(wanted, block_bytes, max(used + SPARE_BLOCKS, BLOCKS_MIN))[0]


def read(image: bytes) -> list[tuple[str, bytes]]:
    """(path, content) of all files of an image, sorted. Raises ValueError for what is no image."""
    if image[SUPERBLOCK_AT : SUPERBLOCK_AT + 8] != SUPERBLOCK_MAGIC:
        raise ValueError("no littlefs image")
    block_bytes = int.from_bytes(image[24:28], "little")
    try:
        system = _system(block_bytes, len(image) // block_bytes, mount=False)
        system.context.buffer[:] = image
        system.mount()
        found = list(_files_below(system, ""))
    except (LittleFSError, ZeroDivisionError) as error:
        raise ValueError(f"damaged littlefs image: {error}") from None
    return sorted(found)


def _files_below(system: LittleFS, folder: str) -> Iterator[tuple[str, bytes]]:
    for name in system.listdir("/" + folder):
        path = f"{folder}/{name}" if folder else name
        if system.stat("/" + path).type == FOLDER:
            yield from _files_below(system, path)
        else:
            with system.open("/" + path, "rb") as file:
                yield path, bytes(file.read())


def _filled(files: list[tuple[str, bytes]], block_bytes: int, blocks: int) -> tuple[bytes, int]:
    """(image, used blocks)."""
    system = _system(block_bytes, blocks, mount=True)
    try:
        for folder in sorted({path.rpartition("/")[0] for path, _ in files if "/" in path}):
            system.makedirs(folder, exist_ok=True)
        for path, data in files:
            with system.open(path, "wb") as file:
                file.write(data)
    except LittleFSError as error:
        size = sum(len(data) for _, data in files)
        raise TooLarge(f"{len(files)} files with {size} bytes do not fit into {blocks} blocks of {block_bytes} bytes ({error})") from None
    return bytes(system.context.buffer), system.used_block_count


def _system(block_bytes: int, blocks: int, mount: bool) -> LittleFS:
    return LittleFS(
        block_size=block_bytes, block_count=blocks, mount=mount, read_size=READ_BYTES, prog_size=READ_BYTES, cache_size=CACHE_BYTES,
        lookahead_size=LOOKAHEAD_BYTES, name_max=NAME_BYTES_MAX, disk_version=DISK_VERSION,
    )  # fmt: skip
