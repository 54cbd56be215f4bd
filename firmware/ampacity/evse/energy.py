"""Energy by integration, for a charging point without a meter. Integers; the remainder is carried, never lost."""

STEP_MS_MAX = 2000  # a longer gap counts as this much: what was not measured is not billed
DA_DV_MS_PER_WH = 100 * 3600 * 1000


class EnergyCounter:
    """`energy_wh` grows with current × voltage × time, per terminal."""

    def __init__(self, energy_wh: int = 0) -> None:
        self.energy_wh = energy_wh
        self._rest = 0
        self._last_ms: "int | None" = None
        self._power_da_dv = 0

    def add(self, amps_da: "list[int]", volts_dv: "list[int]", now_ms: int) -> int:
        """Currents and voltages hold from now until the next call."""
        if self._last_ms is not None:
            self._rest += self._power_da_dv * min(now_ms - self._last_ms, STEP_MS_MAX)
            self.energy_wh += self._rest // DA_DV_MS_PER_WH
            self._rest %= DA_DV_MS_PER_WH
        self._last_ms = now_ms
        self._power_da_dv = sum([amps * volts for amps, volts in zip(amps_da, volts_dv)])
        return self.energy_wh

    def power_w(self) -> int:
        """The power of the last call to `add`, in W, rounded down."""
        return self._power_da_dv // 100
