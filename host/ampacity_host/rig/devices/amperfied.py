"""The TCP variants of the RTU wallbox: no standby, and the maximum may be offered to a car directly after a restart."""

from pymodbus.constants import ExcCodes

from ampacity_host.rig.devices.heidelberg import LIMIT, LOCK, WATCHDOG, Heidelberg

PHASES, PHASES_CLOSED = 501, 5001
SWITCH_MS = 3000


class Amperfied(Heidelberg):
    """power_on_da: None means the worst case until the first order, its maximum."""

    holding = (*range(WATCHDOG, WATCHDOG + 6), PHASES)
    inputs = [*Heidelberg.inputs, PHASES_CLOSED]

    def start(self, keep: bool) -> None:
        """Undocumented until the first order; all its phases can close."""
        super().start(keep)
        self.ordered = False
        self.settings[PHASES] = 3
        self.switched_ms = self.now_ms
        self.close_phases(3)

    def tick(self, now_ms: int) -> None:
        """Its contactor switches with a delay."""
        if self.phases != self.settings[PHASES] and now_ms - self.switched_ms >= SWITCH_MS:
            self.close_phases(self.settings[PHASES])
        super().tick(now_ms)

    def allow_write(self, address: int, values: list[int]) -> "ExcCodes | None":
        """One phase or three."""
        if address == PHASES:
            return None if values in ([1], [3]) else ExcCodes.ILLEGAL_VALUE
        return super().allow_write(address, values)

    def listening(self) -> bool:
        """It does not sleep."""
        return self.powered and self.now_ms >= self.booted_ms

    def wrote(self, address: int, values: list[int]) -> None:
        """The first order ends the power-on value."""
        super().wrote(address, values)
        if address == PHASES:
            self.switched_ms = self.now_ms
        if self.obeys_writes() and address <= LIMIT < address + len(values):
            self.ordered = True

    def refresh(self) -> None:
        """While it switches it reports 0."""
        super().refresh()
        self.registers.put("h", PHASES, [self.settings[PHASES]])
        self.registers.put("i", PHASES_CLOSED, [self.phases if self.phases == self.settings[PHASES] else 0])

    def target_da(self) -> int:
        """As the RTU variant, except before the first order."""
        if not self.ordered and not self.expired and self.settings[LOCK]:
            return self.max_da if self.power_on_da is None else self.power_on_da
        return super().target_da()
