"""What cars, contactors and circuits of the bench do."""

import pytest
from small_site import evse, plant, run_ms, site

from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.plant.car import Car, car_from_fields
from ampacity_host.rig.plant.power_path import duty_da
from ampacity_host.rig.plant.wallbox import Wallbox
from ampacity_host.rig.plant.worst import worst_circuits, worst_evses


def charging(car=None, **changes):
    site_plant, time = plant([evse("evse-1", **changes)])
    point = site_plant.point["evse-1"]
    point.plug(car or Car())
    point.drive("pwm", 533, True)
    run_ms(time, 10_000)
    return site_plant, time, point


def test_a_car_takes_what_the_duty_offers_after_reaction_and_ramp():
    _, _, point = charging()
    assert point.terminal_amps_da() == [319, 319, 319]
    assert point.state_text == "C2"


def test_the_ramp_takes_its_time():
    site_plant, time, point = charging(Car(ramp_da_per_s=10))
    assert 80 <= point.amps_da <= 100


def test_a_car_below_its_minimum_takes_nothing():
    site_plant, time = plant()
    point = site_plant.points[0]
    point.plug(Car(min_da=100))
    point.drive("pwm", 100, True)
    run_ms(time, 5_000)
    assert (point.amps_da, point.letter) == (0, "B")


@pytest.mark.parametrize("ramp_da_per_s,reaction_ms", [(100, 500), (5, 500), (10, 9_000)])
def test_a_lower_offer_is_followed_within_five_seconds_whatever_the_ramp(ramp_da_per_s, reaction_ms):
    car = Car(ramp_da_per_s=ramp_da_per_s, reaction_ms=reaction_ms)
    site_plant, time, point = charging(car)
    run_ms(time, 100_000)
    point.drive("pwm", 100, True)
    run_ms(time, 5_000)
    assert point.amps_da == 60
    assert worst_evses(site_plant)["evse-1"] == {"overshoot_a": 0.0, "overshoot_ms": 0}


def test_a_car_that_does_not_obey_draws_its_maximum_and_is_booked_as_overshoot():
    site_plant, time, point = charging(Car(max_da=310, obeys=False))
    point.drive("pwm", 100, True)
    run_ms(time, 10_000)
    assert point.amps_da == 310
    booked = worst_evses(site_plant)["evse-1"]
    assert booked["overshoot_a"] == 25.0 and 4_000 <= booked["overshoot_ms"] <= 5_000


def test_an_open_contactor_carries_nothing_at_once_and_a_welded_one_still_does():
    site_plant, time, point = charging()
    point.drive("pwm", 533, False)
    assert point.amps_da == 0
    point.set_fault("welded", True)
    assert point.closed


def test_a_full_car_stops_and_changes_from_state_c():
    site_plant, time, point = charging(Car(need_wh=100, phases=1))
    run_ms(time, 120_000)
    assert point.car.taken_wh == 100
    assert (point.amps_da, point.letter) == (0, "B")


def test_pilot_levels_follow_state_and_faults():
    site_plant, time, point = charging()
    assert point.cp_mv() == (6_000, -12_000)
    point.set_fault("diode", True)
    assert point.cp_mv() == (6_000, -6_000)
    point.set_fault("pilot_short", True)
    assert point.letter == "E" and point.cp_mv() == (0, 0)


def test_rotated_and_between_line_terminals_load_their_own_phases():
    site_plant, time, point = charging(Car(phases=1), terminals=[[1], [2], [0]])
    assert site_plant.circuit["main"].amps_da == [0, 319, 0]
    site_plant, time, point = charging(Car(), terminals=[[0, 1]])
    assert site_plant.circuit["main"].amps_da == [319, 319, 0]
    run_ms(time, 3_600_000)
    assert abs(point.energy_wh - 319 * 398 * 3_605 // 36_000) < 60


def test_every_circuit_above_carries_the_load_and_the_margin_is_kept():
    site_plant, time, point = charging()
    site_plant.set_background(site_plant.circuit["main"], [100, 0, 0])
    run_ms(time, 1_000)
    assert site_plant.circuit["main"].amps_da == [419, 319, 319]
    assert worst_circuits(site_plant)["main"]["min_margin_a"] == [21.1, 31.1, 31.1]


def test_an_overload_after_a_step_of_measured_load_is_no_violation_until_its_budget_is_over():
    site_plant, time, point = charging()
    site_plant.set_background(site_plant.circuit["main"], [400, 0, 0])
    run_ms(time, 4_000)
    booked = worst_circuits(site_plant)["main"]
    assert booked["over_ms"] == [4_000, 0, 0] and booked["violation_ms"] == [0, 0, 0]
    run_ms(time, 60_000)
    assert worst_circuits(site_plant)["main"]["violation_ms"][0] > 40_000


@pytest.mark.parametrize("ramp_da_per_s", [20, 100])
def test_current_above_the_offer_is_not_a_violation_until_it_must_have_been_stopped(ramp_da_per_s):
    for stopped_ms, violated in ((49_500, False), (57_000, True)):  # three detections
        site_plant, time = plant([evse("evse-1", max_da=160)], circuits=[dict(each, rating_da=[160] * 3) for each in site()["circuits"]])
        point = site_plant.point["evse-1"]
        point.plug(Car(ramp_da_per_s=ramp_da_per_s))
        point.drive("pwm", 266, True)
        run_ms(time, 20_000)
        assert 150 <= point.amps_da <= 160
        point.set_fault("disobeys", True)
        run_ms(time, 11_000)
        point.drive("x1", 1000, True)
        run_ms(time, stopped_ms - 11_000)
        assert point.amps_da == 320
        point.drive("x1", 1000, False)
        run_ms(time, 5_000)
        booked = worst_circuits(site_plant)["row"]
        assert booked["over_ms"][0] > 14_000 and (booked["violation_ms"][0] > 0) == violated, booked


def test_an_overload_by_evse_current_is_a_violation_at_once():
    site_plant, time = plant([evse("evse-1"), evse("evse-2")])
    for point in site_plant.points:
        point.plug(Car())
        point.drive("pwm", 500, True)
    run_ms(time, 10_000)
    booked = worst_circuits(site_plant)["row"]
    assert booked["violation_ms"][0] == 10_000 > booked["over_ms"][0] > 5_000  # from the offer on, whatever the cars draw
    assert booked["over_as"][0] > 0


def test_worst_since_considers_only_later_currents():
    site_plant, time, point = charging()
    point.drive("pwm", 100, True)
    run_ms(time, 10_000)
    since_ms = time.now_ms
    run_ms(time, 10_000)
    booked = worst_circuits(site_plant, since_ms)["row"]
    assert booked["min_margin_a"] == [26.0] * 3
    assert worst_circuits(site_plant)["row"]["min_margin_a"] == [0.1] * 3


def test_a_meter_always_varies_except_when_frozen():
    site_plant, time, point = charging()
    meter = site_plant.meter["grid"]
    seen = set()
    for _ in range(10):
        run_ms(time, 100)
        seen.add(str(meter.reading()))
    assert len(seen) > 8
    assert all(abs(ma - 31_900) <= 20 for ma in meter.reading()["amps_ma"])
    meter.set_fault("frozen", True, {})
    first = meter.reading()
    run_ms(time, 5_000)
    assert meter.reading() == first


def test_meter_faults_turn_swap_and_shift_what_is_measured():
    site_plant, time = plant()
    site_plant.set_background(site_plant.circuit["main"], [100, 200, 0])
    run_ms(time, 1_000)
    meter = site_plant.meter["grid"]
    meter.set_fault("swapped_phases", True, {})
    assert [round(ma / 1000) for ma in meter.reading()["amps_ma"]] == [20, 0, 10]
    meter.set_fault("swapped_phases", False, {})
    meter.set_fault("reversed", True, {})
    assert [round(ma / 1000) for ma in meter.reading()["amps_ma"]] == [-10, -20, 0]
    meter.set_fault("nan", True, {})
    assert meter.reading()["amps_ma"] == [None] * 3


def test_a_plain_wallbox_closes_for_its_car_and_opens_when_it_is_done():
    site_plant, time = plant()
    point = site_plant.points[0]
    wallbox = Wallbox(point)
    point.plug(Car(need_wh=50))
    wallbox.set_limit(160)
    run_ms(time, 5_000)
    assert point.amps_da == 160 and point.closed
    run_ms(time, 60_000)
    assert not point.closed and point.letter == "B"


def test_a_plain_wallbox_pauses_and_resumes_its_car():
    site_plant, time = plant()
    point = site_plant.points[0]
    wallbox = Wallbox(point)
    point.plug(Car())
    wallbox.set_limit(160)
    run_ms(time, 5_000)
    wallbox.set_limit(0)
    run_ms(time, 6_000)
    assert point.amps_da == 0 and not point.closed
    wallbox.set_limit(100)
    run_ms(time, 6_000)
    assert point.amps_da == 100


def test_a_plain_wallbox_opens_if_its_car_does_not_follow_a_pause():
    site_plant, time = plant()
    point = site_plant.points[0]
    wallbox = Wallbox(point)
    point.plug(Car())
    wallbox.set_limit(160)
    run_ms(time, 5_000)
    point.set_fault("disobeys", True)
    wallbox.set_limit(0)
    run_ms(time, 5_000)
    assert point.closed and point.amps_da >= 160
    run_ms(time, 2_000)
    assert not point.closed and point.amps_da == 0
    point.set_fault("disobeys", False)
    wallbox.set_limit(100)
    run_ms(time, 6_000)
    assert point.amps_da == 100


@pytest.mark.parametrize("permille,da", [(79, 0), (80, 60), (100, 60), (266, 159), (533, 319), (850, 510),
                                         (900, 650), (970, 800), (980, 0)])
def test_duty_follows_table_a7(permille, da):
    assert duty_da(permille) == da


@pytest.mark.parametrize("wrong", [{"phases": 4}, {"phases": "3"}, {"soc": 101}, {"colour": "red"}, {"obeys": 1}])
def test_an_impossible_car_is_refused(wrong):
    with pytest.raises(FieldError):
        car_from_fields(wrong)


def test_a_car_without_fields_has_the_documented_ones():
    car = car_from_fields({})
    assert (car.phases, car.max_da, car.min_da, car.ramp_da_per_s, car.reaction_ms) == (3, 320, 60, 100, 500)
    assert car.need_j5 == 48_000 * 360_000_000
