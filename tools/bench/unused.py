"""Rows `energy/mixed`, `energy/one-phase` and `energy/unmeasured`: sites whose cars leave phases unused, compared with fair
water-filling on the phases in use (tools/bench/fair.py). An order counts on every phase that a contactor can close until the
ledger knows better (safety.md, rule 14), and that of an unmeasured EVSE for a raise twice (3.1): the difference is that cost.
What a car on an unmeasured EVSE uses a controller cannot know: `…/known` compares with shares that do not know it either.

A day and a quarter from six in the morning, generated from a seed: cars arrive in the morning for some hours and in the
evening for the night, with typical needs and departures; other load swings and steps. The connection is chosen so that fair
shares deliver SHARE_LEAST to SHARE_MOST of the requested energy: with a larger one there would be nothing to measure. No
departure or energy is known. The cases `…/bytes` are two hours of a smaller site of the same kind with every byte on the
line.

The fleet is that of Germany on 1 January 2024 (Kraftfahrt-Bundesamt: 1.41 million battery cars, 0.92 million plug-in
hybrids): 40 % hybrids, which charge on one phase. There is no statistic on the phases of battery cars: a tenth with one, a
sixth with two and the rest with three is an assumption.
"""

import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ampacity_host.configure import check_report, compile_site, load_site
from ampacity_host.replay.sessions import Session
from tools.bench.energy import Week, played
from tools.bench.entry import Entry, entry, wanted
from tools.bench.fair import fair_wh

ROWS = ("energy/mixed", "energy/one-phase", "energy/unmeasured")
SEED = 1
START_S = 1_704_693_600  # a Monday, 06:00 UTC
DAY_H, SHORT_H = 30, 2
SHORT_NEEDS = 4  # divisor of the cars' needs in the short run
MINUTE_MS = 60_000
SHARE_LEAST, SHARE_MOST = 0.6, 0.9
AIM = ">= 0.95"

Fleet = tuple[tuple[int, int, int, int, int], ...]  # percent, phases, dA, least and greatest need, Wh
HYBRID, BATTERY_WH = (3_000, 12_000), (8_000, 40_000)
FLEET: Fleet = ((40, 1, 160, *HYBRID), (6, 1, 320, *BATTERY_WH), (10, 2, 160, *BATTERY_WH), (44, 3, 160, *BATTERY_WH))
ONE_PHASE: Fleet = ((40, 1, 160, *HYBRID), (60, 1, 320, *BATTERY_WH))


class Kind(NamedTuple):
    """rows: of each row its EVSEs and its rating in A, by size of the site; unmeasured: rows whose EVSEs do not measure.

    main_a: the connection's rating; floors: circuits between it and the rows; metered: has each circuit its own meter?
    Without one unused phases count.
    """

    fleet: Fleet
    rows: int
    evses: "tuple[int, int]"
    row_a: "tuple[float, float]"
    main_a: "tuple[float, float]"
    floors: int = 0
    unmeasured: int = 0
    metered: bool = False


FULL, SHORT = 0, 1
KINDS = {
    "mixed": Kind(FLEET, 4, (15, 3), (50.0, 40.0), (100.0, 63.0), floors=2, metered=True),
    "one-phase": Kind(ONE_PHASE, 2, (12, 4), (50.0, 40.0), (50.0, 40.0), metered=True),
    "unmeasured": Kind(FLEET, 4, (6, 3), (32.0, 32.0), (50.0, 70.0), unmeasured=2, metered=True),
}


class Load:
    """Other load of the connection, one value per minute and phase: it swings and, once in two hours, steps. Interface of
    replay/other_load.py.
    """

    least_da, most_da = 20, 120

    def __init__(self, chance: random.Random, minutes: int) -> None:
        self.values = []
        now_da = [60.0] * 3
        for _ in range(minutes):
            steps = [chance.gauss(0, 2) + (chance.choice((-50, 50)) if chance.random() < 1 / 120 else 0) for _ in range(3)]
            now_da = [min(self.most_da, max(self.least_da, da + step)) for da, step in zip(now_da, steps, strict=True)]
            self.values.append([int(da) for da in now_da])

    def at(self, since_start_ms: int) -> "tuple[list[int], int]":
        """(dA per phase, ms since the start until which the value is valid)."""
        minute = since_start_ms // MINUTE_MS
        return self.values[minute % len(self.values)], (minute + 1) * MINUTE_MS


class Day(Week):
    """A generated span instead of a recorded one: its site, its sessions, its other load."""

    def __init__(self, kind: Kind, size: int, seed: int = SEED) -> None:
        self.kind, self.size, self.seed = kind, size, seed
        hours = (DAY_H, SHORT_H)[size]
        chance = random.Random(seed)
        self.start_s, self.until_s = START_S, START_S + hours * 3600
        self.mains = Load(chance, hours * 60)  # type: ignore[assignment]
        draw = (_by_day, _at_once)[size]
        self.sessions = sorted((self._session(n, *draw(chance), chance) for n in range(self.evses * 3 // 2)), key=lambda one: one.arrival_s)

    @property
    def evses(self) -> int:
        return self.kind.rows * self.kind.evses[self.size]

    def _session(self, number: int, arrival_s: int, stay_s: int, chance: random.Random) -> Session:
        share, *car = zip(*self.kind.fleet, strict=True)
        phases, amps_da, least_wh, most_wh = chance.choices(list(zip(*car, strict=True)), share)[0]
        begin_s, needs_wh = START_S + arrival_s, chance.randrange(least_wh, most_wh) // (1, SHORT_NEEDS)[self.size]
        return Session(f"car-{number + 1}", begin_s, begin_s + stay_s, needs_wh, None, phases, amps_da)

    def site(self) -> dict[str, Any]:
        """The facts of its site; ValueError: the site check rejects it."""
        with tempfile.TemporaryDirectory(prefix="ampacity-unused.") as name:
            path = Path(name) / "site.toml"
            path.write_text(site_text(self.kind, self.size))
            loaded = load_site(path)
        report = check_report(loaded)
        if not report["ok"]:
            raise ValueError(json.dumps(report))
        return json.loads(json.dumps(compile_site(loaded)))  # type: ignore[no-any-return]


def _by_day(chance: random.Random) -> "tuple[int, int]":
    """(arrival, stay) in s, arrival counted from six o'clock: evening for the night, or some hours of the day."""
    evening = chance.random() < 0.6
    hour, stay_h = (chance.gauss(12, 1.5), chance.gauss(12, 2)) if evening else (chance.gauss(3, 2), chance.gauss(4, 2))
    return int(3600 * max(0.0, hour)), int(3600 * max(0.5, stay_h))


def _at_once(chance: random.Random) -> "tuple[int, int]":
    """Most of them within the first half hour, and for an hour at least."""
    return int(abs(chance.gauss(0, 1_200))), int(chance.uniform(3_600, 7_200))


def site_text(kind: Kind, size: int) -> str:
    """Rows of EVSEs with three phases whose terminals are rotated from one to the next, each row on a separate line."""
    lines = ['[site]\nname = "unused"\n', _circuit("main", kind.main_a[size], assumed_a=Load.most_da / 10, meter="grid")]
    for n in range(kind.floors):
        lines.append(_circuit(f"floor-{n + 1}", 0.6 * kind.main_a[size], "main", meter=f"of-floor-{n + 1}" if kind.metered else None))
    numbers = iter(range(kind.rows * kind.evses[size]))
    for row in range(kind.rows):
        silent = row >= kind.rows - kind.unmeasured
        name, above = f"row-{row + 1}", f"floor-{row % kind.floors + 1}" if kind.floors else "main"
        lines.append(_circuit(name, kind.row_a[size], above, meter=f"of-{name}" if kind.metered else None))
        lines.append(_bus(f"line-{row + 1}", "baud = 9600\nparity = \"N\"" if silent else "baud = 19200"))
        for unit in range(2, 2 + kind.evses[size]):
            lines.append(_evse(next(numbers), f"line-{row + 1}", unit, name, "smartevse-v3-node" if silent else "ampacity"))
    below = [f"of-floor-{n + 1}" for n in range(kind.floors)] + [f"of-row-{n + 1}" for n in range(kind.rows)]
    meters = ["grid"] + (below if kind.metered else [])
    lines.append(_bus("meters", "baud = 115200"))
    lines += [f'[[meter]]\nname = "{name}"\nprofile = "eastron-sdm630"\nbus = "meters"\nunit = {100 + n}\n' for n, name in enumerate(meters)]
    return "\n".join(lines)


def _circuit(name: str, rating_a: float, above: "str | None" = None, assumed_a: float = 0.0, meter: "str | None" = None) -> str:
    more = (f'parent = "{above}"\n' if above else "") + (f'meter = "{meter}"\n' if meter else "")
    return f'[[circuit]]\nname = "{name}"\nrating_a = {rating_a:.1f}\nassumed_other_a = {assumed_a:.1f}\n{more}'


def _bus(name: str, speed: str) -> str:
    return f'[[bus]]\nname = "{name}"\nkind = "rtu"\nport = "virtual"\n{speed}\n'


def _evse(number: int, bus: str, unit: int, circuit: str, kind: str) -> str:
    turn = ", ".join(f'"L{(number + n) % 3 + 1}"' for n in range(3))
    place = f'bus = "{bus}"\nunit = {unit}\ncircuit = "{circuit}"\nphases = [{turn}]\n'
    return f'[[evse]]\nname = "bay-{number + 1}"\nkind = "{kind}"\nmax_a = 32.0\n{place}'


def rows(only: "str | None" = None) -> Iterator[Entry]:
    for name, kind in KINDS.items():
        for row, size in ((f"energy/{name}", FULL), (f"energy/{name}/bytes", SHORT)):
            if wanted(row, only) and only != f"{row}/bytes":
                yield from measured(row, Day(kind, size))


def measured(row: str, day: Day) -> Iterator[Entry]:
    """Compared with shares that know every car's phases; where some EVSEs do not measure, also with those that know no more than a controller can."""
    facts = day.site()
    delivered, stays = played(day, facts, told=False, no_bytes=day.size == FULL)
    hours = (day.until_s - day.start_s) // 3600
    for name, knows in ((row, True), *([(f"{row}/known", False)] if day.kind.unmeasured else [])):
        fair = sum(fair_wh(facts, stays, day.start_s, day.until_s, day.other_da, knows))
        share = fair / sum(stay.energy_wh for stay in stays)
        note = f"{day.evses} EVSEs, {hours} h, {len(stays)} sessions, seed {day.seed}; fair shares of the phases "
        note += f"{'used' if knows else 'that a controller can know'}: {share:.0%} of what was asked"
        made = entry(name, delivered / 1000, fair / 1000, "kWh", AIM, note)
        made["ok"] = made["ok"] and SHARE_LEAST <= share <= SHARE_MOST
        yield made
