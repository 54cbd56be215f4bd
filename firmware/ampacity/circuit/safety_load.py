"""Safety loads (safety.md 3.6): while a fire pump runs, or its signal is lost, its EVSEs are set to 0 A.

A load is detected by an input (`signal`) or by a separate meter (`reading`). It sheds from the first tick after it
started or after its signal was lost, first by a pause, a settle time later by the contactor too, and holds for
`hold_ms` after it stopped. Before its first signal it counts as lost. A meter of which no bit changes for `frozen_ms`,
voltages included, repeats an old frame: its 0 A is no signal, unless its profile says that it is too coarse. After a
start it must change once before it counts.
"""

from ampacity.circuit.trusted.errors import Rejected
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from typing import Any

THRESHOLD_DA = 10
HOLD_MS = 60000
TIMEOUT_MS = 5000
FROZEN_MS = 5000


class SafetyLoad:
    """One load of the site facts; meter: those of its meter, {} for an input.

    `cause`: "runs", "signal lost", "meter frozen", "stopped, hold time running", or "" while it sheds no EVSE.
    """

    mark = -1  # of the newest frame; those of an input stay as they are
    changed_ms = -1  # a bit of the meter's frames changed

    def __init__(self, facts: "dict[str, Any]", evses: int, meter: "dict[str, Any]") -> None:
        self.name: str = facts["name"]
        self.meter: int = facts.get("meter", -1)
        chosen = facts.get("evses")
        self.evses: list[int] = list(range(evses)) if chosen is None else chosen
        self.threshold_da: int = facts.get("threshold_da", THRESHOLD_DA)
        self.hold_ms: int = facts.get("hold_ms", HOLD_MS)
        self.timeout_ms: int = facts.get("timeout_ms", TIMEOUT_MS)
        self.frozen_ms: int = 0 if not meter or meter.get("coarse") else meter.get("frozen_ms", FROZEN_MS)  # 0: never
        self.on = False
        self.seen_ms = -1
        self.until_ms = -1
        self.since_ms = -1  # sheds since
        self.cause = ""

    def tick(self, now_ms: int) -> None:
        """3.6: sets `cause`. It sheds while it runs or its signal is lost or frozen, and until hold_ms after that."""
        lost = self.seen_ms < 0 or now_ms - self.seen_ms > self.timeout_ms
        frozen = self._rule_3_6_frozen(now_ms)
        if lost or self.on or frozen:
            self.until_ms = now_ms + self.hold_ms
            self.cause = "signal lost" if lost else "runs" if self.on else "meter frozen"
        elif self.cause:
            self.cause = "stopped, hold time running" if now_ms < self.until_ms else ""
        if not self.cause:
            self.since_ms = -1
        elif self.since_ms < 0:
            self.since_ms = now_ms

    def _rule_3_6_frozen(self, now_ms: int) -> bool:
        return self.frozen_ms > 0 and (self.changed_ms < 0 or now_ms - self.changed_ms > self.frozen_ms)

    def look(self, amps_da: "list[int]", raw_mark: int, now_ms: int) -> None:
        """A frame of its meter. raw_mark changes with any bit of it."""
        if raw_mark != self.mark:
            if self.seen_ms >= 0:
                self.changed_ms = now_ms
            self.mark = raw_mark
        self.on = max([abs(da) for da in amps_da]) >= self.threshold_da
        self.seen_ms = now_ms


class SafetyLoads:
    """All of a site. `inhibited[e]`: this EVSE must be at 0 A; `opened[e]`: and its contactor open.

    Another settle time later permits keep nothing above 0 A alive there (`barred` of its EvseState): a pause that
    could be proven is by then.
    """

    def __init__(self, site: Site, facts: "list[dict[str, Any]]") -> None:
        self.site = site
        self.loads = [SafetyLoad(each, len(site.evses), _meter(site, each.get("meter", -1))) for each in facts]
        self.inhibited = [True] * len(site.evses)
        self.opened = [False] * len(site.evses)
        self.barred = [False] * len(site.evses)

    def signal(self, name: str, on: "bool | None", now_ms: int) -> None:
        """Its input: it runs, or rests; None: the input cannot say. Rejected for a name that is none."""
        for load in self.loads:
            if load.name == name:
                if on is not None:
                    load.on = on
                    load.seen_ms = now_ms
                return
        raise Rejected("safety_load", name, ", ".join([load.name for load in self.loads]))

    def reading(self, meter: int, amps_da: "list[int] | None", raw_mark: int, now_ms: int) -> None:
        """A frame of a meter; None: not finite, which says nothing."""
        for load in self.loads:
            if load.meter == meter and amps_da:
                load.look(amps_da, raw_mark, now_ms)

    def tick(self, now_ms: int) -> "list[str]":
        """What changed, as sentences for the log."""
        told = []
        for load in self.loads:
            before = load.cause
            load.tick(now_ms)
            if load.cause != before:
                told.append("%s: %s" % (load.name, load.cause or "off; its EVSEs may charge again"))
        for e in range(len(self.inhibited)):
            self.inhibited[e] = self.opened[e] = self.barred[e] = False
        for load in self.loads:
            if load.cause:
                for e in load.evses:
                    self.inhibited[e] = True
                    settle_ms, shed_ms = self.site.evses[e].settle_ms, now_ms - load.since_ms
                    self.opened[e] = self.opened[e] or shed_ms >= settle_ms
                    self.barred[e] = self.barred[e] or shed_ms >= 2 * settle_ms
        return told

    def reason(self, evse: int) -> str:
        """The safety load that sets this EVSE to 0 A; "": none."""
        for load in self.loads:
            if load.cause and evse in load.evses:
                return "safety load %s %s" % (load.name, load.cause)
        return ""


def _meter(site: Site, index: int) -> "dict[str, Any]":
    return site.meters[index] if 0 <= index < len(site.meters) else {}
