"""Section 3.6: a fire pump that starts, or whose signal is lost, sheds its EVSEs at once and for a while after."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, meter_facts, site
from life import Life

from ampacity.circuit.guard import Guard
from ampacity.circuit.policy.plan import Plan
from ampacity.circuit.trusted.errors import Rejected
from check import raises


def pumped_facts(**load):
    facts = site([evse("evse-1"), evse("evse-2")], [circuit(rating=400)], [meter_facts()], raise_hold_ms=1000, restart_hold_ms=1000)
    facts["safety_loads"] = [dict({"name": "pump", "evses": [0], "hold_ms": 20000}, **load)]
    return facts


def pumped(**load):
    bench = Bench(pumped_facts(**load)).start()
    for e in range(2):
        bench.guard.demand(e, True)
    return bench


def follow(bench, seconds, on):
    for _ in range(seconds):
        if on is not None:
            bench.guard.safety_load("pump", on, bench.now_ms)
        bench.follow(1)


def charging():
    bench = pumped()
    follow(bench, 40, False)
    assert bench.guard.want_da == [160, 160]
    return bench


def test_3_6_before_the_first_signal_it_counts_as_lost():
    bench = pumped()
    bench.follow(30)
    assert bench.guard.want_da == [0, 160]
    assert bench.guard.why(0) == "0.0 A: safety load pump signal lost"


def test_3_6_a_load_that_starts_sheds_its_evses_in_the_next_tick_and_no_other():
    bench = charging()
    bench.guard.safety_load("pump", True, bench.now_ms)
    bench.tick()
    assert bench.guard.want_da == [0, 160]
    assert "safety load" in bench.kinds()


def test_3_6_the_contactor_follows_the_pause_after_the_settle_time():
    bench = charging()
    switches = bench.guard.switches
    for _ in range(SETTLE_MS // 1000 + 1):
        assert not bench.guard.open_contactor(0)
        bench.guard.safety_load("pump", True, bench.now_ms)
        bench.tick(1000)
    assert bench.guard.open_contactor(0) and not bench.guard.open_contactor(1)
    assert bench.guard.switches == switches + 1
    assert bench.guard.state(0) == "ok"


def test_3_6_the_pause_lasts_for_its_time_after_the_load_stopped():
    bench = charging()
    follow(bench, 8, True)
    follow(bench, 18, False)
    assert bench.guard.want_da[0] == 0
    assert bench.guard.why(0) == "0.0 A: safety load pump stopped, hold time running"
    follow(bench, 6, False)
    assert bench.guard.want_da[0] > 0
    assert not bench.guard.open_contactor(0)


def test_3_6_a_lost_signal_sheds():
    bench = charging()
    follow(bench, 4, None)
    assert bench.guard.want_da[0] == 160
    follow(bench, 2, None)
    assert bench.guard.want_da[0] == 0


def test_3_6_an_input_of_unknown_state_is_not_a_signal():
    bench = charging()
    for _ in range(7):
        bench.guard.safety_load("pump", None, bench.now_ms)
        bench.follow(1)
    assert bench.guard.want_da[0] == 0


def test_3_6_a_separate_meter_detects_the_load():
    bench = pumped(meter=0, threshold_da=20)
    for _ in range(40):
        bench.meter(0, 5, -5)
        bench.follow(1)
    assert bench.guard.want_da == [160, 160]
    bench.meter(0, 0, 25)
    bench.tick()
    assert bench.guard.want_da == [0, 160]


def resting(changes, meter=None, seconds=40):
    """A meter that shows 0 A all the time; `changes(n)`: its mark in the n-th frame."""
    bench = pumped(meter=0, threshold_da=20)
    if meter:
        bench = Bench(dict(bench.facts, meters=[meter_facts(**meter)])).start()
        for e in range(2):
            bench.guard.demand(e, True)
    for n in range(seconds):
        bench.guard.meter(0, [0, 0, 0], bench.now_ms, changes(n))
        bench.follow(1)
    return bench


def test_3_6_a_working_meter_may_show_no_current_for_hours():
    assert resting(lambda n: n).guard.want_da == [160, 160]
    assert resting(lambda n: n // 4).guard.want_da == [160, 160]


def test_3_6_a_frozen_meter_is_a_lost_signal():
    bench = resting(lambda n: min(n, 30), seconds=35)
    assert bench.guard.want_da == [160, 160]
    for _ in range(2):
        bench.guard.meter(0, [0, 0, 0], bench.now_ms, 30)
        bench.follow(1)
    assert bench.guard.want_da == [0, 160]
    assert bench.guard.why(0) == "0.0 A: safety load pump meter frozen"
    for _ in range(SETTLE_MS // 1000):
        bench.guard.meter(0, [0, 0, 0], bench.now_ms, 30)
        bench.follow(1)
    assert bench.guard.open_contactor(0)


def test_3_6_a_meter_that_was_frozen_before_the_start_is_never_a_signal():
    assert resting(lambda n: 7, seconds=4).guard.want_da == [0, 160]
    assert resting(lambda n: 7).guard.want_da == [0, 160]


def test_3_6_a_frozen_meter_is_trusted_again_when_its_values_change():
    bench = resting(lambda n: min(n, 20))
    assert bench.guard.want_da == [0, 160]
    for n in range(22):
        bench.guard.meter(0, [0, 0, 0], bench.now_ms, 50 + n)
        bench.follow(1)
    assert bench.guard.want_da[0] > 0


def test_3_6_a_coarse_meter_is_checked_by_its_age_only():
    assert resting(lambda n: 7, meter={"coarse": True}).guard.want_da == [160, 160]


def test_3_6_the_time_is_that_of_the_meter():
    bench = resting(lambda n: n if n < 25 else 25, meter={"frozen_ms": 20000})
    assert bench.guard.want_da == [160, 160]


def test_3_6_a_frozen_meter_that_shows_a_running_load_sheds_as_for_a_running_load():
    bench = resting(lambda n: n)
    for _ in range(8):
        bench.guard.meter(0, [0, 25, 0], bench.now_ms, 100)
        bench.follow(1)
    assert bench.guard.why(0) == "0.0 A: safety load pump runs"


def test_3_6_without_named_evses_all_are_shed():
    bench = pumped(evses=None)
    follow(bench, 40, False)
    bench.guard.safety_load("pump", True, bench.now_ms)
    bench.tick()
    assert bench.guard.want_da == [0, 0]


def test_3_6_an_unknown_name_is_rejected():
    bench = pumped()
    with raises(Rejected):
        bench.guard.safety_load("lift", True, bench.now_ms)
    with raises(Rejected):
        Bench(site([evse()])).guard.safety_load("pump", True, bench.now_ms)


def planless():
    """A guard whose targets stay as a test sets them."""

    class Still(Plan):
        def tick(self, now_ms, running):
            """Leaves the targets alone."""

    class Wilful(Guard):
        plan_class = Still

    bench = Bench(pumped_facts(), guard_class=Wilful).start()
    bench.guard.demand(0, True)
    bench.guard.want_da[0] = 160
    return bench


def test_3_6_whatever_the_plan_wants_nothing_is_kept_alive_there():
    bench = planless()
    follow(bench, 30, False)
    assert bench.guard.last_order_da(0) == 160
    follow(bench, 2 * SETTLE_MS // 1000 + 2, True)
    assert bench.send(160) is None and bench.ledger.permits.refused_count[3] > 0
    assert bench.send(100) is not None  # a lower always leaves
    assert bench.send(100) is None
    assert bench.send(0) is not None
    follow(bench, 20, False)
    assert bench.guard.last_order_da(0) == 0
    follow(bench, 5, False)
    assert bench.send(160) is not None


def test_an_evse_that_a_safety_load_sheds_takes_each_further_pause():
    facts = site([evse()])
    facts["safety_loads"] = [{"name": "pump", "evses": [0], "hold_ms": 5000}]
    bench = Bench(facts)
    for second in range(40):
        bench.guard.safety_load("pump", True, bench.now_ms)
        assert bench.order(0) is not None, second
        bench.tick(1000)
    assert bench.ledger.evse_states[0].barred


def test_3_6_a_load_whose_facts_name_no_time_sheds_for_a_minute_after_it_stopped():
    facts = site([evse()])
    facts["safety_loads"] = [{"name": "pump", "evses": [0]}]
    bench = Bench(facts).start()
    bench.guard.demand(0, True)
    shed = []
    for second in range(70):
        bench.guard.safety_load("pump", second < 3, bench.now_ms)
        bench.tick(1000)
        shed.append("safety load" in bench.guard.why(0))
    assert shed == [True] * 62 + [False] * 8, shed.index(False)


def test_3_6_an_evse_that_is_shed_is_kept_alive_by_no_order_above_zero():
    life = Life(evse()).stand(100).order(0)
    life.pass_at(life.now_ms + 6000).audit()
    life.s.barred = True
    assert life.permits.send(0, 1, life.now_ms) is None and life.permits.refused_count[3] == 1
    life.s.barred = False
    assert life.permits.send(0, 1, life.now_ms) is not None
