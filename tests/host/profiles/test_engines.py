"""Devices with unusual forms behind the real bus engines: coils, pairs of registers, watts, heartbeats, mirrored registers."""

import pytest
from garage import Garage

from tests.deep import sample

SITE = """
[site]
name = "one"
voltage = 230

[[circuit]]
name = "main"
rating_a = 40.0

[[bus]]
name = "wire"
{bus}

[[evse]]
name = "box"
kind = "{name}"
bus = "wire"
unit = {unit}
circuit = "main"
max_a = 16.0
{more}

[settings]
raise_hold_s = 1.0
restart_hold_s = 5.0
"""
RTU = 'kind = "rtu"\nport = "virtual"\nbaud = 19200\nparity = "E"'
TCP = 'kind = "tcp"\nhost = "127.0.0.1"\nprivate = true'
DEVICES = [
    ("phoenix-ev-cc-ac1-m3", RTU, ""),
    ("delta-ac-max", RTU, "power_on_a = 0.0"),
    ("mennekes-amtron-compact", RTU, "power_on_a = 0.0"),
    ("esp32-evse", RTU, "power_on_a = 6.0"),
    ("edgetech-smartevse", RTU, ""),
    ("phoenix-em-cp-pp-eth", TCP, ""),
    ("innogy-ebox", TCP, ""),
    ("dadapower", TCP, ""),
    ("vestel-evc04", TCP, "fallback_a = 6.0\npower_on_a = 6.0"),
]


@pytest.mark.parametrize(("name", "bus", "more"), sample(DEVICES, 2))
def test_a_device_is_audited_charges_and_returns_after_a_restart(tmp_path, name, bus, more):
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(name=name, bus=bus, unit=3 if bus == RTU else 255, more=more))
    garage = Garage(path)
    garage.run(45_000)
    assert garage.guard.state(0) == "ok", garage.guard.events[-4:]
    assert garage.devices[0].limit_da == 160, garage.guard.why(0)
    engine = garage.buses[0][0]
    assert engine.counters["exceptions"] == 0 and engine.counters["unexpected"] == 0, engine.counters
    garage.devices[0].fault("restart")
    garage.run(40_000)
    assert garage.guard.state(0) == "ok" and garage.devices[0].limit_da == 160, garage.guard.events[-4:]
