"""What the journal keeps of meters: what one has seen, and what counts against it, belongs to the meter at an address (3.2, 3.3, rule 15).

It counts at the circuit that this meter measures now, and what was assumed also where its circuit is. If its address left, it counts at the circuit
with the name that it had, else at that with the same EVSEs, else at each that is new by name in this change; it is also kept until the meter returns.
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
        evses = _object(shape.get("evses"))
        for entry in dicts([evses[name] for name in sorted(evses)]):
            path, at = entry.get("path"), _text(entry.get("at"))
            if isinstance(path, list) and at in here:
                self.was[here[at]] = path

    def successors(self, name: str, c: int, is_here: bool) -> "list[int]":
        """Where what was assumed at the former circuit of this name counts now. c: the present one of this name, or -1; is_here: the meter that
        it had is in the site.

        Where EVSEs say that c is another circuit it counts at both, unless a meter says so, too.
        """
        if c >= 0 and not self._is_other(c, name):
            return [c]
        circuits = [each for each in self.site.circuits if not each.removed and each.index != c and each.index not in self.known]
        new = [each.index for each in circuits if each.index in self.fresh or self._is_other(each.index, each.name)]
        same = [index for index in new if self._now(index) and self._now(index) == self._then(name)]
        if c >= 0:
            return same + ([] if is_here or c in self.known else [c])
        if not same:
            same = [index for index in new if index in self.fresh and not self._is_other(index, name)]
        return same or [each.index for each in circuits if self._now(each.index) and self._now(each.index) == self._then(name)]

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
        shape = _object(kept.get("site"))
        circuits = _object(shape.get("circuits"))
        before = Before(self.site, facts, shape)
        before.fresh = [names[name] for name in fresh]
        before.known = [self.at[at] for at in [_text(_object(meters[name]).get("at")) for name in meters] if at in self.at]
        for gone in dicts(kept.get("meters_gone")):
            name = _text(gone.get("name"))
            c = names.get(name, -1)
            is_new = c not in before.known and (name in fresh or c >= 0 and self.other.estimators[c] is not None and name not in meters)
            places = [c] if c >= 0 else before.successors(name, -1, False) if name in circuits else []
            self._load_record(dict(gone), places, is_new)
        for name in sorted(meters) + sorted([name for name in circuits or assumed if name not in meters]):
            record = dict(_object(meters.get(name)), name=name, assumed=assumed.get(name))
            at, c = _text(record.get("at")), names.get(name, -1)
            is_same = at in self.at and self.at[at] == c  # name and meter as before
            self._load_record(record, [] if is_same else before.successors(name, c, at in self.at), True)
        for circuit in self.site.circuits:
            if circuit.removed:
                self._assume(circuit.index, assumed.get(circuit.name))
        for c in self.site.leaves_first:
            for key in range(c * self.site.phases, (c + 1) * self.site.phases):
                self.other.add_up(key)

    def _load_record(self, record: "Record", places: "list[int]", counts: bool) -> None:
        """places: where it counts, too, or if the address of its meter is no longer in the site."""
        at = _text(record.get("at"))
        if at in self.at:
            self._count(self.at[at], record)
        for c in places if counts else ():
            if at in self.at:
                self._assume(c, record.get("assumed"))
            else:
                self._count(c, record)
        if at and at not in self.at and _says(record):
            if len(places) == 1:
                record["name"] = self.site.circuits[places[0]].name  # which has it now
            self.left = self.left[1 - GONE_MAX :] + [(record, places)]

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


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> "Record":
    return value if isinstance(value, dict) else {}


def _says(record: "Record") -> bool:
    seen = record.get("seen")
    return bool(record.get("trust") or record.get("assumed")) or any([bucket != [0] * len(bucket) for bucket in _lists(seen)])


def _lists(value: object) -> "list[Any]":
    return [each for each in value if isinstance(each, list)] if isinstance(value, list) else []
