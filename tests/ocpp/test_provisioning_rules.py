"""Requirements of provisioning and availability (B, G) that no test case of part 6 verifies: the clock, waiting to be accepted, long requests,
reports of components with instances, a reset that waits, statuses of connectors, heartbeats."""

from station_bench import NOON_MS, Bench, names, payloads

from ampacity.ocpp.rpc import SIZE_MAX

HOUR_MS = 3600000
LOG = {"logType": "SecurityLog", "requestId": 3, "log": {"remoteLocation": "http://10.0.0.1/logs/"}}


class Site:
    """Two circuits and a meter."""

    def components(self):
        return [("DistributionPanel", "garage"), ("DistributionPanel", "main"), ("AmpacityMeter", "grid")]

    def value(self, component, name, variable, instance):
        if (component, name) in self.components():
            return {"Fuse": "63", "Problem": "false", "ACCurrent": "1.5"}.get(variable)
        return None


def reported(bench, *pairs, **request):
    """{(component, instance of the component, EVSE, connector, variable, instance)} of a GetReport."""
    if pairs:
        request["componentVariable"] = list(pairs)
    bench.sent = []
    assert bench.call("GetReport", dict(request, requestId=1)) == {"status": "Accepted"}
    bench.pump()
    found = set()
    for part in payloads(bench.sent, "NotifyReport"):
        for item in part["reportData"]:
            component, variable = item["component"], item["variable"]
            evse = component.get("evse", {})
            place = (component["name"], component.get("instance"), evse.get("id"), evse.get("connectorId"))
            found.add(place + (variable["name"], variable.get("instance")))
    return found


def statuses(sent):
    return [(p["evseId"], p["connectorStatus"]) for p in payloads(sent, "StatusNotification")]


def change(bench, status, evse=None):
    request = {"operationalStatus": status}
    if evse is not None:
        request["evse"] = {"id": evse}
    return bench.call("ChangeAvailability", request)["status"]


def test_B01_FR_06_and_G02_FR_06_the_clock_follows_the_csms_unless_TimeSource_leaves_it_out():
    bench = Bench()
    bench.connect()
    assert bench.wall.unix_ms(bench.now_ms) == NOON_MS == bench.actions("time")[0][1]
    bench.unix_ms += 5000
    bench.advance(300000)
    assert bench.wall.unix_ms(bench.now_ms) == NOON_MS + 305000
    bench.set("ClockCtrlr", "TimeSource", "NTP,RealTimeClock")
    bench.unix_ms += 5000
    assert "Heartbeat" in names(bench.advance(300000))
    assert bench.wall.unix_ms(bench.now_ms) == NOON_MS + 605000


def test_B01_FR_07_and_G01_FR_02_Unavailable_survives_a_restart_of_station_and_EVSE():
    for evse, expected in ((None, ["Unavailable", "Unavailable"]), (2, ["Available", "Unavailable"])):
        bench = Bench().booted()
        assert change(bench, "Inoperative", evse) == "Accepted"
        bench.power_cycle()
        assert statuses(bench.connect()) == list(zip([1, 2], expected))
        assert change(bench, "Operative", evse) == "Accepted"
        bench.power_cycle()
        assert statuses(bench.connect()) == [(1, "Available"), (2, "Available")]


def test_B02_FR_07_and_B03_FR_05_without_an_interval_the_station_chooses_one():
    for status in ("Pending", "Rejected"):
        bench = Bench()
        bench.answers["BootNotification"] = {"currentTime": "2026-11-20T12:00:00Z", "interval": 0, "status": status}
        assert names(bench.connect()) == ["BootNotification"]
        assert bench.advance(50000) == []
        boots = names(bench.advance(HOUR_MS))
        assert set(boots) == {"BootNotification"} and 40 <= len(boots) <= 61


def test_B03_FR_01_a_rejected_station_charges_only_where_TxBeforeAcceptedEnabled_permits_it():
    rejected = {"currentTime": "2026-11-20T12:00:00Z", "interval": 300, "status": "Rejected"}
    for permitted in (False, True):
        bench = Bench().booted()
        bench.card()  # into the cache
        bench.card()
        bench.set("TxCtrlr", "TxBeforeAcceptedEnabled", "true" if permitted else "false")
        bench.power_cycle()
        bench.answers["BootNotification"] = rejected
        bench.connect()
        bench.plug()
        bench.card()
        assert bench.may_charge() == permitted
        assert (bench.station.transaction(1) is not None) == permitted
        assert bench.station.queue.count == (1 if permitted else 0)  # B02.FR.03: it waits for the acceptance
        assert names(bench.sent[-1:]) == ["BootNotification"]
        bench.answers["BootNotification"] = dict(rejected, status="Accepted")
        assert ("TransactionEvent" in names(bench.advance(301000))) == permitted


def test_B03_FR_01_without_authorization_a_car_waits_until_the_station_is_accepted():
    answer = {"currentTime": "2026-11-20T12:00:00Z", "interval": 300, "status": "Pending"}
    for permitted in (False, True):
        bench = Bench().booted()
        bench.set("AuthCtrlr", "Enabled", "false")
        bench.set("TxCtrlr", "TxBeforeAcceptedEnabled", "true" if permitted else "false")
        bench.power_cycle()
        bench.answers["BootNotification"] = answer
        bench.connect()
        bench.plug(1)
        bench.plug(2)
        bench.unplug(2)
        assert bench.may_charge(1) == permitted and not bench.may_charge(2)
        bench.answers["BootNotification"] = dict(answer, status="Accepted")
        sent = bench.advance(301000)
        assert bench.may_charge(1) and not bench.may_charge(2)
        assert [p["eventType"] for p in payloads(sent, "TransactionEvent") if p["evse"]["id"] == 1] == ["Started"]


def test_B06_FR_17_and_B08_FR_18_and_N06_FR_07_a_request_is_answered_up_to_the_bytes_that_are_read_and_refused_beyond():
    bench = Bench().booted()
    pair = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    for action, request, instance in (
        ("GetVariables", {"getVariableData": [pair]}, "GetVariables"),
        ("GetReport", {"requestId": 1, "componentVariable": [pair]}, "GetReport"),
        ("ClearVariableMonitoring", {"id": [7]}, None),
    ):
        where = "DeviceDataCtrlr" if instance else "MonitoringCtrlr"
        most = int(bench.get(where, "BytesPerMessage", None, instance or action))
        assert isinstance(bench.call(action, dict(request, customData={"vendorId": "v", "fill": "x" * (most - 500)})), dict), action
        assert bench.call(action, dict(request, customData={"vendorId": "v", "fill": "x" * SIZE_MAX})) == "FormatViolation", action
    assert bench.get("OCPPCommCtrlr", "HeartbeatInterval") == "300"  # the connection lives


def test_B08_FR_08_Available_reports_what_is_available_and_what_has_no_such_variable():
    bench = Bench().booted()
    bench.station.model.make_site = Site
    found = {key[0] for key in reported(bench, componentCriteria=["Available"])}
    assert {"AlignedDataCtrlr", "EVSE", "Connector", "ClockCtrlr", "DistributionPanel"} <= found
    value = bench.station.model.value
    bench.station.model.value = lambda scope, row: "false" if (scope, row.variable) == (2, "Available") else value(scope, row)
    evses = {key[2] for key in reported(bench, componentCriteria=["Available"]) if key[0] == "EVSE"}
    assert evses == {1}


def test_B08_FR_24_and_25_a_component_with_instances_is_reported_for_the_one_that_is_named_or_for_all():
    bench = Bench().booted()
    bench.station.model.make_site = Site
    panel = {"component": {"name": "DistributionPanel"}}
    one = {"component": {"name": "DistributionPanel", "instance": "garage"}}
    fuses = {("DistributionPanel", "garage", None, None, "Fuse", n) for n in "123"}
    assert {key for key in reported(bench, one) if key[4] == "Fuse"} == fuses
    assert {key[1] for key in reported(bench, one)} == {"garage"}
    assert {key[1] for key in reported(bench, panel)} == {"garage", "main"}
    assert reported(bench, dict(one, variable={"name": "Fuse", "instance": "2"})) == {("DistributionPanel", "garage", None, None, "Fuse", "2")}
    assert {key[1:4] for key in reported(bench, {"component": {"name": "Connector"}})} == {(None, 1, 1), (None, 2, 1)}


def test_B11_FR_07_a_reset_on_idle_waits_while_a_log_is_sent_and_an_immediate_one_does_not():
    for kind, status in (("OnIdle", "Scheduled"), ("Immediate", "Accepted")):
        bench = Bench().booted()
        bench.station.security_event("TamperDetectionActivated", "lid", bench.now_ms)
        assert bench.call("GetLog", dict(LOG, retries=0))["status"] == "Accepted"
        bench.pump()
        ((_, upload),) = bench.actions("upload")
        assert bench.call("Reset", {"type": kind})["status"] == status
        bench.advance(1000)
        if kind == "OnIdle":
            assert bench.actions("reset") == []
            upload.end("Uploaded", "")
            bench.advance(1000)
            assert payloads(bench.sent, "LogStatusNotification")[-1]["status"] == "Uploaded"
        assert bench.actions("reset") == [("reset", kind, 0)]


def test_B11_FR_07_a_reset_on_idle_waits_no_longer_than_an_attempt_of_a_log():
    bench = Bench().booted()
    bench.station.security_event("TamperDetectionActivated", "lid", bench.now_ms)
    bench.call("GetLog", LOG)
    bench.pump()
    assert bench.call("Reset", {"type": "OnIdle", "evseId": 2})["status"] == "Accepted"  # of an EVSE: the upload continues
    assert bench.call("Reset", {"type": "OnIdle"})["status"] == "Scheduled"
    ((_, upload),) = bench.actions("upload")
    bench.advance(1000)
    upload.end("UploadFailure", "refused")
    bench.advance(1000)
    assert ("reset", "OnIdle", 0) in bench.actions("reset")


def test_B02_FR_02_and_G03_FR_03_a_change_that_changes_nothing_reports_nothing_while_the_station_is_not_accepted():
    bench = Bench()
    bench.answers["BootNotification"] = {"currentTime": "2026-11-20T12:00:00Z", "interval": 300, "status": "Pending"}
    bench.connect()
    for status in ("Operative", "Inoperative", "Inoperative"):
        assert change(bench, status, 1) == "Accepted"
    assert names(bench.sent) == ["BootNotification"]


def test_G01_FR_03_and_04_a_car_that_comes_and_goes_is_reported():
    bench = Bench().booted()
    assert statuses(bench.plug(2)) == [(2, "Occupied")]
    assert statuses(bench.unplug(2)) == [(2, "Available")]


def test_G01_FR_05_and_07_a_change_that_was_scheduled_shows_when_the_car_has_left():
    bench = Bench().booted()
    bench.charging()
    bench.sent = []
    assert change(bench, "Inoperative", 1) == "Scheduled"
    assert statuses(bench.sent) == []
    assert statuses(bench.unplug()) == [(1, "Unavailable")]
    bench.sent = []
    assert change(bench, "Operative", 1) == "Accepted"
    assert statuses(bench.sent) == [(1, "Available")]


def test_G01_FR_06_and_09_a_reserved_connector_becomes_Occupied_only_with_the_identifier_of_the_reservation():
    bench = Bench().booted()
    request = {"id": 7, "expiryDateTime": "2026-11-20T14:00:00Z", "idToken": {"idToken": "ABC123", "type": "ISO14443"}, "evseId": 1}
    assert bench.call("ReserveNow", request) == {"status": "Accepted"}
    assert statuses(bench.sent) == [(1, "Reserved")]
    bench.sent = []
    assert statuses(bench.plug()) == []
    assert statuses(bench.card(1, "OTHER")) == [] and not bench.may_charge()
    assert statuses(bench.card()) == [(1, "Occupied")] and bench.may_charge()
    assert statuses(bench.sent) == [(1, "Occupied")]


def test_G02_FR_01_and_02_the_interval_is_that_of_the_csms_and_then_that_of_the_variable():
    bench = Bench()
    bench.answers["BootNotification"] = {"currentTime": "2026-11-20T12:00:00Z", "interval": 40, "status": "Accepted"}
    bench.connect()
    assert bench.get("OCPPCommCtrlr", "HeartbeatInterval") == "40"
    assert names(bench.advance(39000)) == [] and names(bench.advance(2000)) == ["Heartbeat"]
    bench.set("OCPPCommCtrlr", "HeartbeatInterval", "90")
    assert names(bench.advance(88000)) == [] and names(bench.advance(3000)) == ["Heartbeat"]
