"""External limits (safety.md section 5): any source may lower, none may raise above the ledger.

Each source has a target, a value, a sign, a validity, and what holds when it goes silent: "hold" (it stays),
"release" (it goes, after `release_ms` at the earliest), or a default value (for `release_ms`, then it goes; 0: it
stays). The lowest of all sources wins. Targets: ("circuit", i) all that flows on circuit i; ("chargers", i) the
sum of our EVSEs below circuit i; ("evse", i) one EVSE. Units: "da" per supply phase; "w" the sum over all phases;
"percent" of the target's rating. An export limit has no effect on EVSEs that only draw current; it is kept and shown.
"""

from ampacity.circuit.trusted.device.order_book import NONE_DA
from ampacity.circuit.trusted.errors import Rejected
from ampacity.circuit.trusted.site.tree import Site, per_phase

if False:  # for the type checker
    from ampacity.circuit.policy.constraints.sum_constraints import Constraint, PhaseUsage
    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.other_load import OtherLoad

KINDS = ("circuit", "chargers", "evse")
UNITS = ("da", "w", "percent")


class Limit:
    """One source's limit on one target, in its own unit."""

    def __init__(self, source: str, kind: str, index: int, value: object, until_ms: "int | None", silent: object) -> None:
        self.source = source
        self.kind = kind
        self.index = index
        self.value = value  # per phase in da, or one number of watts or per cent
        self.until_ms = until_ms
        self.silent = silent
        self.unit = "da"
        self.release_ms = 0
        self.export = False
        self.phases: "int | None" = None  # that the source means the car to use

    def expire(self, now_ms: int) -> bool:
        """Its validity is over. False: it is no longer in force."""
        release_ms = self.release_ms
        self.until_ms = None
        self.release_ms = 0
        if self.silent == "hold":
            return True
        if self.silent == "release":
            if not release_ms:
                return False
        else:
            self.value = self.silent
        if release_ms:
            self.until_ms = now_ms + release_ms
            self.silent = "release"
        return True


class Limits:
    """The sources in force, and the lowest value of each target in da (NONE_DA: no limit).

    `constraints`: limits that are sums over phases or change with what flows (sum_constraints.py); empty on most sites.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.limits: list[Limit] = []
        self.circuit_da = [NONE_DA] * site.size
        self.chargers_da = [NONE_DA] * site.size
        self.evse_da = [NONE_DA] * len(site.evses)
        self.has_chargers = self.has_circuits = False
        self.next_ms: "int | None" = None
        self.volts_dv = site.voltage_v * 10
        self.constraints: "list[Constraint]" = []
        self.own_constraints: "list[Constraint]" = []  # of the site, not of a source
        self.phase_usage: "PhaseUsage | None" = None

    def put(
        self, source: str, target: "tuple[str, int]", value: object, until_ms: "int | None", silent: object, unit: str = "da",
        release_ms: int = 0, sign: str = "import", phases: "int | None" = None,
    ) -> None:  # fmt: skip
        """value: see the module's text; None withdraws. until_ms None: until replaced. Raises Rejected."""
        kind, index = target
        count = len(self.site.evses) if kind == "evse" else len(self.site.circuits)
        if kind not in KINDS or not 0 <= index < count:
            raise Rejected("limit.target", target, "(circuit|chargers|evse, index)")
        if unit not in UNITS or sign not in ("import", "export"):
            raise Rejected("limit.unit", unit, "da, w or percent; sign import or export")
        kept = [x for x in self.limits if not (x.source == source and x.kind == kind and x.index == index)]
        if value is not None:
            limit = Limit(source, kind, index, self._checked(value, unit), until_ms, silent)
            if silent not in ("hold", "release"):
                limit.silent = self._checked(silent, unit)
            limit.unit, limit.release_ms, limit.export, limit.phases = unit, release_ms, sign == "export", phases
            kept.append(limit)
        self.limits = kept
        self.renew()

    def _checked(self, value: object, unit: str) -> object:
        if unit == "da":
            return per_phase(value, self.site.phases)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Rejected("limit", value, "a whole number of %s, 0 or more" % ("watts" if unit == "w" else "per cent"))
        return value

    def tick(self, now_ms: int) -> bool:
        """Sources whose validity is over: do what holds in their silence. True if something changed."""
        if self.next_ms is None or now_ms < self.next_ms:
            return False
        kept = []
        for limit in self.limits:
            if limit.until_ms is None or now_ms < limit.until_ms or limit.expire(now_ms):
                kept.append(limit)
        self.limits = kept
        self.renew()
        return True

    def refresh(self, ledger: "Ledger", other: "OtherLoad", now_ms: int) -> bool:
        """Updates the rows from present currents; called in each tick while there are any. True if the shares may change."""
        changed = False
        if self.phase_usage is not None and self.phase_usage.tick(ledger, now_ms):
            self.renew()
            changed = True
        for row in self.constraints:
            changed = row.update(ledger, other, now_ms) or changed
        return changed

    def any(self) -> bool:
        """True if a limit applies to more than one EVSE."""
        return self.has_chargers or self.has_circuits or bool(self.constraints)

    def voltage(self, volts_dv: int) -> None:
        """The highest voltage measured between line and neutral, dV; small changes change nothing."""
        if abs(volts_dv - self.volts_dv) >= 5:
            self.volts_dv = volts_dv
            self.renew()

    def add_constraint(self, row: "Constraint") -> None:
        """A limit of the site that is no source's."""
        self.own_constraints.append(row)
        self.renew()

    def watch_phase_usage(self) -> "PhaseUsage":
        """From now on it is watched which phases each car draws on."""
        if self.phase_usage is None:
            from ampacity.circuit.policy.constraints.sum_constraints import PhaseUsage

            self.phase_usage = PhaseUsage(self.site)
        return self.phase_usage

    def renew(self) -> None:
        """Recomputes the lowest of all."""
        self.circuit_da = [NONE_DA] * self.site.size
        self.chargers_da = [NONE_DA] * self.site.size
        self.evse_da = [NONE_DA] * len(self.site.evses)
        self.has_chargers = self.has_circuits = False
        self.next_ms = None
        self.constraints = list(self.own_constraints)
        for limit in self.limits:
            if limit.until_ms is not None and (self.next_ms is None or limit.until_ms < self.next_ms):
                self.next_ms = limit.until_ms
            if not limit.export:
                self._lower(limit)

    def _lower(self, limit: Limit) -> None:
        if limit.kind == "evse":
            value_da = self.evse_value_da(limit)
            self.evse_da[limit.index] = min(self.evse_da[limit.index], value_da)
        elif limit.unit == "w":
            from ampacity.circuit.policy.constraints.sum_constraints import PowerConstraint

            self.constraints.append(PowerConstraint(self.watch_phase_usage(), limit, self.volts_dv))
        else:
            self.has_chargers = self.has_chargers or limit.kind == "chargers"
            self.has_circuits = self.has_circuits or limit.kind == "circuit"
            caps = self.chargers_da if limit.kind == "chargers" else self.circuit_da
            for p, value in enumerate(self.circuit_values_da(limit)):
                key = limit.index * self.site.phases + p
                caps[key] = min(caps[key], value)

    def circuit_values_da(self, limit: Limit) -> "list[int]":
        """A limit in da or per cent on a circuit, per supply phase."""
        if limit.unit == "percent":
            return [da * limit.value // 100 for da in self.site.circuits[limit.index].rating_da]  # type: ignore[operator]
        return limit.value  # type: ignore[return-value]

    def evse_value_da(self, limit: Limit) -> int:
        """A limit on one EVSE as the current of its terminals, in da."""
        evse = self.site.evses[limit.index]
        if limit.unit == "percent":
            return evse.max_da * limit.value // 100  # type: ignore[operator]
        if limit.unit == "w":
            parts = self.watch_phase_usage().weight_x100(limit.index, limit.phases)
            return limit.value * 10000 // (parts * self.volts_dv)  # type: ignore[operator]
        values: list[int] = limit.value  # type: ignore[assignment]
        return min([values[key % self.site.phases] for key in evse.keys])

    def sources_of(self, kind: str, index: int) -> "list[tuple[int, str]]":
        """(lowest value in da, source) of every limit on a target that is no sum of watts, lowest first."""
        found = []
        for x in self.limits:
            if x.kind == kind and x.index == index and not x.export and (kind == "evse" or x.unit != "w"):
                value = self.evse_value_da(x) if kind == "evse" else min(self.circuit_values_da(x))
                found.append((value, x.source))
        found.sort()
        return found
