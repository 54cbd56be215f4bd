"""Run by MicroPython: unit 5 on the serial device that is named as the first argument."""

import asyncio
import sys

from ampacity.bus.door import run_rtu
from ampacity.bus.lease import Lease
from ampacity.bus.lease_map import RegisterMap
from ampacity.bus.secondary import SecondaryEngine
from ampacity.ports.unix import UnixDoors


async def main(path):
    doors = UnixDoors(".", {})
    line = doors.open_line({"name": "line", "port": path, "baud": 19200, "parity": "N", "stop": 1})
    registers = RegisterMap(Lease(0, 160, 0), "SN-MPY", "0.1.0", unit=5)
    registers.boot_count = 1
    await run_rtu(SecondaryEngine(5, registers, 19200), line, doors.clock)


asyncio.run(main(sys.argv[1]))
