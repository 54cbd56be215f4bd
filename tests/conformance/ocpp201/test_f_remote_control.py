"""Part 6, F: remote control: starts, stops, triggers, the cable lock. More of block F: test_f_remote_starts.py."""

import asyncio

from ocpp.v201 import call
from reusable_states import AUTHORIZED, BAY, CLOSED, CONNECT, ENERGY, PLACE, session
from scenario import booted

AUTHORIZATION = {"AuthCtrlr_Enabled": "true", "AuthCtrlr_DisableRemoteAuthorization": "false"}


async def test_TC_F_01_CS_remote_start_of_a_plugged_car():
    for starts in ((CLOSED,), (CONNECT,), (AUTHORIZED,), (BAY,), (ENERGY,)):
        talk = await session(starts, **AUTHORIZATION)
        await talk.park()
        await talk.connect_car()
        await talk.authorize_remotely()
        await talk.transfer()
        await talk.close()


async def remote_start_first(asks):
    """Authorized (remote), EnergyTransferStarted."""
    for starts in ((CLOSED,), (AUTHORIZED,), (BAY,), (ENERGY,)):
        talk = await session(starts, AuthCtrlr_AuthorizeRemoteStart="true" if asks else "false", **AUTHORIZATION)
        await talk.park()
        await talk.authorize_remotely(asks=asks)
        await talk.transfer()
        await talk.close()


async def test_TC_F_02_CS_remote_start_first_with_an_authorization():
    await remote_start_first(True)


async def test_TC_F_03_CS_remote_start_first_without_an_authorization():
    await remote_start_first(False)


async def test_TC_F_04_CS_remote_start_without_a_plug_in():
    talk = await session((AUTHORIZED,), TxCtrlr_EVConnectionTimeOut="30", **AUTHORIZATION)
    await talk.authorize_remotely(remote_id=7)
    await talk.advance(29999)
    talk.said()
    await talk.advance(1)
    (event,) = talk.said("TransactionEvent")
    talk.checked(event, "Ended", ("EVConnectTimeout",), "Idle", "Timeout")
    talk.holder, talk.reported = None, False
    await talk.authorize_remotely(remote_id=8)
    await talk.close()


async def unlock(talk, connector=1):
    return (await talk.call(call.UnlockConnector(evse_id=1, connector_id=connector))).status


async def test_TC_F_05_CS_no_unlock_during_a_transaction():
    talk = await session()
    await talk.charging()
    assert await unlock(talk) == "OngoingAuthorizedTransaction"
    assert [action for action in talk.station.actions if action[0] == "unlock"] == []
    talk.said()
    assert talk.tx() == talk.running
    await talk.close()


async def unlocks(talk, lock):
    """UnlockConnector with the lock's own answer: the status."""
    task = asyncio.ensure_future(talk.csms.call(call.UnlockConnector(evse_id=1, connector_id=1), suppress=False))
    for _ in range(5):
        await talk.settle()
    (action,) = [action for action in talk.station.actions if action[0] == "unlock"]
    assert action[1] == 1 and not task.done()
    talk.station.unlocked(action[2], lock, talk.now_ms)
    while not task.done():
        await talk.settle()
    await talk.close()
    return task.result().status


async def test_TC_F_06_CS_unlock_without_a_transaction():
    talk = await booted()
    await talk.plug()
    assert await unlocks(talk, "Unlocked") == "Unlocked"


async def test_TC_F_07_CS_unlock_without_a_cable():
    assert await unlocks(await booted(), "Unlocked") == "Unlocked"


async def test_F05_FR_05_a_lock_that_does_not_open():
    talk = await booted()
    await talk.plug()
    assert await unlocks(talk, "UnlockFailed") == "UnlockFailed"


async def test_TC_F_10_CS_unlock_of_an_unknown_connector():
    talk = await booted()
    assert await unlock(talk, 999) == "UnknownConnector"
    assert (await talk.call(call.UnlockConnector(evse_id=9, connector_id=1))).status == "UnknownConnector"
    assert [action for action in talk.station.actions if action[0] == "unlock"] == []
    await talk.close()


async def test_TC_F_08_CS_remote_stop():
    for stops in ((CONNECT, AUTHORIZED), (CLOSED,), (ENERGY,), (CONNECT,), (BAY,)):
        talk = await session(stops=stops)
        await talk.charging()
        await talk.stop(remotely=True)
        assert not talk.station.evse(1).may_charge()
        await talk.close()


async def test_TC_F_09_CS_remote_stop_of_another_transaction():
    talk = await session()
    await talk.charging()
    other = "f3d6b7b0-0000-4000-8000-000000000000"
    assert (await talk.call(call.RequestStopTransaction(transaction_id=other))).status == "Rejected"
    talk.said()
    assert talk.tx() == talk.running and talk.station.evse(1).may_charge()
    await talk.close()


async def trigger(talk, message, **more):
    return (await talk.call(call.TriggerMessage(requested_message=message, **more))).status


def contexts(values):
    return {sampled["context"] for value in values for sampled in value["sampled_value"]}


async def test_TC_F_11_and_12_CS_trigger_MeterValues():
    talk = await session()
    assert await trigger(talk, "MeterValues", evse={"id": 1}) == "Accepted"
    (values,) = talk.said("MeterValues")
    assert values["evse_id"] == 1 and contexts(values["meter_value"]) == {"Trigger"}
    assert await trigger(talk, "MeterValues") == "Accepted"
    both = talk.said("MeterValues", "MeterValues")
    assert [values["evse_id"] for values in both] == [1, 2]
    assert all(contexts(values["meter_value"]) == {"Trigger"} for values in both)
    await talk.close()


async def test_TC_F_13_and_14_CS_trigger_TransactionEvent():
    talk = await session()
    await talk.charging()
    assert await trigger(talk, "TransactionEvent", evse={"id": 1}) == "Accepted"
    (event,) = talk.said("TransactionEvent")
    talk.checked(event, "Updated", ("Trigger",), "Charging")
    assert contexts(event["meter_value"]) == {"Trigger"}
    await talk.energy_transfer_started(2)
    assert await trigger(talk, "TransactionEvent") == "Accepted"
    first, second = talk.said("TransactionEvent", "TransactionEvent")
    talk.checked(first, "Updated", ("Trigger",), "Charging")
    talk.running, talk.number = talk.tx(2), 2
    talk.checked(second, "Updated", ("Trigger",), "Charging", place=PLACE | {"id": 2})
    assert contexts(first["meter_value"]) == contexts(second["meter_value"]) == {"Trigger"}
    await talk.close()


async def test_TC_F_15_17_18_20_CS_trigger_the_small_ones():
    talk = await session()
    for message, content in (("LogStatusNotification", {"status": "Idle"}), ("FirmwareStatusNotification", {"status": "Idle"}), ("Heartbeat", {})):
        for more in ({}, {"evse": {"id": 1}}):
            assert await trigger(talk, message, **more) == "Accepted"
            assert talk.said(message) == [content]
    await talk.close()


async def test_TC_F_23_and_24_CS_trigger_StatusNotification():
    talk = await session()
    assert await trigger(talk, "StatusNotification", evse={"id": 1, "connector_id": 1}) == "Accepted"
    (status,) = talk.said("StatusNotification")
    talk.shows(status, "Available")
    await talk.connect_car()
    assert await trigger(talk, "StatusNotification", evse={"id": 1, "connector_id": 1}) == "Accepted"
    (status,) = talk.said("StatusNotification")
    talk.shows(status, "Occupied")
    await talk.close()


async def test_TC_F_26_and_27_CS_triggers_that_are_refused():
    talk = await session()
    assert await trigger(talk, "BootNotification") == "Rejected"
    assert await trigger(talk, "SignCombinedCertificate") == "NotImplemented"
    talk.said()
    await talk.close()


async def test_F06_FR_09_what_is_triggered_is_of_now():
    talk = await session()
    await talk.charging()
    for energy_wh in (6000, 7000):
        await talk.advance(10000)
        talk.station.meter_values(1, {"energy_wh": energy_wh}, talk.now_ms)
        assert await trigger(talk, "TransactionEvent", evse={"id": 1}) == "Accepted"
        (event,) = talk.said("TransactionEvent")
        talk.checked(event, "Updated", ("Trigger",), "Charging")
        assert event["meter_value"][0]["timestamp"] == event["timestamp"]
        assert [v["value"] for v in event["meter_value"][0]["sampled_value"]] == [energy_wh]
    await talk.close()


async def test_F06_FR_12_a_status_without_a_connector_is_that_of_every_connector():
    talk = await session()
    assert await trigger(talk, "StatusNotification") == "Accepted"
    assert [s["evse_id"] for s in talk.said("StatusNotification", "StatusNotification")] == [1, 2]
    assert await trigger(talk, "StatusNotification", evse={"id": 2}) == "Accepted"
    (status,) = talk.said("StatusNotification")
    assert (status["evse_id"], status["connector_id"]) == (2, 1)
    await talk.close()
