"""What is in the security log besides what the CSMS gets (A04.FR.04), and that nobody can fill the log or wear out the flash with it."""

from station_bench import Bench, payloads

from ampacity.base.strict_json import dumps
from ampacity.ocpp.security.security_events import note, security_rows
from ampacity.store.memory_files import MemoryFiles

DAY_MS = 86400000


class CountedFiles(MemoryFiles):
    """How often the security log was written."""

    written = 0

    def replace(self, name, data):
        if name.startswith("ocpp_security"):
            self.written += 1
        super().replace(name, data)


def invalid(bench):
    return [info for _, kind, info in security_rows(bench.station) if kind == "InvalidMessages"]


def receive(bench, text):
    bench.station.receive(text, bench.now_ms)
    bench.pump()


def test_A04_FR_04_a_message_that_is_not_valid_leaves_a_line_and_is_not_sent():
    for text, line in (
        ("{{{bad", "RpcFrameworkError: "), ("[]", "RpcFrameworkError: a list"),
        ('[7,"a","Reset",{}]', "MessageTypeNotSupported: message type: 2, 3 or 4"),
        ('[2,"a","Reset",[]]', "ProtocolError: payload"), ('[2,"a","Reset",{}]', "OccurrenceConstraintViolation: payload: type is missing"),
        ('[2,"a","Reset",{"type":"OnIdle","a\\nb":1}]', "FormatViolation: payload: a\\x0ab does not exist"),
        ('[2,"a","Reset",{"type":5}]', "TypeConstraintViolation: type: a string"),
    ):
        bench = Bench().booted()
        bench.raw.clear()
        receive(bench, text)
        (said,) = invalid(bench)
        assert said.startswith(line.replace("\\x0a", "\\n")) and "\n" not in said, (text, said)
        assert payloads(bench.advance(60000), "SecurityEventNotification") == [] and bench.station.accepted()
        assert any(["security: InvalidMessages " in entry[3] for entry in bench.log.since(0)])
        bench.power_cycle()
        assert invalid(bench) == [said]


def test_A04_FR_04_an_answer_that_is_not_valid_leaves_a_line_too():
    bench = Bench().booted()
    bench.answers["TransactionEvent"] = {"idTokenInfo": 5}
    bench.charging()
    assert invalid(bench) == ["bad answer to TransactionEvent: idTokenInfo: an object is expected"]


def test_a_valid_message_that_is_refused_or_an_error_of_the_CSMS_leaves_no_line():
    bench = Bench().booted()
    assert bench.call("MakeCoffee", {}) == "NotImplemented" and bench.call("NotifyEvent", {}) == "NotSupported"
    bench.answers["TransactionEvent"] = "InternalError"
    bench.charging()
    assert bench.log.counters["ocpp_errors"] == 1 and invalid(bench) == []


def test_a_CSMS_that_continues_to_send_invalid_messages_causes_one_line_a_day_at_most():
    bench = Bench(files=CountedFiles())
    bench.station.report_start(bench.now_ms)
    bench.booted()
    before = bench.files.written
    for day in range(3):
        for n in range(300):
            if n % 10 == 0:
                bench.drop()
                bench.connect()
            receive(bench, dumps([9, "m%d-%d" % (day, n)]) if n % 2 else "{{{bad %d" % n)
            bench.raw.clear()
            bench.advance(DAY_MS // 300, DAY_MS // 300)
    assert 3 <= len(invalid(bench)) == bench.files.written - before <= 4
    assert security_rows(bench.station)[0][1] == "StartupOfTheDevice"


def test_on_one_connection_there_is_one_line_however_long_it_lasts():
    bench = Bench().booted()
    for _ in range(5):
        receive(bench, "{{{bad")
        bench.advance(DAY_MS, DAY_MS // 4)
    assert len(invalid(bench)) == 1
    bench.drop()
    bench.connect()
    receive(bench, "{{{bad")
    assert len(invalid(bench)) == 2


def test_a_note_of_one_kind_leaves_room_for_another():
    bench = Bench().booted()
    for _ in range(3):
        note(bench.station, "InvalidMessages", "a", bench.now_ms)
        note(bench.station, "FailedToAuthenticateAtCsms", "b", bench.now_ms)
    assert [row[1:] for row in security_rows(bench.station)] == [["InvalidMessages", "a"], ["FailedToAuthenticateAtCsms", "b"]]
    assert payloads(bench.advance(60000), "SecurityEventNotification") == []
