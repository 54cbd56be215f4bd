"""Failures of real stations, as public issue threads tell them: each must not happen here. Ids: interop list, IF-nn."""

import json
import re
from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha1

import pytest
from ocpp.v201 import call
from scenario import TOKEN, Scenario, booted, short

from ampacity.base.url import parse_url
from ampacity.base.wallclock import format_iso
from ampacity.net.websocket import GUID, WebSocketClient


async def test_IF_04_a_retry_has_a_new_message_id_and_still_binds_the_transaction():
    talk = await booted()
    await talk.set("OCPPCommCtrlr.MessageAttemptInterval", "1", "TransactionEvent")
    await talk.plug()
    await talk.drop()
    talk.station.connected(talk.now_ms)
    talk.station.session_event(1, "token", {"token": "ABC", "type": "ISO14443"}, talk.now_ms)
    first = json.loads(talk.station.next(talk.now_ms)[0])
    assert first[2] == "Authorize"
    talk.station.receive(json.dumps([3, first[1], {"idTokenInfo": {"status": "Accepted"}}]), talk.now_ms)
    started = json.loads(talk.station.next(talk.now_ms)[0])
    talk.now_ms += 30000
    probe = json.loads(talk.station.next(talk.now_ms)[0])  # does the CSMS answer at all?
    assert probe[2] == "Heartbeat" and talk.station.next(talk.now_ms)[0] is None
    talk.station.receive(json.dumps([3, probe[1], {"currentTime": format_iso(talk.unix_ms + 30000)}]), talk.now_ms)
    assert talk.station.next(talk.now_ms)[0] is None
    talk.now_ms += 1000
    again = json.loads(talk.station.next(talk.now_ms)[0])
    assert again[1] != started[1] and again[3] == started[3]
    talk.station.receive(json.dumps([3, started[1], {}]), talk.now_ms)
    assert talk.station.queue.count == 1
    talk.station.receive(json.dumps([3, again[1], {}]), talk.now_ms)
    assert talk.station.queue.count == 0


async def test_IF_09_every_time_is_utc_with_a_Z():
    talk = await booted()
    await talk.set("SampledDataCtrlr.TxUpdatedInterval", "10")
    await talk.energy_transfer_started()
    await talk.advance(60000)
    await talk.leave()
    talk.station.device_fact(1, "EVSE", "Problem", True, talk.now_ms)
    await talk.settle()
    await talk.call(call.GetBaseReport(request_id=1, report_base="FullInventory"))
    fields = set()
    for who, text in talk.frames:
        for field, shown in re.findall(r'"(\w+)":"(\d{4}-\d\d-\d\d[^"]*)"', text) if who == "station" else ():
            fields.add(field)
            assert shown.endswith("Z") and datetime.fromisoformat(shown).utcoffset() == timedelta(0), (field, shown)
    assert {"timestamp", "generatedAt"} <= fields


async def test_IF_13_limit_zero_and_then_more():
    talk = await booted()
    await talk.energy_transfer_started()
    tx = talk.tx()
    for limit in (0, 10):
        profile = {
            "id": 1, "stack_level": 0, "charging_profile_purpose": "TxProfile", "charging_profile_kind": "Relative",
            "transaction_id": tx,
            "charging_schedule": [{"id": 1, "charging_rate_unit": "A", "charging_schedule_period": [{"start_period": 0, "limit": limit}]}],
        }
        assert (await talk.call(call.SetChargingProfile(evse_id=1, charging_profile=profile))).status == "Accepted"
        assert talk.station.limits_change_at_ms <= talk.now_ms
        assert talk.station.limits(talk.now_ms) == [(1, None, limit * 10, None)]
        await talk.state("Charging" if limit else "SuspendedEVSE")
    assert [short(e)[2] for e in talk.told()] == ["SuspendedEVSE", "Charging"]
    assert talk.tx() == tx


async def test_IF_16_a_trigger_that_is_accepted_is_followed_by_its_message_each_time():
    talk = await booted()
    for i in range(120):  # ten minutes
        assert (await talk.call(call.TriggerMessage(requested_message="MeterValues", evse={"id": 1}))).status == "Accepted"
        assert len(talk.heard("MeterValues")) == i + 1
        await talk.advance(5000)
    await talk.close()


async def test_IF_18_requests_are_answered_at_once_while_the_queue_drains():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.drop()
    for i in range(20):
        await talk.state("SuspendedEV" if i % 2 == 0 else "Charging")
    talk.station.connected(talk.now_ms)
    sent = 0
    while talk.station.queue.count:
        first = json.loads(talk.station.next(talk.now_ms)[0])
        assert first[0] == 2
        sent += 1
        for second in range(4):  # so long the CSMS takes for an answer
            talk.station.receive('[2,"q%d-%d","GetLocalListVersion",{}]' % (sent, second), talk.now_ms)
            assert json.loads(talk.station.next(talk.now_ms)[0])[:2] == [3, "q%d-%d" % (sent, second)]
            talk.now_ms += 1000
        talk.station.receive(json.dumps([3, first[1], {"idTokenInfo": {"status": "Accepted"}} if "idToken" in first[3] else {}]), talk.now_ms)
    assert sent >= 20


async def test_IF_19_a_station_whose_boot_is_never_answered_still_answers():
    talk = Scenario()
    talk.station.connected(talk.now_ms)
    talk.station.next(talk.now_ms)
    talk.station.receive('[2,"q","GetLocalListVersion",{}]', talk.now_ms)
    assert json.loads(talk.station.next(talk.now_ms)[0])[:2] == [3, "q"]
    talk.station.receive('[2,"t","TriggerMessage",{"requestedMessage":"BootNotification"}]', talk.now_ms)
    assert json.loads(talk.station.next(talk.now_ms)[0]) == [3, "t", {"status": "Accepted"}]
    talk = await booted()
    await talk.drop()
    await talk.reconnect()
    assert "BootNotification" not in [name for name, _ in talk.csms.heard]  # part 4, 5.3
    trigger = call.TriggerMessage(requested_message="BootNotification")
    assert (await talk.call(trigger)).status == "Rejected"  # F06.FR.17: it is accepted already
    await talk.energy_transfer_started()
    assert talk.tx() is not None
    await talk.close()


async def test_IF_21_the_end_names_a_token_only_when_one_stopped_it():
    talk = await booted()
    await talk.energy_transfer_started(1)
    await talk.energy_transfer_started(2)
    await talk.call(call.RequestStopTransaction(transaction_id=talk.tx(1)))
    await talk.leave(2)
    await talk.energy_transfer_started(2)
    await talk.card(evse=2)
    ends = [p for name, p in talk.csms.heard if name == "TransactionEvent" and p["event_type"] == "Ended"]
    assert ["id_token" in p for p in ends] == [True]
    said = [json.loads(text)[3] for who, text in talk.frames if who == "station" and '"Ended"' in text]
    assert ["idToken" in p for p in said] == [False, False, True]
    await talk.close()


async def test_IF_24_events_of_several_EVSEs_keep_apart():
    talk = await booted(evses=3)
    await talk.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    await talk.drop()
    for evse in (1, 2, 3):
        await talk.plug(evse)
        await talk.card(evse=evse)
    for evse in (3, 2, 1):
        await talk.state("Charging", evse)
    await talk.reconnect()
    numbers = {}
    for event in talk.told():
        assert event["offline"] is True
        assert event["evse"]["connector_id"] == 1
        numbers.setdefault((event["evse"]["id"], event["transaction_info"]["transaction_id"]), []).append(event["seq_no"])
    assert sorted(key[0] for key in numbers) == [1, 2, 3]
    assert all(value == [0, 1] for value in numbers.values())
    await talk.close()


async def test_IF_25_both_rate_units_are_reported_and_accepted():
    talk = await booted()
    assert (await talk.get("SmartChargingCtrlr.RateUnit"))["attribute_value"] == "A,W"
    for unit, limit in (("A", 16), ("W", 11040)):
        profile = {
            "id": 1, "stack_level": 0, "charging_profile_purpose": "TxDefaultProfile", "charging_profile_kind": "Relative",
            "charging_schedule": [{"id": 1, "charging_rate_unit": unit, "charging_schedule_period": [{"start_period": 0, "limit": limit}]}],
        }
        assert (await talk.call(call.SetChargingProfile(evse_id=1, charging_profile=profile))).status == "Accepted"
        answer = await talk.call(call.GetCompositeSchedule(evse_id=1, duration=60, charging_rate_unit="A"))
        assert answer.schedule["charging_schedule_period"][0]["limit"] == 16
    await talk.close()


async def test_IF_03_a_stop_before_a_reboot_is_reported_once():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.drop()
    await talk.leave()
    talk.files.restart()
    talk.start()
    await talk.reconnect()
    assert [short(e)[0] for e in talk.told()] == ["Ended"]
    await talk.reboot()
    assert talk.told() == []
    await talk.close()


async def test_IF_05_no_second_call_before_the_first_has_timed_out():
    talk = await booted()
    await talk.drop()
    talk.station.connected(talk.now_ms)
    token = dict(TOKEN)
    talk.station.session_event(1, "plugged", {}, talk.now_ms)
    talk.station.session_event(1, "token", {"token": token["id_token"], "type": token["type"]}, talk.now_ms)
    sent = 0
    for _ in range(29):
        while talk.station.next(talk.now_ms)[0] is not None:
            sent += 1
        talk.now_ms += 1000
    assert sent == 1


async def test_IF_01_a_session_offline_has_one_transaction_id_in_every_message():
    for ends_offline in (True, False):
        talk = await booted()
        await talk.set("SampledDataCtrlr.TxUpdatedInterval", "10")
        await talk.energy_transfer_started()
        await talk.leave()
        await talk.drop()
        await talk.plug()
        await talk.card()
        tx = talk.tx()
        await talk.state("Charging")
        await talk.advance(25000)
        if ends_offline:
            await talk.leave()
        await talk.reconnect()
        if not ends_offline:
            await talk.leave()
        events = talk.told()
        assert {e["transaction_info"]["transaction_id"] for e in events} == {tx} and len(tx) <= 36
        assert [e["event_type"] for e in events] == ["Started"] + ["Updated"] * (len(events) - 2) + ["Ended"] and len(events) >= 5
        await talk.close()


async def test_IF_02_a_session_offline_and_a_power_cut_before_the_reconnect():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.leave()
    await talk.drop()
    await talk.plug()
    await talk.card()
    began = talk.unix_ms
    await talk.advance(60000)
    await talk.leave()
    await talk.advance(60000)
    talk.files.restart()
    talk.start()
    await talk.reconnect()
    events = talk.told()
    assert [e["event_type"] for e in events] == ["Started", "Ended"] and all(e["offline"] for e in events)
    assert [e["timestamp"] for e in events] == [format_iso(began), format_iso(began + 60000)]
    await talk.reboot()
    assert talk.told() == []
    await talk.close()


async def test_IF_06_while_Pending_only_what_the_CSMS_asks_for_is_sent():
    talk = Scenario()
    await talk.connect()
    talk.csms.boot_status = "Pending"
    await talk.drop()
    talk.files.restart()
    talk.start()
    await talk.connect()
    talk.csms.heard.clear()
    await talk.plug()
    await talk.card()
    await talk.state("Charging")
    await talk.advance(60000)
    assert {name for name, _ in talk.csms.heard} <= {"BootNotification"} and talk.tx() is None
    assert await talk.set("OCPPCommCtrlr.HeartbeatInterval", "77") == "Accepted"
    assert (await talk.get("OCPPCommCtrlr.HeartbeatInterval"))["attribute_value"] == "77"
    talk.csms.heard.clear()
    assert (await talk.call(call.TriggerMessage(requested_message="StatusNotification", evse={"id": 1, "connector_id": 1}))).status == "Accepted"
    assert [name for name, _ in talk.csms.heard] == ["StatusNotification"]
    assert (await talk.call(call.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1))).status == "Rejected"
    await talk.close()


async def test_IF_07_a_BootNotification_without_an_answer_is_sent_again():
    talk = Scenario()
    talk.station.connected(talk.now_ms)
    first = json.loads(talk.station.next(talk.now_ms)[0])
    sent = []
    for _ in range(180):
        talk.now_ms += 1000
        text, _ = talk.station.next(talk.now_ms)
        if text is not None:
            sent.append(json.loads(text))
    assert [frame[2] for frame in sent] == ["BootNotification"] * len(sent) and 1 <= len(sent) <= 6
    assert len({frame[1] for frame in [first, *sent]}) == 1 + len(sent)


async def test_IF_08_and_28_a_status_that_changed_while_away_is_reported_with_the_time_of_the_report():
    talk = await booted()
    for _ in range(4):
        await talk.drop()
        await talk.plug()
        await talk.advance(30000)
        await talk.reconnect()
        assert talk.statuses() == [(1, "Occupied")]
        assert talk.heard("StatusNotification")[0]["timestamp"] == format_iso(talk.unix_ms)
        await talk.drop()
        await talk.leave()
        await talk.advance(30000)
        await talk.reconnect()
        assert talk.statuses() == [(1, "Available")]
        assert talk.heard("StatusNotification")[0]["timestamp"] == format_iso(talk.unix_ms)
    await talk.close()


async def test_IF_10_all_that_is_said_in_a_day_fits_the_schemas():
    talk = await booted()
    await talk.set("SampledDataCtrlr.TxUpdatedInterval", "10")
    await talk.set("AlignedDataCtrlr.Interval", "60")
    for fault in ("GroundFault", "OvercurrentFault", "Other", "EmergencyStop"):
        await talk.energy_transfer_started()
        await talk.advance(60000)
        talk.station.device_fact(1, "EVSE", "Problem", True, talk.now_ms)
        talk.station.evse_status(1, "Faulted", talk.now_ms)
        await talk.event(1, "fault", reason=fault)
        talk.station.device_fact(1, "EVSE", "Problem", False, talk.now_ms)
        await talk.leave()
    for what in ("StatusNotification", "MeterValues", "Heartbeat", "LogStatusNotification", "FirmwareStatusNotification"):
        await talk.call(call.TriggerMessage(requested_message=what))
    await talk.call(call.GetBaseReport(request_id=1, report_base="FullInventory"))
    assert len(talk.frames) > 100 and "Faulted" in [p["connector_status"] for p in talk.heard("StatusNotification")]
    await talk.close()  # the library has checked each message


async def test_IF_11_meter_values_without_a_transaction_name_none():
    talk = await booted()
    await talk.set("AlignedDataCtrlr.Interval", "60")
    await talk.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    await talk.energy_transfer_started()
    await talk.advance(61000)
    said = [json.loads(text) for who, text in talk.frames if who == "station"]
    idle = [frame[3] for frame in said if frame[2:3] == ["MeterValues"]]
    assert len(idle) == 1 and set(idle[0]) == {"evseId", "meterValue"}
    assert talk.told()[-1]["transaction_info"]["transaction_id"] == talk.tx()
    await talk.close()


async def test_IF_12_nothing_measured_sends_no_empty_list():
    talk = await booted()
    await talk.set("AlignedDataCtrlr.Interval", "60")
    for name in ("AlignedDataCtrlr.Measurands", "SampledDataCtrlr.TxUpdatedMeasurands", "SampledDataCtrlr.TxStartedMeasurands"):
        assert await talk.set(name, "Current.Export") == "Accepted"  # only the main meter measures it
    assert await talk.set("SampledDataCtrlr.TxEndedMeasurands", "") == "Accepted"
    await talk.set("SampledDataCtrlr.TxUpdatedInterval", "10")
    await talk.energy_transfer_started()
    await talk.advance(130000)
    await talk.leave()
    assert talk.heard("MeterValues") == [] and [e["event_type"] for e in talk.told()] == ["Ended"]
    assert not any("sampledValue" in text for who, text in talk.frames if who == "station")
    await talk.close()


def default_profile(level=0, limit=10, number=1):
    return {
        "id": number, "stack_level": level, "charging_profile_purpose": "TxDefaultProfile", "charging_profile_kind": "Relative",
        "charging_schedule": [{"id": 1, "charging_rate_unit": "A", "charging_schedule_period": [{"start_period": 0, "limit": limit}]}],
    }


async def test_IF_14_every_stack_level_up_to_the_reported_one_is_accepted():
    talk = await booted()
    most = int((await talk.get("SmartChargingCtrlr.ProfileStackLevel"))["attribute_value"])
    for number, (level, status) in enumerate(((0, "Accepted"), (most, "Accepted"), (most + 1, "Rejected"))):
        answer = await talk.call(call.SetChargingProfile(evse_id=1, charging_profile=default_profile(level, number=number + 1)))
        assert answer.status == status, level
    await talk.close()


async def test_IF_15_a_default_profile_of_zero_is_accepted_while_idle_and_holds_from_the_start():
    talk = await booted()
    assert (await talk.call(call.SetChargingProfile(evse_id=1, charging_profile=default_profile(limit=0)))).status == "Accepted"
    await talk.energy_transfer_started()
    assert talk.station.limits(talk.now_ms) == [(1, None, 0, None)]
    await talk.close()


async def test_IF_17_a_trigger_of_meter_values_is_refused_only_without_values():
    talk = await booted()
    assert await talk.set("AlignedDataCtrlr.Measurands", "") == "Accepted"
    assert (await talk.call(call.TriggerMessage(requested_message="MeterValues", evse={"id": 1}))).status == "Rejected"
    assert talk.heard("MeterValues") == []
    await talk.set("AlignedDataCtrlr.Measurands", "Energy.Active.Import.Register")
    assert (await talk.call(call.TriggerMessage(requested_message="MeterValues", evse={"id": 1}))).status == "Accepted"
    assert len(talk.heard("MeterValues")) == 1
    await talk.close()


async def test_IF_20_a_new_password_is_handed_on_as_it_was_written():
    talk = await booted()
    password = "00112233aabbccdd"  # looks like hexadecimal, and is a password of 2.0.1: used letter by letter
    assert await talk.set("SecurityCtrlr.BasicAuthPassword", password) == "Accepted"
    assert ("password", password) in talk.station.actions and talk.station.password() == password
    assert "attribute_value" not in await talk.get("SecurityCtrlr.BasicAuthPassword")
    socket = WebSocketClient(parse_url("ws://csms.example/ocpp").below("AMP-1"), ("ocpp2.0.1",), "AMP-1", talk.station.password())
    assert b"Authorization: Basic " + b64encode(b"AMP-1:" + password.encode()) in socket.start()
    await talk.close()


async def test_IF_23_a_transaction_that_ended_offline_is_in_the_queue_until_it_is_delivered():
    talk = await booted()
    await talk.energy_transfer_started()
    tx = talk.tx()
    await talk.drop()
    await talk.leave()
    talk.station.connected(talk.now_ms)
    talk.station.receive(json.dumps([2, "q", "GetTransactionStatus", {"transactionId": tx}]), talk.now_ms)
    assert json.loads(talk.station.next(talk.now_ms)[0])[2] == {"ongoingIndicator": False, "messagesInQueue": True}
    talk.station.disconnected(talk.now_ms)
    await talk.reconnect()
    assert [e["event_type"] for e in talk.told()] == ["Ended"]
    answer = await talk.call(call.GetTransactionStatus(transaction_id=tx))
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (False, False)
    await talk.close()


@pytest.mark.cpython("no station takes part; tests/net plays the upgrade on both runtimes")
async def test_IF_26_the_upgrade_always_offers_the_subprotocol_and_takes_no_other():
    url = parse_url("ws://csms.example/ocpp").below("AMP-1")
    for answered in ("", "ocpp1.6"):
        socket = WebSocketClient(url, ("ocpp2.0.1",), "AMP-1", None)
        request = socket.start()
        assert b"\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n" in request
        key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        accept = b64encode(sha1(key + GUID).digest()).decode()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n" % accept
        head += "Sec-WebSocket-Protocol: %s\r\n" % answered if answered else ""
        ((kind, text),) = socket.receive((head + "\r\n").encode())
        assert kind == "error" and "subprotocol" in text and socket.fault == "refused"


async def test_IF_27_the_first_status_after_the_boot_has_the_time_of_the_CSMS():
    talk = Scenario()
    await talk.connect()
    assert talk.heard("StatusNotification")[0]["timestamp"] == format_iso(talk.unix_ms)
    assert [name for name, _ in talk.csms.heard][0] == "BootNotification"
    await talk.close()
