"""The ASCII spelling against an independent one: both ways, a few thousand frames; and a sleeping wall box behind it."""

import random
import sys
from pathlib import Path

import pytest
from pymodbus.framer.ascii import FramerAscii
from pymodbus.pdu import DecodePDU

from ampacity.bus.client.ascii_client import from_ascii, to_ascii
from ampacity.bus.modbus.frames import rtu_frame

sys.path.append(str(Path(__file__).resolve().parents[1] / "profiles"))
from tests.host.profiles.garage import Garage  # noqa: E402  other rooms have a garage of their own

OTHER = FramerAscii(DecodePDU(is_server=False))
SITE = """
[site]
name = "letters"

[[circuit]]
name = "main"
rating_a = 40.0

[[bus]]
name = "line"
kind = "ascii"
port = "virtual"
baud = 38400
parity = "E"

[[evse]]
name = "box-1"
kind = "abl-emh1"
bus = "line"
unit = 1
circuit = "main"
max_a = 16.0

[[evse]]
name = "box-2"
kind = "abl-emh1"
bus = "line"
unit = 2
circuit = "main"
max_a = 16.0
"""


def test_thousands_of_frames_are_encoded_like_the_other_implementation():
    rng = random.Random(5)
    for _ in range(3000):
        unit, pdu = rng.randrange(1, 248), rng.randbytes(rng.randrange(2, 60))
        frame = rtu_frame(unit, pdu)
        line = OTHER.encode(pdu, unit, 0)
        assert to_ascii(frame) == line and from_ascii(line[1:-2]) == frame
        assert OTHER.decode(to_ascii(frame))[1::2] == (unit, pdu)


def test_a_corrupted_character_is_detected_like_the_other_implementation():
    rng = random.Random(6)
    for _ in range(3000):
        line = bytearray(to_ascii(rtu_frame(rng.randrange(1, 248), rng.randbytes(rng.randrange(2, 30)))))
        line[rng.randrange(1, len(line) - 2)] = rng.choice(b"0123456789ABCDEF")
        theirs = OTHER.decode(bytes(line))[3]
        ours = from_ascii(line[1:-2])
        assert bytes(ours[1:-2]) == bytes(theirs)


@pytest.fixture
def garage(tmp_path):
    (tmp_path / "site.toml").write_text(SITE)
    return Garage(tmp_path / "site.toml")


def test_two_sleeping_wallboxes_share_a_line_and_the_available_current(garage):
    garage.run(60_000)
    assert garage.guard.mode == "regulating" and all(60 <= da <= 160 for da in garage.offered_da())
    assert garage.buses[0][0].counters["timeouts"] > 10  # the frames that woke them
    assert all(device.limit_da <= max(garage.guard.bound_da(i)) for i, device in enumerate(garage.devices))


def test_a_lower_reaches_a_sleeping_device_within_half_a_second(garage):
    garage.run(60_000)
    garage.guard.limit("test", ("evse", 0), [0, 0, 0], None, "hold")
    garage.run(500)
    assert garage.devices[0].limit_da == 0


def test_after_a_silence_the_device_recovers(garage):
    garage.run(60_000)
    garage.deaf.add(garage.devices[0])
    garage.run(20_000)
    assert garage.guard.state(0) == "silent"
    garage.deaf.clear()
    garage.run(60_000)
    assert garage.guard.state(0) == "ok" and garage.offered_da()[0] >= 60
