"""The fair allocator that the firmware is held against: shares by hand, and never more than perfect foresight could give."""

import json
import random

import pytest

from tools.bench.fair import fair_wh
from tools.bench.optimum import Stay, optimum_wh, possible_wh

HOUR_S = 3600
W_PER_DA = 23.0  # a phase at 230 V


def site(rating_da, evses, row_da=None):
    circuits = [{"name": "main", "parent": -1, "rating_da": [rating_da] * 3}]
    if row_da is not None:
        circuits.append({"name": "row", "parent": 0, "rating_da": [row_da] * 3})
    one = {"circuit": len(circuits) - 1, "terminals": [[0], [1], [2]], "min_da": 60, "limit_da": 160}
    return {"voltage_v": 230, "circuits": circuits, "evses": [dict(one, name=f"e{n}") for n in range(evses)]}


def stay(evse, hours=1, arrival_s=0, energy_wh=100_000, phases=3, amps_da=160):
    return Stay(evse, arrival_s, arrival_s + int(hours * HOUR_S), energy_wh, phases, amps_da)


def nothing(circuit, from_s, until_s):
    return [0.0, 0.0, 0.0]


def test_equals_share_a_phase_equally_and_what_one_does_not_take_goes_to_the_others():
    got = fair_wh(site(300, 3), [stay(0), stay(1), stay(2, amps_da=80)], 0, HOUR_S, nothing)
    assert got == pytest.approx([110 * 3 * W_PER_DA, 110 * 3 * W_PER_DA, 80 * 3 * W_PER_DA])


def test_a_car_loads_the_phases_that_it_uses_and_leaves_the_others_to_the_others():
    facts = site(200, 3)
    facts["evses"][1]["terminals"], facts["evses"][2]["terminals"] = [[1], [2], [0]], [[2], [0], [1]]
    alone_on_its_phase = fair_wh(facts, [stay(n, phases=1) for n in range(3)], 0, HOUR_S, nothing)
    assert alone_on_its_phase == pytest.approx([160 * W_PER_DA] * 3)
    got = fair_wh(site(200, 2), [stay(0, phases=1), stay(1)], 0, HOUR_S, nothing)
    assert got == pytest.approx([100 * W_PER_DA, 100 * 3 * W_PER_DA])


def test_a_car_with_two_phases_loads_the_first_two_terminals_whatever_supply_phases_those_are():
    facts = site(200, 2)
    facts["evses"][1]["terminals"] = [[2], [0], [1]]
    got = fair_wh(facts, [stay(0, phases=2, amps_da=80), stay(1, phases=2)], 0, HOUR_S, nothing)
    assert got == pytest.approx([80 * 2 * W_PER_DA, 120 * 2 * W_PER_DA])  # they meet on the first phase alone
    facts["evses"][1]["terminals"] = [[2], [1], [0]]
    got = fair_wh(facts, [stay(0, phases=1), stay(1, phases=2)], 0, HOUR_S, nothing)
    assert got == pytest.approx([160 * W_PER_DA, 160 * 2 * W_PER_DA])


def test_without_knowledge_of_phases_a_car_loads_all_terminals_where_phases_count_or_its_evse_does_not_measure():
    facts, cars = site(200, 2, row_da=320), [stay(0, phases=1), stay(1, phases=1)]
    facts["evses"][1]["terminals"] = [[1], [2], [0]]
    facts["profiles"] = {"seen": {"fields": [[f"current_l{n}"] for n in (1, 2, 3)]}, "unseen": {"fields": [["state"]]}}

    def got(main, row, profiles):
        for circuit, frees in zip(facts["circuits"], (main, row), strict=True):
            circuit["frees_phases"] = frees
        for evse, profile in zip(facts["evses"], profiles, strict=True):
            evse.update(kind="profile", profile=profile)
        return fair_wh(facts, cars, 0, HOUR_S, nothing, knows_phases=False)

    alone, shared = 160 * W_PER_DA, 100 * W_PER_DA
    assert got(True, True, ["seen", "seen"]) == pytest.approx([alone, alone]) == fair_wh(facts, cars, 0, HOUR_S, nothing)
    assert got(True, False, ["seen", "seen"]) == pytest.approx([alone, alone])  # the row carries both on all phases
    assert got(False, True, ["seen", "seen"]) == pytest.approx([shared, shared])
    assert got(True, True, ["unseen", "seen"]) == pytest.approx([shared, shared])
    assert fair_wh(facts, cars, 0, HOUR_S, nothing) == pytest.approx([alone, alone])


def test_an_evse_with_fewer_terminals_than_its_car_has_phases_gives_what_it_has():
    facts = site(200, 1)
    facts["evses"][0]["terminals"] = [[1]]
    assert fair_wh(facts, [stay(0, phases=3)], 0, HOUR_S, nothing) == pytest.approx([160 * W_PER_DA])


def test_a_terminal_between_two_lines_loads_both():
    facts = site(200, 2)
    facts["evses"][0]["terminals"], facts["evses"][1]["terminals"] = [[0, 1]], [[1], [2], [0]]
    got = fair_wh(facts, [stay(0, phases=1), stay(1, phases=1)], 0, HOUR_S, nothing)
    assert got == pytest.approx([100 * W_PER_DA] * 2)


def test_the_optimum_lets_others_use_the_reserve_of_a_phase_that_the_car_there_does_not():
    facts = site(100, 2)
    facts["evses"][0]["fallback_da"] = facts["evses"][1]["fallback_da"] = 60
    facts["evses"][1]["terminals"] = [[1], [2], [0]]
    got = sum(optimum_wh(facts, [stay(0, phases=1), stay(1, phases=1)], 0, nothing))
    assert got == pytest.approx(2 * 100 * W_PER_DA)
    alone = sum(optimum_wh(facts, [stay(0, phases=1)], 0, nothing))
    assert alone == pytest.approx(60 * W_PER_DA)  # where nobody stands the reserve is kept on every phase


def test_if_not_every_minimum_fits_the_cars_take_turns_and_none_gets_less_than_the_minimum():
    got = fair_wh(site(80, 2), [stay(0), stay(1)], 0, HOUR_S, nothing)
    assert got == pytest.approx([40 * 3 * W_PER_DA] * 2)
    assert fair_wh(site(59, 2), [stay(0), stay(1)], 0, HOUR_S, nothing) == [0.0, 0.0]


def test_other_load_and_the_circuits_on_the_way_limit_it():
    def half_an_hour(circuit, from_s, until_s):
        return [200.0 if circuit == 0 and from_s < HOUR_S // 2 else 0.0] * 3

    got = fair_wh(site(300, 1, row_da=120), [stay(0)], 0, HOUR_S, half_an_hour)
    assert got == pytest.approx([(100 + 120) / 2 * 3 * W_PER_DA])


def test_no_car_gets_more_than_requested_and_all_together_no_more_than_with_foresight():
    chance = random.Random(5)
    for _ in range(5):
        facts = site(chance.randrange(150, 400), 6, row_da=chance.randrange(150, 300))
        stays = [stay(e, chance.choice((1, 2, 3)), 900 * chance.randrange(8), chance.randrange(2_000, 30_000)) for e in range(6)]
        got = fair_wh(facts, stays, 0, 6 * HOUR_S, nothing)
        assert all(wh <= possible_wh(facts, one) + 1e-6 for wh, one in zip(got, stays, strict=True))
        optimum = optimum_wh(facts, stays, 0, nothing)
        assert 0 < sum(got) <= sum(optimum) * 1.001
        assert json.loads(json.dumps(optimum)) == optimum and json.dumps(sum(optimum) > 0) == "true"
