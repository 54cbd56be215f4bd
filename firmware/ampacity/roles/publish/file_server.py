"""The server of the published file on the local network: HTTP/1.1 for reading, one path, a few connections, a few KiB at a time.

It listens only while a file is published. A connection that says nothing, reads nothing, or is slower than RATE_BYTES in a second is ended;
one that downloads keeps its place. Other tasks have their turn after each piece.
"""

import asyncio

from ampacity.base.admission import Admission
from ampacity.base.rate_limited_log import RateLimitedLog
from ampacity.base.within import within
from ampacity.net.http_file import FileRequest

if False:  # for the type checker
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.ocpp.publish.block import Order
    from ampacity.roles.interfaces import RolePlatform
    from ampacity.roles.publish.published_file import PublishedFile

CLIENTS_MAX = 4
WAITING = 4  # connections that have not yet made a request
HEAD_MS = 10000  # for a whole request
SILENT_MS = 30000  # without a byte that the client takes
START_MS, RATE_BYTES = 60000, 1000  # of one answer: so long, and a second more for so many bytes
READ_BYTES = 512
PIECE_BYTES = 2048
REST_MS = 2  # after each piece: other tasks have their turn


class FileServer:
    """path: of the file, from "/" on; order: whose `wanted` ends all answers, and whose `readers` counts downloads.

    `trouble`: why the file cannot be read any more, "" it can.
    """

    def __init__(self, platform: "RolePlatform", log: "Log", file: "PublishedFile", path: str, order: "Order") -> None:
        self._platform = platform
        self._file = file
        self._path = path
        self._order = order
        self._admission = Admission(platform, CLIENTS_MAX, WAITING, RateLimitedLog(log, "publish").add)
        self._server: "Any" = None
        self.trouble = ""
        self.downloads = 0  # answers that were sent to their end

    async def listen(self, host: str, port: int) -> None:
        """From now on; OSError: it is not possible."""
        self._server = await self._platform.listen(host, port, self._client)

    def close(self) -> None:
        """No new connection, and an end of those that are there."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._admission.close()

    async def _client(self, reader: "Any", writer: "Any") -> None:
        client = self._admission.enter(writer)
        try:
            request = FileRequest(self._path, self._file.size, self._order.facts["checksum"])
            await within(self._hear(reader, request), HEAD_MS / 1000)
            if self._order.wanted and self._admission.heard(client):
                self._admission.answering(client, True, request.sends)
                await self._answer(writer, request)
        except (OSError, EOFError, ValueError, MemoryError, asyncio.TimeoutError):  # its end of it
            pass
        finally:
            self._admission.leave(client)
            self._platform.abort(writer)

    @staticmethod
    async def _hear(reader: "Any", request: FileRequest) -> None:
        complete = False
        while not complete:
            data = await reader.read(READ_BYTES)
            if not data:
                raise EOFError
            complete = request.receive(data)

    async def _answer(self, writer: "Any", request: FileRequest) -> None:
        self._order.readers += request.sends
        try:
            limits = getattr(getattr(writer, "transport", None), "set_write_buffer_limits", None)
            if limits is not None:
                limits(PIECE_BYTES)  # CPython's own 64 KiB would let a slow client seem to take nothing
            writer.write(request.answer())
            await within(writer.drain(), SILENT_MS / 1000)
            if request.sends:
                await self._send(writer, request)
            writer.close()
            await within(writer.wait_closed(), SILENT_MS / 1000)
            self.downloads += request.sends
        finally:
            self._order.readers -= request.sends

    async def _send(self, writer: "Any", request: FileRequest) -> None:
        clock, at = self._platform.clock, request.first
        until_ms = clock.now_ms() + START_MS + 1000 * (request.last - at) // RATE_BYTES
        while at <= request.last:
            if not self._order.wanted or clock.now_ms() >= until_ms:
                raise EOFError
            data = self._piece(at, min(PIECE_BYTES, request.last + 1 - at))
            writer.write(data)
            await within(writer.drain(), SILENT_MS / 1000)
            at += len(data)
            if at <= request.last:
                await clock.sleep_ms(REST_MS)

    def _piece(self, at: int, size: int) -> bytes:
        try:
            data = self._file.part(at, size)
        except OSError as error:
            self.trouble = "the file cannot be read: %s" % error
            raise
        if len(data) != size:
            self.trouble = "the file has changed"
            raise EOFError
        return data
