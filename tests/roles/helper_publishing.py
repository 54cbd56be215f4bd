"""The garage as a local controller: a CSMS that orders it to publish firmware, a folder for the file, clients on loopback."""

import asyncio
import os
from binascii import hexlify
from hashlib import md5

from helper_csms import OCPP, Csms, Talking
from helper_garage import Garage, site
from helper_updates import clear

from ampacity.base.within import within
from ampacity.roles.publish import file_server, publisher
from ampacity.store.slot_files import SlotFiles

NOTICE = "PublishFirmwareStatusNotification"
FIRMWARE = bytes([(i * i >> 3) & 255 for i in range(20000)])
LOADED = ["Downloading", "Downloaded", "ChecksumVerified"]
PUBLISHED = LOADED + ["Published"]
HOST = "127.%d.%d.%d" % tuple(1 + byte % 254 for byte in os.urandom(3))  # no other process listens there
publisher.LOOK_MS = 5  # the garage's time is moved by hand


def checksum(data=FIRMWARE):
    return hexlify(md5(data).digest()).decode()


def reset(writer):
    if hasattr(writer, "transport"):
        writer.transport.abort()
    else:
        writer.s.close()


class Folder:
    """A data folder that is gone afterwards."""

    def __enter__(self):
        self.path = "/tmp/ampacity-publish-%d" % int.from_bytes(os.urandom(4), "big")
        os.mkdir(self.path)
        return self

    def __exit__(self, *error):
        clear(self.path)

    @property
    def kept(self):
        """The file that is there, None: there is none."""
        try:
            with open(self.path + "/publish/file", "rb") as file:
                return file.read()
        except OSError:
            return None


class StuckWriter:
    """To a client that takes nothing: the buffers on the way are full."""

    def __init__(self, writer):
        self._writer = writer
        if hasattr(writer, "transport"):
            self.transport = writer.transport
        else:
            self.s = writer.s

    def write(self, data):
        pass

    async def drain(self):
        await asyncio.sleep(60)

    def close(self):
        self._writer.close()

    async def wait_closed(self):
        await self._writer.wait_closed()


class PublishingGarage(Garage, Talking):
    """`notices`: [(requestId, status)]; `url`: of the file that was published last;  `stuck`: new clients take no byte."""

    stuck = False

    def __init__(self, folder, files=None, facts=None, csms=None, **ocpp):
        self.folder = folder
        self.csms = csms or Csms()
        self.port_of_files = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
        self.ocpp = dict(OCPP)
        self.ocpp["publish_address"] = "%s:%d" % (HOST, self.port_of_files)
        self.ocpp.update(ocpp)
        super().__init__(facts or site(ocpp=self.ocpp), files)

    def start(self, **boot):
        self.power_off()
        super().start(**boot)
        platform = self.platform
        platform.folder = self.folder.path
        platform.connect = asyncio.open_connection
        platform.abort = reset
        platform.listen = self._listen
        self.begin_talk()
        return self

    def power_off(self):
        if hasattr(self, "primary") and self.primary.upstream._publisher is not None:
            self.primary.upstream._publisher.stop()

    async def _listen(self, host, port, handler):
        async def served(reader, writer):
            await handler(reader, StuckWriter(writer) if self.stuck else writer)

        return await asyncio.start_server(served, host, port)

    @property
    def notices(self):
        return [(payload.get("requestId"), payload["status"]) for name, payload in self.csms.got if name == NOTICE]

    @property
    def url(self):
        return [payload["location"] for name, payload in self.csms.got if name == NOTICE and "location" in payload][-1][0]

    def of(self, number):
        return [status for each, status in self.notices if each == number]

    def publish(self, number, url, data=FIRMWARE, **more):
        """The status of the answer to PublishFirmware."""
        payload = {"requestId": number, "location": url, "checksum": checksum(data)}
        payload.update(more)
        self.answer = self.call("PublishFirmware", payload)
        return self.answer["status"]

    def unpublish(self, data=FIRMWARE):
        return self.call("UnpublishFirmware", {"checksum": checksum(data)})["status"]

    def view(self):
        return self.primary.upstream.view().get("publish")

    async def passes(self, count, until=lambda: False):
        """True: `until` was true."""
        for _ in range(count):
            self.run(200)
            self.talk()
            await asyncio.sleep(0.005)
            if until():
                return True
        return False

    async def reaches(self, number, status, count=1500):
        """The statuses of an order, when it has reached this one."""
        assert await self.passes(count, lambda: status in self.of(number)), (self.notices, self.view(), self.log.since(0)[-3:])
        return self.of(number)

    async def published(self, server, number=1, data=FIRMWARE):
        """The path of the file, published."""
        server.data = data
        assert self.publish(number, server.url, data) == "Accepted"
        assert await self.reaches(number, "Published") == PUBLISHED
        return "/" + self.url.split("/", 3)[3]


class DyingTree:
    """The files of a controller whose power fails with the write of number `cut_at`: a half of it arrives, then nothing any more."""

    def __init__(self, path, files, cut_at=0):
        self._files = SlotFiles(path + "/publish")
        self.left = cut_at
        self.dead = False
        for name in ("append", "sync", "replace", "remove"):
            setattr(files, name, self._mortal(getattr(type(files), name), files))
        self.size, self.part = self._files.size, self._files.part

    def _counted(self):
        self.left -= 1
        if self.left == 0:
            self.dead = True
            return True
        return False

    def _mortal(self, function, files):
        def write(*parameters):
            if self.dead or self._counted():
                raise OSError(5, "no power")
            return function(files, *parameters)

        return write

    def append(self, name, data):
        if self.dead:
            raise OSError(5, "no power")
        if self._counted():
            self._files.append(name, data[: len(data) // 2])
            raise OSError(5, "no power")
        self._files.append(name, data)

    def sync(self, name):
        if self.dead or self._counted():
            raise OSError(5, "no power")
        self._files.sync(name)

    def remove(self, name):
        if self.dead or self._counted():
            raise OSError(5, "no power")
        self._files.remove(name)


async def fetch(port, request, piece=4096, rest_s=0, host=HOST):
    """All bytes of the answer to these bytes, as far as they came."""
    reader, writer = await asyncio.open_connection(host, port)
    data = b""
    try:
        writer.write(request)
        await writer.drain()
        while True:
            more = await within(reader.read(piece), 20)
            if not more:
                break
            data += more
            if rest_s:
                await asyncio.sleep(rest_s)
    except (OSError, EOFError):
        pass
    reset(writer)
    return data


def get(path, more="", method="GET"):
    return ("%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (method, path, more)).encode()


def body(answer):
    return answer.partition(b"\r\n\r\n")[2]


async def quiet(garage):
    """Nothing of the garage runs on."""
    garage.power_off()
    await asyncio.sleep(0.02)


async def reading(garage, path):
    """A client that has begun to download and takes no more."""
    reader, writer = await asyncio.open_connection(HOST, garage.port_of_files)
    writer.write(get(path))
    await writer.drain()
    await reader.read(10)
    return writer


class Slowly:
    """Each piece of a download takes so many ms: a long file without its bytes."""

    def __init__(self, rest_ms):
        self.rest_ms = rest_ms

    def __enter__(self):
        self.before, file_server.REST_MS = file_server.REST_MS, self.rest_ms

    def __exit__(self, *error):
        file_server.REST_MS = self.before
