"""A serial line for a controller that runs for real: a pty whose far end pymodbus serves, and that can be pulled out."""

import asyncio
import contextlib
import os
import pty
import random
import select
import struct
import threading
import time
import tty

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

BOX, METER, LIMIT, WATCHDOG = 6, 100, 261, 257
IDENTITY = [0x108, 6, 0, 0, 0, 310, 230, 231, 232, 1, 0, 0, 7, 0, 7]


def registers(values):
    return [SimData(0, values=values, datatype=DataType.REGISTERS)]


def silent_where_nobody_is(sending, data):
    """pymodbus refuses requests to other addresses, where a line has no device that could."""
    return b"" if sending and data[0] not in (BOX, METER) else data


class SerialBench:
    """`path`: the device name to open. `limit_da`: what the wallbox was told last; `house_a`: the other load; `more_a()`: EVSEs elsewhere."""

    def __init__(self, folder):
        self.path = str(folder / "tty")
        self.limit_da, self.house_a = 0, 3.0
        self.more_a = lambda: 0.0
        self._far, self._far_side = self._pair()
        self._near = self._near_side = None
        self._ended = False
        self._loop = asyncio.new_event_loop()
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._carry, self._serve)]

    def __enter__(self):
        self.plug()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended = True
        self._loop.call_soon_threadsafe(self._server.cancel)
        for thread in self._threads:
            thread.join(10)

    def plug(self):
        near, side = self._pair()
        self._near_side = side
        os.symlink(os.ttyname(side), self.path)
        self._near = near

    def pull(self):
        os.unlink(self.path)
        near, self._near = self._near, None
        time.sleep(0.2)  # the carrier lets go of it
        os.close(self._near_side)
        os.close(near)

    def _pair(self):
        master, side = pty.openpty()
        tty.setraw(side)
        return master, side

    def _carry(self):
        while not self._ended:
            near = self._near
            ready, _, _ = select.select([end for end in (self._far, near) if end is not None], [], [], 0.05)
            for end in ready:
                try:
                    data = os.read(end, 256)
                    other = near if end == self._far else self._far
                    if other is not None:
                        os.write(other, data)
                except OSError:
                    time.sleep(0.05)

    def _serve(self):
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.create_task(self._listen())
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._server)

    async def _listen(self):
        box = [0] * 4 + IDENTITY + [0] * 81 + [16, 6] + [0] * 155 + [15_000, 0, 1, 0, 0, 0]
        devices = [SimDevice(BOX, simdata=registers(box), action=self._box), SimDevice(METER, simdata=registers([0] * 200), action=self._meter)]
        await ModbusSerialServer(devices, framer=FramerType.RTU, port=os.ttyname(self._far_side), baudrate=19200,
                                 trace_packet=silent_where_nobody_is).serve_forever()

    @property
    def _car_da(self):
        return self.limit_da if self.limit_da >= 60 else 0

    async def _box(self, function, start, address, count, current, written):
        if written and address <= LIMIT < address + len(written):
            self.limit_da = written[LIMIT - address]
        if start <= 5 < start + len(current):
            current[5 - start : 9 - start] = [7 if self._car_da else 6] + [self._car_da] * 3

    async def _meter(self, function, start, address, count, current, written):
        volts, amps = 230 + random.random(), self.house_a + self.more_a() + self._car_da / 10
        values = [volts] * 3 + [amps] * 3 + [volts * amps] * 3
        current[0:18] = struct.unpack(">18H", struct.pack(">9f", *values))
