"""Reserve and default state: one function, whoever asks, by what is known of the device."""

from helper_circuit import START_MS, Bench, circuit, evse, foreign_evse, mute_evse, site

from ampacity.circuit.trusted.device.reserve import Declared, declared, default_da, reserve_da
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.site.check import ReserveSums, check_site
from ampacity.circuit.trusted.site.tree import Site

# (facts beyond those of the maker, reserve by the facts, reserve before anything was read, default state with 16 A ordered)
CASES = (
    (evse, {}, 0, 160, 0),
    (evse, {"fallback_da": 60, "power_on_da": 60}, 60, 160, 60),
    (evse, {"fallback_da": 60, "power_on_da": 80}, 80, 160, 80),
    (evse, {"kind": "local", "watchdog_ms": 1000, "watchdog_fixed": True}, 0, 0, 0),
    (foreign_evse, {"fallback_da": 60}, 60, 160, 60),
    (foreign_evse, {"fallback_da": 60, "watchdog_fixed": True}, 60, 60, 60),
    (foreign_evse, {"power_on_da": 100, "watchdog_fixed": True}, 100, 100, 100),
    (foreign_evse, {"power_on_source": "unknown", "watchdog_fixed": True}, 160, 160, 160),
    (foreign_evse, {"power_on_source": "declared", "power_on_da": 60, "watchdog_fixed": True}, 60, 60, 60),
    (foreign_evse, {"power_on_source": "settings", "power_on_da": 60, "watchdog_fixed": True}, 60, 160, 60),
    (mute_evse, {"power_on_da": 60}, 60, 60, 160),
    (foreign_evse, {"fallback_da": 60, "holds": True}, 60, 60, 60),
    (mute_evse, {"holds": False}, 160, 160, 160),
)


def standing_of(facts, read):
    ledger = Ledger(Site(facts), START_MS)
    s = ledger.evse_states[0]
    if read:
        values = declared(s.evse)
        for key in sorted(values):
            ledger.intake.put_evidence(0, key, values[key], START_MS)
    return ledger, s


def test_rule_4_check_and_ledger_with_the_declared_values_have_the_same_reserve():
    for make, more, by_facts, unread, _ in CASES:
        facts = site([make(**more)])
        known = Declared(Site(facts).evses[0])
        assert reserve_da(Site(facts).evses[0], known) == by_facts, more
        assert standing_of(facts, True)[1].reserve_da == by_facts, more
        assert standing_of(facts, False)[1].reserve_da == unread, more


def test_rule_7_an_evse_without_watchdog_keeps_its_order_in_the_default_state():
    for make, more, reserve, _, standing in CASES:
        e = Site(site([make(**more)])).evses[0]
        assert default_da(e, Declared(e), reserve, 160) == standing, more


def test_rule_4_the_fallback_of_a_watchdog_that_does_not_count_is_still_a_reserve():
    facts = site([foreign_evse(fallback_da=60, holds=True, poll_feeds=True)])
    facts["buses"] = [{"name": "lan", "kind": "tcp", "host": "10.0.0.1", "private": False}]
    e = Site(facts).evses[0]
    assert e.shared_feed and reserve_da(e, Declared(e)) == 60
    facts = site([foreign_evse(fallback_da=60)])
    assert ReserveSums(facts, kept(distrusted=True, seen={"holds": 1})).reserve_da == [60]


def test_rule_8_where_tests_are_required_a_declared_value_counts_once_it_is_tested():
    facts = site([foreign_evse(power_on_source="declared", power_on_da=60)])
    facts["require_tested"] = True
    e = Site(facts).evses[0]
    assert (reserve_da(e, Declared(e)), reserve_da(e, Declared(e, True))) == (160, 60)


def kept(**more):
    tests = {"known_fingerprint": "S1", "tested_fingerprint": "S1", "tested": True, "distrusted": False, "seen": {}}
    tests.update(more)
    return {"format": 1, "evses": {"evse-1": tests}}


def codes(facts, evidence):
    return [found["code"] for found in check_site(facts, evidence)]


def test_rule_7_a_test_that_showed_a_held_order_lets_a_site_pass_that_needs_it():
    facts = site([mute_evse(holds=False)], [circuit(rating=100)])
    assert codes(facts, None) == ["reserves"] * 3
    assert codes(facts, kept(seen={"holds": 1})) == []
    assert codes(facts, kept(seen={"holds": 1}, tested_fingerprint="S2")) == ["reserves"] * 3
    facts["evses"][0]["fingerprint"] = "S9"
    assert codes(facts, kept(seen={"holds": 1})) == ["reserves"] * 3


def test_rule_8_a_test_that_saw_worse_than_was_declared_counts_in_the_check():
    facts = site([foreign_evse(power_on_source="declared")], [circuit(rating=100)])
    assert codes(facts, kept(seen={"power_on_da": 60})) == []
    assert codes(facts, kept(seen={"power_on_da": 120})) == ["reserves"] * 3
    assert codes(facts, kept(distrusted=True)) == ["reserves"] * 3


def test_evidence_without_the_expected_form_is_none():
    facts = site([mute_evse(holds=False)], [circuit(rating=100)])
    for evidence in ({}, {"evses": []}, {"evses": {"evse-1": 7}}, kept(seen=7), kept(seen={"holds": "yes"})):
        assert codes(facts, evidence) == ["reserves"] * 3


def test_rule_8_tests_of_a_device_count_in_the_check_whatever_it_is_called_now():
    bench = Bench(site([evse("bay-1", max_da=200, limit_da=200, fallback_da=60), evse("bay-2", fallback_da=60)], [circuit(rating=640)])).start()
    bench.guard.optional.commissioned(0, True, True, {}, bench.now_ms)
    journal = bench.guard.evidence_dump()
    for name in ("bay-1", "bay-A"):
        facts = site([evse(name, max_da=200, limit_da=200, fallback_da=60), evse("bay-2", fallback_da=60)], [circuit(rating=240)])
        assert ReserveSums(facts, journal).reserve_da == [200, 60], name
        assert [found["code"] for found in check_site(facts, journal) if found["level"] == "error"], name
        assert not [found for found in check_site(facts) if found["level"] == "error"]
