"""Section 6 over time: shed at once, raise slowly, the queue and its rotation, giving back."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, foreign_evse, meter_facts, mute_evse, site


def garage(count, rating, **settings):
    settings.setdefault("raise_hold_ms", 2000)
    settings.setdefault("restart_hold_ms", 3000)
    bench = Bench(site([evse("evse-%d" % (e + 1)) for e in range(count)], [circuit(rating=rating)], **settings)).start()
    for e in range(count):
        bench.guard.demand(e, True)
    return bench


def test_section_6_a_car_starts_as_soon_as_charge_is_requested_and_current_is_free():
    bench = garage(1, 320)
    bench.tick(600)
    assert bench.guard.want_da[0] == 160


def test_section_6_an_evse_without_a_charge_request_is_paused():
    bench = garage(2, 200)
    bench.follow(15)
    bench.guard.demand(0, False)
    bench.tick()
    assert bench.guard.want_da[0] == 0


def test_section_6_a_shed_takes_one_tick_and_keeps_every_evse_at_its_minimum_if_possible():
    bench = garage(3, 480)
    bench.follow(20)
    assert bench.guard.want_da == [160, 160, 160]
    bench.shrink(200)
    bench.tick()
    assert sum(bench.guard.want_da) <= 200
    assert min(bench.guard.want_da) >= 60


def test_section_6_a_shed_that_cannot_keep_all_pauses_the_last_of_the_queue():
    bench = garage(3, 480)
    bench.follow(20)
    bench.shrink(130)
    bench.tick()
    assert bench.guard.want_da[2] == 0
    assert min(bench.guard.want_da[:2]) >= 60
    assert sum(bench.guard.want_da) <= 130


def test_section_6_a_shed_keeps_who_fits_where_the_first_of_the_queue_does_not():
    evses = [evse("evse-1", min_da=130)] + [evse("evse-%d" % e) for e in (2, 3, 4)]
    bench = Bench(site(evses, [circuit(rating=400)])).start()
    for e in range(4):
        bench.guard.demand(e, True)
    bench.follow(20)
    assert min(bench.guard.want_da) >= 60
    bench.shrink(125)
    bench.tick()
    assert bench.guard.want_da == [0, 60, 60, 0]  # before, all four were paused


def test_section_6_a_shed_takes_from_the_smaller_class_first():
    evses = [evse("evse-1", priority=1), evse("evse-2", priority=2)]
    bench = Bench(site(evses, [circuit(rating=320)])).start()
    for e in range(2):
        bench.guard.demand(e, True)
    bench.follow(10)
    bench.shrink(240)
    bench.tick()
    assert bench.guard.want_da == [80, 160]


def test_section_6_a_shed_leaves_other_branches_alone():
    circuits = [circuit(rating=630), circuit("a", 0, 320), circuit("b", 0, 320)]
    bench = Bench(site([evse("evse-1", circuit=1), evse("evse-2", circuit=2)], circuits)).start()
    for e in range(2):
        bench.guard.demand(e, True)
    bench.follow(10)
    for p in range(3, 6):
        bench.ledger.cap_da[p] = bench.guard.site.rating_da[p] = 100
    bench.tick()
    assert bench.guard.want_da == [100, 160]


def test_section_6_a_raise_waits_for_its_hold_time_and_the_deadband():
    bench = garage(1, 320, raise_hold_ms=5000)
    bench.guard.limit("user", ("evse", 0), [100] * 3, None, "hold")
    bench.follow(10)
    bench.guard.limit("user", ("evse", 0), [104] * 3, None, "hold")
    bench.follow(10)
    assert bench.guard.want_da[0] == 100
    bench.guard.limit("user", ("evse", 0), [80] * 3, None, "hold")
    bench.follow(1)
    bench.guard.limit("user", ("evse", 0), [120] * 3, None, "hold")
    bench.follow(3)
    assert bench.guard.want_da[0] == 80
    bench.follow(3)
    assert bench.guard.want_da[0] == 120


def test_section_6_a_paused_car_is_not_started_again_before_its_hold_time():
    bench = garage(1, 320, restart_hold_ms=20000)
    bench.follow(5)
    bench.shrink(50)
    bench.tick()
    assert bench.guard.want_da[0] == 0
    bench.shrink(320)
    bench.follow(18)
    assert bench.guard.want_da[0] == 0
    bench.follow(4)
    assert bench.guard.want_da[0] == 160


def test_section_6_a_raise_waits_until_the_current_is_proven_free():
    bench = garage(2, 160)
    bench.guard.demand(1, False)
    bench.follow(10)
    assert bench.guard.want_da == [160, 0]
    bench.guard.demand(1, True)
    bench.tick(1000)
    assert bench.guard.want_da == [80, 0]
    bench.order(80, 0)
    bench.measure(0, 80, 80, 80)
    bench.tick(SETTLE_MS - 500)
    assert bench.guard.want_da[1] == 0
    bench.tick(1200)
    assert bench.guard.want_da == [80, 80]


def test_section_6_wanted_raises_are_seldom_refused():
    bench = garage(4, 300)
    bench.follow(120)
    assert bench.ledger.permits.refused_count[2] == 0
    assert sum(bench.guard.want_da) == 300


def test_section_6_the_queue_rotates_and_never_starves():
    bench = garage(3, 130, slot_s=20)
    charged = [0, 0, 0]
    for _ in range(150):
        bench.follow(1)
        for e in range(3):
            charged[e] += bench.guard.want_da[e] >= 60
        assert len([da for da in bench.guard.want_da if da]) <= 2
    assert min(charged) > 50


def test_section_6_a_sleeping_car_gives_back_all_but_the_minimum_and_wakes():
    bench = garage(2, 220, idle_ms=10000)
    for _ in range(90):
        bench._drive(1, bench.facts["evses"][1], True)
        bench._drive(0, bench.facts["evses"][0], 1)
        bench.tick(1000)
    assert bench.guard.want_da == [60, 160]
    for _ in range(30):
        bench.follow(1)
    assert bench.guard.want_da == [110, 110]


def test_section_6_an_evse_without_a_fallback_shares_with_one_without_watchdog():
    bench = Bench(site([foreign_evse("evse-1"), mute_evse("evse-2")], [circuit(rating=200)])).start()
    for e in range(2):
        bench.guard.demand(e, True)
    bench.follow(30)
    assert bench.guard.want_da == [100, 100]


def test_section_6_the_same_input_gives_the_same_output():
    seen = []
    for _ in range(2):
        bench = garage(5, 370, slot_s=15)
        trace = []
        for _ in range(60):
            bench.follow(1)
            trace.append(tuple(bench.guard.want_da))
        seen.append(trace)
    assert seen[0] == seen[1]


def test_section_6_an_evse_that_does_not_follow_is_planned_with_its_bound():
    bench = garage(2, 320)
    bench.follow(20)
    assert bench.guard.want_da == [160, 160]
    bench.shrink(240)
    for _ in range(20):
        bench.audit(0)
        bench.send(bench.guard.want_da[0], 0)  # heard by nobody
        bench._drive(1, bench.facts["evses"][1], True)
        bench.tick(1000)
    assert bench.bound(0) == 160
    assert bench.bound(1) <= 80


def test_rule_1_a_device_that_rounds_up_is_planned_with_its_rounded_order():
    bench = Bench(site([evse("evse-1"), evse("evse-2")], [circuit(rating=200)], raise_hold_ms=1000)).start()
    for e in range(2):
        bench.guard.demand(e, True)
    for _ in range(40):
        for e in range(2):
            want = bench.guard.want_da[e]
            most = min(want + 7, 160) if want and e == 0 else want
            order_id = bench.send(most, e)
            if order_id is not None:
                bench.prove(order_id, most, e)
        bench.tick(500)
    assert [bench.bound(e) for e in range(2)] == [100, 100]
    assert bench.guard.want_da == [93, 100]
    bench.shrink(170)
    bench.tick()
    assert bench.send(bench.guard.want_da[0] + 7, 0) is not None


def test_rule_7_a_device_that_rounds_up_beyond_the_default_state_is_planned_with_its_rounded_order():
    """13 A, of which 5.9 A are assumed without the meter: 7.1 A are wanted, and the device makes 7.2 A of that."""
    bench = Bench(site([mute_evse()], [circuit(rating=130, assumed=59, meter=0)], [meter_facts()])).start()
    bench.guard.plugged(0, True)
    bench.guard.demand(0, True)
    for _ in range(60):
        want = bench.guard.want_da[0]
        bench.audit()
        order_id = bench.send(want + 1 if want else 0)
        if order_id is not None:
            bench.prove(order_id, want + 1 if want else 0)
        drawn = bench.guard.last_order_da(0) or 0
        bench.measure(0, drawn, drawn, drawn)
        bench.meter(drawn, drawn, drawn)
        bench.tick(1000)
    assert bench.guard.want_da == [70] and bench.guard.last_order_da(0) == 71


def test_rule_7_what_a_car_takes_more_than_its_order_counts_once():
    """7.6 A for a car that takes 0.9 A more than its order, at a device without watchdog: 6.7 A are its order."""
    bench = Bench(site([mute_evse()], [circuit(rating=76)])).start()
    bench.guard.demand(0, True)
    for second in range(120):
        if second in (60, 70):
            bench.guard.demand(0, second == 70)
        bench._drive(0, bench.facts["evses"][0], False)
        order = bench.guard.last_order_da(0) or 0
        drawn = order + 9 if order else 0
        bench.measure(0, drawn, drawn, drawn)
        bench.tick(1000)
    assert bench.guard.last_order_da(0) == 67 and bench.ledger.evse_states[0].overdraw_da == 9, bench.guard.why(0)


def test_rule_10_what_a_car_made_of_a_high_order_keeps_none_from_a_low_one():
    """9 % more than each order: 2.8 A at 32 A, and 0.6 A at 7 A. With 8 A left it has an order of 7 A: it may take 1 A more than that."""
    bench = Bench(site([evse("evse-1", max_da=320, limit_da=320)], [circuit(rating=400)], restart_hold_ms=2000)).start()
    bench.guard.demand(0, True)
    lowest = 320
    for second in range(150):
        if second == 60:
            bench.guard.limit("ocpp", ("circuit", 0), 80, None, "hold")
        bench._drive(0, bench.facts["evses"][0], False)
        order = bench.guard.last_order_da(0) or 0
        drawn = order * 109 // 100
        bench.measure(0, drawn, drawn, drawn)
        bench.tick(1000)
        if second == 59:
            assert bench.guard.last_order_da(0) == 320 and bench.ledger.evse_states[0].overdraw_da == 28
        if second > 60:
            lowest = min(lowest, bench.guard.last_order_da(0))
    assert bench.guard.last_order_da(0) == 70 and lowest >= 60, (lowest, bench.guard.why(0))


def test_section_6_slightly_more_than_a_share_each_keeps_no_evse_from_its_minimum():
    evses = [evse("evse-%d" % (e + 1), limit_da=65 if e < 4 else 160) for e in range(5)]
    bench = Bench(site(evses, [circuit(rating=310)], raise_hold_ms=2000, restart_hold_ms=3000)).start()
    for e in range(4):
        bench.guard.demand(e, True)
    bench.follow(20)
    assert bench.guard.want_da == [65, 65, 65, 65, 0]
    bench.guard.demand(4, True)
    bench.follow(20)
    assert min(bench.guard.want_da) >= 60 and sum(bench.guard.want_da) <= 310


def test_rule_14_a_phase_that_an_evse_does_not_use_now_keeps_its_reserve_and_the_rest_is_shared_evenly():
    """One of the sharers would begin with what the other one should have."""
    evses = [evse("evse-1", fallback_da=60, power_on_da=60), evse("evse-2", terminals=[[1]]), evse("evse-3", terminals=[[1]])]
    bench = Bench(site(evses, [circuit(rating=200)])).start()
    bench.guard.phases_sent(0, [0], bench.now_ms)
    bench.guard.phases_proven(0, [0], bench.now_ms)
    bench.tick(SETTLE_MS + 200)
    for e in (1, 2):
        bench.guard.demand(e, True)
    bench.follow(20)
    assert bench.guard.want_da == [0, 70, 70], bench.guard.want_da
