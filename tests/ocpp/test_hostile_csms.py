"""A CSMS that answers late, twice, never, or with a wrong id; floods; sends what is no message: the heap stays bounded, the charging goes on."""

import gc
import sys

from station_bench import Bench, names

from ampacity.base.rng import Rng
from ampacity.base.strict_json import dumps, loads
from ampacity.ocpp.rpc import OUT_MAX

MICROPYTHON = sys.implementation.name == "micropython"
GROWTH_MAX = 4000 if MICROPYTHON else 300  # bytes; allocated blocks: the log's counters and lines
MINUTE_MS = 60000
TOKEN = {"idToken": "ABC123", "type": "ISO14443"}
CHARGED = {"id": 1, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative", "stackLevel": 0,
           "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}]}]}
DATE = "2026-11-20T13:00:00Z"
HEARTBEAT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
LISTED = {"idToken": TOKEN, "idTokenInfo": {"status": "Accepted"}}
HARMLESS = (  # none of them may end a transaction, however its values read
    ("GetVariables", {"getVariableData": [HEARTBEAT]}),
    ("SetVariables", {"setVariableData": [dict(HEARTBEAT, attributeValue="60")]}),
    ("SetChargingProfile", {"evseId": 1, "chargingProfile": CHARGED}),
    ("GetCompositeSchedule", {"evseId": 1, "duration": 600}),
    ("GetBaseReport", {"requestId": 5, "reportBase": "ConfigurationInventory"}),
    ("SendLocalList", {"versionNumber": 3, "updateType": "Full", "localAuthorizationList": [LISTED]}),
    ("TriggerMessage", {"requestedMessage": "MeterValues", "evse": {"id": 1}}),
    ("DataTransfer", {"vendorId": "a", "data": {"x": [1, 2.5, None, "\u00e9"]}}),
    ("SetDisplayMessage", {"message": {"id": 1, "priority": "NormalCycle", "endDateTime": DATE, "message": {"format": "UTF8", "content": "hello"}}}),
    ("ReserveNow", {"id": 7, "expiryDateTime": DATE, "idToken": TOKEN, "evseId": 2}),
)


def held():
    """What the heap holds now."""
    gc.collect()
    return gc.mem_alloc() if MICROPYTHON else sys.getallocatedblocks()


def charging(**changes):
    """A bench with a transaction under way at EVSE 1."""
    bench = Bench(**changes).booted()
    bench.charging(1)
    assert bench.may_charge(1)
    return bench


def forget(bench):
    """What the bench itself keeps, and nobody drains here."""
    bench.raw.clear()
    bench.sent.clear()
    bench.actions()


class Answers:
    """A CSMS between a station and its answers: `deliver(message_id, text)` gives [(delay in ms, text)] of each. got: {seqNo} of the events."""

    def __init__(self, bench, deliver):
        self.bench, self.deliver = bench, deliver
        self.waiting = []
        self.got = set()

    def run(self, ms, step_ms=1000):
        """Time goes by; EVSE 1 must be allowed to charge at each step."""
        bench = self.bench
        for at in range(0, ms, step_ms):
            if at % (2 * MINUTE_MS) == 0:
                bench.event(1, "charging", {"state": "SuspendedEV" if at % (4 * MINUTE_MS) else "Charging"})
            self.send()
            bench.advance_only(step_ms)
            due = [text for when, text in self.waiting if when <= bench.now_ms]
            self.waiting = [item for item in self.waiting if item[0] > bench.now_ms]
            for text in due:
                bench.station.receive(text, bench.now_ms)
            assert bench.may_charge(1), at

    def send(self):
        bench = self.bench
        while True:
            text, wake_ms = bench.station.next(bench.now_ms)
            if text is None and wake_ms == bench.now_ms:
                continue
            if text is None:
                return
            kind, message_id, action, payload = (loads(text) + [None])[:4]
            if kind != 2:
                continue
            if action == "TransactionEvent":
                self.got.add(payload["seqNo"])
            answer = dumps([3, message_id, bench.answer_to(action, payload)])
            self.waiting += [(bench.now_ms + delay_ms, each) for delay_ms, each in self.deliver(message_id, answer)]


def late(message_id, text):
    return [(45000, text)]


def twice(message_id, text):
    return [(0, text), (0, text)]


def never(message_id, text):
    return []


def wrong_id(message_id, text):
    return [(0, text.replace(message_id, message_id + "x"))]


def garbled(message_id, text):
    return [(0, text[: len(text) // 2])]


def well(message_id, text):
    return [(0, text)]


def test_a_csms_that_answers_late_or_twice_or_never_or_for_another_id_loses_no_event_and_stops_no_charging():
    for manner in (late, twice, never, wrong_id, garbled):
        bench = charging()
        csms = Answers(bench, manner)
        csms.run(10 * MINUTE_MS)
        before = held()
        csms.run(10 * MINUTE_MS)
        forget(bench)
        assert held() - before < GROWTH_MAX, (manner, held() - before)
        bench.drop()  # the roles leave a CSMS that answers nothing
        bench.station.connected(bench.now_ms)
        csms.waiting, csms.deliver = [], well
        csms.run(10 * MINUTE_MS)
        assert not bench.station.queue.count, manner
        assert csms.got and csms.got == set(range(min(csms.got), max(csms.got) + 1)), (manner, csms.got)


def test_ten_thousand_messages_at_once_take_the_heap_of_the_answers_that_may_wait_and_no_more():
    bench = charging()
    texts = [dumps([2, "n%d" % n, "GetTransactionStatus", {}]) for n in range(10)] + ["{", dumps([3, "nobody", {}]), dumps([2, "u", "Unknown", {}])]
    forget(bench)
    held()
    before = held()
    for n in range(10000):
        bench.station.receive(texts[n % len(texts)], bench.now_ms)
        if n == 2000:
            full = held()
    assert held() - full < GROWTH_MAX, held() - full
    bench.pump()
    answers = len([frame for frame in bench.raw if frame[0] != 2])
    assert answers == OUT_MAX, answers
    assert bench.log.counters["ocpp_unanswered"] > 6000
    forget(bench)
    assert held() - before < GROWTH_MAX, held() - before
    assert bench.call("GetTransactionStatus", {})["messagesInQueue"] is False and bench.may_charge(1)


def test_a_flood_of_SetVariables_ends_with_the_last_value_and_takes_no_heap():
    bench = charging()
    bench.set("OCPPCommCtrlr", "HeartbeatInterval", "60")
    forget(bench)
    before = held()
    for n in range(300 if MICROPYTHON else 3000):
        assert bench.set("OCPPCommCtrlr", "HeartbeatInterval", str(60 + n % 200)) == "Accepted"
        assert bench.set("OCPPCommCtrlr", "HeartbeatInterval", "x" * (n % 900 + 1)) == "Rejected"
        assert bench.set("NoSuch%d" % n, "Thing", "1") == "UnknownComponent"
        forget(bench)
    assert held() - before < GROWTH_MAX, held() - before
    assert bench.get("OCPPCommCtrlr", "HeartbeatInterval") == str(60 + n % 200)
    assert bench.may_charge(1)


def bent(rng, text, other):
    """The text with one fault: a character, a cut, a piece twice, or the end of another text."""
    at, end = sorted((rng.below(len(text)), rng.below(len(text) + 1)))
    kind = rng.below(5)
    if kind == 0:
        return text[:at] + chr(rng.below(127 - 32) + 32) + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[end:]
    if kind == 2:
        return text[:end] + text[at:]
    if kind == 3:
        return text[:at] + other[rng.below(len(other)) :]
    return text[:at] + ("[", "{", "\"", "\\u", "-", "1e999", "null,", "\u00e9")[rng.below(8)] + text[at:]


def test_bent_messages_raise_nothing_and_the_next_request_is_answered_while_the_car_charges():
    bench = charging()
    rng = Rng(14)
    codes = set()
    for n in range(600 if MICROPYTHON else 6000):
        action, payload = HARMLESS[rng.below(len(HARMLESS))]
        other = dumps([3, "1-%x" % rng.below(40), {"status": "Accepted"}])
        text = bent(rng, dumps([2, "f%d" % n, action, payload]), other)
        bench.station.receive(text, bench.now_ms)
        bench.pump()
        codes |= set([frame[2] for frame in bench.raw if frame[0] == 4])
        assert bench.may_charge(1), text
        if n % 100 == 0:
            bench.advance(1000)
            assert bench.call("GetTransactionStatus", {})["messagesInQueue"] is False, text
        forget(bench)
    assert {"RpcFrameworkError", "FormatViolation", "OccurrenceConstraintViolation", "PropertyConstraintViolation"} <= codes, codes


def test_a_message_of_a_mebibyte_is_answered_with_an_error_and_the_car_charges_on():
    bench = charging()
    head = b"[2,\"big\",\"DataTransfer\",{\"vendorId\":\"a\",\"data\":\"" + b"x" * 80
    bench.raw.clear()
    bench.station.oversized(head, 1048576, bench.now_ms)
    bench.pump()
    assert [frame[:3] for frame in bench.raw if frame[0] == 4] == [[4, "big", "FormatViolation"]]
    assert bench.may_charge(1) and "TransactionEvent" in names(bench.state("SuspendedEV"))
