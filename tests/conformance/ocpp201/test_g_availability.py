"""Part 6, G: status of connectors, ChangeAvailability at the three levels."""

from ocpp.v201 import call
from scenario import booted

STATION, EVSE, CONNECTOR = None, {"id": 1}, {"id": 1, "connector_id": 1}


async def change(talk, status, place):
    """ChangeAvailability: the status of its response; what was heard before is forgotten."""
    talk.csms.heard.clear()
    return (await talk.call(call.ChangeAvailability(operational_status=status, evse=place))).status


def shown(talk):
    """The last connectorStatus of each connector that was reported, by EVSE."""
    assert all(p["connector_id"] == 1 for p in talk.heard("StatusNotification"))
    return dict(talk.statuses())


async def test_TC_G_01_CS_Available_to_Occupied():
    talk = await booted()
    await talk.plug()
    assert shown(talk) == {1: "Occupied"}
    await talk.close()


async def test_TC_G_02_CS_Occupied_to_Available():
    talk = await booted()
    await talk.plug()
    talk.csms.heard.clear()
    await talk.leave()
    assert shown(talk) == {1: "Available"}
    await talk.close()


async def off_and_on(place, connectors):
    """Operative → Inoperative → Operative: each is Accepted, and each connector that changes is reported."""
    talk = await booted()
    assert await change(talk, "Inoperative", place) == "Accepted" and shown(talk) == {n: "Unavailable" for n in connectors}
    assert await change(talk, "Operative", place) == "Accepted" and shown(talk) == {n: "Available" for n in connectors}
    await talk.close()


async def test_TC_G_03_and_04_CS_an_EVSE_off_and_on():
    await off_and_on(EVSE, (1,))


async def test_TC_G_05_and_06_CS_the_station_off_and_on():
    await off_and_on(STATION, (1, 2))


async def test_TC_G_07_and_08_CS_a_connector_off_and_on():
    await off_and_on(CONNECTOR, (1,))


async def the_same_again(place):
    """A state that holds already is Accepted, and the state of all connectors is reported again."""
    talk = await booted()
    assert await change(talk, "Operative", place) == "Accepted"
    assert talk.statuses() == [(1, "Available"), (2, "Available")]
    await change(talk, "Inoperative", place)
    assert await change(talk, "Inoperative", place) == "Accepted"
    assert talk.statuses() == [(1, "Unavailable"), (2, "Available" if place else "Unavailable")]
    assert not talk.station.availability.operative(1)
    await talk.close()


async def test_TC_G_09_and_10_CS_an_EVSE_the_same_again():
    await the_same_again(EVSE)


async def test_TC_G_12_and_13_CS_the_station_the_same_again():
    await the_same_again(STATION)


async def test_TC_G_15_and_16_CS_a_connector_the_same_again():
    await the_same_again(CONNECTOR)


async def during_a_transaction(place, at_once):
    """Scheduled: connectors without a transaction follow at once, the other one when its transaction has ended."""
    talk = await booted()
    await talk.energy_transfer_started()
    assert await change(talk, "Inoperative", place) == "Scheduled"
    assert shown(talk) == {n: "Unavailable" for n in at_once} and talk.station.evse(1).may_charge()
    await talk.advance(10000)
    await talk.card()
    assert talk.told()[-1]["event_type"] == "Ended" and shown(talk)[1] == "Unavailable"
    talk.csms.heard.clear()
    await talk.state("EVConnected")
    await talk.leave()
    assert shown(talk) == {}
    await talk.close()


async def test_TC_G_11_CS_an_EVSE_with_a_transaction():
    await during_a_transaction(EVSE, ())


async def test_TC_G_14_CS_the_station_with_a_transaction():
    await during_a_transaction(STATION, (2,))


async def test_TC_G_17_CS_a_connector_with_a_transaction():
    await during_a_transaction(CONNECTOR, ())


async def after_a_restart(place, expected):
    """The state is Unavailable and requested once more; it is the same after a start."""
    talk = await booted()
    assert await change(talk, "Inoperative", place) == "Accepted"
    assert shown(talk) == {n: word for n, word in expected.items() if word == "Unavailable"}
    assert await change(talk, "Inoperative", place) == "Accepted" and shown(talk) == expected
    talk.csms.heard.clear()
    await talk.reboot()
    assert shown(talk) == expected
    await talk.close()


async def test_TC_G_18_CS_an_EVSE_after_a_restart():
    await after_a_restart(EVSE, {1: "Unavailable", 2: "Available"})


async def test_TC_G_19_CS_a_connector_after_a_restart():
    await after_a_restart(CONNECTOR, {1: "Unavailable", 2: "Available"})


async def test_TC_G_21_CS_the_station_after_a_restart():
    await after_a_restart(STATION, {1: "Unavailable", 2: "Unavailable"})


async def test_TC_G_20_CS_the_lock_fails():
    talk = await booted()
    await talk.plug()
    await talk.card()
    talk.station.device_fact(1, "ConnectorPlugRetentionLock", "Problem", True, talk.now_ms, connector=True)
    await talk.event(1, "fault")
    (event,) = talk.heard("NotifyEvent")
    data = event["event_data"][0]
    assert (data["trigger"], data["actual_value"]) == ("Delta", "true")
    assert data["component"] == {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connector_id": 1}}
    assert data["variable"] == {"name": "Problem"}
    assert not talk.station.evse(1).may_charge()
    assert all(e["transaction_info"].get("charging_state") != "Charging" for e in talk.told())
    await talk.close()
