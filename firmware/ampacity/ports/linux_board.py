"""Pins, RS-485 mode, analog inputs and the watchdog of a board that runs Linux, by the facts of its board file.

Lines are found by name over all GPIO chips, through libgpiod 2 and its Python package `gpiod` (an optional package, the extra
`linux`: the first line asks for it). When the process ends the kernel releases its lines; the resistors of the board decide the level
from then on.
"""

import errno
import fcntl
import glob
import struct

from ampacity.base.errors import Rejected

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ports.interfaces import Facts

TIOCSRS485 = 0x542F
RS485_ENABLED, RTS_ON_SEND, RTS_AFTER_SEND = 1, 2, 4
WDIOC_SETTIMEOUT = 0xC0045706
CONSUMER = "ampacity"
IIO = "/sys/bus/iio/devices/iio:device*/"
CHIPS = "/dev/gpiochip*"
BIASES = {"up": "PULL_UP", "down": "PULL_DOWN"}


def gpiod_module() -> "Any":
    """The package of libgpiod. Rejected: it is not installed, or it is version 1."""
    try:
        import gpiod
    except ImportError:
        gpiod = None
    if gpiod is None or not hasattr(gpiod, "request_lines"):
        found = "absent" if gpiod is None else "version 1"
        raise Rejected("gpiod", found, "version 2 for the lines of this board: pip install 'ampacity[linux]', or Debian's python3-libgpiod (>= 2)")
    return gpiod


class LinuxPins:
    """Lines of the board. gpiod: the package, None: the installed one; chips: pattern of its devices.

    A pin's facts: pin (name of a line), level, pull.
    """

    def __init__(self, gpiod: "Any" = None, chips: str = CHIPS, iio: str = IIO) -> None:
        self._gpiod = gpiod
        self._chips = chips
        self._iio = iio

    def _library(self) -> "Any":
        if self._gpiod is None:
            self._gpiod = gpiod_module()
        return self._gpiod

    def place_of(self, name: str) -> "tuple[str, int]":
        """(path of the chip, offset) of a named line. Rejected: no chip has it, or one cannot be opened; no package."""
        gpiod = self._library()
        for path in sorted(glob.glob(self._chips)):
            try:
                with gpiod.Chip(path) as chip:
                    return path, chip.line_offset_from_id(name)
            except PermissionError:
                raise Rejected("gpio", path, "a user, and a service, that may open this device (docs/linux.md)") from None
            except (OSError, ValueError):
                pass
        raise Rejected("pin", name, "a line that `gpioinfo` lists with this name")

    def output(self, facts: "Facts", on: bool = False) -> "Callable[[bool], object]":
        """A function that switches a line; it starts in the state `on`. Rejected: no such line. OSError: another program has it."""
        line = self._library().line
        value = line.Value.ACTIVE if on else line.Value.INACTIVE
        request, offset = self._request(facts, direction=line.Direction.OUTPUT, output_value=value)

        def write(state: bool) -> None:
            request.set_value(offset, line.Value.ACTIVE if state else line.Value.INACTIVE)

        return write

    def input(self, facts: "Facts") -> "Callable[[], bool]":
        """A function that reads a line: True is active. Rejected: no such line. OSError: another program has it."""
        line = self._library().line
        request, offset = self._request(facts, direction=line.Direction.INPUT)
        return lambda: request.get_value(offset) == line.Value.ACTIVE

    def _request(self, facts: "Facts", **settings: "Any") -> "tuple[Any, int]":
        gpiod = self._library()
        path, offset = self.place_of(facts["pin"])
        bias = getattr(gpiod.line.Bias, BIASES.get(facts["pull"], "AS_IS"))
        settings = gpiod.LineSettings(active_low=facts["level"] == 0, bias=bias, **settings)
        return gpiod.request_lines(path, consumer=CONSUMER, config={offset: settings}), offset

    def voltage_mv(self, adc: "Facts") -> "Callable[[], int]":
        """A function that reads an analog input in mV. adc: pin such as "in_voltage3" of the kernel's IIO. Rejected: no such input."""
        found = sorted(glob.glob(self._iio + adc["pin"] + "_raw"))
        if not found:
            raise Rejected("adc", adc["pin"], "an input of the kernel such as in_voltage0, with its driver loaded")
        stem = found[0][: -len("_raw")]
        scale = number_in(stem + "_scale", number_in(stem.rsplit("/", 1)[0] + "/in_voltage_scale", 1.0))
        offset = number_in(stem + "_offset", 0.0)
        return lambda: int((number_in(found[0], None) + offset) * scale)


def number_in(path: str, absent: "float | None") -> float:
    """The number in a file of the kernel; `absent` where there is no file. Raises OSError without one."""
    try:
        with open(path) as f:
            return float(f.read())
    except FileNotFoundError:
        if absent is None:
            raise
        return absent


def set_rs485(fd: int, serial: "Facts") -> None:
    """The kernel's driver switches the transceiver by RTS. serial: table of the board. OSError: this driver has no RS-485 mode."""
    level = serial["de"]["level"] if serial.get("de") else 1
    flags = RS485_ENABLED | (RTS_ON_SEND if level else RTS_AFTER_SEND)
    try:
        fcntl.ioctl(fd, TIOCSRS485, struct.pack("=8I", flags, 0, 0, 0, 0, 0, 0, 0))
    except OSError as e:
        text = 'the driver of this device has no RS-485 mode; use a transceiver that switches by itself, and direction = "auto"'
        raise OSError(e.errno or errno.ENOTTY, text) from e


def set_watchdog(fd: int, timeout_ms: int) -> int:
    """Time without feeding after which the device resets, in whole seconds from timeout_ms down; returns the device's own, in ms. OSError."""
    told = fcntl.ioctl(fd, WDIOC_SETTIMEOUT, struct.pack("=i", max(1, timeout_ms // 1000)))
    return int(struct.unpack("=i", told)[0]) * 1000
