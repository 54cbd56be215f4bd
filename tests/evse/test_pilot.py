"""The pilot machine with a car on it: sequences and times of IEC 61851-1 Annex A."""

from fake_car import Bench

from ampacity.base.rng import Rng
from ampacity.evse.pilot import ControlPilot


def bench(**settings):
    return Bench(ControlPilot(**settings))


def signs(desk):
    out = []
    for _, iec_state, _ in desk.history:
        if not out or out[-1] != iec_state:
            out.append(iec_state)
    return out


def test_a_session_runs_through_the_states_of_the_standard():
    desk = bench().charge()
    desk.car = "B"
    desk.run(500)
    desk.car = "A"
    desk.run(500)
    assert signs(desk) == ["A1", "B2", "C2", "B2", "A1"]


def test_sequence_4_the_contactor_closes_within_3_s_and_only_after_a_good_diode_check():
    desk = bench()
    desk.car = "C"
    took_ms = desk.until(lambda: desk.machine.output[2], 3000)
    assert desk.machine.diode_ok and 300 <= took_ms <= 1000


def test_sequence_2_2_and_8_1_the_contactor_opens_in_the_step_that_sees_the_car_leave():
    for car in ("A", "B"):
        desk = bench().charge()
        desk.car = car
        assert desk.until(desk.is_open, 100) <= 20


def test_the_pilot_is_steady_without_an_offer_and_pwm_with_an_offer():
    desk = bench()
    desk.car, desk.offered_da = "B", 59
    assert desk.run(1000) == ("x1", 0, False)
    desk.offered_da = 60
    assert desk.run(100) == ("pwm", 100, False)
    desk.allow = False
    assert desk.run(100) == ("x1", 0, False)


def test_sequence_9_and_10_2_a_car_that_does_not_stop_is_switched_off_after_6_s_and_not_before():
    desk = bench().charge()
    desk.allow = False
    desk.run(20)
    assert desk.machine.output == ("x1", 0, True) and desk.machine.iec_state == "C1"
    took_ms = desk.until(lambda: not desk.machine.output[2], 7000)
    assert 6000 <= took_ms + 20 <= 6100
    assert desk.run(2000) == ("x1", 0, False)


def test_a_car_that_stops_in_time_is_switched_off_without_current():
    desk = bench().charge()
    desk.offered_da = 0
    desk.run(1000)
    desk.car = "B"
    assert desk.run(20) == ("x1", 0, False) and desk.machine.iec_state == "B1"


def test_a_pause_that_ends_before_the_car_has_stopped_does_not_close_the_contactor_again():
    desk = bench().charge()
    desk.allow = False
    desk.run(2000)
    desk.allow = True
    assert desk.run(20) == ("pwm", 266, True)
    assert [row[2][2] for row in desk.history if row[0] > desk.now_ms - 2500].count(False) == 0


def test_a_lower_offer_shows_at_once_and_a_higher_one_5_s_after_the_last_change():
    desk = bench().charge()
    desk.run(5000)
    desk.offered_da = 100
    assert desk.run(20)[1] == 166
    desk.offered_da = 200
    assert desk.run(4900)[1] == 166
    assert desk.run(200)[1] == 333
    desk.offered_da = 320
    desk.run(100)
    desk.offered_da = 60
    assert desk.run(20)[1] == 100


def test_the_offer_is_never_above_the_hardware_maximum():
    desk = bench(max_da=160)
    desk.offered_da = 320
    desk.charge()
    assert desk.machine.output[1] == 266


def test_3_5_no_energy_without_the_cars_diode_until_it_is_unplugged():
    desk = bench()
    desk.diode = False
    desk.car = "C"
    desk.until(lambda: "diode" in desk.machine.faults, 3100)
    assert True not in [row[2][2] for row in desk.history]
    desk.diode = True
    desk.run(20000)
    assert desk.machine.iec_state == "F" and "diode" in desk.machine.faults and not desk.machine.output[2]
    desk.car = "A"
    desk.run(1000)
    assert desk.machine.faults == [] and desk.machine.iec_state == "A1"
    desk.charge()


def test_a_diode_lost_while_charging_opens_the_contactor():
    desk = bench().charge()
    desk.diode = False
    desk.until(lambda: not desk.machine.output[2], 700)
    assert desk.machine.faults == ["diode"] and desk.machine.output[0] == "f"


def test_E_a_short_of_the_pilot_opens_at_once_and_heals_with_the_short():
    desk = bench().charge()
    desk.short = True
    desk.run(20)
    assert desk.machine.output == ("x1", 0, False) and desk.machine.iec_state == "E"
    assert desk.machine.faults == ["pilot_short"] and desk.machine.plugged
    desk.short = False
    desk.until(lambda: desk.machine.output[2], 3000)
    assert desk.machine.faults == []


def test_D_is_served_only_with_ventilation():
    desk = bench()
    desk.car = "D"
    desk.run(3000)
    assert desk.machine.output == ("x1", 0, False) and desk.machine.iec_state == "D1"
    aired = bench(ventilation=True)
    aired.car = "D"
    aired.until(lambda: aired.machine.output[2], 3000)
    assert aired.machine.iec_state == "D2"


def test_D_during_charging_opens_at_once():
    desk = bench().charge()
    desk.car = "D"
    desk.run(140)
    assert not desk.machine.output[2] and desk.machine.iec_state == "D1"


def test_every_fault_opens_in_the_step_that_sees_it_and_shows_F_for_5_s_at_least():
    for fault in ("rcm", "overtemperature", "pe_lost", "lock_failed", "input", "emergency_stop"):
        desk = bench().charge()
        desk.faults = (fault,)
        assert desk.run(20) == ("f", 0, False)
        desk.faults = ()
        desk.run(4900)
        assert desk.machine.output == ("f", 0, False)


def test_a_fault_that_had_only_to_go_lets_the_car_charge_again():
    for fault in ("overtemperature", "pe_lost", "input"):
        desk = bench().charge()
        desk.faults = (fault,)
        desk.run(10000)
        assert desk.machine.output[0] == "f"
        desk.faults = ()
        desk.until(desk.is_closed, 3000)


def test_8_5_after_a_residual_current_nothing_recloses_until_the_car_was_unplugged():
    desk = bench().charge()
    desk.faults = ("rcm",)
    desk.run(100)
    desk.faults = ()
    desk.run(60000)
    assert desk.machine.faults == ["rcm"] and desk.machine.output == ("x1", 0, False)
    desk.car = "A"
    desk.run(500)
    assert desk.machine.faults == []
    desk.charge()


def test_a_residual_current_may_be_configured_to_need_a_person():
    desk = bench(until={"rcm": "reset"}).charge()
    desk.faults = ("rcm",)
    desk.run(100)
    desk.faults = ()
    desk.car = "A"
    desk.run(60000)
    assert desk.machine.output[0] == "f"
    desk.machine.reset_faults()
    desk.run(500)
    assert desk.machine.iec_state == "A1"


def test_a_person_cannot_clear_a_fault_that_is_still_present():
    desk = bench().charge()
    desk.faults = ("rcm",)
    desk.run(100)
    desk.machine.reset_faults()
    desk.run(10000)
    assert desk.machine.faults == ["rcm"]


def test_a_welded_contactor_is_found_after_opening_keeps_the_lock_and_waits_for_a_person():
    desk = bench(socket=True)
    desk.pp = 220
    desk.charge()
    desk.welded = True
    desk.car = "B"
    assert 1000 <= desk.until(lambda: "welded" in desk.machine.faults, 1200)
    desk.car = "A"
    desk.run(60000)
    assert desk.machine.iec_state == "F" and desk.machine.lock
    desk.machine.reset_faults()
    desk.run(1000)
    assert desk.machine.faults == ["welded"]
    desk.welded = desk.closed = False
    desk.run(100)
    desk.machine.reset_faults()
    desk.run(1000)
    assert desk.machine.iec_state == "A1" and not desk.machine.lock


def test_the_plug_is_held_in_a_socket_until_it_is_released_or_a_fault_has_lasted():
    desk = bench(socket=True)
    desk.pp = 220
    desk.charge()
    assert desk.machine.lock and not desk.machine.release_plug()
    desk.allow = False
    desk.car = "B"
    desk.run(200)
    assert desk.machine.lock and desk.machine.release_plug() and not desk.machine.lock
    desk.car = "A"
    desk.run(200)
    desk.allow = True
    desk.charge()
    desk.faults = ("rcm",)
    desk.run(20)
    assert desk.machine.lock
    desk.faults = ()
    desk.run(5100)
    assert not desk.machine.lock
    assert not bench().charge().machine.lock


def test_E09_FR_02_a_plug_is_let_go_when_its_cable_is_pulled_from_the_car():
    desk = bench(socket=True)
    desk.pp = 220
    desk.charge()
    desk.car = "A"
    desk.run(200)
    assert desk.pp == 220 and not desk.machine.output[2] and not desk.machine.lock


def test_a_contactor_that_was_not_seen_open_is_not_closed():
    desk = bench()
    desk.closed = desk.welded = True
    desk.car = "C"
    desk.run(900)
    assert True not in [row[2][2] for row in desk.history]


def test_a_contactor_that_does_not_close_is_a_fault():
    desk = bench()
    desk.stuck_open = True
    desk.car = "C"
    desk.until(lambda: desk.machine.output[2], 3000)
    desk.until(lambda: not desk.machine.output[2], 1100)
    assert desk.machine.faults == ["contactor"]


def test_a_level_toward_more_must_persist_and_one_glitch_does_nothing():
    desk = bench()
    desk.car = "B"
    desk.run(1000)
    desk.car = "C"
    desk.run(80)
    desk.car = "B"
    desk.run(1000)
    assert signs(desk) == ["A1", "B2"] and desk.machine.iec_state == "B2"


def test_a_socket_offers_what_the_cable_carries_and_an_uncoded_cable_nothing():
    desk = bench(socket=True)
    desk.pp, desk.offered_da = 1500, 320
    desk.charge()
    assert desk.machine.output[1] == 216
    for ohm in (None, 20, 9000):
        bare = bench(socket=True)
        bare.pp, bare.car = ohm, "C"
        bare.run(5000)
        assert bare.machine.output == ("x1", 0, False)


def test_a_cable_whose_coding_changes_while_plugged_is_a_fault():
    desk = bench(socket=True)
    desk.pp = 220
    desk.charge()
    desk.pp = 100
    desk.run(400)
    assert desk.machine.output[2]
    desk.run(200)
    assert desk.machine.faults == ["proximity"] and not desk.machine.output[2]


def test_a_pilot_that_differs_from_the_driven_one_is_a_fault():
    for cp in ((-12000, -12000), (9000, 9000)):
        desk = bench()
        desk.car = "B"
        desk.run(1000)
        assert desk.machine.output[0] == "pwm"
        desk.cp = lambda cp=cp: cp
        assert desk.run(2000)[0] == "f" and desk.machine.faults == ["pilot"]


def test_A_5_3_a_sleeping_car_gets_one_pulse_per_session():
    desk = bench(wake_after_ms=30000)
    desk.car = "B"
    desk.run(100000)
    pulse = [at_ms for at_ms, _, output in desk.history if output[0] == "f"]
    assert 3900 <= pulse[-1] - pulse[0] <= 4100
    assert desk.machine.output[0] == "pwm" and desk.machine.faults == []


def test_another_car_plugged_in_while_the_pilot_hid_it_is_checked_again():
    desk = bench().charge()
    desk.faults = ("overtemperature",)
    desk.run(100)
    assert not desk.machine.diode_ok
    desk.diode, desk.faults = False, ()
    desk.run(20000)
    assert True not in [row[2][2] for row in desk.history if row[0] > desk.now_ms - 19000]


def test_a_step_each_100_ms_gives_the_same_session():
    desk = Bench(ControlPilot(), step_ms=100).charge()
    desk.car = "B"
    assert desk.until(lambda: not desk.machine.output[2], 100) == 100


def test_a_step_with_nothing_new_is_answered_from_memory_and_a_timer_still_runs():
    desk = bench().charge()
    looks = []
    inner = desk.machine._fire_all
    desk.machine._fire_all = lambda *given: (looks.append(1), inner(*given))
    desk.run(10000)
    assert len(looks) <= 12
    desk.allow = False
    desk.until(lambda: not desk.machine.output[2], 6100)


def test_the_contactor_closes_only_for_a_car_that_requests_charge_with_a_diode_and_without_fault():
    rng = Rng(7)
    machine = ControlPilot()
    highs, lows = (12000, 10500, 9000, 7500, 6000, 6000, 4500, 3000, 0, -12000), (-12000, -12000, -12000, -6000, 6000)
    now_ms, closed_steps = 0, 0
    high_mv, low_mv, fault, allow = 6000, -12000, (), True
    for _ in range(6000):
        now_ms += rng.between(1, 400)
        if rng.chance(300):
            high_mv, low_mv = highs[rng.below(len(highs))], lows[rng.below(len(lows))]
            if rng.chance(600):
                high_mv, low_mv = 6000, -12000
        fault = ("overtemperature",) if rng.chance(10) else ()
        allow = rng.chance(950)
        _, _, closed = machine.step(high_mv, low_mv, None, machine.output[2], fault, 160, allow, now_ms)
        closed_steps += closed
        if closed:
            assert not fault and high_mv not in (12000, 9000, 0) and machine.diode_ok
    assert closed_steps > 300
