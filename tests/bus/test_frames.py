"""Checksum, lengths and silences of Modbus frames."""

from helper_line import write_one_pdu

from ampacity.base.errors import Rejected
from ampacity.bus.modbus.crc import TABLE, crc16
from ampacity.bus.modbus.frames import (
    char_us,
    crc_ok,
    read_pdu,
    read_write_pdu,
    reply_len,
    reply_pdu_len,
    request_len,
    rtu_frame,
    silence_us,
    words,
    write_pdu,
)
from ampacity.bus.modbus.mbap import MbapReceiver, mbap_frame
from check import raises


def test_the_checksum_follows_the_standard():
    assert crc16(b"123456789") == 0x4B37
    assert rtu_frame(2, b"\x07") == bytes((0x02, 0x07, 0x41, 0x12))  # serial line V1.02, example of 6.2.2


def test_a_frame_with_one_wrong_bit_is_rejected():
    frame = rtu_frame(17, read_pdu(3, 107, 3))
    assert crc_ok(frame)
    for bit in range(8 * len(frame)):
        wrong = bytearray(frame)
        wrong[bit >> 3] ^= 1 << (bit & 7)
        assert not crc_ok(wrong)
    assert not crc_ok(b"") and not crc_ok(b"\xff\xff\xff")


def test_a_silence_is_three_and_a_half_characters_and_fixed_above_19200():
    assert silence_us(9600) == 4011
    assert silence_us(19200) == 2006
    assert silence_us(115200) == 1750
    assert char_us(19200) == 573
    with raises(Rejected):
        silence_us(300)


def test_the_length_of_a_request_is_known_from_its_first_bytes():
    pdus = (
        read_pdu(1, 0, 9),
        read_pdu(4, 0, 1),
        write_one_pdu(6, 1, 2),
        write_pdu(3, words([1, 2, 3])),
        read_write_pdu(0, 1, 5, words([1])),
        b"\x2b\x0e\x01\x00",
    )
    for pdu in pdus:
        frame = rtu_frame(9, pdu)
        assert request_len(b"\x00" + frame, 1, 1 + len(frame)) == len(frame)
        assert request_len(frame, 0, 1) == 0
    assert request_len(b"\x09\x41\x00", 0, 3) == -1


def test_the_length_of_a_reply_is_known_from_its_first_bytes():
    pdus = (b"\x03\x04abcd", b"\x10\x00\x01\x00\x02", b"\x83\x02", b"\x17\x02ab", b"\x2b\x0e\x01\x81\x00\x00\x02\x00\x01x\x01\x00")
    for pdu in pdus:
        frame = rtu_frame(9, pdu)
        assert reply_len(frame, 0, len(frame)) == len(frame)
        assert reply_len(frame, 0, 2) == 0
    assert reply_len(b"\x09\x41\x00", 0, 3) == -1


def test_the_reply_to_a_request_has_the_requested_length():
    assert reply_pdu_len(read_pdu(3, 0, 10)) == 22
    assert reply_pdu_len(read_pdu(1, 0, 9)) == 4
    assert reply_pdu_len(write_pdu(0, words([1]))) == 5
    assert reply_pdu_len(read_write_pdu(0, 7, 0, words([1]))) == 16
    assert reply_pdu_len(b"\x2b\x0e\x01\x00") == 0


def test_frames_of_tcp_are_cut_from_a_stream_in_any_chunks():
    stream = mbap_frame(1, 5, b"\x03\x02ab") + mbap_frame(0xFFFF, 6, b"\x83\x02")
    for chunk in (1, 2, 5, 7, 100):
        receiver, frames = MbapReceiver(), []
        for i in range(0, len(stream), chunk):
            receiver.receive(stream[i : i + chunk])
            frame = receiver.take()
            while frame is not None:
                frames.append(frame)
                frame = receiver.take()
        assert frames == [(1, 5, b"\x03\x02ab"), (0xFFFF, 6, b"\x83\x02")]


def test_a_tcp_header_that_cannot_be_one_breaks_the_stream():
    for head in (b"\x00\x01\x00\x01\x00\x03\x01", b"\x00\x01\x00\x00\x00\x01\x01", b"\x00\x01\x00\x00\x01\x00\x01"):
        receiver = MbapReceiver()
        receiver.receive(head + b"\x03\x00\x00")
        assert receiver.take() is None and receiver.broken


def test_the_table_of_the_checksum_is_that_of_its_polynomial():
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        assert TABLE[byte] == crc
