"""Weeks of a busy garage generated from a seed, where no recordings are available: sessions, and other load that steps."""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

EVSES = 24
START = datetime(2026, 1, 5)
CARS = ((1, 16), (1, 32), (2, 16), (3, 11), (3, 16), (3, 16), (3, 32))


def write_sessions(path: Path, days: int, chance: random.Random) -> None:
    """Arrivals in the evening for the night, and by day for some hours."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["session", "arrival_local", "departure_local", "energy_wh", "phases", "max_a"])
        for number in range(days * EVSES * 3 // 2):
            evening = chance.random() < 0.6
            hour = chance.gauss(18, 1.5) if evening else chance.gauss(9, 2)
            arrival = START + timedelta(days=number % days, hours=min(23.9, max(0.0, hour)))
            stay_h = max(0.5, chance.gauss(12, 2) if evening else chance.gauss(4, 2))
            phases, amps = chance.choice(CARS)
            energy_wh = chance.randrange(2000, 40000)
            times = [moment.isoformat(timespec="seconds") for moment in (arrival, arrival + timedelta(hours=stay_h))]
            table.writerow([number + 1, *times, energy_wh, phases, amps])


def write_mains(path: Path, chance: random.Random) -> None:
    """A week of other load, one value per minute: slow swings, steps, and occasionally a large step."""
    load = [15.0, 15.0, 15.0]
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["time_local", "l1_a", "l2_a", "l3_a"])
        for minute in range(7 * 24 * 60):
            for line in range(3):
                step = chance.gauss(0, 1) + (chance.choice((-25, 25)) if chance.random() < 0.004 else 0)
                load[line] = min(55.0, max(2.0, load[line] + step))
            moment = (START + timedelta(minutes=minute)).isoformat(timespec="seconds")
            table.writerow([moment, *(round(amps, 1) for amps in load)])
