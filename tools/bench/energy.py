"""Row `energy`: the energy that recorded sessions get by their departure, compared with perfect knowledge.

A week of recorded sessions on 24 EVSEs with recorded other load. The rating is chosen so that the perfect allocator
(tools/bench/optimum.py) delivers SHARE of the requested energy. The firmware runs with its orders as facts, on the virtual
clock; each session takes the first free EVSE, the same for every allocator. The recordings do not contain the cars: each
takes 16 A on three phases.

At each plug-in the primary receives the recorded departure and energy of this session (`needs` of the console), nothing of
other or later sessions. Rows without aim: the same week without this information, compared with the optimum and with lossless
equal shares (tools/bench/fair.py: the upper bound of a fair allocator without knowledge); and cars of one, two and three
phases, where the optimum knows which phases a car leaves unused although its contactor could close them (safety.md, rule 14).
tools/bench/unused.py compares this cost with fair shares.
"""

import json
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ampacity_host.configure import compile_site, load_site
from ampacity_host.replay.command import UsageError
from ampacity_host.replay.other_load import OtherLoadRecording
from ampacity_host.replay.session_player import SessionPlayer
from ampacity_host.replay.sessions import SessionFile
from ampacity_host.replay.simulation import Simulation
from ampacity_host.replay.times import DAY_S, TimeReader
from tools.bench.drawn_weeks import CARS
from tools.bench.entry import Entry, entry, unmeasured, wanted
from tools.bench.fair import fair_wh
from tools.bench.optimum import Stay, optimum_wh
from tools.bench.recordings import cut_sessions, pile_mains

ROWS = ("energy",)
EVSES = 24
FIRST_DAYS = (datetime(2019, 11, 4), datetime(2020, 1, 6))
DAYS = 7
SHARE, SHARE_LEAST, SHARE_MOST = 0.85, 0.80, 0.90
AIM = ">= 0.95"
THREE_PHASE = ((3, 16),)


def site_text(rating_a: float, assumed_a: float) -> str:
    """Two rows of secondaries on one metered connection."""
    main = f'name = "main"\nrating_a = {rating_a:.1f}\nassumed_other_a = {assumed_a:.1f}\nmeter = "grid"\n'
    lines = ['[site]\nname = "energy"\n', "[[circuit]]\n" + main]
    for row in "ab":
        lines.append(f'[[circuit]]\nname = "row-{row}"\nparent = "main"\nrating_a = 80.0\n')
        lines.append(f'[[bus]]\nname = "bus-{row}"\nkind = "rtu"\nport = "virtual"\n')
    lines.append('[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "bus-a"\nunit = 100\n')
    for index in range(EVSES):
        row, turn = "ab"[index % 2], ", ".join(f'"L{(index + n) % 3 + 1}"' for n in range(3))
        lines.append(f'[[evse]]\nname = "bay-{index + 1}"\nkind = "ampacity"\nbus = "bus-{row}"\nunit = {index // 2 + 1}\n'
                     f'circuit = "row-{row}"\nmax_a = 16.0\nphases = [{turn}]\nwatchdog_s = 10\n')  # fmt: skip
    return "\n".join(lines)


class Week:
    """The recordings of some days, and the EVSE of each session."""

    def __init__(self, first: datetime, days: int = DAYS, seed: int = 1, cars: "tuple[tuple[int, int], ...]" = THREE_PHASE) -> None:
        self.seed, self.days = seed, days
        with tempfile.TemporaryDirectory(prefix="ampacity-energy.") as name:
            folder = Path(name)
            cut_sessions(folder / "sessions.csv", first, days, random.Random(seed), cars)
            pile_mains(folder / "mains.csv", first, 1, seed)
            times = TimeReader("UTC0")
            found = SessionFile(folder / "sessions.csv", times).sessions
            self.mains = OtherLoadRecording(folder / "mains.csv", times, 3, 230)
        self.start_s = times.read(first.isoformat(), False)
        self.until_s = self.start_s + days * DAY_S
        self.sessions = [one for one in found if one.departure_s <= self.until_s]
        self.mains.begin(self.start_s)
        self.assumed_a = max(self.mains.peak_da()) / 10

    def facts(self, rating_a: float) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="ampacity-energy.") as name:
            path = Path(name) / "site.toml"
            path.write_text(site_text(rating_a, self.assumed_a))
            return json.loads(json.dumps(compile_site(load_site(path))))  # type: ignore[no-any-return]

    def stays(self) -> list[Stay]:
        """The EVSE of each session: the first free one in file order. A session without a free EVSE is omitted."""
        free_s = [0] * EVSES
        found = []
        for one in self.sessions:
            place = next((e for e in range(EVSES) if free_s[e] <= one.arrival_s), None)
            if place is not None:
                free_s[place] = one.departure_s
                found.append(Stay(place, one.arrival_s, one.departure_s, one.energy_wh, one.phases or 3, one.amps_da or 160))
        return found

    def other_da(self, circuit: int, from_s: int, until_s: int) -> Sequence[float]:
        """The mean other load of the main circuit between two instants."""
        total = [0.0, 0.0, 0.0]
        at_ms, until_ms = (from_s - self.start_s) * 1000, (until_s - self.start_s) * 1000
        while circuit == 0 and at_ms < until_ms:
            values, next_ms = self.mains.at(at_ms)
            span_ms = min(next_ms, until_ms) - at_ms
            total = [sum_da + da * span_ms for sum_da, da in zip(total, values, strict=True)]
            at_ms += span_ms
        return [sum_da / ((until_s - from_s) * 1000) for sum_da in total]

    def rating_a(self) -> float:
        """The rating at which the optimum delivers SHARE of the requested energy, to half an ampere."""
        stays = self.stays()
        asked = sum(stay.energy_wh for stay in stays)
        other = remembered(self.other_da)
        low, high = self.assumed_a + 1, 160.0
        while high - low > 0.5:
            middle = (low + high) / 2
            share = sum(optimum_wh(self.facts(middle), stays, self.start_s, other)) / asked
            low, high = (middle, high) if share < SHARE else (low, middle)
        return round(high, 1)


def remembered(function: Callable[..., Sequence[float]]) -> Callable[..., Sequence[float]]:
    known: dict[tuple[int, ...], Sequence[float]] = {}

    def answer(*arguments: int) -> Sequence[float]:
        if arguments not in known:
            known[arguments] = function(*arguments)
        return known[arguments]

    return answer


def measure(week: Week, told: bool = True) -> "tuple[float, list[Stay], dict[str, Any], float]":
    """(Wh delivered, stays, site facts, rating in A) of a week."""
    rating_a = week.rating_a()
    facts = week.facts(rating_a)
    return *played(week, facts, told), facts, rating_a


def played(week: Week, facts: dict[str, Any], told: bool, no_bytes: bool = True) -> "tuple[float, list[Stay]]":
    """(Wh delivered, stays) of the firmware at this site. RuntimeError: a rating was exceeded."""
    simulation = Simulation(dict(facts), week.seed, week.start_s, no_bytes=no_bytes)
    simulation.plant.play_mains(week.mains)
    driver = SessionPlayer(simulation.plant, week.sessions, week.start_s)
    driver.on_plug = teller(simulation, week) if told else None
    simulation.run_ms((week.until_s - week.start_s) * 1000)
    driver.end()
    simulation.plant.close()
    simulation.close()
    if any(account.violations for circuit in simulation.plant.circuits for account in circuit.accounts):
        raise RuntimeError("a sample stood above its rating")
    return driver.delivered_wh, placed(facts, week, driver)


def teller(simulation: Simulation, week: Week) -> Callable[..., None]:
    """Reports to the primary at each plug-in what the driver knows of this session."""
    plant = simulation.plant

    def tell(point: Any, session: Any) -> None:
        departure_ms = plant.start_ms + (session.departure_s - week.start_s) * 1000
        simulation.bench.primary.role.evses.needs(point.index, session.energy_wh, departure_ms, plant.now_ms)

    return tell


def placed(facts: dict[str, Any], week: Week, driver: SessionPlayer) -> list[Stay]:
    """The stays of the run, from plug-in to departure."""
    place = {evse["name"]: index for index, evse in enumerate(facts["evses"])}
    known = {one.name: one for one in week.sessions}
    return [Stay(place[evse], driver.plugged_s[name], departure_s, energy_wh, known[name].phases or 3, known[name].amps_da or 160)
            for name, _, departure_s, evse, energy_wh, _ in driver.records if name in driver.plugged_s]  # fmt: skip


def rows(only: "str | None" = None) -> Iterator[Entry]:
    names = [first.date().isoformat() for first in FIRST_DAYS]
    cases: "list[tuple[str, datetime, tuple[tuple[int, int], ...], bool]]"
    cases = [(name, first, THREE_PHASE, True) for name, first in zip(names, FIRST_DAYS, strict=True)]
    cases += [(names[0] + "/untold", FIRST_DAYS[0], THREE_PHASE, False), ("mixed-cars", FIRST_DAYS[0], CARS, True)]
    for name, first, cars, told in cases:
        if not any(wanted(f"energy/{row}", only) for row in (name, name + "-equal-shares")):
            continue
        try:
            week = Week(first, cars=cars)
            delivered, stays, facts, rating_a = measure(week, told)
        except UsageError as problem:
            yield unmeasured(f"energy/{name}", str(problem))
            continue
        yield against_optimum(name, week, (delivered, facts, stays, rating_a), AIM if name in names else None)
        if not told:
            equal = sum(fair_wh(facts, stays, week.start_s, week.until_s, week.other_da))
            note = "the same run beside equal shares without any loss"
            yield entry(f"energy/{name}-equal-shares", delivered / 1000, equal / 1000, "kWh", None, note)


def against_optimum(name: str, week: Week, run: "tuple[float, dict[str, Any], list[Stay], float]", aim: "str | None") -> Entry:
    delivered, facts, stays, rating_a = run
    asked = sum(stay.energy_wh for stay in stays)
    optimum = sum(optimum_wh(facts, stays, week.start_s, week.other_da))
    note = f"{DAYS} recorded days, 24 EVSEs, {rating_a} A; the optimum is {optimum / asked:.0%} of {asked / 1000:.0f} kWh asked"
    made = entry(f"energy/{name}", delivered / 1000, optimum / 1000, "kWh", aim, note)
    made["ok"] = made["ok"] and (aim is None or SHARE_LEAST <= optimum / asked <= SHARE_MOST)
    return made
