"""How far a car departs from its offer: slightly and permanently, intermittently, after each raise, or during a pause.

It describes both a car with this property (`plug`) and the fault `disobeys` with options.
"""

FIELDS = ("factor", "over_a", "leak_a", "beyond_ms", "obeys_ms")  # of the control channel; overdraw_from reads them


class Overdraw:
    """It draws `offer x factor + over`; while it should pause and its contactor is still closed, `leak`.

    beyond_ms, obeys_ms: durations of alternating disobedience and obedience. obeys_ms 0: for beyond_ms after each raise of
    its offer. Both 0: always.
    """

    def __init__(self, factor=1.0, over_da=0, leak_da=0, beyond_ms=0, obeys_ms=0):
        self.permille = int(factor * 1000 + 0.5)
        self.over_da, self.leak_da = over_da, leak_da
        self.beyond_ms, self.obeys_ms = beyond_ms, obeys_ms

    @property
    def strays(self):
        """May it draw more than its offer?"""
        return self.permille > 1000 or self.over_da > 0 or self.leak_da > 0

    def most_above_da(self, max_da):
        """The most that it draws above an offer, of those up to `max_da`."""
        return max(self.leak_da, self.drawn_da(max_da) - max_da, self.over_da)

    def beyond(self, now_ms, since_ms, raised_ms):
        """Is it above its offer now? since_ms: when the overdraw began, raised_ms: when its offer last rose."""
        if not self.beyond_ms:
            return True
        if self.obeys_ms:
            return (now_ms - since_ms) % (self.beyond_ms + self.obeys_ms) < self.beyond_ms
        return now_ms - raised_ms < self.beyond_ms

    def turn_ms(self, now_ms, since_ms, raised_ms):
        """Time of the next change; None: no change."""
        if not self.beyond_ms:
            return None
        if self.obeys_ms:
            at_ms = (now_ms - since_ms) % (self.beyond_ms + self.obeys_ms)
            return now_ms + (self.beyond_ms if at_ms < self.beyond_ms else self.beyond_ms + self.obeys_ms) - at_ms
        return raised_ms + self.beyond_ms if now_ms < raised_ms + self.beyond_ms else None

    def drawn_da(self, offer_da):
        """Its current for an offer above 0, while it is above the offer."""
        return offer_da * self.permille // 1000 + self.over_da


def overdraw_from(number):
    """number(name, default, least, most): reads a field, or raises an error."""
    return Overdraw(number("factor", 1, 0.1, 10), int(number("over_a", 0, 0, 100) * 10 + 1e-6), int(number("leak_a", 0, 0, 100) * 10 + 1e-6),
                int(number("beyond_ms", 0, 0, 86_400_000)), int(number("obeys_ms", 0, 0, 86_400_000)))
