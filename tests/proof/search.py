"""Breadth first over all states of a world: the first violation has the shortest trace.

A state is known by 16 bytes of BLAKE2b of its frozen form. A world that is stopped before it is closed is followed
to the end where nobody attacks any more, from every state found: so liveness holds for these, too.
"""

import sys
import time
from array import array
from hashlib import blake2b

TELL_S = 20


class Result:
    def __init__(self, name):
        self.name = name
        self.states = 0
        self.followed = 0  # further states on the ways back of a world that is not closed
        self.steps = 0  # transitions
        self.depth = 0
        self.closed = False
        self.violation = None
        self.trace = []
        self.seconds = 0.0
        self.bound_steps = None  # liveness: the longest way back to charging
        self.stranded = None  # (state, evse) from which one never charges again

    def as_dict(self):
        return {k: v for k, v in vars(self).items() if v not in (None, [])}


class Search:
    """world: a World. liveness: keep what is needed to prove that everybody charges again."""

    def __init__(self, world, liveness=False):
        self.world = world
        self.liveness = liveness
        self.known = {}
        self.parent = array("l")
        self.label = array("h")
        self.labels = {}
        self.benign = array("l")
        self.charging = array("h")

    def run(self, states_max=10**9, seconds_max=1e9, depth_max=10**9, tell=False):
        began = time.monotonic()
        self._until(began, states_max, seconds_max, tell)
        world, result = self.world, Result(self.world.name)
        first = world.encode()
        layer = [(first, self._add(first, -1, "start"))]
        while layer and result.violation is None and result.depth < depth_max and not self._enough():
            layer = self._layer(layer, result)
            result.depth += 1
        result.closed = not layer and result.violation is None
        result.states = len(self.known)
        if self.liveness and result.violation is None:
            self._follow(layer, result)
            if result.violation is None:
                self._live(result)
        result.seconds = round(time.monotonic() - began, 1)
        return result

    def _until(self, began, states_max, seconds_max, tell):
        self.until, self.states_max = began + seconds_max, states_max
        self.tell_s = began + TELL_S if tell else float("inf")

    def _enough(self):
        return len(self.known) > self.states_max or time.monotonic() > self.until

    def _layer(self, layer, result):
        """The next layer; when it is enough, with what is left of this one."""
        world, after = self.world, []
        decode, choices = world.decode, world.choices
        for at, (key, number) in enumerate(layer):
            decode(key)
            labels = choices()
            for place, label in enumerate(labels):
                if place:
                    decode(key)
                self._step(number, place, label, result, after)
                if result.violation:
                    return after
            if self._enough():
                return layer[at + 1 :] + after
            self._tell(result)
        return after

    def _step(self, number, place, label, result, after):
        """One transition of the world from the state that it is in."""
        over = self.world.apply(label)
        result.steps += 1
        if over:
            result.violation = over
            result.trace = self.trace(number) + [label]
            return
        key = self.world.encode()
        found = self.known.get(blake2b(key, digest_size=16).digest())
        if found is None:
            found = self._add(key, number, label)
            after.append((key, found))
        if place == 0 and self.liveness:
            self.benign[number] = found

    def _follow(self, layer, result):
        """Choice 0 from all that was found and not yet looked at."""
        while layer and result.violation is None:
            after = []
            for key, number in layer:
                self.world.decode(key)
                self._step(number, 0, self.world.choices()[0], result, after)
                if result.violation is not None:
                    break
            layer = after
        result.followed = len(self.known) - result.states

    def _tell(self, result):
        if time.monotonic() < self.tell_s:
            return
        self.tell_s = time.monotonic() + TELL_S
        print("proof: %s: %d states, depth %d" % (result.name, len(self.known), result.depth), file=sys.stderr, flush=True)

    def _add(self, key, parent, label):
        number = len(self.parent)
        self.known[blake2b(key, digest_size=16).digest()] = number
        self.parent.append(parent)
        self.label.append(self.labels.setdefault(label, len(self.labels)))
        if self.liveness:
            self.benign.append(-1)
            self.charging.append(self._charging())
        return number

    def _charging(self):
        """Bits: who charges in the world's present state, or need not."""
        world = self.world
        return sum([1 << i for i in range(len(world.evses)) if world.charges(i) or not world.well(i)])

    def trace(self, number):
        names = {number: name for name, number in self.labels.items()}
        found = []
        while self.parent[number] >= 0:
            found.append(names[self.label[number]])
            number = self.parent[number]
        return found[::-1]

    def _live(self, result):
        """Follow choice 0 from every state: the longest way until each one has charged."""
        turns = self.world.turn_count() + 1
        result.bound_steps = 0
        for evse in range(len(self.world.evses)):
            far = array("l", [-1]) * len(self.parent)
            for start in range(len(self.parent)):
                path, at, on_path = [], start, set()
                while far[at] < 0 and not self.charging[at] >> evse & 1:
                    if at in on_path:
                        result.stranded = {"evse": evse, "trace": self.trace(start)}
                        return
                    on_path.add(at)
                    path.append(at)
                    at = self.benign[at]
                distance = 0 if far[at] < 0 else far[at]
                far[at] = distance
                for state in reversed(path):
                    distance += 1
                    far[state] = distance
            result.bound_steps = max(result.bound_steps, -(-max(far) // turns))


def told(trace, turns):
    """A trace as lines, one step of time each."""
    lines = []
    for at in range(0, len(trace), turns):
        lines.append("%2d: %s" % (at // turns, " | ".join(trace[at : at + turns])))
    return lines
