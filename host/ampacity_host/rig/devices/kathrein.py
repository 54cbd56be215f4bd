"""The TCP station that requires external control to be switched on, and whose watchdog only a setpoint feeds."""

from pymodbus.constants import ExcCodes

from ampacity_host.rig.devices.evse import EvseDevice
from ampacity_host.rig.devices.registers import to_words

CONTROL, PHASES, LIMIT, TIMEOUT, FALLBACK_PHASES, FALLBACK = 160, 161, 162, 163, 164, 165
EXTERNAL = 0x8000
STATES = "ABCDEF"


class Kathrein(EvseDevice):
    """Holding registers only; currents as IEEE 754, setpoints in mA."""

    holding = (*range(0, 110), *range(CONTROL, FALLBACK + 1))

    def factory(self) -> None:
        """Watchdog off, fallback 6 A, no external control."""
        self.settings = {CONTROL: 0, PHASES: 7, LIMIT: 0xFFFF, TIMEOUT: 0, FALLBACK_PHASES: 7, FALLBACK: 6000}

    def start(self, keep: bool) -> None:
        """No setting is known to survive a restart."""
        limit = self.settings[LIMIT]
        self.factory()
        if keep:
            self.settings[LIMIT] = limit
        self.fed_ms = self.booted_ms
        self.expired = False
        self.close_phases(3)

    def tick(self, now_ms: int) -> None:
        """The watchdog runs while it is set."""
        timeout_ms = self.settings[TIMEOUT] * 1000
        if timeout_ms and now_ms - self.fed_ms >= timeout_ms and "watchdog_broken" not in self.active:
            self.expired = True
        self.watchdog = "none" if not timeout_ms else "expired" if self.expired else "armed"
        super().tick(now_ms)

    def target_da(self) -> int:
        """The setpoint once external control is on; before that, its built-in limit."""
        if self.expired:
            return self.settings[FALLBACK] // 100
        if self.settings[CONTROL] != EXTERNAL or self.settings[LIMIT] == 0xFFFF:
            return self.max_da if self.power_on_da is None else self.power_on_da
        return self.settings[LIMIT] // 100

    def allow_write(self, address: int, values: list[int]) -> "ExcCodes | None":
        """Only its settings; currents of 0 or 6 to 32 A."""
        for at, value in enumerate(values, address):
            if at < CONTROL:
                return ExcCodes.ILLEGAL_ADDRESS
            if at in (LIMIT, FALLBACK) and value not in (0, 0xFFFF) and not 6000 <= value <= 32000:
                return ExcCodes.ILLEGAL_VALUE
        return None

    def wrote(self, address: int, values: list[int]) -> None:
        """A setpoint feeds the watchdog, whether it is obeyed or not."""
        if address <= LIMIT < address + len(values):
            self.fed_ms = self.now_ms
            self.expired = False
        if self.obeys_writes():
            for at, value in enumerate(values, address):
                self.settings[at] = value
            if address <= PHASES < address + len(values):
                self.close_phases(1 if self.settings[PHASES] == 1 else 3)
            if address <= TIMEOUT < address + len(values):
                self.fed_ms = self.now_ms

    def refresh(self) -> None:
        """The current contents of the registers."""
        amps_da, volts_dv, energy_wh = self.measured()
        put = self.registers.put
        text = f"KWB{self.serial:013d}".encode()
        put("h", 17, [int.from_bytes(text[at : at + 2], "big") for at in range(0, 16, 2)])
        for phase, (da, dv) in enumerate(zip(amps_da, volts_dv, strict=False)):
            put("h", 48 + 2 * phase, to_words("f32", dv / 10))
            put("h", 54 + 2 * phase, to_words("f32", da / 10))
        put("h", 84, to_words("f32", sum(da * dv for da, dv in zip(amps_da, volts_dv, strict=False)) / 100))
        put("h", 92, to_words("f32", energy_wh))
        put("h", 99, [STATES.index(self.plant.car_state)])
        put("h", 101, [self.limit_shown_da(self.limit_da) * 100])
        put("h", CONTROL, [self.settings[at] for at in range(CONTROL, FALLBACK + 1)])
