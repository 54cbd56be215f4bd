"""One attempt to download a file from a server: connections, redirections, and the way of the bytes into the spare slot, or to who publishes it.

A connection is a task; the owner looks at `running` and `error`. It asks for what the delivery wants next: after a break, or where a
part is in the slot already, that is not the beginning. The server waits while a block is written or a signature is verified. A file with a
signature of the CSMS always comes from its first byte, and whole: the signature is over all of it.
"""

import asyncio

from ampacity.base.errors import Rejected
from ampacity.base.url import parse_url
from ampacity.base.within import within
from ampacity.net.http_get import HttpGet, redirected
from ampacity.net.link import error_text
from ampacity.net.resolver import Resolver

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.url import Url
    from ampacity.roles.interfaces import RolePlatform, TakerFace
    from ampacity.roles.updates.signature_check import SignatureCheck
    from ampacity.update.manifest import Manifest

SOURCE = "CSMS"
SCHEMES = ("http", "https")
READ_BYTES = 4096
CONNECT_MS = 15000
SILENT_MS = 30000
RATE_BYTES, RATE_MS = 4096, 60000  # less in so long a time is a server that only holds the slot
REDIRECTS_MAX = 3
PARTS_MAX = 16  # connections of one attempt, redirections included
SKIP_BYTES = 8192  # more that the slot holds already is not downloaded again: another connection costs about so much
REST_MS = 2  # after each part: other tasks have their turn


class Download:
    """url: where the bundle is; tls: function() → context for a connection with https, raises Rejected;
    mark: (size, validator) of what was read before; check: of the file's signature.

    `running`; `error`: why it has ended, "" where the delivery decides, or the check; `mark`: as the parameter, for the next attempt;
    `reached`: statuses of OCPP that a file with a signature has reached, oldest first; the owner takes them.
    `expected`: the manifest of a bundle whose signature of the CSMS is right; the slot is not ready before the owner has noted it (None).
    """

    def __init__(
        self, platform: "RolePlatform", updater: "TakerFace", url: str, tls: "Callable[[], Any]", mark: "tuple[int, str]",
        check: "SignatureCheck | None" = None,
    ) -> None:  # fmt: skip
        self._platform = platform
        self._updater = updater
        self._url = url
        self._tls = tls
        self.mark = mark
        self.check = check
        self.expected: "Manifest | None" = None
        self.reached: "list[str]" = []
        self.running = True
        self.error = "the download was ended"
        self._whole = False  # this server gives whole files only
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """End it; what came is kept for the same bundle."""
        self._task.cancel()
        self.running = False

    async def _run(self) -> None:
        try:
            await self._attempt()
            self.error = ""
        except (OSError, Rejected, ValueError, EOFError, MemoryError, asyncio.TimeoutError) as error:
            self.error = error_text(error)
        finally:
            self.running = False

    async def _attempt(self) -> None:
        url, redirects = parse_url(self._url, SCHEMES), 0
        for _ in range(PARTS_MAX):
            self._updater.places.measure()
            start = self._updater.delivery.offset if self._receives() and self.check is None and not self._whole else 0
            get = HttpGet(url, start, self.mark[1] if start else "", self._updater.places.device.slot_bytes)
            try:
                if await self._part(url, get):
                    return
            except ValueError:
                if not start:
                    raise
                self._whole = True  # no such part: it has become another file, or the server cannot do that
            if get.location:
                redirects += 1
                if redirects > REDIRECTS_MAX:
                    raise ValueError("http: more than %d redirections" % REDIRECTS_MAX)
                url = parse_url(redirected(url, get.location), SCHEMES)
        raise ValueError("http: more than %d connections for one file" % PARTS_MAX)

    async def _part(self, url: "Url", get: "HttpGet") -> bool:
        """One connection; True: the delivery has all, or is over. False: another one is needed."""
        clock, start = self._platform.clock, get.at
        reader, writer = await within(self._connected(url), CONNECT_MS / 1000)
        try:
            writer.write(get.request())
            await within(writer.drain(), SILENT_MS / 1000)
            since_ms, since_at = clock.now_ms(), get.at
            begun = False
            while not get.done() and not get.location:
                data = await within(reader.read(READ_BYTES), SILENT_MS / 1000)
                if not data:
                    raise OSError("the server ended the connection after %d of %s bytes" % (get.at, get.size or "?"))
                body = get.receive(data)
                if get.size is not None and not begun:
                    self._begin(get.size, get.mark)
                    begun, since_at = True, get.at - len(body)
                    self._whole = self._whole or since_at < start
                if not await self._feed(get.at - len(body), body):
                    return not self._receives()
                now_ms = clock.now_ms()
                if now_ms - since_ms >= RATE_MS:
                    if get.at - since_at < RATE_BYTES:
                        raise OSError("the server sends less than %d bytes in %d s" % (RATE_BYTES, RATE_MS // 1000))
                    since_ms, since_at = now_ms, get.at
            return not get.location and await (self._checked() if self.check is None else self._judged(self.check))
        finally:
            self._platform.abort(writer)

    async def _connected(self, url: "Url") -> "tuple[Any, Any]":
        resolver = Resolver(self._platform.clock, self._updater.log)
        address = await resolver.resolve(url.host)
        secure = (self._tls(), url.host) if url.scheme == "https" else ()
        found: "tuple[Any, Any]" = await self._platform.connect(address, url.port, *secure)
        return found

    def _receives(self) -> bool:
        delivery = self._updater.delivery
        return delivery.busy() and delivery.source == SOURCE

    def _begin(self, size: int, mark: str) -> None:
        """The head is there: a delivery begins, unless the same file continues. Raises NotNow, Rejected."""
        if self.check is not None:
            self.check.begin()
        elif self._receives() and self.mark == (size, mark):
            return
        self._updater.sink(SOURCE).abort()
        self.mark = (size, mark)
        self._updater.begin(SOURCE, size)
        if self.check is not None:
            try:
                self._updater.forget_unfinished()
            except (Rejected, OSError):
                self._updater.sink(SOURCE).abort()
                raise

    async def _feed(self, at: int, data: bytes) -> bool:
        """Give the delivery these bytes; False: it wants another part, or no more. Raises Rejected, OSError. With a signature all bytes are
        hashed, whatever the delivery makes of them: what it refuses is judged when the signature was."""
        if self.check is None:
            return await self._offer(at, data)
        at -= len(self.check.held)
        try:
            await self._offer(at, self.check.take(data))
        except (Rejected, OSError):  # the delivery keeps its error
            pass
        return True

    async def _offer(self, at: int, data: bytes) -> bool:
        sink, delivery = self._updater.sink(SOURCE), self._updater.delivery
        while data:
            if not self._receives() or at > delivery.offset or delivery.offset - at > SKIP_BYTES and not self._whole:
                return False
            taken = sink.write(at, data)
            at, data = at + taken, data[taken:]
            await self._platform.clock.sleep_ms(REST_MS)
        return True

    async def _judged(self, check: "SignatureCheck") -> bool:
        """All bytes came: True when the signature is wrong, or when the delivery is over with what was held back. Raises OSError: it wants a
        part again, which the medium has lost."""
        self.reached.append("Downloaded")
        for _ in check.judge():
            await self._platform.clock.sleep_ms(REST_MS)
        if check.valid:
            self.reached.append("SignatureVerified")
            self.expected = self._updater.delivery.manifest if self._receives() else None
            while self.expected is not None:
                await self._platform.clock.sleep_ms(REST_MS)
            await self._feed_held(check)
        return True

    async def _feed_held(self, check: "SignatureCheck") -> None:
        try:
            await self._offer(self._updater.delivery.size - len(check.held), check.held)
        except (Rejected, OSError):
            return
        if not await self._checked():
            raise OSError("the medium has lost a part of the bundle")

    async def _checked(self) -> bool:
        """All bytes came: True when the delivery is over, False where it wants a part again, which the medium has lost."""
        delivery = self._updater.delivery
        while self._receives() and delivery.offset >= delivery.size:
            self._updater.work_once()
            await self._platform.clock.sleep_ms(REST_MS)
        return not self._receives()
