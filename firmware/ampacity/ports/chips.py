"""What differs between the ports of MicroPython with `machine`, in one table, and pins by the facts of a board.

adc: how a voltage is read. "read_uv" gives calibrated microvolts; "read_u16" counts to 65535 at 3.3 V.
attenuation: name of the ADC's setting for its full range. cpu_pins: pins are attributes of Pin.cpu, since a text names the board's header
first. uart_pins: the UART takes its pins as arguments; else each UART has its own. txbuf: bytes that write() takes at once; 0: write()
blocks until the last bit has left. timer: number of a timer for short waits. window: how the pilot is sampled (pilot_sampler.py);
dma: request number and base of the converter's registers.
"""

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ports.interfaces import Facts, Machine

PORTS: "dict[str, dict[str, Any]]" = {
    "esp32": {"adc": "read_uv", "attenuation": "ATTN_11DB", "uart_pins": True, "txbuf": 512, "timer": 0, "window": "reads"},
    "rp2": {"adc": "read_u16", "uart_pins": True, "txbuf": 512, "timer": -1, "window": "dma", "dma": (48, 0x400A0000)},
    "stm32": {"adc": "read_u16", "cpu_pins": True, "uart_pins": False, "txbuf": 0, "timer": -1, "window": "timed"},
}
SUPPLY_MV = 3300
PULLS = {"up": "PULL_UP", "down": "PULL_DOWN"}


class MachinePins:
    """Pins of one board. machine: the module; port: a name of PORTS. A pin's facts: pin, level (1: high is on), pull."""

    def __init__(self, machine: "Machine", port: str) -> None:
        self.machine = machine
        self.row = PORTS[port]

    def id_of(self, pin: "int | str") -> "Any":
        """What `machine.Pin` takes for a pin of the board file."""
        return getattr(self.machine.Pin.cpu, str(pin)[1:]) if self.row.get("cpu_pins") else pin

    def output(self, facts: "Facts", on: bool = False) -> "Callable[[bool], object]":
        """A function that switches an output; it starts in the state `on`."""
        level = facts["level"]
        pin = self.machine.Pin(self.id_of(facts["pin"]), self.machine.Pin.OUT, value=level if on else 1 - level)
        return pin.value if level else lambda state: pin.value(not state)

    def input(self, facts: "Facts") -> "Callable[[], bool]":
        """A function that reads an input: True is active."""
        pull = PULLS.get(facts["pull"])
        number = self.id_of(facts["pin"])
        pin = self.machine.Pin(number, self.machine.Pin.IN, getattr(self.machine.Pin, pull) if pull else None)
        level = facts["level"]
        return lambda: pin.value() == level

    def voltage_mv(self, adc: "Facts") -> "Callable[[], int]":
        """A function that reads the voltage at an analog pin, in mV."""
        converter = self.converter(adc)
        if self.row["adc"] == "read_uv":
            return lambda: converter.read_uv() // 1000
        return lambda: converter.read_u16() * SUPPLY_MV // 65535

    def converter(self, adc: "Facts") -> "Any":
        """The machine.ADC of an analog pin, at its full range."""
        pin = self.machine.Pin(self.id_of(adc["pin"]))
        name = self.row.get("attenuation")
        return self.machine.ADC(pin, atten=getattr(self.machine.ADC, name)) if name else self.machine.ADC(pin)

    def uart_options(self, serial: "Facts") -> "Facts":
        """Arguments of machine.UART for a table `serial` of the board."""
        options: "Facts" = {"txbuf": self.row["txbuf"]} if self.row["txbuf"] else {}
        if self.row["uart_pins"]:
            for key in ("tx", "rx"):
                if serial.get(key):
                    options[key] = self.machine.Pin(self.id_of(serial[key]["pin"]))
        return options
