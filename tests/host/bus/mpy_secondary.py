"""Run by MicroPython: unit 5 on the serial device that is named as the first argument."""

import asyncio
import sys

from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.bus.transport import run_rtu
from ampacity.ports.unix import UnixPlatform


async def main(path):
    platform = UnixPlatform(".", {})
    line = platform.open_line({"name": "line", "port": path, "baud": 19200, "parity": "N", "stop": 1})
    registers = RegisterMap(Lease(0, 160, 0), "SN-MPY", "0.1.0", unit=5)
    registers.boot_count = 1
    await run_rtu(ModbusServer(5, registers, 19200), line, platform.clock)


asyncio.run(main(sys.argv[1]))
