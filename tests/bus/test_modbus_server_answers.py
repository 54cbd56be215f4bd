"""What a secondary answers to each request, at the edge of what is one; and how its line is timed."""

from helper_line import write_one_pdu

from ampacity.bus.modbus.frames import read_pdu, read_write_pdu, rtu_frame, words, write_pdu
from ampacity.bus.server.modbus_server import ModbusServer

CHAR_US, SILENCE_US = 573, 2006


class Registers:
    """100 registers from 1000, each its number; written: what was written."""

    serial, firmware, model = "SN1", "1.2.3", "Box"
    code = 0

    def __init__(self):
        self.written, self.heard = [], []

    def read(self, address, count, now_ms):
        return None if address < 1000 or address + count > 1200 else words(list(range(address, address + count)))

    def write(self, address, data, now_ms):
        if not self.code:
            self.written.append((address, data))
        return self.code

    def broadcast(self, address, data, unit, now_ms):
        self.heard.append((address, data, unit, now_ms))
        return address == 41000


def engine():
    return ModbusServer(5, Registers())


def test_registers_are_read_up_to_125_at_once():
    one = engine()
    for function in (3, 4):
        assert one.answer(read_pdu(function, 1000, 2), 0) == bytes((function, 4)) + b"\x03\xe8\x03\xe9"
    assert len(one.answer(read_pdu(3, 1000, 125), 0)) == 252 and one.answer(read_pdu(3, 1100, 1), 0)[2:] == b"\x04\x4c"
    for pdu, code in ((read_pdu(3, 1000, 0), 3), (read_pdu(3, 1000, 126), 3), (read_pdu(3, 1000, 257), 3), (read_pdu(3, 999, 1), 2),
        (read_pdu(3, 1200, 1), 2),
                      (read_pdu(3, 1000, 1)[:-1], 3), (read_pdu(3, 1000, 1) + b"\x00", 3)):  # fmt: skip
        assert one.answer(pdu, 0) == b"\x83" + bytes((code,)), pdu
    assert one.counters["exceptions"] == 7


def test_one_register_is_written_and_repeated():
    one = engine()
    pdu = write_one_pdu(6, 0x1234, 0xABCD)
    assert one.answer(pdu, 0) == pdu and one.map.written == [(0x1234, b"\xab\xcd")]
    assert one.answer(pdu[:-1], 0) == b"\x86\x03" == one.answer(pdu + b"\x00", 0)
    one.map.code = 4
    assert one.answer(pdu, 0) == b"\x86\x04" and len(one.map.written) == 1


def test_registers_are_written_up_to_123_at_once_and_whole():
    one = engine()
    assert one.answer(write_pdu(0x1234, b"abcd"), 0) == b"\x10\x12\x34\x00\x02" and one.map.written == [(0x1234, b"abcd")]
    assert one.answer(write_pdu(1, bytes(246)), 0) == b"\x10\x00\x01\x00\x7b"
    good = write_pdu(1, b"abcd")
    for pdu in (write_pdu(1, bytes(248)), write_pdu(1, b""), good[:6], good[:-1], good + b"x", good[:5] + b"\x05" + good[6:],
        good[:3] + b"\x01" + good[4:]):
        assert one.answer(pdu, 0) == b"\x90\x03", pdu
    assert len(one.map.written) == 2
    one.map.code = 2
    assert one.answer(good, 0) == b"\x90\x02"


def test_a_write_with_a_read_is_done_whole_or_not_at_all():
    one = engine()
    assert one.answer(read_write_pdu(1000, 2, 0x1234, b"ab"), 0) == b"\x17\x04\x03\xe8\x03\xe9" and one.map.written == [(0x1234, b"ab")]
    assert len(one.answer(read_write_pdu(1000, 125, 1, bytes(242)), 0)) == 252
    good = read_write_pdu(1000, 2, 1, b"abcd")
    for pdu in (read_write_pdu(1000, 0, 1, b"ab"), read_write_pdu(1000, 126, 1, b"ab"), read_write_pdu(1000, 1, 1, bytes(244)),
        read_write_pdu(1000, 1, 1, b""),
                good[:10], good[:-1], good + b"x", good[:9] + b"\x05" + good[10:], good[:7] + b"\x01" + good[8:],
                    good[:3] + b"\x01" + good[4:]):  # fmt: skip
        assert one.answer(pdu, 0) == b"\x97\x03", pdu
    assert one.answer(read_write_pdu(999, 2, 1, b"ab"), 0) == b"\x97\x02"
    assert len(one.map.written) == 2, "nothing is written where nothing can be read"
    one.map.code = 3
    assert one.answer(good, 0) == b"\x97\x03"


def test_the_identification_is_given_as_a_stream_or_object_by_object():
    one = engine()
    head = b"\x2b\x0e\x01\x81\x00\x00"
    texts = [b"\x00\x08Ampacity", b"\x01\x03Box", b"\x02\x051.2.3"]
    for asked, first in ((b"\x00", 0), (b"\x01", 1), (b"\x02", 2), (b"\x03", 0), (b"\x09", 0)):
        assert one.answer(b"\x2b\x0e\x01" + asked, 0) == head + bytes((3 - first,)) + b"".join(texts[first:])
    for number in range(3):
        assert one.answer(b"\x2b\x0e\x04" + bytes((number,)), 0) == b"\x2b\x0e\x04\x81\x00\x00\x01" + texts[number]
    for pdu, code in ((b"\x2b\x0e\x04\x03", 2), (b"\x2b\x0e\x00\x00", 3), (b"\x2b\x0e\x05\x00", 3), (b"\x2b\x0d\x01\x00", 1), (b"\x2b\x0e\x01", 1),
        (b"\x07", 1)):
        assert one.answer(pdu, 0) == bytes((pdu[0] | 0x80, code)), pdu
    assert [one.answer(b"\x2b\x0e" + bytes((kind,)) + b"\x00", 0)[2] for kind in (2, 3)] == [2, 3]
    one.map.model = "x" * 70
    assert one.answer(b"\x2b\x0e\x04\x01", 0)[7:] == b"\x01\x3c" + b"x" * 60


def heard(one, unit, pdu, now_us=1000000):
    frame = rtu_frame(unit, pdu)
    one.receive(frame, now_us)
    return now_us


def test_a_reply_is_sent_after_the_silence_and_not_when_it_is_late():
    for after_us, leaves in ((SILENCE_US - 1, False), (SILENCE_US, True), (SILENCE_US + 99999, True), (SILENCE_US + 100000, False)):
        one = engine()
        now_us = heard(one, 5, read_pdu(3, 1000, 1))
        data, wake_us = one.next(now_us + after_us)
        assert (data == rtu_frame(5, b"\x03\x02\x03\xe8")) == leaves, after_us
        if after_us < SILENCE_US:
            assert wake_us == now_us + SILENCE_US
    assert one.counters["requests"] == 1 and one.next(now_us)[1] == now_us + 10000000


def test_another_station_that_sends_first_takes_the_turn():
    one = engine()
    now_us = heard(one, 5, read_pdu(3, 1000, 1))
    one.receive(b"\x09", now_us + 100)
    assert one.next(now_us + SILENCE_US)[0] is None


def test_an_immediate_repetition_of_its_reply_is_an_echo_and_not_an_order():
    for after_chars, echo in ((0, True), (4, True), (5, False)):
        one = engine()
        now_us = heard(one, 5, write_one_pdu(6, 1, 2)) + SILENCE_US
        reply, _ = one.next(now_us)
        until_us = now_us + (len(reply) + 4) * CHAR_US + SILENCE_US
        one.receive(reply[:3], until_us if after_chars < 5 else until_us + 1)
        one.receive(reply[3:], until_us if after_chars < 5 else until_us + 1)
        assert one.counters["echoes"] == echo and one.counters["requests"] == (1 if echo else 2)
    one = engine()
    now_us = heard(one, 5, read_pdu(3, 1000, 1)) + SILENCE_US
    reply, _ = one.next(now_us)
    one.receive(reply + rtu_frame(5, read_pdu(3, 1000, 1)), now_us + 100)
    assert one.counters["echoes"] == 1 and one.counters["requests"] == 2, "what comes behind it is heard"


def test_broadcast_orders_are_accepted_whole_and_not_answered():
    one = engine()
    now_us = heard(one, 0, write_pdu(41000, b"abcd"), 7000)
    assert one.map.heard == [(41000, b"abcd", 5, 7)] and one.counters["broadcasts"] == 1 and one.counters["requests"] == 0
    assert one.next(now_us + SILENCE_US)[0] is None
    heard(one, 0, write_pdu(41001, b"abcd"), 900000)
    assert one.counters["broadcasts"] == 1 and len(one.map.heard) == 2
    for pdu in (write_one_pdu(6, 41000, 1), b"\x10\xa0\x28\x00\x00\x00", b"\x17\xa0\x28\x00\x01\x02ab"):
        heard(one, 0, pdu, 990000)
    assert len(one.map.heard) == 2


def test_a_frame_to_it_with_a_wrong_checksum_is_counted_when_the_line_is_silent():
    one = engine()
    one.receive(rtu_frame(5, read_pdu(3, 1000, 1))[:-1] + b"\x00", 50000)
    data, wake_us = one.next(50000)
    assert data is None and wake_us == 50000 + SILENCE_US and one.counters["crc_errors"] == 0
    assert one.next(wake_us)[0] is None and one.counters["crc_errors"] == 1 and one.counters["requests"] == 0
