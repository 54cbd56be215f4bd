"""One drawn site on the rig's virtual clock: cars, trouble after trouble, each over before the next; then all is well again.

Found wrong: a rating violated at any time (the plant's own books), an EVSE that charged at first and never again, a primary
that does not regulate any more, anything raised in the rig's process.
"""

import contextlib
import json
import random
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from ampacity_host.rig.client import RigClient
from tests.drawn.sites_at_random import draw

STEPS = 10
FIRST_S, AGAIN_S, WELL_S = 700, 1_500, 1_200
ANSWER_S = 400
OWN = ("local", "ampacity")
LINE = ("cut", "cut_tx", "cut_rx", "noise", "delay", "late", "duplicate")
BUS = (*LINE, "echo", "babble", "wrong_unit", "second_primary", "foreign_client")
EVSE = ("power_off", "restart", "forget_settings", "keep_setpoint", "ignore_writes", "round_up", "stale_reading", "residual_current",
        "overtemperature", "disobeys", "pilot_short", "diode", "pe_lost", "lock_failed", *LINE)
METER = ("dead", "frozen", "nan")
PRIMARY = ("csms_down", "network_down", "clock_jump", "disk_full", "slow_disk", "low_memory", "hang")
TROUBLES = ("jump", "jump", "dies", "writes", "bus", "bus", "evse", "evse", "evse", "meter", "primary", "replug", "pause", "limit", "pump")
LAST_MS = (500, 3_000, 15_000, 40_000, 120_000)
CAR = {"battery_kwh": 2000}


class Wrong(Exception):
    """A rating was violated."""


class Life:
    """rig: a client of the site's rig; chance: what is drawn comes from it. `log`: what was done, in words.

    measured: every EVSE below a meter says what it draws. One that does not, and counts its maximum because nothing is known of
    it, leaves no room while it charges (safety.md 3.1); so there nobody is missed.
    """

    def __init__(self, rig, ready, text, chance, measured):
        self.rig, self.chance, self.measured = rig, chance, measured
        self.site = tomllib.loads(text)
        self.evses, self.circuits = ready["evses"], ready["circuits"]
        self.phases = len(rig.state()["truth"]["circuits"][self.circuits[0]]["rating"])
        self.log = []

    def play(self):
        """What is wrong, as texts; Wrong."""
        self.plug(self.some_car)
        first = self.charging(self.evses, FIRST_S)
        for _ in range(STEPS):
            self.trouble()
        self.all_well()
        left = set(first) - set(self.charging(first, AGAIN_S)) if self.measured else ()
        problems = ["%s charged at first and never again: %s" % (name, self.why(name)) for name in sorted(left)]
        return problems if self.regulates() else [*problems, "the primary does not regulate any more"]

    def some_car(self):
        fields = {"phases": (1, 2, 3), "max_a": (10, 16), "ramp_a_per_s": (2, 10, 30), "reaction_ms": (200, 500, 3_000)}
        return {name: self.chance.choice(values) for name, values in fields.items()}

    def go(self, ms):
        self.rig.advance(ms=ms)
        for name, books in self.rig.worst()["circuits"].items():
            if any(books["violation_ms"]):
                raise Wrong("%s: violated for %s ms" % (name, books["violation_ms"]))

    def plug(self, car):
        for name in self.evses:
            self.rig.plug(evse=name, car=CAR | car())
        self.go(30_000)
        if "ocpp" in self.site:
            for name in self.evses:
                self.rig.present_token(token="card-" + name, type="ISO14443", evse=name)

    def charging(self, names, within_s):
        """Those of them that took current within that time."""
        found = []
        for _ in range(within_s // 5):
            self.go(5_000)
            truth = self.rig.state()["truth"]["evses"]
            found += [name for name in names if name not in found and max(truth[name]["amps"]) > 5]
            if len(found) == len(names):
                break
        return found

    def regulates(self):
        for _ in range(WELL_S // 10):
            view = self.rig.state()["primary"]
            if view and view["mode"] == "regulating":
                return True
            self.go(10_000)
        return False

    def why(self, name):
        view = self.rig.state()["primary"]
        return view and view["evses"][name]["why"]

    def all_well(self):
        """Cars leave and come back; a person resets what was locked out."""
        for name in self.circuits:
            self.rig.background(circuit=name)
        for name in self.evses:
            self.rig.unplug(evse=name)
        if self.rig.state()["primary"] is None:
            self.rig.primary(action="start")
        self.go(30_000)
        for name in self.evses:
            self.rig.answer("console", text="unlock " + name)
            self.rig.answer("console", text="replace " + name)
        self.go(5_000)
        self.plug(lambda: {"max_a": 16})

    # ---- troubles

    def trouble(self):
        getattr(self, "_" + self.chance.choice(TROUBLES))()

    def say(self, *words):
        self.log.append(" ".join(str(word) for word in words))

    def some_ms(self, most_ms=60_000):
        return self.chance.randrange(1_000, most_ms)

    def _jump(self):
        """Other load within what the circuit and all above it declare."""
        tables = {table["name"]: table for table in self.site["circuit"]}
        table = where = self.chance.choice(self.site["circuit"])
        most_a = table.get("assumed_other_a", 0)
        while "parent" in where:
            where = tables[where["parent"]]
            most_a = min(most_a, where.get("assumed_other_a", 0))
        for name in self.circuits:
            self.rig.background(circuit=name)
        amps = {"l%d" % (line + 1): round(self.chance.uniform(0, most_a), 1) for line in range(self.phases)}
        self.say("jump", table["name"], amps)
        self.rig.background(circuit=table["name"], **amps)
        self.go(self.some_ms(30_000))

    def _dies(self):
        off_ms = self.chance.choice((200, 900, 3_000, 20_000, 90_000))
        self.say("kill for", off_ms, "ms")
        self.rig.primary(action="kill")
        self.go(off_ms)
        self.rig.primary(action="start")
        self.go(20_000)

    def _writes(self):
        n = self.chance.randrange(1, 6)
        self.say("power cut in write", n)
        self.rig.primary(action="power_cut_at_write", n=n)
        self.go(30_000)
        self.rig.primary(action="kill")
        self.rig.primary(action="start")
        self.go(20_000)

    def _replug(self):
        name = self.chance.choice(self.evses)
        self.say("replug", name)
        self.rig.unplug(evse=name)
        self.go(self.some_ms(9_000))
        self.rig.plug(evse=name, car=CAR)
        self.go(5_000)

    def _pause(self):
        name = self.chance.choice(self.evses)
        self.say("pause", name)
        self.rig.ev(evse=name, action="pause")
        self.go(self.some_ms())
        self.rig.ev(evse=name, action="resume")

    def _limit(self):
        target, amps = self.chance.choice(["site", *self.evses, *self.circuits]), self.chance.choice((0, 3, 6, 8.5, 13, 20))
        self.say("limit", target, amps)
        self.rig.limit(source="console", target=target, amps=amps, ttl_s=self.chance.choice((5, 30)))
        self.go(self.some_ms())
        self.rig.answer("limit", source="console", target=target, amps=None)

    def _pump(self):
        if self.site.get("safety_load"):
            self.say("pump")
            self.rig.safety_load(name="pump", on=True)
            self.go(self.some_ms(40_000))
            self.rig.safety_load(name="pump", on=False)
            self.go(30_000)

    def _bus(self):
        self._fault(BUS, [table["name"] for table in self.site["bus"]])

    def _meter(self):
        self._fault(METER, [table["name"] for table in self.site.get("meter", ())])

    def _primary(self):
        self._fault(PRIMARY, ["primary"])

    def _evse(self):
        self._fault(EVSE, self.evses)

    def _fault(self, kinds, targets):
        if not targets:
            return
        kind, target = self.chance.choice(kinds), self.chance.choice(targets)
        makes = {table["name"]: table["kind"] for table in self.site["evse"]}
        if kind == "disobeys" and makes[target] not in OWN:
            return  # nothing could stop it: no contactor of theirs is ours, and the site has no feeder's (safety.md 9)
        more = {"noise": {"ber": self.chance.choice((0.0005, 0.005, 0.05))}, "delay": {"ms": self.chance.choice((20, 200, 2_000))},
                "foreign_client": {"writes": self.chance.random() < 0.5}, "clock_jump": {"s": self.chance.choice((-5_000, 100_000))},
                "slow_disk": {"ms": 300}}.get(kind, {})  # fmt: skip
        last_ms = self.chance.choice(LAST_MS)
        if not self.rig.answer("fault", kind=kind, target=target, **more)["ok"]:
            return  # not of that make
        self.say(kind, target, more or "", last_ms, "ms")
        self.go(last_ms)
        self.rig.answer("fault", kind=kind, target=target, on=False)
        self.go(15_000)


@contextlib.contextmanager
def rig_of(text, seed, errors):
    """(client, ready line) of the site's rig; errors: a file for what it says of itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text)
        command = [sys.executable, "-m", "ampacity_host", "rig", "--site", str(path), "--clock", "virtual", "--seed", str(seed)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            line = process.stdout.readline()
            if not line:
                raise Wrong("the rig did not start")
            ready = json.loads(line)
            with RigClient(ready["control"], ANSWER_S) as client:
                yield client, ready
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()


def live(seed):
    """{"seed", "evses", "problems", "log", "site"} of one life."""
    chance = random.Random(seed)
    text, report = draw(chance)
    measured = not any("not measured" in row["what"] for row in report["evidence"])
    life, problems = None, []
    with tempfile.TemporaryFile("w+") as errors:
        try:
            with rig_of(text, seed, errors) as (client, ready):
                life = Life(client, ready, text, chance, measured)
                problems = life.play()
        except Wrong as wrong:
            problems.append(str(wrong))
        errors.seek(0)
        said = errors.read()
    if "Traceback" in said:
        problems.append(said[said.index("Traceback"):][:2_000])
    return {"seed": seed, "evses": text.count("[[evse]]"), "problems": problems, "log": life.log if life else [], "site": text}
