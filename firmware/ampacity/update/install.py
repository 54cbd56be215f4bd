"""One bundle on its way into the spare slot: signature first, then its files, then a look at what the medium really holds.

A task with an intake: the source of the bundle gives it bytes from `offset` on with `write`, and calls `step` in between. It holds the
signed manifest and one block, whatever the size of the bundle. A bundle that was interrupted is continued where the medium ends.
"""

from hashlib import sha256

from ampacity.base.errors import NotNow, Rejected
from ampacity.update.cose_sign1 import BUNDLE_TYPE, SignedMessage
from ampacity.update.manifest import CONFIGURATION, KINDS, PREFIX_BYTES, Manifest, content_digest, manifest_bytes
from ampacity.update.p256 import point
from ampacity.update.slot_content import BLOCK_BYTES, MANIFEST_NAME, SlotContent
from ampacity.update.slot_state import READY, RECEIVING

if False:  # for the type checker
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from ampacity.update.manifest import Device
    from ampacity.update.slots import Slots
    from ampacity.update.trust import TrustStore

    Judge = Callable[[SlotContent, Manifest], Iterator[object]]

SYNC_BLOCKS = 4  # so much is written again after a power cut


class Install:
    """One bundle. slots: kind → its slots; trust: whose signature counts; device: what the bundle has to fit.

    `offset`: the next byte of the bundle that is wanted; it jumps where a part is there already, and goes back where a part of a file
    turned out to be damaged. `manifest`: once its signature was checked. `ready`: the slot is written, read back and may be activated.
    """

    def __init__(self, slots: "dict[int, Slots]", trust: "TrustStore", device: "Device", judge: "Judge | None" = None) -> None:
        """judge: of a configuration that is whole: a task that raises Rejected where the controller could not run on it."""
        self._slots = slots
        self._judge = judge
        self._trust = trust
        self._device = device
        self._buffer = bytearray()
        self._open = 0  # bytes that write() may still take
        self._spare = -1
        self.offset = 0
        self.size: "int | None" = None
        self.manifest: "Manifest | None" = None
        self.ready = False
        self._failed: "Exception | None" = None
        self._work = self._run()

    def write(self, offset: int, data: bytes) -> int:
        """Bytes of the bundle from `offset` on; how many of them were taken, those that are there already included.

        0: call `step` first. Raises NotNow where a gap would be left, Rejected behind the end.
        """
        self._check_failed()
        if offset > self.offset:
            raise NotNow("offset", offset, "the next byte wanted is %d" % self.offset)
        if self.size is not None and offset + len(data) > self.size:
            raise self._fail(Rejected("bundle", "%d bytes or more" % (offset + len(data)), "the %d bytes of its manifest" % self.size))
        old = min(self.offset - offset, len(data))
        new = data[old : old + self._open]
        self._buffer.extend(new)
        self._open -= len(new)
        self.offset += len(new)
        return old + len(new)

    def step(self) -> bool:
        """One slice of work. True: nothing to do until more is written, or ready.

        Raises Rejected where the bundle is refused: nothing was changed, or the spare slot is empty. OSError: offer the bundle again.
        """
        self._check_failed()
        try:
            return next(self._work)
        except OSError as error:
            self._failed = error
            raise
        except Rejected as error:
            raise self._fail(error)

    def _check_failed(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _fail(self, error: Rejected) -> Rejected:
        self._failed = error
        self.ready = False
        if self._spare >= 0:
            try:
                self._target().refused(self._spare, "refused: %s" % error)
            except OSError:  # then the slot is still marked as receiving, and not started
                pass
        return error

    def _run(self) -> "Iterator[bool]":
        yield from self._taken(PREFIX_BYTES)
        size = manifest_bytes(self._buffer)
        self._buffer = bytearray()
        yield from self._taken(size)
        signed = bytes(self._buffer)
        self._buffer = bytearray()
        kid = yield from self._accepted(signed)
        yield False  # `size` is known: its source may refuse it before a slot is touched
        yield from self._begun(signed, kid)
        yield from self._received(PREFIX_BYTES + size)
        found = yield from self._content().verified(content_digest(signed))
        if not isinstance(found, Manifest):
            raise Rejected("slot", found, "a medium that holds what was written")
        if found.kind == CONFIGURATION and self._judge is not None:
            for _ in self._judge(self._content(), found):
                yield False
        self._target().received(self._spare)
        self.ready = True
        while True:
            yield True

    def _accepted(self, signed: bytes) -> "Generator[bool, None, bytes]":
        """The id of the key that signed, once all that the manifest says was found right."""
        message = SignedMessage(signed, BUNDLE_TYPE, "bundle")
        key = self._trust.key(message.kid)
        if not (yield from message.is_signed_by(point(key.public))):
            raise Rejected("signature", "wrong", "a signature of key %s over this manifest" % key.name)
        manifest = Manifest(message.payload)
        if not key.kinds & manifest.kind:
            raise Rejected("key", key.name, "a key that may sign a bundle of kind %s" % KINDS[manifest.kind])
        self._device.check(manifest)
        self._slots[manifest.kind].check_floor(manifest.sequence)
        self.manifest, self.size = manifest, PREFIX_BYTES + len(signed) + manifest.size
        return message.kid

    def _target(self) -> "Slots":
        return self._slots[self.manifest.kind]  # type: ignore[union-attr]  # asked for once there is one

    def _content(self) -> SlotContent:
        return SlotContent(self._target().tree, self._spare)

    def _taken(self, size: int) -> "Iterator[bool]":
        """Until the buffer has `size` bytes."""
        self._open = size - len(self._buffer)
        while len(self._buffer) < size:
            yield True

    def _begun(self, signed: bytes, kid: bytes) -> "Iterator[bool]":
        """The spare slot holds the manifest of this bundle, and nothing of another one."""
        slots, digest = self._target(), content_digest(signed)
        self._spare = spare = slots.spare()
        slot, content = slots.state.slots[spare], self._content()
        if slot.digest == digest and slot.state in (RECEIVING, READY) and content.signed_manifest() == signed:
            if slot.state == READY:
                slots.begin(digest, self.manifest, kid)  # type: ignore[arg-type]
            return
        slots.begin(digest, self.manifest, kid)  # type: ignore[arg-type]
        yield from content.erase()
        for at in range(0, len(signed), BLOCK_BYTES):
            content.tree.append(content.name(MANIFEST_NAME), signed[at : at + BLOCK_BYTES])
            yield False
        content.tree.sync(content.name(MANIFEST_NAME))

    def _received(self, start: int) -> "Iterator[bool]":
        """Every file of the manifest is in the slot. start: the first one's place in the bundle."""
        content = self._content()
        for i, (path, size, digest) in enumerate(self.manifest.files):  # type: ignore[union-attr]
            at, running = yield from content.hashed(path)
            while True:
                if at <= size:
                    self.offset = start + at
                    yield from self._file(content, path, size - at, running)
                if at <= size and running.digest() == digest:
                    break
                if at == 0:
                    raise Rejected("files[%d]" % i, path, "the content whose SHA-256 the manifest has")
                content.tree.remove(content.name(path))  # what a power cut left of it is damaged
                at, running = 0, sha256()
            start += size

    def _file(self, content: SlotContent, path: str, left: int, running: "Any") -> "Iterator[bool]":
        """Writes the last `left` bytes of a file, a block at a time, as they come."""
        name, blocks = content.name(path), 0
        if left == 0 and content.tree.size(name) is None:
            content.tree.append(name, b"")
            content.tree.sync(name)
        while left:
            yield from self._taken(min(BLOCK_BYTES, left))
            block = bytes(self._buffer)
            self._buffer = bytearray()
            running.update(block)
            content.tree.append(name, block)
            left -= len(block)
            blocks += 1
            if left == 0 or blocks % SYNC_BLOCKS == 0:
                content.tree.sync(name)
            yield False
