"""Section 4 at its edges: the last ampere that fits, the first that does not, and what a finding says of it."""

from helper_circuit import circuit, evse, foreign_evse, meter_facts, mute_evse, site

from ampacity.circuit.trusted.site.check import check_site, declared_da
from ampacity.circuit.trusted.site.tree import Site

SPLIT = [[0, 1], [1, 2]]  # the second line carries twice the current


def codes(facts):
    return [f["code"] for f in check_site(facts)]


def only(facts, kept=None):
    """The finding of the only phase that has one."""
    found = check_site(facts, kept)
    assert len(found) == 1, found
    return found[0]


def single(*evses, **more):
    """All on L1, the other load too."""
    for each in evses:
        each["terminals"] = [[0]]
    facts = site(list(evses), [circuit(**more)])
    facts["circuits"][0]["assumed_other_da"][1:] = [0, 0]
    return facts


def test_a_mistake_unrelated_to_currents_needs_no_current():
    found = only(site([evse(circuit=3)]))
    assert (found["phase"], found["missing_da"], found["level"]) == (None, 0, "error")


def test_a_site_without_a_phases_key_has_three_and_a_root_needs_no_parent():
    facts = site([evse()], [circuit("main"), circuit("row", 0)])
    del facts["phases"], facts["circuits"][0]["parent"], facts["circuits"][0]["meter"]
    assert codes(facts) == []
    facts["evses"][0]["terminals"] = [[3]]
    assert codes(facts) == ["terminals"]


def test_an_invalid_index_is_no_reference():
    for field, code in (("parent", "orphan"), ("meter", "meter")):
        for value in ("x", 1, 2):
            facts = site([evse()], [circuit("main"), circuit("row", 0)], [meter_facts()])
            facts["circuits"][1][field] = value if field == "meter" or value == "x" else value + 1
            assert codes(facts) == [code], (field, value)
    for value in ("x", 1, None):
        assert codes(site([evse(circuit=value)])) == ["orphan"]
    assert codes(site([evse(bus=1)])) == ["bus"] and codes(site([evse(bus=0)])) == []


def test_terminals_are_lists_of_lines():
    for terminals in (None, 3, [3], [[]], [["x"]], [[0, "x"]], [[0], [1], [2], [0, 1]], [[-1]]):
        assert codes(site([evse(terminals=terminals)])) == ["terminals"], terminals
    for terminals in ([[0, 1]], ((0,), (1,)), [[0, 1], [1, 2], [0, 2]]):
        assert codes(site([evse(terminals=terminals)])) == [], terminals


def test_inputs_of_a_meter_are_different_phases():
    for phases, code in ((None, []), ([1], []), ((0, 2), []), (5, ["meter"]), ("x", ["meter"]), ([0, "x"], ["meter"]), ([0, 3], ["meter"]),
                         ([0, -1], ["meter"]), ([0, 1, 2, 0], ["meter"]), ([0, 1.0], ["meter"])):  # fmt: skip
        assert codes(site([evse()], [circuit(meter=0)], [meter_facts(phases=phases)])) == code, phases


def test_a_device_without_a_bus_has_no_address():
    for more in ({"bus": -1}, {"bus": None}, {"kind": "local", "power_on_source": "documented"}):
        facts = site([evse("a", **more), evse("b", **more)])
        facts["evses"][1]["unit"] = 1
        assert codes(facts) == [], more
    facts = site([evse("a"), evse("b")])
    facts["evses"][1]["unit"] = 1
    del facts["evses"][0]["bus"], facts["evses"][1]["bus"]
    assert codes(facts) == []


def test_addresses_are_compared_as_used_on_the_line():
    for buses, code in (
        ([{"kind": "rtu", "port": "virtual"}] * 2, []), ([{"kind": "rtu"}] * 2, []), ([{"kind": "rtu", "port": "uart:1"}] * 2, ["address"]),
        ([{"kind": "tcp", "host": "a", "tcp_port": 502}, {"kind": "tcp", "host": "a"}], ["address"]),
        ([{"kind": "tcp", "host": "a."}, {"kind": "tcp", "host": "A"}], ["address"]),
            ([{"kind": "tcp", "host": "a"}, {"kind": "tcp", "host": "b"}], []),
        ([{"kind": "tcp", "host": "a", "tcp_port": 503}, {"kind": "tcp", "host": "a"}], []),
    ):  # fmt: skip
        facts = site([evse("a"), evse("b", bus=1)])
        facts["evses"][1]["unit"] = 1
        facts["buses"] = buses
        assert codes(facts) == code, buses


def test_the_step_of_a_device_is_one_by_default():
    for step, found in ((None, []), (0, []), ("x", []), (-7, []), (1, []), (2, ["fallback"]), (5, []), (10, ["fallback"])):
        assert codes(site([evse(fallback_da=65, step_da=step)])) == found, step


def test_a_fallback_is_a_pause_or_between_minimum_and_maximum():
    for more, found in (({"fallback_da": 60}, []), ({"fallback_da": 59}, ["fallback"]), ({"fallback_da": 160}, []),
        ({"fallback_da": 161}, ["fallback"]),
                        ({"fallback_da": 30, "primary": True}, []), ({"fallback_da": 30, "watchdog_ms": 1}, ["fallback"])):  # fmt: skip
        assert codes(site([evse(**more)])) == found, more
    assert codes(site([mute_evse(fallback_da=30)])) == []


def test_the_least_and_the_greatest_values_of_a_device_are_allowed():
    for more, code, missing_da in (({"feeder_da": 160}, None, 0), ({"feeder_da": 159}, "feeder", 1), ({"feeder_da": 130}, "feeder", 30),
                                   ({"min_da": 1}, None, 0), ({"min_da": 0}, "minimum", 0), ({"min_da": 161}, "minimum", 0),
                                   ({"limit_da": 60}, None, 0), ({"limit_da": 50}, "limit", 10)):  # fmt: skip
        found = check_site(site([evse(**more)]))
        assert [(f["code"], f["missing_da"]) for f in found] == ([(code, missing_da)] if code else []), more


def test_the_sum_may_reach_the_rating_and_no_more():
    assert codes(single(evse(fallback_da=60), rating=100, assumed=40)) == []
    found = only(single(evse(fallback_da=61), rating=100, assumed=40))
    assert found["missing_da"] == 1 and found["phase"] == 0 and found["level"] == "error"
    assert found["text"] == "main L1: reserves 6.1 A + other load 4.0 A are 0.1 A above the rating 10.0 A"


def test_an_overbooked_circuit_is_found_after_one_that_fits():
    facts = site([evse(fallback_da=60, terminals=[[1]], circuit=1)], [circuit("main"), circuit("row", 0, 50)])
    found = only(facts)
    assert (found["where"], found["phase"], found["missing_da"]) == ("row", 1, 10)


def waiting(*evses, **more):
    facts = single(*evses, **more)
    facts["require_tested"] = True
    return facts


def test_current_that_tests_would_free_is_reported_and_refuses_no_site():
    to_test = {"power_on_source": "declared"}
    found = only(waiting(foreign_evse(**to_test), rating=0))
    assert (found["missing_da"], found["level"]) == (160, "warning") and found["text"].endswith("; no EVSE charges there before it is commissioned")
    found = only(waiting(foreign_evse(**to_test), foreign_evse("evse-2"), rating=99, assumed=100))
    assert (found["missing_da"], found["level"]) == (161, "error") and found["text"].endswith("the rating 9.9 A")
    found = only(waiting(foreign_evse(fallback_da=60, **to_test), rating=59))
    assert (found["missing_da"], found["level"]) == (101, "error")
    facts = site([foreign_evse(terminals=SPLIT, **to_test)], [circuit(rating=160)])
    facts["circuits"][0]["rating_da"] = [160, 0, 160]
    facts["require_tested"] = True
    assert (only(facts)["missing_da"], only(facts)["level"]) == (320, "warning")


def test_a_test_result_counts_without_waiting_for_others():
    kept = {"evses": {"evse-1": {"known_fingerprint": "S", "tested_fingerprint": "S", "tested": True, "seen": {"power_on_da": 120}}}}
    assert only(single(foreign_evse(power_on_source="declared"), rating=100), kept)["level"] == "error"


def test_the_least_change_names_as_many_as_are_needed_and_the_greatest_first():
    def fix(rating, *evses):
        return only(single(*(evses or (evse("a", fallback_da=60), evse("b", fallback_da=100), evse("c"))), rating=rating))["fix"]

    assert fix(60) == "b: fallback_a = 0.0"
    assert fix(59) == "b: fallback_a = 0.0; a: fallback_a = 0.0"
    assert fix(0) == "b: fallback_a = 0.0; a: fallback_a = 0.0"
    facts = single(evse("a", fallback_da=60), evse("c"), rating=100, assumed=101)
    assert only(facts)["fix"] == "a: fallback_a = 0.0; rating of main L1 at least 10.1 A, or 0.1 A less other load"
    assert fix(60, evse("a", fallback_da=61, power_on_da=60)) == "a: fallback_a = 6.0"


def test_an_evse_with_two_terminals_on_a_line_frees_twice_there():
    facts = site([evse("a", fallback_da=60, terminals=SPLIT), evse("b", fallback_da=100, terminals=[[1]])], [circuit(rating=100)])
    assert only(facts)["fix"] == "a: fallback_a = 0.0"


def test_the_change_is_what_would_lower_the_reserve_of_that_device():
    for each, how in (
        (mute_evse(holds=False), "evse-1: a watchdog, or the test that it keeps its order without communication"),
        (foreign_evse(power_on_source="unknown"), "evse-1: declare or test its power-on value"),
        (foreign_evse(power_on_source="unknown", power_on_da=160), "evse-1: declare or test its power-on value"),
        (mute_evse(power_on_source="unknown"), "evse-1: declare or test its power-on value"),
        (foreign_evse(watchdog_ms=1, fallback_da=60), "evse-1: fallback_a = 0.0"),
    ):  # fmt: skip
        assert only(single(each, rating=0))["fix"] == how
    facts = single(foreign_evse(power_on_source="unknown", fallback_da=60), rating=50)
    assert only(facts)["fix"] == "evse-1: declare or test its power-on value; rating of main L1 at least 6.0 A, or 1.0 A less other load"
    assert only(waiting(foreign_evse(power_on_source="declared"), rating=0))["fix"] == "evse-1: test its power-on value"
    kept = {"evses": {"evse-1": {"distrusted": True}}}
    assert only(single(foreign_evse(fallback_da=60, holds=True), rating=50), kept)["fix"] == "evse-1: fallback_a = 0.0"


def test_an_evse_that_could_never_start_is_reported_with_the_missing_current():
    assert codes(single(evse("a"), mute_evse("b"), rating=60)) == []
    found, other = check_site(single(evse("a"), mute_evse("b"), rating=59))
    assert (other["where"], other["code"]) == ("a", "unservable")
    assert (found["where"], found["code"], found["missing_da"], found["level"], found["phase"]) == ("b", "default-state", 1, "warning", 0)
    assert found["text"] == "b has no watchdog and can never start: the default state of main L1 lacks 0.1 A"
    facts = site([mute_evse("b", terminals=SPLIT)], [circuit(rating=119)])
    assert only(facts)["missing_da"] == 1 and only(facts)["phase"] == 1
    assert codes(site([mute_evse("b", terminals=SPLIT)], [circuit(rating=120)])) == []
    assert codes(single(mute_evse("b", power_on_da=20), rating=60)) == []
    facts = site([mute_evse("b", terminals=[[1]], circuit=1)], [circuit("main"), circuit("row", 0, 50)])
    assert only(facts)["phase"] == 1 and "row L2" in only(facts)["text"]


def test_an_evse_that_never_fits_next_to_reserves_is_reported_with_what_would_help():
    reserved = mute_evse("b", power_on_da=160)
    found = only(single(evse("a"), reserved, rating=200))
    assert (found["where"], found["code"], found["missing_da"], found["level"], found["phase"]) == ("a", "unservable", 20, "warning", None)
    assert found["text"] == "a: never charges: at main L1 the reserves of others 16.0 A leave less than its minimum 6.0 A of the rating 20.0 A"
    assert "evidence for a lower reserve of b" in found["fix"] and "rating of main L1 at least 22.0 A" in found["fix"]
    assert codes(single(evse("a"), reserved, rating=220)) == []
    measured = site([evse("a")], [circuit(rating=100, assumed=50, meter=0)], [meter_facts()])
    assert codes(measured) == [] and codes(site([evse("a")], [circuit(rating=100, assumed=50)])) == ["unservable"]
    for below, text in ((10, None), (11, "reserves of others 0.0 A and 4.1 A that generation may hide leave less than its minimum 6.0 A")):
        circuits = [circuit(rating=100, meter=0, generation=30), circuit("roof", 0, generation=below)]
        fed = site([evse("a")], circuits, [meter_facts()])
        assert codes(fed) == [] if text is None else text in only(fed)["text"]


def test_the_reserve_of_an_evse_that_behaves_as_declared():
    for each, da in ((evse(fallback_da=60), 60), (foreign_evse(power_on_source="unknown"), 160)):
        assert declared_da(Site(site([each])).evses[0]) == da
