"""Scan, two devices at one address, and replacement on the virtual rig: the whole firmware, independent devices."""

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "rig"))

from rig_process import running  # noqa: E402

SITE = """
[site]
name = "bench"
voltage = 230
[[circuit]]
name = "main"
rating_a = 63.0
assumed_other_a = 10.0
[[bus]]
name = "rs485-1"
kind = "rtu"
port = "virtual"
"""
EVSE = """
[[evse]]
name = "{name}"
kind = "{kind}"
bus = "rs485-1"
unit = {unit}
circuit = "main"
max_a = 16.0
power_on_a = 16.0
"""
UNITS = (("evse-1", "heidelberg-energy-control", 2), ("evse-2", "heidelberg-energy-control", 3), ("evse-3", "delta-ac-max", 4))


@pytest.fixture
def rig():
    site = SITE + "".join(EVSE.format(name=name, kind=kind, unit=unit) for name, kind, unit in UNITS).replace(
        'max_a = 16.0\npower_on_a = 16.0\n', "max_a = 16.0\n", 2)  # fmt: skip
    with running(site, "--clock", "virtual", "--no-csms", "--seed", "5") as one:
        for name, _, _ in UNITS:
            one.plug(evse=name)
        one.advance(ms=40_000)
        yield one


def say(rig, text):
    return rig.console(text=text)["text"]


def evse(rig, name):
    return rig.state()["primary"]["evses"][name]


def held(rig):
    return all(not any(row["violation_ms"]) for row in rig.worst()["circuits"].values())


def test_a_bus_in_service_is_scanned_after_its_watchdogs_and_returns(rig):
    assert "silent for" in say(rig, "scan rs485-1 units=1-4 baud=19200E1,9600N1")
    rig.advance(ms=10_000)
    assert json.loads(say(rig, "scan status --json"))["stage"] == "wait" and not evse(rig, "evse-3")["online"]
    assert "stopped for a scan" in evse(rig, "evse-1")["why"]
    for _ in range(30):
        rig.advance(ms=2_000)
        if (document := json.loads(say(rig, "scan status --json")))["stage"] == "over":
            break
    assert {(row["setting"], row["unit"], row["device"]) for row in document["found"]} == {("19200E1", 4, "delta-ac-max")}
    assert [row["unit"] for row in document["skipped"]] == [2, 3]
    rig.advance(ms=60_000)
    assert [evse(rig, name)["order_a"] for name, _, _ in UNITS] == [16.0, 16.0, 16.0] and held(rig)


def test_two_devices_at_one_address_are_named_and_the_others_continue_to_charge(rig):
    rig.fault(kind="same_unit", target="evse-2", unit=2)
    rig.advance(ms=60_000)
    why = evse(rig, "evse-1")["why"]
    assert why.endswith("; unit 2: two devices answer") and "line rs485-1: unit 2: two devices answer" in say(rig, "log 100")
    assert rig.state()["primary"]["buses"]["rs485-1"]["trouble"] == ["unit 2: two devices answer"]
    assert not evse(rig, "evse-1")["online"] and evse(rig, "evse-3")["order_a"] == 16.0
    assert "foreign write" not in say(rig, "log 100")
    rig.fault(kind="same_unit", target="evse-2", on=False)
    rig.advance(ms=240_000)
    assert "two devices" not in evse(rig, "evse-1")["why"] and evse(rig, "evse-1")["order_a"] == 16.0 and held(rig)


def test_a_replaced_unit_is_accepted_configured_proven_reported_and_tested_alone(rig):
    assert "nothing was replaced" in say(rig, "replace evse-3")
    rig.fault(kind="swapped", target="evse-3")
    rig.advance(ms=15_000)
    assert evse(rig, "evse-3")["why"].startswith("0.0 A: swapped")
    shown = say(rig, "replace evse-3")
    new = shown.split("serial=")[1].split(" ")[0]
    assert "old serial number" in shown and say(rig, "replace evse-3 serial=4").startswith("error: serial `4` is refused; expected: " + new)
    assert "accepted" in say(rig, "replace evse-3 serial=" + new)
    rig.advance(ms=20_000)
    status = json.loads(say(rig, "replace status --json"))
    assert status["outcome"] == "passed" and status["new"] == new
    assert {row[0]: row[2] for row in status["settings"]} == {"fallback": 0, "watchdog": 10_000, "watchdog_enable": 1}
    assert json.loads(say(rig, "commission status --json"))["evse"] == "evse-3"
    assert json.loads(say(rig, "commission report --json"))["replaced"][0]["new"] == new
    assert f"serial {status['old']} by {new}, passed" in say(rig, "commission report")
    say(rig, "commission abort")
    rig.advance(ms=30_000)
    assert evse(rig, "evse-3")["order_a"] == 16.0 and held(rig)


def test_replace_reports_invalid_input(rig):
    for text, wanted in (("replace", "refused: no replacement is in progress"), ("replace evse-9", "evse-1, evse-2, evse-3"),
                         ("replace evse-3 now", "serial=NUMBER"), ("replace evse-3 serial=5", "refused"),
                         ("replace evse-1 serial=5", "none: the unit reports no serial number")):  # fmt: skip
        answer = say(rig, text)
        assert answer.startswith("error: ") and wanted in answer, answer
