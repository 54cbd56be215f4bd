"""A site on the virtual bench, with a person at the console who knows the words of a commissioning."""

import json
from types import SimpleNamespace

from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.setup import Setup
from ampacity_host.rig.virtual.bench import VirtualBench

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
    setup = Setup(SimpleNamespace(site=str(path), seed=seed, no_csms=True, bench_csms=None, csms=None, ocpp=None))
    return VirtualBench(setup.facts, setup.seed)


def plug(bench, name, phases=1):
    bench.plant.point[name].plug(Car(phases=phases))


class Person:
    """Types at the console, and says yes when it asks what only eyes see."""

    def __init__(self, bench):
        self.bench = bench
        self.asked = []

    async def type(self, line):
        return await self.bench.console(line)

    async def status(self):
        return json.loads(await self.type("commission status --json"))

    async def commission(self, names="", words=None, most_s=1800):
        """Runs it to its end; words: EVSE and step → what is answered there, else next."""
        text = await self.type("commission start " + names)
        assert text.startswith("started"), text
        words = words or {}
        for _ in range(most_s):
            self.bench.run_ms(1000)
            status = await self.status()
            if not status["running"]:
                return status
            if status["ask"]:
                key = (status["evse"], status["step"])
                if key not in self.asked:
                    self.asked.append(key)
                elif self.asked.count(key) < 2 and status["step"] == "identity":
                    pass
                await self.answer(key, words)
        raise AssertionError("it does not end: %s" % status)

    async def answer(self, key, words):
        word = words.get(key, "skip" if key[1] == "load" else "next")
        if word is not None:
            await self.type("commission " + word)


def noisy(bench, seed=3, every_ms=7000):
    """A house: loads of up to 8 A come and go on each line."""
    from ampacity.base.rng import Rng

    rng, root = Rng(seed), bench.plant.circuits[0]

    def step():
        bench.plant.set_background(root, [10 * rng.below(9) for _ in range(3)])
        bench.time.at_ms(bench.time.now_ms + every_ms // 2 + rng.below(every_ms), step)
    step()
