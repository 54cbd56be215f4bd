"""Failures of real stations, as public issue threads tell them: each must not happen here. Ids: interop list, IF-nn."""

import json

from ocpp.v201 import call
from scenario import TOKEN, Scenario, booted, short


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
    talk.station.receive(json.dumps([3, probe[1], {"currentTime": "2026-11-22T06:00:00Z"}]), talk.now_ms)
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
    found = 0
    for who, text in talk.frames:
        for part in text.split('"timestamp":"')[1:] if who == "station" else ():
            found += 1
            assert part[10] == "T" and part[:25].split('"')[0].endswith("Z")
    assert found > 8


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
    for i in range(40):
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
    first = json.loads(talk.station.next(talk.now_ms)[0])
    assert first[0] == 2
    talk.station.receive('[2,"q","GetLocalListVersion",{}]', talk.now_ms)
    assert json.loads(talk.station.next(talk.now_ms)[0])[:2] == [3, "q"]


async def test_IF_19_a_station_whose_boot_is_never_answered_still_answers():
    talk = Scenario()
    talk.station.connected(talk.now_ms)
    talk.station.next(talk.now_ms)
    talk.station.receive('[2,"q","GetLocalListVersion",{}]', talk.now_ms)
    assert json.loads(talk.station.next(talk.now_ms)[0])[:2] == [3, "q"]


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
