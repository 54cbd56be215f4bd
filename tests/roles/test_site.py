"""What a primary takes from its compiled site before anything runs, and what it lets go of."""

import sys

from helper_garage import evse, site

from ampacity.base.errors import Rejected
from ampacity.roles.site import checked
from check import raises


def garage_facts():
    facts = site()
    facts["evses"].append(evse("evse-3", "ampacity", bus=0, unit=3, terminals=[[1], [2], [0]]))
    facts["evses"].append(evse("evse-4", "ampacity", bus=0, unit=4, terminals=[[1], [2], [0]]))
    return facts


def test_a_site_that_breaks_a_sum_is_refused_with_the_place():
    facts = garage_facts()
    facts["circuits"][0]["assumed_other_da"] = [9999] * facts["phases"]
    with raises(Rejected) as e:
        checked(facts)
    assert "site.json" in e.field


def test_terminals_that_are_alike_are_one_list_and_those_of_others_stay_theirs():
    facts = garage_facts()
    was = [list(evse["terminals"]) for evse in facts["evses"]]
    evses = checked(facts)["evses"]
    assert [evse["terminals"] for evse in evses] == was
    for one in evses:
        for other in evses:
            assert (one["terminals"] is other["terminals"]) == (one["terminals"] == other["terminals"])


def test_the_check_is_let_go_of_on_a_board_and_can_be_had_again():
    for _ in range(2):
        checked(garage_facts())
        assert sys.implementation.name != "micropython" or "ampacity.circuit.trusted.check" not in sys.modules
