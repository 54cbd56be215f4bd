"""A site on the virtual bench, with a person at the console who knows the words of a commissioning."""

import asyncio
import io

from rich.console import Console

from ampacity_host.commission.screen import Screen
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from simulated import set_up

SITE = """
[site]
name = "yard"

[[circuit]]
name = "main"
rating_a = 100.0
assumed_other_a = 20.0
meter = "grid"

[[bus]]
name = "rs485-1"
kind = "rtu"
port = "virtual"

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "rs485-1"
unit = 100

[[evse]]
name = "evse-1"
kind = "local"
circuit = "main"
max_a = 16.0

[[evse]]
name = "evse-2"
kind = "ampacity"
bus = "rs485-1"
unit = 2
circuit = "main"
max_a = 16.0

[[evse]]
name = "evse-3"
kind = "heidelberg-energy-control"
bus = "rs485-1"
unit = 3
circuit = "main"
max_a = 16.0
phases = ["L3", "L1", "L2"]

[[evse]]
name = "evse-4"
kind = "heidelberg-energy-control"
bus = "rs485-1"
unit = 4
circuit = "main"
max_a = 16.0
"""
READY_MS = 30_000


def yard(tmp_path, text=SITE, seed=2):
    path = tmp_path / "site.toml"
    path.write_text(text)
    setup = set_up(path, seed)
    return VirtualBench(setup.facts, setup.seed)


def plug(bench, name, phases=1):
    bench.plant.point[name].plug(Car(phases=phases))


class Desk:
    """The console of a virtual bench as a link: what a guide talks to. sleep: lets the bench's time run."""

    def __init__(self, bench):
        self.bench = bench

    def ask(self, line):
        return asyncio.run(self.bench.console(line))

    def sleep(self, seconds):
        self.bench.run_ms(int(seconds * 1000))

    def close(self):
        """Nothing to close."""

    def set_password(self):
        """Of the installer: what is signed belongs to a site that is in service."""
        assert self.ask("password a long pass phrase") == "ok"


class Installer:
    """Says yes to what is asked, and puts an address right when it is told; `said`: all that the screen showed."""

    def __init__(self, bench, words=None):
        self.bench = bench
        self.words = words or {}
        self._text = io.StringIO()
        self.screen = Screen(Console(file=self._text, width=200))

    @property
    def said(self):
        return self._text.getvalue().split("\n")

    def asked(self):
        """Reads each question."""

    def poll(self, evse, step):
        if step == "load" and not self.bench.view()["evses"][evse]["online"]:
            self.put_right()
        return self.words.get((evse, step), None if step == "load" else "next")

    def agrees(self, question):
        if "corrected" in question:
            self.put_right()
        return True

    def put_right(self):
        if "evse-4" in self.bench.hosts:
            self.bench.fault_injector.set("same_unit", "evse-4", False, {})


def noisy(bench, seed=3, every_ms=7000):
    """A house: loads of up to 8 A come and go on each line."""
    from ampacity.base.rng import Rng

    rng, root = Rng(seed), bench.plant.circuits[0]

    def step():
        bench.plant.set_background(root, [10 * rng.below(9) for _ in range(3)])
        bench.time.at_ms(bench.time.now_ms + every_ms // 2 + rng.below(every_ms), step)
    step()
