"""A node that shares power under a master: one frame carries the limits of all nodes, and charging starts only after the
master's answer.

Built from the published firmware's behaviour. Its pilot offers the limit while it requests state C, and the plain wallbox of
the bench closes without permission; so a request that is not answered within two seconds ends here with a pilot without an
offer.
"""

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU

from ampacity_host.rig.devices.evse import EvseDevice
from ampacity_host.rig.devices.modbus_framing import RtuFraming

ALL = 9
LIST_AT, LIST_WORDS = 0x20, 8
TIMER_TICKS = 11
ASKS_MS = 2000
STOPS_MS = 6000
A, B, C, D, ASKS_B, MAY_B, ASKS_C, MAY_C, ACTIVATION, B1, C1 = range(11)
LOST_MASTER = 2


class SharingNode(EvseDevice):
    """state: the value of register 0; balanced: the last word of the list that was for this node."""

    holding = (*range(12), *range(LIST_AT, LIST_AT + 11), *range(0x100, 0x10A))
    inputs = range(12)
    listens_to = (ALL,)

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.serial %= 60_000
        self._wire = RtuFraming(self.unit, ALL)

    def start(self, keep: bool) -> None:
        """No limit, no car, no master seen."""
        self.balanced = self.balanced if keep else 0
        self.ticks = TIMER_TICKS
        self.ticked_ms = self.booted_ms
        self.errors = 0
        self._go(A)

    def fault_changed(self, kind: str, on: bool) -> None:
        """Its serial number has 16 bits."""
        super().fault_changed(kind, on)
        self.serial %= 60_000

    def _go(self, state: int) -> None:
        self.state = state
        self.since_ms = self.now_ms

    # ---- time

    def tick(self, now_ms: int) -> None:
        """Advances its timers, its car and its pilot."""
        self.now_ms = max(self.now_ms, now_ms)
        while now_ms - self.ticked_ms >= 1000:
            self.ticked_ms += 1000
            self._second()
        self._follow(self.plant.car_state)
        self.watchdog = "expired" if self.errors & LOST_MASTER else "armed"
        super().tick(now_ms)

    def _second(self) -> None:
        if self.ticks:
            self.ticks -= 1
        elif not self.errors & LOST_MASTER and "watchdog_broken" not in self.active:
            self.errors |= LOST_MASTER
            if self.state in (C, MAY_C):
                self._go(C1)
            elif self.state != A:
                self._go(B1)
        if self.state == C1 and self.now_ms - self.since_ms >= STOPS_MS:
            self._go(B1)

    def _follow(self, car: str) -> None:
        """The car's half of the machine."""
        if car not in "BCD":
            if self.state != A:
                self._go(A)
            return
        if self.state in (A, B1) and not self.errors:
            self._go(ASKS_B)
        elif self.state == MAY_B:
            self._go(B)
        elif self.state == B and car in "CD":
            self._go(ASKS_C)
        elif self.state == MAY_C:
            self._go(C)
        elif self.state == C and car == "B":
            self._go(B)

    def target_da(self) -> int:
        """The current that its pilot offers."""
        offers = self.state in (B, C, MAY_C) or (self.state == ASKS_C and self.now_ms - self.since_ms < ASKS_MS)
        return self.balanced if offers and self.balanced >= 60 else 0

    # ---- requests

    def overheard(self, request: ModbusPDU) -> None:
        """The list: its own word, and proof that the master is alive."""
        if request.function_code != 16 or request.address != LIST_AT or len(request.registers) < LIST_WORDS:
            return
        self.ticks = TIMER_TICKS
        self.errors &= ~LOST_MASTER
        if self.obeys_writes():
            self.balanced = request.registers[self.unit - 1]
            if not self.balanced and self.state == C:
                self._go(C1)
        self.tick(self.now_ms)

    def allow_write(self, address: int, values: list[int]) -> "ExcCodes | None":
        """State and error words."""
        return None if address + len(values) <= 8 else ExcCodes.ILLEGAL_ADDRESS

    def wrote(self, address: int, values: list[int]) -> None:
        """The master's answer sets the state that it wrote."""
        for at, value in enumerate(values, address):
            if at == 0 and self.obeys_writes():
                self._go(value)
            elif at == 1:
                self.errors = value

    def refresh(self) -> None:
        """The current contents of the registers; the same by function 3 and 4."""
        shown = [self.state, self.errors, self.balanced, 0, 0, 1, 0, self.max_da // 10, 0, 0, 313, self.serial]
        self.registers.put("h", 0, shown)
        self.registers.put("i", 0, shown)
