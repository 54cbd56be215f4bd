"""Lives of an engine, each with its own seed: so many bent frames in, and what became of it.

Frames that stayed as they were are not counted; without them no engine would come far.
"""

import gc
import sys

from ampacity.base.compat import format_exception
from ampacity.base.rng import Rng
from tests.fuzz.bend import Bender

MICROPYTHON = sys.implementation.name == "micropython"
LIFE = 1000 if MICROPYTHON else 5000
GROWTH_MAX = 8000 if MICROPYTHON else 600  # bytes; allocated blocks: what devices show for the first time is kept
PROBLEMS_MAX = 5


def held():
    """What the heap holds now: bytes on MicroPython, blocks on CPython."""
    gc.collect()
    return gc.mem_alloc() if MICROPYTHON else sys.getallocatedblocks()


def growth(first, middle, last):
    """What a life holds more and more of, by what it held after its first quarter, 3/8 later, and at its end: twice the lesser growth of
    both 3/8. What is held once, however much, grows in one of them only, and is no leak."""
    return 2 * min(middle - first, last - middle)


class Play:
    """cases: classes with step() and counters(); their lives take turns. `result()` after `run(frames)`."""

    def __init__(self, seed, cases, tables):
        self.seed, self.cases, self.tables = seed, cases, tables
        self.frames = {}
        self.counters = {}
        self.kinds = {}
        self.problems = []
        self.exceptions = 0
        self.growth = 0  # the most of any life
        self.lives = 0

    def run(self, frames, life=LIFE, tell=None):
        left = frames
        while left > 0 and len(self.problems) < PROBLEMS_MAX:
            case = self.cases[self.lives % len(self.cases)]
            left -= self._live(case, self.seed * 1000003 + self.lives, min(left, life))
            self.lives += 1
            if tell is not None:
                tell(frames - left)
        return self.result()

    def _live(self, kind, seed, frames):
        """One life; how many bent frames it took."""
        rng = Rng(seed)
        bender = Bender(rng)
        held_at = []
        try:
            case = kind(rng, bender, self.tables)
            while bender.bent < frames:
                case.step()
                if len(held_at) < 2 and bender.bent >= frames * (2 + 3 * len(held_at)) // 8:
                    held_at.append(held())
            while len(held_at) < 2:
                held_at.append(held())
            self._grown(kind, seed, frames, growth(held_at[0], held_at[1], held()))
            self._add(self.counters, case.counters(), kind.name + ".")
        except Exception as error:
            self.exceptions += 1
            self.problems.append("%s, seed %d, frame %d: %s" % (kind.name, seed, bender.bent, format_exception(error)))
        self._add(self.frames, {kind.name: bender.bent}, "")
        self._add(self.kinds, bender.counts, "")
        return bender.bent or 1

    def _grown(self, kind, seed, frames, grown):
        """Is a life's growth a leak?"""
        self.growth = max(self.growth, grown)
        if grown > GROWTH_MAX:
            self.problems.append("%s, seed %d: grew by %d in %d frames" % (kind.name, seed, grown, frames - frames // 4))

    def _add(self, sums, more, start):
        for key in more:
            sums[start + key] = sums.get(start + key, 0) + more[key]

    def result(self):
        total = 0
        for name in self.frames:
            total += self.frames[name]
        return {"frames": total, "by_case": self.frames, "kinds": self.kinds, "counters": self.counters, "exceptions": self.exceptions,
                "growth": self.growth, "lives": self.lives, "problems": self.problems}  # fmt: skip
