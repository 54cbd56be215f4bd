"""Cars that are asleep or full, while others wait: they give back all, and are tried again from time to time."""

from ampacity.circuit.standing import LONG_AGO_MS


class Sleepers:
    """Per EVSE until when it sleeps; after that it is probed: a short time at its minimum in its turn."""

    def __init__(self, count: int) -> None:
        self.until_ms = [LONG_AGO_MS] * count
        self.probing = [False] * count

    def send(self, evse: int, until_ms: int) -> None:
        """It drew nothing for long."""
        self.until_ms[evse] = until_ms
        self.probing[evse] = True

    def asleep(self, evse: int, now_ms: int) -> bool:
        return now_ms < self.until_ms[evse]

    def wake(self, evse: int) -> None:
        """It draws, asks, or is another car."""
        self.until_ms[evse] = LONG_AGO_MS
        self.probing[evse] = False

    def stir(self, evse: int) -> None:
        """It asks while it is paused: try it in its next turn."""
        self.until_ms[evse] = LONG_AGO_MS
