"""`python -m tests.drawn.findings.unused_phases`: what sites of cars with one phase get of what their phases would carry.

An order counts on every phase that the contactor can close (rule 14), so phases that a car does not use lie idle. No test
holds a figure for it: it is measured here.
"""

from tests.drawn.findings.scene import RTU, circuit, evse, site, told
from tests.drawn.table import table

LINES = ("L1", "L2", "L3")
SITES = {"one-phase": [1] * 6, "mixed": [1, 3, 1, 1, 3, 1]}  # phases of the cars
RATING_A = 32.0


def part_of_fair(kind):
    """Energy of five minutes, of fair water-filling on the phases really used; 1.0: all of it."""
    cars = SITES[kind]
    row = [evse("e%d" % n, bus="b", unit=n, phases=[LINES[(n + at) % 3] for at in range(3)]) for n in range(1, len(cars) + 1)]
    with table(site(circuit("main", RATING_A), RTU, *row)) as one:
        phases = {"e%d" % n: count for n, count in enumerate(cars, 1)}
        for name, count in phases.items():
            one.plug(name, phases=count)
        one.skip(600_000)
        before = one.energy_wh()
        one.skip(300_000)
        got_a = {name: (wh - before[name]) * 12 / 230 for name, wh in one.energy_wh().items()}
        fair_a = water_filling(one.judge.geometry, phases, RATING_A, 32.0)
        part = sum(got_a.values()) / sum(fair_a[name] * phases[name] for name in fair_a)
        told(one, "%s: %.2f of fair water-filling" % (kind, part))
        return part


def water_filling(geometry, phases, rating_a, most_a, step_a=0.1):
    """{EVSE: A}: all rise together on the lines that their cars use; who meets a full line stops."""
    amps, rising = dict.fromkeys(phases, 0.0), set(phases)
    used = {name: [line for end in geometry.ends[name][: phases[name]] for line in end] for name in phases}
    while rising:
        for name in sorted(rising):
            full = any(sum(amps[other] for other in amps if line in used[other]) + step_a > rating_a + 1e-6 for line in used[name])
            if full or amps[name] + step_a > most_a + 1e-6:
                rising.discard(name)
            else:
                amps[name] += step_a
    return amps


if __name__ == "__main__":
    for kind in sorted(SITES):
        part_of_fair(kind)
