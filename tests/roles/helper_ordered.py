"""The garage with two slots, a CSMS that orders updates, and a file server on loopback that does what a script says."""

import asyncio
import os
from binascii import b2a_base64, hexlify
from hashlib import sha256

from helper_csms import NOON_MS, OCPP, Csms, Talking
from helper_garage import START_MS, site
from helper_signed_configuration import settle
from helper_updates import Root, UpdatingGarage

from ampacity.base import strict_json
from ampacity.base.wallclock import format_iso
from ampacity.x509.encoding import integer, sequence
from update.helper_bundle import STRANGER

KEY = hexlify(b"\4" + STRANGER.public).decode()


def signature(data):
    """Base64 of a signature over a file, made with the key that a certificate named."""
    raw = STRANGER.signature(sha256(data).digest())
    return b2a_base64(sequence(integer(int.from_bytes(raw[:32], "big")), integer(int.from_bytes(raw[32:], "big")))).decode().strip()


class FileServer:
    """script: async function (server, request text, writer). `asked`: the requests; `url`: of its file."""

    def __init__(self, script, data=b""):
        self.script = script
        self.data = data
        self.asked = []

    async def __aenter__(self):
        for _ in range(50):
            port = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
            try:
                self.server = await asyncio.start_server(self._serve, "127.0.0.1", port)
                self.url = "http://127.0.0.1:%d/app.bundle" % port
                return self
            except OSError:
                pass
        raise OSError(98, "no free port")

    async def __aexit__(self, *error):
        self.server.close()
        await asyncio.sleep(0.01)

    async def _serve(self, reader, writer):
        request = b""
        try:
            while not request.endswith(b"\r\n\r\n"):
                data = await reader.read(1024)
                if not data:
                    break
                request += data
            self.asked.append(request.decode())
            await self.script(self, request.decode(), writer)
        except (OSError, EOFError):
            pass
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass

    def start_of(self, request):
        """The first byte that the request asks for."""
        return int(request.split("bytes=")[1].split("-")[0]) if "Range: " in request else 0


async def say(writer, data):
    writer.write(data)
    await writer.drain()


def head(start, size, etag='"1"'):
    """Of a response with the bytes from `start` on of a file of `size` bytes."""
    if not start:
        return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: %s\r\n\r\n" % (size, etag)).encode()
    return ("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\nETag: %s\r\n\r\n" % (start, size - 1, size, etag)).encode()


async def whole(server, request, writer):
    """Gives what it is asked for."""
    start = server.start_of(request)
    await say(writer, head(start, len(server.data)) + server.data[start:])


def nothing(status):
    """A server that answers with this status alone."""
    async def script(server, request, writer):
        await say(writer, ("HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % status).encode())

    return script


class OrderedGarage(UpdatingGarage, Talking):
    """`statuses`: [(requestId, status)] that the CSMS got; `events`: its security events. `order()`: UpdateFirmware."""

    def __init__(self, root, facts=None, csms=None):
        self.csms = csms or Csms()
        super().__init__(root, facts or site(ocpp=OCPP))

    def start(self, **boot):
        super().start(**boot)
        platform = self.platform
        platform.connect = asyncio.open_connection
        platform.abort = lambda writer: writer.transport.abort() if hasattr(writer, "transport") else writer.s.close()
        if self.primary.upstream is not None:
            self.primary.upstream.left = lambda now_ms: True
            self.begin_talk()
        else:
            self.acting = None
        return self

    @property
    def statuses(self):
        return [(payload.get("requestId"), payload["status"]) for name, payload in self.csms.got if name == "FirmwareStatusNotification"]

    @property
    def events(self):
        return [payload["type"] for name, payload in self.csms.got if name == "SecurityEventNotification"]

    def connectors(self):
        """What the CSMS knows of the connectors: EVSE → status."""
        found = {}
        for name, payload in self.csms.got:
            if name == "StatusNotification":
                found[payload["evseId"]] = payload["connectorStatus"]
        return found

    def iso(self, after_s=0):
        return format_iso(NOON_MS - START_MS + self.now_us // 1000 + 1000 * after_s)

    def order(self, number, url, retrieve_s=-10, install_s=None, **more):
        """UpdateFirmware; the status of the answer. Times in s from now."""
        firmware = {"location": url, "retrieveDateTime": self.iso(retrieve_s)}
        if install_s is not None:
            firmware["installDateTime"] = self.iso(install_s)
        for name in ("signature", "signingCertificate"):
            if name in more:
                firmware[name] = more.pop(name)
        payload = {"requestId": number, "firmware": firmware}
        payload.update(more)
        self.answer = self.call("UpdateFirmware", payload)
        return self.answer["status"]

    def order_signed(self, number, url, data, retrieve_s=-10, install_s=None):
        """UpdateFirmware with a certificate that was verified: of KEY, which signed `data`."""
        firmware = {"location": url, "retrieveDateTime": self.iso(retrieve_s), "signature": signature(data)}
        if install_s is not None:
            firmware["installDateTime"] = self.iso(install_s)
        return self.primary.upstream.station.firmware.request({"requestId": number, "firmware": firmware}, KEY, self.now_us // 1000)["status"]

    def trigger(self):
        """What the station sends for a TriggerMessage of its firmware status."""
        before = len(self.statuses)
        assert self.call("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})["status"] == "Accepted"
        return self.statuses[before:]

    async def passes(self, seconds, until=lambda: False):
        """Time goes by, with every restart that is asked for. True: `until` was true."""
        for _ in range(seconds * 5):
            self.run(200)
            self.talk()
            await asyncio.sleep(0.002 if self.statuses and self.statuses[-1][1] in ("Downloading", "Downloaded") else 0)
            if self.platform.resets:
                self.start()
            if until():
                return True
        return False

    async def reaches(self, number, status, seconds=600):
        assert await self.passes(seconds, lambda: (number, status) in self.statuses), (self.statuses, self.show())
        return [each for of, each in self.statuses if of == number]


class Restarting(OrderedGarage):
    """Each start runs on its site.json, and settles the trial of one first, as roles/boot.py does."""

    def start(self, **boot):
        if self.data_files is not None:
            settle(self.files, self.data_files)
            self.facts = strict_json.loads(self.data_files.read("site.json"), size_max=65536)
        return super().start(**boot)

    async def tried(self):
        """Until the trial of a configuration is over: its result."""
        for _ in range(1300):
            await self.passes(1)
            result = self.show().get("configuration", {}).get("result")
            if result:
                return result
        raise AssertionError(self.show())


async def outcome(script, data=b"", status=None, **order):
    """(the statuses until `status`, the security events, the version that runs, what the server was asked)"""
    with Root() as root:
        async with FileServer(script, data) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            assert garage.order(7, server.url, **order) == "Accepted"
            statuses = await garage.reaches(7, status)
            return statuses, garage.events, garage.runs, server.asked
