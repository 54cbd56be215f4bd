"""Part 6, C: authorisation by the CSMS, the cache, groups, offline."""

import pytest
from ocpp.v201 import call, call_result
from scenario import booted, short

GROUP = {"id_token": "GROUP1", "type": "Central"}


def answer_with_group(talk, group=GROUP, status="Accepted"):
    """Authorize and TransactionEvent are answered with a group from now on."""
    csms = talk.csms
    info = {"status": status, "group_id_token": group}

    def authorize(**payload):
        csms.keep("Authorize", payload)
        return call_result.Authorize(id_token_info=info)

    def event(**payload):
        csms.keep("TransactionEvent", payload)
        return call_result.TransactionEvent(id_token_info=info) if "id_token" in payload else call_result.TransactionEvent()

    csms.route_map["Authorize"]["_on_action"] = authorize
    csms.route_map["TransactionEvent"]["_on_action"] = event


@pytest.mark.parametrize(
    ("case", "status"),
    [("TC_C_02_CS", "Invalid"), ("TC_C_06_CS", "Blocked"), ("TC_C_07_CS", "Expired"), ("TC_C_56_CS", "Unknown")],
)
async def test_a_refused_token_starts_nothing(case, status):
    talk = await booted()
    talk.csms.verdict = status
    await talk.plug()
    await talk.card()
    assert len(talk.heard("Authorize")) == 1
    assert talk.told() == []
    await talk.close()


async def test_TC_C_04_CS_another_token_does_not_stop():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.card("OTHER")
    assert talk.told() == [] and talk.tx()
    await talk.close()


async def test_TC_C_08_CS_a_cached_token_starts_without_a_question():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.leave()
    talk.csms.heard.clear()
    await talk.plug()
    await talk.card()
    assert talk.heard("Authorize") == []
    assert short(talk.told()[0])[:2] == ("Started", "Authorized")
    await talk.close()


@pytest.mark.parametrize(
    ("case", "status"), [("TC_C_09_CS", "Invalid"), ("TC_C_10_CS", "Blocked"), ("TC_C_11_CS", "Expired")]
)
async def test_a_token_cached_as_refused_is_authorized_by_the_csms(case, status):
    talk = await booted()
    talk.csms.verdict = status
    await talk.plug()
    await talk.card()
    await talk.card()
    assert len(talk.heard("Authorize")) == 2
    assert talk.told() == []
    await talk.close()


async def test_TC_C_12_CS_cached_as_refused_accepted_now():
    talk = await booted()
    talk.csms.verdict = "Invalid"
    await talk.plug()
    await talk.card()
    talk.csms.verdict = "Accepted"
    await talk.card()
    assert short(talk.told()[0])[:2] == ("Started", "Authorized")
    await talk.close()


async def start_offline(talk):
    await talk.energy_transfer_started()
    await talk.leave()
    await talk.plug()
    await talk.drop()
    await talk.card()
    await talk.state("Charging")


async def test_TC_C_16_CS_offline_start_then_refused_with_StopTxOnInvalidId():
    talk = await booted()
    await start_offline(talk)
    talk.csms.verdict = "Invalid"
    await talk.reconnect()
    events = [(short(e)[1], e.get("offline")) for e in talk.told()]
    assert events == [("Authorized", True), ("ChargingStateChanged", True), ("Deauthorized", None)]
    assert not talk.station.evse(1).may_charge() and talk.station.evse(1).ended_by == "DeAuthorized"
    await talk.close()


async def test_TC_C_17_CS_offline_start_then_refused_without_StopTxOnInvalidId():
    talk = await booted()
    await talk.set("TxCtrlr.StopTxOnInvalidId", "false")
    await start_offline(talk)
    talk.csms.verdict = "Invalid"
    await talk.reconnect()
    assert short(talk.told()[-1]) == ("Updated", "ChargingStateChanged", "SuspendedEVSE", None)
    assert not talk.station.evse(1).may_charge() and talk.station.evse(1).ended_by == "DeAuthorized"
    await talk.close()


async def test_TC_C_15_CS_with_MaxEnergyOnInvalidId_energy_continues():
    talk = await booted()
    await talk.set("TxCtrlr.StopTxOnInvalidId", "false")
    await talk.set("TxCtrlr.MaxEnergyOnInvalidId", "10000")
    await start_offline(talk)
    talk.csms.verdict = "Invalid"
    await talk.reconnect()
    assert not any(short(e)[1] == "Deauthorized" or short(e)[2] == "SuspendedEVSE" for e in talk.told())
    assert talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_C_26_CS_offline_start_of_an_unknown_token():
    talk = await booted()
    await talk.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    await talk.plug()
    await talk.drop()
    await talk.card("NEVER-SEEN")
    await talk.reconnect()
    assert short(talk.told()[0])[:2] == ("Started", "Authorized")
    assert talk.told()[0]["offline"] is True
    await talk.close()


async def test_TC_C_32_CS_the_cache_survives_a_reboot():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.leave()
    await talk.reboot()
    await talk.plug()
    await talk.card()
    assert talk.heard("Authorize") == []
    assert talk.told()
    await talk.close()


async def test_TC_C_34_CS_the_cache_learns_from_transaction_events():
    talk = await booted()
    await start_offline(talk)
    talk.csms.verdict = "Invalid"
    await talk.reconnect()
    await talk.leave()
    talk.csms.heard.clear()
    await talk.plug()
    await talk.card()
    assert len(talk.heard("Authorize")) == 1
    await talk.close()


async def test_TC_C_36_CS_without_LocalPreAuthorize_the_csms_authorizes():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.leave()
    await talk.set("AuthCtrlr.LocalPreAuthorize", "false")
    await talk.plug()
    await talk.card()
    assert len(talk.heard("Authorize")) == 1
    await talk.close()


async def test_TC_C_37_and_38_CS_clearing_the_cache():
    talk = await booted()
    assert (await talk.call(call.ClearCache())).status == "Accepted"
    await talk.set("AuthCacheCtrlr.Enabled", "false")
    assert (await talk.call(call.ClearCache())).status == "Rejected"
    await talk.close()


async def test_TC_C_39_CS_a_token_of_the_group_stops():
    talk = await booted()
    answer_with_group(talk)
    await talk.energy_transfer_started()
    await talk.card("SECOND")
    assert short(talk.told()[0]) == ("Ended", "StopAuthorized", "EVConnected", "Local")
    assert talk.told()[0]["id_token"]["id_token"] == "SECOND"
    await talk.close()


async def test_TC_C_42_CS_a_refused_token_of_the_group_does_not_stop():
    talk = await booted()
    answer_with_group(talk)
    await talk.energy_transfer_started()
    answer_with_group(talk, status="Invalid")
    await talk.card("SECOND")
    assert talk.told() == [] and talk.tx()
    await talk.close()


async def test_TC_C_46_CS_the_life_of_a_cached_token():
    talk = await booted()
    await talk.set("AuthCacheCtrlr.LifeTime", "10")
    await talk.energy_transfer_started()
    await talk.leave()
    await talk.advance(11000)
    await talk.plug()
    await talk.card()
    assert len(talk.heard("Authorize")) == 1
    await talk.close()


async def test_TC_C_45_and_49_CS_the_master_pass():
    talk = await booted()
    await talk.set("AuthCtrlr.MasterPassGroupId", "GROUP1")
    await talk.energy_transfer_started(1)
    await talk.energy_transfer_started(2)
    answer_with_group(talk)
    await talk.card("MASTER")
    assert [short(e)[3] for e in talk.told()] == ["MasterPass", "MasterPass"]
    await talk.leave(1)
    await talk.plug(1)
    talk.csms.heard.clear()
    await talk.card("MASTER")
    assert talk.told() == []
    await talk.close()


async def test_TC_C_57_CS_DisablePostAuthorize():
    talk = await booted()
    talk.csms.verdict = "Invalid"
    await talk.plug()
    await talk.card()
    await talk.set("AuthCacheCtrlr.DisablePostAuthorize", "true")
    await talk.card()
    assert len(talk.heard("Authorize")) == 1
    await talk.close()
