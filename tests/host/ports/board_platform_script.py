"""Runs inside MicroPython with a simulated `machine`: the platform of a board opens its line, its outputs and its charging point.

`micropython board_platform_script.py FOLDER`: FOLDER has board.json. Prints one JSON object of what it saw.
"""

import asyncio
import io
import json
import sys

from fake_machine import Machine

fake = Machine(lambda pin: 1650)
seen = {"uart": None, "wdt": None}


class UART(io.IOBase):
    def __init__(self, number, baud, **options):
        seen["uart"] = [number, baud, options["tx"].number, options["rx"].number, options["txbuf"]]
        self.data = b""

    def ioctl(self, request, argument):
        return argument & 1 if request == 3 and self.data else 0

    def read(self, count):
        data, self.data = self.data, b""
        return data

    def write(self, data):
        seen["driver"].append(fake.levels[seen["de"]])
        self.data = b"echo " + data
        return len(data)

    def txdone(self):
        return True

    def deinit(self):
        seen["off"] = True


class WDT:
    def __init__(self, timeout):
        seen["wdt"] = timeout


fake.UART, fake.WDT, fake.reset_cause = UART, WDT, lambda: 0
fake.modules()
sys.modules["machine"] = fake
sys.modules.update(fake.modules())

from ampacity.base.errors import Rejected  # noqa: E402  # after the simulated module
from ampacity.ports.board import BoardPlatform  # noqa: E402


class Meter:
    @staticmethod
    def read(now_ms):
        return [1, 2, 3], [2300, 2300, 2300], 7


async def main(folder):
    plain = BoardPlatform(folder, {})
    seen["point without a meter"] = plain.evse_hardware("own") is not None
    sys.modules["board_meter"] = Meter
    platform = BoardPlatform(folder, {"meter": "board_meter", "watchdog": 4000})
    seen["wdt before the start"], armed = seen["wdt"], platform.watchdog.armed
    await platform.start()
    seen["wdt given"], seen["armed"] = seen["wdt"], [armed, platform.watchdog.armed]
    board = platform.board
    seen["de"], seen["driver"] = board["serial"][0]["de"]["pin"], []
    line = platform.open_line({"port": "uart:1", "baud": 9600})
    line.write(b"abc")
    fake.pass_ms(5)
    seen["driver"].append(fake.levels[seen["de"]])
    seen["read"] = (await line.read(100000)).decode()
    line.close()
    try:
        platform.open_line({"port": "uart:1", "baud": 115200 if board["serial"][0]["baud_max"] < 115200 else 7})
    except Rejected as e:
        seen["refused"] = e.field
    hardware = platform.evse_hardware("own")
    await asyncio.sleep_ms(60)
    seen["amps"], seen["failed"], seen["passes"] = hardware.amps_da, platform.point.failed, hardware.contactor_closed
    unmetered = BoardPlatform(folder, {"meter": "none"})
    own = unmetered.evse_hardware("own")
    await asyncio.sleep_ms(60)
    seen["unmetered"] = [own.amps_da, own.energy_wh, unmetered.point.failed]
    print(json.dumps(seen))


asyncio.run(main(sys.argv[1]))
