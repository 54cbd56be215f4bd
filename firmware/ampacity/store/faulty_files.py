"""A wrong day for a real medium: power cut in the n-th write, no space left, slowness. The rig puts it before any door.

MemoryFiles can do more (it also forgets what was not synced); this one works in front of a folder too, where the process
is then killed for real.
"""

from ampacity.base.rng import Rng

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.store.interfaces import Content, Files, Names

ENOSPC = 28


class FaultyFiles:
    """files: the door behind. die: called when the power goes (must not return). delay(ms): how slowness passes."""

    def __init__(self, files: "Files", die: "Callable[[], object]", delay: "Callable[[int], object]", seed: int = 1) -> None:
        self._files = files
        self._die = die
        self._delay = delay
        self._rng = Rng(seed)
        self._cut_in = 0
        self.full = False
        self.slow_ms = 0

    def cut_at_write(self, n: int) -> None:
        """Cut the power in the n-th coming write; 0 takes the order back."""
        self._cut_in = n

    def read(self, name: str) -> "bytes | None":
        """All of a file, None if there is none; never slow."""
        return self._files.read(name)

    def part(self, name: str, at: int, size: int) -> bytes:
        """At most `size` bytes of a file from offset `at` on; never slow."""
        return self._files.part(name, at, size)

    def holds(self, name: str, pieces: "list[bytes]") -> bool:
        """Does the file hold these pieces?"""
        return self._files.holds(name, pieces)

    def list(self) -> "Names":
        """The names of all files."""
        return self._files.list()

    def append(self, name: str, data: bytes) -> None:
        """Add to a file; a power cut in it leaves a part. OSError 28 while `full`."""
        if self._begin():
            self._files.append(name, data[: self._rng.below(len(data) + 1)])
            self._files.sync(name)
            self._die()
        self._space()
        self._files.append(name, data)

    def sync(self, name: str) -> None:
        """What was appended is durable; a power cut comes before or after that."""
        self._before_or_after(lambda: self._files.sync(name))

    def replace(self, name: str, data: "Content") -> None:
        """The file holds `data` and nothing else; after a power cut that or what it held. OSError 28 while `full`."""
        self._space()
        self._before_or_after(lambda: self._files.replace(name, data))

    def remove(self, name: str) -> None:
        """The file is gone, or after a power cut perhaps still there."""
        self._before_or_after(lambda: self._files.remove(name))

    def _before_or_after(self, change: "Callable[[], object]") -> None:
        cut = self._begin()
        if not cut or self._rng.chance(500):
            change()
        if cut:
            self._die()

    def _begin(self) -> bool:
        if self.slow_ms:
            self._delay(self.slow_ms)
        if self._cut_in:
            self._cut_in -= 1
            return self._cut_in == 0
        return False

    def _space(self) -> None:
        if self.full:
            raise OSError(ENOSPC, "no space left")
