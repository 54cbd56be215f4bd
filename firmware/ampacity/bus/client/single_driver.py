"""One driver alone on a line, whatever unit it asks: no turns, no back-off, no permits. For an engine in place of Schedule."""

if False:  # for the type checker
    from typing import Any

IDLE_US = 50000
REFUSED_US = 1000


class SingleSlot:
    """The driver and when it may be served."""

    def __init__(self, driver: "Any") -> None:
        self.driver = driver
        self.unit = 0
        self.ready_us = 0
        self.lower_ready_us = 0


class SingleDriverSchedule:
    """The face of Schedule for a single driver."""

    def __init__(self, driver: "Any") -> None:
        self._slot = SingleSlot(driver)
        self.slots = [self._slot]
        self.permit_until_ms = -1
        self.cycle_ms = 0
        self.wake_us = 0

    def pick(self, now_us: int) -> "SingleSlot | None":
        """The driver's slot if it wants something now; None: not before `wake_us`."""
        self.wake_us = now_us + IDLE_US
        wish = self._slot.driver.urgency(now_us // 1000)
        if wish is None:
            return None
        at_us = max(wish[1] * 1000, self._slot.ready_us)
        if at_us > now_us:
            self.wake_us = min(self.wake_us, at_us)
            return None
        return self._slot

    def refused(self, slot: SingleSlot, now_us: int) -> None:
        """It had nothing to send after all: it is asked again after REFUSED_US."""
        slot.ready_us = max(slot.ready_us, now_us + REFUSED_US)

    def started(self, slot: SingleSlot, now_us: int) -> None:
        """Its request leaves now."""

    def succeeded(self, slot: SingleSlot, now_us: int, gap_us: int, follows: bool = False) -> None:
        """It was answered; the device wants gap_us of silence."""
        slot.ready_us = now_us + gap_us

    def failed(self, slot: SingleSlot, now_us: int, gap_us: int, answered: bool = False) -> None:
        """No answer that can be used; there is no back-off."""
        slot.ready_us = now_us + gap_us
