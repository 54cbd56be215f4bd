"""What the Platform of all platforms have in common.

A platform adds `clock`, `open_line`, `connect`, `abort`, `listen` and a waiter; the roles see one face.
"""

import os
import sys
import time

from ampacity.base.errors import Rejected
from ampacity.base.rng import Rng
from ampacity.ports.watchdog import NoWatchdog

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.ports.evse_hardware import EvseHardware
    from ampacity.ports.interfaces import Facts, Handler, Refused, Sleeper, Watchdog
    from ampacity.ports.line import Line
    from ampacity.ports.output import Output
    from ampacity.ports.sim import SimLink
    from ampacity.ports.tls_credentials import TlsCredentials

# exit statuses of the controller's process, for what starts it and restarts it
EXIT_USAGE = 2
EXIT_RESTART = 42  # asks for a restart at once
EXIT_BUSY = 75  # the data folder or a serial device is in use
EXIT_CONFIG = 78  # the configuration cannot be used
SECONDS_1970_2000 = 946684800
RTC_SET_S = 1735689600  # 2025-01-01: a clock that shows less was never set


def host_of(peer: "Any") -> "str | None":
    """The host of what a runtime calls a peer: (host, port, …), or the bytes of a socket address; None: it is neither."""
    try:
        if isinstance(peer, (bytes, bytearray)):
            import socket

            return ".".join([str(byte) for byte in socket.sockaddr(peer)[1]])  # type: ignore[attr-defined]
        return str(peer[0])
    except (TypeError, IndexError, AttributeError, OSError):
        return None


class Platform:
    """The outside world of one controller.

    folder: the data folder. boot: facts of boot.json (dict). files: the store's files door.
    events: facts that belong to no local charging point, taken by the role: ("token", evse or None, id, type),
    ("button", evse or None, name), ("bay", evse, occupied, token or None), ("fault", kind, on, fields),
    ("safety_load", name, on).
    faults: dict kind → fields of the bench's faults that are on now (empty on real hardware).
    """

    if False:  # what each platform adds, for the type checker
        role: Any  # what runs on it

        def waiter(self) -> Sleeper:
            """A sleep of one task that others can end."""

        def open_line(self, bus_facts: Facts) -> Line:
            """The Line of an RTU bus. Rejected: settings that a serial line cannot have."""

        async def connect(self, host: str, port: int, tls: Any = None, server_hostname: "str | None" = None) -> "tuple[Any, Any]":
            """(reader, writer) of a TCP connection; OSError if there is none. tls: of client_tls, or None."""

        def abort(self, writer: Any) -> None:
            """Drop a connection at once."""

        async def listen(self, host: str, port: int, handler: Handler, tls: Any = None, refused: "Refused | None" = None) -> Any:
            """Serve `await handler(reader, writer)` on host:port; the returned server has close()."""

    def __init__(self, folder: str, boot: "Facts", clock: "Clock", files: "Any" = None) -> None:
        self.folder = folder
        self.boot = boot
        self.clock = clock
        self.files = files
        self.published_files: "Any" = None  # a bench's place for published firmware; else it is in the data folder
        self.data_files: "Any" = None  # the files door of the data folder itself, once something asks for it
        self.watchdog: "Watchdog" = NoWatchdog()
        self.events: "list[tuple[Any, ...]]" = []
        self.faults: "dict[str, Facts]" = {}
        self.sim: "SimLink | None" = None

    async def start(self) -> None:
        """Called when the role's modules are there and nothing is energised: connects the bench, where `sim` names one; starts a chip's watchdog."""
        if self.boot.get("sim"):
            from ampacity.ports.sim import SimLink, run_link

            self.sim = SimLink(self.boot.get("name", "primary"), self.events, self.faults)
            self.watchdog = self.sim.watchdog
            await run_link(self, self.sim, self.boot["sim"])

    def rng(self) -> Rng:
        """Random numbers from the system; a bench provides a repeatable source."""
        return Rng(int.from_bytes(os.urandom(4), "big"))

    def evse_hardware(self, evse_name: str) -> "EvseHardware | None":
        """The EvseHardware of a local charging point, or None where this controller has no such hardware."""
        return None if self.sim is None else self.sim.evse_hardware(evse_name)

    def client_tls(self, files: "TlsCredentials") -> "Any":
        """What connect() takes as tls, of TlsCredentials (ports/tls_credentials.py). Rejected: what the runtime cannot read."""
        raise Rejected("tls", "wss", "a plain connection: this platform has no TLS")

    def server_tls(self, files: "TlsCredentials") -> "Any":
        """What listen() takes as tls, of TlsCredentials: clients must show a certificate that a root signed."""
        raise Rejected("tls", "true", "a plain connection: this platform has no TLS")

    def peer_certificate(self, writer: "Any") -> "bytes | None":
        """The DER of the other's certificate on a connection of listen(…, tls), None on a plain one."""
        return getattr(writer, "certificate", None)

    def peer_host(self, writer: "Any") -> "str | None":
        """The address of the other end of a connection of listen(), as text; None where the runtime does not say."""
        return host_of(writer.get_extra_info("peername"))

    def key_door(self) -> "Any":
        """The KeyDoor (x509/key_door.py) of a board with a secure element. None: the firmware keeps keys among its documents."""
        return None

    def set_clock(self, unix_ms: int) -> None:
        """Sets the time of day, in ms since 1970: a board without a clock checks certificates with it."""

    def output(self, name: str) -> "Output | None":
        """The Output of that name ("gpio:N"); on the bench any name is one. None where this controller has no such pin."""
        from ampacity.ports.output import Output, pin_number

        if self.sim is not None:
            return self.sim.output(name)
        number = pin_number(name)
        return None if number is None else Output(name, self.drive_pin(number))

    def input(self, name: str) -> "Callable[[], bool] | None":
        """A function that reads the input pin of that name ("gpio:N": True is high). None where there is no such pin."""
        from ampacity.ports.output import pin_number

        number = pin_number(name)
        return None if number is None or self.sim is not None else self.read_pin(number)

    def read_pin(self, number: int) -> "Callable[[], bool]":
        """A function that reads input pin `number`; OSError when it cannot be read."""
        from ampacity.ports.output import sysfs_read

        return sysfs_read(number)

    def drive_pin(self, number: int) -> "Callable[[bool], object]":
        """A function that switches output pin `number`."""
        from ampacity.ports.output import sysfs_write

        return sysfs_write(number)

    def rtc_ms(self) -> "int | None":
        """Unix time in ms by this hardware's own clock, None where it has none or it was never set."""
        unix_s = int(time.time())
        if time.gmtime(0)[0] == 2000:  # some ports count from there
            unix_s += SECONDS_1970_2000
        return unix_s * 1000 if unix_s > RTC_SET_S else None

    def reset_reason(self) -> str:
        """Why this controller started: "PowerUp", "Watchdog", "Software", … or "unknown" where nothing says."""
        return self.boot.get("reason") or ("PowerUp" if self.boot.get("sim") else self.hardware_reason())

    def hardware_reason(self) -> str:
        """Cause of the last reset by the register of the hardware."""
        return "unknown"

    def power_mark(self) -> str:
        """A text that stays the same for as long as the power is on, "" where there is none."""
        return ""

    def stall(self, duration_ms: int) -> None:
        """Hold everything up for so many ms, as a slow medium does."""
        until_ms = self.clock.now_ms() + duration_ms
        while self.clock.now_ms() < until_ms:
            pass

    async def pace(self, duration_ms: int) -> None:
        """Sleep of the safety loop, in ms. The fault `hang` of a bench stops the loop here while all other tasks run."""
        await self.clock.sleep_ms(duration_ms)
        while "hang" in self.faults:
            await self.clock.sleep_ms(20)

    def reset(self, kind: str = "immediate") -> None:
        """Leave the process with the status that asks for a restart; the hardware's reset state opens the contactor."""
        sys.exit(EXIT_RESTART)

    def look(self, bus_facts: "Facts") -> None:
        """Busy when another program has the device of that bus now; a board has one program."""
        if sys.platform != "linux":
            return
        from ampacity.ports.lock import look

        try:
            look(self.device_of(bus_facts))
        except Rejected:  # no such device
            pass

    def device_of(self, bus_facts: "Facts") -> str:
        """The device path of a serial bus; on the bench the boot facts name the pty of a virtual one. Rejected: it has none."""
        port: str = bus_facts.get("port", "virtual")
        lines = self.boot.get("lines") or {}
        port = lines.get(bus_facts.get("name"), port)
        if port == "virtual":
            raise Rejected("port", port, "a device such as /dev/ttyAMA0, or a bench that names it in boot.json")
        return port
