"""The wallbox with input registers from 4 and settings from 257, RTU only; any request to it feeds its watchdog."""

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU

from ampacity_host.rig.devices.evse import EvseDevice
from ampacity_host.rig.devices.registers import to_words

WATCHDOG, STANDBY, LOCK, SPARE, LIMIT, FALLBACK = 257, 258, 259, 260, 261, 262
FACTORY_WATCHDOG_MS = 15_000
STANDBY_OFF = 4
SLEEP_AFTER_MS = 12 * 60_000
ERROR_SHOWN_MS = 9_500
STATE_CODES = {"A": 2, "B": 4, "C": 6, "D": 8, "E": 9, "F": 10}


class Heidelberg(EvseDevice):
    """Layout 0x0108: shows standby and lock."""

    holding = range(WATCHDOG, FALLBACK + 1)
    inputs = [*range(4, 20), *range(100, 134), 200, 203]
    layout = 0x0108

    def factory(self) -> None:
        """All its settings are volatile."""
        self.settings = {WATCHDOG: FACTORY_WATCHDOG_MS, STANDBY: 0, LOCK: 1, SPARE: 0, LIMIT: 0, FALLBACK: 0}

    def start(self, keep: bool) -> None:
        """Restart of Modbus control: setpoint and fallback 0, factory watchdog."""
        limit = self.settings[LIMIT]
        self.factory()
        if keep:
            self.settings[LIMIT] = limit
        self.fed_ms = self.booted_ms
        self.idle_ms = self.booted_ms
        self.error_until_ms = 0
        self.expired = False

    def listening(self) -> bool:
        """In standby it receives nothing; a car wakes it."""
        idle = self.settings[STANDBY] != STANDBY_OFF and self.plant.car_state == "A"
        if not idle:
            self.idle_ms = self.now_ms
        return super().listening() and self.now_ms - self.idle_ms < SLEEP_AFTER_MS

    def heard(self, request: ModbusPDU) -> None:
        """Every request feeds the watchdog."""
        self.fed_ms = self.now_ms
        self.idle_ms = self.now_ms
        self.expired = False

    def tick(self, now_ms: int) -> None:
        """The watchdog runs."""
        timeout_ms = self.settings[WATCHDOG]
        if timeout_ms and not self.expired and now_ms - self.fed_ms >= timeout_ms and "watchdog_broken" not in self.active:
            self.expired = True
            if not self.settings[FALLBACK]:
                self.error_until_ms = now_ms + ERROR_SHOWN_MS
                if self.rng.random() < 0.5:
                    self.settings[LOCK] = 0
        self.watchdog = "none" if not timeout_ms else "expired" if self.expired else "armed"
        super().tick(now_ms)

    def target_da(self) -> int:
        """Setpoint, or fallback when the watchdog has fired; nothing while locked or in state F."""
        if self.expired:
            return self._step(self.settings[FALLBACK])
        if self.settings[LOCK] == 0 or self.now_ms < self.error_until_ms:
            return 0
        return self._step(self.settings[LIMIT])

    def contactor_open(self) -> bool:
        """A remote lock opens it, whatever other fault it has."""
        return self.settings[LOCK] == 0

    @staticmethod
    def _step(raw: int) -> int:
        return raw if raw >= 60 else 0

    def allow_write(self, address: int, values: list[int]) -> "ExcCodes | None":
        """Only its settings, and only valid values."""
        for at, value in enumerate(values, address):
            if at in (LIMIT, FALLBACK) and value > 160:
                return ExcCodes.ILLEGAL_VALUE
        return None

    def wrote(self, address: int, values: list[int]) -> None:
        """Changes a setting, unless it ignores writes."""
        if self.obeys_writes():
            for at, value in enumerate(values, address):
                self.settings[at] = value

    def refresh(self) -> None:
        """The current contents of the registers."""
        amps_da, volts_dv, energy_wh = self.measured()
        put = self.registers.put
        put("i", 4, [self.layout, self._state(), *amps_da, 310, *[dv // 10 for dv in volts_dv], self.settings[LOCK]])
        put("i", 14, [sum(da * dv for da, dv in zip(amps_da, volts_dv, strict=False)) // 100])
        put("i", 15, to_words("u32", energy_wh) + to_words("u32", energy_wh))
        put("i", 100, [self.max_da // 10, 6])
        put("h", WATCHDOG, [self.settings[at] for at in range(WATCHDOG, FALLBACK + 1)])

    def _state(self) -> int:
        if self.settings[LOCK] == 0 or self.now_ms < self.error_until_ms or (self.expired and not self.settings[FALLBACK]):
            return STATE_CODES["F"]
        code = STATE_CODES[self.plant.car_state]
        return code + 1 if code <= 6 and self.limit_da else code
