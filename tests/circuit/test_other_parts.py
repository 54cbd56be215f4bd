"""Section 3, part by part: what one frame shows, what a circuit passes up, what is kept of a day, and what is told."""

from helper_circuit import circuit, evse, meter_facts
from life import Life

from ampacity.circuit.trusted.metering.other_load import OtherLoad
from check import raises

QUARTER_MS = 6 * 3600000


class Metered(Life):
    """A ledger whose clock begins at 0, with other load; the meter's frames are its phases' sums."""

    def __init__(self, *evses, meters=1, meter=None, **more):
        Life.__init__(self, *(evses or (evse(),)), **more)
        self.site.meters[:] = [dict(meter_facts(), **(meter or {})) for _ in range(meters)]
        self.other = OtherLoad(self, 0, {"evses": [], "meters": self.site.meters})
        self.mark = 0

    def frame(self, *amps_da, meter=0, now_ms=None, mark=None):
        self.mark += 1
        self.other.meter(meter, list(amps_da), self.mark if mark is None else mark, self.now_ms if now_ms is None else now_ms)
        return self

    def read(self, e, *amps_da):
        self.intake.measured(e, list(amps_da), self.now_ms, self.now_ms)
        self.other.evse_measured(e, self.now_ms, self.now_ms)
        return self

    def later(self, ms=1000):
        self.now_ms += ms
        self.other.tick(self.now_ms)
        return self

    def live(self, frames, *amps_da):
        for _ in range(frames):
            self.frame(*amps_da)
            self.later()
        return self

    @property
    def view(self):
        return self.other.metered[0]


def metered(assumed=0, rating=400, generation=0, evses=None, **more):
    """One EVSE at 0 below the meter of the root."""
    life = Metered(*(evses or (evse(),)), circuits=[circuit(rating=rating, assumed=assumed, meter=0, generation=generation)], **more)
    for e in range(len(life.evse_states)):
        life.stand(0, e)
    return life


def test_a_meter_that_never_answered_counts_the_assumption():
    life = metered(assumed=50).later()
    assert life.view.state == "lost" and life.view.reason == "no answer since start"
    assert life.other_da == [50] * 3 == life.low_other_da == life.other.shown_da
    assert not life.other.all_ok() and life.other.states == ["lost"] and life.events.kept[-1][1] != "meter"
    assert metered().live(4, 1, 1, 1).other.all_ok()
    assert Metered(evse(), meters=0).other.all_ok() and Metered(evse(), meters=0).other.states == ["none"]


def test_other_load_has_a_value_for_raises_one_for_lowers_and_one_for_people():
    life = metered().live(4, 100, 110, 120)
    assert life.view.state == "ok" and life.other_da == [100, 110, 120] == life.low_other_da == life.other.shown_da
    assert life.other.over_da == [0, 0, 0] and not life.other.over
    assert [kind for _, kind, _ in life.events.kept].count("meter") == 1 and "meter ok" in life.events.kept[-4][2] + life.events.kept[-1][2]
    life = metered(generation=30).live(4, 100, 10, -20)
    assert life.other_da == [130, 40, 10]


def test_a_meter_above_the_rating_is_seen_by_phase():
    life = metered().live(4, 100, 100, 100)
    life.frame(100, 401, 100).later(100)
    assert life.other.over and life.other.over_da == [0, 401, 0] and life.low_other_da == [100, 401, 100]
    life.frame(100, 400, 100).later(100)
    assert not life.other.over and life.other.over_da == [0, 0, 0]


def test_circuits_below_pass_their_readings_upward():
    circuits = [circuit("main"), circuit("a", 0, meter=0), circuit("b", 0, assumed=30), circuit("c", 1, assumed=5)]
    life = Metered(evse(), circuits=circuits)
    for _ in range(4):
        life.frame(10, 20, 30).later()
    assert life.other.shown_da == [40, 50, 60, 10, 20, 30, 30, 30, 30, 5, 5, 5]
    assert life.other.below_da[:3] == [40, 50, 60]
    life.later(10000)
    assert life.view.state == "lost" and life.other.shown_da[:6] == [50 - 10 + 0, 50, 60, 10, 20, 30]


def test_a_meter_of_one_phase_leaves_the_others_to_the_assumption():
    life = Metered(evse(), circuits=[circuit(meter=0, assumed=70)], meter={"phases": [2]})
    for _ in range(4):
        life.frame(15).later()
    assert life.view.state == "ok" and life.other_da == [70, 70, 15]
    life.frame(15, 15)
    assert life.view.state == "lost", "two values for one input"


def test_the_greatest_of_the_last_day_counts_when_the_meter_is_lost():
    life = metered(assumed=20).live(3, 85, 10, 10)
    assert life.other.greatest_da == [90, 10, 10] and life.other.seen_da[0] == [85, 10, 10]
    version = life.journal_barrier.version
    life.live(3, 90, 10, 10)
    assert life.journal_barrier.version == version and life.other.greatest_da[0] == 90, "no more than is in the journal already"
    life.live(3, 91, 10, 10)
    assert life.journal_barrier.version > version and life.other.greatest_da[0] == 100
    life.assumed_da[:] = [20] * 3
    life.later(6000)
    assert life.view.state == "lost" and life.other_da == [91, 20, 20]
    for turn in range(1, 5):
        life.now_ms = turn * QUARTER_MS
        life.other.tick(life.now_ms - 1)
        life.other.tick(life.now_ms)
        assert life.other.seen_da[turn][0] == 91 and life.other.seen_da[0] == [0, 0,
            0] and life.other_da[0] == 91 and life.other.greatest_da[0] == 100
    life.other.tick(5 * QUARTER_MS - 1)
    assert life.other_da[0] == 91
    life.other.tick(5 * QUARTER_MS)
    assert life.other_da == [20] * 3 and life.other.greatest_da == [0] * 3


def test_a_quarter_of_a_day_forgives_a_meter_no_failure_at_once():
    life = metered()
    life.view.trust.failed("x")
    life.other.tick(QUARTER_MS - 1)
    assert life.view.trust.blame[0] == 12
    life.other.tick(QUARTER_MS)
    assert life.view.trust.blame == [0, 12, 0, 0, 0]


def test_an_excess_above_the_assumption_is_reported_at_each_ampere_and_passed_upward():
    circuits = [circuit("main", assumed=60), circuit("a", 0, meter=0, assumed=20), circuit("b", 0, assumed=30)]
    life = Metered(evse(), circuits=circuits)
    life.live(4, 29, 10, 10)
    assert life.assumed_da == [60, 60, 60, 29, 20, 20, 30, 30, 30] and "assumed" not in life.told()
    version = life.journal_barrier.version
    life.live(4, 36, 10, 10)
    assert life.assumed_da[:4] == [66, 60, 60, 36] and life.other.alarm_da[:4] == [60, 60, 60, 36]
    assert [text for _, kind, text in life.events.kept if kind == "assumed"] == ["a L1: other load 3.6 A exceeds the assumption"]
    assert life.journal_barrier.version > version
    life.live(4, 45, 10, 10)
    assert [text for _, kind, text in life.events.kept if kind == "assumed"][1:] == ["main L1: other load 7.5 A exceeds the assumption"]
    life.other.confirm_assumed(1)
    assert life.assumed_da == [60, 60, 60, 20, 20, 20, 30, 30, 30] == life.other.alarm_da
    life.assumed_da[:] = [99] * 9
    life.other.confirm_assumed(0)
    assert life.assumed_da == [198] * 3 + [99] * 6, "no less than what is assumed below"


def test_an_assumption_below_a_metered_circuit_is_covered_by_its_meter():
    circuits = [circuit("main", meter=1), circuit("a", 0, meter=0, assumed=20)]
    life = Metered(evse(), circuits=circuits, meters=2)
    for _ in range(4):
        life.frame(50, 10, 10).frame(60, 60, 60, meter=1).later()
    assert life.assumed_da[3] == 50 and life.assumed_da[0] == 20 and life.other.shown_da[:3] == [60] * 3
    life.assumed_da[0] = 77
    life.other.confirm_assumed(1)
    assert life.assumed_da == [77, 20, 20, 20, 20, 20]


def distrusted(shown=80):
    life = metered(assumed=20).live(4, 30, 30, 30)
    life.view.trust.require_steps(0, 0, life.now_ms)
    life.view.trust.failed("did not follow")
    life.later(10)
    life.view._lose("lost", "did not follow")
    life.frame(shown, 30, 30).later(10)
    return life


def test_a_working_but_untrusted_meter_still_shows_load_that_no_evse_can_cause():
    life = distrusted()
    assert life.view.state == "lost" and life.other_da == [80, 30, 30] and life.other.shown_da[0] == 80
    raw_ms = life.view.raw_ms
    life.other.tick(raw_ms + 5000)
    assert life.other_da[0] == 80
    life.other.tick(raw_ms + 5001)
    assert life.other_da[0] == 30, "what a dead one showed last is not other load"
    life = distrusted()
    life.view.trust.reset()
    life.other.tick(life.now_ms)
    assert life.other_da[0] == 30, "one that is believed and lost counts the greatest of the day"
    life = metered(assumed=20)
    life.view.trust.require_steps(0, 0, 0)
    life.view.certain_da = [99] * 3
    life.other.tick(0)
    assert life.other_da == [20] * 3, "never heard"


def test_distrust_of_a_meter_is_reported_and_stored_once():
    life = metered().live(4, 10, 10, 10)
    version, told = life.journal_barrier.version, len(life.events.kept)
    life.view.trust.failed("did not follow")
    life.later(10)
    assert life.journal_barrier.version == version + 1 and life.view.trust.unsaved_failures == 0 and len(life.events.kept) == told
    life.later(10)
    assert life.journal_barrier.version == version + 1
    for _ in range(2):
        life.view.trust.failed("did not follow")
    life.later(10)
    assert life.events.kept[-1][1:] == ("alarm", "main: meter did not follow, third time within 24 h: inspection required; "
        "inspect it, its CTs and the `phases` of the EVSEs, then `trust main` at the console")
    life.other.inspected(0, life.now_ms)
    assert life.events.kept[-1][1] == "meter" and life.view.trust.dump() is None and not life.view.complete
    count = len(life.events.kept)
    Metered(evse(), meters=0).other.inspected(0, 0)
    assert len(life.events.kept) == count


def test_states_are_reported_when_they_change():
    life = metered().live(4, 10, 10, 10)
    told = [text for _, kind, text in life.events.kept if kind == "meter"]
    assert told == ["main: meter ok"]
    life.later(4000)
    assert len([1 for kind in life.told() if kind == "meter"]) == 1
    life.later(1001).later(10)
    assert [text for _, kind, text in life.events.kept if kind == "meter"][1:] == ["main: meter lost, no frame for 5000 ms"]


def test_the_day_of_a_meter_outlives_a_restart_in_whole_amperes():
    life = metered(assumed=20).live(4, 85, 10, 10)
    kept = life.other.records.dump()["meters"]
    assert sorted(kept) == ["main"] and kept["main"]["seen"][0] == [90, 10, 10] and len(kept["main"]["seen"]) == 5
    again = metered(assumed=20)
    again.other.records.load({"meters": kept}, [], {"evses": []})
    again.later()
    assert again.other_da == [90, 20, 20] and again.other.greatest_da == [90, 10, 10]
    version, again.assumed_da[:] = again.journal_barrier.version, [100] * 3
    again.live(4, 89, 10, 10)
    assert again.other.seen_da[0][0] == 90 and again.journal_barrier.version == version
    for seen in (None, [[500] * 3] * 4, {"a": 1}, "12345", [[500] * 2] * 5, [["x"] * 3] * 5, [500] * 5):
        other = metered(assumed=20)
        other.other.records.load({"meters": {"main": {"seen": seen}}}, [], {"evses": []})
        assert other.later().other_da == [20] * 3, seen
    for wrong in (None, [], {"main": 3}, {"other": 3}):
        other = metered(assumed=20)
        other.other.records.load({"meters": wrong}, [], {"evses": []})
        assert other.later().other_da == [20] * 3


# one meter

def test_an_impossible_frame_loses_the_meter_at_once():
    for amps_da, state in (([3000, 10, 10], "ok"), ([-3000, 10, 10], "lost"), ([3001, 10, 10], "lost"), ([10, 10], "lost"), (None, "lost")):
        life = metered().live(4, 10, 10, 10)
        life.other.meter(0, amps_da, 99, life.now_ms)
        assert life.view.state == state, amps_da
        assert (life.view.raw_ms == -1) == (state == "lost" and (amps_da is None or len(amps_da) == 2 or amps_da[0] > 3000))
    life = Metered(evse(), circuits=[dict(circuit(meter=0), rating_da=[200, 400, 100])])
    life.live(4, 3000, 10, 10)
    assert life.view.raw_da == [3000, 10, 10], "beyond what the greatest of its phases can show"


def test_ages_end_in_a_state_within_their_limit():
    for facts, timeout_ms, frozen_ms in (({}, 5000, 5000), ({"timeout_ms": 2000}, 2000, 5000), ({"frozen_ms": 3000}, 5000, 3000),
        ({"timeout_ms": None}, 5000, 5000)):
        life = metered(meter=facts).live(4, 10, 10, 10)
        last_ms = life.view.raw_ms
        life.view.mark_ms = 10**9
        life.other.tick(last_ms + timeout_ms)
        assert life.view.state == "ok"
        life.other.tick(last_ms + timeout_ms + 1)
        assert life.view.state == "lost" and life.view.reason == "no frame for %d ms" % timeout_ms
        life = metered(meter=facts).live(4, 10, 10, 10)
        mark_ms = life.view.mark_ms
        life.view.raw_ms = 10**9
        life.other.tick(mark_ms + frozen_ms)
        assert life.view.state == "ok"
        life.other.tick(mark_ms + frozen_ms + 1)
        assert life.view.state == "frozen" and life.view.reason == "no bit has changed for %d ms" % frozen_ms
    life = metered(meter={"coarse": True}).live(4, 10, 10, 10)
    life.view.raw_ms = 10**9
    life.other.tick(10**8)
    assert life.view.state == "ok"


def test_two_frames_that_are_missed_are_two_and_a_half_periods():
    life = metered().live(4, 10, 10, 10)
    assert life.view.period_ms == 1000
    for after_ms, missed in ((2500, False), (2501, True)):
        life.other.tick(life.view.raw_ms + after_ms)
        assert life.margin.no_raise == [missed]
    life.live(4, 10, 10, 10)
    for _ in range(3):
        life.frame(10, 10, 10, now_ms=life.view.raw_ms + 200)
    assert life.view.period_ms == ((1000 * 3 + 200) // 4 * 3 + 200) // 4 * 3 // 4 + 50
    for _ in range(40):
        life.frame(10, 10, 10, now_ms=life.view.raw_ms + 10)
    assert life.view.period_ms == 100
    life.frame(10, 10, 10, now_ms=life.view.raw_ms + 10**6)
    assert life.view.period_ms == (300 + 5000) // 4, "no longer than its timeout"
    life.view.state = "lost"
    assert not life.view.missed_two(10**9), "one that is lost holds nobody back by that"


def test_a_frame_that_repeats_the_last_one_is_no_reading_of_a_meter_that_is_not_coarse():
    for coarse, shown in ((False, 100), (True, 170)):
        life = metered(meter={"coarse": coarse}).live(4, 100, 100, 100)
        life.frame(170, 170, 170, mark=life.mark)
        assert life.view.raw_da[0] == shown and life.view.raw_ms == life.now_ms
    life = metered()
    life.frame(100, 100, 100, mark=-1, now_ms=0)
    assert life.view.raw_da[0] == 100, "before the first frame there is none that it could repeat"
    life.frame(110, 110, 110, mark=-1, now_ms=1)
    assert life.view.raw_da[0] == 100, "it came in the first millisecond of the clock"


def test_the_current_of_the_evses_is_subtracted_while_their_readings_are_fresh():
    for age_ms, other_da in ((5000, 140), (5001, 200)):
        life = metered()
        life.stand(100)
        life.intake.measured(0, [60, 60, 60], life.now_ms, life.now_ms)
        life.now_ms += age_ms
        life.frame(200, 200, 200)
        assert life.view.quick_da == [other_da] * 3 and life.view.certain_da == [100] * 3
    life = metered(evses=(evse(terminals=[[1]]),))
    life.stand(100)
    life.intake.measured(0, [60], life.now_ms, life.now_ms)
    life.frame(200, 200, 200)
    assert life.view.quick_da == [200, 140, 200] and life.view.certain_da == [200, 100, 200]


def test_a_frame_is_checked_when_each_drawing_evse_was_read_after_it():
    life = metered(evses=(evse(), evse("b")))
    for e in (0, 1):
        life.stand(100, e)
    for _ in range(3):
        for e in (0, 1):
            life.read(e, 50, 50, 50)
        life.later(1000)
    for e in (0, 1):
        life.read(e, 50, 50, 50)
    life.later(100).frame(300, 300, 300)
    assert life.view.open and life.view.waiting_count == 2
    life.later(10).read(0, 60, 60, 60)
    assert life.view.open
    life.other.evse_measured(0, life.now_ms, life.now_ms)
    assert life.view.open, "once is enough"
    life.read(1, 50, 50, 50)
    assert not life.view.open and life.view.high_da == [300 - 100] * 3 and life.view.low_da == [300 - 110] * 3
    assert life.view.tight_da == [200] * 3 and life.view.seen_da == [190] * 3


def test_a_frame_waits_three_seconds_for_silent_evses():
    life = metered()
    life.stand(100)
    life.read(0, 50, 50, 50).later(100).frame(300, 300, 300)
    frame_ms = life.now_ms
    life.other.tick(frame_ms + 3000)
    assert life.view.open
    life.other.tick(frame_ms + 3001)
    assert not life.view.open and life.view.high_da == [300] * 3 and life.view.low_da == [200] * 3 and life.view.tight_da == [200] * 3


def test_a_frame_does_not_wait_for_an_evse_that_cannot_draw():
    life = metered()
    life.read(0, 0, 0, 0).later(100).frame(300, 300, 300)
    assert life.s.bound_da == 0 and not life.view.open and life.view.high_da == [300] * 3


def test_feed_in_and_sign_are_plausible_within_an_ampere_or_a_twentieth():
    for shown_da, ours_da, generation, believed in ((-10, 0, 0, True), (-11, 0, 0, False), (90, 100, 0, True), (89, 100, 0, False),
                                                    (280, 300, 0, True), (300 - 15, 300, 0, True), (-110, 0, 100, True),
                                                        (-111, 0, 100, False)):  # fmt: skip
        life = metered(generation=generation, rating=1000, evses=(evse(max_da=320, limit_da=320),))
        life.stand(ours_da)
        life.live(1, 10 + ours_da, 10 + ours_da, 10 + ours_da)
        life.view.past.advance(0, life.now_ms + 10**6)
        life.view.past.advance(0, life.now_ms + 2 * 10**6)
        life.view.lo, life.view.hi = [ours_da] * 3, [ours_da] * 3
        life.view.frame_da = [shown_da] * 3
        life.view._judge(life.now_ms)
        assert life.view.trust.has_missing_steps() != believed or shown_da == 280, (shown_da, ours_da, generation)


def test_a_confirmation_by_a_person_restarts_the_meter_trust():
    life = distrusted()
    life.view.inspected()
    assert not life.view.complete and not life.view.open and life.view.trust.is_trusted(life.now_ms) and life.view.steps.ref_ms == -1
    life.live(2, 30, 30, 30)
    assert life.view.state == "ok" and life.view.reason == ""


def test_a_step_of_the_evses_would_help_a_working_meter_that_needs_evidence():
    life = distrusted()
    mark_ms = life.view.mark_ms
    assert [life.view.needs_step(p, mark_ms + 5000) for p in range(3)] == [True, False, False]
    assert not life.view.needs_step(0, mark_ms + 5001)
    life.view.raw_ms = -1
    assert not life.view.needs_step(0, mark_ms)


def test_only_phases_loaded_by_an_evse_need_evidence():
    life = metered(evses=(evse(terminals=[[1]]), evse("b", terminals=[[1, 2]])))
    assert life.view.trust.loaded == [False, True, True] and life.view.mult == [0, 1, 0, 0, 1, 1]
    other = Metered(evse(circuit=1), circuits=[circuit(), circuit("a", 0), circuit("b", 0, meter=0)])
    assert other.view.trust.loaded == [False] * 3 and other.view.place == [-1] and other.view.base == 6
    other.read(0, 10, 10, 10)
    with raises(IndexError):
        other.evse_states[5]


def test_without_other_load_none_is_detected():
    life = metered().live(4, 0, 0, 0)
    assert life.view.seen_da == [0] * 3 == life.view.low_da == life.view.tight_da == life.other.over_da
    assert OtherLoad(life, 0, {"evses": [], "meters": life.site.meters}).over_da == [0] * 3


def test_above_the_rating_an_evse_that_had_time_to_follow_counts_no_more_than_its_order():
    for since_ms, sent_da, over_da in ((2000, 60, 440), (1999, 60, 400), (2000, 0, 500), (2000, -1, 500), (2000, 120, 400)):
        life = metered()
        life.stand(100)
        life.s.lower_ms, life.s.sent_da = life.now_ms - since_ms, sent_da
        life.frame(500, 500, 500)
        assert life.view.over_da == [over_da] * 3, (since_ms, sent_da)
    life.s.lower_ms = -1
    life.frame(500, 500, 500)
    assert life.view.over_da == [400] * 3, "no lower is out"
