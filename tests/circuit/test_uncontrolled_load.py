"""Who cannot charge beside one that is not regulated is told whose room it lacks, and what frees it."""

from helper_circuit import Bench, circuit, foreign_evse, meter_facts, mute_evse, site

from ampacity.circuit.uncontrolled_load import blocked_by
from ampacity.roles.optional.starvation import Starvation


def garage(rating=220, evses=None):
    """Three of 16 A on one circuit; the first is known by its number."""
    evses = evses or [foreign_evse("bay-1", fingerprint="A1"), foreign_evse("bay-2"), foreign_evse("bay-3")]
    bench = Bench(site(evses, [circuit("row", rating=rating)], restart_hold_ms=5000))
    bench.guard.evidence(0, "fingerprint", "A1", bench.now_ms)
    bench.start()
    for e in range(len(evses)):
        bench.guard.demand(e, True)
    return bench


def test_no_evse_is_named_while_none_lacks_current():
    bench = garage(rating=480)
    bench.follow(30)
    assert [blocked_by(bench.guard, e) for e in range(3)] == ["", "", ""]


def test_the_reason_of_a_waiting_evse_names_the_blocking_unit_and_the_remedy():
    bench = garage(rating=200)
    bench.guard.evidence(0, "fingerprint", "B2", bench.now_ms)
    bench.follow(120, silent=(0,))
    text = bench.guard.why(1)
    assert text.startswith("0.0 A: bay-1 blocks 16.0 A of row L1: another device answers at its address; `replace bay-1`"), text
    assert "`isolate bay-1 on`" in text
    assert bench.guard.why(0).startswith("0.0 A: swapped: another device answers at its address; `replace bay-1`")
    assert "another device" in bench.guard.fault(0)


def test_when_the_known_unit_answers_again_accept_is_named_and_frees_it():
    bench = garage(rating=200)
    bench.guard.evidence(0, "fingerprint", "B2", bench.now_ms)
    bench.follow(30, silent=(0,))
    bench.guard.evidence(0, "fingerprint", "A1", bench.now_ms)
    bench.follow(30, silent=(0,))
    assert bench.guard.why(0) == ("0.0 A: swapped: another device answered at its address, now the known one does; `accept bay-1`,"
                                  " or open its feeder and `isolate bay-1 on`"), bench.guard.why(0)
    bench.guard.accept_device(0)
    bench.follow(60)
    assert bench.guard.state(0) == "ok"


def test_a_sum_that_an_unregulated_evse_fills_is_named_with_the_remedy():
    root = circuit("row", rating=630)
    root["contract_w"] = 11000
    evses = [foreign_evse("bay-1", fingerprint="A1"), foreign_evse("bay-2")]
    bench = Bench(site(evses, [root], restart_hold_ms=5000))
    bench.guard.evidence(0, "fingerprint", "A1", bench.now_ms)
    bench.start()
    for e in (0, 1):
        bench.guard.demand(e, True)
    bench.guard.evidence(0, "fingerprint", "B2", bench.now_ms)
    bench.follow(120, silent=(0,))
    text = bench.guard.why(1)
    assert text.startswith("0.0 A: bay-1 blocks 48.0 A of contracted power 11,000 W: another device answers at its address; `replace bay-1`"), text


def test_the_free_current_is_used_in_turn_while_another_evse_counts_its_maximum():
    bench = garage(rating=230)
    bench.guard.evidence(0, "fingerprint", "B2", bench.now_ms)
    begun = set()
    for _ in range(80):
        bench.follow(15, silent=(0,))
        begun |= {e for e in (1, 2) if bench.guard.last_order_da(e)}
    assert begun == {1, 2}


def test_a_silent_evse_without_a_watchdog_is_named_and_freed_by_isolating_it():
    bench = garage(rating=200, evses=[mute_evse("bay-1"), foreign_evse("bay-2")])
    bench.follow(40)
    bench.guard.lost(0, bench.now_ms)
    bench.follow(90, silent=(0,))
    text = bench.guard.why(1)
    assert "bay-1 blocks " in text and "no answer; switch it on, or open its feeder and `isolate bay-1 on`" in text, text
    bench.guard.isolate(0, True, bench.now_ms)
    bench.follow(90, silent=(0,))
    assert blocked_by(bench.guard, 1) == "" and bench.guard.last_order_da(1) == 160


def test_an_evse_that_answers_and_never_proves_an_order_is_named():
    bench = garage(rating=200, evses=[foreign_evse("bay-1", poll_feeds=True), foreign_evse("bay-2")])
    bench.guard.foreign_write(0, 0, bench.now_ms)
    for _ in range(240):
        bench.guard.heard(0, bench.now_ms)
        bench.follow(1, silent=(0,))
    text = bench.guard.why(1)
    assert text.startswith("0.0 A: bay-1 blocks 16.0 A of row L1: answers, but no order is proven; restart it"), text


def test_an_evse_that_answers_and_does_not_follow_a_lower_order_is_named():
    bench = garage(rating=160, evses=[foreign_evse("bay-1"), foreign_evse("bay-2")])
    bench.guard.demand(1, False)
    bench.follow(30)
    assert bench.guard.last_order_da(0) == 160
    bench.guard.demand(1, True)
    for _ in range(60):
        bench.follow(1, silent=(0,))
        bench.audit(0)
        bench.guard.answered(0, bench.guard.send(0, bench.guard.want_da[0], bench.now_ms) or 0, bench.now_ms)
        bench.guard.reported(0, 160, bench.now_ms)
        bench.measure(0, 160, 160, 160)
    assert "bay-1 blocks 16.0 A of row L1: " in bench.guard.why(1), bench.guard.why(1)
    assert "`isolate bay-1 on`" in bench.guard.why(1) and "open its feeder" in bench.guard.why(0), bench.guard.why(0)


def test_an_outside_limit_used_up_by_one_evse_is_named_as_well():
    bench = garage(rating=480)
    bench.guard.limit("console", ("chargers", 0), 200, None, "hold")
    bench.guard.evidence(0, "fingerprint", "B2", bench.now_ms)
    bench.follow(120, silent=(0,))
    assert "bay-1 blocks 16.0 A of row L1: another device" in bench.guard.why(1), bench.guard.why(1)


def test_after_a_foreign_write_why_names_the_foreign_write():
    bench = garage(rating=480)
    bench.guard.foreign_write(0, 0, bench.now_ms)
    bench.tick(3000)
    assert "another client wrote on its bus 3 s ago" in bench.guard.why(1), bench.guard.why(1)


def test_the_reason_of_an_evse_blocked_by_an_earlier_meter_reading_asks_for_a_check():
    circuits = [circuit("main", rating=200, assumed=40), circuit("shop", 0, 200, assumed=40, meter=0)]
    bench = Bench(site([foreign_evse("bay-1")], circuits, [meter_facts()])).start()
    bench.guard.demand(0, True)
    for shown in [160] * 8 + [0] * 20:
        bench.meter(shown + bench.mark % 2, shown, shown)
        bench.follow(1)
    text = bench.guard.why(0)
    assert "shop L1 once measured 16.1 A of other load, declared 4.0 A; check that load, then `confirm shop`" in text, text
    bench.guard.confirm_assumed(1)
    for shown in [0] * 20:
        bench.meter(shown + bench.mark % 2, shown, shown)
        bench.follow(1)
    assert bench.guard.last_order_da(0) == 160 and "confirm" not in bench.guard.why(0), bench.guard.why(0)


def test_confirm_is_not_named_where_it_would_free_too_little():
    circuits = [circuit("main", rating=200, assumed=100), circuit("shop", 0, 200, assumed=100, meter=0)]
    bench = Bench(site([foreign_evse("bay-1")], circuits, [meter_facts()])).start()
    bench.guard.demand(0, True)
    bench.guard.limit("console", ("circuit", 0), 120, None, "release")
    for shown in [104] * 8 + [101] * 20:
        bench.meter(shown + bench.mark % 2, shown, shown)
        bench.follow(1)
    assert "confirm" not in bench.guard.why(0), bench.guard.why(0)


class Log:
    def __init__(self):
        self.lines = []

    def add(self, level, text, now_ms):
        self.lines.append((level, text))


def test_after_a_minute_the_shortfall_is_logged_and_reported_upstream_and_isolating_the_unit_ends_it():
    bench, log = garage(rating=200), Log()
    part = Starvation(bench.guard, ["bay-1", "bay-2", "bay-3"], log)
    bench.guard.evidence(0, "fingerprint", "B2", bench.now_ms)
    for _ in range(50):
        bench.follow(1, silent=(0,))
        part.step(bench.now_ms)
    assert part.texts == [None] * 3 and log.lines == []
    for _ in range(60):
        bench.follow(1, silent=(0,))
        part.step(bench.now_ms)
    assert part.texts[1].startswith("bay-1 blocks 16.0 A of row L1: another device") and part.texts[0] is None
    assert [line for line in log.lines if line[0] == "warning" and "bay-2: bay-1 blocks" in line[1]]
    bench.guard.isolate(0, True, bench.now_ms)
    for _ in range(90):
        bench.follow(1, silent=(0,))
        part.step(bench.now_ms)
    assert part.texts == [None] * 3 and log.lines[-1][0] == "info"
