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
