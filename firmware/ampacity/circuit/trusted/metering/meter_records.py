"""What the journal keeps of meters: what one has seen, and what counts against it, belongs to the meter at an address (3.2, 3.3, rule 15).

It counts at the circuit that this meter measures now. If its address left, at the circuit with the name that it had, else at each circuit that is new
by name in this change; it is also kept until the meter returns. A circuit whose EVSEs were at others before is another circuit.
"""

from ampacity.circuit.trusted.metering.meter_trust import ints
from ampacity.circuit.trusted.site.migration import address, dicts, place

if False:  # for the type checker
    from typing import Any

    Record = dict[str, Any]

GONE_MAX = 64
ROOT = -1


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
        assumed, meters = _object(kept.get("assumed")), _object(kept.get("meters"))
        names = {c.name: c.index for c in self.site.circuits if not c.removed}
        before = _before(facts, kept.get("site"))
        for gone in dicts(kept.get("meters_gone")):
            name = gone.get("name")
            places = [names[name]] if name in names else []
            self._load_record(dict(gone), places, name in fresh)
        known = [self.at[row["at"]] for row in [_object(meters[name]) for name in meters] if row.get("at") in self.at]
        new = [names[name] for name in fresh if names[name] not in known]
        for name in sorted(meters):
            record = dict(_object(meters[name]), name=name, assumed=assumed.get(name))
            places = [names[name]] if name in names else [c for c in new if not self._is_other(c, name, before)]
            self._load_record(record, places, True)
        for c in self.site.circuits:
            at = _object(meters.get(c.name)).get("at")
            went = at in self.at and self.at[at] != c.index and self._is_other(c.index, c.name, before)  # the name is now that of another circuit
            if c.removed or self.other.estimators[c.index] is None and not went:
                self._assume(c.index, assumed.get(c.name))
        for name in _object(_object(kept.get("site")).get("circuits")):
            for c in new if name not in names and name not in meters else ():
                if not self._is_other(c, name, before):
                    self._assume(c, assumed.get(name))
        for c in self.site.leaves_first:
            for key in range(c * self.site.phases, (c + 1) * self.site.phases):
                self.other.add_up(key)

    def _load_record(self, record: "Record", places: "list[int]", counts: bool) -> None:
        """places: where it counts if the address of its meter is no longer in the site."""
        at = record.get("at")
        if at in self.at:
            places, counts = [self.at[at]], True
        for c in places if counts else ():
            self._count(c, record)
        if isinstance(at, str) and at not in self.at and _says(record):
            if len(places) == 1:
                record["name"] = self.site.circuits[places[0]].name  # which has it now
            self.left = self.left[1 - GONE_MAX :] + [(record, places)]

    def _is_other(self, c: int, name: str, before: "dict[int, Any]") -> bool:
        """Is circuit c by its EVSEs not the one that had this name? before: of `_before`."""
        if ROOT in before and (self.site.circuits[c].parent < 0) != (name == before[ROOT]):
            return True
        there = [e for e in before if e != ROOT and before[e] == name]
        here = [e for e in before if e != ROOT and self.site.evses[e].circuit == c]
        return bool(there or here) and not any([e in here for e in there])

    def _count(self, c: int, record: "Record") -> None:
        estimator = self.other.estimators[c]
        self._assume(c, record.get("assumed"))
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
            self.other.ledger.assumed_da[key] = self.other.alarm_da[key] = max(self.other.ledger.assumed_da[key], da)

    def forget(self, circuit: int, fields: "tuple[str, ...]") -> None:
        """A person says otherwise of this circuit."""
        for record, places in self.left:
            for field in fields if circuit in places else ():
                record.pop(field, None)


def _before(facts: "Record", shape: object) -> "dict[int, Any]":
    """{EVSE of this site: the name of the circuit that it was directly at, ROOT: that of the former root}, as far as known."""
    found: "dict[int, Any]" = {}
    here = {address(facts, evse): i for i, evse in enumerate(facts["evses"])}
    evses = _object(_object(shape).get("evses"))
    for entry in dicts([evses[name] for name in sorted(evses)]):
        path: Any = entry.get("path")
        if isinstance(path, list) and path:
            found[ROOT] = path[-1]
            if entry.get("at") in here:
                found[here[entry["at"]]] = path[0]  # type: ignore[index]
    return found


def _object(value: object) -> "Record":
    return value if isinstance(value, dict) else {}


def _says(record: "Record") -> bool:
    seen = record.get("seen")
    return bool(record.get("trust") or record.get("assumed")) or any([bucket != [0] * len(bucket) for bucket in _lists(seen)])


def _lists(value: object) -> "list[Any]":
    return [each for each in value if isinstance(each, list)] if isinstance(value, list) else []
