"""UpdateFirmware by the libraries `ocpp` and `websockets` to a running `ampacity run --slots`, with a file server that breaks, on both runtimes."""

import asyncio
import base64
import contextlib
import signal
import ssl
import sys
from datetime import UTC, datetime, timedelta

import pytest
import websockets
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from ocpp.routing import on
from ocpp.v201 import ChargePoint, call, call_result
from ocpp.v201.enums import Action
from test_push import SITE, for_another_board, sign, yard  # noqa: F401  # yard is a fixture

from ampacity.base.within import within
from certificate_authority import StationAuthority, name_of, pem
from certificates import Authority
from deep import sample

PATIENCE_S = 90
TRIAL_S = 240
PASSWORD = "0123456789abcdef"
OCPP = """
[ocpp]
identity = "AMP-1"
url = "{url}"
password = "{password}"
{more}
"""


class Csms(ChargePoint):
    """One connection of the station; `place` keeps what it says over all of them."""

    def __init__(self, socket, place):
        super().__init__("AMP-1", socket)
        self.place = place

    @on(Action.boot_notification)
    def boot(self, **payload):
        self.place.boots.append(payload["reason"])
        self.place.csms = self
        self.place.changed.set()
        return call_result.BootNotification(current_time=iso(), interval=300, status="Accepted")

    @on(Action.heartbeat)
    def heartbeat(self, **payload):
        return call_result.Heartbeat(current_time=iso())

    @on(Action.status_notification)
    def status(self, **payload):
        return call_result.StatusNotification()

    @on(Action.notify_event)
    def event(self, **payload):
        return call_result.NotifyEvent()

    @on(Action.security_event_notification)
    def security(self, **payload):
        self.place.events.append(payload["type"])
        return call_result.SecurityEventNotification()

    @on(Action.firmware_status_notification)
    def firmware(self, **payload):
        self.place.statuses.append((payload.get("request_id"), payload["status"]))
        self.place.changed.set()
        return call_result.FirmwareStatusNotification()


def iso(seconds=0):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Place:
    """The CSMS and the file server. `files`: name → bytes; the first answer for each file in `broken` ends in the middle."""

    def __init__(self):
        self.boots, self.events, self.statuses, self.asked = [], [], [], []
        self.files, self.broken, self.csms = {}, set(), None
        self.changed = asyncio.Event()

    async def serve(self, tls):
        self.server = await websockets.serve(self._station, "127.0.0.1", 0, subprotocols=["ocpp2.0.1"])
        self.files_server = await asyncio.start_server(self._file, "127.0.0.1", 0, ssl=tls)
        port = self.files_server.sockets[0].getsockname()[1]
        self.base = ("https://localhost:%d/" if tls else "http://127.0.0.1:%d/") % port
        return "ws://127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]

    async def _station(self, socket):
        with contextlib.suppress(websockets.ConnectionClosed):
            await Csms(socket, self).start()

    async def _file(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            text = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(text)
            await self._answer(text.split()[1][1:], text, writer)
        writer.close()

    async def _answer(self, name, text, writer):
        if name == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\n")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        if name not in self.files:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return await writer.drain()
        data = self.files[name]
        start = int(text.split("bytes=")[1].split("-")[0]) if "Range:" in text else 0
        kind = "206 Partial Content" if start else "200 OK"
        head = f"HTTP/1.1 {kind}\r\nContent-Length: {len(data) - start}\r\nContent-Range: bytes {start}-{len(data) - 1}/{len(data)}\r\n"
        end = len(data) // 2 if name in self.broken else len(data)
        self.broken.discard(name)
        writer.write(head.encode() + b'ETag: "1"\r\n\r\n' + data[start:end])
        await writer.drain()

    async def until(self, condition, seconds=PATIENCE_S):
        async def wait():
            while not condition():
                self.changed.clear()
                await self.changed.wait()

        try:
            await within(wait(), seconds)
        except TimeoutError:
            raise AssertionError(f"{self.statuses} {self.boots} {self.events} {self.asked[-2:]}") from None

    async def order(self, number, name, signed=(), **more):
        """signed: (signing certificate, signature)."""
        firmware = {"location": self.base + name, "retrieve_date_time": iso(-10)}
        if signed:
            firmware["signing_certificate"], firmware["signature"] = signed
        return (await self.csms.call(call.UpdateFirmware(request_id=number, firmware=firmware, **more))).status

    async def outcome(self, number, last, seconds=PATIENCE_S):
        await self.until(lambda: (number, last) in self.statuses, seconds)
        return [status for of, status in self.statuses if of == number]


@contextlib.asynccontextmanager
async def running(place, folder, runtime, tls=None, more=""):
    """The controller, accepted by the CSMS."""
    url = await place.serve(tls)
    (folder / "site.toml").write_text(SITE + OCPP.format(url=url, password=PASSWORD, more=more))
    (folder / "site.toml").chmod(0o600)
    words = ["run", "site.toml", "--data", "data", "--slots", "root", "--runtime", runtime]
    with open(folder / "output", "wb") as output:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "ampacity_host", *words, cwd=folder, stdout=output, stderr=output)
    try:
        await place.until(lambda: place.boots)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()
        for server in (place.server, place.files_server):
            server.close()


def bundles(folder, board):
    good = sign(folder, "good", 2, board, **{"--floor": 2}).read_bytes()
    return {
        "good": good, "forged": good.replace(b"2.0", b"7.0", 1), "damaged": good[:-4] + b"\0\0\0\0",
        "other-board": for_another_board(folder, "other", 2).read_bytes(), "older": sign(folder, "older", 1, board).read_bytes(),
    }  # fmt: skip


CASES = [("cpython", "linux-arm", False), ("micropython", "unix", False), ("cpython", "linux-arm", True)]


@pytest.mark.parametrize(("runtime", "board", "confirmed"), sample(CASES[:2], 1) + sample(CASES[2:], 1, 1))
async def test_the_csms_orders_bundles_that_are_refused_and_one_that_is_installed(yard, runtime, board, confirmed):  # noqa: F811
    place, folder = Place(), yard(board)
    place.files = bundles(folder, board)
    async with running(place, folder, runtime):
        assert await place.order(1, "none", retries=0) == "Accepted"
        assert await place.outcome(1, "DownloadFailed") == ["Downloading", "DownloadFailed"]
        assert await place.order(2, "endless", retries=0) == "Accepted"
        assert await place.outcome(2, "DownloadFailed") == ["Downloading", "DownloadFailed"]
        for number, name, status in ((3, "forged", "InvalidSignature"), (4, "other-board", "InstallVerificationFailed"),
                                     (5, "damaged", "InstallVerificationFailed")):  # fmt: skip
            assert await place.order(number, name) == "Accepted"
            assert await place.outcome(number, status) == ["Downloading", status]
        place.broken.add("good")
        assert await place.order(6, "good", retries=3, retry_interval=1) == "Accepted"
        loaded = ["Downloading", "DownloadPaused", "Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"]
        assert await place.outcome(6, "InstallRebooting") == loaded
        assert "Range: bytes=" in place.asked[-1] and "InvalidFirmwareSignature" in place.events
        await place.until(lambda: len(place.boots) == 2)
        assert place.boots[1] == "FirmwareUpdate"
        assert await place.order(7, "good") == "Rejected"  # it is on trial
        if confirmed:
            assert await place.outcome(6, "Installed", TRIAL_S) == [*loaded, "Installed"]
            await asyncio.sleep(1)
            assert "FirmwareUpdated" in place.events
            assert await place.order(8, "older") == "Accepted"
            assert await place.outcome(8, "InstallVerificationFailed") == ["Downloading", "InstallVerificationFailed"]


@pytest.mark.parametrize(("runtime", "board"), [("cpython", "linux-arm"), ("micropython", "unix")])
async def test_a_file_server_over_tls_is_verified_with_the_root_certificates_of_the_csms(yard, runtime, board):  # noqa: F811
    """The firmware comes encrypted (L01.FR.08, L02.FR.05)."""
    ours, stranger, folder = Authority(), Authority("Other CA"), yard(board)
    files = {"forged": bundles(folder, board)["forged"]}
    (folder / "root.pem").write_text(ours.root)
    for number, authority, last in ((1, stranger, "DownloadFailed"), (2, ours, "InvalidSignature")):
        place = Place()
        place.files = files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue().files(folder, "server"))
        async with running(place, folder, runtime, context, 'root_pem = "root.pem"'):
            assert await place.order(number, "forged", retries=0) == "Accepted"
            assert await place.outcome(number, last) == ["Downloading", last]


@pytest.mark.parametrize(("runtime", "board"), [("cpython", "linux-arm"), ("micropython", "unix")])
async def test_an_order_with_certificate_and_signature_of_the_manufacturer(yard, runtime, board):  # noqa: F811
    place, folder, key = Place(), yard(board), rsa.generate_private_key(65537, 3072)
    root, stranger = [StationAuthority(datetime.now(UTC).timestamp() * 1000, name) for name in ("Maker", "Another maker")]
    place.files = bundles(folder, board)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)

    def signed(name, by=root):
        certificate = pem(by.signed(name_of("Firmware", "Maker"), key.public_key(), (-1, 30)))
        return certificate, base64.b64encode(key.sign(place.files[name], pss, hashes.SHA256())).decode()

    async with running(place, folder, runtime):
        installed = await place.csms.call(call.InstallCertificate(certificate_type="ManufacturerRootCertificate", certificate=root.pem))
        assert installed.status == "Accepted"
        assert await place.order(1, "good") == "Rejected"
        assert await place.order(2, "good", signed("good", stranger)) == "InvalidCertificate"
        assert await place.order(3, "good", signed("damaged")) == "Accepted"
        assert await place.outcome(3, "InvalidSignature") == ["Downloading", "Downloaded", "InvalidSignature"]
        assert await place.order(4, "damaged", signed("damaged")) == "Accepted"
        loaded = ["Downloading", "Downloaded", "SignatureVerified", "Installing"]
        assert await place.outcome(4, "InstallVerificationFailed") == [*loaded, "InstallVerificationFailed"]
        place.broken.add("good")
        assert await place.order(5, "good", signed("good"), retries=3, retry_interval=1) == "Accepted"
        assert await place.outcome(5, "InstallRebooting") == ["Downloading", "DownloadPaused", *loaded, "InstallRebooting"]
        assert not [text for text in place.asked if "Range:" in text]
        assert {"InvalidFirmwareSigningCertificate", "InvalidFirmwareSignature"} <= set(place.events)
        await place.until(lambda: len(place.boots) == 2)
