"""What the journal keeps of meters: what one has seen, and what counts against it, belongs to the meter at an address (3.2, 3.3, rule 15).

It counts at the circuit that this meter measures now, and what was assumed also where its circuit is. If its address left, it counts at the circuit
with the name that it had, else at that with the same EVSEs, else at each new name at or below the innermost that has its EVSEs, else at that; it
is also kept until the meter returns, and what was assumed until the name does.
"""

from ampacity.circuit.trusted.metering.meter_trust import ints
from ampacity.circuit.trusted.site.migration import address, dicts, place

if False:  # for the type checker
    from typing import Any

    Record = dict[str, Any]

GONE_MAX = 64


class Before:
    """Which circuit of the former site is which of this one, by the EVSEs below it. shape: of the former site, as the journal has it.

    `fresh`: circuits that are new by name; `known`: those whose meter was at another circuit, or at this one.
    """

    def __init__(self, site: "Any", facts: "Record", shape: "Record") -> None:
        self.site = site
        self.fresh: "list[int]" = []
        self.known: "list[int]" = []
        self.was: "dict[int, list[object]]" = {}  # of each EVSE that was in the site: its path
        here = {address(facts, evse): i for i, evse in enumerate(facts["evses"])}
        self.paths: "list[list[object]]" = []
        evses = _object(shape.get("evses"))
        names = [c.name for c in site.circuits if not c.removed]
        self.is_changed = any([name not in names for name in _object(shape.get("circuits"))])
        for entry in dicts([evses[name] for name in sorted(evses)]):
            path, at = entry.get("path"), _text(entry.get("at"))
            if isinstance(path, list):
                self.paths.append(path)
                if at in here:
                    self.was[here[at]] = path
                    self.is_changed = self.is_changed or path != [site.circuits[c].name for c in site.paths[site.evses[here[at]].circuit]]

    def successors(self, name: str, c: int, is_here: bool) -> "list[int]":
        """Where what was assumed at the former circuit of this name counts now. c: the present one of this name, or -1; is_here: the meter that
        it had is in the site.

        Where EVSEs say that c is another circuit it counts at both, unless a meter says so, too.
        """
        if c >= 0 and not self._is_other(c, name):
            return [c]
        circuits = [each for each in self.site.circuits if not each.removed and each.index != c and each.index not in self.known]
        new = [each.index for each in circuits if each.index in self.fresh or self._is_other(each.index, each.name)]
        then = self._then(name)
        same = [index for index in new if then and self._now(index) == then]
        if c >= 0:
            return same + ([] if is_here or c in self.known else [c])
        around = [index for index in self.site.leaves_first if then and all([e in self._now(index) for e in then])][:1]
        if not same:
            same = [index for index in new if index in self.fresh and not self._is_other(index, name)]
            same = [index for index in same if not around or around[0] in self.site.paths[index]]
        return same or around

    def together(self, values: "dict[str, list[int]]") -> "list[int]":
        """What is assumed of a circuit that several former ones are now. values: by the name of each. What was below another is part of that."""
        total: "list[int]" = []
        for name in values:
            if not any([name in path and other in path[path.index(name) + 1 :] for other in values for path in self.paths]):
                total = [a + b for a, b in zip(total, values[name])] if total else values[name]
        for name in values:
            total = [max(a, b) for a, b in zip(total, values[name])]
        return total

    def _is_other(self, c: int, name: str) -> bool:
        """Has circuit c none of the EVSEs that were below the circuit of this name? False if nothing is known of either."""
        then, now = self._then(name), self._now(c)
        return bool(then or now) and not any([e in now for e in then])

    def _then(self, name: str) -> "list[int]":
        return [e for e in sorted(self.was) if name in self.was[e]]

    def _now(self, c: int) -> "list[int]":
        return [e for e in sorted(self.was) if c in self.site.paths[self.site.evses[e].circuit]]


class MeterRecords:
    """`left`: (record, circuits where it counts) of meters that left. other: the OtherLoad that it belongs to; facts: the compiled site's own."""

    def __init__(self, other: "Any", facts: "Record") -> None:
        self.other = other
        self.site = other.site
        self.at: "dict[str, int]" = {}
        for e in other.metered:
            at = place(facts, facts["meters"][self.site.circuits[e.circuit].meter])
            self.at[at if at not in self.at else at + "+" + self.site.circuits[e.circuit].name] = e.circuit
        self.left: "list[tuple[Record, list[int]]]" = []
        self.merged: "dict[int, dict[str, list[int]]]" = {}
        self.known: "list[int]" = []

    def dump(self) -> "Record":
        """JSON-able: {"meters": {circuit: {"at", "seen", "trust"}}, "meters_gone": […]}, what is empty left out."""
        kept = {}
        for at in self.at:
            estimator: Any = self.other.estimators[self.at[at]]
            kept[self.site.circuits[self.at[at]].name] = {"at": at, "seen": self.other.seen_whole(estimator), "trust": estimator.trust.dump()}
        found: "Record" = {"meters": kept} if kept else {}
        gone = [record for record, _ in self.left if len(record) > 2]  # more than its address and name
        return dict(found, meters_gone=gone) if gone else found

    def load(self, kept: "Record", fresh: "list[str]", facts: "Record") -> None:
        """kept: the journal; fresh: circuits that are new by name. What does not have the expected form is left out."""
        assumed, meters, here = _object(kept.get("assumed")), _object(kept.get("meters")), _object(kept.get("assumed_here"))
        names = {c.name: c.index for c in self.site.circuits if not c.removed}
        shape = _object(kept.get("site"))
        circuits = _object(shape.get("circuits"))
        before = Before(self.site, facts, shape)
        before.fresh = [names[name] for name in fresh]
        self.known = before.known = [self.at[at] for at in [_text(_object(meters[name]).get("at")) for name in meters] if at in self.at]
        for gone in dicts(kept.get("meters_gone")):
            name = _text(gone.get("name"))
            c = names.get(name, -1)
            places = [c] if c >= 0 else before.successors(name, -1, False) if name in circuits else []
            is_metered = name not in meters and any([self.other.estimators[place] is not None for place in places])
            self._load_record(dict(gone), places, c not in before.known and (name in fresh or is_metered), name in names or name in circuits, True)
        for name in sorted(meters) + sorted([name for name in circuits or assumed if name not in meters]):
            whole = before.is_changed or here is not kept.get("assumed_here")
            values = assumed.get(name, here.get(name)) if whole else here.get(name)  # of a circuit that changes, what was below it, too
            record = dict(_object(meters.get(name)), name=name, assumed=values)
            at, c = _text(record.get("at")), names.get(name, -1)
            is_same = at in self.at and self.at[at] == c  # name and meter as before
            self._load_record(record, [] if is_same else before.successors(name, c, at in self.at), True, c >= 0, False)
        for c in self.merged:
            self._assume(c, before.together(self.merged[c]))
        self.merged = {}
        for circuit in self.site.circuits:
            if circuit.removed:
                self._assume(circuit.index, assumed.get(circuit.name))
        for c in self.site.leaves_first:
            for key in range(c * self.site.phases, (c + 1) * self.site.phases):
                self.other.add_up(key)

    def _load_record(self, record: "Record", places: "list[int]", counts: bool, is_named: bool, is_left: bool) -> None:
        """places: where it counts, too, or if the address of its meter is no longer in the site; is_named: a circuit has its name, now or until now;
        is_left: it left at an earlier change, so what others have of it is no second load."""
        at, name, values = _text(record.get("at")), _text(record.get("name")), ints(record.get("assumed"), self.site.phases) or []
        at_c = [self.at[at]] if at in self.at else []
        counted = at_c + [c for c in (places if counts else []) if c not in at_c]
        for c in counted if values else ():
            if places in ([], [c]) and not is_left:
                self.merged.setdefault(c, {})[name] = values
            else:
                self._assume(c, values)
        for c in at_c or [c for c in counted if c not in self.known]:
            self._count(c, record)
        if at and not at_c and _says(record):
            if len(places) == 1:
                record["name"] = self.site.circuits[places[0]].name  # which has it now
            is_named = is_named or record.get("name") == name
            self._leave(record, places)
        if not is_named and values:
            self._leave({"at": "", "name": name, "assumed": values}, places)

    def _leave(self, record: "Record", places: "list[int]") -> None:
        if len(self.left) >= GONE_MAX:
            self.left.remove(([row for row in self.left if not row[0].get("at")] or self.left)[0])  # what has no meter first
        self.left.append((record, places))

    def _count(self, c: int, record: "Record") -> None:
        estimator = self.other.estimators[c]
        if estimator is not None:
            estimator.trust.load(record.get("trust"))
            seen = record.get("seen")
            for bucket, values in zip(self.other.seen_da, seen if isinstance(seen, list) and len(seen) == len(self.other.seen_da) else []):
                for p, da in enumerate(ints(values, self.site.phases) or ()):
                    key = estimator.base + p
                    bucket[key] = max(bucket[key], da)
                    self.other.greatest_da[key] = max(self.other.greatest_da[key], da)

    def _assume(self, c: int, values: object) -> None:
        for p, da in enumerate(ints(values, self.site.phases) or ()):
            key = c * self.site.phases + p
            self.other.assumed_here_da[key] = max(self.other.assumed_here_da[key], da)
            self.other.ledger.assumed_da[key] = self.other.alarm_da[key] = max(self.other.ledger.assumed_da[key], da)

    def forget(self, circuit: int, fields: "tuple[str, ...]") -> None:
        """A person says otherwise of this circuit."""
        for record, places in self.left:
            for field in fields if circuit in places else ():
                record.pop(field, None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> "Record":
    return value if isinstance(value, dict) else {}


def _says(record: "Record") -> bool:
    seen = record.get("seen")
    return bool(record.get("trust") or record.get("assumed")) or any([bucket != [0] * len(bucket) for bucket in _lists(seen)])


def _lists(value: object) -> "list[Any]":
    return [each for each in value if isinstance(each, list)] if isinstance(value, list) else []
