"""Part 6, E: what ends a transaction, for each TxStopPoint."""

from ocpp.v201 import call
from reusable_states import AUTHORIZED, BAY, CLOSED, CONNECT, ENERGY, session

AUTHORIZATION = {"AuthCtrlr_Enabled": "true", "AuthCtrlr_DisableRemoteAuthorization": "false"}


async def charging_with(*stops, **variables):
    """EnergyTransferStarted with these TxStopPoints."""
    talk = await session(stops=stops, **variables)
    return await talk.charging()


async def suspended_with(*stops, **variables):
    """EnergyTransferSuspended."""
    return await (await charging_with(*stops, **variables)).suspend()


async def timed_out(talk):
    """Nobody plugs in within 20 s: the transaction ends."""
    await talk.advance(19999)
    talk.said()
    await talk.advance(1)
    (event,) = talk.said("TransactionEvent")
    talk.checked(event, "Ended", ("EVConnectTimeout",), "Idle", "Timeout")
    talk.holder, talk.reported = None, False


async def test_TC_E_05_CS_no_plug_in_within_the_time():
    talk = await session(
        (AUTHORIZED,), (CONNECT, AUTHORIZED), TxCtrlr_EVConnectionTimeOut="20", AuthCacheCtrlr_Enabled="false", AuthCtrlr_LocalPreAuthorize="false",
        **AUTHORIZATION,
    )
    await talk.authorize()
    await timed_out(talk)
    await talk.authorize()
    await talk.transfer()
    await talk.close()


async def test_TC_E_05_CS_no_plug_in_and_the_car_stays_in_its_bay():
    talk = await session((BAY,), (BAY,), TxCtrlr_EVConnectionTimeOut="20", AuthCacheCtrlr_Enabled="false", **AUTHORIZATION)
    await talk.park()
    await talk.authorize()
    await talk.advance(20000)
    (event,) = talk.said("TransactionEvent")
    talk.checked(event, "Updated", ("EVConnectTimeout",), "Idle", "Timeout")
    talk.holder, talk.reported = None, False
    await talk.authorize()
    await talk.transfer()
    await talk.close()


async def test_TC_E_06_CS_the_whole_way_after_a_local_stop():
    for stops in ((CONNECT, AUTHORIZED), (AUTHORIZED,), (CLOSED,), (ENERGY,), (CONNECT,), (BAY,)):
        talk = await charging_with(*stops, **AUTHORIZATION)
        await talk.stop()
        await talk.end_of_energy()
        await talk.disconnect_car()
        await talk.leave_bay()
        assert talk.running is None
        await talk.close()


async def test_TC_E_07_CS_PowerPathClosed_local_stop():
    talk = await charging_with(CLOSED)
    await talk.stop()
    assert talk.running is None
    await talk.close()


async def test_TC_E_08_CS_EnergyTransfer_local_stop():
    talk = await charging_with(ENERGY)
    await talk.stop()
    assert talk.running is None
    await talk.close()


async def test_TC_E_14_CS_EVConnected_after_a_stop():
    for remotely in (False, True):
        talk = await charging_with(CONNECT)
        await talk.stop(remotely)
        await talk.end_of_energy()
        await talk.disconnect_car()
        assert talk.running is None
        await talk.close()


async def test_TC_E_15_CS_Authorized_local_stop():
    talk = await charging_with(AUTHORIZED)
    await talk.advance(60000)
    talk.said()
    await talk.stop()
    assert talk.running is None
    await talk.close()


async def refused_after_an_offline_start(*stops):
    """StartOfflineTransaction, and then the CSMS does not accept the identifier."""
    talk = await session(stops=stops, TxCtrlr_StopTxOnInvalidId="true", AuthCtrlr_OfflineTxForUnknownIdEnabled="true", **AUTHORIZATION)
    await talk.drop()
    await talk.card()
    await talk.plug()
    await talk.state("Charging")
    talk.plugged, talk.csms.verdict = True, "Invalid"
    await talk.reconnect()
    status, first, second, last = talk.said("StatusNotification", *["TransactionEvent"] * 3)
    talk.shows(status, "Occupied")
    talk.checked(first, "Started", ("CablePluggedIn",), "EVConnected", token={"id_token": "ABC", "type": "ISO14443"}, offline=True)
    talk.checked(second, "Updated", ("ChargingStateChanged",), "Charging", offline=True)
    return talk, last


async def test_TC_E_16_CS_refused_after_an_offline_start():
    for stop in (AUTHORIZED, CLOSED):
        talk, last = await refused_after_an_offline_start(stop)
        talk.checked(last, "Ended", ("Deauthorized",), "EVConnected", "DeAuthorized")
        await talk.close()


async def leaves(talk, reason):
    """The car leaves: EVCommunicationLost ends the transaction, and the connector is free."""
    talk.checked(await talk.pull_plug(), "Ended", ("EVCommunicationLost",), "Idle", reason)
    await talk.close()


async def test_TC_E_17_CS_the_car_leaves_with_Authorized():
    for tethered in (False, True):
        talk = await suspended_with(AUTHORIZED, tethered=tethered, TxCtrlr_StopTxOnEVSideDisconnect="true", **AUTHORIZATION)
        await leaves(talk, "EVDisconnected")


async def test_TC_E_19_CS_the_parking_bay_is_left():
    for remotely in (False, True):
        talk = await charging_with(BAY)
        await talk.stop(remotely)
        await talk.end_of_energy()
        await talk.disconnect_car()
        assert talk.running
        await talk.leave_bay()
        assert talk.running is None
        await talk.close()


async def test_TC_E_20_CS_the_car_leaves_with_EVConnected():
    await leaves(await suspended_with(CONNECT, TxCtrlr_StopTxOnEVSideDisconnect="false"), "EVDisconnected")


async def remote_stop(*stops):
    talk = await charging_with(*stops)
    await talk.stop(remotely=True)
    assert talk.running is None
    await talk.close()


async def test_TC_E_21_CS_Authorized_remote_stop():
    await remote_stop(AUTHORIZED)


async def test_TC_E_35_CS_PowerPathClosed_remote_stop():
    await remote_stop(CLOSED)


async def test_TC_E_22_CS_the_energy_stops():
    talk = await charging_with(ENERGY)
    await talk.suspend()
    assert talk.running is None
    await talk.close()


async def test_TC_E_24_CS_the_car_leaves_and_the_cable_is_unlocked():
    await leaves(await suspended_with(CONNECT, AUTHORIZED, TxCtrlr_StopTxOnEVSideDisconnect="true"), "EVDisconnected")


async def test_TC_E_25_CS_the_car_leaves_a_fixed_cable():
    talk = await suspended_with(CONNECT, AUTHORIZED, tethered=True, TxCtrlr_StopTxOnEVSideDisconnect="true")
    await leaves(talk, "EVDisconnected")


async def test_TC_E_37_CS_the_car_leaves_with_PowerPathClosed():
    await leaves(await suspended_with(CLOSED, TxCtrlr_StopTxOnEVSideDisconnect="false"), "EVDisconnected")


async def test_TC_E_54_CS_a_car_that_talks_leaves_with_EVConnected():
    await leaves(await suspended_with(CONNECT, TxCtrlr_StopTxOnEVSideDisconnect="false"), "EVDisconnected")


async def without_car(*stops):
    """The car leaves, and the transaction goes on without it."""
    talk = await suspended_with(*stops, tethered=True, TxCtrlr_StopTxOnEVSideDisconnect="false", TxCtrlr_EVConnectionTimeOut="30")
    talk.checked(await talk.pull_plug(), "Updated", ("EVCommunicationLost",), "Idle")
    return talk


async def test_TC_E_26_CS_the_car_returns():
    for stops in ((AUTHORIZED,), (BAY,), (AUTHORIZED, BAY)):
        talk = await without_car(*stops)
        await talk.advance(29000)
        talk.said()
        await talk.connect_car()
        await talk.transfer()
        await talk.close()


async def test_TC_E_27_CS_the_car_does_not_return():
    for stops in ((AUTHORIZED,), (BAY,), (AUTHORIZED, BAY)):
        talk = await without_car(*stops)
        await talk.advance(29999)
        talk.said()
        await talk.advance(1)
        (event,) = talk.said("TransactionEvent")
        ends = AUTHORIZED in stops
        talk.checked(event, "Ended" if ends else "Updated", ("EVConnectTimeout",), "Idle", "Timeout")
        assert not talk.station.evse(1).may_charge()
        await talk.close()


async def test_TC_E_39_CS_a_plug_in_after_the_time():
    talk = await session((AUTHORIZED,), (AUTHORIZED,), TxCtrlr_EVConnectionTimeOut="20", **AUTHORIZATION)
    await talk.authorize()
    await timed_out(talk)
    await talk.connect_car()
    await talk.advance(5000)
    talk.said()
    assert not talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_E_39_CS_a_plug_in_after_the_time_in_an_occupied_bay():
    talk = await session((BAY,), (AUTHORIZED, BAY), TxCtrlr_EVConnectionTimeOut="20", **AUTHORIZATION)
    await talk.park()
    await talk.authorize()
    await timed_out(talk)
    await talk.connect_car()
    await talk.advance(5000)
    talk.said()
    assert not talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_E_39_CS_the_reason_is_in_the_event_also_where_the_bay_keeps_the_transaction_open():
    talk = await session((BAY,), (BAY,), TxCtrlr_EVConnectionTimeOut="20", **AUTHORIZATION)
    await talk.park()
    await talk.authorize()
    await talk.advance(20000)
    (event,) = talk.said("TransactionEvent")
    talk.checked(event, "Updated", ("EVConnectTimeout",), "Idle", "Timeout")
    assert not talk.station.evse(1).may_charge()
    await talk.close()


async def test_E05_FR_09_refused_with_a_stop_point_that_does_not_end_the_transaction():
    talk, last = await refused_after_an_offline_start(CONNECT)
    talk.checked(last, "Updated", ("Deauthorized",), ("EVConnected", "SuspendedEVSE", "Charging"))
    assert not talk.station.evse(1).may_charge()
    await talk.state("EVConnected")
    (event,) = talk.said("TransactionEvent")
    talk.checked(event, "Updated", ("ChargingStateChanged",), "EVConnected")
    await talk.close()


async def test_F04_FR_02_and_03_a_remote_stop_of_a_transaction_that_ends_with_the_plug():
    talk = await charging_with(CONNECT)
    answer = await talk.call(call.RequestStopTransaction(transaction_id=talk.running))
    assert answer.status == "Accepted" and not talk.station.evse(1).may_charge()
    (event,) = talk.said("TransactionEvent")
    talk.checked(event, "Updated", ("RemoteStop",), "Charging")
    await talk.end_of_energy()
    talk.remotely_stopped = True
    assert (await talk.disconnect_car())["transaction_info"]["stopped_reason"] == "Remote"
    await talk.close()
