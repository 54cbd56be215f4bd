"""Contracted power of a metered circuit, as the mean of a quarter of an hour (safety.md section 6).

What was used in this quarter is integrated from the meter's frames; what is left of it may flow in the time that is
left. Near the end that time counts as END_MS at least, so that a little left over is no licence for a burst.
Apparent power at the highest voltage measured: a limit in kW so holds for any power factor.
"""

from ampacity.circuit.rows import Row
from ampacity.circuit.tree import Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ampacity.circuit.ledger import Ledger
    from ampacity.circuit.limits import Limits
    from ampacity.circuit.otherload import OtherLoad

WINDOW_MS = 900000
END_MS = 60000
GAP_MS = 10000


class ContractRow(Row):
    """Every EVSE below the circuit counts, with each phase that its car uses."""

    def __init__(self, site: Site, limits: "Limits", circuit: int, watts: int, window_ms: int = WINDOW_MS) -> None:
        Row.__init__(self, "contracted power %d W" % watts, len(site.evses))
        self.site = site
        self.limits = limits
        self.uses = limits.use_uses()
        self.circuit = circuit
        self.watts = watts
        self.window_ms = window_ms
        self.begin_ms = -1
        self.used = 0  # W·ms in this window
        self.frame_ms = -1
        self.frame_w = 0
        self.version = -1

    def align(self, begin_ms: int) -> None:
        """The clock says that a quarter begins or began at begin_ms."""
        self.begin_ms = begin_ms if self.begin_ms < 0 else self.begin_ms + self._shift(begin_ms - self.begin_ms)

    def _shift(self, ms: int) -> int:
        """The nearest shift of the windows; what was used in the present one stays."""
        ms %= self.window_ms
        return ms - self.window_ms if ms > self.window_ms // 2 else ms

    def update(self, ledger: "Ledger", other: "OtherLoad", now_ms: int) -> bool:
        changed = self.version != self.uses.version
        if changed:
            self.version = self.uses.version
            for e in self.site.below[self.circuit]:
                self.weights[e] = -(-self.uses.weight_x100(e) // 100)
        self._turn(now_ms)
        self._add(other, now_ms)
        left_ms = max(END_MS, self.begin_ms + self.window_ms - now_ms)
        allowed_w = (self.watts * self.window_ms - self.used) // left_ms
        shown_da = 0
        for key in range(self.circuit * self.site.phases, (self.circuit + 1) * self.site.phases):
            shown_da += other.shown_da[key]
        self.cap_da = self.shed_da = allowed_w * 100 // self.limits.volts_dv - shown_da
        return changed

    def _turn(self, now_ms: int) -> None:
        if self.begin_ms < 0:
            self.begin_ms = now_ms
        while now_ms - self.begin_ms >= self.window_ms:
            self.begin_ms += self.window_ms
            self.used = 0

    def _add(self, other: "OtherLoad", now_ms: int) -> None:
        """Power since the last frame. While the meter cannot be believed the contract counts as fully used."""
        view = other.views[self.circuit]
        if view is None or view.state != "ok":
            self.used = max(self.used, self.watts * (now_ms - self.begin_ms))
            self.frame_ms = -1
            return
        if view.raw_ms == self.frame_ms:
            return
        watts = 0
        for da in view.raw_da:
            watts += da * self.limits.volts_dv // 100
        watts = max(0, watts)
        if 0 <= self.frame_ms and view.raw_ms - self.frame_ms <= GAP_MS:
            since_ms = max(self.frame_ms, self.begin_ms)
            self.used += max(self.frame_w, watts) * max(0, view.raw_ms - since_ms)
        self.frame_ms = view.raw_ms
        self.frame_w = watts
