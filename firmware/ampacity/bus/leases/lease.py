"""The secondary's lease: what it may offer, for how long, and who may grant it.

A grant carries the primary's identity, its boot epoch, a sequence number, a lease and a limit. Within one identity
only a newer (epoch, sequence) counts, newer modulo 2^16, half range; a new identity is obeyed only after the old
lease has lapsed, so two primaries cannot pull one secondary to and fro. Only a grant renews the lease. When it
lapses the limit is the fallback, without any message from outside.

An epoch lives as long as its identity: a primary that loses one draws a new value of the other. Epoch and sequence are
one number that only rises: a primary begins the next epoch before half of the sequences of one are used (grant_numbers.py), so what is older
is refused over any outage, and what is newer is taken. A lease that has lapsed changes nothing about that: a copy of a
grant is no newer for it.
"""

from ampacity.bus.leases.grant_numbers import newer

NO_IDENTITY = 0


class Lease:
    """fallback_da, max_da: deci-ampere a phase. power_on_da: what holds from start until the first grant.

    longest_ms: no grant lasts longer. `identity`, `epoch`, `sequence`: of the newest grant taken, 0 after start.
    """

    def __init__(self, fallback_da: int, max_da: int, power_on_da: int, longest_ms: int = 60000) -> None:
        self.fallback_da = fallback_da
        self.max_da = max_da
        self.power_on_da = power_on_da
        self.longest_ms = longest_ms
        self.identity = NO_IDENTITY
        self.epoch = 0
        self.sequence = 0
        self.refused = 0
        self._granted_da = 0
        self._until_ms = -1
        self._leased = False

    def grant(self, identity: int, epoch: int, sequence: int, lease_ms: int, limit_da: int, now_ms: int) -> bool:
        """Take a grant, or refuse it (False): an older one, another primary's, or one without duration."""
        self._expire(now_ms)
        if not self._acceptable(identity, epoch, sequence) or lease_ms <= 0 or limit_da < 0:
            self.refused += 1
            return False
        self.identity, self.epoch, self.sequence = identity, epoch, sequence
        self._granted_da = limit_da
        self._until_ms = now_ms + min(lease_ms, self.longest_ms)
        self._leased = True
        return True

    def limit_da(self, now_ms: int) -> int:
        """What may be offered now, 0..max_da; below 60 no car can charge."""
        self._expire(now_ms)
        if self._leased:
            return min(self._granted_da, self.max_da)
        return min(self.power_on_da if self.identity == NO_IDENTITY else self.fallback_da, self.max_da)

    def state(self, now_ms: int) -> str:
        """"leased" | "fallback"."""
        self._expire(now_ms)
        return "leased" if self._leased else "fallback"

    def remaining_ms(self, now_ms: int) -> int:
        """How long the lease still runs, ms; 0: there is none."""
        self._expire(now_ms)
        return self._until_ms - now_ms if self._leased else 0

    def _acceptable(self, identity: int, epoch: int, sequence: int) -> bool:
        if identity == NO_IDENTITY:
            return False
        if identity != self.identity:
            return not self._leased
        if epoch != self.epoch:
            return newer(epoch, self.epoch)
        return newer(sequence, self.sequence)

    def _expire(self, now_ms: int) -> None:
        """Lapsing is latched: a clock that jumps back does not bring a lease to life again."""
        if self._leased and now_ms >= self._until_ms:
            self._leased = False
