"""The files of one slot: the signed manifest under `.manifest`, and what it lists. Reading goes in blocks, one in each step."""

from hashlib import sha256

from ampacity.base.errors import Rejected
from ampacity.update.cose_sign1 import BUNDLE_TYPE, SignedMessage
from ampacity.update.manifest import MANIFEST_BYTES_MAX, Manifest, content_digest

if False:  # for the type checker
    from collections.abc import Generator, Iterator
    from typing import Any

    from ampacity.update.interfaces import Tree

FOLDERS = ("a", "b")
MANIFEST_NAME = ".manifest"
BLOCK_BYTES = 4096
EIO = 5


class SlotContent:
    """Slot 0 or 1 of a tree."""

    def __init__(self, tree: "Tree", slot: int) -> None:
        self.tree = tree
        self._folder = FOLDERS[slot] + "/"

    def name(self, path: str) -> str:
        """The name of a file of the slot in the tree."""
        return self._folder + path

    def signed_manifest(self) -> "bytes | None":
        """The signed manifest that the slot keeps, None if there is none. Raises OSError."""
        name = self.name(MANIFEST_NAME)
        size = self.tree.size(name)
        if size is None or size > MANIFEST_BYTES_MAX:
            return None
        return b"".join([self.tree.part(name, at, BLOCK_BYTES) for at in range(0, size, BLOCK_BYTES)])

    def erase(self) -> "Iterator[bool]":
        """Removes every file, the manifest first, one in each slice. Raises OSError."""
        self.tree.remove(self.name(MANIFEST_NAME))
        for name in self.tree.list(self._folder[:-1]):
            yield False
            self.tree.remove(name)

    def hashed(self, path: str) -> "Generator[bool, None, tuple[int, Any]]":
        """False after each block; returns (bytes, running SHA-256) of a file as it is on the medium, 0 bytes if there is none. Raises OSError."""
        name, running, at = self.name(path), sha256(), 0
        size = self.tree.size(name) or 0
        while at < size:
            block = self.tree.part(name, at, min(BLOCK_BYTES, size - at))
            if not block:
                raise OSError(EIO, "%s ends at byte %d of %d" % (name, at, size))
            running.update(block)
            at += len(block)
            yield False
        return at, running

    def verified(self, digest: bytes) -> "Generator[bool, None, Manifest | str]":
        """Reads the slot back: False after each block; returns the manifest, or a text that says what is wrong. digest: b"" for any manifest."""
        try:
            raw = self.signed_manifest()
            if raw is None or (digest and content_digest(raw) != digest):
                return "its manifest is missing or damaged"
            manifest = Manifest(SignedMessage(raw, BUNDLE_TYPE, "bundle").payload)
            for path, size, wanted in manifest.files:
                found, running = yield from self.hashed(path)
                if found != size or self.tree.size(self.name(path)) is None or running.digest() != wanted:
                    return "%s is missing or damaged" % path
            return manifest
        except OSError as error:
            return "it cannot be read: %s" % error
        except Rejected as error:
            return str(error)
