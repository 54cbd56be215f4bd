"""The printed budget, held against what flows: a step of other load just after the meter dies, by our own sums of the cars."""


import pytest

from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.analysis.budgets import site_budgets
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from simulated import set_up
from tests.deep import sample

HEAD = """
[site]
name = "t"

[[circuit]]
name = "main"
rating_a = 63.0
breaker = "D125"
assumed_other_a = 40.0
meter = "grid"

[[bus]]
name = "wire"
kind = "rtu"
port = "virtual"

[[bus]]
name = "lan"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 5020
private = true

[[bus]]
name = "far"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 5021
gateway = true
private = true
transit_s = 8

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "wire"
unit = 100
meter_timeout_s = {timeout}
meter_frozen_s = {frozen}
"""
EVSE = '\n[[evse]]\nname = "e{unit}"\nkind = "{kind}"\nbus = "{bus}"\nunit = {unit}\ncircuit = "main"\nmax_a = 16.0\npower_on_a = 0.0\n'
SITES = {
    "own": ("ampacity", "wire", "ampacity", "wire", "ampacity", "wire"),
    "profiles": ("heidelberg-energy-control", "wire", "keba-p30", "lan", "ampacity", "wire"),
    "gateway": ("heidelberg-energy-control", "far", "heidelberg-energy-control", "far", "ampacity", "wire"),
}
SLOW_CAR_MS = 4_700


def bench(tmp_path, name, timeout, frozen):
    kinds = SITES[name]
    text = HEAD.format(timeout=timeout, frozen=frozen)
    for at in range(0, len(kinds), 2):
        text += EVSE.format(kind=kinds[at], bus=kinds[at + 1], unit=2 + at)
    path = tmp_path / "site.toml"
    path.write_text(text)
    setup = set_up(path)
    one = VirtualBench(setup.facts, setup.seed)
    one.start()
    return one, site_budgets(compile_site(load_site(path)))[0]


def over_ms(one, ms):
    """When the sum of other load and all cars was above the rating last, in ms from now; -1: never."""
    start_ms, last_ms = one.time.now_ms, -1
    while one.time.now_ms < start_ms + ms:
        one.run_ms(20)
        drawn_da = sum(point.amps_da for point in one.plant.points)
        if drawn_da + 400 > 633:
            last_ms = one.time.now_ms - start_ms
    return last_ms


@pytest.mark.parametrize("name", sorted(SITES))
@pytest.mark.parametrize(("fault", "timeout", "frozen"), sample([(None, 5, 5), ("dead", 20, 20), ("frozen", 5, 20)], 2))
def test_an_overload_after_a_step_ends_within_the_printed_budget_though_the_meter_has_just_died(tmp_path, name, fault, timeout, frozen):
    one, budget = bench(tmp_path, name, timeout, frozen)
    circuit = one.plant.circuit["main"]
    one.plant.set_background(circuit, [50, 50, 50])
    one.run_ms(20_000)
    for point in one.plant.points:
        point.plug(Car(reaction_ms=SLOW_CAR_MS))
    one.run_ms(60_000)
    assert sum(point.amps_da for point in one.plant.points) > 400
    if fault:
        one.fault_injector.set(fault, "grid", True, {})
        one.run_ms(30)
    one.plant.set_background(circuit, [400, 400, 400])
    took_ms = over_ms(one, budget["total_ms"] + 5_000)
    assert SLOW_CAR_MS - 2_000 < took_ms <= budget["total_ms" if fault else "well_ms"]
    if fault:
        assert took_ms > 20_000
    assert [account.violation_ms for account in circuit.accounts] == [0, 0, 0]


BELOW = """
[site]
name = "t"

[[circuit]]
name = "main"
rating_a = 50.0
breaker = "D125"
{above}
[[circuit]]
name = "row"
parent = "main"
rating_a = 63.0
breaker = "D125"
{below}
[[bus]]
name = "wire"
kind = "rtu"
port = "virtual"
baud = 19200

[[bus]]
name = "meters"
kind = "rtu"
port = "virtual"
baud = 115200

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "meters"
unit = 100
"""
ROW_EVSE = '\n[[evse]]\nname = "e%d"\nkind = "ampacity"\nbus = "wire"\nunit = %d\ncircuit = "row"\nmax_a = 32.0\n'
METER, STEPS, RISE_DA = 'meter = "grid"\n', 16, 3


def worst_after_steps_ms(tmp_path, meter_above, needs_da, hold_ms):
    """(how long the sum of what flows, and of what cars may draw, was above the rating of main at most, its budget); other load of the
    row steps up by RISE_DA more than there is room, at moments that differ by 0.1 s."""
    path = tmp_path / "site.toml"
    text = BELOW.format(above=METER if meter_above else "", below="" if meter_above else METER)
    text += "".join(ROW_EVSE % (n, n + 1) for n in range(1, 9))
    path.write_text(text)
    setup = set_up(path)
    one = VirtualBench(setup.facts, setup.seed)
    one.start()
    one.run_ms(30_000)
    for point, max_da in zip(one.plant.points, needs_da, strict=False):
        point.plug(Car(max_da=max_da, hold_ms=hold_ms, need_wh=10**7))
    one.run_ms(240_000)
    account, worst = one.plant.circuit["main"].accounts[0], [0, 0]
    for n in range(STEPS):
        one.plant.set_background(one.plant.circuit["row"], [0] * 3)
        one.run_ms(60_000 + 100 * n)
        start_ms = one.time.now_ms
        one.plant.set_background(one.plant.circuit["row"], [account.rating_da - account.may_da + RISE_DA] * 3)
        while one.time.now_ms < start_ms + 12_000:
            one.run_ms(50)
            for at, da in enumerate((account.amps_da, account.may_da)):
                if da > account.rating_da:
                    worst[at] = max(worst[at], one.time.now_ms - start_ms)
    assert [each.violation_ms for each in one.plant.circuit["main"].accounts] == [0, 0, 0]
    return worst, site_budgets(compile_site(load_site(path)))[0]


def test_where_only_a_meter_below_shows_the_step_the_budget_has_the_time_until_evses_were_read(tmp_path):
    (flows_ms, _), budget = worst_after_steps_ms(tmp_path, False, (320, 320, 320), 4_900)
    (row,) = (each for each in site_budgets(compile_site(load_site(tmp_path / "site.toml"))) if each["circuit"] == "row")
    assert row["well_ms"] < flows_ms <= budget["well_ms"]


def test_what_cars_may_draw_and_do_not_ends_after_evses_were_read_and_no_current_flows_above_the_rating(tmp_path):
    (flows_ms, may_ms), budget = worst_after_steps_ms(tmp_path, True, (160, 160, 320), 0)
    assert flows_ms == 0 and budget["well_ms"] < may_ms <= budget["well_ms"] + budget["reading_ms"]
