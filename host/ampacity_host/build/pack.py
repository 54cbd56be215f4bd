"""Packs: the files of an image in one file, each deflated by itself. Made, and read again. The same files and zlib give the same bytes.

A pack is a head (`AMPK`, format 1, bits of the window, number of rows in 2 bytes), an index of rows, ascending, and the entries. The key of a
path is the first 8 bytes of its SHA-256: a row has 4 of them and the place of the entry in 4 bytes. An entry is a head (the other 4 bytes, flags,
bytes as packed in 3, bytes of the content in 3) and the content: raw deflate with DEFLATED, as it is without. FOLDER: the content has a line for
each name in the folder, those of folders end with `/`; the root has the path of no characters. Numbers are big-endian. `PackFiles` in
boards/boot/main.py reads packs on a controller.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256

MAGIC, FORMAT = b"AMPK", 1
FOLDER, DEFLATED = 1, 2
WINDOW_BITS = 10  # a controller takes a window from its heap for each file that it opens; 4 KiB would save 1 % of the image
HEAD_BYTES, ROW_BYTES, ENTRY_BYTES = 8, 8, 11
# the names of a bundle's manifest; a folder's lines are split at blanks
NAMES = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
ROWS_MAX, FILE_BYTES_MAX, DEPTH_MAX = 4096, 2**24 - 1, 16


class NotPacked(Exception):
    """Files that a pack cannot hold; the text says why."""


def made(files: Iterable[tuple[str, bytes]]) -> bytes:
    """The pack of these (path, content). Raises NotPacked."""
    contents = dict(files)
    for path in contents:
        if not NAMES.fullmatch(path):
            raise NotPacked(f"{path!r} is no path in an image; use letters, digits, . _ - and / between names that do not begin with a dot")
    entries = {path: _entry(path, 0, data) for path, data in contents.items()}
    for path, names in _folders(contents).items():
        if path in contents:
            raise NotPacked(f"{path}: a file and a folder")
        entries[path] = _entry(path, FOLDER, "".join(name + "\n" for name in sorted(names)).encode())
    if len(entries) > ROWS_MAX:
        raise NotPacked(f"{len(entries)} files and folders; use at most {ROWS_MAX}")
    index, at = [], HEAD_BYTES + ROW_BYTES * len(entries)
    for path in sorted(entries):
        index.append(_key(path)[:4] + at.to_bytes(4))
        at += len(entries[path])
    return b"".join([MAGIC, bytes([FORMAT, WINDOW_BITS]), len(index).to_bytes(2), *sorted(index), *(entries[path] for path in sorted(entries))])


def read(pack: bytes) -> list[tuple[str, bytes]]:
    """(path, content) of all files of a pack, sorted. Raises ValueError for what is no pack, or a damaged one."""
    if pack[:6] != MAGIC + bytes([FORMAT, WINDOW_BITS]) or len(pack) < HEAD_BYTES:
        raise ValueError(f"no pack of format {FORMAT}")
    end = HEAD_BYTES + ROW_BYTES * int.from_bytes(pack[6:HEAD_BYTES])
    places = [int.from_bytes(pack[at + 4 : at + ROW_BYTES]) for at in range(HEAD_BYTES, end, ROW_BYTES)]
    entries = {pack[row : row + 4] + pack[at : at + 4]: at for row, at in zip(range(HEAD_BYTES, end, ROW_BYTES), places, strict=True)}
    try:
        found = sorted(_below(pack, entries, "", DEPTH_MAX))
        if len(found) + sum(1 for at in places if pack[at + 4] & FOLDER) != len(places):
            raise ValueError("entries that no folder names")
    except (ValueError, zlib.error, KeyError, IndexError) as error:
        raise ValueError(f"damaged pack: {error!r}") from None
    return found


def _below(pack: bytes, entries: dict[bytes, int], folder: str, depth: int) -> Iterator[tuple[str, bytes]]:
    """(path, content) of the files below a folder. Raises KeyError, ValueError, zlib.error."""
    for name in _content(pack, entries[_key(folder)], FOLDER).decode().splitlines():
        path = f"{folder}/{name}" if folder else name
        if not name.endswith("/"):
            yield path, _content(pack, entries[_key(path)], 0)
        elif depth:
            yield from _below(pack, entries, path[:-1], depth - 1)
        else:
            raise ValueError(f"folders in folders: more than {DEPTH_MAX}")


def _key(path: str) -> bytes:
    return sha256(path.encode()).digest()[:8]


def _folders(paths: Iterable[str]) -> dict[str, set[str]]:
    """Path of a folder → the names in it."""
    found: dict[str, set[str]] = {"": set()}
    for path in paths:
        parts = path.split("/")
        for depth, name in enumerate(parts):
            last = depth == len(parts) - 1
            found.setdefault("/".join(parts[:depth]), set()).add(name if last else name + "/")
    return found


def _entry(path: str, flags: int, data: bytes) -> bytes:
    packed = _deflated(data)
    if len(packed) < len(data):
        flags |= DEFLATED
    else:
        packed = data
    if len(data) > FILE_BYTES_MAX or path.count("/") >= DEPTH_MAX:
        raise NotPacked(f"{path}: {len(data)} bytes; use at most {FILE_BYTES_MAX}, and {DEPTH_MAX} folders")
    return _key(path)[4:] + bytes([flags]) + len(packed).to_bytes(3) + len(data).to_bytes(3) + packed


def _deflated(data: bytes) -> bytes:
    running = zlib.compressobj(9, zlib.DEFLATED, -WINDOW_BITS, 9)
    return running.compress(data) + running.flush()


def _content(pack: bytes, at: int, kind: int) -> bytes:
    """The content of an entry of this kind, FOLDER or 0. Raises ValueError, zlib.error."""
    head = pack[at + 4 : at + ENTRY_BYTES]
    size, whole = int.from_bytes(head[1:4]), int.from_bytes(head[4:])
    data = pack[at + ENTRY_BYTES : at + ENTRY_BYTES + size]
    if head[:1] == bytes([kind | DEFLATED]):
        running = zlib.decompressobj(-WINDOW_BITS)
        data = running.decompress(data, whole + 1)
        if not running.eof or running.unused_data:
            raise ValueError(f"entry at byte {at}")
    elif head[:1] != bytes([kind]):
        raise ValueError(f"flags at byte {at}")
    if len(data) != whole:
        raise ValueError(f"entry at byte {at}")
    return data
