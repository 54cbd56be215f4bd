"""L03 and L04: firmware for other charging stations, published by the station, downloaded by an independent client of the standard library.

Part 6 has no case of a charging station for them; its cases for a CSMS (TC_L_17, 19 to 24) name the sequences of statuses that are played here.
"""

import asyncio
import contextlib
import hashlib
import http.client
import socket
import urllib.error
import urllib.request

from firmware_updates import FileServer, Restarting
from ocpp.v201 import call

FIRMWARE = hashlib.sha256(b"firmware").digest() * 4000  # 128 kB
OTHER = FIRMWARE[::-1]
LONG = FIRMWARE * 20  # more than the buffers on its way
LOADED = ["Downloading", "Downloaded", "ChecksumVerified"]
PUBLISHED = [*LOADED, "Published"]
PASS_MS = 200


def md5(data):
    return hashlib.md5(data).hexdigest()


class Publishing(Restarting):
    """A conversation with a station that may publish; `files`: what the CSMS's own server has."""

    def __init__(self):
        super().__init__("publishing_station.PublishingStation", 5)
        self.server = FileServer()
        self.server.files = {"/app.bin": FIRMWARE, "/other.bin": OTHER, "/long.bin": LONG}

    async def advance(self, ms):
        end = self.now_ms + ms
        while self.now_ms < end:
            self.now_ms, self.unix_ms = self.now_ms + PASS_MS, self.unix_ms + PASS_MS
            self.station.run(PASS_MS)
            await self.settle()
            await self.breathe()

    async def until(self, condition, seconds=300):
        end = self.now_ms + 1000 * seconds
        while not condition():
            assert self.now_ms < end, self.heard_of()
            await self.advance(PASS_MS)

    async def publish(self, number, path="/app.bin", checksum=None, **more):
        """The status of PublishFirmwareResponse."""
        checksum = checksum or md5(self.server.files.get(path, b""))
        request = call.PublishFirmware(location=self.server.base + path, checksum=checksum, request_id=number, **more)
        self.answer = await self.call(request)
        return self.answer.status

    async def unpublish(self, data=FIRMWARE):
        return (await self.call(call.UnpublishFirmware(checksum=md5(data)))).status

    async def trigger(self):
        """What follows a TriggerMessage."""
        before = len(self.notices())
        answer = await self.call(call.TriggerMessage(requested_message="PublishFirmwareStatusNotification"))
        assert answer.status == "Accepted"
        return [(p["status"], p.get("request_id")) for p in self.notices()[before:]]

    def notices(self):
        return self.heard("PublishFirmwareStatusNotification")

    def heard_of(self, number=None):
        return [p["status"] for p in self.notices() if number is None or p.get("request_id") == number]

    async def reaches(self, number, status):
        """Every status of this order, when it has reached this one."""
        await self.until(lambda: status in self.heard_of(number))
        return self.heard_of(number)

    def url(self):
        return [p["location"] for p in self.notices() if p["status"] == "Published"][-1][0]

    async def fetch(self, url, method="GET", **fields):
        """(status, fields of the head, body) that a client of the standard library gets; (None, why, b""): there is no server."""
        return await self.beside(load, urllib.request.Request(url, method=method, headers=fields))

    async def beside(self, function, *parameters):
        """What a function gives that waits for the station."""
        task = asyncio.get_running_loop().run_in_executor(None, function, *parameters)
        while not task.done():
            await self.breathe()
        return task.result()

    async def close(self):
        await super().close()
        self.server.close()
        self.station.close()
        assert [p for p in self.notices() if (p["status"] == "Published") != bool(p.get("location"))] == []  # L03.FR.04


def load(request):
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()
    except http.client.IncompleteRead as error:
        return "incomplete", {}, error.partial
    except OSError as error:
        return None, {"error": repr(error)}, b""


def begin(url):
    """A charging station that has begun to download, over a narrow line."""
    host, _, path = url.removeprefix("http://").partition("/")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(30)
    client.connect((host.partition(":")[0], int(host.partition(":")[2])))
    client.sendall(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    return client


def rest_of(client):
    data = b""
    while more := client.recv(65536):
        data += more
    client.close()
    return data


@contextlib.asynccontextmanager
async def publishing():
    talk = Publishing()
    try:
        await talk.connect()
        await talk.advance(1000)
        talk.csms.heard.clear()
        yield talk
    except BaseException:
        if talk.task is not None:
            talk.task.cancel()
        talk.server.close()
        talk.station.close()
        raise
    await talk.close()


async def test_firmware_is_published_and_downloaded_L03_FR_01_02_03_04_05_and_09():
    async with publishing() as talk:
        assert await talk.publish(7) == "Accepted"
        assert await talk.reaches(7, "Published") == PUBLISHED
        assert talk.url() == f"http://{talk.station.address()}/{md5(FIRMWARE)}/app.bin"
        status, head, body = await talk.fetch(talk.url())
        assert (status, body) == (200, FIRMWARE) and head["Content-Length"] == "128000"
        assert await talk.fetch(talk.url(), Range="bytes=127990-") == (206, {**head, "Content-Length": "10", "Content-Range": "bytes 127990-127999/128000"}, FIRMWARE[-10:])  # fmt: skip # noqa: E501
        assert (await talk.fetch(talk.url(), "HEAD"))[::2] == (200, b"")
        for path in ("", "/", "/../" + md5(FIRMWARE) + "/app.bin", "/" + md5(FIRMWARE), "/%2e%2e/store/site.json"):
            assert (await talk.fetch(f"http://{talk.station.address()}{path}"))[0] == 404
        assert (await talk.fetch(talk.url(), "PUT"))[0] == 405
        assert (await talk.fetch(talk.url(), X="x" * 8000))[0] in (431, None)


async def test_a_published_file_is_updated_from_by_another_station_and_then_withdrawn_L04_FR_01_and_02_and_03():
    async with publishing() as talk:
        assert await talk.unpublish() == "NoFirmware"
        assert await talk.publish(7) == "Accepted"
        await talk.reaches(7, "Published")
        assert await talk.unpublish(OTHER) == "NoFirmware" and (await talk.fetch(talk.url()))[0] == 200
        await talk.advance(1000)  # the server sees the end of the download
        assert await talk.unpublish() == "Unpublished"
        assert (await talk.fetch(talk.url()))[0] is None
        await talk.until(lambda: talk.station.holds() == -1)
        assert await talk.unpublish() == "NoFirmware" and talk.heard_of() == PUBLISHED


async def test_nothing_is_withdrawn_while_a_station_downloads_it_L04_FR_04():
    async with publishing() as talk:
        await talk.publish(7, "/long.bin")
        await talk.reaches(7, "Published")
        client = await talk.beside(begin, talk.url())
        assert await talk.unpublish(LONG) == "DownloadOngoing"
        assert (await talk.publish(9)) == "Rejected" and talk.answer.status_info["reason_code"] == "FwUpdateInProgress"
        assert await talk.beside(rest_of, client) == LONG
        await talk.advance(1000)
        talk.server.gate.clear()
        assert await talk.publish(8, "/other.bin") == "Accepted"
        await talk.reaches(8, "Downloading")
        await talk.advance(1000)
        assert await talk.unpublish(OTHER) == "DownloadOngoing"
        talk.server.gate.set()
        await talk.reaches(8, "Published")
        assert (await talk.fetch(talk.url()))[2] == OTHER


async def test_a_download_that_fails_L03_FR_06():
    async with publishing() as talk:
        assert await talk.publish(7, "/missing", md5(FIRMWARE), retries=1, retry_interval=10) == "Accepted"
        assert await talk.reaches(7, "DownloadFailed") == ["Downloading", "DownloadFailed"]
        assert len(talk.server.asked) == 2 and await talk.unpublish() == "NoFirmware"


async def test_a_checksum_that_is_not_that_of_the_file_L03_FR_02_and_07():
    async with publishing() as talk:
        assert await talk.publish(7, checksum=md5(FIRMWARE[:-1])) == "Accepted"
        assert await talk.reaches(7, "InvalidChecksum") == ["Downloading", "Downloaded", "InvalidChecksum"]
        assert talk.station.holds() == -1 and await talk.unpublish() == "NoFirmware"


async def test_a_file_that_cannot_be_published_any_more_L03_FR_08():
    async with publishing() as talk:
        await talk.publish(7)
        await talk.reaches(7, "Published")
        talk.station.damage()
        status, _, body = await talk.fetch(talk.url())
        assert status in ("incomplete", None) and body == FIRMWARE[: len(body)] and len(body) < len(FIRMWARE)
        assert await talk.reaches(7, "PublishFailed") == [*PUBLISHED, "PublishFailed"]
        assert (await talk.fetch(talk.url()))[0] is None


async def test_the_status_is_triggered_L03_FR_10_and_11():
    async with publishing() as talk:
        assert await talk.trigger() == [("Idle", None)]
        talk.server.gate.clear()
        await talk.publish(7)
        await talk.reaches(7, "Downloading")
        assert await talk.trigger() == [("Downloading", 7)]
        talk.server.gate.set()
        await talk.reaches(7, "Published")
        assert await talk.trigger() == [("Idle", None)]
        await talk.publish(8, checksum=md5(OTHER))
        await talk.reaches(8, "InvalidChecksum")
        assert await talk.trigger() == [("InvalidChecksum", 8)]
        await talk.power_cut()
        await talk.advance(1000)
        assert await talk.trigger() == [("InvalidChecksum", 8)]


async def test_after_a_power_cut_the_file_is_published_again_and_an_interrupted_download_begins_again():
    async with publishing() as talk:
        talk.server.gate.clear()
        await talk.publish(7)
        await talk.reaches(7, "Downloading")
        await talk.power_cut()
        talk.server.gate.set()
        assert await talk.reaches(7, "Published") == PUBLISHED
        await talk.power_cut()
        for _ in range(100):
            await talk.advance(PASS_MS)
            found = await talk.fetch(talk.url())
            if found[0] == 200:
                break
        assert found[2] == FIRMWARE and talk.heard_of() == PUBLISHED
