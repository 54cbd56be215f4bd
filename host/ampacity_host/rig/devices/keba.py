"""The TCP station with 32-bit registers from 1000 and single-word commands from 5004; its fail-safe latches."""

from pymodbus.constants import ExcCodes

from ampacity_host.rig.devices.evse import EvseDevice
from ampacity_host.rig.devices.registers import to_words

STATE, CABLE, ERROR, CURRENT, SERIAL, PRODUCT, FIRMWARE, POWER, ENERGY, VOLTAGE = 1000, 1004, 1006, 1008, 1014, 1016, 1018, 1020, 1036, 1040
PHASE_SOURCE, PHASES_SHOWN, SET_PHASES = 1550, 1552, 5052
LIMIT_SHOWN, MAX_SHOWN, FALLBACK_SHOWN, TIMEOUT_SHOWN = 1100, 1110, 1600, 1602
SET_LIMIT, SET_UNLOCK, SET_ENABLE, SET_FALLBACK, SET_TIMEOUT, STORE = 5004, 5012, 5014, 5016, 5018, 5020
READABLE = (1000, 1004, 1006, 1008, 1010, 1012, 1014, 1016, 1018, 1020, 1036, 1040, 1042, 1044, 1046, 1100, 1110, 1500, 1502, 1550, 1552, 1600, 1602)
WRITABLE = (SET_LIMIT, 5010, SET_UNLOCK, SET_ENABLE, SET_FALLBACK, SET_TIMEOUT, STORE, 5050, 5052)
USER_DEFAULT_MA = 63_000
FEEDS = (SET_LIMIT, SET_ENABLE, SET_TIMEOUT)


class Keba(EvseDevice):
    """P30: no pause by setpoint 0; the enable register pauses."""

    holding = [at + half for at in READABLE for half in (0, 1)] + list(WRITABLE)

    def factory(self) -> None:
        """The fail-safe is off, in memory and in EEPROM."""
        self.stored = (0, 0)

    def start(self, keep: bool) -> None:
        """The user's limit is cleared; the fail-safe has its stored values."""
        self.user_ma = self.user_ma if keep else USER_DEFAULT_MA
        self.timeout_s, self.fallback_ma = self.stored
        self.enabled = True
        self.authorised = self.power_on_da is None
        self.expired = False
        self.renewed: set[int] = set()
        self.fed_ms = self.now_ms
        self.close_phases(3)

    def tick(self, now_ms: int) -> None:
        """The fail-safe's timer runs, and latches."""
        fires = self.timeout_s and now_ms - self.fed_ms >= self.timeout_s * 1000
        if fires and not self.expired and "watchdog_broken" not in self.active:
            self.expired = True
            self.renewed = set()
        self.watchdog = "none" if not self.timeout_s else "expired" if self.expired else "armed"
        super().tick(now_ms)

    def target_da(self) -> int:
        """Fail-safe current, or the user's limit while enabled."""
        if self.expired:
            return self.fallback_ma // 100
        if not self.authorised:
            return self.power_on_da or 0
        return self.user_ma // 100 if self.enabled else 0

    def allow_read(self, address: int, count: int) -> "ExcCodes | None":
        """One value per request, read completely."""
        whole = address in READABLE and count == 2 or address in WRITABLE and count == 1
        return None if whole else ExcCodes.ILLEGAL_ADDRESS

    def allow_write(self, address: int, values: list[int]) -> "ExcCodes | None":
        """One word, with a value that the guide lists."""
        if address not in WRITABLE or len(values) != 1:
            return ExcCodes.ILLEGAL_ADDRESS
        value = values[0]
        wrong = {
            SET_LIMIT: not 6000 <= value <= 63000,
            SET_ENABLE: value > 1,
            SET_PHASES: value > 1 or self.limit_da > 0,
            SET_FALLBACK: value and not 6000 <= value <= 63000,
            SET_TIMEOUT: value and not 10 <= value <= 600,
        }
        return ExcCodes.ILLEGAL_VALUE if wrong.get(address) else None

    def wrote(self, address: int, values: list[int]) -> None:
        """Executes a command, unless the device ignores writes."""
        if address in FEEDS:
            self.fed_ms = self.now_ms
        if not self.obeys_writes():
            return
        value = values[0]
        if address == SET_LIMIT:
            self.user_ma = value
        elif address == SET_ENABLE:
            self.enabled = bool(value)
            self.authorised = True
        elif address == SET_PHASES:
            self.close_phases(3 if value else 1)
        elif address == SET_FALLBACK:
            self.fallback_ma = value
        elif address == SET_TIMEOUT:
            self.timeout_s = value
        elif address == STORE:
            self.stored = (self.timeout_s, self.fallback_ma) if value else self.stored
        self.renewed.add(address)
        if self.expired and {SET_LIMIT, SET_ENABLE} <= self.renewed:
            self.expired = False

    def refresh(self) -> None:
        """The current contents of the registers."""
        amps_da, volts_dv, energy_wh = self.measured()
        shown = {
            STATE: self._state(), CABLE: 3 if self.plant.car_state == "A" else 7, SERIAL: self.serial, PRODUCT: 304111,
            FIRMWARE: 0x030A1000, ENERGY: energy_wh * 10, LIMIT_SHOWN: self._limit_ma(), MAX_SHOWN: self.max_da * 100,
            PHASE_SOURCE: 3, PHASES_SHOWN: int(self.phases == 3), FALLBACK_SHOWN: self.fallback_ma, TIMEOUT_SHOWN: self.timeout_s,
            POWER: sum(da * dv for da, dv in zip(amps_da, volts_dv, strict=False)) * 10,
        }  # fmt: skip
        for phase, (da, dv) in enumerate(zip(amps_da, volts_dv, strict=False)):
            shown[CURRENT + 2 * phase] = da * 100
            shown[VOLTAGE + 2 * phase] = dv // 10
        for address, value in shown.items():
            self.registers.put("h", address, to_words("u32", value))

    def _limit_ma(self) -> int:
        limit_ma = self.fallback_ma if self.expired else min(self.user_ma, self.max_da * 100)
        return self.limit_shown_da(0) * 100 or limit_ma

    def _state(self) -> int:
        if self.plant.car_state in ("E", "F"):
            return 4
        if self.plant.car_state == "A" or not self.authorised:
            return 1
        if not self.limit_da:
            return 2 if "off_shows" in self.active else 5
        return 3 if self.plant.car_state in ("C", "D") else 2
