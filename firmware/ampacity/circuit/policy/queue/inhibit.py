"""EVSEs that are kept at 0 for a time: after a pause by us, asleep, or by the random delay of starts.

A pause is followed by its rest, for vehicles give up after a few pauses. After a power failure and at tariff edges each EVSE
that does not charge waits for its own random time; without it every car of a street starts in the same second.
"""

from ampacity.circuit.trusted.device.evse_state import LONG_AGO_MS

if False:  # for the type checker
    from typing import Protocol

    class Inhibit(Protocol):
        """Keeps EVSEs at 0: `inhibited` by EVSE index."""

        inhibited: list[bool]

        def reason(self, evse: int) -> str:
            """Why, for people."""


class InhibitTimers:
    """`inhibited[e]`: this EVSE stays at 0 A until `until_ms[e]`, for one reason. text: the reason, %s for the time left."""

    def __init__(self, count: int, text: str) -> None:
        self.text = text
        self.inhibited = [False] * count
        self.until_ms = [LONG_AGO_MS] * count
        self.now_ms = 0

    def inhibit(self, evse: int, until_ms: int) -> None:
        """Keeps this EVSE at 0 A until until_ms; a later end that was set before remains."""
        self.inhibited[evse] = True
        self.until_ms[evse] = max(self.until_ms[evse], until_ms)

    def free(self, evse: int) -> None:
        """It may begin when its turn comes."""
        self.inhibited[evse] = False
        self.until_ms[evse] = LONG_AGO_MS

    def tick(self, now_ms: int) -> bool:
        """True if the time of an EVSE has ended."""
        self.now_ms = now_ms
        ended = False
        for e in range(len(self.inhibited)) if True in self.inhibited else ():
            if self.inhibited[e] and now_ms >= self.until_ms[e]:
                self.free(e)
                ended = True
        return ended

    def reason(self, evse: int) -> str:
        """Why it stays at 0 A, for people."""
        return self.text % duration_text(self.until_ms[evse] - self.now_ms)


def duration_text(ms: int) -> str:
    """"45 s", from two minutes on "12 min", rounded up."""
    return "%d s" % -(-ms // 1000) if ms < 120000 else "%d min" % -(-ms // 60000)
