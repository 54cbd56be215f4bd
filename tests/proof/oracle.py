"""The allocator against a linear program: on random sites each share is the lexicographic max-min (safety.md section 6).

`python -m tests.proof.oracle --instances 10000 --seed 1` prints `{"instances", "disagreements", …}`.

The oracle is HiGHS: within a priority class it raises the least share per weight as far as a linear program allows,
finds by one program a member who cannot rise alone, fixes all who cannot, and goes on with the rest (progressive filling,
which is the lexicographic max-min on a polytope); the classes below get what is left. What the firmware gave is then
held against it:

* *shares*, given the set of EVSEs that charge: none is more than one deci-ampere away from the oracle's, unless it is
  the remainders of its neighbours on a full row that add up to more; no row is overdrawn;
* *remainder*: each share is exactly what comes out when single deci-amperes are dealt to whoever stands lowest for its
  weight, first in the queue first, until nobody can have another;
* *set*: no further minimum would have fitted, and nobody was admitted before one ahead of it that would have fitted.
"""

import argparse
import heapq
import json
import multiprocessing
import os
import random
import sys

from ampacity.circuit.policy.allocator import Member, pieces
from ampacity.circuit.trusted.site.tree import Site
from tests.proof.oracle_fill import most_level_shares

FULL, SHORT = 10_000, 400
WEIGHTS_LCM = 2 * 3 * 5 * 7
NEAR_DA = 1.0 + 1e-4
FAR_DA = 8.0  # no pile of remainders comes near this


class Instance:
    """A random site as the plan would hand it over: free rows, and members in queue order."""

    def __init__(self, seed):
        self.seed = seed
        self.chance = chance = random.Random(seed)
        self.site = Site(_facts(chance))
        watched = chance.random() < 0.3  # Σ of our own EVSEs is limited too
        self.free = self._free(watched)
        queue = list(range(len(self.site.evses)))
        chance.shuffle(queue)
        wanting = [e for e in queue if chance.random() < 0.85] or queue[:1]
        members = [self._member(self.site.evses[e], watched) for e in wanting]
        self.members = sorted(members, key=lambda m: -m.priority)

    def _free(self, watched):
        chance, size = self.chance, self.site.size
        free = [da - chance.choice((0, 0, chance.randrange(300))) for da in self.site.rating_da]
        free += [chance.randrange(60, 2000) if watched else 1 << 20 for _ in range(size)]
        for evse in self.site.evses:
            for key in evse.keys:
                free[key] -= evse.fallback_da
                free[key + size] -= evse.fallback_da
        return free

    def _member(self, evse, watched):
        rows = evse.keys + tuple(key + self.site.size for key in evse.keys) if watched else evse.keys
        return Member(evse.index, rows, evse.min_da, evse.limit_da, evse.weight, evse.priority, evse.fallback_da)

    def solve(self):
        """The firmware's shares; self.left is what it left on each row."""
        self.left = list(self.free)
        list(pieces(self.left, self.members))
        return self

    def classes(self):
        """[(members of one class in queue order, free rows before them)], the first class first."""
        found, free = [], list(self.free)
        for priority in sorted({m.priority for m in self.members}, reverse=True):
            own = [m for m in self.members if m.priority == priority]
            found.append((own, list(free)))
            for m in own:
                for row in m.rows:
                    free[row] -= used(m, m.goal_da)
        return found


def _facts(chance):
    circuits = [{"name": "c0", "parent": -1, "rating_da": [chance.randrange(160, 4000) for _ in range(3)]}]
    for index in range(1, chance.choice((1, 2, 4, 9))):
        rating = [chance.randrange(100, 1500)] * 3 if chance.random() < 0.7 else [chance.randrange(100, 1500) for _ in range(3)]
        circuits.append({"name": "c%d" % index, "parent": chance.randrange(index), "rating_da": rating})
    weights = chance.choice(((1,), (1, 2), (1, 2, 3), (1, 5, 7)))
    classes = chance.choice((1, 1, 2, 4))
    evses = [_evse_facts(index, chance, len(circuits), weights, classes) for index in range(chance.choice((2, 3, 5, 8, 16, 32, 64)))]
    return {"phases": 3, "circuits": circuits, "evses": evses}


def _evse_facts(index, chance, circuits, weights, classes):
    turn = chance.randrange(3)
    phases = [[(turn + n) % 3] for n in range(chance.choice((1, 3, 3)))]
    terminals = [[turn, (turn + 1) % 3]] if chance.random() < 0.08 else phases
    least = chance.choice((60, 60, 60, 80, 130))
    most = chance.choice((60, 100, 160, 160, 320, chance.randrange(40, 330)))
    return {
        "name": "e%d" % index, "circuit": chance.randrange(circuits), "terminals": terminals, "max_da": 320, "limit_da": most, "min_da": least,
        "weight": chance.choice(weights), "priority": chance.randrange(classes), "fallback_da": chance.choice((0, 0, 0, 60)),
    }  # fmt: skip


def used(member, da):
    """What it takes from its rows beyond the reserve that is counted anyway."""
    return max(member.base_da, da) - member.base_da


def fits(member, da, free):
    """Would it fit on these rows?"""
    extra = used(member, da)
    return not extra or all(free[row] >= extra * member.rows.count(row) for row in set(member.rows))


def disagreements(instance):
    """What is wrong with the firmware's answer, as sentences; empty: nothing."""
    found = []
    for members, free in instance.classes():
        wrong = wrong_set(members, free)
        found += wrong
        charging = [m for m in members if m.admitted]
        if charging and not wrong:
            found += wrong_shares(charging, free)
        found += wrong_values(members)
    before, left = instance.free, instance.left
    found += ["row %d is overdrawn" % row for row in range(len(left)) if left[row] < min(0, before[row])]
    return found


def wrong_values(members):
    return ["%d has %d" % (m.index, m.goal_da) for m in members if m.goal_da and not m.min_da <= m.goal_da <= m.max_da]


def wrong_set(members, free):
    """In queue order each is admitted exactly if its minimum fits beside those of the admitted before it."""
    found, rest = [], list(free)
    for m in members:
        fitting = m.max_da >= m.min_da and fits(m, m.min_da, rest)
        if fitting != m.admitted:
            found.append("%d is %sadmitted and its minimum %s" % (m.index, "" if m.admitted else "not ", "fits" if fitting else "does not fit"))
        if m.admitted:
            for row in m.rows:
                rest[row] -= used(m, m.min_da)
    return found


def wrong_shares(charging, free):
    """Against the program's real-valued shares, and against single deci-amperes."""
    found = []
    fair = most_level_shares(charging, free)
    above = sum(max(0.0, m.goal_da - share) for m, share in zip(charging, fair, strict=True))
    below = sum(max(0.0, share - m.goal_da) for m, share in zip(charging, fair, strict=True))
    for m, share in zip(charging, fair, strict=True):
        lacks, exceeds = max(0.0, share - m.goal_da), max(0.0, m.goal_da - share)
        if lacks > NEAR_DA + above or exceeds > NEAR_DA + below or max(lacks, exceeds) > FAR_DA:
            found.append("%d has %d, fair is %.3f" % (m.index, m.goal_da, share))
    for m, dealt_da in zip(charging, by_ones(charging, free), strict=True):
        if m.goal_da != dealt_da:
            found.append("%d has %d, dealt one by one it is %d" % (m.index, m.goal_da, dealt_da))
    return found


def level(member, da):
    """How high it stands for its weight, as a whole number."""
    return da * (WEIGHTS_LCM // member.weight)


def by_ones(charging, free):
    """Single deci-amperes to whoever stands lowest for its weight, first in the queue first; who cannot have one is done."""
    rest, share = list(free), [m.min_da for m in charging]
    for m in charging:
        for row in m.rows:
            rest[row] -= used(m, m.min_da)
    standing = [(level(m, m.min_da), place) for place, m in enumerate(charging) if m.min_da < m.max_da]
    heapq.heapify(standing)
    while standing:
        _, place = heapq.heappop(standing)
        m = charging[place]
        one = used(m, share[place] + 1) - used(m, share[place])
        if one and any(rest[row] < m.rows.count(row) for row in m.rows):
            continue
        for row in m.rows:
            rest[row] -= one
        share[place] += 1
        if share[place] < m.max_da:
            heapq.heappush(standing, (level(m, share[place]), place))
    return share


def check(seed):
    """(seed, disagreements) of one instance."""
    return seed, disagreements(Instance(seed).solve())


def compare(instances, seed=1, processes=None):
    """`instances` of them, with seeds from `seed` on: the object under "oracle" of `python -m tests.proof`."""
    seeds = range(seed, seed + instances)
    processes = processes or os.cpu_count() or 1
    if processes == 1:
        results = list(map(check, seeds))
    else:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            results = pool.map(check, seeds, chunksize=50)
    wrong = [(number, sentences) for number, sentences in results if sentences]
    return {"instances": instances, "disagreements": len(wrong), "first": wrong[:5]}


def run(deep=True):
    """The part of `python -m tests.proof`: all instances, however deep its searches go."""
    return compare(FULL)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.proof.oracle", description=__doc__)
    parser.add_argument("--instances", type=int, default=FULL)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int)
    options = parser.parse_args()
    result = compare(options.instances, options.seed, options.processes)
    print(json.dumps(result))
    return 1 if result["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
