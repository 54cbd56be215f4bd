"""What the CSMS receives after a start, about a lock, about phases and at the end of a visit, in the order in which it happened."""

import json

import pytest
from stand import OCPP, Stand, profile, running

from sites import bus, circuit, evse, head

SITE = head("yard") + circuit("main", 200.0) + bus() + evse(1, "main", 32.0, "local", connector="sType2") + evse(2, "main", 32.0) \
    + "[settings]\nraise_hold_s = 4\nrestart_hold_s = 8\n" + OCPP


@pytest.fixture
def stand():
    with running(SITE, "--clock", "virtual", "--seed", "5") as rig:
        yield Stand(rig, True)


def requests(stand, *actions):
    """(action, payload) of the station's requests so far."""
    frames = [json.loads(frame["text"]) for frame in stand.rig.csms_log(since=0)["frames"] if frame["dir"] == "in"]
    return [(frame[2], frame[3]) for frame in frames if frame[0] == 2 and (not actions or frame[2] in actions)]


def statuses(stand, evse_id):
    return [p["connectorStatus"] for _, p in requests(stand, "StatusNotification") if p["evseId"] == evse_id]


def test_after_each_start_the_first_status_is_true_and_the_start_is_reported(stand):
    stand.rig.plug(evse="e2")
    for starts in range(1, 4):
        stand.pass_ms(15_000)
        assert statuses(stand, 1) == ["Available"] * starts and statuses(stand, 2) == ["Occupied"] * starts
        assert [p["type"] for _, p in requests(stand, "SecurityEventNotification")] == ["StartupOfTheDevice"] * starts
        stand.rig.primary(action="power_cycle")
    stand.pass_ms(15_000)
    stand.call("Reset", type="Immediate")
    stand.pass_ms(15_000)
    assert requests(stand, "SecurityEventNotification")[-1][1]["type"] == "ResetOrReboot"
    assert requests(stand, "BootNotification")[-1][1]["reason"] == "RemoteReset"


def test_a_dead_secondary_is_reported_as_unavailable_in_bounded_time(stand):
    stand.rig.fault(kind="power_off", target="e2")
    stand.rig.primary(action="power_cycle")
    stand.pass_ms(15_000)
    assert statuses(stand, 2)[-1] == "Unavailable"


def test_a_plug_that_cannot_be_locked_is_reported_only_for_its_lock(stand):
    stand.pass_ms(10_000)
    stand.rig.plug(evse="e1")
    stand.rig.fault(kind="lock_failed", target="e1")
    stand.pass_ms(3_000)
    told = [item for _, p in requests(stand, "NotifyEvent") for item in p["eventData"]]
    where = {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}}
    assert [(item["component"], item["variable"]["name"], item["actualValue"]) for item in told] == [(where, "Problem", "true")]
    assert stand.status("e1") == "Faulted"
    stand.rig.fault(kind="lock_failed", target="e1", on=False)
    stand.pass_ms(10_000)
    assert [p["eventData"][0]["actualValue"] for _, p in requests(stand, "NotifyEvent")] == ["true", "false"]


@pytest.mark.parametrize("name", ["e1", "e2"])
def test_phases_are_reported_and_Available_follows_the_end(stand, name):
    stand.pass_ms(8_000)
    stand.rig.plug(evse=name, car={"phases": 2})
    stand.pass_ms(2_000)
    stand.rig.present_token(token="A", type="ISO14443", evse=name)
    stand.pass_ms(30_000)
    assert [p["numberOfPhasesUsed"] for _, p in requests(stand, "TransactionEvent") if "numberOfPhasesUsed" in p] == [2]
    stand.rig.unplug(evse=name)
    stand.pass_ms(5_000)
    last = requests(stand, "TransactionEvent", "StatusNotification")[-2:]
    assert [p.get("eventType") or p["connectorStatus"] for _, p in last] == ["Ended", "Available"]


def test_a_hold_time_after_a_limit_of_0_A_is_reported(stand):
    def state():
        asked = [{"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "State"}}]
        return stand.call("GetVariables", getVariableData=asked)["getVariableResult"][0]["attributeValue"]

    stand.charge("e1")
    stand.call("SetChargingProfile", evseId=1, chargingProfile=profile(5, 0, "TxDefaultProfile"))
    stand.pass_ms(2_000)
    assert "limit by ocpp" in state() and "limit by ocpp" in stand.rig.console(text="why e1")["text"]
    stand.call("ClearChargingProfile", chargingProfileId=5)
    stand.pass_ms(1_000)
    assert "paused, restart allowed in" in state() and "limit by" not in state()
    stand.until(lambda: stand.amps("e1") > 5.5, 20_000)
    asked = [{"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": "Interval", "instance": "Restart"}}]
    assert stand.call("GetVariables", getVariableData=asked)["getVariableResult"][0]["attributeValue"] == "8"


@pytest.mark.parametrize("name", ["e1", "e2"])
def test_a_connector_is_Occupied_from_the_plug_on_and_not_while_a_car_is_awaited(stand, name):
    stand.pass_ms(8_000)
    stand.rig.present_token(token="A", type="ISO14443", evse=name)
    stand.pass_ms(5_000)
    assert statuses(stand, int(name[1])) == ["Available"]
    stand.rig.plug(evse=name)
    stand.pass_ms(5_000)
    assert statuses(stand, int(name[1])) == ["Available", "Occupied"]
