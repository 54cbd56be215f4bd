"""The number of phases that a car uses: told when the energy flows, and again when it changes (E02.FR.18, E02.FR.19)."""

from station_bench import Bench, events, payloads

from ampacity.ocpp.transactions.phase_count import STEADY_MS


def amps(bench, *amps_da):
    """A second goes by, then a reading of these currents."""
    sent = bench.advance(1000)
    values = {"energy_wh": 10, "amps_da": list(amps_da), "flows": max(amps_da) > 5, "read_ms": bench.now_ms, "energy_ms": bench.now_ms}
    bench.station.meter_values(1, values, bench.now_ms)
    return sent + bench.pump()


def told(sent):
    return [p["numberOfPhasesUsed"] for p in payloads(sent, "TransactionEvent") if "numberOfPhasesUsed" in p]


def steady(bench, *amps_da):
    sent = []
    for _ in range(STEADY_MS // 1000 + 1):
        sent += amps(bench, *amps_da)
    return sent


def test_E02_FR_18_the_phases_are_sent_when_the_currents_are_steady():
    bench = Bench().booted()
    amps(bench, 0, 0, 0)
    bench.charging()
    assert told(bench.sent) == []
    sent = amps(bench, 12, 0, 0) + steady(bench, 160, 158, 161)
    assert told(sent) == [3] and events(sent) == [("Updated", "ChargingStateChanged")]
    payload = payloads(sent, "TransactionEvent")[0]
    assert payload["transactionInfo"]["chargingState"] == "Charging"
    assert {v["context"] for v in payload["meterValue"][0]["sampledValue"]} == {"Other"}  # the reading that it follows from
    assert told(steady(bench, 100, 100, 100)) == []


def test_E02_FR_19_a_change_of_phases_is_sent():
    bench = Bench().booted()
    bench.charging()
    assert told(steady(bench, 160, 0, 0)) == [1]
    assert told(steady(bench, 0, 0, 0)) == []
    assert told(steady(bench, 160, 160, 160)) == [3]
    bench.state("SuspendedEV")
    assert told(steady(bench, 0, 0, 0)) == []
    bench.state("Charging")
    assert told(steady(bench, 160, 160, 160)) == []


def test_E03_FR_13_14_so_they_are_where_the_driver_came_first():
    bench = Bench().booted()
    bench.card()
    bench.plug()
    amps(bench, 0, 0, 0)
    sent = bench.state("Charging") + steady(bench, 160, 158, 161)
    assert told(sent) == [3] and told(bench.sent) == [3]
    assert told(steady(bench, 160, 0, 0)) == [1]


def test_an_unmeasured_evse_reports_no_phases():
    bench = Bench().booted()
    bench.charging()
    for _ in range(10):
        bench.advance(1000)
        bench.station.meter_values(1, {"energy_wh": 5}, bench.now_ms)
    assert told(bench.pump()) == [] and told(bench.sent) == []


def test_a_car_that_alternates_between_phases_is_not_reported_each_time():
    bench = Bench().booted()
    bench.charging()
    sent = []
    for turn in range(20):
        sent += amps(bench, 160, 160 if turn % 2 else 0, 0)
    assert told(sent) == []
