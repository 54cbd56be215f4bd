"""`python -m tools.soak`: weeks of a busy garage with random faults, the whole firmware on a virtual clock.

Without recordings of your own (--sessions, --mains) both are drawn from the seed: 24 charge points, evenings and days,
one- and three-phase cars, and a house load that steps. The exit status is that of `ampacity replay`: 1 if a sample stood
above a rating longer than is allowed.
"""

import argparse
import csv
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

EVSES = 24
LEASE_S = {"a": 10, "b": 20}  # bus b has the slower wallboxes: a watchdog must last three of its cycles
START = datetime(2026, 1, 5)
CARS = ((1, 16), (1, 32), (2, 16), (3, 11), (3, 16), (3, 16), (3, 32))


def site_text() -> str:
    """A garage of two rows on one 160 A connection; every fourth charge point is a wallbox of another maker."""
    lines = [
        '[site]\nname = "soak"\n',
        '[[circuit]]\nname = "main"\nrating_a = 160.0\nassumed_other_a = 60.0\nmeter = "grid"\nbreaker = "C160"\n',
        '[[circuit]]\nname = "row-a"\nparent = "main"\nrating_a = 80.0\n',
        '[[circuit]]\nname = "row-b"\nparent = "main"\nrating_a = 80.0\n',
    ]
    for row in "ab":
        lines.append(f'[[bus]]\nname = "bus-{row}"\nkind = "rtu"\nport = "virtual"\n')
    lines.append('[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "bus-a"\nunit = 100\n')
    for index in range(EVSES):
        row, foreign = "ab"[index % 2], index % 4 == 3
        kind = "heidelberg-energy-control" if foreign else "ampacity"
        turn = [(index + n) % 3 + 1 for n in range(3)]
        phases = ", ".join(f'"L{line}"' for line in turn)
        lines.append(
            f'[[evse]]\nname = "bay-{index + 1}"\nkind = "{kind}"\nbus = "bus-{row}"\nunit = {index // 2 + 1}\n'
            f'circuit = "row-{row}"\nmax_a = 16.0\nphases = [{phases}]\nwatchdog_s = {LEASE_S[row]}\n'
        )
    return "\n".join(lines)


def write_sessions(path: Path, days: int, chance: random.Random) -> None:
    """Arrivals in the evening, for the night, and by day, for some hours."""
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
    """A week of other load, a value a minute: slow swings, steps, and now and then a large one."""
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.5, help="random faults an hour")
    parser.add_argument("--sessions", type=Path, help="recorded sessions instead of drawn ones")
    parser.add_argument("--mains", type=Path, help="recorded other load instead of drawn one")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="ampacity-soak.") as name:
        folder = Path(name)
        (folder / "site.toml").write_text(site_text())
        write_sessions(folder / "sessions.csv", options.days, chance)
        write_mains(folder / "mains.csv", chance)
        command = [sys.executable, "-m", "ampacity_host", "replay", "--site", str(folder / "site.toml")]
        command += ["--sessions", str(options.sessions or folder / "sessions.csv"), "--mains", str(options.mains or folder / "mains.csv")]
        command += ["--days", str(options.days), "--faults", str(options.faults), "--seed", str(options.seed), "--json"]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
