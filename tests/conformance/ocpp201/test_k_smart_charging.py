"""Part 6, K: charging profiles are set, cleared and persist, and what the composite schedule makes of them."""

import contextlib
import shutil
import sys

import pytest
import station_runtimes
from charging_profiles import DEVIATION_S, at, clear, composite, profile, put, report, reported
from ocpp.exceptions import NotSupportedError
from ocpp.v201 import call
from scenario import TOKEN, booted, short

LOCAL_A = 32
UNITS = ("A", "W")


async def set_and_reported(talk, evse, document):
    assert await put(talk, evse, document) == "Accepted"
    found = await reported(talk, {"charging_profile_id": [document["id"]]}, request_id=17)
    assert [(p["evse_id"], p["charging_profile"], p["charging_limit_source"], p["tbc"]) for p in found] == [(evse, [document], "CSO", False)]


async def test_TC_K_01_CS_a_default_of_an_EVSE_is_reported_as_it_was_set():
    for unit in UNITS:
        talk = await booted()
        await set_and_reported(talk, 1, profile(talk, duration=300, unit=unit))
        await talk.close()


async def test_TC_K_02_CS_a_TxProfile_without_transaction():
    talk = await booted()
    assert await put(talk, 1, profile(talk, purpose="TxProfile", transaction_id="UNKNOWN-TRANSACTION-ID")) == "Rejected"
    assert await report(talk, {"charging_profile_id": [1]}) == []
    await talk.close()


async def test_TC_K_03_CS_a_maximum_of_the_station_is_reported_as_it_was_set():
    for unit in UNITS:
        talk = await booted()
        await set_and_reported(talk, 0, profile(talk, purpose="ChargingStationMaxProfile", duration=300, unit=unit))
        await talk.close()


async def test_TC_K_04_CS_the_same_id_replaces():
    for unit in UNITS:
        talk = await booted()
        assert await put(talk, 1, profile(talk, periods={0: 6}, unit=unit)) == "Accepted"
        await set_and_reported(talk, 1, profile(talk, periods={0: 10}, unit=unit))
        assert await composite(talk, 1, 60, unit) == [(0, 10)]
        await talk.close()


async def test_TC_K_05_CS_clear_by_id():
    talk = await booted()
    await put(talk, 1, profile(talk, id=5))
    assert await clear(talk, charging_profile_id=5) == "Accepted"
    assert await report(talk, {"charging_profile_id": [5]}) == []
    await talk.close()


async def test_TC_K_06_CS_clear_by_purpose_and_level_during_a_transaction():
    talk = await booted()
    await put(talk, 1, profile(talk, stack=2))
    await put(talk, 0, profile(talk, id=2, purpose="ChargingStationMaxProfile", stack=2))
    await talk.energy_transfer_started()
    which = {"charging_profile_purpose": "TxDefaultProfile", "stack_level": 2}
    assert await clear(talk, charging_profile_criteria=which) == "Accepted"
    assert await report(talk, which) == []
    assert await report(talk, {"stack_level": 2}) == [2]
    await talk.close()


async def test_TC_K_07_CS_clear_what_no_criteria_match():
    talk = await booted()
    await put(talk, 1, profile(talk, stack=1))
    which = {"charging_profile_purpose": "ChargingStationMaxProfile", "stack_level": 0}
    assert await clear(talk, charging_profile_criteria=which) == "Unknown"
    assert await report(talk, {"stack_level": 1}) == [1]
    await talk.close()


async def test_TC_K_08_CS_clear_where_nothing_is():
    talk = await booted()
    assert await clear(talk, charging_profile_id=1) == "Unknown"
    await talk.close()


async def test_TC_K_09_CS_after_clearing_a_default_the_transaction_continues_without_it():
    """K10.FR.05: the limit of the running transaction is calculated again."""
    for unit in UNITS:
        talk = await booted()
        assert await talk.set("SmartChargingCtrlr.LimitChangeSignificance", "1.0") == "Accepted"
        assert await put(talk, 1, profile(talk, duration=400 + DEVIATION_S, unit=unit)) == "Accepted"
        await talk.energy_transfer_started()
        transaction = talk.tx()
        assert await composite(talk, 1, 300, unit) == [(0, 6)]
        assert talk.station.limits(talk.now_ms)[0][2] == 60
        assert await clear(talk, charging_profile_criteria={"charging_profile_purpose": "TxDefaultProfile"}) == "Accepted"
        assert await composite(talk, 1, 300, unit) == [(0, LOCAL_A)]
        assert talk.tx() == transaction and talk.station.limits(talk.now_ms) == []
        assert short(talk.told()[-1])[:3] == ("Updated", "ChargingRateChanged", "Charging")
        await talk.close()


async def test_TC_K_10_CS_a_default_of_all_EVSEs_is_reported_once():
    talk = await booted()
    document = profile(talk, duration=300)
    await set_and_reported(talk, 0, document)
    found = await reported(talk, {"charging_profile_purpose": "TxDefaultProfile"})
    assert [(p["evse_id"], p["tbc"], p["charging_profile"]) for p in found] == [(0, False, [document])]
    await talk.close()


async def test_TC_K_11_CS_a_TxProfile_of_all_EVSEs():
    talk = await booted()
    assert await put(talk, 0, profile(talk, purpose="TxProfile")) == "Rejected"
    await talk.energy_transfer_started()
    assert await put(talk, 0, profile(talk, purpose="TxProfile", transaction_id=talk.tx())) == "Rejected"
    await talk.close()


async def test_TC_K_13_CS_profiles_persist_a_reboot():
    talk = await booted()
    document = profile(talk, duration=300)
    assert await put(talk, 1, document) == "Accepted"
    await talk.reboot()
    found = await reported(talk, {"charging_profile_id": [1]})
    assert [(p["evse_id"], p["charging_profile"]) for p in found] == [(1, [document])]
    await talk.close()


async def test_TC_K_14_CS_an_EVSE_that_is_not_there():
    talk = await booted()
    assert await put(talk, 3, profile(talk)) == "Rejected"
    await talk.close()


@contextlib.contextmanager
def image_without_the_block(runtime, folder, monkeypatch):
    """A station whose image has not the module that takes charging profiles."""
    if runtime == "cpython":
        monkeypatch.setitem(sys.modules, "ampacity.ocpp.smart_charging.handlers", None)
        yield
        return
    shutil.copytree(station_runtimes.ROOT / "firmware", folder / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "firmware" / "ampacity/ocpp/smart_charging/handlers.py").unlink()
    far = station_runtimes.MicroPython(firmware=folder / "firmware")
    station_runtimes.use(far)
    yield
    assert far.used()
    far.close()


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
async def test_TC_K_15_CS_an_image_without_the_block(runtime, tmp_path, monkeypatch):
    with image_without_the_block(runtime, tmp_path, monkeypatch):
        talk = await booted()
        with pytest.raises(NotSupportedError):
            await put(talk, 1, profile(talk))
        await talk.close()


async def test_TC_K_16_CS_a_TxProfile_of_another_transaction():
    talk = await booted()
    await talk.energy_transfer_started()
    assert await put(talk, 1, profile(talk, purpose="TxProfile", transaction_id="UNKNOWN-TRANSACTION-ID")) == "Rejected"
    assert await put(talk, 2, profile(talk, purpose="TxProfile", transaction_id=talk.tx())) == "Rejected"
    await talk.close()


async def test_TC_K_19_CS_recurring():
    for kind, seconds in (("Daily", 86400), ("Weekly", 604800)):
        talk = await booted()
        document = profile(talk, kind="Recurring", recurrency_kind=kind, periods={0: 6, 60: 10}, duration=seconds)
        assert await put(talk, 1, document) == "Accepted"
        assert await composite(talk, 1, seconds + 60) == [(0, 6), (60, 10), (seconds, 6)]
        await talk.close()


async def test_TC_K_21_CS_validFrom_of_a_relative_profile():
    for unit in UNITS:
        talk = await booted()
        document = profile(talk, kind="Relative", valid_from=at(talk, 300), unit=unit)
        assert await put(talk, 1, document) == "Accepted"
        await talk.advance(10000)
        assert await composite(talk, 1, 400, unit) == [(0, LOCAL_A), (290, 6)]
        await talk.close()


async def test_TC_K_22_CS_validTo_of_a_profile_of_all_EVSEs():
    talk = await booted()
    document = profile(talk, valid_from=at(talk, -DEVIATION_S), valid_to=at(talk, 300))
    assert await put(talk, 0, document) == "Accepted"
    await talk.advance(10000)
    for evse, factor in ((0, 2), (1, 1), (2, 1)):
        for unit in UNITS:
            assert await composite(talk, evse, 400, unit) == [(0, 6 * factor), (290, LOCAL_A * factor)], (evse, unit)
    await talk.close()


async def test_TC_K_23_CS_a_schedule_that_starts_later():
    for unit in UNITS:
        talk = await booted()
        assert await put(talk, 1, profile(talk, start=60, unit=unit)) == "Accepted"
        await talk.advance(10000)
        assert await composite(talk, 1, 300, unit) == [(0, LOCAL_A), (50, 6)]
        assert talk.station.limits(talk.now_ms) == []
        await talk.advance(50000)
        assert [(evse, da) for evse, _, da, _ in talk.station.limits(talk.now_ms)] == [(1, 60)]
        await talk.close()


async def test_TC_K_24_CS_clear_several():
    talk = await booted()
    for evse in (1, 2):
        await put(talk, evse, profile(talk, id=evse, stack=1))
    which = {"charging_profile_purpose": "TxDefaultProfile", "stack_level": 1}
    assert await clear(talk, charging_profile_criteria=which) == "Accepted"
    assert await report(talk, which) == []
    await talk.close()


async def test_TC_K_28_CS_a_new_default_during_a_transaction():
    for unit in UNITS:
        talk = await booted()
        await talk.set("SmartChargingCtrlr.LimitChangeSignificance", "1.0")
        await talk.energy_transfer_started()
        transaction = talk.tx()
        assert await put(talk, 1, profile(talk, start=-DEVIATION_S, duration=400 + DEVIATION_S, unit=unit)) == "Accepted"
        assert await composite(talk, 1, 300, unit) == [(0, 6)]
        assert talk.tx() == transaction and talk.station.limits(talk.now_ms)[0][2] == 60
        assert short(talk.told()[-1])[:3] == ("Updated", "ChargingRateChanged", "Charging")
        await talk.close()


async def test_TC_K_37_CS_a_profile_with_the_remote_start():
    for start_point in ("PowerPathClosed", "EVConnected"):
        talk = await booted()
        await talk.set("TxCtrlr.TxStartPoint", start_point)
        await talk.plug()
        before = talk.tx()
        document = profile(talk, purpose="TxProfile", kind="Relative")
        request = call.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1, charging_profile=dict(document))
        response = await talk.call(request)
        assert (response.status, response.transaction_id) == ("Accepted", before)
        event = [e for e in talk.told() if "id_token" in e][0]
        assert event["trigger_reason"] == "RemoteStart" and event["transaction_info"]["remote_start_id"] == 1
        await talk.state("Charging")
        found = await reported(talk, {"charging_profile_id": [1]})
        document["transaction_id"] = talk.tx()
        assert [p["charging_profile"] for p in found] == [[document]]
        await talk.close()


async def test_TC_K_38_CS_a_profile_with_the_remote_start_is_ignored_without_smart_charging():
    talk = await booted()
    await talk.set("SmartChargingCtrlr.Enabled", "false")
    await talk.plug()
    document = profile(talk, purpose="TxProfile", kind="Relative")
    request = call.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1, charging_profile=document)
    assert (await talk.call(request)).status == "Accepted"
    event = [e for e in talk.told() if "id_token" in e][0]
    assert event["trigger_reason"] == "RemoteStart" and event["transaction_info"]["remote_start_id"] == 1
    await talk.state("Charging")
    assert await report(talk, {"charging_profile_id": [1]}) == []
    await talk.close()


async def test_TC_K_39_CS_a_composite_without_profiles():
    talk = await booted()
    assert await composite(talk, 0, 300) == [(0, 2 * LOCAL_A)]
    await talk.close()


async def test_TC_K_40_CS_stacked_profiles():
    for unit in UNITS:
        talk = await booted()
        valid = {"valid_from": at(talk, -DEVIATION_S), "valid_to": at(talk, DEVIATION_S + 401), "start": -DEVIATION_S, "unit": unit}
        await put(talk, 1, profile(talk, id=1, periods={0: 6, 100: 8, 200: 10}, duration=400 + DEVIATION_S, **valid))
        await put(talk, 1, profile(talk, id=2, stack=1, periods={0: 7, 100: 9}, duration=150 + DEVIATION_S, **valid))
        x = DEVIATION_S
        assert await composite(talk, 1, 350, unit) == [(0, 7), (100 - x, 9), (150, 8), (200 - x, 10)]
        await talk.close()


async def test_TC_K_41_CS_combined_purposes():
    for unit in UNITS:
        talk = await booted()
        await talk.energy_transfer_started()
        x = DEVIATION_S
        later = {"valid_from": at(talk, -x), "valid_to": at(talk, x + 401), "start": -x, "unit": unit}
        highest = profile(talk, id=1, purpose="ChargingStationMaxProfile", periods={0: 10}, duration=86400 + x, unit=unit, start=-x)
        assert await put(talk, 0, highest) == "Accepted"
        default = profile(talk, id=2, periods={0: 6, 60: 10, 120: 8, 180: 15, 260: 8}, duration=300 + x, **later)
        assert await put(talk, 1, default) == "Accepted"
        periods = {0: 8, 50: 11, 140: 16, 200: 6, 240: 12}
        document = profile(talk, id=3, purpose="TxProfile", periods=periods, duration=260 + x, transaction_id=talk.tx(), **later)
        assert await put(talk, 1, document) == "Accepted"
        assert await composite(talk, 1, 400, unit) == [(0, 8), (50 - x, 10), (200 - x, 6), (240 - x, 10), (260, 8), (300, 10)]
        await talk.close()


async def test_TC_K_47_CS_a_composite_of_an_EVSE_that_is_not_there():
    talk = await booted()
    answer = await talk.call(call.GetCompositeSchedule(evse_id=3, duration=300, charging_rate_unit="A"))
    assert answer.status == "Rejected" and answer.schedule is None
    await talk.close()


async def test_TC_K_60_CS_a_TxProfile_for_the_transaction():
    for unit in UNITS:
        talk = await booted()
        await talk.energy_transfer_started()
        document = profile(talk, purpose="TxProfile", kind="Relative", transaction_id=talk.tx(), unit=unit)
        await set_and_reported(talk, 1, document)
        assert talk.station.limits(talk.now_ms)[0][2] == 60
        await talk.close()
