"""The newest reading of every meter, with its age: what console, transactions and displays are told.

The guard has its own, stricter view of the same frames; nothing here decides about a current. A reading older than
`stale_ms` is not shown: None says "unknown", and a number is never older than it looks.
"""

NEVER_MS = -1


class Readings:
    """count: how many meters; stale_ms: how old a reading may be and still be shown."""

    def __init__(self, count: int, stale_ms: int = 5000) -> None:
        self._stale_ms = stale_ms
        self._newest = [None] * count
        self._at_ms = [NEVER_MS] * count
        self._counted = [None] * count

    def put(self, meter: int, reading: dict, now_ms: int) -> None:
        """A reading as MeterDriver gives it: amps_da, volts_dv, power_w, energy_wh, export_wh; None where unknown."""
        self._newest[meter] = reading
        self._at_ms[meter] = now_ms
        if reading.get("energy_wh") is not None:
            self._counted[meter] = (reading["energy_wh"], reading.get("export_wh"))

    def age_ms(self, meter: int, now_ms: int) -> "int | None":
        """How old the newest reading is; None: there never was one."""
        return None if self._at_ms[meter] < 0 else now_ms - self._at_ms[meter]

    def fresh(self, meter: int, now_ms: int) -> "dict | None":
        """The newest reading, None when it is too old."""
        age_ms = self.age_ms(meter, now_ms)
        return None if age_ms is None or age_ms > self._stale_ms else self._newest[meter]

    def power_w(self, meter: int, now_ms: int) -> "int | None":
        """Active power, import positive: the meter's own, else from its currents and voltages."""
        reading = self.fresh(meter, now_ms)
        if reading is None:
            return None
        if reading.get("power_w") is not None:
            return reading["power_w"]
        amps_da, volts_dv = reading.get("amps_da"), reading.get("volts_dv")
        if not amps_da or not volts_dv or len(volts_dv) < len(amps_da):
            return None
        total = sum([da * volts_dv[phase] for phase, da in enumerate(amps_da)])
        return total // 100 if total >= 0 else -(-total // 100)

    def energy_wh(self, meter: int) -> "tuple[int, int | None] | None":
        """Last counted (import, export), however old: counters do not go stale."""
        return self._counted[meter]
