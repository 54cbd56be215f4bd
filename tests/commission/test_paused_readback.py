"""What one shows while it is paused: known by itself, or believed after a load has shown that it stops."""

from helper_toy import START_MS, claims

from ampacity.commission import findings as finding_texts
from ampacity.commission import report
from ampacity.commission.experiments import Observation
from ampacity.commission.paused_readback import PausedReadback


class Station:
    """Shows shows_da while it is off. proves: its pause is proven without any word; able: all else is there. obeys, hungry: its car."""

    def __init__(self, shows_da=160, proves=False, able=True, obeys=True, hungry=True):
        self.shows_da, self.proves, self.able, self.obeys, self.hungry = shows_da, proves, able, obeys, hungry
        self.order_da = self.drawn_da = 0
        self.now_ms = START_MS

    def observed(self, experiment):
        self.now_ms += 500
        believed = self.proves or experiment.declares is not None
        if experiment.wish_da is not None and (not experiment.wish_da or believed):
            self.order_da = experiment.wish_da
        if self.order_da or self.obeys:
            self.drawn_da = self.order_da if self.hungry else 0
        still = not self.drawn_da
        off = None
        if not self.order_da:
            shows = "0" if self.shows_da <= 0 else "least" if self.shows_da <= 60 else "max" if self.shows_da >= 160 else "last"
            off = {"register": "limit", "at": 101, "shown_da": self.shows_da, "shows": shows, "states": [["state", 2]],
                   "proven": self.proves or (believed and still), "able": self.able and still}
        return Observation(order_da=self.order_da, plugged=True, amps_da=[self.drawn_da] * 3, amps_ms=self.now_ms, off=off)

    def play(self, word="next", most_s=900):
        experiment = PausedReadback(claims())
        for _ in range(2 * most_s):
            if experiment.step(self.observed(experiment), self.now_ms):
                return experiment
            if experiment.ask and word:
                experiment.answer(word)
        raise AssertionError("it does not end")


def test_a_device_that_proves_its_pause_is_recorded_without_a_test():
    station = Station(shows_da=0, proves=True)
    experiment = station.play(word=None)
    assert experiment.outcome == finding_texts.PASSED and experiment.declares is None and not experiment.counts and not experiment.findings
    assert experiment.text == "evse-1: while it is paused register limit (101) shows 0.0 A, state 2"


def test_a_pause_with_the_maximum_shown_is_trusted_after_a_load_drew_and_stopped():
    experiment = Station().play()
    assert experiment.outcome == finding_texts.PASSED and experiment.counts == {"off_shows": "max"} and experiment.declares == "max"
    found = experiment.findings[0]
    assert found["code"] == "off-shows" and found["level"] == "warning" and found["fix"].startswith('off_shows = "max" in its [[evse]]')


def test_a_device_that_shows_another_value_after_a_load_shows_its_last_limit():
    class Last(Station):
        def observed(self, experiment):
            self.shows_da = self.order_da or self.shows_da
            return Station.observed(self, experiment)

    assert Last().play().counts == {"off_shows": "last"}


def test_a_device_that_continues_to_charge_is_not_trusted():
    class GoesOn(Station):
        def observed(self, experiment):
            self.obeys = experiment.declares is None
            return Station.observed(self, experiment)

    experiment = GoesOn().play()
    assert experiment.outcome == finding_texts.FAILED and experiment.declares is None and not experiment.counts
    assert experiment.findings[0]["code"] == "not-paused"


class Deaf(Station):
    """Acknowledges pauses and obeys none. Its load takes 6 A for draws_ms and rests for rests_ms by itself, from the first enable on or
    from each."""

    def __init__(self, draws_ms, rests_ms, anew):
        Station.__init__(self)
        self.draws_ms, self.rests_ms, self.anew = draws_ms, rests_ms, anew
        self.on_ms = None

    def observed(self, experiment):
        self.now_ms += 500
        before_da = self.order_da
        if experiment.wish_da is not None:
            self.order_da = experiment.wish_da
        if self.order_da and (self.on_ms is None or (self.anew and not before_da)):
            self.on_ms = self.now_ms
        flows = self.on_ms is not None and (self.now_ms - self.on_ms) % (self.draws_ms + self.rests_ms) < self.draws_ms
        drawn_da, off = 60 if flows else 0, None
        if not self.order_da:
            off = {"register": "limit", "at": 101, "shown_da": 160, "shows": "max", "states": [["state", 2]],
                   "proven": experiment.declares is not None and not drawn_da, "able": not drawn_da}
        return Observation(order_da=self.order_da, plugged=True, amps_da=[drawn_da] * 3, amps_ms=self.now_ms, off=off)


def test_a_load_that_stops_by_itself_never_shows_that_a_pause_is_obeyed():
    for rests_ms in (2000, 8000, 25000, 60000, 100000):
        for draws_ms in (1000, 5000, 10000, 15000, 20000, 25000, 30000, 40000, 50000, 70000, 90000):
            for anew in (False, True):
                experiment = Deaf(draws_ms, rests_ms, anew).play()
                assert experiment.outcome != finding_texts.PASSED and not experiment.counts, (draws_ms, rests_ms, anew)
                assert experiment.declares is None, (draws_ms, rests_ms, anew)


def test_a_load_that_draws_no_more_after_its_pause_shows_nothing():
    class Full(Station):
        def observed(self, experiment):
            self.hungry = self.hungry and not (self.drawn_da and experiment.wish_da == 0)
            return Station.observed(self, experiment)

    experiment = Full().play()
    assert experiment.outcome == finding_texts.NOT_DONE and not experiment.counts and "repeat the test with a constant load" in experiment.text


def test_a_car_that_is_slow_to_charge_again_and_rests_once_is_load_enough():
    class Slow(Station):
        woken_ms = rested_ms = None

        def observed(self, experiment):
            if not self.order_da or self.woken_ms is None:
                self.woken_ms = self.now_ms + 40000
            rests = 8000 <= self.now_ms - self.woken_ms < 14000 and self.rested_ms in (None, self.woken_ms)
            self.rested_ms = self.woken_ms if rests else self.rested_ms
            self.hungry = self.now_ms >= self.woken_ms and not rests
            return Station.observed(self, experiment)

    experiment = Slow().play()
    assert experiment.outcome == finding_texts.PASSED and experiment.counts == {"off_shows": "max"}, experiment.text


def test_without_a_load_a_person_or_other_proof_nothing_is_trusted():
    for station, word, outcome in (
        (Station(hungry=False), "next", finding_texts.NOT_DONE),
        (Station(), "no", finding_texts.NOT_DONE),
        (Station(able=False), "next", "not needed"),
    ):
        experiment = station.play(word)
        assert experiment.outcome == outcome and experiment.declares is None and not experiment.counts, experiment.text


def test_a_skipped_device_is_no_longer_trusted():
    experiment, station = PausedReadback(claims()), Station()
    while experiment.declares is None:
        experiment.step(station.observed(experiment), station.now_ms)
        if experiment.ask:
            experiment.answer("next")
    experiment.leave("skipped by the installer")
    assert experiment.declares is None and experiment.outcome == finding_texts.NOT_DONE


def test_the_report_names_the_value_of_a_device_whose_pause_needs_no_test():
    off = {"register": "limit", "at": 101, "shown_da": None, "shows": "0", "states": [["state", "B1"]]}
    sheet = {"name": "evse-1", "outcome": "passed", "serial": None, "steps": [], "off": off}
    head = {"site": "yard", "firmware": "1", "began": None, "site_sha256": "0" * 64, "finished": True}
    assert "  while it is paused register limit (101) shows no number, state B1" in report.report_lines(head, [sheet])
