"""What a fault of the control channel hinders, as the plant's judge knows it: readings of a bus, and orders on which way."""

import pytest
from test_cascade import GARAGE, ROW, STREET

from ampacity_host.rig.assemble import make_virtual
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.overload_allowance import ALLOWED, STEP
from simulated import set_up

SITE = """
[site]
name = "t"
[[circuit]]
name = "main"
rating_a = 63.0
assumed_other_a = 20.0
meter = "grid"
[[bus]]
name = "m"
kind = "rtu"
port = "virtual"
[[bus]]
name = "ser"
kind = "rtu"
port = "virtual"
[[bus]]
name = "lan"
kind = "tcp"
[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "m"
unit = 100
[settings]
restart_hold_s = 10
"""
EVSE = """
[[evse]]
name = "%s"
kind = "%s"
bus = "%s"
circuit = "main"
max_a = 16.0
%s
"""
EVSES = "".join(EVSE % one for one in (
    ("s1", "heidelberg-energy-control", "ser", "unit = 1\npower_on_a = 0.0"),
    ("s2", "heidelberg-energy-control", "ser", "unit = 2\npower_on_a = 0.0"),
    ("t1", "keba-p30", "lan", 'host = "10.0.0.1"\nunit = 255'), ("t2", "keba-p30", "lan", 'host = "10.0.0.2"\nunit = 255'),
))  # fmt: skip
BEHIND = SITE.replace('name = "lan"\nkind = "tcp"', 'name = "lan"\nkind = "tcp"\ngateway = true\nhost = "10.0.0.1"') + "".join(
    EVSE % ("t%d" % unit, "heidelberg-energy-control", "lan", "unit = %d\npower_on_a = 0.0" % unit) for unit in (1, 2)
)
LAN = SITE + "".join(EVSE % ("t%d" % at, "ampacity", "lan", 'host = "10.0.0.%d"\nunit = 1' % at) for at in (1, 2))


def bench(tmp_path, text=SITE + EVSES):
    path = tmp_path / "site.toml"
    path.write_text(text)
    one = make_virtual(set_up(path, 3))
    one.start()
    return one


def ways(one):
    """Where orders do not arrive."""
    found = [bus["name"] for at, bus in enumerate(one.plant.site["buses"]) if one.plant.interruptions.lasting(at, one.plant.now_ms)]
    names = [*one.plant.point, *one.plant.meter, *getattr(one, "primaries", ())]
    return found + [name for name in names if one.plant.interruptions.lasting(name, one.plant.now_ms)]


def buses(one):
    """Where readings may be late."""
    return [bus["name"] for at, bus in enumerate(one.plant.site["buses"]) if one.plant.bus_troubled(at)]


@pytest.mark.parametrize(("kind", "target", "options", "stopped", "hindered"), [
    ("cut", "ser", {}, ["ser"], ["ser"]), ("cut", "lan", {}, ["lan"], ["lan"]), ("cut_rx", "s1", {}, ["s1"], ["ser"]),
    ("noise", "t2", {"ber": 0.001}, [], ["lan"]), ("noise", "t2", {"ber": 0.002}, ["t2"], ["lan"]), ("late", "ser", {}, ["ser"], ["ser"]),
    ("cut", "grid", {}, [], ["m"]), ("babble", "s1", {}, [], ["ser"]), ("second_primary", "s2", {}, [], ["ser"]),
    ("foreign_client", "ser", {}, [], ["ser"]), ("cut_tx", "s1", {}, [], ["ser"]), ("delay", "ser", {"ms": 1}, [], ["ser"]),
    ("delay", "ser", {"ms": 200}, ["ser"], ["ser"]), ("delay", "s1", {}, [], ["ser"]), ("duplicate", "lan", {}, [], ["lan"]),
    ("network_down", "primary", {}, ["lan"], ["lan"]), ("csms_down", "primary", {}, [], []),
    ("same_unit", "s1", {"unit": 2}, ["s1", "s2"], ["ser"]), ("same_unit", "s1", {"unit": 1}, [], []), ("dead", "grid", {}, [], []),
    ("power_off", "s1", {}, [], []),
])  # fmt: skip
def test_a_fault_stops_orders_where_it_is(tmp_path, kind, target, options, stopped, hindered):
    one = bench(tmp_path)
    one.fault_injector.set(kind, target, True, options)
    assert (ways(one), buses(one)) == (stopped, hindered)
    one.run_ms(60_000)
    assert (ways(one), buses(one)) == (stopped, hindered)
    one.fault_injector.set(kind, target, False, {})
    one.run_ms(29_000)
    assert (ways(one), buses(one)) == (stopped, hindered)
    one.run_ms(1_000)
    assert (ways(one), buses(one)) == ([], [])
    one.close()


def test_a_fault_behind_a_gateway_is_that_of_one_device(tmp_path):
    one = bench(tmp_path, BEHIND)
    one.fault_injector.set("cut", "t1", True, {})
    assert ways(one) == ["t1"]
    one.close()


def test_other_options_of_a_fault_take_the_place_of_the_former_ones(tmp_path):
    one = bench(tmp_path)
    for kind, option, more, less in (("delay", "ms", 300, 1), ("noise", "ber", 0.01, 0.0001)):
        one.fault_injector.set(kind, "ser", True, {option: more})
        assert ways(one) == ["ser"]
        one.fault_injector.set(kind, "ser", True, {option: less})
        one.run_ms(31_000)
        assert ways(one) == []
    one.fault_injector.set("same_unit", "s1", True, {"unit": 2})
    one.fault_injector.set("same_unit", "s1", True, {"unit": 3})
    one.run_ms(31_000)
    assert ways(one) == ["s1"]
    one.close()


def test_two_faults_of_a_connection_over_tcp_are_over_when_both_are(tmp_path):
    one = bench(tmp_path, LAN)
    one.run_ms(20_000)
    fault, seen = one.fault_injector.set, []
    for steps in ((("cut", "t1", True), ("network_down", "primary", True), ("network_down", "primary", False)),
                  (("cut", "lan", True), ("cut", "t1", True), ("cut", "lan", False)), (("cut", "t1", False),)):
        for kind, target, on in steps:
            fault(kind, target, on, {})
        seen.append([one.path(one.address_of[name]).down for name in ("t1", "t2")])
    assert seen == [[True, False], [True, False], [False, False]]
    one.close()


def test_the_end_of_a_fault_is_that_of_no_other_one(tmp_path):
    one = bench(tmp_path)
    fault = one.fault_injector.set
    fault("cut", "ser", True, {})
    fault("delay", "ser", True, {"ms": 1})
    fault("cut", "s1", True, {})
    fault("delay", "ser", False, {})
    fault("cut", "s1", False, {})
    one.run_ms(31_000)
    assert ways(one) == buses(one) == ["ser"]
    one.close()


def test_the_end_of_a_fault_that_was_not_there_is_nothing(tmp_path):
    one = bench(tmp_path)
    for kind, target in (("cut", "s1"), ("noise", "ser"), ("network_down", "primary"), ("cut", "lan"), ("same_unit", "s1")):
        one.fault_injector.set(kind, target, False, {})
    assert ways(one) == buses(one) == []
    one.close()


def test_a_fault_that_is_refused_leaves_nothing(tmp_path):
    one = bench(tmp_path)
    for kind, target, options in (("same_unit", "s1", {"unit": 0}), ("dead", "ser", {}), ("cut", "nowhere", {}), ("network_down", "ser", {})):
        with pytest.raises(FieldError):
            one.fault_injector.set(kind, target, True, options)
    assert ways(one) == buses(one) == []
    one.close()


@pytest.mark.parametrize(("kind", "target"), [("network_down", "primary"), ("cut", "lan")])
def test_a_step_while_evses_over_tcp_are_not_reached_is_no_violation(tmp_path, kind, target):
    one = bench(tmp_path, LAN)
    one.run_ms(40_000)
    for point in one.plant.points:
        point.plug(Car(need_wh=10**6))
    one.run_ms(90_000)
    one.fault_injector.set(kind, target, True, {})
    one.run_ms(1_000)
    one.plant.set_background(one.plant.circuit["main"], [500] * 3)
    one.run_ms(120_000)
    one.plant.close()
    account = one.plant.circuit["main"].accounts[0]
    assert account.over_ms > ALLOWED[STEP].ms(account.allowance, None) + 1_000 and account.violation_ms == 0
    one.close()


def test_a_primary_below_is_a_way_of_its_own(tmp_path):
    for name, text in (("street", STREET), ("garage", GARAGE), ("row", ROW)):
        (tmp_path / f"{name}.toml").write_text(text)
    one = make_virtual(set_up(tmp_path / "street.toml", 3))
    one.start()
    below = one.plant.site["primaries"]
    assert {name: (facts["above"], one.plant.site["buses"][facts["bus"]]["name"]) for name, facts in below.items()} == {
        "garage": ("primary", "line"), "garage.row": ("garage", "garage.line"),
    }  # fmt: skip
    assert {evse["name"]: evse["owner"] for evse in one.plant.site["evses"]} == {
        point.name: one.cascade.owner(point.name).name for point in one.plant.points
    }  # fmt: skip
    for kind, stopped in (("cut", ["garage"]), ("babble", [])):
        one.fault_injector.set(kind, "garage", True, {})
        assert ways(one) == stopped and buses(one) == ["line"]
        one.fault_injector.set(kind, "garage", False, {})
        one.run_ms(31_000)
    one.close()
