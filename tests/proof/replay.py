"""A recorded working day of a garage of 24 EVSEs, played by `ampacity replay` itself, as a part of the proof.

The recordings are looked for as that command does (AMPACITY_DATA, shared/data beside the checkout); where they are not at hand the
day is drawn (tools/bench/drawn_weeks.py), and "source" says so. An hour of a small garage is a test (tests/host/replay).
"""

import contextlib
import io
import json
import random
import tempfile
from pathlib import Path
from types import SimpleNamespace

from ampacity_host.replay.command import UsageError, find_data
from ampacity_host.replay.command import run as replay
from tools.bench import drawn_weeks

EVSES, A_LINE, RATING_A, ASSUMED_A = 24, 12, 80, 40
SESSIONS, DAY = "us_workplace_sessions.csv", "2015-10-01"
MAINS = "uci_household_1min.csv"
ENERGY_PART = 0.9
OCPP = '\n[ocpp]\nversion = "2.0.1"\nidentity = "AMP-0001"\nurl = "ws://127.0.0.1:9000"\npassword = "0123456789abcdef"\n'


def site_text(rating_a=RATING_A, assumed_a=ASSUMED_A, evses=EVSES, a_line=A_LINE):
    """EVSEs of our own on lines of `a_line` each, with a meter at the connection."""
    lines = ['[site]\nname = "garage"\n',
             f'[[circuit]]\nname = "main"\nrating_a = {rating_a}.0\nassumed_other_a = {assumed_a}.0\nmeter = "grid"\n',
             '[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "rs485-1"\nunit = 100\n']
    lines += [f'[[bus]]\nname = "rs485-{n + 1}"\nkind = "rtu"\nport = "virtual"\nbaud = 19200\n' for n in range(evses // a_line)]
    for n in range(evses):
        turn = ", ".join(f'"L{(n + k) % 3 + 1}"' for k in range(3))
        lines.append(f'[[evse]]\nname = "bay-{n + 1}"\nkind = "ampacity"\nbus = "rs485-{n // a_line + 1}"\nunit = {n % a_line + 1}\n'
                     f'circuit = "main"\nmax_a = 16.0\nphases = [{turn}]\n')
    return "\n".join(lines) + OCPP


def day(folder):
    """(sessions, other load, the day, "recorded" or "drawn")."""
    try:
        return str(find_data(SESSIONS)), str(find_data(MAINS)), DAY, "recorded"
    except UsageError:
        chance = random.Random(1)
        drawn_weeks.write_sessions(folder / "sessions.csv", 1, chance)
        drawn_weeks.write_mains(folder / "mains.csv", chance)
        return str(folder / "sessions.csv"), str(folder / "mains.csv"), None, "drawn"


def problems_of(status, result, source):
    """What the books of the day must not show."""
    sessions, energy = result["sessions"], result["energy_wh"]
    wrong = {
        "exit code %d" % status: status != 0, "violations": result["violations"], "the breaker would trip": result["circuits"]["main"]["would_trip"],
        "sessions without an end": sessions["served"] + sessions["turned_away"] != sessions["asked"],
        "transactions are not the sessions": result["ocpp"]["transactions"] != sessions["served"],
        "energy": source == "recorded" and energy["delivered"] < ENERGY_PART * energy["asked"],
    }  # fmt: skip
    return [name for name, found in wrong.items() if found]


def run(deep=True):
    """The part of `python -m tests.proof`; the same at any depth."""
    with tempfile.TemporaryDirectory(prefix="ampacity-replay.") as name:
        folder, out = Path(name), io.StringIO()
        (folder / "site.toml").write_text(site_text())
        sessions, mains, from_date, source = day(folder)
        words = {"site": str(folder / "site.toml"), "sessions": sessions, "mains": mains, "mains_phases": "l1" if source == "recorded" else None,
                 "from_date": from_date, "days": 1, "columns": None, "car": None, "faults": 0.0, "seed": None, "out": None, "json": True,
                 "unmanaged": False, "no_bytes": True}  # fmt: skip
        with contextlib.redirect_stdout(out):
            status = replay(SimpleNamespace(**words))
    result = json.loads(out.getvalue().splitlines()[-1])
    problems = problems_of(status, result, source)
    return {"source": source, **result["sessions"], "delivered_wh": result["energy_wh"]["delivered"], "asked_wh": result["energy_wh"]["asked"],
            "violations": len(result["violations"]), "failures": len(problems), "problems": problems}  # fmt: skip
