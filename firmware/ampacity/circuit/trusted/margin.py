"""What every circuit and phase can still carry: its rating less other load less Σ bounds, and since when it is over.

Other load is written here by other_load.py: for a raise, for a lower, and what is assumed of it in the default state.
"""

from ampacity.circuit.trusted.bounds import Bounds
from ampacity.circuit.trusted.device.evse_state import EvseState
from ampacity.circuit.trusted.device.reserve import default_da
from ampacity.circuit.trusted.errors import ensure


class Margin:
    """Flat lists by circuit and phase, in da."""

    def __init__(self, bounds: Bounds) -> None:
        site = bounds.site
        self.site = site
        self.bounds = bounds
        self.sums = bounds.sums
        self.cap_da = list(site.rating_da)  # the rating; while the site changes the smaller of both (rule 15)
        self.other_da = list(site.assumed_da)  # for a raise
        self.low_other_da = [0] * site.size  # for a lower: what is certainly drawn by others
        self.assumed_da = list(site.assumed_da)  # in the default state
        self.no_raise = [False] * len(site.circuits)  # a meter above missed two frames
        self.over = False  # some circuit and phase was over in the last check
        self.over_ms = [-1] * site.size
        self.over_budget = [False] * site.size  # for longer than our orders may take
        self.budget_ms = self.exposure_ms()

    def exposure_ms(self) -> int:
        """Longest time that a load may continue after the primary stopped: watchdog + tolerance + settle."""
        longest = 0
        for s in self.bounds.evse_states:
            longest = max(longest, s.evse.lapse_ms(max(s.evse.watchdog_ms, s.evidence.watchdog_ms())))
        return longest

    def check(self, now_ms: int) -> None:
        """Rule 11: Σ bounds, recounted, equals the sum that every permit was based on; and no excess outlives
        the time that our orders may take. Raises InvariantBroken when the books do not agree."""
        bounds = self.bounds
        bounds.sum_up(bounds.fresh_sums)
        ensure(bounds.fresh_sums == self.sums, "ledger: the sums are not those of its bounds")
        self.over = False
        for key in range(len(self.sums)):
            over = self.sums[key] + self.low_other_da[key] > self.cap_da[key]
            self.over = self.over or over
            if not over:
                self.over_ms[key] = -1
                self.over_budget[key] = False
            elif self.over_ms[key] < 0:
                self.over_ms[key] = now_ms
            elif now_ms - self.over_ms[key] > self.budget_ms:
                self.over_budget[key] = True

    def free_da(self, key: int) -> int:
        """What may still be added there by a raise, in da; negative: it is over."""
        return self.cap_da[key] - self.other_da[key] - self.sums[key]

    def fits(self, keys: "tuple[int, ...]") -> bool:
        """Is Σ bounds within what each of these can carry?"""
        for key in keys:
            if self.sums[key] + self.other_da[key] > self.cap_da[key]:
                return False
        return True

    def fits_with(self, s: EvseState, da: int) -> bool:
        """The same, were its bound at least da."""
        extra = da - s.bound_da
        keys = s.on_keys + s.old_keys if s.old_keys else s.on_keys
        if extra <= 0:
            return self.fits(keys)
        for key in keys:
            self.sums[key] += extra
        fits = self.fits(keys)
        for key in keys:
            self.sums[key] -= extra
        return fits

    def default_fits_with(self, s: EvseState, da: int) -> bool:
        """Rule 7: would the default state hold on its circuits and phases, were da the last order to it?"""
        sums = [0] * self.site.size
        for other in self.bounds.evse_states:
            standing = max(da if other is s else 0, self.default_state_da(other))
            for key in other.on_keys + other.old_keys if other.old_keys else other.on_keys:
                sums[key] += standing
            for key in other.off_keys:
                sums[key] += standing if other.unused else other.reserve_da
        for key in s.on_keys + s.old_keys if s.old_keys else s.on_keys:
            if sums[key] + self.assumed_da[key] > self.cap_da[key]:
                return False
        return True

    def default_state_da(self, s: EvseState) -> int:
        """What it draws at most once the primary is gone and every watchdog has run out, in da."""
        return s.reserve_da if s.isolated else default_da(s.evse, s.evidence, s.reserve_da, s.bound_da)

    def blind(self, s: EvseState) -> bool:
        """Section 3.3: no raise after two missed frames of a meter above."""
        for circuit in self.site.paths[s.evse.circuit]:
            if self.no_raise[circuit]:
                return True
        return False
