"""Section 4: what is refused, what is missing, and the least change that would do."""

from helper_circuit import circuit, evse, foreign_evse, meter_facts, mute_evse, site

from ampacity.circuit.trusted.site.check import check_site


def codes(facts):
    return [f["code"] for f in check_site(facts)]


def test_section_4_a_good_site_has_no_findings():
    assert check_site(site([evse("evse-1"), evse("evse-2")], [circuit(assumed=100, meter=0)], [meter_facts()])) == []


def test_section_4_reserves_and_other_load_must_fit_the_rating():
    evses = [evse("evse-%d" % e, fallback_da=60, power_on_da=60) for e in range(4)]
    found = check_site(site(evses, [circuit(rating=320, assumed=100)]))
    assert [(f["code"], f["where"], f["phase"], f["missing_da"]) for f in found] == [
        ("reserves", "main", 0, 20),
        ("reserves", "main", 1, 20),
        ("reserves", "main", 2, 20),
    ]


def test_section_4_the_least_change_is_named():
    evses = [evse("evse-1", fallback_da=60), evse("evse-2", fallback_da=100)]
    found = check_site(site(evses, [circuit(rating=100)]))
    assert found[0]["missing_da"] == 60
    assert found[0]["fix"] == "evse-2: fallback_a = 0.0"


def test_section_4_the_rating_is_named_if_no_evse_can_yield():
    found = check_site(site([evse()], [circuit(rating=100, assumed=120)]))
    assert "rating of main L1 at least 12.0 A" in found[0]["fix"]


def test_section_4_an_unknown_power_on_value_counts_as_the_maximum():
    found = check_site(site([foreign_evse(power_on_source="unknown")], [circuit(rating=100)]))
    assert found[0]["missing_da"] == 60
    assert found[0]["fix"] == "evse-1: declare or test its power-on value"


def test_section_4_declared_values_are_refused_where_tests_are_required():
    facts = site([foreign_evse(power_on_source="declared")], [circuit(rating=100)])
    assert codes(facts) == []
    facts["require_tested"] = True
    assert codes(facts) == ["reserves", "reserves", "reserves"]


def test_section_4_without_watchdog_and_without_the_claim_to_hold_the_maximum_counts():
    assert codes(site([mute_evse()], [circuit(rating=100)])) == []
    assert codes(site([mute_evse(holds=False)], [circuit(rating=100)])) == ["reserves"] * 3


def test_section_4_an_evse_that_could_never_start_is_a_warning():
    found = check_site(site([mute_evse()], [circuit(rating=100, assumed=60)]))
    assert [(f["code"], f["level"], f["missing_da"]) for f in found] == [("default-state", "warning", 20)]


def test_section_4_phases_are_summed_one_by_one():
    evses = [evse("evse-1", terminals=[[0]], fallback_da=60), evse("evse-2", terminals=[[0, 1]], fallback_da=60)]
    found = check_site(site(evses, [circuit(rating=100)]))
    assert [(f["phase"], f["missing_da"]) for f in found] == [(0, 20)]


def test_section_4_the_feeder_must_carry_the_hardware_maximum():
    assert codes(site([evse(feeder_da=130)])) == ["feeder"]


def test_section_4_values_must_be_such_as_the_device_can_represent():
    assert codes(site([evse(fallback_da=30)])) == ["fallback"]
    assert codes(site([evse(fallback_da=65, step_da=10)])) == ["fallback"]
    assert codes(site([evse(min_da=200)])) == ["minimum"]
    assert codes(site([evse(limit_da=50)])) == ["limit"]


def test_section_4_the_circuits_must_be_a_tree():
    assert "cycle" in codes(site([evse()], [circuit("a", 1), circuit("b", 0)]))
    assert "orphan" in codes(site([evse()], [circuit(), circuit("b", 7)]))
    assert "root" in codes(site([evse()], [circuit(), circuit("b")]))
    assert "orphan" in codes(site([evse(circuit=3)]))


def test_section_4_no_two_devices_at_one_address():
    facts = site([evse("evse-1"), evse("evse-2")])
    facts["evses"][1]["unit"] = 1
    assert codes(facts) == ["address"]
    facts["buses"] = [{"name": "lan", "kind": "tcp", "host": "10.0.0.1"}]
    facts["evses"][1]["host"] = "10.0.0.2"
    assert codes(facts) == []


def test_section_4_one_device_under_two_spellings_is_at_one_address():
    facts = site([evse("evse-1"), evse("evse-2")])
    facts["evses"][1]["unit"] = 1
    facts["buses"] = [{"name": "lan", "kind": "tcp", "host": "box.lan"}]
    facts["evses"][1]["host"] = "Box.LAN."
    assert codes(facts) == ["address"]
    facts["buses"] = [{"name": name, "kind": "rtu", "port": "/dev/ttyS1"} for name in ("one", "two")]
    facts["evses"][1]["bus"] = 1
    assert codes(facts) == ["address"]
    facts["buses"][1]["port"] = "/dev/ttyS2"
    assert codes(facts) == []


def test_section_4_a_meter_measures_one_circuit():
    circuits = [circuit(meter=0), circuit("row", 0, meter=0)]
    assert codes(site([evse()], circuits, [meter_facts()])) == ["meter"]


def test_section_4_no_mapping_that_a_device_cannot_have():
    for terminals in ([], [[0], [0]], [[3]], [[0, 0]], [[0, 1, 2]], [[0], [1], [2], [0]]):
        assert codes(site([evse(terminals=terminals)])) == ["terminals"]


def test_section_4_a_meter_needs_a_phase_for_each_input():
    for phases in ([], [0, 0], [3]):
        assert codes(site([evse()], [circuit(meter=0)], [meter_facts(phases=phases)])) == ["meter"]
    assert codes(site([evse()], [circuit(meter=2)], [meter_facts()])) == ["meter"]


def test_rule_9_a_watchdog_that_others_may_feed_over_the_network_counts_as_none():
    facts = site([foreign_evse(poll_feeds=True)], [circuit(rating=100)])
    assert codes(facts) == []
    facts["buses"] = [{"name": "lan", "kind": "tcp", "host": "10.0.0.1", "private": False}]
    found = check_site(facts)
    assert [f["code"] for f in found] == ["reserves"] * 3
    assert "private" in found[0]["fix"]
    facts["buses"][0]["private"] = True
    assert codes(facts) == []
    facts["buses"] = [{"name": "far", "kind": "rtu", "over_tcp": True, "private": False}]
    assert codes(facts) == ["reserves"] * 3


def test_only_evses_with_a_reserve_are_asked_for_evidence_of_a_lower_one():
    evses = [evse("a", terminals=[[0]]), mute_evse("b", terminals=[[0]], power_on_da=160), evse("c", terminals=[[0]])]
    found = [each for each in check_site(site(evses, [circuit(rating=200)])) if each["where"] == "a"]
    assert [each["code"] for each in found] == ["unservable"] and found[0]["fix"].endswith("evidence for a lower reserve of b")
