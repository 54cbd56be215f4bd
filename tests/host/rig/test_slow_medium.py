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
STALL_MS_MAX = 2000  # the writes for one EVSE by each of those that write: housekeeping, link and requests
HEAD = """
[site]
name = "slow"

[[circuit]]
name = "main"
rating_a = 400.0

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

    def __init__(self, tmp_path, evses=EVSES):
        self.evses = evses
        path = tmp_path / "site.toml"
        path.write_text(HEAD + "".join([EVSE % (i, i) for i in range(1, evses + 1)]))
        setup = set_up(path, csms=True)
        ocpp, setup.facts["ocpp"] = setup.facts["ocpp"], None
        self.bench = VirtualBench(setup.facts, setup.seed)
        self.csms = attach_csms(self.bench, ocpp["version"], ocpp)
        self.events = []
        self.csms.hooks["TransactionEvent"] = lambda csms, identity, payload: self.events.append(payload)
        self.bench.start()
        self.bench.run_ms(20_000)
        for i in range(1, evses + 1):
            self.do("plug", evse=f"e{i}")
            self.call("RequestStartTransaction", {"idToken": {"idToken": f"T{i}", "type": "Central"}, "remoteStartId": i, "evseId": i})
        self.bench.run_ms(40_000)
        assert self.charging() == evses

    def do(self, op, **fields):
        return asyncio.run(Ops(self.bench).run(op, Fields(fields)))

    def call(self, action, payload, ms=500):
        self.csms.send_call(action, payload)
        self.bench.run_ms(ms)

    def charging(self):
        return sum([max(evse["amps"]) > 5 for evse in self.do("state")["truth"]["evses"].values()])

    def slow(self, on=True):
        self.do("fault", kind="slow_disk", target="primary", on=on, ms=WRITE_MS)

    def held(self, findings=0):
        """The site is as before, nothing was above a rating, and no pass of the safety loop came late by more than a few writes; so many findings of
        the CSMS."""
        assert WRITE_MS <= self.bench.view()["stall_ms"] <= STALL_MS_MAX
        assert self.do("worst")["circuits"]["main"]["violation_ms"] == [0, 0, 0]
        assert self.bench.view()["mode"] == "regulating" and self.bench.view()["ocpp"]["connected"]
        assert len(self.csms.findings) == findings


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
    assert site.charging() == EVSES
    site.bench.run_ms(60_000)
    assert site.charging() == EVSES
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


def test_samples_of_all_EVSEs_stop_no_car(tmp_path):
    site = Site(tmp_path, 24)
    site.call("SetVariables", {"setVariableData": [
        {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}, "attributeValue": "20"}]})
    site.slow()
    for _ in range(100):
        site.bench.run_ms(1_000)
        truth = site.do("state")["truth"]["evses"].values()
        assert site.charging() == 24 and {evse["watchdog"] for evse in truth} == {"armed"}
    site.slow(False)
    site.bench.run_ms(10_000)  # what waits for its turn to be sent leaves
    site.held()
    assert len({e["evse"]["id"] for e in site.events if e["triggerReason"] == "MeterValuePeriodic"}) == 24


def test_cards_at_all_EVSEs_without_a_connection(site):
    for i in range(1, EVSES + 1):
        site.do("unplug", evse=f"e{i}")
    site.call("SetVariables", {"setVariableData": [
        {"component": {"name": "AuthCtrlr"}, "variable": {"name": "OfflineTxForUnknownIdEnabled"}, "attributeValue": "true"}]})
    site.bench.run_ms(30_000)
    site.do("fault", kind="csms_down", target="primary", on=True)
    site.bench.run_ms(5_000)
    site.slow()
    for i in range(1, EVSES + 1):
        site.do("plug", evse=f"e{i}")
        site.do("present_token", evse=f"e{i}", token=f"C{i}")
    site.bench.run_ms(60_000)
    assert site.charging() == EVSES
    site.slow(False)
    site.do("fault", kind="csms_down", target="primary", on=False)
    site.bench.run_ms(120_000)
    site.held(findings=1)  # the connection that was cut


def test_cars_that_pause_and_resume_stop_no_other_car(tmp_path):
    site = Site(tmp_path, 24)
    site.slow()
    for round_ in range(6):
        for i in range(1, 13):
            site.do("ev", evse=f"e{i}", action="resume" if round_ % 2 else "pause")
        for _ in range(15):
            site.bench.run_ms(1_000)
            truth = site.do("state")["truth"]["evses"]
            assert {truth[f"e{i}"]["watchdog"] for i in range(13, 25)} == {"armed"}
            assert min([max(truth[f"e{i}"]["amps"]) for i in range(13, 25)]) > 5
    site.held()
