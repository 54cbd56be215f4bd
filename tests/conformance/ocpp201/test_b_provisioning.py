"""Part 6, B: booting, variables, reports, reset."""

import pytest
from ocpp.exceptions import SecurityError
from ocpp.v201 import call
from scenario import Scenario, booted, short


async def test_TC_B_01_CS_cold_boot_accepted():
    talk = Scenario()
    await talk.connect()
    assert talk.heard("BootNotification")[0]["reason"] == "PowerUp"
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
    assert talk.heard("NotifyReport")[-1]["tbc"] is False
    token = {"id_token": "A", "type": "Central"}
    response = await talk.call(call.RequestStartTransaction(id_token=token, remote_start_id=1, evse_id=1))
    assert response.status == "Rejected"
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
    await talk.close()


async def test_TC_B_30_CS_security_error_while_rejected():
    talk = await with_boot("Rejected")
    with pytest.raises(SecurityError):
        await talk.call(call.GetBaseReport(request_id=1, report_base="FullInventory"))
    await talk.close()


async def test_TC_B_06_CS_get_one_variable():
    talk = await booted()
    result = await talk.get("OCPPCommCtrlr.OfflineThreshold")
    assert (result["attribute_status"], result["attribute_value"]) == ("Accepted", "60")
    await talk.close()


async def test_TC_B_07_CS_get_many_variables():
    talk = await booted()
    names = (("OCPPCommCtrlr", "OfflineThreshold"), ("AuthCtrlr", "AuthorizeRemoteStart"))
    data = [{"component": {"name": c}, "variable": {"name": v}} for c, v in names]
    results = (await talk.call(call.GetVariables(get_variable_data=data))).get_variable_result
    assert [r["attribute_value"] for r in results] == ["60", "false"]
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
    assert (await talk.get(name, attribute))["attribute_status"] == status
    await talk.close()


@pytest.mark.parametrize(
    ("case", "name", "value", "status"),
    [
        ("TC_B_09_CS", "OCPPCommCtrlr.OfflineThreshold", "123", "Accepted"),
        ("TC_B_11_CS", "OCPPCommCtrlr.OfflineThreshold", "123.1", "Rejected"),
        ("TC_B_11_CS", "OCPPCommCtrlr.OfflineThreshold", "true", "Rejected"),
        ("TC_B_11_CS", "OCPPCommCtrlr.OfflineThreshold", "abc", "Rejected"),
        ("TC_B_11_CS", "SmartChargingCtrlr.LimitChangeSignificance", "12.5", "Accepted"),
        ("TC_B_11_CS", "SmartChargingCtrlr.LimitChangeSignificance", "2026-11-20T12:00:00Z", "Rejected"),
        ("TC_B_11_CS", "AuthCtrlr.AuthorizeRemoteStart", "true", "Accepted"),
        ("TC_B_11_CS", "AuthCtrlr.AuthorizeRemoteStart", "123", "Rejected"),
        ("TC_B_35_CS", "UnknownComponent.OfflineThreshold", "1", "UnknownComponent"),
        ("TC_B_36_CS", "OCPPCommCtrlr.UnknownVariable", "1", "UnknownVariable"),
        ("TC_B_39_CS", "OCPPCommCtrlr.FileTransferProtocols", "FTP", "Rejected"),
    ],
)
async def test_set_variables(case, name, value, status):
    talk = await booted()
    assert await talk.set(name, value) == status
    await talk.close()


async def test_TC_B_37_CS_set_an_attribute_that_is_not_there():
    talk = await booted()
    item = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}, "attribute_value": "1"}
    item["attribute_type"] = "Target"
    result = (await talk.call(call.SetVariables(set_variable_data=[item]))).set_variable_result[0]
    assert result["attribute_status"] == "NotSupportedAttributeType"
    await talk.close()


async def reported(talk, base):
    response = await talk.call(call.GetBaseReport(request_id=77, report_base=base))
    assert response.status == "Accepted"
    parts = talk.heard("NotifyReport")
    assert [p["seq_no"] for p in parts] == list(range(len(parts)))
    assert all(p["request_id"] == 77 for p in parts)
    return [item for p in parts for item in p["report_data"]]


async def test_TC_B_12_CS_configuration_inventory():
    talk = await booted()
    found = await reported(talk, "ConfigurationInventory")
    assert all(item["variable_attribute"][0]["mutability"] != "ReadOnly" for item in found)
    await talk.close()


async def test_TC_B_13_and_53_CS_full_inventory_holds_the_required_variables():
    from required_variables import REQUIRED

    talk = await booted()
    found = {}
    for item in await reported(talk, "FullInventory"):
        key = (item["component"]["name"], item["variable"]["name"], item["variable"].get("instance", ""))
        found[key] = (item["variable_attribute"][0]["mutability"], item["variable_characteristics"]["data_type"])
    for component, variable, instance, access, kind in REQUIRED:
        mutability, data_type = found[(component, variable, instance)]
        assert mutability in access.split("|"), variable
        assert data_type == kind, variable
    await talk.close()


async def test_TC_B_20_CS_reset_on_idle_without_a_transaction():
    talk = await booted()
    assert (await talk.call(call.Reset(type="OnIdle"))).status == "Accepted"
    assert ("reset", "OnIdle", 0) in talk.station.actions
    await talk.reboot()
    assert talk.heard("BootNotification")[-1]["reason"] == "RemoteReset"
    assert talk.statuses() == [(1, "Available"), (2, "Available")]
    await talk.close()


async def test_TC_B_21_and_41_CS_reset_on_idle_waits_for_the_transactions():
    talk = await booted()
    await talk.energy_transfer_started(1)
    await talk.energy_transfer_started(2)
    assert (await talk.call(call.Reset(type="OnIdle"))).status == "Scheduled"
    await talk.leave(1)
    assert not [a for a in talk.station.actions if a[0] == "reset"]
    await talk.leave(2)
    assert ("reset", "OnIdle", 0) in talk.station.actions
    await talk.reboot()
    assert talk.heard("BootNotification")[-1]["reason"] == "ScheduledReset"
    await talk.close()


async def test_TC_B_22_CS_immediate_reset_ends_the_transaction():
    talk = await booted()
    await talk.energy_transfer_started()
    assert (await talk.call(call.Reset(type="Immediate"))).status == "Accepted"
    event = talk.told()[0]
    assert short(event) == ("Ended", "ResetCommand", "EVConnected", "ImmediateReset")
    assert "id_token" not in event
    await talk.close()


async def test_TC_B_23_CS_unavailable_persists_a_reset():
    talk = await booted()
    await talk.call(call.ChangeAvailability(operational_status="Inoperative"))
    await talk.call(call.Reset(type="Immediate"))
    await talk.reboot()
    assert talk.statuses() == [(1, "Unavailable"), (2, "Unavailable")]
    await talk.close()


async def test_TC_B_25_26_27_CS_reset_of_an_EVSE():
    talk = await booted()
    assert (await talk.call(call.Reset(type="OnIdle", evse_id=1))).status == "Accepted"
    assert ("reset", "OnIdle", 1) in talk.station.actions
    await talk.energy_transfer_started()
    assert (await talk.call(call.Reset(type="OnIdle", evse_id=1))).status == "Scheduled"
    assert talk.tx()
    assert (await talk.call(call.Reset(type="Immediate", evse_id=1))).status == "Accepted"
    assert short(talk.told()[-1]) == ("Ended", "ResetCommand", "EVConnected", "ImmediateReset")
    assert ("reset", "Immediate", 1) in talk.station.actions
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
