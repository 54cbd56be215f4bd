"""One sign, one bound, one condition at a time, each in a scene in which nothing else would make up for it."""

from helper_circuit import Bench, circuit, evse, meter_facts, mute_evse, site
from helper_frames import live, metered

from ampacity.circuit.trusted.errors import NotNow
from ampacity.circuit.trusted.metering.step_check import StepCheck
from ampacity.circuit.trusted.site.check import check_site
from check import raises

FRESH_MS = 5000


def test_a_bound_is_shown_on_the_circuit_of_its_evse_whatever_its_number():
    rows = [circuit("main")] + [circuit(name, 0, 200) for name in ("a", "b", "c")]
    bench = Bench(site([evse(circuit=3, terminals=[[0]])], rows)).start()
    bench.stand(100)
    assert bench.guard.bound_da(0) == [100, 0, 0]


def test_where_no_evse_left_the_site_file_none_can_be_declared_gone():
    bench = Bench(site([evse()])).start()
    with raises(NotNow) as refused:
        bench.guard.confirm_removed("evse-9", bench.now_ms)
    assert "no EVSE that left the site file" in str(refused)


def test_an_evse_that_is_unlocked_has_its_share_in_the_next_tick():
    for later in range(5):  # wherever that is between two shares
        bench = Bench(site([evse()])).start()
        bench.guard.demand(0, True)
        bench.ledger.evse_states[0].locked = "disobeyed"
        bench.follow(10)
        bench.tick(100 * later)
        assert bench.guard.want_da[0] == 0
        bench.guard.unlock(0)
        bench.tick()
        assert bench.guard.want_da[0] == 160, later


def test_a_journal_needs_a_person_when_it_was_late_for_five_seconds_without_a_break():
    bench = Bench(site([evse()])).start()
    barrier, waits = bench.ledger.journal_barrier, bench.guard.waits_for_journal
    barrier.written = barrier.version - 1
    assert not waits(bench.now_ms) and not waits(bench.now_ms + 4999)
    barrier.written = barrier.version
    assert not waits(bench.now_ms + 5000)
    barrier.written = barrier.version - 1
    assert not waits(bench.now_ms + 6000) and not waits(bench.now_ms + 10999)
    assert waits(bench.now_ms + 11000)


def test_a_switch_to_all_phases_does_not_end_once_more_a_tick_later():
    bench = Bench(site([evse()], [dict(circuit(meter=0, rating=200), frees_phases=True)], [meter_facts()])).start()
    bench.stand(100)
    assert bench.guard.phases_sent(0, [0, 1, 2], bench.now_ms)
    for second in range(61):  # the first reading begins the minute of steady use
        bench.order(100)
        bench.measure(0, 100, 0, 0)
        bench.meter(100 + bench.mark % 2, 0, 0)
        if second == 60:
            assert bench.guard.bound_da(0) == [100, 0, 0]
        bench.tick(1000)


# unused phases (rule 14)


class Excess(Bench):
    """The first EVSE does not use L2, the second draws 6 A there, and the meter shows an excess on it."""

    def __init__(self):
        row = dict(circuit(meter=0, rating=200), frees_phases=True)
        Bench.__init__(self, site([evse(), evse("evse-2")], [row], [meter_facts()]))
        self.start()
        self.da, self.shown_da = 100, 60
        self.play(2, (0, 0))
        self.play(140)
        assert self.guard.bound_da(0) == [100, 0, 0]

    def play(self, halves, orders=(100, 60), ms=500):
        for _ in range(halves):
            for e, da in enumerate(orders):
                self.order(da, e)
            self.measure(0, min(self.da, orders[0]), 0, 0)
            self.measure(1, 0, orders[1], 0)
            if orders[0]:
                self.meter(self.da + self.mark % 2, self.shown_da, 0)
            else:
                self.meter(self.mark % 2, 0, 0)
            self.tick(ms)

    def counts(self):
        return self.guard.bound_da(0)[1] > 0


def test_an_excess_that_stays_is_taken_for_its_car_after_exactly_three_seconds():
    bench = Excess()
    bench.shown_da = 290
    bench.play(6)  # the first tick that saw it came 100 ms later
    assert not bench.counts()
    bench.tick(100)
    assert bench.counts()


def test_an_excess_is_its_car_if_its_current_rose_ten_seconds_ago_and_not_if_it_rose_before():
    for late_ms in (0, 100):
        bench = Excess()
        bench.da = 70
        bench.play(4)
        bench.da = 100
        bench.play(19)  # the rise is in the first of these readings, 9.5 s ago
        bench.play(1, ms=400 + late_ms)
        bench.shown_da = 290
        bench.meter(100, 290, 0)
        bench.tick(100)
        assert bench.counts() == (not late_ms), late_ms


def test_what_is_unexplained_may_be_two_amperes_less_than_what_its_car_draws():
    for shown_da in (219, 220):
        bench = Excess()
        bench.shown_da = 140
        bench.play(20, (100, 140))
        bench.shown_da = shown_da
        bench.play(12, (100, 140))
        assert bench.counts() == (shown_da == 220), shown_da


def test_a_phase_that_the_meter_does_not_measure_is_not_lent():
    row = dict(circuit(meter=0, rating=200), frees_phases=True)
    bench = Bench(site([evse()], [row], [meter_facts(phases=[0, 1])])).start()
    for _ in range(140):
        bench.order(100)
        bench.measure(0, 100, 0, 0)
        bench.meter(100 + bench.mark % 2, 0)
        bench.tick(500)
    assert bench.guard.meter_state(0) == "ok" and bench.guard.bound_da(0) == [100, 0, 100]


# other load (3.1 to 3.4)


def test_rule_3_1_generation_counts_in_what_a_frame_shows_at_once():
    bench = metered(generation=50)
    bench.stand(160)
    live(bench, 8, 100, 60)
    bench.measure(0, 60, 60, 60)
    bench.meter(360, 360, 360)
    bench.tick()
    assert bench.ledger.other_da[1] == 350


def test_rule_3_1_a_frame_waits_for_a_reading_that_is_not_older():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 100, 100)
    bench.meter(300, 300, 300)
    for sample_ms, other_da in ((bench.now_ms - 1, 140), (bench.now_ms, 200)):
        bench.guard.measured(0, [100, 100, 100], sample_ms, bench.now_ms)
        bench.tick()
        assert bench.ledger.low_other_da[1] == other_da


def test_rule_3_4_a_meter_that_is_not_trusted_adds_nothing_before_its_first_frame_was_judged():
    facts = site([evse()], [circuit(rating=630, meter=0)], [meter_facts()])
    before = Bench(facts)
    before.guard.other.metered[0].trust.require_steps(0, 0, before.now_ms)
    bench = Bench(facts, before.guard.evidence_dump())
    bench.measure(0, 0, 0, 0)
    bench.meter(0, 0, 0)
    bench.tick()
    assert bench.guard.meter_state(0) == "lost" and bench.ledger.other_da[:3] == [0, 0, 0]


def test_what_is_confirmed_is_what_the_site_file_assumes():
    bench = Bench(site([evse()], [circuit(rating=630)])).start()
    bench.ledger.assumed_da[0] = 50
    bench.guard.confirm_assumed(0)
    assert bench.ledger.assumed_da[:3] == [0, 0, 0]


# steps that a meter follows (3.2)


def test_rule_3_2_until_all_steps_are_followed_each_is_to_spare_what_the_missed_one_spared():
    bench = metered()
    bench.stand(160)
    trust = bench.guard.other.metered[0].trust
    trust.require_steps(0, 6, bench.now_ms)
    for ours, missing in (((0, 0, 0), 2), ((100, 0, 0), 1), ((160, 60, 60), 1), ((90, 60, 60), 0)):
        for _ in range(8):
            bench.order(160)
            for _ in range(2):
                bench.measure(0, *ours)
                bench.meter(100 + ours[0] + bench.mark % 2, 100 + ours[1], 100 + ours[2])
                bench.tick(500)
        assert trust.missing_steps[0] == missing, ours


def test_rule_3_2_a_current_that_was_constant_before_the_reference_was_dropped_is_still_a_rest():
    check, now_ms = StepCheck(3, [0, 1, 2]), 1000000
    for frame, ours in enumerate([(0, 0, 0)] * 9 + [(60, 0, 0)]):
        now_ms += 1000
        if frame == 8:
            check.forget()
        shown = [100 + da for da in ours]
        for p in range(3):
            check.shown(p, shown[p], False, now_ms)
        check.taken(shown)
        stepped = check.look(shown, list(ours), list(ours), False, now_ms, now_ms)
    assert stepped and check.from_rest and check.followed == 1


def test_a_suspicion_is_urgent_by_the_bound_of_an_evse_as_soon_as_its_reading_is_older_than_five_seconds():
    bench = Bench(site([evse()], [circuit(rating=300, assumed=200, meter=0)], [meter_facts()])).start()
    live(bench, 2, 50)
    bench.order(160)
    bench.tick(6000)
    bench.measure(0, 10, 10, 10)
    meter = bench.guard.other.metered[0]
    meter.held_da = [0, 0, 0]
    for after_ms, urgent in ((FRESH_MS, False), (1, True)):
        bench.now_ms += after_ms
        bench.meter(110, 110, 110)
        assert meter.is_urgent(0) == urgent


# the check


def test_only_evses_with_a_reserve_are_asked_for_evidence_of_a_lower_one():
    evses = [evse("a", terminals=[[0]]), mute_evse("b", terminals=[[0]], power_on_da=160), evse("c", terminals=[[0]])]
    found = [each for each in check_site(site(evses, [circuit(rating=200)])) if each["where"] == "a"]
    assert [each["code"] for each in found] == ["unservable"] and found[0]["fix"].endswith("evidence for a lower reserve of b")
