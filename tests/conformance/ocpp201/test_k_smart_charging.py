"""Part 6, K: charging profiles."""

from ocpp.v201 import call
from scenario import TOKEN, booted

from ampacity.base.wallclock import format_iso

AMPS = {0: 6}


def profile(talk, id=1, purpose="TxDefaultProfile", stack=0, kind="Absolute", periods=None, duration=None, **more):
    schedule = {
        "id": id, "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": s, "limit": v, "number_phases": 3} for s, v in sorted((periods or AMPS).items())],
    }
    if kind != "Relative":
        schedule["start_schedule"] = format_iso(talk.unix_ms)
    if duration:
        schedule["duration"] = duration
    result = {"id": id, "stack_level": stack, "charging_profile_purpose": purpose, "charging_profile_kind": kind}
    result["charging_schedule"] = [schedule]
    result.update(more)
    return result


async def put(talk, evse, document):
    return (await talk.call(call.SetChargingProfile(evse_id=evse, charging_profile=document))).status


async def report(talk, criteria, evse=None):
    """Ids of the profiles that are reported."""
    talk.csms.heard.clear()
    request = call.GetChargingProfiles(request_id=3, charging_profile=criteria, evse_id=evse)
    response = await talk.call(request)
    ids = [d["id"] for p in talk.heard("ReportChargingProfiles") for d in p["charging_profile"]]
    assert response.status == ("Accepted" if ids else "NoProfiles")
    assert all(p["request_id"] == 3 for p in talk.heard("ReportChargingProfiles"))
    return sorted(ids)


async def composite(talk, evse, duration):
    schedule = (await talk.call(call.GetCompositeSchedule(evse_id=evse, duration=duration, charging_rate_unit="A"))).schedule
    assert schedule["duration"] == duration and schedule["evse_id"] == evse
    return [(p["start_period"], p["limit"]) for p in schedule["charging_schedule_period"]]


async def test_TC_K_01_03_10_CS_set_and_report_the_same():
    for evse, purpose in ((1, "TxDefaultProfile"), (0, "ChargingStationMaxProfile"), (0, "TxDefaultProfile")):
        talk = await booted()
        document = profile(talk, purpose=purpose, duration=300)
        assert await put(talk, evse, document) == "Accepted"
        assert await report(talk, {"charging_profile_id": [1]}) == [1]
        assert talk.heard("ReportChargingProfiles")[0]["charging_profile"] == [document]
        await talk.close()


async def test_TC_K_02_11_14_16_CS_TxProfiles_that_have_no_place():
    talk = await booted()
    assert await put(talk, 1, profile(talk, purpose="TxProfile", transaction_id="x")) == "Rejected"
    assert await put(talk, 9, profile(talk)) == "Rejected"
    await talk.energy_transfer_started()
    assert await put(talk, 0, profile(talk, purpose="TxProfile", transaction_id=talk.tx())) == "Rejected"
    assert await put(talk, 1, profile(talk, purpose="TxProfile", transaction_id="x")) == "Rejected"
    await talk.close()


async def test_TC_K_04_CS_replace_by_id():
    talk = await booted()
    await put(talk, 1, profile(talk, periods={0: 6}))
    assert await put(talk, 1, profile(talk, periods={0: 8})) == "Accepted"
    assert await composite(talk, 1, 60) == [(0, 8)]
    await talk.close()


async def clear(talk, **request):
    return (await talk.call(call.ClearChargingProfile(**request))).status


async def test_TC_K_05_06_07_08_24_CS_clear():
    talk = await booted()
    assert await clear(talk, charging_profile_id=1) == "Unknown"
    for evse in (1, 2):
        await put(talk, evse, profile(talk, id=evse))
    criteria = {"charging_profile_purpose": "TxDefaultProfile", "stack_level": 5}
    assert await clear(talk, charging_profile_criteria=criteria) == "Unknown"
    assert await clear(talk, charging_profile_id=1) == "Accepted"
    await put(talk, 1, profile(talk, id=1))
    criteria["stack_level"] = 0
    assert await clear(talk, charging_profile_criteria=criteria) == "Accepted"
    assert await report(talk, {"charging_profile_purpose": "TxDefaultProfile"}) == []
    await talk.close()


async def test_TC_K_09_CS_after_clearing_a_default_the_transaction_continues():
    talk = await booted()
    await put(talk, 1, profile(talk))
    await talk.energy_transfer_started()
    assert await clear(talk, charging_profile_id=1) == "Accepted"
    assert talk.station.limits(talk.now_ms) == []
    assert talk.tx()
    await talk.close()


async def test_TC_K_13_CS_profiles_persist_a_reboot():
    talk = await booted()
    await put(talk, 1, profile(talk))
    await talk.reboot()
    assert await report(talk, {"charging_profile_id": [1]}) == [1]
    await talk.close()


async def test_TC_K_19_CS_recurring():
    talk = await booted()
    document = profile(talk, kind="Recurring", recurrency_kind="Daily", periods={0: 6, 60: 10}, duration=86400)
    assert await put(talk, 1, document) == "Accepted"
    assert await composite(talk, 1, 86460) == [(0, 6), (60, 10), (86400, 6)]
    await talk.close()


async def test_TC_K_21_22_23_CS_validFrom_validTo_startSchedule():
    talk = await booted()
    document = profile(talk, valid_from=format_iso(talk.unix_ms + 100000), valid_to=format_iso(talk.unix_ms + 200000))
    assert await put(talk, 1, document) == "Accepted"
    assert await composite(talk, 1, 300) == [(0, 32), (100, 6), (200, 32)]
    await clear(talk, charging_profile_id=1)
    document = profile(talk, duration=50)
    document["charging_schedule"][0]["start_schedule"] = format_iso(talk.unix_ms + 20000)
    assert await put(talk, 1, document) == "Accepted"
    assert await composite(talk, 1, 300) == [(0, 32), (20, 6), (70, 32)]
    await talk.close()


async def test_TC_K_28_CS_a_new_default_during_a_transaction():
    talk = await booted()
    await talk.energy_transfer_started()
    assert await put(talk, 1, profile(talk, duration=300)) == "Accepted"
    assert await composite(talk, 1, 300) == [(0, 6)]
    assert talk.station.limits(talk.now_ms) == [(1, None, 60, 3)]
    await talk.close()


async def test_TC_K_29_to_36_CS_reports_by_criteria():
    talk = await booted()
    await put(talk, 0, profile(talk, id=1, purpose="ChargingStationMaxProfile"))
    await put(talk, 1, profile(talk, id=2))
    await put(talk, 1, profile(talk, id=3, stack=1))
    await put(talk, 2, profile(talk, id=4))
    purpose = {"charging_profile_purpose": "TxDefaultProfile"}
    assert await report(talk, {"charging_profile_purpose": "ChargingStationMaxProfile"}, 0) == [1]
    assert await report(talk, purpose, 1) == [2, 3]
    assert await report(talk, purpose) == [2, 3, 4]
    assert await report(talk, {"charging_profile_id": [2, 4]}) == [2, 4]
    assert await report(talk, {"stack_level": 1}, 1) == [3]
    assert await report(talk, {"charging_limit_source": ["CSO"]}, 1) == [2, 3]
    assert await report(talk, {"stack_level": 0, **purpose}, 1) == [2]
    await talk.close()


async def test_TC_K_37_CS_a_profile_with_the_remote_start():
    talk = await booted()
    await talk.plug()
    document = profile(talk, purpose="TxProfile", kind="Relative")
    request = call.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1, charging_profile=document)
    assert (await talk.call(request)).status == "Accepted"
    assert await report(talk, {"charging_profile_purpose": "TxProfile"}, 1) == [1]
    assert talk.heard("ReportChargingProfiles")[0]["charging_profile"][0]["transaction_id"] == talk.tx()
    await talk.close()


async def test_TC_K_39_CS_a_composite_without_profiles():
    talk = await booted()
    assert await composite(talk, 0, 300) == [(0, 64)]
    await talk.close()


async def test_TC_K_40_CS_stacked_profiles():
    talk = await booted()
    await put(talk, 1, profile(talk, id=1, periods={0: 6, 100: 8, 200: 10}, duration=400))
    await put(talk, 1, profile(talk, id=2, stack=1, periods={0: 7, 100: 9}, duration=150))
    assert await composite(talk, 1, 350) == [(0, 7), (100, 9), (150, 8), (200, 10)]
    await talk.close()


async def test_TC_K_41_CS_combined_purposes():
    talk = await booted()
    await talk.energy_transfer_started()
    await put(talk, 0, profile(talk, id=1, purpose="ChargingStationMaxProfile", periods={0: 10}, duration=86400))
    await put(talk, 1, profile(talk, id=2, periods={0: 6, 60: 10, 120: 8, 180: 15, 260: 8}, duration=300))
    periods = {0: 8, 50: 11, 140: 16, 200: 6, 240: 12}
    await put(talk, 1, profile(talk, id=3, purpose="TxProfile", periods=periods, duration=260, transaction_id=talk.tx()))
    assert await composite(talk, 1, 400) == [(0, 8), (50, 10), (200, 6), (240, 10), (260, 8), (300, 10)]
    await talk.close()


async def test_TC_K_47_CS_a_composite_of_nowhere():
    talk = await booted()
    assert (await talk.call(call.GetCompositeSchedule(evse_id=9, duration=60))).status == "Rejected"
    await talk.close()


async def test_TC_K_60_CS_a_TxProfile_for_the_transaction():
    talk = await booted()
    await talk.energy_transfer_started()
    assert await put(talk, 1, profile(talk, purpose="TxProfile", kind="Relative", transaction_id=talk.tx())) == "Accepted"
    assert await report(talk, {"charging_profile_id": [1]}) == [1]
    assert talk.station.limits(talk.now_ms) == [(1, None, 60, 3)]
    await talk.close()
