"""What a configuration must satisfy before anything runs (safety.md section 4): one check for host and firmware.

A finding is a dict: code, where (name), phase ("L2" or None), missing_da, text, fix, level ("error" refuses
the site, "warning" only says what something costs). The sums name the amperes that are missing and the least
change that would do. Times of the buses are the business of the host, which knows profiles and baud. What an EVSE draws
without asking is said by `reserve`, as in the ledger: of a device that is as the site file says, and of which the tests in
`kept` were done.
"""

from ampacity.circuit.trusted.amperes import amps, tenths
from ampacity.circuit.trusted.device.reserve import (
    Declared,
    default_da,
    fallback_da,
    holds,
    power_on_da,
    reserve_da,
    watchdog_ms,
)
from ampacity.circuit.trusted.errors import Rejected
from ampacity.circuit.trusted.site.migration import SiteMigration, address, dicts
from ampacity.circuit.trusted.site.structure import finding, structure_findings
from ampacity.circuit.trusted.site.tree import Evse, Site

if False:  # for the type checker
    Finding = dict[str, object]


def check_site(facts: "dict[str, object]", kept: "dict[str, object] | None" = None) -> "list[Finding]":
    """All findings of a compiled site; an empty list, or warnings only: it may run.

    kept: the evidence in the journal of its controller (guard.evidence_dump), None: nothing was tested yet.
    """
    found = structure_findings(facts)
    if found:
        return found
    try:
        sums = ReserveSums(facts, kept)
    except Rejected as wrong:
        return [finding("structure", str(wrong.value), str(wrong), wrong.allowed)]
    for evse in sums.site.evses:
        found += _evse_findings(evse, facts)
    blocked = _default_findings(sums)
    return found + sum_findings(sums) + blocked + _unservable_findings(sums, [one["where"] for one in blocked])


def declared_da(evse: Evse) -> int:
    """The reserve of an EVSE that is as its facts say, before any test, in da."""
    return reserve_da(evse, Declared(evse))


class ReserveSums:
    """What each EVSE of a site is known to draw without asking; `tested_da`: once all its declared values are tested.

    The tests in `kept` are those of the device at an address, as in the ledger: whatever it was called then.
    """

    def __init__(self, facts: "dict[str, object]", kept: "dict[str, object] | None" = None) -> None:
        self.site = site = Site(facts)
        evses, shape = (kept.get("evses"), kept.get("site")) if kept else (None, None)
        change = SiteMigration(facts, shape) if isinstance(shape, dict) else None
        self.known = []
        left = {str(row.get("at")): row.get("tests") for row in dicts(kept.get("left") if kept else None)}
        for evse in site.evses:
            was = evse.name if change is None else change.name_before(evse.index, evse.name)
            tests, named = [evses.get(name) if isinstance(evses, dict) else None for name in (was, evse.name)]
            tests = tests or left.get(address(facts, facts["evses"][evse.index]))  # type: ignore[index]
            self.known.append(Declared(evse, False, tests if isinstance(tests, dict) else None))
            if isinstance(named, dict) and named.get("distrusted"):
                self.known[-1].distrusted = True
        self.reserve_da = [reserve_da(evse, self.known[evse.index]) for evse in site.evses]
        self.tested_da = [reserve_da(evse, Declared(evse, True)) for evse in site.evses]

    def total_da(self, key: int) -> int:
        """Σ reserves + assumed other load at a circuit and phase."""
        return self.site.assumed_da[key] + sum([self.reserve_da[e.index] * e.keys.count(key) for e in self.site.evses])


def _evse_findings(evse: Evse, facts: "dict[str, object]") -> "list[Finding]":
    """Values that the device or its feeder cannot have."""
    found = []
    raw: dict[str, object] = facts["evses"][evse.index]  # type: ignore[index]
    step = raw.get("step_da")
    if not isinstance(step, int) or step < 1:
        step = 1
    least, most, limit = amps(evse.min_da), amps(evse.max_da), amps(evse.limit_da)
    feeder_da = raw.get("feeder_da")
    if isinstance(feeder_da, int) and feeder_da < evse.max_da:
        text = "its feeder is rated %s, the device can draw %s" % (amps(feeder_da), most)
        fix = "max_a = %s if the hardware can be set to it, or a larger feeder" % amps(feeder_da)
        found.append(_evse(evse, "feeder", evse.max_da - feeder_da, text, fix))
    if not 0 < evse.min_da <= evse.max_da:
        text = "its minimum %s is not between 0 A and its maximum %s" % (least, most)
        found.append(_evse(evse, "minimum", 0, text, "min_a above 0 A, at most max_a"))
    elif evse.limit_da < evse.min_da:
        text = "limit_a %s is below its minimum %s" % (limit, least)
        found.append(_evse(evse, "limit", evse.min_da - evse.limit_da, text, "limit_a of at least %s" % least))
    if evse.watchdog_ms > 0 and not _representable(evse, step):
        text = "fallback_a %s cannot be set in this device" % amps(evse.fallback_da)
        found.append(_evse(evse, "fallback", 0, text, "0, or %s to %s in steps of %s" % (least, most, amps(step))))
    return found


def _representable(evse: Evse, step_da: int) -> bool:
    fallback = evse.fallback_da
    return fallback == 0 or evse.primary or (evse.min_da <= fallback <= evse.max_da and fallback % step_da == 0)


def _evse(evse: Evse, code: str, missing_da: int, text: str, fix: str) -> "Finding":
    return finding(code, evse.name, evse.name + ": " + text, fix, missing_da=missing_da)


# the sums

def sum_findings(sums: ReserveSums) -> "list[Finding]":
    """Σ reserves + assumed other load <= rating, on every circuit and phase.

    What only waits for its tests (require_tested) refuses no site permanently: it may be commissioned, and nothing
    charges there before (commissioning.py).
    """
    found, site = [], sums.site
    for key in range(site.size):
        total = sums.total_da(key)
        missing = total - site.rating_da[key]
        if missing <= 0:
            continue
        parts = (total - site.assumed_da[key], site.assumed_da[key], missing, site.rating_da[key])
        text = "reserves %s + other load %s are %s above the rating %s" % tuple([amps(da) for da in parts])
        text = "%s: %s" % (site.phase_name(key), text)
        frees = [max(0, sums.reserve_da[e.index] - sums.tested_da[e.index]) * e.keys.count(key) for e in site.evses if e.require_tested]
        waits = missing <= sum(frees)
        text += "; no EVSE charges there before it is commissioned" if waits else ""
        name, phase = site.circuits[key // site.phases].name, key % site.phases
        found.append(finding("reserves", name, text, least_change(sums, key, missing), phase, missing, "warning" if waits else "error"))
    return found


def _unservable_findings(sums: ReserveSums, blocked: "list[object]") -> "list[Finding]":
    """EVSEs, besides those that are `blocked`, whose minimum does not fit in addition to the reserves of the others: they never charge,
    because reserves are never lent (rule 4).

    Where a meter shows the other load, what is assumed of it does not count here: there may be less. But what generation there and below
    may hide always does.
    """
    found, site = [], sums.site
    for evse in site.evses:
        if evse.name in blocked or sums.reserve_da[evse.index] >= evse.min_da or evse.limit_da < evse.min_da:
            continue
        for key in evse.keys:
            metered = site.circuits[key // site.phases].meter >= 0
            assumed_da = 0 if metered else site.assumed_da[key]
            hidden_da = site.generation_da[key] if metered else 0
            others_da = sums.total_da(key) - site.assumed_da[key] - sums.reserve_da[evse.index] * evse.keys.count(key)
            missing_da = evse.min_da * evse.keys.count(key) + others_da + assumed_da + hidden_da - site.rating_da[key]
            if missing_da > 0 and others_da + assumed_da <= site.rating_da[key]:
                other = " and other load " + amps(assumed_da) if assumed_da else ""
                other += " and %s that generation may hide" % amps(hidden_da) if hidden_da else ""
                text = "%s: never charges: at %s the reserves of others %s%s leave less than its minimum %s of the rating %s" % (
                    evse.name, site.phase_name(key), amps(others_da), other, amps(evse.min_da), amps(site.rating_da[key]))  # fmt: skip
                others = [e.name for e in site.evses if e is not evse and e.keys.count(key) and sums.reserve_da[e.index]]
                fix = least_change(sums, key, missing_da) + ("; or evidence for a lower reserve of " + ", ".join(others) if others else "")
                found.append(finding("unservable", evse.name, text, fix, None, missing_da, "warning"))
                break
    return found


def least_change(sums: ReserveSums, key: int, missing_da: int) -> str:
    """The fewest EVSEs whose change frees missing_da at this circuit and phase, or what else would do."""
    gains, site = [], sums.site
    for evse in site.evses:
        least, how = _reducible(evse, sums.known[evse.index])
        gain = (sums.reserve_da[evse.index] - least) * evse.keys.count(key)
        if gain > 0:
            gains.append((-gain, evse.index, how))
    gains.sort()
    steps, left = [], missing_da
    for gain, _, how in gains:
        if left <= 0:
            break
        steps.append(how)
        left += gain
    if left > 0:
        need = site.rating_da[key] + left
        steps.append("rating of %s at least %s, or %s less other load" % (site.phase_name(key), amps(need), amps(left)))
    return "; ".join(steps)


def _reducible(evse: Evse, known: Declared) -> "tuple[int, str]":
    """(reserve after the change, the change) for one EVSE."""
    power_on = power_on_da(evse, known)
    guarded = watchdog_ms(evse, known) > 0
    if evse.shared_feed:
        return power_on, "%s: private = true on its bus, if no other client uses it" % evse.name
    if not guarded and not holds(evse, known):
        return power_on, "%s: a watchdog, or the test that it keeps its order without communication" % evse.name
    if power_on > evse.power_on_da or evse.power_on_source == "unknown":
        fallback = fallback_da(evse, known) if guarded else 0
        return fallback, "%s: %s its power-on value" % (evse.name, "test" if evse.power_on_source == "declared" else "declare or test")
    return power_on, "%s: fallback_a = %s" % (evse.name, tenths(power_on))


def _default_findings(sums: ReserveSums) -> "list[Finding]":
    """Rule 7: one without watchdog that the default state leaves no room to start."""
    found, site = [], sums.site
    for evse in site.evses:
        known, reserve = sums.known[evse.index], sums.reserve_da[evse.index]
        standing = default_da(evse, known, reserve, evse.min_da)  # its least order
        if evse.kind == "local" or standing == reserve:
            continue
        for key in evse.keys:
            missing = sums.total_da(key) + (standing - reserve) * evse.keys.count(key) - site.rating_da[key]
            if missing > 0:
                text = "%s has no watchdog and can never start: " % evse.name
                text += "the default state of %s lacks %s" % (site.phase_name(key), amps(missing))
                fix = least_change(sums, key, missing)
                found.append(finding("default-state", evse.name, text, fix, key % site.phases, missing, "warning"))
                break
    return found
