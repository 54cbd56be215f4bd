"""A relay or digital output of the controller, by its name in the site file: "gpio:N"."""

from ampacity.base.printable import is_digits

if False:  # for the type checker
    from collections.abc import Callable


class Output:
    """`on`: the commanded state. `seen`: the state of its feedback (True: acted), None where there is no feedback."""

    def __init__(self, name: str, write: "Callable[[bool], object] | None" = None) -> None:
        self.name = name
        self.on = False
        self.seen: "bool | None" = None
        self._write = write

    def set(self, on: bool) -> None:
        """Switch it; the same again changes nothing. A medium that refuses raises OSError."""
        if on != self.on:
            if self._write is not None:
                self._write(on)
            self.on = on


def sysfs_write(number: int) -> "Callable[[bool], None]":
    """A function that drives GPIO `number` through the kernel's files; the line must be exported as an output."""
    def write(on: bool) -> None:
        with open("/sys/class/gpio/gpio%d/value" % number, "w") as f:
            f.write("1" if on else "0")
    return write


def sysfs_read(number: int) -> "Callable[[], bool]":
    """A function that reads GPIO `number` through the kernel's files."""
    def read() -> bool:
        with open("/sys/class/gpio/gpio%d/value" % number) as f:
            return f.read(1) == "1"
    return read


def pin_number(name: str) -> "int | None":
    """N of "gpio:N", else None."""
    kind, _, number = name.partition(":")
    return int(number) if kind == "gpio" and is_digits(number) else None
