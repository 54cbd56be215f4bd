"""The control channel against what is no client of it."""

import asyncio
import json

import pytest

from ampacity_host.rig.control_channel.server import ControlServer


class Ops:
    def __init__(self):
        self.done = []

    def names(self):
        return ["plug"]

    async def run(self, name, fields):
        self.done.append(name)
        return {}


async def said(*sent):
    """(what was done, what came back until the end or an answer) of a connection that says these bytes."""
    ops = Ops()
    server = ControlServer(ops)
    host, port = (await server.start("127.0.0.1", 0)).split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for data in sent:
        writer.write(data)
    try:
        answer = await reader.readline()
    except ConnectionResetError:
        answer = b""
    writer.close()
    await server.close()
    return ops.done, answer


OP = b'{"id":1,"op":"plug"}\n'


@pytest.mark.parametrize("head", [
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n", b"GET /x HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\n",
    b"\x16\x03\x01\x02\x0a\x01\n", b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n",
])
def test_data_of_a_browser_ends_the_connection_without_an_answer_or_action(head):
    assert asyncio.run(said(head + OP)) == ([], b"")


def test_a_line_other_than_json_is_answered_and_the_next_one_is_executed():
    done, answer = asyncio.run(said(b"hello\n", OP))
    assert done in ([], ["plug"]) and json.loads(answer)["ok"] is False
    for op in (OP, b'{"id":1,"op":"plug","car":"by HTTP/1.1"}\n', b'{"id":1,"op":"plug","car": "HTTP/1.1" }\n'):
        assert asyncio.run(said(op)) == (["plug"], b'{"id": 1, "ok": true}\n')
