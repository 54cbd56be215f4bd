"""Requirements of F01 to F04 beyond the cases of part 6: which EVSE, which identifier, what is refused, meter values."""

import pytest
from charging_profiles import profile, report
from ocpp.v201 import call
from reusable_states import AUTHORIZED, BAY, CLOSED, CONNECT, session
from scenario import TOKEN

REGISTER = "Energy.Active.Import.Register"
BOTH = REGISTER + ",Voltage"
MEASURED = {"SampledDataCtrlr_TxStartedMeasurands": BOTH, "SampledDataCtrlr_TxUpdatedMeasurands": BOTH, "SampledDataCtrlr_TxEndedMeasurands": BOTH}


async def start(talk, evse=1, remote_id=7, token=TOKEN, **more):
    """RequestStartTransaction: (status, reasonCode, transactionId)."""
    answer = await talk.call(call.RequestStartTransaction(id_token=token, remote_start_id=remote_id, evse_id=evse, **more))
    return answer.status, (answer.status_info or {}).get("reason_code"), answer.transaction_id


def measured(event, context):
    """One meterValue of the time of the event, each measurand in this context."""
    (value,) = event["meter_value"]
    assert value["timestamp"] == event["timestamp"]
    assert {v["context"] for v in value["sampled_value"]} == {context}
    assert {v["measurand"] for v in value["sampled_value"]} == set(BOTH.split(","))


async def test_F01_FR_14_15_18_and_F02_FR_02_03_meter_values_of_a_remote_start():
    for plugged in (True, False):
        talk = await session((AUTHORIZED,), SampledDataCtrlr_TxUpdatedInterval="60", **MEASURED)
        if plugged:
            await talk.connect_car()
        assert (await start(talk))[0] == "Accepted"
        (started,) = talk.said("TransactionEvent")
        measured(started, "Transaction.Begin")
        if not plugged:
            await talk.plug()
        await talk.state("Charging")
        talk.csms.heard.clear()
        await talk.advance(60000)
        (updated,) = talk.said("TransactionEvent")
        assert (updated["event_type"], updated["trigger_reason"]) == ("Updated", "MeterValuePeriodic")
        measured(updated, "Sample.Periodic")
        await talk.close()


async def test_F01_FR_23_and_F02_FR_25_no_start_where_the_EVSE_is_unavailable_or_faulted():
    talk = await session()
    answer = await talk.call(call.ChangeAvailability(operational_status="Inoperative", evse={"id": 1}))
    assert answer.status == "Accepted"
    talk.station.evse_status(2, "Faulted", talk.now_ms)
    await talk.settle()
    talk.csms.heard.clear()
    assert (await start(talk, 1))[0] == (await start(talk, 2))[0] == "Rejected"
    talk.said()
    await talk.close()


async def test_F01_FR_24_and_F02_FR_26_no_start_where_a_driver_is_authorized():
    for stops in ((CONNECT, AUTHORIZED), (CONNECT,)):
        talk = await session(stops=stops)
        await talk.charging()
        before = talk.tx()
        assert await start(talk) == ("Rejected", "TxInProgress", None)
        talk.said()
        assert talk.tx() == before
        await talk.close()


async def test_F01_FR_25_a_transaction_without_authorization_is_named_and_gets_the_remote_start():
    talk = await session((CONNECT,))
    await talk.connect_car()
    await talk.authorize_remotely(remote_id=12)
    await talk.transfer()
    await talk.close()


async def test_F02_FR_05_11_12_13_21_the_first_event_after_the_start_has_its_identifier_and_its_id():
    other = {"id_token": "APP-4711", "type": "KeyCode"}
    for starts in ((AUTHORIZED,), (CLOSED,), (CONNECT,)):
        talk = await session(starts)
        assert await start(talk, remote_id=33, token=other) == ("Accepted", None, None)
        if starts != (AUTHORIZED,):
            talk.said()
            await talk.plug()
        (event,) = talk.heard("TransactionEvent")
        assert (event["event_type"], event["trigger_reason"], event["id_token"]) == ("Started", "RemoteStart", other)
        assert event["transaction_info"]["remote_start_id"] == 33
        if starts == (AUTHORIZED,):
            await talk.plug()
        await talk.state("Charging")
        assert "id_token" not in talk.told()[-1] and "remote_start_id" not in talk.told()[-1]["transaction_info"]
        await talk.close()


async def test_F02_FR_06_the_reservation_that_it_uses_is_in_the_next_event():
    talk = await session((AUTHORIZED,))
    request = call.ReserveNow(id=5, expiry_date_time="2026-11-20T13:00:00Z", id_token=TOKEN, evse_id=1)
    assert (await talk.call(request)).status == "Accepted"
    talk.csms.heard.clear()
    assert (await start(talk))[0] == "Accepted"
    assert [event["reservation_id"] for event in talk.told()] == [5]
    await talk.close()


async def test_F02_FR_07_and_08_without_a_plug_in_the_time_is_up():
    for start_point, stop_point in ((AUTHORIZED, AUTHORIZED), (AUTHORIZED, CONNECT), (BAY, BAY)):
        kind = "Updated" if stop_point == BAY else "Ended"
        talk = await session((start_point,), (stop_point,), TxCtrlr_EVConnectionTimeOut="20")
        await talk.park()
        await talk.authorize_remotely()
        await talk.advance(20000)
        (event,) = talk.said("TransactionEvent")
        talk.checked(event, kind, ("EVConnectTimeout",), "Idle", "Timeout")
        assert not talk.station.evse(1).may_charge()
        await talk.close()


async def test_F02_FR_10_without_AuthorizeRemoteStart_the_CSMS_judges_the_event():
    talk = await session((AUTHORIZED,), (AUTHORIZED,), AuthCtrlr_AuthorizeRemoteStart="false")
    talk.csms.verdict = "Blocked"
    assert (await start(talk))[0] == "Accepted"
    started, ended = talk.said("TransactionEvent", "TransactionEvent")
    assert (started["event_type"], started["id_token"]) == ("Started", TOKEN)
    assert (ended["event_type"], ended["trigger_reason"]) == ("Ended", "Deauthorized")
    await talk.close()


async def test_F01_FR_07_and_F02_FR_14_15_22_without_an_EVSE_the_station_chooses():
    talk = await session((AUTHORIZED,))
    await talk.plug(2)
    talk.csms.heard.clear()
    assert (await start(talk, evse=None))[0] == "Accepted"
    assert [event["evse"]["id"] for event in talk.told()] == [2]
    assert (await start(talk, evse=None, remote_id=8))[0] == "Accepted"
    assert [event["evse"]["id"] for event in talk.told()] == [2, 1]
    assert await start(talk, evse=None, remote_id=9) == ("Rejected", "NotFound", None)
    await talk.close()


async def test_F02_FR_17_19_27_and_K05_FR_02_05_a_wrong_profile_refuses_the_start():
    talk = await session((AUTHORIZED,))
    good = profile(talk, purpose="TxProfile", kind="Relative")
    wrong = {
        "InvalidProfile": (profile(talk), {**good, "transaction_id": "T1"}, profile(talk, purpose="ChargingStationMaxProfile")),
        "InvalidSchedule": (profile(talk, purpose="TxProfile", kind="Relative", periods={1: 6}), profile(talk, purpose="TxProfile", periods={0: -1})),
    }
    for reason in sorted(wrong):
        for document in wrong[reason]:
            assert await start(talk, charging_profile=document) == ("Rejected", reason, None)
    talk.said()
    assert not talk.station.evse(1).may_charge()
    assert (await start(talk, charging_profile=good))[0] == "Accepted"
    await talk.close()


async def test_F02_FR_18_the_profile_is_for_the_transaction_that_the_request_starts():
    talk = await session((AUTHORIZED,))
    assert (await start(talk, charging_profile=profile(talk, purpose="TxProfile", kind="Relative")))[0] == "Accepted"
    await talk.plug()
    await talk.state("Charging")
    assert await report(talk, {"charging_profile_purpose": "TxProfile"}, 1) == [1]
    assert talk.station.limits(talk.now_ms) == [(1, None, 60, 3)]
    await talk.card()
    assert talk.station.limits(talk.now_ms) == [] and await report(talk, {"charging_profile_purpose": "TxProfile"}) == []
    await talk.close()


async def test_F02_FR_20_and_K05_FR_04_without_smart_charging_the_profile_is_ignored():
    talk = await session((AUTHORIZED,), SmartChargingCtrlr_Enabled="false")
    assert (await start(talk, charging_profile=profile(talk, purpose="TxProfile", kind="Relative")))[0] == "Accepted"
    await talk.plug()
    await talk.state("Charging")
    assert talk.station.limits(talk.now_ms) == []
    await talk.close()


async def test_F02_FR_23_and_24_no_start_at_an_EVSE_that_is_reserved_for_another():
    fleet, others = ({"group_id_token": {"id_token": name, "type": "Central"}} for name in ("FLEET", "OTHERS"))
    for more, refused, served in (({}, {}, {}), (fleet, others, fleet)):
        talk = await session((AUTHORIZED,))
        token = {"id_token": "RESERVED", "type": "ISO14443"}
        request = call.ReserveNow(id=5, expiry_date_time="2026-11-20T13:00:00Z", id_token=token, evse_id=1, **more)
        assert (await talk.call(request)).status == "Accepted"
        assert await start(talk, **refused) == ("Rejected", "InvalidIdToken", None)
        assert talk.told() == []
        assert (await start(talk, token=TOKEN if served else token, **served))[0] == "Accepted"
        await talk.close()


async def test_F03_FR_04_and_F04_FR_04_a_remote_stop_ends_with_the_configured_values():
    for stops in ((AUTHORIZED,), (CONNECT,)):
        talk = await session(stops=stops, **MEASURED)
        await talk.charging(remotely=True)
        await talk.stop(remotely=True) if stops == (CONNECT,) else None
        if stops == (CONNECT,):
            await talk.end_of_energy()
            await talk.leave()
        else:
            assert (await talk.call(call.RequestStopTransaction(transaction_id=talk.running))).status == "Accepted"
        ended = talk.told()[-1]
        assert (ended["event_type"], ended["transaction_info"]["stopped_reason"]) == ("Ended", "Remote")
        measured(ended, "Transaction.End")
        await talk.close()


async def stop_remotely(talk):
    """F03, and F04 if the plug ends the transaction."""
    assert (await talk.call(call.RequestStopTransaction(transaction_id=talk.tx()))).status == "Accepted"
    await talk.leave()


async def stop_locally(talk):
    """E07."""
    await talk.card()


async def stop_offline(talk):
    """E08: nothing waits for the CSMS."""
    await talk.drop()
    await talk.card()
    await talk.reconnect()


async def unplug(talk):
    """E09."""
    await talk.leave()


async def unplug_and_stay_away(talk):
    """E10."""
    assert await talk.set("TxCtrlr.StopTxOnEVSideDisconnect", "false") == "Accepted"
    await talk.leave()
    await talk.advance(120000)


async def stop_what_began_offline(talk):
    """E12: the CSMS learns of the transaction when it is over."""
    await talk.card()
    await talk.reconnect()


ENDS = (
    ("F03_FR_05_06", AUTHORIZED, stop_remotely), ("F04_FR_05_06", CONNECT, stop_remotely), ("E07_FR_09_10_and_E06_FR_12", AUTHORIZED, stop_locally),
    ("E08_FR_10_11", AUTHORIZED, stop_offline), ("E09_FR_06_07", CONNECT, unplug), ("E10_FR_05_06", AUTHORIZED, unplug_and_stay_away),
    ("E12_FR_08_09", AUTHORIZED, stop_what_began_offline),
)


@pytest.mark.parametrize(("ids", "stop", "end"), ENDS, ids=[row[0] for row in ENDS])
async def test_J02_FR_20_of_too_many_values_for_the_end_intermediate_ones_are_dropped(ids, stop, end):
    variables = {"TxEndedInterval": "10", "TxUpdatedInterval": "0", "TxEndedMeasurands": REGISTER}
    talk = await session(stops=(stop,), **{"SampledDataCtrlr_" + name: value for name, value in variables.items()})
    if end is stop_what_began_offline:
        assert await talk.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true") == "Accepted"
        await talk.drop()
    await talk.energy_transfer_started()
    for number in range(40):
        talk.station.meter_values(1, {"energy_wh": 5000 + number}, talk.now_ms)
        await talk.advance(10000)
    await end(talk)
    ended = talk.told()[-1]
    assert ended["event_type"] == "Ended" and ended["meter_value"][-1]["sampled_value"][0]["context"] == "Transaction.End"
    values = [v["sampled_value"][0]["value"] for v in ended["meter_value"]]
    assert values[0] == 5000 and values[-1] == 5039 and values == sorted(values) and 9 <= len(values) <= 18
    assert max(b - a for a, b in zip(values, values[1:], strict=False)) <= 4, "a hole"  # what is left is spread over the transaction
    await talk.close()
