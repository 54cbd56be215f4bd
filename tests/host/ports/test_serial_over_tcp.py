"""The firmware's serial line over a TCP connection, on both runtimes: nothing is kept for later."""

import contextlib
import os
import socket
import subprocess
import sys
import time

import pytest
from test_serial_line import ROOT, start_peer

from tools.micropython.find import find

PATIENCE_S = 30
FRAME, PAUSE_FRAMES = 256, 60
WAITING_MAX = 8 << 10  # bytes: the smallest window of a connection, and a frame


def listen(port=0):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(1)
    server.settimeout(PATIENCE_S)
    return server


def accept(server):
    client = server.accept()[0]
    client.settimeout(PATIENCE_S)
    return client


def take(client, length):
    data = b""
    while len(data) < length:
        more = client.recv(length - len(data))
        assert more
        data += more
    return data


@contextlib.contextmanager
def narrow_connection(runtime):
    """(the listening socket, the end of a gateway whose window is the smallest) of a line that has connected."""
    server = listen()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    peer = start_peer(runtime, f"socket://127.0.0.1:{server.getsockname()[1]}")
    try:
        with accept(server) as client:
            time.sleep(0.1)
            yield server, client
    finally:
        server.close()
        peer.terminate()
        peer.wait(30)


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_bytes_pass_and_a_gateway_that_was_away_is_found_again(runtime):
    server = listen()
    port = server.getsockname()[1]
    peer = start_peer(runtime, f"socket://127.0.0.1:{port}")
    try:
        client = accept(server)
        time.sleep(0.1)
        for data in (bytes(range(256)), b"\x11\x13\x00\xff" * 60):
            client.sendall(data)
            assert take(client, len(data)) == data
        server.close()
        client.close()
        time.sleep(0.5)
        server = listen(port)
        client = accept(server)
        time.sleep(0.1)
        client.sendall(b"again")
        assert take(client, 5) == b"again"
        client.sendall(b"stop")
        opened, lost = take(client, 3).split()
        assert int(opened) >= 2 and int(lost) >= 1
        client.close()
    finally:
        server.close()
        peer.terminate()
        peer.wait(30)


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_of_what_is_written_while_a_gateway_takes_nothing_one_frame_waits(runtime):
    """It still speaks, and takes again after a moment: its connection is the same, and nothing old comes before what is new."""
    with narrow_connection(runtime) as (_, client):
        for number in range(PAUSE_FRAMES):
            client.sendall(b"%03d " % number * (FRAME // 4))
            time.sleep(0.02)
        client.settimeout(0.5)
        old = b""
        with pytest.raises(TimeoutError):
            while True:
                old += client.recv(4096)
        assert FRAME < len(old) <= WAITING_MAX < FRAME * PAUSE_FRAMES
        client.settimeout(PATIENCE_S)
        client.sendall(b"new")
        assert take(client, 3) == b"new"
        client.sendall(b"stop")
        assert take(client, 3) == b"1 0"


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_a_gateway_that_takes_nothing_is_connected_again_and_gets_nothing_old(runtime):
    with narrow_connection(runtime) as (server, client):
        end_s = time.monotonic() + PATIENCE_S
        with pytest.raises(OSError):
            while time.monotonic() < end_s:
                client.sendall(b"\x55" * FRAME)
                time.sleep(0.02)
        with accept(server) as fresh:
            fresh.settimeout(0.5)
            with pytest.raises(TimeoutError):
                fresh.recv(1)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_a_line_that_is_lost_before_the_first_turn_of_its_reader_ends_nothing_else(runtime, host):
    with listen() as server:
        port = server.getsockname()[1]  # nobody listens there any more
    environment = dict(os.environ, PYTHONPATH="firmware", MICROPYPATH="firmware:.frozen")
    program = [sys.executable if runtime == "cpython" else find(), "tests/host/ports/closed_at_once.py", f"socket://{host}:{port}"]
    run = subprocess.run(program, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, "lives\n")
