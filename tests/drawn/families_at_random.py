"""Sites with primaries below primaries, two or three levels of them, of any make and tree: texts that `ampacity check` takes.

Each level has buses, circuits, meters, other load, generation and devices of its own. Other load and generation of a site below are
part of what its parent declares (safety.md, rule 13).
"""

import tempfile
from pathlib import Path

from tests.drawn.printed import checked
from tests.drawn.sites_at_random import EVSES, METERS, section

LINES = ("L1", "L2", "L3")
MAKES = sorted(name for name, media in EVSES.items() if "rtu" in media)
METER_MAKES = sorted(name for name, media in METERS.items() if "rtu" in media)
TABLES = ("circuit", "bus", "meter", "evse")


class Member:
    """One primary's site file, and those of the primaries below it. above: the Member of its parent."""

    def __init__(self, chance, name, levels, above, parent):
        self.chance, self.name, self.parent = chance, name, parent
        self.tables = {kind: [] for kind in TABLES}
        self.bus = self._bus("b-" + name, 0.2)
        self.meter_bus = self.bus if self.bus["kind"] == "rtu" else self._bus("w-" + name, 0)
        self._circuits(levels, above)
        self.below = [self._below(n, levels) for n in range(1, 1 + chance.choice((1, 2)))] if levels > 1 else []
        for n in range(1, 1 + (chance.choice((0, 1)) if levels > 1 else chance.choice((2, 3, 4)))):
            self._evse(n)
        if chance.random() < 0.35:
            self._add("evse", name="%s-local" % name, kind="local", circuit=self._place(), max_a=float(chance.choice((16, 20))))
        if len(self.tables["evse"]) % 3 == 0:
            self.tables["circuit"].reverse()  # the root last
        for evse in self.tables["evse"]:
            if chance.random() < 0.4:
                first = chance.randrange(3)
                evse["phases"] = [LINES[(first + line) % 3] for line in range(3)]

    def _add(self, kind_of_table, **table):
        self.tables[kind_of_table].append(table)
        return table

    def _bus(self, name, tcp):
        if self.chance.random() < tcp:
            return self._add("bus", name=name, kind="tcp", private=True)
        return self._add("bus", name=name, kind="rtu", port="virtual", baud=self.chance.choice((19200, 115200)))

    def _circuits(self, levels, above):
        chance, name = self.chance, self.name
        rating_a = float(chance.choice((20, 32, 40, 63)) * levels)
        self.assumed_a = float(round(min(rating_a * 0.2, above.assumed_a if above else 99))) if chance.random() < 0.5 else 0.0
        root = self._add("circuit", name="c-" + name, rating_a=rating_a)
        if self.assumed_a:
            root["assumed_other_a"] = self.assumed_a
        self.sunny_a = 0.0
        if chance.random() < 0.5:
            self._meter(root)
            self.sunny_a = float(chance.choice((0, 0, 10))) if above is None or above.sunny_a else 0.0
        if self.sunny_a:
            root["generation_a"] = self.sunny_a
        if chance.random() < 0.4:
            part = self._add("circuit", name="d-" + name, parent="c-" + name, rating_a=float(round(rating_a * chance.choice((0.6, 0.8, 1)))))
            if self.assumed_a and chance.random() < 0.5:
                part["assumed_other_a"] = self.assumed_a
            if chance.random() < 0.4:
                self._meter(part)

    def _meter(self, circuit):
        number = 200 + len(self.tables["meter"])
        meter = self._add("meter", name="m-" + circuit["name"], profile=self.chance.choice(METER_MAKES), bus=self.meter_bus["name"], unit=number)
        circuit["meter"] = meter["name"]

    def _place(self):
        return self.chance.choice(self.tables["circuit"])["name"]

    def _hung(self, unit):
        """Where something hangs on the bus of its EVSEs; the rig has one network, so no host is there twice."""
        host = {"host": "10.0.%d.%d" % (int(self.name[1:] or 0), unit)} if self.bus["kind"] == "tcp" else {}
        return {"bus": self.bus["name"], "unit": unit} | host

    def _below(self, n, levels):
        name = "%s%d" % (self.name, n)
        parent = {"tcp_port": 502} if self.bus["kind"] == "tcp" else {"bus": self.bus["name"], "port": "virtual", "baud": self.bus["baud"]}
        self._add("evse", name=name, kind="ampacity", site=name + ".toml", circuit=self._place(), **self._hung(100 + n))
        return Member(self.chance, name, levels - 1, self, parent | {"unit": 100 + n})

    def _evse(self, n):
        """One of ours, or of another make: that on a serial line."""
        chance, evse = self.chance, {"name": "%s-e%d" % (self.name, n), "max_a": float(self.chance.choice((16, 20)))}
        if chance.random() < 0.25:
            evse |= {"kind": chance.choice(MAKES), "bus": self.meter_bus["name"], "unit": n}
            evse |= {"power_on_a": float(chance.choice((0, 6))), "max_a": 16.0}
        else:
            evse |= {"kind": "ampacity"} | self._hung(n) | ({"fallback_a": 6.0} if chance.random() < 0.3 else {})
        self._add("evse", circuit=self._place(), **evse)

    def files(self):
        """[(name, text)], its own first."""
        parts = [section("[site]", {"name": "s-" + self.name, "voltage": 230})] + ([section("[parent]", self.parent)] if self.parent else [])
        parts += [section("[[%s]]" % kind, table) for kind in TABLES for table in self.tables[kind]]
        text = "\n".join([*parts, section("[settings]", {"slot_s": 60, "restart_hold_s": 10})])
        return [(self.name + ".toml", text), *(each for member in self.below for each in member.files())]


def draw_family(chance):
    """(text of the top, [(file, text)] of those below, the check's report)."""
    while True:
        (_, top), *below = Member(chance, "t", chance.choice((2, 2, 3)), None, None).files()
        with tempfile.TemporaryDirectory() as folder:
            for name, text in [("top.toml", top), *below]:
                (Path(folder) / name).write_text(text)
            report = checked(Path(folder) / "top.toml")
        if report["ok"]:
            return top, below, report
