"""What a start finds in the journal of messages, without parsing them: as much as if it did."""

from station_bench import NOON_MS, Bench, payloads
from test_thinning import offline

from ampacity.base.document_shape import Shape
from ampacity.base.strict_json import dumps
from ampacity.ocpp.transactions import kept
from ampacity.ocpp.transactions.kept import RECORD, Kept, facts_of, read_record
from ampacity.store.journal import Journal
from ampacity.store.memory_files import MemoryFiles

TX = "00000001-0001-abcd-01234567"
MANY = 250


def event(seq_no, kind="Updated", tx=TX, evse=2, **more):
    payload = {"eventType": kind, "triggerReason": "MeterValuePeriodic", "seqNo": seq_no, "evse": {"id": evse, "connectorId": 1},
               "transactionInfo": {"transactionId": tx, "chargingState": "Charging"}}
    payload.update(more)
    return {"a": "TransactionEvent", "p": payload, "t": NOON_MS + seq_no, "b": 1, "x": tx}


def security(info="a text"):
    return {"a": "SecurityEventNotification", "p": {"type": "StartupOfTheDevice", "techInfo": info}, "t": -5, "b": 1}


def journal_of(records, files=None):
    journal = Journal(files or MemoryFiles(), "ocpp", size_max=1 << 22)
    for record in records:
        journal.append(record if isinstance(record, bytes) else dumps(record).encode(), durable=False)
    journal.commit()
    return journal


class Parsed:
    """Counts the records that are parsed while it is open."""

    def __enter__(self):
        self.count = 0
        self._loads = kept.loads

        def loads(*words):
            self.count += 1
            return self._loads(*words)

        kept.loads = loads
        return self

    def __exit__(self, *_error):
        kept.loads = self._loads


def parsed_facts(data):
    """What facts_of is to find."""
    record = read_record(data, Shape(RECORD))
    p = record["p"]
    return (record["x"], p["seqNo"], p["evse"]["id"], p["eventType"]) if "x" in record else None


TRAPS = ('","seqNo":9,"x":"y"}', '"evse":{"id":7}', '{"eventType":"Ended"', '},"t":', "\\", "\\\"", "ä\u20ac", ',"seqNo":7,', '},"t":1,"x":"z"}')


def test_the_facts_of_a_record_are_found_by_their_places_whatever_its_texts_hold():
    records = [security(text) for text in TRAPS] + [event(0, "Started"), event(7, "Ended", evse=16), event(1, evse=0)]
    for text in TRAPS:
        records.append(event(3, idToken={"idToken": text, "type": "Central"}, reservationId=4))
        records.append(event(4, meterValue=[{"timestamp": -7, "sampledValue": [{"value": 1.5, "signedMeterValue": {"signedMeterData": text}}]}]))
    with Parsed() as parsed:
        found = [facts_of(dumps(record).encode(), Shape(RECORD)) for record in records]
    assert found == [parsed_facts(dumps(record).encode()) for record in records] and parsed.count == 0


def test_records_of_the_station_itself_are_not_parsed_at_a_start():
    bench = offline(journal_bytes=400000)
    for evse in (1, 2):
        bench.charging(evse)
    bench.station.security_event("TamperDetectionActivated", '","x":"', bench.now_ms)
    bench.advance(600000, 5000)
    bench.unplug(1)
    journal = Journal(bench.files, "ocpp")
    with Parsed() as parsed:
        at_start = Kept(journal)
    assert parsed.count == 0 and at_start.count == bench.station.queue.count > 20
    assert at_start.waiting == bench.station.queue.waiting and not at_start.gap and not at_start.damaged
    assert sorted(kind for _, _, kind in at_start.last.values()) == ["Ended", "Updated"]
    for _, data in journal.records():
        assert facts_of(data, Shape(RECORD)) == parsed_facts(data)


def test_a_record_in_another_order_is_parsed_and_one_that_is_damaged_is_named():
    other = b'{"x":"T","t":1,"b":1,"a":"TransactionEvent","p":{"seqNo":4,"evse":{"id":1},"eventType":"Ended",'
    other += b'"triggerReason":"","transactionInfo":{"transactionId":"T"}}}'
    assert facts_of(other, Shape(RECORD)) == ("T", 4, 1, "Ended")
    bad = [b"", b"{", b"[]", dumps(event(-1)).encode(), dumps(event(0, "Begun")).encode(), dumps(event(0, tx="x" * 37)).encode()]
    found = Kept(journal_of([event(0, "Started")] + bad + [event(1)]))
    assert (found.count, found.waiting, found.last) == (2, {TX: 2}, {TX: (2, 1, "Updated")})
    assert [number for number, _ in found.damaged] == [2, 3, 4, 5, 6, 7]
    assert len(Kept(journal_of([b"{"] * 50)).damaged) <= 16  # they are named when it is their turn


def test_what_is_damaged_outside_the_facts_is_skipped_and_counts_no_longer():
    files = MemoryFiles()
    worse = event(1, idToken={"idToken": 5, "type": "Central"})
    plain = dumps(security()).encode()
    journal_of([b"{", event(0, "Started"), worse, plain[:-1], event(2, "Ended"), plain + b"}", b"[]", security()], files)
    bench = Bench(2, files=files)
    before = bench.log.counters["ocpp_events_lost"]
    assert before < 5
    bench.booted()
    bench.drop()
    bench.connect()
    queue = bench.station.queue
    assert bench.log.counters["ocpp_events_lost"] == 5 and queue.count == 0 and queue.waiting == {}
    lines = [line for line in bench.log.since(0) if "is damaged" in line[3]]
    assert len(lines) == 5


def test_a_number_that_does_not_follow_is_a_gap_or_a_damaged_record():
    twice = event(1, idToken={"idToken": 5, "type": "Central"})
    files = MemoryFiles()
    journal = journal_of([event(0, "Started"), event(1)] + [twice] * 20 + [event(2, "Ended")], files)
    found = Kept(journal)
    assert len(found.damaged) == 16 and found.count == 23 - 16 and found.gap
    bench = Bench(2, files=files)
    bench.advance(2000, 20)
    bench.connect()
    queue = bench.station.queue
    assert bench.log.counters["ocpp_events_lost"] == 20 and queue.count == 0 and queue.waiting == {}
    assert payloads(bench.sent, "TransactionEvent")[-1]["eventType"] == "Ended"
    assert [p["seqNo"] for p in payloads(bench.sent, "TransactionEvent")][:2] == [0, 1]


def test_hundreds_of_messages_arrive_in_order_and_what_happens_at_the_start_comes_after_them():
    files = MemoryFiles()
    chain = [event(0, "Started", evse=1)] + [event(n, evse=1) for n in range(1, MANY)]
    journal_of(chain, files)
    with Parsed() as parsed:
        bench = Bench(2, files=files, journal_bytes=1 << 22)
    assert parsed.count == 0 and bench.station.queue.count == MANY
    bench.station.report_start(bench.now_ms)
    bench.plug(1)  # the transaction of before continues
    bench.unplug(1)
    bench.connect()
    actions = [action for action, _ in bench.sent if action in ("TransactionEvent", "SecurityEventNotification")]
    assert actions[:MANY + 1] == ["TransactionEvent"] * MANY + ["SecurityEventNotification"]
    told = payloads(bench.sent, "TransactionEvent")
    assert [p["seqNo"] for p in told] == list(range(len(told))) and len(told) > MANY
    assert {p["transactionInfo"]["transactionId"] for p in told} == {TX} and told[-1]["eventType"] == "Ended"


def test_a_gap_that_a_power_cut_left_is_closed_before_anything_is_sent():
    files = MemoryFiles()
    journal_of([event(0, "Started"), event(1), event(3), event(4, "Ended")], files)
    bench = Bench(2, files=files)
    bench.advance(2000, 20)
    bench.connect()
    assert [p["seqNo"] for p in payloads(bench.sent, "TransactionEvent")] == [0, 1, 2, 3]
