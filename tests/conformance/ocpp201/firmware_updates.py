"""What the cases of block L need: a station with two slots, a file server of the standard library, a manufacturer made with `cryptography`."""

import asyncio
import base64
import contextlib
import http.server
import json
import sys
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from ocpp.v201 import call
from scenario import Scenario

from ampacity.base.wallclock import format_iso
from certificate_authority import StationAuthority, name_of, pem

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "roles"))
from helper_updates import release  # noqa: E402

MAKER = "ManufacturerRootCertificate"
NOON_MS = 1795176000000  # of library_csms
SHA = hashes.SHA256()
SIGNING = (x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)
PASS_MS, FAST_MS = 200, 1000
GOOD, WRONG = release(2), release(2, {4: ["another-board"]})
LOADED = ["Downloading", "Downloaded", "SignatureVerified"]
DONE = ["Installing", "InstallRebooting", "Installed"]


class Manufacturer:
    """A root, and a certificate that signs firmware. kind: of the signing key, "ec" or "rsa"; the other words are those of `issue`."""

    def __init__(self, kind="ec", name="Maker root", **more):
        self.root = StationAuthority(NOON_MS, name)
        self.key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.issue(**more)

    def issue(self, days=(-10, 300), by=None, more=(SIGNING,), key=None, ca=False):
        """PEM of a certificate for `key` or the signing key."""
        name = name_of("Firmware signing", "Maker")
        return pem((by or self.root).signed(name, (key or self.key).public_key(), days, ca=ca, more=more))

    def sign(self, data):
        """Base64 of the signature over a file."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            made = self.key.sign(data, padding.PSS(padding.MGF1(SHA), padding.PSS.DIGEST_LENGTH), SHA)
        else:
            made = self.key.sign(data, ec.ECDSA(SHA))
        return base64.b64encode(made).decode()


class FileServer(http.server.ThreadingHTTPServer):
    """`files`: path → bytes; `asked`: [(path, Range or None)]; `broken`: so many answers end in the middle; `gate`: answers wait for it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.asked, self.broken, self.gate = {"/app.bundle": GOOD, "/wrong.bundle": WRONG}, [], 0, threading.Event()
        self.gate.set()
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.gate.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """A station may leave at any time."""


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers["Range"]))
        data = server.files.get(self.path)
        if data is None:
            return self.send_error(404)
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")) if self.headers["Range"] else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("ETag", '"1"')
        self.end_headers()
        end = len(data)
        if server.broken:
            server.broken, end = server.broken - 1, (start + len(data)) // 2
        self.wfile.write(data[start : start + 100])
        server.gate.wait()
        self.wfile.write(data[start + 100 : end])
        self.close_connection = True

    def log_message(self, *words):
        """Nothing to the terminal."""


class Restarting(Scenario):
    """A conversation with a station that restarts; what was heard over all its lives. kind: of station_runtimes.py; its server on loopback gets
    rest_ms of real time."""

    def __init__(self, kind, rest_ms):
        self.station, self._kind, self._rest_ms = None, kind, rest_ms
        super().__init__()

    def start(self):
        if self.station is None:
            self.station = self.make(self._kind)
        else:
            self.station.start()

    async def connect(self):
        heard = self.csms.heard if self.csms else []
        await super().connect()
        self.csms.heard[:0] = heard
        return self

    async def power_cut(self):
        """The controller starts anew."""
        self.task.cancel()
        self.start()
        await self.connect()

    async def breathe(self):
        if type(self.station).__name__ == self._kind.partition(".")[2]:
            await asyncio.sleep(self._rest_ms / 1000)
        else:
            self.station.breathe(self._rest_ms)
            await asyncio.sleep(0)


class Updates(Restarting):
    """A conversation with a station that has slots: `order`, `reaches`, and what was heard over all restarts."""

    def __init__(self):
        super().__init__("updating_station.UpdatingStation", 2)
        self.files_server = FileServer()

    async def advance(self, ms):
        """Time goes by, with the restart that the station asks for."""
        end = self.now_ms + ms
        while self.now_ms < end:
            busy = self.reached() and self.reached()[-1] in ("Downloading", "Downloaded", "SignatureVerified")
            step = PASS_MS if busy else min(FAST_MS, end - self.now_ms)
            self.now_ms, self.unix_ms = self.now_ms + step, self.unix_ms + step
            restarts = self.station.run(step)
            await self.settle()
            if busy:
                await self.breathe()
            if restarts:
                await self.power_cut()

    async def until(self, condition, seconds=900):
        """Time goes by until this is so; it has to be within so many seconds of the station."""
        end = self.now_ms + 1000 * seconds
        while not condition():
            assert self.now_ms < end, (self.statuses_of(), self.station.shown())
            await self.advance(PASS_MS if self.reached() and self.reached()[-1] in LOADED else FAST_MS)

    async def install_root(self, maker):
        answer = await self.call(call.InstallCertificate(certificate_type=MAKER, certificate=maker.root.pem))
        assert answer.status == "Accepted"

    async def order(self, number, maker=None, path="/app.bundle", retrieve_s=-7200, install_s=-7200, signs=GOOD, **more):
        """The answer to UpdateFirmware. maker: gives certificate and signature (over `signs`); more: other fields of the request, or of its
        `firmware`; times in s from now, None: not given."""
        firmware = {"location": self.files_server.base + path, "retrieve_date_time": self.iso(retrieve_s)}
        if install_s is not None:
            firmware["install_date_time"] = self.iso(install_s)
        if maker is not None:
            firmware |= {"signing_certificate": maker.certificate, "signature": maker.sign(signs)}
        for name in ("signing_certificate", "signature"):
            if name in more:
                firmware[name] = more.pop(name)
        firmware = {name: value for name, value in firmware.items() if value is not None}
        self.answer = await self.call(call.UpdateFirmware(request_id=number, firmware=firmware, **more))
        return self.answer.status

    def iso(self, after_s):
        return format_iso(self.unix_ms + 1000 * after_s)

    def statuses_of(self):
        """[(requestId, status)] of every FirmwareStatusNotification so far."""
        return [(p.get("request_id"), p["status"]) for p in self.heard("FirmwareStatusNotification")]

    def reached(self, number=None):
        """The statuses of one order, or all."""
        return [status for of, status in self.statuses_of() if number is None or of == number]

    async def reaches(self, number, status):
        """Every status of this order, when it has reached this one."""
        await self.until(lambda: (number, status) in self.statuses_of())
        await self.advance(2000)
        return self.reached(number)

    def events(self):
        return [p["type"] for p in self.heard("SecurityEventNotification")]

    def connectors(self):
        """What the CSMS knows: EVSE → status."""
        return {p["evse_id"]: p["connector_status"] for p in self.heard("StatusNotification")}

    def boots(self):
        return [p["reason"] for p in self.heard("BootNotification")]

    async def energy_transfer_started(self, evse=1):
        self.station.plug(evse, "C")
        await self.advance(5000)
        self.station.card(evse, "ABC", self.now_ms)
        await self.advance(5000)
        assert self.station.transaction(evse)

    async def parking_bay_unoccupied(self, evse=1):
        self.station.plug(evse, "A")
        await self.until(lambda: not self.station.transaction(evse), 60)

    async def close(self):
        await super().close()
        self.files_server.close()
        self.station.close()
        numbers = [p for p in self.heard("FirmwareStatusNotification") if p["status"] != "Idle" and "request_id" not in p]
        assert numbers == []  # L01.FR.20


@contextlib.asynccontextmanager
async def updates(maker=None):
    """A station that is booted and idle, with the root of this manufacturer."""
    talk = Updates()
    await talk.connect()
    await talk.advance(3000)
    if maker is not None:
        await talk.install_root(maker)
    talk.csms.heard.clear()
    try:
        yield talk
    except BaseException:
        talk.task.cancel()
        talk.files_server.close()
        talk.station.close()
        raise
    await talk.close()


def frames_of(talk, *actions):
    """(who, frame) of each message of these actions and of its response, in their order."""
    kept, out = {}, []
    for who, text in talk.frames:
        frame = json.loads(text)
        if frame[0] == 2 and frame[2] in actions:
            kept[frame[1]] = frame[2]
        if frame[1] in kept:
            out.append((who, frame))
    return out
