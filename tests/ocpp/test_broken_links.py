"""What was under way when the link broke is told again, over as many breaks as there are (B04, B07, G01, J01)."""

from station_bench import Bench, names, payloads


def reconnect(bench, down_ms=1000):
    """The link breaks now and is there again."""
    bench.drop()
    bench.advance_only(down_ms)
    bench.silent = False
    return bench.connect()


def statuses(sent):
    return [(p["evseId"], p["connectorStatus"]) for p in payloads(sent, "StatusNotification")]


def test_a_status_in_transit_at_a_disconnection_is_sent_again():
    for forced in (False, True):
        bench = Bench().booted()
        bench.silent = True
        if forced:
            assert bench.call("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1}})["status"] == "Accepted"
        else:
            bench.station.evse_status(1, "Occupied", bench.now_ms)
            bench.pump()
        shown = "Available" if forced else "Occupied"
        assert statuses(bench.sent) == [(1, shown)]
        assert statuses(reconnect(bench)) == [(1, shown)]
        assert statuses(reconnect(bench)) == []


def test_a_status_without_an_answer_is_sent_again_with_the_next_connection():
    bench = Bench().booted()
    bench.deaf = ("StatusNotification",)
    bench.station.evse_status(1, "Occupied", bench.now_ms)
    assert statuses(bench.pump()) == [(1, "Occupied")]
    assert statuses(bench.advance(100000)) == []
    bench.deaf = ()
    assert statuses(reconnect(bench)) == [(1, "Occupied")]
    assert statuses(reconnect(bench)) == []


def test_a_break_within_a_second_after_a_reconnect_loses_no_status():
    bench = Bench(evses=3).booted()
    bench.drop()
    bench.advance_only(120000)
    bench.silent = True
    assert statuses(bench.connect()) == [(1, "Available")]
    for _ in range(3):
        bench.drop()
        bench.advance_only(300)
        assert statuses(bench.connect()) == [(1, "Available")]
    assert statuses(reconnect(bench)) == [(1, "Available"), (2, "Available"), (3, "Available")]


def test_a_report_continues_with_the_part_that_was_in_transit():
    for lost in range(4):
        bench, answered = Bench(evses=4).booted(), []

        def take(payload, bench=bench, answered=answered, lost=lost):
            answered.append(payload)
            bench.silent = len(answered) == lost
            return {}

        bench.answers["NotifyReport"] = take
        bench.silent = lost == 0
        assert bench.call("GetBaseReport", {"requestId": 9, "reportBase": "SummaryInventory"})["status"] == "Accepted"
        assert len(answered) == lost
        reconnect(bench)
        assert [part["seqNo"] for part in answered] == list(range(len(answered))) and len(answered) > lost + 1
        assert [part["tbc"] for part in answered] == [True] * (len(answered) - 1) + [False]
        found = [(item["component"], item["variable"]) for part in answered for item in part["reportData"]]
        assert len(found) > 24 and all(found.count(item) == 1 for item in found)


def test_the_last_part_of_a_report_is_also_repeated():
    bench = Bench().booted()
    request = {"requestId": 1, "componentVariable": [{"component": {"name": "Connector", "evse": {"id": 2}}, "variable": {"name": "Available"}}]}
    bench.silent = True
    assert bench.call("GetReport", request)["status"] == "Accepted"
    first = payloads(bench.sent, "NotifyReport")
    assert len(first) == 1 and not first[0]["tbc"]
    assert payloads(reconnect(bench), "NotifyReport") == first


def test_meter_values_and_requested_messages_are_repeated():
    bench = Bench().booted()
    bench.station.meter_values(1, {"energy_wh": 5}, bench.now_ms)
    bench.silent = True
    bench.call("TriggerMessage", {"requestedMessage": "MeterValues", "evse": {"id": 1}})
    first = payloads(bench.sent, "MeterValues")
    bench.station.meter_values(1, {"energy_wh": 9}, bench.now_ms)
    assert len(first) == 1 and payloads(reconnect(bench), "MeterValues") == first
    bench.silent = True
    bench.call("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    assert names(reconnect(bench)) == ["FirmwareStatusNotification"]


def test_an_answered_or_refused_message_is_not_repeated():
    bench = Bench().booted()
    bench.answers["NotifyReport"] = "InternalError"
    bench.call("GetBaseReport", {"requestId": 9, "reportBase": "SummaryInventory"})
    assert names(reconnect(bench)) == ["Heartbeat"]


def test_after_a_restart_of_the_csms_the_boot_notification_is_first():
    bench = Bench().booted()
    bench.silent = True
    bench.call("GetBaseReport", {"requestId": 9, "reportBase": "SummaryInventory"})
    bench.drop()
    bench.station.boot.status = None
    bench.silent = False
    sent = names(bench.connect())
    assert sent[0] == "BootNotification" and "NotifyReport" in sent


def test_a_message_that_breaks_the_link_each_time_is_abandoned_and_others_are_sent():
    bench = Bench().booted()
    bench.silent = True
    bench.station.exchange.post("NotifyEvent", {"generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0, "eventData": []})
    bench.pump()
    sent = len(payloads(bench.sent, "NotifyEvent"))
    for _ in range(8):
        bench.drop()
        bench.advance_only(1000)
        sent += len(payloads(bench.connect(), "NotifyEvent"))
    assert sent == 3 and bench.station.log.counters.get("ocpp_given_up", 0) == 1


def test_while_a_repeated_event_waits_for_its_answer_the_station_is_asked_only_when_something_is_due():
    bench = Bench().booted()
    bench.answers["TransactionEvent"] = "InternalError"
    bench.plug()
    bench.card()
    bench.answers["TransactionEvent"] = bench.judge
    bench.deaf = ("TransactionEvent",)
    while not bench.advance(1000):
        pass
    asked, end_ms = 0, bench.now_ms + 20000
    while bench.now_ms < end_ms:
        bench.pump()
        asked += 1
        bench.advance_only(max(1, bench.wake_ms - bench.now_ms))
    assert asked < 30, asked
