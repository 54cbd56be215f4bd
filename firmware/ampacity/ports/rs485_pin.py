"""The direction of an RS-485 transceiver by a pin: on before the first bit, off after the last.

A device may answer 3.5 characters after a frame (1.75 ms above 19200 Bd), so the pin is released within a millisecond of the last
stop bit: a timer waits for the time on the wire, then asks the UART each millisecond until it has sent all. With a UART whose write()
blocks the pin is released at once.
"""

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ports.interfaces import Facts


def wire_ms(count: int, facts: "Facts") -> int:
    """Whole milliseconds that `count` characters take at least. facts: baud, parity, stop."""
    bits = 9 + (facts.get("parity", "E") != "N") + facts.get("stop", 1)
    return int(count * bits * 1000 // facts.get("baud", 19200))


class DirectedUart:
    """Writes to a UART in one piece. drive: switches the transceiver's driver; timer: a machine.Timer, None where write() blocks."""

    def __init__(self, uart: "Any", drive: "Callable[[bool], object]", facts: "Facts", timer: "Any") -> None:
        self._uart = uart
        self._drive = drive
        self._facts = facts
        self._timer = timer
        drive(False)

    def write(self, data: bytes) -> None:
        """Send bytes. Raises OSError where the UART does not take all of them: a part of a frame is none."""
        self._drive(True)
        taken = self._uart.write(data) or 0
        if self._timer is None or taken < len(data):
            self._drive(False)
        else:
            self._wait(max(1, wire_ms(len(data), self._facts)))
        if taken < len(data):
            raise OSError(11, "the UART is full")

    def close(self) -> None:
        """The driver is off, and stays so."""
        if self._timer is not None:
            self._timer.deinit()
        self._drive(False)

    def _wait(self, period_ms: int) -> None:
        self._timer.init(mode=self._timer.ONE_SHOT, period=period_ms, callback=self._look)

    def _look(self, _timer: "Any") -> None:
        if self._uart.txdone():
            self._drive(False)
        else:
            self._wait(1)
