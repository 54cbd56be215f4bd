"""Limits from outside (safety.md section 5): many may lower, nobody may raise above the ledger.

Each source has a target, a value per phase, a validity, and what holds when it goes silent:
"hold" (stays), "release" (goes), or a default value in da. The lowest of all sources wins.
Targets: ("circuit", i) all that flows on circuit i; ("chargers", i) the sum of our EVSEs below circuit
i; ("evse", i) one EVSE, any phase.
"""

from ampacity.circuit.errors import Rejected
from ampacity.circuit.tree import Site, per_phase

NONE_DA = 1 << 20
KINDS = ("circuit", "chargers", "evse")


class Limit:
    def __init__(self, source: str, kind: str, index: int, values_da: "list[int]", until_ms: "int | None", silent: object) -> None:
        self.source = source
        self.kind = kind
        self.index = index
        self.values_da = values_da
        self.until_ms = until_ms
        self.silent = silent


class Limits:
    """The sources in force, and the lowest value of each target (NONE_DA: no limit)."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.limits: list[Limit] = []
        self.circuit_da = [NONE_DA] * site.size
        self.chargers_da = [NONE_DA] * site.size
        self.evse_da = [NONE_DA] * len(site.evses)
        self.has_chargers = False
        self.next_ms: "int | None" = None

    def put(self, source: str, target: "tuple[str, int]", values_da: object, until_ms: "int | None", silent: object) -> None:
        """values_da: a number or one per supply phase; None withdraws. until_ms None: until replaced."""
        kind, index = target
        count = len(self.site.evses) if kind == "evse" else len(self.site.circuits)
        if kind not in KINDS or not 0 <= index < count:
            raise Rejected("limit.target", target, "(circuit|chargers|evse, index)")
        kept = [x for x in self.limits if not (x.source == source and x.kind == kind and x.index == index)]
        if values_da is not None:
            kept.append(Limit(source, kind, index, per_phase(values_da, self.site.phases), until_ms, silent))
        self.limits = kept
        self._renew()

    def tick(self, now_ms: int) -> bool:
        """Sources whose validity is over: do what holds in their silence. True if something changed."""
        if self.next_ms is None or now_ms < self.next_ms:
            return False
        kept = []
        for limit in self.limits:
            if limit.until_ms is not None and now_ms >= limit.until_ms:
                if limit.silent == "release":
                    continue
                limit.until_ms = None
                if limit.silent != "hold":
                    limit.values_da = per_phase(limit.silent, self.site.phases)
            kept.append(limit)
        self.limits = kept
        self._renew()
        return True

    def _renew(self) -> None:
        self.circuit_da = [NONE_DA] * self.site.size
        self.chargers_da = [NONE_DA] * self.site.size
        self.evse_da = [NONE_DA] * len(self.site.evses)
        self.has_chargers = False
        self.next_ms = None
        for limit in self.limits:
            if limit.until_ms is not None and (self.next_ms is None or limit.until_ms < self.next_ms):
                self.next_ms = limit.until_ms
            self._lower(limit)

    def _lower(self, limit: Limit) -> None:
        if limit.kind == "evse":
            keys = self.site.evses[limit.index].keys
            for key in keys:
                value = limit.values_da[key % self.site.phases]
                self.evse_da[limit.index] = min(self.evse_da[limit.index], value)
            return
        self.has_chargers = self.has_chargers or limit.kind == "chargers"
        caps = self.chargers_da if limit.kind == "chargers" else self.circuit_da
        for p, value in enumerate(limit.values_da):
            key = limit.index * self.site.phases + p
            caps[key] = min(caps[key], value)

    def sources_of(self, kind: str, index: int) -> "list[tuple[int, str]]":
        """(lowest value in da, source) of every limit on a target, lowest first."""
        found = [(min(x.values_da), x.source) for x in self.limits if x.kind == kind and x.index == index]
        found.sort()
        return found
