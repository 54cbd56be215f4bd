"""Part 6, E: the queue of TransactionEvents: offline, retries, GetTransactionStatus."""

import json

from ocpp.v201 import call
from reusable_states import session
from scenario import TOKEN, Scenario, booted, short

from ampacity.base.wallclock import format_iso

ATTEMPTS, INTERVAL_S, TIMEOUT_S = 3, 2, 30


async def sampled_offline():
    """A charging transaction, 35 s without a CSMS, a sample each 10 s."""
    talk = await booted()
    for name, value in (("SampledDataCtrlr.TxUpdatedInterval", "10"), ("SampledDataCtrlr.Enabled", "true"), ("OCPPCommCtrlr.OfflineThreshold", "90")):
        assert await talk.set(name, value) == "Accepted"
    await talk.energy_transfer_started()
    await talk.drop()
    await talk.advance(35000)
    return talk


async def asked_at_once(talk, **request):
    """The CSMS asks for the transaction status the moment the connection is there: the response."""
    talk.csms.heard.clear()
    talk.station.connected(talk.now_ms)
    talk.station.receive(json.dumps([2, "q", "GetTransactionStatus", request]), talk.now_ms)
    first = json.loads(talk.station.next(talk.now_ms)[0])
    assert first[:2] == [3, "q"]
    talk.station.disconnected(talk.now_ms)
    await talk.reconnect()
    return first[2]


def samples_from_offline(talk):
    """Three of the same transaction, numbered on from its Started, the plug and the energy flow."""
    assert [e["seq_no"] for e in talk.told()] == [2, 3, 4]
    for event in talk.told():
        assert event["event_type"] == "Updated" and event["offline"] is True and event["transaction_info"]["transaction_id"] == talk.tx()
        assert event["trigger_reason"] == "MeterValuePeriodic" and event["evse"] == {"id": 1, "connector_id": 1}
        (value,) = event["meter_value"]
        assert value["timestamp"] == event["timestamp"] and {v["context"] for v in value["sampled_value"]} == {"Sample.Periodic"}


async def test_TC_E_28_CS_status_of_an_unknown_transaction():
    talk = await booted()
    answer = await talk.call(call.GetTransactionStatus(transaction_id="f3d6b7b0-0000-4000-8000-000000000000"))
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (False, False)
    await talk.close()


async def test_TC_E_29_CS_status_of_a_transaction_with_messages_in_the_queue():
    talk = await sampled_offline()
    assert await asked_at_once(talk, transactionId=talk.tx()) == {"ongoingIndicator": True, "messagesInQueue": True}
    samples_from_offline(talk)
    await talk.close()


async def test_TC_E_30_CS_status_of_a_transaction_without_messages():
    talk = await booted()
    await talk.energy_transfer_started()
    answer = await talk.call(call.GetTransactionStatus(transaction_id=talk.tx()))
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (True, False)
    await talk.close()


async def leaves_offline(talk, remotely):
    """The connection is lost, and the transaction ends: by the card, or by a car that stops charging and leaves."""
    await talk.drop()
    if remotely:
        await talk.state("SuspendedEV")
    else:
        await talk.card()
    talk.now_ms, talk.unix_ms = talk.now_ms + 5000, talk.unix_ms + 5000
    await talk.leave()


def told_of_it(talk, remotely):
    """EnergyTransferSuspended or StopAuthorized up to ParkingBayUnoccupied, each event of which was offline; then the connector is free."""
    status, *events = sorted(talk.csms.heard, key=lambda request: request[0])
    assert status[0] == "StatusNotification" and status[1]["connector_status"] == "Available" and status[1]["evse_id"] == 1
    stopped_at = format_iso(talk.unix_ms - 5000)
    if remotely:
        suspended, ended = [payload for _, payload in events]
        talk.checked(suspended, "Updated", ("ChargingStateChanged",), "SuspendedEV", offline=True)
        talk.checked(ended, "Ended", ("EVCommunicationLost",), "Idle", "EVDisconnected", offline=True)
        assert (suspended["timestamp"], ended["timestamp"]) == (stopped_at, format_iso(talk.unix_ms))
    else:
        (ended,) = [payload for _, payload in events]
        talk.checked(ended, "Ended", ("StopAuthorized",), "EVConnected", "Local", TOKEN, offline=True)
        assert ended["timestamp"] == stopped_at


async def test_TC_E_31_CS_status_of_an_ended_transaction_with_messages():
    for remotely in (False, True):
        talk = await session()
        await talk.charging(remotely)
        transaction = talk.running
        await leaves_offline(talk, remotely)
        assert await asked_at_once(talk, transactionId=transaction) == {"ongoingIndicator": False, "messagesInQueue": True}
        told_of_it(talk, remotely)
        assert talk.running is None
        await talk.close()


async def test_TC_E_32_CS_status_of_an_ended_transaction_without_messages():
    talk = await booted()
    await talk.energy_transfer_started()
    tx = talk.tx()
    await talk.card()
    await talk.leave()
    answer = await talk.call(call.GetTransactionStatus(transaction_id=tx))
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (False, False)
    await talk.close()


async def test_TC_E_33_CS_status_without_an_id_with_messages():
    talk = await sampled_offline()
    assert await asked_at_once(talk) == {"messagesInQueue": True}
    samples_from_offline(talk)
    await talk.close()


async def test_TC_E_34_CS_status_without_an_id_and_without_messages():
    talk = await booted()
    answer = await talk.call(call.GetTransactionStatus())
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (None, False)
    await talk.close()


async def test_TC_E_40_CS_connection_loss_during_a_transaction():
    talk = await sampled_offline()
    await talk.reconnect()
    samples_from_offline(talk)
    times = [e["timestamp"] for e in talk.told()]
    assert [int(b[17:19]) - int(a[17:19]) for a, b in zip(times, times[1:], strict=False)] == [10, 10]
    await talk.close()


class Failing(Scenario):
    """A CSMS that fails to take TransactionEvents: `answers` says what it does to the next ones: None no answer, "error" a CALLERROR,
    "ok" an answer; `sent_ms`: when they came."""

    answers = None

    def intercept(self, text):
        frame = json.loads(text)
        if self.answers is None or frame[0] != 2 or frame[2] != "TransactionEvent":
            return None
        self.sent_ms.append((self.now_ms, frame[3]))
        what = self.answers.pop(0) if self.answers else "ok"
        if what == "ok":
            return [json.dumps([3, frame[1], {}])]
        return [] if what is None else [json.dumps([4, frame[1], "InternalError", "", {}])]

    async def begin(self, answers):
        """State is Authorized and EVConnectedPreSession; the next event fails."""
        await self.booted()
        await self.set("OCPPCommCtrlr.MessageAttempts", str(ATTEMPTS), "TransactionEvent")
        await self.set("OCPPCommCtrlr.MessageAttemptInterval", str(INTERVAL_S), "TransactionEvent")
        await self.set("SampledDataCtrlr.TxUpdatedInterval", "0")
        await self.card()
        await self.plug()
        self.answers, self.sent_ms = answers, []
        await self.state("Charging")
        await self.advance(4 * (TIMEOUT_S + ATTEMPTS * INTERVAL_S) * 1000)
        return self

    def gaps_s(self):
        """Between the transmissions; all are the same message."""
        assert all(payload == self.sent_ms[0][1] for _, payload in self.sent_ms)
        times = [at for at, _ in self.sent_ms]
        return [(b - a) // 1000 for a, b in zip(times, times[1:], strict=False)]


async def test_TC_E_41_CS_no_answer_at_all():
    talk = await Failing().begin([None] * 9)
    assert talk.gaps_s() == [TIMEOUT_S + INTERVAL_S, TIMEOUT_S + 2 * INTERVAL_S]
    talk.answers = None
    await talk.leave()
    assert short(talk.told()[-1])[0] == "Ended"
    await talk.close()


async def test_TC_E_42_CS_no_answer_and_then_one():
    talk = await Failing().begin([None, "ok"])
    assert talk.gaps_s() == [TIMEOUT_S + INTERVAL_S]
    await talk.close()


async def test_TC_E_50_CS_errors_only():
    talk = await Failing().begin(["error"] * 9)
    assert talk.gaps_s() == [INTERVAL_S, 2 * INTERVAL_S]
    talk.answers = None
    await talk.leave()
    assert short(talk.told()[-1])[0] == "Ended"
    await talk.close()


async def test_TC_E_51_CS_an_error_and_then_an_answer():
    talk = await Failing().begin(["error", "ok"])
    assert talk.gaps_s() == [INTERVAL_S]
    await talk.close()


async def test_TC_E_43_CS_a_transaction_offline():
    talk = await session(AuthCtrlr_OfflineTxForUnknownIdEnabled="true")
    await talk.drop()
    for step in (talk.card, talk.plug, lambda: talk.state("Charging"), lambda: talk.state("SuspendedEV"), talk.card, talk.leave):
        await step()
        talk.now_ms, talk.unix_ms = talk.now_ms + 1000, talk.unix_ms + 1000
    begun = talk.unix_ms - 5000  # by the plug
    await talk.reconnect()
    talk.csms.heard = [(action, payload) for action, payload in talk.csms.heard if action != "StatusNotification"]
    first, charging, suspended, ended = talk.said(*["TransactionEvent"] * 4)
    talk.plugged = True
    talk.checked(first, "Started", ("CablePluggedIn",), "EVConnected", token=TOKEN, offline=True)
    talk.checked(charging, "Updated", ("ChargingStateChanged",), "Charging", offline=True)
    talk.checked(suspended, "Updated", ("ChargingStateChanged",), "SuspendedEV", offline=True)
    talk.checked(ended, "Ended", ("StopAuthorized",), "EVConnected", "Local", TOKEN, offline=True)
    times = [event["timestamp"] for event in (first, charging, suspended, ended)]
    assert times == [format_iso(begun + 1000 * i) for i in range(4)]
    await talk.close()


async def test_TC_E_44_CS_stopped_offline():
    talk = await session()
    await talk.charging()
    await leaves_offline(talk, False)
    await talk.reconnect()
    told_of_it(talk, False)
    assert talk.running is None
    await talk.close()


class Grouped(Scenario):
    """A CSMS whose identifiers belong to a group."""

    INFO = {"status": "Accepted", "groupIdToken": {"idToken": "FLEET", "type": "Central"}}

    def intercept(self, text):
        frame = json.loads(text)
        asks = frame[0] == 2 and (frame[2] == "Authorize" or frame[2] == "TransactionEvent" and "idToken" in frame[3])
        if not asks or not self.wire:
            return None
        return [json.dumps([3, frame[1], {"idTokenInfo": self.INFO}])]


async def test_TC_E_45_CS_stopped_offline_by_another_of_the_group():
    talk = await Grouped().booted()
    other = {"id_token": "XYZ", "type": "ISO14443"}
    info = {"status": "Accepted", "group_id_token": {"id_token": "FLEET", "type": "Central"}}
    entry = {"id_token": other, "id_token_info": info}
    answer = await talk.call(call.SendLocalList(version_number=1, update_type="Full", local_authorization_list=[entry]))
    assert answer.status == "Accepted"
    await talk.energy_transfer_started()
    await talk.drop()
    before = len(talk.frames)
    await talk.card("XYZ")
    await talk.leave()
    talk.INFO = dict(talk.INFO)
    await talk.reconnect()
    said = [json.loads(text)[3] for who, text in talk.frames[before:] if who == "station" and '"TransactionEvent"' in text]
    assert [(p["eventType"], p["triggerReason"], p["offline"]) for p in said] == [("Ended", "StopAuthorized", True)]
    assert said[0]["idToken"] == {"idToken": "XYZ", "type": "ISO14443"} and said[0]["transactionInfo"]["stoppedReason"] == "Local"
    await talk.close()
