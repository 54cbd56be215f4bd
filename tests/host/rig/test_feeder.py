"""A car that disobeys behind a welded contactor: the ladder of rule 10 ends at the feeder, on the whole firmware."""

from test_virtual_bench import SITE, bench

from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.worst import worst_circuits

FEEDER = SITE.replace('name = "b"\n', 'name = "b"\nfeeder_output = "relay-1"\n').replace('name = "t"', 'name = "t"\nalarm_output = "relay-9"')


def test_the_feeder_opens_the_others_continue_and_a_person_resets_it(tmp_path):
    one = bench(tmp_path, FEEDER)
    point = one.plant.point["b"]
    for name in ("a", "b"):
        one.plant.point[name].plug(Car())
    one.run_ms(40_000)
    assert point.amps_da > 0
    point.set_fault("welded", True)
    point.set_fault("disobeys", True)
    role = one.primary.role
    role.guard.limit("test", ("evse", 1), 60, None, "hold")
    one.run_ms(45_000)
    view = role.view()["evses"]["b"]
    assert point.feeder_open and point.amps_da == 0
    assert view["bound_a"] == [0.0] * 3 and view["status"] == "Faulted"
    assert one.plant.point["a"].amps_da > 0
    assert one.primary.platform.output("relay-9").on
    assert all(ms == [0, 0, 0] for ms in [row["violation_ms"] for row in worst_circuits(one.plant, None).values()])
    point.set_fault("welded", False)
    point.set_fault("disobeys", False)
    role.guard.limit("test", ("evse", 1), None, None, "hold")
    role.guard.unlock(1)
    one.run_ms(1_000)
    assert not point.feeder_open and role.guard.bound_da(1) != [0, 0, 0]
    one.secondaries["b"].role.machine.reset_faults()
    one.run_ms(100_000)
    assert role.guard.state(1) == "ok"
    one.close()
