"""ChangeAvailability and what connectors show (G01, G03, G04)."""

from station_bench import Bench, payloads


def change(bench, status, evse=None, connector=None):
    request = {"operationalStatus": status}
    if evse is not None:
        request["evse"] = {"id": evse}
        if connector:
            request["evse"]["connectorId"] = connector
    return bench.call("ChangeAvailability", request)["status"]


def shown(bench):
    return [(p["evseId"], p["connectorStatus"]) for p in payloads(bench.sent, "StatusNotification")]


def test_each_level_can_be_made_inoperative_and_operative_again():
    for evse, connector, reached in ((1, None, [1]), (1, 1, [1]), (None, None, [1, 2])):
        bench = Bench().booted()
        assert change(bench, "Inoperative", evse, connector) == "Accepted"
        assert shown(bench) == [(i, "Unavailable") for i in reached]
        assert [i for i in (1, 2) if not bench.station.availability.operative(i)] == reached
        bench.sent = []
        assert change(bench, "Inoperative", evse, connector) == "Accepted"
        assert shown(bench) == [(i, "Unavailable" if i in reached else "Available") for i in (1, 2)]  # it was so: the CSMS reads it again
        bench.sent = []
        assert change(bench, "Operative", evse, connector) == "Accepted"
        assert shown(bench) == [(i, "Available") for i in reached]


def test_G03_FR_05_a_running_transaction_postpones_it():
    for evse in (1, None):
        bench = Bench().booted()
        bench.charging()
        assert change(bench, "Inoperative", evse) == "Scheduled"
        bench.sent = []
        bench.unplug()
        assert (1, "Unavailable") in shown(bench)


def test_a_scheduled_change_can_be_taken_back():
    bench = Bench().booted()
    bench.charging()
    change(bench, "Inoperative", 1)
    assert change(bench, "Operative", 1) == "Accepted"
    bench.sent = []
    bench.unplug()
    assert shown(bench) == [(1, "Available")]


def test_G03_FR_08_it_survives_a_restart():
    bench = Bench().booted()
    change(bench, "Inoperative", 2)
    bench.power_cycle()
    bench.connect()
    assert shown(bench)[-2:] == [(1, "Available"), (2, "Unavailable")]


def test_an_EVSE_stays_inoperative_when_only_the_station_becomes_operative():
    bench = Bench().booted()
    change(bench, "Inoperative", 2)
    change(bench, "Inoperative")
    bench.sent = []
    change(bench, "Operative")
    assert shown(bench) == [(1, "Available")]


def test_faulted_has_priority_in_the_status():
    bench = Bench().booted()
    change(bench, "Inoperative", 1)
    bench.sent = []
    bench.station.evse_status(1, "Faulted", bench.now_ms)
    bench.pump()
    assert shown(bench) == [(1, "Faulted")]


def test_unknown_places_are_rejected():
    bench = Bench().booted()
    assert change(bench, "Inoperative", 7) == "Rejected"
    assert change(bench, "Inoperative", 1, 2) == "Rejected"


def test_a_problem_of_the_site_becomes_an_event_and_a_variable_of_the_station():
    bench = Bench().booted()
    assert bench.get("ChargingStation", "Problem") == "false"
    bench.station.station_problem(True, bench.now_ms)
    bench.station.station_problem(True, bench.now_ms)
    events = payloads(bench.pump(), "NotifyEvent")
    assert len(events) == 1
    data = events[0]["eventData"][0]
    assert (data["component"], data["variable"], data["actualValue"]) == ({"name": "ChargingStation"}, {"name": "Problem"}, "true")
    assert bench.get("ChargingStation", "Problem") == "true"


def test_a_fault_of_a_secondary_becomes_an_event_and_a_variable():
    bench = Bench().booted()
    bench.station.device_fact(2, "Controller", "SerialNumber", "X9", bench.now_ms)
    bench.station.device_fact(2, "EVSE", "Problem", True, bench.now_ms)
    sent = bench.pump()
    data = payloads(sent, "NotifyEvent")[0]["eventData"][0]
    assert (data["component"], data["variable"], data["actualValue"]) == (
        {"name": "EVSE", "evse": {"id": 2}}, {"name": "Problem"}, "true",
    )
    assert bench.get("Controller", "SerialNumber", evse=2) == "X9"
    assert bench.get("EVSE", "Problem", evse=2) == "true"
    assert bench.get("EVSE", "Problem", evse=1) == "UnknownVariable"


def test_a_status_that_may_change_soon_is_not_sent_yet():
    bench = Bench()
    bench.station.evse_status(1, "Unavailable", bench.now_ms, settled=False)
    bench.connect()
    assert shown(bench) == [(2, "Available")]
    bench.station.evse_status(1, "Available", bench.now_ms, settled=False)
    bench.advance(1000)
    assert bench.call("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1}})["status"] == "Accepted"
    assert shown(bench) == [(2, "Available")]
    bench.station.evse_status(1, "Occupied", bench.now_ms)
    bench.pump()
    assert shown(bench) == [(2, "Available"), (1, "Occupied")]


def test_a_change_to_inoperative_by_the_csms_is_sent_at_once():
    bench = Bench().booted()
    change(bench, "Inoperative", 1)
    bench.power_cycle()
    bench.sent = []
    bench.station.evse_status(1, "Unavailable", bench.now_ms, settled=False)
    bench.connect()
    assert (1, "Unavailable") in shown(bench)


def test_Available_does_not_overtake_the_end_of_the_same_instant():
    bench = Bench().booted()
    bench.charging()
    sent = bench.unplug()
    assert [action for action, _ in sent] == ["TransactionEvent", "StatusNotification"]
    assert sent[0][1]["eventType"] == "Ended" and sent[1][1]["connectorStatus"] == "Available"


def test_Available_waits_for_a_transaction_end_that_waits_for_its_energy():
    bench = Bench().booted()
    bench.station.meter_values(1, {"energy_wh": 5, "flows": True, "read_ms": bench.now_ms, "energy_ms": bench.now_ms}, bench.now_ms)
    bench.charging()
    assert bench.unplug() == []
    bench.advance(500)
    bench.station.meter_values(1, {"energy_wh": 6, "flows": False, "read_ms": bench.now_ms, "energy_ms": bench.now_ms}, bench.now_ms)
    assert [action for action, _ in bench.pump()] == ["TransactionEvent", "StatusNotification"]


def test_a_csms_that_refuses_the_end_does_not_delay_the_status():
    bench = Bench().booted()
    bench.charging()
    bench.answers["TransactionEvent"] = "InternalError"
    assert [action for action, _ in bench.unplug()] == ["TransactionEvent", "StatusNotification"]


def test_the_next_car_is_shown_before_its_transaction():
    bench = Bench().booted()
    bench.charging()
    bench.station.evse_status(1, "Available", bench.now_ms)
    bench.event(1, "unplugged")
    bench.station.evse_status(1, "Occupied", bench.now_ms)
    bench.event(1, "plugged")
    bench.event(1, "token", {"token": "ABC123", "type": "ISO14443"})
    sent = bench.pump()
    told = [p.get("eventType") or p.get("connectorStatus") for a, p in sent if a != "Authorize"]
    assert told == ["Ended", "Started"]  # Occupied was told before, and holds


def test_G03_FR_08_a_scheduled_switch_outlives_a_power_cut():
    bench = Bench().booted()
    bench.charging(1)
    assert bench.call("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})["status"] == "Scheduled"
    bench.power_cycle()
    bench.connect()
    bench.plug(1)
    assert bench.station.availability.operative(1)  # its transaction goes on
    bench.unplug(1)
    assert not bench.station.availability.operative(1) and bench.station.availability.operative(2)
    bench.power_cycle()
    bench.connect()
    assert not bench.station.availability.operative(1)
    assert bench.call("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 1}})["status"] == "Accepted"
    assert bench.station.availability.operative(1)


def test_a_scheduled_switch_that_is_taken_back_is_forgotten():
    bench = Bench().booted()
    bench.charging(1)
    for word, status in (("Inoperative", "Scheduled"), ("Operative", "Accepted")):
        assert bench.call("ChangeAvailability", {"operationalStatus": word})["status"] == status
    bench.unplug(1)
    assert bench.station.availability.operative(1) and bench.station.availability.operative(2)
