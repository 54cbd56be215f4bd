"""Part 6, P: DataTransfer and customData."""

from ocpp.v201 import call
from scenario import booted

CUSTOM = {"vendor_id": "org.example", "anything": {"x": [1, 2]}, "more": "text"}
THRESHOLD = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}, "attribute_type": "Actual"}


async def test_TC_P_01_CS_an_unknown_vendor():
    talk = await booted()
    answer = await talk.call(call.DataTransfer(vendor_id="org.openchargealliance.octt", message_id="unused"))
    assert answer.status in ("UnknownVendorId", "UnknownMessageId", "Rejected")
    await talk.close()


async def test_TC_P_03_CS_custom_data_in_requests():
    talk = await booted()
    inside = dict(THRESHOLD, custom_data=CUSTOM, component={"name": "OCPPCommCtrlr", "custom_data": CUSTOM})
    answer = await talk.call(call.SetVariables(set_variable_data=[dict(inside, attribute_value="200")], custom_data=CUSTOM))
    assert answer.set_variable_result[0]["attribute_status"] == "Accepted"
    result = (await talk.call(call.GetVariables(get_variable_data=[inside], custom_data=CUSTOM))).get_variable_result[0]
    assert (result["attribute_status"], result.get("attribute_type", "Actual"), result["attribute_value"]) == ("Accepted", "Actual", "200")
    await talk.close()


async def test_TC_P_04_CS_custom_data_in_a_charging_profile():
    for unit, limit in (("A", 6), ("W", 6000)):
        talk = await booted()
        period = {"start_period": 0, "limit": limit, "number_phases": 3, "custom_data": CUSTOM}
        schedule = {"id": 1, "duration": 300, "charging_rate_unit": unit, "charging_schedule_period": [period], "custom_data": CUSTOM}
        schedule["start_schedule"] = "2026-11-20T12:00:00Z"
        profile = {
            "id": 1, "stack_level": 0, "charging_profile_purpose": "TxDefaultProfile", "charging_profile_kind": "Absolute",
            "charging_schedule": [schedule], "custom_data": CUSTOM,
        }
        assert (await talk.call(call.SetChargingProfile(evse_id=1, charging_profile=profile))).status == "Accepted"
        await talk.close()
