"""Part 6, C: authorization by the cache, and what the cache learns."""

import pytest
from ocpp.v201 import call
from scenario import booted, short

ACCEPTED = {"status": "Accepted"}
GROUP = {"id_token": "GROUP1", "type": "Central"}
ABC = {"id_token": "ABC", "type": "ISO14443"}


async def cached(status="Accepted", **tokens):
    """IdTokenCached: ABC, or each of `tokens` (identifier → idTokenInfo), is in the cache; nothing is plugged in."""
    talk = await booted()
    talk.tokens = dict(tokens)
    talk.csms.verdict = status
    for token in tokens or ("ABC",):
        await talk.plug()
        await talk.card(token)
        await talk.leave()
        assert talk.asked() == [(token, "ISO14443")]
        talk.csms.heard.clear()
    return talk


def check_start(event, kind="Started"):
    assert short(event)[:2] == (kind, "Authorized") and event["id_token"] == ABC


async def test_TC_C_08_CS_accepted():
    talk = await cached()
    await talk.plug()
    await talk.card()
    await talk.state("Charging")
    assert talk.asked() == []
    check_start(talk.told()[0])
    assert short(talk.told()[-1])[2] == "Charging" and talk.station.evse(1).may_charge()
    await talk.close()


@pytest.mark.parametrize(("case", "status"), [("TC_C_09_CS", "Invalid"), ("TC_C_10_CS", "Blocked"), ("TC_C_11_CS", "Expired")])
async def test_refused_by_the_cache_and_by_the_csms(case, status):
    talk = await cached(status)
    await talk.plug()
    await talk.card()
    await talk.advance(30000)
    assert talk.asked() == [("ABC", "ISO14443")]
    assert talk.told() == [] and not talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_C_11_CS_an_entry_that_has_expired():
    talk = await cached(ABC=ACCEPTED | {"cache_expiry_date_time": "2026-11-20T12:00:05Z"})
    await talk.advance(5000)
    talk.tokens = {"ABC": {"status": "Expired"}}
    await talk.plug()
    await talk.card()
    assert talk.asked() == [("ABC", "ISO14443")] and talk.told() == []
    await talk.close()


async def test_TC_C_12_CS_refused_by_the_cache_and_accepted_by_the_csms():
    talk = await cached("Invalid")
    talk.csms.verdict = "Accepted"
    await talk.plug()
    await talk.card()
    await talk.state("Charging")
    assert talk.asked() == [("ABC", "ISO14443")]
    check_start(talk.told()[0])
    assert short(talk.told()[-1])[2] == "Charging"
    await talk.close()


@pytest.mark.parametrize(("start_point", "kind"), [("Authorized", "Started"), ("ParkingBayOccupancy", "Updated")])
async def test_TC_C_13_CS_accepted_before_the_cable_is_connected(start_point, kind):
    talk = await cached()
    await talk.set("TxCtrlr.TxStartPoint", start_point)
    await talk.event(1, "bay", occupied=True)
    await talk.card()
    assert talk.asked() == []
    check_start(talk.told()[-1], kind)
    await talk.plug()
    assert short(talk.told()[-1])[:2] == ("Updated", "CablePluggedIn")
    await talk.state("Charging")
    assert short(talk.told()[-1])[2] == "Charging"
    await talk.close()


async def test_TC_C_32_CS_the_cache_survives_a_reboot():
    talk = await cached()
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    await talk.reboot()
    await talk.card()
    assert talk.asked() == []
    check_start(talk.told()[0])
    await talk.plug()
    await talk.state("Charging")
    assert short(talk.told()[-1])[2] == "Charging"
    await talk.close()


async def test_TC_C_33_CS_the_cache_learns_from_the_answer_to_Authorize():
    talk = await booted()
    await talk.plug()
    await talk.card()
    assert talk.asked() == [("ABC", "ISO14443")]
    check_start(talk.told()[0])
    await talk.state("Charging")
    await talk.card()
    assert short(talk.told()[-1]) == ("Ended", "StopAuthorized", "EVConnected", "Local")
    await talk.leave()
    assert talk.statuses() == [(1, "Occupied"), (1, "Available")]
    talk.csms.heard.clear()
    await talk.plug()
    talk.csms.verdict = "Invalid"
    await talk.card()
    assert talk.asked() == []
    check_start(talk.told()[0])
    await talk.close()


async def test_TC_C_34_CS_the_cache_learns_from_the_answer_to_a_TransactionEvent():
    talk = await cached()
    talk.csms.verdict = "Invalid"
    await talk.plug()
    await talk.card()
    assert talk.asked() == []
    check_start(talk.told()[0])
    assert short(talk.told()[1]) == ("Ended", "Deauthorized", "EVConnected", "DeAuthorized") and not talk.station.evse(1).may_charge()
    await talk.leave()
    talk.csms.heard.clear()
    await talk.plug()
    await talk.card()
    assert talk.asked() == [("ABC", "ISO14443")] and talk.told() == []
    await talk.close()


async def test_TC_C_36_CS_without_LocalPreAuthorize_the_csms_is_asked():
    talk = await cached()
    assert await talk.set("AuthCtrlr.LocalPreAuthorize", "false") == "Accepted"
    talk.csms.verdict = "Invalid"
    await talk.plug()
    await talk.card()
    assert talk.asked() == [("ABC", "ISO14443")] and talk.told() == []
    await talk.close()


async def test_TC_C_37_CS_clearing_the_cache():
    talk = await cached()
    assert (await talk.call(call.ClearCache())).status == "Accepted"
    await talk.plug()
    await talk.card()
    assert talk.asked() == [("ABC", "ISO14443")]
    check_start(talk.told()[0])
    await talk.state("Charging")
    assert short(talk.told()[-1])[2] == "Charging"
    await talk.close()


async def test_TC_C_38_CS_a_disabled_cache_is_not_cleared():
    talk = await cached()
    assert await talk.set("AuthCacheCtrlr.Enabled", "false") == "Accepted"
    assert (await talk.call(call.ClearCache())).status == "Rejected"
    await talk.set("AuthCacheCtrlr.Enabled", "true")
    await talk.plug()
    await talk.card()
    assert talk.asked() == []
    await talk.close()


async def test_TC_C_41_CS_a_token_of_the_group_stops():
    info = ACCEPTED | {"group_id_token": GROUP}
    talk = await cached(ABC=info, DEF=info)
    await talk.plug()
    await talk.card()
    check_start(talk.told()[0])
    await talk.state("Charging")
    talk.csms.heard.clear()
    await talk.card("DEF")
    assert short(talk.told()[0]) == ("Ended", "StopAuthorized", "EVConnected", "Local")
    assert talk.told()[0]["id_token"] == ABC | {"id_token": "DEF"}
    await talk.leave()
    assert talk.asked() == [] and talk.statuses() == [(1, "Available")]
    await talk.close()


async def test_TC_C_44_CS_a_refused_token_of_the_group_does_not_stop():
    talk = await cached(ABC=ACCEPTED | {"group_id_token": GROUP}, DEF={"status": "Invalid", "group_id_token": GROUP})
    await talk.plug()
    await talk.card()
    check_start(talk.told()[0])
    await talk.state("Charging")
    talk.csms.heard.clear()
    await talk.card("DEF")
    await talk.advance(30000)
    assert talk.asked() == [("DEF", "ISO14443")]
    assert talk.told() == [] and talk.station.evse(1).may_charge()
    await talk.close()


async def test_TC_C_46_CS_the_life_of_an_entry():
    talk = await booted()
    await talk.set("AuthCacheCtrlr.LifeTime", "10")
    for wait_ms, asked in ((0, True), (9000, False), (11000, True)):
        await talk.advance(wait_ms)
        talk.csms.heard.clear()
        await talk.plug()
        await talk.card()
        assert talk.asked() == ([("ABC", "ISO14443")] if asked else [])
        check_start(talk.told()[0])
        await talk.leave()
    await talk.close()


async def test_TC_C_57_CS_DisablePostAuthorize():
    talk = await cached("Invalid")
    assert await talk.set("AuthCacheCtrlr.DisablePostAuthorize", "true") == "Accepted"
    await talk.plug()
    await talk.card()
    assert talk.asked() == [] and talk.told() == []
    assert talk.station.actions[-1] == ("authorized", 1, "ABC", False, "Invalid")
    await talk.close()
