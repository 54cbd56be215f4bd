"""Part 6, K: charging profiles are reported by criteria, limits from outside, and cars that negotiate (ISO 15118).

The pilot of our own charging points has no high level communication: what the car says comes as the facts `charging_needs` and
`ev_schedule` that a device which has it would give.
"""

from charging_profiles import DEVIATION_S, at, clear, composite, profile, put, report, reported
from ocpp.v201 import call
from scenario import booted, short

from ampacity.base.wallclock import format_iso

MAXIMUM = {"charging_profile_purpose": "ChargingStationMaxProfile"}
DEFAULT = {"charging_profile_purpose": "TxDefaultProfile"}
OUTSIDE = {"charging_profile_purpose": "ChargingStationExternalConstraints"}


async def two_profiles(stack=0):
    """Id 1: a maximum of the station, id 2: a default of EVSE 1; and both documents."""
    talk = await booted()
    documents = [profile(talk, id=1, purpose="ChargingStationMaxProfile", stack=stack), profile(talk, id=2, stack=stack)]
    for evse, document in enumerate(documents):
        assert await put(talk, evse, document) == "Accepted"
    return talk, documents


def shown(reports):
    return [(p["evse_id"], p["charging_limit_source"], p["charging_profile"]) for p in reports]


async def test_TC_K_29_CS_profiles_of_the_station():
    talk, documents = await two_profiles()
    for criteria in ({}, MAXIMUM):
        assert shown(await reported(talk, criteria, 0)) == [(0, "CSO", documents[:1])]
    assert shown(await reported(talk, {"stack_level": 0}, 0)) == [(0, "CSO", documents[:1])]
    await talk.close()


async def test_TC_K_30_CS_profiles_of_an_EVSE():
    talk, documents = await two_profiles()
    for criteria in ({}, {"stack_level": 0}):
        assert shown(await reported(talk, criteria, 1)) == [(1, "CSO", documents[1:])]
        assert await report(talk, criteria, 2) == []
    await talk.close()


async def test_TC_K_31_CS_all_profiles():
    talk, documents = await two_profiles()
    for criteria in ({}, {"stack_level": 0}):
        assert shown(await reported(talk, criteria)) == [(0, "CSO", documents[:1]), (1, "CSO", documents[1:])]
    await talk.close()


async def test_TC_K_32_CS_a_profile_by_id():
    talk, documents = await two_profiles()
    assert shown(await reported(talk, {"charging_profile_id": [1]})) == [(0, "CSO", documents[:1])]
    await talk.close()


async def test_TC_K_33_CS_profiles_of_an_EVSE_by_level():
    talk, documents = await two_profiles(stack=3)
    assert shown(await reported(talk, {"stack_level": 3}, 1)) == [(1, "CSO", documents[1:])]
    assert await report(talk, {"stack_level": 2}, 1) == []
    await talk.close()


async def test_TC_K_34_CS_profiles_of_an_EVSE_by_source():
    talk, documents = await two_profiles(stack=1)
    assert shown(await reported(talk, {"charging_limit_source": ["CSO"]}, 1)) == [(1, "CSO", documents[1:])]
    assert await report(talk, {"charging_limit_source": ["EMS"]}, 1) == []
    await talk.close()


async def test_TC_K_35_CS_profiles_of_an_EVSE_by_purpose():
    talk, documents = await two_profiles()
    await talk.energy_transfer_started()
    assert shown(await reported(talk, DEFAULT, 1)) == [(1, "CSO", documents[1:])]
    assert await report(talk, MAXIMUM, 1) == []
    await talk.close()


async def test_TC_K_36_CS_profiles_of_an_EVSE_by_purpose_and_level():
    talk, documents = await two_profiles(stack=3)
    await put(talk, 1, profile(talk, id=4, stack=2))
    assert shown(await reported(talk, {"stack_level": 3, **DEFAULT}, 1)) == [(1, "CSO", documents[1:])]
    await talk.close()


async def test_TC_K_52_CS_a_limit_from_outside_is_reported_with_its_source():
    talk = await booted()
    talk.station.outside_limits([("Other", 0, 200, "A", None), ("EMS", 1, 41400, "W", talk.now_ms + 60000)], talk.now_ms)
    await talk.settle()
    notices = [(p.get("evse_id"), p["charging_limit"]["charging_limit_source"]) for p in talk.heard("NotifyChargingLimit")]
    assert notices == [(None, "Other"), (1, "EMS")]
    await put(talk, 1, profile(talk))
    found = await reported(talk, OUTSIDE)
    assert [(p["evse_id"], p["charging_limit_source"]) for p in found] == [(0, "Other"), (1, "EMS")]
    documents = [p["charging_profile"][0] for p in found]
    assert {d["charging_profile_purpose"] for d in documents} == {"ChargingStationExternalConstraints"}
    assert all(d["id"] < 0 for d in documents)
    schedule = documents[1]["charging_schedule"][0]
    assert (schedule["charging_rate_unit"], schedule["duration"], schedule["start_schedule"]) == ("W", 60, format_iso(talk.unix_ms))
    assert schedule["charging_schedule_period"] == [{"start_period": 0, "limit": 4140}]
    assert await report(talk, {"charging_limit_source": ["EMS", "SO"]}) == [documents[1]["id"]]
    assert await report(talk, {"charging_profile_id": [documents[0]["id"]]}) == [documents[0]["id"]]
    assert await clear(talk, charging_profile_id=documents[0]["id"]) == "Unknown"
    assert await clear(talk, charging_profile_criteria=OUTSIDE) == "Unknown"
    assert await composite(talk, 2, 90) == [(0, 20)] and await composite(talk, 0, 90) == [(0, 20)]
    await talk.close()


async def negotiating(needs="Accepted"):
    """Plugged in and authorized with a contract's identifier: the transaction runs, no energy flows yet. And what the car needs is told."""
    talk = await booted()
    await talk.plug()
    await talk.event(1, "token", token="DE8AAC12345678", type="eMAID")
    talk.csms.needs_status = needs
    return talk


async def tell_needs(talk):
    talk.station.charging_needs(1, 20000, talk.unix_ms + 3600000, talk.now_ms)
    await talk.settle()
    told = talk.heard("NotifyEVChargingNeeds")[-1]
    assert told["evse_id"] == 1 and told["charging_needs"]["ac_charging_parameters"]["energy_amount"] == 20000
    assert told["charging_needs"]["requested_energy_transfer"] == "AC_three_phase"


async def offer(talk, amps, schedule_id=7, id=1):
    document = profile(talk, id=id, purpose="TxProfile", kind="Relative", periods={0: amps}, transaction_id=talk.tx(), duration=300)
    document["charging_schedule"][0]["id"] = schedule_id
    assert await put(talk, 1, document) == "Accepted"


async def follow(talk, amps, schedule_id=7):
    """The car returns its plan; the request that reports it to the CSMS."""
    talk.station.ev_schedule(1, {"id": schedule_id, "unit": "A", "periods": [(0, amps * 10)]}, talk.now_ms)
    await talk.settle()
    told = talk.heard("NotifyEVChargingSchedule")[-1]
    assert told["evse_id"] == 1 and told["time_base"] == format_iso(talk.unix_ms)
    schedule = told["charging_schedule"]
    assert schedule["id"] == schedule_id and schedule["charging_rate_unit"] == "A"
    assert schedule["charging_schedule_period"][0]["start_period"] == 0
    return schedule["charging_schedule_period"][0]["limit"]


async def renegotiated(talk):
    """The reusable state RenegotiateChargingLimits: 10 A are offered, the car takes them."""
    await tell_needs(talk)
    await offer(talk, 10)
    assert await follow(talk, 10) == 10
    await talk.state("Charging")
    assert short(talk.told()[-1])[:3] == ("Updated", "ChargingStateChanged", "Charging")


async def test_TC_K_53_CS_load_leveling_with_a_car_that_negotiates():
    talk = await negotiating()
    first = talk.told()[0]
    assert first["event_type"] == "Started" and first["trigger_reason"] == "Authorized"
    await tell_needs(talk)
    await offer(talk, 6)
    assert await follow(talk, 6) <= 6
    await talk.state("Charging")
    assert short(talk.told()[-1])[:3] == ("Updated", "ChargingStateChanged", "Charging")
    await talk.close()


async def test_TC_K_54_CS_the_CSMS_has_no_schedule_for_the_car():
    talk = await negotiating(needs="Rejected")
    await tell_needs(talk)
    talk.station.ev_schedule(1, {}, talk.now_ms)
    await talk.settle()
    told = talk.heard("NotifyEVChargingSchedule")
    assert [p["evse_id"] for p in told] == [1] and told[0]["charging_schedule"]["charging_schedule_period"][0]["limit"] == 32
    await talk.state("Charging")
    assert short(talk.told()[-1])[1:3] == ("ChargingStateChanged", "Charging")
    await talk.close()


async def test_TC_K_56_CS_a_car_negotiates_while_the_CSMS_is_away():
    talk = await booted()
    valid = {"valid_from": at(talk, -DEVIATION_S), "valid_to": at(talk, DEVIATION_S + 401), "start": -DEVIATION_S}
    assert await put(talk, 1, profile(talk, duration=400, **valid)) == "Accepted"
    await talk.plug()
    await talk.event(1, "token", token="DE8AAC12345678", type="eMAID")
    await talk.drop()
    talk.station.charging_needs(1, 20000, None, talk.now_ms)
    talk.station.ev_schedule(1, {}, talk.now_ms)
    negotiated = format_iso(talk.unix_ms)
    talk.station.session_event(1, "charging", {"state": "Charging"}, talk.now_ms)
    talk.now_ms, talk.unix_ms = talk.now_ms + 90000, talk.unix_ms + 90000
    await talk.reconnect()
    told = talk.heard("NotifyEVChargingSchedule")
    assert [(p["evse_id"], p["time_base"]) for p in told] == [(1, negotiated)]
    assert told[0]["charging_schedule"]["charging_schedule_period"][0] == {"start_period": 0, "limit": 6, "number_phases": 3}
    event = talk.told()[-1]
    assert short(event)[1:3] == ("ChargingStateChanged", "Charging") and event["offline"] is True
    await talk.close()


async def test_TC_K_57_CS_the_car_renegotiates():
    talk = await negotiating()
    await renegotiated(talk)
    await talk.advance(20000)
    talk.csms.heard.clear()
    await tell_needs(talk)
    await offer(talk, 15)
    assert await follow(talk, 15) == 15
    assert [short(e)[1] for e in talk.told()] == ["ChargingRateChanged"]
    assert await composite(talk, 1, 60) == [(0, 15)]
    await talk.close()


async def test_TC_K_58_CS_the_CSMS_renegotiates():
    talk = await negotiating()
    await renegotiated(talk)
    await talk.advance(20000)
    talk.csms.heard.clear()
    talk.station.actions[:] = []
    await offer(talk, 8)
    assert ("renegotiate", 1) in talk.station.actions
    assert await follow(talk, 8) == 8
    assert [short(e)[1] for e in talk.told()] == ["ChargingRateChanged"]
    assert talk.heard("NotifyEVChargingNeeds") == []
    await talk.close()


async def test_a_rejected_plan_of_the_car_does_not_count():
    talk = await negotiating()
    await tell_needs(talk)
    await offer(talk, 12)
    talk.csms.schedule_status = "Rejected"
    assert await follow(talk, 9) == 9
    assert await composite(talk, 1, 60) == [(0, 12)]
    talk.csms.schedule_status = "Accepted"
    await talk.advance(5000)
    await follow(talk, 9)
    assert await composite(talk, 1, 60) == [(0, 9)]
    assert (await talk.call(call.ClearChargingProfile(charging_profile_id=1))).status == "Accepted"
    assert talk.station.limits(talk.now_ms) == []
    await talk.close()
