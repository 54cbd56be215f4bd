"""A serial line that is always there: bytes out at once, bytes in with a deadline, reopened when the device vanishes.

The platform supplies a *tty*: `open_tty(on_data, on_lost)` returns an object with `write(bytes)` and `close()`, or
raises OSError; it calls `on_data(bytes)` as bytes come and `on_lost()` when the device is gone. It also supplies a
*waiter*: `await waiter.wait(duration_us)` ends early on `waiter.wake()`. All else is here, the same on every platform.
"""

from ampacity.base.errors import Rejected

if False:  # for the type checker
    from ampacity.base.clock import Clock
    from ampacity.ports.interfaces import Facts, Modes, OpenTty, Sleeper, Tty

BUSY = 16  # EBUSY, of a tty that another program has
BACK_OFF_MS_MIN = 100
BACK_OFF_MS_MAX = 5000
PENDING_BYTES_MAX = 4096  # what a reader that fell asleep can lose; 16 frames of the largest size

# Linux's numbers for termios; the same on both runtimes
SPEEDS = ((1200, 9), (2400, 11), (4800, 12), (9600, 13), (19200, 14), (38400, 15), (57600, 0x1001), (115200, 0x1002))
CS8, CSTOPB, CREAD, PARENB, PARODD, CLOCAL, INPCK = 0x30, 0x40, 0x80, 0x100, 0x200, 0x800, 0x10


def tty_modes(facts: "Facts") -> "Modes":
    """(iflag, cflag, speed) of Linux's termios for a bus's facts: baud 1200..115200, parity "E"|"O"|"N", stop 1|2.

    Raw, eight bits, no flow control; a character with a wrong parity bit arrives as 0, so that the frame's CRC refuses it.
    Rejected for anything else.
    """
    baud, parity, stop = facts.get("baud", 19200), facts.get("parity", "E"), facts.get("stop", 1)
    speeds = [number for rate, number in SPEEDS if rate == baud]
    if not speeds:
        raise Rejected("baud", baud, "one of " + ", ".join([str(rate) for rate, _ in SPEEDS]))
    if parity not in ("E", "O", "N"):
        raise Rejected("parity", parity, "E, O or N")
    if stop not in (1, 2):
        raise Rejected("stop", stop, "1 or 2")
    cflag = CS8 | CREAD | CLOCAL | {"N": 0, "E": PARENB, "O": PARENB | PARODD}[parity] | (CSTOPB if stop == 2 else 0)
    return (0 if parity == "N" else INPCK), cflag, speeds[0]


class Line:
    """One serial line. `counters`: opened, lost, refused (opening failed), rx_bytes, tx_bytes, dropped_bytes."""

    def __init__(self, open_tty: "OpenTty", waiter: "Sleeper", clock: "Clock") -> None:
        self._open_tty = open_tty
        self._waiter = waiter
        self._clock = clock
        self._tty: "Tty | None" = None
        self._data = bytearray()
        self._woken = False
        self._closed = False
        self.reason = "not there"  # why it is not up
        self._retry_at_ms = 0
        self._back_off_ms = BACK_OFF_MS_MIN  # of the next opening; short again where bytes come so long after the last
        self._opened_ms = 0
        self.counters = {"opened": 0, "lost": 0, "refused": 0, "rx_bytes": 0, "tx_bytes": 0, "dropped_bytes": 0}
        self._open_if_due()

    @property
    def up(self) -> bool:
        """Is the device there now?"""
        return self._tty is not None

    def write(self, data: bytes) -> None:
        """Hand bytes to the device; returns at once. With the device away they are dropped and counted."""
        if self._tty is not None:
            try:
                self._tty.write(data)
                self.counters["tx_bytes"] += len(data)
                return
            except OSError:
                self._lose()
        self.counters["dropped_bytes"] += len(data)

    async def read(self, timeout_us: int) -> bytes:
        """The bytes that came, as soon as there are any; b"" after timeout_us, or early on `wake()`."""
        deadline_us = self._clock.now_us() + timeout_us
        while not self._closed:
            self._open_if_due()
            if self._data:
                data, self._data = bytes(self._data), bytearray()
                return data
            left_us = deadline_us - self._clock.now_us()
            if self._woken or left_us <= 0:
                break
            await self._waiter.wait(left_us if self._tty is not None else min(left_us, self._retry_us()))
        self._woken = False
        return b""

    def wake(self) -> None:
        """Make the `read` that waits, or else the next one, return at once."""
        self._woken = True
        self._waiter.wake()

    def close(self) -> None:
        """Give the device back; a waiting `read` returns b""."""
        self._closed = True
        if self._tty is not None:
            self._tty.close()
            self._tty = None
        self._waiter.wake()

    def _retry_us(self) -> int:
        return max(1000, (self._retry_at_ms - self._clock.now_ms()) * 1000)

    def _open_if_due(self) -> None:
        if self._tty is not None or self._closed or self._clock.now_ms() < self._retry_at_ms:
            return
        try:
            self._tty = self._open_tty(self._on_data, self._lose)
        except OSError as error:
            self.reason = "in use by another program" if error.errno == BUSY else "not there"
            self.counters["refused"] += 1
            self._retry_at_ms = self._clock.now_ms() + self._back_off_ms
            self._back_off_ms = min(2 * self._back_off_ms, BACK_OFF_MS_MAX)
            return
        self._opened_ms = self._clock.now_ms()
        self.counters["opened"] += 1

    def _on_data(self, data: bytes) -> None:
        if self._clock.now_ms() - self._opened_ms >= self._back_off_ms:
            self._back_off_ms = BACK_OFF_MS_MIN
        self.counters["rx_bytes"] += len(data)
        room = PENDING_BYTES_MAX - len(self._data)
        self._data.extend(data[:room])
        self.counters["dropped_bytes"] += max(0, len(data) - room)
        self._waiter.wake()

    def _lose(self) -> None:
        if self._tty is None:
            return
        self._tty.close()
        self._tty = None
        self.reason = "not there"
        self.counters["lost"] += 1
        self._retry_at_ms = self._clock.now_ms() + self._back_off_ms
        self._back_off_ms = min(2 * self._back_off_ms, BACK_OFF_MS_MAX)
        self._waiter.wake()
