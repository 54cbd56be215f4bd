"""One without a watchdog: a long silence shows whether it keeps its last order."""

from helper_toy import START_MS, Toy, claims

from ampacity.base.rng import Rng
from ampacity.commission.commissioning_run import CommissioningRun
from ampacity.commission.setpoint_hold import HOLD_MS, SetpointHold

LOADED = [(0, 0, 1)]


def silenced(toy, word="next", loaded=LOADED, **more):
    """To its end; the person says `word` when asked. The toy has no watchdog."""
    toy.watchdog_ms = 0
    experiment = SetpointHold(claims(watchdog_ms=0, **more), loaded, 1)
    toy.longest_ms = 0
    for _ in range(HOLD_MS // 200 + 2000):
        if experiment.step(toy.tick(experiment), toy.now_ms):
            return experiment
        if experiment.ask:
            experiment.answer(word)
        if toy.muted:
            toy.longest_ms = toy.now_ms - experiment.silent_since_ms
    raise AssertionError("it does not end")


def codes(experiment):
    return [found["code"] for found in experiment.findings]


def test_a_device_that_keeps_its_order_for_more_than_half_an_hour_counts_with_that_order():
    toy = Toy()
    one = silenced(toy)
    assert one.outcome == "passed" and one.counts == {"holds": 1} and not one.findings
    assert 1860000 <= toy.longest_ms < 1870000 and one.figures["before_da"] == one.figures["after_da"] == 90
    assert one.text == "evse-1 kept its order of 9.0 A for 31 min without communication: from now on this order counts during a loss of communication"


def test_a_device_that_raises_its_current_in_silence_counts_its_maximum_as_before():
    one = silenced(Toy(rises_to=(1500000, 160)))
    assert one.outcome == "passed" and not one.counts and codes(one) == ["not-held"] and one.findings[0]["level"] == "warning"
    assert "9.0 A changed to 16.0 A; its reserve remains its maximum of 16.0 A" in one.text


def test_a_device_that_lowers_its_current_in_silence_proves_nothing():
    one = silenced(Toy(rises_to=(1500000, 60)))
    assert one.outcome == "not done" and not one.counts and "9.0 A fell to 6.0 A within 31 min" in one.text


def test_a_car_that_could_not_take_more_would_hide_a_rise():
    one = silenced(Toy(car_da=95))
    assert one.outcome == "not done" and "draws at most 9.5 A; this test needs 13.0 A" in one.text


def test_with_the_meter_alone_only_a_constant_current_counts():
    assert silenced(Toy(measures=False)).counts == {"holds": 1}
    assert silenced(Toy(measures=False, rises_to=(1500000, 160))).outcome == "not done"
    assert silenced(Toy(measures=False), loaded=[]).outcome == "not done"


def test_a_rising_limit_is_detected_although_the_car_does_not_use_it():
    one = silenced(Toy(car_da=160, rises_to=(1500000, 320)), max_da=320, limit_da=160)
    assert codes(one) == ["not-held"] and not one.counts


def test_without_an_answer_or_with_no_the_maximum_counts_and_the_test_does_not_wait():
    for word, toy in (("no", Toy()), ("no", Toy(car_da=80))):
        one = silenced(toy, word)
        assert one.outcome == "not needed" and "its reserve is its maximum, 16.0 A" in one.text and not toy.longest_ms
    small = silenced(Toy(), limit_da=100)
    assert small.outcome == "not needed" and "too small to tell a change" in small.text


def test_steps_skipped_in_a_run_leave_the_evse_passed():
    toy, asked = Toy(watchdog_ms=0), []
    run = CommissioningRun([claims(watchdog_ms=0)], Rng(5), 3, START_MS)
    while not run.over:
        run.step(toy.tick(run.experiment), toy.now_ms)
        if not run.over and run.experiment.ask:
            asked.append(run.experiment.ask)
            run.command("skip" if run.experiment.name == "silence" else "next", toy.now_ms)
    assert "test for 31 min without communication" in asked[-1]
    result = run.results["evse-1"]
    assert result["outcome"] == "passed" and [row["outcome"] for row in result["steps"] if row["step"] == "silence"] == ["not needed"]


def test_progress_is_reported_during_the_test():
    toy = Toy(watchdog_ms=0)
    run = CommissioningRun([claims(watchdog_ms=0)], Rng(5), 3, START_MS)
    first = last = ""
    while not run.over:
        run.step(toy.tick(run.experiment), toy.now_ms)
        if not run.over and run.experiment.ask:
            run.command("next", toy.now_ms)
        told = "" if run.over else run.experiment.progress()
        first, last = first or told, told or last
    assert first == "silent for 0:00 of 31:00 min" and last.startswith("silent for 30:59")
