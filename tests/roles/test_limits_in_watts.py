"""A limit in watts from the console: the sum over all phases, at the voltage that is measured."""

from helper_garage import Garage

from ampacity.console.console import Console


def charging():
    garage = Garage().run(9000)
    garage.port.car = garage.unit.port.car = "C"
    return garage.run(20000)


def say(garage, line):
    return Console(garage.primary.console).line(line, "installer", garage.now_us // 1000)


def test_watts_for_the_site_are_shared_by_both():
    garage = charging()
    assert say(garage, "limit site 9660W") == "ok"
    garage.run(12000)
    assert 136 <= sum(garage.amps_da()) <= 140
    assert "limit by console 9,660 W" in garage.view("evse-1")["why"]
    assert say(garage, "limit site off") == "ok"
    garage.run(30000)
    assert sum(garage.amps_da()) >= 190


def test_watts_for_one_evse_do_not_affect_the_other():
    garage = charging()
    say(garage, "limit evse-2 4830W")
    garage.run(30000)
    assert 65 <= garage.amps_da()[1] <= 70 and garage.amps_da()[0] >= 125
    assert "limit by console 7.0 A" in garage.view("evse-2")["why"]


def test_a_higher_voltage_means_fewer_amperes():
    garage = charging()
    say(garage, "limit evse-2 4830W")
    garage.primary.readings.append({"volts_dv": [2300, 2600, 2300]})
    garage.run(3000)
    assert garage.primary.guard.want_da[1] == 61
