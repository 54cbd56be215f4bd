"""A simulated charge controller: common behaviour on power failure, exchange of the unit, and disobedience."""

from ampacity_host.rig.devices.device import Device

EVSE_FAULTS = (
    "power_off", "restart", "swapped", "forget_settings", "keep_setpoint", "ignore_writes", "round_up",
    "stale_reading", "watchdog_broken", "disobeys", "lags", "off_shows",
)  # fmt: skip


class EvseDevice(Device):
    """plant: car_state, amps_da, volts_dv, energy_wh, and set_limit(da) or a limit_da to be set.

    max_da: its switch. power_on_da: the current after a restart that the installer declared, None: as built. limit_da is the
    limit that it obeys now; watchdog is "armed", "expired" or "none".
    """

    faults = EVSE_FAULTS

    def __init__(
        self, unit: int, plant: object, seed: int, framing: str, latency_ms: int, now_ms: int,
        max_da: int, power_on_da: "int | None",
    ) -> None:  # fmt: skip
        super().__init__(unit, seed, framing, latency_ms, now_ms)
        self.plant = plant
        self.max_da = max_da
        self.power_on_da = power_on_da
        self.phases = 3  # phases that its contactor closes
        self.limit_da = 0
        self.watchdog = "none"
        self.serial = 10_000_000 + seed % 1_000_000
        self._shown: "tuple | None" = None
        self._lagging: "int | None" = None  # time at which an accepted limit takes effect
        self.factory()
        self.start(keep=False)
        self._obey()

    # ---- defined by each device

    def factory(self) -> None:
        """Factory settings."""

    def start(self, keep: bool) -> None:
        """Power returns: volatile values are as after a restart. keep: the old limit survives (a fault)."""

    def target_da(self) -> int:
        """The limit that follows from its registers and its watchdog."""
        return 0

    # ---- shared

    def tick(self, now_ms: int) -> None:
        """Time passes; the limit in force is passed to the plant."""
        super().tick(now_ms)
        self._obey()

    def _obey(self) -> None:
        limit_da = min(self.target_da(), self.max_da) if self.powered else 0
        if "disobeys" in self.active and self.powered:
            limit_da = self.max_da
        elif "round_up" in self.active and limit_da:
            limit_da = min(self.max_da, -(-limit_da // 10) * 10)
        if self.contactor_open():
            limit_da = 0
        if "lags" in self.active and self.powered:
            limit_da = self._late(limit_da)
        self.limit_da = limit_da
        if hasattr(self.plant, "set_limit"):
            self.plant.set_limit(limit_da)
        else:
            self.plant.limit_da = limit_da

    def _late(self, limit_da: int) -> int:
        """A limit takes effect after this delay; the next one waits for it."""
        if limit_da == self.limit_da:
            self._lagging = None
            return limit_da
        if self._lagging is None:
            self._lagging = self.now_ms + int(str(self.active["lags"].get("ms", 2000)))
        return limit_da if self.now_ms >= self._lagging else self.limit_da

    def limit_shown_da(self, limit_da: int) -> int:
        """The value of its limit register: with this fault and while off a different value, `a` amperes, or its maximum."""
        if self.limit_da or "off_shows" not in self.active:
            return limit_da
        return round(float(str(self.active["off_shows"].get("a", self.max_da / 10))) * 10)

    def contactor_open(self) -> bool:
        """Is it ordered to stay open, whatever its limit?"""
        return False

    def close_phases(self, count: int) -> None:
        """From now on its contactor closes this many phases."""
        self.phases = count
        if hasattr(self.plant, "set_phases"):
            self.plant.set_phases(count)

    def measured(self) -> tuple:
        """(amps_da, volts_dv, energy_wh) of its meter."""
        now = (list(self.plant.amps_da), list(self.plant.volts_dv), int(self.plant.energy_wh))
        if "stale_reading" not in self.active or self._shown is None:
            self._shown = now
        return self._shown

    def obeys_writes(self) -> bool:
        """False with the fault that answers but does not act."""
        return "ignore_writes" not in self.active

    def restart(self) -> None:
        """A short loss of power."""
        self.booted_ms = self.now_ms + self.boot_ms
        self.start(keep="keep_setpoint" in self.active)
        self._obey()

    def fault_changed(self, kind: str, on: bool) -> None:
        """Faults that are events, or end with an event."""
        if kind == "power_off":
            self.powered = not on
            if not on:
                self.restart()
        elif kind == "restart" and on:
            self.restart()
        elif kind in ("forget_settings", "swapped") and on:
            self.serial += 7 if kind == "swapped" else 0
            self.factory()
            self.restart()
        self._obey()
