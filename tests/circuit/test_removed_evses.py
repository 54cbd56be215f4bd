"""Rule 15 for what left the site file: it counts at its old place until it paused, or a person says that it is gone."""

from helper_circuit import Bench, circuit, evse, foreign_evse, mute_evse, site

from ampacity.circuit.trusted.errors import NotNow, Rejected
from ampacity.circuit.trusted.site.migration import SiteMigration, place, still_changing, was_elsewhere
from check import raises

ROWS = [circuit("main"), circuit("a", 0, 200), circuit("b", 0, 200)]


def first(*evses, circuits=None):
    """The journal of a site on which each of these has charged."""
    bench = Bench(site(list(evses), circuits or [circuit()]))
    bench.start()
    for e in range(len(evses)):
        bench.stand(100, e)
    return bench.guard.evidence_dump()


def unit(number, each):
    each["unit"] = number
    return each


def renumbered(facts, *units):
    for each, number in zip(facts["evses"], units):
        each["unit"] = number
    return facts


def names(bench):
    return [row["name"] for row in bench.guard.removed_evses()]


def gone_two(**more):
    """evse-1 left, evse-2 stays, each at its address."""
    kept = first(mute_evse("evse-1", circuit=1, **more), evse("evse-2", circuit=1), circuits=ROWS)
    return renumbered(site([evse("evse-2", circuit=1)], ROWS), 2), kept


def test_a_removed_evse_counts_its_maximum_on_every_circuit_of_its_path():
    facts, kept = gone_two()
    bench = Bench(facts, kept).start()
    assert names(bench) == ["evse-1"]
    assert bench.guard.margin_da(1) == [40] * 3 and bench.guard.margin_da(0) == [160] * 3 and bench.guard.margin_da(2) == [200] * 3
    assert bench.order(50) is None and bench.order(40) is not None


def test_a_removed_evse_counts_after_a_second_and_a_third_restart():
    facts, kept = gone_two()
    for _ in range(3):
        bench = Bench(facts, kept).start()
        assert bench.guard.margin_da(1) == [40] * 3
        kept = bench.guard.evidence_dump()


def test_a_removed_evse_counts_for_hours_while_the_site_regulates():
    facts, kept = gone_two()
    bench = Bench(facts, kept).start()
    bench.tick(7200000 // 40)
    assert bench.guard.margin_da(1) == [40] * 3 and bench.guard.mode == "degraded"


def test_confirming_the_removal_frees_its_place_permanently():
    facts, kept = gone_two()
    bench = Bench(facts, kept).start()
    for name in ("evse-2", "nobody"):
        with raises(Rejected):
            bench.guard.confirm_removed(name, bench.now_ms)
    bench.guard.confirm_removed("evse-1", bench.now_ms)
    bench.tick(200)
    assert bench.guard.margin_da(1) == [200] * 3 and names(bench) == [] and bench.guard.mode == "regulating"
    again = Bench(facts, bench.guard.evidence_dump()).start()
    assert again.guard.margin_da(1) == [200] * 3 and names(again) == []
    with raises(Rejected):
        again.guard.confirm_removed("evse-1", again.now_ms)


def test_a_proven_watchdog_frees_a_removed_evse_after_its_time_down_to_its_reserve():
    kept = first(foreign_evse("evse-1", fallback_da=60), evse("evse-2"))
    bench = Bench(renumbered(site([evse("evse-2")]), 2), kept)
    assert bench.guard.margin_da(0) == [0] * 3
    bench.start()
    bench.tick(30000)
    assert bench.guard.margin_da(0) == [260] * 3 and names(bench) == ["evse-1"]
    bench.tick(3600000 // 20)
    assert bench.guard.margin_da(0) == [260] * 3


def test_a_removed_evse_without_reserve_is_dropped_when_its_watchdog_expired():
    bench = Bench(renumbered(site([evse("evse-2")]), 2), first(evse("evse-1"), evse("evse-2"))).start()
    bench.tick(30000)
    assert bench.guard.margin_da(0) == [320] * 3 and names(bench) == []
    assert "before" not in bench.guard.evidence_dump()["site"]


def test_its_watchdog_frees_nothing_if_another_unit_is_polled_at_its_address():
    kept = first(foreign_evse("evse-1", profile="one"))
    bench = Bench(site([foreign_evse("evse-1", profile="another")]), kept).start()
    bench.tick(60000)
    assert names(bench) == ["evse-1#2"] and bench.guard.margin_da(0) == [160] * 3


def test_a_distrusted_watchdog_frees_nothing():
    old = Bench(site([foreign_evse("evse-1"), evse("evse-2")])).start()
    old.guard.optional.commissioned(0, False, True, {}, old.now_ms)
    bench = Bench(renumbered(site([evse("evse-2")]), 2), old.guard.evidence_dump()).start()
    bench.tick(60000)
    assert bench.guard.margin_da(0) == [160] * 3


def test_a_renamed_evse_is_the_same_device_with_its_evidence():
    kept = first(mute_evse("evse-1"))
    kept["evses"]["evse-1"]["known_fingerprint"] = "SN1"
    bench = Bench(site([mute_evse("bay-1")]), kept)
    assert names(bench) == [] and bench.ledger.evse_states[0].evidence.known_fingerprint == "SN1"
    assert bench.guard.margin_da(0) == [160] * 3


def test_a_lock_out_follows_the_device_and_the_name():
    kept = first(mute_evse("evse-1"))
    kept["locked"] = {"evse-1": 2}
    renamed = Bench(site([mute_evse("bay-1")]), kept)
    assert renamed.guard.locked_out(0)
    elsewhere = Bench(renumbered(site([mute_evse("evse-1")]), 7), kept)
    assert elsewhere.guard.locked_out(0)


def test_another_unit_bus_or_kind_under_the_same_name_is_another_device():
    kept = first(mute_evse("evse-1"))
    kept["evses"]["evse-1"]["known_fingerprint"] = "SN1"
    other_bus = site([mute_evse("evse-1", bus=1)])
    other_bus["buses"].append({"name": "rs485-2", "kind": "rtu", "port": "virtual"})
    other_port = site([mute_evse("evse-1")])
    other_port["buses"][0]["port"] = "/dev/ttyS9"
    for facts in (renumbered(site([mute_evse("evse-1")]), 7), other_bus, other_port, site([evse("evse-1")])):
        bench = Bench(facts, kept)
        assert names(bench) == ["evse-1#2"], facts
        assert bench.ledger.evse_states[0].evidence.known_fingerprint is None
        bench.start()
        assert bench.guard.margin_da(0) == [160] * 3
        bench.guard.confirm_removed("evse-1#2", bench.now_ms)
        bench.tick(200)
        assert bench.guard.margin_da(0) == [320] * 3


def test_a_renamed_circuit_keeps_the_load_of_a_removed_evse():
    facts, kept = gone_two()
    facts["circuits"] = [circuit("main"), circuit("row-1", 0, 320), circuit("b", 0, 200)]
    for _ in range(3):
        bench = Bench(facts, kept).start()
        assert bench.guard.margin_da(1) == [40] * 3, "the smaller of both ratings, less what left"
        kept = bench.guard.evidence_dump()
    bench.guard.confirm_removed("evse-1", bench.now_ms)
    bench.tick(200)
    assert bench.guard.margin_da(1) == [320] * 3


def test_what_was_only_declared_of_a_renamed_circuit_counts_once_and_what_was_seen_there_counts_on():
    for seen_da in (40, 70):
        circuits = [circuit("main", assumed=50), circuit("a", 0, 200, assumed=40), circuit("b", 0, assumed=50)]
        bench = Bench(site([evse("evse-1", circuit=1, fallback_da=60)], circuits)).start()
        bench.stand(100, 0)
        bench.ledger.assumed_da[3:6] = [seen_da] * 3
        circuits[1] = dict(circuits[1], name="row")
        changed = Bench(site([evse("evse-1", circuit=1, fallback_da=60)], circuits), bench.guard.evidence_dump())
        changed.tick()
        assert changed.ledger.evse_states[0].old_keys and "a" in [c.name for c in changed.guard.site.circuits]
        assert changed.guard.other.shown_da[:3] == [seen_da + 50] * 3, changed.guard.other.shown_da
        assert changed.guard.other.shown_da[3:6] == [seen_da] * 3


def test_a_renamed_root_also_keeps_the_load_of_a_removed_evse():
    kept = first(mute_evse("evse-1"), evse("evse-2"))
    bench = Bench(renumbered(site([evse("evse-2")], [circuit("grid")]), 2), kept).start()
    assert bench.guard.margin_da(0) == [160] * 3


def test_a_removed_circuit_still_limits_its_evses_until_they_are_paused():
    kept = first(evse("evse-1", circuit=1, fallback_da=60), evse("evse-2", circuit=1), circuits=ROWS)
    bench = Bench(site([evse("evse-1", fallback_da=60), evse("evse-2")], [circuit("main"), circuit("b", 0, 200)]), kept)
    assert bench.ledger.evse_states[0].old_keys and bench.ledger.evse_states[1].old_keys
    index = [c.name for c in bench.guard.site.circuits].index("a")
    assert bench.guard.margin_da(index) == [200 - 320] * 3
    bench.start()
    assert bench.guard.margin_da(index) == [200] * 3 and not bench.ledger.evse_states[0].old_keys
    assert "before" not in bench.guard.evidence_dump()["site"]


def test_a_raise_needs_the_margin_of_the_old_place_as_well():
    kept = first(evse("evse-1", circuit=1), evse("evse-2", circuit=1), circuits=ROWS)
    bench = Bench(site([evse("evse-1", circuit=2), evse("evse-2", circuit=2)], ROWS), kept).start()
    s = bench.ledger.evse_states[0]
    s.old_keys, bench.ledger.evse_states[0].paused_proven = (3, 4, 5), False
    for p in range(3):
        bench.ledger.cap_da[3 + p] = 90
    assert bench.order(100) is None and bench.order(90) is not None


def test_an_evse_that_returns_to_the_site_file_is_audited_again():
    facts, kept = gone_two()
    kept = Bench(facts, kept).start().guard.evidence_dump()
    bench = Bench(site([mute_evse("evse-1", circuit=1), evse("evse-2", circuit=1)], ROWS), kept)
    assert names(bench) == []
    bench.start()
    assert bench.guard.margin_da(1) == [200] * 3


def test_an_evse_isolated_before_its_removal_is_dropped():
    old = Bench(site([mute_evse("evse-1"), evse("evse-2")])).start()
    old.stand(100)
    old.guard.isolate(0, True, old.now_ms)
    bench = Bench(renumbered(site([evse("evse-2")]), 2), old.guard.evidence_dump()).start()
    assert names(bench) == [] and bench.guard.margin_da(0) == [320] * 3


def test_a_lower_maximum_in_the_file_does_not_count_before_it_was_proven():
    kept = first(mute_evse("evse-1"))
    bench = Bench(site([mute_evse("evse-1", max_da=80)]), kept)
    assert bench.guard.bound_da(0) == [160] * 3
    bench.start()
    assert bench.guard.bound_da(0) == [0] * 3


def test_the_journal_of_an_earlier_version_is_readable():
    kept = first(mute_evse("evse-1", circuit=1), evse("evse-2", circuit=1), circuits=ROWS)
    for entry in kept["site"]["evses"].values():
        for key in ("at", "max", "reserve", "lapse"):
            del entry[key]
    kept["site"]["before"] = [{"circuits": {"main": [100] * 3}, "evses": {"evse-2": {"path": ["b", "main"], "terminals": [[0], [1], [2]]}}}]
    bench = Bench(renumbered(site([evse("evse-2", circuit=1)], ROWS), 2), kept)
    assert names(bench) == ["evse-1"] and bench.ledger.evse_states[0].old_keys == (6, 7, 8)
    assert bench.ledger.cap_da[:3] == [100] * 3


def test_an_invalid_journal_does_not_block():
    good = {"path": ["main"], "terminals": [[0]], "at": "x/1 y", "max": 160, "reserve": 0, "lapse": 0}
    bad = [
        None, [], {}, {"evses": 3}, {"circuits": 3, "evses": {"a": 3, "b": {}, "c": {"path": 3, "terminals": [[0]]}}, "before": 3},
        {"circuits": {"main": "x", "b": [1]}, "evses": {"a": dict(good, terminals=[[9]])}, "before": [3, {"evses": [3]}]},
        {"evses": {"a": dict(good, terminals=[3])}}, {"evses": {"a": dict(good, at=3, max="much", path=[3, "nowhere"])}},
    ]  # fmt: skip
    for shape in bad:
        bench = Bench(site([evse()]), {"site": shape}).start()
        kept = bench.guard.evidence_dump()
        assert names(Bench(site([evse()]), kept).start()) == names(bench), shape


def test_two_evses_removed_under_one_name_are_distinguished():
    kept = first(mute_evse("evse-1", max_da=100))
    kept = Bench(renumbered(site([mute_evse("evse-1", max_da=100)]), 7), kept).start().guard.evidence_dump()
    bench = Bench(site([evse("evse-9", unit=9)], [circuit(rating=640)]), kept).start()
    assert sorted(names(bench)) == ["evse-1", "evse-1#2"] and bench.guard.removed_evses()[0]["most_da"] == 100


def test_the_same_shape_adds_nothing():
    facts = site([evse("evse-1", circuit=1)], ROWS)
    kept = first(evse("evse-1", circuit=1), circuits=ROWS)
    assert SiteMigration(facts, kept["site"]).facts is facts


def test_the_reason_of_an_evse_blocked_by_a_removed_one_asks_for_its_confirmation():
    facts, kept = gone_two()
    bench = Bench(facts, kept).start()
    bench.guard.demand(0, True)
    bench.follow(20)
    text = bench.guard.why(0)
    assert "evse-1 blocks 16.0 A of a L1: no longer in the site file" in text and "then `gone evse-1`" in text, text
    bench.guard.confirm_removed("evse-1", bench.now_ms)
    bench.follow(20)
    assert bench.guard.last_order_da(0) == 160


def test_where_no_evse_left_the_site_file_none_can_be_declared_gone():
    bench = Bench(site([evse()])).start()
    with raises(NotNow) as refused:
        bench.guard.confirm_removed("evse-9", bench.now_ms)
    assert "no EVSE that left the site file" in str(refused)


def test_rule_15_what_is_let_go_of_an_older_site_is_a_change_once():
    bench = Bench(site([evse(circuit=1)], [circuit("main"), circuit("a", 0, 200), circuit("b", 0, 200)])).start()
    bench.ledger.evse_states[0].old_keys = (6, 7, 8)
    assert still_changing(bench.ledger, bench.now_ms) and not bench.ledger.evse_states[0].old_keys
    assert not still_changing(bench.ledger, bench.now_ms)


def test_rule_15_a_kept_site_whose_circuits_have_no_numbers_is_read_as_far_as_it_goes():
    kept = {"circuits": [{"name": "main", "parent": None}], "evses": [{"circuit": 0, "terminals": [[0]]}]}
    assert not was_elsewhere(kept, 0, {"path": ["main"], "terminals": [[0]]})
    assert was_elsewhere(kept, 0, {"path": ["main", "site"], "terminals": [[0]]})


def test_rule_15_a_device_that_names_no_bus_is_a_local_one():
    buses = [{"kind": "rtu", "port": "uart:1"}]
    for bus, where in ((0, "uart:1/7"), (1, "local/e"), (-1, "local/e"), (None, "local/e"), ("0", "local/e")):
        assert place({"buses": buses}, {"name": "e", "bus": bus, "unit": 7}) == where, bus
