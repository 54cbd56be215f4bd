"""Part 6, E: what ends a transaction, for each TxStopPoint."""

from ocpp.v201 import call
from scenario import booted, short

ENDED_BY_TOKEN = ("Ended", "StopAuthorized", "EVConnected", "Local")


async def charging_with(stop_point, tethered=False, **variables):
    """EnergyTransferStarted with this TxStopPoint; variables: of TxCtrlr. A plug is unlocked when the car leaves; fixed cables have no lock."""
    talk = await booted(tethered=tethered)
    assert await talk.set("TxCtrlr.TxStopPoint", stop_point) == "Accepted"
    for name in sorted(variables):
        assert await talk.set("TxCtrlr." + name, variables[name]) == "Accepted"
    assert (await talk.get("OCPPCommCtrlr.UnlockOnEVSideDisconnect"))["attribute_value"] == ("false" if tethered else "true")
    assert await talk.set("OCPPCommCtrlr.UnlockOnEVSideDisconnect", "true") == "Rejected"
    if "ParkingBayOccupancy" in stop_point:
        await talk.event(1, "bay", occupied=True)
    await talk.energy_transfer_started()
    return talk


async def suspended_with(stop_point, tethered=False, **variables):
    """EnergyTransferSuspended."""
    talk = await charging_with(stop_point, tethered, **variables)
    await talk.state("SuspendedEV")
    event = talk.told()[0]
    assert event["trigger_reason"] == "ChargingStateChanged" and event["transaction_info"]["charging_state"] in ("SuspendedEV", "EVConnected")
    talk.csms.heard.clear()
    return talk


async def test_TC_E_05_CS_no_plug_in_within_the_time():
    talk = await booted()
    for name, value in (
        ("TxCtrlr.TxStartPoint", "Authorized"), ("TxCtrlr.TxStopPoint", "EVConnected,Authorized"), ("TxCtrlr.EVConnectionTimeOut", "20"),
        ("AuthCacheCtrlr.Enabled", "false"), ("AuthCtrlr.LocalPreAuthorize", "false"), ("AuthCtrlr.DisableRemoteAuthorization", "false"),
    ):
        assert await talk.set(name, value) == "Accepted"
    await talk.card()
    await talk.advance(19000)
    assert [e["event_type"] for e in talk.told()] == ["Started"]
    await talk.advance(1000)
    assert short(talk.told()[-1]) == ("Ended", "EVConnectTimeout", "Idle", "Timeout")
    talk.csms.heard.clear()
    await talk.card()
    await talk.plug()
    await talk.state("Charging")
    assert [short(e)[:3] for e in talk.told()] == [
        ("Started", "Authorized", "Idle"), ("Updated", "CablePluggedIn", "EVConnected"), ("Updated", "ChargingStateChanged", "Charging"),
    ]
    await talk.close()


async def test_TC_E_06_CS_the_whole_way_after_a_local_stop():
    talk = await charging_with("EVConnected,Authorized")
    await talk.card()
    event = talk.told()[0]
    assert short(event) == ENDED_BY_TOKEN and event["id_token"] == {"id_token": "ABC", "type": "ISO14443"}
    await talk.state("EVConnected")
    assert len(talk.told()) == 1
    await talk.leave()
    status = talk.heard("StatusNotification")[-1]
    assert (status["evse_id"], status["connector_id"], status["connector_status"]) == (1, 1, "Available")
    assert len(talk.told()) == 1
    await talk.close()


async def test_TC_E_07_CS_PowerPathClosed_local_stop():
    talk = await charging_with("PowerPathClosed")
    await talk.card()
    assert [short(e) for e in talk.told()] == [ENDED_BY_TOKEN]
    await talk.close()


async def test_TC_E_08_CS_EnergyTransfer_local_stop():
    talk = await charging_with("EnergyTransfer")
    await talk.card()
    assert [short(e) for e in talk.told()] == [ENDED_BY_TOKEN]
    await talk.close()


async def test_TC_E_14_CS_EVConnected_after_a_local_stop():
    talk = await charging_with("EVConnected")
    await talk.card()
    assert short(talk.told()[0])[:2] == ("Updated", "StopAuthorized")
    await talk.state("EVConnected")
    assert short(talk.told()[1])[:3] == ("Updated", "ChargingStateChanged", "EVConnected")
    await talk.leave()
    assert talk.statuses()[-1] == (1, "Available")
    assert short(talk.told()[2]) == ("Ended", "EVCommunicationLost", "Idle", "Local") and len(talk.told()) == 3
    await talk.close()


async def test_EVConnected_after_a_remote_stop_names_the_remote():
    talk = await charging_with("EVConnected")
    assert (await talk.call(call.RequestStopTransaction(transaction_id=talk.tx()))).status == "Accepted"
    assert short(talk.told()[0])[:2] == ("Updated", "RemoteStop")
    await talk.state("EVConnected")
    await talk.leave()
    assert short(talk.told()[-1]) == ("Ended", "EVCommunicationLost", "Idle", "Remote")
    await talk.close()


async def test_TC_E_15_CS_Authorized_local_stop():
    talk = await charging_with("Authorized")
    await talk.card()
    assert [short(e) for e in talk.told()] == [ENDED_BY_TOKEN]
    await talk.close()


async def test_TC_E_16_CS_refused_after_an_offline_start():
    talk = await charging_with("Authorized", StopTxOnInvalidId="true")
    await talk.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    await talk.leave()
    await talk.drop()
    await talk.card()
    await talk.plug()
    await talk.state("Charging")
    talk.csms.verdict = "Invalid"
    await talk.reconnect()
    queued, last = talk.told()[:-1], talk.told()[-1]
    assert len(queued) >= 2 and all(e["offline"] is True for e in queued) and queued[0]["event_type"] == "Started"
    assert (last["event_type"], last["trigger_reason"], last["transaction_info"]["stopped_reason"]) == ("Ended", "Deauthorized", "DeAuthorized")
    await talk.close()


async def leaves(talk, reason):
    """EVCommunicationLost ends the transaction, and the connector is free."""
    await talk.leave()
    assert [short(e) for e in talk.told()] == [("Ended", "EVCommunicationLost", "Idle", reason)]
    assert talk.statuses() == [(1, "Available")]
    await talk.close()


async def test_TC_E_17_CS_the_car_leaves_with_Authorized():
    await leaves(await suspended_with("Authorized", StopTxOnEVSideDisconnect="true"), "EVDisconnected")


async def test_TC_E_19_CS_the_parking_bay_is_left():
    for remote in (False, True):
        talk = await charging_with("ParkingBayOccupancy")
        if remote:
            await talk.call(call.RequestStopTransaction(transaction_id=talk.tx()))
        else:
            await talk.card()
        await talk.state("EVConnected")
        await talk.leave()
        assert short(talk.told()[-1])[:3] == ("Updated", "EVCommunicationLost", "Idle")
        await talk.event(1, "bay", occupied=False)
        last = short(talk.told()[-1])
        assert (last[0], last[1], last[3]) == ("Ended", "EVDeparted", "Remote" if remote else "Local")
        await talk.close()


async def test_TC_E_20_CS_the_car_leaves_with_EVConnected():
    await leaves(await suspended_with("EVConnected", StopTxOnEVSideDisconnect="false"), "EVDisconnected")


async def remote_stop(stop_point):
    talk = await charging_with(stop_point)
    assert (await talk.call(call.RequestStopTransaction(transaction_id=talk.tx()))).status == "Accepted"
    assert [short(e) for e in talk.told()] == [("Ended", "RemoteStop", "EVConnected", "Remote")]
    await talk.close()


async def test_TC_E_21_CS_Authorized_remote_stop():
    await remote_stop("Authorized")


async def test_TC_E_35_CS_PowerPathClosed_remote_stop():
    await remote_stop("PowerPathClosed")


async def test_TC_E_22_CS_the_energy_stops():
    talk = await charging_with("EnergyTransfer")
    await talk.state("SuspendedEV")
    assert [short(e) for e in talk.told()] == [("Ended", "ChargingStateChanged", "EVConnected", "StoppedByEV")]
    await talk.close()


async def test_TC_E_24_CS_the_car_leaves_and_the_cable_is_unlocked():
    await leaves(await suspended_with("EVConnected,Authorized", StopTxOnEVSideDisconnect="true"), "EVDisconnected")


async def test_TC_E_25_CS_the_car_leaves_a_fixed_cable():
    talk = await suspended_with("EVConnected,Authorized", tethered=True, StopTxOnEVSideDisconnect="true")
    await leaves(talk, "EVDisconnected")


async def test_TC_E_37_CS_the_car_leaves_with_PowerPathClosed():
    await leaves(await suspended_with("PowerPathClosed", StopTxOnEVSideDisconnect="false"), "EVDisconnected")


async def test_TC_E_54_CS_a_car_that_talks_leaves_with_EVConnected():
    await leaves(await suspended_with("EVConnected", StopTxOnEVSideDisconnect="false"), "EVDisconnected")


async def without_car(stop_point):
    talk = await suspended_with(stop_point, tethered=True, StopTxOnEVSideDisconnect="false", EVConnectionTimeOut="30")
    await talk.leave()
    assert short(talk.told()[0])[:3] == ("Updated", "EVCommunicationLost", "Idle")
    assert talk.statuses() == [(1, "Available")]
    talk.csms.heard.clear()
    return talk


async def test_TC_E_26_CS_the_car_returns():
    for stop_point in ("Authorized", "ParkingBayOccupancy"):
        talk = await without_car(stop_point)
        await talk.plug()
        await talk.state("Charging")
        assert [short(e)[:3] for e in talk.told()] == [
            ("Updated", "CablePluggedIn", "EVConnected"), ("Updated", "ChargingStateChanged", "Charging"),
        ]
        await talk.close()


async def test_TC_E_27_CS_the_car_does_not_return():
    talk = await without_car("Authorized")
    await talk.advance(30000)
    assert [short(e) for e in talk.told()] == [("Ended", "EVConnectTimeout", "Idle", "Timeout")]
    await talk.close()
    talk = await without_car("ParkingBayOccupancy")
    await talk.advance(30000)
    assert [short(e)[:2] for e in talk.told()] == [("Updated", "EVConnectTimeout")]
    await talk.close()


async def test_TC_E_39_CS_a_plug_in_after_the_time():
    talk = await booted()
    for name, value in (("TxCtrlr.TxStartPoint", "Authorized"), ("TxCtrlr.TxStopPoint", "Authorized"), ("TxCtrlr.EVConnectionTimeOut", "20")):
        assert await talk.set(name, value) == "Accepted"
    await talk.card()
    await talk.advance(20000)
    assert short(talk.told()[-1]) == ("Ended", "EVConnectTimeout", "Idle", "Timeout")
    talk.csms.heard.clear()
    await talk.plug()
    await talk.advance(5000)
    assert talk.told() == [] and not talk.station.evse(1).may_charge()
    await talk.close()
