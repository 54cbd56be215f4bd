"""Random days of a journal, with a plain list beside it that says what must be there."""

from ampacity.base.rng import Rng
from ampacity.store.journal import Journal
from ampacity.store.memory_files import MemoryFiles, PowerCut


class Day:
    """A journal on a medium, and what it has acknowledged."""

    def __init__(self, seed, segment_bytes=200):
        self.rng = Rng(seed)
        self.files = MemoryFiles(seed)
        self.segment_bytes = segment_bytes
        self.kept = []  # (seq, data) acknowledged and not dropped
        self.doubtful = []  # (seq, data) appended without commit, or in the very write that was cut
        self.dropping = 0
        self.open()

    def open(self):
        self.journal = Journal(self.files, "tx", 20000, self.segment_bytes)

    def step(self):
        """One random operation; a power cut passes through."""
        kind = self.rng.below(10)
        if kind < 5:
            self.append(durable=True)
        elif kind < 7:
            self.append(durable=False)
        elif kind == 7:
            self.journal.commit()
            self.settle()
        else:
            self.drop()

    def append(self, durable):
        data = self.rng.bytes(self.rng.below(60))
        self.doubtful.append((self.journal.last + 1, data))
        seq = self.journal.append(data, durable)
        assert seq == self.doubtful[-1][0]
        if durable:
            self.settle()

    def drop(self):
        if not self.kept:
            return
        self.dropping = self.kept[self.rng.below(len(self.kept))][0]
        self.journal.drop_to(self.dropping)
        self.kept = [r for r in self.kept if r[0] > self.dropping]
        self.dropping = 0

    def settle(self):
        self.kept += self.doubtful
        self.doubtful = []

    def check_live(self):
        """While it runs, all that was appended can be read."""
        assert list(self.journal.records()) == self.kept + self.doubtful
        assert len(self.journal) == len(self.kept) + len(self.doubtful)

    def check_after_cut(self):
        """Nothing acknowledged is lost, nothing invented, the order kept; an unfinished drop may have gone part of the way."""
        self.files.restart()
        self.open()
        found = list(self.journal.records())
        all_known = self.kept + self.doubtful
        first = 0
        while first < len(all_known) and all_known[first][0] <= self.dropping and all_known[first] not in found[:1]:
            first += 1
        rest = all_known[first:]
        assert found == rest[: len(found)], (found, rest)
        assert len(found) >= len([r for r in self.kept if r in rest])
        self.kept, self.doubtful, self.dropping = found, [], 0


def live_through(seed, steps, cut_at):
    """A script with the power cut in write `cut_at`, then again and again later. How many writes it made."""
    day = Day(seed)
    day.files.cut_at_write(cut_at)
    for _ in range(steps):
        try:
            day.step()
        except PowerCut:
            day.check_after_cut()
            day.files.cut_at_write(1 + day.rng.below(40))
    day.check_live()
    return day.files.writes
