"""The one file that a primary publishes: as a download writes it, as its checksum and its readers read it. Its room is bounded.

It is what roles/updates/download.py asks of a taker of bytes, without slots: `delivery`, `places` and `device` are this object itself.
"""

import os

from ampacity.base.errors import Rejected
from ampacity.roles.updates.found import root_of
from ampacity.store.slot_files import SlotFiles

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.roles.interfaces import RolePlatform

NAME = "file"
FOLDER = "/publish"  # below the data folder
KEPT_BYTES = 65536  # of the medium, for what the controller stores next to it
SLOT_BYTES = 688128  # of an application (decision 23): the spare slot keeps its room
BLOCK_BYTES = 4096  # written at once: a flash erases no less
NONE, RECEIVING, WHOLE, FAILED = "", "receiving", "whole", "failed"


class PublishedFile:
    """size_max: in bytes, of the site file. `state`: NONE, RECEIVING, WHOLE, or FAILED (`error`: what the medium said); `offset`: bytes that
    came; `size`: of all."""

    def __init__(self, platform: "RolePlatform", log: "Log", size_max: int) -> None:
        tree = getattr(platform, "published_files", None)  # of a bench without a folder
        if tree is None and not platform.folder:
            raise Rejected("publish_address", "set", "nothing: this controller has no folder for a file")
        self._tree: "Any" = tree or SlotFiles(platform.folder + FOLDER)
        self._platform = platform
        self._size_max = size_max
        self.log = log
        self.state = NONE
        self.error = ""
        self.source = ""
        self.manifest = None  # it is no bundle
        self.offset = self.size = 0
        self.slot_bytes = 0
        self._held = b""  # bytes that came and are not written yet: less than a block
        self.places = self.device = self.delivery = self

    # what a download asks of its taker

    def measure(self) -> None:
        """How large a file may be now: what is free, without what a spare slot for updates still needs."""
        self.slot_bytes = self._size_max
        try:
            if not self._platform.folder:
                return
            found = os.statvfs(self._platform.folder)
            reserved = KEPT_BYTES
            slot = self._platform.boot.get("slot")
            if slot:
                spare = "b" if slot == "a" else "a"
                slots = SlotFiles((root_of(self._platform) or "") + "/slots")
                reserved += max(0, SLOT_BYTES - sum([slots.size(name) or 0 for name in slots.list(spare)]))
            self.slot_bytes = max(0, min(self._size_max, found[1] * found[4] + self.offset - reserved))
        except (OSError, AttributeError):  # a medium that does not say: it refuses when it is full
            pass

    def busy(self) -> bool:
        """Are bytes still to come?"""
        return self.state == RECEIVING

    def begin(self, source: str, size: int) -> None:
        """A file of this size comes, from its first byte. Raises Rejected, OSError."""
        if size < 1:
            raise Rejected("file", "0 bytes", "a firmware file")
        self.remove()
        self.source, self.size, self.state = source, size, RECEIVING

    def sink(self, source: str) -> "PublishedFile":
        """What takes the bytes."""
        return self

    def write(self, offset: int, data: bytes) -> int:
        """Bytes from `offset` on, at most `self.offset`; how many were taken: all. OSError: the medium refuses them (FAILED)."""
        new = data[self.offset - offset :]
        self._held += new
        self.offset += len(new)
        while len(self._held) >= BLOCK_BYTES:
            self._carry(self._tree.append, NAME, self._held[:BLOCK_BYTES])
            self._held = self._held[BLOCK_BYTES:]
        return len(data)

    def work_once(self) -> None:
        """All bytes came: they are made durable. OSError as `write`."""
        if self._held:
            self._carry(self._tree.append, NAME, self._held)
        self._held = b""
        self._carry(self._tree.sync, NAME)
        self.state = WHOLE

    def abort(self) -> None:
        """What came is kept until the next `begin`."""

    def forget_unfinished(self) -> None:
        """Nothing: there is no slot."""

    # what publishing asks of it

    def found(self) -> bool:
        """Is a file there, of before a restart? Raises OSError, also for one that is longer than the site file permits now."""
        self.size = self.offset = self._tree.size(NAME) or 0
        if self.size > self._size_max:
            raise OSError("the file has %d bytes, publish_kib permits %d" % (self.size, self._size_max))
        self.state = WHOLE if self.size else NONE
        return self.size > 0

    def part(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset` on. Raises OSError."""
        part: bytes = self._tree.part(NAME, offset, size)
        return part

    def remove(self) -> None:
        """It is gone. Raises OSError."""
        self._tree.remove(NAME)
        self._held = b""
        self.state, self.offset, self.size = NONE, 0, 0

    def _carry(self, function: "Callable[..., None]", *parameters: object) -> None:
        try:
            function(*parameters)
        except OSError as error:
            self.state, self.error = FAILED, "storage: %s" % error
            raise
