"""What one shows while it is paused: known by itself, or believed after a load has shown that it stops."""

from helper_toy import START_MS, claims

from ampacity.commission import papers, verdicts
from ampacity.commission.experiments import Sight
from ampacity.commission.pausing import Pausing


class Station:
    """Shows shows_da while it is off. proves: its pause is proven without any word; able: all else is there. obeys, hungry: its car."""

    def __init__(self, shows_da=160, proves=False, able=True, obeys=True, hungry=True):
        self.shows_da, self.proves, self.able, self.obeys, self.hungry = shows_da, proves, able, obeys, hungry
        self.order_da = self.drawn_da = 0
        self.now_ms = START_MS

    def sight(self, experiment):
        self.now_ms += 500
        believed = self.proves or experiment.tells is not None
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
        return Sight(order_da=self.order_da, plugged=True, amps_da=[self.drawn_da] * 3, amps_ms=self.now_ms, off=off)

    def play(self, word="next", most_s=300):
        experiment = Pausing(claims())
        for _ in range(2 * most_s):
            if experiment.step(self.sight(experiment), self.now_ms):
                return experiment
            if experiment.ask and word:
                experiment.answer(word)
        raise AssertionError("it does not end")


def test_one_that_proves_its_pause_is_written_down_and_asked_nothing():
    station = Station(shows_da=0, proves=True)
    experiment = station.play(word=None)
    assert experiment.outcome == verdicts.PASSED and experiment.tells is None and not experiment.counts and not experiment.findings
    assert experiment.text == "evse-1: while it is paused register limit (101) shows 0.0 A, state 2"


def test_one_that_shows_its_maximum_is_believed_after_a_load_drew_and_stopped():
    experiment = Station().play()
    assert experiment.outcome == verdicts.PASSED and experiment.counts == {"off_shows": "max"} and experiment.tells == "max"
    found = experiment.findings[0]
    assert found["code"] == "off-shows" and found["level"] == "warning" and found["fix"].startswith('off_shows = "max" in its [[evse]]')


def test_one_that_shows_something_else_after_a_load_shows_the_last_limit():
    class Last(Station):
        def sight(self, experiment):
            self.shows_da = self.order_da or self.shows_da
            return Station.sight(self, experiment)

    assert Last().play().counts == {"off_shows": "last"}


def test_one_that_goes_on_is_not_believed():
    class Deaf(Station):
        def sight(self, experiment):
            self.obeys = experiment.tells is None
            return Station.sight(self, experiment)

    experiment = Deaf().play()
    assert experiment.outcome == verdicts.FAILED and experiment.tells is None and not experiment.counts
    assert experiment.findings[0]["code"] == "not-paused"


def test_without_a_load_a_person_or_anything_else_that_proves_it_nothing_is_believed():
    for station, word, outcome in (
        (Station(hungry=False), "next", verdicts.NOT_DONE),
        (Station(), "no", verdicts.NOT_DONE),
        (Station(able=False), "next", "not needed"),
    ):
        experiment = station.play(word)
        assert experiment.outcome == outcome and experiment.tells is None and not experiment.counts, experiment.text


def test_one_that_is_left_out_is_believed_no_more():
    experiment, station = Pausing(claims()), Station()
    while experiment.tells is None:
        experiment.step(station.sight(experiment), station.now_ms)
        if experiment.ask:
            experiment.answer("next")
    experiment.leave("left out by hand")
    assert experiment.tells is None and experiment.outcome == verdicts.NOT_DONE


def test_the_report_says_what_one_shows_whose_pause_needs_no_test():
    off = {"register": "limit", "at": 101, "shown_da": None, "shows": "0", "states": [["state", "B1"]]}
    sheet = {"name": "evse-1", "outcome": "passed", "serial": None, "steps": [], "off": off}
    head = {"site": "yard", "firmware": "1", "began": None, "site_sha256": "0" * 64, "finished": True}
    assert "  while it is paused register limit (101) shows no number, state B1" in papers.report_lines(head, [sheet])
