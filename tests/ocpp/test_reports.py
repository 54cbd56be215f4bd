"""Requirements of B05 to B12 that no test case of part 6 verifies: addresses, instances, reports under way, resets."""

from station_bench import Bench, events, payloads

from ampacity.base.strict_json import dumps, loads

MINUTES_MS = 120000


def read(bench, component, variable, instance=None, component_instance=None, attribute=None):
    item = {"component": {"name": component}, "variable": {"name": variable}}
    if instance is not None:
        item["variable"]["instance"] = instance
    if component_instance is not None:
        item["component"]["instance"] = component_instance
    if attribute is not None:
        item["attributeType"] = attribute
    return bench.call("GetVariables", {"getVariableData": [item]})["getVariableResult"][0]


def test_B05_FR_08_a_value_out_of_range_is_rejected_and_changes_nothing():
    bench = Bench().booted()
    for value in ("0", "604801", "-1"):
        assert bench.set("OCPPCommCtrlr", "HeartbeatInterval", value) == "Rejected"
    assert bench.get("OCPPCommCtrlr", "HeartbeatInterval") == "300"  # of the BootNotification
    assert bench.set("OCPPCommCtrlr", "HeartbeatInterval", "604800") == "Accepted"


def test_B06_FR_09_a_value_that_can_only_be_written_is_not_read():
    found = read(Bench().booted(), "SecurityCtrlr", "BasicAuthPassword")
    assert found["attributeStatus"] == "Rejected" and "attributeValue" not in found


def test_B06_FR_13_a_variable_without_a_value_is_an_empty_text():
    found = read(Bench().booted(), "AuthCtrlr", "MasterPassGroupId")
    assert (found["attributeStatus"], found["attributeValue"]) == ("Accepted", "")


def test_B06_FR_14_and_15_an_instance_is_part_of_the_name():
    bench = Bench().booted()
    found = read(bench, "OCPPCommCtrlr", "MessageTimeout", "Default")
    assert (found["attributeStatus"], found["attributeValue"], found["variable"]["instance"]) == ("Accepted", "30", "Default")
    for instance in (None, "", "Other"):
        assert read(bench, "OCPPCommCtrlr", "MessageTimeout", instance)["attributeStatus"] == "UnknownVariable"
    assert read(bench, "OCPPCommCtrlr", "HeartbeatInterval", "Default")["attributeStatus"] == "UnknownVariable"
    assert read(bench, "OCPPCommCtrlr", "HeartbeatInterval", None, "Main")["attributeStatus"] == "UnknownComponent"


def test_B06_FR_16_and_B08_FR_17_more_elements_than_ItemsPerMessage_are_refused():
    bench = Bench().booted()
    item = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    most = int(bench.get("DeviceDataCtrlr", "ItemsPerMessage", None, "GetVariables"))
    assert len(bench.call("GetVariables", {"getVariableData": [item] * most})["getVariableResult"]) == most
    assert bench.call("GetVariables", {"getVariableData": [item] * (most + 1)}) == "OccurrenceConstraintViolation"
    most = int(bench.get("DeviceDataCtrlr", "ItemsPerMessage", None, "GetReport"))  # B08.FR.06
    assert bench.call("GetReport", {"requestId": 1, "componentVariable": [item] * most})["status"] == "Accepted"
    assert bench.call("GetReport", {"requestId": 1, "componentVariable": [item] * (most + 1)}) == "OccurrenceConstraintViolation"


def test_B07_FR_13_and_B08_FR_16_a_second_report_is_rejected_until_the_first_is_through():
    bench = Bench().booted()
    bench.deaf = ("NotifyReport",)
    assert bench.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})["status"] == "Accepted"
    assert bench.call("GetBaseReport", {"requestId": 2, "reportBase": "FullInventory"})["status"] == "Rejected"
    assert bench.call("GetReport", {"requestId": 3, "componentCriteria": ["Enabled"]})["status"] == "Rejected"
    bench.deaf = ()
    bench.advance(MINUTES_MS)
    assert payloads(bench.sent, "NotifyReport")[-1]["tbc"] is False
    assert bench.call("GetBaseReport", {"requestId": 4, "reportBase": "SummaryInventory"})["status"] == "Accepted"


def reported(bench, component, variable=None, criteria=None):
    """[(component, EVSE or None, connector or None, variable, instance)] of a custom report."""
    pair = {"component": component} | ({} if variable is None else {"variable": variable})
    bench.sent = []
    bench.call("GetReport", {"requestId": 9, "componentVariable": [pair]} | ({} if criteria is None else {"componentCriteria": criteria}))
    found = []
    for payload in payloads(bench.sent, "NotifyReport"):
        for item in payload["reportData"]:
            evse = item["component"].get("evse", {})
            name = item["variable"]
            found.append((item["component"]["name"], evse.get("id"), evse.get("connectorId"), name["name"], name.get("instance")))
    return found


def test_B08_FR_20_and_21_without_a_variable_all_of_the_component_and_without_an_instance_all_instances():
    bench = Bench().booted()
    found = reported(bench, {"name": "ClockCtrlr"})
    assert {each[3] for each in found} >= {"DateTime", "TimeSource"} and {each[0] for each in found} == {"ClockCtrlr"}
    found = reported(bench, {"name": "DeviceDataCtrlr"}, {"name": "BytesPerMessage"})
    assert {each[4] for each in found} >= {"GetReport", "GetVariables", "SetVariables"} and {each[3] for each in found} == {"BytesPerMessage"}


def test_B08_FR_22_and_23_without_a_connector_all_of_the_EVSE_and_without_an_EVSE_all_EVSEs():
    bench = Bench(evses=3).booted()
    state = {"name": "AvailabilityState"}
    assert reported(bench, {"name": "Connector", "evse": {"id": 2}}, state) == [("Connector", 2, 1, "AvailabilityState", None)]
    assert reported(bench, {"name": "Connector", "evse": {"id": 2, "connectorId": 2}}, state) == []
    assert [each[1:3] for each in reported(bench, {"name": "Connector"}, state)] == [(1, 1), (2, 1), (3, 1)]
    assert [each[1:3] for each in reported(bench, {"name": "EVSE"}, state)] == [(1, None), (2, None), (3, None)]


def test_B08_FR_10_a_component_with_a_problem_is_reported_for_the_criterion():
    bench = Bench().booted()
    assert reported(bench, {"name": "EVSE"}, None, ["Problem"]) == []
    bench.station.device_fact(2, "EVSE", "Problem", True, bench.now_ms)
    assert {each[:2] for each in reported(bench, {"name": "EVSE"}, None, ["Problem"])} == {("EVSE", 2)}


def test_B07_FR_11_each_variable_is_reported_also_without_a_value():
    bench = Bench().booted()
    bench.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    items = [item for payload in payloads(bench.sent, "NotifyReport") for item in payload["reportData"]]
    (master,) = [item for item in items if item["variable"]["name"] == "MasterPassGroupId"]
    assert master["variableAttribute"][0]["value"] == ""


def test_B11_FR_10_an_EVSE_says_that_it_can_be_reset():
    assert Bench().booted().get("EVSE", "AllowReset", 1) == "true"


def test_B12_FR_05_and_06_what_a_reset_ended_is_reported_after_it_and_what_was_off_stays_off():
    bench = Bench().booted()
    bench.call("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 2}})
    bench.charging(1)
    bench.silent = True
    bench.station.receive('[2,"r","Reset",{"type":"Immediate"}]', bench.now_ms)
    bench.pump()
    bench.advance(31000)
    assert bench.actions("reset") == [("reset", "Immediate", 0)]
    bench.silent = False
    bench.power_cycle()
    sent = bench.connect()
    assert ("Ended", "ResetCommand") in events(sent)
    assert [(p["evseId"], p["connectorStatus"]) for p in payloads(sent, "StatusNotification")][1] == (2, "Unavailable")


class OddSite:
    """A circuit whose name and state need escapes."""

    NAME = 'Hof "Süd"\n\\7'

    def components(self):
        return [("DistributionPanel", self.NAME)]

    def value(self, component, name, variable, instance):
        return "%s: \x07 %s" % (name, variable) if instance in ("", "1") else None


def test_a_report_is_the_compact_JSON_that_any_other_message_is():
    bench = Bench(3).booted()
    bench.station.model.make_site = OddSite
    assert bench.set("SecurityCtrlr", "OrganizationName", 'Bäder & "Söhne"\\') == "Accepted"
    bench.station.device_fact(2, "EVSE", "Temperature", '2"1\n', bench.now_ms)
    bench.station.receive('[2,"r","GetBaseReport",{"requestId":1,"reportBase":"FullInventory"}]', bench.now_ms)
    texts = []
    text = bench.station.next(bench.now_ms)[0]
    while text is not None:
        assert text == dumps(loads(text)), text
        texts.append(text)
        if text.startswith("[2"):
            bench.station.receive('[3,"%s",{}]' % loads(text)[1], bench.now_ms)
        text = bench.station.next(bench.now_ms)[0]
    items = [item for text in texts[1:] for item in loads(text)[3]["reportData"]]
    values = {(item["component"].get("instance"), item["variable"]["name"]): item["variableAttribute"][0].get("value") for item in items}
    assert values[None, "OrganizationName"] == 'Bäder & "Söhne"\\' and values[None, "Temperature"] == '2"1\n'
    assert values[OddSite.NAME, "State"] == OddSite.NAME + ": \x07 State"
    fuses = [item["variable"] for item in items if item["variable"]["name"] == "Fuse"]
    assert fuses == [{"name": "Fuse", "instance": "1"}]


def max_limits(bench):
    """"Component.Variable" → maxLimit or None, of the station."""
    bench.sent, found = [], {}
    assert bench.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}) == {"status": "Accepted"}
    bench.advance(1000)
    for part in payloads(bench.sent, "NotifyReport"):
        for row in part["reportData"]:
            if "evse" not in row["component"] and "instance" not in row["variable"]:
                found[row["component"]["name"] + "." + row["variable"]["name"]] = row["variableCharacteristics"].get("maxLimit")
    return found


def test_lists_are_reported_with_their_maxLimit_and_hold_no_more():
    bench = Bench().booted()
    found = max_limits(bench)
    entries = [{"idToken": {"idToken": "T%d" % n, "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}} for n in range(201)]
    for number, first, last in ((1, 0, 100), (2, 100, 200)):
        update = {"versionNumber": number, "updateType": "Differential", "localAuthorizationList": entries[first:last]}
        assert bench.call("SendLocalList", update) == {"status": "Accepted"}
    assert bench.get("LocalAuthListCtrlr", "Entries") == str(found["LocalAuthListCtrlr.Entries"]) == "200"
    update = {"versionNumber": 3, "updateType": "Differential", "localAuthorizationList": entries[200:]}
    assert bench.call("SendLocalList", update) == {"status": "Failed", "statusInfo": {"reasonCode": "OutOfStorage"}}
    for n in range(60):
        bench.station.cache.put({"idToken": "%036d" % n, "type": "MacAddress"}, {"status": "Accepted"}, 0)
    assert bench.get("AuthCacheCtrlr", "Storage") == str(found["AuthCacheCtrlr.Storage"])


def test_lists_of_words_are_reported_with_the_length_that_they_can_have():
    bench = Bench().booted()
    found = max_limits(bench)
    for name in (
        "SampledDataCtrlr.TxStartedMeasurands", "SampledDataCtrlr.TxUpdatedMeasurands", "SampledDataCtrlr.TxEndedMeasurands",
        "AlignedDataCtrlr.Measurands", "AlignedDataCtrlr.TxEndedMeasurands",
    ):
        component, variable = name.split(".")
        words = (
            "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered,Power.Offered,"
            "Energy.Active.Export.Register,Power.Active.Export,Current.Export"
        )
        assert bench.set(component, variable, words) == "Accepted" and found[name] == len(words), name
