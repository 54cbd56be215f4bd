"""A primary below a primary whose line is a network: the same lease, the same fail-safe, no serial port on either side."""


import pytest

from ampacity_host.configure import SiteErrors, compile_site, load_site
from ampacity_host.rig.assemble import make_virtual
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.worst import worst_circuits
from simulated import set_up

STREET = """
[site]
name = "street"
[[circuit]]
name = "street"
rating_a = 40.0
assumed_other_a = 10.0
[[bus]]
name = "lan"
kind = "tcp"
{tls}
[[evse]]
name = "kerb"
kind = "local"
circuit = "street"
max_a = 16.0
[[evse]]
name = "garage"
kind = "ampacity"
site = "garage.toml"
bus = "lan"
host = "10.0.0.4"
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
{parent}
unit = 4
[[circuit]]
name = "main"
rating_a = 20.0
[[bus]]
name = "lan"
kind = "tcp"
[[evse]]
name = "one"
kind = "ampacity"
bus = "lan"
host = "10.0.0.11"
unit = 1
circuit = "main"
max_a = 16.0
[[evse]]
name = "two"
kind = "ampacity"
bus = "lan"
host = "10.0.0.12"
unit = 1
circuit = "main"
max_a = 16.0
[settings]
restart_hold_s = 10
"""
BELOW = ["garage.one", "garage.two"]


def written(folder, parent="tcp_port = 502", tls=""):
    (folder / "street.toml").write_text(STREET.format(tls=tls))
    (folder / "garage.toml").write_text(GARAGE.format(parent=parent))
    return folder / "street.toml"


@pytest.fixture
def street(tmp_path):
    one = make_virtual(set_up(written(tmp_path), 3))
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


def well(one, ms):
    one.run_ms(ms)
    assert charging(one), amps(one)
    return violations_ms(one) == 0 and one.loop.problems == []


def violations_ms(one):
    return sum(sum(circuit["violation_ms"]) for circuit in worst_circuits(one.plant).values())


def test_both_levels_share_and_the_parent_trusts_the_sum_below(street):
    assert well(street, 20_000)
    below = street.view()["below"]["garage"]["parent"]
    assert below["met"] and below["tcp"]["clients"] >= 1 and min(street.view()["evses"]["garage"]["bound_a"]) >= below["limit_a"] > 0


def test_a_cut_leads_to_the_fallback_and_recovers(street):
    street.fault_injector.set("cut", "garage", True, {})
    street.run_ms(90_000)
    assert [amps(street)[name] for name in BELOW] == [0, 0] and amps(street)["kerb"] >= 58
    street.fault_injector.set("cut", "garage", False, {})
    assert well(street, 150_000)


@pytest.mark.deep
def test_a_dead_parent_or_child_leads_to_the_fallback_and_recovers(street):
    street.primary.kill()
    street.run_ms(60_000)
    assert set(amps(street).values()) == {0}
    street.primary.start()
    assert well(street, 120_000)
    street.fault_injector.set("power_off", "garage", True, {})
    street.run_ms(90_000)
    assert [amps(street)[name] for name in BELOW] == [0, 0]
    street.fault_injector.set("power_off", "garage", False, {})
    assert well(street, 150_000)


def test_a_cut_inside_the_garage_affects_one_evse(street):
    street.fault_injector.set("cut", "garage.two", True, {})
    street.run_ms(60_000)
    assert amps(street)["garage.two"] == 0 and amps(street)["garage.one"] >= 58
    street.fault_injector.set("cut", "garage.two", False, {})
    assert well(street, 120_000)


def test_both_files_must_agree_on_the_line(tmp_path):
    cases = {
        'port = "/dev/ttyAMA0"': "is tcp, but its [parent] is a serial line",
        "": "write port = … (serial), or host and tcp_port",
        'port = "/dev/ttyAMA0"\ntcp_port = 502': "port: is not allowed with tcp_port; leave it out",
        "tcp_port = 502\ntls = true": "root_pem: is missing, but tls = true",
        'host = "10.0.0.4"\nport = "/dev/ttyAMA0"': "host: belongs to tcp_port; leave it out",
    }
    for parent, said in cases.items():
        with pytest.raises(SiteErrors) as caught:
            load_site(written(tmp_path, parent))
        assert said in str(caught.value), (parent, str(caught.value))
    warned = load_site(written(tmp_path, "tcp_port = 1502")).warnings
    assert [str(one).partition("tcp_port: ")[2] for one in warned][:1] == [
        "is 502, but its [parent] says 1502; write the same in both files, unless a gateway translates the port"]
    facts = compile_site(load_site(tmp_path / "garage.toml"))
    assert facts["parent"]["tcp"] == {"host": "0.0.0.0", "tcp_port": 1502} and "port" not in facts["parent"]


@pytest.mark.parametrize("kind, target", [("foreign_client", "garage"), ("foreign_client", "lan"), ("second_primary", "garage")])
def test_a_second_client_of_a_primary_below_is_one_more_connection_to_it(street, kind, target):
    clients = lambda: street.view()["below"]["garage"]["parent"]["tcp"]["clients"]  # noqa: E731
    before = clients()
    street.fault_injector.set(kind, target, True, {"writes": True} if kind == "foreign_client" else {})
    street.run_ms(5_000)
    assert clients() == before + 1
    street.fault_injector.set(kind, target, False, {})
    assert well(street, 150_000)


def test_a_cut_of_the_whole_bus_reaches_the_primaries_below_on_it(street):
    street.fault_injector.set("cut", "lan", True, {})
    street.run_ms(90_000)
    assert [amps(street)[name] for name in BELOW] == [0, 0]
    street.fault_injector.set("cut", "lan", False, {})
    assert well(street, 150_000)
