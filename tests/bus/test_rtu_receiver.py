"""Framing under the chunks, gaps and noise of a real line."""

from ampacity.base.rng import Rng
from ampacity.bus.modbus.frames import read_pdu, request_len, rtu_frame, words, write_pdu
from ampacity.bus.modbus.rtu_receiver import STALL_US, RtuReceiver

CHAR_US, SILENCE_US = 573, 2006
OURS = rtu_frame(7, write_pdu(100, words([1, 2, 3])))
FOREIGN_REQUEST = rtu_frame(9, read_pdu(3, 40000, 20))
FOREIGN_REPLY = rtu_frame(9, b"\x03\x28" + words(list(range(20))))


def receiver():
    return RtuReceiver((0, 7), request_len, SILENCE_US, CHAR_US)


def feed(r, data, now_us, chunk=300):
    """Feeds and takes as an engine does; the frames and the time of the last byte."""
    frames = []
    for i in range(0, len(data), chunk):
        part = data[i : i + chunk]
        now_us += len(part) * CHAR_US
        r.receive(part, now_us)
        frame = r.take(now_us)
        while frame is not None:
            frames.append(frame)
            frame = r.take(now_us)
    return frames, now_us


def test_a_frame_is_accepted_with_its_last_byte_in_any_chunks():
    for chunk in (1, 2, 3, 5, 16, 300):
        frames, _ = feed(receiver(), OURS, 1000, chunk)
        assert frames == [(7, OURS[1:-2])]


def test_a_frame_for_another_unit_is_ignored():
    r, now_us = receiver(), 0
    for data in (FOREIGN_REQUEST, FOREIGN_REPLY):
        frames, now_us = feed(r, data, now_us + SILENCE_US)
        assert frames == [] and r.wake_at() is None
    frames, _ = feed(r, OURS, now_us + SILENCE_US)
    assert frames == [(7, OURS[1:-2])]


def test_a_frame_in_one_chunk_with_foreign_frames_is_found_when_the_line_is_silent():
    for before in (FOREIGN_REQUEST, FOREIGN_REPLY, FOREIGN_REQUEST + FOREIGN_REPLY):
        r = receiver()
        frames, now_us = feed(r, before + OURS, 0)
        assert frames == []
        assert r.wake_at() == now_us + SILENCE_US
        assert r.take(now_us + SILENCE_US) == (7, OURS[1:-2])


def test_noise_in_front_of_a_frame_is_skipped():
    for noise in (b"\xff", b"\x00", b"\x07", b"\x07\x03", b"\x00\x10\x00\x00\x00\x00\xff", b"\x55\xaa\x07"):
        r = receiver()
        frames, now_us = feed(r, noise + OURS, 0)
        if not frames:
            frames = [r.take(now_us + SILENCE_US)]
        assert frames == [(7, OURS[1:-2])], noise
        assert r.skipped == len(noise)


def test_half_a_frame_is_discarded_when_its_bytes_stop():
    r = receiver()
    _, now_us = feed(r, OURS[:9], 0)
    frames, _ = feed(r, OURS, now_us + STALL_US)
    assert frames == [(7, OURS[1:-2])]


def test_a_late_chunk_does_not_cut_a_frame():
    r = receiver()
    _, now_us = feed(r, OURS[:9], 0)
    frames, _ = feed(r, OURS[9:], now_us + STALL_US // 2)
    assert frames == [(7, OURS[1:-2])]


def test_data_beyond_the_size_of_a_frame_is_bounded_and_counted():
    r = receiver()
    _, now_us = feed(r, bytes(5000), 0, 64)
    assert r.too_long > 0
    frames, _ = feed(r, OURS, now_us + STALL_US)
    assert frames == [(7, OURS[1:-2])]


def test_an_unknown_function_is_a_frame_when_silence_ends_it():
    r = receiver()
    frame = rtu_frame(7, b"\x63\x01\x02")
    frames, now_us = feed(r, frame, 0)
    assert frames == []
    assert r.take(now_us + SILENCE_US) == (7, b"\x63\x01\x02")


def test_of_thousands_of_mutated_frames_none_without_a_valid_checksum_is_accepted():
    rng = Rng(7)
    r, now_us, taken = receiver(), 0, 0
    for _ in range(3000):
        data = bytearray((OURS, FOREIGN_REQUEST, FOREIGN_REPLY)[rng.below(3)])
        good = bytes(data)
        for _ in range(1 + rng.below(4)):
            data[rng.below(len(data))] = rng.below(256)
        data = bytes(data[: 1 + rng.below(len(data))])
        frames, now_us = feed(r, data, now_us + rng.below(2 * STALL_US), 1 + rng.below(20))
        frame = r.take(now_us + SILENCE_US)
        while frame is not None:
            frames.append(frame)
            frame = r.take(now_us + SILENCE_US)
        for unit, pdu in frames:
            taken += 1
            assert rtu_frame(unit, pdu) in (good, OURS)
    assert taken < 100
