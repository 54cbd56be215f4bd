"""Three levels on the virtual clock, with reserves at the lowest: nobody starves, and no grant is exceeded by what cars draw."""


import pytest

from ampacity_host.rig.assemble import make_virtual
from ampacity_host.rig.plant.car import Car
from simulated import set_up
from tests.deep import sample

SLOT_MS = 60_000
SETTINGS = """
[settings]
restart_hold_s = 10
raise_hold_s = 5
slot_s = 60
"""
STREET = """
[site]
name = "street"
[[circuit]]
name = "street"
rating_a = {rating}
[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
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
""" + SETTINGS
GARAGE = """
[site]
name = "garage"
[parent]
port = "virtual"
unit = 4
[[circuit]]
name = "main"
rating_a = 31.0
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
""" + SETTINGS
ROW = """
[site]
name = "row"
[parent]
port = "virtual"
unit = 7
[[circuit]]
name = "posts"
rating_a = 31.0
[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
""" + SETTINGS
POST = """
[[evse]]
name = "post-{number}"
kind = "ampacity"
bus = "line"
unit = {number}
circuit = "posts"
max_a = 16.0
fallback_a = {fallback_a}
"""


def made(folder, rating, fallbacks, empty=()):
    (folder / "street.toml").write_text(STREET.format(rating=rating))
    (folder / "garage.toml").write_text(GARAGE)
    posts = "".join(POST.format(number=number + 1, fallback_a=a) for number, a in enumerate(fallbacks))
    (folder / "row.toml").write_text(ROW + posts)
    one = make_virtual(set_up(folder / "street.toml", 5))
    one.start()
    one.run_ms(40_000)
    for point in one.plant.points:
        if point.name not in empty:
            point.plug(Car())
            one.run_ms(500)
    return one


def watched(one, rating, seconds):
    """{name: first second in which it drew 5.8 A}; the cars' own sum stays within the street, and below within what is shown upward."""
    first = {}
    for second in range(seconds):
        one.run_ms(1000)
        amps = {point.name: point.amps_da for point in one.plant.points}
        assert sum(amps.values()) <= rating * 10 + 1, (second, amps)
        for name, da in amps.items():
            if da >= 58:
                first.setdefault(name, second)
    assert one.loop.problems == []
    return first


@pytest.mark.parametrize(("rating", "fallbacks"), sample([(34.5, (0, 0, 6, 6)), (41, (0, 0, 6, 6)), (31, (6, 0, 0)), (40, (0, 6, 8, 0))], 4, 1))
def test_all_cars_charge_in_turn(tmp_path, rating, fallbacks):
    one = made(tmp_path, rating, fallbacks)
    first = watched(one, rating, (len(fallbacks) + 2) * SLOT_MS // 1000)
    one.close()
    assert sorted(first) == sorted(point.name for point in one.plant.points), first


def test_a_car_next_to_empty_evses_with_reserves_starts(tmp_path):
    one = made(tmp_path, 34.0, (6, 6, 0), ("garage.row.post-1", "garage.row.post-2"))
    first = watched(one, 34.0, 3 * SLOT_MS // 1000)
    one.close()
    assert sorted(first) == ["garage.door", "garage.row.post-3", "kerb"], first


def test_a_cut_line_and_a_restart_strand_no_car(tmp_path):
    one = made(tmp_path, 41, (0, 0, 6, 6))
    watched(one, 41, 60)
    one.fault_injector.set("cut", "garage.row", True, {})
    watched(one, 41, 60)
    one.fault_injector.set("cut", "garage.row", False, {})
    one.fault_injector.set("restart", "garage", True, {})
    watched(one, 41, 60)
    first = watched(one, 41, 6 * SLOT_MS // 1000)
    one.close()
    assert sorted(first) == sorted(point.name for point in one.plant.points), first
