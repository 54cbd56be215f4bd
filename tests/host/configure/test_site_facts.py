"""Site files of several wiring systems, and the integers that the firmware is configured with."""

from pathlib import Path

import pytest

from ampacity.base import strict_json
from ampacity.roles import secondary
from ampacity_host.configure import compile_site, load_site, secondary_config
from ampacity_host.profiles import compile_profile, load

GOOD = Path(__file__).parent / "sites" / "good"


@pytest.fixture
def facts():
    return lambda name: compile_site(load_site(GOOD / f"{name}.toml"))


@pytest.fixture
def changed(tmp_path):
    """Facts of a good site file with some text replaced."""

    def compiled(name, *edits):
        text = (GOOD / f"{name}.toml").read_text()
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "site.toml"
        path.write_text(text)
        return compile_site(load_site(path))

    return compiled


def test_the_garage_has_every_key_that_the_firmware_reads(facts):
    site = facts("garage")
    assert set(site) == {
        "format", "name", "voltage_v", "system", "phases", "require_tested", "circuits", "buses", "meters", "evses",
        "profiles", "ocpp", "time", "settings",
    }  # fmt: skip
    main, row = site["circuits"]
    assert main == {
        "name": "main", "parent": -1, "rating_da": [630] * 3, "breaker": "C63", "assumed_other_da": [200] * 3, "meter": 0,
        "generation_da": [0] * 3, "frees_phases": True,
    }  # fmt: skip
    assert (row["parent"], row["rating_da"], row["breaker"], row["meter"]) == (0, [320] * 3, "B32", -1)
    meter = site["meters"][0]
    assert (meter["bus"], meter["unit"], meter["phases"], meter["profile"]) == (0, 100, [0, 1, 2], "eastron-sdm630")
    assert (meter["timeout_ms"], meter["frozen_ms"], meter["coarse"]) == (5000, 5000, False)
    assert set(site["profiles"]) == {"eastron-sdm630"}


def test_the_local_evse_falls_to_zero_with_its_hardware_watchdog(facts):
    local = facts("garage")["evses"][0]
    assert (local["kind"], local["bus"], local["transit_ms"], local["profile"]) == ("local", -1, 0, None)
    assert (local["fallback_da"], local["power_on_da"], local["watchdog_ms"], local["watchdog_fixed"]) == (0, 0, 1000, True)
    assert (local["max_da"], local["limit_da"], local["min_da"], local["step_da"]) == (320, 320, 60, 1)


def test_a_secondary_starts_with_its_fallback(changed):
    site = changed("garage", ("fallback_a = 0.0", "fallback_a = 6.0"))
    evse = site["evses"][1]
    assert (evse["fallback_da"], evse["power_on_da"], evse["power_on_source"], evse["proof"]) == (60, 60, "settings", "sequence")
    assert (evse["watchdog_ms"], evse["watchdog_tolerance_ms"], evse["poll_feeds"]) == (10000, 1000, False)
    assert (evse["terminals"], evse["circuit"], evse["unit"]) == ([[1], [2], [0]], 1, 2)


def test_the_tolerance_of_a_long_watchdog_is_a_tenth(changed):
    site = changed("garage", ("watchdog_s = 10", "watchdog_s = 60"))
    assert site["evses"][1]["watchdog_tolerance_ms"] == 6000


def test_a_serial_bus_holds_a_request_for_one_frame(facts, changed):
    assert facts("garage")["buses"][0]["transit_ms"] == 147  # 256 characters of 11 bits at 19200, rounded up
    assert facts("north-america")["buses"][0]["transit_ms"] == 23  # 256 of 10 bits at 115200
    assert facts("garage")["evses"][1]["transit_ms"] == 147
    bus = facts("garage")["buses"][0]
    assert (bus["port"], bus["baud"], bus["parity"], bus["stop"]) == ("virtual", 19200, "E", 1)


def test_tcp_holds_a_request_for_five_seconds_and_a_gateway_for_a_minute(facts, changed):
    site = facts("two-hundred-eight")
    assert [bus["transit_ms"] for bus in site["buses"]] == [5000, 60000]
    assert [evse["transit_ms"] for evse in site["evses"]] == [5000, 5000, 60000]
    documented = changed("two-hundred-eight", ("gateway = true", "gateway = true\ntransit_s = 2.5"))
    assert documented["buses"][1]["transit_ms"] == 2500


def test_ratings_are_reduced_by_the_continuous_factor_and_rounded_down(facts, changed):
    assert facts("north-america")["circuits"][0]["rating_da"] == [1600, 1600]
    assert facts("two-hundred-eight")["circuits"][0]["rating_da"] == [800, 800, 640]
    assert facts("two-hundred-eight")["circuits"][0]["breaker"] == "C100"
    odd = changed("two-hundred-eight", ("100.0, 100.0, 80.0", "100.1, 63.05, 80.0"))
    assert odd["circuits"][0]["rating_da"] == [800, 504, 640]


def test_worst_cases_are_rounded_up_and_permissions_down(facts):
    three = facts("two-hundred-eight")["evses"][2]
    assert (three["max_da"], three["limit_da"], three["feeder_da"]) == (161, 159, 200)


def test_split_phase_has_two_lines_and_an_evse_between_them(facts):
    site = facts("north-america")
    assert (site["phases"], site["system"], site["voltage_v"]) == (2, "split", 120)
    assert site["evses"][0]["terminals"] == [[0, 1]]
    assert site["circuits"][0]["assumed_other_da"] == [600, 550]


def test_orders_in_watts_are_counted_with_the_voltage_of_the_system(changed):
    """Split phase: 120 V to neutral where the file does not say."""
    scales = [changed("north-america", ('kind = "ampacity"', 'kind = "delta-ac-max"'), ('system = "split"', 'system = "split"' + voltage))["profiles"]
              for voltage in ("", "\nvoltage = 120", "\nvoltage = 110")]  # fmt: skip
    assert scales[0] == scales[1] != scales[2]


WATTS = ('kind = "ampacity"', 'kind = "delta-ac-max"')


@pytest.mark.parametrize(("name", "edits", "volts"), [
    ("north-america", (), 240), ("north-america", (('phases = ["L1-L2"]', 'phases = ["L1"]'),), 120),
    ("north-america", (('phases = ["L1-L2"]\n', ""),), 240), ("north-america", (('phases = ["L1-L2"]', 'phases = ["L1", "L2"]'),), 120),
    ("two-hundred-eight", (('phases = ["L3"]', 'phases = ["L1-L3"]'),), 207), ("two-hundred-eight", (), 120),
    ("norway", (), 133), ("norway", (("voltage = 133\n", ""),), 133), ("garage", (), 230),
])  # fmt: skip
def test_an_order_in_watts_is_counted_with_the_lowest_voltage_that_an_evse_of_its_profile_loads_a_line_with(changed, name, edits, volts):
    facts = changed(name, *edits, WATTS)
    assert facts["profiles"]["delta-ac-max"] == compile_profile(load("evse-delta-ac-max"), volts)


def test_terminals_between_lines_of_three(facts):
    assert [evse["terminals"] for evse in facts("two-hundred-eight")["evses"]] == [[[0, 1]], [[1, 2]], [[2]]]
    assert [evse["terminals"] for evse in facts("norway")["evses"]] == [[[0, 2]], [[0], [1], [2]]]


def test_an_evse_without_phases_loads_every_line(changed):
    site = changed("garage", ('phases = ["L2", "L3", "L1"]\n', ""))
    assert site["evses"][1]["terminals"] == [[0], [1], [2]]


def test_the_feeder_is_the_circuit_unless_written(facts):
    assert facts("garage")["evses"][0]["feeder_da"] == 320
    assert facts("north-america")["evses"][0]["feeder_da"] == 2000


def test_a_feeder_has_the_rating_of_its_circuit_on_its_lines(facts):
    assert [evse["feeder_da"] for evse in facts("two-hundred-eight")["evses"][:2]] == [1000, 800]


def test_a_profile_contributes_its_facts(changed):
    site = changed("garage", ('kind = "ampacity"', 'kind = "heidelberg-energy-control"'), ("power_on_a = 0.0\n", ""))
    evse = site["evses"][1]
    assert (evse["kind"], evse["profile"]) == ("profile", "heidelberg-energy-control")
    assert (evse["max_da"], evse["min_da"], evse["watchdog_ms"], evse["fallback_da"]) == (160, 60, 10000, 0)
    assert set(site["profiles"]) == {"eastron-sdm630", "heidelberg-energy-control"}


def test_upstream_time_and_settings(facts):
    site = facts("garage")
    assert site["ocpp"] == {
        "version": "2.0.1", "identity": "AMP-0001", "url": "ws://127.0.0.1:9000", "security_profile": 1, "password": "…",
        "storage_kib": 128,
    }  # fmt: skip
    assert site["time"] == {"tz": "UTC0", "ntp": None}
    assert site["settings"] == {
        "slot_s": 900, "deadband_da": 5, "raise_hold_ms": 10000, "restart_hold_ms": 60000, "idle_ms": 300000,
    }  # fmt: skip
    other = facts("two-hundred-eight")
    assert (other["ocpp"], other["time"]["ntp"], other["settings"]["slot_s"]) == (None, "10.0.0.1", 600)
    assert other["settings"]["deadband_da"] == 10


def test_priorities_and_weights(facts):
    assert [(e["priority"], e["weight"]) for e in facts("two-hundred-eight")["evses"]] == [(1, 1), (2, 3), (1, 1)]


@pytest.mark.parametrize("name", sorted(path.stem for path in GOOD.glob("*.toml")))
def test_the_firmware_reads_back_the_same_facts(facts, name):
    site = facts(name)
    assert strict_json.loads(strict_json.dumps(site), size_max=1 << 20) == site


def test_a_secondary_gets_only_its_own_settings(facts):
    site = facts("garage")
    config = secondary_config(site, "evse-2", serial="S-2")
    assert config == {
        "format": 1, "role": "secondary", "name": "evse-2", "unit": 2, "max_da": 160, "fallback_da": 0, "power_on_da": 0, "lease_max_ms": 10000,
        "terminals": 3, "connector": "cType2", "serial": "S-2", "bus": "rs485-1", "port": "virtual", "baud": 19200, "parity": "E", "stop": 1,
    }  # fmt: skip
    assert secondary.checked(config)["lease_max_ms"] == 10000
    assert secondary_config(site, "evse-2")["serial"] == "garage-evse-2"
    assert secondary_config(site, "evse-2", line="uart:1")["port"] == "uart:1"
    for name in ("evse-1", "evse-9"):
        with pytest.raises(KeyError):
            secondary_config(site, name)


def test_a_secondary_behind_a_gateway_is_on_a_serial_line(facts):
    config = secondary_config(facts("two-hundred-eight"), "three", line="/dev/ttyS1")
    assert (config["port"], config["baud"], config["parity"], config["stop"]) == ("/dev/ttyS1", 19200, "E", 1) and "tcp" not in config
    assert "tcp" in secondary_config(facts("two-hundred-eight"), "two")


def test_a_serial_setting_that_differs_from_the_documented_one_is_a_warning():
    assert [m.field for m in load_site(GOOD / "garage.toml").warnings] == ["bus", "bus"]
