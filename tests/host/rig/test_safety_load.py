"""The bench's contact of a safety load, from the control channel's operation to the pilot."""

import pytest
from test_virtual_bench import SITE, bench, plug_all

from ampacity_host.rig.control_channel.fields import FieldError, Fields
from ampacity_host.rig.control_channel.operations import Ops

PUMP = '\n[[safety_load]]\nname = "pump"\ninput = "gpio:4"\nevses = ["a"]\nsafety_hold_s = 5\n'


async def test_a_pump_that_starts_pauses_only_its_evse(tmp_path):
    one = bench(tmp_path, SITE + PUMP)
    ops = Ops(one)
    assert "safety_load" in ops.names()
    plug_all(one)
    one.run_ms(60_000)
    assert one.plant.point["a"].amps_da > 0
    await ops.run("safety_load", Fields({"name": "pump", "on": True}))
    one.run_ms(6_000)
    assert one.plant.point["a"].amps_da == 0 and one.plant.point["b"].amps_da > 0
    await ops.run("safety_load", Fields({"name": "pump", "on": False}))
    one.run_ms(90_000)
    assert one.plant.point["a"].amps_da > 0
    with pytest.raises(FieldError):
        await ops.run("safety_load", Fields({"name": "lift", "on": True}))
    one.close()


async def test_an_evse_paused_for_a_pump_is_suspended_and_not_faulted_whatever_its_kind(tmp_path):
    one = bench(tmp_path, SITE + PUMP.replace('evses = ["a"]\n', ""))
    ops = Ops(one)
    plug_all(one)
    one.run_ms(60_000)
    assert one.plant.point["a"].amps_da > 0 and one.plant.point["b"].amps_da > 0
    await ops.run("safety_load", Fields({"name": "pump", "on": True}))
    for _ in range(40):
        one.run_ms(1_000)
        state = await ops.run("state", Fields({}))
        statuses = {name: view["status"] for name, view in state["primary"]["evses"].items()}
        assert "Faulted" not in statuses.values(), statuses
    assert statuses["a"] == statuses["b"] == "Suspended", statuses
    truth = state["truth"]["evses"]
    assert not truth["a"]["contactor"] and not truth["b"]["contactor"]
    await ops.run("safety_load", Fields({"name": "pump", "on": False}))
    one.run_ms(90_000)
    assert one.plant.point["a"].amps_da > 0 and one.plant.point["b"].amps_da > 0
    one.close()


def test_a_frozen_separate_meter_pauses_its_evse(tmp_path):
    meter = '\n[[meter]]\nname = "pump-meter"\nprofile = "eastron-sdm630"\nbus = "rs485-1"\nunit = 101\n'
    one = bench(tmp_path, SITE + meter + PUMP.replace('input = "gpio:4"', 'meter = "pump-meter"'))
    plug_all(one)
    one.run_ms(90_000)
    assert one.plant.point["a"].amps_da > 0
    one.fault_injector.set("frozen", "pump-meter", True, {})
    one.run_ms(15_000)
    assert one.plant.point["a"].amps_da == 0 and one.plant.point["b"].amps_da > 0
    one.fault_injector.set("frozen", "pump-meter", False, {})
    one.run_ms(90_000)
    assert one.plant.point["a"].amps_da > 0
    one.close()


def test_a_site_without_safety_loads_does_not_list_the_operation(tmp_path):
    one = bench(tmp_path)
    assert "safety_load" not in Ops(one).names()
    one.close()
