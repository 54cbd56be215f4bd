"""Variables and reports (B05 to B08, A01)."""

from station_bench import Bench, payloads

from ampacity.ocpp.device_model import table
from ampacity.ocpp.device_model.model import rows_of


def rows():
    for text in (table.STATION, table.EVSE, table.CONNECTOR):
        for row in rows_of(text):
            yield row


def test_every_line_of_the_table_is_whole_and_its_default_is_allowed():
    bench = Bench()
    seen = set()
    for row in rows():
        assert row.mutability in ("RO", "RW", "WO", "SO"), row.variable  # SO: of a meter that signs (test_signed_values.py)
        key = (row.component, row.variable, row.instance)
        assert key not in seen, key
        seen.add(key)
        if row.mutability in ("RW", "SO") and row.default and row.default != "@":
            assert bench.station.model.refusal(row, row.default) is None, key


def test_a_name_with_a_line_of_the_table_in_it_is_unknown():
    bench = Bench().booted()
    for component, variable in (
        ("AuthCacheCtrlr\nAvailable||Rb||true|", "Storage"), ("AuthCacheCtrlr", "=AuthCtrlr\nAuthorizeRemoteStart"),
        ("AuthCacheCtrlr", "Enabled||Wb||true|\nLifeTime"), ("AuthCacheCtrlr|Storage", ""), ("=AuthCacheCtrlr", "Storage"),
        ("", "Storage"), ("AuthCtrlr", "Storage"), ("AuthCacheCtrlr", ""), ("Ctrlr", "Storage"), ("AuthCache~", "Storage"),
    ):  # fmt: skip
        assert bench.get(component, variable) in ("UnknownComponent", "UnknownVariable"), (component, variable)


def test_names_are_not_case_sensitive_and_the_answer_spells_them_as_the_request():
    bench = Bench().booted()
    bench.station.device_fact(2, "EVSE", "Temperature", "21", bench.now_ms)
    assert bench.set("ocppcommctrlr", "HEARTBEATINTERVAL", "600") == "Accepted" and bench.get("OCPPCommCtrlr", "HeartbeatInterval") == "600"
    asked = {"component": {"name": "ocppCommCtrlr"}, "variable": {"name": "messageTIMEOUT", "instance": "default"}}
    (found,) = bench.call("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    assert (found["attributeValue"], found["component"]["name"], found["variable"]["instance"]) == ("30", "ocppCommCtrlr", "default")
    assert result(bench, component="evse", variable="temperature", evse={"id": 2})["attributeValue"] == "21"
    assert result(bench, component="evse", variable="temperature", evse={"id": 1})["attributeStatus"] == "UnknownVariable"
    assert result(bench, component="connector", variable="availabilitystate", evse={"id": 2, "connectorId": 1})["attributeValue"] == "Available"
    bench.sent = []
    pair = {"component": {"name": "OCPPCOMMCTRLR"}, "variable": {"name": "messagetimeout", "instance": "DEFAULT"}}
    assert bench.call("GetReport", {"requestId": 1, "componentVariable": [pair]})["status"] == "Accepted"
    (item,) = payloads(bench.sent, "NotifyReport")[0]["reportData"]
    assert (item["component"], item["variable"]) == ({"name": "OCPPCommCtrlr"}, {"name": "MessageTimeout", "instance": "Default"})


def test_a_monitor_is_replaced_whatever_the_case_of_its_variable():
    bench = Bench().booted()
    one = {"component": {"name": "evse", "evse": {"id": 1}}, "variable": {"name": "POWER"}, "type": "UpperThreshold", "value": 5, "severity": 3}
    (made,) = bench.call("SetVariableMonitoring", {"setMonitoringData": [one]})["setMonitoringResult"]
    assert made["status"] == "Accepted"
    again = dict(one, variable={"name": "Power"}, value=6)
    assert bench.call("SetVariableMonitoring", {"setMonitoringData": [again]})["setMonitoringResult"][0]["status"] == "Duplicate"
    assert bench.call("SetVariableMonitoring", {"setMonitoringData": [dict(again, id=made["id"])]})["setMonitoringResult"][0]["status"] == "Accepted"


def test_an_integer_has_no_leading_zeros():
    bench = Bench().booted()
    for text in ("060", "00", "-060", "+60"):
        assert bench.set("OCPPCommCtrlr", "HeartbeatInterval", text) == "Rejected", text
    assert bench.set("OCPPCommCtrlr", "OfflineThreshold", "0") == "Accepted"


def test_every_variable_can_be_read_by_its_address():
    bench = Bench().booted()
    for scope, row in bench.station.model.rows():
        assert isinstance(bench.station.model.value(scope, row), str), row.variable


def result(bench, attribute=None, component="OCPPCommCtrlr", variable="HeartbeatInterval", instance=None, evse=None):
    item = {"component": {"name": component}, "variable": {"name": variable}}
    if attribute:
        item["attributeType"] = attribute
    if evse:
        item["component"]["evse"] = evse
    return bench.call("GetVariables", {"getVariableData": [item]})["getVariableResult"][0]


def test_B06_unknown_variables_are_reported():
    bench = Bench().booted()
    assert result(bench)["attributeValue"] == "300"  # B01.FR.04: the interval of the boot
    assert result(bench)["attributeType"] == "Actual"
    assert result(bench, component="Nothing")["attributeStatus"] == "UnknownComponent"
    assert result(bench, variable="Nothing")["attributeStatus"] == "UnknownVariable"
    assert result(bench, "Target")["attributeStatus"] == "NotSupportedAttributeType"
    assert result(bench, component="EVSE", variable="Power", evse={"id": 3})["attributeStatus"] == "UnknownComponent"
    assert result(bench, component="EVSE", variable="Power", evse={"id": 2})["attributeStatus"] == "Accepted"
    where = {"id": 2, "connectorId": 1}
    assert result(bench, component="Connector", variable="ConnectorType", evse=where)["attributeValue"] == "cType2"
    secret = result(bench, component="SecurityCtrlr", variable="BasicAuthPassword")
    assert secret["attributeStatus"] == "Rejected" and "attributeValue" not in secret


def test_B05_values_that_are_refused():
    bench = Bench().booted()
    for component, variable, value in (
        ("OCPPCommCtrlr", "HeartbeatInterval", "0"),
        ("OCPPCommCtrlr", "HeartbeatInterval", "ten"),
        ("OCPPCommCtrlr", "HeartbeatInterval", "1_0"),
        ("OCPPCommCtrlr", "HeartbeatInterval", "9999999"),
        ("SmartChargingCtrlr", "LimitChangeSignificance", "nan"),
        ("AuthCtrlr", "Enabled", "yes"),
        ("TxCtrlr", "TxStartPoint", "EVConnected,Sometimes"),
        ("TxCtrlr", "TxStartPoint", ""),
        ("SampledDataCtrlr", "TxUpdatedMeasurands", "Voltage,Voltage"),
        ("OCPPCommCtrlr", "NetworkConfigurationPriority", "2"),
        ("ChargingStation", "VendorName", "Me"),
        ("SecurityCtrlr", "BasicAuthPassword", "short"),
        ("SecurityCtrlr", "BasicAuthPassword", "x" * 41),
        ("SecurityCtrlr", "BasicAuthPassword", "with blanks in it 123"),
    ):
        assert bench.set(component, variable, value) == "Rejected", value
    assert bench.set("Nothing", "A", "1") == "UnknownComponent"
    assert bench.set("TxCtrlr", "A", "1") == "UnknownVariable"


def test_B05_a_value_is_kept_over_restarts():
    bench = Bench().booted()
    assert bench.set("TxCtrlr", "EVConnectionTimeOut", "77") == "Accepted"
    assert bench.actions("variable") == [("variable", "TxCtrlr", "EVConnectionTimeOut", "", "77")]
    bench.power_cycle()
    bench.booted()
    assert bench.get("TxCtrlr", "EVConnectionTimeOut") == "77"


def test_B05_FR_12_many_at_once_each_with_its_answer():
    bench = Bench().booted()
    items = [
        {"component": {"name": "TxCtrlr"}, "variable": {"name": "EVConnectionTimeOut"}, "attributeValue": "60"},
        {"component": {"name": "TxCtrlr"}, "variable": {"name": "Nothing"}, "attributeValue": "60"},
    ]
    answer = bench.call("SetVariables", {"setVariableData": items})["setVariableResult"]
    assert [r["attributeStatus"] for r in answer] == ["Accepted", "UnknownVariable"]
    assert bench.call("SetVariables", {"setVariableData": items * 17}) == "OccurrenceConstraintViolation"


def test_A01_the_password_is_stored_and_passed_to_the_link_after_the_answer():
    bench = Bench().booted()
    assert bench.set("SecurityCtrlr", "BasicAuthPassword", "0123456789abcdef") == "Accepted"
    assert bench.actions("password") == [("password", "0123456789abcdef")]
    bench.power_cycle()
    assert bench.station.password() == "0123456789abcdef"
    assert all("0123456789abcdef" not in line[3] for line in bench.log.since(0))


def report(bench, base):
    bench.sent = []
    request = {"requestId": 5, "reportBase": base}
    assert bench.call("GetBaseReport", request)["status"] == "Accepted"
    parts = payloads(bench.sent, "NotifyReport")
    assert [p["seqNo"] for p in parts] == list(range(len(parts)))
    assert [p["tbc"] for p in parts] == [True] * (len(parts) - 1) + [False]
    assert all(p["requestId"] == 5 for p in parts)
    return [item for p in parts for item in p["reportData"]]


def test_B07_the_full_inventory_holds_every_variable_once():
    bench = Bench().booted()
    found = report(bench, "FullInventory")
    assert len(found) == len([1 for _ in bench.station.model.rows()])
    secret = [i for i in found if i["variable"]["name"] == "BasicAuthPassword"][0]
    assert "value" not in secret["variableAttribute"][0]


def test_B07_the_configuration_inventory_holds_what_can_be_set():
    found = report(Bench().booted(), "ConfigurationInventory")
    assert found and all(i["variableAttribute"][0]["mutability"] != "ReadOnly" for i in found)


def test_B07_the_summary_reports_the_state_of_station_EVSEs_and_connectors():
    found = report(Bench().booted(), "SummaryInventory")
    states = [i["component"]["name"] for i in found if i["variable"]["name"] == "AvailabilityState"]
    assert sorted(states) == ["ChargingStation", "Connector", "Connector", "EVSE", "EVSE"]


def test_B08_reports_by_component_and_by_criteria():
    bench = Bench().booted()
    request = {"requestId": 1, "componentVariable": [{"component": {"name": "EVSE", "evse": {"id": 2}}}]}
    assert bench.call("GetReport", request)["status"] == "Accepted"
    found = [item for part in payloads(bench.sent, "NotifyReport") for item in part["reportData"]]
    assert len(found) == 11 and all(i["component"] == {"name": "EVSE", "evse": {"id": 2}} for i in found)
    assert bench.call("GetReport", {"requestId": 2, "componentCriteria": ["Problem"]})["status"] == "EmptyResultSet"
    bench.station.evse_status(1, "Faulted", bench.now_ms)
    assert bench.call("GetReport", {"requestId": 3, "componentCriteria": ["Problem"]})["status"] == "Accepted"


def test_G05_FR_02_a_plug_that_cannot_be_locked_is_reported_as_an_event():
    bench = Bench().booted()
    bench.station.device_fact(2, "ConnectorPlugRetentionLock", "Problem", True, bench.now_ms, connector=True)
    told = payloads(bench.pump(), "NotifyEvent")[0]["eventData"][0]
    assert told["component"] == {"name": "ConnectorPlugRetentionLock", "evse": {"id": 2, "connectorId": 1}}
    assert told["variable"] == {"name": "Problem"} and told["actualValue"] == "true"
    assert (told["trigger"], told["eventNotificationType"]) == ("Delta", "HardWiredNotification")
    where = {"id": 2, "connectorId": 1}
    assert result(bench, component="ConnectorPlugRetentionLock", variable="Problem", evse=where)["attributeValue"] == "true"
    bench.station.device_fact(2, "ConnectorPlugRetentionLock", "Problem", False, bench.now_ms, connector=True)
    assert payloads(bench.pump(), "NotifyEvent")[0]["eventData"][0]["actualValue"] == "false"


def test_why_an_EVSE_draws_what_it_draws_and_how_long_a_pause_rests_can_be_read():
    bench = Bench().booted()
    assert bench.get("EVSE", "State", evse=2) == ""
    bench.station.explain = lambda evse_id: "EVSE %d rests " % evse_id * 100
    bench.station.restart_hold_s = 60
    assert bench.get("EVSE", "State", evse=2).startswith("EVSE 2 rests ") and len(bench.get("EVSE", "State", evse=2)) == 1000
    assert bench.get("SmartChargingCtrlr", "Interval", instance="Restart") == "60"
    item = [i for i in report(bench, "FullInventory") if i["variable"] == {"name": "State"} and i["component"]["evse"]["id"] == 1][0]
    assert item["variableAttribute"][0]["value"].startswith("EVSE 1 rests ")
