"""The operation `ev` with the action `iso15118`: a module that talks with the car asks the primary, under both clocks."""

import time

import pytest
from rig_process import OCPP, SITE, running

EXI = {"kind": "certificate", "action": "Install", "schema": "urn:iso:15118:2:2013:MsgDef", "exi": "gA=="}


def asked_until(rig, message, status):
    """Asks, again and again while the primary starts, until the newest answer is of this kind; it has this status."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        rig.answer("ev", evse="evse-1", action="iso15118", message=message)
        if rig.answer("hello")["clock"] == "virtual":
            rig.answer("advance", ms=2000)
        else:
            time.sleep(0.5)
        found = rig.state()["truth"]["evses"]["evse-1"]["ev_answers"]
        if found and found[-1]["kind"] == message["kind"]:
            return found[-1] == {"kind": message["kind"], "status": status}
    return False


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_module_of_a_charging_point_gets_its_answers(clock):
    options = ("--clock", "virtual", "--seed", "3") if clock == "virtual" else ()
    with running(SITE + OCPP + "iso15118 = true\n", *options) as rig:
        rig.answer("plug", evse="evse-1")
        assert asked_until(rig, {"kind": "credentials"}, "None")
        assert asked_until(rig, EXI, "Failed")


def newest(rig, kind):
    """The newest answer, some time later; it is of this kind."""
    rig.advance(ms=3_000)
    found = rig.state()["truth"]["evses"]["evse-1"]["ev_answers"]
    assert found and found[-1]["kind"] == kind, found
    return found[-1]


def test_K16_FR_02_and_03_the_module_gets_the_schedules_and_learns_that_they_have_changed():
    with running(SITE + OCPP + "iso15118 = true\n", "--clock", "virtual", "--seed", "3") as rig:
        rig.advance(ms=20_000)
        rig.plug(evse="evse-1")
        rig.advance(ms=3_000)
        ask = {"evse": "evse-1", "action": "iso15118", "message": {"kind": "schedules"}}
        rig.ev(**ask)
        assert newest(rig, "schedules")["status"] == "None"
        rig.present_token(token="A", type="ISO14443", evse="evse-1")
        rig.advance(ms=10_000)
        rig.ev(**ask)
        ((period,),) = [one["periods"] for one in newest(rig, "schedules")["schedules"]]
        assert period == [0, 320, 3]
        schedule = {"id": 1, "startSchedule": "2025-01-01T00:00:00Z", "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11}]}  # fmt: skip
        profile = {"id": 1, "stackLevel": 0, "chargingProfilePurpose": "ChargingStationMaxProfile", "chargingProfileKind": "Absolute",
                   "chargingSchedule": [schedule]}  # fmt: skip
        answer = rig.csms(method="SetChargingProfile", payload={"evseId": 0, "chargingProfile": profile}, timeout_ms=10_000)
        assert answer["result"]["status"] == "Accepted"
        newest(rig, "renegotiate")
        rig.ev(**ask)
        assert [one["periods"] for one in newest(rig, "schedules")["schedules"]] == [[[0, 110, 3]]]
