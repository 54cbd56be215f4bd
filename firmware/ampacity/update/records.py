"""A small record that survives a power cut in any write, also on a medium whose writes are not atomic.

Two files take turns. Each holds a generation, a length and a CRC-32; the highest whole one counts, and only the other is ever written.
"""

import struct
from binascii import crc32

if False:  # for the type checker
    from typing import Protocol

    class RecordFiles(Protocol):
        """The part of the store's `files` door that records need. Methods raise OSError where the medium refuses."""

        def read(self, name: str) -> "bytes | None":
            """All of a file, None if there is none."""

        def replace(self, name: str, data: bytes) -> None:
            """The file holds `data` and nothing else, durable on return."""


HEAD = ">4sIHI"
HEAD_BYTES = 14
MAGIC = b"AMPR"
BYTES_MAX = 16384
EIO = 5


class Record:
    """One record. files: the door; name: its files are `name.0` and `name.1`. `damaged`: the newest write was not whole, or a file unreadable."""

    def __init__(self, files: "RecordFiles", name: str) -> None:
        self._files = files
        self._name = name
        self._generation = 0
        self._newest = 1
        self.damaged = False

    def load(self) -> "bytes | None":
        """The content, None if there is none that is whole."""
        found = None
        self._generation, self.damaged = 0, False
        for i in (0, 1):
            generation, content = self._read(i)
            if content is not None and generation > self._generation:
                found, self._generation, self._newest = content, generation, i
        return found

    def save(self, content: bytes) -> None:
        """Durable on return. content: at most 16384 bytes. OSError: the record may be the old or the new one, never neither."""
        if len(content) > BYTES_MAX:
            raise ValueError("record %s: at most %d bytes" % (self._name, BYTES_MAX))
        other = 1 - self._newest
        raw = _sealed(self._generation + 1, content)
        self._files.replace(self._file(other), raw)
        if self._files.read(self._file(other)) != raw:
            raise OSError(EIO, "record %s was not stored" % self._name)
        self._generation += 1
        self._newest = other

    def _file(self, i: int) -> str:
        return "%s.%d" % (self._name, i)

    def _read(self, i: int) -> "tuple[int, bytes | None]":
        try:
            raw = self._files.read(self._file(i))
        except OSError:
            self.damaged = True
            return 0, None
        if raw is None:
            return 0, None
        generation, content = _opened(raw)
        self.damaged = self.damaged or content is None
        return generation, content


def _sealed(generation: int, content: bytes) -> bytes:
    begin = struct.pack(">IH", generation, len(content))
    return struct.pack(HEAD, MAGIC, generation, len(content), crc32(content, crc32(begin)) & 0xFFFFFFFF) + content


def _opened(raw: bytes) -> "tuple[int, bytes | None]":
    if len(raw) >= HEAD_BYTES:
        magic, generation, size, _ = struct.unpack(HEAD, raw[:HEAD_BYTES])
        content = raw[HEAD_BYTES : HEAD_BYTES + size]
        if magic == MAGIC and raw == _sealed(generation, content):
            return generation, content
    return 0, None
