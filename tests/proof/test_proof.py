"""The proof at the depth of every day: each world, each rule taken away, and what the frozen form rests on.

`make proof` closes the worlds; here they are searched as far as a minute allows.
"""

from array import array

import pytest

from ampacity.circuit.trusted.permits import Permits
from tests.deep import sample
from tests.proof.model import World
from tests.proof.mutants import DEFECTS, MUTANTS, ledger, no, nothing
from tests.proof.run import search_mutant, search_world
from tests.proof.search import Search
from tests.proof.sites import circuit, evse, site
from tests.proof.walks import Walks
from tests.proof.worlds import WORLDS

STATES = 600
PLANT_LENGTH = 2 * 10


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_no_reachable_state_is_above_a_rating_and_from_each_everybody_charges_again(name):
    found = search_world(name, states_max=STATES)
    assert "violation" not in found, "\n".join([found["violation"]] + found["trace"])
    assert "stranded" not in found, found["stranded"]
    assert found["closed"] or found["states"] > STATES


# how deep its overload lies; `make proof` (part rules) searches these too, and test_case.py plays the trace that was found
DEEP_RULES = ("3.3 age",)


@pytest.mark.parametrize("name", sample(sorted([name for name in [*MUTANTS, *DEFECTS] if name not in DEEP_RULES]), 12))
def test_without_the_rule_an_overload_is_found(name):
    assert "violation" in search_mutant(name)


@pytest.mark.deep
def test_one_of_some_walks_through_everything_at_once_meets_the_overload_of_a_silence_cut_short():
    class Onward(Walks):
        """Without the rule somebody may also wait for ever: that is not looked for here."""

        def _back(self, at, key, result):
            pass

    for seed in range(1, 7):
        result = Onward(WORLDS["everything"](MUTANTS["5 time"][1]), seed).run(15000)
        if result.violation:
            break
    assert result.violation and result.trace


@pytest.mark.parametrize("states", [50, 10**6])
def test_who_never_charges_again_is_found_in_a_world_that_is_closed_and_in_one_that_is_not(states):
    world = WORLDS["swapped"](ledger(_rule_6_back=nothing))
    result = Search(world, liveness=True).run(states)
    assert result.closed == (states > 50)
    assert result.stranded["evse"] == 0


class NoLower(Permits):
    """Refuses the first EVSE whatever is below all that may be in force there."""

    def _may_send(self, s, most_da, now_ms):
        return (s.index > 0 or most_da >= s.book.most_da()) and Permits._may_send(self, s, most_da, now_ms)


@pytest.mark.parametrize("name, guard_of", [("partial", lambda world: world.guard), ("below", lambda world: world.devices[0].guard)])
def test_a_lower_that_is_refused_is_found_where_a_world_asks_for_permission_itself(name, guard_of):
    world = WORLDS[name]()
    guard_of(world).ledger.permits.__class__ = NoLower
    assert "a lower of evse-1 to" in Search(world).run(20000).violation


def test_a_walk_finds_who_never_charges_again():
    result = Walks(WORLDS["everything"](ledger(_rule_5_probe=no))).run(20000)
    assert result.stranded and not result.violation


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
            evse_states = world.guard.ledger.evse_states
            bounds = tuple([(s.bound_da, s.ok, s.silent, s.lapsed) for s in evse_states])
            draws = tuple([(device.limit_da(world.now), device.draw_da(world.now)) for device in world.devices])
            found.add((bounds, draws, tuple(world.guard.want_da), world.guard.mode))
    return found


@pytest.mark.parametrize("count", sample([1, 2], 2))
def test_ages_beyond_their_span_change_nothing_that_anybody_can_see(count):
    def small(more):
        facts = site([evse(at) for at in range(count)], [circuit(160)])
        return World("ages", facts, outcomes=(("well", "dark"), ("well",))[:count], wider=more)

    usual, wide = small(1), small(2)
    keys, result = worlds_states(usual, 30000)
    more_keys, more = worlds_states(wide, 60000)
    assert result.closed and more.closed and more.states > result.states
    assert seen_by_people(usual, keys) == seen_by_people(wide, more_keys)


def test_keys_are_arrays_of_whole_numbers():
    world = WORLDS["change"]()
    numbers = array("i")
    numbers.frombytes(world.encode())
    assert len(numbers) > PLANT_LENGTH
