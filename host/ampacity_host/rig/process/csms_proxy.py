"""A TCP connection to the CSMS that can be disconnected: the effect of `csms_down` and `network_down` upstream."""

import asyncio
import contextlib

from ampacity_host.rig.process.listener import Listener


class CsmsProxy(Listener):
    """`await start(host, port)` listens; forwards every connection to `target()` (host, port), unless it is down."""

    def __init__(self, target):
        super().__init__()
        self._target = target
        self.down = self.nameless = False
        self.address = None
        self._writers = set()

    async def start(self, host="127.0.0.1", port=0):
        self.address = await self.listen(host, port)

    def set_down(self, on):
        """Down: existing connections break, new ones fail."""
        self.down = on
        if on:
            for writer in list(self._writers):
                writer.transport.abort()

    def set_nameless(self, on):
        """Existing connections remain, new ones fail: as with a name that cannot be resolved."""
        self.nameless = on

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._pass(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _pass(self, reader, writer):
        if self.down or self.nameless:
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target())
        self._writers.add(far_writer)
        try:
            ways = [asyncio.ensure_future(_pump(reader, far_writer)), asyncio.ensure_future(_pump(far_reader, writer))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0.05)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._writers.discard(far_writer)
            far_writer.close()


async def _pump(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
