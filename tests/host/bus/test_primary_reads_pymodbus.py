"""Our primary reads an independent Modbus server, over a serial line and over TCP."""

import asyncio
import socket

from helper_pty import Clock, PtyLine, until
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from ampacity.bus.client.request import LOWER, ROUTINE, Request
from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.client.tcp_client import TcpClient
from ampacity.bus.modbus.frames import read_pdu, words, write_pdu
from ampacity.bus.transport import run_rtu, run_tcp


class Reader:
    """Reads registers 100..103 of a unit all the time; `order` goes first."""

    poll_feeds = False

    def __init__(self, unit, address=100):
        self.unit = unit
        self.request = Request(unit, read_pdu(3, address, 4), ROUTINE, 300)
        self.order = None
        self.asked_ms = -1
        self.replies = []
        self.failures = []

    def urgency(self, now_ms):
        return (LOWER, now_ms) if self.order else (ROUTINE, self.asked_ms + 5)

    def take(self, now_ms):
        if self.order:
            pdu, self.order = self.order, None
            return Request(self.unit, pdu, LOWER, 300)
        self.asked_ms = now_ms
        return self.request

    def reply(self, request, pdu, now_ms):
        self.replies.append(pdu)

    def failed(self, request, reason, now_ms):
        self.failures.append(reason)


def devices(*units):
    return [SimDevice(u, simdata=[SimData(100, values=[u, 2, 3, 4], datatype=DataType.REGISTERS)]) for u in units]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def reply(unit):
    return b"\x03\x08" + words([unit, 2, 3, 4])


async def test_over_a_serial_line_units_are_read_in_turn_and_written():
    line = PtyLine()
    server = ModbusSerialServer(devices(1, 2), port=line.path, baudrate=19200)
    await server.serve_forever(background=True)
    readers = [Reader(1), Reader(2), Reader(1, 900)]
    engine = RtuClient({"baud": 19200, "transit_ms": 50}, readers)
    task = asyncio.create_task(run_rtu(engine, line, Clock()))
    try:
        await until(lambda: len(readers[1].replies) > 5)
        readers[0].order = write_pdu(100, words([7, 8]))
        await until(lambda: readers[0].replies[-1] == b"\x03\x08" + words([7, 8, 3, 4]))
    finally:
        task.cancel()
        await server.shutdown()
        line.close()
    assert readers[0].replies[0] == reply(1) and set(readers[1].replies) == {reply(2)}
    assert set(readers[2].failures) == {"exception:2"}
    assert readers[0].failures == readers[1].failures == []


async def test_over_tcp_several_units_are_read_and_a_lost_server_is_found_again():
    port, clock = free_port(), Clock()
    readers = [Reader(1), Reader(2)]
    engine = TcpClient({}, readers)
    task = asyncio.create_task(run_tcp(engine, asyncio.open_connection, "127.0.0.1", port, clock))
    await asyncio.sleep(0.05)
    try:
        for _ in range(2):
            server = ModbusTcpServer(devices(1, 2), address=("127.0.0.1", port))
            await server.serve_forever(background=True)
            before = len(readers[1].replies)
            await until(lambda: len(readers[1].replies) > before + 3)  # noqa: B023 - awaited at once
            await server.shutdown()
            await until(lambda: not engine.up)
    finally:
        task.cancel()
    assert set(readers[0].replies) == {reply(1)} and set(readers[1].replies) == {reply(2)}
    assert engine.counters["unexpected"] == engine.counters["late"] == 0
