"""Platform on a microcontroller: the serial line over machine.UART. Its pins and its network belong to its board file."""

import asyncio
import time

import machine

from ampacity.base.address import numeric_host
from ampacity.base.errors import Rejected
from ampacity.base.printable import is_digits
from ampacity.ports.line import Line, tty_modes
from ampacity.ports.mp_io import Pump, TcpSerialLine, TicksClock, Waiter, forget, let_go
from ampacity.ports.mp_platform import MpPlatform, secure
from ampacity.ports.platform import SECONDS_1970_2000
from ampacity.ports.serial_over_tcp import address_of
from ampacity.ports.watchdog import BoardWatchdog

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ports.interfaces import Facts, Handler, Refused

PARITY = {"N": None, "E": 0, "O": 1}


class BoardPlatform(MpPlatform):
    """The outside world of a controller on its own board. uarts: dict number → keyword arguments of its pins."""

    def __init__(self, folder: str, boot: "Facts", files: "Any" = None) -> None:
        super().__init__(folder, boot, TicksClock(), files)
        self._uarts = boot.get("uarts") or {}
        if boot.get("watchdog"):
            self.watchdog = BoardWatchdog(machine.WDT, boot["watchdog"])

    def hardware_reason(self) -> str:
        """By the reset register; a name only where this chip knows the cause."""
        cause = machine.reset_cause()
        for name, reason in (("WDT_RESET", "Watchdog"), ("PWRON_RESET", "PowerUp"), ("SOFT_RESET", "Software")):
            if cause == getattr(machine, name, None):
                return reason
        return "unknown"

    def set_clock(self, unix_ms: int) -> None:
        """The board's own clock, by which its TLS checks dates."""
        now = time.gmtime(unix_ms // 1000 - (SECONDS_1970_2000 if time.gmtime(0)[0] == 2000 else 0))
        machine.RTC().datetime((now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0))

    def waiter(self) -> "Waiter":
        """A sleep of one task that others can end."""
        return Waiter()

    def open_line(self, bus_facts: "Facts") -> "Line":
        """The Line of an RTU bus on port "uart:N"; Rejected for settings that a serial line cannot have."""
        tty_modes(bus_facts)
        far = address_of(self.device_of(bus_facts))
        if far:
            return Line(lambda on_data, on_lost: TcpSerialLine(far, on_data, on_lost), Waiter(), self.clock)
        kind, _, number = self.device_of(bus_facts).partition(":")
        if kind != "uart" or not is_digits(number):
            raise Rejected("port", bus_facts.get("port"), "uart:N or socket://HOST:PORT")
        pins = self._uarts.get(number, {})
        return Line(lambda on_data, on_lost: Pump(open_uart(int(number), bus_facts, pins), on_data, on_lost), Waiter(), self.clock)

    async def connect(self, host: str, port: int, tls: "Any" = None, server_hostname: "str | None" = None) -> "tuple[Any, Any]":
        """(reader, writer) of a TCP connection; OSError if there is none. tls: of client_tls, or None."""
        reader, writer = await asyncio.open_connection(numeric_host(host), port)
        return (reader, writer) if tls is None else secure(writer, tls, server_hostname)

    def abort(self, writer: "Any") -> None:
        """Drop a connection; what was written may still be on its way for as long as the stack resends it."""
        plain = getattr(writer, "raw", writer.s)
        forget(plain)
        let_go(writer)

    async def listen(self, host: str, port: int, handler: "Handler", tls: "Any" = None, refused: "Refused | None" = None) -> "Any":
        """Serve `await handler(reader, writer)` on host:port; the returned server has close().

        tls: of server_tls; refused(text): told each handshake that failed.
        """
        if tls is not None:
            handler = tls.serving(self, handler, refused)
        return await asyncio.start_server(handler, numeric_host(host), port)

    def read_pin(self, number: int) -> "Callable[[], bool]":
        """A function that reads input pin `number`; pulled down, so that an open wire reads low."""
        return machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_DOWN).value

    def drive_pin(self, number: int) -> "Callable[[bool], object]":
        """A function that switches output pin `number`."""
        return machine.Pin(number, machine.Pin.OUT, value=0).value

    def reset(self, kind: str = "immediate") -> None:
        """Restart the controller; its outputs fall to their reset state."""
        machine.reset()


def open_uart(number: int, facts: "Facts", pins: "Facts") -> "Any":
    """A machine.UART with eight bits, whose reads return what is there. facts: baud, parity, stop; pins: further arguments."""
    return machine.UART(
        number,
        facts.get("baud", 19200),
        bits=8,
        parity=PARITY[facts.get("parity", "E")],
        stop=facts.get("stop", 1),
        timeout=0,
        rxbuf=512,
        **pins
    )
