"""The allocator against a slow one that gives one deci-ampere at a time, and its cost on larger trees."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from ampacity.circuit.policy.allocator import Member, pieces


def slow(free, members):
    """Per class: admit at the minimum in order; then always one da to whoever stands lowest for its weight."""
    free, goal = list(free), {}

    def usage(member, da):
        return max(member.base_da, da)

    def fits(member, da):
        for row in set(member.rows):
            if (usage(member, da) - usage(member, goal[member.index])) * member.rows.count(row) > free[row]:
                return False
        return True

    def grant(member, da):
        for row in member.rows:
            free[row] -= usage(member, da) - usage(member, goal[member.index])
        goal[member.index] = da

    for priority in sorted({m.priority for m in members}, reverse=True):
        rising = []
        for member in [m for m in members if m.priority == priority]:
            goal[member.index] = 0
            extra = usage(member, member.min_da) - usage(member, 0)
            if member.min_da <= member.max_da and (not extra or fits(member, member.min_da)):
                grant(member, member.min_da)
                rising.append(member)
        rising = [m for m in rising if goal[m.index] < m.max_da]
        while rising:
            lowest = min(rising, key=lambda m: (goal[m.index] / m.weight, rising.index(m)))
            step = goal[lowest.index] + 1
            if (usage(lowest, step) == usage(lowest, step - 1)) or fits(lowest, step):
                grant(lowest, step)
                if step == lowest.max_da:
                    rising.remove(lowest)
            else:
                rising.remove(lowest)
    return [goal[m.index] for m in members]


@st.composite
def instances(draw):
    rows = draw(st.integers(1, 5))
    free = draw(st.lists(st.integers(-5, 60), min_size=rows, max_size=rows))
    members = []
    for index in range(draw(st.integers(1, 6))):
        on = draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=3))
        least = draw(st.integers(1, 8))
        most = draw(st.integers(0, 30))
        members.append(Member(index, tuple(on), least, most, draw(st.integers(1, 4)), draw(st.integers(1, 2)), draw(st.integers(0, 9))))
    members.sort(key=lambda m: -m.priority)
    return free, members


@settings(max_examples=400, deadline=None, derandomize=True)
@given(instances())
def test_the_allocator_agrees_with_the_slow_one(instance):
    free, members = instance
    expected = slow(free, members)
    list(pieces(list(free), members))
    assert [m.goal_da for m in members] == expected


@settings(max_examples=200, deadline=None, derandomize=True)
@given(instances())
def test_no_row_is_overdrawn_and_every_goal_is_0_or_at_least_the_minimum(instance):
    free, members = instance
    left = list(free)
    list(pieces(left, members))
    for before, after in zip(free, left, strict=True):
        assert after >= min(0, before)
    for member in members:
        assert member.goal_da == 0 or member.min_da <= member.goal_da <= member.max_da


def test_the_cost_grows_almost_linearly_with_the_number_of_evses():
    def cost(count):
        members = [Member(i, (0, 1 + i // 8), 60, 160 + i % 3, 1, 1, 0) for i in range(count)]
        free = [count * 90] + [(7 + r % 3) * 100 for r in range(count // 8 + 1)]
        start = time.process_time()
        list(pieces(free, members))
        return time.process_time() - start

    cost(64)
    small = min(cost(64) for _ in range(5)) / 64
    large = min(cost(2048) for _ in range(2)) / 2048
    assert large < 8 * small
