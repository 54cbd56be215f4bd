"""The way of a log to the server that the CSMS named (N01): one connection for an attempt, one more for each redirection.

The text is made while it is sent (ocpp/diagnostics/log_text.py); between its parts other tasks have their turn. The station's own certificate
and password are not shown to a file server; user and password of the URL go to its host only.
"""

import asyncio

from ampacity.base.compat import const
from ampacity.base.errors import Rejected
from ampacity.base.url import parse_url
from ampacity.base.within import within
from ampacity.net.http_get import redirected
from ampacity.net.http_put import HttpPut
from ampacity.net.link import error_text
from ampacity.net.resolver import Resolver
from ampacity.ocpp.diagnostics.logs import SCHEMES, upload_status

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.base.url import Url
    from ampacity.ocpp.diagnostics.log_text import LogText
    from ampacity.ocpp.diagnostics.logs import Upload
    from ampacity.roles.interfaces import RolePlatform

_PART_BYTES = const(1024)
_READ_BYTES = const(1024)
_CONNECT_MS = const(15000)
SILENT_MS = 30000
_REDIRECTS_MAX = const(3)
REST_MS = 2  # after each part: other tasks have their turn


class LogUpload:
    """One attempt: a task that ends with `upload.end` and then calls `ended`. root_pem: root certificates of the CSMS, or None."""

    def __init__(self, platform: "RolePlatform", log: "Log", root_pem: "str | None", upload: "Upload", ended: "Callable[[], None]") -> None:
        self._platform = platform
        self._log = log
        self._root_pem = root_pem
        self._upload = upload
        self._ended = ended
        self._failure = "UploadFailure"
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Another attempt begins: the connection of this one is closed."""
        self._task.cancel()

    async def _run(self) -> None:
        try:
            self._upload.end(*await self._attempt())
        except (OSError, Rejected, ValueError, EOFError, MemoryError, asyncio.TimeoutError) as error:
            self._upload.end(self._failure, error_text(error))
        finally:
            self._upload.end("UploadFailure", "the upload was ended")
            self._ended()

    async def _attempt(self) -> "tuple[str, str]":
        url, login, text = parse_url(self._upload.url, SCHEMES), self._upload.login, self._upload.text
        while not text.measure():
            await self._rest()
        for _ in range(_REDIRECTS_MAX + 1):
            put = HttpPut(url, text.size, self._upload.name, login)
            await self._exchange(url, put, text)
            if not put.location:
                return upload_status(put.status), "%d %s" % (put.status, put.reason)
            after = parse_url(redirected(url, put.location), SCHEMES)
            login = login if (after.scheme, after.host, after.port) == (url.scheme, url.host, url.port) else ""
            url = after
            text.rewind()
        raise ValueError("http: more than %d redirections" % _REDIRECTS_MAX)

    async def _exchange(self, url: "Url", put: HttpPut, text: "LogText") -> None:
        reader, writer = await within(self._connected(url), _CONNECT_MS / 1000)
        try:
            try:
                await self._send(writer, put.head(), text)
            except OSError:  # a server that refuses may close before it has read all: its answer says why
                await self._receive(reader, put)
                return
            await self._receive(reader, put)
        finally:
            self._platform.abort(writer)

    async def _send(self, writer: "Any", head: bytes, text: "LogText") -> None:
        data = head
        while data:
            if not self._upload.wanted:
                raise EOFError("the upload was cancelled")
            writer.write(data)
            await within(writer.drain(), SILENT_MS / 1000)
            await self._rest()
            data = text.read(_PART_BYTES)

    async def _receive(self, reader: "Any", put: HttpPut) -> None:
        while not put.status:
            data = await within(reader.read(_READ_BYTES), SILENT_MS / 1000)
            if not data:
                raise OSError("the server ended the connection without an answer")
            self._failure = "BadMessage"
            put.receive(data)
            self._failure = "UploadFailure"

    async def _connected(self, url: "Url") -> "tuple[Any, Any]":
        address = await Resolver(self._platform.clock, self._log).resolve(url.host)
        secure = (self._tls(), url.host) if url.scheme == "https" else ()
        found: "tuple[Any, Any]" = await self._platform.connect(address, url.port, *secure)
        return found

    def _tls(self) -> "Any":
        """With the root certificates of the CSMS (N01.FR.15)."""
        from ampacity.ports.tls_credentials import TlsCredentials

        return self._platform.client_tls(TlsCredentials(self._root_pem))

    async def _rest(self) -> None:
        await self._platform.clock.sleep_ms(REST_MS)
