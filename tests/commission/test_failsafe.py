"""The fail-safe, tested by falling silent; and what is allowed after a restart."""

from helper_toy import Toy, claims, drive, stepping_house

from ampacity.commission.failsafe import FailsafeCheck
from ampacity.commission.power_on import PowerOn

ON_MICROPYTHON_EACH = 4
LOADED = [(0, 0, 1)]


HALF_HOUR_MS = 1800000


def silenced(toy, loaded=LOADED, **more):
    facts = claims(**more)
    return drive(FailsafeCheck(facts, loaded, 1), toy, 900 + 3 * facts["watchdog_ms"] // 1000)


def codes(experiment):
    return [found["code"] for found in experiment.findings]


def test_a_watchdog_that_acts_is_timed_at_the_meter():
    one = silenced(Toy())
    assert one.outcome == "passed" and not one.findings and not one.counts
    assert 10000 <= one.figures["fell_ms"] <= 12500 and one.figures["fallback_da"] == 0
    assert one.figures["before_da"] == 160


def test_a_watchdog_that_does_not_act_counts_as_none():
    one = silenced(Toy(watchdog_ms=0))
    assert one.outcome == "failed" and codes(one) == ["watchdog"] and one.counts == {"distrusted": True}
    assert one.text == ("evse-1 did not fall back after 10.0 s of silence, as its profile declares: "
                        "it is treated as an EVSE without a watchdog (class N): reserve 16.0 A")


def test_a_late_watchdog_counts_with_its_measured_time():
    one = silenced(Toy(watchdog_ms=20000))
    assert codes(one) == ["watchdog-late"] and 21000 <= one.counts["watchdog_ms"] <= 23000


def test_an_early_watchdog_is_a_warning():
    one = silenced(Toy(watchdog_ms=2000))
    assert codes(one) == ["watchdog-early"] and one.outcome == "passed" and one.findings[0]["level"] == "warning"


def test_a_higher_fallback_counts_as_measured():
    one = silenced(Toy(fallback_da=100))
    assert codes(one) == ["fallback"] and one.counts == {"fallback_da": 100}


def test_the_declared_fallback_passes():
    assert not codes(silenced(Toy(fallback_da=60), fallback_da=60))


def test_without_a_meter_the_reading_of_the_device_after_the_silence_decides():
    good = silenced(Toy(), loaded=[])
    assert good.outcome == "passed" and good.figures["fell_ms"] is None
    bad = silenced(Toy(watchdog_ms=0), loaded=[])
    assert bad.counts == {"distrusted": True}


def test_without_any_measurement_the_test_is_not_done():
    one = silenced(Toy(measures=False), loaded=[])
    assert one.outcome == "not done" and "disconnect its bus" in one.text


def test_the_meter_alone_also_shows_fallback_and_failure():
    assert silenced(Toy(measures=False, fallback_da=100)).counts == {"fallback_da": 100}
    assert silenced(Toy(measures=False, watchdog_ms=0)).counts == {"distrusted": True}


def test_a_drop_that_only_the_device_reports_is_not_trusted():
    one = silenced(Toy(), loaded=[(0, 1, 1)])
    assert one.outcome == "not done" and "the meter does not show it, 3 times" in one.text and not one.counts


def test_a_lasting_drop_of_other_load_hides_no_broken_watchdog_if_the_device_measures():
    toy = Toy(watchdog_ms=0)
    toy.house = lambda now_ms: [100 if not toy.muted else 0, 0, 0]
    assert silenced(toy).counts == {"distrusted": True}


def test_with_the_meter_alone_an_unexpected_drop_must_occur_twice():
    toy, silences = Toy(watchdog_ms=0, measures=False), []

    def house(now_ms):
        if toy.muted and (not silences or silences[-1] < now_ms - 60000):
            silences.append(now_ms)
        return [100 if len(silences) != 1 else 20, 0, 0]  # the first time it looks like a fall

    toy.house = house
    one = silenced(toy)
    assert one.counts == {"distrusted": True} and one.figures["tries"] == 3


def test_a_reversed_ct_shows_the_fall_as_a_rise():
    one = silenced(Toy(signs=[-1, 1, 1]), loaded=[(0, 0, -1)])
    assert one.outcome == "passed" and one.figures["fell_ms"] is not None


def test_a_short_drop_of_other_load_is_not_a_drop_of_the_evse():
    toy = Toy()
    began = []

    def house(now_ms):
        if toy.muted and not began:
            began.append(now_ms)
        dip = began and 2000 <= now_ms - began[0] <= 4000
        return [100 - (100 if dip else 0), 0, 0]

    toy.house = house
    one = silenced(toy)
    assert one.outcome == "passed" and one.figures["fell_ms"] >= 10000


def test_fluctuating_other_load_hides_no_broken_watchdog():
    for seed in (1, 2, 3):
        one = silenced(Toy(watchdog_ms=0, house=stepping_house(seed, most_da=60)))
        assert one.outcome != "passed", seed


def test_a_load_that_is_too_small_is_reported():
    one = silenced(Toy(car_da=80), fallback_da=60, min_da=60)
    assert one.outcome == "not done" and "this test needs 10.0 A" in one.text


def test_a_device_that_does_not_recover_is_found():
    toy = Toy()
    experiment = FailsafeCheck(claims(), LOADED, 1)
    for _ in range(3000):
        observed = toy.tick(experiment)
        if experiment.device_da is not None and experiment.traffic == 0:
            observed.state = "silent"
        if experiment.step(observed, toy.now_ms):
            break
    assert codes(experiment) == ["return"] and experiment.outcome == "failed"


def test_a_watchdog_of_half_an_hour_is_awaited_and_timed():
    toy, told = Toy(watchdog_ms=HALF_HOUR_MS), []
    experiment = FailsafeCheck(claims(watchdog_ms=HALF_HOUR_MS), LOADED, 1)
    while not experiment.step(toy.tick(experiment), toy.now_ms):
        if toy.muted and experiment.progress() not in told[-1:]:
            told.append(experiment.progress())
    assert experiment.outcome == "passed" and not experiment.findings
    assert HALF_HOUR_MS <= experiment.figures["fell_ms"] <= HALF_HOUR_MS + 15000
    assert "silent for 29:59 of 33:08 min" in told


def test_a_watchdog_of_half_an_hour_that_does_not_act_fails_soon_after_its_time():
    began_ms, toy = Toy().now_ms, Toy(watchdog_ms=0)
    one = silenced(toy, watchdog_ms=HALF_HOUR_MS)
    assert one.counts == {"distrusted": True} and one.figures["tries"] == 1
    assert HALF_HOUR_MS * 11 // 10 < toy.now_ms - began_ms < HALF_HOUR_MS * 11 // 10 + 180000
    assert silenced(Toy(watchdog_ms=0, measures=False), watchdog_ms=400000).counts == {"distrusted": True}


def test_a_car_that_is_full_before_a_long_time_is_over_shows_no_watchdog():
    toy = Toy(watchdog_ms=HALF_HOUR_MS)
    toy.house = lambda now_ms: [10 if toy.plugged else 11, 20, 10]
    experiment = FailsafeCheck(claims(watchdog_ms=HALF_HOUR_MS), LOADED, 1)
    while not experiment.step(toy.tick(experiment), toy.now_ms):
        toy.plugged = not toy.muted or toy.now_ms - experiment.silent_since_ms < 300000
    assert experiment.outcome == "not done" and "car full" in experiment.text and not experiment.counts


class Restless(Toy):
    """Its watchdog never acts. Its load draws for draws_s and rests for rests_s by itself, from its start on or from each raise."""

    def __init__(self, draws_s, rests_s, anew, **more):
        Toy.__init__(self, watchdog_ms=0, **more)
        self.draws_ms, self.rests_ms, self.anew = draws_s * 1000, rests_s * 1000, anew
        self.on_ms, self.before_da = None, 0

    def _draw(self):
        limit_da = self.limit_da()
        if limit_da and (self.on_ms is None or (self.anew and limit_da > self.before_da)):
            self.on_ms = self.now_ms
        self.before_da = limit_da
        self.car_da = 320 if self.on_ms is None or (self.now_ms - self.on_ms) % (self.draws_ms + self.rests_ms) < self.draws_ms else 0
        Toy._draw(self)


def test_a_load_that_stops_by_itself_never_shows_a_watchdog():
    for draws_s in (12, 16, 19, 21, 23, 25, 28, 33, 40, 60):
        for rests_s in (3, 20, 40, 90):
            for anew in (False, True):
                for measures, loaded in ((True, LOADED), (False, LOADED), (True, [])):
                    one = silenced(Restless(draws_s, rests_s, anew, measures=measures), loaded)
                    assert one.outcome != "passed" and not codes(one)[1:], (draws_s, rests_s, anew, measures, loaded)
                    assert one.counts in ({}, {"distrusted": True}), (draws_s, rests_s, anew, measures, loaded)


def test_a_load_that_comes_and_goes_shows_no_watchdog_of_half_an_hour():
    for draws_s, rests_s in ((60, 60), (100, 200), (590, 60), (200, 300)):
        one = silenced(Restless(draws_s, rests_s, True), watchdog_ms=HALF_HOUR_MS)
        assert one.outcome != "passed" and one.counts in ({}, {"distrusted": True}), (draws_s, rests_s)


def test_a_load_that_draws_no_more_after_a_silence_shows_no_watchdog():
    for watchdog_ms in (10000, HALF_HOUR_MS):
        toy, silences = Toy(watchdog_ms=watchdog_ms), []
        experiment = FailsafeCheck(claims(watchdog_ms=watchdog_ms), LOADED, 1)
        over = False
        while not over:
            over = experiment.step(toy.tick(experiment), toy.now_ms)
            if toy.muted and experiment.silent_since_ms not in silences:
                silences.append(experiment.silent_since_ms)
            full = toy.muted and len(silences) == (2 if watchdog_ms == 10000 else 1) and not toy.limit_da()
            toy.car_da = 0 if full or not toy.car_da else 320
        assert experiment.outcome == "not done" and "did not resume" in experiment.text and not experiment.counts, watchdog_ms


def test_a_silence_ends_at_once_where_the_site_needs_the_current_back():
    for watchdog_ms, tries in ((10000, 3), (HALF_HOUR_MS, 1)):
        toy, silences = Toy(watchdog_ms=HALF_HOUR_MS), []
        experiment = FailsafeCheck(claims(watchdog_ms=watchdog_ms), LOADED, 1)
        over = False
        while not over:
            observed = toy.tick(experiment)
            observed.pressed = toy.muted and toy.now_ms - experiment.silent_since_ms >= 2000
            over = experiment.step(observed, toy.now_ms)
            if observed.pressed:
                assert experiment.traffic == 0
                silences.append(toy.now_ms)
        assert len(silences) == tries and experiment.outcome == "not done" and "needed its current" in experiment.text


def powered(toy, allows_da, off=True, **more):
    """A person switches it off, and on again; it allows allows_da then."""
    experiment = PowerOn(claims(power_on_source="declared", **more), LOADED, 1)
    for _ in range(6000):
        if experiment.ask and toy.muted:
            muted_s = (toy.now_ms - experiment.silent_since_ms) // 1000
            toy.power = not (off and 5 <= muted_s < 15)
            toy.watchdog_ms, toy.spoken_ms, toy.fallback_da = 1, 0, allows_da if muted_s >= 15 else toy.order_da
            if muted_s >= 60:
                experiment.answer("next")
        elif experiment.traffic == 0 and experiment.device_da is not None:
            toy.watchdog_ms = 10000
        if experiment.step(toy.tick(experiment), toy.now_ms):
            return experiment
    raise AssertionError("it does not end")


def test_a_declared_power_on_value_is_confirmed():
    one = powered(Toy(), 0)
    assert one.outcome == "passed" and one.counts == {"power_on_da": 0} and one.figures["seen_da"] == 0


def test_a_device_without_watchdog_that_may_fall_back_to_its_maximum_is_still_power_cycled():
    one = powered(Toy(), 0, fallback_da=160)
    assert one.outcome == "passed" and one.counts == {"power_on_da": 0}


def test_a_higher_power_on_value_counts_as_measured():
    one = powered(Toy(), 100)
    assert one.outcome == "failed" and codes(one) == ["power-on"] and one.counts == {"power_on_da": 100}


def test_a_device_that_allows_the_full_current_of_its_car_counts_its_maximum():
    one = powered(Toy(), 160, max_da=320)
    assert one.counts == {"power_on_da": 320}


def test_a_unit_that_was_not_switched_off_proves_nothing():
    one = powered(Toy(), 160, off=False)
    assert one.outcome == "not done" and "its restart was not observed" in one.text


def test_a_car_that_stays_off_proves_nothing_about_a_power_on_value():
    class Full(Toy):
        def _draw(self):
            self.car_da = 320 if self.power and self.car_da else 0
            Toy._draw(self)

    one = powered(Full(), 0)
    assert one.outcome == "not done" and "did not resume" in one.text and not one.counts


def test_a_car_that_needs_longer_than_the_allowed_time_proves_nothing_about_a_power_on_value():
    class Sleepy(Toy):
        off_ms = None

        def _draw(self):
            if not self.power:
                self.off_ms = self.now_ms
            self.car_da = 0 if self.off_ms and self.now_ms - self.off_ms < 130000 else 320
            Toy._draw(self)

    one = powered(Sleepy(), 160)
    assert one.outcome == "not done" and not one.counts
