"""Rules at the edge of their numbers: what is still allowed, and what is refused one step further."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, foreign_evse, meter_facts, site

from ampacity.circuit.trusted.device.evidence import Evidence
from ampacity.circuit.trusted.metering.meter_trust import MeterTrust
from ampacity.circuit.trusted.metering.step_check import StepCheck
from ampacity.circuit.trusted.site.migration import place
from ampacity.circuit.trusted.site.tree import Site


def test_rule_2_other_load_takes_its_part_of_the_margin():
    bench = Bench(site([evse()], [circuit(rating=200, assumed=100)])).start()
    assert bench.order(101) is None and bench.ledger.permits.refused_count[2] == 1
    assert bench.order(100) is not None


def test_rule_11_a_check_counts_for_three_ticks_and_no_longer():
    bench = Bench(site([evse()])).start()
    bench.now_ms += 300
    assert bench.order(60) is not None
    bench.now_ms += 1
    assert bench.order(100) is None and bench.ledger.permits.refused_count[11] == 1


def test_rule_11_an_excess_at_the_start_may_last_for_the_budget():
    bench = Bench(site([evse("evse-%d" % e) for e in range(3)]))
    bench.tick(10000)
    assert bench.ledger.margin.over and not any(bench.ledger.margin.over_budget)
    assert bench.ledger.margin.over_ms[0] > 0


def test_rule_9_the_line_is_quiet_again_after_ten_seconds():
    bench = Bench(site([evse(), evse("evse-2")])).start()
    bench.guard.foreign_write(0, None, bench.now_ms)
    assert not bench.ledger.permits.quiet(bench.now_ms)
    bench.now_ms += 9999
    assert not bench.ledger.permits.quiet(bench.now_ms)
    bench.now_ms += 1
    assert bench.ledger.permits.quiet(bench.now_ms)


def test_rule_8_changeable_settings_must_be_read_and_fixed_ones_need_not():
    for more, needed in (({}, ("watchdog_ms", "fallback_da")), ({"watchdog_fixed": True, "fallback_fixed": False}, ("fallback_da",)),
                         ({"fallback_fixed": True}, ("watchdog_ms",)), ({"watchdog_ms": 0, "holds": True}, ())):  # fmt: skip
        facts = foreign_evse(**more)
        assert Evidence(Site(site([facts])).evses[0]).needed == needed


def test_rule_6_only_an_identity_is_an_identity():
    evidence = Evidence(Site(site([foreign_evse()])).evses[0])
    evidence.put("mode", "remote", 1000)
    assert evidence.known_fingerprint is None
    evidence.put("fingerprint", "SN-1", 1000)
    assert evidence.known_fingerprint == "SN-1" and evidence.same_device()


def test_rule_6_another_device_is_reported_once_and_recorded():
    bench = Bench(site([foreign_evse(fingerprint="SN-1")])).start()
    version = bench.ledger.journal_barrier.version
    bench.guard.evidence(0, "fingerprint", "SN-2", bench.now_ms)
    bench.guard.evidence(0, "fingerprint", "SN-2", bench.now_ms)
    assert bench.kinds().count("swapped") == 1 and bench.ledger.journal_barrier.version > version


def test_rule_6_an_isolated_evse_that_answers_is_reported():
    bench = Bench(site([evse()])).start()
    bench.guard.isolate(0, True, bench.now_ms)
    assert bench.bound() == 0
    bench.guard.evidence(0, "fallback_da", 0, bench.now_ms)
    assert "heard" in bench.kinds() and bench.bound() == 160


def test_evidence_that_lowers_trust_is_stored_at_once_and_evidence_that_raises_it_is_not():
    bench = Bench(site([foreign_evse(fallback_da=0)])).start()
    journal_barrier = bench.ledger.journal_barrier
    for key, value, falls in (("fallback_da", 60, True), ("fallback_da", 60, False), ("fallback_da", 0, False),
                              ("max_da", 200, True), ("watchdog_ms", 20000, True), ("watchdog_ms", 20000, False)):  # fmt: skip
        version = journal_barrier.version
        bench.guard.evidence(0, key, value, bench.now_ms)
        assert (journal_barrier.version > version) == falls, (key, value)


def test_rule_13_a_primary_below_that_reported_more_counts_that_until_it_has_settled():
    bench = Bench(site([evse(primary=True)])).start()
    bench.stand(60)
    bench.guard.reported(0, 120, bench.now_ms)
    assert bench.bound() == 120
    bench.guard.reported(0, 60, bench.now_ms)
    bench.tick(SETTLE_MS - 200)
    assert bench.bound() == 120
    bench.tick(400)
    assert bench.bound() == 60


def test_rule_3_2_missing_or_wrong_counts_in_a_journal_change_nothing():
    for blame in (None, [True, 0, 0, 0, 0], [-1, 0, 0, 0, 0], [1], "1000"):
        trust = MeterTrust([True, True, True])
        clean = list(trust.blame)
        trust.load({"owed": [1, 0, 9], "against": [0, 0, 0], "blame": blame})
        assert trust.blame == clean and trust.missing_steps[0] == 1 and trust.missing_steps[2] == 2
        trust.advance()
        assert trust.blame == clean


def test_rule_8_a_watchdog_that_was_read_as_off_counts_as_none_even_if_documented_as_fixed():
    bench = Bench(site([foreign_evse(watchdog_fixed=True, fallback_da=60)])).start()
    assert bench.guard.reserve_da(0) == 60
    bench.guard.evidence(0, "watchdog_ms", 0, bench.now_ms)
    assert bench.guard.reserve_da(0) == 160


def test_rule_3_4_a_meter_that_never_answered_adds_nothing_without_assumption_or_reading():
    bench = Bench(site([evse(circuit=1)], [circuit(meter=0), circuit("row", 0)], [meter_facts()])).start()
    bench.tick(60000)
    assert bench.guard.other_da(0) == [0, 0, 0] and bench.guard.other_da(1) == [0, 0, 0]


def test_rule_3_3_five_times_the_rating_and_a_hundred_amperes_is_possible_and_more_is_not():
    for shown, state in ((2600, "ok"), (2601, "lost")):
        bench = Bench(site([evse()], [circuit(rating=320, meter=0)], [meter_facts()])).start()
        for _ in range(3):
            bench.meter(100, 100, 100)
            bench.tick(1000)
        bench.meter(shown, 100, 100)
        assert (bench.guard.meter_state(0) == "ok") == (state == "ok"), shown


def test_rule_2_a_device_that_exceeds_its_orders_draws_zero_in_a_pause():
    bench = Bench(site([evse()])).start()
    bench.guard.want_da[0] = 100
    permits, s = bench.ledger.permits, bench.ledger.evse_states[0]
    bench.tick()
    bench.guard.want_da[0] = 100
    assert bench.send(104) is not None
    assert permits.most_of(s, 0) == 0 and permits.most_of(s, 100) == 104 and permits.most_of(s, 158) == 160


def stepped(frame, least, most, before=(0, 0, 0)):
    """What a meter that showed 10 A on each phase makes of this frame, in which ours step from `before`."""
    steps = StepCheck(3, [0, 1, 2])
    calm = [(1000000 + 1000 * n, (100, 100, 100), before, before) for n in range(8)]
    for now_ms, shown_da, low, high in calm + [(1008000, frame, least, most)]:  # noqa: RUF005
        for p in range(3):
            steps.shown(p, shown_da[p], False, now_ms)
        steps.taken(list(shown_da))
        assert not steps.look(list(shown_da), list(low), list(high), False, now_ms, now_ms) or now_ms > 1007000
    return steps


def test_rule_3_2_three_quarters_of_a_step_are_followed_less_than_one_is_missed_and_between_is_undecided():
    for shown, missed, followed in ((145, 0, 1), (144, 0, 0), (115, 0, 0), (114, 1, 0)):
        steps = stepped((shown, 100, 100), (60, 0, 0), (60, 0, 0))
        assert (steps.missed, steps.followed) == (missed, followed), shown
    for shown, missed, followed in ((55, 0, 1), (56, 0, 0), (85, 0, 0), (86, 1, 0)):
        steps = stepped((shown, 100, 100), (0, 0, 0), (0, 0, 0), (60, 0, 0))
        assert (steps.missed, steps.followed) == (missed, followed), shown


def test_rule_3_2_a_step_counts_from_four_amperes_that_are_certain():
    assert stepped((100, 100, 100), (40, 0, 0), (60, 0, 0)).missed == 1
    assert stepped((100, 100, 100), (39, 0, 0), (60, 0, 0)).missed == 0


def test_rule_3_2_a_step_spares_the_phases_that_had_at_most_half_of_it():
    assert stepped((160, 130, 131), (60, 30, 31), (60, 30, 31)).spared[0] == 2
    assert stepped((160, 160, 160), (60, 60, 60), (60, 60, 60)).spared == [0, 0, 0]
    assert stepped((160, 100, 100), (60, 0, 0), (60, 0, 0)).spared == [6, 0, 0]
    assert stepped((160, 160, 160), (60, 0, 0), (60, 0, 0)).followed == 0


def test_rule_6_an_isolated_evse_is_silent_and_returns_only_by_audit_and_proof():
    bench = Bench(site([evse()])).start()
    assert bench.guard.online(0)
    bench.guard.isolate(0, True, bench.now_ms)
    assert not bench.guard.online(0) and bench.ledger.evse_states[0].silent


def test_rule_6_a_reset_of_disobedience_does_not_admit_another_device():
    bench = Bench(site([foreign_evse(fingerprint="SN-1")])).start()
    bench.guard.evidence(0, "fingerprint", "SN-2", bench.now_ms)
    bench.ledger.intake.unlock(0, bench.now_ms)
    assert bench.guard.locked_out(0) or bench.ledger.evse_states[0].locked == "swapped"
    assert bench.bound() == 160 and "unlocked" not in bench.kinds()


def test_rule_6_the_known_unit_is_admitted_again_when_it_returned_unobserved():
    bench = Bench(site([foreign_evse(fingerprint="SN-1")])).start()
    s = bench.ledger.evse_states[0]
    s.locked, s.swap_kept = "swapped", True
    bench.guard.evidence(0, "fingerprint", "SN-1", bench.now_ms)
    assert s.locked == "" and not s.swap_kept


def test_section_4_the_place_of_a_device_is_its_line_or_host_and_its_unit():
    facts = {"buses": [{"name": "a", "port": "/dev/ttyS1"}, {"name": "b", "port": "virtual"}, {"name": "c"},
                       {"name": "d", "kind": "tcp", "host": "box", "tcp_port": 502}]}  # fmt: skip
    for device, where in (({"bus": 0}, "/dev/ttyS1/7"), ({"bus": 1}, "b/7"), ({"bus": 2}, "c/7"), ({"bus": 3}, "box:502/7"),
                          ({"bus": 3, "host": "x", "tcp_port": 1502}, "x:1502/7"), ({"bus": 0, "place": "there"}, "there/7"),
                          ({"bus": 4}, "local/evse"), ({"bus": -1}, "local/evse"), ({}, "local/evse")):  # fmt: skip
        assert place(facts, dict(device, unit=7, name="evse")) == where


def test_rule_14_on_switched_off_phases_the_reserve_counts_by_order_and_in_the_default_state():
    bench = Bench(site([evse(fallback_da=60, power_on_da=60), evse("evse-2", terminals=[[1]])], [circuit(rating=200)])).start()
    bench.guard.phases_sent(0, [0], bench.now_ms)
    bench.guard.phases_proven(0, [0], bench.now_ms)
    bench.tick(SETTLE_MS + 200)
    bench.stand(100, 0)
    assert bench.guard.margin_da(0) == [100, 140, 140]
    assert bench.order(141, 1) is None and bench.order(140, 1) is not None


def test_rule_9_foreign_writes_are_reported_again_after_a_clean_line():
    for after_ms, told in ((9999, 1), (10000, 2)):
        bench = Bench(site([evse()])).start()
        bench.guard.foreign_write(0, None, bench.now_ms)
        bench.now_ms += after_ms
        bench.guard.foreign_write(0, None, bench.now_ms)
        assert bench.kinds().count("foreign") == told


def test_rule_3_a_report_that_falls_within_the_orders_still_live_counts_no_longer_than_they():
    bench = Bench(site([evse()])).start()
    bench.stand(160)
    bench.guard.reported(0, 160, bench.now_ms)
    bench.order(60)
    bench.tick(SETTLE_MS - 1000)
    bench.guard.reported(0, 60, bench.now_ms)
    bench.tick(1200)
    assert bench.bound() == 60


def test_rule_8_a_changed_setting_takes_no_evse_out_of_service_while_its_mode_obeys():
    bench = Bench(site([foreign_evse(max_da=160)], [circuit(rating=400)])).start()
    bench.guard.evidence(0, "max_da", 200, bench.now_ms)
    assert bench.ledger.evse_states[0].ok
    bench.guard.evidence(0, "mode_ok", False, bench.now_ms)
    assert not bench.ledger.evse_states[0].ok


def test_fields_missing_in_a_site_file_have_their_default():
    facts = evse()
    del facts["weight"], facts["priority"]
    e = Site(site([facts])).evses[0]
    assert (e.weight, e.priority) == (1, 1)
