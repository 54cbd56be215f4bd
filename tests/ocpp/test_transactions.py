"""When transactions start and end, their events, the queue (E01 to E14)."""

from station_bench import Bench, events, names, payloads


def ids(sent):
    return [p["transactionInfo"]["transactionId"] for p in payloads(sent, "TransactionEvent")]


def test_E02_plug_then_card_starts_one_transaction_that_ends_when_unplugged():
    bench = Bench().booted()
    assert names(bench.plug()) == ["StatusNotification"]
    sent = bench.card()
    assert names(sent) == ["Authorize", "TransactionEvent"]
    assert events(sent) == [("Started", "Authorized")]
    first = sent[1][1]
    assert first["idToken"] == {"idToken": "ABC123", "type": "ISO14443"}
    assert first["evse"] == {"id": 1, "connectorId": 1}
    assert bench.may_charge(1)
    assert events(bench.state("Charging")) == [("Updated", "ChargingStateChanged")]
    sent = bench.unplug()
    last = payloads(sent, "TransactionEvent")[0]
    assert events(sent) == [("Ended", "EVCommunicationLost")]
    assert last["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    assert "idToken" not in last
    assert bench.ended_by(1) == "EVDisconnected"
    assert len(set(ids(bench.sent))) == 1
    assert [p["seqNo"] for p in payloads(bench.sent, "TransactionEvent")] == [0, 1, 2]


def test_E03_card_then_plug_starts_at_the_plug_with_default_points():
    bench = Bench().booted()
    assert events(bench.card()) == []
    assert events(bench.plug()) == [("Started", "CablePluggedIn")]
    (event,) = payloads(bench.sent, "TransactionEvent")
    assert event["idToken"] == {"idToken": "ABC123", "type": "ISO14443"} and event["evse"] == {"id": 1, "connectorId": 1}


def test_E03_FR_05_without_a_plug_in_the_transaction_times_out():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStartPoint", "Authorized")
    assert events(bench.card()) == [("Started", "Authorized")]
    sent = bench.advance(120000)
    assert events(sent) == [("Ended", "EVConnectTimeout")]
    assert payloads(sent, "TransactionEvent")[0]["transactionInfo"]["stoppedReason"] == "Timeout"
    assert bench.ended_by(1) == "Timeout"


def test_E03_FR_15_without_a_plug_in_an_occupied_bay_the_transaction_continues_and_the_event_has_the_reason():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStartPoint", "ParkingBayOccupancy")
    bench.set("TxCtrlr", "TxStopPoint", "ParkingBayOccupancy")
    bench.event(1, "bay", {"occupied": True})
    bench.card()
    sent = bench.advance(120000)
    assert events(sent) == [("Updated", "EVConnectTimeout")]
    assert payloads(sent, "TransactionEvent")[0]["transactionInfo"]["stoppedReason"] == "Timeout"
    assert bench.station.transaction(1) is not None and bench.ended_by(1) == "Timeout"


def test_E01_S2_EVConnected_starts_without_a_driver():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStartPoint", "EVConnected")
    sent = bench.plug()
    assert events(sent) == [("Started", "CablePluggedIn")]
    assert "idToken" not in payloads(sent, "TransactionEvent")[0]
    assert events(bench.card()) == [("Updated", "Authorized")]


def test_E01_S6_EnergyTransfer_starts_with_the_current_and_names_the_driver():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStartPoint", "EnergyTransfer")
    bench.plug()
    assert events(bench.card()) == []
    sent = bench.state("Charging")
    assert events(sent) == [("Started", "Authorized")]
    assert payloads(sent, "TransactionEvent")[0]["transactionInfo"]["chargingState"] == "Charging"


def test_E07_the_same_card_stops_and_is_named_in_the_end():
    bench = Bench().booted()
    bench.charging()
    sent = bench.card(token="abc123")
    last = payloads(sent, "TransactionEvent")[0]
    assert (last["eventType"], last["triggerReason"]) == ("Ended", "StopAuthorized")
    assert last["transactionInfo"]["stoppedReason"] == "Local"
    assert last["idToken"]["idToken"] == "abc123"
    assert bench.ended_by(1) == "Local"
    assert events(bench.unplug()) == []


def test_a_car_that_stays_plugged_in_after_a_stop_starts_nothing():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStartPoint", "EVConnected")
    bench.charging()
    bench.card()
    assert events(bench.state("EVConnected") + bench.state("SuspendedEV")) == []
    assert events(bench.card()) == [("Started", "Authorized")]


def test_E06_with_EVConnected_alone_a_stop_waits_for_the_plug():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStopPoint", "EVConnected")
    bench.charging()
    assert events(bench.card()) == [("Updated", "StopAuthorized")]
    sent = bench.unplug()
    assert events(sent) == [("Ended", "EVCommunicationLost")]
    assert payloads(sent, "TransactionEvent")[0]["transactionInfo"]["stoppedReason"] == "Local"


def test_E10_without_StopTxOnEVSideDisconnect_the_transaction_waits_for_the_car():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStopPoint", "Authorized")
    bench.set("TxCtrlr", "StopTxOnEVSideDisconnect", "false")
    bench.charging()
    assert events(bench.unplug()) == [("Updated", "EVCommunicationLost")]
    assert events(bench.plug()) == [("Updated", "CablePluggedIn")]
    bench.unplug()
    assert events(bench.advance(120000)) == [("Ended", "EVConnectTimeout")]


def test_E05_FR_10_a_refused_identifier_ends_the_transaction():
    bench = Bench().booted()
    bench.plug()
    bench.answers["TransactionEvent"] = lambda p: {"idTokenInfo": {"status": "Invalid"}} if "idToken" in p else {}
    sent = bench.card()
    assert events(sent) == [("Started", "Authorized"), ("Ended", "Deauthorized")]
    assert payloads(sent, "TransactionEvent")[1]["transactionInfo"]["stoppedReason"] == "DeAuthorized"
    assert bench.ended_by(1) == "DeAuthorized"


def test_E05_FR_02_without_StopTxOnInvalidId_it_is_suspended():
    bench = Bench().booted()
    bench.set("TxCtrlr", "StopTxOnInvalidId", "false")
    bench.plug()
    bench.answers["TransactionEvent"] = lambda p: {"idTokenInfo": {"status": "Invalid"}} if "idToken" in p else {}
    sent = bench.card()
    assert events(sent) == [("Started", "Authorized"), ("Updated", "ChargingStateChanged")]
    assert payloads(sent, "TransactionEvent")[1]["transactionInfo"]["chargingState"] == "SuspendedEVSE"
    assert bench.ended_by(1) == "DeAuthorized"


def test_E05_FR_03_MaxEnergyOnInvalidId_permits_that_much_energy():
    bench = Bench().booted()
    bench.set("TxCtrlr", "StopTxOnInvalidId", "false")
    bench.set("TxCtrlr", "MaxEnergyOnInvalidId", "500")
    bench.station.meter_values(1, {"energy_wh": 1000}, bench.now_ms)
    bench.plug()
    bench.answers["TransactionEvent"] = lambda p: {"idTokenInfo": {"status": "Invalid"}} if "idToken" in p else {}
    bench.card()
    bench.state("Charging")
    assert bench.may_charge(1)
    bench.station.meter_values(1, {"energy_wh": 1499}, bench.now_ms)
    assert events(bench.pump()) == []
    bench.station.meter_values(1, {"energy_wh": 1500}, bench.now_ms)
    assert events(bench.pump()) == [("Updated", "ChargingStateChanged")]
    assert bench.ended_by(1) == "DeAuthorized"


def refused(grace_wh):
    """A car charges with an identifier that the CSMS refuses, and StopTxOnInvalidId is off."""
    bench = Bench().booted()
    bench.set("TxCtrlr", "StopTxOnInvalidId", "false")
    bench.set("TxCtrlr", "MaxEnergyOnInvalidId", grace_wh)
    bench.station.meter_values(1, {"energy_wh": 1000}, bench.now_ms)
    bench.plug()
    bench.answers["TransactionEvent"] = lambda p: {"idTokenInfo": {"status": "Invalid"}} if "idToken" in p else {}
    bench.card()
    bench.state("Charging")
    return bench


def test_E05_a_refused_identifier_stays_refused_over_a_power_cut():
    bench = refused("0")
    assert not bench.may_charge(1)
    bench.power_cycle()
    bench.connect()
    bench.plug()
    assert bench.station.transaction(1) is not None and not bench.may_charge(1)


def test_E05_FR_03_the_energy_that_is_left_to_it_does_not_begin_again_with_a_power_cut():
    bench = refused("500")
    bench.power_cycle()
    bench.connect()
    bench.plug()
    assert bench.may_charge(1)
    bench.state("Charging")
    bench.station.meter_values(1, {"energy_wh": 1500}, bench.now_ms)
    assert events(bench.pump()) == [("Updated", "ChargingStateChanged")] and not bench.may_charge(1)


def test_E06_FR_16_a_fault_ends_the_transaction():
    bench = Bench().booted()
    bench.charging()
    bench.event(1, "fault", {"reason": "GroundFault"})
    sent = bench.pump()
    assert events(sent) == [("Ended", "AbnormalCondition")]
    assert payloads(sent, "TransactionEvent")[0]["transactionInfo"]["stoppedReason"] == "GroundFault"


def test_E04_offline_events_are_sent_later_in_order_with_their_own_times():
    bench = Bench().booted()
    bench.charging()
    bench.sent = []
    bench.drop()
    bench.advance(10000)
    bench.state("SuspendedEV")
    bench.advance(10000)
    bench.unplug()
    bench.advance(10000)
    told = payloads(bench.connect(), "TransactionEvent")
    assert [p["seqNo"] for p in told] == [2, 3]
    assert [p["offline"] for p in told] == [True, True]
    assert [p["timestamp"][-6:] for p in told] == ["00:10Z", "00:20Z"]


def test_E11_FR_07_an_event_in_transit_when_the_link_broke_counts_as_offline():
    bench = Bench().booted()
    bench.plug()
    bench.card()
    bench.silent = True
    bench.state("Charging")
    bench.drop()
    bench.silent = False
    told = payloads(bench.connect(), "TransactionEvent")
    assert [(p["seqNo"], p.get("offline")) for p in told] == [(1, True)]
    assert payloads(bench.state("SuspendedEV"), "TransactionEvent")[0].get("offline") is None


def test_E13_a_refused_event_is_retried_with_growing_waits_and_then_abandoned():
    bench = Bench().booted()
    bench.set("OCPPCommCtrlr", "MessageAttempts", "3", "TransactionEvent")
    bench.set("OCPPCommCtrlr", "MessageAttemptInterval", "10", "TransactionEvent")
    bench.plug()
    bench.answers["TransactionEvent"] = "InternalError"
    assert events(bench.card()) == [("Started", "Authorized")]
    assert events(bench.advance(9999)) == []
    assert events(bench.advance(1)) == [("Started", "Authorized")]
    assert events(bench.advance(19999)) == []
    assert events(bench.advance(1)) == [("Started", "Authorized")]
    bench.answers["TransactionEvent"] = {}
    assert events(bench.advance(60000)) == []
    assert bench.log.counters["ocpp_events_given_up"] == 1
    assert events(bench.state("Charging")) == [("Updated", "ChargingStateChanged")]


def test_E13_a_timeout_counts_as_a_refusal_and_no_second_call_overlaps():
    bench = Bench().booted()
    bench.plug()
    bench.card()
    bench.silent = True
    assert events(bench.state("Charging")) == [("Updated", "ChargingStateChanged")]
    assert bench.advance(29999) == []
    assert events(bench.advance(60001)) == [("Updated", "ChargingStateChanged")]


def test_E13_FR_04_an_event_that_times_out_is_given_up_where_the_CSMS_answers_other_requests():
    bench = Bench().booted()
    bench.set("OCPPCommCtrlr", "MessageAttempts", "3", "TransactionEvent")
    bench.set("OCPPCommCtrlr", "MessageAttemptInterval", "10", "TransactionEvent")
    bench.plug()
    bench.deaf = ("TransactionEvent",)
    assert events(bench.card()) == [("Started", "Authorized")]
    assert events(bench.advance(39999)) == []
    assert events(bench.advance(1)) == [("Started", "Authorized")]
    assert events(bench.advance(49999, 100)) == []
    assert events(bench.advance(1)) == [("Started", "Authorized")]
    assert events(bench.advance(200000, 100)) == []
    assert bench.log.counters["ocpp_events_given_up"] == 1 and bench.actions("unanswered") == []


def test_E13_no_event_is_given_up_while_the_CSMS_answers_nothing_at_all():
    bench = Bench().booted()
    bench.set("OCPPCommCtrlr", "MessageAttempts", "3", "TransactionEvent")
    bench.set("OCPPCommCtrlr", "MessageAttemptInterval", "10", "TransactionEvent")
    bench.charging()
    bench.silent = True
    bench.unplug()
    mute = 0
    for _ in range(60):
        bench.advance(60000)
        if bench.actions("unanswered"):
            mute += 1
            bench.drop()
            bench.advance_only(10000)
            bench.connect()
    assert mute > 10 and "ocpp_events_given_up" not in bench.log.counters
    bench.silent = False
    bench.drop()
    told = payloads(bench.connect(), "TransactionEvent")
    assert [p["eventType"] for p in told] == ["Ended"]


def test_E13_an_answer_of_any_kind_shows_that_the_CSMS_is_there():
    bench = Bench().booted()
    bench.silent = True
    bench.plug()
    bench.card()
    bench.advance(31000)
    bench.station.receive('[3,"of long ago",{}]', bench.now_ms)
    bench.advance(31000)
    assert bench.actions("unanswered") == []
    bench.advance(62000)
    assert bench.actions("unanswered") != []


def test_E14_status_of_transactions_and_of_the_queue():
    bench = Bench().booted()
    bench.charging()
    tx = bench.station.transaction(1)
    assert bench.call("GetTransactionStatus", {"transactionId": tx}) == {"ongoingIndicator": True, "messagesInQueue": False}
    assert bench.call("GetTransactionStatus", {"transactionId": "x"}) == {"ongoingIndicator": False, "messagesInQueue": False}
    bench.answers["TransactionEvent"] = "InternalError"
    bench.unplug()
    assert bench.call("GetTransactionStatus", {"transactionId": tx}) == {"ongoingIndicator": False, "messagesInQueue": True}
    assert bench.call("GetTransactionStatus", {}) == {"messagesInQueue": True}


def test_IF_02_a_session_wholly_offline_survives_a_power_cut_and_arrives_once():
    bench = Bench().booted()
    bench.charging()
    bench.unplug()
    bench.drop()
    bench.charging()
    bench.advance(60000)
    bench.unplug()
    assert bench.station.transaction(1) is None
    bench.power_cycle()
    told = payloads(bench.connect(), "TransactionEvent")
    assert [p["eventType"] for p in told] == ["Started", "Updated", "Ended"]
    assert [p["seqNo"] for p in told] == [0, 1, 2]
    assert told[0]["timestamp"] == "2026-11-20T12:00:00Z" and told[2]["timestamp"] == "2026-11-20T12:01:00Z"
    bench.power_cycle()
    assert payloads(bench.connect(), "TransactionEvent") == []


def test_a_transaction_continues_after_a_power_cut_if_the_car_is_still_there():
    bench = Bench().booted()
    bench.charging()
    tx = bench.station.transaction(1)
    bench.power_cycle()
    bench.plug()
    assert bench.may_charge(1)
    bench.connect()
    sent = bench.state("Charging") + bench.state("SuspendedEV")
    told = payloads(sent, "TransactionEvent")
    assert told[0]["transactionInfo"]["transactionId"] == tx
    assert told[0]["seqNo"] == 2


def test_a_transaction_ends_after_a_power_cut_if_the_car_is_gone():
    bench = Bench().booted()
    bench.charging()
    bench.power_cycle()
    bench.unplug()
    told = payloads(bench.connect(), "TransactionEvent")
    assert [(p["eventType"], p["transactionInfo"]["stoppedReason"], p["seqNo"]) for p in told] == [("Ended", "PowerLoss", 2)]


def test_events_of_a_station_without_clock_get_their_times_when_the_csms_sends_the_time():
    bench = Bench()
    bench.station.documents.put("ocpp_boot", {"n": 5, "accepted": True})
    bench.start()
    bench.station.model.set(bench.station.model.find(0, "AuthCtrlr", "OfflineTxForUnknownIdEnabled"), "true")
    bench.plug()
    bench.card()
    bench.advance(90000)
    told = payloads(bench.connect(), "TransactionEvent")
    assert [p["timestamp"] for p in told] == ["2026-11-20T12:00:00Z"]


def test_E01_FR_08_and_E02_FR_08_transaction_ids_differ_over_restarts_with_the_same_seed():
    seen = set()
    bench = Bench()
    for _ in range(5):
        bench.connect()
        bench.charging()
        seen.add(bench.station.transaction(1))
        bench.unplug()
        bench.power_cycle()
    assert len(seen) == 5


def test_time_advances_while_no_link_polls():
    bench = Bench().booted()
    bench.card()
    bench.drop()
    for _ in range(121):
        bench.advance_only(1000)
        bench.station.limits(bench.now_ms)
    assert bench.ended_by(1) == "Timeout"
    bench.connect()
    bench.card()
    bench.drop()
    bench.advance_only(120000)
    bench.station.tick(bench.now_ms)
    assert bench.ended_by(1) == "Timeout"
