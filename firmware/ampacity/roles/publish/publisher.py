"""What becomes of the CSMS's order to publish a firmware file (L03, L04): download, checksum, server; one order at a time, as a task.

`roles/charging/upstream.py` loads this with the first order, or at the start if one was kept. Every status goes through `Order.report`. The
file is removed before a failure is reported: after a power cut between the two the order is carried out again. What a charging station makes of
the file is its own decision: it verifies the signature of what it downloads; MD5 only shows damage on the way.
"""

import asyncio
import hashlib
from binascii import hexlify

from ampacity.base.address import parse_address
from ampacity.base.errors import Rejected
from ampacity.base.url import parse_url, quote, shown_url
from ampacity.net.link import error_text
from ampacity.ocpp.firmware.kept_order import kept_order
from ampacity.ocpp.publish.block import PUBLISHED, SCHEMES, WHOLE
from ampacity.roles.publish.file_server import FileServer
from ampacity.roles.publish.published_file import FAILED, PublishedFile
from ampacity.roles.publish.published_file import WHOLE as COMPLETE
from ampacity.roles.updates.download import Download

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.publish.block import Order
    from ampacity.roles.interfaces import SiteFacts, UpstreamFace, View
    from ampacity.roles.primary_face import PrimaryFace

SIZE_KIB = 4096  # of a file at most, where the site says nothing
LOOK_MS = 200
REST_MS = 2  # after each slice of the checksum: other tasks have their turn
LISTEN_RETRY_MS, LISTEN_TRIES = 5000, 12  # for a new file; after a restart it is tried without end, as the network may come late
OWN_UPDATE = ("Downloading", "DownloadPaused")  # the controller's own update comes first
NAME_MAX = 64
SLICE_BYTES = 4096  # at once into the runtime's MD5
TROUBLES = (OSError, Rejected, ValueError, EOFError, MemoryError, asyncio.TimeoutError)


class Publisher:
    """primary: whose station has the order, and whose site says where it may be served."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self._platform = primary.platform
        self._log = primary.log
        self._facts: "SiteFacts" = primary.site["ocpp"]
        self._upstream: "UpstreamFace" = primary.upstream  # type: ignore[assignment]  # the order came from there
        self._task: "Any" = None
        self._order: "Order | None" = None
        self._download: "Download | None" = None
        self._server: "FileServer | None" = None
        self._why = ""

    def begin(self, order: "Order") -> None:
        """Carry out this order; the one before ends at once. One that is not wanted loses its file."""
        self.stop()
        self._order, self._why = order, ""
        self._task = asyncio.create_task(self._run(order))

    def stop(self) -> None:
        """Nothing is downloaded or served any more."""
        if self._task is not None:
            self._task.cancel()
        if self._download is not None:
            self._download.stop()
            self._download = None
        self._close()

    def view(self) -> "View | None":
        """For `show ocpp`; None: nothing is published or under way."""
        order = self._order
        if order is None or not order.wanted:
            return None
        return {
            "request": order.facts["id"], "status": order.status or "Accepted", "location": order.facts["location"] or None,
            "readers": order.readers, "downloads": 0 if self._server is None else self._server.downloads, "why": self._why or None,
        }  # fmt: skip

    async def _run(self, order: "Order") -> None:
        try:
            file = PublishedFile(self._platform, self._log, 1024 * self._facts.get("publish_kib", SIZE_KIB))
            try:
                await self._carry_out(order, file)
            except TROUBLES as error:
                self._end(order, file, "PublishFailed" if order.status in WHOLE else "DownloadFailed", error_text(error))
        except TROUBLES as error:  # there is no place for a file
            self._say(order, "PublishFailed", str(error))

    async def _carry_out(self, order: "Order", file: PublishedFile) -> None:
        if not order.wanted:
            file.remove()
            self._log.add("info", "publish: the file %s is removed" % order.facts["checksum"], self._platform.clock.now_ms())
            order.removed()
            return
        again = order.status == PUBLISHED
        host, port = parse_address(self._facts.get("publish_address") or "")
        if order.status not in WHOLE or not file.found() and not again:
            if not await self._load(order, file):
                return
            self._report(order, "Downloaded")
        if not await self._matches(order, file):
            self._end(order, file, "PublishFailed" if again else "InvalidChecksum", "the MD5 checksum is not that of the order")
            return
        if not again:
            self._report(order, "ChecksumVerified")
        await self._publish(order, file, host, port, again)

    # the download

    async def _load(self, order: "Order", file: PublishedFile) -> bool:
        """Every attempt. True: the file is whole."""
        facts, clock, mark = order.facts, self._platform.clock, (0, "")
        file.remove()
        for left in range(facts["retries"], -1, -1):
            await self._wait_for_own_update(order)
            self._report(order, "Downloading")
            error, mark = await self._attempt(facts["url"], file, mark)
            if file.state == COMPLETE and not error:
                self._why = ""
                return True
            if file.state == FAILED or not left:
                break
            self._why = error
            text = "publish: download: %s; %d attempts left, the next in %d s" % (error, left, facts["interval"])
            self._log.add("warning", text, clock.now_ms())
            if file.offset:
                self._report(order, "DownloadPaused")
            await self._pause(1000 * facts["interval"])
        self._end(order, file, "DownloadFailed", file.error or error)
        return False

    async def _attempt(self, url: str, file: PublishedFile, mark: "tuple[int, str]") -> "tuple[str, tuple[int, str]]":
        """One attempt: (what went wrong, "" nothing; what the next one continues)."""
        self._download = download = Download(self._platform, file, url, self._tls, mark)
        while download.running:
            await self._platform.clock.sleep_ms(LOOK_MS)
        self._download = None
        return download.error, download.mark

    async def _pause(self, duration_ms: int) -> None:
        clock = self._platform.clock
        until_ms = clock.now_ms() + duration_ms
        while clock.now_ms() < until_ms:
            await clock.sleep_ms(LOOK_MS)

    async def _wait_for_own_update(self, order: "Order") -> None:
        while (kept_order(self._upstream.station.documents) or {}).get("status") in OWN_UPDATE:
            self._report(order, "DownloadScheduled")
            await self._platform.clock.sleep_ms(LOOK_MS)

    # checksum and server

    async def _matches(self, order: "Order", file: PublishedFile) -> bool:
        """Is the MD5 over all of the stored file that of the order (L03.FR.02)? A file that cannot be read has none."""
        digest, most = new_md5()
        at = 0
        try:
            while at < file.size:
                data = file.part(at, most)
                if not data:
                    return False
                digest.update(data)
                at += len(data)
                await self._platform.clock.sleep_ms(REST_MS)
        except OSError as error:
            self._log.add("error", "publish: the file cannot be read: %s" % error, self._platform.clock.now_ms())
            return False
        return file.size > 0 and hexlify(digest.digest()).decode() == order.facts["checksum"]

    async def _publish(self, order: "Order", file: PublishedFile, host: str, port: int, again: bool) -> None:
        """Serve the file for as long as it can be read. The end of the order cancels this task."""
        path = "/%s/%s" % (order.facts["checksum"], file_name(order.facts["url"]))
        self._server = FileServer(self._platform, self._log, file, path, order)
        tries = 0
        while True:
            try:
                await self._server.listen(host, port)
                break
            except OSError as error:
                tries += 1
                if tries >= LISTEN_TRIES and not again:
                    raise
                self._why = "cannot listen on %s:%d: %s" % (host, port, error)
                if tries == 1:
                    self._log.add("error", "publish: " + self._why, self._platform.clock.now_ms())
            await self._pause(LISTEN_RETRY_MS)
        self._why = ""
        self._report(order, PUBLISHED, "http://%s:%d%s" % (host, port, path))
        while not self._server.trouble:
            await self._platform.clock.sleep_ms(LOOK_MS)
        self._end(order, file, "PublishFailed", self._server.trouble)

    # common

    def _tls(self) -> "Any":
        """A TLS context with the root certificates of the CSMS. The station's own certificate is not shown to a file server. Raises Rejected."""
        from ampacity.ports.tls_credentials import TlsCredentials

        return self._platform.client_tls(TlsCredentials(self._upstream.roots_pem()))

    def _report(self, order: "Order", status: str, location: str = "") -> None:
        if order.status != status or location != order.facts["location"]:
            self._log.add("info", "publish: %s %s" % (status, location or shown_url(order.facts["url"])), self._platform.clock.now_ms())
        order.report(status, location)
        self._upstream.link.wake()

    def _end(self, order: "Order", file: PublishedFile, status: str, why: str) -> None:
        self._close()
        try:
            file.remove()
        except OSError as error:  # the next file replaces it
            why = "%s; the file cannot be removed: %s" % (why, error)
        self._say(order, status, why)

    def _say(self, order: "Order", status: str, why: str) -> None:
        self._why = why
        self._log.add("warning", "publish: %s: %s" % (status, why), self._platform.clock.now_ms())
        order.report(status)
        self._upstream.link.wake()

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


def new_md5() -> "tuple[Any, int]":
    """(an object with update(bytes) and digest(), the most bytes to give it at once so that others have their turn)."""
    try:
        return hashlib.md5(), SLICE_BYTES
    except (AttributeError, ValueError):  # a build without it; a computer whose policy forbids it
        from ampacity.base import md5

        return md5.OwnMd5(), md5.SLICE_BYTES


def file_name(url: str) -> str:
    """The last part of the path of a URL where it is a plain name, else "firmware"."""
    name = parse_url(url, SCHEMES).path.partition("?")[0].rpartition("/")[2]
    plain = quote(name) == name and name.strip(".") and len(name) <= NAME_MAX
    return name if plain else "firmware"
