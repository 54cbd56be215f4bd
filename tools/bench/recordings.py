"""Recorded sessions and other load for a garage, limited to the days that a run needs.

Sessions are those of Norwegian apartment garages (CC BY 4.0), other load that of households near Paris (UCI, CC BY 4.0). They
are searched for as by `ampacity replay`: here, in AMPACITY_DATA, next to the checkout.
"""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

from ampacity_host.replay.command import find_data
from tools.bench.drawn_weeks import CARS

SESSIONS, MAINS = "norway_residential_sessions.csv", "uci_household_1min.csv"
DAY_MIN = 1440


def cut_sessions(target: Path, first: datetime, days: int, chance: random.Random, cars: "tuple[tuple[int, int], ...]" = CARS) -> None:
    """The sessions that begin on these days; the recordings lack phases and current of the cars, which are generated."""
    with find_data(SESSIONS).open(newline="") as file, target.open("w", newline="") as cut:
        table = csv.writer(cut)
        table.writerow(["session", "arrival_local", "departure_local", "energy_kwh", "phases", "max_a"])
        for row in csv.DictReader(file):
            if row["plug_out_local"] and first <= datetime.fromisoformat(row["plug_in_local"]) < first + timedelta(days=days):
                table.writerow([row["session"], row["plug_in_local"], row["plug_out_local"], row["energy_kwh"], *chance.choice(cars)])


def pile_mains(target: Path, first: datetime, households: int, shift: int) -> None:
    """Each phase carries so many households: the recording started on different days, others for each phase and shift."""
    with find_data(MAINS).open(newline="") as file:
        rows = list(csv.DictReader(file))
    skip = next(i for i, row in enumerate(rows) if row["time_local"].endswith("T00:00"))
    amps = [float(row["current_a"] or 0) for row in rows[skip:]]
    minutes = len(amps) // DAY_MIN * DAY_MIN
    with target.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["time_local", "l1_a", "l2_a", "l3_a"])
        for minute in range(minutes):
            shown = [sum(amps[(minute + (3 * p + k + shift) * DAY_MIN) % minutes] for k in range(households)) for p in range(3)]
            table.writerow([(first + timedelta(minutes=minute)).isoformat(), *(round(a, 1) for a in shown)])
