"""Start, stop, trigger, unlock, reset from afar (F01 to F06, B11, B12), security events (A04)."""

from station_bench import Bench, events, names, payloads

TOKEN = {"idToken": "APP", "type": "Central"}


def start(bench, evse=1, **more):
    request = {"idToken": TOKEN, "remoteStartId": 42}
    if evse:
        request["evseId"] = evse
    request.update(more)
    return bench.call("RequestStartTransaction", request)


def test_F01_plugged_first_the_transaction_names_the_remote_start():
    bench = Bench().booted()
    bench.plug()
    assert start(bench)["status"] == "Accepted"
    event = payloads(bench.sent, "TransactionEvent")[0]
    assert (event["eventType"], event["triggerReason"], event["idToken"]) == ("Started", "RemoteStart", TOKEN)
    assert event["transactionInfo"]["remoteStartId"] == 42
    assert bench.may_charge(1)


def test_F01_FR_13_a_transaction_that_waits_is_named_in_the_answer():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStartPoint", "EVConnected")
    bench.plug()
    assert start(bench)["transactionId"] == bench.station.transaction(1)
    assert events(bench.sent)[-1] == ("Updated", "RemoteStart")


def test_F02_start_first_then_plug():
    bench = Bench().booted()
    assert start(bench)["status"] == "Accepted"
    assert events(bench.plug()) == [("Started", "RemoteStart")]


def test_F02_FR_09_with_AuthorizeRemoteStart_the_csms_authorizes():
    bench = Bench().booted()
    bench.set("AuthCtrlr", "AuthorizeRemoteStart", "true")
    bench.plug()
    request = {"idToken": {"idToken": "CARD", "type": "ISO14443"}}
    start(bench, **request)
    assert names(bench.sent)[-2:] == ["Authorize", "TransactionEvent"]
    assert start(bench, 2)["status"] == "Accepted"  # C05.FR.01: type Central is never asked for
    assert names(bench.sent).count("Authorize") == 1


def test_F01_FR_20_without_evse_one_is_chosen():
    bench = Bench().booted()
    bench.plug(2)
    start(bench, None)
    assert bench.station.transaction(2)


def test_F01_refusals():
    bench = Bench().booted()
    assert start(bench, 9)["status"] == "Rejected"
    bench.charging(1)
    assert start(bench, 1)["status"] == "Rejected"
    bench.station.evse_status(2, "Faulted", bench.now_ms)
    assert start(bench, 2)["status"] == "Rejected"
    assert start(bench, None)["status"] == "Rejected"


def test_F03_stop():
    bench = Bench().booted()
    bench.charging()
    assert bench.call("RequestStopTransaction", {"transactionId": "x"})["status"] == "Rejected"
    assert bench.call("RequestStopTransaction", {"transactionId": bench.station.transaction(1)})["status"] == "Accepted"
    last = payloads(bench.sent, "TransactionEvent")[-1]
    assert (last["triggerReason"], last["transactionInfo"]["stoppedReason"]) == ("RemoteStop", "Remote")
    assert "idToken" not in last


def test_F05_unlock():
    bench = Bench().booted()
    assert bench.call("UnlockConnector", {"evseId": 1, "connectorId": 2}) == {"status": "UnknownConnector"}
    assert bench.call("UnlockConnector", {"evseId": 1, "connectorId": 1}) is None
    action = bench.actions("unlock")[0]
    bench.station.unlocked(action[2], "Unlocked", bench.now_ms)
    assert bench.reply(action[2]) == {"status": "Unlocked"}
    assert bench.call("UnlockConnector", {"evseId": 2, "connectorId": 1}) is None
    action = bench.actions("unlock")[0]
    bench.advance(10000)
    assert bench.reply(action[2]) == {"status": "UnlockFailed"}
    bench.charging()
    assert bench.call("UnlockConnector", {"evseId": 1, "connectorId": 1}) == {"status": "OngoingAuthorizedTransaction"}


def test_F06_triggers():
    bench = Bench().booted()
    bench.charging(2)
    bench.station.meter_values(1, {"energy_wh": 5}, bench.now_ms)
    for wanted, more, status, seen in (
        ("Heartbeat", {}, "Accepted", ["Heartbeat"]),
        ("BootNotification", {}, "Rejected", []),
        ("StatusNotification", {"evse": {"id": 2, "connectorId": 1}}, "Accepted", ["StatusNotification"]),
        ("StatusNotification", {}, "Accepted", ["StatusNotification"] * 2),
        ("StatusNotification", {"evse": {"id": 9}}, "Rejected", []),
        ("MeterValues", {"evse": {"id": 1}}, "Accepted", ["MeterValues"]),
        ("MeterValues", {"evse": {"id": 2}}, "Rejected", []),
        ("TransactionEvent", {}, "Accepted", ["TransactionEvent"]),
        ("TransactionEvent", {"evse": {"id": 1}}, "Rejected", []),
        ("LogStatusNotification", {}, "Accepted", ["LogStatusNotification"]),
        ("FirmwareStatusNotification", {"evse": {"id": 1}}, "Accepted", ["FirmwareStatusNotification"]),
        ("SignCombinedCertificate", {}, "NotImplemented", []),
    ):
        bench.sent = []
        request = {"requestedMessage": wanted}
        request.update(more)
        assert bench.call("TriggerMessage", request)["status"] == status, wanted
        assert names(bench.sent) == seen, wanted


def test_F06_FR_04_the_answer_is_sent_first():
    bench = Bench().booted()
    bench.raw.clear()
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    assert [frame[0] for frame in bench.raw] == [3, 2]


def test_B11_reset_without_a_transaction():
    for kind in ("Immediate", "OnIdle"):
        bench = Bench().booted()
        assert bench.call("Reset", {"type": kind})["status"] == "Accepted"
        bench.pump()
        assert bench.actions("reset") == [("reset", kind, 0)]


def test_B12_OnIdle_waits_for_the_transactions():
    bench = Bench().booted()
    bench.charging(1)
    bench.charging(2)
    assert bench.call("Reset", {"type": "OnIdle"})["status"] == "Scheduled"
    assert start(bench, 2)["status"] == "Rejected"
    bench.unplug(1)
    assert bench.actions("reset") == []
    bench.unplug(2)
    bench.pump()
    assert bench.actions("reset") == [("reset", "OnIdle", 0)]


def test_B12_FR_04_Immediate_ends_the_transactions_first():
    bench = Bench().booted()
    bench.charging(1)
    assert bench.call("Reset", {"type": "Immediate"})["status"] == "Accepted"
    last = payloads(bench.sent, "TransactionEvent")[-1]
    assert (last["triggerReason"], last["transactionInfo"]["stoppedReason"]) == ("ResetCommand", "ImmediateReset")
    assert last["transactionInfo"]["chargingState"] == "EVConnected"
    assert bench.actions("reset") == [("reset", "Immediate", 0)]
    bench.power_cycle()
    assert bench.connect()[0][1]["reason"] == "RemoteReset"
    bench.power_cycle()
    assert bench.connect()[0][1]["reason"] == "PowerUp"


def test_B12_FR_05_a_csms_that_does_not_answer_does_not_delay_the_reset():
    bench = Bench().booted()
    bench.charging(1)
    bench.answers["TransactionEvent"] = "InternalError"
    bench.call("Reset", {"type": "Immediate"})
    assert bench.actions("reset") == []
    bench.advance(30000)
    assert bench.actions("reset") == [("reset", "Immediate", 0)]


def test_B12_FR_08_reset_of_one_EVSE():
    bench = Bench().booted()
    bench.charging(1)
    bench.charging(2)
    bench.call("Reset", {"type": "Immediate", "evseId": 2})
    assert bench.actions("reset") == [("reset", "Immediate", 2)]
    assert bench.station.transaction(1) and not bench.station.transaction(2)
    assert bench.call("Reset", {"type": "Immediate", "evseId": 5})["status"] == "Rejected"


def test_A04_a_security_event_is_delivered_even_over_a_power_cut():
    bench = Bench()
    bench.station.security_event("TamperDetectionActivated", "lid", bench.now_ms)
    bench.power_cycle()
    sent = payloads(bench.connect(), "SecurityEventNotification")
    assert [(p["type"], p["techInfo"]) for p in sent] == [("TamperDetectionActivated", "lid")]
    bench.power_cycle()
    assert payloads(bench.connect(), "SecurityEventNotification") == []


def test_A04_a_long_text_is_cut_to_what_the_schema_allows():
    bench = Bench().booted()
    bench.station.security_event("MemoryExhaustion", "x" * 300, bench.now_ms)
    assert len(payloads(bench.pump(), "SecurityEventNotification")[0]["techInfo"]) == 255


def test_a_csms_that_requests_more_than_it_accepts_gets_an_error():
    bench = Bench().booted()
    for i in range(3):
        schedule = {"id": i, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}
        document = {
            "id": i, "stackLevel": i, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }
        assert bench.call("SetChargingProfile", {"evseId": 0, "chargingProfile": document})["status"] == "Accepted"
    bench.silent = True
    answers = [bench.call("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}) for _ in range(100)]
    assert answers[0] == {"status": "Accepted"} and answers[-1] == "InternalError"


ADDED = [{"additionalIdToken": "contract-1", "type": "X"}, {"additionalIdToken": "contract-2", "type": "Y"}]


def test_F01_FR_04_F02_FR_12_the_identifier_of_the_request_is_reported_with_its_additions():
    for plugged_first in (True, False):
        bench = Bench().booted()
        if plugged_first:
            bench.plug()
        own = {"vendorId": "x", "more": "y" * 5000}
        given = dict(TOKEN, customData=own, additionalInfo=[dict(item, customData=own) for item in ADDED])
        assert start(bench, idToken=given)["status"] == "Accepted"
        if not plugged_first:
            bench.plug()
        started = payloads(bench.sent, "TransactionEvent")[0]
        assert started["idToken"] == dict(TOKEN, additionalInfo=ADDED)
        bench.power_cycle()
        bench.booted()
        assert bench.station.evse(1).auth.token == dict(TOKEN, additionalInfo=ADDED)


def test_an_identifier_with_more_additions_than_are_kept_is_refused():
    bench = Bench().booted()
    bench.plug()
    answer = start(bench, idToken=dict(TOKEN, additionalInfo=ADDED * 5))
    assert answer == {"status": "Rejected", "statusInfo": {"reasonCode": "TooManyElements"}}
    assert start(bench, idToken=dict(TOKEN, additionalInfo=ADDED * 4))["status"] == "Accepted"
