"""Requirements of reservation, tariff, diagnostics, display messages and data transfer (H, I, N, O, P) that no test case of part 6 verifies."""

from station_bench import Bench, names, payloads

from ampacity.base.strict_json import dumps, loads
from ampacity.ocpp.display.screen import shown
from ampacity.ocpp.rpc import SIZE_MAX
from ampacity.ocpp.v201 import tables

CARD = {"idToken": "ABC123", "type": "ISO14443"}
UNTIL = "2026-11-20T14:00:00Z"


def reserve(bench, number=7, **more):
    request = {"id": number, "expiryDateTime": UNTIL, "idToken": CARD}
    request.update(more)
    return bench.call("ReserveNow", request)["status"]


def statuses(sent):
    return [(p["evseId"], p["connectorStatus"]) for p in payloads(sent, "StatusNotification")]


def put(bench, number, text, priority="NormalCycle", language=None, **more):
    content = {"format": "UTF8", "content": text}
    if language:
        content["language"] = language
    info = {"id": number, "priority": priority, "message": content}
    info.update(more)
    return bench.call("SetDisplayMessage", {"message": info})["status"]


def screen(bench, evse=0):
    return shown(bench.station, evse, bench.now_ms)


def monitor(bench, kind, value, component, variable="AvailabilityState", severity=3, instance=None, **more):
    """The result of one SetVariableMonitoring."""
    item = {"type": kind, "value": value, "severity": severity, "component": component, "variable": {"name": variable}}
    if instance:
        item["variable"]["instance"] = instance
    item.update(more)
    return bench.call("SetVariableMonitoring", {"setMonitoringData": [item]})["setMonitoringResult"][0]


def happened(sent):
    return [data for part in payloads(sent, "NotifyEvent") for data in part["eventData"]]


# --- H


def test_H01_FR_03_a_reservation_with_a_new_id_is_accepted_if_an_EVSE_can_be_reserved():
    bench = Bench().booted()
    assert reserve(bench, 7, evseId=1) == "Accepted"
    assert reserve(bench, 8, evseId=1) == "Occupied"
    assert reserve(bench, 8, evseId=2) == "Accepted"
    assert statuses(bench.sent) == [(1, "Reserved"), (2, "Reserved")]


def test_H01_FR_18_and_19_a_reservation_of_any_EVSE_is_accepted_as_NonEvseSpecific_says():
    bench = Bench().booted()
    assert bench.get("ReservationCtrlr", "NonEvseSpecific") == "true"
    assert reserve(bench) == "Accepted"
    bench = Bench().booted()
    on = bench.station.model.on
    bench.station.model.on = lambda component, variable: variable != "NonEvseSpecific" and on(component, variable)
    assert reserve(bench) == "Rejected" and reserve(bench, evseId=1) == "Accepted"


def test_H01_FR_12_and_23_a_faulted_EVSE_is_refused_as_Faulted_and_an_available_one_shows_Reserved():
    bench = Bench().booted()
    for evse in (1, 2):
        bench.station.evse_status(evse, "Faulted", bench.now_ms)
    bench.sent = []
    assert reserve(bench, evseId=1) == reserve(bench) == "Faulted"
    bench.station.evse_status(1, "Available", bench.now_ms)
    bench.pump()
    bench.sent = []
    assert reserve(bench, evseId=1) == "Accepted"
    assert statuses(bench.sent) == [(1, "Reserved")]


def test_H02_FR_03_and_04_after_a_cancellation_another_identifier_charges_there_and_the_connector_is_Available():
    bench = Bench().booted()
    reserve(bench, evseId=1)
    bench.sent = []
    assert bench.call("CancelReservation", {"reservationId": 7}) == {"status": "Accepted"}
    assert statuses(bench.sent) == [(1, "Available")]
    bench.plug()
    bench.card(1, "OTHER")
    assert bench.may_charge()


def test_H02_FR_06_a_cancelled_reservation_of_any_EVSE_frees_those_that_were_not_reserved_themselves():
    bench = Bench(evses=3).booted()
    for number, more in ((1, {"evseId": 1}), (2, {}), (3, {})):
        assert reserve(bench, number, **more) == "Accepted"
    assert sorted(statuses(bench.sent)) == [(1, "Reserved"), (2, "Reserved"), (3, "Reserved")]
    bench.sent = []
    assert bench.call("CancelReservation", {"reservationId": 3}) == {"status": "Accepted"}
    assert statuses(bench.sent) == [(2, "Available"), (3, "Available")]


def test_H03_FR_05_a_reserved_type_of_connector_is_for_the_identifier_and_its_group():
    for token, group, charges in (
        ("ABC123", None, True), ("MATE", "GROUP", True), ("MATE", "group", True), ("MATE", "OTHER", False), ("MATE", None, False),
    ):
        bench = Bench(evses=1).booted()
        assert reserve(bench, connectorType="cType2", groupIdToken={"idToken": "GROUP", "type": "Central"}) == "Accepted"
        info = {"status": "Accepted"}
        if group:
            info["groupIdToken"] = {"idToken": group, "type": "Central"}
        bench.answers["Authorize"] = {"idTokenInfo": info}
        bench.plug()
        bench.card(1, token)
        assert bench.may_charge() == charges, (token, group)


# --- I


def test_I04_FR_01_without_a_tariff_for_the_driver_the_fallback_is_shown():
    bench = Bench().booted()
    assert bench.set("TariffCostCtrlr", "TariffFallbackMessage", "0.45 EUR/kWh") == "Accepted"
    assert screen(bench, 1) == []
    bench.card(1)  # the answer has no tariff
    assert screen(bench, 1) == ["0.45 EUR/kWh"] and screen(bench, 2) == []
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "personalMessage": {"format": "UTF8", "content": "0.39 EUR/kWh"}}}
    bench.card(2, "MEMBER")
    assert screen(bench, 2) == ["0.39 EUR/kWh"]
    bench.unplug(2)
    bench.card(1)
    bench.drop()
    bench.card(1)  # by the cache, offline
    assert bench.may_charge(1) and screen(bench, 1) == ["0.45 EUR/kWh"]


def test_I02_FR_03_and_04_the_running_cost_is_shown_whichever_way_it_comes():
    bench = Bench().booted()
    bench.plug(1)
    bench.card(1)
    assert bench.call("CostUpdated", {"totalCost": 1.5, "transactionId": bench.station.transaction(1)}) == {}
    assert screen(bench, 1) == ["1.50 EUR"] and screen(bench, 2) == []
    bench.answers["TransactionEvent"] = {"totalCost": 2.25}
    bench.state("Charging")
    assert screen(bench, 1) == ["2.25 EUR"]


# --- N


def test_N01_FR_14_logs_go_over_HTTP_and_HTTPS_and_nothing_else():
    bench = Bench().booted()
    assert bench.get("OCPPCommCtrlr", "FileTransferProtocols") == "HTTP,HTTPS"
    bench.station.security_event("TamperDetectionActivated", "lid", bench.now_ms)
    bench.pump()
    for number, (scheme, status) in enumerate((("http", "Accepted"), ("https", "AcceptedCanceled"), ("ftp", "Rejected"))):
        request = {"logType": "SecurityLog", "requestId": number, "log": {"remoteLocation": scheme + "://files.example/logs/"}}
        assert bench.call("GetLog", request)["status"] == status
        assert [upload.url for _, upload in bench.actions("upload")] == ([] if status == "Rejected" else [scheme + "://files.example/logs/"])
    bench.pump()
    canceled = [p for p in payloads(bench.sent, "LogStatusNotification") if p["status"] == "AcceptedCanceled"]
    assert canceled == [{"status": "AcceptedCanceled", "requestId": 0}]  # N01.FR.20


class Panels:
    """Two circuits."""

    def components(self):
        return [("DistributionPanel", "garage"), ("DistributionPanel", "main")]

    def value(self, component, name, variable, instance):
        return {"Fuse": "63", "Problem": "false"}.get(variable) if (component, name) in self.components() else None


def monitored(bench, *pairs):
    """[(instance of the component, EVSE, connector, variable, its instance)] of a GetMonitoringReport."""
    bench.sent = []
    request = {"requestId": 4, "componentVariable": list(pairs)}
    assert bench.call("GetMonitoringReport", request) == {"status": "Accepted"}, pairs
    bench.pump()
    found = []
    for part in payloads(bench.sent, "NotifyMonitoringReport"):
        for one in part["monitor"]:
            component, variable = one["component"], one["variable"]
            evse = component.get("evse", {})
            key = (component.get("instance"), evse.get("id"), evse.get("connectorId"), variable["name"], variable.get("instance"))
            found += [key] * len(one["variableMonitoring"])
    return found


def test_N02_FR_16_to_FR_21_what_a_component_variable_leaves_out_matches_all():
    """N02.FR.16: every variable; N02.FR.17: every instance of it; N02.FR.18: every connector; N02.FR.19: the EVSE that is named, without one all;
    N02.FR.20: the instance that is named; N02.FR.21: without one every instance."""
    bench = Bench().booted()
    bench.station.model.make_site = Panels
    for instance in ("1", "2"):
        for panel in ("garage", "main"):
            component = {"name": "DistributionPanel", "instance": panel}
            assert monitor(bench, "UpperThreshold", 50, component, "Fuse", instance=instance)["status"] == "Accepted"
    for panel in ("garage", "main"):
        assert monitor(bench, "Delta", 1, {"name": "DistributionPanel", "instance": panel}, "Problem")["status"] == "Accepted"
    garage, any_panel, fuse = {"name": "DistributionPanel", "instance": "garage"}, {"name": "DistributionPanel"}, {"name": "Fuse"}
    of_garage = [("garage", None, None, "Fuse", "1"), ("garage", None, None, "Fuse", "2"), ("garage", None, None, "Problem", None)]
    assert monitored(bench, {"component": garage}) == of_garage
    assert monitored(bench, {"component": garage, "variable": fuse}) == of_garage[:2]
    assert monitored(bench, {"component": garage, "variable": dict(fuse, instance="2")}) == of_garage[1:2]
    assert [key[0] for key in monitored(bench, {"component": any_panel, "variable": fuse})] == ["garage"] * 2 + ["main"] * 2
    for evse in (1, 2):
        assert monitor(bench, "Delta", 1, {"name": "EVSE", "evse": {"id": evse}})["status"] == "Accepted"
        assert monitor(bench, "Delta", 1, {"name": "Connector", "evse": {"id": evse, "connectorId": 1}})["status"] == "Accepted"
    assert [key[1:3] for key in monitored(bench, {"component": {"name": "Connector", "evse": {"id": 2}}})] == [(2, 1)]
    assert [key[1:3] for key in monitored(bench, {"component": {"name": "EVSE", "evse": {"id": 2}}})] == [(2, None)]
    assert [key[1:3] for key in monitored(bench, {"component": {"name": "EVSE"}})] == [(1, None), (2, None)]


def test_N02_FR_07_a_monitoring_report_is_for_at_most_ItemsPerMessage_variables():
    bench = Bench().booted()
    most = int(bench.get("DeviceDataCtrlr", "ItemsPerMessage", None, "GetReport"))
    pair = {"component": {"name": "ChargingStation"}}
    assert bench.call("GetMonitoringReport", {"requestId": 1, "componentVariable": [pair] * most}) == {"status": "Accepted"}
    assert bench.call("GetMonitoringReport", {"requestId": 1, "componentVariable": [pair] * (most + 1)}) == "OccurrenceConstraintViolation"


def test_N04_FR_17_every_change_of_a_text_is_reported_whatever_the_value_of_its_monitor():
    for value in (1, 0, 50):
        bench = Bench().booted()
        assert monitor(bench, "Delta", value, {"name": "EVSE", "evse": {"id": 1}})["status"] == "Accepted"
        bench.advance(2000)
        bench.plug()
        sent = bench.advance(2000)
        assert [data["actualValue"] for data in happened(sent)] == ["Occupied"], value


def test_N04_FR_06_a_threshold_outside_of_the_limits_of_its_variable_is_rejected():
    """Errata: the limits are minLimit and maxLimit; a threshold on a limit is allowed."""
    bench = Bench().booted()
    component = {"name": "OCPPCommCtrlr"}
    for kind in ("UpperThreshold", "LowerThreshold"):
        for value, status in ((0, "Rejected"), (604801, "Rejected"), (1, "Accepted"), (604800, "Accepted")):
            severity = 3 if value == 1 else 4
            assert monitor(bench, kind, value, component, "HeartbeatInterval", severity)["status"] == status, (kind, value)


def test_N04_FR_18_the_hardwired_monitor_is_not_replaced():
    bench = Bench().booted()
    found = monitor(bench, "Delta", 1, {"name": "ChargingStation"}, "Problem", 2, id=1)
    assert found["status"] == "Rejected"
    bench.call("GetMonitoringReport", {"requestId": 1})
    bench.pump()
    (part,) = payloads(bench.sent, "NotifyMonitoringReport")
    assert [(one["id"], one["severity"]) for one in part["monitor"][0]["variableMonitoring"]] == [(1, 4)]


def test_N07_FR_15_and_N05_FR_03_a_monitor_above_the_level_reports_nothing():
    for level, reports in ((2, False), (3, True)):
        bench = Bench().booted()
        assert monitor(bench, "Delta", 1, {"name": "EVSE", "evse": {"id": 1}}, severity=3)["status"] == "Accepted"
        assert bench.call("SetMonitoringLevel", {"severity": level}) == {"status": "Accepted"}
        bench.advance(2000)
        bench.plug()
        assert bool(happened(bench.advance(3000))) == reports, level


def test_N08_FR_03_and_04_periodic_events_of_an_absence_follow_as_the_severity_says_each_report_from_seqNo_0():
    for severity, least in ((5, 3), (6, 0)):
        bench = Bench().booted()
        assert bench.get("MonitoringCtrlr", "OfflineQueuingSeverity") == "5"
        for kind in ("Periodic", "PeriodicClockAligned"):
            assert monitor(bench, kind, 60, {"name": "EVSE", "evse": {"id": 1}}, severity=severity)["status"] == "Accepted"
        bench.drop()
        bench.advance(200000)
        sent = bench.connect()
        found = happened(sent)
        assert len(found) >= 2 * least if least else found == []
        assert {data["trigger"] for data in found} <= {"Periodic"}  # N08.FR.05
        assert [p["seqNo"] for p in payloads(sent, "NotifyEvent")] == [0] * names(sent).count("NotifyEvent")
        assert {p["tbc"] for p in payloads(sent, "NotifyEvent")} <= {False}


def test_N08_FR_06_and_07_periodic_monitors_count_from_when_they_were_set_or_from_the_clock():
    bench = Bench().booted()
    bench.advance(20000)  # 12:00:20
    for kind in ("Periodic", "PeriodicClockAligned"):
        assert monitor(bench, kind, 900, {"name": "EVSE", "evse": {"id": 1}})["status"] == "Accepted"
    found = happened(bench.advance(2700000))
    assert [data["trigger"] for data in found] == ["Periodic"] * 6
    assert [data["timestamp"][11:19] for data in found] == ["12:15:00", "12:15:20", "12:30:00", "12:30:20", "12:45:00", "12:45:20"]


def test_N09_FR_07_and_09_and_N10_FR_07_what_a_request_for_a_customer_lacks_is_refused():
    bench = Bench().booted()
    one = {"requestId": 1, "report": True, "clear": False, "customerIdentifier": "C-1"}
    for request, status in (
        (dict(one, report=False), "Rejected"),
        (dict(one, idToken=CARD), "Invalid"),
        ({"requestId": 1, "report": True, "clear": True}, "Invalid"),
        (one, "Accepted"),
    ):
        bench.sent = []
        assert bench.call("CustomerInformation", request)["status"] == status
        bench.pump()
        assert names(bench.sent) == (["NotifyCustomerInformation"] if status == "Accepted" else [])


# --- O


def test_O01_FR_13_and_O02_FR_15_a_message_in_front_is_shown_at_its_time_and_the_normal_cycle_rests():
    bench = Bench().booted()
    bench.charging(1)
    tx = bench.station.transaction(1)
    assert put(bench, 1, "Normal") == put(bench, 2, "Normal too") == "Accepted"
    assert put(bench, 3, "Front", "InFront", startDateTime="2026-11-20T12:10:00Z", endDateTime="2026-11-20T12:20:00Z") == "Accepted"
    assert put(bench, 4, "Of the transaction", "InFront", transactionId=tx, startDateTime="2026-11-20T12:15:00Z") == "Accepted"
    seen = []
    for _ in range(4):
        seen.append((sorted(screen(bench, 1)), sorted(screen(bench, 2))))
        bench.advance(330000)  # 12:00, 12:05:30, 12:11, 12:16:30
    normal, front = ["Normal", "Normal too"], ["Front"]
    assert seen[0] == seen[1] == (normal, normal) and seen[2] == (front, front)
    assert seen[3] == (["Front", "Of the transaction"], front)
    assert screen(bench, 1) == ["Of the transaction"] and sorted(screen(bench, 2)) == normal  # 12:22


def test_O01_FR_15_and_O02_FR_17_a_message_always_in_front_is_shown_alone():
    for of_transaction in (False, True):
        bench = Bench().booted()
        bench.set("TariffCostCtrlr", "TariffFallbackMessage", "0.45 EUR/kWh")
        bench.charging(1)
        put(bench, 1, "Normal")
        put(bench, 2, "Front", "InFront")
        assert len(screen(bench, 1)) == 2  # with the tariff, which is the station's own message
        more = {"transactionId": bench.station.transaction(1)} if of_transaction else {}
        assert put(bench, 3, "Alone", "AlwaysFront", startDateTime="2026-11-20T12:10:00Z", **more) == "Accepted"
        assert "Alone" not in screen(bench, 1)
        bench.advance(600000)
        for _ in range(4):
            assert screen(bench, 1) == ["Alone"]
            bench.advance(10000)
        assert put(bench, 4, "New", "AlwaysFront", **more) == "Accepted"  # O01.FR.16, O02.FR.18
        assert screen(bench, 1) == ["New"] and bench.get("DisplayMessageCtrlr", "DisplayMessages") == "3"


def test_O01_FR_17_and_O02_FR_12_a_language_is_kept_as_its_tag_and_compared_without_region_and_case():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "language1": "DE-at"}}
    bench.charging(1)
    tx = bench.station.transaction(1)
    assert put(bench, 1, "Hello", language="en-US") == put(bench, 2, "Hallo", language="de-DE") == "Accepted"
    assert put(bench, 3, "Bye", language="en-US", transactionId=tx) == put(bench, 4, "Ade", language="de", transactionId=tx) == "Accepted"
    assert screen(bench, 1) == ["Hallo", "Ade"]
    bench.sent = []
    bench.call("GetDisplayMessages", {"requestId": 1})
    bench.pump()
    tags = [part["messageInfo"][0]["message"]["language"] for part in payloads(bench.sent, "NotifyDisplayMessages")]
    assert tags == ["en-US", "de-DE", "en-US", "de"]
    assert bench.call("SetDisplayMessage", {"message": {"id": 5, "priority": "InFront", "message": {
        "format": "UTF8", "content": "x", "language": "much-too-long"}}}) == "PropertyConstraintViolation"


def test_O01_FR_20_and_22_and_23_a_message_is_for_the_display_that_it_names_and_without_one_for_all():
    bench = Bench().booted()
    assert put(bench, 1, "All") == "Accepted"
    assert put(bench, 2, "Site", display={"name": "Display"}) == "Accepted"
    assert put(bench, 3, "EVSE", display={"name": "Display", "evse": {"id": 2}}) == "Accepted"
    for display in (
        {"name": "Nonsense"}, {"name": "Display", "instance": "door"}, {"name": "Display", "evse": {"id": 3}},
        {"name": "Display", "evse": {"id": 1, "connectorId": 2}},
    ):
        assert put(bench, 4, "Nowhere", display=display) == "Rejected", display
    assert [screen(bench, evse) for evse in (0, 1, 2)] == [["All", "Site"], ["All"], ["All", "EVSE"]]


def test_O01_FR_01_and_O01_FR_09_and_O02_FR_08_and_10_messages_of_a_transaction():
    """A priority that there is not is refused; the language of the driver decides; messages are kept over a restart, also those of a transaction."""
    bench = Bench().booted()
    info = {"id": 1, "priority": "Sometimes", "message": {"format": "UTF8", "content": "x"}}
    assert bench.call("SetDisplayMessage", {"message": info}) == "PropertyConstraintViolation"
    words = bench.station.model.words
    bench.station.model.words = lambda component, variable: ["InFront"] if variable == "SupportedPriorities" else words(component, variable)
    assert put(bench, 1, "Normal") == "NotSupportedPriority" and put(bench, 1, "Front", "InFront") == "Accepted"
    bench.station.model.words = words
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "language1": "nl"}}
    bench.charging(1)
    tx = bench.station.transaction(1)
    for number, language, text in ((2, "en", "Bye"), (3, "nl", "Doei"), (4, "de", "Ade")):
        assert put(bench, number, text, "InFront", language, transactionId=tx) == "Accepted"
    assert screen(bench, 1) == ["Front", "Doei"]
    bench.power_cycle()
    bench.connect()
    bench.plug()
    assert [one["id"] for one in bench.station.optional.find("display").all] == [1, 2, 3, 4]
    assert bench.station.transaction(1) == tx and len(screen(bench, 1)) == 4  # the language of a driver is not kept


def test_O02_FR_11_messages_of_transactions_count_for_the_limit():
    bench = Bench().booted()
    bench.charging(1)
    tx = bench.station.transaction(1)
    for number in range(8):
        assert put(bench, number, "x", transactionId=tx) == "Accepted"
    assert put(bench, 8, "x", transactionId=tx) == put(bench, 8, "x") == "Rejected"
    bench.unplug(1)
    assert bench.get("DisplayMessageCtrlr", "DisplayMessages") == "0" and put(bench, 8, "x") == "Accepted"


# --- P


def test_P01_FR_01_and_P02_FR_02_the_station_has_no_DataTransfer_of_its_own():
    assert "DataTransfer" not in tables.UNHANDLED.split(" ")  # requests of the station are there
    assert "Heartbeat" in tables.UNHANDLED.split(" ")


def test_P01_FR_04_to_FR_06_data_of_any_length_and_kind_is_answered_and_changes_nothing():
    bench = Bench().booted()
    before = dumps(bench.call("GetReport", {"requestId": 1, "componentCriteria": ["Problem"]}))
    for data in (None, True, 0, "", "x" * 60000, {"a": [{"b": None}]}, [1.5] * 5000, {"k%d" % i: i for i in range(2000)}):
        for request in ({"vendorId": "com.example", "data": data}, {"vendorId": "com.example", "messageId": "m", "data": data}):
            assert bench.call("DataTransfer", request) == {"status": "UnknownVendorId"}, str(data)[:40]
    assert bench.call("DataTransfer", {"vendorId": "v" * 255, "messageId": "m" * 50}) == {"status": "UnknownVendorId"}
    assert bench.call("DataTransfer", {"vendorId": "v" * 256}) == bench.call("DataTransfer", {"vendorId": "v", "messageId": "m" * 51})
    assert bench.call("DataTransfer", {"vendorId": "v" * 256}) == "PropertyConstraintViolation"
    assert bench.call("DataTransfer", {"data": "x"}) == "OccurrenceConstraintViolation"
    assert dumps(bench.call("GetReport", {"requestId": 2, "componentCriteria": ["Problem"]})) == before


def test_P01_FR_04_data_beyond_what_is_read_is_refused_and_the_connection_lives():
    bench = Bench().booted()
    assert bench.call("DataTransfer", {"vendorId": "v", "data": "x" * SIZE_MAX}) == "FormatViolation"
    text = '[2,"deep","DataTransfer",{"vendorId":"v","data":%s}]' % ("[" * 20000 + "]" * 20000)
    bench.station.receive(text, bench.now_ms)
    bench.pump()
    (answer,) = [frame for frame in bench.raw if frame[1] == "deep"]
    assert answer[0] in (3, 4)
    head = b'[2,"huge","DataTransfer",{"vendorId":"v","data":"xxxxxxxxxxxxx'
    bench.station.oversized(head, 2**24, bench.now_ms)
    bench.pump()
    (answer,) = [frame for frame in bench.raw if frame[1] == "huge"]
    assert answer[:3] == [4, "huge", "FormatViolation"]
    assert bench.call("DataTransfer", {"vendorId": "v"}) == {"status": "UnknownVendorId"}
    assert loads(dumps(bench.call("GetLocalListVersion", {}))) == {"versionNumber": 0}
