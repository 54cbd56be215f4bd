"""What must outlive a restart, as JSON-able data, and a ledger that begins with it.

Evidence per EVSE, the other load that is assumed, what counts against meters and devices, the shape of the site (rule 15).
"""

from ampacity.circuit.trusted.bounds import OVER_DA
from ampacity.circuit.trusted.device.escalation import CONTACTOR
from ampacity.circuit.trusted.device.unused_phases import HINTS_MAX
from ampacity.circuit.trusted.site.migration import address, dicts, shape_of

if False:  # for the type checker
    from typing import Any

    from ampacity.circuit.trusted.device.evse_state import EvseState
    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.other_load import OtherLoad
    from ampacity.circuit.trusted.site.migration import SiteMigration
    from ampacity.circuit.trusted.site.tree import Site

LEFT_MAX = 64


def dump(ledger: "Ledger", other: "OtherLoad", facts: "dict[str, Any]") -> "dict[str, object]":
    """Evidence per EVSE, assumed other load, the structure of the site (rule 15), lock-outs, how cars follow."""
    evses = {s.evse.name: s.evidence.dump() for s in ledger.evse_states if not s.evse.removed}
    site = ledger.site
    assumed = _more(site, ledger.assumed_da, site.assumed_da)
    here = _more(site, other.assumed_here_da, [da for c in site.circuits for da in c.assumed_da])
    kept = {"format": 1, "evses": evses, "assumed": assumed, "assumed_here": here, "site": shape_of(ledger, facts)}
    locked = {s.evse.name: s.escalation_level for s in ledger.evse_states if s.escalation_level >= CONTACTOR}
    if locked:
        kept["locked"] = locked
    overdrawn = {s.evse.name: s.overdraw_kept_da() for s in ledger.evse_states if s.overdraw_da and not s.evse.removed}
    if overdrawn:
        kept["overdraw"] = overdrawn
    came_back = ledger.bounds.unused_phases.came_back
    used_again = [s.evse.name for s in ledger.evse_states if came_back[s.index] >= HINTS_MAX and not s.evse.removed]
    if used_again:
        kept["used_again"] = used_again
    kept.update(other.records.dump())
    away = [row_of(s, address(facts, facts["evses"][s.index])) for s in ledger.evse_states if s.isolated and not s.evse.removed]
    left = ledger.left + [row for row in away if row is not None]  # a person may take these out of the site file next
    if left:
        kept["left"] = left
    swapped = [s.evse.name for s in ledger.evse_states if s.locked == "swapped"]
    if swapped:
        kept["swapped"] = swapped
    return kept


def _more(site: "Site", values: "list[int]", declared: "list[int]") -> "dict[str, object]":
    """By circuit: where more than the site file declares is assumed, because it was seen (3.3). What was only declared is no
    evidence: in a changed site it would count a second time under the old name of a circuit."""
    found: "dict[str, object]" = {}
    for c in site.circuits:
        first, end = c.index * site.phases, (c.index + 1) * site.phases
        if values[first:end] != declared[first:end]:
            found[c.name] = values[first:end]
    return found


def load(ledger: "Ledger", other: "OtherLoad", kept: "dict[str, Any]", change: "SiteMigration | None", facts: "dict[str, Any]", now_ms: int) -> None:
    """What does not have the expected form is left out: unknown is the safe side. facts: the site's own."""
    for s in ledger.evse_states:
        if not s.evse.removed:
            _load_evidence(ledger, s, kept, change, now_ms)
    _load_left(ledger, kept, facts, now_ms)
    other.records.load(kept, change.fresh if change is not None else [], facts)
    for s in ledger.evse_states:
        s.book.add_unknown(ledger.bounds.hardware_da(s), now_ms)
        ledger.bounds.update(s)
    if change is not None:
        change.apply(ledger, now_ms)
    ledger.bounds.sum_up(ledger.sums)
    ledger.margin.budget_ms = ledger.margin.exposure_ms()


def row_of(s: "EvseState", at: str) -> "dict[str, Any] | None":
    """What speaks against this device, or was seen in tests of it; None: nothing."""
    level = s.escalation_level if s.escalation_level >= CONTACTOR else 0
    row = {"at": at, "level": level, "swapped": s.locked == "swapped", "tests": s.evidence.dump()}
    return row if row["level"] or row["swapped"] or s.evidence.distrusted or s.evidence.seen else None


def _load_left(ledger: "Ledger", kept: "dict[str, Any]", facts: "dict[str, Any]", now_ms: int) -> None:
    """What speaks against a device that is not in the site file is kept for its return, by its address (rules 8, 10 and 15)."""
    shape: Any = kept.get("site")
    evses, locked, swapped = [kept.get(key) for key in ("evses", "locked", "swapped")]
    here = {address(facts, evse): i for i, evse in enumerate(facts["evses"])}
    rows: "dict[str, Any]" = {str(row["at"]): row for row in dicts(kept.get("left")) if isinstance(row.get("at"), str)}
    entries: Any = shape.get("evses") if isinstance(shape, dict) else None
    for name in entries if isinstance(entries, dict) else ():
        at = entries[name].get("at") if isinstance(entries[name], dict) else None
        level, known = [each.get(name) if isinstance(each, dict) else None for each in (locked, evses)]
        is_swapped, tests = isinstance(swapped, list) and name in swapped, known if isinstance(known, dict) else {}
        if isinstance(at, str) and at not in here and (level or is_swapped or tests.get("distrusted") or tests.get("seen")):
            rows[at] = {"at": at, "level": level or 0, "swapped": is_swapped, "tests": tests}
    for at in [at for at in rows if at in here]:
        s, row = ledger.evse_states[here[at]], rows.pop(at)
        if isinstance(row.get("tests"), dict):
            s.evidence.load(row["tests"])
        if isinstance(row.get("level"), int) and row["level"]:
            ledger.bounds.escalation.lock(s, row["level"], now_ms)
        if row.get("swapped"):
            s.locked, s.swap_kept = "swapped", True
    ledger.left = [rows[at] for at in sorted(rows)][-LEFT_MAX:]


def _load_evidence(ledger: "Ledger", s: "EvseState", kept: "dict[str, object]", change: "SiteMigration | None", now_ms: int) -> None:
    """What is known of the device at its address, whatever it was called; what speaks against its name counts, too."""
    evses, locked = kept.get("evses"), kept.get("locked")
    name = s.evse.name
    was = name if change is None else change.name_before(s.index, name)
    known = evses.get(was) if isinstance(evses, dict) else None
    if isinstance(known, dict):
        s.evidence.load(known)
    named = evses.get(name) if isinstance(evses, dict) else None
    if isinstance(named, dict) and named.get("distrusted"):
        s.evidence.distrusted = True
    swapped = kept.get("swapped")
    rungs = [locked[each] for each in (was, name) if isinstance(locked, dict) and isinstance(locked.get(each), int)]
    if rungs:
        ledger.bounds.escalation.lock(s, max(rungs), now_ms)
    overdrawn = kept.get("overdraw")
    overdraw_da = overdrawn.get(was) if isinstance(overdrawn, dict) else None
    if isinstance(overdraw_da, int) and 0 < overdraw_da:
        s.overdraw_da = min(overdraw_da, max(OVER_DA, s.evse.max_da // 10))
    used_again = kept.get("used_again")
    if isinstance(used_again, list) and was in used_again:
        ledger.bounds.unused_phases.came_back[s.index] = HINTS_MAX
    if isinstance(swapped, list) and was in swapped:
        s.locked, s.swap_kept = "swapped", True
