"""Part 6, E: when transactions start. Their ends: test_e_transaction_ends.py; queue and retries: test_e_delivery.py."""

from reusable_states import AUTHORIZED, BAY, CLOSED, CONNECT, ENERGY, session

AUTHORIZATION = {"AuthCtrlr_Enabled": "true", "AuthCtrlr_DisableRemoteAuthorization": "false"}


async def test_TC_E_01_CS_start_at_PowerPathClosed():
    talk = await session(starts=(CLOSED,))
    await talk.authorize()
    await talk.connect_car()
    assert talk.running
    await talk.transfer()
    await talk.close()


async def test_TC_E_01_CS_start_at_PowerPathClosed_by_the_CSMS():
    talk = await session(starts=(CLOSED,))
    await talk.authorize_remotely()
    await talk.connect_car()
    assert talk.running
    await talk.transfer()
    await talk.close()


async def test_TC_E_02_CS_start_at_EnergyTransfer():
    talk = await session(starts=(ENERGY,))
    await talk.authorize()
    await talk.connect_car()
    assert talk.running is None
    await talk.transfer()
    await talk.close()


async def test_TC_E_03_CS_plug_first():
    for starts in ((CLOSED,), (CONNECT,), (AUTHORIZED,), (ENERGY,)):
        talk = await session(starts, **AUTHORIZATION)
        await talk.connect_car()
        await talk.authorize()
        await talk.transfer()
        await talk.close()


async def test_TC_E_04_CS_token_first():
    for starts in ((CLOSED,), (CONNECT,), (AUTHORIZED,), (BAY,), (ENERGY,)):
        talk = await session(starts, **AUTHORIZATION)
        await talk.park()
        await talk.authorize()
        await talk.transfer()
        await talk.close()


async def test_TC_E_09_CS_start_at_EVConnected():
    talk = await session(starts=(CONNECT,))
    await talk.park()
    await talk.connect_car()
    assert talk.running
    await talk.authorize()
    await talk.transfer()
    await talk.close()


async def test_TC_E_10_CS_start_at_Authorized_local():
    talk = await session(starts=(AUTHORIZED,), **AUTHORIZATION)
    await talk.authorize()
    assert talk.running
    await talk.connect_car()
    await talk.transfer()
    await talk.close()


async def test_TC_E_12_CS_start_at_ParkingBayOccupancy():
    talk = await session(starts=(BAY,))
    await talk.park()
    assert talk.running
    await talk.authorize()
    await talk.connect_car()
    await talk.transfer()
    await talk.close()


async def test_TC_E_13_CS_start_at_Authorized_remote():
    talk = await session(starts=(AUTHORIZED,), **AUTHORIZATION)
    await talk.authorize_remotely()
    assert talk.running
    await talk.connect_car()
    await talk.transfer()
    await talk.close()


async def test_TC_E_38_CS_the_car_is_not_ready():
    for starts in ((CLOSED,), (CONNECT,), (AUTHORIZED,), (BAY,)):
        talk = await session(starts)
        await talk.park()
        await talk.authorize()
        await talk.connect_car()
        await talk.state("SuspendedEV")
        (event,) = talk.said("TransactionEvent")
        talk.checked(event, "Updated", ("ChargingStateChanged",), "SuspendedEV")
        await talk.close()


async def test_TC_E_52_CS_DisableRemoteAuthorization():
    talk = await session(starts=(CONNECT,), AuthCtrlr_Enabled="true", AuthCtrlr_DisableRemoteAuthorization="true")
    await talk.card("UNKNOWN")
    talk.said()
    await talk.connect_car()
    await talk.advance(5000)
    talk.said()
    assert not talk.station.evse(1).may_charge()
    await talk.close()
