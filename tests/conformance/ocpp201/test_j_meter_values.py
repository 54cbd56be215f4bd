"""Part 6, J: clock-aligned and sampled meter values, also signed by the meter."""

import base64

from reusable_states import AUTHORIZED, CLOSED, CONNECT, session
from reusable_states import ENERGY as FLOW
from scenario import VALUES, booted

from ampacity.base.wallclock import parse_iso

ENERGY = "Energy.Active.Import.Register"
ALIGNED = ENERGY + ",Power.Active.Import,Current.Import,Voltage"
CLOCK = {"AlignedDataCtrlr_Interval": "60", "AlignedDataCtrlr_Measurands": ALIGNED, "SampledDataCtrlr_TxUpdatedInterval": "0"}
PHASES = {"Current.Import": ["L1", "L2", "L3"], "Voltage": ["L1-N", "L2-N", "L3-N"]}
MAIN = {"energy_wh": 90000, "power_w": 5000, "amps_da": [90, 70, 60], "volts_dv": [2310, 2300, 2290]}


def seconds(times):
    """Between one time and the next."""
    stamps = sorted({parse_iso(text) // 1000 for text in times})
    return [b - a for a, b in zip(stamps, stamps[1:], strict=False)]


def spaced(times, interval_s, count):
    """So many different times, this far apart."""
    assert len(set(times)) == count and seconds(times) == [interval_s] * (count - 1), times


def holds(values, context, measurands):
    """Has each sampled value this context, and is there one of each measurand?"""
    assert {v["context"] for v in values} == {context}
    assert {v["measurand"] for v in values} == set(measurands.split(","))
    return True


def whole(value, context, measurands, evse=1):
    """One meterValue with one time for all its values (J01.FR.05, J02.FR.18): each sampledValue has this context, each measurand is there, of
    each phase that the EVSE has (J01.FR.10, J02.FR.06), and its location is the outlet, or the inlet of the main meter (J01.FR.09, J02.FR.05;
    none is measured in the car: errata 6.2.58). The time."""
    sampled = value["sampled_value"]
    assert holds(sampled, context, measurands)
    for measurand in measurands.split(","):
        assert [v.get("phase") for v in sampled if v["measurand"] == measurand] == PHASES.get(measurand, [None]), measurand
    assert len(sampled) == sum(len(PHASES.get(measurand, [None])) for measurand in measurands.split(","))
    assert {v.get("location") for v in sampled} == ({None} if evse else {"Inlet"})
    return value["timestamp"]


def clock_values(talk):
    """The MeterValues requests, each checked: [(EVSE, timestamp)]; they are taken."""
    found = []
    for request in talk.heard("MeterValues"):
        (value,) = request["meter_value"]
        found.append((request["evse_id"], whole(value, "Sample.Clock", ALIGNED, request["evse_id"])))
    talk.csms.heard[:] = [(action, payload) for action, payload in talk.csms.heard if action not in ("MeterValues", "Heartbeat")]
    return found


async def measuring(**variables):
    """Booted, with a main meter; every variable is set."""
    talk = await session(**variables)
    talk.station.meter_values(0, dict(MAIN), talk.now_ms)
    return talk


def whole_station(found, count):
    """The same times of the main meter and of both EVSEs."""
    for evse in (0, 1, 2):
        spaced([time for number, time in found if number == evse], 60, count)
    spaced([time for _, time in found], 60, count)
    assert len(found) == 3 * count


async def test_TC_J_01_CS_clock_aligned_values_without_a_transaction():
    talk = await measuring(**CLOCK)
    await talk.advance(200000)
    whole_station(clock_values(talk), 3)
    talk.said()
    await talk.close()


async def test_TC_J_02_CS_clock_aligned_values_during_a_transaction():
    """J01.FR.22: what MeterValues brings of idle EVSEs, TransactionEvent brings of this one."""
    talk = await measuring(AlignedDataCtrlr_SendDuringIdle="false", **CLOCK)
    await talk.charging()
    await talk.advance(200000)
    found = clock_values(talk)
    assert {number for number, _ in found} == {0, 2}
    for evse in (0, 2):
        spaced([time for number, time in found if number == evse], 60, 3)
    events = talk.said(*["TransactionEvent"] * 3)
    for event in events:
        talk.unix_ms = parse_iso(event["timestamp"])
        talk.checked(event, "Updated", ("MeterValueClock",), "Charging")
        (value,) = event["meter_value"]
        assert whole(value, "Sample.Clock", ALIGNED) == event["timestamp"]
    spaced([event["timestamp"] for event in events], 60, 3)
    assert {event["timestamp"] for event in events} == {time for _, time in found}
    await talk.close()


async def ended(talk):
    """ParkingBayUnoccupied after a transaction of 200 s: the meterValue of its Ended event."""
    await talk.charging()
    await talk.advance(200000)
    talk.said()
    await talk.card()
    (event,) = talk.said("TransactionEvent")
    talk.checked(event, "Ended", ("StopAuthorized",), "EVConnected", "Local", {"id_token": "ABC", "type": "ISO14443"})
    await talk.leave()
    return event["meter_value"]


async def test_TC_J_03_CS_clock_aligned_values_at_the_end():
    talk = await measuring(
        AlignedDataCtrlr_TxEndedInterval="60", AlignedDataCtrlr_TxEndedMeasurands=ALIGNED, SampledDataCtrlr_TxEndedMeasurands="",
        AlignedDataCtrlr_SendDuringIdle="false", SampledDataCtrlr_TxUpdatedInterval="0",
    )  # fmt: skip
    values = await ended(talk)
    spaced([whole(value, "Sample.Clock", ALIGNED) for value in values], 60, 3)
    assert len(values) == 3
    await talk.close()


async def test_TC_J_06_CS_no_clock_aligned_values_during_a_transaction():
    talk = await measuring(AlignedDataCtrlr_SendDuringIdle="true", **CLOCK)
    await talk.advance(185000)
    before = clock_values(talk)
    whole_station(before, 3)
    await talk.charging()
    await talk.advance(65000)
    talk.said()
    await talk.card()
    (event,) = talk.said("TransactionEvent")
    assert {v["context"] for v in event["meter_value"][0]["sampled_value"]} == {"Transaction.End"}
    await talk.leave()
    talk.csms.heard.clear()
    await talk.advance(185000)
    after = clock_values(talk)
    whole_station(after, 3)
    assert parse_iso(after[0][1]) - parse_iso(before[-1][1]) == 120000
    await talk.close()


STARTED = ENERGY + ",Voltage"


async def test_TC_J_07_CS_values_of_a_known_EVSE_at_the_start():
    for starts in ((CONNECT,), (AUTHORIZED,), (CLOSED,), (FLOW,), (CONNECT, AUTHORIZED)):
        talk = await session(starts, SampledDataCtrlr_TxStartedMeasurands=STARTED)
        await talk.park()
        await talk.plug()
        await talk.card()
        await talk.state("Charging")
        first = talk.told()[0]
        (value,) = first["meter_value"]
        assert first["event_type"] == "Started" and whole(value, "Transaction.Begin", STARTED) == first["timestamp"]
        assert not any("meter_value" in e for e in talk.told()[1:])
        await talk.close()


async def test_TC_J_08_CS_values_of_an_EVSE_that_only_the_plug_shows():
    talk = await session((AUTHORIZED,), SampledDataCtrlr_TxStartedMeasurands=STARTED)
    await talk.event(0, "token", token="ABC", type="ISO14443")
    await talk.plug()
    first = [e for e in talk.told() if "evse" in e][0]
    (value,) = first["meter_value"]
    assert whole(value, "Transaction.Begin", STARTED) == first["timestamp"] and first["evse"]["id"] == 1
    assert sum("meter_value" in e for e in talk.told()) == 1
    await talk.close()


async def test_TC_J_09_CS_values_at_an_interval():
    talk = await session(SampledDataCtrlr_TxUpdatedInterval="30", SampledDataCtrlr_TxUpdatedMeasurands=ALIGNED)
    await talk.charging()
    began = talk.unix_ms
    await talk.advance(100000)
    events = talk.said(*["TransactionEvent"] * 3)
    for event in events:
        talk.unix_ms = parse_iso(event["timestamp"])
        talk.checked(event, "Updated", ("MeterValuePeriodic",), "Charging")
        (value,) = event["meter_value"]
        assert whole(value, "Sample.Periodic", ALIGNED) == event["timestamp"]
    spaced([event["timestamp"] for event in events], 30, 3)
    assert parse_iso(events[0]["timestamp"]) - began == 30000
    await talk.close()


async def test_TC_J_10_CS_sampled_values_at_the_end():
    talk = await session(
        SampledDataCtrlr_TxEndedInterval="60", SampledDataCtrlr_TxEndedMeasurands=ALIGNED, AlignedDataCtrlr_TxEndedMeasurands="",
        SampledDataCtrlr_TxUpdatedInterval="0",
    )  # fmt: skip
    values = await ended(talk)
    spaced([whole(value, "Sample.Periodic", ALIGNED) for value in values[:-1]], 60, 3)
    whole(values[-1], "Transaction.End", ALIGNED)
    assert len(values) == 4
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
