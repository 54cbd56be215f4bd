"""What the journal keeps of meters: what one has seen, and what counts against it, belongs to the meter at an address (3.2, 3.3, rule 15).

It counts at the circuit that this meter measures now. If its address left, at the circuit with the name that it had, else at each circuit that is new
by name; in the last case, and where that circuit has no meter, it is also kept until the meter returns.
"""

from ampacity.circuit.trusted.metering.meter_trust import ints
from ampacity.circuit.trusted.site.migration import dicts, place

if False:  # for the type checker
    from typing import Any

    Record = dict[str, Any]

GONE_MAX = 64


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

    def load(self, kept: "Record", fresh: "list[str]") -> None:
        """kept: the journal; fresh: circuits that are new by name. What does not have the expected form is left out."""
        assumed: "Record" = _object(kept.get("assumed"))
        meters, names = _object(kept.get("meters")), {c.name: c.index for c in self.site.circuits if not c.removed}
        records = [dict(each) for each in dicts(kept.get("meters_gone"))]
        records += [dict(_object(meters[name]), name=name, assumed=assumed.get(name)) for name in sorted(meters)]
        for record in records:
            if not isinstance(record.get("at"), str):
                record["at"] = None  # of an earlier version
        for record in records:
            at, name = record["at"], str(record.get("name"))
            places = [self.at[at]] if at in self.at else [names[name]] if name in names else [names[each] for each in fresh]
            for c in places:
                self._count(c, record)
            is_taken = at in self.at or name in names and self.other.estimators[names[name]] is not None
            if at is not None and not is_taken and _says(record):
                self.left = self.left[1 - GONE_MAX :] + [(record, places)]
        for name in assumed:
            index = [c.index for c in self.site.circuits if c.name == name and (c.removed or self.other.estimators[c.index] is None)]
            for c in index + ([names[each] for each in fresh] if not records and name not in names else []):
                self._assume(c, assumed[name])
        for c in self.site.leaves_first:
            for key in range(c * self.site.phases, (c + 1) * self.site.phases):
                self.other.add_up(key)

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


def _object(value: object) -> "Record":
    return value if isinstance(value, dict) else {}


def _says(record: "Record") -> bool:
    seen = record.get("seen")
    return bool(record.get("trust") or record.get("assumed")) or any([bucket != [0] * len(bucket) for bucket in _lists(seen)])


def _lists(value: object) -> "list[Any]":
    return [each for each in value if isinstance(each, list)] if isinstance(value, list) else []
