"""What a configuration must satisfy before anything runs (safety.md section 4): one check for host and firmware.

A finding is a dict: code, where (name), phase ("L2" or None), missing_da, text, fix, level ("error" refuses
the site, "warning" only says what something costs). The sums name the amperes that are missing and the least
change that would do. Times of the buses are the business of the host, which knows profiles and baud.
"""

from ampacity.circuit.check_structure import finding, structure_findings
from ampacity.circuit.errors import Rejected
from ampacity.circuit.tree import Evse, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    Finding = dict[str, object]


def check_site(facts: "dict[str, object]") -> "list[Finding]":
    """All findings of a compiled site; an empty list, or warnings only: it may run."""
    found = structure_findings(facts)
    if found:
        return found
    try:
        site = Site(facts)
    except Rejected as wrong:
        return [finding("structure", str(wrong.value), str(wrong), wrong.allowed)]
    tested = bool(facts.get("require_tested", False))
    for evse in site.evses:
        found += _evse_findings(evse, facts)
    return found + sum_findings(site, tested) + _default_findings(site, tested)


def reserve_da(evse: Evse, require_tested: bool = False) -> int:
    """What the EVSE may draw without asking, by the facts of the site file, in da."""
    if evse.kind == "local":
        return 0
    reserve = power_on_da(evse, require_tested)
    if evse.watchdog_ms > 0:
        return max(reserve, evse.fallback_da)
    return reserve if evse.holds else evse.max_da


def power_on_da(evse: Evse, require_tested: bool) -> int:
    source = evse.power_on_source
    if source == "unknown" or (source == "declared" and require_tested):
        return evse.max_da
    return evse.power_on_da


def amps(da: int) -> str:
    return "%d.%d A" % (da // 10, da % 10)


def _evse_findings(evse: Evse, facts: "dict[str, object]") -> "list[Finding]":
    """Values that the device or its feeder cannot have."""
    found = []
    raw: dict[str, object] = facts["evses"][evse.index]  # type: ignore[index]
    step = raw.get("step_da") or 1
    if not isinstance(step, int) or step < 1:
        step = 1
    least, most, limit = amps(evse.min_da), amps(evse.max_da), amps(evse.limit_da)
    if evse.feeder_da < evse.max_da:
        text = "its feeder carries %s, the device can draw %s" % (amps(evse.feeder_da), most)
        fix = "max_a = %s where the hardware can be set so, or a larger feeder" % amps(evse.feeder_da)
        found.append(_evse(evse, "feeder", evse.max_da - evse.feeder_da, text, fix))
    if not 0 < evse.min_da <= evse.max_da:
        text = "its minimum %s is not within 0 and its maximum %s" % (least, most)
        found.append(_evse(evse, "minimum", 0, text, "min_a up to max_a"))
    elif evse.limit_da < evse.min_da:
        text = "limit_a %s is below its minimum %s" % (limit, least)
        found.append(_evse(evse, "limit", evse.min_da - evse.limit_da, text, "limit_a of at least %s" % least))
    if evse.watchdog_ms > 0 and not _representable(evse, step):
        text = "fallback_a %s is no value of this device" % amps(evse.fallback_da)
        found.append(_evse(evse, "fallback", 0, text, "0, or %s to %s in steps of %s" % (least, most, amps(step))))
    return found


def _representable(evse: Evse, step_da: int) -> bool:
    fallback = evse.fallback_da
    return fallback == 0 or evse.primary or (evse.min_da <= fallback <= evse.max_da and fallback % step_da == 0)


def _evse(evse: Evse, code: str, missing_da: int, text: str, fix: str) -> "Finding":
    return finding(code, evse.name, evse.name + ": " + text, fix, missing_da=missing_da)


# the sums

def sum_findings(site: Site, tested: bool) -> "list[Finding]":
    """Σ reserves + assumed other load <= rating, on every circuit and phase.

    What only waits for its tests (require_tested) refuses no site for ever: it may be commissioned, and nothing
    charges there before (trial.py).
    """
    found = []
    for circuit in site.circuits:
        for phase in range(site.phases):
            key = circuit.index * site.phases + phase
            loads = [(reserve_da(e, tested) * e.keys.count(key), e) for e in site.evses]
            total = site.assumed_da[key] + sum([da for da, _ in loads])
            missing = total - site.rating_da[key]
            if missing > 0:
                parts = (total - site.assumed_da[key], site.assumed_da[key], missing, site.rating_da[key])
                text = "reserves %s + other load %s are %s above the rating %s" % tuple([amps(da) for da in parts])
                text = "%s: %s" % (site.phase_name(key), text)
                waits = tested and missing <= sum([(reserve_da(e, tested) - reserve_da(e)) * e.keys.count(key) for e in site.evses])
                text += "; nothing charges before it is commissioned" if waits else ""
                fix = least_change(site, key, missing, tested)
                found.append(finding("reserves", circuit.name, text, fix, phase, missing, "warning" if waits else "error"))
    return found


def least_change(site: Site, key: int, missing_da: int, tested: bool) -> str:
    """The fewest EVSEs whose change frees missing_da at this circuit and phase, or what else would do."""
    gains = []
    for evse in site.evses:
        reserve = reserve_da(evse, tested)
        least, how = _reducible(evse, tested)
        gain = (reserve - least) * evse.keys.count(key)
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
        steps.append("%s of at least %s, or %s less other load" % (site.phase_name(key), amps(need), amps(left)))
    return "; ".join(steps)


def _reducible(evse: Evse, tested: bool) -> "tuple[int, str]":
    """(reserve after the change, the change) for one EVSE."""
    power_on = power_on_da(evse, tested)
    if evse.shared_feed:
        return power_on, "%s: private = true for its bus, where nobody else talks to it" % evse.name
    if evse.watchdog_ms <= 0 and not evse.holds:
        return power_on, "%s: a watchdog, or the test that it holds its order in silence" % evse.name
    if power_on > evse.power_on_da or evse.power_on_source == "unknown":
        fallback = evse.fallback_da if evse.watchdog_ms > 0 else 0
        return fallback, "%s: %s its power-on value" % (evse.name, "test" if evse.power_on_source == "declared" else "declare or test")
    if evse.watchdog_ms > 0 and evse.fallback_da > power_on:
        return power_on, "%s: fallback_a = %d.%d" % (evse.name, power_on // 10, power_on % 10)
    return power_on, ""


def _default_findings(site: Site, tested: bool) -> "list[Finding]":
    """Rule 7: one without watchdog that the default state leaves no room to start."""
    found = []
    for evse in site.evses:
        if evse.kind == "local" or evse.watchdog_ms > 0:
            continue
        for key in evse.keys:
            total = site.assumed_da[key]
            for other in site.evses:
                da = reserve_da(other, tested)
                total += (max(da, evse.min_da) if other is evse else da) * other.keys.count(key)
            missing = total - site.rating_da[key]
            if missing > 0 and reserve_da(evse, tested) < evse.min_da:
                text = "%s has no watchdog and could never start: " % evse.name
                text += "the default state of %s lacks %s" % (site.phase_name(key), amps(missing))
                fix = least_change(site, key, missing, tested)
                found.append(finding("default-state", evse.name, text, fix, key % site.phases, missing, "warning"))
                break
    return found
