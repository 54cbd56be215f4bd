"""The registers of a primary toward a larger one: the same map as a charging point's, of all its EVSEs together (rule 13).

A charging point follows a grant at once, a primary only when all of its own have. So the status shows the newest grant
that is *proven* (every EVSE below proven and settled), not the newest one taken; until then it shows an older one, and
as limit in force what may still be drawn. Settings come from its site file and are not written by a client.
"""

from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import STARTING, RegisterMap
from ampacity.bus.leases.register_table import PASSED_MS

if False:  # for the type checker
    from collections.abc import Callable

MAX_DA_MAX = 63000


class PrimaryRegisterMap(RegisterMap):
    """after_lease_ms: how long after the end of its lease its EVSEs may draw more than the fallback.

    Set by the role in each safety pass, in addition to the facts of RegisterMap (offered_da: Σ bounds per phase):
    `standing_da` (the most that all EVSEs may be drawing on the fullest phase), `starting`; `prove()` when the grant in
    force is met. `passed_ms`: the last pass that the safety loop itself made.
    """

    def __init__(self, lease: Lease, serial: str, firmware: str, model: str, unit: int, after_lease_ms: int) -> None:
        self.after_lease_ms = after_lease_ms
        RegisterMap.__init__(self, lease, serial, firmware, model, unit)
        self.standing_da = lease.max_da
        self.starting = True
        self.passed_ms = -(1 << 30)
        self._proven = (0, 0, 0)
        self._awaited = (0, 0, 0, 0)

    def read(self, address: int, count: int, now_ms: int) -> "bytes | None":
        """As RegisterMap. A safety loop that hangs computes nothing any more, while the line still answers: then nothing counts as measured."""
        if now_ms - self.passed_ms > PASSED_MS:
            self.measured_da = [None, None, None]
        return RegisterMap.read(self, address, count, now_ms)

    def prove(self, met: "Callable[[int], bool]", now_ms: int) -> None:
        """met(da): is every EVSE below within a grant of da? The newest grant is shown if it is met; else the awaited one, if that is met, and
        the newest is awaited next. With a new grant each second the newest is never met, and the parent would see none that is."""
        lease = self.lease
        newest = (lease.limit_da(now_ms), lease.identity, lease.epoch, lease.sequence)
        if met(newest[0]):
            self._awaited = newest
        if met(self._awaited[0]):
            self._proven = self._awaited[1:]
            self._awaited = newest

    def set_settings(self, fallback_da: int, max_da: int, power_on_da: int, longest_ms: int) -> bool:
        """Sums of what is below; any current up to the maximum. False and nothing changed when they do not fit."""
        if not 0 < max_da <= MAX_DA_MAX or not 1000 <= longest_ms <= 3600000:
            return False
        if not 0 <= fallback_da <= MAX_DA_MAX or not 0 <= power_on_da <= MAX_DA_MAX:
            return False
        self.put_settings(fallback_da, max_da, power_on_da, longest_ms)
        return True

    def limit_shown_da(self, now_ms: int) -> int:
        """The grant, once all EVSEs below are within it; until then the current that they may be drawing, at most the maximum."""
        lease = self.lease
        limit_da = lease.limit_da(now_ms)
        if self.standing_da <= max(limit_da, lease.fallback_da):
            return limit_da
        return max(limit_da, min(self.standing_da, lease.max_da))

    def grant_shown(self) -> "tuple[int, int, int]":
        """(identity, epoch, sequence) of a grant that every EVSE is within: the newest one, or the awaited one."""
        return self._proven

    def state_shown(self, now_ms: int) -> int:
        """STARTING until the role has made its first pass, else as RegisterMap has it."""
        if self.starting and not self.faulted:
            return STARTING
        return RegisterMap.state_shown(self, now_ms)
