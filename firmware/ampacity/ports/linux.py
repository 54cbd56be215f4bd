"""Platform on CPython and Linux: termios for serial lines, the loop's own readers and streams for the rest."""

import asyncio
import contextlib
import os
import select
import selectors
import signal
import socket
import termios
import time

from ampacity.base.address import numeric_host
from ampacity.base.clock import TickClock
from ampacity.ports.board_facts import pin_of, read_board, serial_of
from ampacity.ports.line import Line, tty_modes
from ampacity.ports.linux_board import LinuxPins, set_rs485, set_watchdog
from ampacity.ports.lock import claim
from ampacity.ports.output import Output
from ampacity.ports.platform import Platform
from ampacity.ports.serial_over_tcp import UNHEARD_MS, address_of, begin, drop, reset_on_close
from ampacity.ports.watchdog import DeviceWatchdog, linux_watchdog

if False:  # for the type checker
    from collections.abc import Callable, Coroutine, Mapping
    from types import FrameType
    from typing import Any

    from ampacity.ports.interfaces import Address, Facts, Handler, Modes, Refused, Watchdog
    from ampacity.ports.tls_credentials import TlsCredentials

OUT_MAX = 1024  # bytes that wait for a serial device: four of the longest frames
SELECT_MAX = 1024  # file numbers that select knows
BACKLOG = 64  # connections that are taken in one turn of the loop
READ_AHEAD_BYTES = 4096  # twice as much is kept of what a client says before it is read
REPORTS = "AMPACITY_REPORTS"  # in the environment: the number of the socket on which a supervisor waits for reports of the safety loop
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class LinuxPlatform(Platform):
    """The outside world of a controller that is a process on Linux. `board`: facts of its board file, None without one."""

    def __init__(self, folder: str, boot: "Facts", files: "Any" = None) -> None:
        super().__init__(folder, boot, TickClock(lambda: time.monotonic_ns() // 1000, 1 << 62), files)
        self.board = read_board(folder)
        self._lines: "LinuxPins | None" = None
        self.watchdog = self._device_watchdog(boot)
        if os.environ.get(REPORTS) or os.environ.get("NOTIFY_SOCKET"):
            self.watchdog = NotifyWatchdog(os.environ, self.watchdog)

    def _device_watchdog(self, boot: "Facts") -> "Watchdog":
        """That of boot.json, else the device of the board with its time."""
        own = {} if self.board is None else self.board["watchdog"]
        if boot.get("watchdog") is not None or own.get("kind") != "device":
            return linux_watchdog(boot)
        watchdog = linux_watchdog({"watchdog": own.get("device")})
        if isinstance(watchdog, DeviceWatchdog):
            set_watchdog(watchdog.fileno(), own["timeout_ms"])
        return watchdog

    def output(self, name: str) -> "Output | None":
        """Of the board's outputs by "relay-N" or "gpio:N" (a line GPION), with its level; without a board file "gpio:N"."""
        facts = pin_of(self.board, "output", "out", name)
        return super().output(name) if self.sim is not None or facts is None else Output(name, self._pins().output(facts))

    def input(self, name: str) -> "Callable[[], bool] | None":
        """Of the board's inputs by "gpio:N" (a line GPION), True at its level; without a board file "gpio:N", True is high."""
        facts = pin_of(self.board, "input", "sense", name)
        return super().input(name) if self.sim is not None or facts is None else self._pins().input(facts)

    def _pins(self) -> "LinuxPins":
        if self._lines is None:
            self._lines = LinuxPins()
        return self._lines

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
        serial = serial_of(self.board, path)
        driven = serial if serial is not None and serial["direction"] == "kernel" else None
        return Line(lambda on_data, on_lost: Tty(path, modes, on_data, on_lost, driven), Waiter(), self.clock)

    async def connect(self, host: str, port: int, tls: "Any" = None, server_hostname: "str | None" = None) -> "tuple[Any, Any]":
        """(reader, writer) of a TCP connection; OSError if there is none. tls: of client_tls, or None."""
        try:
            reader, writer = await asyncio.open_connection(
                numeric_host(host), port, ssl=tls, server_hostname=server_hostname if tls else None
            )
        except OSError as error:
            if tls is None or error.args and not type(error).__name__.startswith("SSL"):
                raise
            from ampacity.ports.linux_tls import as_tls_error

            raise as_tls_error(error, server_hostname or host) from None
        if tls is not None:
            from ampacity.ports.linux_tls import check_server

            try:
                check_server(writer, tls, server_hostname or host)
            except OSError:
                self.abort(writer)
                raise
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return reader, writer

    def abort(self, writer: "Any") -> None:
        """Drop a connection with a reset: nothing that was written stays on its way."""
        try:
            sock = writer.get_extra_info("socket")
        except AttributeError:  # TLS that was closed has let go of it
            return
        if sock is not None and sock.fileno() >= 0:
            reset_on_close(sock)
        writer.transport.abort()

    def client_tls(self, files: "TlsCredentials") -> "Any":
        """An SSLContext. Rejected: material that the library refuses."""
        from ampacity.ports.linux_tls import context

        return context(files, False)

    def server_tls(self, files: "TlsCredentials") -> "Any":
        """An SSLContext that asks each client for its certificate. Rejected: material that the library refuses."""
        from ampacity.ports.linux_tls import context

        return context(files, True)

    def peer_certificate(self, writer: "Any") -> "bytes | None":
        """The DER of the other's certificate, None on a plain connection."""
        secured = writer.get_extra_info("ssl_object")
        return None if secured is None else secured.getpeercert(True)

    async def listen(self, host: str, port: int, handler: "Handler", tls: "Any" = None, refused: "Refused | None" = None) -> "Any":
        """Serve `await handler(reader, writer)` on host:port; the returned server has close().

        tls: of server_tls; refused(text): called for each handshake that failed.
        """
        if tls is not None:
            from ampacity.ports.linux_tls import serving

            handler = serving(self, tls, handler, refused)  # type: ignore[arg-type]  # with tls there is a `refused`

        loop, tasks = asyncio.get_running_loop(), set()

        def connected(reader: "Any", writer: "Any") -> None:
            """A separate task: the library reports a task that a stop cancels as a fault, on standard error."""
            task: "asyncio.Task[None]" = loop.create_task(handler(reader, writer))
            tasks.add(task)
            task.add_done_callback(lambda task: over(task, writer))

        def over(task: "asyncio.Task[None]", writer: "Any") -> None:
            tasks.discard(task)
            if task.cancelled():
                self.abort(writer)
            elif task.exception() is not None:
                loop.call_exception_handler({"message": "a connection on %s:%s" % (host, port), "exception": task.exception()})
                writer.close()

        return await asyncio.start_server(connected, numeric_host(host), port, backlog=BACKLOG, limit=READ_AHEAD_BYTES)

    async def terminal(self) -> "tuple[Any, Any]":
        """(reader, writer) of the process's own standard input and output, for a console."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(0), "rb", 0))
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(os.dup(1), "wb", 0)
        )
        return reader, asyncio.StreamWriter(transport, protocol, None, loop)


class Selector(selectors.EpollSelector):
    """Any file number, and waits to the microsecond: epoll rounds each up to a millisecond, so select waits, for epoll's own number."""

    def select(self, timeout: "float | None" = None) -> "Any":
        """As the library's; timeout in seconds, None: without end."""
        if timeout is not None and 0 < timeout and self.fileno() < SELECT_MAX:
            select.select((self.fileno(),), (), (), timeout)
            timeout = 0
        return super().select(timeout)


class StopSignal:
    """SIGTERM, SIGHUP and Ctrl-C: the first one cancels the main coroutine, at any instant of its life, and those behind it change nothing.

    The handlers raise nothing: an exception of a signal's handler would be lost wherever Python ignores it, in a finaliser for one.
    """

    def __init__(self) -> None:
        self._came = False
        self._loop: "asyncio.AbstractEventLoop | None" = None
        self._task: "asyncio.Task[Any]" = None  # type: ignore[assignment]  # there with the loop

    def take(self, _number: int, _frame: "FrameType | None") -> None:
        """The handler of one signal."""
        if self._loop is not None and not self._came:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._came = True

    async def until_ended(self, main: "Coroutine[Any, Any, Any]") -> "Any":
        """What main returns; KeyboardInterrupt where a signal came before that."""
        self._task = asyncio.current_task()  # type: ignore[assignment]
        self._loop = asyncio.get_running_loop()
        try:
            if self._came:
                main.close()
                raise KeyboardInterrupt
            return await main
        except asyncio.CancelledError:
            if self._came:
                raise KeyboardInterrupt
            raise
        finally:
            self._loop = None


def run(main: "Coroutine[Any, Any, Any]") -> "Any":
    """asyncio.run on a loop that no number of connections breaks. Ends with KeyboardInterrupt after SIGTERM, SIGHUP or Ctrl-C.

    SIGHUP and Ctrl-C stay ignored if they were ignored when the process started; a signal that was held back until here is taken now.
    Once the loop is over no signal changes the exit status.
    """

    def new_loop() -> "asyncio.AbstractEventLoop":
        return asyncio.SelectorEventLoop(Selector())

    ending = StopSignal()
    numbers = [number for number in SIGNALS if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN]
    for number in numbers:
        signal.signal(number, ending.take)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(ending.until_ended(main))
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)


class Waiter:
    """A sleep of one task that others can end."""

    def __init__(self) -> None:
        self._future: "asyncio.Future[None] | None" = None

    async def wait(self, duration_us: int) -> None:
        """Sleep for so many microseconds, or until wake()."""
        loop = asyncio.get_running_loop()
        self._future = future = loop.create_future()
        timer = loop.call_later(duration_us / 1000000, self.wake)
        try:
            await future
        finally:
            timer.cancel()
            self._future = None

    def wake(self) -> None:
        """End the sleep; without one nothing happens."""
        if self._future is not None and not self._future.done():
            self._future.set_result(None)


def discard(fd: int) -> None:
    """What waits in a serial device: orders that leave late are old ones, and a close would wait for them for up to 30 s."""
    with contextlib.suppress(OSError, termios.error):
        termios.tcflush(fd, termios.TCIOFLUSH)


class Tty:
    """A serial device in raw mode, read by the loop and written without waiting. serial: see set_rs485, None: no RS-485 mode."""

    def __init__(
        self, path: str, modes: "Modes", on_data: "Callable[[bytes], object]", on_lost: "Callable[[], object]", serial: "Facts | None" = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_data = on_data
        self._on_lost = on_lost
        self._out = b""
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            claim(self._fd)
            set_modes(self._fd, modes)
            if serial is not None:
                set_rs485(self._fd, serial)
        except OSError:
            os.close(self._fd)
            raise
        except termios.error as e:
            os.close(self._fd)
            raise OSError(e.args[0], "%s is no serial device" % path) from e
        self._loop.add_reader(self._fd, self._readable)

    def write(self, data: bytes) -> None:
        """Send bytes; what the device does not take now leaves as it does. Raises OSError: it is gone, or takes nothing any more."""
        if len(self._out) > OUT_MAX:
            raise OSError("the device is stuck")
        self._out += data
        self._flush()

    def close(self) -> None:
        """Give the device back; again does nothing."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            discard(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _flush(self) -> None:
        try:
            self._out = self._out[os.write(self._fd, self._out) :]
        except BlockingIOError:
            pass
        if self._out:
            self._loop.add_writer(self._fd, self._writable)
        else:
            self._loop.remove_writer(self._fd)

    def _writable(self) -> None:
        try:
            self._flush()
        except OSError:
            self._on_lost()

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._on_data(data)
        else:
            self._on_lost()


class TcpSerialLine(Tty):
    """A serial line behind a TCP connection; what cannot leave at once does not leave."""

    def __init__(self, address: "Address", on_data: "Callable[[bytes], object]", on_lost: "Callable[[], object]") -> None:
        self._loop = asyncio.get_running_loop()
        self._on_data = on_data
        self._on_lost = on_lost
        self._out = b""
        self._there = False
        self._taken_s = self._loop.time()
        self._socket = begin(address)
        self._fd = self._socket.fileno()
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLOUT)
        self._loop.add_reader(self._fd, self._readable)
        self._loop.add_writer(self._fd, self._connected)

    def _connected(self) -> None:
        self._loop.remove_writer(self._fd)
        self._there = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        if not self._there:
            self._on_lost()

    def write(self, data: bytes) -> None:
        """Send bytes at once; before the connection is up, and while earlier ones wait, they are dropped. Raises OSError: it is stuck or gone."""
        now_s = self._loop.time()
        if self._there and self._poll.poll(0):
            if self._socket.send(data) < len(data):
                raise OSError("the connection is stuck")
            self._taken_s = now_s
        elif now_s - self._taken_s >= UNHEARD_MS / 1000:
            raise OSError("the connection is stuck")

    def close(self) -> None:
        """End the connection with a reset; again does nothing."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._fd = -1
            drop(self._socket)


def set_modes(fd: int, modes: "Modes") -> None:
    """Raw mode with the iflag, cflag and speed of tty_modes; whatever came before is forgotten. Raises termios.error."""
    iflag, cflag, speed = modes
    attributes = termios.tcgetattr(fd)
    attributes[0:6] = [iflag, 0, cflag, 0, speed, speed]
    attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
    try:
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
    except termios.error:
        if not os.ttyname(fd).startswith("/dev/pts/"):
            raise
        # a pseudo terminal keeps no parity: all else is set, and the C library takes the rest for a failure
    termios.tcflush(fd, termios.TCIFLUSH)


class NotifyWatchdog:
    """The service manager's watchdog: a datagram WATCHDOG=1 to the supervisor or, without one, to the manager itself.

    environment: REPORTS, the number of an open socket of the supervisor, or NOTIFY_SOCKET, the address of the manager. device: the
    watchdog of the boot facts, which is fed with it.
    """

    armed = True

    def __init__(self, environment: "Mapping[str, str]", device: "Watchdog") -> None:
        self._device = device
        self._address: "str | None" = None
        if environment.get(REPORTS):
            self._socket = socket.socket(fileno=int(environment[REPORTS]))
        else:
            address = environment["NOTIFY_SOCKET"]
            self._address = "\0" + address[1:] if address[0] == "@" else address
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def feed(self) -> None:
        """Only the safety loop calls this. What the manager does not take is not sent again. OSError: the device is gone."""
        self._device.feed()
        try:
            if self._address is None:
                self._socket.send(b"WATCHDOG=1")
            else:
                self._socket.sendto(b"WATCHDOG=1", self._address)
        except OSError:
            pass  # the manager is busy or gone: it decides by what it does not hear
