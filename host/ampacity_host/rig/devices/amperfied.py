"""The TCP relatives of the RTU wall box: no standby, and a car may be offered the maximum right after a restart."""

from ampacity_host.rig.devices.heidelberg import LIMIT, LOCK, Heidelberg


class Amperfied(Heidelberg):
    """power_on_da: None stands for the worst, its maximum, until somebody orders something else."""

    def start(self, keep: bool) -> None:
        """Nobody documents what holds until the first order."""
        super().start(keep)
        self.ordered = False

    def listening(self) -> bool:
        """It does not sleep."""
        return self.powered and self.now_ms >= self.booted_ms

    def wrote(self, address: int, values: list[int]) -> None:
        """The first order ends the power-on value."""
        super().wrote(address, values)
        if self.obeys_writes() and address <= LIMIT < address + len(values):
            self.ordered = True

    def target_da(self) -> int:
        """As its relative, but for the time before the first order."""
        if not self.ordered and not self.expired and self.settings[LOCK]:
            return self.max_da if self.power_on_da is None else self.power_on_da
        return super().target_da()
