"""Samples: begin, end, periodic, aligned to the clock (J01, J02)."""

from station_bench import Bench, events, names, payloads

from ampacity.base.wallclock import parse_iso

VALUES = {"energy_wh": 1234, "power_w": 3680, "amps_da": [161, 0, None], "volts_dv": [2301, 2300, 2299], "offered_da": 320}


def values(payload):
    """{(measurand, phase): value} and the contexts of a payload's meter values."""
    found = {}
    for value in payload.get("meterValue", ()):
        for item in value["sampledValue"]:
            found[(item["measurand"], item.get("phase"))] = item["value"]
    return found


def bench_with_values():
    bench = Bench().booted()
    bench.station.meter_values(1, VALUES, bench.now_ms)
    return bench


def test_J02_begin_and_end_carry_the_register():
    bench = bench_with_values()
    bench.charging()
    bench.unplug()
    told = payloads(bench.sent, "TransactionEvent")
    assert values(told[0]) == {("Energy.Active.Import.Register", None): 1234}
    assert told[0]["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.Begin"
    assert told[-1]["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.End"


def test_sampled_values_that_are_switched_off_are_in_no_event():
    bench = bench_with_values()
    assert bench.set("SampledDataCtrlr", "Enabled", "false") == "Accepted"
    bench.set("SampledDataCtrlr", "TxEndedInterval", "10")
    bench.set("AlignedDataCtrlr", "TxEndedInterval", "60")
    bench.station.meter_values(2, {"energy_wh": None, "flows": False, "read_ms": None, "energy_ms": 0}, bench.now_ms)
    bench.charging(1)
    bench.charging(2)
    bench.station.meter_values(2, {"energy_wh": 5, "flows": False, "read_ms": None, "energy_ms": 0}, bench.now_ms)
    bench.advance(70000)
    bench.unplug(1)
    bench.unplug(2)
    told = payloads(bench.sent, "TransactionEvent")
    contexts = [item["context"] for p in told for value in p.get("meterValue", ()) for item in value["sampledValue"]]
    assert {p["eventType"] for p in told} == {"Started", "Updated", "Ended"} and sorted(set(contexts)) == ["Sample.Clock"]


def test_samples_of_a_kind_that_is_switched_off_within_the_transaction_are_not_in_its_end():
    for off, kinds in (("SampledDataCtrlr", ["Sample.Clock"]), ("AlignedDataCtrlr", ["Sample.Periodic", "Transaction.End"])):
        bench = bench_with_values()
        for controller in ("SampledDataCtrlr", "AlignedDataCtrlr"):
            bench.set(controller, "TxEndedInterval", "60")
        bench.charging()
        bench.advance(130000)
        assert bench.set(off, "Enabled", "false") == "Accepted"
        bench.advance(10000)
        bench.unplug()
        last = payloads(bench.sent, "TransactionEvent")[-1]
        contexts = [item["context"] for value in last["meterValue"] for item in value["sampledValue"]]
        assert last["eventType"] == "Ended" and sorted(set(contexts)) == kinds and len(contexts) == len(kinds) + 1, contexts


def test_J02_every_measurand_in_its_unit():
    bench = bench_with_values()
    bench.set("SampledDataCtrlr", "TxStartedMeasurands", "Power.Active.Import,Current.Import,Voltage,Current.Offered,Power.Offered")
    bench.plug()
    told = payloads(bench.card(), "TransactionEvent")[0]
    assert values(told) == {
        ("Power.Active.Import", None): 3680,
        ("Current.Import", "L1"): 16.1,
        ("Current.Import", "L2"): 0,
        ("Voltage", "L1-N"): 230.1,
        ("Voltage", "L2-N"): 230,
        ("Voltage", "L3-N"): 229.9,
        ("Current.Offered", None): 32,
    }


def test_a_measurand_that_nothing_here_measures_is_not_offered():
    bench = bench_with_values()
    for name in ("SoC", "Frequency", "Energy.Reactive.Import.Register"):  # the state of charge is a matter of DC, and every EVSE here is AC
        assert bench.set("SampledDataCtrlr", "TxUpdatedMeasurands", "Voltage," + name) == "Rejected", name


def test_IF_12_without_values_there_is_no_empty_list():
    bench = Bench().booted()
    assert "meterValue" not in payloads(bench.charging() + bench.sent, "TransactionEvent")[0]
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "10")
    assert events(bench.advance(60000)) == []


def test_J02_FR_11_periodic_samples_keep_their_rhythm():
    bench = bench_with_values()
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "10")
    bench.charging()
    sent = bench.advance(35000)
    assert events(sent) == [("Updated", "MeterValuePeriodic")] * 3
    assert values(payloads(sent, "TransactionEvent")[0])[("Power.Active.Import", None)] == 3680
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "0")
    assert events(bench.advance(60000)) == []


def test_J02_TxEndedInterval_collects_for_the_end():
    bench = bench_with_values()
    bench.set("SampledDataCtrlr", "TxEndedInterval", "60")
    bench.charging()
    bench.advance(180000)
    bench.unplug()
    last = payloads(bench.sent, "TransactionEvent")[-1]
    assert [v["sampledValue"][0]["context"] for v in last["meterValue"]] == ["Sample.Periodic"] * 3 + ["Transaction.End"]
    assert [v["timestamp"][14:19] for v in last["meterValue"]] == ["01:00", "02:00", "03:00", "03:00"]


def test_a_long_transaction_keeps_a_bounded_number_of_samples():
    bench = bench_with_values()
    bench.set("SampledDataCtrlr", "TxEndedInterval", "60")
    bench.charging()
    bench.advance(6000000)
    assert len(bench.station.evse(1).tx.samples) <= 16


def test_E06_FR_13_what_a_long_transaction_keeps_is_of_both_kinds_and_spread_over_its_whole_time():
    bench = bench_with_values()
    for controller in ("SampledDataCtrlr", "AlignedDataCtrlr"):
        bench.set(controller, "TxEndedInterval", "60")
    bench.charging()
    for minutes in (7, 20, 100, 333):
        began = bench.unix_ms
        bench.advance(minutes * 60000)
        bench.card()
        ended = payloads(bench.sent, "TransactionEvent")[-1]["meterValue"]
        assert len(ended) <= 17 and ended.pop()["sampledValue"][0]["context"] == "Transaction.End"
        for kind in ("Sample.Periodic", "Sample.Clock"):
            times = [parse_iso(v["timestamp"]) for v in ended if v["sampledValue"][0]["context"] == kind]
            steps = [b - a for a, b in zip(times, times[1:])]
            assert times and times[0] - began <= 61000 and max(steps) <= 2 * min(steps), (minutes, kind, steps)
            assert bench.unix_ms - times[-1] <= max(steps)
        bench.unplug()
        bench.charging()


def test_J01_clock_aligned_values_by_transaction_or_message():
    bench = bench_with_values()
    bench.station.meter_values(2, {"energy_wh": 7}, bench.now_ms)
    bench.set("AlignedDataCtrlr", "Interval", "900")
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "0")
    bench.charging(1)
    bench.advance(890000)
    sent = bench.advance(20000)
    assert events(sent) == [("Updated", "MeterValueClock")]
    assert [p["evseId"] for p in payloads(sent, "MeterValues")] == [2]
    assert payloads(sent, "MeterValues")[0]["meterValue"][0]["timestamp"] == "2026-11-20T12:15:00Z"
    assert payloads(sent, "MeterValues")[0]["meterValue"][0]["sampledValue"][0]["context"] == "Sample.Clock"


def test_J01_FR_20_SendDuringIdle_is_silent_during_a_transaction():
    bench = bench_with_values()
    bench.set("AlignedDataCtrlr", "Interval", "60")
    bench.set("AlignedDataCtrlr", "SendDuringIdle", "true")
    bench.charging(1)
    assert "MeterValues" not in names(bench.advance(200000))


def test_a_clock_that_jumps_back_sends_no_slot_twice():
    bench = bench_with_values()
    bench.set("AlignedDataCtrlr", "Interval", "60")
    assert names(bench.advance(61000)).count("MeterValues") == 1
    bench.wall.set_unix(bench.unix_ms - 30000, "csms", bench.now_ms)
    assert names(bench.advance(29500)).count("MeterValues") == 0
    assert names(bench.advance(61000)).count("MeterValues") == 1


def stepped(step_ms, *before_ms):
    """The clock is moved after each of these times with an interval of a minute: what is sent in the next 130 s, as (after so many ms, timestamp)."""
    bench = bench_with_values()
    bench.set("AlignedDataCtrlr", "Interval", "60")
    for ms in before_ms:
        bench.advance(ms)
        bench.unix_ms += step_ms
        bench.wall.set_unix(bench.unix_ms, "csms", bench.now_ms)
    began_ms, found = bench.now_ms, []
    while bench.now_ms < began_ms + 130000:
        for payload in payloads(bench.advance(500), "MeterValues"):
            found.append((bench.now_ms - began_ms, payload["meterValue"][0]["timestamp"][11:]))
    return found


def test_J01_FR_14_after_a_step_back_by_an_interval_the_next_boundary_has_its_values():
    assert stepped(-60000, 61000) == [(59000, "12:01:00Z"), (119000, "12:02:00Z")]
    assert stepped(-59500, 61000) == [(58500, "12:01:00Z"), (118500, "12:02:00Z")]
    assert stepped(-60500, 100000) == [(20500, "12:01:00Z"), (80500, "12:02:00Z")]
    assert stepped(-60000, 61000, 61000) == [(58000, "12:01:00Z"), (118000, "12:02:00Z")]
    assert stepped(-10000, 61000) == [(69000, "12:02:00Z"), (129000, "12:03:00Z")]  # sent a few seconds before


def test_J01_FR_14_values_after_a_step_forward_have_the_time_of_their_boundary():
    assert stepped(100000, 61000) == [(19000, "12:03:00Z"), (79000, "12:04:00Z")]
    assert stepped(30000, 50000) == [(40000, "12:02:00Z"), (100000, "12:03:00Z")]
    assert stepped(3000, 59000)[:2] == [(500, "12:01:00Z"), (58000, "12:02:00Z")]  # late, but of then


def test_J02_aligned_values_of_a_transaction_have_the_time_of_their_boundary():
    bench = bench_with_values()
    bench.set("AlignedDataCtrlr", "Interval", "60")
    bench.set("AlignedDataCtrlr", "TxEndedInterval", "60")
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "0")
    bench.charging()
    bench.advance(59000)
    bench.sent = []
    bench.unix_ms += 3000
    bench.wall.set_unix(bench.unix_ms, "csms", bench.now_ms)
    bench.advance(1000)
    bench.unplug()
    clocked = [(payload["eventType"], value["timestamp"]) for payload in payloads(bench.sent, "TransactionEvent")
               for value in payload.get("meterValue", ()) if value["sampledValue"][0]["context"] == "Sample.Clock"]
    assert clocked == [("Updated", "2026-11-20T12:01:00Z"), ("Ended", "2026-11-20T12:01:00Z")]


def test_the_number_of_phases_is_sent_when_energy_flows():
    bench = bench_with_values()
    bench.charging()
    assert [p.get("numberOfPhasesUsed") for p in payloads(bench.sent, "TransactionEvent")] == [None, 1]


def test_samples_give_way_when_the_queue_fills_and_the_end_arrives():
    bench = Bench(config={"queue_max": 20}).booted()
    bench.station.meter_values(1, VALUES, bench.now_ms)
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "10")
    bench.charging()
    bench.drop()
    bench.advance(600000)
    bench.unplug()
    told = payloads(bench.connect(), "TransactionEvent")
    assert 8 < len(told) <= 20 and [p["seqNo"] for p in told] == list(range(2, 2 + len(told)))
    assert told[-1]["eventType"] == "Ended"
    assert bench.log.counters["ocpp_samples_dropped"] > 10


def test_unknown_values_are_omitted():
    bench = Bench().booted()
    bench.set("TxCtrlr", "StopTxOnInvalidId", "false")
    bench.set("TxCtrlr", "MaxEnergyOnInvalidId", "100")
    bench.set("SampledDataCtrlr", "TxStartedMeasurands", "Energy.Active.Import.Register,Current.Import,Voltage,Current.Offered")
    bench.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Invalid"}}
    unknown = {"energy_wh": None, "power_w": None, "amps_da": None, "volts_dv": None, "offered_da": None}
    bench.station.meter_values(1, unknown, bench.now_ms)
    bench.plug()
    sent = bench.card()
    assert all("meterValue" not in p for p in payloads(sent, "TransactionEvent"))
    assert bench.ended_by(1) == "DeAuthorized"


def test_J01_FR_14_aligned_values_continue_after_the_clock_was_an_hour_ahead():
    bench = bench_with_values()
    bench.set("AlignedDataCtrlr", "Interval", "60")
    bench.set("AlignedDataCtrlr", "TxEndedInterval", "60")
    bench.advance(61000)
    for delta_ms in (3600000, -3600000):
        bench.unix_ms += delta_ms
        bench.wall.set_unix(bench.unix_ms, "csms", bench.now_ms)
        assert names(bench.advance(130000)).count("MeterValues") >= 2


def test_after_a_jump_of_days_aligned_values_continue():
    bench = bench_with_values()
    bench.set("AlignedDataCtrlr", "Interval", "60")
    bench.advance(61000)
    bench.unix_ms -= 5 * 86400000
    bench.wall.set_unix(bench.unix_ms, "csms", bench.now_ms)
    assert names(bench.advance(130000)).count("MeterValues") == 2


MAIN = {"energy_wh": 90000, "export_wh": 4000, "power_w": -2300, "amps_da": [-100, 20, None], "volts_dv": [2310, 2290, None]}


def test_J01_FR_03_04_the_main_meter_is_EVSE_0_and_shows_what_the_site_feeds_in():
    bench = bench_with_values()
    wanted = "Energy.Active.Import.Register,Energy.Active.Export.Register,Power.Active.Import,Power.Active.Export,Current.Import,Current.Export"
    assert bench.set("AlignedDataCtrlr", "Measurands", wanted + ",Voltage") == "Accepted"
    bench.set("AlignedDataCtrlr", "Interval", "60")
    bench.station.meter_values(0, dict(MAIN), bench.now_ms)
    sent = payloads(bench.advance(61000), "MeterValues")
    assert [p["evseId"] for p in sent] == [0, 1, 2][: len(sent)] and len(sent) >= 2
    values = sent[0]["meterValue"][0]["sampledValue"]
    assert all(v["location"] == "Inlet" and v["context"] == "Sample.Clock" for v in values)
    assert [(v["measurand"], v.get("phase"), v["value"]) for v in values] == [
        ("Energy.Active.Import.Register", None, 90000), ("Energy.Active.Export.Register", None, 4000),
        ("Power.Active.Import", None, 0), ("Power.Active.Export", None, 2300),
        ("Current.Import", "L1", 0), ("Current.Import", "L2", 2), ("Current.Export", "L1", 10), ("Current.Export", "L2", 0),
        ("Voltage", "L1-N", 231), ("Voltage", "L2-N", 229),
    ]
    assert not any("Export" in v["measurand"] or "location" in v for v in sent[1]["meterValue"][0]["sampledValue"])


def test_a_main_meter_that_is_silent_sends_nothing_and_a_trigger_for_all_includes_one_that_answers():
    bench = bench_with_values()
    bench.station.meter_values(0, {}, bench.now_ms)
    assert bench.call("TriggerMessage", {"requestedMessage": "MeterValues"}) == {"status": "Accepted"}
    assert 0 not in [p["evseId"] for p in payloads(bench.sent, "MeterValues")]
    bench.station.meter_values(0, dict(MAIN), bench.now_ms)
    bench.sent = []
    assert bench.call("TriggerMessage", {"requestedMessage": "MeterValues"}) == {"status": "Accepted"}
    assert payloads(bench.sent, "MeterValues")[0]["evseId"] == 0


def test_J01_FR_17_clock_aligned_values_have_the_time_of_their_slot_however_late_they_leave():
    bench = bench_with_values()
    bench.set("AlignedDataCtrlr", "Interval", "60")
    bench.deaf = ("MeterValues",)
    sent = payloads(bench.advance(300000), "MeterValues")
    seconds = [p["meterValue"][0]["timestamp"][17:19] for p in sent]
    assert len(sent) > 3 and set(seconds) == {"00"}


def test_samples_that_a_slow_csms_does_not_take_are_bounded_and_counted():
    bench = bench_with_values()
    bench.set("AlignedDataCtrlr", "Interval", "1")
    bench.deaf = ("MeterValues", "Heartbeat")
    bench.advance(200000)
    assert len(bench.station.sampling._due) <= 64 and bench.log.counters["ocpp_samples_dropped"] > 50


def register(event):
    """The energy register in an event, Wh."""
    return values(event)[("Energy.Active.Import.Register", None)]


def test_J02_FR_16_17_22_registers_are_those_of_the_meter_of_the_EVSE_and_grow_over_all_transactions():
    bench = Bench().booted()
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "60")
    meters = {1: 123456, 2: 77}
    for _ in range(3):
        for evse in (1, 2):
            bench.station.meter_values(evse, {"energy_wh": meters[evse]}, bench.now_ms)
            bench.charging(evse)
        for wh in (300, 0, 1200):
            for evse in (1, 2):
                meters[evse] += wh * evse
                bench.station.meter_values(evse, {"energy_wh": meters[evse]}, bench.now_ms)
            bench.advance(60000)
        bench.unplug(1)
        bench.unplug(2)
    told = payloads(bench.sent, "TransactionEvent")
    for evse, first in ((1, 123456), (2, 77)):
        mine = [e for e in told if e["evse"]["id"] == evse and "meterValue" in e]
        steps = [(0, 300, 300, 1500, 1500)[i % 5] + i // 5 * 1500 for i in range(15)]
        assert [register(e) - first for e in mine] == [evse * step for step in steps]
        began = [register(e) for e in mine if e["eventType"] == "Started"]
        ended = [register(e) for e in mine if e["eventType"] == "Ended"]
        assert began[1:] == ended[:-1]


def test_the_power_of_each_phase_and_their_sum_where_the_device_shows_no_total():
    for power_w, total in ((None, 3450), (3500, 3500)):
        bench = Bench().booted()
        bench.station.meter_values(1, {"power_w": power_w, "powers_w": [1150, 1200, 1100]}, bench.now_ms)
        bench.set("SampledDataCtrlr", "TxStartedMeasurands", "Power.Active.Import")
        bench.plug()
        told = payloads(bench.card(), "TransactionEvent")[0]
        power = "Power.Active.Import"
        assert values(told) == {(power, None): total, (power, "L1"): 1150, (power, "L2"): 1200, (power, "L3"): 1100}


def test_a_sum_of_phases_that_are_not_all_known_is_no_total():
    bench = Bench().booted()
    bench.station.meter_values(1, {"powers_w": [1150, None, 0]}, bench.now_ms)
    bench.set("SampledDataCtrlr", "TxStartedMeasurands", "Power.Active.Import")
    bench.plug()
    told = payloads(bench.card(), "TransactionEvent")[0]
    assert values(told) == {("Power.Active.Import", "L1"): 1150, ("Power.Active.Import", "L3"): 0}
