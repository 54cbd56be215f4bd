"""Framing (OCPP-J 4): what is malformed is answered, what comes twice is done once."""

import sys

from station_bench import Bench

from ampacity.base.strict_json import dumps
from ampacity.ocpp.exchange import RELEASE_MS
from ampacity.ocpp.rpc import ANSWERS_WAITING_MAX, OUT_MAX


def raw(bench, text):
    bench.raw.clear()
    bench.station.receive(text, bench.now_ms)
    bench.pump()
    return [frame for frame in bench.raw if frame[0] != 2]


def test_a_message_other_than_json_gets_an_error_with_id_minus_one():
    bench = Bench().booted()
    for text in ("", "{", "[1,]", "{}", "[2]", "null", '[2,5,"Reset",{}]', '[2,"","Reset",{}]', '[2,"%s","Reset",{}]' % ("i" * 37), '[2,"a'):
        answers = raw(bench, text)
        assert [(a[0], a[1], a[2]) for a in answers] == [(4, "-1", "RpcFrameworkError")], text


def test_an_unknown_message_type_is_refused():
    bench = Bench().booted()
    assert raw(bench, '[7,"a","Reset",{}]')[0][:3] == [4, "a", "MessageTypeNotSupported"]
    assert raw(bench, '[true,"a","Reset",{}]')[0][:3] == [4, "a", "MessageTypeNotSupported"]
    assert raw(bench, "[5,17]")[0][:3] == [4, "-1", "MessageTypeNotSupported"]
    assert raw(bench, '[7,"b","Reset",{')[0][:3] == [4, "b", "MessageTypeNotSupported"]
    assert raw(bench, '["2","c","Reset",{}]')[0][:3] == [4, "c", "RpcFrameworkError"]


def test_a_request_without_payload_is_refused():
    assert raw(Bench().booted(), '[2,"a","Reset"]')[0][:3] == [4, "a", "RpcFrameworkError"]


def test_a_request_that_cannot_be_read_to_its_end_gets_the_error_with_its_id():
    bench = Bench().booted()
    deep = '{"x":%s}' % ("[" * 20 + "]" * 20)
    for payload in ("{", "{]", '{"type":}', '{"type":"OnIdle","type":"Immediate"}', "{}]x", '{"type":"%s' % ("x" * 300), deep):
        text = ' [ 2 , "a\\u0041\\"" ,"Reset",%s]' % payload
        assert raw(bench, text)[0][:3] == [4, 'aA"', "FormatViolation"], text
    assert bench.actions("reset") == []


def test_an_answer_that_cannot_be_read_ends_our_request():
    bench = Bench()
    bench.deaf = ("BootNotification",)
    bench.connect()
    boot = bench.raw[-1]
    assert raw(bench, '[3,"other",{') == [] and bench.log.counters["ocpp_unasked"] == 1
    assert raw(bench, '[3,"%s",{' % boot[1]) == [] and bench.log.counters["ocpp_errors"] == 1
    assert not bench.station.exchange.busy()


def test_a_message_that_was_too_long_to_keep_gets_its_error_and_the_next_one_is_answered():
    bench = Bench().booted()
    bench.raw.clear()
    for head, known in ((b'[2,"big","SendLocalList",{"ver', ["big", "FormatViolation"]), (b"[2,[", ["-1", "RpcFrameworkError"])):
        bench.station.oversized(head, 1 << 20, bench.now_ms)
        bench.pump()
        answer = bench.raw.pop()
        assert answer[:3] == [4] + known and "1048576 bytes" in answer[3]
    assert bench.log.counters["ocpp_oversized"] == 2
    assert bench.call("GetLocalListVersion", {}) == {"versionNumber": 0}


def test_a_message_without_memory_for_it_is_refused_and_the_connection_lives():
    bench = Bench().booted()

    def full(payload):
        raise MemoryError()

    bench.station.local_list.update = lambda *_: full(None)
    assert bench.call("SendLocalList", {"versionNumber": 1, "updateType": "Full"}) == "InternalError"
    assert bench.log.counters["ocpp_no_memory"] == 1
    assert bench.call("GetLocalListVersion", {}) == {"versionNumber": 0}


def test_unknown_and_unsupported_actions():
    bench = Bench().booted()
    assert bench.call("MakeCoffee", {}) == "NotImplemented"
    assert bench.call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}) == "NotSupported"


def test_the_error_code_names_the_fault_of_a_payload():
    bench = Bench().booted()
    for payload, code in (
        ({"type": "Immediate", "more": 1}, "FormatViolation"),
        ({}, "OccurrenceConstraintViolation"),
        ({"type": "Never"}, "PropertyConstraintViolation"),
        ({"type": 5}, "TypeConstraintViolation"),
        ({"type": "Immediate", "evseId": True}, "TypeConstraintViolation"),
        ({"type": "Immediate", "customData": {}}, "OccurrenceConstraintViolation"),
        ([], "ProtocolError"),
    ):
        assert bench.call("Reset", payload) == code, payload
    assert bench.actions("reset") == []
    assert bench.call("GetVariables", {"getVariableData": []}) == "OccurrenceConstraintViolation"
    long_id = {"transactionId": "x" * 37}
    assert bench.call("RequestStopTransaction", long_id) == "PropertyConstraintViolation"


def test_P03_custom_data_is_accepted_anywhere():
    bench = Bench().booted()
    custom = {"vendorId": "v", "anything": [1, {"a": None}]}
    assert bench.call("GetTransactionStatus", {"customData": custom}) == {"messagesInQueue": False}


def test_a_repeated_request_is_answered_twice_and_executed_once():
    bench = Bench().booted()
    text = dumps([2, "same", "Reset", {"type": "Immediate"}])
    first = raw(bench, text)
    second = raw(bench, text)
    assert first == second and first[0][2] == {"status": "Accepted"}
    assert len(bench.actions("reset")) == 1


def test_an_unsolicited_answer_is_counted_and_changes_nothing():
    bench = Bench().booted()
    assert raw(bench, '[3,"nobody",{}]') == []
    assert bench.log.counters["ocpp_unasked"] == 1


def test_an_invalid_answer_counts_as_an_error():
    bench = Bench()
    bench.answers["BootNotification"] = {"currentTime": "yesterday", "interval": 5, "status": "Accepted"}
    bench.connect()
    assert not bench.station.accepted()
    assert bench.actions("time") == []


def test_a_message_beyond_the_size_is_refused():
    bench = Bench().booted()
    text = dumps([2, "a", "DataTransfer", {"vendorId": "v", "data": "x" * 70000}])
    assert raw(bench, text)[0][:3] == [4, "a", "FormatViolation"]


def test_P01_unknown_vendor():
    assert Bench().booted().call("DataTransfer", {"vendorId": "v"}) == {"status": "UnknownVendorId"}


def test_only_one_request_is_in_progress():
    bench = Bench()
    bench.silent = True
    bench.connect()
    bench.advance(29000)
    assert len(bench.sent) == 1


def burst(bench, texts):
    bench.raw.clear()
    for text in texts:
        bench.station.receive(text, bench.now_ms)
    bench.pump()
    return [frame for frame in bench.raw if frame[0] != 2]


def test_a_csms_with_too_many_requests_at_once_gets_an_error():
    bench = Bench().booted()
    ask = {"transactionId": "x"}
    answers = burst(bench, [dumps([2, "b%d" % n, "GetTransactionStatus", ask]) for n in range(100)])
    assert [a[1] for a in answers] == ["b%d" % n for n in range(100)]
    assert [a[0] for a in answers] == [3] * ANSWERS_WAITING_MAX + [4] * (100 - ANSWERS_WAITING_MAX)
    assert answers[-1][2] == "InternalError" and "64 answers" in answers[-1][3]
    assert bench.log.counters["ocpp_flooded"] == 36
    assert bench.call("GetTransactionStatus", ask) == {"messagesInQueue": False, "ongoingIndicator": False}


def test_an_unanswered_request_is_counted_and_logged_once():
    for texts in ([dumps([2, "b%d" % n, "ClearCache", {}]) for n in range(1000)], ["{"] * 1000, [dumps([2, "same", "ClearCache", {}])] * 1000):
        bench = Bench().booted()
        assert len(burst(bench, texts)) == OUT_MAX
        assert bench.log.counters["ocpp_unanswered"] == 1000 - OUT_MAX
        said = [line[3] for line in bench.log.since(0) if "unanswered" in line[3]]
        assert len(said) == 1 and "744" in said[0]
        assert len(burst(bench, texts[:3])) == 3


def test_a_CSMS_that_answers_everything_with_errors_is_counted_and_leaves_the_log_to_others():
    bench = Bench().booted()
    bench.log.add("warning", "alarm: a line that people must find", bench.now_ms)
    bench.answers["Heartbeat"] = "InternalError %s"
    for n in range(600):
        bench.answers["StatusNotification"] = ["not", "an", "object"] if n % 2 else "FormationViolation"
        bench.call("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}})
        bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        bench.advance(50)
        bench.raw.clear()
        bench.sent.clear()
    lines = [line[3] for line in bench.log.since(0)]
    assert "alarm: a line that people must find" in lines and bench.log.counters["ocpp_errors"] == 1200
    assert any(["ocpp: bad answer to StatusNotification: FormationViolation" in line for line in lines]), lines
    assert any(["similar lines suppressed" in line for line in lines])


def test_a_module_that_answered_requests_leaves_a_board_a_minute_after_the_last_one_and_comes_back():
    bench, name = Bench().booted(), "ampacity.ocpp.remote.handlers"
    ask = {"vendorId": "a"}
    for _ in range(2):
        assert bench.call("DataTransfer", ask) == {"status": "UnknownVendorId"}
        bench.advance(RELEASE_MS - 1000, 1000)
        assert name in sys.modules
        bench.call("ClearCache", {})
        bench.advance(RELEASE_MS - 1000, 1000)
        assert name in sys.modules
        bench.advance(1000, 1000)
        assert (name in sys.modules) == (sys.implementation.name != "micropython")
    assert "ampacity.ocpp.authorization.authorizer" in sys.modules
