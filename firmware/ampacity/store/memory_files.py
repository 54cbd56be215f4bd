"""Files that forget like a real disk: for tests and for the virtual rig, whose power can be cut in any write.

What was appended and not yet synced may be gone after a cut, be there in part, or be there as zeros (a file system that
had written the length and not yet the data). A `replace` is the old or the new file, nothing between.
"""

from ampacity.base.rng import Rng

ENOSPC = 28


class PowerCut(Exception):
    """The power went in the middle of a write. The program's objects are dead now; `restart()` gives what is left."""


class MemoryFiles:
    """The `files` door in memory.

    seed: what a torn write leaves. bytes_max: a full disk beyond it (None: never). Counters: `writes` (calls that
    change something), `syncs`.
    """

    def __init__(self, seed=1, bytes_max=None):
        self._durable = {}
        self._fresh = {}
        self._rng = Rng(seed)
        self._cut_in = 0
        self.bytes_max = bytes_max
        self.writes = 0
        self.syncs = 0
        self.dead = False

    def cut_at_write(self, n):
        """Cut the power in the n-th coming write (1 = the next); 0 takes the order back."""
        self._cut_in = n

    def restart(self):
        """Power is back: the same medium with what survived."""
        self.dead = False
        self._cut_in = 0
        return self

    def read(self, name):
        if name not in self._durable and name not in self._fresh:
            return None
        return self._durable.get(name, b"") + self._fresh.get(name, b"")

    def append(self, name, data):
        cut = self._begin()
        room = len(data) if self.bytes_max is None else max(0, self.bytes_max - self._size())
        self._fresh[name] = self._fresh.get(name, b"") + bytes(data[:room])
        if cut:
            self._lose_power()
        if room < len(data):
            raise OSError(ENOSPC, "no space left")

    def sync(self, name):
        if self._begin():
            if self._rng.chance(500):
                self._keep(name)
            self._lose_power()
        self.syncs += 1
        self._keep(name)

    def replace(self, name, data):
        cut = self._begin()
        if self.bytes_max is not None and self._size() + len(data) > self.bytes_max:
            raise OSError(ENOSPC, "no space left")
        if not cut or self._rng.chance(500):
            self._fresh.pop(name, None)
            self._durable[name] = bytes(data)
        if cut:
            self._lose_power()

    def list(self):
        return sorted(set(self._durable) | set(self._fresh))

    def remove(self, name):
        cut = self._begin()
        if not cut or self._rng.chance(500):
            self._durable.pop(name, None)
            self._fresh.pop(name, None)
        if cut:
            self._lose_power()

    def _begin(self):
        if self.dead:
            raise PowerCut("the power is off")
        self.writes += 1
        if self._cut_in:
            self._cut_in -= 1
            return self._cut_in == 0
        return False

    def _keep(self, name):
        if name in self._fresh:
            self._durable[name] = self._durable.get(name, b"") + self._fresh.pop(name)

    def _lose_power(self):
        for name in sorted(self._fresh):
            data = self._fresh.pop(name)
            left = self._torn(data)
            if left or name in self._durable or self._rng.chance(500):
                self._durable[name] = self._durable.get(name, b"") + left
        self.dead = True
        raise PowerCut("the power was cut")

    def _torn(self, data):
        kept = self._rng.below(len(data) + 1)
        kind = self._rng.below(3)
        if kind == 0:
            return data[:kept]
        if kind == 1:
            return data[:kept] + bytes(len(data) - kept)
        return bytes(kept)

    def _size(self):
        return sum([len(self.read(name)) for name in self.list()])
