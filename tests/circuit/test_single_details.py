"""One sign, one bound, one condition at a time, each in a scene in which nothing else would make up for it."""

from helper_circuit import Bench, circuit, evse, meter_facts, mute_evse, site
from helper_frames import live, metered
from life import Life

from ampacity.circuit.cascaded_guard import CascadedSite
from ampacity.circuit.trusted.errors import NotNow
from ampacity.circuit.trusted.metering.step_check import StepCheck
from ampacity.circuit.trusted.site.check import check_site
from ampacity.circuit.trusted.site.migration import place, still_changing, was_elsewhere
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


def test_the_circuits_of_a_primary_below_keep_their_names_next_to_the_grant():
    names = [CascadedSite(site([evse()], [circuit("garage")])).phase_name(key) for key in range(6)]
    assert names[1] == "garage L2" and names[4] == "grant by parent L2"


def test_a_fault_after_a_decision_for_the_safe_state_is_a_fault():
    bench = Bench(site([evse()])).start()
    bench.guard.enter_safe_state("a loop of restarts", bench.now_ms)
    assert bench.guard.safe_by_decision
    bench.guard.fail("a sum differs", bench.now_ms)
    assert not bench.guard.safe_by_decision


def test_the_silence_after_an_isolation_begins_at_the_time_that_the_word_came_with():
    bench = Bench(site([evse()])).start()
    bench.guard.isolate(0, True)
    bench.guard.isolate(0, False, bench.now_ms + 7)
    assert bench.ledger.evse_states[0].last_feed_ms == bench.now_ms + 7


def test_an_evse_whose_device_is_accepted_is_offered_its_whole_share():
    bench = Bench(site([evse()])).start()
    bench.guard.demand(0, True)
    bench.follow(10)
    bench.follow(700, draws=60)
    assert bench.guard.want_da[0] < 100, "it keeps what it does not draw no longer"
    bench.guard.accept_device(0)
    bench.follow(10, draws=60)
    assert bench.guard.want_da[0] == 160


def test_an_evse_that_a_safety_load_sheds_takes_each_further_pause():
    facts = site([evse()])
    facts["safety_loads"] = [{"name": "pump", "evses": [0], "hold_ms": 5000}]
    bench = Bench(facts)
    for second in range(40):
        bench.guard.safety_load("pump", True, bench.now_ms)
        assert bench.order(0) is not None, second
        bench.tick(1000)
    assert bench.ledger.evse_states[0].barred


def test_rule_15_what_is_let_go_of_an_older_site_is_a_change_once():
    bench = Bench(site([evse(circuit=1)], [circuit("main"), circuit("a", 0, 200), circuit("b", 0, 200)])).start()
    bench.ledger.evse_states[0].old_keys = (6, 7, 8)
    assert still_changing(bench.ledger, bench.now_ms) and not bench.ledger.evse_states[0].old_keys
    assert not still_changing(bench.ledger, bench.now_ms)


def test_rule_15_a_kept_site_whose_circuits_have_no_numbers_is_read_as_far_as_it_goes():
    kept = {"circuits": [{"name": "main", "parent": None}], "evses": [{"circuit": 0, "terminals": [[0]]}]}
    assert not was_elsewhere(kept, 0, {"path": ["main"], "terminals": [[0]]})
    assert was_elsewhere(kept, 0, {"path": ["main", "site"], "terminals": [[0]]})


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


def test_the_five_minutes_without_use_begin_again_whenever_its_car_draws():
    bench = Excess()
    for da, halves in ((0, 200), (100, 200), (0, 300)):
        bench.da = bench.shown_da = 0
        for _ in range(halves):
            bench.order(100, 0)
            bench.order(0, 1)
            bench.measure(0, da, 0, 0)
            bench.measure(1, 0, 0, 0)
            bench.meter(da + bench.mark % 2, 0, 0)
            bench.tick(500)
        assert bench.guard.bound_da(0) == [100, 0, 0], da


def test_an_evse_without_watchdog_lends_no_phase_not_even_until_the_next_tick():
    row = dict(circuit(meter=0, rating=200), frees_phases=True)
    bench = Bench(site([mute_evse()], [row], [meter_facts()])).start()
    for _ in range(140):
        bench.order(100)
        bench.measure(0, 100, 0, 0)
        assert bench.guard.bound_da(0)[1] == bench.guard.bound_da(0)[0]
        bench.meter(100 + bench.mark % 2, 0, 0)
        bench.tick(500)


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


def test_rule_3_1_two_amperes_between_two_readings_leave_the_higher_estimate():
    for moved_da, tight_da in ((20, 200), (21, 179)):
        bench = metered()
        bench.stand(160)
        live(bench, 8, 100, 100)
        bench.meter(300, 300, 300)
        bench.tick()
        bench.measure(0, 100 + moved_da, 100 + moved_da, 100 + moved_da)
        assert bench.guard.other.metered[0].tight_da[1] == tight_da, moved_da


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


def test_rule_3_2_a_sign_that_fails_is_to_be_followed_by_steps_that_spare_what_was_spared():
    bench = metered()
    bench.stand(160)
    for shown_da in (200, 0):
        for _ in range(8):
            bench.order(160)
            bench.measure(0, 100, 0, 0)
            bench.meter(shown_da + bench.mark % 2, 100, 100)
            bench.tick(500)
    trust = bench.guard.other.metered[0].trust
    assert (bench.guard.meter_state(0), trust.missing_steps[0], trust.against[0]) == ("lost", 2, 6)


def test_rule_3_3_a_meter_whose_facts_name_no_time_is_frozen_after_five_seconds():
    facts = meter_facts()
    del facts["frozen_ms"]
    bench = metered(meter=facts)
    for _ in range(8):  # after the second since its last frame
        bench.tick(500)
        assert bench.guard.meter_state(0) == "ok"
        bench.guard.meter(0, [100, 100, 100], bench.now_ms, bench.mark)
    bench.tick(1000)
    assert bench.guard.meter_state(0) == "frozen"


def test_rule_3_2_a_rise_soon_after_the_start_of_the_clock_is_no_step_of_a_test():
    check = StepCheck(3, [0, 1, 2])
    for second, da in enumerate((0, 0, 0, 0, 0, 0, 60)):
        for p in range(3):
            check.shown(p, 100 + da, False, 1000 * second)
        check.taken([100 + da] * 3)
        check.look([100 + da] * 3, [da] * 3, [da] * 3, False, 1000 * second, 1000 * second)
    assert check.followed == 7 and check.tested == 0


def test_rule_3_2_the_start_of_an_evse_that_was_let_start_ends_a_suspicion():
    bench = metered()
    bench.stand(160)
    live(bench, 10, 100, 0)
    meter = bench.guard.other.metered[0]
    meter.held_da = [0, 0, 0]
    meter.let_start([0, 1, 2], bench.now_ms)
    assert meter.held_da == [132 + 160] * 3
    live(bench, 3, 100, 100)
    assert meter.held_da == [-1, -1, -1]


def test_rule_3_2_a_suspicion_that_is_urgent_for_a_minute_is_a_failure_also_where_no_order_was_out_before():
    bench = Bench(site([evse()], [circuit(rating=300, assumed=200, meter=0)], [meter_facts()])).start()
    live(bench, 2, 50)
    bench.order(160)
    bench.tick(6000)
    live(bench, 8, 50, 120)
    meter = bench.guard.other.metered[0]
    for late_s in (50, 12):
        assert bench.guard.meter_state(0) == "ok"
        for _ in range(late_s):
            meter.held_da = [0, 0, 0]
            bench.order(160)
            live(bench, 1, 50, 120)
            if bench.guard.meter_state(0) != "ok":
                break
    assert bench.guard.meter_state(0) == "lost"


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


def test_rule_15_a_device_that_names_no_bus_is_a_local_one():
    buses = [{"kind": "rtu", "port": "uart:1"}]
    for bus, where in ((0, "uart:1/7"), (1, "local/e"), (-1, "local/e"), (None, "local/e"), ("0", "local/e")):
        assert place({"buses": buses}, {"name": "e", "bus": bus, "unit": 7}) == where, bus


def test_an_evse_that_is_unlocked_is_offered_its_whole_share_whatever_it_used_before():
    bench = Bench(site([evse()], idle_ms=20000)).start()
    bench.guard.demand(0, True)
    bench.follow(90, draws=70)
    assert bench.guard.want_da[0] < 160, "it is offered what it uses, and a little more"
    bench.ledger.evse_states[0].locked = "disobeyed"
    bench.guard.unlock(0)
    bench.tick()
    assert bench.guard.want_da[0] == 160


def test_a_car_that_left_before_the_first_tick_is_forgotten_after_a_second():
    life = Life(evse())
    life.s.overdraw_da = 6  # from its journal
    for ms, known_da in ((0, 6), (999, 6), (1000, 0)):
        life.intake.no_car(0, ms)
        assert life.s.overdraw_da == known_da, ms
