"""Being accepted (B01 to B03), staying known (G02), coming back (B04)."""

from station_bench import Bench, names, payloads


def pending(payload):
    return {"currentTime": "2026-11-20T12:00:00Z", "interval": 30, "status": "Pending"}


def rejected(payload):
    return {"currentTime": "2026-11-20T12:00:00Z", "interval": 30, "status": "Rejected"}


def test_B01_an_accepted_station_reports_each_connector_and_nothing_else():
    sent = Bench(evses=3).connect()
    assert names(sent) == ["BootNotification"] + ["StatusNotification"] * 3
    assert sent[0][1]["reason"] == "PowerUp"
    assert [p["evseId"] for p in payloads(sent, "StatusNotification")] == [1, 2, 3]


def test_IF_27_the_clock_is_set_before_the_first_status():
    bench = Bench()
    sent = bench.connect()
    assert sent[1][1]["timestamp"] == "2026-11-20T12:00:00Z"
    assert bench.actions("time") == [("time", 1795176000000)]


def test_an_impossible_csms_time_is_refused_and_counted_and_the_station_is_still_accepted():
    for text in ("1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z"):
        bench = Bench()
        bench.answers["BootNotification"] = lambda payload, text=text: {"currentTime": text, "interval": 30, "status": "Accepted"}
        bench.answers["Heartbeat"] = lambda payload, text=text: {"currentTime": text}
        bench.connect()
        assert bench.station.accepted() and bench.wall.unix_ms(bench.now_ms) is None and bench.actions("time") == []
        bench.advance(3200000)
        assert bench.station.log.counters["csms_time_refused"] > 100
        told = [line for line in bench.station.log.since(0) if "csms: " in line[3]]
        assert 1 <= len(told) <= 3 and text[:10] in told[0][3]


def test_B02_FR_08_pending_boots_again_after_the_interval_and_sends_nothing_else():
    bench = Bench()
    bench.answers["BootNotification"] = pending
    assert names(bench.connect()) == ["BootNotification"]
    assert bench.plug() == []
    assert names(bench.advance(29000)) == []
    assert names(bench.advance(1000)) == ["BootNotification"]


def test_a_station_that_is_not_accepted_asks_again_within_a_day_whatever_interval_it_is_given():
    bench = Bench()
    bench.answers["BootNotification"] = lambda payload: dict(pending(payload), interval=2147483647)
    assert names(bench.connect()) == ["BootNotification"]
    assert names(bench.advance(86400000 - 2000)) == []
    assert names(bench.advance(3000)) == ["BootNotification"]


def test_B02_FR_05_pending_answers_variables_but_starts_nothing():
    bench = Bench()
    bench.answers["BootNotification"] = pending
    bench.connect()
    assert bench.get("ChargingStation", "VendorName") == "Ampacity"
    start = {"idToken": {"idToken": "A", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
    assert bench.call("RequestStartTransaction", start)["status"] == "Rejected"
    bench.plug()
    bench.card()
    assert bench.actions("authorized") == [("authorized", 1, "ABC123", False, "NotAcceptedYet")]


def test_B02_FR_02_pending_sends_what_is_triggered():
    bench = Bench()
    bench.answers["BootNotification"] = pending
    bench.connect()
    assert bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})["status"] == "Accepted"
    assert bench.sent[-1][0] == "Heartbeat"
    assert bench.call("TriggerMessage", {"requestedMessage": "BootNotification"})["status"] == "Accepted"
    assert bench.sent[-1] == ("BootNotification", {"reason": "Triggered", "chargingStation": bench.sent[0][1]["chargingStation"]})


def test_B03_FR_08_a_rejected_station_answers_with_SecurityError():
    bench = Bench()
    bench.answers["BootNotification"] = rejected
    bench.connect()
    assert bench.call("ClearCache", {}) == "SecurityError"
    assert names(bench.advance(31000)) == ["BootNotification"]


def test_IF_07_a_lost_boot_reply_is_followed_by_another_boot():
    bench = Bench()
    bench.silent = True
    bench.connect()
    bench.silent = False
    assert "BootNotification" in names(bench.advance(120000))
    assert bench.station.accepted()


def test_an_interval_beyond_the_range_of_the_variable_is_its_largest_value():
    bench = Bench()
    bench.answers["BootNotification"] = lambda payload: dict(pending(payload), interval=10**30, status="Accepted")
    bench.booted()
    assert bench.get("OCPPCommCtrlr", "HeartbeatInterval") == "604800"


def test_G02_FR_05_heartbeats_are_sent_at_the_interval_and_not_sooner_after_other_messages():
    bench = Bench().booted()
    assert names(bench.advance(299000)) == []
    assert names(bench.advance(1000)) == ["Heartbeat"]
    bench.advance(200000)
    bench.plug()
    assert names(bench.advance(299000)) == []
    assert names(bench.advance(2000)) == ["Heartbeat"]


def test_G02_FR_07_at_least_one_heartbeat_a_day():
    bench = Bench().booted()
    count = 0
    for _ in range(500):
        sent = bench.advance(200000)
        bench.station.availability.force_all()
        count += names(sent).count("Heartbeat")
    assert count == 1


def test_B04_after_a_short_absence_only_changes_are_reported():
    bench = Bench().booted()
    bench.drop()
    bench.advance(30000)
    bench.station.evse_status(2, "Occupied", bench.now_ms)
    assert [(n, p["evseId"]) for n, p in bench.connect()] == [("StatusNotification", 2)]


def test_B04_after_a_long_absence_everything_is_reported_and_no_boot():
    bench = Bench().booted()
    bench.drop()
    bench.advance(61000)
    assert names(bench.connect()) == ["StatusNotification"] * 2


def test_after_a_reconnect_a_heartbeat_shows_that_the_csms_answers_if_nothing_else_does():
    bench = Bench().booted()
    bench.drop()
    bench.advance_only(5000)
    assert names(bench.connect()) == ["Heartbeat"]
    assert bench.advance(299000) == []
    bench.drop()
    bench.advance_only(5000)
    bench.station.evse_status(2, "Occupied", bench.now_ms)
    assert names(bench.connect()) == ["StatusNotification"]


def test_a_reconnect_while_pending_sends_no_heartbeat():
    bench = Bench()
    bench.answers["BootNotification"] = pending
    bench.connect()
    bench.drop()
    assert bench.connect() == []


def test_IF_28_a_late_status_carries_the_time_of_the_report():
    bench = Bench().booted()
    bench.drop()
    bench.station.evse_status(2, "Occupied", bench.now_ms)
    bench.advance(30000)
    assert bench.connect()[0][1]["timestamp"] == "2026-11-20T12:00:30Z"


def test_a_status_without_an_answer_before_the_link_broke_is_sent_again():
    bench = Bench().booted()
    bench.silent = True
    bench.plug()
    bench.drop()
    bench.silent = False
    assert [(n, p["connectorStatus"]) for n, p in bench.connect()] == [("StatusNotification", "Occupied")]


def test_while_the_boot_is_not_answered_the_station_sleeps():
    bench = Bench()
    bench.silent = True
    bench.connect()
    assert bench.wake_ms >= bench.now_ms + 1000


def security(sent):
    return [p["type"] for p in payloads(sent, "SecurityEventNotification")]


def test_A04_a_start_is_a_security_event_that_names_a_preceding_reset():
    for reason, told in (("PowerUp", "StartupOfTheDevice"), ("Unknown", "StartupOfTheDevice"), ("Watchdog", "ResetOrReboot"),
                         ("ApplicationReset", "ResetOrReboot"), ("LocalReset", "ResetOrReboot")):
        bench = Bench(config={"identity": "AMP-1", "reason": reason})
        bench.station.report_start(bench.now_ms)
        sent = bench.connect()
        assert security(sent) == [told] and names(sent)[0] == "BootNotification"
        assert reason in payloads(sent, "SecurityEventNotification")[0]["techInfo"]


def test_A04_a_start_after_the_Reset_of_the_csms_is_a_reset():
    bench = Bench().booted()
    bench.call("Reset", {"type": "Immediate"})
    bench.power_cycle()
    bench.station.report_start(bench.now_ms)
    assert security(bench.connect()) == ["ResetOrReboot"]


def test_A04_starts_without_a_csms_are_kept_but_do_not_crowd_out_what_happened_at_the_evses():
    bench = Bench(config={"identity": "AMP-1", "queue_max": 16})
    for _ in range(30):
        bench.station.report_start(bench.now_ms)
        bench.power_cycle()
    assert 3 <= bench.station.queue.count <= 12
    assert set(security(bench.connect())) == {"StartupOfTheDevice"}
