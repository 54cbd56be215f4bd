"""Attacks of cars, devices and meters: of what kind each is, and how much of its time the judge has spent (overload_allowance.py)."""

SMALL_DA = 10
ROUNDED_DA = 10  # the fault `round_up`, and a step of the duty cycle: less than this
SMALL, LARGE, AGAIN, LIE, FOREIGN = "small", "large", "again", "lie", "foreign"


class Attack:
    """One car above its order, or on phases that were not used before. since_ms: its first use; fault: that of its device."""

    def __init__(self, kind, since_ms, fault=None):
        self.kind, self.since_ms, self.fault = kind, since_ms, fault
        self._spent_ms = {}

    def left_ms(self, place, at_ms, all_ms):
        """Of its time there; `at_ms` is now."""
        return all_ms - self._spent_ms.get(place, 0)

    def spend(self, place, at_ms, ms):
        """For so long more it was the excuse of an overload there. place: circuit, phase, and whether the current flows: what cars could draw,
        and do not, has time of its own, as nothing but current detects the attack."""
        self._spent_ms[place] = self._spent_ms.get(place, 0) + ms


class Since(Attack):
    """One whose time runs from its first use on."""

    def left_ms(self, place, at_ms, all_ms):
        return all_ms - (at_ms - self.since_ms)

    def spend(self, place, at_ms, ms):
        """Its time passes by itself."""


class Lie(Attack):
    """A meter shows something else than the truth. Its time runs, in each place, from its first use as an excuse on."""

    def left_ms(self, place, at_ms, all_ms):
        return all_ms - (at_ms - self._spent_ms.get(place, at_ms))

    def spend(self, place, at_ms, ms):
        self._spent_ms.setdefault(place, at_ms)


def stray(rebel, overdraw, max_da, now_ms):
    """The attack of a car that is above offers of up to `max_da`; None: it never is. rebel: it follows no offer at all."""
    if not rebel and not overdraw.strays:
        return None
    return Attack(SMALL if not rebel and overdraw.most_above_da(max_da) <= SMALL_DA else LARGE, now_ms)
