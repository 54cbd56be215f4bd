"""A serial line with secondaries for the rows of the bus: in virtual time, or paced in real time behind a pty."""

import asyncio
import os
import termios
import time
import tty
from typing import Any

from ampacity.base.within import within
from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.leases.broadcast_driver import BroadcastDriver
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.lease_driver import LeaseDriver
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.server.modbus_server import ModbusServer

START_US = (2**30 - 60000) * 1000
CHUNK = 16  # what a UART's FIFO delivers at once
FOREVER_MS = 2**41
FACTS = {"fallback_da": 0, "watchdog_ms": 10000, "survives": True, "terminals": [[0], [1], [2]]}


def char_us(baud: int) -> float:
    """The transmission time of a character of 11 bits."""
    return 11e6 / baud


def gap_us(baud: int) -> float:
    """The silence between frames: 3.5 characters, or 1.75 ms above 19200 bit/s."""
    return 1750.0 if baud > 19200 else 3.5 * char_us(baud)


class Yes:
    """A permit source that permits every order: the bus is measured here, not the ledger."""

    def send(self, evse: int, most_da: int, now_ms: int, probe: bool = False) -> int:
        return 1

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None


class Meter:
    """Driver of a meter that is read each `period_ms`; `seen(now_ms)` is called with each reading."""

    unit = 100
    poll_feeds = False

    def __init__(self, request: Any, period_ms: int, seen: Any) -> None:
        self.request, self.period_ms, self.seen, self.asked_ms = request, period_ms, seen, 0

    def urgency(self, now_ms: int) -> "tuple[int, int]":
        return 2, self.asked_ms + self.period_ms

    def take(self, now_ms: int) -> Any:
        self.asked_ms = now_ms
        return self.request

    def reply(self, request: Any, pdu: bytes, now_ms: int) -> None:
        self.seen(now_ms)

    def failed(self, request: Any, reason: str, now_ms: int) -> None:
        raise AssertionError("the meter did not answer: " + reason)


def stations(count: int, baud: int) -> "list[ModbusServer]":
    engines = []
    for unit in range(1, count + 1):
        registers = RegisterMap(Lease(0, 320, 0), f"SN{unit}", "0.1.0", unit=unit)
        registers.measured_da, registers.volts_dv = [60, 60, 60], [2300, 2300, 2300]
        engines.append(ModbusServer(unit, registers, baud))
    return engines


def primary(count: int, baud: int, more: "tuple[Any, ...]" = (), poll_ms: int = 0) -> "tuple[RtuClient, list[LeaseDriver]]":
    """An engine with `count` lease drivers that poll as fast as the line allows, and further drivers."""
    drivers = [LeaseDriver({**FACTS, "unit": unit}, unit - 1, Yes(), poll_ms) for unit in range(1, count + 1)]
    engine = RtuClient({"baud": baud, "transit_ms": 100}, [*drivers, BroadcastDriver(drivers, GrantNumbers(0xA1B2C3D4, 1)), *more])
    engine.permit(FOREVER_MS)
    return engine, drivers


class VirtualLine:
    """One primary and the stations that it polls (`units`: engine by address), with exact character times."""

    def __init__(self, engine: RtuClient, units: "dict[int, Any]", baud: int) -> None:
        self.engine, self.units = engine, units
        self.char_us = char_us(baud)
        self.now_us = float(START_US)
        self.frames: "list[tuple[float, float, bytes]]" = []  # sent by the primary: start, end, bytes

    def step(self) -> None:
        """Runs until the primary has sent a frame and received its reply, or waits."""
        data, wake_us = self.engine.next(int(self.now_us))
        if not data:
            self.now_us = max(self.now_us + 1, wake_us)
            return
        start, end = self.now_us, self.now_us + len(data) * self.char_us
        self.frames.append((start, end, data))
        self.now_us = end
        targets = self.units.values() if data[0] == 0 else [self.units[data[0]]]
        for target in targets:
            target.receive(data, self.ceiling(end))
            reply, wake_us = target.next(self.ceiling(end))
            if data[0]:
                self.hear(target, wake_us)

    def hear(self, target: Any, at_us: int) -> None:
        reply, _ = target.next(at_us)
        for i in range(0, len(reply), CHUNK):
            end = at_us + min(i + CHUNK, len(reply)) * self.char_us
            self.engine.receive(reply[i : i + CHUNK], self.ceiling(end))
        self.now_us = self.ceiling(end)

    @staticmethod
    def ceiling(us: float) -> int:
        return int(-(-us // 1))


class PacedPty:
    """Stations behind a pty, in real time: each frame takes its transmission time, gaps included. `path`: the other end."""

    def __init__(self, engines: "list[ModbusServer]", baud: int) -> None:
        self.engines, self.char_s, self.gap_s = engines, char_us(baud) / 1e6, gap_us(baud) / 1e6
        self.fd, self.other = os.openpty()
        for fd in (self.fd, self.other):
            tty.setraw(fd, termios.TCSANOW)
        self.path = os.ttyname(self.other)
        asyncio.get_running_loop().add_reader(self.fd, self._on_data)
        self.data = b""
        self.tasks: "set[Any]" = set()
        self.said: "list[tuple[float, int]]" = []  # end of the last character of a reply, and its station

    def _on_data(self) -> None:
        self.data = os.read(self.fd, 512)
        task = asyncio.ensure_future(self._exchange(self.data, time.monotonic()))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _exchange(self, data: bytes, start: float) -> None:
        end = start + len(data) * self.char_s
        await self._until(end)
        for engine in self.engines:
            if data[0] in (0, engine.unit):
                now_us = time.monotonic_ns() // 1000
                engine.receive(data, now_us)
                reply, _ = engine.next(engine.next(now_us)[1])
                if reply:
                    await self._until(end + self.gap_s + len(reply) * self.char_s)
                    os.write(self.fd, reply)
                    self.said.append((time.monotonic(), engine.unit))

    @staticmethod
    async def _until(at: float) -> None:
        """asyncio sleeps slightly too long: for the last stretch the loop only yields."""
        left = at - time.monotonic() - 0.002
        if left > 0:
            await asyncio.sleep(left)
        while time.monotonic() < at:
            await asyncio.sleep(0)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.fd)
        for task in self.tasks:
            task.cancel()
        os.close(self.fd)
        os.close(self.other)


class PtyLine:
    """The primary's end of a pty, with the interface that the engine's transport expects of a line."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.event = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.fd, self.event.set)
        self.written: "list[tuple[float, bytes]]" = []

    def write(self, data: bytes) -> None:
        self.written.append((time.monotonic(), data))
        os.write(self.fd, data)

    async def read(self, timeout_us: int) -> bytes:
        try:
            await within(self.event.wait(), timeout_us / 1e6)
        except TimeoutError:
            return b""
        self.event.clear()
        try:
            return os.read(self.fd, 512)
        except BlockingIOError:  # taken at the previous call
            return b""

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.fd)
        os.close(self.fd)


class RealClock:
    def now_us(self) -> int:
        return time.monotonic_ns() // 1000

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1000000
