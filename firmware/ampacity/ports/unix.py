"""Platform on MicroPython for unix: the same face as on Linux with what that runtime has."""

import asyncio
import select
import sys
import termios

from ampacity.base.address import numeric_host
from ampacity.ports.line import Line, tty_modes
from ampacity.ports.lock import claim
from ampacity.ports.mp_io import Pump, TcpSerialLine, TicksClock, Waiter, abort_stream, wake_waiters
from ampacity.ports.mp_platform import MpPlatform, secure
from ampacity.ports.serial_over_tcp import address_of, reset_on_close
from ampacity.ports.watchdog import linux_watchdog

if False:  # for the type checker
    from collections.abc import Coroutine
    from typing import Any

    from ampacity.ports.interfaces import Facts, Handler, Modes, Refused

BACKLOG = 16  # connections that the kernel keeps for us; one is taken in a turn of the loop
O_RDWR_NOCTTY_NONBLOCK = 0x2 | 0x100 | 0x800
VTIME, VMIN = 5, 6
SIG_UNBLOCK, SIGINT_SET = 1, b"\x02" + bytes(127)

try:
    import ffi

    _open = ffi.open(None).func("i", "open", "si")
    _set_mask = ffi.open(None).func("i", "sigprocmask", "ipp")
except (ImportError, OSError):  # a build without it: the device is opened waiting for its carrier, and Ctrl-C stays held back
    _open = _set_mask = None


class UnixPlatform(MpPlatform):
    """The outside world of a controller that is a process of the unix runtime."""

    def __init__(self, folder: str, boot: "Facts", files: "Any" = None) -> None:
        super().__init__(folder, boot, TicksClock(), files)
        self.watchdog = linux_watchdog(boot)

    def power_mark(self) -> str:
        """The kernel's own: another one after each start of the machine."""
        try:
            with open("/proc/sys/kernel/random/boot_id") as f:
                return f.read().strip()
        except OSError:
            return ""

    def waiter(self) -> "Waiter":
        """A sleep of one task that others can end."""
        return Waiter()

    def open_line(self, bus_facts: "Facts") -> "Line":
        """The Line of an RTU bus; Rejected for settings that a serial line cannot have."""
        path, modes = self.device_of(bus_facts), tty_modes(bus_facts)
        far = address_of(path)
        if far:
            return Line(lambda on_data, on_lost: TcpSerialLine(far, on_data, on_lost), Waiter(), self.clock)
        return Line(lambda on_data, on_lost: Pump(open_tty(path, modes), on_data, on_lost), Waiter(), self.clock)

    async def connect(self, host: str, port: int, tls: "Any" = None, server_hostname: "str | None" = None) -> "tuple[Any, Any]":
        """(reader, writer) of a TCP connection; OSError if there is none. tls: of client_tls, or None."""
        reader, writer = await asyncio.open_connection(numeric_host(host), port)
        poller = select.poll()
        poller.register(writer.s, select.POLLOUT)
        for _, event in poller.poll(0):
            if event & (select.POLLERR | select.POLLHUP):
                writer.s.close()
                raise OSError(111, "connection refused")
        return (reader, writer) if tls is None else secure(writer, tls, server_hostname)

    def abort(self, writer: "Any") -> None:
        """Drop a connection with a reset: nothing that was written stays on its way."""
        plain = getattr(writer, "raw", writer.s)
        wake_waiters(plain)
        reset_on_close(plain)
        abort_stream(writer)

    async def listen(self, host: str, port: int, handler: "Handler", tls: "Any" = None, refused: "Refused | None" = None) -> "Any":
        """Serve `await handler(reader, writer)` on host:port; the returned server has close().

        tls: of server_tls; refused(text): called for each handshake that failed.
        """
        if tls is not None:
            handler = tls.serving(self, handler, refused)
        return await asyncio.start_server(handler, numeric_host(host), port, BACKLOG)  # type: ignore[call-arg]

    async def terminal(self) -> "tuple[Any, Any]":
        """(reader, writer) of the process's own standard input and output, for a console."""
        return asyncio.StreamReader(sys.stdin.buffer), asyncio.StreamWriter(sys.stdout.buffer, {})  # type: ignore[arg-type, call-arg]


def run(main: "Coroutine[Any, Any, Any]") -> "Any":
    """Run the firmware's first coroutine. Ctrl-C, where the parent process held it back, ends it from here on, as SIGTERM does."""
    if _set_mask is not None:
        _set_mask(SIG_UNBLOCK, SIGINT_SET, None)
    return asyncio.run(main)


def open_tty(path: str, modes: "Modes") -> "Any":
    """A serial device in raw mode whose reads and writes do not wait. OSError if it is not there."""
    if _open is None:
        stream = open(path, "r+b")
    else:
        fd = _open(path, O_RDWR_NOCTTY_NONBLOCK)
        if fd < 0:
            raise OSError(2, path)
        stream = open(fd, "r+b")
    try:
        claim(stream.fileno())
        set_modes(stream, modes)
    except OSError:
        stream.close()
        raise
    stream.read(4096)  # whatever came before is forgotten
    return stream


def set_modes(stream: "Any", modes: "Modes") -> None:
    """Raw mode with the iflag, cflag and speed of tty_modes, in which a read returns what is there. Raises OSError."""
    iflag, cflag, speed = modes
    fd = stream.fileno()
    termios.setraw(fd)
    attributes = termios.tcgetattr(fd)
    attributes[0], attributes[1], attributes[2], attributes[3] = iflag, 0, cflag, 0
    attributes[4] = attributes[5] = speed
    attributes[6][VTIME] = attributes[6][VMIN] = 0
    termios.tcsetattr(fd, termios.TCSANOW, attributes)
