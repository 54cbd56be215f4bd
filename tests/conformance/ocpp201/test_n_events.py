"""Part 6, N: the events of monitors. <Configured severity> is 5 as in the errata, the level 8."""

import pytest
from monitoring import STATE, one, watching

POWER = ("EVSE", "Power", 1)
CONNECTOR_STATE = ("Connector", "AvailabilityState", 1, 1)


async def with_monitor(*items):
    talk = await watching()
    assert await talk.level(8) == "Accepted"
    results = await talk.monitor(*items)
    assert [result["status"] for result in results] == ["Accepted"] * len(items)
    return talk, [result["id"] for result in results]


async def test_TC_N_16_CS_a_level_that_suppresses_a_monitor():
    talk, ids = await with_monitor(one("Delta", STATE, 1, 8))
    assert await talk.level(7) == "Accepted"
    await talk.plug()
    await talk.advance(5000)
    assert talk.told() == []
    assert await talk.level(8) == "Accepted"
    await talk.advance(2000)
    assert [event["variable_monitoring_id"] for event in talk.told()] == ids  # the test can fail: it is a monitor that works
    await talk.close()


async def test_TC_N_20_CS_a_threshold_is_exceeded():
    talk = await watching()
    assert await talk.base("All") == "Accepted" and await talk.level(8) == "Accepted"
    await talk.power(0)
    upper = (await talk.monitor(one("UpperThreshold", POWER, 100.0)))[0]["id"]
    await talk.energy_transfer_started()
    transaction = talk.tx()
    await talk.power(3680)
    event = [each for each in talk.told() if each["variable"] == {"name": "Power"}][0]
    assert (event["trigger"], event["variable_monitoring_id"], event["transaction_id"]) == ("Alerting", upper, transaction)
    assert float(event["actual_value"]) > 100 and not event.get("cleared")
    assert (event["component"], event["event_notification_type"]) == ({"name": "EVSE", "evse": {"id": 1}}, "CustomMonitor")
    lower = (await talk.monitor(one("LowerThreshold", POWER, 10.0)))[0]
    assert lower["status"] == "Accepted"
    talk.csms.heard.clear()
    await talk.card()
    await talk.power(0)
    events = [each for each in talk.told() if each["variable"] == {"name": "Power"}]
    assert [(each["variable_monitoring_id"], bool(each.get("cleared"))) for each in events] == [(upper, True), (lower["id"], False)]
    for each in events:
        assert (each["trigger"], each["event_notification_type"], each["transaction_id"]) == ("Alerting", "CustomMonitor", transaction)
        assert float(each["actual_value"]) < 10 and each["component"] == {"name": "EVSE", "evse": {"id": 1}}
    assert events[0]["event_id"] != events[1]["event_id"]
    await talk.close()


async def test_TC_N_21_CS_a_hardwired_notification():
    talk = await watching()
    talk.station.device_fact(1, "EVSE", "Problem", True, talk.now_ms)
    talk.station.station_problem(True, talk.now_ms)
    await talk.settle()
    assert [event["event_notification_type"] for event in talk.told()] == ["HardWiredNotification", "HardWiredMonitor"]
    assert [event["component"]["name"] for event in talk.told()] == ["EVSE", "ChargingStation"]
    assert talk.told()[1]["variable_monitoring_id"] == (await talk.report())[1][0][3]["id"]
    await talk.close()


async def test_TC_N_22_CS_events_are_queued_while_offline():
    talk, ids = await with_monitor(one("Delta", STATE, 1, 5))
    assert await talk.set("MonitoringCtrlr.OfflineQueuingSeverity", "5") == "Accepted"
    await talk.drop()
    talk.station.evse_status(1, "Occupied", talk.now_ms)
    talk.station.session_event(1, "plugged", {}, talk.now_ms)
    for _ in range(30):
        talk.now_ms, talk.unix_ms = talk.now_ms + 1000, talk.unix_ms + 1000
        talk.station.tick(talk.now_ms)
    talk.station.evse_status(1, "Available", talk.now_ms)
    talk.station.tick(talk.now_ms + 1000)
    await talk.reconnect()
    event = talk.told()[0]
    assert (event["trigger"], event["actual_value"], event["variable_monitoring_id"]) == ("Delta", "Occupied", ids[0])
    assert (event["component"], event["variable"]) == ({"name": "EVSE", "evse": {"id": 1}}, {"name": "AvailabilityState"})
    assert event["timestamp"] == "2026-11-20T12:00:01Z"
    assert [each["actual_value"] for each in talk.told()] == ["Occupied", "Available"]
    await talk.close()


async def test_TC_N_23_CS_events_of_a_lower_severity_are_not_queued():
    talk, _ = await with_monitor(one("Delta", STATE, 1, 6), one("Delta", CONNECTOR_STATE, 1, 6))
    assert await talk.set("MonitoringCtrlr.OfflineQueuingSeverity", "5") == "Accepted"
    await talk.set("TxCtrlr.TxStartPoint", "EVConnected")
    talk.csms.heard.clear()
    await talk.plug()
    await talk.advance(1000)
    assert talk.statuses() == [(1, "Occupied")]
    told = [(e["trigger"], e["actual_value"], e["component"], e["variable"]["name"]) for e in talk.told()]
    assert ("Delta", "Occupied", {"name": "Connector", "evse": {"id": 1, "connector_id": 1}}, "AvailabilityState") in told
    assert ("Delta", "Occupied", {"name": "EVSE", "evse": {"id": 1}}, "AvailabilityState") in told
    first = talk.heard("TransactionEvent")[0]
    assert (first["trigger_reason"], first["transaction_info"]["charging_state"]) == ("CablePluggedIn", "EVConnected")
    await talk.drop()
    for status, kind in (("Available", "unplugged"), ("Occupied", "plugged")):
        talk.station.evse_status(1, status, talk.now_ms)
        talk.station.session_event(1, kind, {}, talk.now_ms)
        for _ in range(10):
            talk.now_ms, talk.unix_ms = talk.now_ms + 1000, talk.unix_ms + 1000
            talk.station.tick(talk.now_ms)
    await talk.reconnect()
    await talk.advance(3000)
    told = [(p["trigger_reason"], p["transaction_info"]["charging_state"]) for p in talk.heard("TransactionEvent")]
    assert told == [("EVCommunicationLost", "Idle"), ("CablePluggedIn", "EVConnected")]
    assert talk.heard("NotifyEvent") == []
    await talk.close()


@pytest.mark.parametrize(("kind", "first_s"), [("Periodic", 60), ("PeriodicClockAligned", 50)])
async def test_TC_N_24_CS_a_periodic_event(kind, first_s):
    talk = await watching()
    await talk.advance(10000)
    assert await talk.level(8) == "Accepted"
    result = (await talk.monitor(one(kind, POWER, 60)))[0]
    assert (result["status"], result["type"], result["severity"]) == ("Accepted", kind, 5)
    assert (result["component"], result["variable"]) == ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Power"})
    await talk.advance(first_s * 1000 - 1)
    assert talk.told() == []
    await talk.advance(1 + 180000)
    events = talk.told()
    begin = 10 + first_s - 60
    assert [event["timestamp"] for event in events] == ["2026-11-20T12:%02d:%02dZ" % (n + 1, begin) for n in range(4)]
    for event in events:
        assert (event["trigger"], event["component"], event["variable"]) == ("Periodic", {"name": "EVSE", "evse": {"id": 1}}, {"name": "Power"})
        assert event["variable_monitoring_id"] == result["id"] and event["actual_value"] == "3680"
    await talk.close()


async def test_TC_N_45_CS_a_number_changes_by_more_than_delta():
    talk, ids = await with_monitor(one("Delta", POWER, 100.0))
    await talk.power(3700)
    assert talk.told() == []
    await talk.power(3800)
    event = talk.told()[0]
    assert (event["trigger"], event["component"], event["variable"]) == ("Delta", {"name": "EVSE", "evse": {"id": 1}}, {"name": "Power"})
    assert (event["variable_monitoring_id"], event["actual_value"]) == (ids[0], "3800")
    await talk.power(3750)
    assert len(talk.told()) == 1
    await talk.close()


async def test_TC_N_48_CS_a_write_only_variable():
    talk, ids = await with_monitor(one("Delta", ("SecurityCtrlr", "BasicAuthPassword", None)))
    assert await talk.set("SecurityCtrlr.BasicAuthPassword", "a-new-password-of-24-chr") == "Accepted"
    await talk.advance(2000)
    events = talk.told()
    assert [(event["actual_value"], event["variable_monitoring_id"]) for event in events] == [("", ids[0])]
    assert not any("a-new-password" in text for who, text in talk.frames if who == "station")
    await talk.close()


async def test_TC_N_51_CS_a_threshold_is_replaced_and_exceeded():
    talk, ids = await with_monitor(one("UpperThreshold", POWER, 22079))
    await talk.energy_transfer_started()
    await talk.power(3680)
    assert talk.told() == []
    result = (await talk.monitor(one("UpperThreshold", POWER, 0.0, id=ids[0])))[0]
    assert (result["status"], result["type"], result["severity"], result["id"]) == ("Accepted", "UpperThreshold", 5, ids[0])
    assert (result["component"], result["variable"]) == ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Power"})
    await talk.advance(1000)
    assert [(event["trigger"], event["actual_value"]) for event in talk.told()] == [("Alerting", "3680")]
    await talk.close()


async def test_TC_N_52_CS_a_cleared_monitor_says_nothing_more():
    talk, ids = await with_monitor(one("UpperThreshold", POWER, 0.0))
    await talk.energy_transfer_started()
    await talk.power(3680)
    assert await talk.clear(*ids) == [(ids[0], "Accepted")]
    assert await talk.report(["ThresholdMonitoring"], [talk.pair(*POWER)]) == ("EmptyResultSet", [])
    talk.csms.heard.clear()
    await talk.card()
    await talk.power(0)
    assert talk.told() == []
    await talk.close()


async def test_TC_N_53_CS_monitors_outlive_a_restart():
    talk, ids = await with_monitor(one("UpperThreshold", POWER, 100))
    await talk.reboot()
    status, found = await talk.report(["ThresholdMonitoring"])
    assert status == "Accepted" and [(item[3]["id"], item[3]["type"]) for item in found] == [(ids[0], "UpperThreshold")]
    assert (await talk.get("MonitoringCtrlr.ActiveMonitoringLevel"))["attribute_value"] == "8"
    await talk.close()


async def test_TC_N_56_CS_a_text_changes():
    talk, ids = await with_monitor(one("Delta", STATE))
    await talk.plug()
    await talk.advance(1000)
    events = talk.told()
    assert [(event["trigger"], event["actual_value"], event["variable_monitoring_id"]) for event in events] == [("Delta", "Occupied", ids[0])]
    assert (events[0]["component"], events[0]["variable"]) == ({"name": "EVSE", "evse": {"id": 1}}, {"name": "AvailabilityState"})
    await talk.close()


async def test_TC_N_61_CS_a_number_that_the_CSMS_sets():
    talk, ids = await with_monitor(one("Delta", ("OCPPCommCtrlr", "OfflineThreshold", None), 1))
    assert await talk.set("OCPPCommCtrlr.OfflineThreshold", "61") == "Accepted"
    await talk.advance(3000)
    assert talk.told() == []
    assert await talk.set("OCPPCommCtrlr.OfflineThreshold", "62") == "Accepted"
    await talk.advance(1000)
    assert [(event["actual_value"], event["variable_monitoring_id"]) for event in talk.told()] == [("62", ids[0])]
    await talk.close()
