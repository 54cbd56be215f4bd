"""Missing margin of a waiting EVSE, and what remains of it when others give current."""

from ampacity.circuit.trusted.device.evse_state import FRESH_MS, EvseState
from ampacity.circuit.trusted.ledger import Ledger


def hides(s: EvseState, now_ms: int) -> bool:
    """It does not say what it draws: a meter shows that as other load."""
    return now_ms - s.measured_ms > FRESH_MS


def shortfall_da(ledger: Ledger, s: EvseState, key: int, da: int) -> int:
    """By how much the margin there is too small for this order; 0 or less: it is enough."""
    return max(0, da - s.bound_da) * s.on_keys.count(key) - ledger.margin.free_da(key)


class Shortfall:
    """Of one EVSE, on each circuit and phase that it loads."""

    def __init__(self, ledger: Ledger, unhidden_da: "list[int]", state: EvseState, da: int) -> None:
        self.state = state
        self.lacks: "dict[int, int]" = {}
        self.blind: "dict[int, int]" = {}  # how much of the other load may be our own
        for key in state.on_keys:
            self.lacks[key] = shortfall_da(ledger, state, key, da)
            self.blind[key] = ledger.other_da[key] - unhidden_da[key]

    def is_covered(self) -> bool:
        """The margin would be enough."""
        return max(self.lacks.values()) <= 0

    def shares_key(self, s: EvseState) -> bool:
        """Does this EVSE load a circuit and phase that the waiting one loads?"""
        for key in s.on_keys:
            if key in self.lacks:
                return True
        return False

    def given(self, s: EvseState, had_da: int, da: int, hides: bool) -> bool:
        """This one goes from had_da to da: its bound falls, and if it does not measure, what looks like other load, as far as it
        continues to draw less. True: it helps.
        """
        helps = False
        for key in self.lacks:
            count = s.on_keys.count(key)
            gives = (max(s.reserve_da, had_da) - max(s.reserve_da, da)) * count
            if hides and count and had_da > da:
                shown = min(had_da * count, self.blind[key]) - da * count
                if shown > 0:
                    self.blind[key] -= shown
                    gives += shown
            helps = helps or (gives > 0 and self.lacks[key] > 0)
            self.lacks[key] -= gives
        return helps
