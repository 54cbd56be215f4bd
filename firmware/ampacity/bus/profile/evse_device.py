"""One EVSE behind its profile, as all parts of its driver know it: what it showed, what it was ordered, and whether it is there.

Link states: SILENT (only probes go out), AUDIT (it answers; who it is and how it is set is read, and only lowers are ordered), ONLINE.
"""

from ampacity.bus.device_facts import ALL_TRAFFIC, DeviceFacts
from ampacity.bus.profile.orders.order_progress import OrderProgress
from ampacity.bus.profile.orders.order_recipe import OrderRecipe
from ampacity.bus.profile.orders.write_limiter import WriteLimiter
from ampacity.bus.profile.proof.conditions import fields_of
from ampacity.bus.profile.proof.settings_audit import SettingsAudit
from ampacity.bus.profile.registers.read_cycle import ReadCycle
from ampacity.bus.profile.registers.readings import PHASES, Readings

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.device_facts import DriverGuard

SILENT, AUDIT, ONLINE = "silent", "audit", "online"
IMPOSSIBLE_DA = 2000      # no EVSE draws or allows so much: no reading


class EvseDevice:
    """evse_facts: its entry of the site facts; compiled: its profile; index: its place in the site; guard: the safety core.

    Currents in da, times in ms of the controller's clock. `hold_ms`: until when each kind of request waits; `want_da`: the limit that
    should be in force; `failures`: unanswered requests in a row; `traffic`: ALL_TRAFFIC, READS_ONLY or NO_TRAFFIC.
    """

    link = SILENT
    traffic = ALL_TRAFFIC
    identified = False  # who it is was read since the audit began
    want_da = 0
    failures = 0

    def __init__(self, evse_facts: "dict[str, Any]", compiled: "dict[str, Any]", index: int, guard: "DriverGuard") -> None:
        self.index = index
        self.guard = guard
        self.site = evse_facts
        self.table = compiled
        self.facts = DeviceFacts()
        self.targets: dict[str, int] = {"watchdog": evse_facts["watchdog_ms"], "fallback": evse_facts["fallback_da"]}
        self.targets["power_on"] = evse_facts.get("power_on_da", evse_facts["max_da"])
        self.readings = Readings(compiled)
        self.write_limiter = WriteLimiter(compiled["order"].get("per_day", 0))
        self.audit = SettingsAudit(compiled, self.readings, self.targets, self.write_limiter)
        self.recipe = OrderRecipe(compiled["order"], evse_facts["min_da"], evse_facts["max_da"])
        self.targets["least"] = self.recipe.least_da
        self.order = OrderProgress(self.recipe)
        self.cycles = make_cycles(compiled)
        self.hold_ms = {"order": -1, "read": -1, "audit": -1, "probe": -1, "feed": -1, "proof": -1, "feature": -1}

    @property
    def unit(self) -> int:
        """Its address on the line."""
        unit: int = self.site["unit"]
        return unit

    @property
    def terminals(self) -> int:
        """How many phases it feeds."""
        return len(self.site["terminals"])

    # ---- is it there

    def begin_audit(self, now_ms: int, anew: bool = True) -> None:
        """The device answers: read its identity and its settings. `anew`: nothing is known of its settings."""
        self.link = AUDIT
        self.identified = False
        self.hold_ms["audit"] = now_ms
        self.audit.restart(anew)
        for group in ("identity", "settings"):
            if group in self.cycles:
                self.cycles[group].restart()

    def recheck(self, now_ms: int) -> None:
        """It may have restarted, or be another one: look again before anything but a lower is ordered."""
        self.begin_audit(now_ms)
        self.order.doubt()
        if "proof" not in self.cycles:
            self.order.again()  # no reading would show that the order is lost

    def lost(self, now_ms: int) -> None:
        """It does not answer: nothing is known of it any more, and the guard counts it as silent."""
        self.link = SILENT
        self.facts.online = False
        self.identified = False
        self.audit.forget()
        self.cycles["live"].at = 0  # what it showed before is no part of a round that it ends later
        self.write_limiter.worked("order")
        lowering = self.order.target_da > 0
        self.order.forget()
        self.order.lowering = lowering
        self.hold_ms["probe"] = now_ms
        self.guard.lost(self.index, now_ms)

    # ---- what it shows

    def per_terminal(self, quantity: str) -> "list[int] | None":
        """Its values of "current" (da, whatever its direction) or "voltage" (dv), one a terminal and then those that it has more and shows; None
        where it shows fewer phases than it feeds: a unit for one phase may show no number on the others."""
        values = self.readings.phases(quantity, self.terminals)
        if values is None or len(values) < self.terminals:
            return None
        for phase in PHASES[self.terminals :]:
            values.append(self.readings.named(quantity + phase) or 0)  # no number there is no current
        if quantity == "current":
            values = [abs(da) for da in values]
            if max(values[: self.terminals]) > IMPOSSIBLE_DA:
                return None
            values = [da if da <= IMPOSSIBLE_DA else 0 for da in values]
        return values

    def limit_index(self) -> int:
        """The field that shows the limit in force; -1: it shows none."""
        index: int = self.table["proof"]["limit"]
        return index

    def limit_seen(self) -> bool:
        """Was its limit read since the last write of the order?"""
        fields = [self.limit_index()] + (fields_of(self.table["proof"]["pause"]) if self.recipe.off_shown else [])
        return self.readings.asked_since(fields, self.order.written_ms)

    def settled(self, since_ms: int) -> bool:
        """Was the last round of readings asked after what was written at since_ms had its time?"""
        live = self.cycles["live"]
        return not live.uncertain and live.started_ms >= since_ms + self.site["settle_ms"] + self.site["latency_ms"]

    # ---- what it may be ordered

    def reserve_da(self) -> int:
        """What the guard keeps free for it at all times."""
        return self.guard.reserve_da(self.index)

    def within_reserve(self, target_da: int) -> bool:
        """Is the most that it may make of this order within the reserve?"""
        return self.recipe.most_da(target_da) <= self.reserve_da()

    def counts_at_max(self) -> bool:
        """Nothing shows the pause of one whose maximum is reserved at all times: it is counted so, and that is proven."""
        order, most_da = self.order, self.recipe.max_da
        waits = order.resends > 1 and not order.target_da and self.guard.state(self.index) == "returning"
        return waits and self.link == ONLINE and self.reserve_da() >= most_da


def make_cycles(compiled: "dict[str, Any]") -> "dict[str, ReadCycle]":
    """A round for each group of readings that the profile has."""
    periods = {"live": compiled["live_ms"], "slow": compiled["slow_ms"], "settings": compiled["settings_ms"]}
    cycles = {}
    for group in compiled["reads"]:
        cycles[group] = ReadCycle(group, len(compiled["reads"][group]), periods.get(group, 0))
    return cycles
