"""Part 6, J: clock-aligned and sampled meter values, also signed by the meter."""

import base64

from scenario import VALUES, booted, short

from ampacity.base.wallclock import parse_iso

ENERGY = "Energy.Active.Import.Register"
ALIGNED = ENERGY + ",Power.Active.Import,Voltage"


async def with_variables(*pairs):
    talk = await booted()
    for name, value in pairs:
        assert await talk.set(name, value) == "Accepted", name
    return talk


def seconds(times):
    """Between one time and the next."""
    stamps = sorted({parse_iso(text) // 1000 for text in times})
    return [b - a for a, b in zip(stamps, stamps[1:], strict=False)]


def holds(values, context, measurands):
    """Has each sampled value this context, and is there one of each measurand?"""
    assert {v["context"] for v in values} == {context}
    assert {v["measurand"] for v in values} == set(measurands.split(","))
    return True


def clock_values(talk):
    """The MeterValues requests, checked: [(EVSE, timestamp)]."""
    found = []
    for request in talk.heard("MeterValues"):
        for value in request["meter_value"]:
            assert holds(value["sampled_value"], "Sample.Clock", ALIGNED)
            found.append((request["evse_id"], value["timestamp"]))
    return found


async def test_TC_J_01_CS_clock_aligned_values_without_a_transaction():
    talk = await with_variables(("AlignedDataCtrlr.Interval", "60"), ("AlignedDataCtrlr.Measurands", ALIGNED))
    await talk.advance(200000)
    found = clock_values(talk)
    for evse in (1, 2):
        assert seconds([time for number, time in found if number == evse]) == [60, 60]
    assert seconds([time for _, time in found]) == [60, 60]  # the same time for all EVSEs
    await talk.close()


async def test_TC_J_02_CS_clock_aligned_values_during_a_transaction():
    talk = await with_variables(
        ("AlignedDataCtrlr.Interval", "60"), ("AlignedDataCtrlr.Measurands", ALIGNED), ("SampledDataCtrlr.TxUpdatedInterval", "0"),
    )
    await talk.energy_transfer_started(1)
    await talk.advance(200000)
    assert seconds([time for _, time in clock_values(talk)]) == [60, 60] and {number for number, _ in clock_values(talk)} == {2}
    events = talk.told()
    assert len(events) == 3 and all(short(e)[:2] == ("Updated", "MeterValueClock") for e in events)
    assert all(holds(e["meter_value"][0]["sampled_value"], "Sample.Clock", ALIGNED) for e in events)
    assert seconds([e["timestamp"] for e in events]) == [60, 60]
    await talk.close()


async def ended(talk):
    """The Ended event of a transaction of 200 s, of which the car leaves."""
    await talk.energy_transfer_started(1)
    await talk.advance(200000)
    await talk.card()
    await talk.leave()
    assert talk.told()[-1]["event_type"] == "Ended"
    return talk.told()[-1]["meter_value"]


async def test_TC_J_03_CS_clock_aligned_values_at_the_end():
    talk = await with_variables(
        ("AlignedDataCtrlr.TxEndedInterval", "60"), ("AlignedDataCtrlr.TxEndedMeasurands", ALIGNED), ("SampledDataCtrlr.TxEndedMeasurands", ""),
        ("AlignedDataCtrlr.SendDuringIdle", "false"),
    )
    values = await ended(talk)
    assert all(holds(v["sampled_value"], "Sample.Clock", ALIGNED) for v in values)
    assert seconds([v["timestamp"] for v in values]) == [60, 60]
    await talk.close()


async def test_TC_J_06_CS_no_clock_aligned_values_during_a_transaction():
    talk = await with_variables(
        ("AlignedDataCtrlr.Interval", "60"), ("AlignedDataCtrlr.Measurands", ALIGNED), ("AlignedDataCtrlr.SendDuringIdle", "true"),
        ("SampledDataCtrlr.TxUpdatedInterval", "0"),
    )
    await talk.advance(130000)
    assert seconds([time for _, time in clock_values(talk)]) == [60]
    await talk.energy_transfer_started(1)
    await talk.advance(65000)
    assert talk.heard("MeterValues") == [] and talk.told() == []
    await talk.card()
    await talk.leave()
    await talk.advance(130000)
    assert seconds([time for _, time in clock_values(talk)]) == [60]
    await talk.close()


STARTED = ENERGY + ",Voltage"


async def test_TC_J_07_CS_values_of_a_known_EVSE_at_the_start():
    for point in ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"):
        talk = await with_variables(("TxCtrlr.TxStartPoint", point), ("SampledDataCtrlr.TxStartedMeasurands", STARTED))
        await talk.plug()
        await talk.card()
        await talk.state("Charging")
        first = talk.told()[0]
        assert first["event_type"] == "Started" and holds(first["meter_value"][0]["sampled_value"], "Transaction.Begin", STARTED)
        assert not any("meter_value" in e for e in talk.told()[1:])
        await talk.close()


async def test_TC_J_08_CS_values_of_an_EVSE_that_only_the_plug_shows():
    talk = await with_variables(("TxCtrlr.TxStartPoint", "Authorized"), ("SampledDataCtrlr.TxStartedMeasurands", STARTED))
    await talk.event(0, "token", token="ABC", type="ISO14443")
    await talk.plug()
    first = [e for e in talk.told() if "evse" in e][0]
    assert holds(first["meter_value"][0]["sampled_value"], "Transaction.Begin", STARTED) and first["evse"]["id"] == 1
    await talk.close()


async def test_TC_J_09_CS_values_at_an_interval():
    talk = await with_variables(("SampledDataCtrlr.TxUpdatedInterval", "30"), ("SampledDataCtrlr.TxUpdatedMeasurands", ALIGNED))
    await talk.energy_transfer_started(1)
    await talk.advance(100000)
    assert len(talk.told()) == 3 and all(short(e)[:2] == ("Updated", "MeterValuePeriodic") for e in talk.told())
    assert all(holds(e["meter_value"][0]["sampled_value"], "Sample.Periodic", ALIGNED) for e in talk.told())
    assert seconds([e["timestamp"] for e in talk.told()]) == [30, 30]
    await talk.close()


async def test_TC_J_10_CS_sampled_values_at_the_end():
    talk = await with_variables(
        ("SampledDataCtrlr.TxEndedInterval", "60"), ("SampledDataCtrlr.TxEndedMeasurands", ALIGNED), ("AlignedDataCtrlr.TxEndedMeasurands", ""),
    )
    values = await ended(talk)
    assert all(holds(v["sampled_value"], "Sample.Periodic", ALIGNED) for v in values[:-1])
    assert holds(values[-1]["sampled_value"], "Transaction.End", ALIGNED)
    assert seconds([v["timestamp"] for v in values[:-1]]) == [60, 60]
    await talk.close()


OCMF = 'OCMF|{"FV":"1.0","GI":"METER","PG":"T%d","RD":[{"TM":"2026-11-20T12:00:00,000+0000 S","RV":"5.000","RU":"kWh","ST":"G"}]}|{"SD":"3045"}'
KEY = "3056301006072A8648CE3D020106052B8104000A034200"
SHOWN_KEY = base64.b64encode(b"oca:base16:asn1:" + KEY.encode()).decode()


def signs(talk, number):
    """Another reading of EVSE 1, which its meter has signed."""
    signed = {"data": OCMF % number, "encoding": "OCMF", "method": "", "key": KEY}
    talk.station.meter_values(1, VALUES | {"signed": signed}, talk.now_ms)


async def signed_until_the_end(shown, *pairs):
    """(meterValues of the Ended event of a transaction with a meter that signs, the public keys that the CSMS got in all)"""
    talk = await booted()
    assert await talk.set("AlignedDataCtrlr.SignReadings", "true") == "Rejected"  # no meter that signs is known
    signs(talk, 0)
    for name, value in (("OCPPCommCtrlr.PublicKeyWithSignedMeterValue", shown), *pairs):
        assert await talk.set(name, value) == "Accepted", name
    await talk.plug()
    await talk.card()
    await talk.state("Charging")
    for number in range(1, 5):
        signs(talk, number)
        await talk.advance(50000)
    await talk.event(1, "bay", occupied=False)
    await talk.card()
    await talk.leave()
    items = [v for e in talk.told() for value in e.get("meter_value", ()) for v in value["sampled_value"]]
    keys = [v["signed_meter_value"]["public_key"] for v in items if "signed_meter_value" in v]
    last = talk.told()[-1]
    assert last["event_type"] == "Ended"
    await talk.close()
    return last["meter_value"], keys


def check_signed(value, number=None):
    """The energy register is signed, by the meter's own words; nothing else is."""
    for item in value["sampled_value"]:
        signed = item.get("signed_meter_value")
        assert (signed is not None) == (item["measurand"] == ENERGY)
        if signed is not None:
            text = base64.b64decode(signed["signed_meter_data"]).decode()
            assert text.startswith("OCMF|") and (number is None or text == OCMF % number)
            assert (signed["encoding_method"], signed["signing_method"]) == ("OCMF", "") and signed["public_key"] in ("", SHOWN_KEY)


PUBLIC = [("Never", 0), ("OncePerTransaction", 1), ("EveryMeterValue", None)]


async def test_TC_J_04_CS_signed_clock_aligned_values_at_the_end():
    for shown, count in PUBLIC:
        values, keys = await signed_until_the_end(
            shown, ("AlignedDataCtrlr.TxEndedInterval", "60"), ("AlignedDataCtrlr.TxEndedMeasurands", ALIGNED),
            ("SampledDataCtrlr.TxEndedMeasurands", ""), ("AlignedDataCtrlr.SendDuringIdle", "false"), ("AlignedDataCtrlr.SignReadings", "true"),
        )
        assert values and all(holds(v["sampled_value"], "Sample.Clock", ALIGNED) for v in values)
        assert len(values) == 3 and seconds([v["timestamp"] for v in values]) == [60, 60]
        for value in values:
            check_signed(value)
        assert keys.count(SHOWN_KEY) == (len(keys) if count is None else 0)  # none of these begins or ends it


async def test_TC_J_11_CS_signed_samples_at_the_end():
    for shown, count in PUBLIC:
        values, keys = await signed_until_the_end(
            shown, ("SampledDataCtrlr.TxEndedInterval", "60"), ("SampledDataCtrlr.TxEndedMeasurands", ALIGNED),
            ("AlignedDataCtrlr.TxEndedMeasurands", ""), ("SampledDataCtrlr.SignReadings", "true"),
        )
        begin, samples, end = values[0], values[1:-1], values[-1]
        assert holds(begin["sampled_value"], "Transaction.Begin", ENERGY) and holds(end["sampled_value"], "Transaction.End", ALIGNED)
        assert all(holds(v["sampled_value"], "Sample.Periodic", ALIGNED) for v in samples)
        assert len(samples) == 3 and seconds([v["timestamp"] for v in samples]) == [60, 60]
        for value in samples:
            check_signed(value)
        check_signed(begin, 0)
        check_signed(end, 4)
        assert keys.count(SHOWN_KEY) == (len(keys) if count is None else count), keys
