"""Rules at the edge of their numbers: what is still allowed, and what is refused one step further."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, foreign_evse, site

from ampacity.circuit.trusted.evidence import Evidence
from ampacity.circuit.trusted.tree import Site
from ampacity.circuit.trusted.trust import Trust


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


def test_rule_11_what_is_above_the_rating_at_the_start_has_the_time_of_the_budget():
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


def test_rule_8_what_can_be_set_must_be_read_and_what_is_fixed_need_not():
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


def test_rule_6_another_device_is_told_once_and_kept():
    bench = Bench(site([foreign_evse(fingerprint="SN-1")])).start()
    version = bench.ledger.durable.version
    bench.guard.evidence(0, "fingerprint", "SN-2", bench.now_ms)
    bench.guard.evidence(0, "fingerprint", "SN-2", bench.now_ms)
    assert bench.kinds().count("swapped") == 1 and bench.ledger.durable.version > version


def test_rule_6_one_declared_isolated_that_answers_is_told():
    bench = Bench(site([evse()])).start()
    bench.guard.isolate(0, True, bench.now_ms)
    assert bench.bound() == 0
    bench.guard.evidence(0, "fallback_da", 0, bench.now_ms)
    assert "heard" in bench.kinds() and bench.bound() == 160


def test_what_lowers_trust_in_a_device_is_kept_at_once_and_what_raises_it_is_not():
    bench = Bench(site([foreign_evse(fallback_da=0)])).start()
    durable = bench.ledger.durable
    for key, value, falls in (("fallback_da", 60, True), ("fallback_da", 60, False), ("fallback_da", 0, False),
                              ("max_da", 200, True), ("watchdog_ms", 20000, True), ("watchdog_ms", 20000, False)):  # fmt: skip
        version = durable.version
        bench.guard.evidence(0, key, value, bench.now_ms)
        assert (durable.version > version) == falls, (key, value)


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


def test_rule_3_2_a_journal_without_or_with_wrong_counts_leaves_what_was():
    for blame in (None, [True, 0, 0, 0, 0], [-1, 0, 0, 0, 0], [1], "1000"):
        trust = Trust([True, True, True])
        clean = list(trust.blame)
        trust.load({"owed": [1, 0, 9], "against": [0, 0, 0], "blame": blame})
        assert trust.blame == clean and trust.owed[0] == 1 and trust.owed[2] == 2
        trust.turn()
        assert trust.blame == clean
