"""Part 6, B: reset of the station and of an EVSE."""

from ocpp.v201 import call
from scenario import booted, short


def resets(talk):
    return [action for action in talk.station.actions if action[0] == "reset"]


async def restarted(talk, occupied=()):
    """The controller starts again, as the roles start it; cars are still plugged in at the EVSEs `occupied`. The BootNotification."""
    talk.task.cancel()
    talk.files.restart()
    talk.start()
    for point in talk.evses:
        here = point["id"] in occupied
        talk.station.evse_status(point["id"], "Occupied" if here else "Available", talk.now_ms)
        talk.station.session_event(point["id"], "plugged" if here else "unplugged", {}, talk.now_ms)
    talk.station.report_start(talk.now_ms)
    await talk.connect()
    assert talk.csms.heard[0][0] == "BootNotification"
    assert len(talk.statuses()) == len(talk.evses)
    return talk.csms.heard[0][1]


async def test_TC_B_20_CS_on_idle_without_a_transaction():
    talk = await booted()
    assert (await talk.call(call.Reset(type="OnIdle"))).status == "Accepted"
    assert resets(talk) == [("reset", "OnIdle", 0)]
    assert (await restarted(talk))["reason"] == "RemoteReset"
    assert talk.statuses() == [(1, "Available"), (2, "Available")]
    await talk.close()


async def test_TC_B_21_CS_on_idle_waits_for_the_transaction():
    talk = await booted()
    await talk.energy_transfer_started(1)
    assert (await talk.call(call.Reset(type="OnIdle"))).status == "Scheduled"
    assert resets(talk) == []
    await talk.card(evse=1)
    assert short(talk.told()[-1]) == ("Ended", "StopAuthorized", "EVConnected", "Local")
    assert resets(talk) == [("reset", "OnIdle", 0)]
    assert (await restarted(talk, occupied=(1,)))["reason"] == "ScheduledReset"
    assert talk.statuses() == [(1, "Occupied"), (2, "Available")]
    assert [p["type"] for p in talk.heard("SecurityEventNotification")] == ["ResetOrReboot"]
    await talk.close()


async def test_TC_B_41_CS_on_idle_waits_for_all_transactions():
    talk = await booted()
    await talk.energy_transfer_started(1)
    await talk.energy_transfer_started(2)
    assert (await talk.call(call.Reset(type="OnIdle"))).status == "Scheduled"
    await talk.card(evse=1)
    await talk.leave(1)
    assert resets(talk) == []
    await talk.card(evse=2)
    assert [short(e)[:2] for e in talk.told()] == [("Ended", "StopAuthorized")] * 2
    assert resets(talk) == [("reset", "OnIdle", 0)]
    assert (await restarted(talk, occupied=(2,)))["reason"] == "ScheduledReset"
    assert talk.statuses() == [(1, "Available"), (2, "Occupied")]
    await talk.close()


async def test_TC_B_22_CS_immediate_reset_ends_the_transaction():
    talk = await booted()
    await talk.energy_transfer_started()
    assert (await talk.call(call.Reset(type="Immediate"))).status == "Accepted"
    (event,) = talk.told()
    assert short(event) == ("Ended", "ResetCommand", "EVConnected", "ImmediateReset")
    assert "id_token" not in event
    assert resets(talk) == [("reset", "Immediate", 0)]
    assert (await restarted(talk, occupied=(1,)))["reason"] == "RemoteReset"
    assert talk.statuses() == [(1, "Occupied"), (2, "Available")]
    await talk.close()


async def test_TC_B_23_CS_unavailable_persists_a_reset():
    talk = await booted()
    request = call.ChangeAvailability(operational_status="Inoperative", evse={"id": 1, "connector_id": 1})
    assert (await talk.call(request)).status == "Accepted"
    assert talk.statuses() == [(1, "Unavailable")]
    assert (await talk.call(call.Reset(type="OnIdle"))).status == "Accepted"
    assert (await restarted(talk))["reason"] == "RemoteReset"
    assert talk.statuses() == [(1, "Unavailable"), (2, "Available")]
    await talk.close()


async def test_TC_B_25_CS_an_EVSE_without_a_transaction():
    talk = await booted()
    assert (await talk.call(call.Reset(type="OnIdle", evse_id=1))).status == "Accepted"
    assert resets(talk) == [("reset", "OnIdle", 1)]
    await talk.close()


async def test_TC_B_26_CS_an_EVSE_on_idle_waits_for_its_transaction():
    talk = await booted()
    await talk.energy_transfer_started(1)
    await talk.energy_transfer_started(2)
    assert (await talk.call(call.Reset(type="OnIdle", evse_id=1))).status == "Scheduled"
    assert resets(talk) == [] and talk.tx(1)
    await talk.card(evse=1)
    assert short(talk.told()[0])[:2] == ("Ended", "StopAuthorized")
    assert resets(talk) == [("reset", "OnIdle", 1)] and talk.tx(2)
    await talk.leave(1)
    assert talk.statuses() == [(1, "Available")]
    await talk.close()


async def test_TC_B_27_CS_an_EVSE_at_once():
    talk = await booted()
    await talk.energy_transfer_started()
    assert (await talk.call(call.Reset(type="Immediate", evse_id=1))).status == "Accepted"
    assert [short(e) for e in talk.told()] == [("Ended", "ResetCommand", "EVConnected", "ImmediateReset")]
    assert resets(talk) == [("reset", "Immediate", 1)]
    await talk.close()
