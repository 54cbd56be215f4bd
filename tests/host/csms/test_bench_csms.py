"""The bench CSMS: friendly, exact, and without a trace when it stops."""

import asyncio
import json

import pytest
import websockets
from memory import Pipe

from ampacity_host.csms.answers import CsmsError
from ampacity_host.csms.server import BenchCsms

BOOT = {"reason": "PowerUp", "chargingStation": {"model": "A1", "vendorName": "Ampacity"}}


def event(kind, seq, wh=None, **more):
    payload = {
        "eventType": kind,
        "timestamp": "2026-11-20T07:09:28Z",
        "triggerReason": "Authorized",
        "seqNo": seq,
        "transactionInfo": {"transactionId": "t1"},
        "evse": {"id": 2, "connectorId": 1},
        **more,
    }
    if wh is not None:
        payload["meterValue"] = [{"timestamp": payload["timestamp"], "sampledValue": [{"value": wh}]}]
    return payload


class Bench:
    def __init__(self, **options):
        self.now_ms = 1000
        self.csms = BenchCsms(now_ms=lambda: self.now_ms, unix_ms=lambda: 1795158568250, **options)
        self.pipe = Pipe(self.csms)
        self._n = 0

    def ask(self, action, payload):
        """The CSMS's answers to a call."""
        self._n += 1
        self.pipe.say(json.dumps([2, str(self._n), action, payload]))
        return [json.loads(text) for text in self.pipe.heard()]


def test_a_station_boots_and_is_known():
    bench = Bench()
    answer = bench.ask("BootNotification", BOOT)
    assert answer == [[3, "1", {"currentTime": "2026-11-20T07:09:28.250Z", "interval": 300, "status": "Accepted"}]]
    station = bench.csms.stations["AMP-1"]
    assert (station["boots"], station["connects"], station["password"]) == (1, 1, "secret")
    assert bench.csms.identities == ["AMP-1"] and bench.csms.findings == []
    assert [frame["dir"] for frame in bench.csms.frames] == ["in", "out"] and bench.csms.frames[0]["t_ms"] == 1000


def test_any_token_is_accepted_by_default():
    bench = Bench()
    token = {"idToken": {"idToken": "ABC", "type": "ISO14443"}}
    assert bench.ask("Authorize", token)[0][2] == {"idTokenInfo": {"status": "Accepted"}}
    bench.csms.tokens["ABC"] = "Blocked"
    assert bench.ask("Authorize", token)[0][2] == {"idTokenInfo": {"status": "Blocked"}}
    answer = bench.ask("TransactionEvent", event("Started", 0, **token))
    assert answer[0][2] == {"idTokenInfo": {"status": "Blocked"}}


def test_a_transaction_is_recorded_with_its_energy():
    bench = Bench()
    bench.ask("TransactionEvent", event("Started", 0, 1000, idToken={"idToken": "ABC", "type": "ISO14443"}))
    bench.ask("TransactionEvent", event("Updated", 1, 1500, offline=True))
    ended = event("Ended", 2, 4250)
    ended["transactionInfo"]["stoppedReason"] = "EVDisconnected"
    bench.ask("TransactionEvent", ended)
    (transaction,) = bench.csms.transactions
    assert transaction.energy_wh == 3250 and transaction.reason == "EVDisconnected" and transaction.evse == 2
    assert (transaction.token, transaction.events, transaction.offline) == ("ABC", 3, 1)
    assert transaction.started == transaction.ended == 1795158568000 and bench.csms.findings == []
    assert transaction.as_dict()["energy_wh"] == 3250


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([("Updated", 0)], "first event is Updated"),
        ([("Started", 0), ("Updated", 2)], "seqNo 2 after 0"),
        ([("Started", 0), ("Updated", 1), ("Updated", 1)], "seqNo 1 after 1"),
        ([("Started", 0), ("Ended", 1), ("Updated", 2)], "Updated after Ended"),
    ],
)
def test_each_broken_rule_of_a_transaction_is_found(events, said):
    bench = Bench()
    for kind, seq in events:
        bench.ask("TransactionEvent", event(kind, seq))
    assert [f["text"] for f in bench.csms.findings if said in f["text"]], bench.csms.findings
    assert len(bench.csms.findings) == 1


def test_an_unanswered_event_may_be_repeated():
    bench = Bench()
    bench.csms.silent.add("TransactionEvent")
    assert bench.ask("TransactionEvent", event("Started", 0)) == []
    bench.csms.silent.clear()
    bench.ask("TransactionEvent", event("Started", 0))
    bench.ask("TransactionEvent", event("Updated", 1))
    assert bench.csms.findings == [] and bench.csms.transactions[0].events == 2


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("BootNotification", {"reason": "PowerUp"}, "OccurrenceConstraintViolation"),
        ("BootNotification", dict(BOOT, reason="Boredom"), "PropertyConstraintViolation"),
        ("BootNotification", dict(BOOT, extra=1), "FormatViolation"),
        ("StatusNotification", {"evseId": "1"}, "TypeConstraintViolation"),
        ("MakeCoffee", {}, "NotImplemented"),
    ],
)
def test_a_schema_violation_is_found_and_refused(action, payload, code):
    bench = Bench()
    answer = bench.ask(action, payload)
    assert answer[0][0] == 4 and answer[0][2] == code or code == "TypeConstraintViolation" and answer[0][0] == 4
    assert bench.csms.findings[0]["action"] == action
    assert bench.csms.stations["AMP-1"]["boots"] == 0


def test_a_lenient_bench_still_answers():
    bench = Bench()
    bench.csms.strict = False
    assert bench.ask("BootNotification", dict(BOOT, extra=1))[0][0] == 3
    assert len(bench.csms.findings) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", "[2]", '[2,"1","Heartbeat"]', "[9,\"1\",{}]", '[3,"7",{}]', "nonsense"])
def test_messages_other_than_ocpp_are_found(text):
    bench = Bench()
    bench.pipe.say(text)
    assert len(bench.csms.findings) == 1 and bench.pipe.session.is_open


def test_hooks_answer_in_place_of_the_table():
    bench = Bench()
    bench.csms.hooks["Heartbeat"] = lambda csms, identity, payload: {"currentTime": identity}
    assert bench.ask("Heartbeat", {})[0][2] == {"currentTime": "AMP-1"}

    def refuse(csms, identity, payload):
        raise CsmsError("InternalError", "on purpose")

    bench.csms.hooks["Heartbeat"] = refuse
    assert bench.ask("Heartbeat", {}) == [[4, "2", "InternalError", "on purpose", {}]]


async def test_a_call_gives_the_stations_result():
    bench = Bench()
    task = asyncio.create_task(bench.csms.call("ClearCache", {}))
    await asyncio.sleep(0)
    kind, message_id, method, payload = json.loads(bench.pipe.heard()[0])
    assert (kind, method, payload) == (2, "ClearCache", {})
    bench.pipe.say(json.dumps([3, message_id, {"status": "Accepted"}]))
    assert await task == {"result": {"status": "Accepted"}} and bench.csms.findings == []


async def test_a_call_gives_the_stations_error_and_bad_results_are_found():
    bench = Bench()
    answers = []
    bench.csms.send_call("Reset", {"type": "Immediate"}, answers.append)
    bench.csms.send_call("Reset", {"type": "Immediate"}, answers.append)
    first, second = [json.loads(text)[1] for text in bench.pipe.heard()]
    bench.pipe.say(json.dumps([4, first, "NotSupported", "no", {}]))
    bench.pipe.say(json.dumps([3, second, {"status": "Perhaps"}]))
    assert answers == [
        {"error": {"code": "NotSupported", "description": "no"}},
        {"result": {"status": "Perhaps"}},
    ]
    assert len(bench.csms.findings) == 1 and "Perhaps" in bench.csms.findings[0]["text"]


async def test_a_call_ends_when_time_or_the_connection_does():
    bench = Bench()
    assert (await bench.csms.call("ClearCache", {}, timeout_ms=10))["error"]["code"] == "Timeout"
    task = asyncio.create_task(bench.csms.call("ClearCache", {}))
    await asyncio.sleep(0)
    bench.pipe.close()
    assert (await task)["error"]["code"] == "NotConnected"
    assert (await bench.csms.call("ClearCache", {}))["error"]["code"] == "NotConnected"
    assert bench.csms.identities == []


def test_a_reconnected_station_replaces_its_old_connection():
    bench = Bench()
    again = Pipe(bench.csms)
    assert bench.pipe.closed and bench.csms.identities == ["AMP-1"]
    again.say(json.dumps([2, "x", "Heartbeat", {}]))
    assert len(again.heard()) == 1 and bench.csms.stations["AMP-1"]["connects"] == 2


def test_connections_are_refused_on_request():
    csms = BenchCsms()
    csms.refuse = 401
    pipe = Pipe(csms)
    assert pipe.ws.status == 401 and csms.identities == []
    csms.refuse = lambda session: 404 if session.identity == "AMP-1" else None
    assert Pipe(csms).ws.status == 404
    assert Pipe(csms, "AMP-2").ws.state == "open"


def test_a_station_without_a_supported_subprotocol_is_refused():
    csms = BenchCsms()
    pipe = Pipe(csms)
    other = csms.attach(pipe)
    request = pipe.ws.start().replace(b"ocpp2.0.1", b"ocpp1.5")
    other.data_received(request)
    assert not other.opened


async def test_a_real_port_serves_the_client_of_another_library_and_is_released():
    csms = BenchCsms()
    await csms.start()
    before = len(asyncio.all_tasks())
    async with websockets.connect(csms.url + "/AMP%209?x=1", subprotocols=["ocpp2.0.1"]) as client:
        await client.send('[2,"1","Heartbeat",{}]')
        assert json.loads(await client.recv())[0] == 3
        assert csms.identities == ["AMP 9"]
        csms.answer_delay_ms = 20
        await client.send('[2,"2","Heartbeat",{}]')
        assert json.loads(await client.recv())[1] == "2"
        await csms.stop()
        with pytest.raises(websockets.ConnectionClosed):
            await client.recv()
    await asyncio.sleep(0)  # the client's own tasks
    assert len(asyncio.all_tasks()) == before and csms.identities == []
    with pytest.raises(OSError):
        await websockets.connect(csms.url + "/AMP-9")


def test_only_some_messages_are_checked_on_request():
    bench = Bench(check_every=10)
    for _ in range(10):
        bench.ask("Heartbeat", {"x": 1})
    assert len(bench.csms.findings) == 1
    assert Bench(check_every=0).ask("Heartbeat", {"x": 1})[0][0] == 3
