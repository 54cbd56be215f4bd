"""Lowers that never leave, and freshness that is never there."""

import pytest

from tests.deep import sample
from tests.drawn.findings.scene import LAN, RTU, circuit, everybody_charges, evse, meter, settle_in, site, within
from tests.drawn.table import table

ROUNDS_UNKNOWN = {"abb-terra-ac": "b", "kathrein-kwb": "lan", "free2move-eprowallbox": "b", "mennekes-amtron-compact": "b"}


@pytest.mark.parametrize("kind", sample(sorted(ROUNDS_UNKNOWN), 2))
@pytest.mark.parametrize("load_a", sample([11.0, 14.0], 2, 1))
def test_a_lower_leaves_from_a_device_that_rounds_nobody_knows_how(kind, load_a):
    fallback_a = 6.0 if kind.startswith("free2move") else 0.0
    device = evse("e1", kind, max_a=16.0, bus=ROUNDS_UNKNOWN[kind], unit=1, power_on_a=fallback_a, fallback_a=fallback_a, watchdog_s=30)
    with table(site(circuit("main", 26.0, meter="m", assumed_other_a=14.0), RTU, LAN, meter(), device)) as one:
        one.plug(max_a=16)
        settle_in(one, 120)
        one.go(20_000)
        one.background("main", load_a, load_a, load_a)
        one.go(40_000)
        within(one, "11 %s, other load 0 to %s A" % (kind, load_a))


def test_one_slow_device_starves_nobody_and_is_lowered():
    slow = evse("slow", "abb-terra-ac", max_a=16.0, bus="b", unit=9, power_on_a=0.0, watchdog_s=60)
    others = [evse("e%d" % n, bus="b", unit=n, max_a=16.0, watchdog_s=30) for n in (1, 2)]
    with table(site(circuit("main", 26.0, meter="m", assumed_other_a=14.0), RTU, meter(), slow, *others)) as one:
        one.fault("delay", "slow", ms=400)
        one.plug(max_a=16)
        left = everybody_charges(one, 600)
        for n in range(4):
            one.background("main", *[14.0 if n % 2 == 0 else 0.0] * 3)
            one.go(60_000)
        within(one, "12 settings in two spans at 400 ms (%s)" % one.why("slow"))
        assert not left or "too slow" in left.get("slow", "") and len(left) == 1, left
