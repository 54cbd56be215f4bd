"""A wrong day for a real medium: power cut in the n-th write, no space left, slowness. The rig puts it before any door.

MemoryFiles can do more (it also forgets what was not synced); this one works in front of a folder too, where the process
is then killed for real.
"""

from ampacity.base.rng import Rng

ENOSPC = 28


class FaultyFiles:
    """files: the door behind. die: called when the power goes (must not return). delay(ms): how slowness passes."""

    def __init__(self, files, die, delay, seed=1):
        self._files = files
        self._die = die
        self._delay = delay
        self._rng = Rng(seed)
        self._cut_in = 0
        self.full = False
        self.slow_ms = 0

    def cut_at_write(self, n):
        """Cut the power in the n-th coming write; 0 takes the order back."""
        self._cut_in = n

    def read(self, name):
        return self._files.read(name)

    def list(self):
        return self._files.list()

    def append(self, name, data):
        if self._begin():
            self._files.append(name, data[: self._rng.below(len(data) + 1)])
            self._files.sync(name)
            self._die()
        self._space()
        self._files.append(name, data)

    def sync(self, name):
        self._before_or_after(lambda: self._files.sync(name))

    def replace(self, name, data):
        self._space()
        self._before_or_after(lambda: self._files.replace(name, data))

    def remove(self, name):
        self._before_or_after(lambda: self._files.remove(name))

    def _before_or_after(self, change):
        cut = self._begin()
        if not cut or self._rng.chance(500):
            change()
        if cut:
            self._die()

    def _begin(self):
        if self.slow_ms:
            self._delay(self.slow_ms)
        if self._cut_in:
            self._cut_in -= 1
            return self._cut_in == 0
        return False

    def _space(self):
        if self.full:
            raise OSError(ENOSPC, "no space left")
