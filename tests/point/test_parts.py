"""The parts of the charging point alone: windows, readings, pilot output, lock, detector, contactors, debounce."""

from ampacity.point.contactor_drive import ContactorDrive
from ampacity.point.debounce import Debounce
from ampacity.point.lock_motor import LockMotor
from ampacity.point.pilot_output import PilotOutput
from ampacity.point.pilot_reading import PilotReading
from ampacity.point.residual_current import DAY_MS, ResidualCurrent
from ampacity.point.samples import extremes, spaced
from ampacity.point.supply import PilotSupply

CONTACTOR = {"close_ms": 100, "hold_permille": 1000, "settle_ms": 200}
RCD = {"test": {"pin": 1}, "test_ms": 250, "trip_within_ms": 500, "every": "session"}
LOCK = {"run_ms": 300, "rest_ms": 1000, "tries": 3}


def test_one_wild_sample_in_each_direction_changes_nothing():
    assert extremes([100, 900, 100, 900, 4000, 100, 900, 0], 400, 0) == (900, 100)


def test_samples_behind_an_edge_do_not_count():
    overshoot = [100, 100, 960, 900, 900, 40, 100, 100, 960, 900, 900, 40, 100, 100]
    assert extremes(overshoot, 400, 1) == (900, 100)
    assert extremes(overshoot, 400, 0) == (960, 40)
    assert (spaced(20, 13), spaced(13, 13), spaced(26, 13), spaced(20, 0), spaced(0, 13)) == (2, 1, 2, 0, 0)


def test_a_window_with_too_few_samples_is_none():
    assert extremes([], 400, 0) is None and extremes([1, 2, 3], 400, 0) is None
    assert extremes([100, 900] * 10, 400, 1) is None


def test_a_level_holds_in_the_gaps_between_the_bands():
    reading = PilotReading()
    for high_mv, level in ((12000, "A"), (10500, "A"), (9000, "B"), (10500, "B"), (7500, "B"), (6000, "C"), (7500, "C"), (4500, "C"), (3000, "D")):
        for at_ms in (0, 10):
            reading.take(high_mv, high_mv, at_ms)
        assert reading.level == level, high_mv


def test_readings_that_alternate_count_for_none():
    reading = PilotReading()
    reading.take(12000, 12000, 0)
    for at_ms in range(10, 200, 20):
        reading.take(9000, 9000, at_ms)
        reading.take(6000, 6000, at_ms + 10)
    assert reading.level == "A" and reading.high_mv == 12000 and reading.taken_ms == 0


def test_after_5_percent_a_car_sees_3_s_of_a_steady_pilot_before_a_duty():
    output = PilotOutput()
    assert output.order(("pwm", 266), 0) == ("pwm", 266)
    assert output.order(("pwm", 50), 100) == ("pwm", 50)
    assert output.order(("pwm", 266), 200) == ("x1", 0)
    assert output.order(("pwm", 266), 3199) == ("x1", 0)
    assert output.order(("pwm", 266), 3200) == ("pwm", 266)
    assert output.order(("x1", 0), 3300) == ("x1", 0) and output.order(("pwm", 533), 3400) == ("pwm", 533)


def test_not_available_follows_5_percent_at_once():
    output = PilotOutput()
    output.order(("pwm", 50), 0)
    assert output.order(("f", 0), 10) == ("f", 0)


def test_a_supply_is_bad_after_50_ms_and_good_with_the_first_good_reading():
    supply = PilotSupply()
    assert not supply.good
    for at_ms, plus_mv, minus_mv, good in (
        (0, 12000, -12000, True), (10, 11000, -12000, True), (50, 11000, -12000, True), (60, 11000, -12000, False), (70, 11400, -12600, True),
        (80, 12000, 12000, True), (130, 12000, 12000, False), (140, None, None, True),
    ):
        supply.step(plus_mv, minus_mv, at_ms)
        assert supply.good == good, at_ms


def test_a_lock_motor_runs_rests_and_gives_up_after_its_tries():
    motor, runs, was = LockMotor(LOCK, 0), 0, False
    for at_ms in range(0, 8000, 10):
        motor.step(True, False, True, at_ms)
        runs += motor.lock and not was
        was = motor.lock
    assert runs == 3 and motor.failed and not motor.lock
    motor.step(True, True, True, 8000)
    assert not motor.failed


def test_a_motor_that_cannot_unlock_tries_on_for_less_than_1_percent_of_the_time():
    motor, runs, on_ms, was = LockMotor(LOCK, 0), 0, 0, False
    for at_ms in range(0, 3600000, 10):
        motor.step(False, True, True, at_ms)
        runs += motor.unlock and not was
        was = motor.unlock
        on_ms += 10 if was and at_ms >= 10000 else 0
    assert motor.failed and runs == 3 + 114 and on_ms < 36000, (runs, on_ms)
    for at_ms in range(3600000, 3640000, 10):
        motor.step(False, True, False, at_ms)  # its contactor was not seen open
        assert not motor.unlock
    motor.step(False, False, True, 3640000)
    assert not motor.failed and not motor.unlock


def test_a_sense_that_comes_back_for_moments_still_counts_as_lost():
    for lost_ms, held_ms, fails in ((450, 50, True), (250, 250, True), (20, 20, True), (300, 4000, False), (10, 200, False)):
        motor = LockMotor(LOCK, 0)
        motor.step(True, True, True, 0)
        at_ms, lost = 0, 0
        while at_ms < 30000 and not motor.failed:
            at_ms += 10
            held = at_ms % (lost_ms + held_ms) >= lost_ms
            lost += 0 if held else 10
            motor.step(True, held, True, at_ms)
        assert motor.failed == fails and (lost <= 570 or not fails), (lost_ms, held_ms, lost)


def test_a_new_order_gets_new_tries_and_an_unlock_waits_for_the_contactor():
    motor = LockMotor(LOCK, 0)
    for at_ms in range(0, 3000, 10):
        motor.step(False, True, False, at_ms)
        assert not motor.unlock
    motor.step(False, True, True, 3000)
    assert motor.unlock and not motor.lock


def test_a_motor_that_starts_moves_nothing_in_its_first_second():
    motor = LockMotor(LOCK, 0)
    motor.step(False, True, True, 990)
    assert not motor.unlock
    motor.step(False, True, True, 1000)
    assert motor.unlock


def passed(detector, at_ms):
    """Take it through a test that it passes; ms after it."""
    detector.step(False, True, True, at_ms)
    assert detector.test and not detector.ready
    detector.step(True, True, True, at_ms + 100)
    assert not detector.test and not detector.tripped
    detector.step(False, True, True, at_ms + 130)
    assert detector.ready
    return at_ms + 130


def test_a_detector_is_tested_after_each_plug_in():
    detector = ResidualCurrent(RCD)
    detector.step(False, False, True, 0)
    assert not detector.test and not detector.ready
    now_ms = passed(detector, 10)
    detector.step(False, True, False, now_ms + DAY_MS // 2)
    assert detector.ready
    detector.step(False, False, True, now_ms + DAY_MS // 2 + 10)
    passed(detector, now_ms + DAY_MS // 2 + 20)


def test_a_daily_test_is_not_repeated_by_a_plug_in_and_never_runs_under_load():
    detector = ResidualCurrent(dict(RCD, every="day"))
    now_ms = passed(detector, 10)
    detector.step(False, False, True, now_ms + 10)
    detector.step(False, True, True, now_ms + 20)
    assert detector.ready and not detector.test
    detector.step(False, True, False, now_ms + DAY_MS)
    assert not detector.test
    passed(detector, now_ms + DAY_MS + 10)


def test_a_detector_that_does_not_trip_or_does_not_let_go_has_failed_until_the_next_plug_in():
    for trips in (False, True):
        detector = ResidualCurrent(RCD)
        for at_ms in range(0, 1200, 10):
            detector.step(trips and at_ms > 50, True, True, at_ms)
        assert detector.tripped and not detector.ready and not detector.test
        detector.step(False, False, True, 2500)
        assert detector.tripped
        passed(detector, 2510)


def test_the_test_current_is_off_after_its_time():
    detector = ResidualCurrent(dict(RCD, trip_within_ms=2000))
    for at_ms in range(0, 500, 10):
        detector.step(False, True, True, at_ms)
        assert detector.test == (at_ms < 250)


def test_a_trip_is_shown_for_a_second_after_the_detector_let_go():
    detector = ResidualCurrent(None)
    assert detector.ready
    detector.step(True, True, False, 0)
    detector.step(False, True, True, 990)
    assert detector.tripped
    detector.step(False, True, True, 1000)
    assert not detector.tripped and detector.ready


def test_a_closing_waits_for_the_mains_sense_and_an_opening_for_nothing():
    drive = ContactorDrive([CONTACTOR], [{"settle_ms": 1000}], 0)
    for at_ms in range(0, 1000, 10):
        drive.step([False], [False], at_ms)
        drive.command(True, at_ms)
        assert not drive.closed
    drive.step([False], [False], 1000)
    drive.command(True, 1000)
    assert drive.closed and drive.coil_permille(0, 1000) == 1000
    drive.command(False, 1001)
    assert not drive.closed and drive.coil_permille(0, 1001) == 0


def test_two_contactors_are_closed_when_both_are_and_open_when_both_are():
    drive = ContactorDrive([CONTACTOR, CONTACTOR], [], 0)
    drive.step([False, False], [], 200)
    assert drive.seen is False and drive.may_close
    drive.command(True, 200)
    drive.step([True, False], [], 400)
    assert drive.seen is False
    drive.step([True, True], [], 410)
    assert drive.seen is True
    drive.command(False, 420)
    drive.step([False, True], [], 620)
    assert drive.seen is True and drive.welded and not drive.may_close
    drive.step([False, False], [], 630)
    assert drive.seen is False and drive.may_close


def test_without_feedback_nothing_is_known_and_closing_is_allowed():
    drive = ContactorDrive([CONTACTOR], [], 0)
    drive.step([], [], 200)
    assert drive.seen is None and drive.may_close


def test_an_input_counts_when_it_held_for_its_time():
    button = Debounce(20)
    assert [button.step(on, at_ms) for on, at_ms in ((True, 0), (False, 10), (True, 20), (True, 30), (True, 40), (True, 50))] == [
        False, False, False, False, True, False,
    ]
