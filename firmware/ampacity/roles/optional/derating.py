"""A hot charging point offers less: its temperature becomes a limit like any other (safety.md section 5)."""

from ampacity.roles.optional.part import OptionalPart

if False:  # for the type checker
    from ampacity.circuit.guard import Guard
    from ampacity.evse.local_driver import LocalDriver

WARM_C = 70
HOT_C = 85


class Derating(OptionalPart):
    """Local charging points with a temperature sensor: full current up to 70 °C, half at 85 °C, none above."""

    def __init__(self, guard: "Guard", drivers: "list[LocalDriver]") -> None:
        self.guard = guard
        self.drivers = drivers
        self._applied: "dict[int, int]" = {}

    def step(self, now_ms: int) -> None:
        """Housekeeping: a changed percentage goes to the guard."""
        for driver in self.drivers:
            percent = percent_at(driver.temperature_c)
            if percent != self._applied.get(driver.index, 100):
                self._applied[driver.index] = percent
                self.guard.optional.derate(driver.index, percent)


def percent_at(temperature_c: "int | float | None") -> int:
    """Part of the maximum at this temperature (°C, None: not measured), in steps of 5 so that noise moves nothing."""
    if temperature_c is None or temperature_c <= WARM_C:
        return 100
    if temperature_c > HOT_C:
        return 0
    percent = 100 - 50 * (int(temperature_c) - WARM_C) // (HOT_C - WARM_C)
    return percent // 5 * 5
