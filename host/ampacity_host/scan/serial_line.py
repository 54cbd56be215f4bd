"""A serial line of a laptop, with the face that the firmware's doors have: bytes out at once, bytes in with a deadline."""

import asyncio
import os
import time
from typing import Any

import serial

PARITIES = {"N": serial.PARITY_NONE, "E": serial.PARITY_EVEN, "O": serial.PARITY_ODD}
LOOK_S = 0.002


class LaptopClock:
    """Monotonic; the face of base/clock."""

    def now_us(self) -> int:
        return time.monotonic_ns() // 1000

    def now_ms(self) -> int:
        return self.now_us() // 1000

    async def sleep_ms(self, duration_ms: int) -> None:
        await asyncio.sleep(max(0, duration_ms) / 1000)


def opened(path: str, baud: int, parity: str, stop: int) -> serial.SerialBase:
    """The device, open. A pseudo terminal keeps no parity, and some C libraries take that for a failure."""
    try:
        return serial.serial_for_url(path, baudrate=baud, parity=parity, stopbits=stop, timeout=0, exclusive=True)
    except OSError:
        raise
    except Exception as problem:
        if type(problem).__name__ != "error" or not os.path.realpath(path).startswith("/dev/pts/"):
            raise OSError(22, f"{baud} {parity}{stop}: {problem}") from problem
        return serial.serial_for_url(path, baudrate=baud, parity=serial.PARITY_NONE, stopbits=stop, timeout=0, exclusive=True)


class SerialLine:
    """path: a device, or any URL that pyserial opens. facts: baud, parity, stop. OSError when it cannot be opened."""

    def __init__(self, path: str, facts: dict[str, Any]) -> None:
        self._port = opened(path, facts["baud"], PARITIES[facts["parity"]], facts["stop"])
        self._port.reset_input_buffer()

    def write(self, data: bytes) -> None:
        self._port.write(data)

    async def read(self, timeout_us: int) -> bytes:
        """What came, as soon as there is any; b"" after timeout_us."""
        until_s = time.monotonic() + timeout_us / 1_000_000
        while True:
            data = bytes(self._port.read(self._port.in_waiting or 1))
            left_s = until_s - time.monotonic()
            if data or left_s <= 0:
                return data
            await asyncio.sleep(min(LOOK_S, left_s))

    def wake(self) -> None:
        """No effect: reads are short."""

    def close(self) -> None:
        self._port.close()
