"""Cars that are asleep or full, while others are short: they give back all, and are tried again from time to time."""

from ampacity.circuit.trusted.standing import LONG_AGO_MS

LONGER_MAX = 2  # each time in vain the next one comes after twice the time, up to four times of it


class Sleepers:
    """Per EVSE until when it sleeps; after that it is probed: a short time at its minimum in its turn."""

    def __init__(self, count: int, wake_ms: int) -> None:
        self.wake_ms = wake_ms
        self.until_ms = [LONG_AGO_MS] * count
        self.probing = [False] * count
        self.in_vain = [0] * count

    def send(self, evse: int, now_ms: int) -> None:
        """It drew nothing for long."""
        if self.probing[evse] and self.in_vain[evse] < LONGER_MAX:
            self.in_vain[evse] += 1
        self.until_ms[evse] = now_ms + (self.wake_ms << self.in_vain[evse])
        self.probing[evse] = True

    def asleep(self, evse: int, now_ms: int) -> bool:
        return now_ms < self.until_ms[evse]

    def wake(self, evse: int) -> None:
        """It draws, asks, or is another car."""
        self.until_ms[evse] = LONG_AGO_MS
        self.probing[evse] = False
        self.in_vain[evse] = 0

    def stir(self, evse: int) -> None:
        """It asks while it is paused: try it in its next turn."""
        self.until_ms[evse] = LONG_AGO_MS
