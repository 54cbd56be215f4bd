"""Requirements of block E that no case of part 6 verifies."""

from ocpp.v201 import call
from reusable_states import AUTHORIZED, BAY, CLOSED, CONNECT, ENERGY, session
from scenario import TOKEN

LOCAL = ("Ended", "StopAuthorized", "Local")
OTHER = {"id_token": "XYZ", "type": "ISO14443"}
FLEET = {"status": "Accepted", "group_id_token": {"id_token": "FLEET", "type": "Central"}}


async def test_E01_FR_13_the_reservation_that_a_transaction_uses_is_in_its_next_event():
    for starts in ((AUTHORIZED,), (CLOSED,), (CONNECT,), (ENERGY,)):
        talk = await session(starts)
        request = call.ReserveNow(id=9, expiry_date_time="2026-11-20T13:00:00Z", id_token=TOKEN, evse_id=1)
        assert (await talk.call(request)).status == "Accepted"
        await talk.card()
        await talk.plug()
        await talk.state("Charging")
        assert [event.get("reservation_id") for event in talk.told()] == [9] + [None] * (len(talk.told()) - 1), starts
        await talk.close()


async def test_E01_FR_18_19_each_state_of_the_car_is_reported():
    talk = await session(SampledDataCtrlr_TxUpdatedInterval="0")
    await talk.charging()
    for state in ("SuspendedEV", "Charging", "SuspendedEVSE", "Charging", "SuspendedEV"):
        await talk.advance(60000)
        await talk.state(state)
        (event,) = talk.said("TransactionEvent")
        talk.checked(event, "Updated", ("ChargingStateChanged",), state)
        await talk.state(state)
        talk.said()
    await talk.close()


async def test_E02_FR_20_who_charges_is_in_the_next_event_of_a_transaction_that_runs():
    for starts in ((CONNECT,), (BAY,)):
        talk = await session(starts)
        await talk.park()
        await talk.connect_car()
        assert talk.running
        talk.csms.verdict = "Invalid"
        await talk.card()
        talk.said("Authorize")
        talk.csms.verdict = "Accepted"
        await talk.card()
        _, event = talk.said("Authorize", "TransactionEvent")
        talk.checked(event, "Updated", ("Authorized",), "EVConnected", token=TOKEN)
        await talk.state("Charging")
        (event,) = talk.said("TransactionEvent")
        talk.checked(event, "Updated", ("ChargingStateChanged",), "Charging")
        await talk.close()


async def fault(talk):
    await talk.event(1, "fault", reason="GroundFault")


async def emergency(talk):
    await talk.event(1, "stop_local", reason="EmergencyStop")


async def reset(talk):
    assert (await talk.call(call.Reset(type="Immediate"))).status == "Accepted"


async def unplug(talk):
    await talk.leave()


async def stop_remotely(talk):
    assert (await talk.call(call.RequestStopTransaction(transaction_id=talk.tx()))).status == "Accepted"


async def stop_button(talk):
    await talk.event(1, "stop_local")


async def present(talk):
    await talk.card()


ENDS = (
    (fault, "AbnormalCondition", "GroundFault"), (reset, "ResetCommand", "ImmediateReset"), (unplug, "EVCommunicationLost", "EVDisconnected"),
    (stop_remotely, "RemoteStop", "Remote"), (emergency, "StopAuthorized", "EmergencyStop"), (present, "StopAuthorized", "Local"),
    (stop_button, "StopAuthorized", "Local"),
)  # fmt: skip


async def test_E06_FR_08_09_E07_FR_05_06_and_F03_FR_10_the_reason_of_each_end():
    for end, trigger, reason in ENDS:
        talk = await session()
        await talk.charging()
        await end(talk)
        ended = talk.told()[-1]
        found = (ended["event_type"], ended["trigger_reason"], ended["transaction_info"]["stopped_reason"])
        assert found == ("Ended", trigger, reason)
        await talk.close()


async def test_E07_FR_01_02_the_same_identifier_and_one_of_its_group_stop_without_a_question():
    """By the list, and by the cache: the CSMS once judged the other identifier."""
    for known_by in ("list", "cache"):
        talk = await session(AuthCacheCtrlr_Enabled="true" if known_by == "cache" else "false")
        talk.tokens = {"ABC": FLEET, "XYZ": FLEET}
        if known_by == "list":
            assert await talk.send_list(1, {"XYZ": FLEET}) == "Accepted"
        else:
            await talk.card("XYZ", evse=2)
            await talk.plug(2)
            await talk.card("XYZ", evse=2)
            await talk.leave(2)
        for presented in (OTHER, TOKEN):
            talk.csms.heard.clear()
            await talk.card()
            await talk.plug()
            await talk.state("Charging")
            talk.csms.heard.clear()
            await talk.card(presented["id_token"])
            (ended,) = talk.said("TransactionEvent")
            assert (ended["event_type"], ended["trigger_reason"], ended["transaction_info"]["stopped_reason"]) == LOCAL
            assert ended["id_token"] == presented and not talk.station.evse(1).may_charge()
            await talk.leave()
        await talk.close()


async def test_E07_FR_01_one_that_nothing_joins_to_the_driver_does_not_stop():
    talk = await session()
    await talk.charging()
    await talk.card("XYZ")
    (asked,) = talk.said("Authorize")
    assert asked == {"id_token": OTHER} and talk.station.evse(1).may_charge() and talk.tx() == talk.running
    await talk.close()


async def test_E04_FR_01_02_03_04_events_of_an_absence_arrive_once_in_their_order():
    talk = await session((AUTHORIZED,), AuthCtrlr_OfflineTxForUnknownIdEnabled="true")
    await talk.park()
    await talk.drop()
    for step in (talk.card, talk.plug, lambda: talk.state("Charging")):
        await step()
    assert talk.told() == []
    await talk.reconnect()
    events = talk.told()
    assert [(e["event_type"], e["trigger_reason"]) for e in events] == [
        ("Started", "Authorized"), ("Updated", "CablePluggedIn"), ("Updated", "ChargingStateChanged"),
    ]  # fmt: skip
    assert all(e["offline"] is True for e in events) and [e["seq_no"] for e in events] == [0, 1, 2]
    talk.csms.heard.clear()
    await talk.state("SuspendedEV")
    (event,) = talk.told()
    assert event["seq_no"] == 3 and "offline" not in event
    await talk.close()
