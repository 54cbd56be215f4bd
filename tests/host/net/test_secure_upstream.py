"""Security profiles 2 and 3: a link over TLS that trusts only what it was told to, on both runtimes and the real clock."""

import asyncio
import json
import os
import socket
import struct
import sys
from pathlib import Path

import pytest
import websockets

from certificates import Authority
from tools.micropython.find import find

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
RUNTIMES = ["cpython", "micropython"]
SECONDS = 1.0


async def station(runtime, folder, name, ocpp, seconds=SECONDS):
    """What the station's process printed."""
    path = folder / f"{name}-{runtime}.json"
    path.write_text(json.dumps(ocpp))
    program = [sys.executable] if runtime == "cpython" else [find(runtime), "-X", "heapsize=4M"]
    paths = os.pathsep.join([str(ROOT / "firmware"), ".frozen"])
    process = await asyncio.create_subprocess_exec(
        *program, str(HERE / "secure_station.py"), str(path), str(seconds),
        env=dict(os.environ, PYTHONPATH=str(ROOT / "firmware"), MICROPYPATH=paths),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return json.loads(output.decode().splitlines()[-1])


class Csms:
    """Keeps what connected: the Authorization header of each."""

    def __init__(self):
        self.logins = []

    async def handler(self, connection):
        self.logins.append(connection.request.headers.get("Authorization"))
        await connection.wait_closed()

    def serve(self, context):
        return websockets.serve(self.handler, "127.0.0.1", 0, subprotocols=["ocpp2.0.1"], ssl=context)


def url_of(server, scheme="wss", host="localhost"):
    return f"{scheme}://{host}:{server.sockets[0].getsockname()[1]}/ocpp"


def profile_2(server, ca, **more):
    return {"url": url_of(server), "security_profile": 2, "password": "0123456789abcdef", "root_pem": ca.root, **more}


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_each_mistake_in_the_servers_certificate_is_refused_by_name(runtime, tmp_path):
    ca, stranger, csms = Authority(), Authority("Stranger"), Csms()
    wrong = {
        "expired": (ca.issue(days=(-10, -1)), "the certificate of localhost has expired"),
        "early": (ca.issue(days=(3, 10)), "the certificate of localhost is not valid yet by this controller's clock"),
        "name": (ca.issue("other.example", ("10.0.0.9",)), "the certificate is not for localhost"),
        "other common name": (ca.issue("other.example", alternative=False), "the certificate is not for localhost"),
        "wildcard": (ca.issue(also=("*.example.com",)), "the certificate of localhost is for any host of its domain"),
        "common name with a wildcard": (ca.issue("*.example.com", alternative=False), "the certificate "),
        "root": (stranger.issue(), "the certificate of localhost is not signed by a root certificate"),
    }
    servers = {name: await csms.serve(ca.server_context(tmp_path, pair)) for name, (pair, _) in wrong.items()}
    try:
        results = await asyncio.gather(*(station(runtime, tmp_path, name, profile_2(servers[name], ca)) for name in wrong))
    finally:
        for server in servers.values():
            server.close()
    for name, said in zip(wrong, results, strict=True):  # A00.FR.308, A00.FR.411
        words = wrong[name][1]
        assert not said["online"] and said["counters"]["link.failed"] >= 1, said
        assert words in said["trouble"] and said["trouble"].startswith("no connection to wss://localhost"), said
        assert words in said["log"][0] and said["distrust"][0].startswith(words), said
    assert csms.logins == []


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_A00_FR_309_and_412_a_common_name_is_enough_for_a_host_and_never_for_an_address(runtime, tmp_path):
    ca, csms = Authority(), Csms()
    host = await csms.serve(ca.server_context(tmp_path, ca.issue(alternative=False)))
    address = await csms.serve(ca.server_context(tmp_path, ca.issue("127.0.0.1", alternative=False)))
    found = dict(profile_2(address, ca), url=url_of(address, host="127.0.0.1"))
    said = await asyncio.gather(station(runtime, tmp_path, "host", profile_2(host, ca), 5.0), station(runtime, tmp_path, "address", found))
    host.close()
    address.close()
    assert said[0]["online"] and len(csms.logins) == 1, said
    assert "the certificate is not for 127.0.0.1" in said[1]["trouble"], said


def hello(version):
    """A server's hello in an old version of TLS."""
    body = version + bytes(32) + b"\0\xc0\x13\0"
    shake = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16" + version + len(shake).to_bytes(2, "big") + shake


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_a_server_whose_tls_is_too_old_is_refused_and_named(runtime, tmp_path):
    ca = Authority()
    for name, said in (("1.1", hello(b"\x03\x02")), ("1.0", hello(b"\x03\x01")), ("alert", b"\x15\x03\x01\0\x02\x02\x46")):

        async def old(reader, writer, said=said):
            await reader.read(4096)
            writer.write(said)
            await writer.drain()
            await reader.read(4096)
            writer.close()

        server = await asyncio.start_server(old, "127.0.0.1", 0)
        result = await station(runtime, tmp_path, name, profile_2(server, ca))
        server.close()
        assert "localhost speaks no TLS 1.2 or newer" in result["trouble"], (name, result)
        assert result["distrust"][0] == "localhost speaks no TLS 1.2 or newer"


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_a_certificate_that_fits_is_accepted_whatever_its_key(runtime, tmp_path):
    ca, csms = Authority(), Csms()
    pairs = [ca.issue(), ca.issue(rsa_bits=2048)]
    servers = [await csms.serve(ca.server_context(tmp_path, pair)) for pair in pairs]
    facts = [profile_2(server, ca) for server in servers]
    facts[1]["root_pem"] = Authority("Another").root + "\n" + ca.root  # a bundle
    try:
        results = await asyncio.gather(*(station(runtime, tmp_path, f"good-{n}", one, 5) for n, one in enumerate(facts)))
    finally:
        for server in servers:
            server.close()
    assert [said["online"] for said in results] == [True, True], results
    assert csms.logins == ["Basic QU1QLTE6MDEyMzQ1Njc4OWFiY2RlZg=="] * 2


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_profile_3_shows_its_certificate_and_sends_no_password(runtime, tmp_path):
    ca, stranger, csms = Authority(), Authority("Stranger"), Csms()
    mine, false = ca.issue("AMP-1"), stranger.issue("AMP-1")
    server = await csms.serve(ca.server_context(tmp_path, ca.issue(), ca))
    common = dict(profile_2(server, ca), security_profile=3)
    cases = [
        (dict(common, certificate_pem=mine.certificate, key_pem=mine.key), 5),
        (dict(common, certificate_pem=false.certificate, key_pem=false.key), SECONDS),
        (common, 0.3),
        (dict(common, certificate_pem=mine.certificate, key_pem=false.key), 0.3),
    ]
    try:
        results = await asyncio.gather(*(station(runtime, tmp_path, f"p3-{n}", *case) for n, case in enumerate(cases)))
    finally:
        server.close()
    good, refused, bare, mixed = results
    assert good["online"] and csms.logins == [None], results
    assert not refused["online"] and "does it accept our certificate?" in refused["trouble"], refused
    assert not bare["online"] and "certificate_pem" in bare["trouble"], bare
    if runtime == "cpython":  # the other library does not compare them: the server does
        assert not mixed["online"] and "key_pem" in mixed["trouble"], mixed
    assert not mixed["online"], mixed


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_a_station_disconnected_with_its_own_certificate_reports_a_possible_rejection(runtime, tmp_path):
    ca = Authority()
    mine = ca.issue("AMP-1")

    async def hang_up(reader, writer):
        await reader.read(1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    facts = dict(profile_2(server, ca), security_profile=3, certificate_pem=mine.certificate, key_pem=mine.key)
    try:
        shown, bare = await asyncio.gather(station(runtime, tmp_path, "shown", facts), station(runtime, tmp_path, "bare", profile_2(server, ca)))
    finally:
        server.close()
    assert not shown["online"] and shown["trouble"].endswith("; does it accept our certificate?"), shown
    assert not bare["online"] and "certificate?" not in bare["trouble"], bare


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_a_station_configured_for_tls_never_connects_without(runtime, tmp_path):
    ca, csms = Authority(), Csms()
    async with websockets.serve(csms.handler, "127.0.0.1", 0, subprotocols=["ocpp2.0.1"]) as plain:
        cases = {
            "ws": dict(profile_2(plain, ca), url=url_of(plain, "ws")),
            "plain": profile_2(plain, ca),
            "rootless": dict(profile_2(plain, ca), root_pem=None),
            "garbage": dict(profile_2(plain, ca), root_pem="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        }
        results = await asyncio.gather(*(station(runtime, tmp_path, name, one, 0.5) for name, one in cases.items()))
    assert csms.logins == [] and not any(said["online"] for said in results), results
    ws, plain, rootless, garbage = results
    assert "use wss://" in ws["trouble"] and plain["trouble"].startswith("no connection to wss://"), results
    assert "root_pem" in rootless["trouble"] and "root_pem" in garbage["trouble"], results


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_a_silent_server_does_not_block_the_link(runtime, tmp_path):
    ca = Authority()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ocpp = {"url": f"wss://127.0.0.1:{silent.getsockname()[1]}/", "security_profile": 2, "password": "x" * 16, "root_pem": ca.root}
        said = await station(runtime, tmp_path, "silent", ocpp, 3.5)
    assert not said["online"] and said["counters"].get("link.failed", 0) + said["counters"].get("link.silent", 0) >= 1, said
