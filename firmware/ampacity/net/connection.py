"""One WebSocket connection from its upgrade to its end, over a pair of streams.

Three small tasks serve it: one reads, one writes (only one: two writers would tear each other's frames on MicroPython),
one watches the time. When one of them ends, all do.

Whatever a server sends, and whether or not it reads, uses a bounded part of memory and time: the task that reads
continues when all replies to the last message or the last few frames are sent, and then rests as long as it has worked.
"""

import asyncio
from errno import ECONNRESET

from ampacity.base.compat import const
from ampacity.base.url import shown_url
from ampacity.base.within import within
from ampacity.net.websocket import CLOSED, CLOSING, CONNECTING, MESSAGE_COST, OPEN

if False:  # for the type checker
    from collections.abc import Callable, Coroutine
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.base.interfaces import ByteReader, ByteWriter
    from ampacity.base.log import Log
    from ampacity.net.interfaces import ConnectionConfig, Station
    from ampacity.net.timed_event import TimedEvent
    from ampacity.net.websocket import Event, WebSocketClient

_READ_BYTES = const(4096)
_WATCH_MS = const(1000)
_GRACE_MS = const(200)
_MESSAGE_MS_MAX = const(60000)  # from the first byte of a message to its last
_IDLE_MS_MAX = const(60000)
_PINGS_A_S = const(10)  # of the server's: so many each second for long, and so many at once
_PINGS_MAX = const(300)
_MESSAGES_A_S = const(20)  # of a server that does not wait for our answers; one that waits may send any number
_MESSAGES_MAX = const(600)
_POLICY = const(1008)
REQUEST = "[2"  # how a request of ours begins
_LAST_WORDS_MAX = const(8)  # messages that leave before a connection is closed because of what the server sent
ACCEPTED = "; does it accept our certificate?"


def hint_of(config: "ConnectionConfig", error: "BaseException", said: str) -> str:
    """What to look at where the other end ended it: so a server does that refuses our certificate, at the first word or later."""
    ended = isinstance(error, EOFError) or (error.args and error.args[0] == ECONNRESET) or "ended the connection" in said
    return ACCEPTED if config.certified and ended else ""


class Connection:
    """socket: a WebSocketClient not yet started. wake: the TimedEvent that is set when the station may have something to send.
    failed(counter, text): called with what goes wrong. abort(writer): ends it with a reset.

    `online`: it is open. `broken`: an error of our own that ended it. `used_ms`: when it is over, for how long messages of the
    server came, in ms; None: it sent none, or a flood.
    """

    def __init__(
        self,
        reader: "ByteReader",
        writer: "ByteWriter",
        socket: "WebSocketClient",
        station: "Station",
        config: "ConnectionConfig",
        clock: "Clock",
        log: "Log",
        wake: "TimedEvent",
        failed: "Callable[[str, str], object]",
        abort: "Callable[[ByteWriter], object]",
    ) -> None:
        self.online = False
        self.used_ms: "int | None" = None
        self.broken: "Exception | None" = None
        self._reader = reader
        self._writer = writer
        self._socket = socket
        self._station = station
        self._config = config
        self._clock = clock
        self._log = log
        self._wake = wake
        self._trouble = failed
        self._abort = abort
        self._over = asyncio.Event()
        self._drained = asyncio.Event()  # the writer has nothing left to send
        self._worked_us = self._pings = self._piled = 0
        self._control = [socket.start()]  # frames that go before any message
        self._begun_ms = self._ping_ms = clock.now_ms()
        self._answered_ms: "int | None" = None  # the server's first message
        self._pinged_ms: "int | None" = None
        self._sending_ms: "int | None" = None
        self._partial_ms: "int | None" = None  # since then the same message has been coming
        self._closing_ms: "int | None" = None

    async def serve(self) -> None:
        """Until the connection has ended, for whatever reason; then the socket is closed."""
        tasks: "list[asyncio.Task[None]]" = []
        cancelled = None
        try:
            for start in (self._read, self._write, self._watch):
                tasks.append(asyncio.create_task(self._part(start())))
            await self._over.wait()
        except asyncio.CancelledError as error:  # of all that can end it, only this leaves time to take leave
            cancelled = error
        except MemoryError as error:
            self.broken = error
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._answered_ms is not None:
            self.used_ms = self._clock.now_ms() - self._answered_ms
        await self._hang_up()
        if self.online:
            self.online = False
            self._log.counter("link.drops")
            self._station.disconnected(self._clock.now_ms())
        if cancelled is not None:
            raise cancelled
        if self.broken is not None:
            raise self.broken

    def close(self) -> None:
        """Begin the closing handshake; if the server does not answer it, the connection ends soon without."""
        if self._closing_ms is None:
            self._closing_ms = self._clock.now_ms()
            self._wake.set()

    async def _part(self, coroutine: "Coroutine[Any, Any, None]") -> None:
        try:
            await coroutine
        except (OSError, EOFError, ValueError) as error:
            said = error.args[-1] if error.args else ""  # our own words come last, after a number
            said = said if isinstance(said, str) and said else str(error)
            what, hint = "connection lost", ""
            if not self.online:
                what, hint = "no connection to " + shown_url(self._config.url), hint_of(self._config, error, said)
            self._trouble("failed", "%s: %s%s" % (what, said, hint))
        except Exception as error:
            self.broken = error
        finally:
            self._over.set()

    async def _read(self) -> None:
        socket = self._socket
        while socket.state != CLOSED:
            data = await self._reader.read(_READ_BYTES)
            self._pinged_ms = None  # any byte shows that the server runs
            await self._take(data)
            while not self._flooded():
                if not socket.more or socket.state == CLOSED:
                    break
                await self._take(b"", True)
            else:
                return
            if not socket.partial:
                self._partial_ms = None
            elif self._partial_ms is None:
                self._partial_ms = self._clock.now_ms()

    async def _take(self, data: bytes, more: bool = False) -> None:
        """Bytes from the server, or the next few frames of those that came before; b"" without `more`: it has hung up."""
        began_us = self._clock.now_us()
        events = self._socket.receive(data) if data or more else self._socket.end()
        for event in events:
            self._handle(event)
            if event[0] in ("text", "oversized"):
                await self._rest(began_us)
                began_us = self._clock.now_us()
        out = self._socket.data_to_send()
        if out:
            self._control.append(out)
        await self._rest(began_us)

    async def _rest(self, began_us: int) -> None:
        """Until all has left that was called for; then others have as long a turn as we had since began_us."""
        self._worked_us += self._clock.now_us() - began_us
        self._wake.set()
        if self._socket.state == OPEN:
            self._drained.clear()
            await self._drained.wait()
        rest_ms = self._worked_us // 1000
        self._worked_us -= 1000 * rest_ms
        if rest_ms or self._socket.state == CLOSING:
            await self._clock.sleep_ms(rest_ms)

    def _flooded(self) -> bool:
        """Disconnects from a server that sends too many pings, each of which costs a reply, or too many messages without waiting for
        the answers."""
        socket = self._socket
        self._pings, socket.pings = self._pings + socket.pings, 0
        self._piled, socket.piled = self._piled + socket.piled, 0
        if self._pings > _PINGS_MAX:
            said, reason = "%d pings a second" % _PINGS_A_S, "too many pings"
        elif self._piled > MESSAGE_COST * _MESSAGES_MAX:
            said, reason = "%d messages a second without waiting for answers" % _MESSAGES_A_S, "too many messages"
        else:
            return False
        self._answered_ms = None  # such a connection is none
        self._trouble("flooded", "link lost: the server sends more than " + said)
        self._control.append(socket.close(_POLICY, reason))
        return True

    def _answer_first(self, now_ms: int) -> None:
        """What came before the server's mistake was asked in good order: its answers leave before our close frame."""
        texts: "list[str]" = []
        for _ in range(_LAST_WORDS_MAX):
            text = self._station.next(now_ms)[0]
            if text is None:
                break
            texts.append(text)
        self._socket.send_before_close(texts)

    def _handle(self, event: "Event") -> None:
        now_ms = self._clock.now_ms()
        kind = event[0]
        if kind == "text":
            self._partial_ms = None
            if self._answered_ms is None:
                self._answered_ms = now_ms
            self._station.receive(event[1], now_ms)
        elif kind == "oversized":
            self._partial_ms = None
            self._log.counter("link.oversized")
            self._station.oversized(event[1], event[2], now_ms)
        elif kind == "open":
            self.online = True
            self._log.counter("link.connects")
            self._log.add("info", "link up: %s" % shown_url(self._config.url), now_ms)
            self._station.connected(now_ms)
        elif kind == "error":
            socket = self._socket
            hint = ACCEPTED if self._config.certified and socket.fault == "refused" and socket.status is None else ""
            self._trouble(socket.fault or "", "link error: %s%s" % (event[1], hint))
            if self.online:
                self._answer_first(now_ms)
        elif kind == "closed":
            self._log.add("info", "link closed: code=%d %s" % (event[1], event[2]), now_ms)

    async def _write(self) -> None:
        socket = self._socket
        while True:
            self._wake.clear()
            now_ms = self._clock.now_ms()
            until_ms = now_ms + _IDLE_MS_MAX
            if self._control:
                frames, self._control = self._control, []
                await self._send(b"".join(frames))
                continue
            if socket.state == OPEN:
                if self._closing_ms is not None:
                    await self._send(socket.close())
                    continue
                text, wake_at_ms = self._station.next(now_ms)
                if text is not None:
                    if text[:2] == REQUEST:  # its answer may come together with a request of the server's
                        self._piled = max(0, self._piled - MESSAGE_COST)
                    await self._send(socket.send_text(text))
                    continue
                if wake_at_ms is not None:
                    until_ms = min(until_ms, wake_at_ms)
            if until_ms > now_ms and (socket.state != OPEN or not getattr(self._station, "waits", False)):  # else it is at the last message
                if self._pinged_ms is not None and not self._drained.is_set():  # its answer was not read meanwhile
                    self._pinged_ms = self._clock.now_ms()
                self._drained.set()
            await self._wake.wait(until_ms)

    async def _send(self, data: bytes) -> None:
        self._sending_ms = self._clock.now_ms()
        self._writer.write(data)
        await self._writer.drain()
        if self._pinged_ms is not None:  # no answer was read meanwhile
            self._pinged_ms += self._clock.now_ms() - self._sending_ms
        self._sending_ms = None

    async def _watch(self) -> None:
        while True:
            now_ms = self._clock.now_ms()
            await self._clock.sleep_ms(_WATCH_MS)
            passed_ms, now_ms = self._clock.now_ms() - now_ms, self._clock.now_ms()
            self._pings = max(0, self._pings - _PINGS_A_S * passed_ms // 1000)
            self._piled = max(0, self._piled - MESSAGE_COST * _MESSAGES_A_S * passed_ms // 1000)
            if self._late(now_ms) is not None:
                await self._clock.sleep_ms(_GRACE_MS)  # the loop may have been late: what others were woken for comes first
                late = self._late(now_ms)
                if late is not None:
                    if late:
                        self._trouble("silent", "link lost: " + late)
                    return
            interval_ms = self._config.ping_interval_s * 1000
            if self._socket.state == OPEN and interval_ms > 0 and now_ms - self._ping_ms >= interval_ms:
                self._ping_ms = now_ms
                if self._pinged_ms is None:
                    self._pinged_ms = now_ms
                self._control.append(self._socket.ping())
                self._wake.set()

    def _late(self, now_ms: int) -> "str | None":
        """What has taken too long ("": the server's part of our own close), or None."""
        config = self._config
        for since_ms, most_ms, text in (
            (self._begun_ms if self._socket.state == CONNECTING else None, config.handshake_timeout_ms, "no answer to the upgrade"),
            (self._sending_ms, config.send_timeout_ms, "the server has not read"),
            (self._pinged_ms if self._sending_ms is None and self._drained.is_set() else None, config.pong_timeout_ms, "no pong"),
            (self._partial_ms, _MESSAGE_MS_MAX, "a message was not complete"),
            (self._closing_ms, config.close_timeout_ms, ""),
        ):
            if since_ms is not None and now_ms - since_ms >= most_ms:
                return text and "%s for %d ms" % (text, now_ms - since_ms)
        return None

    async def _hang_up(self) -> None:
        """The last frames of the protocol (why we close), then the end. A peer that does not read gets none, and keeps no socket
        of ours open: on CPython one that is closed stays until the peer has read what was written."""
        try:
            if self._control and self._sending_ms is None:
                self._writer.write(b"".join(self._control))
                await within(self._writer.drain(), 1)
        except (OSError, EOFError, ValueError, MemoryError, asyncio.TimeoutError):
            pass
        try:
            self._writer.close()
            await within(self._writer.wait_closed(), 1)
        except (MemoryError, asyncio.TimeoutError):
            self._abort(self._writer)
        except (OSError, EOFError, ValueError):
            pass
