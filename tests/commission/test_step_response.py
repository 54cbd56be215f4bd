"""Lines, CTs, rounding and latency of one EVSE, found by stepping its current."""

from helper_toy import Toy, claims, drive, stepping_house

from ampacity.base.rng import Rng
from ampacity.commission.phase_mapping import REVERSED, LineShares, PhaseMapping, swapped_at
from ampacity.commission.step_response import StepResponse


def stepped(toy, **more):
    facts = claims(**more)
    return drive(StepResponse(facts, Rng(5), facts["meters"], 3), toy)


def codes(experiment):
    return [found["code"] for found in experiment.findings]


def test_a_car_on_one_line_shows_which_one_it_is():
    one = stepped(Toy())
    assert one.outcome == "passed" and not one.findings
    assert one.text == "evse-1: terminal 1 on L1 of meter grid"
    assert one.loaded() == [(0, 0, 1)]
    assert one.figures["confidence_percent"] == 100


def test_exchanged_wires_are_found_and_the_right_setting_is_named():
    one = stepped(Toy(wires=[1, 2, 0]))
    assert one.outcome == "failed"
    assert one.text == "evse-1: terminal 1 loads L2, the site file declares L1"
    assert 'phases = ["L2", "L3", "L1"]' in one.findings[0]["fix"]


def test_a_single_phase_place_gets_a_setting_of_one_line():
    one = stepped(Toy(wires=[2]), terminals=[[0]])
    assert 'phases = ["L3"];' in one.findings[0]["fix"]


def test_a_three_phase_car_cannot_show_the_phase_order():
    one = stepped(Toy(phases=3))
    assert one.outcome == "passed" and "only a single-phase load shows" in one.text


def test_two_of_three_terminals_on_other_lines_are_found():
    one = stepped(Toy(phases=2, wires=[1, 2, 0]))
    assert one.text == "evse-1: terminals 1 and 2 load L2 and L3, the site file declares L1 and L2"


def test_a_reversed_ct_is_found_and_is_not_a_fault_of_the_evse():
    one = stepped(Toy(signs=[-1, 1, 1]))
    assert codes(one) == ["ct-reversed"] and one.outcome == "passed"
    assert one.findings[0]["where"] == "grid" and "L1" in one.findings[0]["text"]
    assert one.loaded() == [(0, 0, -1)]


def test_a_ct_of_another_ratio_is_found():
    one = stepped(Toy(phases=3, signs=[1, 2, 1]))
    assert codes(one) == ["ct-ratio"] and "200 %" in one.findings[0]["text"]


def test_a_line_that_the_meter_does_not_see_is_named():
    one = stepped(Toy(phases=3, signs=[1, 1, 0]))
    assert codes(one) == ["line-missing"] and "L3" in one.findings[0]["text"]


def test_an_evse_that_does_not_pass_the_meter_is_found():
    assert codes(stepped(Toy(signs=[0, 0, 0]))) == ["not-measured"]


def test_without_a_measurement_of_the_evse_the_line_with_the_greatest_step_counts():
    one = stepped(Toy(measures=False, wires=[2, 0, 1], car_da=100))
    assert one.text == "evse-1: terminal 1 loads L3, the site file declares L1"


def test_other_load_that_steps_on_every_line_is_distinguished():
    for seed in (1, 2, 3, 4):
        one = stepped(Toy(wires=[1, 2, 0], house=stepping_house(seed)))
        assert one.text == "evse-1: terminal 1 loads L2, the site file declares L1", seed


def test_a_line_that_cannot_be_determined_is_not_guessed():
    one = stepped(Toy(house=stepping_house(7, most_da=600, every_ms=1500)))
    assert one.outcome == "not done" and "did not follow clearly" in one.text
    assert not [found for found in one.findings if found["code"] in ("phases", "ct-reversed", "not-measured")]


def test_a_device_that_rounds_up_is_found_with_order_and_current():
    one = stepped(Toy(rounds_to=10))
    assert codes(one) == ["rounding"] and one.outcome == "failed"
    assert "rounds up" in one.text


def test_a_device_that_rounds_by_less_than_half_an_ampere_passes():
    assert not codes(stepped(Toy(rounds_to=5)))


def test_a_car_that_follows_too_late_is_found():
    one = stepped(Toy(lag_ms=7000), settle_ms=5100)
    assert "latency" in codes(one)
    assert not codes(stepped(Toy(lag_ms=4000)))


def test_latency_is_measured_by_the_device_and_by_the_meter():
    ways = stepped(Toy(lag_ms=2000)).figures["latency"]
    for limit_ms, drawn_ms, meter_ms in ways["down"] + ways["up"]:
        assert limit_ms <= 400 and 1600 <= drawn_ms <= 2200 and 1600 <= meter_ms <= 2200


def test_a_range_that_is_too_small_is_reported_and_not_stepped():
    one = stepped(Toy(), min_da=60, limit_da=80)
    assert one.outcome == "not done" and "only 2.0 A" in one.text


def test_too_little_free_current_is_reported_after_others_have_yielded():
    toy = Toy(most_da=70)
    one = stepped(toy)
    assert one.outcome == "not done" and "too little capacity" in one.text and one.room == 2


def test_a_load_that_stops_is_reported():
    one = stepped(Toy(car_da=0))
    assert one.outcome == "not done" and "draws no current" in one.text


def test_the_test_waits_for_a_load_that_stops_briefly():
    toy = Toy()
    one, n = StepResponse(claims(), Rng(5), ["grid"], 3), 0
    while True:
        n += 1
        toy.car_da = 0 if 100 < n < 140 else 320
        if one.step(toy.tick(one), toy.now_ms):
            break
    assert one.outcome == "passed" and one.text.startswith("evse-1: terminal 1 on L1")


def test_exchanged_cts_look_alike_at_every_evse_and_differ_from_exchanged_wires():
    first = stepped(Toy(inputs=[1, 0, 2]))
    second = stepped(Toy(inputs=[1, 0, 2], wires=[1, 2, 0]), terminals=[[1], [2], [0]])
    pairs = [one.mappings[0].pair for one in (first, second)]
    assert pairs == [(0, 1), (1, 0)]
    found = swapped_at("grid", pairs)
    assert found["code"] == "ct-swapped" and "L1 responds on L2" in found["text"]
    assert swapped_at("grid", [(0, 1)]) is None
    assert swapped_at("grid", [(0, 1), (1, 1)]) is None


def test_single_steps_that_contradict_each_other_are_not_clear():
    lines = LineShares(1)
    for n in range(6):
        lines.add(1 if n % 2 == 0 else -1, 100, [(100 if n < 3 else -100) * (1 if n % 2 == 0 else -1)])
    assert not lines.clear()
    lines = LineShares(1)
    for n in range(6):
        lines.add(1 if n % 2 == 0 else -1, 100, [-100 if n % 2 == 0 else 100])
    assert lines.clear() and lines.line(0) == (REVERSED, -1000, 100)


def test_a_terminal_between_two_lines_loads_both():
    lines = LineShares(3)
    for n in range(6):
        way = 1 if n % 2 == 0 else -1
        lines.add(way, 100, [0, 100 * way, 100 * way])
    mapping = PhaseMapping("evse-1", "grid", [[0, 1]], [0], lines)
    assert mapping.seen == [1, 2]
    assert 'phases = ["L2-L3"]' in mapping.findings[0]["fix"]
