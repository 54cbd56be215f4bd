"""The ASCII spelling of a serial line: frames there and back, and an engine that hears answers in it."""

from helper_driver import Asker
from helper_line import write_one_pdu

from ampacity.bus.client.ascii_client import AsciiClient, from_ascii, to_ascii
from ampacity.bus.client.request import LOWER
from ampacity.bus.modbus.frames import read_pdu, rtu_frame

FACTS = {"baud": 38400, "parity": "E", "stop": 1, "transit_ms": 100}
START_US = 1 << 40


def test_a_frame_of_the_standard_is_encoded_with_its_checksum():
    assert to_ascii(rtu_frame(1, read_pdu(3, 0, 1))) == b":010300000001FB\r\n"


def test_an_encoded_frame_is_decoded_in_small_and_capital_letters():
    frame = rtu_frame(17, bytes((3, 4, 0xAB, 0xCD, 0x0F, 0xF0)))
    line = to_ascii(frame)[1:-2]
    assert from_ascii(line) == frame
    assert from_ascii(bytes([c + 32 if 65 <= c <= 70 else c for c in line])) == frame


def test_malformed_lines_are_not_frames():
    line = to_ascii(rtu_frame(1, read_pdu(3, 0, 1)))[1:-2]
    for wrong in (b"", b"01", line[:-1], line[:-2] + b"FC", b"G" + line[1:], line[:4] + b" " + line[5:], line + b"01"):
        assert from_ascii(wrong) == b"", wrong


def engine(*drivers):
    return AsciiClient(FACTS, list(drivers))


def asked(bus, now_us):
    """The next frame that it sends, and when."""
    for _ in range(1000):
        data, wake_us = bus.next(now_us)
        if data:
            return data, now_us
        now_us = max(wake_us, now_us + 1)
    raise AssertionError("it asks nothing")


def answer(*values):
    data = b""
    for value in values:
        data += bytes((value >> 8, value & 255))
    return to_ascii(rtu_frame(7, bytes((3, len(data))) + data))


def test_an_answer_in_pieces_reaches_its_driver():
    driver = Asker(7, count=2)
    bus = engine(driver)
    data, now_us = asked(bus, START_US)
    assert data == b":070300000002F4\r\n"
    line = answer(4660, 65535)
    for at in range(0, len(line), 5):
        now_us += 20000
        bus.receive(line[at : at + 5], now_us)
        bus.next(now_us)
    assert driver.replies == [b"\x03\x04\x12\x34\xff\xff"] and driver.certain == [True]


def test_its_own_echo_is_not_an_answer():
    driver = Asker(7)
    bus = engine(driver)
    data, now_us = asked(bus, START_US)
    bus.receive(data, now_us + 4000)
    assert driver.replies == [] and bus.counters["echoes"] == 1
    bus.receive(answer(1, 2), now_us + 20000)
    assert len(driver.replies) == 1


def test_a_corrupted_line_is_counted_and_the_request_times_out():
    driver = Asker(7, timeout_ms=50)
    bus = engine(driver)
    data, now_us = asked(bus, START_US)
    bus.receive(answer(258, 2).replace(b"0102", b"0103"), now_us + 20000)
    bus.receive(b"noise\r\n:0703", now_us + 21000)
    assert bus.counters["crc_errors"] == 1
    asked(bus, now_us + 600000)
    assert driver.replies == [] and driver.failures == ["timeout"]


def test_an_endless_line_takes_no_memory_and_the_next_one_is_received():
    driver = Asker(7, timeout_ms=2000)
    bus = engine(driver)
    data, now_us = asked(bus, START_US)
    bus.receive(b":" + b"00" * 5000, now_us + 30000)
    bus.receive(answer(1, 2), now_us + 31000)
    assert len(driver.replies) == 1


def test_a_foreign_write_on_the_line_is_detected():
    heard = []
    driver = Asker(7)
    bus = engine(driver)
    bus.on_foreign = lambda unit, function, now_ms: heard.append((unit, function))
    bus.receive(to_ascii(rtu_frame(7, b"\x06\x00\x14\x00\xa0")), START_US)
    bus.next(START_US + 500000)
    assert heard == [(7, 6)]


def certain_write(before_answer):
    """Does a copy of a write certainly come from the device, after a reading before whose answer that was heard of its request?"""
    asker = Asker(7)
    bus = engine(asker)
    data, now_us = asked(bus, START_US)
    bus.receive(before_answer(data) + answer(1, 2), now_us + 20000)
    assert len(asker.replies) == 1
    asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
    data, now_us = asked(bus, now_us + 30000)
    assert data[:5] == b":0706"
    bus.receive(data, now_us + 40000)
    return asker.own[-1]


def test_a_reading_with_a_damaged_echo_does_not_show_that_the_line_has_none():
    for damaged in (lambda line: line[1:], lambda line: line[:-2], lambda line: line[:6] + b"7" + line[7:], lambda line: line[:8] + b"\r\n"):
        assert not certain_write(damaged)


def test_a_reading_without_an_echo_shows_that_the_line_has_none():
    for line_driver in (b"", b"\xff\x00"):
        assert certain_write(lambda _, heard=line_driver: heard)


def test_noise_before_a_request_is_no_damaged_echo_of_it():
    asker = Asker(7)
    bus = engine(asker)
    bus.receive(b"noise" * 9, START_US)
    data, now_us = asked(bus, START_US + 500000)
    bus.receive(answer(1, 2), now_us + 20000)
    asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
    data, now_us = asked(bus, now_us + 30000)
    bus.receive(data, now_us + 40000)
    assert asker.own[-1]
