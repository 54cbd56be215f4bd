"""A changed site (rule 15): old and new both hold until every EVSE touched was proven paused or isolated.

The journal keeps the shape of the site as it was last run: ratings by circuit name, and for each EVSE its
path and terminals. A start with another shape counts a moved EVSE on the union of its old and new circuits
and phases, and a changed circuit at the smaller of its ratings, until everybody concerned was proven at 0.
Until then the journal keeps the older shapes beside the new one: the primary may restart again before that.
"""

from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.standing import Standing


def shape_of(ledger: Ledger) -> "dict[str, object]":
    """JSON-able: what rule 15 compares; "before": the older shapes that still hold."""
    shape = _present(ledger)
    if _holds_old(ledger):
        shape["before"] = [old for old in ledger.older_shapes if old != shape]
    return shape


def _present(ledger: Ledger) -> "dict[str, object]":
    site = ledger.site
    circuits = {c.name: list(c.rating_da) for c in site.circuits}
    evses = {}
    for s in ledger.standings:
        path = [site.circuits[c].name for c in site.paths[s.evse.circuit]]
        evses[s.evse.name] = {"path": path, "terminals": [list(t) for t in s.evse.terminals]}
    return {"circuits": circuits, "evses": evses}


def hold_old_site(ledger: Ledger, old: object) -> None:
    """Add what the old shape asks for to the fresh ledger. old: what shape_of gave, or anything."""
    if not isinstance(old, dict):
        return
    before = old.get("before")
    for shape in [old] + (before if isinstance(before, list) else []):
        if isinstance(shape, dict):
            shape = {"circuits": shape.get("circuits"), "evses": shape.get("evses")}
            if shape not in ledger.older_shapes:
                ledger.older_shapes.append(shape)
                _hold_shape(ledger, shape)


def _holds_old(ledger: Ledger) -> bool:
    if ledger.cap_da != ledger.site.rating_da:
        return True
    for s in ledger.standings:
        if s.old_keys:
            return True
    return False


def _hold_shape(ledger: Ledger, old: "dict[str, object]") -> None:
    circuits, evses = old.get("circuits"), old.get("evses")
    if isinstance(circuits, dict):
        _rule_15_ratings(ledger, circuits)
    if isinstance(evses, dict):
        for s in ledger.standings:
            known = evses.get(s.evse.name)
            if isinstance(known, dict):
                _rule_15_path(ledger, s, known)


def _rule_15_ratings(ledger: Ledger, circuits: "dict[str, list[int]]") -> None:
    site = ledger.site
    for c in site.circuits:
        old = circuits.get(c.name)
        if isinstance(old, list) and len(old) == site.phases:
            for p, da in enumerate(old):
                key = c.index * site.phases + p
                if da != site.rating_da[key]:
                    ledger.cap_da[key] = min(da, ledger.cap_da[key])


def _rule_15_path(ledger: Ledger, s: Standing, known: "dict[str, object]") -> None:
    site = ledger.site
    index = {c.name: c.index for c in site.circuits}
    path, terminals = known.get("path"), known.get("terminals")
    if not isinstance(path, list) or not isinstance(terminals, list):
        return
    keys = []
    for name in path:
        if name in index:
            keys += [index[name] * site.phases + p for t in terminals for p in t if 0 <= p < site.phases]
    s.old_keys += tuple([key for key in keys if key not in s.on_keys and key not in s.old_keys])


def still_changing(ledger: Ledger) -> bool:
    """Let go of the old shape where it is proven empty. True if something was let go."""
    moved = False
    for s in ledger.standings:
        if s.old_keys and paused(s):
            ledger.bounds.add_to(ledger.sums, s, -1)
            s.old_keys = ()
            ledger.bounds.add_to(ledger.sums, s, 1)
            moved = True
    if ledger.cap_da != ledger.site.rating_da:
        moved = _free_ratings(ledger) or moved
    return moved


def paused(s: Standing) -> bool:
    """Proven paused and settled in this life, or declared isolated: nothing of the old is left in it."""
    return s.isolated or s.paused_proven


def _free_ratings(ledger: Ledger) -> bool:
    site, freed = ledger.site, False
    for key in range(site.size):
        if ledger.cap_da[key] != site.rating_da[key]:
            below = site.below[key // site.phases]
            if all([paused(ledger.standings[e]) for e in below]):
                ledger.cap_da[key] = site.rating_da[key]
                freed = True
    return freed
