"""The firmware's serial line over a TCP connection, on both runtimes: nothing is kept for later."""

import socket
import time

import pytest
from test_serial_line import start_peer

PATIENCE_S = 30
WAITING_MAX = 8 << 10  # bytes of echo that may be handed to a connection which takes none before it is dropped: its smallest window, and some frames


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


@pytest.mark.parametrize("piece", [64, 512])
@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_data_that_a_gateway_does_not_accept_is_not_sent_later(runtime, piece):
    """A gateway that still speaks: the kernel alone waits for it, longer with each of its segments."""
    server = listen()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    peer = start_peer(runtime, f"socket://127.0.0.1:{server.getsockname()[1]}")
    try:
        client = accept(server)
        time.sleep(0.1)
        sent = 0
        with pytest.raises(OSError):
            while sent < WAITING_MAX:
                sent += client.send(b"\x55" * piece)
                time.sleep(0.02)
        fresh = accept(server)
        fresh.settimeout(0.5)
        with pytest.raises(TimeoutError):
            fresh.recv(1)
        fresh.close()
    finally:
        client.close()
        server.close()
        peer.terminate()
        peer.wait(30)
