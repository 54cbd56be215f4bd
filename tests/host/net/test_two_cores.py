"""Our client core and the library's server core, byte for byte in one process, with random traffic cut at random places."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from ampacity.base.rng import Rng
from ampacity.base.url import parse_url
from ampacity.net.websocket import WebSocketClient

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def all_of(client, data):
    """What the client makes of these bytes, however many frames they are."""
    events = client.receive(data)
    while client.more:
        events += client.receive(b"")
    return events


def pair(message_max=65536):
    """(client, server), both open."""
    url = parse_url("ws://localhost/x")
    client = WebSocketClient(url, ("ocpp2.0.1",), "id", "pw", message_max, Rng(5).bytes)
    server = ServerProtocol(subprotocols=["ocpp2.0.1"])
    server.receive_data(client.start())
    (request,) = server.events_received()
    server.send_response(server.accept(request))
    assert client.receive(b"".join(server.data_to_send())) == [("open",)]
    return client, server


def cut(data, sizes):
    """The data in pieces of these sizes, again and again."""
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        yield data[at : at + size]
        at += size
        turn += 1


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, max_size=8), st.lists(st.integers(1, 400), min_size=1, max_size=5))
def test_the_library_receives_the_data_of_the_client(said, sizes):
    client, server = pair()
    data = b"".join([client.send_text(text) for text in said])
    for piece in cut(data, sizes):
        server.receive_data(piece)
    assert [frame.data.decode() for frame in server.events_received()] == said


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(texts, st.integers(1, 60), st.booleans()), max_size=6),
    st.lists(st.integers(1, 400), min_size=1, max_size=5),
)
def test_the_client_receives_fragments_and_pings_of_the_library(said, sizes):
    client, server = pair()
    for text, size, ping in said:
        data = text.encode()
        parts = [data[i : i + size] for i in range(0, len(data), size)] or [b""]
        for i, part in enumerate(parts):
            last = i == len(parts) - 1
            server.send_text(part, fin=last) if i == 0 else server.send_continuation(part, fin=last)
            if ping:
                server.send_ping(b"p%d" % i)
    events = []
    for piece in cut(b"".join(server.data_to_send()), sizes):
        events += all_of(client, piece)
        server.receive_data(client.data_to_send())
    assert events == [("text", text) for text, _, _ in said]
    pongs = [frame for frame in server.events_received() if frame.opcode is Opcode.PONG]
    assert len(pongs) == sum([max(1, -(-len(text.encode()) // size)) for text, size, ping in said if ping])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_garbage_is_an_error_with_the_code_that_the_library_understands(chunks):
    client, server = pair(500)
    events = []
    for chunk in chunks:
        events += all_of(client, chunk)
        out = client.data_to_send()
        if out and server.close_rcvd is None:
            server.receive_data(out)
    assert server.parser_exc is None
    assert sum([event[0] in ("error", "closed") for event in events]) <= 1
    if any([event[0] == "error" for event in events]):
        assert server.close_rcvd.code in (1002, 1003, 1007, 1009)


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_both_cores_refuse_the_same_opcodes(opcode):
    client, server = pair()
    data = bytes([0x80 | opcode, 0])
    assert client.receive(data)[0][0] == "error"
    server.receive_data(data[:1] + b"\x80abcd")
    assert server.parser_exc is not None


def test_closing_from_either_side_ends_both():
    client, server = pair()
    server.receive_data(client.close(1000, "done"))
    assert client.receive(b"".join(server.data_to_send())) == [("closed", 1000, "done")]
    client, server = pair()
    server.send_close(1001, "away")
    assert client.receive(b"".join(server.data_to_send())) == [("closed", 1001, "away")]
    server.receive_data(client.data_to_send())
    server.receive_eof()
    assert server.close_code == 1001
    with pytest.raises(ConnectionClosed):
        raise server.close_exc


def test_frames_equal_those_of_the_library():
    client, _ = pair()
    ours = client.ping(b"hello")
    key = ours[2:6]
    masked = bytes([b ^ key[i % 4] for i, b in enumerate(b"hello")])
    assert ours == b"\x89\x85" + key + masked
    assert Frame(Opcode.PING, b"hello").serialize(mask=False) == b"\x89\x05hello"
