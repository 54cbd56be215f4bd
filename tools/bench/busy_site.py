"""A busy site for a primary in a process of its own, all on one virtual clock.

16 secondaries with cars that arrive and leave, a meter whose value always changes, and a CSMS. The primary's process requests
time and line bytes over its standard input and output (probes/probe_platform.py); everything else runs here, in the rig's virtual
loop.
"""

import random
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.command import prepare
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.virtual.memory_network import MemoryWriter
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from ampacity_host.rig.virtual.virtual_csms import HOST, PORT, attach_csms
from tools.micropython.build32 import ROOT

UNITS, BAUD = 16, 19200
STAY_MS = 600_000
HEAD = """
[site]
name = "busy"
[[circuit]]
name = "main"
rating_a = 200
assumed_other_a = 60
meter = "grid"
[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "line"
unit = 100
[ocpp]
identity = "BENCH"
url = "ws://127.0.0.1:9000"
password = "a password of twenty"
"""
EVSE = '[[evse]]\nname = "e{unit}"\nkind = "ampacity"\nbus = "line"\nunit = {unit}\ncircuit = "main"\nmax_a = 32\n'


def site_text(units: int = UNITS) -> str:
    return HEAD + "".join(EVSE.format(unit=unit) for unit in range(1, units + 1))


class World(VirtualBench):  # type: ignore[misc]
    """The rig without its primary."""

    def _make_controllers(self) -> None:
        for facts in self.facts["evses"]:
            self.secondaries[facts["name"]] = self._make_secondary(facts)


class BusySite:
    """folder: the primary's data folder is created below it. `run` serves one process until the time has elapsed."""

    def __init__(self, folder: Path, units: int = UNITS) -> None:
        (folder / "site.toml").write_text(site_text(units))
        self.facts: dict[str, Any] = compile_site(load_site(folder / "site.toml"))
        self.data = folder / "data"
        prepare(self.facts, self.data, "primary", "primary", "127.0.0.1:0")
        ocpp = self.facts["ocpp"]
        self.world = World(self.facts, 1, keep_history=False)
        self.loop = self.world.loop
        self.csms = attach_csms(self.world, "2.0.1", ocpp, check_every=20)
        self.chance = random.Random(1)
        self.figures: list[tuple[str, int]] = []
        self.heard: list[bytes] = []
        self.heard_upstream: list[bytes] = []
        self.last_words: list[str] = []
        self.writer: Any = None
        self.station = self.world.lines["line"].attach("primary", lambda data, now_us: self.heard.append(data))
        self.station.primary = True
        self.start_us = self.loop.now_us
        self.world.start()

    # ---- the sequence of events

    def begin(self) -> None:
        """Cars at every EVSE within the first minute; from then on each leaves and another one arrives."""
        for number, point in enumerate(self.world.plant.points):
            self.loop.at_ms(self.loop.now_ms + 20_000 + number * 2_000, self.arrive, number, point)
        self.loop.at_ms(self.loop.now_ms + 90_000, self.limit)

    def arrive(self, number: int, point: Any) -> None:
        point.plug(Car(phases=self.chance.choice((1, 3, 3)), max_da=self.chance.choice((100, 160, 320)), need_wh=50_000))
        token = {"idToken": f"T{number}", "type": "Central"}
        payload = {"evseId": number + 1, "remoteStartId": number + 1, "idToken": token}
        self.loop.at_ms(self.loop.now_ms + 3_000, self.csms.send_call, "RequestStartTransaction", payload)
        self.loop.at_ms(self.loop.now_ms + self.chance.randrange(STAY_MS // 2, STAY_MS), self.leave, number, point)

    def leave(self, number: int, point: Any) -> None:
        point.unplug()
        self.loop.at_ms(self.loop.now_ms + 15_000, self.arrive, number, point)

    def limit(self) -> None:
        """The CSMS limits the site from time to time."""
        periods = [{"startPeriod": n * 300, "limit": float(self.chance.randrange(60, 200))} for n in range(4)]
        schedule = {"id": 1, "chargingRateUnit": "A", "duration": 1200, "chargingSchedulePeriod": periods}
        profile = {"id": 1, "stackLevel": 0, "chargingProfilePurpose": "ChargingStationMaxProfile", "chargingProfileKind": "Relative"}
        self.csms.send_call("SetChargingProfile", {"evseId": 0, "chargingProfile": {**profile, "chargingSchedule": [schedule]}})
        self.loop.at_ms(self.loop.now_ms + 240_000, self.limit)

    # ---- the process at the other end

    def run(self, command: list[str], run_s: float, modules: str = ".frozen") -> bool:
        """Serves the process for this time; False if it ended earlier. modules: its MICROPYPATH, relative to this project."""
        end_us = self.start_us + int(run_s * 1e6)
        self.begin()
        with subprocess.Popen(
            [*command, str(self.data), str(self.start_us)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1, env={"MICROPYPATH": modules}, cwd=ROOT,
        ) as process:  # fmt: skip
            try:
                return self.serve(process, end_us)
            finally:
                process.kill()
                self.world.close()

    def serve(self, process: "subprocess.Popen[str]", end_us: int) -> bool:
        assert process.stdin is not None and process.stdout is not None
        for line in process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "T":
                self.wait(int(rest) * 1000)
                if self.loop.now_us >= end_us:
                    return True
                process.stdin.write(f"{self.loop.now_us} {taken(self.heard)} {taken(self.heard_upstream)}\n")
            elif word == "L":
                self.station.send(bytes.fromhex(rest))
            elif word == "U":
                self.writer.write(bytes.fromhex(rest))
            elif word == "C":
                self.connect()
            elif word == "R":
                name, _, value = rest.partition(" ")
                self.figures.append((name, int(value)))
            else:
                self.last_words.append(line.rstrip())
        return False

    def connect(self) -> None:
        near, far = self.world.network.pair(self.world.network.path(HOST, PORT))
        near.on_data = self.heard_upstream.append
        self.writer = MemoryWriter(near)
        self.world.network.listeners[HOST, PORT](far)

    def wait(self, until_us: int) -> None:
        """Until that time, or until something arrived for the primary."""
        loop = self.loop
        loop.run_to(loop.now_us)
        while not self.heard and not self.heard_upstream and loop.now_us < until_us:
            next_us = loop.next_us()
            loop.run_to(until_us if next_us is None else min(until_us, next_us))

    def figure(self, name: str) -> int:
        """The largest reported value; 0 without any."""
        return max([value for known, value in self.figures if known == name], default=0)


def taken(pieces: list[bytes]) -> str:
    """What arrived, as hex; the buffer is emptied."""
    data = b"".join(pieces)
    pieces.clear()
    return data.hex() or "-"


def run_site(command: list[str], run_s: float, modules: str = ".frozen", units: int = UNITS) -> "tuple[bool, BusySite]":
    """One run in a separate folder: did it last, and its figures. modules: path of the firmware; units: secondaries."""
    with tempfile.TemporaryDirectory(prefix="ampacity-bench.") as name:
        site = BusySite(Path(name), units)
        return site.run(command, run_s, modules), site
