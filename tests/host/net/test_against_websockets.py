"""Our WebSocket client against the `websockets` library: a real server on loopback, our station in a process of its own."""

import asyncio
import http
import json
import os
import ssl
import sys
from pathlib import Path

import pytest
import websockets
from tls_files import make_tls_files

from ampacity.base.within import within
from tools.micropython.find import find

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
RUNTIMES = ["cpython", "micropython"]


async def run_station(runtime, url, sizes, seconds=20, tls=None):
    """What the station process printed."""
    program = [sys.executable] if runtime == "cpython" else [find(), "-X", "heapsize=4M"]
    paths = os.pathsep.join([str(ROOT / "firmware"), ".frozen"])
    words = [] if tls is None else ["tls", str(tls)]
    process = await asyncio.create_subprocess_exec(
        *program, str(HERE / "station_process.py"), url, str(seconds), *words, *[str(size) for size in sizes],
        env=dict(os.environ, PYTHONPATH=str(ROOT / "firmware"), MICROPYPATH=paths),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return json.loads(output.decode().splitlines()[-1])


async def echo(connection):
    async for message in connection:
        await connection.send(message)


def serve(handler, **options):
    return websockets.serve(handler, "127.0.0.1", 0, subprotocols=["ocpp2.0.1"], max_size=2**20, **options)


def url_of(server, host="127.0.0.1", scheme="ws"):
    return "%s://%s:%d/ocpp" % (scheme, host, server.sockets[0].getsockname()[1])


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_messages_of_all_sizes_are_echoed(runtime):
    seen = []

    async def handler(connection):
        seen.append((connection.request.path, connection.request.headers["Authorization"]))
        await echo(connection)

    sizes = [0, 1, 5, 124, 125, 126, 127, 400, 1023, 1024, 1025, 4096, 16000, 65535, 65536]
    async with serve(handler) as server:
        result = await run_station(runtime, url_of(server, "localhost"), sizes)
    assert result["echoed"] == len(sizes) and result["counters"] == {"link.connects": 1, "link.drops": 1}
    assert seen == [("/ocpp/AMP%201", "Basic QU1QIDE6c2VjcmV0IMOp")]


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_fragments_and_pings_of_the_server_are_understood(runtime):
    async def handler(connection):
        async for message in connection:
            await within(await connection.ping(), 5)
            await connection.send([message[i : i + 7] for i in range(0, len(message), 7)])

    async with serve(handler) as server:
        result = await run_station(runtime, url_of(server), [10, 100, 1000])
    assert result["echoed"] == 3 and result["counters"]["link.connects"] == 1


class BadDays:
    """The n-th connection goes wrong in the n-th way; when all have been had, an echo."""

    def __init__(self):
        self.n = 0

    def request(self, connection, request):
        self.n += 1
        if self.n == 1:
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "no\n")
        if self.n == 2:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "no\n")
        return None

    def response(self, connection, request, response):
        if self.n == 3:
            del response.headers["Sec-WebSocket-Protocol"]
        if self.n == 4:
            del response.headers["Sec-WebSocket-Accept"]
            response.headers["Sec-WebSocket-Accept"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="

    async def handler(self, connection):
        transport = connection.transport
        if self.n == 5:
            transport.write(b"\xff\x00garbage")
        elif self.n == 6:
            await connection.send(b"x" * 65537)
        elif self.n == 7:
            transport.write(b"\x81\x02\xc3\x28")
        elif self.n == 8:
            await connection.send(b"binary")
        elif self.n == 9:
            await connection.close(1012, "restart")
        elif self.n == 10:
            transport.abort()
        elif self.n == 11:
            transport.write(b"\x01\x01a\x01\x01b")
        else:
            await echo(connection)
        await connection.wait_closed()


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_each_failure_is_counted_by_its_name_and_the_link_recovers(runtime):
    days = BadDays()
    async with serve(days.handler, process_request=days.request, process_response=days.response) as server:
        result = await run_station(runtime, url_of(server), [400] * 5)
    assert result["echoed"] == 5 and days.n == 12, result
    lost = result["counters"].pop("link.failed", 0)  # the aborted one: a reset, or just an end
    assert lost <= 1 and result["counters"] == {
        "link.refused": 4,
        "link.garbage": 3,
        "link.oversized": 1,
        "link.utf8": 1,
        "link.connects": 8,
        "link.drops": 8,
    }
    log = "\n".join(result["log"])
    for said in ("HTTP 401", "HTTP 404", "subprotocol", "does not fit our key", "reserved bits", "65537 bytes",
                 "not UTF-8", "binary", "code=1012 restart", "out of order"):  # fmt: skip
        assert said in log, log


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_the_link_works_over_tls_with_a_private_ca(runtime, tmp_path):
    files = make_tls_files(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    async with serve(echo, ssl=context) as server:
        result = await run_station(runtime, url_of(server, "localhost", "wss"), [10, 400, 20000], tls=files.ca_der)
        assert result["echoed"] == 3 and result["counters"]["link.connects"] == 1, result
        stranger = make_tls_files(tmp_path / "other")
        result = await run_station(runtime, url_of(server, "localhost", "wss"), [10], 1, stranger.ca_der)
    assert result["echoed"] == 0 and result["counters"]["link.failed"] >= 1
