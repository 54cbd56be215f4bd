"""A scan listens before it asks, asks only what reads, and says who is there, or why it went no further."""

from helper_line import START_US, Line, Unit

from ampacity.base.errors import Rejected
from ampacity.bus.client.ascii_client import to_ascii
from ampacity.bus.modbus.frames import rtu_frame
from ampacity.commission.scan import LISTEN_MS, Scan
from ampacity.commission.scan_text import found_lines, lines, report, settings_for, settings_of, units_for, units_of
from check import raises

E19, N96 = (19200, "E", 1), (9600, "N", 1)
KNOWN = (
    "box evse r 19200E1 1-247 fits 15000 layout,3,10,1,u16,1,1,0,0,256..511 max_current,3,11,1,u16,10,1,0,0,60..800",
    "crate evse r 9600N1 1-247 fits 0 layout,3,10,1,u16,1,1,0,0,1/257",
    "named meter r 9600N1 1-247 sure 0 model,4,20,2,text,1,1,0,0,^NM serial,4,30,2,u32,1,1,0,0,*",
)
BOX = {(3, 10): 300, (3, 11): 16}
NAMED = {(4, 20): 0x4E4D, (4, 21): 0x3432, (4, 30): 1, (4, 31): 2}
IDENTITY = b"\x2b\x0e\x01\x01\x00\x00\x02\x00\x04Acme\x01\x03X-1"


def scan(settings=(E19,), units=(1, 2, 3), wait_ms=0, **more):
    return Scan({"kind": "rtu"}, list(settings), list(units), KNOWN, START_US, wait_ms, **more)


def registers(space, at, data):
    return {(space, at + k // 2): data[k] << 8 | data[k + 1] for k in range(0, len(data), 2)}


def test_a_scan_listens_first_then_polls_each_unit_twice():
    line = Line(scan())
    assert line.run(20)
    assert line.sent[0][0] - START_US >= LISTEN_MS * 1000
    assert [(frame[0], frame[1]) for _, _, frame in line.sent] == [(1, 3), (1, 4), (2, 3), (2, 4), (3, 3), (3, 4)]
    assert lines(report(line.scan, line.now_us)) == ["no device answers"]


def test_it_finds_devices_at_their_settings():
    line = Line(scan((E19, N96)), [Unit(2, E19, BOX), Unit(3, N96, NAMED), Unit(1, N96)])
    assert line.run(60)
    found = line.scan.found()
    assert [(row["setting"], row["unit"], row["device"], row["sure"]) for row in found] == [
        ("19200E1", 2, "box", False), ("9600N1", 1, None, False), ("9600N1", 3, "named", True)]  # fmt: skip
    assert found[2]["values"] == {"model": "NM42", "serial": 65538}
    assert found_lines(found)[1] == "9600N1   unit 1  unknown  answers: refusal 2 of function 3"


def test_all_matching_profiles_are_named():
    line = Line(scan(), [Unit(2, E19, {(3, 10): 257, (3, 11): 16})])
    assert line.run(30)
    assert line.scan.found()[0]["fits"] == ["box"] and line.scan.found()[0]["device"] == "box"
    line = Line(Scan({"kind": "rtu"}, [E19], [2], KNOWN[1:2] + ("crate-2" + KNOWN[1][5:],), START_US), [Unit(2, E19, {(3, 10): 257})])
    assert line.run(30)
    assert "crate or crate-2" in found_lines(line.scan.found())[0]


def test_a_device_with_an_identification_is_shown_by_its_name():
    line = Line(scan(), [Unit(2, E19, {}, IDENTITY)])
    assert line.run(30)
    found = line.scan.found()
    assert found[0]["names"] == {"vendor": "Acme", "product": "X-1"} and found[0]["device"] is None
    assert "vendor Acme, product X-1" in found_lines(found)[0]


def test_an_ampacity_secondary_is_recognised_by_its_register_map():
    maker = b"SunS\x00\x01\x00\x42" + b"Ampacity" + bytes(24) + b"Charging point" + bytes(18) + bytes(16) + b"0.2.0" + bytes(11) + b"SN7" + bytes(29)
    unit = Unit(2, E19, registers(3, 40000, maker + bytes(140 - len(maker))))
    line = Line(scan(), [unit])
    assert line.run(30)
    row = line.scan.found()[0]
    assert row["device"] == "ampacity" and row["sure"] and row["names"]["serial"] == "SN7" and len(unit.asked) == 3


def test_a_device_asleep_at_the_first_request_is_found_by_the_second():
    unit = Unit(2, E19, BOX)
    unit.deaf = 1
    line = Line(scan(), [unit])
    assert line.run(30) and line.scan.found()[0]["device"] == "box"


def test_a_device_that_is_silent_instead_of_refusing_is_abandoned_after_a_time():
    unit = Unit(2, E19, {(3, 0): 1})
    unit.mute_on_refusal = True
    line = Line(scan(), [unit, Unit(3, E19, BOX)])
    assert line.run(60)
    assert [row["unit"] for row in line.scan.found()] == [2, 3]


def test_another_primary_is_recognised_and_no_request_is_sent():
    poll = rtu_frame(9, b"\x03\x00\x00\x00\x02")
    line = Line(scan((E19, N96)), [Unit(2, E19, BOX)], [(START_US + 1500000, E19, poll)])
    assert line.run(20)
    assert line.sent == [] and line.scan.verdict == "another Modbus client reads unit 9 with function 3 at 19200E1; no request was sent"


def test_a_primary_that_uses_ascii_is_also_recognised():
    poll = to_ascii(rtu_frame(9, b"\x03\x00\x00\x00\x02"))
    line = Line(scan((E19, N96)), [Unit(2, E19, BOX)], [(START_US + 1500000, E19, poll[:9]), (START_US + 1503000, E19, poll[9:])])
    assert line.run(20)
    assert line.sent == [] and line.scan.verdict.startswith("another Modbus client reads unit 9 with function 3 at 19200E1")


def test_a_primary_at_another_speed_is_searched_for():
    poll = rtu_frame(9, b"\x03\x00\x00\x00\x02")
    talkers = [(START_US + k * 700000, N96, poll) for k in range(1, 30)]
    line = Line(scan((E19, N96)), [Unit(2, E19, BOX)], talkers)
    assert line.run(30)
    assert line.sent == [] and line.scan.verdict.startswith("another Modbus client reads unit 9 with function 3 at 9600N1")


def test_unintelligible_traffic_is_a_reason_to_remain_silent():
    line = Line(scan((E19, N96)), [], [(START_US + k * 700000, E19, b"\x01hello\xff") for k in range(1, 30)])
    assert line.run(30)
    assert line.sent == [] and "at an unknown setting; no request was sent" in line.scan.verdict


def test_a_primary_that_starts_later_ends_the_scan():
    poll = rtu_frame(9, b"\x03\x00\x00\x00\x02")
    line = Line(scan(units=range(1, 30)), [Unit(2, E19, BOX)], [(START_US + k * 1000000, E19, poll) for k in range(5, 30)])
    assert line.run(60)
    assert line.scan.verdict.startswith("another Modbus client uses") and line.scan.found()[0]["unit"] == 2


def test_while_watchdogs_run_no_request_is_sent():
    line = Line(scan(wait_ms=60000), [Unit(2, E19, BOX)])
    assert not line.run(59) and line.sent == []
    assert line.scan.progress(line.now_us).startswith("scan: silent for 1 s more")
    assert line.run(30) and line.scan.found()[0]["device"] == "box"


def test_units_that_must_not_be_polled_are_not_polled_and_are_reported():
    line = Line(scan(may_ask=lambda setting, unit, now_ms: "in service" if unit == 2 else ""), [Unit(2, E19, BOX), Unit(3, E19, BOX)])
    assert line.run(30)
    assert 2 not in [frame[0] for _, _, frame in line.sent]
    assert lines(report(line.scan, line.now_us))[-1] == "unit 2 was not called: in service"


def test_two_devices_with_one_address_are_reported():
    line = Line(scan(), [Unit(2, E19, BOX), Unit(2, E19, NAMED), Unit(3, E19, BOX)])
    assert line.run(60)
    rows = line.scan.found()
    assert [row["note"] for row in rows] == ["two devices answer at this address", ""] and rows[1]["device"] == "box"


def test_a_device_that_answers_at_each_parity_is_reported_once():
    line = Line(scan(((9600, "E", 1), N96)), [Unit(2, N96, BOX), Unit(2, (9600, "E", 1), BOX)])
    assert line.run(60)
    assert len(line.scan.found()) == 1 and "the same at 9600N1" in found_lines(line.scan.found())[0]


TWINS = (
    "plain meter r - 1-247 fits 0 voltage,4,0,1,u16,1,1,0,0,800..3000 current,4,6,1,u16,1,1,0,0,0..900",
    "serial meter r - 1-247 fits 0 serial,3,40,1,u16,1,1,0,0,1..65534 voltage,4,0,1,u16,1,1,0,0,800..3000 current,4,6,1,u16,1,1,0,0,0..900",
)
METER = {(3, 40): 4711, (4, 0): 2300, (4, 6): 16}
AT_BOTH = ((9600, "E", 1), N96)


def at_each_parity(first, second):
    """Rows of a scan at 9600E1 and 9600N1: the first unit answers at one, the second at the other."""
    line = Line(Scan({"kind": "rtu"}, list(AT_BOTH), [2], TWINS, START_US), [first, second])
    assert line.run(90)
    return line.scan.found()


def test_a_device_whose_replies_are_lost_at_one_parity_is_reported_once():
    whole, lost = ["serial", "plain"], (((3, 40),), ((4, 0),), ((4, 0), (3, 40)))
    for reads in lost:
        for at in (0, 1):
            units = [Unit(2, setting, METER) for setting in AT_BOTH]
            units[at].lost = reads
            rows = at_each_parity(*units)
            assert [row["fits"] for row in rows] == [whole] and rows[0]["values"] == {"serial": 4711}, rows
            assert rows[0]["setting"] == ("9600N1", "9600E1")[at] and rows[0]["also"] == [("9600E1", "9600N1")[at]]
            assert "places" not in rows[0] and "refused" not in rows[0]


def test_a_device_whose_values_are_out_of_range_at_one_parity_is_reported_once():
    disturbed = dict(METER)
    disturbed[(4, 0)] = 65535
    (row,) = at_each_parity(Unit(2, AT_BOTH[0], METER), Unit(2, N96, disturbed))
    assert row["device"] == "serial" and row["also"] == ["9600N1"]


def test_two_devices_with_one_address_at_two_parities_are_two():
    for other in ({(3, 0): 5}, {(3, 40): 4712, (4, 0): 2300, (4, 6): 16}, BOX):
        rows = at_each_parity(Unit(2, AT_BOTH[0], METER), Unit(2, N96, other))
        assert [(row["setting"], row["also"]) for row in rows] == [("9600E1", []), ("9600N1", [])], rows


def test_progress_shows_the_position():
    line = Line(scan(units=range(1, 33)), [Unit(2, E19, BOX)])
    assert line.scan.progress(line.now_us) == "scan: listening at 19200E1"
    line.run(9)
    text = line.scan.progress(line.now_us)
    assert text.startswith("scan: 19200E1 unit ") and "/32, 1 found, about " in text


def test_a_stopped_scan_keeps_its_findings():
    line = Line(scan(units=range(1, 33)), [Unit(2, E19, BOX)])
    line.run(9)
    line.scan.stop("stopped by hand")
    assert line.scan.over and lines(report(line.scan, line.now_us))[-1] == "stopped: stopped by hand"
    assert line.scan.found()[0]["device"] == "box"


def test_units_and_settings_are_typed_as_people_do():
    assert units_of("1-3,7") == [1, 2, 3, 7] and units_for(False) == list(range(1, 33)) and len(units_for(True)) == 247
    assert settings_of("9600") == [(9600, "E", 1), (9600, "N", 1)] and settings_of("19200e1,9600N2") == [E19, (9600, "N", 2)]
    assert settings_for(False)[0] == E19 and settings_for(False, N96)[:2] == [N96, E19] and len(settings_for(True)) > 10
    for wrong in ("0-3", "5-1", "x", "1-248", ""):
        with raises(Rejected):
            units_of(wrong)
    for wrong in ("9601", "9600X", "E1", "9600E3"):
        with raises(Rejected):
            settings_of(wrong)
