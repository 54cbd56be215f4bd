"""Section 4: one mistake hides no other, and values that are none are named before anything is added up."""

from helper_circuit import circuit, evse, foreign_evse, meter_facts, mute_evse, site

from ampacity.circuit.trusted.site.check import check_site


def codes(facts):
    return [f["code"] for f in check_site(facts)]


def test_section_4_devices_after_one_without_a_bus_are_also_checked():
    for first, more in (({"kind": "local", "power_on_source": "documented"}, []), ({"bus": -1}, []), ({"bus": 7}, ["bus"])):
        facts = site([evse("evse-1", **first), evse("evse-2"), evse("evse-3")])
        facts["evses"][2]["unit"] = facts["evses"][1]["unit"]
        assert codes(facts) == more + ["address"]


def test_section_4_two_mistakes_in_a_list_are_two_findings():
    facts = site([evse("evse-1", circuit=3), evse("evse-2", terminals=[]), evse("evse-3", circuit=-1)])
    assert codes(facts) == ["orphan", "terminals", "orphan"]


def test_section_4_two_devices_of_a_kind_need_two_names():
    assert codes(site([evse("evse-1"), evse("evse-1")])) == ["name"]
    assert codes(site([evse()], [circuit("main"), circuit("main", 0)])) == ["name"]
    assert codes(site([evse("main")], [circuit("main")])) == []


def test_section_4_currents_are_whole_deci_amperes_one_for_each_phase():
    for field in ("rating_da", "assumed_other_da", "generation_da"):
        for value in ([320, 320], [320, 320, -1], [320, 320, 0.5], 320, None):
            facts = site([evse()], [circuit(assumed=10, meter=0)], [meter_facts()])
            facts["circuits"][0][field] = value
            assert codes(facts) == ["values"]


def test_section_4_a_circuit_that_names_no_meter_has_none():
    above = circuit()
    del above["meter"]
    assert codes(site([evse()], [above, circuit("row", 0, meter=0)], [meter_facts()])) == []


def test_section_4_the_port_of_a_bus_is_that_of_its_devices():
    facts = site([evse("evse-1"), evse("evse-2", tcp_port=1502)])
    facts["buses"] = [{"name": "lan", "kind": "tcp", "host": "box.lan", "tcp_port": 1502}]
    facts["evses"][1]["unit"] = 1
    assert codes(facts) == ["address"]
    facts["evses"][1]["tcp_port"] = 502
    assert codes(facts) == []


def test_section_4_a_minimum_of_zero_is_refused():
    assert codes(site([evse(min_da=0)])) == ["minimum"]
    assert codes(site([evse(min_da=160)])) == []
    assert check_site(site([evse(fallback_da=30)]))[0]["missing_da"] == 0


def test_section_4_an_evse_without_watchdog_frees_all_by_its_power_on_value():
    found = check_site(site([mute_evse(power_on_source="unknown", fallback_da=60)], [circuit(rating=50)]))
    assert found[0]["fix"] == "evse-1: declare or test its power-on value"


def test_section_4_the_local_point_stops_with_its_primary():
    local = foreign_evse(kind="local", watchdog_ms=0, holds=True)
    assert codes(site([local], [circuit(rating=100, assumed=60, meter=0)], [meter_facts()])) == []


def test_section_4_a_meter_without_currents_is_none_of_a_circuit_and_one_with_a_phase_that_is_not_there_is_refused():
    for phases, found in (([], []), ([0, 5], ["meter"]), (None, [])):
        facts = site([evse()], [circuit()], [meter_facts(phases=phases)])
        assert codes(facts) == found, phases
