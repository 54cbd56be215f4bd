"""What a site file says of copper: circuits with parent and ratings, EVSEs with circuit and lines. Nothing but TOML is asked.

It reads the file as an installer would, by code of its own: who judges the controller must not take the tree from it.
"""

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path

LINES = ("L1", "L2", "L3")
PROFILES = Path(__file__).parents[2] / "firmware/ampacity/profiles"


def da(amps):
    """Whole deci-amperes, towards zero."""
    return int(Decimal(str(amps)) * 10)


class Geometry:
    """Of one site file, with the sites below it. Currents are deci-amperes, lines count from 0.

    ratings: circuit → one for each line; above: circuit → itself and all that feed it; circuit_of, ends: EVSE → its
    circuit, and for each terminal the lines that it loads; meters: meter → circuit; seen: circuit → lines that its meter measures;
    contracts: circuit → (watts, volts) of its contracted power; unbalance: circuit → how far one line may be above another;
    tables: EVSE → its table in the file, with the name of its bus in the whole family; sites: primary → its file, "" the one at the
    top; parents: primary below → the bus of its parent.
    """

    def __init__(self, text, folder=None):
        self.ratings, self.above, self.circuit_of, self.ends, self.tables, self.meters, self.assumed = {}, {}, {}, {}, {}, {}, {}
        self.sites, self.parents = {}, {}
        self.generation, self.seen, self.contracts, self.unbalance = {}, {}, {}, {}
        site = tomllib.loads(text)
        self.count = lines_of(site)
        self._read(site, folder, "", [], list(range(self.count)))

    def _read(self, site, folder, prefix, feeding, lines):
        """feeding: the circuits above the root of this file; lines: the top's line for each of its own."""
        self.sites[prefix[:-1]] = site
        parents = {table["name"]: table.get("parent") for table in site["circuit"]}
        meters = {table["name"]: table for table in site.get("meter", ())}
        for table in site["circuit"]:
            name, at, chain = prefix + table["name"], table["name"], []
            while at is not None:
                chain.append(prefix + at)
                at = parents[at]
            self.above[name] = chain + feeding
            self.ratings[name] = self._per_line(table["rating_a"], lines, 10**6)
            self.assumed[name] = self._per_line(table.get("assumed_other_a", 0), lines, 0)
            self.generation[name] = self._per_line(table.get("generation_a", 0), lines, 0)
            if "contract_kw" in table:
                self.contracts[name] = table["contract_kw"] * 1000, site["site"].get("voltage", 230)
            if "max_unbalance_a" in table:
                self.unbalance[name] = da(table["max_unbalance_a"])
            if "meter" in table:
                self.meters[prefix + table["meter"]] = name
                self.seen[name] = {lines[at] for at in measured(meters.get(table["meter"], {}), len(lines))}
        for table in site["evse"]:
            self._hang(table, folder, prefix, lines)

    def _per_line(self, value, lines, elsewhere):
        values = value if isinstance(value, list) else [value] * len(lines)
        out = [elsewhere] * self.count
        for line, one in zip(lines, values, strict=True):
            out[line] = da(one)
        return out

    def _hang(self, table, folder, prefix, lines):
        name, circuit = prefix + table["name"], prefix + table["circuit"]
        named = table.get("phases") or [LINES[at] for at in range(len(lines))]
        ends = [[lines[LINES.index(one)] for one in end.split("-")] for end in named]
        table = table | {"bus": prefix + table["bus"]} if "bus" in table else table
        if "site" in table:
            self.parents[name] = table["bus"]
            below = tomllib.loads((Path(folder) / table["site"]).read_text())
            return self._read(below, folder, name + ".", self.above[circuit], [end[0] for end in ends])
        self.circuit_of[name], self.ends[name], self.tables[name] = circuit, ends, table
        return None

    def sees(self, circuit, lines):
        """Does its meter measure all these lines?"""
        return self.seen.get(circuit, set()).issuperset(lines)

    def lines_of(self, evse):
        """Which lines it loads."""
        return {line for lines in self.ends[evse] for line in lines}

    def below(self, circuit):
        """The circuits that it feeds."""
        return [name for name, above in self.above.items() if above[1:2] == [circuit]]

    def loads(self, name, currents_da):
        """What an EVSE adds to each line, for the current of each of its terminals."""
        out = [0] * self.count
        for lines, current_da in zip(self.ends[name], currents_da, strict=False):
            for line in lines:
                out[line] += current_da
        return out

    def sums(self, currents_da, other_da):
        """{circuit: da per line} for {EVSE: da per terminal} and {circuit: other load that hangs at it}."""
        out = {name: [0] * self.count for name in self.ratings}
        for name, per_end in currents_da.items():
            self._add(out, self.circuit_of[name], self.loads(name, per_end))
        for name, per_line in other_da.items():
            self._add(out, name, per_line)
        return out

    def _add(self, sums, circuit, per_line):
        for name in self.above[circuit]:
            for line, value_da in enumerate(per_line):
                sums[name][line] += value_da


def lines_of(site):
    """How many lines the supply has."""
    table = site["site"]
    return table.get("phases") or (2 if table.get("system") == "split" else 3)


def measured(meter, count):
    """The lines that a meter of a supply of so many lines measures, by its table: those written, or the first ones, one for each of its inputs."""
    if meter.get("phases"):
        return [LINES.index(one) for one in meter["phases"]]
    return range(min(count, inputs(meter.get("profile"))))


@cache
def inputs(profile):
    """How many lines a meter of that make measures: the currents that its profile reads. Some have none; of one without a profile: all."""
    path = PROFILES / ("meter-%s.toml" % profile)
    if not path.exists():
        return len(LINES)
    registers = tomllib.loads(path.read_text())["registers"]
    return sum(name in registers for name in ("current_l1", "current_l2", "current_l3"))
