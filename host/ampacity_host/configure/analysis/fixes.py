"""What would make a refused site pass, all at once: TOML lines for the tables that they name, the cheapest first.

Each change is tried on the site file's own text and the whole check is run again, so what is proposed is what passes. The order is
what a change costs an installer: a line that states what is so, a value that the controller sets over the bus, a declaration that a
test confirms, a switch in the device, then copper.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ampacity.circuit.trusted.site.check import ReserveSums
from ampacity_host.configure.compiler.device_facts import check_devices, evse_facts
from ampacity_host.configure.compiler.site_facts import compile_site
from ampacity_host.configure.site_file.circuit_tree import each_phase
from ampacity_host.configure.site_file.mistakes import Collector, SiteErrors
from ampacity_host.configure.site_file.parser import Reader, SiteFile, Table, scan_lines
from ampacity_host.configure.site_file.schema import EVSE
from ampacity_host.configure.site_file.structure import currents

ROUNDS = 12
SAID, SET, DECLARED, SWITCH, COPPER = 1, 2, 4, 16, 64  # what a change costs
CURRENTS_A = (32, 25, 20, 16, 13, 10, 8, 6)
BAUDS = (19200, 38400, 57600, 115200)
WATCHDOGS_S = (60, 30, 20, 10)
WHY = {
    "private": (SAID, "only if no other Modbus client uses this network"),
    "unused_phases": (SAID, "unused phases of a car count"),
    "watchdog_s": (SET, "written to the device by the controller"),
    "fallback_a": (SET, "its limit after loss of the primary; 0 pauses it"),
    "limit_a": (SET, "at most max_a"),
    "power_on_a": (DECLARED, "declared: set the device to it; `ampacity commission` tests it"),
    "baud": (SWITCH, "also set it in each device on this bus"),
    "max_a": (SWITCH, "set it in the device, by switch or configuration"),
    "breaker": (COPPER, "requires another breaker"),
    "rating_a": (COPPER, "requires a line of this rating"),
}


@dataclass(frozen=True, order=True)
class Change:
    """A line for one table: kind and number of the table in its file, field, value as TOML."""

    kind: str
    index: int
    key: str
    value: str

    @property
    def cost(self) -> int:
        return WHY[self.key][0]

    @property
    def line(self) -> str:
        return f"{self.key} = {self.value}"


@dataclass(frozen=True)
class Tools:
    """load(path, text instead of the file's) and findings(site, kept): the check itself, passed in by the report."""

    load: Callable[[Path, str], SiteFile]
    findings: Callable[[SiteFile, "dict[str, Any] | None"], list[dict[str, Any]]]


@dataclass
class Draft:
    """A site file's text with changes; `.site` and `.report` are those of the changed text."""

    path: Path
    text: str
    kept: dict[str, Any] | None
    tools: Tools
    changes: dict[tuple[str, int, str], Change] = field(default_factory=dict)

    def with_changes(self, changes: "list[Change]") -> "Draft":
        merged = self.changes | {(each.kind, each.index, each.key): each for each in changes}
        return Draft(self.path, self.text, self.kept, self.tools, merged)

    def load(self) -> SiteFile:
        """Raises SiteErrors."""
        return self.tools.load(self.path, applied(self.text, list(self.changes.values())))

    def errors(self, site: SiteFile) -> list[dict[str, Any]]:
        return [each for each in self.tools.findings(site, self.kept) if each["level"] == "error"]


def applied(text: str, changes: list[Change]) -> str:
    """The text with each line put into its table: in place of the old one, else under the table's header."""
    places, lines = scan_lines(text), text.splitlines()
    added: dict[int, list[str]] = {}
    for each in sorted(changes):
        header, keys = places[each.kind, each.index]
        if each.key in keys:
            lines[keys[each.key] - 1] = each.line
        else:
            added.setdefault(header, []).append(each.line)
    out = []
    for number, line in enumerate(lines, 1):
        out += [line, *added.get(number, [])]
    return "\n".join(out) + "\n"


def fixes(site: SiteFile, kept: dict[str, Any] | None, found: list[dict[str, Any]], tools: Tools) -> dict[str, Any]:
    """{"passes": do the changes make the check pass, "changes": […], "left": [what no line of this file fixes]} for its errors."""
    if not is_laid_out(site):
        return {"passes": False, "changes": [], "left": [f"{each['text']}; {each['fix']}" for each in found if each["level"] == "error"]}
    draft = best = Draft(site.path, site.text, kept, tools)
    done, seen = site, [draft.changes]
    errors = left = [each for each in found if each["level"] == "error"]
    for _ in range(ROUNDS):
        better = next_draft(draft, done, errors, seen) if errors else None
        if better is None:
            break
        draft, done = better
        seen.append(draft.changes)
        errors = draft.errors(done)
        if len(errors) < len(left):
            best, left = draft, errors
    draft, errors = best, left
    needed = list(draft.changes.values()) if errors else fewest(draft)
    return {"passes": not errors, "changes": rows(site, needed), "left": [f"{each['text']}; {each['fix']}" for each in errors]}


def is_laid_out(site: SiteFile) -> bool:
    """Has each table a header of its own, as changes by lines need it?"""
    places = scan_lines(site.text)
    return all((kind, len(tables) - 1) in places and (kind, len(tables)) not in places
               for kind, tables in (("circuit", site.circuits), ("bus", site.buses), ("evse", site.evses)) if tables)


def fewest(draft: Draft) -> list[Change]:
    """The changes without those that the check passes without, the dearest tried first; of a large site all of them."""
    if len(draft.changes) > ROUNDS:
        return list(draft.changes.values())
    left = dict(draft.changes)
    for key, _ in sorted(draft.changes.items(), key=lambda each: -each[1].cost):
        fewer = {each: change for each, change in left.items() if each != key}
        if passes(Draft(draft.path, draft.text, draft.kept, draft.tools, fewer)):
            left = fewer
    return list(left.values())


def passes(draft: Draft) -> bool:
    try:
        return not draft.errors(draft.load())
    except (SiteErrors, ValueError):
        return False


def rows(site: SiteFile, changes: list[Change]) -> list[dict[str, Any]]:
    """As JSON and the screen have them: a table's lines together, the cheapest tables first."""
    tables = {"evse": site.evses, "bus": site.buses, "circuit": site.circuits}
    grouped: dict[tuple[str, int], list[Change]] = {}
    for each in sorted(changes, key=lambda each: (each.cost, each)):
        grouped.setdefault((each.kind, each.index), []).append(each)
    out = []
    for (kind, index), lines in sorted(grouped.items(), key=lambda each: (max(change.cost for change in each[1]), each[0])):
        table = tables[kind][index]
        toml = [{"line": table.lines.get(each.key), "toml": each.line, "why": WHY[each.key][1]} for each in lines]
        out.append({"table": kind, "name": table["name"], "line": table.line, "lines": toml})
    return out


def next_draft(draft: Draft, site: SiteFile, errors: list[dict[str, Any]], seen: "list[Any]") -> "tuple[Draft, SiteFile] | None":
    """The draft after the first way that the file allows and that was not tried yet, or None."""
    codes = {each["code"] for each in errors}
    ways = ways_for_reserves(draft, site) if codes & {"reserves", "reserve"} else ways_for_times(site, errors)
    for changes in ways:
        new = draft.with_changes(changes)
        if new.changes in seen:
            continue
        try:
            return new, new.load()
        except (SiteErrors, ValueError):  # as where a value is on several lines: no TOML any more
            continue
    return None


# reserves


def ways_for_reserves(draft: Draft, site: SiteFile) -> "list[list[Change]]":
    """Cheap changes of EVSEs first, then their maxima too, then the ratings; each for all that is missing."""
    sums = ReserveSums(compile_site(site), draft.kept)
    options = options_of(draft, site, variants())
    chosen, left = choose(sums, options)
    if left:
        chosen, left = choose(sums, options_of(draft, site, variants(CURRENTS_A)))
    return [chosen + ratings(site, sums, left), chosen]


def variants(currents_a: "tuple[int, ...]" = ()) -> "list[dict[str, str]]":
    """Combinations of fields of an EVSE (and `private` of its bus) that may lower what it draws without asking."""
    found = []
    powers, falls, dogs = ("", "0.0", "6.0"), ("", "0.0", "6.0"), ("", "10", "60")
    mosts = ("", *(f"{amps}.0" for amps in currents_a)) if currents_a else ("",)
    for private, power, fall, dog, most in itertools.product(("", "true"), powers, falls, dogs, mosts):
        each = {"private": private, "power_on_a": power, "fallback_a": fall, "watchdog_s": dog, "max_a": most}
        each = {key: value for key, value in each.items() if value}
        if each and not (most and dog):  # a switch is no reason for another watchdog
            found.append(each)
    return sorted(found, key=lambda each: (sum(WHY[key][0] for key in each), len(each)))


def options_of(draft: Draft, site: SiteFile, tried: "list[dict[str, str]]") -> "dict[int, list[tuple[int, list[Change]]]]":
    """{EVSE: [(its reserve in da, the changes)]}, the cheapest first; EVSEs that are written alike are tried once."""
    alike: dict[object, list[Table]] = {}
    for evse in site.evses:
        if evse["kind"] != "local" and evse["site"] is None:
            alike.setdefault(signature(evse, site, draft.kept), []).append(evse)
    found: dict[int, list[tuple[int, list[Change]]]] = {}
    for evses in alike.values():
        for values, reserve in reserves_of(evses[0], site, draft.kept, tried):
            for evse in evses:
                found.setdefault(evse.index, []).append((reserve, [change_of(evse, site, key, value) for key, value in values.items()]))
    return found


def signature(evse: Table, site: SiteFile, kept: object) -> object:
    """What its reserve depends on, as it is written."""
    bus = bus_of(evse, site)
    own = ("name", "unit", "host", "tcp_port", "circuit", "priority", "weight", "connector")
    written = tuple(sorted((key, str(value)) for key, value in evse.written.items() if key not in own))
    feeder = next(str(circuit["rating_a"]) for circuit in site.circuits if circuit["name"] == evse["circuit"])
    return (written, feeder, bus["kind"], bus["private"], bus["gateway"], evse["name"] if kept else "")


def bus_of(evse: Table, site: SiteFile) -> Table:
    return next(bus for bus in site.buses if bus["name"] == evse["bus"])


def change_of(evse: Table, site: SiteFile, key: str, value: str) -> Change:
    return Change("bus", bus_of(evse, site).index, key, value) if key == "private" else Change("evse", evse.index, key, value)


def reserves_of(evse: Table, site: SiteFile, kept: Any, tried: "list[dict[str, str]]") -> "list[tuple[dict[str, str], int]]":
    """(values, reserve in da) of each variant that its device takes and that is better than all cheaper ones."""
    best = reserve_with(evse, site, kept, {})
    found = []
    for values in tried:
        if useless(values, evse, site):
            continue
        reserve = reserve_with(evse, site, kept, values)
        if reserve is not None and (best is None or reserve < best):
            found.append((values, reserve))
            best = reserve
    return found


def useless(values: "dict[str, str]", evse: Table, site: SiteFile) -> bool:
    """Says what is so already, or more than it has."""
    bus = bus_of(evse, site)
    if "private" in values and (bus["private"] or bus["kind"] != "tcp"):
        return True
    return "max_a" in values and float(values["max_a"]) * 10 >= evse["max_a"]


def reserve_with(evse: Table, site: SiteFile, kept: Any, values: "dict[str, str]") -> int | None:
    """What it may draw without asking with these values; None where its device does not take them."""
    collector = Collector("")
    raw = evse.written | {"name": evse["name"]} | {key: Decimal(value) for key, value in values.items() if key != "private"}
    raw = {key: int(value) if key == "watchdog_s" and value == int(value) else value for key, value in raw.items()}
    new = Reader("", {}, collector).table("evse", 0, raw, EVSE)
    bus = bus_of(evse, site)
    one = Table("bus", 0, 0, {}, dict(bus.values, private=bus["private"] or "private" in values), bus.written)
    circuit = next(each for each in site.circuits if each["name"] == evse["circuit"])
    alone = Table("circuit", 0, 0, {}, dict(circuit.values, parent=None, meter=None, unused_phases=None), circuit.written)
    small = SiteFile(site.path, site.site, [alone], [one], [], [new], None, site.time, site.settings, {}, [])
    currents(small, collector)
    check_devices(small, collector)
    if collector.errors():
        return None
    return int(ReserveSums(compile_site(small), kept).reserve_da[0])


def choose(sums: ReserveSums, options: "dict[int, list[tuple[int, list[Change]]]]") -> "tuple[list[Change], dict[int, int]]":
    """(changes, what is still missing at which circuit and phase): the most amperes for what they cost, again and again."""
    site = sums.site
    reserve = dict(enumerate(sums.reserve_da))
    left = {key: sums.total_da(key) - site.rating_da[key] for key in range(site.size)}
    left = {key: missing for key, missing in left.items() if missing > 0}
    chosen: dict[int, list[Change]] = {}
    paid: set[Change] = set()
    while left:
        best = None
        for index, ways in options.items():
            keys = [key for key in site.evses[index].keys if key in left]
            for after, changes in ways if keys else ():
                gain = sum(min(reserve[index] - after, left[key]) for key in keys)
                cost = sum(each.cost for each in changes if each not in paid) or 1
                if gain > 0 and (best is None or (gain / cost, -cost) > best[0]):
                    best = ((gain / cost, -cost), index, after, changes)
        if best is None:
            break
        _, index, after, changes = best
        for key in site.evses[index].keys:
            if key in left:
                left[key] -= reserve[index] - after
        left = {key: missing for key, missing in left.items() if missing > 0}
        reserve[index], chosen[index] = after, changes
        paid |= set(changes)
    return [change for changes in chosen.values() for change in changes], left


def ratings(site: SiteFile, sums: ReserveSums, left: "dict[int, int]") -> list[Change]:
    """Where nothing else is left: what the circuits would have to carry, and their breakers with them."""
    phases = sums.site.phases
    need: dict[int, list[int]] = {}
    for key, missing in left.items():
        index = key // phases
        need.setdefault(index, [0] * phases)[key % phases] = sums.site.rating_da[key] + missing
    return [change for index, need_da in need.items() for change in rating_change(site.circuits[index], need_da)]


def rating_change(circuit: Table, need_da: list[int]) -> list[Change]:
    """A rating of at least so much per line; a rating with a value for each line keeps those of the lines that need no more."""
    whole, thousandths = circuit["rating_a"], int(circuit["continuous"] * 1000)
    rated_da = each_phase(whole, len(need_da))
    lines_da = [max(rated, -(-need * 1000 // thousandths)) for rated, need in zip(rated_da, need_da, strict=True)]
    da = max(lines_da)
    text = "[" + ", ".join(f"{each / 10:.1f}" for each in lines_da) + "]" if isinstance(whole, list) else f"{da / 10:.1f}"
    changes = [Change("circuit", circuit.index, "rating_a", text)]
    if circuit["breaker"]:
        changes.append(Change("circuit", circuit.index, "breaker", f'"{circuit["breaker"][0]}{-(-da // 10)}"'))
    return changes


# times and breakers


def ways_for_times(site: SiteFile, errors: list[dict[str, Any]]) -> "list[list[Change]]":
    """For what is no matter of sums: the cheapest way for each error together, then the dearer ones."""
    by_error = [ways for each in errors if (ways := ways_for(site, each))]
    if not by_error:
        return []
    deepest = max(len(ways) for ways in by_error)
    return [[change for ways in by_error for change in ways[min(depth, len(ways) - 1)]] for depth in range(deepest)]


def ways_for(site: SiteFile, error: dict[str, Any]) -> "list[list[Change]]":
    code, where = error["code"], error["where"]
    circuit = next((each for each in site.circuits if each["name"] == where), None)
    evse = next((each for each in site.evses if each["name"] == where), None)
    if code == "watchdog-cycle" and evse is not None:
        if evse_facts(evse)["watchdog_fixed"]:
            return faster(bus_of(evse, site))
        least = int(error["fix"].split("watchdog_s = ")[1].split()[0].rstrip(","))
        return [[Change("evse", evse.index, "watchdog_s", str(seconds))] for seconds in (least, *[s for s in WATCHDOGS_S[::-1] if s > least])]
    if code == "breaker-phases" and circuit is not None:
        return [[Change("circuit", circuit.index, "unused_phases", '"count"')]]
    if code in ("breaker-small", "breaker-trips") and circuit is not None:
        rated_da = max(circuit["rating_a"]) if isinstance(circuit["rating_a"], list) else circuit["rating_a"]
        curve = circuit["breaker"] or f"B{-(-rated_da // 10)}"
        larger = max(int(curve[1:]) * 5 // 4, -(-rated_da // 10)) if code == "breaker-trips" else -(-rated_da // 10)
        guarded = [each for each in site.evses if each["kind"] != "local"] if code == "breaker-trips" else []
        shorter = [[Change("evse", each.index, "watchdog_s", str(s)) for each in guarded if each["watchdog_s"] > s * 1000] for s in WATCHDOGS_S]
        return [each for each in shorter if each] + [[Change("circuit", circuit.index, "breaker", f'"{curve[0]}{larger}"')]]
    if evse is not None and code in ("feeder", "limit", "fallback"):
        value = {"feeder": "max_a", "limit": "limit_a", "fallback": "fallback_a"}[code]
        return [[Change("evse", evse.index, value, "0.0" if code == "fallback" else f"{evse['min_a'] / 10:.1f}")]]
    return []


def faster(bus: Table) -> "list[list[Change]]":
    """For a fixed timer: a faster serial line. A network has no baud rate, and needs fewer units or hosts."""
    return [[Change("bus", bus.index, "baud", str(baud))] for baud in BAUDS if bus["kind"] == "rtu" and baud > bus["baud"]]
