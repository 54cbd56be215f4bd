"""The site tree: what an EVSE is when its facts say no more, where each ampere counts, and what is no tree."""

from helper_circuit import circuit, evse, foreign_evse, meter_facts, site

from ampacity.circuit.cascaded_guard import CascadedSite
from ampacity.circuit.trusted.errors import InvariantBroken, Rejected, ensure
from ampacity.circuit.trusted.site.tree import Site, per_phase
from check import raises

DEFAULTS = {
    "index": 0, "kind": "profile", "bus": -1, "circuit": 0, "max_da": 0, "limit_da": 0, "min_da": 60, "priority": 1, "weight": 1,
    "fallback_da": 0, "watchdog_ms": 0, "tolerance_ms": 0, "watchdog_fixed": False, "fallback_fixed": False, "power_on_da": 0,
    "power_on_source": "unknown", "settle_ms": 5000, "transit_ms": 0, "boot_ms": 500, "survives": False, "holds": False, "by_measure": False,
    "poll_feeds": False, "fingerprint": None, "feeder_output": "", "one_client": False, "primary": False, "require_tested": False, "removed": False,
    "shared_feed": False, "keys": (1,),
}  # fmt: skip


def bare(**more):
    return Site(dict({"circuits": [{"name": "main", "rating_da": 320}], "evses": [{"name": "e", "terminals": [[1]]}]}, **more))


def of(**more):
    """The EVSE of a site with one, that has these facts beside its name and place."""
    return bare(evses=[dict({"name": "e", "terminals": [[1]]}, **more)]).evses[0]


def test_an_evse_has_the_values_of_its_facts_or_their_defaults():
    found = of()
    for name in DEFAULTS:
        assert getattr(found, name) == DEFAULTS[name], name
    for name, value in (("kind", "local"), ("max_da", 320), ("min_da", 80), ("priority", 3), ("fallback_da", 60), ("watchdog_ms", 9000),
                        ("power_on_da", 70), ("power_on_source", "declared"), ("transit_ms", 60), ("boot_ms", 900), ("fingerprint", "SN"),
                        ("bus", 2)):  # fmt: skip
        assert getattr(of(**{name: value}), name) == value, name
        assert getattr(of(**{name: None}), name) == DEFAULTS[name], name
    for name in ("watchdog_fixed", "survives", "holds", "poll_feeds", "one_client", "primary", "removed"):
        assert getattr(of(**{name: 1}), name) is True and getattr(of(**{name: 0}), name) is False, name


def test_defaults_that_follow_from_other_facts():
    assert of(max_da=160).limit_da == 160 and of(max_da=160, limit_da=100).limit_da == 100 and of(max_da=160, limit_da=200).limit_da == 160
    assert of(weight=0).weight == 1 and of(weight=3).weight == 3
    assert of(watchdog_tolerance_ms=700).tolerance_ms == 700
    assert of(watchdog_fixed=True).fallback_fixed and not of(watchdog_fixed=True, fallback_fixed=False).fallback_fixed
    assert of(fallback_fixed=True).fallback_fixed and not of(fallback_fixed=True).watchdog_fixed
    assert of(settle_ms=7000).settle_ms == 7000 and of(settle_ms=3000, latency_ms=400).settle_ms == 5400
    assert of(proof="measured").by_measure and not of(proof="read").by_measure
    assert of(feeder_output="relay-1").feeder_output == "relay-1" and of(feeder_output=None).feeder_output == ""


def test_rule_5_a_silence_lasts_watchdog_tolerance_settle_and_transit():
    assert of(settle_ms=6000, transit_ms=70).lapse_ms(5000) == 5000 + 1000 + 6000 + 70
    assert of().lapse_ms(20000) == 20000 + 2000 + 5000
    assert of(watchdog_tolerance_ms=3000).lapse_ms(20000) == 20000 + 3000 + 5000
    assert of().lapse_ms(0) == 6000


def test_a_site_has_the_values_of_its_facts_or_their_defaults():
    found = bare()
    assert (found.phases, found.name, found.voltage_v, found.split, found.meters, found.settings, found.size) == (3, "site", 230, False, [], {}, 3)
    found = bare(phases=1, name="garage", voltage_v=120, system="split", meters=[1], settings={"slot_s": 60, "n": None},
                 circuits=[{"name": "main", "rating_da": [200]}, {"name": "row", "rating_da": [100], "parent": 0}], evses=[])  # fmt: skip
    assert (found.phases, found.name, found.voltage_v, found.split, found.meters, found.size) == (1, "garage", 120, True, [1], 2)
    assert found.setting("slot_s", 7) == 60 and found.setting("n", 7) == 7 and found.setting("other", 8) == 8
    assert not bare(system="wye").split
    assert Site({"circuits": [{"name": "main", "rating_da": 320}]}).evses == []


def test_a_circuit_has_the_values_of_its_facts_or_their_defaults():
    c = bare().circuits[0]
    assert (c.name, c.parent, c.rating_da, c.assumed_da, c.generation_da, c.meter, c.breaker, c.removed) == (
        "main", -1, [320] * 3, [0] * 3, [0] * 3, -1, None, False)  # fmt: skip
    facts = {"name": "m", "rating_da": [1, 2, 3], "assumed_other_da": 4, "generation_da": [5, 6, 7], "meter": 2, "breaker": "C63", "gone": True}
    c = bare(circuits=[facts]).circuits[0]
    assert (c.rating_da, c.assumed_da, c.generation_da, c.meter, c.breaker, c.removed) == ([1, 2, 3], [4] * 3, [5, 6, 7], 2, "C63", True)


TREE = [circuit("main", rating=600), circuit("a", 0, 300, assumed=50, generation=10), circuit("b", 0, 200),
    circuit("c", 1, 100, assumed=70, generation=5)]


def test_an_ampere_counts_from_its_own_circuit_up_to_the_root():
    found = Site(site([evse(circuit=3, terminals=[[1], [0, 2]]), evse("x", circuit=2, terminals=[[2]])], TREE))
    assert found.paths == [(0,), (1, 0), (2, 0), (3, 1, 0)]
    assert found.evses[0].keys == (10, 9, 11, 4, 3, 5, 1, 0, 2) and found.evses[1].keys == (8, 2)
    assert found.below == [[0, 1], [0], [1], [0]] and found.leaves_first == [3, 1, 2, 0]
    assert [found.phase_name(key) for key in (0, 2, 10)] == ["main L1", "main L3", "c L2"]


def test_evses_at_one_place_load_the_same_circuits_and_others_do_not():
    places = ((0, [[0]]), (0, [[0]]), (1, [[0]]), (1, [[0], [1]]), (0, [[0], [1]]), (0, [[0]]))
    found = Site(site([evse("e%d" % n, circuit=c, terminals=t) for n, (c, t) in enumerate(places)], TREE))
    assert [e.keys for e in found.evses] == [(0,), (0,), (3, 0), (3, 4, 0, 1), (0, 1), (0,)]
    assert found.evses[0].keys is found.evses[1].keys


def test_an_assumption_below_also_counts_above_and_generation_is_added():
    found = Site(site([evse()], TREE))
    assert found.assumed_da == [70] * 3 + [70] * 3 + [0] * 3 + [70] * 3
    assert found.generation_da == [15] * 3 + [15] * 3 + [0] * 3 + [5] * 3
    assert found.rating_da == [600] * 3 + [300] * 3 + [200] * 3 + [100] * 3
    facts = site([evse()], [circuit("main", assumed=90), circuit("a", 0, assumed=50), circuit("b", 0, assumed=60)])
    facts["circuits"][1]["assumed_other_da"] = [10, 50, 20]
    assert Site(facts).assumed_da == [90, 110, 90, 10, 50, 20, 60, 60, 60]


def test_an_invalid_tree_or_place_is_refused_and_named():
    for facts, field, value in (
        (site([evse()], [circuit("main", 2)]), "circuit.parent", 2),
        (site([evse()], [circuit("main", 1)]), "circuit.parent", 1),
        (site([evse()], [circuit("main", -2)]), "circuit.parent", -2),
        (site([evse()], [circuit("a", 1), circuit("b", 0)]), "circuit.parent", "a"),
        (site([evse(circuit=1)]), "evse.circuit", 1),
        (site([evse(circuit=-1)]), "evse.circuit", -1),
        (site([evse(terminals=[[0], [3]])]), "evse.terminals", [3]),
        (site([evse(terminals=[[-1]])]), "evse.terminals", [-1]),
    ):  # fmt: skip
        with raises(Rejected) as refused:
            Site(facts)
        assert (refused.error.field, refused.error.value) == (field, value) and str(refused.error).startswith(field + ": ")


def test_a_current_is_one_for_all_phases_or_one_for_each():
    assert per_phase(7, 3) == [7, 7, 7] and per_phase([1, 2], 2) == [1, 2] and per_phase((1, 2), 2) == [1, 2]
    for wrong in ([1, 2], None, "123"):
        with raises(Rejected):
            per_phase(wrong, 3)


def test_rule_9_a_watchdog_fed_by_any_request_counts_if_no_other_client_can_send_one():
    lan, line = {"name": "lan", "kind": "tcp"}, {"name": "line", "kind": "rtu"}
    for bus, more, shared in (
        (lan, {}, True), (dict(lan, private=True), {}, False), (lan, {"one_client": True}, False), (lan, {"poll_feeds": False}, False),
        (line, {}, False), (dict(line, over_tcp=True), {}, True), (dict(line, over_tcp=True, private=True), {}, False), (lan, {"bus": -1}, False),
        (lan, {"bus": 1}, False),
    ):  # fmt: skip
        facts = site([foreign_evse(**dict({"poll_feeds": True}, **more))])
        facts["buses"] = [bus]
        e = Site(facts).evses[0]
        assert (e.shared_feed, e.watchdog_ms) == (shared, 0 if shared else 10000), (bus, more)
    evses = [foreign_evse("e%d" % ms, poll_feeds=True, watchdog_ms=ms) for ms in (0, 1)] + [foreign_evse("two", poll_feeds=True, bus=1)]
    facts = site(evses)
    facts["buses"] = [lan, dict(lan, private=True)]
    assert [e.shared_feed for e in Site(facts).evses] == [False, True, False]


def test_requirements_of_a_site_apply_to_each_evse():
    facts = site([evse(), evse("two")], meters=[meter_facts()])
    assert [e.require_tested for e in Site(facts).evses] == [False, False]
    facts["require_tested"] = True
    assert [e.require_tested for e in Site(facts).evses] == [True, True]


def test_a_broken_invariant_is_reported_and_a_kept_one_is_not():
    ensure(1, "kept")
    with raises(InvariantBroken) as broken:
        ensure(0, "the text")
    assert str(broken.error) == "the text"


def test_the_circuits_of_a_primary_below_keep_their_names_next_to_the_grant():
    names = [CascadedSite(site([evse()], [circuit("garage")])).phase_name(key) for key in range(6)]
    assert names[1] == "garage L2" and names[4] == "grant by parent L2"
