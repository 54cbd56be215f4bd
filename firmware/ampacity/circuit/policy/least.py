"""The least grant that is of use to a primary below, as it says itself: it counts as its minimum here.

With a grant between its reserves and these plus the minimum of a car that has none, nobody more can begin below; and
fairness alone would never give more. So each primary tells its parent the least grant with which every EVSE that
asks could begin, were it the only one. It counts where it is possible, all others giving what they can; where not,
what the site file says counts as before, for who has a reserve below charges with less.
"""

from ampacity.circuit.trusted.standing import Standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ampacity.circuit.guard import Guard
    from ampacity.circuit.policy.plan import Plan


class Leasts:
    """What was told of each EVSE, in da; 0: nothing."""

    def __init__(self, guard: "Guard") -> None:
        self.file_da = [evse.min_da for evse in guard.site.evses]
        self.told_da = [0] * len(self.file_da)

    def tell(self, guard: "Guard", e: int, da: int) -> bool:
        """True if its minimum is another from now on."""
        self.told_da[e] = da
        s, least_da = guard.ledger.standings[e], self.file_da[e]
        if da > least_da and possible(guard, s, da):
            least_da = da
        if least_da == s.evse.min_da:
            return False
        s.evse.min_da = least_da
        return True


def possible(guard: "Guard | Plan", s: Standing, da: int) -> bool:
    """Would it fit if all others gave what they can, within all limits?"""
    limits, other = guard.limits, guard.other
    if da > min(s.evse.limit_da, limits.evse_da[s.index]):
        return False
    beside = without(s, sums_of(guard, lambda t: keeps_da(guard, t, s)), keeps_da(guard, s, s))
    for key in s.on_keys:
        load_da = da * s.on_keys.count(key)
        carries_da = min(guard.ledger.cap_da[key], limits.circuit_da[key]) - other.shown_da[key]
        if load_da + beside[key] > carries_da or load_da > limits.chargers_da[key]:
            return False
    for row in limits.rows:
        if da * row.weights[s.index] > row.cap_da:
            return False
    return True


def keeps_da(guard: "Guard | Plan", t: Standing, s: Standing) -> int:
    """What this one does not give for the other: its reserve; all that cannot be moved, and what goes before by priority."""
    if t is not s and guard.ledger.stuck(t, guard.now_ms):
        return t.bound_da
    return max(t.reserve_da, guard.want_da[t.index]) if t.evse.priority > s.evse.priority else t.reserve_da


def sums_of(guard: "Guard | Plan", amount: "Callable[[Standing], int]") -> "list[int]":
    """Σ of an amount per EVSE on each circuit and phase; on phases that are open now its reserve."""
    sums = [0] * guard.site.size
    for s in guard.ledger.standings:
        da = amount(s)
        for key in s.on_keys if da else ():
            sums[key] += da
        for key in s.off_keys:
            sums[key] += s.reserve_da
    return sums


def without(s: Standing, sums: "list[int]", da: int) -> "list[int]":
    """The same without this EVSE, whose amount is da."""
    beside = list(sums)
    for key in s.on_keys:
        beside[key] -= da
    for key in s.off_keys:
        beside[key] -= s.reserve_da
    return beside


def least_da(guard: "Guard", keys: "range") -> int:
    """The least that these keys (the root's phases) must carry for each EVSE that may charge to begin by itself; 0: none may, or
    none can as far as our own ratings go."""
    sums, most_da = sums_of(guard, lambda s: s.reserve_da), 0
    own = len(guard.site.circuits) * guard.site.phases  # those of a grant come after
    for s in guard.ledger.standings:
        e = s.index
        if not guard.plan.ceiling_da(s) or guard.demands.asleep(e, guard.now_ms):
            continue
        least = s.evse.min_da if guard.leasts is None or not guard.leasts.told_da[e] else max(guard.leasts.file_da[e], guard.leasts.told_da[e])
        beside, needs_da = without(s, sums, s.reserve_da), 0
        for key in s.on_keys:
            load_da = max(least, s.reserve_da) * s.on_keys.count(key) + beside[key]
            if key in keys:
                needs_da = max(needs_da, load_da)
            if key < own and load_da + guard.other.shown_da[key] > guard.ledger.cap_da[key]:
                break
        else:
            most_da = max(most_da, needs_da)
    return most_da
