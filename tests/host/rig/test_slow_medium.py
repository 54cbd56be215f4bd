"""A medium that takes long for each write: what happens at all EVSEs at one time is written for one after the other, and the safety loop runs
between them (docs/safety.md, section 7)."""

import asyncio

import pytest

from ampacity_host.rig.control_channel.fields import Fields
from ampacity_host.rig.control_channel.operations import Ops
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from ampacity_host.rig.virtual.virtual_csms import attach_csms
from simulated import set_up

EVSES = 12
WRITE_MS = 200
STALL_MS_MAX = 1500  # the writes for one EVSE, and what a pass writes for all together
HEAD = """
[site]
name = "slow"

[[circuit]]
name = "main"
rating_a = 250.0

[[bus]]
name = "b"
kind = "rtu"
port = "virtual"
baud = 19200

[ocpp]
version = "2.0.1"
identity = "A1"
url = "ws://127.0.0.1:9000"
security_profile = 0
"""
EVSE = """
[[evse]]
name = "e%d"
kind = "ampacity"
circuit = "main"
bus = "b"
unit = %d
max_a = 16.0
"""


class Site:
    """All cars charge, with a transaction each, before the medium becomes slow."""

    def __init__(self, tmp_path):
        path = tmp_path / "site.toml"
        path.write_text(HEAD + "".join([EVSE % (i, i) for i in range(1, EVSES + 1)]))
        setup = set_up(path, csms=True)
        ocpp, setup.facts["ocpp"] = setup.facts["ocpp"], None
        self.bench = VirtualBench(setup.facts, setup.seed)
        self.csms = attach_csms(self.bench, ocpp["version"], ocpp)
        self.events = []
        self.csms.hooks["TransactionEvent"] = lambda csms, identity, payload: self.events.append(payload)
        self.bench.start()
        self.bench.run_ms(20_000)
        for i in range(1, EVSES + 1):
            self.do("plug", evse=f"e{i}")
            self.call("RequestStartTransaction", {"idToken": {"idToken": f"T{i}", "type": "Central"}, "remoteStartId": i, "evseId": i})
        self.bench.run_ms(40_000)
        assert self.charging() == EVSES

    def do(self, op, **fields):
        return asyncio.run(Ops(self.bench).run(op, Fields(fields)))

    def call(self, action, payload, ms=500):
        self.csms.send_call(action, payload)
        self.bench.run_ms(ms)

    def charging(self):
        return sum([max(evse["amps"]) > 5 for evse in self.do("state")["truth"]["evses"].values()])

    def slow(self, on=True):
        self.do("fault", kind="slow_disk", target="primary", on=on, ms=WRITE_MS)

    def held(self):
        """The site is as before, nothing was above a rating, and no pass of the safety loop came late by more than a few writes."""
        assert WRITE_MS <= self.bench.view()["stall_ms"] <= STALL_MS_MAX
        assert self.do("worst")["circuits"]["main"]["violation_ms"] == [0, 0, 0]
        assert self.bench.view()["mode"] == "regulating" and self.bench.view()["ocpp"]["connected"]
        assert self.csms.findings == []


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_the_end_of_a_limit_at_all_EVSEs(site):
    site.slow()
    site.do("console", text="limit main 0 30")
    site.bench.run_ms(20_000)
    assert site.charging() == 0
    site.bench.run_ms(60_000)
    assert site.charging() == EVSES
    site.held()


def test_all_cars_leave_at_once_and_each_end_reaches_the_CSMS(site):
    site.slow()
    for i in range(1, EVSES + 1):
        site.do("unplug", evse=f"e{i}")
    site.bench.run_ms(60_000)
    site.held()
    assert len([e for e in site.events if e["eventType"] == "Ended"]) == EVSES


def test_the_CSMS_clears_all_profiles(site):
    for i in range(1, EVSES + 1):
        period = {"startPeriod": 0, "limit": 10.0}
        schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        document = {"id": i, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative"}
        site.call("SetChargingProfile", {"evseId": i, "chargingProfile": dict(document, chargingSchedule=[schedule])})
    site.bench.run_ms(20_000)
    site.slow()
    site.call("ClearChargingProfile", {"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile"}})
    site.bench.run_ms(60_000)
    site.held()


def test_the_values_of_the_clock_are_taken_of_all_EVSEs(site):
    site.slow()
    site.call("SetVariables", {"setVariableData": [
        {"component": {"name": "AlignedDataCtrlr"}, "variable": {"name": "Interval"}, "attributeValue": "60"}]})
    site.bench.run_ms(130_000)
    site.held()
    assert len({e["evse"]["id"] for e in site.events if e["triggerReason"] == "MeterValueClock"}) == EVSES


def test_a_reset_ends_all_transactions_first(site):
    site.slow()
    site.call("Reset", {"type": "Immediate"})
    worst_ms, primary = 0, site.bench.view()
    while primary is not None:
        worst_ms = primary["stall_ms"]
        site.bench.run_ms(50)
        primary = site.bench.view()
    assert WRITE_MS <= worst_ms <= STALL_MS_MAX
    site.slow(False)
    site.bench.run_ms(60_000)
    assert len([e for e in site.events if e["triggerReason"] == "ResetCommand"]) == EVSES and site.csms.findings == []
