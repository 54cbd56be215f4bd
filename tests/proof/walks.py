"""Random walks through a world that is too wide to be searched whole: far from the start, where a search never comes.

First it is searched, breadth first, up to so many states. Then each walk begins at the start; now and then nobody
attacks. At its end the adversary stops, and every EVSE must charge again. Walks end with so many states, or after so many
transitions: the longer they go on, the less they find. States are counted as in the search: distinct ones. A trace is
that of the walk which found it.
"""

import random
import time
from hashlib import blake2b

from tests.proof.search import Search

TURNS = 240
QUIET = 0.5  # of all choices
BACK_STEPS_MAX = 60


class Walks(Search):
    def __init__(self, world, seed=1):
        Search.__init__(self, world, liveness=True)
        self.chance = random.Random(seed)

    def run(self, states_max=10**9, seconds_max=1e9, depth_max=10**9, tell=False, searched=1000, walked=10**9):
        """searched: states of the search; walked: transitions of all walks after it; states_max: of both together."""
        began = time.monotonic()
        self.start = self.world.encode()
        result = Search.run(self, searched, seconds_max, depth_max, tell)
        if result.closed:
            return result
        self._until(began, states_max, seconds_max, tell)
        walked = result.steps + walked
        while not self._enough() and result.steps < walked and result.violation is None and result.stranded is None:
            self._walk(result)
            self._tell(result)
        result.states, result.followed = len(self.known), 0
        result.seconds = round(time.monotonic() - began, 1)
        return result

    def _walk(self, result):
        at, key = 0, self.start
        for turn in range(TURNS):
            at, key = self._go(at, key, result, self._drawn)
            result.depth = max(result.depth, turn + 1)
            if result.violation:
                return
        self._back(at, key, result)

    def _drawn(self, labels):
        return labels[0] if self.chance.random() < QUIET else self.chance.choice(labels)

    def _back(self, at, key, result):
        """Nobody attacks any more: within how many steps has everybody charged?"""
        missing = (1 << len(self.world.evses)) - 1
        turns = self.world.turn_count() + 1
        for turn in range(BACK_STEPS_MAX * turns):
            missing &= ~self.charging[at]
            if not missing:
                result.bound_steps = max(result.bound_steps, -(-turn // turns))
                return
            at, key = self._go(at, key, result, lambda labels: labels[0])
            if result.violation:
                return
        result.stranded = {"evse": [i for i in range(len(self.world.evses)) if missing >> i & 1][0], "trace": self.trace(at)}

    def _go(self, number, key, result, choose):
        """(number, key) of the state after one choice."""
        world = self.world
        world.decode(key)
        label = choose(world.choices())
        over = world.apply(label)
        result.steps += 1
        if over:
            result.violation = over
            result.trace = self.trace(number) + [label]
            return number, key
        key = world.encode()
        found = self.known.get(blake2b(key, digest_size=16).digest())
        if found is None:
            found = self._add(key, number, label)
        return found, key
