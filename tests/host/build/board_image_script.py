"""Runs inside MicroPython as the chip of a board: a simulated `machine`, a `sys` that names the port, and `main.py` of the controller.

`micropython board_image_script.py ROOT LINE`: ROOT is the file system of the controller, with data/board.json; LINE is the TCP port on this machine
to which the bytes of the RS-485 UART go, and from which they come. A watchdog that is not fed in time ends with status 3, a reset with 9.
"""

import asyncio
import gc
import io
import json
import socket
import sys
import time

from fake_machine import Machine

ROOT, LINE = sys.argv[1], int(sys.argv[2])
RESET, BARKED = 9, 3
SETTLED_MS = 2000  # after the first feed the heap is looked at
POLL, READ, WRITE, EINVAL = 3, 1, 4, 22
PLATFORMS = {"esp32": "esp32", "rp2": "rp2", "stm32": "pyboard"}
with open(ROOT + "/data/board.json") as file:
    board = json.load(file)
pilot, serial = board["pilot"], board["serial"][0]


def at_pin(adc, measured_mv):
    """The voltage at an analog pin behind its divider."""
    return (measured_mv - adc["offset_mv"]) * adc["denominator"] // adc["numerator"]


volts = {}  # no car and no cable, at 25 degrees
for facts, measured_mv in (
    (pilot["adc"], 12000), (pilot.get("rail_plus"), 12000), (pilot.get("rail_minus"), -12000), ((board.get("proximity") or {}).get("adc"), 3300),
    (board["temperature"]["adc"], board["temperature"]["zero_mv"] + 25 * board["temperature"]["mv_per_k"]),
):  # fmt: skip
    if facts:
        volts[facts["pin"]] = at_pin(facts, measured_mv)
fake = Machine(lambda pin: volts[pin])


class Uart(io.IOBase):
    """The UART with its transceiver: a half duplex line. Only with the driver on bytes leave, and only with it off they come."""

    def __init__(self, number, baud, **options):
        assert number == serial["uart"] and options["rxbuf"] == 512 and options["timeout"] == 0
        self.data, self.sock = b"", socket.socket()
        self.sock.connect(socket.getaddrinfo("127.0.0.1", LINE)[0][-1])
        self.sock.setblocking(False)

    def drives(self):
        return fake.levels[serial["de"]["pin"]] == serial["de"]["level"]

    def ioctl(self, request, argument):
        if request != POLL:
            return -EINVAL  # above all: it has no file number by which to be waited for
        if not self.data and not self.drives():
            try:
                self.data = self.sock.recv(256)
            except OSError:
                pass
        return argument & ((READ if self.data else 0) | WRITE)

    def read(self, count):
        data, self.data = self.data[:count], self.data[count:]
        return data or None

    def write(self, data):
        return self.sock.send(data) if self.drives() else len(data)

    def txdone(self):
        return True

    def deinit(self):
        self.sock.close()


class Timer:
    """Of one shot, in the time of the loop."""

    ONE_SHOT = "once"

    def __init__(self, number):
        self.task = None

    def init(self, mode, period, callback):
        self.task = asyncio.create_task(self.fire(period, callback))

    async def fire(self, period, callback):
        await asyncio.sleep_ms(period)
        callback(self)

    def deinit(self):
        if self.task is not None:
            self.task.cancel()


class Watchdog:
    """It barks when it was not fed in time, and says what the heap holds once the role has run for a while."""

    def __init__(self, timeout):
        self.timeout, self.fed_ms, self.first_ms = timeout, time.ticks_ms(), None
        print("watchdog", timeout)

    def feed(self):
        now_ms = time.ticks_ms()
        if time.ticks_diff(now_ms, self.fed_ms) > self.timeout:
            print("the watchdog resets the chip")
            sys.exit(BARKED)
        self.fed_ms = now_ms
        if self.first_ms is None:
            self.first_ms = now_ms
        elif self.first_ms and time.ticks_diff(now_ms, self.first_ms) > SETTLED_MS:
            self.first_ms = 0
            gc.collect()
            print("heap", gc.mem_alloc() - chip_bytes, gc.mem_alloc() + gc.mem_free())


class Sys:
    """Module `sys`, on another platform."""

    platform = PLATFORMS[board["port"]]

    def __getattr__(self, name):
        return getattr(sys, name)


def reset():
    print("reset")
    sys.exit(RESET)


for each in board["contactor"] + board["weld"] + board["input"] + [board.get("rcd") or {}, board.get("lock") or {}]:
    for name in ("feedback", "sense", "trip"):
        if each.get(name):
            fake.levels[each[name]["pin"]] = 1 - each[name]["level"]
fake.UART, fake.Timer, fake.WDT, fake.reset, fake.reset_cause = Uart, Timer, Watchdog, reset, lambda: 0
sys.modules["machine"] = fake
sys.modules.update(fake.modules())
sys.modules["sys"] = Sys()
gc.collect()
chip_bytes = gc.mem_alloc()  # what is above, and the interpreter's own
sys.path.insert(0, ROOT)
import main as stage  # noqa: E402  # the boot stage, in the file system of the controller

sys.path.remove(ROOT)
stage.start(reset, ROOT)
print("prompt")
