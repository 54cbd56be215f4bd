"""The garage in real processes on the real clock: the house jumps, the primary dies while cars charge, and comes back."""

import pytest
from stand import DEMO, Stand, running, some

from tests.deep import deep

FIVE = some("evse-1", "evse-2", "evse-5", "evse-6", "evse-8")  # of every kind, in both rows


@pytest.mark.parametrize("runtime, site", [("micropython", FIVE), *deep([("micropython", DEMO), ("cpython", DEMO)])],
                         ids=["five", "eight", "eight-cpython"])  # fmt: skip
def test_all_cars_outlive_a_load_jump_and_the_primary(runtime, site):
    with running(site, "--runtime", runtime) as rig:
        stand = Stand(rig, False)
        names = rig.ready["evses"]
        stand.charge(*names)
        kept = {name: stand.transaction(name) for name in names}
        rig.background(circuit="house", l1=30, l2=10, l3=10)
        stand.until(lambda: stand.truth["circuits"]["house"]["amps"][0] <= 63.0, 10_000, 50)
        rig.background(circuit="house")
        rig.primary(action="kill")
        stand.until(lambda: not stand.truth["evses"]["evse-1"]["contactor"], 5_000, 50)
        rig.primary(action="start")
        stand.until(lambda: stand.primary and stand.amps("evse-2") > 5.5, 60_000)
        assert kept["evse-2"] == stand.transaction("evse-2")
        assert stand.violations_ms() == 0 and rig.worst()["circuits"]["house"]["over_ms"][0] < 7_000
