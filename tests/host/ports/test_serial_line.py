"""The firmware's serial line on a real pty pair, against pyserial, on both runtimes."""

import os
import pathlib
import pty
import select
import subprocess
import sys
import time
import tty

import pytest
import serial
from pty_pair import Pair

from tools.micropython.find import find

ROOT = pathlib.Path(__file__).resolve().parents[3]
PEER = "tests/host/ports/line_peer.py"


def start_peer(runtime, device, baud=19200, parity="E"):
    environment = dict(os.environ, PYTHONPATH="firmware", MICROPYPATH="firmware:.frozen")
    program = [sys.executable] if runtime == "cpython" else [find()]
    return subprocess.Popen(
        [*program, PEER, device, str(baud), parity], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def pair(tmp_path):
    both = Pair(tmp_path)
    yield both
    both.close()


@pytest.fixture(params=["cpython", "micropython"])
def runtime(request):
    return request.param


@pytest.fixture
def talk(pair, runtime):
    peer = start_peer(runtime, pair.theirs)
    assert peer.stdout.readline() == "up\n"
    with serial.Serial(pair.ours, 19200, parity="E", timeout=20) as port:
        yield lambda data, length: (port.write(data), port.read(length))[1]
        port.write(b"stop")
        peer.wait(30)


def test_every_byte_value_returns_unchanged(talk):
    for data in (bytes(range(256)), b"\x11\x13\x0d\x0a\x03\x04\x00\xff" * 20):
        assert talk(data, len(data)) == data


def test_wake_ends_a_waiting_read_at_once(talk):
    length, _, ms = talk(b"wake", 7).partition(b" ")
    assert length == b"0" and 15 <= int(ms) < 4000


def test_a_read_ends_close_to_its_time(talk):
    assert 1750 <= int(talk(b"time", 8)) < 500000


def test_a_vanished_device_is_lost_and_found_again(tmp_path, runtime):
    pair = Pair(tmp_path)
    peer = start_peer(runtime, pair.theirs)
    try:
        assert peer.stdout.readline() == "up\n"
        pair.close()
        pair = Pair(tmp_path)
        with serial.Serial(pair.ours, 19200, timeout=0.3) as port:
            end, heard = time.monotonic() + 30, b""
            while heard != b"ping" and time.monotonic() < end:
                port.reset_input_buffer()
                port.write(b"ping")
                heard = port.read(4)
            assert heard == b"ping"
            port.write(b"stop")
            port.timeout = 20
            assert port.read(3) == b"2 1"
        peer.wait(30)
    finally:
        peer.kill()
        pair.close()


def test_the_line_gets_the_requested_baud_rate_parity_and_stop_bits(runtime):
    import termios

    master, slave = pty.openpty()
    tty.setraw(master)
    peer = start_peer(runtime, os.ttyname(slave), 9600, "O")
    try:
        assert peer.stdout.readline() == "up\n"
        iflag, oflag, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(slave)
        assert (ispeed, ospeed, oflag, lflag) == (termios.B9600, termios.B9600, 0, 0)
        # a pty keeps eight bits without parity whatever it is asked for; PARODD shows that it was asked
        assert cflag & termios.CSIZE == termios.CS8 and cflag & termios.PARODD and iflag & termios.INPCK
        os.write(master, b"stop")
        assert select.select([master], [], [], 20)[0] and os.read(master, 16) == b"1 0"
        peer.wait(30)
    finally:
        peer.kill()
        os.close(master)
        os.close(slave)
