"""Allocation of current: lexicographic max-min per priority class, with weights, on a tree and per phase.

The only values are 0 and >= minimum (safety.md section 6). First each class, in its queue order, is
admitted at its minimum as far as there is room; then the admitted rise together, each in proportion to
its weight, until a circuit and phase on the way is full: EVSEs on it stay there, the others rise further.
Integers only: the last deci-amperes go one by one to the EVSE that is lowest for its weight, first in the
queue first. A member's reserve is counted always, so what it gets up to that costs nothing.

On a small controller all this takes longer than others can wait: `pieces` yields wherever it may be left for a moment.
"""

if False:  # for the type checker
    from collections.abc import Iterator

PIECE = 16  # members between two yields


class Member:
    """One EVSE that wants to charge. rows: capacity rows that each of its da loads (may repeat); limit_rows: rows that only its
    order loads, whatever its reserve: what an external limit leaves. What most have not is an attribute of the class."""

    limit_rows: "tuple[int, ...]" = ()
    weight = 1
    base_da = 0  # reserve, already taken out of the free rows
    kept_da = 0  # so much of that it has while it waits: a primary below, of which its EVSEs make use
    holds_da = 0  # so much more those after it leave while it waits: others gave it

    def __init__(self, index: int, rows: "tuple[int, ...]", min_da: int, max_da: int, weight: int, priority: int, base_da: int) -> None:
        self.index = index
        self.rows = rows
        self.min_da = min_da
        self.max_da = max_da
        if weight != 1:
            self.weight = weight
        self.priority = priority
        if base_da:
            self.base_da = base_da
        self.present_da = 0
        self.goal_da = 0
        self.admitted = False


    def asks(
        self, rows: "tuple[int, ...]", limit_rows: "tuple[int, ...]", min_da: int, max_da: int, priority: int, base_da: int, present_da: int
    ) -> bool:
        """What it asks for now; present_da: what it has. Is that another thing than before?"""
        same = rows == self.rows and limit_rows == self.limit_rows and min_da == self.min_da and max_da == self.max_da
        if same and priority == self.priority and base_da == self.base_da and present_da == self.present_da:
            return False
        self.rows, self.min_da, self.max_da = rows, min_da, max_da
        self.priority, self.present_da = priority, present_da
        if limit_rows != self.limit_rows:
            self.limit_rows = limit_rows
        if base_da != self.base_da:
            self.base_da = base_da
        return True


def pieces(free_da: "list[int]", members: "list[Member]") -> "Iterator[None]":
    """Sets goal_da and admitted of every member, piece by piece; all is set when it ends.

    free_da: what is left on each row after all else, the members' base_da included; it is used up.
    members: in queue order within each priority class, larger priority first.
    """
    start = 0
    while start < len(members):
        end = start
        while end < len(members) and members[end].priority == members[start].priority:
            end += 1
        admitted: "list[Member]" = []
        for place in range(start, end):
            if place % PIECE == PIECE - 1:
                yield
            member = members[place]
            member.goal_da = 0
            member.admitted = member.max_da >= member.min_da and take(free_da, member, member.min_da)
            if member.admitted:
                admitted.append(member)
                continue
            if member.kept_da:
                take(free_da, member, member.kept_da)
            for row in member.rows if member.holds_da else ():
                free_da[row] -= max(0, min(free_da[row], member.holds_da))
        yield from fill(free_da, admitted)
        start = end


def take(free_da: "list[int]", member: Member, goal_da: int) -> bool:
    """Move a member to goal_da if every row has room for it."""
    base, present = member.base_da, member.goal_da
    extra = (goal_da if goal_da > base else base) - (present if present > base else base)  # what the rows must give more
    more = goal_da - present
    for row in member.limit_rows:
        free_da[row] -= more
    for row in member.rows if extra else ():
        free_da[row] -= extra
    if overdrawn(free_da, member.rows if extra else ()) or overdrawn(free_da, member.limit_rows if more > 0 else ()):
        for row in member.limit_rows:
            free_da[row] += more
        for row in member.rows if extra else ():
            free_da[row] += extra
        return False
    member.goal_da = goal_da
    return True


def overdrawn(free_da: "list[int]", rows: "tuple[int, ...]") -> bool:
    """Is less than 0 da free on any of these rows?"""
    for row in rows:
        if free_da[row] < 0:
            return True
    return False


def fill(free_da: "list[int]", members: "list[Member]") -> "Iterator[None]":
    """Raise the admitted together until each is at its maximum or behind a full row: to the highest whole level that
    every row has room for, then the last units, then again for those that can still rise."""
    active = [member for member in members if member.goal_da < member.max_da]
    need = [0] * len(free_da)
    level = 0
    while active:
        low, high = level, highest_wish(active)
        while low < high:
            middle = (low + high + 1) // 2
            if level_fits(free_da, need, active, middle):
                low = middle
            else:
                high = middle - 1
            yield
        level = low
        for member in active:
            take(free_da, member, at_level(member, level))
        yield
        active = last_units(free_da, active, level)
        yield


def at_level(member: Member, level: int) -> int:
    """The goal of a member at this level (da per weight), in da: not below its present goal, not above its maximum."""
    return min(member.max_da, max(member.goal_da, level * member.weight))


def highest_wish(active: "list[Member]") -> int:
    """The level (da per weight) at which all would have their maximum."""
    high = 0
    for member in active:
        high = max(high, -(-member.max_da // member.weight))
    return high


def level_fits(free_da: "list[int]", need: "list[int]", active: "list[Member]", level: int) -> bool:
    """Do the rows have room for all active members at this level (da per weight)? need: a work list, one number per row.

    Changes neither free_da nor the members.
    """
    for member in active:
        for row in member.rows:
            need[row] = 0
        for row in member.limit_rows:
            need[row] = 0
    for member in active:
        # at_level and the extra of take written out: half of all allocation is here
        base, present, goal = member.base_da, member.goal_da, level * member.weight
        if goal > member.max_da:
            goal = member.max_da
        for row in member.limit_rows if goal > present else ():
            need[row] += goal - present
            if need[row] > free_da[row]:
                return False
        if present < base:
            present = base
        if goal > present:
            extra = goal - present
            for row in member.rows:
                need[row] += extra
                if need[row] > free_da[row]:
                    return False
    return True


def last_units(free_da: "list[int]", active: "list[Member]", level: int) -> "list[Member]":
    """From this level to the next, one da at a time, lowest first. Returns who can still rise."""
    common = 1
    for member in active:
        common = common * member.weight // gcd(common, member.weight)
    places: "dict[int, list[int]]" = {}  # by da per weight; few, so that the sort has little to do
    for place, member in enumerate(active):
        for da in range(member.goal_da, min(member.max_da, (level + 1) * member.weight)):
            value = da * (common // member.weight)
            if value in places:
                places[value].append(place)
            else:
                places[value] = [place]
    full = [False] * len(active)
    for value in sorted(places):
        for place in places[value]:
            member = active[place]
            if not full[place] and not take(free_da, member, member.goal_da + 1):
                full[place] = True
    return [m for place, m in enumerate(active) if not full[place] and m.goal_da < m.max_da]


def gcd(a: int, b: int) -> int:
    """The greatest common divisor of a > 0 and b >= 0; MicroPython's math has none."""
    while b:
        a, b = b, a % b
    return a
