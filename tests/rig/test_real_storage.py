"""The power goes in a write of a real process, on both runtimes; what was kept before is there afterwards."""

import time

import pytest
from rig_process import SITE, running
from test_real_rig import wait_for

from tests.deep import sample


def down(rig):
    return rig.state()["primary"] is None


@pytest.mark.parametrize("runtime", sample(["cpython", "micropython"], 2, 1))
def test_a_power_cut_in_a_write_ends_the_process_and_the_store_survives(runtime):
    with running(SITE, "--runtime", runtime) as rig:
        for name in rig.ready["evses"]:
            rig.plug(evse=name)
        rig.console(text="set evse-1.limit_a 20 commit 0")
        rig.primary(action="power_cut_at_write", n=1)
        rig.answer("console", text="set evse-1.limit_a 11 commit 0")
        wait_for(lambda: down(rig), 5)
        rig.primary(action="start")
        wait_for(lambda: not down(rig), 30)
        shown = rig.console(text="show settings")["text"]
        assert "evse-1.limit_a" in shown and ("20.0" in shown or "11.0" in shown)
        rig.primary(action="kill")
        rig.primary(action="power_cut_at_write", n=1)
        rig.primary(action="start")
        time.sleep(3)
        assert down(rig)
        rig.primary(action="start")
        wait_for(lambda: not down(rig), 30)
        assert rig.worst()["primary"]["restarts"] == 3
        wait_for(lambda: min(rig.amps().values()) >= 6, 60)
        assert sum(sum(one["violation_ms"]) for one in rig.worst()["circuits"].values()) == 0
