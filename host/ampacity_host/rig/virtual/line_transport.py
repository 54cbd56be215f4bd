"""The Line door (the interface of ports/line.py) on a virtual RS-485 line."""

from ampacity_host.rig.line.characters import garble
from ampacity_host.rig.virtual.awaitable_timer import AwaitableTimer

PENDING_BYTES_MAX = 4096


class LineTransport:
    """One station of `line` for a task of the virtual loop. units: None for a primary, else its addresses.

    alien: opened with settings other than those of the line: all frames are unreadable in both directions.
    """

    def __init__(self, loop, line, name, units, alien=False):
        self._alien = alien
        self._loop = loop
        self._data = b""
        self._nap = None
        self._woken = False
        self._closed = False
        self.up = True
        self.counters = {"opened": 1, "lost": 0, "refused": 0, "rx_bytes": 0, "tx_bytes": 0, "dropped_bytes": 0}
        self.station = line.attach(name, self._heard, units)

    def write(self, data):
        if not self._closed:
            self.counters["tx_bytes"] += len(data)
            self.station.send(self._across(data))

    async def read(self, timeout_us):
        """The received bytes as soon as there are any; b"" after timeout_us, or earlier on `wake()`."""
        if self._closed:
            await AwaitableTimer(self._loop)  # the controller has ended; the reading task is about to be cancelled
        if not (self._data or self._woken) and timeout_us > 0:
            self._nap = nap = AwaitableTimer(self._loop, timeout_us)
            try:
                await nap
            finally:
                self._nap = None
        data, self._data = self._data, b""
        if not data:
            self._woken = False
        return data

    def wake(self):
        self._woken = True
        self._finish_wait()

    def close(self):
        if not self._closed:
            self._closed = True
            self.station.detach()

    def _across(self, data):
        return garble(data, self.station.line.rng, 0, len(data)) if self._alien else data

    def _heard(self, data, now_us):
        data = self._across(data)
        counters = self.counters
        counters["rx_bytes"] += len(data)
        if len(self._data) + len(data) > PENDING_BYTES_MAX:
            counters["dropped_bytes"] += len(data)
            return
        self._data = self._data + data if self._data else data
        self._finish_wait()

    def _finish_wait(self):
        if self._nap is not None:
            self._nap.wake()
