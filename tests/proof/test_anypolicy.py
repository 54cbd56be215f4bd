"""Whatever asks for currents, the ledger holds every circuit within its rating."""

import pytest

from tests.deep import sample
from tests.proof.anypolicy import NAMES, one_of, search
from tests.proof.mutants import ledger, yes
from tests.proof.walks import TURNS


@pytest.mark.parametrize("name", sample(NAMES, 2))
def test_no_policy_can_overload_a_circuit(name):
    found = search(name, states_max=600)
    assert found.violation is None, found.trace


def test_without_margin_a_policy_overloads_a_circuit():
    assert search("any_order", 20000, guard=ledger(_rule_2_margin=yes)).violation


@pytest.mark.parametrize("name", ["disobeying", "swapped"])
def test_a_world_that_misses_who_does_not_charge_is_walked_to_the_end_behind_any_policy(name):
    found = one_of((name, 300, 3 * TURNS))
    assert "stranded" not in found and found["depth"] >= TURNS, found
