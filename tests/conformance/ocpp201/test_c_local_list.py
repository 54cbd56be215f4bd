"""Part 6, C: authorization by the local list, offline and online."""

import pytest
from scenario import booted, short

ACCEPTED = {"status": "Accepted"}
GROUP = {"id_token": "GROUP1", "type": "Central"}
ABC = {"id_token": "ABC", "type": "ISO14443"}
REFUSED = {"Invalid": {"status": "Invalid"}, "Blocked": {"status": "Blocked"}, "Expired": {"status": "Expired"}}


async def with_list(tokens, **variables):
    """tokens: see Scenario.send_list; variables: of AuthCtrlr."""
    talk = await booted()
    for name, value in {"LocalPreAuthorize": "true", "LocalAuthorizeOffline": "true"}.items():
        assert await talk.set("AuthCtrlr." + name, variables.pop(name, value)) == "Accepted"
    assert await talk.send_list(1, tokens) == "Accepted"
    talk.csms.heard.clear()
    return talk


async def test_TC_C_21_CS_offline_accepted():
    talk = await with_list({"ABC": ACCEPTED})
    await talk.drop()
    await talk.card()
    await talk.plug()
    await talk.state("Charging")
    assert talk.station.evse(1).may_charge()
    await talk.reconnect()
    await talk.card()
    await talk.leave()
    assert talk.asked() == []
    assert [short(e)[:2] for e in talk.told()] == [("Started", "CablePluggedIn"), ("Updated", "ChargingStateChanged"), ("Ended", "StopAuthorized")]
    assert [e.get("offline") for e in talk.told()] == [True, True, None]
    assert talk.told()[0]["id_token"] == ABC
    await talk.close()


@pytest.mark.parametrize(("case", "status"), [("TC_C_22_CS", "Invalid"), ("TC_C_23_CS", "Blocked"), ("TC_C_24_CS", "Expired")])
@pytest.mark.parametrize("start_point", ["PowerPathClosed", "ParkingBayOccupancy"])
async def test_offline_refused(case, status, start_point):
    info = REFUSED[status]
    if status == "Expired":
        info = {"status": "Accepted", "cache_expiry_date_time": "2026-11-20T11:59:59Z"}
    talk = await with_list({"ABC": info})
    await talk.set("TxCtrlr.TxStartPoint", start_point)
    await talk.drop()
    await talk.event(1, "bay", occupied=True)
    await talk.card()
    assert not talk.station.evse(1).may_charge()
    await talk.reconnect()
    told = [(short(e)[:2], e["offline"], "id_token" in e) for e in talk.told()]
    assert told == ([(("Started", "EVDetected"), True, False)] if start_point == "ParkingBayOccupancy" else [])
    await talk.close()


async def test_TC_C_25_CS_offline_the_list_precedes_the_cache():
    talk = await with_list({})
    await talk.energy_transfer_started()
    await talk.leave()
    assert await talk.send_list(2, {"ABC": {"status": "Invalid"}}) == "Accepted"
    await talk.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    await talk.set("TxCtrlr.StopTxOnInvalidId", "false")
    await talk.plug()
    await talk.drop()
    await talk.card()
    await talk.advance(10000)
    await talk.reconnect()
    assert talk.told() == [] and not talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_C_27_CS_online_accepted():
    talk = await with_list({"ABC": ACCEPTED})
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    await talk.card()
    await talk.plug()
    await talk.state("Charging")
    assert talk.asked() == []
    first = talk.told()[0]
    assert short(first)[:2] == ("Started", "Authorized") and first["id_token"] == ABC
    assert short(talk.told()[-1])[2] == "Charging"
    await talk.close()


@pytest.mark.parametrize(("case", "status"), [("TC_C_28_CS", "Invalid"), ("TC_C_29_CS", "Blocked"), ("TC_C_30_CS", "Expired")])
async def test_online_refused_by_the_list_and_by_the_csms(case, status):
    talk = await with_list({"ABC": REFUSED[status]})
    talk.csms.verdict = status
    await talk.plug()
    await talk.card()
    await talk.advance(30000)
    assert talk.asked() == [("ABC", "ISO14443")]
    assert talk.told() == [] and not talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_C_31_CS_online_refused_by_the_list_and_accepted_by_the_csms():
    talk = await with_list({"ABC": REFUSED["Invalid"]})
    await talk.card()
    await talk.plug()
    await talk.state("Charging")
    assert talk.asked() == [("ABC", "ISO14443")]
    assert talk.told()[0]["id_token"] == ABC and short(talk.told()[-1])[2] == "Charging"
    await talk.close()


@pytest.mark.parametrize(("stop_point", "kind"), [("Authorized", "Ended"), ("EVConnected", "Updated")])
async def test_TC_C_40_CS_a_token_of_the_group_stops(stop_point, kind):
    info = ACCEPTED | {"group_id_token": GROUP}
    talk = await with_list({"ABC": info, "DEF": info})
    talk.tokens = {"ABC": info, "DEF": info}
    await talk.set("TxCtrlr.TxStopPoint", stop_point)
    await talk.plug()
    await talk.card()
    assert short(talk.told()[0])[:2] == ("Started", "Authorized") and talk.told()[0]["id_token"] == ABC
    await talk.state("Charging")
    talk.csms.heard.clear()
    await talk.card("DEF")
    assert short(talk.told()[0])[:2] == (kind, "StopAuthorized") and talk.told()[0]["id_token"]["id_token"] == "DEF"
    await talk.leave()
    assert short(talk.told()[-1])[0] == "Ended" and talk.asked() == [] and talk.statuses() == [(1, "Available")]
    await talk.close()


async def test_TC_C_43_CS_a_refused_token_of_the_group_does_not_stop():
    info, refused = ACCEPTED | {"group_id_token": GROUP}, REFUSED["Invalid"] | {"group_id_token": GROUP}
    talk = await with_list({"ABC": info, "DEF": refused})
    talk.tokens = {"ABC": info, "DEF": refused}
    await talk.plug()
    await talk.card()
    assert short(talk.told()[0])[:2] == ("Started", "Authorized") and talk.told()[0]["id_token"] == ABC
    await talk.state("Charging")
    talk.csms.heard.clear()
    await talk.card("DEF")
    await talk.advance(30000)
    assert talk.asked() == [("DEF", "ISO14443")]
    assert talk.told() == [] and talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_C_58_CS_DisablePostAuthorize():
    talk = await with_list({"ABC": REFUSED["Invalid"]})
    assert await talk.set("LocalAuthListCtrlr.DisablePostAuthorize", "true") == "Accepted"
    await talk.plug()
    await talk.card()
    assert talk.asked() == [] and talk.told() == []
    assert talk.station.actions[-1] == ("authorized", 1, "ABC", False, "Invalid")
    await talk.close()
