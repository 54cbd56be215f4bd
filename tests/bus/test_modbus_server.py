"""The secondary's end of the line: what it answers, what it leaves alone, and what it never does."""

import struct

from helper_line import START_US, Station, write_one_pdu

from ampacity.base.rng import Rng
from ampacity.bus.leases import register_table as table
from ampacity.bus.modbus.frames import crc_ok, read_pdu, read_write_pdu, rtu_frame, words, write_pdu

CHAR_US, SILENCE_US = 573, 2006
STATUS_PDU = read_pdu(3, table.STATUS_AT, 25)
GRANT = struct.pack(">HHHIHH", 100, 100, 1, 77, 1, 0)


def answer(station, frame, now_us=START_US):
    """What it sends within 50 ms after the frame's last byte: (frame or None, when)."""
    station.engine.receive(frame, now_us)
    return later(station, now_us)


def later(station, now_us):
    end_us = now_us + 50000
    while now_us < end_us:
        data, wake_us = station.engine.next(now_us)
        if data:
            return data, now_us
        now_us = min(max(wake_us, now_us + 1), end_us)
    return None, now_us


def ask(station, pdu, unit=5, now_us=START_US):
    """The PDU of its reply."""
    data, _ = answer(station, rtu_frame(unit, pdu), now_us)
    if data is None:
        return None
    assert crc_ok(data) and data[0] == unit
    return data[1:-2]


def test_a_reply_is_sent_after_the_silence_that_ends_the_request():
    data, at_us = answer(Station(5), rtu_frame(5, STATUS_PDU))
    assert at_us == START_US + SILENCE_US
    assert len(data) == 55


def test_functions_3_and_4_read_the_same_registers():
    station = Station(5)
    assert ask(station, read_pdu(3, 40000, 2)) == b"\x03\x04SunS"
    assert ask(station, read_pdu(4, 40000, 2), now_us=START_US + 100000) == b"\x04\x04SunS"


def test_errors_of_a_request_are_reported_by_the_exceptions_of_the_standard():
    cases = (
        (read_pdu(1, 0, 1), 1),
        (b"\x08\x00\x00\x12\x34", 1),
        (read_pdu(3, 39999, 1), 2),
        (read_pdu(3, 40000, 0), 3),
        (read_pdu(3, 40000, 126), 3),
        (write_one_pdu(6, table.GRANT_AT, 160), 2),
        (write_one_pdu(6, table.SETTINGS_AT, 0), 3),
        (write_pdu(table.STATUS_AT, b"\x00\x01"), 2),
        (write_pdu(table.BROADCAST, GRANT), 2),
        (b"\x2b\x0d\x00\x00", 1),
        (b"\x2b\x0e\x07\x00", 3),
        (b"\x2b\x0e\x04\x09", 2),
        (read_write_pdu(39000, 1, table.GRANT_AT, GRANT), 2),
    )
    now_us = START_US
    for pdu, code in cases:
        station = Station(5)
        assert ask(station, pdu, now_us=now_us) == bytes((pdu[0] | 0x80, code)), pdu
        assert station.lease.state(now_us // 1000) == "fallback"
        now_us += 100000


def test_function_16_grants_and_function_23_shows_it_in_the_same_exchange():
    station = Station(5)
    assert ask(station, write_pdu(table.GRANT_AT, GRANT)) == struct.pack(">BHH", 16, table.GRANT_AT, 7)
    assert station.lease.limit_da(START_US // 1000) == 100
    newer = struct.pack(">HHHIHH", 120, 100, 2, 77, 1, 0)
    pdu = ask(station, read_write_pdu(table.STATUS_AT, 25, table.GRANT_AT, newer), now_us=START_US + 100000)
    status = struct.unpack(table.format_of(table.STATUS), pdu[2:])
    assert pdu[:2] == bytes((23, 50)) and status[3] == 120 and status[21] == 2


def test_function_43_reports_vendor_product_and_version():
    station = Station(5)
    pdu = ask(station, b"\x2b\x0e\x01\x00")
    assert pdu[:7] == b"\x2b\x0e\x01\x81\x00\x00\x03"
    assert pdu[7:] == b"\x00\x08Ampacity\x01\x0eCharging point\x02\x050.1.0"
    assert ask(station, b"\x2b\x0e\x04\x02", now_us=START_US + 10**6)[7:] == b"\x02\x050.1.0"


def test_it_is_silent_to_other_units_to_broadcasts_and_to_wrong_checksums():
    station = Station(5)
    wrong = bytearray(rtu_frame(5, STATUS_PDU))
    wrong[3] ^= 1
    broadcast = struct.pack(">IHHHHH", 77, 1, 1, 100, 5, 1) + b"\x00\x64"
    for i, frame in enumerate((rtu_frame(6, STATUS_PDU), rtu_frame(0, STATUS_PDU), bytes(wrong))):
        assert answer(station, frame, START_US + i * 100000)[0] is None
    assert answer(station, rtu_frame(0, write_pdu(table.BROADCAST, broadcast)), START_US + 400000)[0] is None
    assert station.lease.limit_da(START_US // 1000 + 400) == 100
    assert station.engine.counters["broadcasts"] == 1 and station.engine.counters["crc_errors"] == 1


def test_it_receives_a_request_byte_by_byte():
    station, now_us = Station(5), START_US
    for byte in rtu_frame(5, STATUS_PDU):
        now_us += CHAR_US
        station.engine.receive(bytes((byte,)), now_us)
    assert later(station, now_us)[0] is not None


def test_it_does_not_send_while_another_station_sends():
    station = Station(5)
    station.engine.receive(rtu_frame(5, STATUS_PDU), START_US)
    station.engine.receive(b"\x09", START_US + 1000)
    assert later(station, START_US + 1000)[0] is None


def test_a_reply_that_would_be_late_is_not_sent():
    station = Station(5)
    station.engine.receive(rtu_frame(5, STATUS_PDU), START_US)
    assert station.engine.next(START_US + 500000)[0] is None


def test_its_own_echo_is_not_an_order():
    station = Station(5)
    station.map.unlocked = True
    data, at_us = answer(station, rtu_frame(5, write_one_pdu(6, table.SETTINGS_AT, 60)))
    assert data == rtu_frame(5, write_one_pdu(6, table.SETTINGS_AT, 60))
    station.map.set_settings(0, 160, 0, 60000)
    for i in range(len(data)):
        station.engine.receive(data[i : i + 1], at_us + (i + 1) * CHAR_US)
    assert station.lease.fallback_da == 0
    assert later(station, at_us + 9 * CHAR_US)[0] is None
    assert station.engine.counters["echoes"] == 1


def test_the_same_bytes_after_a_pause_are_a_request_again():
    station = Station(5)
    station.map.unlocked = True
    frame = rtu_frame(5, write_one_pdu(6, table.SETTINGS_AT, 60))
    answer(station, frame)
    assert answer(station, frame, START_US + 500000)[0] == frame


def test_of_thousands_of_mutated_requests_none_changes_anything_or_raises():
    rng, station = Rng(11), Station(5)
    frames = (
        rtu_frame(5, write_pdu(table.GRANT_AT, GRANT)),
        rtu_frame(0, write_pdu(table.BROADCAST, struct.pack(">IHHHHH", 77, 1, 1, 100, 5, 1) + b"\x00\x64")),
        rtu_frame(5, read_write_pdu(table.STATUS_AT, 25, table.GRANT_AT, GRANT)),
        rtu_frame(5, STATUS_PDU),
    )
    now_us, silent = START_US, 0
    for _ in range(4000):
        data = bytearray(frames[rng.below(4)])
        data[rng.below(len(data))] ^= 1 + rng.below(255)
        for _ in range(rng.below(3)):
            data[rng.below(len(data))] = rng.below(256)
        now_us += 30000
        silent += answer(station, bytes(data[: 1 + rng.below(len(data))]), now_us)[0] is None
        now_us += 50000
    assert silent >= 3990
    assert station.map.grants == [] and station.lease.identity == 0


def test_random_valid_frames_never_raise_and_are_answered_in_kind():
    rng, station, now_us = Rng(5), Station(5), START_US
    for _ in range(3000):
        pdu = bytes([rng.below(256) for _ in range(1 + rng.below(30))])
        if rng.chance(700):
            pdu = bytes(((3, 4, 6, 16, 23, 43)[rng.below(6)],)) + pdu
        now_us += 100000
        reply = ask(station, pdu, now_us=now_us)
        if reply is not None:
            assert reply[0] & 0x7F == pdu[0] & 0x7F
    assert station.lease.identity == 0


def test_words_are_big_endian():
    assert words([1, 0xFFFE]) == b"\x00\x01\xff\xfe"
