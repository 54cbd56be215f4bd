"""Limits that no CSMS has set, for the station upstream: by hand at the console, by the installer, by the parent (K11 to K13).

The guard has them from their sources and keeps them in force; here they are only told.
"""

if False:  # for the type checker
    from ampacity.circuit.guard import Guard
    from ampacity.circuit.policy.constraints.external_limits import Limit
    from ampacity.ocpp.smart_charging.external_limits import OutsideRow
    from ampacity.ocpp.station import Station

SOURCES = {"console": "Other", "installer": "Other"}  # of the guard's limits: chargingLimitSource
PARENT = "EMS"


class OutsideLimits:
    """Compares in each step what the guard has with what the station has."""

    def __init__(self, guard: "Guard", station: "Station") -> None:
        self._guard = guard
        self._station = station
        self._known: "list[Limit] | None" = None
        self._granted_da: "int | None" = None

    def step(self, now_ms: int) -> bool:
        """True: the station has something new."""
        limits, granted_da = self._guard.limits.limits, granted(self._guard)
        if limits is self._known and granted_da == self._granted_da:
            return False
        self._known, self._granted_da = limits, granted_da
        rows = [row for limit in limits if limit.source in SOURCES and not limit.export for row in rows_of(self._guard, limit)]
        if granted_da is not None:
            rows.append((PARENT, 0, granted_da, "A", None))
        self._station.outside_limits(rows, now_ms)
        return True


def granted(guard: "Guard") -> "int | None":
    """What the parent grants all EVSEs together, in da per phase; None: there is no parent."""
    return getattr(guard.ledger, "granted_da", None)


def rows_of(guard: "Guard", limit: "Limit") -> "list[OutsideRow]":
    """A limit as it binds: all EVSEs together at the root of the site, else each EVSE below the circuit."""
    source = SOURCES[limit.source]
    until_ms = limit.until_ms if limit.silent == "release" and not limit.release_ms else None
    if limit.unit == "w":
        value, unit = limit.value * 10, "W"  # type: ignore[operator]
    else:
        value, unit = guard.limits.evse_value_da(limit) if limit.kind == "evse" else min(guard.limits.circuit_values_da(limit)), "A"
    targets = [limit.index + 1]
    if limit.kind != "evse":
        root = guard.site.circuits[limit.index].parent == -1
        targets = [0] if root else [index + 1 for index in guard.site.below[limit.index] if not guard.site.evses[index].removed]
    return [(source, target, value, unit, until_ms) for target in targets]
