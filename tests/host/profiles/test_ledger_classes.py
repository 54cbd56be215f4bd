"""The ledger against the truth once more, with a device of every class and of unusual orders on one line."""

import pytest
from garage import Garage
from test_ledger_truth import Weather

SITE = """
[site]
name = "classes"
voltage = 230

[[circuit]]
name = "main"
rating_a = 100.0
assumed_other_a = 10.0

[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
baud = 19200
parity = "E"
""" + "".join(
    f'\n[[evse]]\nname = "box-{unit}"\nkind = "{kind}"\nbus = "line"\nunit = {unit}\ncircuit = "main"\nmax_a = 16.0\n{more}\n'
    for unit, (kind, more) in enumerate(
        [
            ("viridian-epc2", "fallback_a = 6.0\npower_on_a = 6.0"),  # A
            ("mennekes-amtron-compact", "power_on_a = 6.0"),  # B
            ("sungrow-ac011e", ""),  # C
            ("delta-ac-max", "power_on_a = 6.0"),  # A, in watts
            ("esp32-evse", "power_on_a = 6.0"),  # N, holds
        ],
        1,
    )
)


@pytest.mark.parametrize("seed", (2, 5))
def test_no_device_ever_obeys_more_than_its_bound(tmp_path, seed):
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    garage = Garage(path, seed=seed)
    garage.run(40_000)
    weather = Weather(garage, seed)
    for _ in range(20):
        weather.blow()
        for _ in range(weather.rng.randrange(2, 50)):
            garage.run(100)
            weather.calm()
            for i, device in enumerate(garage.devices):
                assert device.limit_da <= garage.guard.bound_da(i)[0], (i, weather.log[-5:], garage.guard.events[-5:])


def test_after_all_faults_every_car_charges_again(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    garage = Garage(path, seed=9)
    garage.run(40_000)
    weather = Weather(garage, 109)
    for _ in range(15):
        weather.blow()
        garage.run(2000)
        weather.calm()
    for _ in range(30):
        garage.run(1000)
        weather.calm()
    garage.run(150_000)
    assert [garage.guard.state(i) for i in range(5)] == ["ok"] * 5, (weather.log[-6:], garage.guard.events[-8:])
    assert all(device.limit_da > 0 for device in garage.devices), [garage.guard.why(i) for i in range(5)]
