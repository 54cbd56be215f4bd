"""Part 6, N: monitors that are set, reported, replaced and cleared; the next file has the events of monitors."""

import pytest
from monitoring import STATE, Monitoring, one, watching
from ocpp.exceptions import OccurrenceConstraintViolationError
from ocpp.v201 import call

POWER = ("EVSE", "Power", 1)
STATION_STATE = ("ChargingStation", "AvailabilityState", None)


async def test_TC_N_01_CS_report_by_criteria():
    talk = await watching()
    kinds = ("UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned")
    assert await talk.states(*[one(kind, POWER, 600) for kind in kinds]) == ["Accepted"] * 5
    for criteria, expected in (
        (["ThresholdMonitoring"], {"UpperThreshold", "LowerThreshold"}),
        (["ThresholdMonitoring", "DeltaMonitoring"], {"UpperThreshold", "LowerThreshold", "Delta"}),
        (["DeltaMonitoring", "PeriodicMonitoring"], {"Delta", "Periodic", "PeriodicClockAligned"}),
    ):
        status, found = await talk.report(criteria)
        assert status == "Accepted" and {item[3]["type"] for item in found} == expected, criteria
    await talk.close()


async def test_TC_N_02_CS_report_by_component_and_variable():
    talk = await watching()
    await talk.states(one("Delta", STATION_STATE), one("Delta", STATE), one("Delta", ("EVSE", "AvailabilityState", 2)), one("Delta", POWER, 50))
    pairs = [talk.pair(*STATION_STATE), {"component": {"name": "EVSE", "evse": {"id": 1}}}]
    status, found = await talk.report(pairs=pairs)
    assert status == "Accepted"
    assert [item[:3] for item in found] == [("ChargingStation", None, "AvailabilityState"), ("EVSE", 1, "AvailabilityState"), ("EVSE", 1, "Power")]
    assert all(item[3]["type"] == "Delta" for item in found)
    await talk.close()


async def test_TC_N_03_CS_report_by_criteria_and_component():
    talk = await watching()
    await talk.states(one("Periodic", POWER, 600), one("Delta", STATE), one("Delta", STATION_STATE))
    pairs = [talk.pair(*STATION_STATE), talk.pair(*STATE)]
    assert await talk.report(["ThresholdMonitoring"], pairs) == ("EmptyResultSet", [])
    status, found = await talk.report(["DeltaMonitoring"], pairs)
    assert status == "Accepted" and [(item[0], item[3]["type"]) for item in found] == [("ChargingStation", "Delta"), ("EVSE", "Delta")]
    await talk.close()


async def test_TC_N_05_CS_every_monitoring_base():
    talk = await watching()
    for base in ("All", "FactoryDefault", "HardWiredOnly"):
        assert await talk.base(base) == "Accepted"
        assert (await talk.get("MonitoringCtrlr.ActiveMonitoringBase"))["attribute_value"] == base
    await talk.close()


async def test_TC_N_06_CS_hardwired_only_removes_custom_monitors():
    talk = await watching()
    await talk.states(one("Delta", STATION_STATE))
    pairs = [talk.pair(*STATION_STATE)]
    status, found = await talk.report(pairs=pairs)
    assert status == "Accepted" and [(item[0], item[2], item[3]["type"]) for item in found] == [("ChargingStation", "AvailabilityState", "Delta")]
    assert await talk.base("HardWiredOnly") == "Accepted"
    assert await talk.report(pairs=pairs) == ("EmptyResultSet", [])
    await talk.close()


async def test_TC_N_08_CS_one_monitor():
    talk = await watching()
    result = (await talk.monitor(one("Delta", STATE, 1, 8)))[0]
    assert result["status"] == "Accepted" and isinstance(result["id"], int) and "status_info" not in result
    assert (result["type"], result["severity"]) == ("Delta", 8)
    assert (result["component"], result["variable"]) == ({"name": "EVSE", "evse": {"id": 1}}, {"name": "AvailabilityState"})
    status, found = await talk.report(pairs=[talk.pair(*STATE)])
    assert status == "Accepted" and [item[:3] for item in found] == [("EVSE", 1, "AvailabilityState")] and found[0][3]["type"] == "Delta"
    await talk.close()


async def test_TC_N_09_CS_monitors_of_several_variables():
    talk = await watching()
    results = await talk.monitor(one("Delta", STATE, 1, 5), one("Delta", STATION_STATE, 1, 5))
    assert [(r["status"], r["type"], r["severity"], r["component"]["name"]) for r in results] == [
        ("Accepted", "Delta", 5, "EVSE"), ("Accepted", "Delta", 5, "ChargingStation"),
    ]
    assert results[0]["id"] != results[1]["id"] and results[0]["component"]["evse"] == {"id": 1}
    status, found = await talk.report(pairs=[talk.pair(*STATE), talk.pair(*STATION_STATE)])
    assert status == "Accepted" and {item[0] for item in found} == {"EVSE", "ChargingStation"}
    await talk.close()


async def test_TC_N_10_CS_several_monitors_of_one_variable():
    talk = await watching()
    results = await talk.monitor(one("Delta", STATE, 1, 8), one("Delta", STATE, 1, 7))
    assert [(r["status"], r["severity"], r["type"], r["component"]["evse"]["id"]) for r in results] == [
        ("Accepted", 8, "Delta", 1), ("Accepted", 7, "Delta", 1),
    ]
    assert results[0]["id"] != results[1]["id"]
    await talk.close()


async def test_TC_N_11_CS_unknown_component():
    talk = await watching()
    results = await talk.monitor(one("Delta", ("EVSE", "AvailabilityState", 99)), one("UpperThreshold", ("NonExistent", "Power", None), 1234.0))
    assert [r["status"] for r in results] == ["UnknownComponent", "UnknownComponent"]
    assert not any("id" in r for r in results) and [r["type"] for r in results] == ["Delta", "UpperThreshold"]
    assert all(r["status_info"]["reason_code"] == "NotFound" for r in results)
    await talk.close()


@pytest.mark.parametrize(("kind", "name", "value"), [("Delta", STATE, -1), ("UpperThreshold", POWER, 22081), ("LowerThreshold", POWER, -1)],
                         ids=["TC_N_12_CS", "TC_N_13_CS", "lower"])  # fmt: skip
async def test_TC_N_12_and_13_CS_values_out_of_range(kind, name, value):
    talk = await watching()
    result = (await talk.monitor(one(kind, name, value)))[0]
    assert result["status"] == "Rejected" and "id" not in result and result["status_info"]["reason_code"] == "ValueOutOfRange"
    assert (result["type"], result["severity"], result["component"]["evse"]["id"], result["variable"]["name"]) == (kind, 5, 1, name[1])
    await talk.close()


async def test_TC_N_15_CS_duplicate_type_and_severity():
    talk = await watching()
    results = await talk.monitor(one("Delta", STATE, 1, 5), one("Delta", STATE, 1, 5))
    assert [r["status"] for r in results] == ["Accepted", "Duplicate"] and "id" not in results[1]
    assert results[1]["status_info"]["reason_code"] == "InvalidValue" and results[1]["severity"] == 5
    await talk.close()


async def test_TC_N_17_CS_a_level_out_of_range():
    talk = await watching()
    for level in (10, -1):
        response = await talk.call(call.SetMonitoringLevel(severity=level))
        assert response.status == "Rejected" and response.status_info["reason_code"] == "ValueOutOfRange"
    assert (await talk.get("MonitoringCtrlr.ActiveMonitoringLevel"))["attribute_value"] == "9"
    await talk.close()


async def test_TC_N_18_CS_clear_monitors():
    talk = await watching()
    ids = [r["id"] for r in await talk.monitor(one("Delta", STATION_STATE), one("Delta", STATE))]
    assert await talk.clear(*ids) == [(ids[0], "Accepted"), (ids[1], "Accepted")]
    assert await talk.report(pairs=[talk.pair(*STATION_STATE), talk.pair(*STATE)]) == ("EmptyResultSet", [])
    await talk.close()


async def test_TC_N_19_CS_clear_what_is_not_there():
    talk = await watching()
    _, found = await talk.report()
    number = max([item[3]["id"] for item in found]) + 1
    assert await talk.clear(number) == [(number, "NotFound")]
    await talk.close()


async def test_TC_N_37_CS_unknown_variable():
    talk = await watching()
    result = (await talk.monitor(one("Delta", ("EVSE", "unknownVariable", 1))))[0]
    assert (result["status"], result["type"], result["severity"]) == ("UnknownVariable", "Delta", 5)
    assert (result["component"]["name"], result["variable"]["name"]) == ("EVSE", "unknownVariable")
    await talk.close()


async def test_TC_N_38_CS_a_type_that_the_variable_does_not_have():
    talk = await watching()
    result = (await talk.monitor(one("UpperThreshold", STATE)))[0]
    assert (result["status"], result["type"]) == ("UnsupportedMonitorType", "UpperThreshold")
    assert (result["component"]["name"], result["variable"]["name"]) == ("EVSE", "AvailabilityState")
    await talk.close()


async def test_TC_N_39_CS_another_variable_than_that_of_the_monitor():
    talk = await watching()
    number = (await talk.monitor(one("Delta", STATE)))[0]["id"]
    for other in (POWER, STATION_STATE, ("ChargingStation", "Power", None)):
        result = (await talk.monitor(one("Delta", other, id=number)))[0]
        assert (result["status"], result["type"]) == ("Rejected", "Delta") and result["variable"]["name"] == other[1]
    status, found = await talk.report()
    settings = [item for item in found if item[3]["id"] == number]
    assert status == "Accepted" and [item[:3] for item in settings] == [("EVSE", 1, "AvailabilityState")]
    assert (settings[0][3]["value"], settings[0][3]["type"]) == (1, "Delta")
    await talk.close()


async def test_TC_N_40_CS_a_monitor_is_replaced():
    talk = await watching()
    number = (await talk.monitor(one("Delta", STATE, 1, 5)))[0]["id"]
    result = (await talk.monitor(one("Delta", STATE, 1, 4, id=number)))[0]
    assert (result["status"], result["type"], result["id"]) == ("Accepted", "Delta", number)
    status, found = await talk.report(["DeltaMonitoring"], [talk.pair(*STATE)])
    assert status == "Accepted" and [(item[3]["id"], item[3]["severity"]) for item in found] == [(number, 4)]
    await talk.close()


async def test_TC_N_41_CS_the_factory_default_returns():
    talk = await watching()
    assert await talk.base("FactoryDefault") == "Accepted"
    pairs = [talk.pair(*STATE)]
    before = (await talk.report(["DeltaMonitoring"], pairs))[1][0][3]
    result = (await talk.monitor(one("Delta", STATE, 1, before["severity"] + 1, id=before["id"])))[0]
    assert (result["status"], result["type"]) == ("Accepted", "Delta")
    status, found = await talk.report(["DeltaMonitoring"], pairs)
    assert status == "Accepted" and [(item[3]["id"], item[3]["severity"]) for item in found] == [(before["id"], before["severity"] + 1)]
    assert await talk.base("FactoryDefault") == "Accepted"
    _, found = await talk.report(["DeltaMonitoring"], pairs)
    assert [(item[3]["id"], item[3]["severity"]) for item in found] == [(before["id"], before["severity"])]
    await talk.close()


async def test_TC_N_43_CS_one_of_three_is_out_of_range():
    talk = await watching()
    results = await talk.monitor(one("UpperThreshold", POWER, 5000), one("Delta", POWER, -1.0), one("LowerThreshold", POWER, 100))
    assert [(r["status"], r["type"]) for r in results] == [("Accepted", "UpperThreshold"), ("Rejected", "Delta"), ("Accepted", "LowerThreshold")]
    assert "status_info" not in results[0] and "status_info" not in results[2]
    await talk.close()


async def test_TC_N_44_CS_a_hardwired_monitor_is_not_cleared():
    talk = await watching()
    _, found = await talk.report()
    number = found[0][3]["id"]
    assert await talk.clear(number) == [(number, "Rejected")]
    assert [item[3]["id"] for item in (await talk.report())[1]] == [number]
    await talk.close()


async def test_TC_N_47_CS_report_all():
    talk = await watching()
    await talk.states(one("Delta", STATION_STATE), one("Delta", STATE))
    status, found = await talk.report()
    states = [item for item in found if item[2] == "AvailabilityState"]
    assert status == "Accepted" and [(item[0], item[3]["type"]) for item in states] == [("ChargingStation", "Delta"), ("EVSE", "Delta")]
    await talk.close()


async def test_N02_a_long_report_comes_in_parts():
    talk = await watching(evses=12)
    assert await talk.base("All") == "Accepted"
    talk.csms.heard.clear()
    _, found = await talk.report()
    assert len(found) == 14 and [p["seq_no"] for p in talk.heard("NotifyMonitoringReport")] == [0, 1]
    assert [p["tbc"] for p in talk.heard("NotifyMonitoringReport")] == [True, False]
    await talk.close()


async def test_N04_FR_09_N06_FR_06_more_elements_than_allowed():
    talk = Monitoring()
    await talk.booted()
    with pytest.raises(OccurrenceConstraintViolationError):
        await talk.monitor(*[one("Delta", STATE)] * 33)
    with pytest.raises(OccurrenceConstraintViolationError):
        await talk.clear(*range(33))
    await talk.close()
