"""The asyncio around the engines: bytes and times between an engine and its line or connection."""

import asyncio

BACK_OFF_MS_MIN = 200
BACK_OFF_MS_MAX = 5000
CONNECT_MS = 3000
READ_BYTES_MAX = 512


async def run_rtu(engine: "object", line: "object", clock: "object") -> None:
    """Serve an engine (BusPrimary or SecondaryEngine) on a line, for ever. line.wake() makes it look at once."""
    while True:
        out, wake_us = engine.next(clock.now_us())  # type: ignore[attr-defined]
        if out:
            line.write(out)  # type: ignore[attr-defined]
        now_us = clock.now_us()  # type: ignore[attr-defined]
        data = await line.read(max(0, wake_us - now_us))  # type: ignore[attr-defined]
        if data:
            engine.receive(data, clock.now_us())  # type: ignore[attr-defined]


async def run_tcp(engine: "object", connect: "object", host: str, port: int, clock: "object", abort: "object" = None) -> None:
    """Serve a BusTcp for ever: connect, speak, and after a loss connect again, later each time up to 5 s.

    connect(host, port) -> (reader, writer), raises OSError; abort(writer): reset the socket, so that nothing in it
    arrives any more (without it the writer is closed). Sets engine.wake.
    """
    back_off_ms = BACK_OFF_MS_MIN
    while True:
        streams = await _open(connect, host, port)
        if streams is None:
            engine.disconnected(clock.now_us())  # type: ignore[attr-defined]
        else:
            engine.connected(clock.now_us())  # type: ignore[attr-defined]
            before = engine.counters["replies"]  # type: ignore[attr-defined]
            await _speak(engine, streams, clock, abort)
            engine.disconnected(clock.now_us())  # type: ignore[attr-defined]
            if engine.counters["replies"] != before:  # type: ignore[attr-defined]
                back_off_ms = BACK_OFF_MS_MIN
        await clock.sleep_ms(back_off_ms)  # type: ignore[attr-defined]
        engine.next(clock.now_us())  # type: ignore[attr-defined]
        back_off_ms = min(2 * back_off_ms, BACK_OFF_MS_MAX)


async def _open(connect: "object", host: str, port: int) -> "tuple[object, object] | None":
    try:
        return await asyncio.wait_for(connect(host, port), CONNECT_MS / 1000)  # type: ignore[operator]
    except (OSError, EOFError, asyncio.TimeoutError):
        return None


class _Ear:
    """Reads one connection into the engine, and wakes who waits for it."""

    def __init__(self, engine: "object", reader: "object", clock: "object") -> None:
        self.engine = engine
        self.reader = reader
        self.clock = clock
        self.event = asyncio.Event()
        self.open = True

    async def listen(self) -> None:
        try:
            while True:
                data = await self.reader.read(READ_BYTES_MAX)  # type: ignore[attr-defined]
                if not data:
                    break
                self.engine.receive(data, self.clock.now_us())  # type: ignore[attr-defined]
                self.event.set()
        except (OSError, EOFError):
            pass
        self.open = False
        self.event.set()

    async def wait(self, duration_us: int) -> None:
        try:
            await asyncio.wait_for(self.event.wait(), max(0, duration_us) / 1000000)
        except asyncio.TimeoutError:
            pass
        self.event.clear()


async def _speak(engine: "object", streams: "tuple[object, object]", clock: "object", abort: "object") -> None:
    reader, writer = streams
    ear = _Ear(engine, reader, clock)
    engine.wake = ear.event.set  # type: ignore[attr-defined]
    task = asyncio.create_task(ear.listen())
    try:
        while ear.open and not engine.wants_reset:  # type: ignore[attr-defined]
            out, wake_us = engine.next(clock.now_us())  # type: ignore[attr-defined]
            if out:
                writer.write(out)  # type: ignore[attr-defined]
                await asyncio.wait_for(writer.drain(), CONNECT_MS / 1000)  # type: ignore[attr-defined]
            await ear.wait(wake_us - clock.now_us())  # type: ignore[attr-defined]
    except (OSError, EOFError, asyncio.TimeoutError):
        pass
    finally:
        engine.wake = None  # type: ignore[attr-defined]
        task.cancel()
        _drop(writer, abort)


def _drop(writer: "object", abort: "object") -> None:
    try:
        if abort is not None:
            abort(writer)  # type: ignore[operator]
        else:
            writer.close()  # type: ignore[attr-defined]
    except (OSError, EOFError):
        pass
