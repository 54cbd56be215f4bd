"""Work for one EVSE after the other, one in each pass: the safety loop never waits while a slow medium writes for all of them.

Whatever happens at all EVSEs at one time (a Reset, a master pass, the beginning of an interval of the clock) is done through here.
"""

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.ocpp.evse import OcppEvse


class Turns:
    """`waiting`: what waits for its turn, the oldest first; of each kind at most once for each EVSE."""

    def __init__(self) -> None:
        self.waiting: "list[tuple[str, OcppEvse, Callable[[OcppEvse, int], object]]]" = []

    def add(self, kind: str, evses: "list[OcppEvse]", function: "Callable[[OcppEvse, int], object]") -> None:
        """Call function(evse, now_ms) for each of these EVSEs."""
        for evse in evses:
            if not self.waits(kind, evse):
                self.waiting.append((kind, evse, function))

    def waits(self, kind: str, evse: "OcppEvse") -> bool:
        """Is work of this kind still to be done for this EVSE?"""
        return any([item[0] == kind and item[1] is evse for item in self.waiting])

    def tick(self, now_ms: int) -> "int | None":
        """The next one's turn; now_ms if another one waits, else None."""
        if not self.waiting:
            return None
        _, evse, function = self.waiting.pop(0)
        function(evse, now_ms)
        return now_ms if self.waiting else None
