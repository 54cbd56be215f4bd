"""What a car needs is told upstream while its transaction runs (K15), once, and again after a lost connection."""

from station_bench import NOON_MS, Bench, names, payloads

from ampacity.base.wallclock import format_iso

NEEDS = "NotifyEVChargingNeeds"
TEN_HOURS_MS = 36000000


def needs(bench, energy_wh=20000, departure_unix_ms=NOON_MS + TEN_HOURS_MS, evse=1):
    bench.station.charging_needs(evse, energy_wh, departure_unix_ms, bench.now_ms)
    return bench.pump()


def test_K15_needs_are_sent_with_the_departure_and_the_limits_of_the_evse():
    bench = Bench().booted()
    bench.charging()
    bench.answers[NEEDS] = {"status": "Accepted"}
    told = payloads(needs(bench), NEEDS)
    ac = {"energyAmount": 20000, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 230}
    asked = {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": ac, "departureTime": format_iso(NOON_MS + TEN_HOURS_MS)}
    assert told == [{"evseId": 1, "chargingNeeds": asked}]
    assert payloads(bench.advance(60000), NEEDS) == []


def test_K15_needs_entered_before_the_transaction_are_sent_after_its_start():
    bench = Bench().booted()
    bench.answers[NEEDS] = {"status": "Processing"}
    assert NEEDS not in names(needs(bench))
    sent = names(bench.plug() + bench.card() + bench.state("Charging"))
    assert sent.index("TransactionEvent") < sent.index(NEEDS) and sent.count(NEEDS) == 1


def test_K15_without_a_clock_the_departure_is_omitted():
    bench = Bench().booted()
    bench.charging()
    bench.answers[NEEDS] = {"status": "Rejected"}
    assert "departureTime" not in payloads(needs(bench, departure_unix_ms=None), NEEDS)[0]["chargingNeeds"]


def test_K15_needs_are_sent_again_after_a_lost_connection_but_not_after_an_error():
    bench = Bench().booted()
    bench.charging()
    bench.silent = True
    assert NEEDS in names(needs(bench))
    bench.drop()
    bench.silent = False
    bench.answers[NEEDS] = "NotSupported"
    assert names(bench.connect() + bench.advance(1000)).count(NEEDS) == 1
    assert NEEDS not in names(bench.advance(60000))


def test_K15_needs_withdrawn_or_gone_with_their_car_are_not_sent():
    bench = Bench().booted()
    needs(bench)
    needs(bench, energy_wh=None)
    bench.charging()
    assert NEEDS not in names(bench.sent)
    bench.unplug()
    bench.event(1, "token", {"token": "X", "type": "ISO14443"})
    needs(bench)
    bench.unplug()
    bench.charging()
    assert NEEDS not in names(bench.sent)


def test_K15_no_needs_are_sent_while_smart_charging_is_off():
    bench = Bench().booted()
    assert bench.set("SmartChargingCtrlr", "Enabled", "false") == "Accepted"
    bench.charging()
    assert NEEDS not in names(needs(bench))
