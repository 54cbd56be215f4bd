"""Files that forget like a real disk: for tests and for the virtual rig, whose power can be cut in any write.

What was appended and not yet synced may be gone after a cut, be there in part, or be there as zeros (a file system that
had written the length and not yet the data). A `replace` is the old or the new file, nothing between.
"""

from ampacity.base.rng import Rng

if False:  # for the type checker
    from ampacity.store.interfaces import Content, Names

ENOSPC = 28


class PowerCut(Exception):
    """The power went in the middle of a write. The program's objects are dead now; `restart()` gives what is left."""


class MemoryFiles:
    """The `files` door in memory.

    seed: what a torn write leaves. bytes_max: a full disk beyond it (None: never). Counters: `writes` (calls that
    change something), `syncs`.
    """

    def __init__(self, seed: int = 1, bytes_max: "int | None" = None) -> None:
        self._durable: "dict[str, bytes]" = {}
        self._fresh: "dict[str, bytes]" = {}
        self._rng = Rng(seed)
        self._cut_in = 0
        self.bytes_max = bytes_max
        self.writes = 0
        self.syncs = 0
        self.dead = False

    def cut_at_write(self, n: int) -> None:
        """Cut the power in the n-th coming write (1 = the next): it raises PowerCut; 0 takes the order back."""
        self._cut_in = n

    def restart(self) -> "MemoryFiles":
        """Power is back: the same medium with what survived."""
        self.dead = False
        self._cut_in = 0
        return self

    def read(self, name: str) -> "bytes | None":
        """All of a file, what is not synced too; None if there is none."""
        if name not in self._durable and name not in self._fresh:
            return None
        return self._durable.get(name, b"") + self._fresh.get(name, b"")

    def part(self, name: str, at: int, size: int) -> bytes:
        """At most `size` bytes of a file from offset `at` on."""
        return (self.read(name) or b"")[at : at + size]

    def holds(self, name: str, pieces: "list[bytes]") -> bool:
        """Does the file hold these pieces, one after another, and nothing else?"""
        return self.read(name) == b"".join(pieces)

    def append(self, name: str, data: bytes) -> None:
        """Add to a file. OSError 28: as much as found room was added. PowerCut: it may be gone, whole or in part."""
        cut = self._begin()
        room = len(data) if self.bytes_max is None else max(0, self.bytes_max - self._size())
        self._fresh[name] = self._fresh.get(name, b"") + bytes(data[:room])
        if cut:
            self._lose_power()
        if room < len(data):
            raise OSError(ENOSPC, "no space left")

    def sync(self, name: str) -> None:
        """What was appended survives from now on; with PowerCut, perhaps."""
        if self._begin():
            if self._rng.chance(500):
                self._keep(name)
            self._lose_power()
        self.syncs += 1
        self._keep(name)

    def replace(self, name: str, data: "Content") -> None:
        """The file holds `data` and nothing else. OSError 28: no room. With either error it holds what it held, or after PowerCut the new."""
        cut = self._begin()
        data = b"".join(data) if isinstance(data, list) else data
        if self.bytes_max is not None and self._size() + len(data) > self.bytes_max:
            raise OSError(ENOSPC, "no space left")
        if not cut or self._rng.chance(500):
            self._fresh.pop(name, None)
            self._durable[name] = bytes(data)
        if cut:
            self._lose_power()

    def list(self) -> "Names":
        """The names of all files, sorted."""
        return sorted(set(self._durable) | set(self._fresh))

    def remove(self, name: str) -> None:
        """The file is gone, no error if there was none; with PowerCut, perhaps."""
        cut = self._begin()
        if not cut or self._rng.chance(500):
            self._durable.pop(name, None)
            self._fresh.pop(name, None)
        if cut:
            self._lose_power()

    def _begin(self) -> bool:
        if self.dead:
            raise PowerCut("the power is off")
        self.writes += 1
        if self._cut_in:
            self._cut_in -= 1
            return self._cut_in == 0
        return False

    def _keep(self, name: str) -> None:
        if name in self._fresh:
            self._durable[name] = self._durable.get(name, b"") + self._fresh.pop(name)

    def _lose_power(self) -> None:
        for name in sorted(self._fresh):
            data = self._fresh.pop(name)
            left = self._torn(data)
            if left or name in self._durable or self._rng.chance(500):
                self._durable[name] = self._durable.get(name, b"") + left
        self.dead = True
        raise PowerCut("the power was cut")

    def _torn(self, data: bytes) -> bytes:
        kept = self._rng.below(len(data) + 1)
        kind = self._rng.below(3)
        if kind == 0:
            return data[:kept]
        if kind == 1:
            return data[:kept] + bytes(len(data) - kept)
        return bytes(kept)

    def _size(self) -> int:
        return sum([len(self.read(name) or b"") for name in self.list()])
