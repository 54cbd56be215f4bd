"""Part 6, H: reservations of an EVSE, of any EVSE, of a type of connector; with the errata of 2025-09. And TC_B_24, a reset of a reserved EVSE."""

from datetime import UTC, datetime

import pytest
from ocpp.v201 import call, call_result
from scenario import TOKEN, booted, short

OTHER = {"id_token": "OTHER", "type": "ISO14443"}
GROUP = {"id_token": "GROUP1", "type": "Central"}


def at(talk, seconds):
    """The date-time in so many seconds."""
    return datetime.fromtimestamp(talk.unix_ms / 1000 + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def reserve(talk, number=7, seconds=60, id_token=TOKEN, **more):
    """The status of a ReserveNow; evse_id=1 unless `more` says otherwise (evse_id=None: no EVSE)."""
    more.setdefault("evse_id", 1)
    more = {name: value for name, value in more.items() if value is not None}
    return (await talk.call(call.ReserveNow(id=number, expiry_date_time=at(talk, seconds), id_token=id_token, **more))).status


async def reserved(talk, evse=1, **more):
    """The reusable state Reserved."""
    assert await reserve(talk, evse_id=evse, **more) == "Accepted"
    assert talk.statuses() == [(evse, "Reserved")]
    talk.csms.heard.clear()


async def with_reservation(**more):
    talk = await booted()
    await reserved(talk, **more)
    return talk


def in_group(talk):
    """Each identifier belongs to GROUP from now on."""
    csms = talk.csms

    def authorize(**payload):
        csms.keep("Authorize", payload)
        return call_result.Authorize(id_token_info={"status": "Accepted", "group_id_token": GROUP})

    csms.route_map["Authorize"]["_on_action"] = authorize


async def authorized(talk, token="ABC", evse=1, number=7):
    """The reusable states Authorized and EnergyTransferStarted: the first event with the identifier names the reservation `number`, no other does."""
    await talk.card(token, evse)
    await talk.plug(evse)
    await talk.state("Charging", evse)
    events = talk.told()
    assert [event["id_token"]["id_token"] for event in events if "id_token" in event] == [token]
    assert [event.get("reservation_id") for event in events if "id_token" in event] == [number]
    assert not any("reservation_id" in event for event in events if "id_token" not in event)
    assert short(events[-1])[2] == "Charging"


async def test_TC_H_01_CS_the_identifier_of_the_reservation_charges():
    talk = await booted()
    await reserved(talk)
    await talk.card()
    assert talk.statuses() == [(1, "Available")]
    talk.csms.heard.clear()
    await talk.plug()
    await talk.state("Charging")
    first = talk.told()[0]
    assert first["reservation_id"] == 7 and first["id_token"] == {"id_token": "ABC", "type": "ISO14443"}
    assert short(talk.told()[-1])[2] == "Charging"
    assert talk.heard("ReservationStatusUpdate") == []
    await talk.close()


async def test_TC_H_02_CS_another_identifier_does_not_charge():
    talk = await with_reservation()
    await talk.plug()
    assert talk.statuses() == []  # it stays Reserved (G03.FR.09)
    await talk.card("OTHER")
    await talk.advance(40000)
    assert talk.told() == [] and not talk.station.evse(1).may_charge()
    start = call.RequestStartTransaction(id_token=OTHER, remote_start_id=1, evse_id=1)
    assert (await talk.call(start)).status == "Rejected"
    assert talk.told() == [] and not talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_H_03_CS_an_evse_that_is_reserved():
    talk = await with_reservation()
    assert await reserve(talk, 8, id_token=OTHER) == "Occupied"
    await talk.close()


async def test_TC_H_04_CS_an_evse_that_charges():
    talk = await booted()
    await talk.energy_transfer_started()
    assert await reserve(talk, id_token=OTHER) == "Occupied"
    await talk.close()


async def inoperative(talk, evse=None, status="Inoperative"):
    where = {} if evse is None else {"evse": {"id": evse}}
    assert (await talk.call(call.ChangeAvailability(operational_status=status, **where))).status == "Accepted"


async def test_TC_H_06_CS_an_evse_that_is_unavailable():
    talk = await booted()
    await inoperative(talk, 1)
    assert await reserve(talk, id_token=OTHER) == "Unavailable"
    await talk.close()


async def test_TC_H_07_CS_a_reservation_that_is_not_used_expires():
    talk = await with_reservation(seconds=60)
    await talk.advance(59000)
    assert talk.statuses() == [] and talk.heard("ReservationStatusUpdate") == []
    await talk.advance(1000)
    assert talk.statuses() == [(1, "Available")]
    assert talk.heard("ReservationStatusUpdate") == [{"reservation_id": 7, "reservation_update_status": "Expired"}]
    assert [name for name, _ in talk.csms.heard] == ["StatusNotification", "ReservationStatusUpdate"]
    await authorized(talk, "OTHER", number=None)
    await talk.close()


async def test_TC_H_08_CS_any_evse():
    talk = await booted(evses=1)
    assert await reserve(talk, evse_id=None) == "Accepted"
    assert talk.statuses() == [(1, "Reserved")]
    await authorized(talk)
    await talk.close()


async def test_TC_H_09_CS_any_evse_while_all_are_reserved():
    talk = await booted()
    await reserved(talk, 1)
    await reserved(talk, 2, number=8)
    assert await reserve(talk, 9, evse_id=None, id_token=OTHER) == "Occupied"
    await talk.close()


async def test_TC_H_10_CS_any_evse_while_all_charge():
    talk = await booted()
    await talk.energy_transfer_started(1)
    await talk.energy_transfer_started(2)
    assert await reserve(talk, evse_id=None, id_token=OTHER) == "Occupied"
    await talk.close()


async def test_TC_H_12_CS_any_evse_while_the_station_is_unavailable():
    talk = await booted()
    await inoperative(talk)
    assert await reserve(talk, evse_id=None) == "Unavailable"
    await talk.close()


async def test_TC_H_14_CS_as_many_reservations_as_evses():
    talk = await booted()
    for number in (1, 2):
        assert talk.statuses() == []
        token = {"id_token": f"T{number}", "type": "ISO14443"}
        assert await reserve(talk, number, evse_id=None, id_token=token) == "Accepted"
    assert talk.statuses() == [(1, "Reserved"), (2, "Reserved")]
    await talk.close()


async def test_TC_H_15_CS_a_type_of_connector():
    talk = await booted(evses=1)
    assert await reserve(talk, evse_id=None, connector_type="cType2") == "Accepted"
    assert talk.statuses() == [(1, "Reserved")]
    await authorized(talk)
    await talk.close()


async def test_TC_H_16_CS_a_type_of_connector_while_all_are_reserved():
    talk = await booted()
    await reserved(talk, 1)
    await reserved(talk, 2, number=8)
    assert await reserve(talk, 9, evse_id=None, connector_type="cType2", id_token=OTHER) == "Occupied"
    await talk.close()


async def test_TC_H_17_CS_a_reservation_is_cancelled():
    talk = await with_reservation()
    assert (await talk.call(call.CancelReservation(reservation_id=7))).status == "Accepted"
    assert talk.heard("StatusNotification")[0]["connector_id"] == 1
    assert talk.statuses() == [(1, "Available")]
    assert talk.heard("ReservationStatusUpdate") == []
    await talk.close()


async def test_TC_H_18_CS_a_reservation_that_is_not_there_is_cancelled():
    talk = await booted()
    assert (await talk.call(call.CancelReservation(reservation_id=1))).status == "Rejected"
    await talk.close()


async def test_TC_H_19_CS_another_identifier_of_the_group_charges():
    talk = await booted()
    assert await reserve(talk, group_id_token=GROUP) == "Accepted"
    assert talk.statuses() == [(1, "Reserved")]
    in_group(talk)
    await talk.card("SECOND")
    assert [payload["id_token"]["id_token"] for payload in talk.heard("Authorize")] == ["SECOND"]  # H03.FR.08
    assert talk.statuses()[1:] == [(1, "Available")]
    await talk.plug()
    await talk.state("Charging")
    assert talk.told()[0]["reservation_id"] == 7 and short(talk.told()[-1])[2] == "Charging"
    await talk.close()


async def test_TC_H_21_CS_an_evse_that_becomes_unavailable_loses_its_reservation():
    talk = await with_reservation()
    await inoperative(talk, 1)
    assert talk.statuses() == [(1, "Unavailable")]
    assert talk.heard("ReservationStatusUpdate") == [{"reservation_id": 7, "reservation_update_status": "Removed"}]
    await inoperative(talk, 1, "Operative")
    assert talk.statuses() == [(1, "Unavailable"), (1, "Available")]
    await authorized(talk, "OTHER", number=None)
    await talk.close()


async def test_TC_H_22_CS_reservations_are_switched_off():
    talk = await booted()
    assert await talk.set("ReservationCtrlr.Enabled", "false") == "Accepted"
    assert await reserve(talk) == "Rejected"
    assert talk.statuses() == []
    await talk.close()


async def test_TC_H_23_CS_a_reservation_is_replaced():
    talk = await with_reservation()
    assert await reserve(talk, id_token=OTHER) == "Accepted"
    await talk.card("ABC")
    assert not talk.station.evse(1).may_charge()
    await authorized(talk, "OTHER")
    await talk.close()


async def test_TC_H_24_CS_any_evse_for_a_group():
    talk = await booted(evses=1)
    assert await reserve(talk, evse_id=None, group_id_token=GROUP) == "Accepted"
    assert talk.statuses() == [(1, "Reserved")]
    in_group(talk)
    await authorized(talk, "SECOND")
    await talk.close()


async def test_TC_B_24_CS_reserved_persists_a_reset():
    talk = await with_reservation(seconds=600)
    assert (await talk.call(call.Reset(type="Immediate"))).status == "Accepted"
    await talk.reboot()
    assert talk.heard("BootNotification")[-1]["reason"] == "RemoteReset"
    assert talk.statuses() == [(1, "Reserved"), (2, "Available")]
    await talk.close()


@pytest.mark.parametrize(
    ("name", "kind", "mutability"),
    [("Available", "boolean", "ReadOnly"), ("Enabled", "boolean", "ReadWrite"), ("NonEvseSpecific", "boolean", "ReadOnly")],
)
async def test_the_variables_of_the_reservation_profile(name, kind, mutability):
    talk = await booted()
    wanted = [{"component": {"name": "ReservationCtrlr"}, "variable": {"name": name}}]
    assert (await talk.call(call.GetReport(request_id=1, component_variable=wanted))).status == "Accepted"
    (row,) = talk.heard("NotifyReport")[0]["report_data"]
    assert (row["variable_characteristics"]["data_type"], row["variable_attribute"][0]["mutability"]) == (kind, mutability)
    assert row["variable_attribute"][0]["value"] == "true"
    await talk.close()
