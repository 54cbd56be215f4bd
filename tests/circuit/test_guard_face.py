"""The guard's face: what roles tell has effect in the next tick, and what people and other rooms see of it at its edges."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, meter_facts, mute_evse, site

from ampacity.circuit.trusted.errors import InvariantBroken, NotNow, Rejected
from check import raises

SHARES = 5  # ticks between two shares: what is told at any of them is not to wait for the next share


def charging():
    bench = Bench(site([evse()])).start()
    bench.guard.demand(0, True)
    bench.follow(4)
    return bench


# what is told has effect in the next tick


def at_each_tick(make, tell, shown):
    """tell(bench) at any tick between two shares changes shown(bench) in the tick after it, and not before."""
    for later in range(SHARES):
        bench = make()
        bench.follow(1)
        bench.tick(100 * later)
        before = shown(bench)
        tell(bench)
        bench.tick()
        assert shown(bench) != before, (later, before)


def want(bench):
    return bench.guard.want_da[0]


def test_a_limit_holds_from_the_next_tick_on():
    at_each_tick(charging, lambda bench: bench.guard.limit("console", ("evse", 0), 80, None, "release"), want)


def test_a_demand_that_ends_ends_the_charge_in_the_next_tick():
    at_each_tick(charging, lambda bench: bench.guard.demand(0, False), want)


def test_a_demand_is_served_in_the_next_tick():
    at_each_tick(lambda: Bench(site([evse()])).start(), lambda bench: bench.guard.demand(0, True), want)


def test_a_limit_in_watts_follows_the_voltage():
    bench = charging()
    bench.guard.limit("csms", ("evse", 0), 6900, None, "release", "w")
    bench.follow(30, draws=100)
    before_da = want(bench)
    bench.guard.voltage(2530)
    bench.follow(2, draws=90)
    assert 90 <= want(bench) < before_da <= 100


def test_a_limit_that_is_withdrawn_ends_in_the_next_tick():
    def make():
        bench = charging()
        bench.guard.limit("console", ("evse", 0), 0, None, "release")
        bench.follow(90)
        assert bench.guard.want_da == [0]
        return bench

    at_each_tick(make, lambda bench: bench.guard.limit("console", ("evse", 0), None, None, "release"), want)


def test_an_evse_that_left_the_site_file_and_is_declared_gone_gives_its_share_to_the_others_in_the_next_tick():
    old = Bench(site([mute_evse("a"), evse("b")], [circuit(rating=200)])).start()
    kept = old.guard.evidence_dump()

    def make():
        facts = site([evse("b")], [circuit(rating=200)])
        facts["evses"][0]["unit"] = 2
        bench = Bench(facts, kept).start()
        bench.guard.demand(0, True)
        bench.follow(4)
        assert want(bench) == 0 and [row["name"] for row in bench.guard.removed_evses()] == ["a"]
        return bench

    at_each_tick(make, lambda bench: bench.guard.confirm_removed("a", bench.now_ms), want)
    bench = make()
    version = bench.ledger.journal_barrier.version
    with raises(Rejected) as refused:
        bench.guard.confirm_removed("b", bench.now_ms)
    assert not isinstance(refused.error, NotNow)
    assert bench.ledger.journal_barrier.version == version and bench.kinds()[-1] != "gone"
    bench.guard.confirm_removed("a", bench.now_ms)
    assert bench.ledger.journal_barrier.version > version and not bench.guard.removed_evses()
    assert ("gone", "a, no longer in the site file, declared gone") in [row[1:] for row in bench.guard.events]
    assert not bench.ledger.evse_states[0].isolated


def test_one_of_two_that_left_is_declared_gone_and_the_other_still_counts():
    old = Bench(site([mute_evse("a"), mute_evse("b"), evse("c")], [circuit(rating=600)])).start()
    facts = site([evse("c")], [circuit(rating=600)])
    facts["evses"][0]["unit"] = 3
    bench = Bench(facts, old.guard.evidence_dump()).start()
    assert bench.guard.margin_da(0) == [280] * 3
    bench.guard.confirm_removed("b", bench.now_ms)
    bench.tick()
    assert [row["name"] for row in bench.guard.removed_evses()] == ["a"] and bench.guard.margin_da(0) == [440] * 3


def pumped(evses=(0,)):
    facts = site([evse(), evse("b")], raise_hold_ms=1000, restart_hold_ms=1000)
    facts["safety_loads"] = [{"name": "pump", "evses": list(evses), "hold_ms": 5000}]
    return Bench(facts).start()


def signal(bench, on):
    bench.guard.safety_load("pump", on, bench.now_ms)


def test_a_safety_load_sheds_its_evses_in_the_next_tick():
    def make():
        bench = pumped()
        bench.guard.demand(0, True)
        for _ in range(40):
            signal(bench, False)
            bench.follow(1)
        return bench

    at_each_tick(make, lambda bench: signal(bench, True), want)


def test_the_contactors_of_a_safety_load_are_switched_once():
    bench = pumped((0, 1))
    for on, seconds in ((False, 40), (True, 20)):
        before, seen = bench.guard.switches, []
        for _ in range(seconds):
            signal(bench, on)
            bench.follow(1)
            seen.append(bench.guard.switches - before)
        assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == 1, seen
        assert bench.guard.open_contactor(0) == bench.guard.open_contactor(1) == on


def test_a_limit_that_runs_out_ends_in_the_next_tick():
    for later in range(SHARES):
        bench = charging()
        bench.tick(100 * later)
        until_ms = bench.now_ms + 3000
        bench.guard.limit("csms", ("evse", 0), 80, until_ms, 60)
        bench.tick(2900)
        assert want(bench) == 80
        bench.tick(200)
        assert want(bench) == 60, later


def begins(bench):
    """One tick: does it begin a share? It is finished at once."""
    bench.now_ms += 100
    bench.guard.tick(bench.now_ms, whole=False)
    begun = bench.guard.sharing
    while bench.guard.sharing:
        bench.guard.share_on()
    return begun


def test_a_limit_that_runs_out_begins_a_share_in_that_tick():
    for later in range(SHARES):
        bench = charging()
        bench.tick(100 * later)
        bench.guard.limit("csms", ("evse", 0), 80, bench.now_ms + 3050 + 100 * later, "release")
        begun = [begins(bench) for _ in range(31 + later)]
        assert begun[-1], (later, begun)


def test_what_an_installer_accepts_and_what_an_older_site_no_longer_holds_begin_a_share_in_the_next_tick():
    def accept(bench):
        bench.guard.accept_device(0)

    def let_go(bench):
        bench.ledger.evse_states[0].old_keys = (6, 7, 8)

    for tell in (accept, let_go):
        for later in range(SHARES):
            bench = Bench(site([evse(circuit=1)], [circuit("main"), circuit("a", 0, 200), circuit("b", 0, 200)])).start()
            while not begins(bench):
                pass
            assert [begins(bench) for _ in range(later)] == [False] * later
            tell(bench)
            assert begins(bench), (tell, later)


def test_where_nothing_changes_two_shares_are_half_a_second_apart():
    rows = [dict(circuit(meter=0), max_unbalance_da=100)]
    for facts in (site([evse()]), site([evse()], rows, [meter_facts()])):
        bench = Bench(facts).start()
        bench.guard.demand(0, True)
        bench.follow(4, meter=bool(facts["meters"]))
        begun = [begins(bench) for _ in range(20)]
        assert bench.guard.now_ms == bench.now_ms
        assert begun.count(True) == 4 and [begun[at] for at in range(begun.index(True), 20, 5)] == [True] * 4, begun


def test_a_device_that_is_accepted_again_is_new_only_where_the_installer_says_so():
    for word, fault in (((), "draws above its order"), ((True,), None)):
        bench = charging()
        bench.ledger.evse_states[0].disobeys = True
        bench.guard.accept_device(0, *word)
        assert bench.guard.fault(0) == fault, word


def test_an_order_above_the_wanted_one_is_what_its_device_makes_of_it_unless_it_is_in_force_already():
    for word, rounding_da in (((), 4), ((True,), 0)):
        bench = charging()
        bench.guard.limit("console", ("evse", 0), 96, None, "release")
        bench.tick()
        assert bench.guard.send(0, 100, bench.now_ms, *word) is not None
        assert bench.ledger.evse_states[0].rounding_da == rounding_da, word


def test_an_answer_is_certain_only_where_the_driver_says_so():
    for word, memory_da in (((), 160), ((True,), 0)):
        bench = charging()
        bench.guard.lost(0, bench.now_ms)
        bench.tick(30000)
        s = bench.ledger.evse_states[0]
        assert s.lapsed
        s.memory_da = 160
        bench.guard.answered(0, bench.send(0), bench.now_ms, *word)
        assert s.memory_da == memory_da, word


def test_a_journal_that_is_late_from_the_first_moment_of_the_clock_needs_a_person_five_seconds_later():
    bench = Bench(site([evse()]))
    barrier, waits = bench.ledger.journal_barrier, bench.guard.waits_for_journal
    barrier.written = barrier.version - 1
    assert not waits(0) and not waits(4999) and waits(5000)


# a fault of the controller


def test_a_broken_promise_in_a_tick_or_an_order_ends_in_the_safe_state():
    def broken(*words):
        raise InvariantBroken("a sum differs")

    for name in ("tick", "send"):
        bench = charging()
        assert bench.guard.mode == "regulating" and bench.guard.feed_ok and want(bench) == 160
        if name == "tick":
            bench.ledger.margin.check = broken
            bench.guard.tick(bench.now_ms + 1)
        else:
            bench.ledger.permits.send = broken
            assert bench.guard.send(0, 100, bench.now_ms) is None
        assert bench.guard.mode == "safe" and not bench.guard.feed_ok and want(bench) == 0, name
        assert bench.guard.failure == "a sum differs" and not bench.guard.safe_by_decision
        assert bench.guard.events[-1][1:] == ("mode", "regulating -> safe: a sum differs")
        assert not bench.guard.may_feed(0, bench.now_ms)


def test_the_safe_state_lasts_and_is_reported_once():
    bench = charging()
    bench.guard.enter_safe_state("a loop of restarts", bench.now_ms)
    assert bench.guard.safe_by_decision and bench.guard.mode == "safe" and want(bench) == 0
    told = len(bench.guard.events)
    bench.tick(2000)
    assert bench.guard.mode == "safe" and want(bench) == 0 and not bench.guard.feed_ok and bench.guard.safe_by_decision
    assert len(bench.guard.events) == told


def test_a_failure_before_the_first_tick_ends_in_the_safe_state_too():
    bench = Bench(site([evse()]))
    assert not bench.guard.safe_by_decision and bench.guard.failure == "" and bench.guard.now_ms == bench.now_ms
    bench.guard.failure = "storage lost"
    bench.tick()
    assert bench.guard.mode == "safe" and bench.guard.events[-1][1:] == ("mode", "quarantine -> safe: storage lost")


def test_quarantine_lasts_for_the_longest_time_that_an_order_may_be_on_its_way():
    for transit_ms in (50, 7000):
        bench = Bench(site([evse(), evse("b", transit_ms=transit_ms)]))
        assert bench.guard.quarantine_until_ms == bench.now_ms + transit_ms
    bench = Bench(site([]))
    assert bench.guard.quarantine_until_ms == bench.now_ms
    bench.guard.tick(bench.now_ms)
    assert bench.guard.mode == "regulating"


# what people and other rooms see


def test_the_current_that_is_drawn_is_one_that_was_read_within_ten_seconds_and_is_more_than_a_contactor_leaks():
    for da, age_ms, drawn_da in ((100, 0, 100), (100, 10000, 100), (100, 10001, 0), (4, 0, 4), (3, 0, 0)):
        bench = charging()
        bench.measure(0, da, da, da)
        assert bench.guard.draws_da(0, bench.now_ms + age_ms) == drawn_da, (da, age_ms)


def test_an_evse_is_silent_then_it_returns_then_it_is_in_order():
    bench = Bench(site([evse()]))
    seen = []

    def look():
        guard = bench.guard
        seen.append((guard.state(0), guard.online(0), guard.heard_ever(0), guard.audit_due(0), guard.last_order_da(0)))

    look()
    bench.guard.heard(0, bench.now_ms)
    look()
    bench.audit()
    look()
    bench.tick(200)
    assert bench.order(0) is not None
    look()
    bench.tick(SETTLE_MS + 200)
    bench.stand(100)
    look()
    bench.guard.lost(0, bench.now_ms)
    look()
    bench.guard.heard(0, bench.now_ms)
    look()
    assert seen == [("silent", False, False, False, None), ("returning", True, True, True, None), ("returning", True, True, False, None),
                    ("ok", True, True, False, 0), ("ok", True, True, False, 100), ("silent", False, True, False, 100),
                    ("returning", True, True, True, 100)], seen  # fmt: skip


def test_what_counts_against_an_evse_has_its_word_in_each_place():
    rows = (({}, "ok", None), ({"disobeys": True}, "disobeys", "draws above its order"),
            ({"locked": "disobeyed"}, "disobeyed", "disobeyed its orders; locked out until reset"),
            ({"locked": "disobeyed", "disobeys": True}, "disobeyed", "disobeyed its orders; locked out until reset"),
            ({"locked": "swapped"}, "swapped", "another device answers at its address; locked out until `replace`"),
            ({"isolated": True, "locked": "swapped"}, "isolated", "another device answers at its address; locked out until `replace`"))  # fmt: skip
    for values, state, fault in rows:
        bench = charging()
        for name in values:
            setattr(bench.ledger.evse_states[0], name, values[name])
        assert (bench.guard.state(0), bench.guard.fault(0)) == (state, fault), values


def test_a_circuit_without_a_meter_has_nothing_to_inspect_or_to_trust():
    rows = [circuit("main"), circuit("a", 0, 200, meter=0), circuit("b", 0, 200)]
    bench = Bench(site([evse(circuit=1)], rows, [meter_facts()])).start()
    for _ in range(4):
        bench.meter(50, 50, 50)
        bench.tick(1000)
    seen = [(bench.guard.meter_state(c), bench.guard.meter_reason(c), bench.guard.needs_inspection(c)) for c in range(3)]
    assert seen == [("none", "", False), ("ok", "", False), ("none", "", False)]
    for c in range(3):
        with raises(NotNow) as refused:
            bench.guard.trust_meter(c)
        assert "failed no check" in str(refused)
        bench.guard.confirm_assumed(c)
    assert bench.guard.other_da(1) == [50] * 3 and bench.guard.other_da(2) == [0] * 3
    assert bench.guard.margin_da(1) == [150] * 3 and bench.guard.margin_da(2) == [200] * 3
    bench.tick(6000)
    assert bench.guard.meter_state(1) == "lost" and bench.guard.meter_reason(1) == "no frame for 5000 ms"
    assert not bench.guard.needs_inspection(1)
    with raises(NotNow) as refused:
        bench.guard.confirm_assumed(1)
    assert "its meter is lost (no frame for 5000 ms)" in str(refused)


def test_a_meter_that_failed_can_be_trusted_by_a_person_and_names_why():
    bench = Bench(site([evse()], [circuit(rating=630, meter=0)], [meter_facts()])).start()
    trust = bench.guard.other.metered[0].trust
    trust.failed("did not follow")
    assert not bench.guard.needs_inspection(0) and trust.dump() is not None
    bench.guard.trust_meter(0)
    assert trust.dump() is None
    for _ in range(3):
        trust.failed("did not follow")
    assert bench.guard.needs_inspection(0)
    assert bench.guard.meter_reason(0) == "did not follow, third time within 24 h: inspection required"
    bench.guard.trust_meter(0)
    assert not bench.guard.needs_inspection(0) and trust.dump() is None
    bench.guard.optional.meter_test_steps.inspection_reasons[0] = "no EVSE can step"
    for reason, shown in (("", "suspected"), ("no frame", "no frame")):
        bench.guard.other.metered[0].reason = reason
        assert bench.guard.needs_inspection(0) and bench.guard.meter_reason(0) == shown + "; no EVSE can step: inspection required"
    bench.guard.trust_meter(0)


def test_a_site_without_safety_loads_has_no_input_for_one():
    for given in (None, [], "pump"):
        facts = site([evse()])
        facts["safety_loads"] = given
        bench = Bench(facts).start()
        assert bench.guard.safety_loads is None and not bench.guard.open_contactor(0)
        with raises(NotNow):
            bench.guard.safety_load("pump", True, bench.now_ms)


def test_a_contactor_is_open_for_a_safety_load_or_by_the_ladder_and_a_feeder_only_by_the_ladder():
    facts = site([evse(), evse("b")])
    facts["safety_loads"] = [{"name": "pump", "evses": [0], "hold_ms": 5000}]
    for level, contactor, feeder in ((0, False, False), (1, False, False), (2, True, False), (3, True, True)):
        bench = Bench(facts)
        bench.ledger.evse_states[1].escalation_level = level
        seen = [bench.guard.open_contactor(1), bench.guard.locked_out(1), bench.guard.open_feeder(1)]
        assert seen == [contactor, contactor, feeder], level
        bench.guard.safety_loads.opened[0] = True
        assert bench.guard.open_contactor(0) and not bench.guard.locked_out(0) and not bench.guard.open_feeder(0)


def test_another_car_is_one_that_was_plugged_in_or_out():
    bench = charging()
    guard = bench.guard
    guard.plugged(0, True)
    guard.demands.drew_da[0] = 70
    guard.plugged(0, True)
    assert guard.demands.drew_da[0] == 70, "it is the same car"
    guard.optional.charging_needs(0, 5000, bench.now_ms + 3600000)
    assert guard.demands.slack.left[0] > 0
    guard.plugged(0, False)
    assert guard.demands.drew_da[0] == 0 and guard.demands.slack.left[0] == -1
    guard.optional.charging_needs(0, 5000, bench.now_ms + 3600000)
    guard.plugged(0, True)
    assert guard.demands.slack.left[0] > 0, "what was told of a car that comes"


def test_the_site_of_an_evidence_that_is_no_document_changes_nothing():
    for kept in (None, {}, {"site": None}, {"site": []}, {"site": "x"}):
        bench = Bench(site([evse()]), kept).start()
        assert len(bench.guard.site.evses) == 1 and bench.order(100) is not None, kept


def test_a_bound_is_shown_on_the_circuit_of_its_evse_whatever_its_number():
    rows = [circuit("main")] + [circuit(name, 0, 200) for name in ("a", "b", "c")]
    bench = Bench(site([evse(circuit=3, terminals=[[0]])], rows)).start()
    bench.stand(100)
    assert bench.guard.bound_da(0) == [100, 0, 0]
