"""Work for one EVSE after the other, one in each pass: the safety loop never waits while a slow medium writes for all of them.

Whatever happens at all EVSEs at one time (a Reset, a master pass, the beginning of an interval of the clock) is done through here.
"""

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.transactions.transaction import Transaction

class Turns:
    """`waiting`: what waits for its turn, the oldest first; of each kind at most once for each EVSE."""

    def __init__(self) -> None:
        self.waiting: "list[tuple[str, OcppEvse, Transaction | None | str, Callable[[OcppEvse, int], object]]]" = []

    def add(self, kind: str, evses: "list[OcppEvse]", function: "Callable[[OcppEvse, int], object]", whatever: bool = False) -> None:
        """Call function(evse, now_ms) for each of these EVSEs that still has the transaction, or none, that it has now; whatever: for all."""
        for evse in evses:
            turn = (kind, evse, "any" if whatever else evse.tx, function)
            places = [i for i, item in enumerate(self.waiting) if item[0] == kind and item[1] is evse]
            if places:
                self.waiting[places[0]] = turn
            else:
                self.waiting.append(turn)

    def waits(self, kind: str) -> bool:
        """Is work of this kind to be done for any EVSE?"""
        return any([item[0] == kind for item in self.waiting])

    def tick(self, now_ms: int) -> "int | None":
        """The next one's turn; now_ms if another one waits, else None."""
        if not self.waiting:
            return None
        _, evse, tx, function = self.waiting.pop(0)
        if tx == "any" or tx is evse.tx:
            function(evse, now_ms)
        return now_ms if self.waiting else None
