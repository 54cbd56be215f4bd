"""The same hours twice, with every byte and without: do the same currents flow?

`python -m tests.proof.soak_same --hours 24 --evses 8` prints one JSON object for a recorded day without faults: energy, and
means over quarters of an hour of what the connection carries and of what each EVSE does. Two runs never agree in every
ampere: a car that comes is seen a second or two earlier in one of them, and its minimum is another's wait. As a part of the proof
it is an hour; minutes of a garage in which nobody waits are a test (tests/host/replay/test_garage_day.py).
"""

import argparse
import json
import sys

from ampacity_host.replay.results import violations
from tests.proof.soak import Run, Week
from tests.proof.soak_garage import site_text

MINUTE_MS = 60_000
SLOT_MIN = 15
FROM_HOUR = 15, 18  # where sessions begin: in the recordings, and in the days that are drawn
FRAMES, SESSIONS = 50_000, 4  # of an hour, at least
ENERGY_PART = {"recorded": 0.01, "drawn": 0.1}  # other load that is drawn jumps far more often
AMPS_A_EVSE, ASSUMED_A = 5.0, 40.0  # a tight connection: somebody waits most of the time


class Trace(Run):
    """A run that keeps the mean current of each EVSE and of the connection, minute by minute, in da."""

    def watch(self):
        self.minutes = []
        for _ in range(self.hours * 60):
            before = [point.energy_wh for point in self.plant.points]
            self.simulation.run_ms(MINUTE_MS)
            after = [point.energy_wh for point in self.plant.points]
            self.minutes.append([end - begin for begin, end in zip(before, after, strict=True)])
        self.driver.end()
        self.plant.close()
        self.simulation.close()
        return self

    def slots_wh(self):
        """Energy of each EVSE in each quarter of an hour."""
        return [[sum(column) for column in zip(*self.minutes[at : at + SLOT_MIN], strict=True)] for at in range(0, len(self.minutes), SLOT_MIN)]

    def by_session(self):
        return {row[0]: row[5] for row in self.driver.records if row[3] is not None}


def compare(hours, evses, seed=1, from_hour=0):
    """{"energy_wh": [with bytes, without], "session_wh_apart": …}: see `told`."""
    site = site_text(AMPS_A_EVSE * evses + ASSUMED_A, ASSUMED_A, evses)
    full, facts = (Trace(hours, seed, 0, from_hour, site=site, no_bytes=no_bytes).watch() for no_bytes in (False, True))
    return told(full, facts)


def told(full, facts):
    sessions, others = full.by_session(), facts.by_session()
    apart = sorted(abs(wh - others.get(name, 0)) for name, wh in sessions.items())
    slots = [(a, b) for a, b in zip(full.slots_wh(), facts.slots_wh(), strict=True)]
    total = sum(sum(a) for a, _ in slots)
    return {
        "hours": full.hours, "evses": len(full.facts["evses"]), "sessions": [len(sessions), len(others)],
        "energy_wh": [sum(sessions.values()), sum(others.values())],
        "violations": [len(violations(full.plant)), len(violations(facts.plant))],
        "session_wh_apart": {"median": apart[len(apart) // 2] if apart else 0, "most": apart[-1] if apart else 0},
        "quarter_wh_apart": sum(abs(sum(a) - sum(b)) for a, b in slots) / max(1, total),
        "evse_quarter_wh_apart": sum(abs(x - y) for a, b in slots for x, y in zip(a, b, strict=True)) / max(1, total),
        "orders": [full.simulation.orders(), facts.simulation.orders()], "frames": full.simulation.frames(),
    }


def problems_of(found, source):
    """What is further apart than two runs may be; of drawn hours only the sum is held against a bound."""
    (full, facts), (sessions, others) = found["energy_wh"], found["sessions"]
    wrong = {
        "violations": found["violations"] != [0, 0], "frames": found["frames"] < FRAMES, "sessions": not sessions == others >= SESSIONS,
        "energy": abs(full - facts) > ENERGY_PART[source] * full,
        "quarters of an hour": source == "recorded" and found["quarter_wh_apart"] > 0.02,
        "quarters of an hour of each EVSE": source == "recorded" and found["evse_quarter_wh_apart"] > 0.03,
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


def run(deep=True):
    """The part of `python -m tests.proof`; the same at any depth."""
    source = Week(1, 1).source
    found = compare(1, 8, from_hour=FROM_HOUR[source != "recorded"])
    problems = problems_of(found, source)
    return {"source": source, **found, "violations": sum(found["violations"]), "failures": len(problems), "problems": problems}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.proof.soak_same", description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--evses", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from-hour", type=int, default=0)
    options = parser.parse_args()
    print(json.dumps(compare(options.hours, options.evses, options.seed, options.from_hour)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
