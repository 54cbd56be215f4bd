"""Serial wall boxes and a meter behind a gateway that makes Modbus RTU of Modbus TCP: several units on one connection."""

import pytest
from garage import Garage

from ampacity_host.configure import check_report, load_site

SITE = """
[site]
name = "behind"

[[circuit]]
name = "main"
rating_a = 40.0
assumed_other_a = 10.0
meter = "grid"

[[bus]]
name = "gateway"
kind = "tcp"
host = "10.0.0.9"
gateway = true
private = {private}
transit_s = 5

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "gateway"
unit = 100
"""
BOX = """
[[evse]]
name = "box-{unit}"
kind = "heidelberg-energy-control"
bus = "gateway"
unit = {unit}
circuit = "main"
max_a = 16.0
"""


def site(tmp_path, private="true", units=(1, 2, 3)):
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(private=private) + "".join(BOX.format(unit=unit) for unit in units))
    return path


@pytest.fixture
def garage(tmp_path):
    return Garage(site(tmp_path))


def test_three_units_behind_one_connection_share_the_available_current(garage):
    garage.run(70_000)
    offered = garage.offered_da()
    assert garage.guard.mode == "regulating" and min(offered) >= 60 and sum(offered) <= 350
    assert garage.worst_a <= 40.0 and len(garage.buses) == 1
    assert all(device.watchdog == "armed" for device in garage.devices)


def test_a_silent_unit_does_not_delay_the_others(garage):
    garage.run(70_000)
    garage.deaf.add(garage.devices[1])
    garage.run(30_000)
    offered = garage.offered_da()
    assert offered[1] == 0 and offered[0] >= 60 and offered[2] >= 60
    assert garage.guard.meter_state(0) == "ok"


def test_an_order_that_may_wait_in_the_gateway_counts_for_its_transit(garage):
    garage.run(70_000)
    before = max(garage.guard.bound_da(0))
    garage.dumb.add(garage.devices[0])
    garage.guard.limit("test", ("evse", 0), [0, 0, 0], None, "hold")
    garage.run(4_000)
    assert max(garage.guard.bound_da(0)) == before  # nothing has shown that the lower arrived


def test_a_watchdog_that_other_clients_can_feed_does_not_count(tmp_path):
    report = check_report(load_site(site(tmp_path, "false", (1, 2))))
    found = [finding for finding in report["findings"] if finding["level"] == "error"]
    assert found and any("private" in finding["text"] + finding["fix"] for finding in found), found
