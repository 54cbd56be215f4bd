"""Who can never charge: by what `ampacity check --data` prints of a site with the tests of its devices, and by what the site file declares.

The sum `free_a` of the check counts declared other load also where a meter may show that it is less; who is asked for has what is left then.
"""

from pathlib import Path

from ampacity_host.configure import SiteErrors, check_report, load_site
from tests.drawn.geometry import LINES, da

LEAST_DA = 60
KEYS = {"budgets": "circuit", "buses": "bus", "circuits": "circuit", "evidence": "evse", "findings": "where", "reserves": "evse"}  # what names a row
APART_DA = 5  # readings of a meter and of the EVSEs below it may differ by so much about the same currents
ROUNDED_DA = 2  # a device may make so much more of its order than it was told


def short_of_room(report, geometry, needs_da):
    """EVSEs for which what others may draw without being asked, and other load that counts in any case, leave less than 6 A, or than
    what its car needs (needs_da: EVSE → that, where it is more)."""
    own_da = {}
    for row in report["reserves"]:
        own_da[row["evse"]] = max(own_da.get(row["evse"], 0), da(row["to_a"]))
    rows = {(row["circuit"], row["phase"]): row for row in report["circuits"]}
    found = set()
    for evse, ends in geometry.ends.items():
        for circuit in geometry.above[geometry.circuit_of[evse]]:
            loads = geometry.loads(evse, [1] * len(ends))
            if any(unbalanced(geometry, circuit, geometry.loads(evse, [needs_da.get(evse, LEAST_DA)] * count)) for count in range(1, 1 + len(ends))):
                found.add(evse)
            if contract_da(geometry, circuit) < sum(count * (needs_da.get(evse, LEAST_DA) + APART_DA) for count in loads):
                found.add(evse)
            for line, count in enumerate(loads):
                row = rows.get((circuit, LINES[line]))
                if row is not None and count:
                    free_da = da(row["rating_a"]) - da(row["reserves_a"]) - other_da(geometry, circuit, line)
                    more_da = count * max(0, needs_da.get(evse, LEAST_DA) - own_da.get(evse, 0))
                    if free_da < more_da + (APART_DA if seen_below(geometry, circuit, line) else ROUNDED_DA if more_da else 0):
                        found.add(evse)
    return found


def seen_below(geometry, circuit, line):
    """Does a meter show other load of this line, there or below?"""
    return any(geometry.sees(name, [line]) for name, above in geometry.above.items() if circuit in above)


def unbalanced(geometry, circuit, loads_da):
    """Would these loads alone exceed the unbalance limit there? Of a line that its meter does not measure what is declared counts."""
    most_da = geometry.unbalance.get(circuit, 10**6)
    least_da = [0 if geometry.sees(circuit, [line]) else other_da(geometry, circuit, line) for line in range(geometry.count)]
    most_of_da = [load_da + other_da(geometry, circuit, line) for line, load_da in enumerate(loads_da)]
    return any(load_da and not loads_da[emptier] and most_of_da[line] - least_da[emptier] > most_da
               for line, load_da in enumerate(loads_da) for emptier in range(geometry.count))


def other_da(geometry, circuit, line):
    """Other load that counts when there is none: what is declared there and below, where the circuit has no meter; and where one shows that
    it is less, generation."""
    if geometry.sees(circuit, [line]):
        return sum(values[line] for name, values in geometry.generation.items() if circuit in geometry.above[name])
    below_da = sum(other_da(geometry, name, line) for name in geometry.below(circuit))
    return max(assumed_da(geometry, circuit, line), below_da)


def contract_da(geometry, circuit):
    """What is left of its contracted power for EVSEs, as a current summed over the lines: reserves are no load there."""
    watts, volts = geometry.contracts.get(circuit, (10**9, 230))
    return int(watts * 10 / volts) - sum(other_da(geometry, circuit, line) for line in range(geometry.count))


def assumed_da(geometry, circuit, line):
    """What is declared there, or of all circuits below together if that is more."""
    return max(geometry.assumed[circuit][line], sum(assumed_da(geometry, name, line) for name in geometry.below(circuit)))


def checked(path, kept=None, of=""):
    """What `ampacity check --json` prints of a site file, and of those of the primaries below with the names of the whole family.

    kept: primary → what is in its journal, "" the one at the top; of: the one that this file is for.
    """
    try:
        site = load_site(path)
        report = check_report(site, (kept or {}).get(of))
    except SiteErrors as errors:
        return {"ok": False, "mistakes": [mistake.as_dict() for mistake in errors.mistakes]}
    for table in site.evses:
        if table["site"] is not None:
            name = ".".join(filter(None, (of, table["name"])))
            _join(report, checked(Path(path).parent / table["site"], kept, name), table)
    return report


def _join(report, below, table):
    """The rows of a primary below that hangs at that entry of its parent's file."""
    report["ok"] = report["ok"] and below["ok"]
    ends = [_line(end) for end in table["phases"] or LINES]
    for rows, key in KEYS.items():
        for row in below.get(rows, ()):
            phase = {"phase": ends[LINES.index(row["phase"])]} if row.get("phase") in LINES else {}
            report[rows].append(row | phase | {key: "%s.%s" % (table["name"], row[key])})


def _line(end):
    """The name of the line of a terminal, or of the first of two."""
    first = end if isinstance(end, str) else end[0]
    return first if isinstance(first, str) else LINES[first]
