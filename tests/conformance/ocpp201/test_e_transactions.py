"""Part 6, E: when transactions start. Their ends: test_e_transaction_ends.py; queue and retries: test_e_delivery.py."""

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
    assert talk.told() == [] and talk.statuses() == [(1, "Occupied")]
    await talk.state("Charging")
    event = talk.told()[0]
    assert short(event)[:3] == ("Started", "Authorized", "Charging") and event["id_token"] == {"id_token": "ABC", "type": "ISO14443"}
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


async def test_TC_E_09_CS_start_at_EVConnected():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "EVConnected")
    await talk.plug()
    assert talk.statuses() == [(1, "Occupied")]
    assert short(talk.told()[0])[:3] == ("Started", "CablePluggedIn", "EVConnected")
    assert talk.told()[0]["evse"] == {"id": 1, "connector_id": 1}
    await talk.close()


async def test_TC_E_10_CS_start_at_Authorized_local():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    await talk.card()
    assert short(talk.told()[0])[:2] == ("Started", "Authorized")
    await talk.close()


async def test_TC_E_12_CS_start_at_ParkingBayOccupancy():
    talk = await booted()
    assert await talk.set("TxCtrlr.TxStartPoint", "ParkingBayOccupancy") == "Accepted"
    await talk.event(1, "bay", occupied=True)
    assert [short(e)[:2] for e in talk.told()] == [("Started", "EVDetected")]
    await talk.close()


async def test_TC_E_13_CS_start_at_Authorized_remote():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    token = {"id_token": "APP", "type": "Central"}
    await talk.call(call.RequestStartTransaction(id_token=token, remote_start_id=5, evse_id=1))
    assert short(talk.told()[0])[:2] == ("Started", "RemoteStart")
    assert talk.told()[0]["transaction_info"]["remote_start_id"] == 5
    await talk.close()


async def test_TC_E_38_CS_the_car_is_not_ready():
    talk = await booted()
    await talk.card()
    await talk.plug()
    await talk.state("SuspendedEV")
    assert short(talk.told()[-1])[:3] == ("Updated", "ChargingStateChanged", "SuspendedEV")
    await talk.close()


async def test_TC_E_52_CS_DisableRemoteAuthorization():
    talk = await booted()
    await talk.set("AuthCtrlr.DisableRemoteAuthorization", "true")
    await talk.plug()
    await talk.card("UNKNOWN")
    assert talk.heard("Authorize") == [] and talk.told() == []
    await talk.close()
