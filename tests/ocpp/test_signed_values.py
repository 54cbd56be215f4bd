"""Readings that a meter has signed (J01.FR.21, J02.FR.21): passed on unchanged, bounded, kept over a restart."""

import sys
from binascii import a2b_base64

from station_bench import Bench, payloads

KEY = "3056301006072A8648CE3D"
SURROGATES = ("\ud800",) if sys.implementation.name == "cpython" else ()  # the other runtime has no such text
SWITCHES = (
    ("AlignedDataCtrlr", "SignReadings"), ("AlignedDataCtrlr", "SignUpdatedReadings"), ("SampledDataCtrlr", "SignReadings"),
    ("SampledDataCtrlr", "SignStartedReadings"), ("SampledDataCtrlr", "SignUpdatedReadings"),
)


def reads(bench, text, energy_wh=1000, **more):
    signed = {"data": text, "encoding": "OCMF", "method": "", "key": KEY}
    signed.update(more)
    bench.station.meter_values(1, {"energy_wh": energy_wh, "power_w": 3680, "signed": signed}, bench.now_ms)


def found(payload):
    """[(context, signed text or None, whether the key is there)] of the energy register."""
    items = []
    for value in payload.get("meterValue", ()):
        for item in value["sampledValue"]:
            if item["measurand"] == "Energy.Active.Import.Register":
                signed = item.get("signedMeterValue")
                text = signed and a2b_base64(signed["signedMeterData"]).decode()
                items.append((item["context"], text, bool(signed and signed["publicKey"])))
    return items


def signing(**switches):
    bench = Bench().booted()
    reads(bench, "first")
    bench.set("SampledDataCtrlr", "SignReadings", "true")
    for name in switches:
        bench.set("SampledDataCtrlr", name, switches[name])
    return bench


def mutability(bench, component, variable):
    row = bench.station.model.find(0, component, variable)
    return row.mutability, bench.station.model.value(0, row)


def test_without_a_meter_that_signs_the_variables_say_so():
    bench = Bench().booted()
    for component, variable in SWITCHES:
        assert mutability(bench, component, variable) == ("RO", "false")
    assert mutability(bench, "OCPPCommCtrlr", "PublicKeyWithSignedMeterValue")[0] == "RO"
    reads(bench, "first")
    for component, variable in SWITCHES:
        assert mutability(bench, component, variable) == ("RW", "false" if variable == "SignReadings" else "true")
    assert mutability(bench, "OCPPCommCtrlr", "PublicKeyWithSignedMeterValue") == ("RW", "OncePerTransaction")
    key = bench.station.model.find(1, "FiscalMetering", "PublicKey")
    assert a2b_base64(bench.station.model.value(1, key)).decode() == "oca:base16:asn1:" + KEY


def test_what_the_csms_switched_on_holds_after_a_restart_as_soon_as_the_meter_signs():
    bench = signing()
    bench.power_cycle()
    bench.booted()
    assert mutability(bench, "SampledDataCtrlr", "SignReadings") == ("RO", "false")
    reads(bench, "second")
    assert mutability(bench, "SampledDataCtrlr", "SignReadings") == ("RW", "true")
    assert not bench.log.counters.get("ocpp_not_kept")


def test_nothing_is_signed_until_the_csms_wants_it():
    bench = Bench().booted()
    reads(bench, "first")
    bench.charging()
    bench.unplug()
    assert [one[1:] for payload in payloads(bench.sent, "TransactionEvent") for one in found(payload)] == [(None, False)] * 2


def test_the_beginning_is_in_the_first_and_in_the_last_event_and_the_key_once():
    bench = signing()
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "10")
    bench.charging()
    reads(bench, "second", 1010)
    bench.advance(10000)
    reads(bench, "third", 1020)
    bench.unplug()
    told = payloads(bench.sent, "TransactionEvent")
    assert found(told[0]) == [("Transaction.Begin", "first", True)]
    assert [one for payload in told[1:-1] for one in found(payload)] == [("Sample.Periodic", "second", False)]
    assert found(told[-1]) == [("Transaction.Begin", "first", False), ("Transaction.End", "third", False)]


def test_only_the_end_is_signed_where_the_csms_wants_no_more():
    bench = signing(SignStartedReadings="false", SignUpdatedReadings="false")
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "10")
    bench.charging()
    bench.advance(10000)
    bench.unplug()
    told = payloads(bench.sent, "TransactionEvent")
    assert [one[1] for payload in told[:-1] for one in found(payload)] == [None, None]
    assert found(told[-1]) == [("Transaction.Begin", "first", False), ("Transaction.End", "first", True)]


def test_the_beginning_outlives_a_restart():
    bench = signing()
    bench.charging()
    bench.power_cycle()
    bench.booted()
    reads(bench, "second", 1010)
    bench.plug()
    bench.unplug()
    last = payloads(bench.sent, "TransactionEvent")[-1]
    assert last["eventType"] == "Ended" and [one[:2] for one in found(last)] == [("Transaction.Begin", "first"), ("Transaction.End", "second")]
    assert bench.station.documents.get("ocpp_signed_1") is None


def test_a_reading_that_is_too_long_or_no_text_is_not_passed_on():
    rows = [("x" * 1001, {}), ("\u00e9" * 501, {}), ("", {}), (None, {}), (5, {}), (b"abc", {}), (["x"], {})]
    rows += [("x", {"key": "3" * 401}), ("x", {"key": "\u00e9" * 201}), ("x", {"encoding": "O" * 51})]
    rows += [("x", {"encoding": "O" * 26, "method": "O" * 25})]
    rows += [("x", {"key": None}), ("x", {"method": 5}), ("x", {"encoding": []})] + [(text, {}) for text in SURROGATES]
    for text, more in rows:
        bench = signing()
        reads(bench, text, **more)
        reads(bench, text, **more)
        bench.charging()
        assert found(payloads(bench.sent, "TransactionEvent")[0]) == [("Transaction.Begin", None, False)]
        assert bench.log.counters["ocpp_signed_refused"] == 2
        assert len([line for line in bench.log.since(0) if "passed on as unsigned" in line[3]]) == 1


def test_a_signed_reading_of_another_shape_is_as_an_unsigned_one():
    for signed in ("x", 5, [], {}, {"data": "x"}, {"data": "x", "encoding": "OCMF"}):
        bench = signing()
        bench.station.meter_values(1, {"energy_wh": 1000, "power_w": 3680, "signed": signed}, bench.now_ms)
        bench.charging()
        assert found(payloads(bench.sent, "TransactionEvent")[0]) == [("Transaction.Begin", None, False)], signed
        assert bench.log.counters["ocpp_signed_refused"] == 1


def test_a_reading_in_another_script_is_bounded_in_bytes():
    bench = signing()
    reads(bench, "\u00e9" * 500)
    bench.charging()
    assert found(payloads(bench.sent, "TransactionEvent")[0]) == [("Transaction.Begin", "\u00e9" * 500, True)]


def test_the_samples_that_wait_for_the_end_are_bounded():
    bench = signing()
    bench.set("SampledDataCtrlr", "TxEndedInterval", "60")
    bench.charging()
    for _ in range(30):
        reads(bench, "y" * 1000)
        bench.advance(60000)
    bench.unplug()
    last = payloads(bench.sent, "TransactionEvent")[-1]
    assert 4 <= len(last["meterValue"]) <= 6 and len(found(last)) == len(last["meterValue"])


def test_clock_aligned_values_without_a_transaction_are_signed():
    bench = signing()
    for name, text in (("SignReadings", "true"), ("Interval", "60")):
        bench.set("AlignedDataCtrlr", name, text)
    sent = payloads(bench.advance(120000), "MeterValues")
    assert sent and [one for payload in sent for one in found(payload)] == [("Sample.Clock", "first", False)] * len(sent)


OFFLINE_START = (("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true"),)
SITUATIONS = (  # requirement, settings, what happens, the events that bring signed readings
    ("E02.FR.14", (), "plug card charge wait", ("Started", "Updated")),
    ("E03.FR.10", (), "card plug charge wait", ("Started", "Updated")),
    ("E04.FR.10", OFFLINE_START, "drop plug card charge wait connect", ("Started", "Updated")),
    ("E05.FR.06", (), "plug card refuse charge wait", ("Started", "Ended")),
    ("E07.FR.12", (), "plug card charge wait card unplug", ("Started", "Updated", "Ended")),
    ("E08.FR.12", (), "plug card charge wait drop card unplug connect", ("Started", "Updated", "Ended")),
    ("E09.FR.08", (), "plug card charge wait unplug", ("Started", "Updated", "Ended")),
    ("E10.FR.07", (("TxCtrlr", "StopTxOnEVSideDisconnect", "false"), ("TxCtrlr", "TxStopPoint", "Authorized")),
     "plug card charge unplug clear wait plug charge wait card", ("Updated", "Ended")),
    ("E11.FR.08", (), "plug card charge clear drop wait connect", ("Updated",)),
    ("E12.FR.10", OFFLINE_START, "drop plug card charge wait unplug connect", ("Started", "Updated", "Ended")),
)


def test_every_reading_of_a_transaction_is_signed_however_it_runs():
    for requirement, settings, steps, kinds in SITUATIONS:
        bench = signing(TxUpdatedInterval="10")
        for row in settings:
            assert bench.set(*row) == "Accepted", requirement
        bench.sent = []

        def refuse(bench=bench):
            bench.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Invalid"}}
            bench.set("TxCtrlr", "StopTxOnInvalidId", "true")
            bench.unplug()
            bench.plug()
            bench.card()

        does = {
            "plug": bench.plug, "card": bench.card, "unplug": bench.unplug, "drop": bench.drop, "connect": bench.connect, "refuse": refuse,
            "charge": lambda bench=bench: bench.state("Charging"), "wait": lambda bench=bench: bench.advance(25000),
            "clear": lambda bench=bench: bench.sent.clear(),
        }  # fmt: skip
        for step in steps.split():
            does[step]()
        if not bench.station.online:
            bench.connect()
        told = payloads(bench.sent, "TransactionEvent")
        readings = [(payload["eventType"], one[1]) for payload in told for one in found(payload)]
        assert readings and all([text == "first" for _, text in readings]), (requirement, readings)
        assert sorted(set([kind for kind, _ in readings])) == sorted(kinds), (requirement, readings)
