"""The bundle that runs, put together again from its slot: what a primary brings to secondaries of the same board."""

from ampacity.update.cose_sign1 import BUNDLE_TYPE, SignedMessage
from ampacity.update.manifest import FORMAT, MAGIC, PREFIX_BYTES, Manifest
from ampacity.update.slot_content import MANIFEST_NAME, SlotContent

if False:  # for the type checker
    from ampacity.update.interfaces import Tree


HELD_BYTES = 1024  # read at a time


class SlotSource:
    """tree: the slots; slot: a whole one. `size`: bytes of the bundle. Raises OSError, and Rejected where its manifest is damaged."""

    def __init__(self, tree: "Tree", slot: int) -> None:
        content = SlotContent(tree, slot)
        signed = content.signed_manifest() or b""
        manifest = Manifest(SignedMessage(signed, BUNDLE_TYPE, "bundle").payload)
        self._tree = tree
        self._prefix = MAGIC + FORMAT.to_bytes(2, "big") + len(signed).to_bytes(2, "big")
        self._parts = [(content.name(MANIFEST_NAME), len(signed))] + [(content.name(path), size) for path, size, _ in manifest.files]
        self.size = PREFIX_BYTES + len(signed) + manifest.size
        self._held: "tuple[int, bytes]" = (0, self._prefix)

    def part(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset` on, at least one before the end of the bundle. Raises OSError."""
        start, held = self._held
        if not start <= offset < start + len(held):
            start, held = self._held = (offset, self._read(offset, HELD_BYTES))
        return held[offset - start : offset - start + size]

    def _read(self, offset: int, size: int) -> bytes:
        if offset < PREFIX_BYTES:
            return self._prefix[offset:]
        start = PREFIX_BYTES
        for name, length in self._parts:
            if offset < start + length:
                return self._tree.part(name, offset - start, min(size, start + length - offset))
            start += length
        return b""
