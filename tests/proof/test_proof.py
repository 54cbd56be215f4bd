"""The proof at the depth of every day: each world, each rule taken away, and what the frozen form rests on.

`python -m tests.proof --deep` closes the worlds; here they are searched as far as two minutes allow.
"""

from array import array

import pytest

from tests.proof.model import World
from tests.proof.mutants import MUTANTS
from tests.proof.run import search_mutant, search_world
from tests.proof.search import Search
from tests.proof.sites import circuit, evse, site
from tests.proof.worlds import WORLDS

STATES = 6000
PLANT_LENGTH = 2 * 10


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_no_reachable_state_is_above_a_rating_and_from_each_everybody_charges_again(name):
    found = search_world(name, states_max=STATES)
    assert "violation" not in found, "\n".join([found["violation"]] + found["trace"])
    assert "stranded" not in found, found["stranded"]
    assert found["closed"] or found["states"] > STATES


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_without_the_rule_an_overload_is_found(name):
    assert "violation" in search_mutant(name)


def worlds_states(world, states_max):
    """Every state of a world, in the order found."""
    keys = []

    class Kept(Search):
        def _add(self, key, parent, label):
            keys.append(key)
            return Search._add(self, key, parent, label)

    result = Kept(world).run(states_max)
    return keys, result


def test_a_state_that_is_restored_is_the_state_that_was_kept():
    world = WORLDS["settings"]()
    keys, _ = worlds_states(world, 1500)
    for key in keys:
        world.decode(key)
        assert world.encode() == key


def seen_by_people(world, keys):
    """What devices do, what is believed of them and wanted from them, in each state at the start of a step."""
    found = set()
    for key in keys:
        world.decode(key)
        if world.pc == 0:
            standings = world.guard.ledger.standings
            bounds = tuple([(s.bound_da, s.ok, s.silent, s.lapsed) for s in standings])
            draws = tuple([(device.limit_da(world.now), device.draw_da(world.now)) for device in world.devices])
            found.add((bounds, draws, tuple(world.guard.want_da), world.guard.mode))
    return found


@pytest.mark.parametrize("wider", [2])
def test_ages_beyond_their_span_change_nothing_that_anybody_can_see(wider):
    def small(more):
        facts = site([evse(0), evse(1)], [circuit(160)])
        return World("ages", facts, outcomes=(("well", "dark"), ("well",)), wider=more)

    usual, wide = small(1), small(wider)
    keys, result = worlds_states(usual, 30000)
    more_keys, more = worlds_states(wide, 60000)
    assert result.closed and more.closed and more.states > result.states
    assert seen_by_people(usual, keys) == seen_by_people(wide, more_keys)


def test_keys_are_arrays_of_whole_numbers():
    world = WORLDS["change"]()
    numbers = array("i")
    numbers.frombytes(world.encode())
    assert len(numbers) > PLANT_LENGTH
