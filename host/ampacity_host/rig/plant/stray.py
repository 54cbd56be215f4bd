"""Current above an order as an attack: of what kind it is, and how much of its time the judge has spent (overload_allowance.py)."""

SMALL_DA = 10
ROUNDED_DA = 10  # the fault `round_up`, and a step of the duty cycle: less than this
SMALL, LARGE, REBEL, AGAIN = "small", "large", "rebel", "again"


class Attack:
    """One car above its order, or on phases that were not used before. since_ms: its first use."""

    def __init__(self, kind, since_ms):
        self.kind, self.since_ms = kind, since_ms
        self._spent_ms = {}

    def spent_ms(self, place):
        return self._spent_ms.get(place, 0)

    def spend(self, place, ms):
        """For so long more it was the excuse of an overload there."""
        self._spent_ms[place] = self.spent_ms(place) + ms


def stray(rebel, overdraw, max_da, now_ms):
    """The attack of a car that is above offers of up to `max_da`; None: it never is."""
    if rebel:
        return Attack(REBEL, now_ms)
    if not overdraw.strays:
        return None
    return Attack(SMALL if overdraw.most_above_da(max_da) <= SMALL_DA else LARGE, now_ms)
