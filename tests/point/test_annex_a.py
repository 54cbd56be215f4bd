"""The charging point behind a simulated analogue front end: sequences and times of IEC 61851-1 Annex A, at the main contacts."""

from front_end import CAR_OPENS_MS, RCD, SOCKET, Bench, facts

from ampacity.evse.pilot import ControlPilot

ON_MICROPYTHON_EACH = 2
ESP = {"method": "extremes", "scaling": (1000, 110, -14545)}


def test_a_session_runs_through_the_states_of_the_standard():
    bench = Bench(facts(**RCD)).charge()
    bench.plug("B").run(500).plug("A").run(500)
    assert bench.states == ["A1", "B2", "C2", "B2", "A1"] and bench.is_off()
    assert [state for _, state in bench.plant.powered] == [True, False]


def test_sequences_2_2_and_8_1_the_main_contacts_open_within_100_ms_of_the_car_at_every_phase_of_the_passes():
    for board in (facts(), facts(**ESP)):
        for car in ("A", "B"):
            for phase_ms in (0, 1, 5, 9):
                bench = Bench(board, phase_ms=phase_ms).charge()
                bench.plug(car)
                assert bench.until(bench.is_off, 100) <= 71  # 2 windows, and 50 ms of the contactor


def test_sequences_2_2_and_8_1_need_no_pass_of_the_owner():
    bench = Bench(facts()).charge()
    bench.stall = True
    assert bench.plug("B").until(bench.is_off, 100) <= 71


def test_sequence_2_2_is_met_at_the_shortest_and_at_the_longest_duty():
    for offered_da in (60, 510, 800):
        bench = Bench(facts())
        bench.evse.machine.max_da = bench.offered_da = offered_da
        bench.charge()
        assert bench.hardware.pilot[1] == {60: 100, 510: 850, 800: 960}[offered_da]
        assert bench.plug("A").until(bench.is_off, 100) <= 71


def benches(boards=None, **options):
    """Benches at several phases of the pass, with both kinds of converter; the second value is a phase of the owner's pass, to wait for."""
    for board in boards or (facts(), facts(**ESP)):
        for phase_ms, wait_ms in ((0, 0), (1, 76), (9, 37)):
            yield Bench(board, ControlPilot(**options), phase_ms=phase_ms), wait_ms


def on_wire(bench, kind, permille=0):
    """A condition: does the pin show this?"""
    return lambda: bench.point.outputs.pilot == (kind, permille)


def test_sequence_3_an_offer_to_a_car_that_waits_in_b1_is_on_the_wire_in_the_owners_pass():
    took_ms = []
    for bench, wait_ms in benches():
        bench.allow = False
        bench.run(1500 + wait_ms).plug("B").run(500)
        assert bench.states[-1] == "B1" and on_wire(bench, "x1")()
        bench.allow = True
        took_ms.append(bench.until(on_wire(bench, "pwm", 266), 100))
        assert bench.states[-1] == "B2" and bench.run(10000).point.outputs.pilot == ("pwm", 266) and not bench.plant.powered
    assert max(took_ms) == 100


def test_sequence_4_the_main_contacts_close_within_3_s_after_the_test_of_the_detector_and_the_check_of_the_diode():
    for bench, wait_ms in benches((facts(**RCD), facts(**RCD, **ESP))):
        bench.run(1500 + wait_ms).plug("C")
        took_ms = bench.until(bench.is_on, 3000)
        assert bench.point.residual.state == "passed" and bench.evse.machine.diode_ok
        assert took_ms <= 620


def test_sequences_5_and_6_a_lower_offer_is_on_the_wire_in_the_owners_pass_and_a_higher_one_when_the_car_has_had_5_s():
    for bench, wait_ms in benches():
        bench.charge().run(5000 + wait_ms)
        bench.offered_da = 60
        assert bench.until(on_wire(bench, "pwm", 100), 100) <= 100
        bench.offered_da = 160
        assert bench.until(on_wire(bench, "pwm", 266), 5100) == 5000 and bench.is_on()


def test_sequence_9_a_stop_is_on_the_wire_in_the_owners_pass_and_a_car_that_follows_is_switched_off_without_load():
    for bench, wait_ms in benches():
        bench.charge().run(wait_ms)
        bench.allow = False
        assert bench.until(on_wire(bench, "x1"), 100) <= 100 and bench.states[-1] == "C1" and bench.is_on()
        bench.run(CAR_OPENS_MS).plug("B")
        assert bench.until(bench.is_off, 100) <= 71 and bench.run(100).states[-1] == "B1"


def test_sequence_10_2_a_car_that_does_not_stop_is_switched_off_after_6_s_and_not_before():
    for bench, wait_ms in benches():
        bench.charge().run(wait_ms)
        bench.allow = False
        bench.until(on_wire(bench, "x1"), 100)
        assert bench.until(bench.is_off, 6300) == 6051 and bench.states[-1] == "C1"


def test_A_5_3_a_car_that_sleeps_in_b2_gets_one_pulse_of_4_s_and_no_second_one():
    for bench, wait_ms in benches(wake_after_ms=3000):
        bench.run(1500 + wait_ms).plug("B").until(on_wire(bench, "pwm", 266), 300)
        assert bench.until(on_wire(bench, "f"), 3100) == 3000
        assert bench.until(on_wire(bench, "pwm", 266), 4100) == 4000
        for _ in range(60):
            assert bench.run(100).point.outputs.pilot == ("pwm", 266)
        bench.plug("C").until(bench.is_on, 3000)
    bench = Bench(facts()).run(1500).plug("B").run(40000)
    assert bench.states[-1] == "B2" and "F" not in bench.states, "no pulse unless the machine is made with one"


def test_T_step_X1_after_5_percent_a_car_sees_a_steady_pilot_for_3_s_before_a_duty_that_means_amperes():
    for bench, wait_ms in benches():
        bench.run(1500 + wait_ms).plug("B").run(500)
        bench.hardware.on_input, bench.stall = None, True  # the machine sends no 5 % itself: its place is taken
        bench.hardware.set_pilot("pwm", 50)
        assert bench.run(1000).point.outputs.pilot == ("pwm", 50)
        bench.hardware.set_pilot("pwm", 266)
        assert on_wire(bench, "x1")()
        assert 3000 <= bench.until(on_wire(bench, "pwm", 266), 3100) <= 3010


def test_a_short_of_cp_to_pe_opens_within_100_ms():
    bench = Bench(facts()).charge()
    bench.plant.short = True
    assert bench.until(bench.is_off, 100) <= 71
    assert bench.run(200).states[-1] == "E"


def test_a_residual_current_opens_in_the_pass_that_sees_it_and_closes_again_only_after_the_unplug():
    bench = Bench(facts(**RCD)).charge()
    bench.plant.leak = True
    assert bench.until(bench.is_off, 100) <= 61
    bench.plant.leak = False
    bench.run(8000)
    assert bench.is_off() and bench.states[-1] == "F"
    bench.plug("A").run(1000).charge()


def test_a_car_without_a_diode_never_gets_power():
    bench = Bench(facts()).run(1500)
    bench.plant.diode = False
    bench.plug("B").run(500).plug("C").run(5000)
    assert not bench.plant.powered and "diode" in bench.evse.machine.faults


def test_a_diode_that_fails_while_charging_opens_within_a_second():
    bench = Bench(facts()).charge()
    bench.plant.diode = False
    assert bench.until(bench.is_off, 1000) <= 700


def test_state_d_gets_power_and_ventilation_only_where_it_is_served():
    for served in (False, True):
        bench = Bench(facts(), ControlPilot(ventilation=served)).run(1500)
        bench.plug("D").run(3000)
        assert bench.is_on() == served and bench.point.outputs.fan
        assert bench.evse.machine.iec_state == ("D2" if served else "D1")


def test_the_extremes_of_the_standard_read_as_their_states():
    for board in (facts(), facts(**ESP)):
        for plus_mv, minus_mv, permille in ((11400, -12600, 970), (12600, -11400, 1030), (12000, -12000, 1000)):
            for car in ("A", "B", "C", "D"):
                bench = Bench(board)
                bench.plant.plus_mv, bench.plant.minus_mv, bench.plant.car_permille = plus_mv, minus_mv, permille
                bench.plant.noise_mv = 150
                assert bench.plug(car).run(400).point.pilot.level == car


def test_noise_and_single_spikes_open_nothing():
    bench = Bench(facts(), seed=7)
    bench.plant.noise_mv = 200
    bench.charge()
    bench.plant.spike_percent = 1
    bench.run(5000)
    assert [state for _, state in bench.plant.powered] == [True]


def test_one_disturbed_window_opens_nothing_and_two_open():
    for windows in (1, 2):
        bench = Bench(facts(), phase_ms=0).charge()
        while bench.now_ms % 10:
            bench.step()
        bench.plant.short = True
        bench.run(10 * windows)
        bench.plant.short = False
        bench.run(100)
        assert bench.is_off() == (windows == 2)


def test_a_converter_that_stops_takes_the_power_away():
    bench = Bench(facts()).charge()
    bench.scale.levels = lambda samples, skip: None
    assert bench.until(bench.is_off, 1300) >= 900
    assert bench.evse.machine.faults == ["input"]


def test_a_supply_out_of_range_takes_the_power_away_and_a_lost_minus_12_v_opens_cp():
    for plus_mv, minus_mv, opened in ((10900, -12000, False), (12000, -9000, True)):
        bench = Bench(facts(rails=True)).charge()
        assert not bench.point.outputs.disconnect
        bench.plant.plus_mv, bench.plant.minus_mv = plus_mv, minus_mv
        assert bench.until(bench.is_off, 200) <= 121  # 50 ms, a pass, and 50 ms of the contactor
        assert bench.point.outputs.disconnect == opened and bench.run(1300).states[-1] == "F"
        bench.plant.plus_mv, bench.plant.minus_mv = 12000, -12000
        bench.until(bench.is_on, 12000)


def test_a_socket_offers_no_more_than_its_cable_carries_and_is_locked_while_it_charges():
    for cable_ohm, permille in ((1500, 216), (680, 333), (220, 533), (100, 533)):
        bench = Bench(facts(**SOCKET))
        bench.offered_da = 320
        bench.charge(cable_ohm)
        assert bench.hardware.pilot == ("pwm", permille) and bench.plant.locked
        bench.plug("A").run(2500)
        assert not bench.plant.locked


def test_an_open_or_shorted_pp_gets_no_offer():
    for cable_ohm in (None, 0, 20, 6000):
        bench = Bench(facts(**SOCKET)).run(1500)
        bench.plug("C", cable_ohm).run(4000)
        assert not bench.plant.powered and bench.point.outputs.pilot == ("x1", 0)


def test_a_lock_that_does_not_move_is_a_fault_and_charges_nothing_before_or_after_it():
    for car in ("B", "C"):
        bench = Bench(facts(**SOCKET)).run(1500)
        bench.plant.lock_stuck = True
        bench.plug(car, 220).run(8000)
        assert bench.evse.machine.faults == ["lock_failed"] and not bench.plant.powered, car


def failed_lock():
    """A socket whose lock was blocked at plug-in and gave up; then its motor is free again."""
    bench = Bench(facts(**SOCKET)).run(1500)
    bench.plant.lock_stuck = True
    bench.plug("C", 220).run(12000)
    assert bench.evse.machine.faults == ["lock_failed"] and bench.states[-1] == "F"
    bench.plant.lock_stuck = False
    return bench


def charges_only_locked(bench):
    """Until the power is on: the plug is held then."""
    bench.until(bench.is_on, 8000)
    assert bench.plant.locked and not bench.evse.machine.faults
    return bench


def test_a_lock_that_failed_once_locks_the_next_plug_and_not_the_one_that_is_still_in():
    bench = failed_lock().run(70000)
    assert not bench.plant.powered and not bench.plant.locked and bench.evse.machine.faults == ["lock_failed"]
    bench.plug("A").run(2000)
    assert not bench.evse.machine.faults and bench.states[-1] == "A1"
    charges_only_locked(bench.plug("C", 220))


def test_a_lock_that_failed_once_locks_the_same_plug_after_the_reset_of_a_person():
    bench = failed_lock()
    bench.evse.reset_faults()
    charges_only_locked(bench)


def test_a_lock_that_failed_again_after_a_reset_stays_without_power():
    bench = failed_lock()
    bench.plant.lock_stuck = True
    bench.evse.reset_faults()
    bench.run(15000)
    assert bench.evse.machine.faults == ["lock_failed"] and not bench.plant.powered and bench.hardware.pilot[0] != "pwm"


def blocked_open():
    """A socket whose pin was blocked while it should unlock; then it is free again, and the car has gone."""
    bench = Bench(facts(**SOCKET)).charge(220)
    bench.plant.lock_stuck = True
    bench.plug("A").run(8000)
    assert bench.hardware.lock_failed and bench.plant.locked and bench.states[-1] == "F"
    bench.plant.lock_stuck = False
    return bench


def test_a_lock_that_could_not_open_opens_on_the_word_of_a_person():
    bench = blocked_open()
    bench.run(5000)
    assert bench.plant.locked
    bench.evse.reset_faults()
    bench.run(2000)
    assert not bench.plant.locked and not bench.evse.machine.faults and bench.states[-1] == "A1"
    charges_only_locked(bench.plug("C", 220))


def test_a_lock_that_could_not_open_opens_by_itself_once_its_motor_is_free():
    bench = blocked_open()
    assert bench.until(lambda: not bench.plant.locked, 32000) > 20000
    bench.run(2000)
    assert not bench.evse.machine.faults and bench.states[-1] == "A1"
    charges_only_locked(bench.plug("C", 220))


def test_a_lock_that_lets_go_while_charging_takes_the_power_away():
    bench = Bench(facts(**SOCKET)).charge(220)
    bench.plant.locked, bench.plant.lock_stuck = False, True
    assert bench.until(bench.is_off, 2000) <= 600 and bench.evse.machine.faults == ["lock_failed"]
    bench = Bench(facts(**SOCKET)).charge(220)
    bench.plant.locked = False  # the motor brings it back in 0.2 s
    bench.run(3000)
    assert bench.is_on() and bench.plant.locked and not bench.evse.machine.faults
    bench.plant.lock_stuck, lost_ms = True, 0
    for at_ms in range(10000):
        bench.plant.locked = at_ms % 500 >= 450  # its sense comes back for moments
        bench.step()
        lost_ms += bench.is_on() and not bench.plant.locked
    assert bench.is_off() and lost_ms <= 600 and bench.evse.machine.faults == ["lock_failed"], lost_ms


def test_a_cable_of_its_own_on_a_board_with_a_lock_waits_for_no_lock():
    bench = Bench(facts(**SOCKET), ControlPilot()).charge()
    assert not bench.plant.locked and bench.is_on()


def power_after_lock(slow_ms):
    """What a socket has whose lock sticks for a time: was there power before it was locked, and when after that."""
    bench = Bench(facts(**SOCKET)).run(1500)
    bench.plug("C", 220)
    bench.plant.lock_stuck = True
    bench.until(lambda: bench.point.lock.lock, 1000)
    bench.run(slow_ms)
    bench.plant.lock_stuck = False
    bench.until(lambda: bench.plant.locked, 3000)
    before = bench.is_on()
    after_ms = bench.until(bench.is_on, 500)
    assert not bench.evse.machine.faults
    return before, after_ms


def test_a_socket_closes_its_contactor_once_its_lock_holds_the_plug():
    for slow_ms in (0, 250, 1300):  # the third: locked with the second try
        before, after_ms = power_after_lock(slow_ms)
        assert not before and after_ms <= 300, (slow_ms, after_ms)


def test_a_contactor_that_welds_is_found_and_is_never_closed_again():
    bench = Bench(facts()).charge()
    bench.plant.welded = True
    bench.plug("A").run(2500)
    assert "welded" in bench.evse.machine.faults and bench.states[-1] == "F"
    assert not bench.point.outputs.coils[0] and not bench.point.contactor.may_close


def test_a_plug_stays_locked_while_the_contactor_is_welded_also_over_a_restart():
    bench = Bench(facts(**SOCKET)).charge(220)
    bench.plant.welded = True
    bench.plug("A").run(3000)
    assert bench.plant.locked
    again = Bench(bench.board)
    again.plant, again.hardware.lock = bench.plant, False
    again.evse.restore(bench.evse.latched)
    assert again.run(5000).plant.locked


def test_a_contactor_that_stays_open_is_a_fault():
    bench = Bench(facts()).run(1500)
    bench.plant.stuck_open = True
    bench.plug("C").run(3500)
    assert "contactor" in bench.evse.machine.faults and not bench.point.outputs.coils[0]


def test_voltage_behind_an_open_contactor_at_the_start_keeps_it_open():
    bench = Bench(facts())
    bench.plant.power = bench.plant.welded = True
    bench.plug("C").run(5000)
    assert "welded" in bench.evse.machine.faults and not bench.point.outputs.coils[0]


def test_a_dead_detector_gets_no_power():
    bench = Bench(facts(**RCD)).run(1500)
    bench.plant.detector_dead = True
    bench.plug("C").run(5000)
    assert not bench.plant.powered and bench.evse.machine.faults == ["rcm"]


def test_the_coil_is_held_with_its_duty_after_it_closed():
    bench = Bench(facts()).run(1500)
    bench.plug("C").until(lambda: bench.point.outputs.coils[0], 3000)
    assert bench.point.outputs.coils == [1000]
    assert bench.run(150).point.outputs.coils == [300]


def test_heat_takes_the_power_away_until_it_is_5_k_less():
    board = facts(temperature={"adc": {"numerator": 1, "denominator": 1, "offset_mv": 0}, "zero_mv": 500, "mv_per_k": 10, "max_c": 85})
    bench = Bench(board)
    bench.plant.temperature_mv = 900
    bench.charge()
    assert bench.hardware.temperature_c == 40
    bench.plant.temperature_mv = 1350
    bench.until(bench.is_off, 200)
    bench.plant.temperature_mv = 1310
    assert bench.run(9000).is_off()
    bench.plant.temperature_mv = 1290
    bench.until(bench.is_on, 9000)


def test_a_stop_button_is_an_emergency_stop():
    bench = Bench(facts(input=[{"use": "stop", "debounce_ms": 20}])).charge()
    pressed = bench.readings
    bench.readings = lambda: with_inputs(pressed(), [True])
    bench.until(bench.is_off, 200)
    assert bench.evse.machine.faults == ["emergency_stop"]


def with_inputs(readings, inputs):
    readings.inputs = inputs
    return readings
