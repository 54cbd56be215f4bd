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


def test_a_car_counts_on_every_phase_that_its_contactor_can_close():
    got = fair_wh(site(200, 2), [stay(0, phases=1), stay(1)], 0, HOUR_S, nothing)
    assert got == pytest.approx([100 * W_PER_DA, 100 * 3 * W_PER_DA])


def test_where_not_every_minimum_fits_they_take_turns_and_nobody_gets_less_than_the_minimum():
    got = fair_wh(site(80, 2), [stay(0), stay(1)], 0, HOUR_S, nothing)
    assert got == pytest.approx([40 * 3 * W_PER_DA] * 2)
    assert fair_wh(site(59, 2), [stay(0), stay(1)], 0, HOUR_S, nothing) == [0.0, 0.0]


def test_other_load_and_the_circuits_on_the_way_limit_it():
    def half_an_hour(circuit, from_s, until_s):
        return [200.0 if circuit == 0 and from_s < HOUR_S // 2 else 0.0] * 3

    got = fair_wh(site(300, 1, row_da=120), [stay(0)], 0, HOUR_S, half_an_hour)
    assert got == pytest.approx([(100 + 120) / 2 * 3 * W_PER_DA])


def test_nobody_gets_more_than_it_asks_nor_all_together_more_than_foresight_could_give():
    chance = random.Random(5)
    for _ in range(5):
        facts = site(chance.randrange(150, 400), 6, row_da=chance.randrange(150, 300))
        stays = [stay(e, chance.choice((1, 2, 3)), 900 * chance.randrange(8), chance.randrange(2_000, 30_000)) for e in range(6)]
        got = fair_wh(facts, stays, 0, 6 * HOUR_S, nothing)
        assert all(wh <= possible_wh(facts, one) + 1e-6 for wh, one in zip(got, stays, strict=True))
        optimum = optimum_wh(facts, stays, 0, nothing)
        assert 0 < sum(got) <= sum(optimum) * 1.001
        assert json.loads(json.dumps(optimum)) == optimum and json.dumps(sum(optimum) > 0) == "true"
