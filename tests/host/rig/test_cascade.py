"""Primaries below primaries on the virtual clock: all bytes, all roles, one plant that holds the truth."""

import asyncio

import pytest

from ampacity_host.rig.assemble import make_virtual
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.worst import worst_circuits
from simulated import set_up
from tests.deep import deep, sample

STREET = """
[site]
name = "street"

[[circuit]]
name = "street"
rating_a = 50.0
assumed_other_a = 20.0
meter = "grid"

[[bus]]
name = "line"
kind = "rtu"
port = "virtual"

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "line"
unit = 100

[[evse]]
name = "kerb"
kind = "local"
circuit = "street"
max_a = 16.0

[[evse]]
name = "garage"
kind = "ampacity"
site = "garage.toml"
bus = "line"
unit = 4
circuit = "street"
phases = ["L2", "L3", "L1"]

[settings]
restart_hold_s = 10
"""
GARAGE = """
[site]
name = "garage"

[parent]
port = "virtual"
unit = 4

[[circuit]]
name = "main"
rating_a = 32.0

[[bus]]
name = "line"
kind = "rtu"
port = "virtual"

[[evse]]
name = "door"
kind = "local"
circuit = "main"
max_a = 16.0

[[evse]]
name = "row"
kind = "ampacity"
site = "row.toml"
bus = "line"
unit = 7
circuit = "main"

[settings]
restart_hold_s = 10
"""
ROW = """
[site]
name = "row"

[parent]
port = "virtual"
unit = 7
lease_s = 8

[[circuit]]
name = "posts"
rating_a = 20.0

[[bus]]
name = "line"
kind = "rtu"
port = "virtual"

[[evse]]
name = "one"
kind = "ampacity"
bus = "line"
unit = 2
circuit = "posts"
max_a = 16.0

[[evse]]
name = "two"
kind = "heidelberg-energy-control"
bus = "line"
unit = 3
circuit = "posts"
max_a = 16.0
power_on_a = 0.0

[settings]
restart_hold_s = 10
"""
NAMES = ["kerb", "garage.door", "garage.row.one", "garage.row.two"]


@pytest.fixture
def setup(tmp_path):
    def made(**options):
        for name, text in (("street", STREET), ("garage", GARAGE), ("row", ROW)):
            (tmp_path / f"{name}.toml").write_text(text)
        return set_up(tmp_path / "street.toml", 3, **options)

    return made


@pytest.fixture
def street(setup):
    one = make_virtual(setup())
    one.start()
    one.run_ms(40_000)
    for point in one.plant.points:
        point.plug(Car())
    one.run_ms(60_000)
    assert charging(one), amps(one)
    yield one
    one.close()


def amps(one):
    return {point.name: point.amps_da for point in one.plant.points}


def charging(one):
    return min(amps(one).values()) >= 58


def violations_ms(one):
    return sum(sum(circuit["violation_ms"]) for circuit in worst_circuits(one.plant).values())


def all_well_again(one, ms):
    one.run_ms(ms)
    assert charging(one), amps(one)
    assert violations_ms(one) == 0 and one.loop.problems == []


def test_every_level_is_connected_at_the_place_of_its_entry(street):
    assert [point.name for point in street.plant.points] == NAMES
    circuits = {circuit.name: circuit for circuit in street.plant.circuits}
    assert [c.name for c in circuits["garage.row.posts"].path] == ["garage.row.posts", "garage.main", "street"]
    assert street.plant.points[1].terminals == [[1], [2], [0]]
    assert set(street.view()["below"]) == {"garage", "garage.row"}


def test_three_levels_share_and_nothing_is_exceeded(street):
    all_well_again(street, 30_000)
    assert sum(sum(circuit["over_ms"]) for circuit in worst_circuits(street.plant).values()) == 0
    view = street.view()
    believed, below = view["evses"]["garage"]["bound_a"], view["below"]["garage"]["parent"]
    assert below["met"] and min(believed) >= below["limit_a"] >= max(below["sums_a"]) > 0


def test_other_load_at_the_top_lowers_the_lowest(street):
    street.plant.set_background(street.plant.circuit["street"], [300, 300, 300])
    street.run_ms(30_000)
    assert sum(amps(street).values()) <= 205 and violations_ms(street) == 0


def test_the_top_dies(street):
    street.primary.kill()
    street.run_ms(60_000)
    assert set(amps(street).values()) == {0}
    street.primary.start()
    all_well_again(street, 120_000)


@pytest.mark.parametrize("name", sample(["garage", "garage.row"], 2))
def test_a_primary_below_dies(street, name):
    street.fault_injector.set("power_off", name, True, {})
    street.run_ms(90_000)
    below = [amps(street)[each] for each in NAMES if each.startswith(name + ".")]
    assert set(below) == {0} and amps(street)["kerb"] >= 58
    street.fault_injector.set("power_off", name, False, {})
    all_well_again(street, 150_000)


@pytest.mark.parametrize("name", sample(["garage", "garage.row"], 2, 1))
def test_a_primary_below_restarts(street, name):
    street.fault_injector.set("restart", name, True, {})
    all_well_again(street, 90_000)


@pytest.mark.parametrize("name", deep(["garage", "garage.row", "garage.row.one"]))  # on each change: test_cascade_tcp.py, test_real_cascade.py
def test_a_line_is_cut(street, name):
    street.fault_injector.set("cut", name, True, {})
    street.run_ms(90_000)
    assert all(da == 0 for each, da in amps(street).items() if each.startswith(name))
    street.fault_injector.set("cut", name, False, {})
    all_well_again(street, 150_000)


@pytest.mark.parametrize("name", sample(["garage", "garage.row"], 2))
def test_a_primary_below_hangs_and_its_hardware_watchdog_ends_that(street, name):
    street.fault_injector.set("hang", name, True, {})
    street.run_ms(60_000)
    assert {amps(street)[each] for each in NAMES if each.startswith(name + ".")} == {0}
    starts = street.primaries[name].starts
    street.fault_injector.set("hang", name, False, {})
    all_well_again(street, 150_000)
    assert street.primaries[name].starts == starts + 1 and street.primary.starts == 1


@pytest.mark.parametrize("name", ["garage", "garage.row"])
def test_a_hang_below_costs_the_meter_above_no_trust(street, name):
    street.fault_injector.set("hang", name, True, {})
    for _ in range(60):
        street.run_ms(1_000)
        assert street.view()["mode"] in ("regulating", "degraded")
        assert [each.trust.text() for each in street.primary.role.guard.other.metered] == [""]
    street.fault_injector.set("hang", name, False, {})
    all_well_again(street, 150_000)


def test_a_foreign_client_on_a_line_reaches_the_primaries_below_on_it(street):
    assert street.units_of_line(street.lines["garage.line"]) == [7]
    assert street.units_of_line(street.lines["line"], "garage") == [4]
    (body,) = street.foreign_bodies(street.lines["line"], "garage", True)
    assert body[:2] == bytes((4, 16))


def test_a_primary_below_is_killed_and_given_another_site_file_by_name(street):
    run = asyncio.run
    run(street.primary_action("kill", "garage.row"))
    assert not street.primaries["garage.row"].running and street.primary.running
    run(street.change_site(ROW.replace("max_a = 16.0", "max_a = 10.0"), "garage.row"))
    run(street.primary_action("start", "garage.row"))
    all_well_again(street, 150_000)
    assert max(amps(street)[name] for name in NAMES[2:]) <= 100
    with pytest.raises(FieldError, match="garage.row"):
        run(street.primary_action("kill", "nobody"))
    with pytest.raises(FieldError, match="parent"):
        run(street.change_site(STREET, "garage.row"))


def test_a_fault_that_a_primary_below_cannot_have_is_refused(street):
    with pytest.raises(FieldError, match="power_off"):
        street.fault_injector.set("welded", "garage", True, {})
