"""Platform on a microcontroller: the serial line over machine.UART, pins by the board file (board_facts.py)."""

import asyncio
import time

import machine

from ampacity.base.address import numeric_host
from ampacity.base.errors import Rejected
from ampacity.base.printable import is_digits
from ampacity.ports.board_facts import pin_of, read_board, serial_of
from ampacity.ports.line import Line, tty_modes
from ampacity.ports.mp_io import Pump, TcpSerialLine, TicksClock, Waiter, abort_stream, wake_waiters
from ampacity.ports.mp_platform import MpPlatform, secure
from ampacity.ports.output import Output
from ampacity.ports.platform import SECONDS_1970_2000
from ampacity.ports.rs485_pin import DirectedUart
from ampacity.ports.serial_over_tcp import address_of
from ampacity.ports.watchdog import BoardWatchdog

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ports.chips import MachinePins
    from ampacity.ports.evse_hardware import EvseHardware
    from ampacity.ports.interfaces import Facts, Handler, Refused

PARITY = {"N": None, "E": 0, "O": 1}


UNMETERED = "none"  # `meter` of a board where nothing measures the current of its outlet


class BoardPlatform(MpPlatform):
    """The outside world of a controller on its own board. `board`: its facts, None without a board file.

    boot: `uarts` (number → keyword arguments of its pins) and `watchdog` (ms, 0: none) go before the board file; `meter`: name of
    a module whose read(now_ms) measures the own outlet.
    """

    def __init__(self, folder: str, boot: "Facts", files: "Any" = None) -> None:
        super().__init__(folder, boot, TicksClock(), files)
        self.board = read_board(folder)
        self.pins: "MachinePins | None" = None
        if self.board is not None:
            from ampacity.ports.chips import MachinePins

            self.pins = MachinePins(machine, self.board["port"])
        self._uarts = boot.get("uarts") or {}
        own = {} if self.board is None else self.board["watchdog"]
        self._watchdog_ms = boot.get("watchdog", own["timeout_ms"] if own.get("kind") == "machine" else 0)

    async def start(self) -> None:
        """As of each platform. The import of a role may take longer than the watchdog waits, and only the safety loop feeds it.

        Raises Rejected for a time that it cannot wait.
        """
        await super().start()
        if self._watchdog_ms and self.sim is None:
            self.watchdog = BoardWatchdog(machine.WDT, self._watchdog_ms)

    def evse_hardware(self, evse_name: str) -> "EvseHardware | None":
        """The charging point on this board's pins, driven from now on. None: the board has none, or `meter` of boot.json names nothing."""
        if self.sim is not None or self.pins is None or self.board is None or self.board["pilot"]["kind"] != "local" or not self.boot.get("meter"):
            return super().evse_hardware(evse_name)
        from ampacity.ports.board_point import BoardPoint
        from ampacity.ports.evse_hardware import EvseHardware

        hardware = EvseHardware(evse_name)
        read = None if self.boot["meter"] == UNMETERED else __import__(self.boot["meter"]).read
        self.point = BoardPoint(self.pins, self.board, hardware, self.clock, read)
        self.point.start()
        return hardware

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
        serial = serial_of(self.board, "uart:" + number)
        if number not in self._uarts and self.pins is not None and serial is not None:
            return self._board_line(self.pins, serial, int(number), bus_facts)
        pins = self._uarts.get(number, {})
        return Line(lambda on_data, on_lost: UartPump(open_uart(int(number), bus_facts, pins), on_data, on_lost), Waiter(), self.clock)

    def _board_line(self, pins: "MachinePins", serial: "Facts", number: int, bus_facts: "Facts") -> "Line":
        """The line of a table `serial`, with the direction of its transceiver."""
        if bus_facts.get("baud", 19200) > serial["baud_max"]:
            raise Rejected("baud", bus_facts["baud"], "at most %d on this board" % serial["baud_max"])

        def open_tty(on_data: "Callable[[bytes], object]", on_lost: "Callable[[], object]") -> "Pump":
            uart = open_uart(number, bus_facts, pins.uart_options(serial))
            if serial["direction"] != "pin":
                return UartPump(uart, on_data, on_lost)
            timer = machine.Timer(pins.row["timer"]) if pins.row["txbuf"] else None
            return DirectedPump(uart, DirectedUart(uart, pins.output(serial["de"]), bus_facts, timer), on_data, on_lost)

        return Line(open_tty, Waiter(), self.clock)

    async def connect(self, host: str, port: int, tls: "Any" = None, server_hostname: "str | None" = None) -> "tuple[Any, Any]":
        """(reader, writer) of a TCP connection; OSError if there is none. tls: of client_tls, or None."""
        reader, writer = await asyncio.open_connection(numeric_host(host), port)
        return (reader, writer) if tls is None else secure(writer, tls, server_hostname)

    def abort(self, writer: "Any") -> None:
        """Drop a connection; what was written may still be on its way for as long as the stack resends it."""
        plain = getattr(writer, "raw", writer.s)
        wake_waiters(plain)
        abort_stream(writer)

    async def listen(self, host: str, port: int, handler: "Handler", tls: "Any" = None, refused: "Refused | None" = None) -> "Any":
        """Serve `await handler(reader, writer)` on host:port; the returned server has close().

        tls: of server_tls; refused(text): called for each handshake that failed.
        """
        if tls is not None:
            handler = tls.serving(self, handler, refused)
        return await asyncio.start_server(handler, numeric_host(host), port)

    def read_pin(self, number: int) -> "Callable[[], bool]":
        """A function that reads input pin `number`; pulled down, so that an open wire reads low."""
        pin = machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_DOWN)
        return lambda: bool(pin.value())

    def drive_pin(self, number: int) -> "Callable[[bool], object]":
        """A function that switches output pin `number`."""
        return machine.Pin(number, machine.Pin.OUT, value=0).value

    def output(self, name: str) -> "Output | None":
        """Of the board's outputs by "relay-N" or "gpio:PIN", with its level; without a board file "gpio:N"."""
        facts = pin_of(self.board, "output", "out", name)
        if self.sim is not None or self.pins is None or facts is None:
            return super().output(name)
        return Output(name, self.pins.output(facts))

    def input(self, name: str) -> "Callable[[], bool] | None":
        """Of the board's inputs by "gpio:PIN", True at its level; without a board file "gpio:N", True is high."""
        facts = pin_of(self.board, "input", "sense", name)
        if self.sim is not None or self.pins is None or facts is None:
            return super().input(name)
        return self.pins.input(facts)

    def reset(self, kind: str = "immediate") -> None:
        """Restart the controller; its outputs fall to their reset state."""
        machine.reset()


class UartPump(Pump):
    """A pump of a machine.UART, which is not closed but switched off."""

    def close(self) -> None:
        """Stop reading, and switch the UART off; again does nothing."""
        if self.stream is not None:
            uart, self.stream = self.stream, None
            wake_waiters(uart)
            uart.deinit()


class DirectedPump(UartPump):
    """One whose writes switch the direction of a transceiver."""

    def __init__(self, uart: "Any", directed: "DirectedUart", on_data: "Callable[[bytes], object]", on_lost: "Callable[[], object]") -> None:
        self._directed = directed
        super().__init__(uart, on_data, on_lost)

    def write(self, data: bytes) -> None:
        """Send bytes. Raises OSError: not all were taken."""
        self._directed.write(data)

    def close(self) -> None:
        """Stop reading, release the transceiver, and switch the UART off; again does nothing."""
        self._directed.close()
        super().close()


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
