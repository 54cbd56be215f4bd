"""Frames and PDUs byte by byte, as the standard has them, and how long one will be of which little is here yet."""

from helper_line import write_one_pdu

from ampacity.base.errors import Rejected
from ampacity.bus.client.rtu_client import is_write
from ampacity.bus.modbus.frames import (
    WRITES,
    char_us,
    crc_ok,
    exception_pdu,
    read_pdu,
    read_write_pdu,
    refusal,
    reply_len,
    reply_pdu_len,
    request_len,
    rtu_frame,
    silence_us,
    words,
    write_pdu,
)
from ampacity.bus.modbus.mbap import MbapReceiver, mbap_frame
from ampacity.bus.modbus.rtu_receiver import STALL_US, RtuReceiver
from check import raises

CHAR_US, SILENCE_US = 573, 2006


def test_requests_are_the_bytes_of_the_standard():
    assert read_pdu(3, 0x1234, 0x7D) == b"\x03\x12\x34\x00\x7d" and read_pdu(1, 0x0102, 0x07D0) == b"\x01\x01\x02\x07\xd0"
    assert write_one_pdu(6, 0x1234, 0xABCD) == b"\x06\x12\x34\xab\xcd" and words([0x1234, 0, 0xFFFF]) == b"\x12\x34\x00\x00\xff\xff"
    assert write_pdu(0x1234, b"abcd") == b"\x10\x12\x34\x00\x02\x04abcd"
    assert read_write_pdu(0x1234, 5, 0x5678, b"abcdef") == b"\x17\x12\x34\x00\x05\x56\x78\x00\x03\x06abcdef"
    assert exception_pdu(3, 2) == b"\x83\x02" and exception_pdu(0x83, 2) == b"\x83\x02"


def test_functions_that_write_are_known():
    assert [function for function in range(128) if is_write(function)] == [5, 6, 15, 16, 22, 23] == list(WRITES)


def test_a_refusal_by_a_gateway_is_a_silence_of_the_device():
    assert [refusal(bytes((0x83, code))) for code in (1, 2, 4, 9, 10, 11, 12)] == [
        "exception:1", "exception:2", "exception:4", "exception:9", "gateway", "gateway", "exception:12"]  # fmt: skip


def test_times_are_rounded_up_and_the_baud_has_its_limits():
    assert [char_us(baud) for baud in (1000, 9600, 19200, 115200)] == [11000, 1146, 573, 96] and char_us(10000000, 10) == 1 and char_us(9600,
        10) == 1042
    assert [silence_us(baud) for baud in (1200, 9600, 19200, 19201, 115200)] == [32084, 4011, 2006, 1750, 1750]
    for baud in (1199, 115201):
        with raises(Rejected):
            silence_us(baud)


def test_a_frame_has_four_bytes_at_least_and_256_at_most():
    assert [crc_ok(rtu_frame(1, bytes(size))) for size in (0, 1, 253, 254)] == [False, True, True, False]


def test_the_length_of_a_reply_is_known_from_its_byte_count():
    assert [reply_pdu_len(read_pdu(f, 0, 0x0102)) for f in (1, 2, 3, 4, 5, 6, 15, 16, 43)] == [35, 35, 518, 518, 5, 5, 5, 5, 0]
    assert [reply_pdu_len(read_pdu(1, 0, count)) for count in (1, 8, 9, 16, 17)] == [3, 3, 4, 4,
        5] and reply_pdu_len(read_write_pdu(0, 7, 0, b"")) == 16
    pad = b"\xee\xee"
    for head, size in ((b"\x01\x83\x02", 5), (b"\x01\xff\x02", 5), (b"\x01\x05\x00", 8), (b"\x01\x06\x00", 8), (b"\x01\x0f\x00", 8),
        (b"\x01\x10\x00", 8),
                       (b"\x01\x07\x00", -1), (b"\x01\x16\x00", -1)):  # fmt: skip
        assert reply_len(pad + head, 2, 5) == size and reply_len(pad + head, 2, 4) == 0
    for function in (1, 2, 3, 4, 23):
        assert reply_len(pad + bytes((1, function, 9)), 2, 5) == 14, function


def test_the_length_of_a_request_is_known_from_its_byte_count():
    pad = b"\xee\xee"
    for function, size in ((0, -1), (1, 8), (2, 8), (5, 8), (6, 8), (7, -1), (22, -1), (43, 7), (44, -1)):
        assert request_len(pad + bytes((1, function)), 2, 4) == size and request_len(pad + bytes((1, function)), 2, 3) == 0, function
    for function, counted, size in ((15, 6, 9), (16, 6, 9), (23, 10, 13)):
        frame = pad + bytes((1, function)) + bytes(counted - 2) + b"\x08"
        assert request_len(frame, 2, len(frame)) == size + 8 and request_len(frame + b"xyz", 2, len(frame) - 1) == 0, function


def identification(*texts):
    body = b"\x2b\x0e\x01\x81\x00\x00" + bytes((len(texts),))
    for number, text in enumerate(texts):
        body += bytes((number, len(text))) + text
    return rtu_frame(1, body)


def test_an_identification_is_as_long_as_its_objects():
    for texts in ((), (b"a",), (b"ab", b"", b"xyz")):
        frame = identification(*texts)
        for end in range(2, len(frame) + 1):
            known = reply_len(b"\xee" + frame, 1, 1 + end)
            assert known in (0, len(frame)) and (known or end < len(frame) - 1), (texts, end)
        assert reply_len(b"\xee" + frame, 1, 1 + len(frame)) == len(frame)
    assert reply_len(identification(), 0, 8) == 10 and reply_len(identification(), 0, 7) == 0
    assert reply_len(identification(b"a"), 0, 7) == 0 and reply_len(identification(b"a"), 0, 9) == 0


def test_frames_of_tcp_carry_their_transaction_and_their_length():
    assert mbap_frame(0x1234, 5, b"abc") == b"\x12\x34\x00\x00\x00\x04\x05abc" and mbap_frame(1, 5, bytes(300))[4:6] == b"\x01\x2d"
    for size, fits in ((1, True), (0, False), (253, True), (254, False)):
        receiver = MbapReceiver()
        receiver.receive(mbap_frame(0x1234, 5, bytes(size)))
        assert receiver.take() == ((0x1234, 5, bytes(size)) if fits else None) and receiver.broken != fits, size
        receiver.receive(mbap_frame(1, 5, b"ab"))
        assert (receiver.take() is not None) == fits, "a broken stream stays so"
    for at in (2, 3):
        head = bytearray(mbap_frame(1, 5, b"ab"))
        head[at] = 1
        receiver = MbapReceiver()
        receiver.receive(bytes(head))
        assert receiver.take() is None and receiver.broken
    receiver = MbapReceiver()
    receiver.receive(b"\x00\x01\x00\x01\x00")
    assert receiver.take() is None and not receiver.broken, "five bytes are no header"


OURS = rtu_frame(7, write_pdu(100, words([1, 2])))


def heard(*chunks):
    """A receiver of unit 7 that got these chunks: (silence before it in µs, bytes)."""
    r, now_us = RtuReceiver((7,), request_len, SILENCE_US, CHAR_US), 0
    for gap_us, data in chunks:
        now_us += gap_us + len(data) * CHAR_US
        r.receive(data, now_us)
    return r, now_us


def test_a_frame_with_a_long_gap_is_discarded_and_others_are_completed():
    for gap_us, whole in ((STALL_US - 1, True), (STALL_US, False)):
        r, now_us = heard((0, OURS[:5]), (gap_us, OURS[5:]))
        frame = r.take(now_us + SILENCE_US)
        assert (frame == (7, OURS[1:-2])) == whole and r.skipped == (0 if whole else 5)
        assert r.empty() == whole


def test_bytes_that_look_like_a_foreign_frame_are_discarded_at_the_next_silence():
    for foreign, gap_us, dropped in ((rtu_frame(9, read_pdu(3, 0, 1)), SILENCE_US, 8), (rtu_frame(9, read_pdu(3, 0, 1)), SILENCE_US - 1, 0),
                                     (rtu_frame(9, b"\x03\x02ab"), SILENCE_US, 7), (rtu_frame(9, b"\x03\x03ab"), SILENCE_US, 0),
                                     (b"\x09\x03\x00\x01", SILENCE_US, 0), (rtu_frame(7, read_pdu(3, 0, 1)), SILENCE_US, 0)):  # fmt: skip
        r, _ = heard((0, foreign), (gap_us, b"\x07"))
        assert r.skipped == dropped, (foreign, gap_us)


def test_data_beyond_the_size_of_a_frame_is_counted_and_the_newest_is_kept():
    r, now_us = heard((0, bytes(250)), (0, bytes(6)))
    assert (r.too_long, r.skipped) == (0, 0)
    r.receive(b"\x01", now_us)
    assert (r.too_long, r.skipped) == (1, 256)
    r, now_us = heard((0, bytes(300) + OURS))
    assert (r.too_long, r.skipped) == (1, 300 + len(OURS) - 256) and r.take(now_us + SILENCE_US) == (7, OURS[1:-2])


def test_a_frame_behind_others_is_found_in_the_silence_and_the_bytes_before_it_are_reported():
    told = []
    r, now_us = heard((0, b"\x07\x09xyz" + OURS + OURS))
    r.on_skipped = told.append
    assert r.take(now_us) is None and r.wake_at() == now_us + SILENCE_US and not r.spoilt(4, now_us + SILENCE_US)
    assert r.take(now_us + SILENCE_US - 1) is None
    assert r.take(now_us + SILENCE_US) == (7, OURS[1:-2]) == r.take(now_us + SILENCE_US)
    assert told == [b"\x07\x09xyz"] and r.skipped == 5 and r.empty() and r.wake_at() is None and r.take(now_us + SILENCE_US) is None


def test_a_whole_frame_with_a_wrong_checksum_is_counted_and_spoilt():
    wrong = OURS[:-1] + b"\x00"
    r, now_us = heard((0, wrong))
    assert r.take(now_us) is None and r.crc_errors == 0
    assert r.take(now_us + SILENCE_US) is None and r.crc_errors == 1 and r.wake_at() is None
    for size, spoilt in ((len(wrong), True), (len(wrong) + 1, False), (4, True), (3, False)):
        assert r.spoilt(size, now_us + SILENCE_US) == spoilt
    assert not r.spoilt(4, now_us + SILENCE_US - 1)
    r.flush()
    assert r.empty() and r.skipped == len(wrong)
    r.flush()
    assert r.skipped == len(wrong)
    r, now_us = heard((0, rtu_frame(9, read_pdu(3, 0, 1))))
    assert r.take(now_us) is None and not r.spoilt(4, now_us + SILENCE_US) and r.wake_at() is None, "somebody else's frame is no spoilt one of ours"


def test_an_unknown_function_is_as_long_as_what_the_silence_delimits():
    for data, whole in ((rtu_frame(7, b"\x41abc"), True), (b"x" + rtu_frame(7, b"\x41abc"), False)):
        r, now_us = heard((0, data))
        assert r.take(now_us) is None and (r.take(now_us + SILENCE_US) is not None) == whole
