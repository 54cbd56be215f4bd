"""GetLog (N01): what is in an uploaded log, what never is, and how its attempts end."""

from station_bench import NOON_MS, Bench, payloads

from ampacity.base.wallclock import format_iso
from ampacity.ocpp.diagnostics.logs import upload_status
from ampacity.ocpp.security.security_events import security_rows

URL = "https://files.example/logs/"


def ask(bench, number=1, kind="DiagnosticsLog", url=URL, log=None, **more):
    """The answer to GetLog."""
    place = {"remoteLocation": url}
    place.update(log or {})
    request = {"log": place, "logType": kind, "requestId": number}
    request.update(more)
    return bench.call("GetLog", request)


def upload(bench):
    """The last attempt that is to be carried out, None: there is none."""
    found = bench.actions("upload")
    return found[-1][1] if found else None


def content(text):
    """What a server would get, in parts of 50 bytes."""
    while not text.measure():
        pass
    data = b""
    while True:
        part = text.read(50)
        data += part
        if not part:
            assert len(data) == text.size
            return data.decode()


def notices(bench):
    return [(each["status"], each.get("requestId")) for each in payloads(bench.sent, "LogStatusNotification")]


def test_the_diagnostics_log_has_counters_and_lines_with_their_time():
    bench = Bench().booted()
    bench.log.add("info", "first", bench.now_ms)
    bench.advance(60000)
    bench.log.add("error", "second with \xe9", bench.now_ms)
    bench.log.counter("refused", 3)
    assert ask(bench)["filename"] == "AMP-1-DiagnosticsLog-1.log"
    lines = content(upload(bench).text).split("\n")
    assert lines[0] == "DiagnosticsLog of AMP-1, firmware " and "counter refused 3" in lines
    assert "2026-11-20T12:00:00Z info first" in lines and "2026-11-20T12:01:00Z error second with \xe9" in lines


def test_only_the_requested_period_is_uploaded():
    bench = Bench().booted()
    for word in ("first", "second", "third"):
        bench.log.add("info", word, bench.now_ms)
        bench.advance(60000)
    period = {"oldestTimestamp": format_iso(NOON_MS + 30000), "latestTimestamp": format_iso(NOON_MS + 90000)}
    assert ask(bench, log=period)["status"] == "Accepted"
    text = content(upload(bench).text)
    assert "second" in text and "first" not in text and "third" not in text
    bench = Bench().booted()
    bench.log.add("info", "late", bench.now_ms)
    found = ask(bench, log={"latestTimestamp": format_iso(NOON_MS - 1000)})
    assert found["status"] == "Rejected" and "filename" not in found and upload(bench) is None


def test_lines_that_are_pushed_out_during_the_upload_leave_its_length():
    bench = Bench().booted()
    for i in range(100):
        bench.log.add("info", "line %d" % i, bench.now_ms)
    ask(bench)
    text = upload(bench).text
    while not text.measure():
        pass
    size, data = text.size, text.read(200)
    for i in range(150):
        bench.log.add("info", "new %d" % i, bench.now_ms)
    while True:
        part = text.read(300)
        if not part:
            break
        data += part
    assert len(data) == size and b"new" not in data and data.endswith(b"\n\n")
    text.rewind()
    assert text.read(10) == data[:10]


def test_A04_FR_04_the_security_log_has_every_event_and_outlives_a_restart_and_what_the_CSMS_has():
    bench = Bench().booted()
    bench.station.report_start(bench.now_ms)
    bench.station.security_event("InvalidMessages", "flood", bench.now_ms)
    bench.pump()
    bench.power_cycle()
    bench.connect()
    assert ask(bench, kind="SecurityLog")["status"] == "Accepted"
    lines = content(upload(bench).text).strip().split("\n")[1:]
    assert lines == ["2026-11-20T12:00:00Z StartupOfTheDevice reason PowerUp, firmware unknown", "2026-11-20T12:00:00Z InvalidMessages flood"]


def test_the_security_log_is_bounded_and_an_unknown_time_is_a_dash():
    bench = Bench()
    for i in range(70):
        bench.station.security_event("InvalidMessages", "%d %s" % (i, "x" * 300), bench.now_ms)
    bench.booted()
    ask(bench, kind="SecurityLog")
    lines = content(upload(bench).text).strip().split("\n")[1:]
    assert len(lines) == 40 and lines[0].startswith("- InvalidMessages 30 xxx") and max([len(line) for line in lines]) < 200


def test_no_secret_is_in_an_uploaded_log():
    bench = Bench(config={"identity": "AMP-1", "serial": "S1"}).booted()
    assert bench.set("SecurityCtrlr", "BasicAuthPassword", "secret-of-the-station") == "Accepted"
    bench.charging()
    bench.call("RequestStartTransaction", {"idToken": {"idToken": "CARD-OF-A-DRIVER", "type": "ISO14443"}, "remoteStartId": 1, "evseId": 2})
    assert ask(bench, 1, url="https://me:secret-of-the-server@files.example/logs/?sig=secret-of-the-query")["status"] == "Accepted"
    one = upload(bench)
    assert one.login == "me:secret-of-the-server" and one.url == "https://files.example/logs/?sig=secret-of-the-query"
    one.end("UploadFailure", "no answer")
    bench.pump()
    ask(bench, 2)
    for kind in ("DiagnosticsLog", "SecurityLog"):
        bench.station.security_event("InvalidMessages", "flood", bench.now_ms)
        ask(bench, 3, kind)
        text = content(upload(bench).text)
        assert "secret-of" not in text and "CARD-OF" not in text and "InvalidMessages" in text


def test_an_address_that_cannot_be_used_is_refused():
    bench = Bench().booted()
    bench.log.add("info", "a line", bench.now_ms)
    for url in ("ftp://files.example/logs", "files", "http:///x", "http://a:%zz@files.example/", "http://files.example/#x"):
        found = ask(bench, url=url)
        assert found["status"] == "Rejected" and found["statusInfo"]["reasonCode"] == "InvalidURL", url
    assert notices(bench) == [] and upload(bench) is None


def test_what_a_server_answers_becomes_a_status():
    for code, status in (
        (200, "Uploaded"), (201, "Uploaded"), (204, "Uploaded"), (400, "BadMessage"), (401, "PermissionDenied"), (403, "PermissionDenied"),
        (404, "UploadFailure"), (405, "NotSupportedOperation"), (500, "UploadFailure"), (501, "NotSupportedOperation"), (302, "UploadFailure"),
    ):
        assert upload_status(code) == status, code


def test_an_attempt_that_never_ends_is_given_up():
    bench = Bench().booted()
    bench.log.add("info", "a line", bench.now_ms)
    ask(bench, retries=0)
    one = upload(bench)
    bench.advance(599000)
    assert one.wanted and notices(bench) == [("Uploading", 1)]
    bench.advance(2000)
    assert not one.wanted and notices(bench) == [("Uploading", 1), ("UploadFailure", 1)]


def test_a_later_attempt_may_succeed_and_statuses_outlive_a_lost_connection():
    bench = Bench().booted()
    bench.log.add("info", "a line", bench.now_ms)
    ask(bench, retries=2, retryInterval=5)
    upload(bench).end("PermissionDenied", "403")
    bench.advance(4000)
    assert upload(bench) is None
    bench.drop()
    bench.advance_only(2000)
    bench.station.tick(bench.now_ms)
    upload(bench).end("Uploaded", "201")
    bench.station.tick(bench.now_ms)
    assert notices(bench) == [("Uploading", 1)]
    bench.connect()
    assert notices(bench) == [("Uploading", 1), ("Uploaded", 1)]


def test_an_upload_that_a_restart_ended_is_reported_as_failed_once():
    bench = Bench().booted()
    bench.log.add("info", "a line", bench.now_ms)
    ask(bench, 7)
    bench.sent = []
    bench.power_cycle()
    bench.connect()
    assert notices(bench) == [("UploadFailure", 7)] and upload(bench) is None
    bench.power_cycle()
    bench.connect()
    assert notices(bench) == [("UploadFailure", 7)] and bench.station.optional.find("log") is None


def test_another_CSMS_does_not_hear_of_the_log_of_the_former_one():
    bench = Bench().booted()
    bench.log.add("info", "a line", bench.now_ms)
    ask(bench)
    one = upload(bench)
    bench.drop()
    bench.station.change_csms(bench.now_ms)
    bench.connect()
    assert not one.wanted and notices(bench) == [("Uploading", 1)]
    bench.sent = []
    bench.call("TriggerMessage", {"requestedMessage": "LogStatusNotification"})
    assert notices(bench) == [("Idle", None)]


def test_A01_FR_11_another_password_is_in_the_security_log_also_after_a_restart_and_not_its_text():
    bench = Bench().booted()
    assert bench.set("SecurityCtrlr", "BasicAuthPassword", "secret-of-the-station") == "Accepted"
    bench.power_cycle()
    kinds = [(kind, info) for _, kind, info in security_rows(bench.station)]
    assert ("ReconfigurationOfSecurityParameters", "BasicAuthPassword changed") in kinds and "secret" not in str(kinds)
