"""Part 6, C: authorization by the CSMS, groups, the master pass, unknown identifiers."""

import pytest
from scenario import VALUES, booted, short

ACCEPTED = {"status": "Accepted"}
GROUP = {"id_token": "GROUP1", "type": "Central"}
OF_GROUP = ACCEPTED | {"group_id_token": GROUP}


def card(token):
    return {"id_token": token, "type": "ISO14443"}


@pytest.mark.parametrize(
    ("case", "status"),
    [("TC_C_02_CS", "Invalid"), ("TC_C_06_CS", "Blocked"), ("TC_C_07_CS", "Expired"), ("TC_C_56_CS", "Unknown")],
)
async def test_a_refused_token_starts_nothing(case, status):
    talk = await booted()
    talk.csms.verdict = status
    await talk.plug()
    await talk.card("REFUSED")
    await talk.advance(30000)
    assert talk.asked() == [("REFUSED", "ISO14443")]
    assert talk.told() == [] and not talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_C_04_CS_another_token_does_not_stop():
    talk = await booted()
    await talk.energy_transfer_started()
    await talk.card("OTHER")
    await talk.advance(30000)
    assert talk.asked() == [("OTHER", "ISO14443")]
    assert talk.told() == [] and talk.station.evse(1).may_charge()
    await talk.close()


@pytest.mark.parametrize("kind", ["ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "eMAID"])
async def test_a_token_of_each_type_is_asked_for_as_it_is(kind):
    talk = await booted()
    await talk.plug()
    await talk.event(1, "token", token="12345678", type=kind)
    assert talk.asked() == [("12345678", kind)]
    assert talk.told()[0]["id_token"] == {"id_token": "12345678", "type": kind}
    await talk.close()


async def test_C04_FR_04_a_key_code_is_in_no_log():
    talk = await booted()
    await talk.plug()
    for verdict in ("Invalid", "Accepted"):
        talk.csms.verdict = verdict
        await talk.event(1, "token", token="98765432", type="KeyCode")
    assert talk.tx()
    assert "98765432" not in str(talk.log.since(0))
    await talk.close()


async def with_group(info):
    """A transaction of ABC of the group is under way; DEF, of the same group, is judged by `info`."""
    talk = await booted()
    talk.tokens = {"ABC": OF_GROUP, "DEF": info}
    await talk.plug()
    await talk.card()
    assert talk.asked() == [("ABC", "ISO14443")]
    assert short(talk.told()[0])[:2] == ("Started", "Authorized") and talk.told()[0]["id_token"] == card("ABC")
    await talk.state("Charging")
    talk.csms.heard.clear()
    return talk


async def test_TC_C_39_CS_a_token_of_the_group_stops():
    talk = await with_group(OF_GROUP)
    await talk.card("DEF")
    assert talk.asked() == [("DEF", "ISO14443")]
    assert short(talk.told()[0]) == ("Ended", "StopAuthorized", "EVConnected", "Local")
    assert talk.told()[0]["id_token"] == card("DEF")
    await talk.leave()
    assert talk.tx() is None and talk.statuses() == [(1, "Available")]
    await talk.close()


async def test_TC_C_42_CS_a_refused_token_of_the_group_does_not_stop():
    talk = await with_group({"status": "Invalid", "group_id_token": GROUP})
    await talk.card("DEF")
    await talk.advance(30000)
    assert talk.asked() == [("DEF", "ISO14443")]
    assert talk.told() == [] and talk.station.evse(1).may_charge()
    await talk.close()


async def with_master_pass():
    talk = await booted()
    talk.tokens = {"MASTER": OF_GROUP}
    assert await talk.set("AuthCtrlr.MasterPassGroupId", "GROUP1") == "Accepted"
    return talk


@pytest.mark.parametrize("start_point", ["Authorized", "PowerPathClosed"])
async def test_TC_C_45_CS_the_master_pass_starts_nothing(start_point):
    talk = await with_master_pass()
    await talk.set("TxCtrlr.TxStartPoint", start_point)
    await talk.card("MASTER")
    assert talk.asked() == [("MASTER", "ISO14443")]
    await talk.plug()
    await talk.advance(30000)
    assert talk.told() == [] and not talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_C_49_CS_the_master_pass_stops_all_transactions():
    talk = await with_master_pass()
    for evse, token in ((1, "ABC"), (2, "DEF")):
        await talk.plug(evse)
        await talk.card(token, evse)
        await talk.state("Charging", evse)
    talk.csms.heard.clear()
    await talk.card("MASTER")
    assert talk.asked() == [("MASTER", "ISO14443")]
    assert [(e["evse"]["id"], short(e)[0], short(e)[3]) for e in talk.told()] == [(1, "Ended", "MasterPass"), (2, "Ended", "MasterPass")]
    assert all(e.get("id_token", card("MASTER")) == card("MASTER") for e in talk.told())
    for evse in (1, 2):
        assert not talk.station.evse(evse).may_charge()
        await talk.leave(evse)
    assert len(talk.told()) == 2 and talk.statuses() == [(1, "Available"), (2, "Available")]
    await talk.close()


async def test_TC_C_14_CS_the_master_pass_from_the_cache():
    talk = await with_master_pass()
    await talk.card("MASTER")
    await talk.energy_transfer_started()
    await talk.card("MASTER")
    assert talk.asked() == []
    (event,) = talk.told()
    assert short(event) == ("Ended", "StopAuthorized", "EVConnected", "MasterPass") and event["id_token"] == card("MASTER")
    await talk.close()


async def test_TC_C_26_CS_offline_start_of_an_unknown_token():
    talk = await booted()
    await talk.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    await talk.set("TxCtrlr.StopTxOnInvalidId", "false")
    await talk.drop()
    await talk.card("NEVER-SEEN")
    await talk.plug()
    await talk.state("Charging")
    talk.csms.verdict = "Invalid"
    await talk.reconnect()
    assert (1, "Occupied") in talk.statuses()
    queued, suspended = talk.told()[:-1], talk.told()[-1]
    assert [short(e)[:2] for e in queued] == [("Started", "CablePluggedIn"), ("Updated", "ChargingStateChanged")]
    assert all(e["offline"] is True for e in queued) and queued[0]["id_token"] == card("NEVER-SEEN")
    assert short(suspended)[:3] == ("Updated", "ChargingStateChanged", "SuspendedEVSE")
    assert not talk.station.evse(1).may_charge()
    talk.csms.heard.clear()
    await talk.card("NEVER-SEEN")
    await talk.leave()
    assert short(talk.told()[0])[1] == "StopAuthorized" and short(talk.told()[-1])[0] == "Ended"
    await talk.close()


async def started_offline(**variables):
    """ABC is cached as accepted and starts offline; then the CSMS refuses it. variables: of TxCtrlr."""
    talk = await booted()
    for name, value in variables.items():
        assert await talk.set("TxCtrlr." + name, value) == "Accepted"
    await talk.energy_transfer_started()
    await talk.leave()
    await talk.plug()
    await talk.drop()
    await talk.card()
    await talk.state("Charging")
    await talk.advance(5000)
    talk.csms.verdict = "Invalid"
    await talk.reconnect()
    first = talk.told()[0]
    assert talk.asked() == [] and short(first)[1] == "Authorized" and first["id_token"] == card("ABC")
    assert [(short(e)[1], e.get("offline")) for e in talk.told()[:2]] == [("Authorized", True), ("ChargingStateChanged", True)]
    return talk


async def test_TC_C_15_CS_energy_continues_up_to_MaxEnergyOnInvalidId():
    talk = await started_offline(StopTxOnInvalidId="false", MaxEnergyOnInvalidId="10000")
    assert not any(short(e)[1] == "Deauthorized" or short(e)[2] == "SuspendedEVSE" for e in talk.told())
    talk.csms.heard.clear()
    for energy_wh, goes_on in ((9999, True), (10000, False)):
        assert talk.station.evse(1).may_charge()
        talk.station.meter_values(1, VALUES | {"energy_wh": VALUES["energy_wh"] + energy_wh}, talk.now_ms)
        await talk.settle()
        assert talk.station.evse(1).may_charge() == goes_on
    assert [short(e)[:3] for e in talk.told()] == [("Updated", "ChargingStateChanged", "SuspendedEVSE")]
    await talk.close()


@pytest.mark.parametrize(("case", "most_wh"), [("TC_C_16_CS", "0"), ("TC_C_18_CS", "500")])
async def test_with_StopTxOnInvalidId_the_transaction_ends(case, most_wh):
    talk = await started_offline(StopTxOnInvalidId="true", MaxEnergyOnInvalidId=most_wh)
    (event,) = talk.told()[2:]
    assert short(event) == ("Ended", "Deauthorized", "EVConnected", "DeAuthorized") and not event.get("offline")
    assert not talk.station.evse(1).may_charge() and talk.station.evse(1).ended_by == "DeAuthorized"
    await talk.close()


async def test_TC_C_17_CS_without_StopTxOnInvalidId_the_energy_ends():
    talk = await started_offline(StopTxOnInvalidId="false", MaxEnergyOnInvalidId="0")
    (event,) = talk.told()[2:]
    assert short(event) == ("Updated", "ChargingStateChanged", "SuspendedEVSE", None)
    assert not talk.station.evse(1).may_charge() and talk.station.evse(1).ended_by == "DeAuthorized"
    await talk.close()
