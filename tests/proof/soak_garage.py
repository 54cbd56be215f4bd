"""A garage for weeks: 24 EVSEs of all kinds, recorded sessions, recorded other load.

Other load is that of two households on each phase, taken from different days (tools/bench/recordings.py). What was not
recorded, the cars' phases and currents, is drawn from the seed, and so are the days. Where the recordings are not at
hand, all is drawn.
"""

import random
from datetime import datetime, timedelta
from pathlib import Path

from ampacity_host.replay.command import UsageError
from tools.bench import drawn_weeks as drawn
from tools.bench.recordings import cut_sessions, pile_mains

FIRST = datetime(2019, 10, 1)
WEEKS_DAYS = 110  # of recordings to begin in
HOUSEHOLDS = 2
LAN_AT = 7  # the index of the wallbox on the network
LEASE_S = {"a": 10, "b": 20}  # bus b has the slower wallboxes: a watchdog must last three of its cycles


def site_text(main_a: float = 125.0, assumed_a: float = 80.0, evses: int = drawn.EVSES) -> str:
    """Two rows on one connection: a local EVSE, our own secondaries, two makes of wallboxes."""
    lines = [
        '[site]\nname = "soak"\n',
        f'[[circuit]]\nname = "main"\nrating_a = {main_a}\nassumed_other_a = {assumed_a}\nmeter = "grid"\nbreaker = "C{main_a:.0f}"\n',
        '[[circuit]]\nname = "row-a"\nparent = "main"\nrating_a = 80.0\n',
        '[[circuit]]\nname = "row-b"\nparent = "main"\nrating_a = 80.0\n',
    ]
    for row in "ab":
        lines.append(f'[[bus]]\nname = "bus-{row}"\nkind = "rtu"\nport = "virtual"\n')
    if evses > LAN_AT:
        lines.append('[[bus]]\nname = "lan"\nkind = "tcp"\nhost = "127.0.0.1"\ntcp_port = 502\nprivate = true\n')
    lines.append('[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "bus-a"\nunit = 100\n')
    lines += [_evse_text(index) for index in range(evses)]
    lines.append('[ocpp]\nversion = "2.0.1"\nidentity = "SOAK"\nurl = "ws://127.0.0.1:9000"\nsecurity_profile = 1\npassword = "soak-soak-soak"\n')
    return "\n".join(lines)


def _evse_text(index: int) -> str:
    row = "ab"[index % 2]
    turn = ", ".join(f'"L{(index + n) % 3 + 1}"' for n in range(3))
    text = f'[[evse]]\nname = "bay-{index + 1}"\ncircuit = "row-{row}"\nmax_a = 16.0\nphases = [{turn}]\n'
    if index == 0:
        return text + 'kind = "local"\n'
    if index == LAN_AT:
        return text + 'kind = "keba-p30"\nbus = "lan"\nunit = 255\npower_on_a = 0.0\nwatchdog_s = 10\n'
    kind = "heidelberg-energy-control" if index % 6 == 3 else "ampacity"
    return text + f'kind = "{kind}"\nbus = "bus-{row}"\nunit = {index // 2 + 1}\nwatchdog_s = {LEASE_S[row]}\n'


def write_week(folder: Path, days: int, seed: int) -> str:
    """sessions.csv and mains.csv of that many days; whether they are "recorded" or "drawn"."""
    chance = random.Random(seed)
    first = FIRST + timedelta(days=chance.randrange(WEEKS_DAYS))
    try:
        cut_sessions(folder / "sessions.csv", first, days, chance)
        pile_mains(folder / "mains.csv", first, HOUSEHOLDS, seed)
    except UsageError:
        drawn.write_sessions(folder / "sessions.csv", days, chance)
        drawn.write_mains(folder / "mains.csv", chance)
        return "drawn"
    return "recorded"
