"""Lexicographic max-min of one class by linear programs (HiGHS): the fair share of each, as a real number.

Variables are the shares x and the common level z. A member's use of its rows is max(x, reserve) − reserve, which is
convex: `u >= x − reserve, u >= 0` with u taken from the rows. First z, the least x / weight of those who still rise, is
made as large as it can be. Then, with z as their floor, one program makes the sum of what each can have beyond the floor
large; who gets something there can rise, the others are asked one by one whether they can. Who cannot is fixed.
"""

import numpy
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

SMALL = 1e-6
CAP = 1e-3  # of what a member may show beyond the floor: enough to see that it can rise


def most_level_shares(members, free):
    """The shares (da, real) of these members, all of whom get at least their minimum; free: the rows before them."""
    fixed = [None] * len(members)
    program = Program(members, free)
    while None in fixed:
        rising = [i for i, share in enumerate(fixed) if share is None]
        level, shares = program.highest_level(fixed, rising)
        floor = [max(m.min_da, min(m.max_da, level * m.weight)) if fixed[i] is None else fixed[i] for i, m in enumerate(members)]
        can = program.can_rise(floor, rising)
        stuck = [i for i in rising if i not in can]
        for i in stuck or rising:
            fixed[i] = floor[i]
    return fixed


class Program:
    """The rows of one class: what its members may use of each."""

    def __init__(self, members, free):
        self.members = members
        self.count = len(members)
        row, column, value = [], [], []
        used = sorted({key for m in members for key in m.rows})
        at = {key: i for i, key in enumerate(used)}
        for i, m in enumerate(members):
            for key in m.rows:
                row.append(at[key])
                column.append(self.count + i)
                value.append(1.0)
        for i in range(self.count):  # x - u <= reserve
            row += [len(used) + i] * 2
            column += [i, self.count + i]
            value += [1.0, -1.0]
        self.entries = row, column, value
        self.room = [max(0.0, float(free[key])) for key in used] + [float(m.base_da) for m in members]
        self.u_most = [(0.0, None) for _ in members]

    def solve(self, cost, x_bounds, more_rows=(), extra=()):
        """The best variables: x, u and what `extra` bounds more; more_rows: ({column: value}, most)."""
        row, column, value = (list(part) for part in self.entries)
        room = list(self.room)
        for entries, most in more_rows:
            for at, factor in entries.items():
                row.append(len(room))
                column.append(at)
                value.append(factor)
            room.append(most)
        width = 2 * self.count + len(extra)
        matrix = coo_matrix((value, (row, column)), shape=(len(room), width)).tocsr()
        found = linprog(cost, A_ub=matrix, b_ub=room, bounds=[*x_bounds, *self.u_most, *extra], method="highs")
        if not found.success:
            raise RuntimeError("the linear program has no solution: %s" % found.message)
        return found.x

    def highest_level(self, fixed, rising):
        """(z, x): nobody who rises has less than min(its maximum, z x weight), those already fixed have theirs."""
        bounds = [(m.min_da, m.max_da) if fixed[i] is None else (fixed[i] - SMALL, fixed[i]) for i, m in enumerate(self.members)]
        z, top = 2 * self.count, max(self.members[i].max_da / self.members[i].weight for i in rising)
        least = min(self.members[i].max_da / self.members[i].weight for i in rising)
        cost = numpy.zeros(z + 1)
        cost[z] = -1.0
        # below the least maximum nobody is at its own: z rises up to there first, and whoever is full is then fixed
        rows = [({z: self.members[i].weight, i: -1.0}, 0.0) for i in rising]
        x = self.solve(cost, bounds, rows, [(0.0, min(top, least))])
        return x[z], x[: self.count]

    def can_rise(self, floor, rising):
        """Who of them can have more than its floor while all others keep theirs."""
        able = set()
        asked = [i for i in rising if floor[i] < self.members[i].max_da - SMALL]
        shown = self._shown(floor, asked)
        able.update(i for i, more in shown if more > CAP / 2)
        for i in asked:
            if i not in able and self._shown(floor, [i])[0][1] > CAP / 2:
                able.add(i)
        return able

    def _shown(self, floor, asked):
        bounds = [(share - SMALL, share) for share in floor]
        cost = numpy.zeros(2 * self.count)
        for i in asked:
            bounds[i] = (floor[i] - SMALL, min(self.members[i].max_da, floor[i] + CAP))
            cost[i] = -1.0
        x = self.solve(cost, bounds)
        return [(i, x[i] - floor[i]) for i in asked]
