"""Part 6, E: when transactions start and stop, offline, retries, status."""

import pytest
from ocpp.v201 import call
from scenario import booted, short


async def test_TC_E_01_CS_start_at_PowerPathClosed():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "PowerPathClosed")
    await talk.card()
    assert talk.told() == []
    await talk.plug()
    assert short(talk.told()[0])[:3] == ("Started", "Authorized", "EVConnected")
    await talk.close()


async def test_TC_E_02_CS_start_at_EnergyTransfer():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "EnergyTransfer")
    await talk.card()
    await talk.plug()
    assert talk.told() == []
    await talk.state("Charging")
    event = talk.told()[0]
    assert short(event)[:3] == ("Started", "Authorized", "Charging")
    assert event["evse"] == {"id": 1, "connector_id": 1}
    await talk.close()


async def test_TC_E_03_CS_plug_first():
    talk = await booted()
    await talk.plug()
    assert talk.statuses() == [(1, "Occupied")]
    await talk.card()
    await talk.state("Charging")
    assert [short(e)[:3] for e in talk.told()] == [
        ("Started", "Authorized", "EVConnected"), ("Updated", "ChargingStateChanged", "Charging"),
    ]
    await talk.close()


async def test_TC_E_04_CS_token_first():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    await talk.card()
    await talk.plug()
    await talk.state("Charging")
    assert [short(e)[:2] for e in talk.told()] == [
        ("Started", "Authorized"), ("Updated", "CablePluggedIn"), ("Updated", "ChargingStateChanged"),
    ]
    assert talk.told()[1]["evse"] == {"id": 1, "connector_id": 1}
    await talk.close()


@pytest.mark.parametrize(("case", "stop_point"), [("TC_E_05_CS", "EVConnected,Authorized"), ("TC_E_39_CS", "Authorized")])
async def test_a_start_without_a_plug_in(case, stop_point):
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    await talk.set("TxCtrlr.TxStopPoint", stop_point)
    await talk.set("TxCtrlr.EVConnectionTimeOut", "20")
    await talk.card()
    await talk.advance(20000)
    assert short(talk.told()[-1]) == ("Ended", "EVConnectTimeout", "Idle", "Timeout")
    talk.csms.heard.clear()
    await talk.plug()
    assert talk.told() == []
    await talk.close()


@pytest.mark.parametrize(
    ("case", "stop_point"),
    [("TC_E_06_CS", "EVConnected,Authorized"), ("TC_E_07_CS", "PowerPathClosed"), ("TC_E_15_CS", "Authorized"), ("TC_E_08_CS", "EnergyTransfer")],
)
async def test_the_token_stops(case, stop_point):
    talk = await booted()
    await talk.set("TxCtrlr.TxStopPoint", stop_point)
    await talk.energy_transfer_started()
    await talk.card()
    assert short(talk.told()[0]) == ("Ended", "StopAuthorized", "EVConnected", "Local")
    await talk.close()


async def test_TC_E_09_CS_start_at_EVConnected():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "EVConnected")
    await talk.plug()
    assert short(talk.told()[0])[:3] == ("Started", "CablePluggedIn", "EVConnected")
    assert talk.told()[0]["evse"] == {"id": 1, "connector_id": 1}
    await talk.close()


async def test_TC_E_10_CS_start_at_Authorized_local():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    await talk.card()
    assert short(talk.told()[0])[:2] == ("Started", "Authorized")
    await talk.close()


async def test_TC_E_12_and_19_CS_the_parking_bay():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "ParkingBayOccupancy")
    await talk.set("TxCtrlr.TxStopPoint", "ParkingBayOccupancy")
    await talk.event(1, "bay", occupied=True)
    assert short(talk.told()[0])[:2] == ("Started", "EVDetected")
    await talk.event(1, "bay", occupied=False)
    assert short(talk.told()[1])[:2] == ("Ended", "EVDeparted")
    await talk.close()


async def test_TC_E_13_CS_start_at_Authorized_remote():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    token = {"id_token": "APP", "type": "Central"}
    await talk.call(call.RequestStartTransaction(id_token=token, remote_start_id=5, evse_id=1))
    assert short(talk.told()[0])[:2] == ("Started", "RemoteStart")
    assert talk.told()[0]["transaction_info"]["remote_start_id"] == 5
    await talk.close()


async def test_TC_E_16_CS_refused_after_the_start():
    talk = await booted()
    talk.csms.verdict = "Accepted"
    await talk.energy_transfer_started()
    await talk.leave()
    await talk.drop()
    await talk.plug()
    await talk.card()
    talk.csms.verdict = "Invalid"
    await talk.reconnect()
    assert short(talk.told()[-1])[0:2] == ("Ended", "Deauthorized")
    assert short(talk.told()[-1])[3] == "DeAuthorized"
    await talk.close()


@pytest.mark.parametrize(
    ("case", "stop_point", "on_disconnect"),
    [
        ("TC_E_17_CS", "Authorized", "true"), ("TC_E_37_CS", "PowerPathClosed", "true"),
        ("TC_E_20_CS", "EVConnected", "false"), ("TC_E_54_CS", "EVConnected", "false"),
        ("TC_E_14_CS", "EVConnected", "true"), ("TC_E_24_CS", "EVConnected,Authorized", "true"),
    ],
)
async def test_the_car_leaves(case, stop_point, on_disconnect):
    talk = await booted()
    await talk.set("TxCtrlr.TxStopPoint", stop_point)
    await talk.set("TxCtrlr.StopTxOnEVSideDisconnect", on_disconnect)
    await talk.energy_transfer_started()
    await talk.state("SuspendedEV")
    talk.csms.heard.clear()
    await talk.leave()
    assert short(talk.told()[0]) == ("Ended", "EVCommunicationLost", "Idle", "EVDisconnected")
    assert talk.statuses() == [(1, "Available")]
    await talk.close()


async def test_TC_E_22_CS_the_energy_stops():
    talk = await booted()
    await talk.set("TxCtrlr.TxStopPoint", "EnergyTransfer")
    await talk.energy_transfer_started()
    await talk.state("SuspendedEV")
    assert short(talk.told()[0]) == ("Ended", "ChargingStateChanged", "SuspendedEV", "StoppedByEV")
    await talk.close()


async def suspended_without_car():
    talk = await booted()
    await talk.set("TxCtrlr.TxStopPoint", "Authorized")
    await talk.set("TxCtrlr.StopTxOnEVSideDisconnect", "false")
    await talk.set("TxCtrlr.EVConnectionTimeOut", "30")
    await talk.energy_transfer_started()
    await talk.leave()
    assert short(talk.told()[0])[:3] == ("Updated", "EVCommunicationLost", "Idle")
    return talk


async def test_TC_E_26_CS_the_car_returns():
    talk = await suspended_without_car()
    await talk.plug()
    await talk.state("Charging")
    assert [short(e)[:3] for e in talk.told()[1:]] == [
        ("Updated", "CablePluggedIn", "EVConnected"), ("Updated", "ChargingStateChanged", "Charging"),
    ]
    await talk.close()


async def test_TC_E_27_CS_the_car_does_not_return():
    talk = await suspended_without_car()
    await talk.advance(30000)
    assert short(talk.told()[1]) == ("Ended", "EVConnectTimeout", "Idle", "Timeout")
    await talk.close()


async def test_TC_E_28_to_34_CS_transaction_status():
    talk = await booted()
    ask = call.GetTransactionStatus
    assert (await talk.call(ask(transaction_id="unknown"))).ongoing_indicator is False
    assert (await talk.call(ask())).messages_in_queue is False
    await talk.energy_transfer_started()
    tx = talk.tx()
    answer = await talk.call(ask(transaction_id=tx))
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (True, False)
    await talk.leave()
    answer = await talk.call(ask(transaction_id=tx))
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (False, False)
    await talk.close()


async def test_TC_E_29_31_33_CS_transaction_status_with_messages_in_the_queue():
    talk = await booted()
    await talk.energy_transfer_started()
    tx = talk.tx()
    await talk.drop()
    await talk.leave()
    talk.station.connected(talk.now_ms)
    from ampacity.base.strict_json import loads

    talk.station.receive('[2,"q1","GetTransactionStatus",{"transactionId":"%s"}]' % tx, talk.now_ms)
    talk.station.receive('[2,"q2","GetTransactionStatus",{}]', talk.now_ms)
    answers = [loads(talk.station.next(talk.now_ms)[0])[2] for _ in range(2)]
    assert answers == [{"messagesInQueue": True, "ongoingIndicator": False}, {"messagesInQueue": True}]


async def test_TC_E_35_and_21_CS_remote_stop():
    for stop_point in ("PowerPathClosed", "Authorized"):
        talk = await booted()
        await talk.set("TxCtrlr.TxStopPoint", stop_point)
        await talk.energy_transfer_started()
        assert (await talk.call(call.RequestStopTransaction(transaction_id=talk.tx()))).status == "Accepted"
        assert short(talk.told()[0]) == ("Ended", "RemoteStop", "EVConnected", "Remote")
        await talk.close()


async def test_TC_E_38_CS_the_car_is_not_ready():
    talk = await booted()
    await talk.card()
    await talk.plug()
    await talk.state("SuspendedEV")
    assert short(talk.told()[-1])[:3] == ("Updated", "ChargingStateChanged", "SuspendedEV")
    await talk.close()


async def test_TC_E_40_CS_connection_loss_during_a_transaction():
    talk = await booted()
    await talk.set("SampledDataCtrlr.TxUpdatedInterval", "10")
    await talk.energy_transfer_started()
    await talk.drop()
    await talk.advance(35000)
    await talk.reconnect()
    assert len(talk.told()) == 3
    assert all(e["event_type"] == "Updated" and e["meter_value"] and e["offline"] for e in talk.told())
    await talk.close()


async def test_TC_E_43_CS_a_transaction_offline():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.leave()
    await talk.drop()
    await talk.plug()
    await talk.card()
    await talk.leave()
    await talk.reconnect()
    assert [e["event_type"] for e in talk.told()] == ["Started", "Ended"]
    assert all(e["offline"] for e in talk.told())
    await talk.close()


async def test_TC_E_44_CS_stopped_offline():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.drop()
    await talk.card()
    await talk.leave()
    await talk.reconnect()
    assert [short(e)[:2] for e in talk.told()] == [("Ended", "StopAuthorized")]
    assert talk.told()[0]["offline"] is True
    await talk.close()


async def test_TC_E_52_CS_DisableRemoteAuthorization():
    talk = await booted()
    await talk.set("AuthCtrlr.DisableRemoteAuthorization", "true")
    await talk.plug()
    await talk.card("UNKNOWN")
    assert talk.heard("Authorize") == [] and talk.told() == []
    await talk.close()
