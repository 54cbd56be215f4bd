"""Part 6, F: remote control."""

import asyncio

from ocpp.v201 import call
from scenario import TOKEN, booted, short


async def test_TC_F_01_CS_remote_start_of_a_plugged_car():
    talk = await booted()
    await talk.plug()
    await talk.call(call.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1))
    await talk.state("Charging")
    assert [short(e)[:2] for e in talk.told()] == [("Started", "RemoteStart"), ("Updated", "ChargingStateChanged")]
    await talk.close()


async def test_TC_F_04_CS_remote_start_without_a_plug_in():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    await talk.set("TxCtrlr.EVConnectionTimeOut", "30")
    request = call.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1)
    await talk.call(request)
    await talk.advance(30000)
    assert short(talk.told()[-1])[:2] == ("Ended", "EVConnectTimeout")
    assert (await talk.call(request)).status == "Accepted"
    await talk.close()


async def test_TC_F_05_CS_no_unlock_during_a_transaction():
    talk = await booted()
    await talk.energy_transfer_started()
    assert (await talk.call(call.UnlockConnector(evse_id=1, connector_id=1))).status == "OngoingAuthorizedTransaction"
    assert talk.station.actions[-1][0] != "unlock"
    await talk.close()


async def test_TC_F_08_and_09_CS_remote_stop():
    talk = await booted()
    await talk.energy_transfer_started()
    assert (await talk.call(call.RequestStopTransaction(transaction_id="other"))).status == "Rejected"
    assert (await talk.call(call.RequestStopTransaction(transaction_id=talk.tx()))).status == "Accepted"
    assert short(talk.told()[0])[3] == "Remote"
    await talk.close()


async def test_TC_F_10_CS_unlock_of_an_unknown_connector():
    talk = await booted()
    assert (await talk.call(call.UnlockConnector(evse_id=1, connector_id=9))).status == "UnknownConnector"
    await talk.close()


async def trigger(talk, message, **more):
    return (await talk.call(call.TriggerMessage(requested_message=message, **more))).status


async def test_TC_F_11_and_12_CS_trigger_MeterValues():
    talk = await booted()
    assert await trigger(talk, "MeterValues", evse={"id": 1}) == "Accepted"
    assert [p["evse_id"] for p in talk.heard("MeterValues")] == [1]
    assert talk.heard("MeterValues")[0]["meter_value"][0]["sampled_value"][0]["context"] == "Trigger"
    assert await trigger(talk, "MeterValues") == "Accepted"
    assert [p["evse_id"] for p in talk.heard("MeterValues")] == [1, 1, 2]
    await talk.close()


async def test_TC_F_13_and_14_CS_trigger_TransactionEvent():
    talk = await booted()
    await talk.energy_transfer_started(1)
    await talk.energy_transfer_started(2)
    assert await trigger(talk, "TransactionEvent", evse={"id": 1}) == "Accepted"
    event = talk.told()[0]
    assert short(event)[:3] == ("Updated", "Trigger", "Charging")
    assert event["meter_value"][0]["sampled_value"][0]["context"] == "Trigger"
    assert await trigger(talk, "TransactionEvent") == "Accepted"
    assert [e["evse"]["id"] for e in talk.told()] == [1, 1, 2]
    await talk.close()


async def test_TC_F_15_17_18_20_CS_trigger_the_small_ones():
    talk = await booted()
    for message in ("LogStatusNotification", "FirmwareStatusNotification", "Heartbeat"):
        assert await trigger(talk, message, evse={"id": 1}) == "Accepted"
        assert len(talk.heard(message)) == 1
    assert talk.heard("LogStatusNotification")[0]["status"] == "Idle"
    await talk.close()


async def test_TC_F_23_and_24_CS_trigger_StatusNotification():
    talk = await booted()
    assert await trigger(talk, "StatusNotification", evse={"id": 1, "connector_id": 1}) == "Accepted"
    assert talk.statuses() == [(1, "Available")]
    await talk.plug()
    assert await trigger(talk, "StatusNotification", evse={"id": 1, "connector_id": 1}) == "Accepted"
    assert talk.statuses()[-1] == (1, "Occupied")
    await talk.close()


async def test_TC_F_26_and_27_CS_triggers_that_are_refused():
    talk = await booted()
    assert await trigger(talk, "BootNotification") == "Rejected"
    assert await trigger(talk, "SignCombinedCertificate") == "NotImplemented"
    await talk.close()




async def remote_start_first(asks):
    """RequestStartTransaction, then the plug, then energy; the Authorize requests in between."""
    talk = await booted()
    assert await talk.set("AuthCtrlr.AuthorizeRemoteStart", asks) == "Accepted"
    answer = await talk.call(call.RequestStartTransaction(id_token=TOKEN, remote_start_id=7, evse_id=1))
    assert answer.status == "Accepted"
    asked = talk.heard("Authorize")
    await talk.plug()
    first = talk.told()[0]
    assert short(first)[:2] == ("Started", "RemoteStart") and first["id_token"] == TOKEN
    assert first["transaction_info"]["remote_start_id"] == 7 and first["evse"] == {"id": 1, "connector_id": 1}
    assert talk.statuses()[-1] == (1, "Occupied")
    await talk.state("Charging")
    assert short(talk.told()[-1])[:3] == ("Updated", "ChargingStateChanged", "Charging")
    await talk.close()
    return asked


async def test_TC_F_02_CS_remote_start_first_with_an_authorization():
    assert [request["id_token"] for request in await remote_start_first("true")] == [TOKEN]


async def test_TC_F_03_CS_remote_start_first_without_an_authorization():
    assert await remote_start_first("false") == []


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
