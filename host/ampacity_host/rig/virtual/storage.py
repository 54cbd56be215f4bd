"""The store of a controller under the virtual clock: it outlives its controller, and the power can fail during a write."""

from ampacity.store.memory_files import MemoryFiles, PowerCut

ENOENT, ENOSPC = 2, 28


class VirtualStorage(MemoryFiles):
    """`on_cut` is called when the power failed during a write, before the write raises. `full`: no space.

    `slow_ms`: duration of each write; `on_slow` is called.
    """

    def __init__(self, seed=1):
        super().__init__(seed)
        self.on_cut = None
        self.full = False
        self.slow_ms = 0
        self.on_slow = None
        self.published = {}  # of PublishedFiles

    def _begin(self):
        if self.slow_ms and self.on_slow is not None:
            self.on_slow(self.slow_ms)
        cut = super()._begin()
        if self.full and not cut:
            raise OSError(ENOSPC, "no space left")
        return cut

    def _lose_power(self):
        try:
            super()._lose_power()
        except PowerCut:
            if self.on_cut is not None:
                self.on_cut()
            raise

    def wipe(self):
        """Factory state."""
        self._durable.clear()
        self._fresh.clear()
        self.published.clear()


class ControllerStorage:
    """The view of the store during one run of a controller: it ends with the run, so that nothing is written after a kill."""

    def __init__(self, files):
        self._files = files
        self.dead = False

    def __getattr__(self, name):
        if self.dead:
            raise PowerCut("the power is off")
        return getattr(self._files, name)


class PublishedFiles:
    """The firmware that a controller publishes, as `SlotFiles` of the store room. files: its ControllerStorage."""

    def __init__(self, files):
        self._files = files

    def size(self, name):
        held = self._files.published.get(name)
        return None if held is None else len(held)

    def part(self, name, offset, size):
        if name not in self._files.published:
            raise OSError(ENOENT, name)
        return bytes(self._files.published[name][offset : offset + size])

    def append(self, name, data):
        if self._files.full:
            raise OSError(ENOSPC, "no space left")
        self._files.published.setdefault(name, bytearray()).extend(data)

    def sync(self, name):
        """Every byte is durable at once."""

    def remove(self, name):
        self._files.published.pop(name, None)
