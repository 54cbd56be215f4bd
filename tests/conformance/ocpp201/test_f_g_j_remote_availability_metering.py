"""Part 6, F remote control, G availability, J metering, P data transfer."""

import pytest
from ocpp.v201 import call
from scenario import TOKEN, booted, short


async def test_TC_F_01_CS_remote_start_of_a_plugged_car():
    talk = await booted()
    await talk.plug()
    await talk.call(call.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1))
    await talk.state("Charging")
    assert [short(e)[:2] for e in talk.told()] == [("Started", "RemoteStart"), ("Updated", "ChargingStateChanged")]
    await talk.close()


@pytest.mark.parametrize(("case", "asks"), [("TC_F_02_CS", "true"), ("TC_F_03_CS", "false")])
async def test_remote_start_first(case, asks):
    talk = await booted()
    await talk.set("AuthCtrlr.AuthorizeRemoteStart", asks)
    await talk.call(call.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1))
    assert bool(talk.heard("Authorize")) == (asks == "true")
    await talk.plug()
    assert short(talk.told()[0])[:2] == ("Started", "RemoteStart")
    await talk.close()


async def test_TC_F_04_CS_remote_start_without_a_plug_in():
    talk = await booted()
    await talk.set("TxCtrlr.TxStartPoint", "Authorized")
    await talk.set("TxCtrlr.EVConnectionTimeOut", "30")
    request = call.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1)
    await talk.call(request)
    await talk.advance(30000)
    assert short(talk.told()[-1])[:2] == ("Ended", "EVConnectTimeout")
    assert (await talk.call(request)).status == "Accepted"
    await talk.close()


async def test_TC_F_05_CS_no_unlock_during_a_transaction():
    talk = await booted()
    await talk.energy_transfer_started()
    assert (await talk.call(call.UnlockConnector(evse_id=1, connector_id=1))).status == "OngoingAuthorizedTransaction"
    assert talk.station.actions[-1][0] != "unlock"
    await talk.close()


async def test_TC_F_08_and_09_CS_remote_stop():
    talk = await booted()
    await talk.energy_transfer_started()
    assert (await talk.call(call.RequestStopTransaction(transaction_id="other"))).status == "Rejected"
    assert (await talk.call(call.RequestStopTransaction(transaction_id=talk.tx()))).status == "Accepted"
    assert short(talk.told()[0])[3] == "Remote"
    await talk.close()


async def test_TC_F_10_CS_unlock_of_an_unknown_connector():
    talk = await booted()
    assert (await talk.call(call.UnlockConnector(evse_id=1, connector_id=9))).status == "UnknownConnector"
    await talk.close()


async def trigger(talk, message, **more):
    return (await talk.call(call.TriggerMessage(requested_message=message, **more))).status


async def test_TC_F_11_and_12_CS_trigger_MeterValues():
    talk = await booted()
    assert await trigger(talk, "MeterValues", evse={"id": 1}) == "Accepted"
    assert [p["evse_id"] for p in talk.heard("MeterValues")] == [1]
    assert talk.heard("MeterValues")[0]["meter_value"][0]["sampled_value"][0]["context"] == "Trigger"
    assert await trigger(talk, "MeterValues") == "Accepted"
    assert [p["evse_id"] for p in talk.heard("MeterValues")] == [1, 1, 2]
    await talk.close()


async def test_TC_F_13_and_14_CS_trigger_TransactionEvent():
    talk = await booted()
    await talk.energy_transfer_started(1)
    await talk.energy_transfer_started(2)
    assert await trigger(talk, "TransactionEvent", evse={"id": 1}) == "Accepted"
    event = talk.told()[0]
    assert short(event)[:3] == ("Updated", "Trigger", "Charging")
    assert event["meter_value"][0]["sampled_value"][0]["context"] == "Trigger"
    assert await trigger(talk, "TransactionEvent") == "Accepted"
    assert [e["evse"]["id"] for e in talk.told()] == [1, 1, 2]
    await talk.close()


async def test_TC_F_15_17_18_20_CS_trigger_the_small_ones():
    talk = await booted()
    for message in ("LogStatusNotification", "FirmwareStatusNotification", "Heartbeat"):
        assert await trigger(talk, message, evse={"id": 1}) == "Accepted"
        assert len(talk.heard(message)) == 1
    assert talk.heard("LogStatusNotification")[0]["status"] == "Idle"
    await talk.close()


async def test_TC_F_23_and_24_CS_trigger_StatusNotification():
    talk = await booted()
    assert await trigger(talk, "StatusNotification", evse={"id": 1, "connector_id": 1}) == "Accepted"
    assert talk.statuses() == [(1, "Available")]
    await talk.plug()
    assert await trigger(talk, "StatusNotification", evse={"id": 1, "connector_id": 1}) == "Accepted"
    assert talk.statuses()[-1] == (1, "Occupied")
    await talk.close()


async def test_TC_F_26_and_27_CS_triggers_that_are_refused():
    talk = await booted()
    assert await trigger(talk, "BootNotification") == "Rejected"
    assert await trigger(talk, "SignCombinedCertificate") == "NotImplemented"
    await talk.close()


async def test_TC_G_01_and_02_CS_connector_status():
    talk = await booted()
    await talk.plug()
    await talk.leave()
    assert talk.statuses() == [(1, "Occupied"), (1, "Available")]
    await talk.close()


PLACES = [(3, 4, 9, 10, {"id": 1}), (5, 6, 12, 13, None), (7, 8, 15, 16, {"id": 1, "connector_id": 1})]


@pytest.mark.parametrize(("off", "on", "same_on", "same_off", "evse"), PLACES)
async def test_TC_G_03_to_16_CS_change_availability(off, on, same_on, same_off, evse):
    talk = await booted()

    async def change(status):
        talk.csms.heard.clear()
        return (await talk.call(call.ChangeAvailability(operational_status=status, evse=evse))).status

    assert await change("Operative") == "Accepted" and talk.statuses() == []
    assert await change("Inoperative") == "Accepted" and (1, "Unavailable") in talk.statuses()
    assert await change("Inoperative") == "Accepted" and talk.statuses() == []
    assert await change("Operative") == "Accepted" and (1, "Available") in talk.statuses()
    await talk.close()


@pytest.mark.parametrize(("case", "evse"), [("TC_G_11_CS", {"id": 1}), ("TC_G_14_CS", None), ("TC_G_17_CS", {"id": 1, "connector_id": 1})])
async def test_change_availability_during_a_transaction(case, evse):
    talk = await booted()
    await talk.energy_transfer_started()
    assert (await talk.call(call.ChangeAvailability(operational_status="Inoperative", evse=evse))).status == "Scheduled"
    assert talk.statuses() == []
    await talk.leave()
    assert (1, "Unavailable") in talk.statuses()
    await talk.close()


@pytest.mark.parametrize(("case", "evse"), [("TC_G_18_CS", {"id": 1}), ("TC_G_21_CS", None), ("TC_G_19_CS", {"id": 1, "connector_id": 1})])
async def test_availability_persists_a_reboot(case, evse):
    talk = await booted()
    await talk.call(call.ChangeAvailability(operational_status="Inoperative", evse=evse))
    await talk.reboot()
    assert (1, "Unavailable") in talk.statuses()
    await talk.close()


async def test_TC_J_01_and_02_CS_clock_aligned_values():
    talk = await booted()
    await talk.set("AlignedDataCtrlr.Interval", "60")
    await talk.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    await talk.energy_transfer_started(1)
    await talk.advance(60000)
    assert [p["evse_id"] for p in talk.heard("MeterValues")] == [2]
    assert talk.heard("MeterValues")[0]["meter_value"][0]["sampled_value"][0]["context"] == "Sample.Clock"
    assert short(talk.told()[0])[1] == "MeterValueClock"
    await talk.close()


async def test_TC_J_03_and_10_CS_values_at_the_end():
    talk = await booted()
    await talk.set("AlignedDataCtrlr.TxEndedInterval", "60")
    await talk.set("SampledDataCtrlr.TxEndedInterval", "50")
    await talk.energy_transfer_started(1)
    await talk.advance(60000)
    await talk.leave()
    contexts = [v["sampled_value"][0]["context"] for v in talk.told()[-1]["meter_value"]]
    assert contexts == ["Sample.Periodic", "Sample.Clock", "Transaction.End"]
    await talk.close()


async def test_TC_J_06_CS_no_aligned_values_during_a_transaction():
    talk = await booted()
    await talk.set("AlignedDataCtrlr.Interval", "60")
    await talk.set("AlignedDataCtrlr.SendDuringIdle", "true")
    await talk.energy_transfer_started(1)
    await talk.advance(60000)
    assert talk.heard("MeterValues") == [] and talk.told() == []
    await talk.close()


async def test_TC_J_07_and_09_CS_values_at_the_start_and_in_between():
    talk = await booted()
    await talk.set("SampledDataCtrlr.TxStartedMeasurands", "Energy.Active.Import.Register,Voltage")
    await talk.set("SampledDataCtrlr.TxUpdatedInterval", "30")
    await talk.plug()
    await talk.card()
    values = talk.told()[0]["meter_value"][0]["sampled_value"]
    assert {v["measurand"] for v in values} == {"Energy.Active.Import.Register", "Voltage"}
    assert {v["context"] for v in values} == {"Transaction.Begin"}
    await talk.advance(30000)
    assert short(talk.told()[-1])[1] == "MeterValuePeriodic"
    assert talk.told()[-1]["meter_value"][0]["sampled_value"][0]["context"] == "Sample.Periodic"
    await talk.close()


async def test_TC_P_01_CS_an_unknown_vendor():
    talk = await booted()
    assert (await talk.call(call.DataTransfer(vendor_id="nobody"))).status in ("UnknownVendorId", "Rejected")
    await talk.close()


async def test_TC_P_03_CS_custom_data():
    talk = await booted()
    custom = {"vendor_id": "org.example", "anything": {"x": 1}}
    assert (await talk.call(call.GetTransactionStatus(custom_data=custom))).messages_in_queue is False
    await talk.close()
