"""A garage for weeks: 24 EVSEs of all kinds, recorded sessions, recorded other load.

Sessions are those of Norwegian apartment garages (CC BY 4.0), other load that of households near Paris (UCI, CC BY
4.0), two of them on each phase, taken from different days. What was not recorded, the cars' phases and currents, is
drawn from the seed, and so is the week. Where the recordings are not at hand, both are drawn.
"""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

from ampacity_host.replay.main import UsageError, find_data
from tools import soak as drawn

SESSIONS, MAINS = "norway_residential_sessions.csv", "uci_household_1min.csv"
FIRST = datetime(2019, 10, 1)
WEEKS_DAYS = 110  # of recordings to begin in
DAY_MIN = 1440


def site_text(main_a: float = 125.0, assumed_a: float = 80.0) -> str:
    """Two rows on one connection: a local EVSE, our own secondaries, two makes of wallboxes."""
    lines = [
        '[site]\nname = "soak"\n',
        f'[[circuit]]\nname = "main"\nrating_a = {main_a}\nassumed_other_a = {assumed_a}\nmeter = "grid"\nbreaker = "C{main_a:.0f}"\n',
        '[[circuit]]\nname = "row-a"\nparent = "main"\nrating_a = 80.0\n',
        '[[circuit]]\nname = "row-b"\nparent = "main"\nrating_a = 80.0\n',
    ]
    for row in "ab":
        lines.append(f'[[bus]]\nname = "bus-{row}"\nkind = "rtu"\nport = "virtual"\n')
    lines.append('[[bus]]\nname = "lan"\nkind = "tcp"\nhost = "127.0.0.1"\ntcp_port = 502\nprivate = true\n')
    lines.append('[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "bus-a"\nunit = 100\n')
    lines += [_evse_text(index) for index in range(drawn.EVSES)]
    lines.append('[ocpp]\nversion = "2.0.1"\nidentity = "SOAK"\nurl = "ws://127.0.0.1:9000"\nsecurity_profile = 1\npassword = "soak-soak-soak"\n')
    return "\n".join(lines)


def _evse_text(index: int) -> str:
    row = "ab"[index % 2]
    turn = ", ".join(f'"L{(index + n) % 3 + 1}"' for n in range(3))
    text = f'[[evse]]\nname = "bay-{index + 1}"\ncircuit = "row-{row}"\nmax_a = 16.0\nphases = [{turn}]\n'
    if index == 0:
        return text + 'kind = "local"\n'
    if index == 7:
        return text + 'kind = "keba-p30"\nbus = "lan"\nunit = 255\npower_on_a = 0.0\nwatchdog_s = 10\n'
    kind = "heidelberg-energy-control" if index % 6 == 3 else "ampacity"
    return text + f'kind = "{kind}"\nbus = "bus-{row}"\nunit = {index // 2 + 1}\nwatchdog_s = {drawn.LEASE_S[row]}\n'


def write_week(folder: Path, days: int, seed: int) -> str:
    """sessions.csv and mains.csv of that many days; whether they are "recorded" or "drawn"."""
    chance = random.Random(seed)
    try:
        sessions, mains = find_data(SESSIONS), find_data(MAINS)
    except UsageError:
        drawn.write_sessions(folder / "sessions.csv", days, chance)
        drawn.write_mains(folder / "mains.csv", chance)
        return "drawn"
    first = FIRST + timedelta(days=chance.randrange(WEEKS_DAYS))
    _cut_sessions(sessions, folder / "sessions.csv", first, days, chance)
    _pile_mains(mains, folder / "mains.csv", first, seed)
    return "recorded"


def _cut_sessions(source: Path, target: Path, first: datetime, days: int, chance: random.Random) -> None:
    with source.open(newline="") as file, target.open("w", newline="") as cut:
        table = csv.writer(cut)
        table.writerow(["session", "arrival_local", "departure_local", "energy_kwh", "phases", "max_a"])
        for row in csv.DictReader(file):
            if row["plug_out_local"] and first <= datetime.fromisoformat(row["plug_in_local"]) < first + timedelta(days=days):
                table.writerow([row["session"], row["plug_in_local"], row["plug_out_local"], row["energy_kwh"], *chance.choice(drawn.CARS)])


def _pile_mains(source: Path, target: Path, first: datetime, seed: int) -> None:
    """Each phase carries two households: the recording of two days, other ones for each phase and seed."""
    with source.open(newline="") as file:
        rows = list(csv.DictReader(file))
    skip = next(i for i, row in enumerate(rows) if row["time_local"].endswith("T00:00"))
    amps = [float(row["current_a"] or 0) for row in rows[skip:]]
    whole = len(amps) // DAY_MIN
    with target.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["time_local", "l1_a", "l2_a", "l3_a"])
        for minute in range(whole * DAY_MIN):
            shown = [sum(amps[(minute + (3 * p + k + seed) * DAY_MIN) % (whole * DAY_MIN)] for k in (0, 1)) for p in range(3)]
            table.writerow([(first + timedelta(minutes=minute)).isoformat(), *(round(a, 1) for a in shown)])
