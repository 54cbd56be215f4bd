"""How long to wait before the next attempt to reach the CSMS (OCPP 2.0.1 part 4, 5.3: RetryBackOff variables)."""

if False:  # for the type checker
    from ampacity.base.rng import Rng


WAIT_S_MAX = 3600  # where doubling alone leads above it: the variables allow 119 years, and after a short outage the link must be back


class BackOff:
    """wait_min_s doubled with each failed attempt, at most repeat_times times and up to WAIT_S_MAX, plus a random part each time.

    The three figures are attributes: a change counts from the next attempt. A connection counts as made, and the next wait as the
    first again, once it was used for wait_min_s; one that ended earlier leaves the wait as long as it was.
    """

    def __init__(self, wait_min_s: int, random_range_s: int, repeat_times: int, rng: "Rng") -> None:
        self.wait_min_s = wait_min_s
        self.random_range_s = random_range_s
        self.repeat_times = repeat_times
        self.attempts = 0
        self._rng = rng

    def next_wait_ms(self) -> int:
        """Milliseconds to wait now; at least 100, whatever is configured."""
        doublings = min(self.attempts, self.repeat_times)
        self.attempts += 1
        wait_ms = 1000 * max(self.wait_min_s, min(self.wait_min_s << doublings, WAIT_S_MAX))
        return max(100, wait_ms + self._rng.below(self.random_range_s * 1000 + 1))

    def used(self, used_ms: int) -> None:
        """An attempt led to a connection on which the CSMS answered, for used_ms in all."""
        if used_ms >= 1000 * self.wait_min_s:
            self.attempts = 0
        elif self.attempts:
            self.attempts -= 1  # of its own wait: the next one is no longer than that

    def restart(self) -> None:
        """The next wait is the first again: another address, another password."""
        self.attempts = 0
