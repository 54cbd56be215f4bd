"""Our own secondaries, another maker's device and a meter behind one gateway: each on a drop of its own, on both clocks."""

import pytest
from stand import Stand, running

from sites import OWN_GATEWAY


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_disconnected_evse_falls_back_and_the_others_continue_to_charge(clock):
    with running(OWN_GATEWAY, "--clock", clock) as rig:
        stand = Stand(rig, clock == "virtual")
        names = rig.ready["evses"]
        for name in names:
            rig.plug(evse=name)
        stand.until(lambda: all(stand.amps(name) > 5.5 for name in names), 240_000, 1_000)
        rig.fault(kind="cut", target="e2")
        stand.until(lambda: not stand.primary["evses"]["e2"]["online"], 20_000, 500)
        least = {name: 99 for name in names}
        for _ in range(20):
            stand.pass_ms(1_000)
            least = {name: min(least[name], stand.amps(name)) for name in names}
        assert least["e2"] == 0 and min(least[name] for name in ("e1", "e3", "e4")) > 5.5, least
        assert stand.primary["circuits"]["main"]["meter"] == "ok"
        rig.fault(kind="cut", target="e2", on=False)
        stand.until(lambda: stand.amps("e2") > 5.5, 240_000, 1_000)
        rig.fault(kind="power_off", target="e2")
        stand.pass_ms(1_000)
        rig.fault(kind="power_off", target="e2", on=False)
        stand.until(lambda: stand.amps("e2") == 0, 20_000, 200)
        stand.until(lambda: stand.amps("e2") > 5.5, 240_000, 1_000)
        assert stand.violations_ms() == 0
