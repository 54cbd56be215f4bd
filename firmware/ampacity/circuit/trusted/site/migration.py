"""A changed site (rule 15): old and new both hold until every EVSE touched was proven paused or isolated.

The journal keeps the shape of the site as it was last run: ratings by circuit name, and for each EVSE its address, its
path and terminals, and what it may draw without us. A start with another shape counts

- an EVSE that moved on the union of its old and new circuits and phases, and a changed circuit at the smaller of its ratings,
  until all affected EVSEs were proven at 0;
- an EVSE that *left* (no entry at its address has its kind any more, under any name) at its old place, as an
  unreachable one: its maximum until its proven watchdog expired, then its reserve, until the installer confirms that it is gone;
- EVSEs of a circuit whose name no longer exists on each circuit whose name is new, and within the old one's rating.

Until then the journal keeps all of it in addition to the new structure: the primary may restart again before that.
"""

if False:  # for the type checker
    from typing import Any

    from ampacity.circuit.trusted.device.evse_state import EvseState
    from ampacity.circuit.trusted.ledger import Ledger

    Facts = dict[str, object]
    Entry = dict[str, object]

LOCAL = "local"  # kind and place of the own charging point of a controller, whatever it is called
UNKNOWN_DA = 320  # the maximum of one of whom an earlier version kept none


def shape_of(ledger: "Ledger", facts: "Facts") -> "dict[str, object]":
    """JSON-able: what rule 15 compares; "before": what still holds of older shapes. facts: the site's own."""
    shape = _present(ledger, facts)
    before = _before(ledger)
    if before["evses"] or before["circuits"]:
        shape["before"] = before
    return shape


def _present(ledger: "Ledger", facts: "Facts") -> "dict[str, object]":
    site = ledger.site
    circuits = {c.name: list(c.rating_da) for c in site.circuits if not c.removed}
    evses = {}
    for s in ledger.evse_states:
        if s.evse.removed or (s.isolated and not s.feeder_open):
            continue  # a person says that nothing is there
        watchdog_ms = 0 if s.disobeys or s.locked else s.evidence.watchdog_ms()
        evses[s.evse.name] = {
            "path": [site.circuits[c].name for c in site.paths[s.evse.circuit]],
            "terminals": [list(t) for t in s.evse.terminals],
            "at": address(facts, facts["evses"][s.index]),  # type: ignore[index]
            "max": ledger.bounds.hardware_da(s),
            "reserve": ledger.bounds._rule_4_reserve(s),
            "lapse": s.evse.lapse_ms(watchdog_ms) if watchdog_ms else 0,
        }
    return {"circuits": circuits, "evses": evses}


def _before(ledger: "Ledger") -> "dict[str, object]":
    site, evses = ledger.site, []
    circuits = {}
    for index, entry in ledger.older_shapes:
        s = ledger.evse_states[index]
        if s.old_keys or (s.evse.removed and not s.isolated):
            evses.append(entry)
    for c in site.circuits:
        cap_da = ledger.cap_da[c.index * site.phases : (c.index + 1) * site.phases]
        if cap_da != c.rating_da or (c.removed and any([c.name in entry["path"] for entry in evses])):
            circuits[c.name] = cap_da
    return {"circuits": circuits, "evses": evses}


def address(facts: "Facts", evse: "Facts") -> str:
    """Where a device is and what it is: the same text is the same device, whatever it is called."""
    return "%s %s" % (place(facts, evse), evse.get("profile") or evse.get("kind"))


def place(facts: "Facts", device: "Facts") -> str:
    """The line or the host, and the unit. A bench names its own in `place`, for its ports are others at every start."""
    buses: "list[Facts]" = facts.get("buses", [])  # type: ignore[assignment]
    number = device.get("bus", -1)
    if not isinstance(number, int) or not 0 <= number < len(buses):
        return LOCAL if device.get("kind") == LOCAL and _has_one_local(facts) else "local/%s" % device.get("name")
    bus = buses[number]
    line = device.get("place")
    if line is None and bus.get("kind") == "tcp":
        line = "%s:%s" % (device.get("host") or bus.get("host"), device.get("tcp_port") or bus.get("tcp_port"))
    if line is None:
        line = bus.get("port")
        if line is None or line == "virtual":
            line = bus.get("name")
    return "%s/%s" % (line, device.get("unit"))


def _has_one_local(facts: "Facts") -> bool:
    evses: "list[Facts]" = facts["evses"]  # type: ignore[assignment]
    return [evse.get("kind") for evse in evses].count(LOCAL) == 1


class SiteMigration:
    """Reserves that the saved structure adds to the new site. `facts`: those of the new site with EVSEs that left, and their circuits."""

    def __init__(self, facts: "Facts", old: "Facts") -> None:
        self.facts = facts
        self.was: "dict[int, str]" = {}  # index of an EVSE -> its name in the site before
        self.carried_over: "list[tuple[int, Entry]]" = []
        self.named: "Facts" = old["evses"] if isinstance(old.get("evses"), dict) else {}  # type: ignore[assignment]  # every name of the site before
        self.ratings: "dict[str, list[int]]" = {}
        self.names: "list[str]" = [c["name"] for c in facts["circuits"]]  # type: ignore[attr-defined]
        self.phases: int = facts.get("phases", 3)  # type: ignore[assignment]
        known = old.get("circuits")
        self.fresh = [name for name in self.names if name not in known] if isinstance(known, dict) else []
        before = old.get("before")
        for circuits in [known] + [each.get("circuits") for each in dicts(before)]:
            self._merge(circuits)
        left = self._match(self._entries(old, before))
        if self.carried_over or left:
            self._hang(left)

    def name_before(self, index: int, name: str) -> str:
        """The name in the journal of the device at the address of this EVSE; "": none."""
        return self.was.get(index, "" if name in self.named else name)

    # reading the journal

    def _merge(self, circuits: object) -> None:
        """The smallest rating that a circuit of this name has had."""
        for name in circuits if isinstance(circuits, dict) else ():
            da = circuits[name]  # type: ignore[index]
            if isinstance(da, list) and len(da) == self.phases and all([isinstance(a, int) for a in da]):
                had = self.ratings.get(name, da)
                self.ratings[name] = [min(da[p], had[p]) for p in range(self.phases)]

    def _entries(self, old: "Facts", before: object) -> "list[tuple[bool, Entry]]":
        """(is it of the newest shape, entry), in the order of their names."""
        found = [(True, entry) for entry in self._shape(old.get("evses"))]
        for each in dicts(before):
            found += [(False, entry) for entry in self._shape(each.get("evses"))]
        return found

    def _shape(self, evses: object) -> "list[Entry]":
        if isinstance(evses, dict):
            evses = [dict(evses[name], name=name) for name in sorted(evses) if isinstance(evses[name], dict)]
        entries = [self._entry(raw) for raw in dicts(evses)]
        return [entry for entry in entries if entry is not None]

    def _entry(self, raw: "Facts") -> "Entry | None":
        path, terminals = raw.get("path"), raw.get("terminals")
        if not isinstance(path, list) or not isinstance(terminals, list) or not isinstance(raw.get("name"), str):
            return None
        for t in terminals:
            if not isinstance(t, list) or not all([isinstance(p, int) and 0 <= p < self.phases for p in t]):
                return None
        path = [name for name in path if isinstance(name, str)]
        if any([name not in self.names for name in path]):
            path += [name for name in self.fresh if name not in path]
        at = raw.get("at")
        if at == "local/%s local" % raw["name"] and _has_one_local(self.facts):
            at = "local local"  # of an earlier version
        entry = {"name": raw["name"], "path": path, "terminals": terminals, "at": at}
        for key, otherwise in (("max", UNKNOWN_DA), ("reserve", UNKNOWN_DA), ("lapse", 0)):
            value = raw.get(key)
            entry[key] = value if isinstance(value, int) else otherwise
        return entry

    def _match(self, entries: "list[tuple[bool, Entry]]") -> "list[Entry]":
        """Whom the new site still has, by address; the others."""
        evses: "list[Facts]" = self.facts["evses"]  # type: ignore[assignment]
        at = [address(self.facts, evse) for evse in evses]
        names = [evse["name"] for evse in evses]
        left = []
        for newest, entry in entries:
            if entry["at"] is None:  # of an earlier version
                index = names.index(entry["name"]) if entry["name"] in names else -1
            else:
                index = at.index(entry["at"]) if entry["at"] in at else -1
            if index < 0:
                left.append(entry)
                continue
            if newest:
                self.was[index] = entry["name"]  # type: ignore[assignment]
            if was_elsewhere(self.facts, index, entry) or evses[index]["max_da"] < entry["max"]:  # type: ignore[operator]
                self.carried_over.append((index, entry))
        return left

    # what it adds to the site

    def _hang(self, left: "list[Entry]") -> None:
        """The facts with an EVSE for each that left, and a circuit for each that is no longer there."""
        facts = dict(self.facts)
        evses: "list[Facts]" = list(facts["evses"])  # type: ignore[call-overload]
        used = [place(facts, each) for each in evses + list(facts.get("meters", []))]  # type: ignore[call-overload]
        known: "list[object]" = []
        first = len(evses)
        for entry in left:
            who = entry["at"] or entry["name"]
            if who not in known:
                known.append(who)
                evses.append(self._ghost(entry, used, [evse["name"] for evse in evses]))
            self.carried_over.append((first + known.index(who), entry))
        facts["evses"] = evses
        facts["circuits"] = list(facts["circuits"]) + self._gone_circuits()  # type: ignore[call-overload]
        self.facts = facts

    def _ghost(self, entry: "Entry", used: "list[str]", names: "list[object]") -> "Facts":
        """An unreachable EVSE. If another one uses its address, frames for that one may feed its watchdog."""
        name, number = entry["name"], 2
        while name in names:
            name, number = "%s#%d" % (entry["name"], number), number + 1
        fed = str(entry["at"]).rpartition(" ")[0] in used
        lapse_ms: int = 0 if fed else entry["lapse"]  # type: ignore[assignment]
        there = [self.names.index(each) for each in entry["path"] if each in self.names and each not in self.fresh]  # type: ignore[attr-defined]
        return {
            "name": name, "kind": "removed", "removed": True, "circuit": there[0] if there else self._root(), "terminals": entry["terminals"],
            "max_da": entry["max"], "limit_da": 0, "watchdog_ms": lapse_ms, "watchdog_fixed": True, "fallback_da": entry["reserve"],
            "power_on_da": entry["reserve"] if lapse_ms else entry["max"], "power_on_source": "documented", "holds": True,
        }  # fmt: skip

    def _root(self) -> int:
        circuits: "list[Facts]" = self.facts["circuits"]  # type: ignore[assignment]
        return [c.get("parent", -1) for c in circuits].index(-1)

    def _gone_circuits(self) -> "list[Facts]":
        gone = []
        for _, entry in self.carried_over:
            gone += [name for name in entry["path"] if name not in self.names and name not in gone and name in self.ratings]  # type: ignore[attr-defined]
        gone.sort()
        return [{"name": name, "parent": self._root(), "rating_da": self.ratings[name], "gone": True} for name in gone]

    # what it holds in the ledger

    def apply(self, ledger: "Ledger", now_ms: int) -> None:
        """Add what the older shapes ask for to the fresh ledger."""
        index = {c.name: c.index for c in ledger.site.circuits}
        for number, entry in self.carried_over:
            s = ledger.evse_states[number]
            _rule_15_path(ledger, s, index, entry)
            most_da: int = entry["max"]  # type: ignore[assignment]
            if most_da > s.book.most_da() and entry["at"] is not None:
                s.book.add_unknown(most_da, now_ms)
                ledger.bounds.renew(s)
            if s.old_keys or s.evse.removed:
                ledger.older_shapes.append([number, entry])
        self._rule_15_ratings(ledger)

    def _rule_15_ratings(self, ledger: "Ledger") -> None:
        site, gone = ledger.site, [c.rating_da for c in ledger.site.circuits if c.removed]
        for c in site.circuits:
            olds = (gone if c.name in self.fresh else []) + ([self.ratings[c.name]] if c.name in self.ratings else [])
            for old in olds:
                for p in range(site.phases):
                    key = c.index * site.phases + p
                    ledger.cap_da[key] = min(old[p], ledger.cap_da[key])


def was_elsewhere(facts: "Facts", index: int, entry: "Entry") -> bool:
    """True if this EVSE was on other circuits or phases before."""
    circuits: "list[Facts]" = facts["circuits"]  # type: ignore[assignment]
    evse: "Facts" = facts["evses"][index]  # type: ignore[index]
    path, at = [], evse["circuit"]
    while isinstance(at, int) and at >= 0:
        path.append(circuits[at]["name"])
        at = circuits[at].get("parent", -1)
    return path != entry["path"] or evse["terminals"] != entry["terminals"]


def dicts(value: object) -> "list[Facts]":
    """Those of a list that are documents; one document is a list of one."""
    if isinstance(value, dict):
        return [value]
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _rule_15_path(ledger: "Ledger", s: "EvseState", index: "dict[str, int]", entry: "Entry") -> None:
    phases, keys = ledger.site.phases, []
    for name in entry["path"]:  # type: ignore[attr-defined]
        if name in index:
            keys += [index[name] * phases + p for t in entry["terminals"] for p in t]  # type: ignore[attr-defined]
    s.old_keys += tuple([key for key in keys if key not in s.on_keys and key not in s.old_keys])


def still_changing(ledger: "Ledger", now_ms: int) -> bool:
    """Let go of the old shape where it is proven empty. True if something was let go."""
    moved = False
    for s in ledger.evse_states:
        if s.evse.removed and s.lapsed and not s.reserve_da and not s.isolated:
            ledger.intake.isolate(s.index, True, now_ms)  # its watchdog's time ran out, and it has no reserve
            ledger.events.add(now_ms, "left", "%s, no longer in the site file, has fallen back to 0 A" % s.evse.name)
            moved = True
        if s.old_keys and paused(s):
            ledger.bounds.add_to(ledger.sums, s, -1)
            s.old_keys = ()
            ledger.bounds.add_to(ledger.sums, s, 1)
            moved = True
    if ledger.cap_da != ledger.site.rating_da:
        moved = _free_ratings(ledger) or moved
    return moved


def paused(s: "EvseState") -> bool:
    """Proven paused and settled in this life, or declared isolated: nothing of the old is left in it."""
    return s.isolated or s.paused_proven


def _free_ratings(ledger: "Ledger") -> bool:
    site, freed = ledger.site, False
    for key in range(site.size):
        if ledger.cap_da[key] != site.rating_da[key]:
            below = site.below[key // site.phases]
            if all([paused(ledger.evse_states[e]) for e in below]) and not any([key in s.old_keys for s in ledger.evse_states]):
                ledger.cap_da[key] = site.rating_da[key]
                freed = True
    return freed


def removed_view(ledger: "Ledger", now_ms: int) -> "list[dict[str, Any]]":
    """EVSEs that left the site file and still count: name, most_da, circuits, and in how many ms that may fall (None: never)."""
    rows: "list[dict[str, Any]]" = []
    for index, entry in ledger.older_shapes:
        s = ledger.evse_states[index]
        if s.evse.removed and not s.isolated and s.evse.name not in [row["name"] for row in rows]:
            watchdog_ms = 0 if s.lapsed else s.evidence.watchdog_ms()
            left_ms = max(0, s.last_feed_ms + s.evse.lapse_ms(watchdog_ms) - now_ms) if watchdog_ms else None
            row = {"name": s.evse.name, "at": entry["at"], "most_da": s.bound_da, "circuits": entry["path"]}
            row["falls_ms"], row["reserve_da"] = left_ms, s.reserve_da
            rows.append(row)
    return rows
