"""Weeks of a garage with random faults (safety.md 8.6): the whole firmware, every byte, judged by the plant.

`python -m tests.proof.soak --days 30 --seed 1` runs them in one piece, tells how far it is once an hour of the garage,
ends at the next full hour on SIGTERM, and prints one JSON object: `{"days", "sessions_served", "violations", …}`.
A session is served when it got, by its departure, SERVED of what a perfect allocator that is fair would have given it
(tools/bench/fair.py: no faults, no waiting, no losses). Beside it: who got SERVED of what it could have taken alone on the
site, and the energy against the optimum with perfect foresight.

Twelve seeds of 60 hours each (--portions) are thirty site-days, in quarters that are evidence each by itself; they run in as
many processes as there are cores, on PyPy where `make pypy` has put it: the garage is played there (--play FILE); the verdict,
which needs a solver, is worked out here from what was played.
"""

import argparse
import gc
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import astuple
from pathlib import Path

from ampacity_host.configure import compile_site, load_site
from ampacity_host.replay.other_load import OtherLoadRecording
from ampacity_host.replay.results import violations
from ampacity_host.replay.session_player import SessionPlayer
from ampacity_host.replay.sessions import SessionFile
from ampacity_host.replay.simulation import Simulation
from ampacity_host.replay.times import TimeReader
from tests.proof.kept import Kept
from tests.proof.soak_garage import site_text, write_week
from tests.proof.soak_storm import Storm
from tools import pypy
from tools.bench.fair import fair_wh
from tools.bench.optimum import Stay, optimum_wh, possible_wh

SERVED = 0.9
FAULTS_AN_HOUR = 0.5
HOUR_MS = 3_600_000
DAYS, PORTION_HOURS, QUARTERS = 30, 60, (1, 2, 3, 4)
END_OF_DAY = " hour 24:"

WELL = ("running", None, "CancelledError()")  # the last: the storm or the end of the run took its power


class Week:
    """What a seed plays: `hours` of a garage from `from_hour` of its first day on. site: its site file, None: the 24 EVSEs."""

    def __init__(self, hours, seed, from_hour=0, site=None):
        with tempfile.TemporaryDirectory(prefix="ampacity-soak.") as name:
            folder = Path(name)
            (folder / "site.toml").write_text(site or site_text())
            self.source = write_week(folder, hours // 24 + 2, seed)
            self.facts = compile_site(load_site(folder / "site.toml"))
            times = TimeReader(self.facts["time"]["tz"])
            found = SessionFile(folder / "sessions.csv", times).sessions
            self.start_s = times.local_day_start(found[0].arrival_s) + from_hour * 3600
            self.sessions = [one for one in found if self.start_s <= one.arrival_s < self.start_s + hours * 3600]
            self.mains = OtherLoadRecording(folder / "mains.csv", times, self.facts["phases"], self.facts["voltage_v"])
        self.mains.begin(self.start_s)

    def other_da(self, circuit, from_s, until_s):
        """The mean other load between two instants."""
        if circuit:
            return [0.0] * self.facts["phases"]
        total, at_ms, until_ms = [0.0] * self.facts["phases"], (from_s - self.start_s) * 1000, (until_s - self.start_s) * 1000
        while at_ms < until_ms:
            values, next_ms = self.mains.at(at_ms)
            span_ms = min(next_ms, until_ms) - at_ms
            total = [sum_da + da * span_ms for sum_da, da in zip(total, values, strict=True)]
            at_ms += span_ms
        return [sum_da / ((until_s - from_s) * 1000) for sum_da in total]

    def judged(self, played):
        """What `Run.played` gave, its stays held against those of the two allocators that know all."""
        stays = [(Stay(*values), wh) for values, wh in played["stays"]]
        cars = [stay for stay, _ in stays]
        alone = [enough(wh, possible_wh(self.facts, stay)) for stay, wh in stays]
        fair = fair_wh(self.facts, cars, self.start_s, self.start_s + played["hours"] * 3600, self.other_da)
        served = [enough(wh, share) for (_, wh), share in zip(stays, fair, strict=True)]
        perfect = optimum_wh(self.facts, cars, self.start_s, self.other_da)
        starved = [(self.facts["evses"][stay.evse]["name"], stay.arrival_s - self.start_s, round(share), round(wh))
                   for (stay, wh), share, good in zip(stays, fair, served, strict=True) if not good]
        told = {word: value for word, value in played.items() if word != "stays"}
        return {
            **told, "sessions": len(stays), "served": sum(served), "starved": starved, "as_alone": sum(alone),
            "delivered_wh": sum(wh for _, wh in stays), "fair_wh": round(sum(fair)), "perfect_wh": round(sum(perfect))}


class Run:
    """One seed, played. hours, seed, from_hour, site: as of its Week."""

    def __init__(self, hours, seed, faults=FAULTS_AN_HOUR, from_hour=0, ocpp=True, site=None, no_bytes=False):
        self.hours, self.seed = hours, seed
        self.week = Week(hours, seed, from_hour, site)
        self.facts, self.start_s = self.week.facts, self.week.start_s
        if not ocpp:
            self.facts["ocpp"] = None
        self.simulation = Simulation(self.facts, seed, self.start_s, no_bytes)
        self.bench, self.plant = self.simulation.bench, self.simulation.plant
        self.plant.play_mains(self.week.mains)
        self.driver = SessionPlayer(self.plant, self.week.sessions, self.start_s)
        self.driver.on_plug = self.simulation.on_plug
        self.storm = Storm(self.bench, faults, seed) if faults else None
        self.stop = False  # set to end at the next full hour
        self.heap = []  # (hour, objects of the firmware, bytes in the stores)

    def play(self, tell=None):
        began_s, spent_s = time.monotonic(), time.process_time()
        for hour in range(self.hours):
            if self.stop:
                self.hours = hour
                break
            self.simulation.run_ms(HOUR_MS)
            self._sample(hour + 1)
            if tell is not None:
                tell(self, time.monotonic() - began_s, time.process_time() - spent_s)
        self.standing = {session: name for name, session in self.driver._at.items()}
        self.driver.end()
        self.plant.close()
        self.simulation.close()
        return self

    def _sample(self, hour):
        gc.collect()
        ours = sum(1 for one in gc.get_objects() if str(getattr(type(one), "__module__", "")).startswith("ampacity."))
        controllers = [self.bench.primary, *self.bench.secondaries.values()]
        self.heap.append((hour, ours, sum(one.files._size() for one in controllers)))

    def stays(self):
        """(Stay, Wh delivered) of every car that stood somewhere, from when it was plugged in: some wait for a place."""
        place = {facts["name"]: index for index, facts in enumerate(self.facts["evses"])}
        by_name = {one.name: one for one in self.week.sessions}
        until_s = self.start_s + self.hours * 3600
        found = []
        for name, _, departure_s, evse, energy_wh, delivered_wh in self.driver.records:
            if evse is None or name not in self.driver.plugged_s:
                continue
            arrival_s = self.driver.plugged_s[name]
            session = by_name[name]
            stay = Stay(place[evse], arrival_s, min(departure_s, until_s), energy_wh, session.phases or 3, session.amps_da or 160)
            found.append((stay, delivered_wh))
        return found

    def played(self):
        """What was seen, before any verdict on the sessions: all that can be written down."""
        return {
            "seed": self.seed, "hours": self.hours, "source": self.week.source, "runtime": sys.implementation.name,
            "stays": [(astuple(stay), wh) for stay, wh in self.stays()], "violations": violations(self.plant),
            "faults": self.storm.done if self.storm else {}, "orders": self.simulation.orders(), "frames": self.simulation.frames(),
            "transactions": self.simulation.ocpp()["transactions"], "problems": self.bench.loop.problems[:5],
            "ended": [one.outcome for one in [self.bench.primary, *self.bench.secondaries.values()] if one.outcome not in WELL],
            "heap": self.heap[0:1] + self.heap[23::24] if self.hours >= 24 else [self.heap[0], self.heap[-1]], "growing": self.growing()}

    def result(self):
        return self.week.judged(self.played())

    def growing(self):
        """Does the firmware hold more at the end of each day than at that of the day before, or its stores?"""
        days = self.heap[23::24]
        if len(days) < 2:
            return False
        objects, size = [row[1] for row in days], [row[2] for row in days]
        return objects[-1] > objects[0] + 400 or size[-1] > size[0] + 40_000


def enough(wh, most_wh):
    """Is this car served?"""
    return wh >= SERVED * most_wh - 50


def portion(arguments):
    """One process's share: (hours, seed, faults) -> its result."""
    hours, seed, faults = arguments
    began_s = time.monotonic()
    program = pypy.find()
    if program:
        result = Week(hours, seed).judged(played_by(program, hours, seed, faults))
    else:
        result = Run(hours, seed, faults).play(_tell_day).result()
    result["cpu_s"] = round(time.monotonic() - began_s, 1)  # all of it is computed by one process after the other
    told = f"{result['served']} of {result['sessions']} served, {len(result['violations'])} violations"
    print(f"soak: seed {seed} on {result['runtime']}: {told}", file=sys.stderr, flush=True)
    return result


def played_by(program, hours, seed, faults):
    """`Run.played`, by a process of that runtime; RuntimeError if it does not end well."""
    with tempfile.TemporaryDirectory(prefix="ampacity-soak.") as name:
        file = Path(name) / "played.json"
        words = [program, "-m", "tests.proof.soak", "--hours", str(hours), "--seed", str(seed), "--faults", str(faults), "--play", str(file)]
        last = deque(maxlen=20)
        with subprocess.Popen(words, cwd=pypy.ROOT, env=pypy.environment(), stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                last.append(line)
                if END_OF_DAY in line:
                    print(line, end="", file=sys.stderr, flush=True)
        if process.returncode:
            raise RuntimeError(f"soak: seed {seed}: {''.join(last)}")
        return json.loads(file.read_text())


def _tell(run, wall_s, cpu_s):
    """One line an hour: how far, how fast (of its own time on a core), what was found."""
    hour, objects, size = run.heap[-1]
    gone = [enough(wh, possible_wh(run.facts, stay)) for stay, wh in run.stays()]
    cars = f"{sum(gone)} of {len(gone)} cars that left had what they could take alone, {len(violations(run.plant))} violations"
    faults = sum(run.storm.done.values()) if run.storm else 0
    print(f"soak: seed {run.seed}, day {(hour - 1) // 24 + 1} hour {(hour - 1) % 24 + 1}: {hour * 3600 / cpu_s:.0f} times real time of a core, "
          f"{hour * 3600 / wall_s:.0f} on the wall; {cars}; {faults} faults; {objects} objects, {size} bytes stored", file=sys.stderr, flush=True)


def _tell_day(run, wall_s, cpu_s):
    if not run.heap[-1][0] % 24:
        _tell(run, wall_s, cpu_s)


def soak(days, seed, faults=FAULTS_AN_HOUR, processes=None, kept=None):
    """`days` as portions of PORTION_HOURS with seeds from `seed` on; the sum of all. kept: a Kept."""
    portions, hours = [], round(24 * days)
    while hours > 0:
        portions.append((min(hours, PORTION_HOURS), seed + len(portions), faults))
        hours -= PORTION_HOURS
    return summary(sorted((kept or Kept()).mapped("soak", portion, portions, processes, context="spawn"), key=lambda one: one["seed"]))


def summary(results):
    """The object that `python -m tests.proof` puts under "soak"."""
    sessions, served = sum(one["sessions"] for one in results), sum(one["served"] for one in results)
    energy = {word: sum(one[word + "_wh"] for one in results) for word in ("delivered", "fair", "perfect")}
    days = sum(one["hours"] for one in results) / 24
    return {
        "days": int(days) if days == int(days) else round(days, 2), "sessions_served": round(served / max(1, sessions), 4),
        "violations": sum(len(one["violations"]) for one in results), "sessions": sessions,
        "sessions_as_alone": round(sum(one["as_alone"] for one in results) / max(1, sessions), 4),
        "energy_of_fair": round(energy["delivered"] / max(1, energy["fair"]), 4),
        "energy_of_perfect": round(energy["delivered"] / max(1, energy["perfect"]), 4),
        "faults": sum(sum(one["faults"].values()) for one in results), "growing": sum(one["growing"] for one in results),
        "cpu_s": round(sum(one.get("cpu_s", 0) for one in results)), "source": sorted({one["source"] for one in results}),
        "seeds": [one["seed"] for one in results], "runs": results}


def quarter(each):
    """(its first seed, how many portions) of a quarter, 1 to 4."""
    portions = DAYS * 24 // PORTION_HOURS // len(QUARTERS)
    return 1 + (each - 1) * portions, portions


def run(deep=True, kept=None, quarters=QUARTERS):
    """The part of `python -m tests.proof`: thirty site-days, however deep its searches go: the summary of each quarter, {"1": summary}, and
    what was found in all."""
    found = {str(each): soak(quarter(each)[1] * PORTION_HOURS / 24, quarter(each)[0], kept=kept) for each in quarters}
    return {"quarters": found, "days": sum(each["days"] for each in found.values()),
            "violations": sum(each["violations"] for each in found.values()), "failures": sum(each["growing"] for each in found.values())}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.proof.soak", description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=FAULTS_AN_HOUR, help="random faults an hour")
    parser.add_argument("--hours", type=int, help="instead of days: so many hours in one piece")
    parser.add_argument("--portions", action="store_true", help=f"{PORTION_HOURS} hours each with a seed of its own, on all cores")
    parser.add_argument("--from-hour", type=int, default=0)
    parser.add_argument("--play", metavar="FILE", help="only play, and write there what was seen: no verdict")
    options = parser.parse_args()
    if options.portions:
        result = soak(options.days, options.seed, options.faults)
    else:
        run = Run(options.hours or 24 * options.days, options.seed, options.faults, options.from_hour)
        signal.signal(signal.SIGTERM, lambda *_: setattr(run, "stop", True))
        run.play(_tell)
        if options.play:
            Path(options.play).write_text(json.dumps(run.played()))
            return 0
        result = summary([run.result()])
    print(json.dumps(result))
    return 1 if result["violations"] or result["growing"] or result["sessions_served"] < 0.98 else 0


if __name__ == "__main__":
    sys.exit(main())
