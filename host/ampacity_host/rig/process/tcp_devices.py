"""Simulated Modbus TCP devices on loopback sockets, behind a path that can be cut, slow or late."""

import asyncio
from functools import partial

from ampacity_host.rig.process.listener import Listener
from ampacity_host.rig.virtual.memory_network import Path


class TcpDevices(Listener):
    """One listening socket for an Endpoint (rig/base/device_host.py). `port` is the port where it listens."""

    def __init__(self, time, endpoint):
        super().__init__()
        self._time = time
        self._endpoint = endpoint
        self.path = Path(time)
        self.port = None

    async def start(self):
        self.port = (await self.listen("127.0.0.1", 0))[1]

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        receive = self._endpoint.receiver(lambda data: self._send(writer, data))
        ear = partial(_write, writer)
        self.path.ears.append(ear)
        try:
            while data := await reader.read(4096):
                self._take(writer, receive, data)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self.path.ears.remove(ear)
            writer.close()

    def _take(self, writer, receive, data):
        self.path.pass_on(data, False, partial(self._hear, receive), partial(_write, writer))

    def _send(self, writer, data):
        self.path.pass_on(data, True, partial(_write, writer))

    def _hear(self, receive, data):
        receive(data, self._time.now_us)


def _write(writer, data):
    if not writer.is_closing():
        writer.write(data)
