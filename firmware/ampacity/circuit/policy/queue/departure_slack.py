"""How much energy a car still needs, and until when: the car with the least slack charges first (safety.md section 6).

Slack is the time to departure less the time that the rest takes at the most its EVSE may give. Its hours divide a
class into bands: a band is served in full before the next one, cars of one band share as a class does. A car that charges at
its maximum keeps its slack and its band, a waiting car loses an hour of it per hour: places change seldom, and every car comes
first eventually. A car without known needs is treated as having an hour or two; that it waited for a whole slot
puts it before all of its class, for one slot. One whose need would take half a day longer than its time comes last, with the same
turns: such data is wrong, and would keep all others waiting until that departure.
"""

from ampacity.circuit.policy.queue.queue_order import BANDS
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from ampacity.circuit.policy.constraints.external_limits import Limits
    from ampacity.circuit.trusted.ledger import Ledger

NO_SLACK_MS = 1 << 40
BAND_MS = 3600000
UNKNOWN_BAND = 2
HOPELESS_MS = 12 * BAND_MS
REST_WH = 200  # what no counter is sure of
STEP_MS_MAX = 5000
WH = 360000000  # da·dV·ms


class DepartureSlack:
    """Per EVSE: energy still needed and departure, where known."""

    def __init__(self, site: Site, limits: "Limits") -> None:
        count = len(site.evses)
        self.site = site
        self.limits = limits
        self.phase_usage = limits.watch_phase_usage()
        self.left = [-1] * count  # da·dV·ms; -1: not known
        self.departure_ms = [-1] * count
        self.slack_ms = [NO_SLACK_MS] * count
        self.turn = [False] * count  # waited for a whole slot: first until it had one
        self.at_ms = -1

    def put(self, evse: int, energy_wh: "int | None", departure_ms: "int | None") -> None:
        """Energy from now on; either None: not known, and then nothing is urgent."""
        self.left[evse] = -1 if energy_wh is None else energy_wh * WH
        self.departure_ms[evse] = -1 if departure_ms is None else departure_ms
        self.slack_ms[evse] = NO_SLACK_MS

    def tick(self, ledger: "Ledger", now_ms: int) -> None:
        """Subtracts the energy drawn since the last call from the need."""
        step_ms = min(STEP_MS_MAX, now_ms - self.at_ms) if self.at_ms >= 0 else 0
        self.at_ms = now_ms
        for s in ledger.evse_states:
            e = s.index
            if self.left[e] > 0:
                self.left[e] = max(0, self.left[e] - sum(s.phase_da) * self.limits.volts_dv * step_ms)
            if self.departure_ms[e] < 0 or self.left[e] < 0:
                continue
            if self.departure_ms[e] <= now_ms:
                self.departure_ms[e] = -1  # it stays longer than it said
                self.slack_ms[e] = NO_SLACK_MS
                continue
            most_da = max(s.evse.min_da, min(s.evse.limit_da, self.limits.evse_da[e]))
            needed_ms = self.left[e] * 100 // (most_da * self.phase_usage.weight_x100(e) * self.limits.volts_dv)
            self.slack_ms[e] = self.departure_ms[e] - now_ms - needed_ms if self.left[e] else NO_SLACK_MS

    def is_known(self, evse: int) -> bool:
        """Are its need and its departure known, and possible together?"""
        return self.left[evse] >= 0 and self.departure_ms[evse] >= 0 and self.slack_ms[evse] > -HOPELESS_MS

    def band(self, evse: int) -> int:
        """0 for a car without time left, up to BANDS - 1."""
        if not self.is_known(evse):
            return UNKNOWN_BAND if self.slack_ms[evse] > -HOPELESS_MS else BANDS - 1
        return min(BANDS - 1, max(0, self.slack_ms[evse] // BAND_MS + 1))

    def satisfied(self, evse: int) -> bool:
        """It has what it was said to need."""
        return 0 <= self.left[evse] <= REST_WH * WH
