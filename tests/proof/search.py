"""Breadth first over all states of a world: the first violation has the shortest trace."""

import time
from array import array
from hashlib import blake2b


class Result:
    def __init__(self, name):
        self.name = name
        self.states = 0
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

    def run(self, states_max=10**9, seconds_max=1e9, depth_max=10**9):
        began = time.monotonic()
        world, result = self.world, Result(self.world.name)
        layer = [(world.encode(), self._add(world.encode(), -1, "start"))]
        while layer and result.violation is None and result.depth < depth_max:
            layer = self._layer(layer, result, states_max, began + seconds_max)
            result.depth += 1
            if layer is None:
                break
        result.closed = layer == []
        result.states = len(self.known)
        if result.closed and self.liveness:
            self._live(result)
        result.seconds = round(time.monotonic() - began, 1)
        return result

    def _layer(self, layer, result, states_max, until):
        world, known, after = self.world, self.known, []
        encode, decode, apply = world.encode, world.decode, world.apply
        for key, number in layer:
            decode(key)
            labels = world.choices()
            for place, label in enumerate(labels):
                if place:
                    decode(key)
                over = apply(label)
                result.steps += 1
                if over:
                    result.violation = over
                    result.trace = self.trace(number) + [label]
                    return after
                key_after = encode()
                found = known.get(blake2b(key_after, digest_size=16).digest())
                if found is None:
                    found = self._add(key_after, number, label)
                    after.append((key_after, found))
                if place == 0 and self.liveness:
                    self.benign[number] = found
            if len(known) > states_max or time.monotonic() > until:
                return None
        return after

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
