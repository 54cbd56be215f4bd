"""A garage of 24 of our own EVSEs on two lines, and the recordings to play on it."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from ampacity_host.replay.main import UsageError, find_data, run

DATA = Path(__file__).parents[2] / "data"
EVSES, A_LINE = 24, 12
SESSIONS, DAY = "us_workplace_sessions.csv", "2015-10-01"
MAINS = "uci_household_1min.csv"
OCPP = '\n[ocpp]\nversion = "2.0.1"\nidentity = "AMP-0001"\nurl = "ws://127.0.0.1:9000"\npassword = "0123456789abcdef"\n'


def site_text(rating_a=80):
    lines = ['[site]\nname = "garage"\n',
             f'[[circuit]]\nname = "main"\nrating_a = {rating_a}.0\nassumed_other_a = 40.0\nmeter = "grid"\n',
             '[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "rs485-1"\nunit = 100\n']
    lines += [f'[[bus]]\nname = "rs485-{n}"\nkind = "rtu"\nport = "virtual"\nbaud = 19200\n' for n in (1, 2)]
    for n in range(EVSES):
        turn = ", ".join(f'"L{(n + k) % 3 + 1}"' for k in range(3))
        lines.append(f'[[evse]]\nname = "bay-{n + 1}"\nkind = "ampacity"\nbus = "rs485-{n // A_LINE + 1}"\nunit = {n % A_LINE + 1}\n'
                     f'circuit = "main"\nmax_a = 16.0\nphases = [{turn}]\n')
    return "\n".join(lines) + OCPP


def recording(name, sample):
    """(path of the recording, True), or the made-up sample of tests/data and False, which is said."""
    try:
        return str(find_data(name)), True
    except UsageError as missing:
        print("%s; the sample %s is played instead" % (missing, sample), file=sys.stderr)
        return str(DATA / sample), False


def replay(folder, capsys, **options):
    """(exit code, result of the last line) of a day on the garage."""
    site = folder / "site.toml"
    site.write_text(site_text())
    sessions, real = recording(SESSIONS, "sessions.csv")
    mains, _ = recording(MAINS, "mains.csv")
    args = {"site": str(site), "sessions": sessions, "mains": mains, "mains_phases": "l1", "from_date": DAY if real else None,
            "days": 1, "columns": None, "car": None, "faults": 0.0, "seed": None, "out": None, "json": True, "unmanaged": False,
            "no_bytes": False}
    status = run(SimpleNamespace(**{**args, **options}))
    return status, json.loads(capsys.readouterr().out.splitlines()[-1]), real
