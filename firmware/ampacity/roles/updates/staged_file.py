"""A bundle for secondaries of another board than the primary's: kept as a file in `staged` until it is replaced or forgotten.

The primary does not judge it: each secondary verifies it. Its size and SHA-256 are compared with what the sender said, and it has to be a bundle
for which the medium has room.
"""

from binascii import hexlify
from hashlib import sha256

from ampacity.base.errors import NotNow, Rejected
from ampacity.store.slot_files import SlotFiles
from ampacity.update.cose_sign1 import BUNDLE_TYPE, SignedMessage
from ampacity.update.manifest import PREFIX_BYTES, Manifest, manifest_bytes

if False:  # for the type checker
    from ampacity.roles.updates.places import Places

FOLDER = "/staged"
BUNDLE, OF = "bundle", "of"  # its bytes; size and digest that were announced
BLOCK_BYTES = 4096
BLOCKS = 8  # that one call of `end` reads back
SYNC_BYTES = 16384


class StagedFile:
    """root: the folder of the slots. With the face of a bundle's source (bus/leases/staging_driver.py): `size`, `part`."""

    def __init__(self, root: str) -> None:
        self._tree = SlotFiles(root + FOLDER)
        self.size = self._tree.size(BUNDLE) or 0

    def part(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset` on. Raises OSError."""
        return self._tree.part(BUNDLE, offset, size)

    def manifest(self) -> "Manifest | None":
        """What it says of itself, not verified; None where there is none, or it is not complete. Raises OSError."""
        if self._tree.size(OF) is not None or not self.size:
            return None
        try:
            size = manifest_bytes(self.part(0, PREFIX_BYTES))
            return Manifest(SignedMessage(self.part(PREFIX_BYTES, size), BUNDLE_TYPE, "bundle").payload)
        except Rejected:
            return None

    def forget(self) -> None:
        """It is removed. Raises OSError."""
        self._tree.remove(BUNDLE)
        self._tree.remove(OF)
        self.size = 0


class StagedSink:
    """The sink of a console's transfer. While it is incomplete the file `of` is there; it goes when the content is right."""

    def __init__(self, root: str, size: int, digest: bytes) -> None:
        self._file = StagedFile(root)
        self._tree = SlotFiles(root + FOLDER)
        self._size, self._digest = size, digest
        announced = b"%d %s" % (size, hexlify(digest))
        if (self._tree.size(OF) or 0) != len(announced) or self._tree.part(OF, 0, len(announced)) != announced:
            self._file.forget()
            self._tree.append(OF, announced)
            self._tree.sync(OF)
        self.offset = min(self._tree.size(BUNDLE) or 0, size)
        self._synced = self.offset
        self._checked = 0
        self._running = sha256()

    def write(self, offset: int, data: bytes) -> int:
        """Takes all of it. Raises OSError: nothing of it stays on a medium that may be full."""
        new = data[self.offset - offset :]
        try:
            self._tree.append(BUNDLE, new)
            self.offset += len(new)
            if self.offset - self._synced >= SYNC_BYTES or self.offset == self._size:
                self._tree.sync(BUNDLE)
                self._synced = self.offset
        except OSError:
            self._file.forget()
            raise
        return len(data)

    def end(self) -> "str | None":
        """None while bytes are missing or are read back. Raises Rejected, NotNow, OSError."""
        if self.offset < self._size:
            return None
        for _ in range(BLOCKS):
            block = self._tree.part(BUNDLE, self._checked, BLOCK_BYTES)
            self._running.update(block)
            self._checked += len(block)
            if not block:
                return self._judged()
        return None

    def _judged(self) -> str:
        if self._checked != self._size or self._running.digest() != self._digest:
            self._tree.remove(BUNDLE)
            raise Rejected("SHA256", "another one", "the digest of `begin`: send the file again")
        self._tree.remove(OF)
        self._file.size = self._size
        if self._file.manifest() is None:
            self._file.forget()
            raise Rejected("bundle", "%d bytes" % self._size, "a file of `ampacity bundle sign`")
        return "%d bytes are ready for secondaries: `secondaries stage`" % self._size

    def abort(self) -> None:
        """What came stays; the same file continues there."""


def open_staged(places: "Places", size: int, digest: bytes) -> StagedSink:
    """A sink for a bundle of this size. Raises NotNow, OSError."""
    if size < PREFIX_BYTES:
        raise NotNow("SIZE", size, "a bundle has more bytes")
    most = places.measure() + StagedFile(places.root).size
    if size > most:
        raise NotNow("SIZE", size, "at most %d bytes are free, with the room of an update" % max(0, most))
    return StagedSink(places.root, size, digest)
