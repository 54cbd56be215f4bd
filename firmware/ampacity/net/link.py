"""The door to the CSMS: keeps one WebSocket connection up for as long as the controller runs.

After each end of a connection, for whatever reason, the next attempt follows after the back-off. What went wrong is
counted and logged. Nothing that the network does can raise out of here.
"""

import asyncio
import os

from ampacity.base.errors import Rejected
from ampacity.base.rng import Rng
from ampacity.base.url import parse_url, shown_url
from ampacity.base.within import within
from ampacity.net.backoff import BackOff
from ampacity.net.connection import Connection, hint_of
from ampacity.net.resolver import Resolver
from ampacity.net.timed_event import TimedEvent
from ampacity.net.websocket import MESSAGE_MAX, WebSocketClient

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.base.interfaces import ByteReader, ByteWriter
    from ampacity.base.log import Log
    from ampacity.base.url import Url
    from ampacity.net.interfaces import Connector, Station


class LinkConfig:
    """What a link needs to know. All attributes may be changed while it runs; the next attempt or ping uses them.

    url without identity; identity: its last path segment and the Basic user; password None: no Basic authentication;
    protocols: in order of preference; ping_interval_s 0: no pings. The back-off figures are the RetryBackOff variables
    of OCPP's OCPPCommCtrlr. dns_servers None: the system's. tls: the context that a wss:// URL needs, as doors.connect
    takes it. secure: nothing but wss:// will do. certified: we show a certificate of our own. unusable: why no attempt can be made
    at all, None where it can.
    """

    def __init__(self, url: str, identity: str, password: "str | None" = None, protocols: "tuple[str, ...]" = ("ocpp2.0.1",)) -> None:
        self.url = url
        self.identity = identity
        self.password = password
        self.protocols = protocols
        self.retry_wait_min_s = 5
        self.retry_random_range_s = 5
        self.retry_repeat_times = 4
        self.ping_interval_s = 30
        self.connect_timeout_ms = 10000
        self.handshake_timeout_ms = 10000
        self.pong_timeout_ms = 10000
        self.send_timeout_ms = 20000
        self.close_timeout_ms = 1000
        self.message_max = MESSAGE_MAX
        self.dns_servers: "list[str] | None" = None
        self.tls: "Any" = None
        self.secure = self.certified = False
        self.unusable: "str | None" = None


class Link:
    """A link between doors and a station core.

    platform: connect(host, port, tls, server name) → awaitable of (reader, writer); host is an IP literal, whatever the URL
    says; the last two only for wss. station: connected(now_ms), disconnected(now_ms), receive(text, now_ms),
    next(now_ms) → (text | None, wake_at_ms | None); the producer of a message calls wake(). rng: draws the
    random part of the back-off. entropy(n): n unpredictable bytes, for keys and masks. Counters in the log:
    link.connects, link.drops, link.failed, link.refused, link.garbage, link.oversized, link.utf8, link.silent, link.flooded, link.unaccepted.
    `trouble`: why there is no connection, in one line; None while there is one, and before the first attempt.
    on_failure: None, or function(counter, text): told of all that goes wrong. counter: "failed", or one of the counters above.
    before_attempt: None, or function(now_ms) that may change the configuration.
    """

    def __init__(
        self,
        platform: "Connector",
        station: "Station",
        config: "LinkConfig",
        clock: "Clock",
        log: "Log",
        resolver: "Resolver | None" = None,
        rng: "Rng | None" = None,
        entropy: "Callable[[int], bytes]" = os.urandom,
    ) -> None:
        self.config = config
        self._platform = platform
        self._station = station
        self._clock = clock
        self._log = log
        self._entropy = entropy
        self._resolver = Resolver(clock, log, config.dns_servers) if resolver is None else resolver
        self._backoff = BackOff(0, 0, 0, rng or Rng(int.from_bytes(os.urandom(4), "big")))
        self._wake = TimedEvent(clock)
        self._connection: "Connection | None" = None
        self._stopping = False
        self._hurry = False
        self._trouble: "str | None" = None
        self.on_failure: "Callable[[str, str], object] | None" = None
        self.before_attempt: "Callable[[int], object] | None" = None

    @property
    def trouble(self) -> "str | None":
        """Why there is no connection, None while there is one."""
        return None if self.online else self._trouble

    @property
    def online(self) -> bool:
        """Is the WebSocket open?"""
        return self._connection is not None and self._connection.online

    def wake(self) -> None:
        """The station may have something to send: ask it now."""
        self._wake.set()

    def reconnect(self) -> None:
        """End the connection, if there is one, and begin a new one without waiting (a new URL, a new password)."""
        self._backoff.restart()
        self._hurry = True
        self._end()

    def leave(self, counter: str, text: str) -> None:
        """End the connection because of what the server does, if there is one; the next attempt follows after the back-off."""
        if self._connection is not None:
            self.failed(counter, text)
            self._end()

    def stop(self) -> None:
        """Close the connection and let run() return."""
        self._stopping = True
        self._end()

    def _end(self) -> None:
        self._wake.set()
        if self._connection is not None:
            self._connection.close()

    async def run(self) -> None:
        """Runs until stop()."""
        try:
            while not self._stopping:
                self._hurry = False
                await self._attempt()
                if not self._hurry:  # else the next wait is the first again
                    await self._pause()
        finally:
            self._wake.close()

    async def _pause(self) -> None:
        config, backoff = self.config, self._backoff
        backoff.wait_min_s = config.retry_wait_min_s
        backoff.random_range_s = config.retry_random_range_s
        backoff.repeat_times = config.retry_repeat_times
        until_ms = self._clock.now_ms() + backoff.next_wait_ms()
        while not self._stopping and not self._hurry and self._clock.now_ms() < until_ms:
            self._wake.clear()
            await self._wake.wait(until_ms)

    async def _attempt(self) -> None:
        """One connection, from the name look-up to its end."""
        if self.before_attempt is not None:
            self.before_attempt(self._clock.now_ms())
        try:
            url = parse_url(self.config.url, self._schemes()).below(self.config.identity)
            reader, writer = await self._connect(url)
        except (OSError, Rejected, ValueError, asyncio.TimeoutError) as error:
            said = error_text(error)
            self.failed("failed", "no connection to %s: %s%s" % (shown_url(self.config.url), said, hint_of(self.config, error, said)))
            return
        await self._serve(url, reader, writer)

    def _schemes(self) -> "tuple[str, ...]":
        """What may be spoken; never less than was asked for."""
        config = self.config
        if config.unusable is not None:
            raise ValueError(config.unusable)
        if config.secure:
            return ("wss",)
        return ("ws",) if config.tls is None else ("ws", "wss")

    def failed(self, counter: str, text: str) -> None:
        """Count, log, keep and report what went wrong."""
        self._trouble = text
        self._log.counter("link." + counter)
        self._log.add("warning", text, self._clock.now_ms())
        if self.on_failure is not None:
            self.on_failure(counter, text)

    async def _connect(self, url: "Url") -> "tuple[ByteReader, ByteWriter]":
        address = await self._resolver.resolve(url.host)
        secure = (self.config.tls, url.host) if url.scheme == "wss" else ()
        connecting = self._platform.connect(address, url.port, *secure)
        return await within(connecting, self.config.connect_timeout_ms / 1000)

    async def _serve(self, url: "Url", reader: "ByteReader", writer: "ByteWriter") -> None:
        config = self.config
        socket = WebSocketClient(
            url, config.protocols, config.identity, config.password, config.message_max, self._entropy
        )
        self._connection = Connection(
            reader, writer, socket, self._station, config, self._clock, self._log, self._wake, self.failed,
            self._platform.abort,
        )
        if self._stopping or self._hurry:
            self._connection.close()
        before = self._trouble
        try:
            await self._connection.serve()
        finally:
            if self._connection.used_ms is not None:
                self._backoff.used(self._connection.used_ms)
            if self._trouble is before:  # it is over, and nothing went wrong
                self._trouble = "the connection to %s has ended" % shown_url(config.url)
            self._connection = None


def error_text(error: "BaseException") -> str:
    """The text of an error, without its number."""
    if isinstance(error, asyncio.TimeoutError):
        return "it took too long"
    said = error.args[-1] if error.args else ""
    return said if isinstance(said, str) and said else str(error) or "the other end hung up"
