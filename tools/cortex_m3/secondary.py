"""Runs on the emulated board, from a folder that mpremote mounts: unit 5 on UART 1 through a transceiver whose direction is a pin.

Line, pump and direction are those of `ports/`; the pin only notes when it changes. Two seconds after the last request it ends with a line of
JSON: how long the driver was on for each answer, in microseconds, and how many bytes that answer had.
"""

import asyncio
import json
import time

import machine

from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.bus.transport import run_rtu
from ampacity.ports.board import DirectedPump, open_uart
from ampacity.ports.line import Line
from ampacity.ports.mp_io import TicksClock, Waiter
from ampacity.ports.rs485_pin import DirectedUart

BUS = {"name": "line", "port": "uart:1", "baud": 19200, "parity": "E", "stop": 1}
QUIET_MS = 2000
held = []  # [microseconds that the driver was on, bytes]


class Counted:
    """The UART, whose writes are counted."""

    def __init__(self, uart):
        self._uart = uart
        self.txdone = uart.txdone
        self.bytes = 0

    def write(self, data):
        self.bytes = len(data)
        return self._uart.write(data)


def open_tty(on_data, on_lost):
    uart = open_uart(1, BUS, {"txbuf": 512})
    counted, since = Counted(uart), [0]

    def drive(on):
        if on:
            since[0] = time.ticks_us()
        elif since[0]:
            held.append([time.ticks_diff(time.ticks_us(), since[0]), counted.bytes])
            since[0] = 0

    return DirectedPump(uart, DirectedUart(counted, drive, BUS, machine.Timer(-1)), on_data, on_lost)


async def main():
    clock = TicksClock()
    line = Line(open_tty, Waiter(), clock)
    registers = RegisterMap(Lease(60, 160, 60), "SN-M3", "0.1.0", unit=5)
    engine = ModbusServer(5, registers, BUS["baud"])
    serving = asyncio.create_task(run_rtu(engine, line, clock))
    print("ready")
    answered, since_ms = 0, clock.now_ms()
    while not answered or clock.now_ms() - since_ms < QUIET_MS:
        await clock.sleep_ms(100)
        if engine.counters["requests"] != answered:
            answered, since_ms = engine.counters["requests"], clock.now_ms()
    serving.cancel()
    line.close()
    print(json.dumps({"held": held, "line": line.counters, "requests": answered}))


asyncio.run(main())
