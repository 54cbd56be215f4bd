"""Offline for long: what may go when the room for messages runs low, and what may not (E04.FR.07, E04.FR.08)."""

from station_bench import Bench, payloads

from ampacity.store.memory_files import MemoryFiles, PowerCut

VALUES = {"energy_wh": 5000, "power_w": 3680, "amps_da": [160, 0, 0], "volts_dv": [2300, 2300, 2300], "offered_da": 160}
DAY_MS = 86400000


def offline(journal_bytes=16384, evses=2, interval_s=60, config=None, files=None):
    """A station that was accepted, takes samples, and has lost its CSMS; the identifiers are in its cache."""
    bench = Bench(evses, config, files, journal_bytes=journal_bytes).booted()
    for evse in range(1, evses + 1):
        bench.station.meter_values(evse, dict(VALUES), bench.now_ms)
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", str(interval_s))
    bench.charging(1)
    bench.unplug(1)
    bench.drop()
    bench.sent = []
    return bench


def chains(bench):
    """The TransactionEvents that the CSMS got, by transaction."""
    found = {}
    for event in payloads(bench.sent, "TransactionEvent"):
        found.setdefault(event["transactionInfo"]["transactionId"], []).append(event)
    return found


def whole(bench):
    """Each transaction begins and ends, without a gap between; they are returned."""
    found = chains(bench)
    for tx in found:
        events = found[tx]
        assert [e["seqNo"] for e in events] == list(range(len(events))), (tx, [(e["seqNo"], e["triggerReason"]) for e in events])
        assert (events[0]["eventType"], events[-1]["eventType"]) == ("Started", "Ended")
        assert all(e["offline"] for e in events) and [e["timestamp"] for e in events] == sorted([e["timestamp"] for e in events])
    return found


def security(bench):
    return [p["type"] for p in payloads(bench.sent, "SecurityEventNotification")]


def test_E11_FR_05_E12_FR_05_and_J02_FR_12_13_samples_go_first_every_second_one_and_all_else_arrives_without_a_gap():
    bench = offline()
    for hours in (3, 2):
        bench.charging(1)
        bench.advance(hours * 3600000, 5000)
        bench.state("SuspendedEV")
        bench.unplug(1)
    bench.advance(10000, 100)
    bench.connect()
    found = whole(bench)
    assert len(found) == 2
    for tx in found:
        triggers = [e["triggerReason"] for e in found[tx]]
        assert triggers.count("ChargingStateChanged") == 2 and triggers[0] == "Authorized"
    events = sorted(found.values(), key=lambda events: events[0]["timestamp"])[1]
    samples = [e["timestamp"] for e in events if e["triggerReason"] == "MeterValuePeriodic"]
    assert len(samples) > 1 and int(samples[-1][11:13]) - int(samples[0][11:13]) >= 1  # of the whole time, not only of its begin
    assert bench.log.counters["ocpp_samples_dropped"] > 200 and "ocpp_events_lost" not in bench.log.counters
    assert security(bench) == ["MemoryExhaustion"]


def test_nothing_is_dropped_while_there_is_room():
    bench = offline(journal_bytes=400000)
    bench.charging(1)
    bench.advance(4 * 3600000, 5000)
    bench.unplug(1)
    bench.connect()
    assert [len(events) for events in whole(bench).values()] == [243] and security(bench) == []
    assert "ocpp_samples_dropped" not in bench.log.counters


def test_when_no_samples_are_left_other_Updated_events_go_and_the_rest_stays():
    bench = offline(interval_s=0)
    for _ in range(4):
        bench.charging(1)
        for i in range(30):
            bench.advance(60000, 5000)
            bench.state("Charging" if i % 2 else "SuspendedEV")
        bench.unplug(1)
    bench.advance(10000, 100)
    bench.connect()
    found = whole(bench)
    assert len(found) == 4 and [e[0]["idToken"]["idToken"] for e in found.values()] == ["ABC123"] * 4
    assert bench.log.counters["ocpp_samples_dropped"] > 20 and "ocpp_events_lost" not in bench.log.counters


def test_the_event_that_brings_the_identifier_stays():
    bench = offline(interval_s=0)
    bench.connect()
    bench.set("TxCtrlr", "TxStartPoint", "EVConnected")
    bench.drop()
    bench.sent = []
    bench.plug(1)
    bench.advance(60000, 5000)
    bench.card(1)
    for i in range(200):
        bench.state("SuspendedEV" if i % 2 else "Charging")
        bench.advance(5000, 1000)
    bench.unplug(1)
    bench.advance(10000, 100)
    bench.connect()
    (events,) = whole(bench).values()
    assert [e["idToken"]["idToken"] for e in events if "idToken" in e] == ["ABC123"] and len(events) < 60


def test_what_no_room_is_left_for_is_counted_and_told_and_the_first_ones_arrive():
    bench = offline(journal_bytes=8192, interval_s=0)
    for _ in range(40):
        bench.charging(1)
        bench.unplug(1)
    assert bench.log.counters["ocpp_events_lost"] > 10
    assert any("not kept" in line[3] for line in bench.log.since(0)) or bench.log.counters["ocpp_events_lost"]
    bench.advance(10000, 100)
    bench.connect()
    found = chains(bench)
    assert all([e["seqNo"] for e in events] == list(range(len(events))) for events in found.values())
    assert len(found) >= 5 and security(bench) == ["MemoryExhaustion"]


def test_storage_that_runs_low_again_is_reported_again():
    bench = offline()
    for _ in range(2):
        bench.charging(1)
        bench.advance(3 * 3600000, 5000)
        bench.unplug(1)
        bench.advance(10000, 100)
        bench.connect()
        bench.drop()
    assert security(bench) == ["MemoryExhaustion"] * 2


def test_nothing_is_sent_in_the_middle_of_a_pass_and_what_is_being_sent_stays():
    bench = offline()
    bench.charging(1)
    while bench.station.queue.fill() < 740:
        bench.advance(60000, 5000)
    bench.deaf = ("TransactionEvent",)
    head = bench.connect()
    assert [p["eventType"] for p in payloads(head, "TransactionEvent")] == ["Started"]
    for i in range(60):
        bench.state("SuspendedEV" if i % 2 else "Charging")
    bench.advance(2000, 100)
    assert bench.log.counters["ocpp_samples_dropped"] > 3
    bench.deaf = ()
    bench.drop()
    bench.connect()
    bench.unplug(1)
    whole_events = payloads(bench.sent, "TransactionEvent")
    assert [e["seqNo"] for e in whole_events] == [0] + list(range(len(whole_events) - 1))  # the first one came twice


def test_between_two_files_of_a_pass_others_have_their_turn():
    bench = offline(65536)
    bench.charging(1)
    while bench.station.queue.fill() < 740:
        bench.advance(60000, 5000)
    writes = []
    for i in range(60):
        bench.state("SuspendedEV" if i % 2 else "Charging")
    for _ in range(400):  # a pass of the station each millisecond
        before = bench.files.writes
        bench.station.tick(bench.now_ms)
        bench.advance_only(1)
        writes.append(bench.files.writes > before)
    assert bench.log.counters["ocpp_samples_dropped"] > 3 and 3 < sum(writes) <= 400 // 20 + 1


def test_after_a_restart_a_transaction_continues_its_numbers():
    bench = offline()
    bench.charging(1)
    bench.advance(3 * 3600000, 5000)
    bench.power_cycle()
    bench.station.session_event(1, "plugged", {}, bench.now_ms)
    bench.station.session_event(1, "charging", {"state": "Charging"}, bench.now_ms)
    bench.station.meter_values(1, dict(VALUES), bench.now_ms)
    bench.advance(3600000, 5000)
    bench.unplug(1)
    bench.advance(10000, 100)
    bench.connect()
    assert len(whole(bench)) == 1


def cut_while_thinning(cut_at):
    """Did the power go? The chains that the CSMS got are whole in any case."""
    bench = offline(journal_bytes=8192, files=MemoryFiles(cut_at))
    bench.charging(1)
    bench.charging(2)
    while bench.station.queue.fill() < 740:
        bench.advance(60000, 5000)
    bench.files.cut_at_write(cut_at)
    cut = False
    try:
        bench.advance(10 * 60000, 5000)
    except PowerCut:
        cut = True
    bench.power_cycle()
    bench.advance(2000, 100)
    for evse in (1, 2):
        bench.station.session_event(evse, "plugged", {}, bench.now_ms)
        bench.unplug(evse)
    bench.advance(2000, 100)
    bench.connect()
    assert len(whole(bench)) == 2
    return cut


def test_a_power_cut_at_any_write_of_a_pass_leaves_no_gap():
    cuts = [cut_while_thinning(n) for n in range(1, 60)]
    assert cuts.count(True) > 40


def test_events_that_come_faster_than_passes_find_room_and_leave_no_gap():
    for count in range(8, 24):
        bench = offline(journal_bytes=8192)
        bench.charging(1)
        for i in range(count):
            bench.station.session_event(1, "charging", {"state": "SuspendedEV" if i % 2 else "Charging"}, bench.now_ms)
        bench.station.session_event(1, "unplugged", {}, bench.now_ms)
        bench.connect()
        bench.advance(1000, 100)
        (events,) = whole(bench).values()
        assert 3 < len(events) < 26 and "ocpp_events_lost" not in bench.log.counters


class CountedFiles(MemoryFiles):
    """`replaced`: files that were written anew."""

    replaced = 0

    def replace(self, name, data):
        self.replaced += 1
        super().replace(name, data)


def test_an_event_that_finds_no_room_waits_for_four_files_of_a_pass_and_the_rest_follows_in_the_background():
    bench = offline(journal_bytes=65536, files=CountedFiles())
    bench.charging(1)
    bench.advance(40 * 60000, 5000)
    journal = bench.store.kept.journal
    journal.size_max = journal.size() + 4
    for state in ("SuspendedEV", "Charging", "SuspendedEV"):
        bench.files.replaced = 0
        bench.station.session_event(1, "charging", {"state": state}, bench.now_ms)
        assert 0 < bench.files.replaced <= 5
    assert len([name for name in bench.files.list() if name.startswith("ocpp.")]) > 9
    bench.station.session_event(1, "unplugged", {}, bench.now_ms)
    bench.connect()
    bench.advance(3000, 100)
    (events,) = whole(bench).values()
    assert 20 < len(events) < 40 and "ocpp_events_lost" not in bench.log.counters
