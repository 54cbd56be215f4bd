"""Part 6, B: booting, variables, status after an absence."""

import pytest
from ocpp.exceptions import SecurityError
from ocpp.v201 import call
from scenario import Scenario, booted


async def test_TC_B_01_CS_cold_boot_accepted():
    talk = await booted()
    await talk.reboot()
    (boot,) = talk.heard("BootNotification")
    assert boot["reason"] == "PowerUp" and boot["charging_station"]["model"] and boot["charging_station"]["vendor_name"]
    assert talk.statuses() == [(1, "Available"), (2, "Available")]
    await talk.advance(300000)
    assert len(talk.heard("Heartbeat")) == 1
    await talk.close()


async def with_boot(status):
    talk = Scenario()
    await talk.connect()
    await talk.drop()
    talk.start()
    talk.csms.boot_status = status
    await talk.connect()
    return talk


async def test_TC_B_02_CS_cold_boot_pending():
    talk = await with_boot("Pending")
    assert await talk.set("OCPPCommCtrlr.OfflineThreshold", "70") == "Accepted"
    assert (await talk.get("OCPPCommCtrlr.OfflineThreshold"))["attribute_value"] == "70"
    assert (await talk.call(call.GetBaseReport(request_id=1, report_base="FullInventory"))).status == "Accepted"
    parts = talk.heard("NotifyReport")
    assert [p["seq_no"] for p in parts] == list(range(len(parts)))
    assert [p["tbc"] for p in parts] == [True] * (len(parts) - 1) + [False]
    token = {"id_token": "A", "type": "Central"}
    response = await talk.call(call.RequestStartTransaction(id_token=token, remote_start_id=1, evse_id=1))
    assert response.status == "Rejected"
    assert {name for name, _ in talk.csms.heard} == {"BootNotification", "NotifyReport"} and len(talk.heard("BootNotification")) == 1
    talk.csms.boot_status = "Accepted"
    assert (await talk.call(call.TriggerMessage(requested_message="BootNotification"))).status == "Accepted"
    assert talk.heard("BootNotification")[-1]["reason"] == "Triggered"
    assert talk.statuses() == [(1, "Available"), (2, "Available")]
    await talk.close()


async def test_TC_B_03_CS_cold_boot_rejected():
    talk = await with_boot("Rejected")
    talk.csms.boot_status = "Accepted"
    await talk.advance(299000)
    assert [name for name, _ in talk.csms.heard] == ["BootNotification"]
    await talk.advance(1000)
    assert len(talk.heard("BootNotification")) == 2
    assert talk.statuses() == [(1, "Available"), (2, "Available")]
    await talk.close()


async def test_TC_B_30_CS_security_error_while_rejected():
    talk = await with_boot("Rejected")
    with pytest.raises(SecurityError):
        await talk.call(call.GetBaseReport(request_id=1, report_base="FullInventory"))
    assert [name for name, _ in talk.csms.heard] == ["BootNotification"]
    await talk.close()


def addressed(result, name, attribute="Actual", instance=None):
    """Does the result name this component, variable and attribute?"""
    variable = {"name": name.split(".")[1]} | ({"instance": instance} if instance else {})
    return (result["component"], result["variable"], result["attribute_type"]) == ({"name": name.split(".")[0]}, variable, attribute)


THRESHOLD = "OCPPCommCtrlr.OfflineThreshold"
OFFLINE = "AuthCtrlr.LocalAuthorizeOffline"


def item(name, value=None, attribute=None, instance=None):
    """An element of GetVariables, or of SetVariables."""
    component, variable = name.split(".")
    found = {"component": {"name": component}, "variable": {"name": variable}}
    if instance:
        found["variable"]["instance"] = instance
    if value is not None:
        found["attribute_value"] = value
    if attribute:
        found["attribute_type"] = attribute
    return found


async def test_TC_B_06_CS_get_one_variable():
    talk = await booted()
    await talk.set(THRESHOLD, "300")
    result = await talk.get(THRESHOLD, "Actual")
    assert (result["attribute_status"], result["attribute_value"]) == ("Accepted", "300")
    assert addressed(result, THRESHOLD) and "attribute_status_info" not in result
    await talk.close()


async def test_TC_B_07_CS_get_many_variables():
    talk = await booted()
    await talk.set(THRESHOLD, "300")
    await talk.set(OFFLINE, "true")
    data = [item(name, attribute="Actual") for name in (THRESHOLD, OFFLINE)]
    results = (await talk.call(call.GetVariables(get_variable_data=data))).get_variable_result
    assert [(r["attribute_status"], r["attribute_value"]) for r in results] == [("Accepted", "300"), ("Accepted", "true")]
    assert addressed(results[0], THRESHOLD) and addressed(results[1], OFFLINE)
    assert not any("attribute_status_info" in r for r in results)
    await talk.close()


async def test_TC_B_09_CS_set_one_variable():
    talk = await booted()
    data = [item(THRESHOLD, "300", "Actual")]
    result = (await talk.call(call.SetVariables(set_variable_data=data))).set_variable_result[0]
    assert result["attribute_status"] == "Accepted" and "attribute_status_info" not in result
    assert addressed(result, THRESHOLD)
    assert (await talk.get(THRESHOLD))["attribute_value"] == "300"
    await talk.close()


async def test_TC_B_10_CS_set_many_variables():
    talk = await booted()
    data = [item(THRESHOLD, "300", "Actual"), item(OFFLINE, "true", "Actual")]
    results = (await talk.call(call.SetVariables(set_variable_data=data))).set_variable_result
    assert [r["attribute_status"] for r in results] == ["Accepted", "Accepted"]
    assert not any("attribute_status_info" in r for r in results)
    assert addressed(results[0], THRESHOLD) and addressed(results[1], OFFLINE)
    await talk.close()


@pytest.mark.parametrize(
    ("case", "name", "attribute", "status"),
    [
        ("TC_B_32_CS", "UnknownComponent.OfflineThreshold", None, "UnknownComponent"),
        ("TC_B_33_CS", "OCPPCommCtrlr.UnknownVariable", None, "UnknownVariable"),
        ("TC_B_34_CS", "OCPPCommCtrlr.OfflineThreshold", "Target", "NotSupportedAttributeType"),
    ],
)
async def test_get_variables_refusals(case, name, attribute, status):
    talk = await booted()
    result = await talk.get(name, attribute)
    assert result["attribute_status"] == status and "attribute_value" not in result
    assert addressed(result, name, attribute or "Actual")
    await talk.close()


@pytest.mark.parametrize(
    ("name", "accepted"),
    [(THRESHOLD, ("60",)), ("SmartChargingCtrlr.LimitChangeSignificance", ("60", "60.1")), ("AuthCtrlr.AuthorizeRemoteStart", ("true",))],
)
async def test_TC_B_11_CS_values_of_another_type(name, accepted):
    """The steps of NextTimeOffsetTransitionDateTime are only for a station that has it."""
    talk = await booted()
    for value in ("60", "60.1", "true", "2026-11-20T12:00:00Z", "abc"):
        before = (await talk.get(name))["attribute_value"]
        data = [item(name, value)]
        result = (await talk.call(call.SetVariables(set_variable_data=data))).set_variable_result[0]
        good = value in accepted
        assert result["attribute_status"] == ("Accepted" if good else "Rejected"), value
        assert addressed(result, name)
        assert good or result["attribute_status_info"]["reason_code"] == "InvalidValue", value
        assert (await talk.get(name))["attribute_value"] == (value if good else before)
    await talk.close()


@pytest.mark.parametrize(
    ("case", "name", "attribute", "instance", "status"),
    [
        ("TC_B_35_CS", "UnknownComponent.OfflineThreshold", None, None, "UnknownComponent"),
        ("TC_B_36_CS", "OCPPCommCtrlr.UnknownVariable", None, None, "UnknownVariable"),
        ("TC_B_37_CS", THRESHOLD, "Target", None, "NotSupportedAttributeType"),
        ("TC_B_39_CS", "OCPPCommCtrlr.MessageTimeout", None, "Default", "Rejected"),
    ],
)
async def test_set_variables_refusals(case, name, attribute, instance, status):
    talk = await booted()
    data = [item(name, "1", attribute, instance)]
    result = (await talk.call(call.SetVariables(set_variable_data=data))).set_variable_result[0]
    assert result["attribute_status"] == status
    assert addressed(result, name, attribute or "Actual", instance)
    await talk.close()


async def test_TC_B_43_CS_a_network_profile_in_a_slot_that_is_not_there():
    talk = await booted()
    data = {
        "ocpp_version": "OCPP20", "ocpp_transport": "JSON", "ocpp_csms_url": "ws://x", "message_timeout": 30,
        "security_profile": 1, "ocpp_interface": "Wired0",
    }
    assert (await talk.call(call.SetNetworkProfile(configuration_slot=999, connection_data=data))).status == "Rejected"
    await talk.close()


async def test_TC_B_51_CS_status_changes_over_a_long_absence():
    talk = await booted()
    await talk.drop()
    talk.station.evse_status(1, "Occupied", talk.now_ms)
    await talk.advance(62000)
    await talk.reconnect()
    assert talk.statuses() == [(1, "Occupied"), (2, "Available")]
    await talk.close()


async def test_TC_B_52_CS_status_changes_over_a_short_absence():
    talk = await booted()
    await talk.drop()
    talk.station.evse_status(1, "Occupied", talk.now_ms)
    await talk.advance(20000)
    await talk.reconnect()
    assert talk.statuses() == [(1, "Occupied")]
    await talk.close()


async def test_TC_A_09_and_10_CS_a_new_password():
    talk = await booted()
    assert await talk.set("SecurityCtrlr.BasicAuthPassword", "NewPassword-0123456789") == "Accepted"
    assert ("password", "NewPassword-0123456789") in talk.station.actions
    assert await talk.set("SecurityCtrlr.BasicAuthPassword", "short") == "Rejected"
    assert talk.station.password() == "NewPassword-0123456789"
    await talk.close()
