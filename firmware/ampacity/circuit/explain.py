"""The reasons behind one number, as a line for people: `why evse-3` (safety.md section 5).

`16.0 A: garage L2 (63.0 A) − other load 31.2 A − evse-1 10.0 A − reserve evse-7 6.0 A`
"""

from ampacity.circuit.policy.minimum_grant import keeps_da, possible
from ampacity.circuit.policy.reservations import DENIED
from ampacity.circuit.policy.shortfall import shortfall_da
from ampacity.circuit.trusted.amperes import amps
from ampacity.circuit.uncontrolled_load import blocked_by, default_state_full, ignores_order, remedy

if False:  # for the type checker
    from typing import Protocol

    from ampacity.circuit.optional_functions import OptionalFunctions
    from ampacity.circuit.policy.queue.demand import Demand
    from ampacity.circuit.trusted.device.evse_state import EvseState
    from ampacity.circuit.trusted.metering.other_load import OtherLoad
    from ampacity.circuit.uncontrolled_load import GuardFacts

    class ExplainableGuard(GuardFacts, Protocol):
        """What is looked at of a guard besides."""

        other: OtherLoad
        demands: Demand
        optional: OptionalFunctions
        failure: str

        @property
        def mode(self) -> str:
            """Its mode."""

        def state(self, evse: int) -> str:
            """"ok", or why it is not."""

        def meter_state(self, circuit: int) -> str:
            """"ok", or why not."""

        def meter_reason(self, circuit: int) -> str:
            """Why the meter of this circuit does not count."""

        def needs_inspection(self, circuit: int) -> bool:
            """Does a person have to look at that meter?"""

        def waits_for_journal(self, now_ms: int) -> bool:
            """Is nothing raised, for the journal could not be written?"""

FOREIGN_MS = 60000


def explain(guard: "ExplainableGuard", evse: int) -> str:
    """The present target of an EVSE, and what made it no higher."""
    s = guard.ledger.evse_states[evse]
    want = guard.want_da[evse]
    reason = _not_charging(guard, s)
    if not reason:
        planned_da = [guard.plan.shed.plan_da(other) for other in guard.ledger.evse_states]
        key, slack = _tightest(guard, s, planned_da)
        most_da = slack // s.on_keys.count(key) + planned_da[evse]
        reason = _outside(guard, s, most_da) or _below_reserves(guard, s, want, key, slack) or _circuit(guard, s, key, planned_da)
        if guard.plan.preemption.lowered >> evse & 1:
            reason = "lowered for %s: %s" % (guard.site.evses[guard.plan.preemption.claimant].name, reason)
        elif want == 0:
            reason = default_state_full(guard, s) or _unservable(guard, s) or _waits(guard, s, reason)
        elif guard.plan.reservations.reasons[evse] == DENIED:
            reason = _no_margin(guard, s)
        elif want >= guard.demands.idle_cap_da[evse]:
            reason = "its car takes no more" + _untried(guard, s)
        elif want >= guard.plan.targets.ceiling_da(s):
            reason = _own_limit(guard, s)
        if not want:
            reason += _held_by_test(guard, s)
        taken_by = blocked_by(guard, evse)
        if ignores_order(guard, s):
            reason = remedy(guard, s)
        elif taken_by:
            reason = reason + "; " + taken_by if want else taken_by + "; " + reason
    if guard.waits_for_journal(guard.now_ms):
        reason += "; no raise before the journal is written"
    return "%s: %s" % (amps(want), reason)


def _not_charging(guard: "ExplainableGuard", s: "EvseState") -> str:
    """Why it may not charge at all, whatever the room."""
    if guard.mode in ("quarantine", "safe"):
        return "safe state: " + guard.failure if guard.failure else guard.mode
    state = guard.state(s.index)
    if state != "ok":
        if s.locked or s.disobeys:
            return "%s: %s" % (state, remedy(guard, s))
        gaps = _foreign(guard, s) + (guard.gaps(s.index) if s.heard_ever else [])  # an EVSE that never answered has no settings that could be read
        return _state_text(state) + ("" if not gaps else " (%s)" % gaps[0])
    if not guard.demands.wants[s.index]:
        return guard.demands.reasons[s.index] or "no charge requested"
    for inhibit in guard.plan.targets.inhibits:
        if inhibit.inhibited[s.index]:
            return inhibit.reason(s.index) + (_untried(guard, s) if inhibit is guard.demands.idle_backoff else "") + _held_by_test(guard, s)
    if guard.plan.targets.ceiling_da(s) == 0 and not _held_by_test(guard, s):
        return _own_limit(guard, s) + " is below its minimum " + amps(s.evse.min_da)
    return ""


def _held_by_test(guard: "ExplainableGuard", s: "EvseState") -> str:
    """A test step of a meter, where nothing else is below its minimum: what it waits for is another reason; "": it is not so."""
    steps = guard.optional.meter_test_steps
    sources = [source for value, source in guard.limits.sources_of("evse", s.index) if value < s.evse.min_da]
    return "; %s for some seconds" % steps.source if steps is not None and sources == [steps.source] else ""


def _state_text(state: str) -> str:
    """A state of the guard that is not "ok", as people read it."""
    if state == "silent":
        return "no answer"
    return "answers; waiting for proof of its limit" if state == "returning" else state


def _waits(guard: "ExplainableGuard", s: "EvseState", reason: str) -> str:
    """It is queued: the reason why it waits. reason: the tightest circuit or limit."""
    if _cannot_begin(guard, s):
        return _no_margin(guard, s)
    least_da = s.evse.min_da
    short = "" if _held_by_test(guard, s) or possible(guard.plan.shed, s, least_da) else "; too little for its minimum " + _order(guard, s, least_da)
    return _surplus(guard, s) or "queued: " + reason + short


def _order(guard: "ExplainableGuard", s: "EvseState", da: int) -> str:
    return amps(da) + (", of which its car makes up to %s more" % amps(_above_da(guard, s, da)) if s.overdraw_da else "")


def _untried(guard: "ExplainableGuard", s: "EvseState") -> str:
    """Its car draws nothing at all that is possible, and may need more: what has no room for that; "": it draws, or no more is to be tried."""
    demand, shed, e = guard.demands, guard.plan.shed, s.index
    learnt, idle_da = demand.learnt, demand.idle_da[e]
    if learnt is None or not idle_da or s.evse.primary or learnt.untried_da(shed, demand, s):
        return ""
    from ampacity.circuit.policy.queue.learnt_minimum import SAME_DA, next_da

    da = next_da(s, idle_da + SAME_DA, demand.drew_da[e], min(s.evse.limit_da, guard.limits.evse_da[e]))
    return _too_much(guard, s, da, "; no margin for a car that needs %s: %s (%s)") if da else ""


def _unservable(guard: "ExplainableGuard", s: "EvseState") -> str:
    """Its turn never comes as things are; "": its minimum fits."""
    return _too_much(guard, s, s.evse.min_da, "no margin for its minimum %s: %s (%s)")


def _too_much(guard: "ExplainableGuard", s: "EvseState", least_da: int, text_of: str) -> str:
    """What prevents this current, which does not fit even if all others give what they can; "": it fits.
    Reserves are never lent (rule 4); the missing evidence of each is named. What unmeasured EVSEs draw is no other load here. External
    limits and the grant of a parent are left out: they change."""
    shed, ledger = guard.plan.shed, guard.ledger
    for key in s.on_keys:
        if key // guard.site.phases >= len(guard.site.circuits):
            continue
        other_da = ledger.low_other_da[key]
        left_da = ledger.cap_da[key] - other_da - ledger.permits.most_of(s, least_da) * s.on_keys.count(key)
        text, gaps = "", []
        for t in ledger.evse_states:
            kept_da = keeps_da(shed, t, s) * t.on_keys.count(key) + t.reserve_da * t.off_keys.count(key) if t is not s else 0
            left_da -= kept_da
            if kept_da:
                text += " − %s%s %s" % ("reserve " if keeps_da(shed, t, s) == t.reserve_da else "", t.evse.name, amps(kept_da))
                gaps += ["%s: %s" % (t.evse.name, gap) for gap in guard.gaps(t.index)[:1]]
        if left_da < 0:
            if other_da:
                text = " − other load " + amps(other_da) + _meter_note(guard, key // guard.site.phases, key % guard.site.phases) + text
            head = text_of % (_order(guard, s, least_da), guard.site.phase_name(key), amps(ledger.cap_da[key]))
            return "; ".join([head + text] + gaps)
    return ""


def _surplus(guard: "ExplainableGuard", s: "EvseState") -> str:
    """The solar surplus that is below the minimum of this EVSE; "": the surplus suffices, or does not matter here."""
    solar = guard.optional.solar_surplus
    return solar.shortage(s.index) if solar is not None else ""


def _foreign(guard: "ExplainableGuard", s: "EvseState") -> "list[str]":
    """A foreign write was seen on its line (rule 9): readings there are no proof until the writes have ended."""
    wrote_ms = guard.ledger.permits.foreign_ms.get(s.evse.bus)
    if wrote_ms is None or guard.now_ms - wrote_ms > FOREIGN_MS:
        return []
    return ["another client wrote on its bus %d s ago; find and disconnect it" % ((guard.now_ms - wrote_ms) // 1000)]


def _own_limit(guard: "ExplainableGuard", s: "EvseState") -> str:
    """The limit of this EVSE alone: the lowest of its limit sources and its setting."""
    for value, source in guard.limits.sources_of("evse", s.index):
        if value < s.evse.limit_da:
            return "limit by %s %s" % (source, amps(value))
    return "limit of %s (%s)" % (s.evse.name, amps(s.evse.limit_da))


def _cannot_begin(guard: "ExplainableGuard", s: "EvseState") -> bool:
    """Its share is no matter of turns: its least order lacks its margin."""
    plan, least_da = guard.plan, s.evse.min_da
    lacks = max([shortfall_da(guard.ledger, s, key, least_da) for key in s.on_keys]) > 0
    return lacks and (plan.goal_da[s.index] > 0 or plan.preemption.blocked(s, least_da))


def _no_margin(guard: "ExplainableGuard", s: "EvseState") -> str:
    """Why the order is not sent: the circuit and phase with the least margin, and what each EVSE may still draw there. The missing evidence
    of each reserve is named."""
    ledger = guard.ledger
    best, least = s.on_keys[0], 1 << 20
    for key in s.on_keys:
        left = ledger.margin.free_da(key)
        if left < least:
            best, least = key, left
    text = "no margin: %s (%s)" % (guard.site.phase_name(best), amps(ledger.cap_da[best]))
    if ledger.other_da[best]:
        text += " − other load " + amps(ledger.other_da[best])
    text, gaps = text + _meter_note(guard, best // guard.site.phases, best % guard.site.phases), []
    for other in ledger.evse_states:
        load_da, reserve = other.bound_da * other.on_keys.count(best), other.bound_da == other.reserve_da
        if load_da:
            text += " − %s%s %s" % ("reserve " if reserve else "", other.evse.name, amps(load_da))
        if load_da and reserve and other is not s:
            gaps += ["%s: %s" % (other.evse.name, gap) for gap in guard.gaps(other.index)[:1]]
    return "; ".join([text] + gaps)


def _meter_note(guard: "ExplainableGuard", circuit: int, phase: int = -1) -> str:
    """Why the meter of this circuit does not count on this phase (-1: on any), or one below whose other load counts here, and what a person
    does about it; "": all count, or there is none."""
    site, text = guard.site, ""
    for c in site.circuits if 0 <= circuit < len(site.circuits) else ():
        reason = _suspicion(guard, c.index, phase)
        if guard.needs_inspection(c.index) or guard.meter_state(c.index) == "lost":
            reason = guard.meter_reason(c.index) + (", then `trust %s`" % c.name if guard.needs_inspection(c.index) else "")
        if reason and _counts_in(guard, circuit, c.index):
            text += " (meter%s: %s)" % ("" if c.index == circuit else " of " + c.name, reason)
    return text


def _suspicion(guard: "ExplainableGuard", circuit: int, phase: int) -> str:
    """Its meter is suspected, and what counts without it is more than it shows; "": it does not matter."""
    other, first = guard.other, circuit * guard.site.phases
    lines = ["L%d" % (p + 1) for p in range(guard.site.phases) if phase in (-1, p) and other.floor_da[first + p] > other.shown_da[first + p]]
    return "it awaits a test step of the EVSEs on " + ", ".join(lines) if lines else ""


def _counts_in(guard: "ExplainableGuard", circuit: int, below: int) -> bool:
    """Is it this circuit, or one below it with no trusted meter in between (3.4)?"""
    while below >= 0 and below != circuit:
        below = guard.site.circuits[below].parent
        if below >= 0 and guard.meter_state(below) == "ok":
            return False
    return below == circuit


def _tightest(guard: "ExplainableGuard", s: "EvseState", planned_da: "list[int]") -> "tuple[int, int]":
    """(flat index, what is left there) of the circuit and phase with the least left."""
    best, least = s.on_keys[0], 1 << 20
    for key in s.on_keys:
        left = cap_da(guard, key) - guard.other.carried_da(key) - _sum_da(guard, key, planned_da)
        if left < least:
            best, least = key, left
    return best, least


def _outside(guard: "ExplainableGuard", s: "EvseState", most_da: int) -> str:
    """The external limit on the sum of the EVSEs that leaves it no more than the tightest circuit does, most_da; "": none."""
    limits, best = guard.limits, ""
    ordered_da = [guard.plan.shed.ordered_da(o) for o in guard.ledger.evse_states]  # a reserve is no load on an external limit
    if limits.has_chargers:
        for key in s.on_keys:
            left = (limits.chargers_da[key] - _sum_da(guard, key, ordered_da)) // s.on_keys.count(key) + ordered_da[s.index]
            if left <= most_da:
                most_da = left
                source = limits.sources_of("chargers", key // guard.site.phases)
                best = "limit by %s %s" % (source[0][1], amps(limits.chargers_da[key]))
                best += _others(guard, s, [(o, o.on_keys.count(key)) for o in guard.ledger.evse_states], ordered_da)
    for row in limits.constraints:
        weight = row.weights[s.index]
        if weight:
            left = (row.cap_da - sum([da * row.weights[e] for e, da in enumerate(ordered_da)])) // weight + ordered_da[s.index]
            if left <= most_da:
                most_da = left
                best = row.describe() + _meter_note(guard, row.circuit)
                best += _others(guard, s, [(o, row.weights[o.index]) for o in guard.ledger.evse_states], ordered_da)
    return best


def _below_reserves(guard: "ExplainableGuard", s: "EvseState", want_da: int, key: int, slack: int) -> str:
    """Reserves and other load exceed the rating, so what counts is what orders leave (3.5); "": they do not."""
    ordered_da = [guard.plan.shed.ordered_da(other) for other in guard.ledger.evse_states]
    reserves_da = _sum_da(guard, key, [other.reserve_da for other in guard.ledger.evse_states])
    if not want_da or slack >= 0 or reserves_da + guard.other.carried_da(key) <= cap_da(guard, key):
        return ""
    return _circuit(guard, s, key, ordered_da) + "; below the reserves, which exceed it with the other load"


def cap_da(guard: "ExplainableGuard", key: int) -> int:
    """What a circuit and phase (flat index) may carry, in da: the rating in force (rule 15), or a lower external limit (section 5)."""
    return min(guard.ledger.cap_da[key], guard.limits.circuit_da[key])


def _sum_da(guard: "ExplainableGuard", key: int, planned_da: "list[int]") -> int:
    """What all plans come to on one circuit and phase."""
    total = 0
    for s in guard.ledger.evse_states:
        planned = planned_da[s.index]
        if planned:
            total += planned * s.on_keys.count(key)
    return total


def _circuit(guard: "ExplainableGuard", s: "EvseState", key: int, planned_da: "list[int]") -> str:
    """`garage L2 (63.0 A) − other load 31.2 A − …`: rating, other load, and each other EVSE on it."""
    text = "%s (%s)" % (guard.site.phase_name(key), amps(cap_da(guard, key)))
    if guard.limits.circuit_da[key] < guard.ledger.cap_da[key]:
        sources = guard.limits.sources_of("circuit", key // guard.site.phases)
        text += " by " + sources[0][1]
    other_da, low_da = guard.other.carried_da(key), guard.ledger.low_other_da[key]
    if low_da < other_da and guard.want_da[s.index] and _sum_da(guard, key, planned_da) + other_da > cap_da(guard, key):
        text += " − other load %s (%s with the current of EVSEs that do not measure it)" % (amps(low_da), amps(other_da))
    elif other_da:
        text += " − other load " + amps(other_da)
    text += _meter_note(guard, key // guard.site.phases, key % guard.site.phases)
    return text + _others(guard, s, [(other, other.on_keys.count(key)) for other in guard.ledger.evse_states], planned_da)


def _others(guard: "ExplainableGuard", s: "EvseState", loads: "list[tuple[EvseState, int]]", planned_da: "list[int]") -> str:
    """` − evse-1 10.0 A − reserve evse-7 6.0 A`: the planned currents of the other EVSEs there."""
    text = ""
    for other, count in loads:
        planned = planned_da[other.index]
        if other is not s and planned and count:
            reserve = planned == other.reserve_da and guard.want_da[other.index] < planned
            text += " − %s%s %s" % ("reserve " if reserve else "", other.evse.name, amps(planned * count))
            if planned == guard.plan.reservations.da[other.index] and not reserve:
                text += " (%s)" % guard.plan.reservations.text(other.index, guard.now_ms)
    if s.overdraw_da and guard.want_da[s.index]:
        text += " − %s that its car takes above its order" % amps(_above_da(guard, s, guard.want_da[s.index]))
    return text


def _above_da(guard: "ExplainableGuard", s: "EvseState", order_da: int) -> int:
    return guard.ledger.bounds.with_overdraw_da(s, order_da) - order_da
