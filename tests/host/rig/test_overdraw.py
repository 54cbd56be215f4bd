"""Cars that depart a little from their offer, devices that lag, meters that saturate, another site file."""

import pytest
from test_virtual_bench import SITE, bench

from ampacity_host.rig.control_channel.fields import FieldError, Fields
from ampacity_host.rig.control_channel.operations import Ops


async def drawn(one, ops, **car):
    await ops.run("plug", Fields({"evse": "a", "car": {"battery_kwh": 500, "max_a": 80, **car}}))
    one.run_ms(60_000)
    state = await ops.run("state", Fields({}))
    return state["truth"]["evses"]["a"]


async def test_a_car_draws_the_part_of_its_offer_that_it_was_given(tmp_path):
    for factor in (0.95, 1.05):
        one = bench(tmp_path)
        truth = await drawn(one, Ops(one), factor=factor)
        assert abs(max(truth["terminals"]) - factor * truth["order_a"]) < 0.3 and truth["hungry"]
        one.close()


async def test_a_car_is_above_its_offer_intermittently(tmp_path):
    one = bench(tmp_path)
    ops = Ops(one)
    await drawn(one, ops, over_a=0.8, beyond_ms=4_000, obeys_ms=2_000)
    seen = []
    for _ in range(24):
        one.run_ms(250)
        seen.append(one.plant.point["a"].amps_da - one.plant.point["a"].offer_da)
    assert max(seen) == 8 and 7 <= seen.count(0) <= 9
    one.close()


async def test_impossible_options_are_refused(tmp_path):
    one = bench(tmp_path)
    ops = Ops(one)
    for op, fields in (("plug", {"evse": "a", "car": {"factor": -1}}), ("site", {"text": "nonsense"}), ("site", {}),
                       ("fault", {"kind": "disobeys", "target": "a", "factor": "much"})):
        with pytest.raises(FieldError):
            await ops.run(op, Fields(fields))
    one.close()


async def test_the_primary_starts_with_another_site_file_and_the_wiring_is_unchanged(tmp_path):
    one = bench(tmp_path)
    ops = Ops(one)
    await ops.run("site", Fields({"text": SITE.replace('name = "a"', 'name = "z"', 1)}))
    before = (await ops.run("state", Fields({})))["primary"]["evses"]
    await ops.run("primary", Fields({"action": "power_cycle"}))
    one.run_ms(5_000)
    state = await ops.run("state", Fields({}))
    assert "a" in before and "z" in state["primary"]["evses"] and "a" in state["truth"]["evses"]
    one.close()
