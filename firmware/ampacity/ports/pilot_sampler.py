"""Windows of raw samples of the pilot, by the way of the port (`window` in chips.py).

"reads": single reads one after the other, as close as the interpreter can. "dma": the converter fills a buffer by itself. "timed":
a timer starts each conversion and the call returns with a full buffer. `begin()` starts a window and `take()` gives it, 3 ms later
at the earliest.
"""

from array import array

from ampacity.point.samples import PERIODS, PERIODS_OF_READS, SPACING_US, PilotScale, spaced
from ampacity.ports.chips import SUPPLY_MV

if False:  # for the type checker
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.ports.chips import MachinePins
    from ampacity.ports.interfaces import Facts

COUNT = 1 + PERIODS * 1000 // SPACING_US
READS_MAX = 200
RAW_12_BITS = 4095


class Reads:
    """Single reads of a machine.ADC. Their number depends on the chip: at 6 A they must be less than 100 µs apart."""

    spacing_us = 0

    def __init__(self, pins: "MachinePins", adc: "Facts", clock: "Clock") -> None:
        converter = pins.converter(adc)
        self._clock = clock
        self._read = getattr(converter, pins.row["adc"])
        self.full_mv, self.full_raw = (1000, 1000000) if pins.row["adc"] == "read_uv" else (SUPPLY_MV, 65535)
        self._buffer = array("i", [0] * READS_MAX)

    def begin(self) -> None:
        """Nothing to start."""

    def take(self) -> "Any":
        """A window of raw samples."""
        buffer, read, count = self._buffer, self._read, 0
        now_us = self._clock.now_us
        end_us = now_us() + PERIODS_OF_READS * 1000
        while count < READS_MAX and now_us() < end_us:
            buffer[count] = read()
            count += 1
        return memoryview(buffer)[:count]


class Timed:
    """Conversions that a timer starts: `read_timed` of the port's own ADC."""

    spacing_us = SPACING_US
    full_mv, full_raw = SUPPLY_MV, RAW_12_BITS

    def __init__(self, pins: "MachinePins", adc: "Facts", clock: "Clock") -> None:
        import pyb

        self._adc = pyb.ADC(pins.machine.Pin(pins.id_of(adc["pin"])))
        self._buffer = array("H", [0] * COUNT)

    def begin(self) -> None:
        """Nothing to start."""

    def take(self) -> "Any":
        """A window of raw samples."""
        self._adc.read_timed(self._buffer, 1000000 // SPACING_US)
        return self._buffer


class Dma:
    """The converter runs freely into its FIFO, which DMA empties into a buffer. Registers as in the chip's datasheet, chapter ADC."""

    spacing_us = SPACING_US
    full_mv, full_raw = SUPPLY_MV, RAW_12_BITS
    CS, FCS, FIFO, DIV = 0x0, 0x8, 0xC, 0x10
    CS_EN, CS_START_MANY, FCS_EN_DREQ = 0x1, 0x8, 1 | 8 | 1 << 24
    CLOCK_MHZ, INPUT_0 = 48, 26

    def __init__(self, pins: "MachinePins", adc: "Facts", clock: "Clock") -> None:
        import rp2

        self._request, self._base = pins.row["dma"]
        pins.converter(adc)  # the pin's digital input is off
        self._select = (adc["pin"] - self.INPUT_0) << 12
        self._memory = pins.machine.mem32
        self._dma = rp2.DMA()
        self._buffer = array("H", [0] * COUNT)
        self._begun = False

    def begin(self) -> None:
        """Start a window."""
        memory, base = self._memory, self._base
        memory[base + self.CS] = self.CS_EN | self._select
        memory[base + self.FCS] = self.FCS_EN_DREQ
        memory[base + self.DIV] = (self.CLOCK_MHZ * SPACING_US - 1) << 8
        control = self._dma.pack_ctrl(size=1, inc_read=False, treq_sel=self._request)
        self._dma.config(read=base + self.FIFO, write=self._buffer, count=COUNT, ctrl=control, trigger=True)
        memory[base + self.CS] = self.CS_EN | self._select | self.CS_START_MANY
        self._begun = True

    def take(self) -> "Any":
        """The window that was started, None where it is not full."""
        if not self._begun:
            return None
        self._begun = False
        full = not self._dma.active()
        memory, base = self._memory, self._base
        memory[base + self.CS] = self.CS_EN
        memory[base + self.FCS] = 0
        while not full and self._dma.active():
            self._dma.active(0)
        return self._buffer if full else None


KINDS: "dict[str, Any]" = {"reads": Reads, "timed": Timed, "dma": Dma}


class PilotSampler:
    """Levels of CP, window by window. pilot: that table of the board."""

    def __init__(self, pins: "MachinePins", pilot: "Facts", clock: "Clock") -> None:
        self.window: "Any" = KINDS[pins.row["window"]](pins, pilot["adc"], clock)
        self.scale = PilotScale(pilot["adc"], self.window.full_mv, self.window.full_raw)
        self._skip = spaced(pilot["settle_us"], self.window.spacing_us)
        self.begin = self.window.begin
        self.count = 0  # samples of the last window

    def take(self) -> "tuple[int, int] | None":
        """(high_mv, low_mv) of the window, None where it is not full."""
        samples = self.window.take()
        self.count = 0 if samples is None else len(samples)
        return None if samples is None else self.scale.levels(samples, self._skip)
