"""Rules 6 and 8, what is known of one device: what was read, how old that is, and which device it was."""

from helper_circuit import evse, foreign_evse, mute_evse, site

from ampacity.circuit.trusted.device.evidence import Evidence
from ampacity.circuit.trusted.device.reserve import (
    Declared,
    default_da,
    fallback_da,
    hardware_da,
    power_on_da,
    reserve_da,
    watchdog_ms,
)
from ampacity.circuit.trusted.site.tree import Site

T = 1000000


def known(make=foreign_evse, **more):
    tested = more.pop("require_tested", False)
    return Evidence(Site(dict(site([make(**more)]), require_tested=tested)).evses[0])


def read(evidence, now_ms=T, **values):
    for key in values:
        evidence.put(key, values[key], now_ms)
    return evidence


def test_a_value_that_is_read_again_is_a_change_only_where_it_differs():
    evidence = known()
    assert evidence.put("fallback_da", 60, T) and not evidence.put("fallback_da", 60, T) and evidence.put("fallback_da", 0, T)
    assert evidence.values["fallback_da"] == 0


def test_the_required_readings_depend_on_the_kind():
    for make, more, needed in (
        (evse, {}, ("fallback_da",)), (evse, {"kind": "local"}, ()), (mute_evse, {"power_on_source": "settings"}, ("power_on_da",)),
        (foreign_evse, {"power_on_source": "settings"}, ("watchdog_ms", "fallback_da", "power_on_da")),
        (foreign_evse, {"watchdog_ms": 1}, ("watchdog_ms", "fallback_da")),
        (foreign_evse, {"watchdog_fixed": True}, ()), (foreign_evse, {"watchdog_fixed": True, "fallback_fixed": False}, ("fallback_da",)),
    ):  # fmt: skip
        assert known(make, **more).needed == needed, more


def test_rule_8_an_order_above_the_reserve_follows_within_the_time_of_a_restart():
    evidence = read(known(), T - 500, watchdog_ms=10000, fallback_da=0)
    assert evidence.fresh(T) and not evidence.fresh(T + 1)
    evidence.put("watchdog_ms", 10000, T)
    assert not evidence.fresh(T + 1), "each of them must be fresh"
    evidence.put("fallback_da", 0, T)
    assert evidence.fresh(T + 500)
    assert not known().fresh(0) and not known().fresh(T)
    for make, more in ((evse, {}), (evse, {"kind": "local"}), (foreign_evse, {"survives": True})):
        assert known(make, **more).fresh(T)


def test_rule_6_it_is_audited_when_identity_and_settings_were_read_since_it_was_lost():
    evidence = known(fingerprint="SN1")
    for key, value, audited in (("watchdog_ms", 1, False), ("fingerprint", "SN1", False), ("fallback_da", 0, True)):
        evidence.put(key, value, T)
        assert evidence.audited() == audited, key
    evidence.forget_audit()
    assert not evidence.audited() and evidence.values["fallback_da"] == 0 and not evidence.swapped() and not evidence.same_device()
    read(evidence, fallback_da=0, watchdog_ms=1)
    assert not evidence.audited()
    evidence.put("fingerprint", "SN2", T)
    assert not evidence.audited() and evidence.swapped() and not evidence.same_device()
    assert read(known(), watchdog_ms=1, fallback_da=0).audited(), "of one without an identity the settings do"


def test_rule_6_the_first_identity_is_kept_and_only_a_text_is_one():
    evidence = known()
    for none in (None, 7):
        evidence.put("fingerprint", none, T)
        assert evidence.known_fingerprint is None and not evidence.swapped()
    evidence.put("fingerprint", "SN1", T)
    assert evidence.known_fingerprint == "SN1" and not evidence.swapped()
    evidence.put("fingerprint", "SN2", T)
    assert evidence.known_fingerprint == "SN1" and evidence.swapped()
    evidence.put("fingerprint", 7, T)
    assert evidence.swapped()


def test_only_a_mode_that_was_read_as_wrong_is_wrong():
    assert known().mode_ok() and read(known(), mode_ok=True).mode_ok() and read(known(), mode_ok=None).mode_ok()
    assert not read(known(), mode_ok=False).mode_ok() and read(known(), mode_ok=False, watchdog_ms=9000, fallback_da=0).watchdog_ms() == 0


def test_the_certain_current_without_an_order_is_the_known_one_and_not_the_worst_case():
    for evidence, sure in (
        (known(), 0), (known(power_on_da=60), 60), (known(power_on_source="unknown"), 0), (known(power_on_source="declared", power_on_da=70), 70),
        (known(evse, power_on_source="declared", power_on_da=60), 0), (read(known(evse), fallback_da=60), 60),
        (read(known(power_on_source="settings"), power_on_da=80), 80), (read(known(power_on_da=60), watchdog_ms=9000, fallback_da=100), 100),
        (read(known(power_on_da=60), fallback_da=100), 60), (read(known(power_on_da=60), watchdog_ms=9000, fallback_da=20), 60),
        (read(known(power_on_da=60), watchdog_ms=1, fallback_da=100), 100),
            (read(known(fallback_da=90, power_on_source="unknown"), watchdog_ms=9000), 0),
    ):  # fmt: skip
        assert evidence.known_reserve_da() == sure
    evidence = known(power_on_source="unknown")
    evidence.seen = {"power_on_da": 50}
    assert evidence.known_reserve_da() == 50


def commissioned(**more):
    evidence = read(known(**more), fingerprint="SN1")
    evidence.commissioned(True, True, {"watchdog_ms": 12000, "holds": 1, "other": 5})
    return evidence


def test_a_test_result_is_valid_for_that_device_only():
    evidence = commissioned()
    assert (evidence.tested, evidence.distrusted, evidence.seen, evidence.tested_fingerprint) == (True, True, {"watchdog_ms": 12000, "holds": 1},
        "SN1")
    evidence.accept_device()
    assert evidence.tested and evidence.distrusted and evidence.seen, "the same device was accepted once more"
    evidence.put("fingerprint", "SN2", T)
    evidence.accept_device()
    assert (evidence.known_fingerprint, evidence.tested, evidence.distrusted, evidence.seen, evidence.tested_fingerprint) == ("SN2", False, False,
        {}, "SN2")
    for nameless in (None, 7):
        evidence = commissioned()
        evidence.put("fingerprint", nameless, T)
        evidence.accept_device()
        assert evidence.known_fingerprint is None and not evidence.tested and evidence.seen == {}
    evidence = known()
    evidence.commissioned(True, False, {"holds": 1})
    evidence.accept_device()
    assert not evidence.tested and evidence.seen == {}, "of one without an identity nobody knows that it is the same"


def test_the_journal_keeps_evidence_with_its_device_and_no_mode():
    evidence = read(commissioned(), watchdog_ms=9000, fallback_da=60, mode_ok=False, max_da=200)
    kept = evidence.dump()
    assert kept == {
        "watchdog_ms": 9000, "fallback_da": 60, "max_da": 200, "fingerprint": "SN1", "known_fingerprint": "SN1", "distrusted": True, "tested": True,
        "tested_fingerprint": "SN1", "seen": {"watchdog_ms": 12000, "holds": 1},
    }  # fmt: skip
    again = known()
    again.load(kept)
    assert again.dump() == {key: kept[key] for key in kept if key != "fingerprint"}
    assert not again.audited() and again.read_ms == {} and again.mode_ok()


def test_for_another_device_the_journal_keeps_only_evidence_against_it():
    kept = commissioned().dump()
    other = known(fingerprint="SN9")
    other.load(kept)
    assert (other.known_fingerprint, other.distrusted, other.tested, other.seen) == ("SN9", True, False, {})
    fresh = known()
    fresh.load({"known_fingerprint": 7, "tested": True, "seen": {"holds": "yes", "power_on_da": 60}})
    assert fresh.known_fingerprint is None and fresh.tested and fresh.seen == {"power_on_da": 60} and not fresh.distrusted
    fresh = known()
    fresh.load({"tested": True, "tested_fingerprint": "SN1", "seen": {"holds": 1}})
    assert not fresh.tested and fresh.seen == {} and fresh.tested_fingerprint is None
    fresh = known()
    fresh.load({"seen": 7})
    assert fresh.seen == {} and not fresh.tested


def test_every_gap_is_named():
    assert known().gaps() == ["watchdog_ms was not read back", "fallback_da was not read back"]
    assert read(known(), watchdog_ms=1, fallback_da=0).gaps() == []
    declared = known(power_on_source="declared", power_on_da=65, watchdog_fixed=True)
    assert declared.gaps() == ["power-on value 6.5 A is declared, not tested; `commission start` tests it"]
    declared.tested = True
    assert declared.gaps() == []
    required = known(watchdog_fixed=True, require_tested=True)
    assert required.gaps() == ["not commissioned; `commission start evse-1`"]
    required.tested = True
    assert required.gaps() == []
    text = "power-on value unknown, the hardware maximum counts; declare it, or `commission start` tests it"
    for make, more, values, told in ((foreign_evse, {}, {}, True), (foreign_evse, {}, {"power_on_da": 60}, False),
        (evse, {}, {"fallback_da": 0}, False)):
        found = read(known(make, power_on_source="unknown", watchdog_fixed=make is foreign_evse, **more), **values).gaps()
        assert (text in found) == told and len(found) == told, values
    shown = read(known(foreign_evse, power_on_source="unknown", watchdog_fixed=True))
    shown.commissioned(True, False, {"power_on_da": shown.max_da()})
    assert shown.gaps() == []  # its test showed the maximum: there is nothing to be freed
    doubted = known(watchdog_fixed=True)
    doubted.distrusted, doubted.evse.shared_feed = True, True
    assert doubted.gaps() == [
        "other clients may feed its watchdog; declare its bus private if none can", "its watchdog did not act; repeat the commissioning test",
    ]  # fmt: skip


def test_the_hardware_maximum_is_never_less_than_the_site_file_declares():
    for shown, most in ((100, 160), (200, 200), ("much", 160), (None, 160)):
        evidence = read(known(), max_da=shown)
        assert hardware_da(evidence.evse, evidence) == most == evidence.max_da()
    assert known(max_da=0).max_da() == 0


def test_rule_8_a_watchdog_counts_with_its_time_and_its_fallback():
    for make, more, values, seen, counts in (
        (foreign_evse, {}, {"watchdog_ms": 9000, "fallback_da": 0}, {}, 9000), (foreign_evse, {}, {"watchdog_ms": 9000}, {}, 0),
        (foreign_evse, {}, {"fallback_da": 0}, {}, 0), (foreign_evse, {"fallback_fixed": True}, {"watchdog_ms": 9000}, {}, 9000),
        (foreign_evse, {"watchdog_fixed": True}, {}, {}, 10000), (foreign_evse, {"watchdog_fixed": True}, {"watchdog_ms": 0}, {}, 0),
        (foreign_evse, {"watchdog_fixed": True, "fallback_fixed": False}, {}, {}, 0),
            (foreign_evse, {"watchdog_ms": 0}, {"watchdog_ms": 9, "fallback_da": 0}, {}, 0),
        (foreign_evse, {}, {"watchdog_ms": 0, "fallback_da": 0}, {"watchdog_ms": 12000}, 0),
        (foreign_evse, {"watchdog_fixed": True}, {}, {"watchdog_ms": 12000}, 12000),
            (foreign_evse, {"watchdog_fixed": True}, {}, {"watchdog_ms": 8000}, 10000),
        (evse, {}, {}, {}, 0), (evse, {}, {"fallback_da": 60}, {}, 10000), (evse, {}, {"fallback_da": 60, "watchdog_ms": 20000}, {}, 20000),
        (evse, {}, {"fallback_da": 60, "watchdog_ms": 5000}, {"watchdog_ms": 30000}, 30000), (evse, {"watchdog_fixed": True}, {}, {}, 10000),
        (evse, {"kind": "local", "watchdog_ms": 700}, {}, {}, 700), (evse, {"kind": "local", "watchdog_ms": 0}, {}, {}, 0),
        (foreign_evse, {"watchdog_ms": 1, "watchdog_fixed": True}, {}, {}, 1), (foreign_evse, {}, {"watchdog_ms": 1, "fallback_da": 0}, {}, 1),
    ):  # fmt: skip
        evidence = read(known(make, **more), **values)
        evidence.seen = seen
        assert watchdog_ms(evidence.evse, evidence) == counts == evidence.watchdog_ms(), (more, values, seen)
        evidence.distrusted = True
        assert evidence.watchdog_ms() == 0


def test_fallback_and_power_on_value_are_the_worst_of_read_and_observed_values():
    for more, values, seen, fallback, power_on in (
        ({"fallback_da": 60, "power_on_da": 70}, {}, {}, 60, 70), ({"fallback_da": 60}, {"fallback_da": 80}, {"fallback_da": 50}, 80, 0),
        ({}, {"fallback_da": 40}, {"fallback_da": 50, "power_on_da": 90}, 50, 90),
            ({"power_on_da": 70}, {"power_on_da": 20}, {"power_on_da": 10}, 0, 20),
        ({}, {"power_on_da": "x"}, {}, 0, 160), ({"power_on_source": "unknown"}, {}, {}, 0, 160),
        ({"power_on_source": "unknown"}, {}, {"power_on_da": 30}, 0, 30), ({"kind": "local"}, {}, {"power_on_da": 30}, 0, 0),
        ({"kind": "ampacity"}, {}, {}, 0, 160), ({"kind": "ampacity"}, {"fallback_da": 60}, {}, 60, 60),
        ({"power_on_source": "declared", "power_on_da": 70}, {}, {}, 0, 70), ({"power_on_source": "settings", "power_on_da": 70}, {}, {}, 0, 160),
    ):  # fmt: skip
        evidence = read(known(**more), **values)
        evidence.seen = seen
        assert (evidence.fallback_da(), evidence.power_on_da()) == (fallback, power_on), (more, values, seen)
        assert fallback_da(evidence.evse, evidence) == fallback and power_on_da(evidence.evse, evidence) == power_on


def test_a_value_that_requires_a_test_counts_as_the_maximum_until_the_test():
    evidence = known(power_on_source="declared", power_on_da=60, require_tested=True)
    assert evidence.power_on_da() == 160
    evidence.tested = True
    assert evidence.power_on_da() == 60


def test_a_device_whose_watchdog_ends_at_the_least_time_keeps_its_reserve_and_others_their_order():
    fixed = known(watchdog_ms=1, watchdog_fixed=True, fallback_da=60)
    assert reserve_da(fixed.evse, fixed) == 60 and default_da(fixed.evse, fixed, 60, 160) == 60
    mute = known(mute_evse, power_on_da=60)
    assert default_da(mute.evse, mute, 60, 100) == 100 and default_da(mute.evse, mute, 60, 40) == 60
    seen = known(mute_evse, holds=False, power_on_da=60)
    for holds, reserve in ((0, 160), (1, 60)):
        seen.seen = {"holds": holds}
        assert reserve_da(seen.evse, seen) == reserve
    quiet = known(mute_evse, fallback_da=90, power_on_da=60)
    assert reserve_da(quiet.evse, quiet) == 60, "without a watchdog there is no fallback"


def test_of_a_journal_tests_count_for_the_device_that_was_tested():
    def declared(kept, tested=False, **more):
        found = Declared(Site(site([foreign_evse(**more)])).evses[0], tested, kept)
        return found.tested, found.distrusted, found.seen

    kept = {"known_fingerprint": "S1", "tested_fingerprint": "S1", "tested": True, "distrusted": True,
        "seen": {"holds": 1, "watchdog_ms": "x", "other": 1}}
    assert declared(kept) == declared(kept, fingerprint="S1") == (True, True, {"holds": 1})
    assert declared(kept, fingerprint="S2") == declared(None) == declared({}) == (False, False, {})
    assert declared(dict(kept, tested_fingerprint="S2")) == (False, True, {})
    assert declared(dict(kept, tested=False, seen=None)) == (False, True, {}) and declared(dict(kept, tested=False), True)[0]
    assert declared(None, True) == (True, False, {})


def test_the_expected_reading_follows_from_the_facts():
    for make, more, values in (
        (foreign_evse, {"fallback_da": 60}, {"watchdog_ms": 10000, "fallback_da": 60}),
            (evse, {"kind": "local", "power_on_source": "documented"}, {}),
        (evse, {"power_on_da": 50, "power_on_source": "documented"}, {"watchdog_ms": 10000, "fallback_da": 0, "power_on_da": 50}),
        (mute_evse, {"power_on_source": "settings", "power_on_da": 40}, {"power_on_da": 40}), (mute_evse, {}, {}),
        (foreign_evse, {"watchdog_ms": 1}, {"watchdog_ms": 1, "fallback_da": 0}),
    ):  # fmt: skip
        assert Declared(Site(site([make(**more)])).evses[0]).values == values, more
