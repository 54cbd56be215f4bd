"""Sites drawn at random, of every make that a profile knows: text that `ampacity check` takes.

What the check refuses is put right as it says, or left out; so whatever it takes is fair game for the rig.
"""

import tempfile
import tomllib
from pathlib import Path

from ampacity_host.configure import SiteErrors, check_report, load_site
from ampacity_host.configure.analysis.site_report import all_findings

PROFILES = Path(__file__).resolve().parents[2] / "firmware/ampacity/profiles"
RATINGS_A = (16, 20, 25, 32, 40, 50, 63, 80, 100, 125, 160)
LINES = ("L1", "L2", "L3")
TRIES = 40


def media(kind):
    """{name of a profile: what it speaks}."""
    found = {path.stem.removeprefix(kind + "-"): tomllib.loads(path.read_text()) for path in sorted(PROFILES.glob(kind + "-*.toml"))}
    return {name: table["link"]["media"] for name, table in found.items()}


EVSES = media("evse")
METERS = {name: spoken for name, spoken in media("meter").items() if not name.startswith("sunspec")}


class Draft:
    """Tables of a site file, which the check may still refuse."""

    def __init__(self, chance):
        self.chance = chance
        self.phases = 1 if chance.random() < 0.1 else 3
        self.site = {"name": "drawn", "voltage": 230} | ({"phases": 1} if self.phases == 1 else {})
        self.buses = [self._bus(n) for n in range(chance.choice((1, 1, 2, 3)))]
        self.circuits, self.meters, self.evses = [], [], []
        for n in range(chance.choice((1, 2, 2, 3, 4, 6))):
            self._circuit(n)
        local = chance.random() < 0.6
        for n in range(1, 1 + chance.choice((1, 2, 3, 4, 5, 6, 8, 12))):
            self._evse(n, local and n == 1)
        self.settings = {"slot_s": chance.choice((60, 120)), "restart_hold_s": chance.choice((10, 30, 60))}
        self.loads = [{"name": "pump", "input": "gpio:7", "safety_hold_s": 20}] if chance.random() < 0.15 else []
        self.ocpp = chance.random() < 0.2

    def _often(self, part, table, key, *values):
        if self.chance.random() < part:
            table[key] = self.chance.choice(values)

    def _bus(self, n):
        kind = self.chance.choice(("rtu", "rtu", "rtu", "tcp", "gateway"))
        bus = {"name": "b%d" % n, "kind": "rtu" if kind == "rtu" else "tcp"}
        if kind == "rtu":
            return bus | {"port": "virtual", "baud": self.chance.choice((9600, 19200, 38400, 115200))}
        bus |= {"host": "127.0.0.1", "tcp_port": 1502 + 100 * n, "private": self.chance.random() < 0.8}
        if kind == "gateway":
            bus["gateway"] = True
            self._often(0.3, bus, "transit_s", 5)
        return bus

    def _fitting(self, kinds):
        """A bus, and the name of something that can hang on it."""
        bus = self.chance.choice(self.buses)
        spoken = "tcp" if bus["kind"] == "tcp" and not bus.get("gateway") else "rtu"
        fit = [name for name, each in kinds.items() if spoken in each]
        return bus, self.chance.choice(fit)

    def _own_port(self, bus, number):
        return {"tcp_port": number} if bus["kind"] == "tcp" and not bus.get("gateway") else {}

    def _circuit(self, n):
        circuit = {"name": "c%d" % n, "rating_a": float(self.chance.choice(RATINGS_A))}
        if n:
            circuit["parent"] = self.chance.choice(self.circuits)["name"]
        if self.chance.random() < (0.3 if n else 0.7):
            bus, profile = self._fitting(METERS)
            number = 100 + len(self.meters)
            self.meters.append({"name": "m%d" % n, "profile": profile, "bus": bus["name"], "unit": number} | self._own_port(bus, 2000 + number))
            circuit["meter"] = "m%d" % n
            self._often(0.1, circuit, "contract_kw", 11.0, 22.0, 30.0)
        self._often(0.3 if n else 0.8, circuit, "assumed_other_a", *(float(round(circuit["rating_a"] * part)) for part in (0.1, 0.2, 0.3, 0.5)))
        self._often(0.15, circuit, "generation_a", 10.0, 20.0)
        self._often(0.1, circuit, "max_unbalance_a", 10.0, 16.0, 20.0)
        self._often(0.1, circuit, "continuous", 0.8)
        self.circuits.append(circuit)

    def _evse(self, n, local):
        evse = {"name": "e%d" % n, "kind": "local", "max_a": float(self.chance.choice((16, 16, 20, 32)))}
        if not local:
            bus, kind = self._fitting(EVSES)
            evse |= {"kind": "ampacity" if self.chance.random() < 0.5 else kind, "bus": bus["name"], "unit": n} | self._own_port(bus, 3000 + n)
            self._often(0.25, evse, "fallback_a", 6.0)
            self._often(0.25, evse, "watchdog_s", 10, 20, 30, 60)
            self._often(0.9 if evse["kind"] != "ampacity" else 0, evse, "power_on_a", 0.0, 6.0)
        if self.phases == 3 and self.chance.random() < 0.5:
            first = self.chance.randrange(3)
            evse["phases"] = [LINES[(first + line) % 3] for line in range(self.chance.choice((1, 3, 3)))]
        self._often(0.2, evse, "weight", 1, 2, 5)
        self._often(0.1, evse, "limit_a", 10.0, 13.0)
        evse["circuit"] = self.chance.choice(self.circuits)["name"]
        self.evses.append(evse)

    def text(self):
        circuits = self.circuits[::-1] if len(self.evses) % 3 == 0 else self.circuits  # the root first or last
        lists = (("circuit", circuits), ("bus", self.buses), ("meter", self.meters), ("evse", self.evses), ("safety_load", self.loads))
        out = [section("[site]", self.site)] + [section("[[%s]]" % kind, each) for kind, tables in lists for each in tables]
        out.append(section("[settings]", self.settings))
        if self.ocpp:
            upstream = {"version": "2.0.1", "identity": "AMP-1", "url": "ws://127.0.0.1:9000", "security_profile": 1, "password": "0123456789abcdef"}
            out.append(section("[ocpp]", upstream))
        return "\n".join(out)

    def repair(self, mistakes):
        """Does what the check says, or leaves out what it does not like."""
        tables = {table["name"]: table for table in (*self.circuits, *self.meters, *self.evses)}
        for mistake in mistakes:
            name, field = mistake["where"].split('"')[1], mistake["field"]
            table = tables[name]
            if field == "feeder_a":
                tables[table["circuit"]]["rating_a"] = table["max_a"]
            elif field in table and field not in ("max_a", "kind", "unit", "rating_a", "profile"):
                del table[field]
            elif table in self.evses:
                table["kind"] = "ampacity"

    def widen(self):
        """The sums do not hold, or a bus is too slow for the watchdogs."""
        for circuit in self.circuits:
            circuit["rating_a"] = round(circuit["rating_a"] * 1.25, 1)
        for evse in self.evses:
            if evse.get("watchdog_s", 60) < 60:
                evse["watchdog_s"] = 60


def section(header, table):
    lines = [header]
    for key, value in table.items():
        text = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
        lines.append("%s = %s" % (key, text))
    return "\n".join(lines) + "\n"


def draw(chance):
    """(text of a site that the check takes, its report)."""
    while True:
        draft = Draft(chance)
        for _ in range(TRIES):
            mistakes, report = checked(draft.text())
            if report is not None and report["ok"]:
                return draft.text(), report
            if mistakes:
                draft.repair(mistakes)
            else:
                draft.widen()


def checked(text):
    """(mistakes, report) of the check; whatever else it raises is a defect."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text)
        try:
            site = load_site(path)
            refused = any(each["level"] == "error" for each in all_findings(site))
            return [], None if refused else check_report(site)
        except SiteErrors as errors:
            return [mistake.as_dict() for mistake in errors.mistakes if mistake.level == "error"], None
