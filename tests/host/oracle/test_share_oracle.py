"""The allocator's shares are what a linear program says is fair; and the oracle notices when they are not."""

import os

import pytest


def oracle():
    """With it comes scipy, which only the worker that plays these tests is to load."""
    from tests.proof import oracle

    return oracle


def test_section_6_shares_on_random_trees_are_lexicographically_max_min():
    instances = int(os.environ.get("AMPACITY_ORACLE_INSTANCES", oracle().SHORT // 6))
    result = oracle().compare(instances, processes=1)
    assert result["disagreements"] == 0, result["first"]


def charging(seeds, wanted):
    """Solved instances in which `wanted(instance)` finds something."""
    for seed in seeds:
        instance = oracle().Instance(seed).solve()
        found = wanted(instance)
        if found:
            yield instance, found


def pair_on_one_row(instance):
    """Two who charge above their minimum, of one class, on the same rows."""
    able = [m for m in instance.members if m.admitted and max(m.min_da, m.base_da) + 3 < m.goal_da < m.max_da - 3 and m.weight == 1]
    return next(((a, b) for a in able for b in able if a is not b and a.rows == b.rows and a.priority == b.priority), None)


def test_three_deci_amperes_moved_to_a_neighbour_are_detected():
    cases = list(charging(range(1, 80), pair_on_one_row))
    assert cases
    for instance, (a, b) in cases:
        a.goal_da, b.goal_da = a.goal_da - 3, b.goal_da + 3
        assert oracle().disagreements(instance)


def test_an_unassigned_deci_ampere_is_detected():
    cases = list(charging(range(1, 40), lambda i: next((m for m in i.members if m.goal_da > max(m.min_da, m.base_da)), None)))
    assert cases
    for instance, member in cases:
        member.goal_da -= 1
        assert oracle().disagreements(instance)


@pytest.mark.parametrize("admitted", [True, False])
def test_a_wrong_set_is_detected(admitted):
    cases = list(charging(range(1, 40), lambda i: next((m for m in i.members if m.admitted is admitted), None)))
    assert cases
    for instance, member in cases:
        member.admitted = not admitted
        member.goal_da = 0
        assert oracle().disagreements(instance)


def test_the_remainder_goes_to_the_first_of_the_queue():
    def odd(instance):
        return next(((a, b) for a in instance.members for b in instance.members if a is not b and a.rows == b.rows and a.goal_da == b.goal_da + 1
                     and (a.weight, a.priority, a.base_da) == (b.weight, b.priority, b.base_da) and b.admitted
                     and b.goal_da > max(a.min_da, b.min_da, a.base_da) and a.goal_da <= b.max_da), None)  # fmt: skip

    cases = list(charging(range(1, 400), odd))
    assert cases
    for instance, (a, b) in cases:
        assert instance.members.index(a) < instance.members.index(b)
        a.goal_da, b.goal_da = b.goal_da, a.goal_da
        assert oracle().disagreements(instance)
