"""Long messages of the peer are read a piece at a time."""

from ampacity.base.log import Log
from ampacity.base.strict_json import begin, loads
from ampacity.ocpp.rpc import RESULT, Rpc
from check import raises

LONG = '[2,"m1","DataTransfer",{"vendorId":"x","data":[' + "1," * 3000 + "1]}]"
ESCAPES = '"' + '\\n\\"ab' * 700 + '"'
BROKEN = "[" + "1," * 20000


def rpc(done, log):
    def handle(action, payload, message_id, now_ms):
        done.append((action, len(payload.get("data", ()))))
        return {"status": "Accepted"}

    return Rpc(handle, lambda action, payload: None, "a", log)


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
        while not reading.go_on(1):
            count += 1
        assert reading.value == loads(text) and count < 4000
    for text in (BROKEN, ESCAPES[:-1] + "\\q", '{%s:1,%s:2}' % (ESCAPES, ESCAPES), "{%s}" % ESCAPES, "[1 2]", '{"a":1,"a":2}', "[1]x"):
        errors = []
        for step in (1, 7, 100000):
            with raises(ValueError) as e:
                reading = begin(text)
                while not reading.go_on(step):
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
