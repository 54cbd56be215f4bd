"""The asyncio around the engines: bytes and times between an engine and its line or connection."""

import asyncio

from ampacity.base.compat import const
from ampacity.base.within import within

if False:  # for the type checker
    from typing import Any

_BACK_OFF_MS_MIN = const(200)
_BACK_OFF_MS_MAX = const(5000)
_CONNECT_MS = const(3000)
_READ_BYTES_MAX = const(512)
_IDLE_S_MAX = const(60)  # a client that sends nothing for so long is disconnected


async def run_rtu(engine: "Any", line: "Any", clock: "Any", serving: "Any" = None) -> None:
    """Serve an engine (RtuClient or ModbusServer) on a line, permanently, or while serving() is true.

    line.wake() ends its wait at once.
    """
    while serving is None or serving():
        out, wake_us = engine.next(clock.now_us())
        if out:
            line.write(out)
        now_us = clock.now_us()
        data = await line.read(max(0, wake_us - now_us))
        if data:
            engine.receive(data, clock.now_us())


async def run_tcp(
    engine: "Any", connect: "Any", host: str, port: int, clock: "Any", abort: "Any" = None, report: "Any" = None, serving: "Any" = None
) -> None:
    """Serve a TcpClient permanently, or while serving() is true: connects, exchanges frames, and connects again
    after a loss, with a wait that grows to 5 s.

    connect(host, port) -> (reader, writer), raises OSError; abort(writer): reset the socket, so that nothing in it
    arrives any more (without it the writer is closed). report(text): why there is no connection. Sets engine.wake.
    """
    back_off_ms = _BACK_OFF_MS_MIN
    report = report or _ignore
    serving = serving or _always
    while serving():
        streams = await _open(connect, host, port, report)
        if streams is None:
            engine.disconnected(clock.now_us())
        else:
            engine.connected(clock.now_us())
            before = engine.counters["replies"]
            await _exchange(engine, streams, clock, abort, report, serving)
            engine.disconnected(clock.now_us())
            if engine.counters["replies"] != before:
                back_off_ms = _BACK_OFF_MS_MIN
        if not serving():
            return
        await clock.sleep_ms(back_off_ms)
        engine.next(clock.now_us())
        back_off_ms = min(2 * back_off_ms, _BACK_OFF_MS_MAX)


def _always() -> bool:
    return True


def _ignore(text: str) -> None:
    """Reports are discarded."""


def _error_text(error: "Any") -> str:
    """The text of an error, without its number."""
    last = error.args[-1] if error.args else ""
    return last if isinstance(last, str) and last else str(error) or "no answer for %d ms" % _CONNECT_MS


async def _open(connect: "Any", host: str, port: int, report: "Any") -> "tuple[Any, Any] | None":
    try:
        return await within(connect(host, port), _CONNECT_MS / 1000)
    except (OSError, EOFError, asyncio.TimeoutError) as error:
        report("no connection: " + _error_text(error))
        return None


class _ConnectionReader:
    """Reads one connection into the engine, and wakes the task that waits for it."""

    def __init__(self, engine: "Any", reader: "Any", clock: "Any") -> None:
        self.engine = engine
        self.reader = reader
        self.clock = clock
        self.event = asyncio.Event()
        self.open = True

    async def listen(self) -> None:
        try:
            while True:
                data = await self.reader.read(_READ_BYTES_MAX)
                if not data:
                    break
                self.engine.receive(data, self.clock.now_us())
                self.event.set()
                await asyncio.sleep(0)  # lets other tasks run, however much has come
        except (OSError, EOFError):
            pass
        self.open = False
        self.event.set()

    async def wait(self, duration_us: int) -> None:
        timer = asyncio.create_task(self._set_later(max(1, (duration_us + 999) // 1000)))
        try:
            await self.event.wait()
        finally:
            timer.cancel()
        self.event.clear()

    async def _set_later(self, wait_ms: int) -> None:
        await self.clock.sleep_ms(wait_ms)
        self.event.set()


async def _exchange(
    engine: "Any", streams: "tuple[Any, Any]", clock: "Any", abort: "Any", report: "Any", serving: "Any" = _always
) -> None:
    reader, writer = streams
    reader_task = _ConnectionReader(engine, reader, clock)
    engine.wake = reader_task.event.set
    task = asyncio.create_task(reader_task.listen())
    try:
        while reader_task.open and not engine.wants_reset and serving():
            out, wake_us = engine.next(clock.now_us())
            if out:
                writer.write(out)
                await within(writer.drain(), _CONNECT_MS / 1000)
            await reader_task.wait(wake_us - clock.now_us())
        if not reader_task.open:
            report("the other end closed the connection")
    except (OSError, EOFError, asyncio.TimeoutError) as error:
        report("connection lost: " + _error_text(error))
    finally:
        engine.wake = None
        task.cancel()
        _drop(writer, abort)


def _drop(writer: "Any", abort: "Any") -> None:
    try:
        if abort is not None:
            abort(writer)
        else:
            writer.close()
    except (OSError, EOFError):
        pass


async def serve_tcp(session: "Any", streams: "tuple[Any, Any]", clock: "Any", answered: "Any") -> None:
    """Serve a TcpSession until its client ends, sends nothing for a minute, reads nothing, or sends what is not Modbus/TCP.

    answered(now_ms): called before each answer leaves: what the request ordered is in force first.
    """
    reader, writer = streams
    try:
        while not session.broken:
            data = await within(reader.read(_READ_BYTES_MAX), _IDLE_S_MAX)
            if not data:
                return
            session.receive(data)
            while True:
                out = session.next(clock.now_ms())
                if out is None:
                    break
                answered(clock.now_ms())
                writer.write(out)
                await within(writer.drain(), _CONNECT_MS / 1000)
                await asyncio.sleep(0)  # lets other tasks run between two requests, however many have come
    except (OSError, EOFError, asyncio.TimeoutError):
        pass
