"""Wall boxes, a station and the grid meter under the real guard and the real engines, byte by byte."""

import pytest
from garage import Garage

from tests.deep import sample

SITE = """
[site]
name = "garage"

[[circuit]]
name = "main"
rating_a = 40.0
assumed_other_a = 10.0
meter = "grid"

[[bus]]
name = "rs485-1"
kind = "rtu"
port = "virtual"
baud = 19200
parity = "E"

[[bus]]
name = "lan"
kind = "tcp"
private = true
host = "127.0.0.1"

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "rs485-1"
unit = 100

[[evse]]
name = "box-1"
kind = "heidelberg-energy-control"
bus = "rs485-1"
unit = 1
circuit = "main"
max_a = 16.0

[[evse]]
name = "box-2"
kind = "heidelberg-energy-control"
bus = "rs485-1"
unit = 2
circuit = "main"
max_a = 16.0
fallback_a = 6.0

[[evse]]
name = "station"
kind = "keba-p30"
bus = "lan"
unit = 255
circuit = "main"
max_a = 16.0
power_on_a = 0.0
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "site.toml"
    path.write_text(SITE)
    return path


def regulating(path):
    garage = Garage(path)
    garage.run(20_000)
    return garage


def test_all_devices_are_audited_and_share_the_available_current(path):
    garage = regulating(path)
    garage.run(20_000)
    assert garage.guard.mode == "regulating"
    assert [garage.guard.state(i) for i in range(3)] == ["ok"] * 3
    assert sum(garage.offered_da()) > 250 and min(garage.offered_da()) >= 60
    assert garage.worst_a <= 40.0


def test_a_step_of_other_load_is_shed_within_the_settle_time(path):
    garage = regulating(path)
    garage.run(20_000)
    garage.house.other_a = 18.0
    garage.run(5_000)
    assert max(garage.house.amps_a) <= 40.0 and min(garage.offered_da()) >= 60


def test_a_deaf_device_falls_back_and_returns_when_it_receives_again(path):
    garage = regulating(path)
    garage.run(10_000)
    garage.deaf.add(garage.devices[1])
    garage.run(30_000)
    assert garage.devices[1].limit_da == 60 and garage.guard.state(1) == "silent"
    assert garage.guard.bound_da(1) == [60, 60, 60]
    garage.deaf.clear()
    garage.run(40_000)
    assert garage.guard.state(1) == "ok" and garage.devices[1].limit_da > 60
    assert garage.worst_a <= 40.0


@pytest.mark.parametrize("kind", sample(["restart", "forget_settings"], 2, 1))
def test_a_restarted_device_is_corrected_and_charges_again(path, kind):
    garage = regulating(path)
    garage.run(10_000)
    for device in garage.devices:
        device.fault(kind)
    garage.run(100_000)  # a paused car is not started again before its hold time
    assert [garage.guard.state(i) for i in range(3)] == ["ok"] * 3, [garage.guard.why(i) for i in range(3)]
    assert min(garage.offered_da()) >= 60 and garage.worst_a <= 40.0
