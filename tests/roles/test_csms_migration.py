"""Part 6, B: the CSMS sends the station to another network profile, and the station finds its way back where that fails."""

from helper_csms import Csms, Line


def profile(slot):
    data = {
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "ws://two.example", "messageTimeout": 30,
        "securityProfile": 1, "ocppInterface": "Wired0",
    }
    return ("SetNetworkProfile", {"configurationSlot": slot, "connectionData": data})


def variable(name, value):
    data = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name}, "attributeValue": value}
    return ("SetVariables", {"setVariableData": [data]})


def told_to_migrate(attempts):
    """A station that the CSMS `one` has told to go to `two`, slot 2, and to reset itself; it starts anew."""
    which = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "ActiveNetworkProfile"}}
    one = Csms(asks=[
        ("GetVariables", {"getVariableData": [which]}), variable("NetworkProfileConnectionAttempts", attempts), profile(2),
        variable("NetworkConfigurationPriority", "2,1"), ("Reset", {"type": "OnIdle"}),
    ])  # fmt: skip
    line = Line({"one": one}).run(20)
    active, attempted, stored, ordered, reset = one.replies
    assert active["getVariableResult"][0]["attributeValue"] == "1"
    assert stored == {"status": "Accepted"} and reset == {"status": "Accepted"}
    for answer in (attempted, ordered):
        assert answer["setVariableResult"][0]["attributeStatus"] in ("Accepted", "RebootRequired")
    assert line.one.primary.resetting == "OnIdle"
    line.csms = {}
    line.start()
    for evse in (1, 2):
        line.station.evse_status(evse, "Available", line.now_ms)
    return line


def check_booted(csms, reason):
    assert csms.got[0][0] == "BootNotification" and csms.got[0][1]["reason"] == reason
    told = [payload["connectorStatus"] for action, payload in csms.got if action == "StatusNotification"]
    assert told == ["Available"] * 2


def test_TC_B_45_CS_to_another_profile():
    line = told_to_migrate("3")
    two = line.csms["two"] = Csms()
    assert line.run(30).tried() == ["two"] and line.online == [(0, "two")]
    check_booted(two, "RemoteReset")
    assert line.variable("ActiveNetworkProfile") == "2"


def test_TC_B_46_CS_back_to_the_second_of_the_list():
    line = told_to_migrate("2")
    one = line.csms["one"] = Csms()
    assert line.run(40).tried() == ["two", "two", "one"] and [name for _, name in line.online] == ["one"]
    check_booted(one, "RemoteReset")
    assert line.variable("ActiveNetworkProfile") == "1"


def test_TC_B_49_CS_back_to_the_last_that_worked_after_all_have_failed():
    line = told_to_migrate("1").run(20)
    assert line.tried() == ["two", "one"] and not line.online
    one = line.csms["one"] = Csms()
    assert line.run(20).tried() == ["two", "one", "one"] and [name for _, name in line.online] == ["one"]
    check_booted(one, "RemoteReset")
