"""Every profile is valid, compiles small, and gives a site the facts that it may rely on."""

import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host import profiles
from ampacity_host.profiles import tables
from ampacity_host.rig.devices import EVSES, METERS

ALL = ["evse-" + name for name in profiles.names("evse")] + ["meter-" + name for name in profiles.names("meter")]
HEIDELBERG = "heidelberg-energy-control"


def changed(name, **tables_):
    profile = copy.deepcopy(profiles.load(name))
    for table, values in tables_.items():
        if values is None:
            profile.pop(table)
        else:
            profile.setdefault(table, {}).update(values)
    return profile


@pytest.mark.parametrize("name", ALL)
def test_a_profile_is_valid_named_as_its_file_and_has_sources(name):
    profile = profiles.load(name)
    assert profiles.validate(profile) == []
    assert f"{profile['kind']}-{profile['name']}" == name and profile["sources"]


@pytest.mark.parametrize("name", ALL)
def test_a_profile_compiles_to_small_json_without_a_float(name):
    text = json.dumps(profiles.compile(profiles.load(name)))
    assert len(text) < (6000 if name != "meter-sunspec" else 8000)  # the layouts of eight devices
    assert not any(isinstance(value, float) for value in _leaves(json.loads(text)))


def _leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


@pytest.mark.parametrize("name", ALL)
def test_no_request_is_longer_than_the_device_takes(name):
    profile = profiles.load(name)
    for spans in profiles.compile(profile)["reads"].values():
        for _, _, count, fields in spans:
            assert count <= profile["link"]["read_max"]
            assert len(fields) == 1 or not profile["link"].get("read_one_value")


@pytest.mark.parametrize("name", [name for name in ALL if not profiles.blocked(profiles.load(name))])
def test_every_device_has_an_independent_opponent(name):
    assert name.partition("-")[2] in (EVSES if name.startswith("evse") else METERS)


def test_the_tables_that_both_runtimes_test_with_are_up_to_date():
    path = Path(__file__).parents[2] / "profiles" / "compiled_tables.py"
    assert path.read_text() == tables.text()


def test_numbers_are_exact():
    assert profiles.load(HEIDELBERG)["registers"]["current_limit"]["scale"] == Decimal("0.1")


def test_an_unknown_profile_is_refused_with_those_there_are():
    with pytest.raises(Rejected, match="heidelberg-energy-control"):
        profiles.load("no-such-box")


def test_a_register_that_is_not_listed_is_named_with_its_place():
    profile = changed(HEIDELBERG, reads={"live": ["state", "curent_l1"]})
    assert profiles.validate(profile) == ["reads.live: no register 'curent_l1'"]


def test_a_key_that_the_format_does_not_know_is_refused():
    assert any("gap" in problem for problem in profiles.validate(changed(HEIDELBERG, link={"gap": 3})))


@pytest.mark.parametrize(
    ("without", "reason"),
    [({"order": None}, "no order recipe"), ({"proof": None}, "neither the limit in force")],
)
def test_a_profile_without_safety_facts_is_blocked_with_the_reason(without, reason):
    assert reason in profiles.blocked(changed(HEIDELBERG, **without))


def test_facts_of_a_device_with_its_own_watchdog():
    facts = profiles.evse_facts(profiles.load(HEIDELBERG), {"max_a": 16.0, "fallback_a": 6.0, "watchdog_s": 15})
    assert (facts["max_da"], facts["min_da"], facts["step_da"], facts["fallback_da"]) == (160, 60, 1, 60)
    assert (facts["watchdog_ms"], facts["watchdog_tolerance_ms"], facts["watchdog_fixed"]) == (15000, 1500, False)
    assert (facts["power_on_da"], facts["power_on_source"], facts["poll_feeds"]) == (0, "documented", True)
    assert (facts["settle_ms"], facts["boot_ms"], facts["survives"], facts["proof"]) == (5000, 500, False, "limit")
    assert facts["blocked"] is None


def test_a_documented_power_on_value_can_be_declared_worse_but_not_better():
    profile = profiles.load(HEIDELBERG)
    assert profiles.evse_facts(profile, {"max_a": 16, "power_on_a": 8.0})["power_on_da"] == 80
    full = changed(HEIDELBERG, power_on={"allows": "max"})
    assert profiles.evse_facts(full, {"max_a": 16, "power_on_a": 0.0})["power_on_da"] == 160


def test_the_current_after_a_restart_is_the_maximum_unless_declared():
    profile = profiles.load("keba-p30")
    assert profiles.evse_facts(profile, {"max_a": 16})["power_on_da"] == 160
    declared = profiles.evse_facts(profile, {"max_a": 16, "power_on_a": 0.0})
    assert (declared["power_on_da"], declared["power_on_source"]) == (0, "declared")


def test_without_a_documented_power_on_value_it_is_unknown_and_the_maximum():
    facts = profiles.evse_facts(changed(HEIDELBERG, power_on=None), {"max_a": 16})
    assert (facts["power_on_da"], facts["power_on_source"]) == (160, "unknown")


def test_a_watchdog_with_unknown_feeding_counts_as_none():
    facts = profiles.evse_facts(changed(HEIDELBERG, watchdog={"fed_by": "unknown"}), {"max_a": 16})
    assert (facts["watchdog_ms"], facts["fallback_da"]) == (0, 160)


@pytest.mark.parametrize(
    ("site", "field"),
    [
        ({"max_a": 16, "fallback_a": 3.0}, "fallback_a"),
        ({"max_a": 16, "watchdog_s": 70}, "watchdog_s"),
        ({"max_a": 32}, "max_a"),
        ({"max_a": 10, "min_a": 12}, "min_a"),
        ({"max_a": 10, "fallback_a": 12.0}, "fallback_a"),
    ],
)
def test_values_out_of_the_device_range_are_refused_with_the_range(site, field):
    with pytest.raises(Rejected) as refused:
        profiles.evse_facts(profiles.load(HEIDELBERG), site)
    assert refused.value.field == field and any(digit in refused.value.allowed for digit in "0123456789")


def test_a_watchdog_shorter_than_the_device_can_count_is_refused():
    with pytest.raises(Rejected, match="10 to 600"):
        profiles.evse_facts(profiles.load("keba-p30"), {"max_a": 16, "watchdog_s": 5})


def test_an_order_in_watts_counts_as_if_one_phase_drew_it_all():
    profile = changed(HEIDELBERG)
    profile["registers"]["current_limit"] = {"at": 261, "in": "holding", "type": "u16", "unit": "W", "scale": 100}
    order = profiles.compile(profile, 230)["order"]
    mul, div = order["step"]
    assert 4.8 < mul / div < 4.9  # 100 W at 207 V are 0.483 A on one phase
    profile["order"]["balances"] = True
    mul, div = profiles.compile(profile, 230)["order"]["step"]
    assert 1.6 < mul / div < 1.62


def test_meter_facts_refuse_more_phases_than_it_measures():
    profile = profiles.load("eastron-sdm630")
    facts = profiles.meter_facts(profile, {"phases": ["L1"]})
    assert facts["inputs"] == 3 and facts["sample_ms"] == profile["link"]["latency_ms"] + 500
    with pytest.raises(Rejected):
        profiles.meter_facts(profile, {"phases": ["L1", "L2", "L3", "N"]})


@pytest.mark.parametrize("name", ["evse-" + name for name in profiles.names("evse")] + ["meter-" + name for name in profiles.names("meter")])
def test_a_value_and_its_scale_are_read_in_one_answer(name):
    tables = [profiles.compile(profiles.load(name))]
    if tables[0].get("chain"):
        tables += [table for _, table in tables[0]["chain"][1] + tables[0]["chain"][2] if table]
    for table in tables:
        for spans in table["reads"].values():
            for _, _, _, rows in spans:
                shown = [index for index, _ in rows]
                assert all(table["fields"][index][11] < 0 or table["fields"][index][11] in shown for index in shown)
