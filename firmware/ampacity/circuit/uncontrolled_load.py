"""EVSEs that block current of others because they cannot be regulated, and the remedy.

An EVSE of which too little is known counts with the most that it may be drawing (rules 4 to 7, 9 and 10): that current is
blocked until more is known. `why` of an EVSE that cannot charge therefore names the blocking EVSE, and the remedy.
"""

from ampacity.circuit.trusted.amperes import amps
from ampacity.circuit.trusted.device.escalation import DISOBEYED

if False:  # for the type checker
    from typing import Protocol

    from ampacity.circuit.policy.constraints.external_limits import Limits
    from ampacity.circuit.policy.plan import Plan
    from ampacity.circuit.trusted.device.evse_state import EvseState
    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.other_load import OtherLoad
    from ampacity.circuit.trusted.site.tree import Site

    class GuardFacts(Protocol):
        """What is looked at of a guard."""

        site: Site
        ledger: Ledger
        limits: Limits
        other: OtherLoad
        plan: Plan
        want_da: list[int]
        now_ms: int

        def meter_state(self, circuit: int) -> str:
            """"ok", or why not."""

        def fault(self, evse: int) -> "str | None":
            """What the safety core holds against it."""

        def gaps(self, evse: int) -> list[str]:
            """Missing evidence, one sentence each."""

MORE_DA = 10  # a charging EVSE lacks current when it could not get this much more


def blocking_load(guard: "GuardFacts", s: "EvseState") -> "tuple[int, str, EvseState] | None":
    """(da, the circuit and phase or the limit, by whom) of the largest block where this EVSE lacks current; None: it lacks none, or none is
    blocked."""
    need_da, found = _need_da(guard, s), None
    if not need_da:
        return None
    others = [other for other in guard.ledger.evse_states if other is not s and is_uncontrolled(guard, other)]
    for key in s.on_keys if others else ():
        if _lacks(guard, s, key, need_da):
            for other in others:
                da = other.bound_da * (other.on_keys.count(key) + other.old_keys.count(key))
                if da and (found is None or da > found[0]):
                    found = (da, guard.site.phase_name(key), other)
    for row in guard.limits.constraints if others and found is None else ():
        more_da = (need_da - guard.plan.shed.ordered_da(s)) * row.weights[s.index]
        if more_da > row.cap_da - sum([guard.plan.shed.ordered_da(o) * row.weights[o.index] for o in guard.ledger.evse_states]):
            for other in others:
                da = other.bound_da * row.weights[other.index]
                if more_da > 0 < da and (found is None or da > found[0]):
                    found = (da, row.describe(), other)
    return found


def _need_da(guard: "GuardFacts", s: "EvseState") -> int:
    """Current that it would take if available; 0: something else limits it."""
    want = guard.want_da[s.index]
    need_da = want + MORE_DA if want else s.evse.min_da
    return need_da if s.ok and guard.plan.targets.ceiling_da(s) >= need_da else 0


def _lacks(guard: "GuardFacts", s: "EvseState", key: int, need_da: int, more_da: int = 0) -> bool:
    """Is there less room on this circuit and phase, or in an external limit on it, than it needs, even with more_da added?"""
    ledger, limits, count = guard.ledger, guard.limits, s.on_keys.count(key)
    if max(0, need_da - s.bound_da) * count > ledger.margin.free_da(key) + more_da:
        return True
    if not limits.any():
        return False
    ordered_da = sum([guard.plan.shed.ordered_da(o) * o.on_keys.count(key) for o in ledger.evse_states])
    left_da = min(limits.circuit_da[key] - ledger.other_da[key] + more_da, limits.chargers_da[key]) - ordered_da
    return (need_da - guard.plan.shed.ordered_da(s)) * count > left_da


def is_uncontrolled(guard: "GuardFacts", s: "EvseState") -> bool:
    """Does it count with what it may draw, and no order changes that?"""
    return not s.isolated and s.bound_da > 0 and (not s.ok or bool(s.locked) or s.disobeys or ignores_order(guard, s))


def ignores_order(guard: "GuardFacts", s: "EvseState") -> bool:
    """It answers, but exceeds a lower order that was sent long ago."""
    return s.ok and not s.disobeys and s.bound_da > s.sent_da >= 0 and guard.plan.reservations.stuck(s.index)


def remedy(guard: "GuardFacts", s: "EvseState") -> str:
    """What is the matter with it, and what a person can do."""
    name = s.evse.name
    if s.evse.removed:
        return "no longer in the site file, but may still draw at its old address; disconnect it, then `gone %s`" % name
    apart = "open its feeder and `isolate %s on`" % name
    if s.locked == DISOBEYED:
        return "locked out after it disobeyed; inspect it and its `phases`, then `unlock %s`" % name
    if s.locked and s.evidence.same_device():
        return "another device answered at its address, now the known one does; `accept %s`, or %s" % (name, apart)
    if s.locked:
        return "another device answers at its address; `replace %s`, or %s" % (name, apart)
    if s.disobeys:
        return "%s; %s" % (guard.fault(s.index), apart)
    if s.silent:
        waits = s.evidence.watchdog_ms() > 0 and not s.lapsed
        return "no answer%s; switch it on, or %s" % (", watchdog still running" if waits else "", apart)
    if ignores_order(guard, s):
        told = "ordered %s, may still draw %s" % (amps(s.sent_da), amps(s.bound_da))
        return "does not follow its order (%s); restart it, or %s" % (told, apart)
    gaps = guard.gaps(s.index) if not s.evidence.audited() else []
    return "answers, but %s; restart it, or %s" % (gaps[0] if gaps else "no order is proven", apart)


def assumption_exceeded(guard: "GuardFacts", s: "EvseState") -> str:
    """At which circuit more other load was once measured than was declared, where the excess is assumed now and is what this one lacks (3.3)."""
    site, ledger, need_da = guard.site, guard.ledger, _need_da(guard, s)
    for key in s.on_keys:
        circuit = key // site.phases
        if need_da and circuit < len(site.circuits) and guard.meter_state(circuit) != "ok" and _lacks(guard, s, key, need_da):
            at, total_da = _most_exceeded(guard, key)
            if guard.meter_state(circuit) == "none":
                total_da = min(total_da, ledger.assumed_da[key] - site.assumed_da[key])
            if total_da > 0 and not _lacks(guard, s, key, need_da, total_da):
                return _exceeded(guard, at)
    return ""


def _most_exceeded(guard: "GuardFacts", key: int) -> "tuple[int, int]":
    """(key of the circuit, this one or one below it, at which the most more than declared is assumed, in da of all those); what a meter that
    is lost or frozen has shown cannot be confirmed."""
    circuit, p = divmod(key, guard.site.phases)
    most_da, most_at, total_da = 0, key, 0
    for c in guard.site.circuits:
        path, state = guard.site.paths[c.index], guard.meter_state(c.index)
        if c.removed or circuit not in path or state in ("lost", "frozen"):
            continue
        if "ok" in map(guard.meter_state, path[1 : path.index(circuit)]):
            continue  # a meter above it shows what is drawn
        at = c.index * guard.site.phases + p
        excess_da = guard.other.assumed_here_da[at] - max(c.assumed_da[p], guard.other.shown_da[at] if state == "ok" else 0)
        total_da += max(0, excess_da)
        if excess_da > most_da:
            most_da, most_at = excess_da, at
    return most_at, total_da


def _exceeded(guard: "GuardFacts", key: int) -> str:
    """The other load that was once measured there, and what a person does about it."""
    site, da = guard.site, guard.other.assumed_here_da[key]
    declared_da = site.circuits[key // site.phases].assumed_da[key % site.phases]
    text = "%s once measured %s of other load, declared %s; check that load, then `confirm %s`"
    name = site.circuits[key // site.phases].name
    return text % (site.phase_name(key), amps(da), amps(declared_da), name)


def default_state_full(guard: "GuardFacts", s: "EvseState") -> str:
    """Where no order may leave because it would outlive the primary (rule 7): the sum that is full, and the remedy; "": it may leave."""
    ledger, least_da = guard.ledger, guard.ledger.permits.most_of(s, s.evse.min_da)
    if ledger.permits.survives(s, s.evse.min_da):
        return ""
    for key in s.on_keys:
        left_da = ledger.cap_da[key] - ledger.assumed_da[key]
        text = "no margin if the primary fails: %s (%s)" % (guard.site.phase_name(key), amps(ledger.cap_da[key]))
        granted = key >= len(guard.site.circuits) * guard.site.phases  # a grant: what its fallback leaves is no other load
        if ledger.assumed_da[key]:
            text += " − %s %s" % ("what ends with the grant" if granted else "assumed other load", amps(ledger.assumed_da[key]))
        at, excess_da = (0, 0) if granted else _most_exceeded(guard, key)
        remedies = [_exceeded(guard, at)] if excess_da and ledger.assumed_da[key] > guard.site.assumed_da[key] else []
        for o in ledger.evse_states:
            standing_da = max(least_da if o is s else 0, ledger.margin.default_state_da(o))
            load_da = standing_da * (o.on_keys.count(key) + o.old_keys.count(key))
            load_da += (standing_da if o.unused else o.reserve_da) * o.off_keys.count(key)
            left_da -= load_da
            if load_da:
                text += " − %s %s" % (o.evse.name, amps(load_da))
                if o is not s and is_uncontrolled(guard, o):
                    remedies.append("%s: %s" % (o.evse.name, remedy(guard, o)))
        if left_da < 0:
            return "; ".join([text] + remedies)
    return ""


def blocked_by(guard: "GuardFacts", evse: int) -> str:
    """The EVSE that blocks current of this one, how much, and the remedy; "": none."""
    s = guard.ledger.evse_states[evse]
    found = blocking_load(guard, s)
    if found is None:
        return assumption_exceeded(guard, s)
    da, place, other = found
    return "%s blocks %s of %s: %s" % (other.evse.name, amps(da), place, remedy(guard, other))
