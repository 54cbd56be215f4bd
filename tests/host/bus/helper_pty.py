"""A pty as a serial line for the engines' door, and the real clock."""

import asyncio
import os
import termios
import time
import tty

from ampacity.base.within import within


class Clock:
    def now_us(self):
        return time.monotonic_ns() // 1000

    def now_ms(self):
        return self.now_us() // 1000

    async def sleep_ms(self, ms):
        await asyncio.sleep(ms / 1000)


class PtyLine:
    """Our end of a pty; `path` is the other one."""

    def __init__(self):
        self.fd, self._other = os.openpty()
        for fd in (self.fd, self._other):
            tty.setraw(fd, termios.TCSANOW)
        os.set_blocking(self.fd, False)
        self.path = os.ttyname(self._other)
        self._data = bytearray()
        self._event = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.fd, self._on_data)

    def _on_data(self):
        self._data += os.read(self.fd, 512)
        self._event.set()

    def write(self, data):
        os.write(self.fd, data)

    async def read(self, timeout_us):
        try:
            await within(self._event.wait(), timeout_us / 1e6)
        except asyncio.TimeoutError:
            return b""
        self._event.clear()
        data, self._data = bytes(self._data), bytearray()
        return data

    def close(self):
        asyncio.get_running_loop().remove_reader(self.fd)
        os.close(self.fd)
        os.close(self._other)


async def until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.005)
