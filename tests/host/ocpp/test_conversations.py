"""Every message that the station can send and every request that it answers, judged by the independent `ocpp` library."""

import json

import pytest
from library_csms import Conversation
from ocpp.exceptions import NotSupportedError, OCPPError, TypeConstraintViolationError
from ocpp.v201 import call

VALUES = {
    "energy_wh": 12345, "power_w": 11040, "amps_da": [160, 161, 159], "volts_dv": [2301, 2300, 2299],
    "offered_da": 160, "offered_w": 11040, "soc": 40,
}
MEASURANDS = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered,Power.Offered"


def variable(component, name, value, instance=None):
    item = {"component": {"name": component}, "variable": {"name": name}, "attribute_value": value}
    if instance:
        item["variable"]["instance"] = instance
    return item


async def set_variables(talk, *items):
    response = await talk.call(call.SetVariables(set_variable_data=list(items)))
    return [result["attribute_status"] for result in response.set_variable_result]


async def test_every_message_of_a_busy_day_conforms_to_the_schemas():
    talk = await Conversation(evses=3).connect()
    for evse in (1, 2, 3):
        talk.station.meter_values(evse, VALUES, talk.now_ms)
    assert await set_variables(
        talk,
        variable("SampledDataCtrlr", "TxUpdatedMeasurands", MEASURANDS),
        variable("SampledDataCtrlr", "TxUpdatedInterval", "60"),
        variable("SampledDataCtrlr", "TxEndedInterval", "60"),
        variable("AlignedDataCtrlr", "Interval", "300"),
        variable("AlignedDataCtrlr", "Measurands", MEASURANDS),
    ) == ["Accepted"] * 5
    await talk.charge(1)
    talk.station.charging_needs(1, 20_000, talk.unix_ms + 36_000_000, talk.now_ms)
    await talk.advance(700000)
    talk.station.device_fact(2, "EVSE", "Problem", True, talk.now_ms)
    talk.station.device_fact(2, "Controller", "SerialNumber", "X1", talk.now_ms)
    talk.station.security_event("TamperDetectionActivated", "lid open", talk.now_ms)
    await talk.settle()
    await talk.call(call.GetBaseReport(request_id=1, report_base="FullInventory"))
    for wanted in ("LogStatusNotification", "FirmwareStatusNotification", "Heartbeat", "TransactionEvent", "MeterValues"):
        assert (await talk.call(call.TriggerMessage(requested_message=wanted))).status == "Accepted"
    await talk.event(1, "fault", reason="GroundFault")
    await talk.leave(1)
    said = {json.loads(text)[2] for who, text in talk.frames if who == "station" and json.loads(text)[0] == 2}
    assert said == {
        "BootNotification", "StatusNotification", "Authorize", "TransactionEvent", "MeterValues", "NotifyEvent",
        "SecurityEventNotification", "NotifyReport", "LogStatusNotification", "FirmwareStatusNotification", "Heartbeat",
        "NotifyEVChargingNeeds",
    }
    await talk.close()


async def test_every_request_is_answered_according_to_the_schemas():
    talk = await Conversation().connect()
    await talk.charge(1)
    tx = talk.station.transaction(1)
    schedule = {
        "id": 1, "charging_rate_unit": "A", "start_schedule": "2026-11-20T12:00:00Z",
        "charging_schedule_period": [{"start_period": 0, "limit": 10.5}],
    }
    profile = {
        "id": 1, "stack_level": 0, "charging_profile_purpose": "TxDefaultProfile", "charging_profile_kind": "Absolute",
        "charging_schedule": [schedule],
    }
    entry = {"id_token": {"id_token": "L1", "type": "ISO14443"}, "id_token_info": {"status": "Accepted"}}
    network = {
        "ocpp_version": "OCPP20", "ocpp_transport": "JSON", "ocpp_csms_url": "ws://a", "message_timeout": 30,
        "security_profile": 1, "ocpp_interface": "Wired0",
    }
    token = {"id_token": "APP", "type": "Central"}
    for request, status in (
        (call.SetChargingProfile(evse_id=1, charging_profile=profile), "Accepted"),
        (call.SetChargingProfile(evse_id=9, charging_profile=profile), "Rejected"),
        (call.GetChargingProfiles(request_id=1, charging_profile={}), "Accepted"),
        (call.GetCompositeSchedule(duration=600, evse_id=1), "Accepted"),
        (call.GetCompositeSchedule(duration=600, evse_id=0, charging_rate_unit="W"), "Accepted"),
        (call.ClearChargingProfile(charging_profile_id=1), "Accepted"),
        (call.ChangeAvailability(operational_status="Inoperative", evse={"id": 2}), "Accepted"),
        (call.ChangeAvailability(operational_status="Operative", evse={"id": 2, "connectorId": 1}), "Accepted"),
        (call.ClearCache(), "Accepted"),
        (call.DataTransfer(vendor_id="x", data={"a": [1]}), "UnknownVendorId"),
        (call.GetBaseReport(request_id=2, report_base="SummaryInventory"), "Accepted"),
        (call.GetReport(request_id=3, component_criteria=["Problem"]), "EmptyResultSet"),
        (call.SendLocalList(version_number=1, update_type="Full", local_authorization_list=[entry]), "Accepted"),
        (call.SetNetworkProfile(configuration_slot=2, connection_data=network), "Accepted"),
        (call.UnlockConnector(evse_id=1, connector_id=1), "OngoingAuthorizedTransaction"),
        (call.UnlockConnector(evse_id=8, connector_id=1), "UnknownConnector"),
        (call.RequestStartTransaction(id_token=token, remote_start_id=1, evse_id=9), "Rejected"),
        (call.RequestStopTransaction(transaction_id=tx), "Accepted"),
        (call.TriggerMessage(requested_message="StatusNotification", evse={"id": 1, "connectorId": 1}), "Accepted"),
        (call.Reset(type="OnIdle"), "Accepted"),
    ):
        assert (await talk.call(request)).status == status, request
    assert (await talk.call(call.GetLocalListVersion())).version_number == 1
    assert (await talk.call(call.GetTransactionStatus(transaction_id=tx))).messages_in_queue is False
    wanted = [{"component": {"name": "ClockCtrlr"}, "variable": {"name": "DateTime"}}]
    result = (await talk.call(call.GetVariables(get_variable_data=wanted))).get_variable_result[0]
    assert result["attribute_value"] == "2026-11-20T12:00:00Z"
    assert len(talk.heard("ReportChargingProfiles")) == 1
    await talk.close()


async def test_unsupported_actions_are_answered_with_NotSupported():
    talk = await Conversation().connect()
    with pytest.raises(NotSupportedError):
        await talk.call(call.ClearedChargingLimit(charging_limit_source="EMS"))
    await talk.close()


async def test_a_payload_of_the_wrong_type_gets_the_code_for_it():
    talk = await Conversation().connect()
    task = call.UnlockConnector(evse_id="one", connector_id=1)
    with pytest.raises(OCPPError) as caught:
        await talk.call(task)
    assert isinstance(caught.value, TypeConstraintViolationError)
    await talk.close()


async def test_a_session_offline_over_a_power_cut_reaches_the_library_whole_and_once():
    talk = await Conversation().connect()
    await talk.charge(1)
    await talk.leave(1)
    await talk.drop()
    await talk.charge(1)
    await talk.advance(900000)
    await talk.leave(1)
    talk.files.restart()
    talk.start()
    await talk.connect()
    told = talk.heard("TransactionEvent")
    assert [p["event_type"] for p in told] == ["Started", "Updated", "Ended"]
    assert [p["seq_no"] for p in told] == [0, 1, 2]
    assert all(p["offline"] for p in told)
    assert told[2]["timestamp"] == "2026-11-20T12:15:00Z"
    await talk.close()


async def test_pending_retains_messages_and_accepted_releases_them():
    talk = Conversation()
    await talk.connect()
    await talk.close()
    talk = Conversation()
    talk.station.connected(talk.now_ms)
    talk.station.disconnected(talk.now_ms)
    await talk.connect()
    assert [name for name, _ in talk.csms.heard] == ["BootNotification", "StatusNotification", "StatusNotification"]
    await talk.close()
