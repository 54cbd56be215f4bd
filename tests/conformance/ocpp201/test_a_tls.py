"""Part 6, A: how a station that boots authenticates itself and the CSMS, on both runtimes, with a real TLS library on either side."""

import asyncio
import base64
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certificates import Authority
from secure_csms import Csms

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / folder) for folder in ("rig", "e2e")]

from rig_process import running  # noqa: E402

from sites import circuit, evse, head  # noqa: E402

RUNTIMES = ["cpython", "micropython"]
SUITES = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")
PASSWORD = "0123456789abcdef"
SITE = head("yard") + circuit("main", 63.0) + evse(1, "main", 32.0, "local") + '[ocpp]\nidentity = "AMP-1"\n'
HELLO_1_1 = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02" + bytes(32) + b"\0\xc0\x13\0"
HELLO_NULL = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\0\xc0\x06\0"  # TLS 1.2, ECDHE_ECDSA_WITH_NULL_SHA


def station(csms, runtime, profile, root, own=None):
    """The rig with a station of this security profile; own: its Pair."""
    url = f"{'ws' if profile == 1 else 'wss'}://127.0.0.1:{csms.port}/ocpp"
    lines = [f'url = "{url}"', f"security_profile = {profile}"] + ([f'password = "{PASSWORD}"'] if profile < 3 else [])
    beside = []
    if profile > 1:
        lines, beside = [*lines, 'root_pem = "root.pem"'], [("root.pem", root)]
    if own is not None:
        lines += ['certificate_pem = "own.pem"', 'key_pem = "own.key.pem"']
        beside += [("own.pem", own.certificate), ("own.key.pem", own.key)]
    return running(SITE + "\n".join(lines) + "\n", "--runtime", runtime, "--csms", url, beside=beside)


async def booted(csms):
    """The reusable state Booted: the station has sent its boot, and every connector is available."""
    await csms.until(lambda: csms.boots and (1, "Available") in csms.statuses)


def is_login(header, identity="AMP-1", password=PASSWORD):
    """A well-formed Basic authorization with the identity of the URL (A00.FR.303) and this password."""
    kind, _, text = header.partition(" ")
    user, _, shown = base64.b64decode(text).decode().partition(":")
    return (kind, user, shown) == ("Basic", identity, password) and 16 <= len(shown) <= 40


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("profile", [1, 2])
async def test_TC_A_01_CS_a_password(profile, runtime, tmp_path):
    csms, one = Csms(tmp_path), Authority("CSO one")
    await csms.use(one.issue() if profile == 2 else None)
    with station(csms, runtime, profile, one.root):
        await booted(csms)
        assert is_login(csms.logins[0]) and csms.paths == ["/ocpp/AMP-1"]
    await csms.end()


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_TC_A_09_and_10_CS_another_password_is_used_at_once_and_one_that_is_too_short_never(runtime, tmp_path):
    csms, one = Csms(tmp_path), Authority("CSO one")
    await csms.use(one.issue())
    with station(csms, runtime, 2, one.root) as rig:
        await booted(csms)
        assert await csms.set("SecurityCtrlr.BasicAuthPassword", "NewPassword-0123456789") == "Accepted"
        await csms.connected(2)
        assert [is_login(header, password="NewPassword-0123456789") for header in csms.logins] == [False, True]
        assert await csms.set("SecurityCtrlr.BasicAuthPassword", "tooshort") == "Rejected"
        await csms.use(one.issue())
        await csms.connected(3)
        assert is_login(csms.logins[2], password="NewPassword-0123456789")
        log = str(rig.console(text="log"))
        assert "BasicAuthPassword changed" in log and "NewPassword" not in log and "tooshort" not in log  # A01.FR.11, A01.FR.12
    await csms.end()


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_TC_A_04_CS_a_valid_certificate_of_the_csms(runtime, tmp_path):
    """Also A00.FR.317 and A00.FR.420: TLS of another implementation, OpenSSL, understands that of the station."""
    csms, one = Csms(tmp_path), Authority("CSO one")
    for count, suite in enumerate(SUITES):  # each alone is enough
        await csms.use(one.issue(), suite=suite)
        csms.boots, csms.statuses = [], []
        with station(csms, runtime, 2, one.root):
            await booted(csms)
            # the last is the compression: A00.FR.321, A00.FR.424
            assert csms.secured[count] == ("TLSv1.2", suite, None) and is_login(csms.logins[count]) and csms.shown[count] is None
    await csms.end()


@pytest.mark.parametrize(("kind", "runtime"), [
    ("stranger", "cpython"), ("name", "micropython"), ("expired", "micropython"), ("wildcard", "cpython"), ("wildcard", "micropython"),
])  # fmt: skip
async def test_TC_A_05_CS_an_invalid_certificate_of_the_csms(kind, runtime, tmp_path):
    csms, one = Csms(tmp_path), Authority("CSO one")
    wrong = {"stranger": Authority("Stranger").issue(), "name": one.issue("csms.example", ()), "expired": one.issue(days=(-10, -1)),
             "wildcard": one.issue(also=("*.example.com",))}[kind]
    await csms.use(wrong)
    with station(csms, runtime, 2, one.root) as rig:
        while "trouble" not in (rig.state()["primary"] or {}).get("ocpp", {}):
            await asyncio.sleep(0.2)
        assert csms.shown == []  # the station ended the connection
        await csms.use(one.issue())
        await booted(csms)
        await csms.until(lambda: "InvalidCsmsCertificate" in csms.events)
        assert is_login(csms.logins[0])
    await csms.end()


async def answers(csms, data):
    """In place of the CSMS a server that answers the first bytes with these, until a station has ended the connection: await what is returned."""
    ended = asyncio.Event()

    async def answer(reader, writer):
        await reader.read(4096)
        writer.write(data)
        await writer.drain()
        while await reader.read(4096):
            pass
        ended.set()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    csms.port = server.sockets[0].getsockname()[1]

    async def over():
        await csms.until(ended.is_set)
        server.close()
        await server.wait_closed()

    return over


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_TC_A_06_CS_a_version_of_tls_that_is_too_low(runtime, tmp_path):
    csms, one = Csms(tmp_path), Authority("CSO one")
    ended = await answers(csms, HELLO_1_1)
    with station(csms, runtime, 2, one.root):
        await ended()
        await csms.use(one.issue())
        await booted(csms)
        await csms.until(lambda: "InvalidTLSVersion" in csms.events and "StartupOfTheDevice" in csms.events)
        assert csms.secured[0][0] in ("TLSv1.2", "TLSv1.3")
    await csms.end()


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_A00_FR_323_and_426_a_csms_that_uses_an_unsuitable_cipher_suite(runtime, tmp_path):
    csms, one = Csms(tmp_path), Authority("CSO one")
    ended = await answers(csms, HELLO_NULL)
    with station(csms, runtime, 2, one.root):
        await ended()
        await csms.use(one.issue())
        await booted(csms)
        await csms.until(lambda: "InvalidTLSCipherSuite" in csms.events)
        assert csms.secured[0][1] != "ECDHE-ECDSA-NULL-SHA"
    await csms.end()


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_TC_A_07_CS_a_certificate_of_the_station(runtime, tmp_path):
    csms, one = Csms(tmp_path), Authority("CSO one")
    mine = one.issue("AMP-1")
    await csms.use(one.issue(), one.root, SUITES[0] if runtime == "cpython" else SUITES[1])
    with station(csms, runtime, 3, one.root, mine):
        await booted(csms)
        shown = x509.load_der_x509_certificate(csms.shown[0])
        assert csms.shown == [mine.der] and shown.public_key().key_size >= 224 and shown.serial_number > 0
        assert shown.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "AMP-1" and csms.logins == [None]
    await csms.end()

