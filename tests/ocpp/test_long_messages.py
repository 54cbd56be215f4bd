"""Long messages of the peer are read and checked a piece at a time."""

from station_bench import Bench, names, payloads

from ampacity.base.log import Log
from ampacity.base.strict_json import begin, dumps, loads
from ampacity.ocpp.rpc import RESULT, Rpc
from ampacity.ocpp.schema import Check
from check import raises

LONG = '[2,"m1","DataTransfer",{"vendorId":"x","data":[' + "1," * 3000 + "1]}]"
ESCAPES = '"' + '\\n\\"ab' * 700 + '"'
BROKEN = "[" + "1," * 20000


def rpc(done, log):
    def handle(action, payload, message_id, now_ms):
        done.append((action, len(payload.get("data", ()))))
        return {"status": "Accepted"}

    checks = [lambda action, payload: Check(None, None, payload)] * 2
    return Rpc(handle, checks[0], checks[1], lambda text: None, "a", log)


def turns(core):
    """(turns until something is to be said, that)."""
    for count in range(10000):
        text = core.take(0)
        if text is not None or not core.reading():
            return count, text
    raise AssertionError("no end")


def test_a_text_is_read_in_pieces_to_the_same_value_or_the_same_refusal():
    nested = ('[%s,{%s:%s}]' % (ESCAPES, ESCAPES, ESCAPES), '{%s:1,"b":{"c":2,%s:3}}' % (ESCAPES, ESCAPES))
    for text in (LONG, ESCAPES, nested[0], nested[1], '"x"', "[]", '{"a":[{"b":[]},{}],"c":"\\u00fc"}', " [1 , 2] "):
        reading, count = begin(text), 0
        while not reading.advance(1):
            count += 1
        assert reading.value == loads(text) and count < 4000
    for text in (BROKEN, ESCAPES[:-1] + "\\q", '{%s:1,%s:2}' % (ESCAPES, ESCAPES), "{%s}" % ESCAPES, "[1 2]", '{"a":1,"a":2}', "[1]x"):
        errors = []
        for step in (1, 7, 100000):
            with raises(ValueError) as e:
                reading = begin(text)
                while not reading.advance(step):
                    pass
            errors.append(str(e))
        with raises(ValueError) as e:
            loads(text)
        assert errors == [str(e)] * 3, errors


def test_a_long_message_other_than_json_takes_many_turns_and_is_refused_once():
    log, done = Log(), []
    core = rpc(done, log)
    core.receive(BROKEN, 0)
    count, text = turns(core)
    assert count > 100 and "RpcFrameworkError" in text and not core.reading()
    assert log.counters == {"ocpp_refused": 1} and done == []


def test_a_long_string_of_escapes_takes_many_turns():
    log, done = Log(), []
    core = rpc(done, log)
    for text in ('["' + "\\n" * 30000 + '"', '{"' + "\\n" * 30000 + '":1}x'):
        core.receive(text, 0)
        count, text = turns(core)
        assert count > 50 and "RpcFrameworkError" in text


def test_a_long_request_is_executed_once_after_it_is_read():
    log, done = Log(), []
    core = rpc(done, log)
    core.receive(LONG, 0)
    _, text = turns(core)
    assert done == [("DataTransfer", 3001)] and loads(text)[0] == RESULT and core.take(0) is None


def test_messages_after_a_long_one_wait_for_it_and_a_lost_link_discards_them():
    log, done = Log(), []
    core = rpc(done, log)
    core.receive(BROKEN, 0)
    core.receive('[2,"m2","Reset",{}]', 0)
    assert "RpcFrameworkError" in core.take(0) and "m2" in core.take(0) and done == [("Reset", 0)]
    core.receive(BROKEN, 0)
    core.close(0)
    assert not core.reading() and core.take(0) is None


def token(number):
    return {"idToken": {"idToken": "T%030d" % number, "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}}


def pieces(bench, text):
    """(how often others had their turn, what the station said then)."""
    bench.station.receive(text, bench.now_ms)
    for count in range(10000):
        said, wake_ms = bench.station.next(bench.now_ms)
        if said is not None or wake_ms > bench.now_ms:
            return count, said
    raise AssertionError("no end")


def test_the_entries_of_a_long_list_are_checked_in_many_turns():
    bench = Bench().booted()
    entries = [token(n) for n in range(400)]
    update = {"versionNumber": 3, "updateType": "Full", "localAuthorizationList": entries}
    count, text = pieces(bench, dumps([2, "m1", "SendLocalList", update]))
    assert count > 10 and loads(text)[2]["status"] == "Failed"
    entries[399] = {"idToken": {"idToken": "x", "type": "no such type"}}
    count, text = pieces(bench, dumps([2, "m2", "SendLocalList", update]))
    assert count > 10 and loads(text)[2:4] == ["PropertyConstraintViolation", "localAuthorizationList[399].idToken.type: no such type is not allowed"]


def test_a_long_answer_of_the_CSMS_is_checked_in_many_turns_and_taken_once():
    bench = Bench().booted()
    bench.plug()
    bench.silent = True
    assert names(bench.card(1)) == ["Authorize"]
    info = {"status": "Accepted", "evseId": [1] * 20000}
    count, _ = pieces(bench, dumps([3, bench.raw[-1][1], {"idTokenInfo": info}]))
    assert count > 100 and bench.may_charge()


def test_a_link_lost_while_a_long_message_is_checked_forgets_it():
    bench = Bench().booted()
    update = {"versionNumber": 3, "updateType": "Full", "localAuthorizationList": [token(n) for n in range(90)]}
    bench.station.receive(dumps([2, "m1", "SendLocalList", update]), bench.now_ms)
    bench.drop()
    bench.connect()
    assert bench.call("GetLocalListVersion", {}) == {"versionNumber": 0}
    bench.station.receive(dumps([2, "m2", "SendLocalList", update]), bench.now_ms)
    assert bench.call("GetLocalListVersion", {}) == {"versionNumber": 3} and bench.reply("m2") == {"status": "Accepted"}


def parts(bench, action, request):
    """The NotifyReport requests that answer it: [(bytes, payload)]; each is in order, and small."""
    bench.sent = []
    assert bench.call(action, dict(request, requestId=5)) == {"status": "Accepted"}
    reports = payloads(bench.sent, "NotifyReport")
    assert [r["seqNo"] for r in reports] == list(range(len(reports))) and all(r["requestId"] == 5 for r in reports)
    assert [r.get("tbc", False) for r in reports] == [True] * (len(reports) - 1) + [False]
    assert max([len(dumps(r)) for r in reports]) < 16384
    return reports


def test_B07_and_B08_a_report_of_any_length_is_sent_in_small_parts():
    bench = Bench(evses=16).booted()
    bench.station.explain = lambda evse_id: "x" * 1000
    full = parts(bench, "GetBaseReport", {"reportBase": "FullInventory"})
    assert len(full) > 15 and sum([len(dumps(r)) for r in full]) > 65536
    asked = [{"component": {"name": "EVSE"}}, {"component": {"name": "Connector"}}]
    some = parts(bench, "GetReport", {"componentVariable": asked})
    found = [(r["component"]["name"], r["component"]["evse"]["id"], r["variable"]["name"]) for part in some for r in part["reportData"]]
    assert len(found) == len(set(found)) and len(found) % 16 == 0 and len(found) > 16 * 8
    assert sorted({evse for _, evse, _ in found}) == list(range(1, 17))


def test_a_local_list_of_any_length_comes_in_part_by_part():
    bench = Bench(config={"list_max": 500}).booted()
    for part in range(4):
        update = {"versionNumber": part + 1, "updateType": "Differential" if part else "Full"}
        update["localAuthorizationList"] = [token(100 * part + n) for n in range(100)]
        assert bench.call("SendLocalList", update) == {"status": "Accepted"}
    assert bench.get("LocalAuthListCtrlr", "Entries") == "400" and len(bench.station.local_list) == 400
