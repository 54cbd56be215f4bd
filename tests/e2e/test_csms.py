"""What a CSMS wants happens in the plant, and is undone again; every EVSE of the site is an EVSE of one station."""

import json

import pytest
from stand import DEMO, Stand, profile, running


@pytest.fixture
def stand():
    with running(DEMO, "--clock", "virtual", "--seed", "4") as rig:
        yield Stand(rig, True)


def test_five_kilowatts_on_the_station_hold_in_the_plant_and_are_cleared_again(stand):
    names = stand.rig.ready["evses"]
    stand.charge(*names)
    assert stand.watts() > 25_000
    assert stand.call("SetChargingProfile", evseId=0, chargingProfile=profile(1, 5000, "ChargingStationMaxProfile"))["status"] == "Accepted"
    stand.until(lambda: stand.watts() <= 5000, 10_000)
    stand.until(lambda: stand.watts() > 4000, 60_000)
    for _ in range(10):
        stand.pass_ms(1_000)
        assert stand.watts() <= 5000
    assert "ocpp" in stand.rig.console(text="why evse-1")["text"]
    assert stand.call("ClearChargingProfile", chargingProfileId=1)["status"] == "Accepted"
    stand.until(lambda: all(stand.amps(name) > 5.5 for name in names), 60_000)
    assert stand.violations_ms() == 0


def test_a_limit_is_in_force_when_it_is_answered(stand):
    stand.charge("evse-1")
    for number in range(6):
        watts = 0 if number % 2 == 0 else 20_000
        stand.pass_ms(37 * number)
        stand.call("SetChargingProfile", evseId=1, chargingProfile=profile(2, watts, "TxDefaultProfile"))
        why = stand.primary["evses"]["evse-1"]["why"]
        assert ("limit by ocpp 0.0 A" in why) == (watts == 0), (number, why)


@pytest.mark.parametrize("purpose", ["TxDefaultProfile", "TxProfile"])
def test_five_kilowatts_on_one_evse_leave_the_other_alone(stand, purpose):
    stand.charge("evse-1", "evse-2")
    stand.until(lambda: stand.watts("evse-1") > 8000, 60_000)
    transaction = stand.transaction("evse-1") if purpose == "TxProfile" else None
    assert stand.call("SetChargingProfile", evseId=1, chargingProfile=profile(2, 5000, purpose, transaction))["status"] == "Accepted"
    stand.until(lambda: stand.watts("evse-1") <= 5000, 10_000)
    stand.pass_ms(10_000)
    assert 4500 < stand.watts("evse-1") <= 5000 and stand.watts("evse-2") > 8000
    schedule = stand.call("GetCompositeSchedule", evseId=1, duration=60, chargingRateUnit="W")["schedule"]
    assert schedule["chargingSchedulePeriod"][0]["limit"] == 5000
    stand.call("ClearChargingProfile", chargingProfileId=2)
    stand.until(lambda: stand.watts("evse-1") > 8000, 60_000)


def test_remote_start_and_stop_and_statuses_as_the_rig_names_them(stand):
    stand.until(stand.connected, 10_000)
    stand.until(lambda: stand.status("evse-2") == "Available", 20_000)
    stand.rig.plug(evse="evse-2")
    stand.until(lambda: stand.status("evse-2") == "Plugged", 5_000)
    token = {"idToken": "R1", "type": "Central"}
    assert stand.call("RequestStartTransaction", evseId=2, remoteStartId=7, idToken=token)["status"] == "Accepted"
    stand.until(lambda: stand.status("evse-2") == "Charging" and stand.amps("evse-2") > 5.5, 40_000)
    transaction = stand.transaction("evse-2")
    stand.rig.ev(evse="evse-2", action="pause")
    stand.until(lambda: stand.status("evse-2") == "Suspended", 10_000)
    stand.rig.ev(evse="evse-2", action="resume")
    stand.until(lambda: stand.status("evse-2") == "Charging", 30_000)
    assert stand.call("RequestStopTransaction", transactionId=transaction)["status"] == "Accepted"
    stand.until(lambda: stand.amps("evse-2") == 0 and stand.status("evse-2") == "Ended", 10_000)
    stand.rig.unplug(evse="evse-2")
    stand.until(lambda: stand.status("evse-2") == "Available", 5_000)
    events = stand.transactions()[transaction]
    assert [number for number, _ in events] == list(range(len(events))) and events[-1][1] == "Ended"


def test_availability_unlock_trigger_variables_and_report(stand):
    stand.until(lambda: stand.status("evse-3") == "Available", 20_000)
    assert stand.call("ChangeAvailability", operationalStatus="Inoperative", evse={"id": 3})["status"] == "Accepted"
    stand.until(lambda: stand.status("evse-3") == "Unavailable", 5_000)
    stand.call("ChangeAvailability", operationalStatus="Operative", evse={"id": 3})
    stand.until(lambda: stand.status("evse-3") == "Available", 5_000)
    assert stand.call("UnlockConnector", evseId=3, connectorId=1)["status"] == "UnlockFailed"  # its own lock is not ours to open
    assert stand.call("UnlockConnector", evseId=99, connectorId=1)["status"] == "UnknownConnector"
    mark = len(stand.rig.csms_log(since=0)["frames"])
    assert stand.call("TriggerMessage", requestedMessage="Heartbeat")["status"] == "Accepted"
    stand.pass_ms(500)
    assert any('"Heartbeat"' in frame["text"] for frame in stand.rig.csms_log(since=0)["frames"][mark:] if frame["dir"] == "in")
    second = {"name": "EVSE", "evse": {"id": 2}}
    asked = [{"component": second, "variable": {"name": name}} for name in ("SerialNumber", "FirmwareVersion", "Problem")]
    shown = [one["attributeValue"] for one in stand.call("GetVariables", getVariableData=asked)["getVariableResult"]]
    assert shown[0] == "garage-evse-2" and shown[2] == "false"
    heartbeat = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    wanted = [{**heartbeat, "attributeValue": value} for value in ("77", "abc")]
    results = stand.call("SetVariables", setVariableData=wanted)["setVariableResult"]
    assert [one["attributeStatus"] for one in results] == ["Accepted", "Rejected"]
    assert stand.call("GetBaseReport", requestId=9, reportBase="FullInventory")["status"] == "Accepted"
    stand.pass_ms(4_000)
    parts = [json.loads(frame["text"])[3] for frame in stand.rig.csms_log(since=0)["frames"] if '"NotifyReport"' in frame["text"]]
    assert sum(len(part.get("reportData", [])) for part in parts) > 100 and parts[-1].get("tbc", False) is False


def test_resets_of_one_evse_at_once_and_of_the_station_when_it_is_idle(stand):
    stand.charge("evse-1", "evse-2")
    assert stand.call("Reset", type="Immediate", evseId=1)["status"] == "Accepted"
    stand.until(lambda: stand.amps("evse-1") == 0 and stand.transaction("evse-1") is None, 10_000)
    assert stand.amps("evse-2") > 5.5
    assert stand.call("Reset", type="OnIdle")["status"] == "Scheduled"
    stand.pass_ms(3_000)
    assert stand.amps("evse-2") > 5.5 and stand.rig.worst()["primary"]["restarts"] == 0
    stand.rig.unplug(evse="evse-2")
    stand.until(lambda: stand.rig.worst()["primary"]["restarts"] == 1, 30_000)
    stand.until(stand.connected, 30_000)
    boots = [frame["text"] for frame in stand.rig.csms_log(since=0)["frames"] if frame["dir"] == "in" and '"BootNotification"' in frame["text"]]
    assert len(boots) == 2 and '"ScheduledReset"' in boots[1]
