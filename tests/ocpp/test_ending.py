"""The end of a transaction waits, bounded, until no current flows and its energy was read after that (E06, J02)."""

from station_bench import Bench, events, payloads

from ampacity.ocpp.transactions.ending import END_MS_MAX


def meter(bench, energy_wh, flows, age_ms=0, energy_age_ms=None):
    """A reading of EVSE 1, taken age_ms ago; its energy register was asked for energy_age_ms ago."""
    read_ms = bench.now_ms - age_ms
    energy_ms = read_ms if energy_age_ms is None else bench.now_ms - energy_age_ms
    values = {"energy_wh": energy_wh, "flows": flows, "read_ms": read_ms, "energy_ms": energy_ms}
    bench.station.meter_values(1, values, bench.now_ms)
    return bench.pump()


def charging():
    bench = Bench().booted()
    meter(bench, 1000, False)
    bench.charging()
    meter(bench, 1500, True)
    return bench


def ended_wh(sent):
    """The register in the Ended event."""
    last = [p for p in payloads(sent, "TransactionEvent") if p["eventType"] == "Ended"][-1]
    return last["meterValue"][-1]["sampledValue"][0]["value"]


def test_a_stop_opens_at_once_and_is_reported_with_the_energy_that_still_flowed():
    bench = charging()
    bench.actions()
    tx = bench.station.transaction(1)
    assert bench.call("RequestStopTransaction", {"transactionId": tx}) == {"status": "Accepted"}
    assert bench.ended_by(1) == "Remote"
    sent = bench.advance(500)
    sent += meter(bench, 1508, True)
    assert events(sent) == [] and bench.station.transaction(1) == tx
    bench.advance(1500)
    sent = meter(bench, 1517, False)
    assert events(sent) == [("Ended", "RemoteStop")] and ended_wh(sent) == 1517
    assert payloads(sent, "TransactionEvent")[0]["transactionInfo"]["stoppedReason"] == "Remote"
    assert bench.station.transaction(1) is None and bench.ended_by(1) == "Remote"


def test_a_reading_before_the_stop_proves_nothing():
    bench = charging()
    meter(bench, 1510, False)
    bench.advance(100)
    assert events(bench.card()) == []
    assert events(meter(bench, 1510, False, age_ms=200)) == []
    assert events(meter(bench, 1512, False)) == [("Ended", "StopAuthorized")]


def test_the_end_waits_for_a_rarely_read_energy_register():
    bench = charging()
    bench.card()
    bench.advance(1000)
    assert events(meter(bench, 1500, False, energy_age_ms=3000)) == []
    bench.advance(1000)
    assert events(meter(bench, 1500, False, energy_age_ms=2500)) == []
    sent = meter(bench, 1520, False, energy_age_ms=500)
    assert events(sent) == [("Ended", "StopAuthorized")] and ended_wh(sent) == 1520


def test_the_end_waits_again_when_current_returns():
    bench = charging()
    bench.card()
    bench.advance(1000)
    meter(bench, 1510, False, energy_age_ms=3000)
    bench.advance(1000)
    assert events(meter(bench, 1520, True)) == []
    assert events(meter(bench, 1520, False)) == [("Ended", "StopAuthorized")]


def test_the_wait_is_bounded():
    bench = charging()
    bench.card()
    sent = []
    for _ in range(END_MS_MAX // 1000 - 1):
        bench.advance(1000)
        sent += meter(bench, 1600, True)
    assert events(sent) == []
    assert events(bench.advance(1100)) == [("Ended", "StopAuthorized")]
    assert bench.log.counters["ocpp_ended_with_current"] == 1
    silent = charging()
    silent.card()
    assert events(silent.advance(END_MS_MAX + 100)) == [("Ended", "StopAuthorized")]


def test_an_unplugged_car_ends_with_the_energy_read_after_the_unplug():
    bench = charging()
    sent = bench.unplug()
    assert events(sent) == []
    sent = meter(bench, 1503, False)
    assert events(sent) == [("Ended", "EVCommunicationLost")] and ended_wh(sent) == 1503


def test_without_current_measurement_a_transaction_ends_at_once():
    bench = Bench().booted()
    bench.station.meter_values(1, {"energy_wh": 7}, bench.now_ms)
    bench.charging()
    assert events(bench.card()) == [("Ended", "StopAuthorized")]


def test_without_an_energy_register_a_transaction_ends_when_no_current_flows():
    bench = charging()
    bench.card()
    bench.advance(100)
    assert events(meter(bench, None, True)) == []
    assert events(meter(bench, None, False)) == [("Ended", "StopAuthorized")]


def test_the_first_reason_counts_and_no_event_is_sent_in_between():
    bench = charging()
    tx = bench.station.transaction(1)
    sent = bench.card() + bench.state("EVConnected")
    assert bench.call("RequestStopTransaction", {"transactionId": tx}) == {"status": "Accepted"}
    bench.event(1, "fault", {"reason": "GroundFault"})
    sent += bench.unplug()
    assert events(sent) == []
    sent = meter(bench, 1510, False)
    last = payloads(sent, "TransactionEvent")[0]
    assert events(sent) == [("Ended", "StopAuthorized")] and last["transactionInfo"]["stoppedReason"] == "Local"
    assert last["idToken"]["idToken"] == "ABC123"


def test_a_car_that_starts_meanwhile_gets_a_new_transaction():
    for begin in (lambda bench: bench.card(token="SECOND"), lambda bench: bench.unplug() + bench.plug() + bench.card(token="SECOND")):
        bench = charging()
        first = bench.station.transaction(1)
        bench.card()
        sent = begin(bench)
        assert events(sent) == [("Ended", "StopAuthorized"), ("Started", "Authorized")]
        told = payloads(sent, "TransactionEvent")
        assert told[0]["transactionInfo"]["transactionId"] == first != told[1]["transactionInfo"]["transactionId"]
        assert told[0]["meterValue"][-1]["sampledValue"][0]["value"] == told[1]["meterValue"][0]["sampledValue"][0]["value"]


def test_a_remote_start_meanwhile_does_not_name_the_transaction_that_ends():
    bench = charging()
    bench.card()
    request = {"idToken": {"idToken": "APP", "type": "Central"}, "remoteStartId": 4, "evseId": 1}
    assert bench.call("RequestStartTransaction", request) == {"status": "Accepted"}
    assert events(bench.sent)[-2:] == [("Ended", "StopAuthorized"), ("Started", "RemoteStart")]


def test_a_reset_waits_for_the_end():
    bench = charging()
    bench.actions()
    assert bench.call("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    bench.advance(2000)
    assert bench.ended_by(1) == "ImmediateReset" and bench.actions("reset") == []
    assert events(meter(bench, 1510, False)) == [("Ended", "ResetCommand")]
    bench.advance(100)
    assert [a[0] for a in bench.actions("reset")] == ["reset"]


def test_a_power_cut_meanwhile_does_not_start_it_again():
    bench = charging()
    bench.card()
    tx = bench.station.transaction(1)
    bench.power_cycle()
    bench.connect()
    bench.actions()
    sent = bench.plug()
    assert not bench.may_charge(1) and events(sent) == [] and bench.station.transaction(1) == tx
    sent = meter(bench, 1511, False)
    last = payloads(sent, "TransactionEvent")[0]
    assert events(sent) == [("Ended", "StopAuthorized")] and last["idToken"]["idToken"] == "ABC123"
    gone = charging()
    gone.card()
    gone.power_cycle()
    gone.connect()
    sent = gone.unplug() + meter(gone, 1511, False)
    last = payloads(sent, "TransactionEvent")[0]
    assert events(sent) == [("Ended", "StopAuthorized")] and last["transactionInfo"]["stoppedReason"] == "Local"


def test_after_a_power_cut_the_wait_for_a_silent_evse_is_bounded_as_usual():
    for plugged in (False, True):
        bench = charging()
        bench.card()
        tx = bench.station.transaction(1)
        bench.power_cycle()
        bench.connect()
        sent = bench.plug() if plugged else []
        sent += bench.advance(END_MS_MAX + 1000)
        assert events(sent) == [("Ended", "StopAuthorized")]
        assert payloads(sent, "TransactionEvent")[0]["transactionInfo"]["transactionId"] == tx
        assert bench.station.transaction(1) is None


def test_a_reset_after_a_power_cut_does_not_wait_for_a_silent_evse():
    for stopped in (True, False):
        for kind in ("Immediate", "OnIdle"):
            bench = charging()
            if stopped:
                bench.card()
            bench.power_cycle()
            bench.connect()
            bench.actions()
            status = bench.call("Reset", {"type": kind})["status"]
            assert status in ("Accepted", "Scheduled")
            bench.advance(END_MS_MAX + 1000)
            if kind == "OnIdle" and not stopped:
                assert [a[0] for a in bench.actions("reset")] == [], "its transaction goes on"
            else:
                assert [a[0] for a in bench.actions("reset")] == ["reset"], (stopped, kind)


def test_a_transaction_also_ends_without_a_connection():
    bench = charging()
    bench.drop()
    bench.event(1, "stop_local")
    bench.advance_only(1000)
    bench.station.meter_values(1, {"energy_wh": 1509, "flows": False, "read_ms": bench.now_ms, "energy_ms": bench.now_ms}, bench.now_ms)
    assert bench.station.transaction(1) is None
    sent = bench.connect()
    assert ended_wh(sent) == 1509


def test_a_register_not_read_before_the_start_is_sent_as_soon_as_it_is_read():
    bench = Bench().booted()
    meter(bench, None, False)
    bench.plug()
    assert "meterValue" not in payloads(bench.card(), "TransactionEvent")[0]
    sent = meter(bench, 900, False)
    assert events(sent) == [("Updated", "MeterValuePeriodic")]
    value = payloads(sent, "TransactionEvent")[0]["meterValue"][0]["sampledValue"][0]
    assert (value["value"], value["context"]) == (900, "Transaction.Begin")
    assert events(meter(bench, 901, True)) == []


def test_a_first_reading_with_current_is_not_a_start_reading():
    bench = Bench().booted()
    meter(bench, None, True)
    bench.plug()
    bench.card()
    value = payloads(meter(bench, 900, True), "TransactionEvent")[0]["meterValue"][0]["sampledValue"][0]
    assert value["context"] == "Sample.Periodic"
