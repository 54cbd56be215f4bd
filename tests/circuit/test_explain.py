"""`why`: the reasons behind a number, as people read them."""

from helper_circuit import Bench, circuit, evse, foreign_evse, meter_facts, mute_evse, site

from ampacity.circuit.cascaded_guard import CascadedGuard


def test_why_shows_rating_other_load_other_evses_and_reserves():
    evses = [evse("evse-1", limit_da=100), evse("evse-3"), evse("evse-7", fallback_da=60, power_on_da=60)]
    facts = site(evses, [circuit("garage", rating=480, meter=0)], [meter_facts()], raise_hold_ms=1000, deadband_da=1)
    bench = Bench(facts).start()
    bench.guard.demand(0, True)
    bench.guard.demand(1, True)
    bench.follow(30, meter=True, house=170)
    bench.shrink(480)
    text = bench.guard.why(1)
    assert text.startswith("14.9 A: garage L1 (48.0 A) − other load 17.1 A − evse-1 10.0 A − reserve evse-7 6.0 A"), text


def test_why_names_its_own_limit_as_the_reason():
    bench = Bench(site([evse("evse-3", limit_da=100)])).start()
    bench.guard.demand(0, True)
    bench.follow(10)
    assert bench.guard.why(0) == "10.0 A: limit of evse-3 (10.0 A)"


def test_why_reports_that_no_charge_is_requested():
    bench = Bench(site([evse()])).start()
    assert bench.guard.why(0) == "0.0 A: no charge requested"


def test_why_names_missing_evidence():
    bench = Bench(site([evse()]))
    for _ in range(3):
        bench.tick(20000)
    assert bench.guard.why(0) == "0.0 A: no answer"  # nothing of one that never answered could be read
    bench.guard.heard(0, bench.now_ms)
    for _ in range(3):
        bench.tick(20000)
    assert bench.guard.why(0) == "0.0 A: answers; waiting for proof of its limit (fallback_da was not read back)"


def test_why_names_quarantine_and_safe():
    bench = Bench(site([evse()]))
    bench.tick()
    assert bench.guard.why(0) == "0.0 A: quarantine"
    bench.guard.fail("storage lost", bench.now_ms)
    assert bench.guard.why(0) == "0.0 A: safe state: storage lost"


def test_why_reports_that_an_order_waits_for_its_margin():
    bench = Bench(site([foreign_evse(power_on_source="unknown")], [circuit(rating=200, meter=0)], [meter_facts()])).start()
    bench.guard.demand(0, True)
    for _ in range(20):
        bench.meter(100 + bench.mark % 2, 100, 100)
        bench.audit()
        bench.send(bench.guard.want_da[0])
        bench.tick(500)
    text = bench.guard.why(0)
    assert text.startswith("0.0 A: no margin: main L1 (20.0 A) − other load 10.1 A − reserve evse-1 16.0 A"), text


def test_why_names_the_missing_evidence_of_a_reserve_that_an_order_waits_for():
    """What the first draws is not measured: as other load it takes the margin, and the reserve takes it a second time."""
    evses = [foreign_evse("bay-1", watchdog_ms=0, power_on_source="declared"), evse("bay-2")]
    bench = Bench(site(evses, [circuit("row", rating=330, meter=0)], [meter_facts()])).start()
    for e in range(2):
        bench.guard.demand(e, True)
    for _ in range(20):
        bench.meter(160 + bench.mark % 2, 160, 160)
        bench.tick(500)
    text = bench.guard.why(1)
    assert text.startswith("0.0 A: no margin: row L1 (33.0 A) − other load 16.1 A − reserve bay-1 16.0 A; bay-1: "), text
    assert "`commission start` tests it" in text, text


def test_why_gives_the_remaining_hold_time_of_a_paused_evse():
    bench = Bench(site([evse("evse-1"), evse("evse-2")], raise_hold_ms=1000, restart_hold_ms=30000)).start()
    bench.guard.demand(0, True)
    bench.guard.demand(1, True)
    bench.follow(10)
    bench.shrink(100)
    bench.follow(10)
    texts = [bench.guard.why(e) for e in range(2)]
    assert "0.0 A: paused, restart allowed in 21 s" in texts, texts
    bench.shrink(320)
    bench.follow(30)
    assert bench.guard.want_da == [160, 160]


def test_why_says_what_its_session_gives_as_the_reason():
    bench = Bench(site([evse()])).start()
    bench.guard.demand(0, False, "session ended (stop button); unplug the car and plug it in again")
    assert bench.guard.why(0) == "0.0 A: session ended (stop button); unplug the car and plug it in again"


def test_why_names_the_sum_that_would_be_full_should_the_primary_fail():
    evses = [foreign_evse(name, fingerprint="A1", watchdog_ms=0, power_on_source="documented") for name in ("bay-1", "bay-2")]
    bench = Bench(site(evses, [circuit("row", rating=300)]))
    for e in range(2):
        bench.guard.evidence(e, "fingerprint", "A1", bench.now_ms)
    bench.start()
    bench.guard.demand(0, True)
    bench.follow(30)
    bench.guard.demand(1, True)
    bench.follow(30)
    assert bench.guard.why(1).startswith("0.0 A: no margin if the primary fails: row L1 (30.0 A) − bay-1 16.0 A − bay-2"), bench.guard.why(1)
    bench.guard.evidence(0, "fingerprint", "B2", bench.now_ms)
    bench.follow(30)
    text = bench.guard.why(1)
    assert "bay-1: another device answers at its address; `replace bay-1`" in text, text


def test_why_says_that_an_evse_never_fits_next_to_a_reserve_and_names_the_missing_evidence():
    bench = Bench(site([evse("bay-1"), mute_evse("bay-2", power_on_source="unknown")], [circuit("row", rating=200)])).start()
    bench.guard.demand(0, True)
    bench.follow(20)
    text = bench.guard.why(0)
    sums, unknown = "no margin for its minimum 6.0 A: row L1 (20.0 A) − reserve bay-2 16.0 A", "bay-2: power-on value unknown"
    assert text.startswith("0.0 A: %s; %s" % (sums, unknown)) and "`commission start`" in text, text
    bench.guard.optional.commissioned(1, True, False, {"power_on_da": 160}, bench.now_ms)
    bench.follow(5)
    assert bench.guard.why(0) == "0.0 A: " + sums


NEEDS = "; no margin for a car that needs "


def beside_a_reserve(reserve_da, *neighbours):
    """bay-1, bay-2 that holds its reserve without a car, and these, on 20 A."""
    evses = [evse("bay-1"), mute_evse("bay-2", fallback_da=reserve_da, power_on_da=reserve_da)] + list(neighbours)
    bench = Bench(site(evses, [circuit("row", rating=200)], idle_ms=20000)).start()
    for e in range(len(evses)):
        if e != 1:
            bench.guard.plugged(e, True)
            bench.guard.demand(e, True)
    return bench


def second(bench, drawn_da=None):
    """A second in which each draws of its order at most what is given for it, or nothing."""
    for e, facts in enumerate(bench.facts["evses"]):
        if e != 1:
            da = min(bench.guard.want_da[e], (drawn_da or {}).get(e, 0))
            bench._drive(e, facts, False)
            bench.measure(e, da, da, da)
    bench.tick(1000)


def test_why_of_a_car_that_draws_nothing_at_all_that_is_possible_names_what_prevents_more():
    bench = beside_a_reserve(130, evse("bay-3"))
    for _ in range(200):
        second(bench, {2: 160})
    paused = bench.guard.why(0)
    assert paused.startswith("0.0 A: idle: paused, next retry in "), paused
    assert paused.endswith(NEEDS + "8.2 A: row L1 (20.0 A) − reserve bay-2 13.0 A"), paused
    assert NEEDS not in bench.guard.why(2)
    bench.guard.plan.targets.inhibits[0].inhibit(0, bench.now_ms + 60000)
    assert bench.guard.why(0) == "0.0 A: paused, restart allowed in 60 s", "another cause"


def test_why_of_a_car_that_is_not_paused_names_it_too():
    bench = beside_a_reserve(124)
    for _ in range(260):
        second(bench)
    text = bench.guard.why(0)
    assert text == "6.0 A: its car takes no more" + NEEDS + "8.2 A: row L1 (20.0 A) − reserve bay-2 12.4 A", text


def test_why_of_a_car_that_draws_a_part_of_its_order_and_of_a_primary_below_names_nothing_more():
    for neighbour, drawn_da in ((evse("bay-3"), 50), (evse("row-2", primary=True), 0)):
        bench, texts = beside_a_reserve(124, neighbour), []
        for _ in range(600):
            second(bench, {2: drawn_da})
            texts.append(bench.guard.why(2))
        assert not [text for text in texts if NEEDS in text], neighbour["name"]
        assert NEEDS in bench.guard.why(0), bench.guard.why(0)
        assert [text for text in texts if text[-25:] == " A: its car takes no more" or "next retry" in text], texts[-1]


def test_a_limit_from_outside_below_the_minimum_is_named_with_its_source_and_is_no_lack_of_margin():
    bench = Bench(site([evse("bay-1"), evse("bay-2")], [circuit("row", rating=200)])).start()
    bench.guard.demand(0, True)
    bench.guard.limit("ocpp", ("circuit", 0), 40, None, "hold")
    bench.follow(20)
    text = bench.guard.why(0)
    assert text == "0.0 A: queued: row L1 (4.0 A) by ocpp; too little for its minimum 6.0 A"
    bench.guard.ledger.evse_states[0].overdraw_da = 13
    assert bench.guard.why(0).endswith("; too little for its minimum 6.0 A, of which its car makes up to 1.0 A more")


def test_why_names_the_doubted_meter_of_a_circuit_below_whose_other_load_counts_here():
    circuits = [circuit("house", rating=200, assumed=60), circuit("shop", parent=0, rating=200, assumed=120, meter=0)]
    evses = [evse("bay-1"), mute_evse("bay-2", fallback_da=60, power_on_da=60)]
    bench = Bench(site(evses, circuits, meters=[meter_facts()])).start()
    bench.guard.demand(0, True)
    bench.follow(20)
    text = bench.guard.why(0)
    assert text.startswith("0.0 A: no margin for its minimum 6.0 A: house L1 (20.0 A) − other load 12.0 A (meter of shop: "), text


def test_why_of_a_grant_names_what_ends_with_it():
    evses = [foreign_evse(name, fingerprint="A1", watchdog_ms=0, power_on_source="documented", power_on_da=0) for name in ("bay-1", "bay-2")]
    facts = site(evses, [circuit("row", rating=630)])
    facts["parent"] = {"fallback_da": 160, "power_on_da": 0}
    bench = Bench(facts, guard_class=CascadedGuard)
    bench.guard.grant(300)
    for e in range(2):
        bench.guard.evidence(e, "fingerprint", "A1", bench.now_ms)
    bench.start()
    bench.guard.grant(300)
    for e in range(2):
        bench.guard.demand(e, True)
        bench.follow(30)
    assert "what ends with the grant 14.0 A" in bench.guard.why(1), bench.guard.why(1)


def test_why_names_what_an_evse_waits_for_also_during_a_test_step_of_a_meter():
    evses = [evse("bay-1"), mute_evse("bay-2", fallback_da=60, power_on_da=60)]
    bench = Bench(site(evses, [circuit("row", rating=200, assumed=120, meter=0)], meters=[meter_facts()])).start()
    bench.guard.demand(0, True)
    bench.follow(20)
    before = bench.guard.why(0)
    bench.guard.limit("meter test step", ("evse", 0), 0, None, "hold")
    bench.tick()
    assert before.startswith("0.0 A: no margin for its minimum 6.0 A: row L1 (20.0 A) − other load 12.0 A (meter: "), before
    assert bench.guard.why(0) == before + "; meter test step for some seconds"
    bench.guard.limit("user", ("evse", 0), 0, None, "hold")
    assert bench.guard.why(0).endswith("0.0 A is below its minimum 6.0 A"), "a limit that is no test is a reason: " + bench.guard.why(0)


def test_why_names_the_test_step_of_a_meter_that_paused_a_car():
    bench = Bench(site([evse("bay-1")], [circuit("row", rating=200, assumed=20, meter=0)], meters=[meter_facts()])).start()
    bench.guard.demand(0, True)
    bench.follow(20)
    assert bench.guard.want_da[0] > 0
    bench.guard.limit("meter test step", ("evse", 0), 0, bench.now_ms + 10000, "release")
    bench.follow(5)
    during = bench.guard.why(0)
    assert during.startswith("0.0 A: ") and during.endswith("; meter test step for some seconds"), during
    bench.follow(15)
    assert "meter test step" not in bench.guard.why(0), "it is over: " + bench.guard.why(0)


def test_why_names_the_doubted_meter_of_an_unbalance_limit_and_a_limit_that_leaves_less_than_the_circuit():
    root = dict(circuit("row", rating=400, assumed=20, meter=0), max_unbalance_da=50)
    bench = Bench(site([evse("bay-1", terminals=[[0]])], [root], meters=[meter_facts()])).start()
    bench.guard.demand(0, True)
    bench.follow(20)
    text = bench.guard.why(0)
    assert text.startswith("0.0 A: queued: unbalance limit of row L1 5.0 A (meter: "), text
    root = dict(circuit("row", rating=370, meter=0), contract_w=3450)
    bench = Bench(site([evse("bay-1", fallback_da=320, max_da=320, limit_da=320)], [root], meters=[meter_facts()])).start()
    bench.guard.demand(0, True)
    bench.follow(20, meter=True)
    text = bench.guard.why(0)
    assert text.startswith("0.0 A: queued: contracted power 3,450 W"), "the circuit leaves 5 A above its reserve of 32 A: " + text


def test_why_names_what_its_own_car_takes_above_its_order_and_no_reserve_where_there_is_none():
    bench = Bench(site([evse("a"), evse("b", unit=2)], [circuit("main", rating=240)])).start()
    bench.guard.demand(0, True)
    bench.guard.demand(1, True)
    bench.follow(60)
    bench.guard.ledger.evse_states[0].overdraw_da = 9
    bench.follow(60)
    text = bench.guard.why(0)
    assert text.startswith("11.5 A: main L1 (24.0 A) − b 11.5 A − 0.9 A that its car takes above its order"), text
    bench.guard.plan.reservations.put(1, 160, "waiting to start", bench.now_ms + 50_000)
    text = bench.guard.why(0)
    assert "below the reserves" not in text, text
