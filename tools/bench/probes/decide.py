"""Runs on MicroPython: one decision of the safety core for ARG charging EVSEs on a tree of eight below each circuit.

Prints the mode, the number of charging EVSEs, the mean microseconds of CPU time of a tick that computes new targets, and of
the longest stretch between two points at which the safety loop yields. No garbage collection falls into them: the row `stall`
shows its cost.
"""

import gc
import sys

try:
    from time import clock
except ImportError:  # replaced by the emulated board's counter
    clock = None

from ampacity.circuit.guard import Guard
from ampacity.roles.control.safety_loop import STRETCH_MS, TICK_MS

FAN, RATING_DA = 8, 160
START_MS = 2**30 - 60000
WARM_TICKS = 150


def clock_us():
    """CPU time."""
    return int(clock() * 1000000)


def tree(evses):
    """Circuits as [name, parent, rating]; the last FAN-th of them feed the EVSEs."""
    rows, parents, first = [(-1, RATING_DA * evses // 2)], 1, 0
    while parents * FAN < evses:
        for n in range(parents * FAN):
            rows.append((first + n // FAN, RATING_DA * evses // (2 * parents * FAN)))
        first += parents
        parents *= FAN
    return rows, first


def facts(evses):
    rows, leaf = tree(evses)
    leaves = len(rows) - leaf
    circuits = [
        {"name": "c%d" % i, "parent": row[0], "rating_da": [row[1]] * 3, "assumed_other_da": [0] * 3, "meter": -1, "generation_da": [0] * 3}
        for i, row in enumerate(rows)
    ]
    out = []
    for n in range(evses):
        out.append({
            "name": "e%d" % n, "kind": "ampacity", "profile": None, "bus": 0, "unit": n + 1, "circuit": leaf + n * leaves // evses,
            "terminals": [[n % 3], [(n + 1) % 3], [(n + 2) % 3]] if n % 3 else [[n // 3 % 3]],
            "max_da": 320, "limit_da": 320, "min_da": 60, "step_da": 1, "feeder_da": 320, "priority": 1 + n % 2, "weight": 1,
            "fallback_da": 0, "watchdog_ms": 10000, "watchdog_tolerance_ms": 1000, "watchdog_fixed": False, "power_on_da": 0,
            "power_on_source": "settings", "settle_ms": 5000, "latency_ms": 200, "transit_ms": 150, "boot_ms": 500, "survives": True,
            "holds": False, "proof": "sequence", "poll_feeds": False, "fingerprint": None, "connector": "cType2",
        })  # fmt: skip
    bus = {"name": "b", "kind": "rtu", "baud": 115200, "parity": "E", "stop": 1, "transit_ms": 150, "gateway": False, "private": False}
    return {
        "format": 1, "name": "t", "voltage_v": 230, "system": "wye", "phases": 3, "require_tested": False, "circuits": circuits,
        "buses": [bus], "meters": [], "evses": out, "profiles": {}, "ocpp": None, "settings": {},
    }  # fmt: skip


def audit(guard, index, now_ms):
    known = (("fingerprint", "S%d" % index), ("watchdog_ms", 10000), ("fallback_da", 0), ("power_on_da", 0), ("max_da", 320), ("mode_ok", True))
    for key, value in known:
        guard.evidence(index, key, value, now_ms)


def obey(guard, index, now_ms):
    """A device receives its order and shows it."""
    guard.heard(index, now_ms)
    da = guard.want_da[index]
    order = guard.send(index, da, now_ms)
    if order is not None:
        guard.answered(index, order, now_ms)
        guard.proven(index, order, da, now_ms)
        guard.reported(index, da, now_ms)


def decide(guard, now_ms):
    """A tick as in the safety loop: (total in us, longest stretch in us, were targets computed?)."""
    gc.collect()
    begun_us = first_us = clock_us()
    guard.tick(now_ms, False)
    shared, longest_us = guard.sharing, clock_us() - begun_us
    while guard.sharing:
        if clock_us() - begun_us >= 1000 * STRETCH_MS:
            begun_us = clock_us()
        guard.share_on()
        longest_us = max(longest_us, clock_us() - begun_us)
    return clock_us() - first_us, longest_us, shared


def run(count, rounds):
    """rounds: measured shares, after WARM_TICKS first ones. A bus reaches a few devices per tick."""
    now_ms, turn, reached = START_MS, 0, max(4, count // 16)
    guard = Guard(facts(count), now_ms)
    for index in range(count):
        audit(guard, index, now_ms)
        guard.plugged(index, True)
        guard.demand(index, True)
    spent_us, longest_us, shares, ticks = 0, 0, 0, 0
    while shares < rounds:
        now_ms += TICK_MS
        ticks += 1
        for _ in range(reached):
            obey(guard, turn % count, now_ms)
            turn += 1
        all_us, stretch_us, shared = decide(guard, now_ms)
        if guard.mode == "regulating":
            longest_us = max(longest_us, stretch_us)
        if shared and ticks > WARM_TICKS:
            spent_us += all_us
            shares += 1
    charging = len([da for da in guard.want_da if da])
    print(guard.mode, charging, spent_us // rounds, longest_us)


if len(sys.argv) > 2:
    run(int(sys.argv[1]), int(sys.argv[2]))
