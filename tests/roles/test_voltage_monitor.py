"""A supply of another voltage than the site file's is logged: orders in watts count with the file's."""

from helper_garage import Garage, site

ODD_MS = 60000


def told(garage):
    return [row[3] for row in garage.log.since(0) if "are measured" in row[3]]


def test_another_voltage_than_the_site_file_has_is_logged_once_after_a_minute():
    garage = Garage(site(voltage_v=120))  # its charging points show 230 V
    garage.run(ODD_MS - 2000)
    assert told(garage) == []
    garage.run(8000)
    assert told(garage) == ["230 V are measured, the site file says `voltage` 120: orders in watts count with that; correct it"]
    garage.run(2 * ODD_MS)
    assert len(told(garage)) == 1


def test_a_voltage_within_the_tolerance_of_a_supply_is_not_logged_nor_one_between_lines():
    for facts in (site(voltage_v=210), site(voltage_v=250), site(voltage_v=120, system="delta-it")):
        garage = Garage(facts)
        garage.run(ODD_MS + 10000)
        assert told(garage) == [], facts["voltage_v"]


def test_a_dip_of_less_than_a_minute_is_not_logged():
    garage = Garage(site(voltage_v=230))
    garage.run(9000)
    for _ in range(3):
        garage.port.volts = garage.unit.port.volts = 1500
        garage.run(ODD_MS - 10000)
        garage.port.volts = garage.unit.port.volts = 2300
        garage.run(3000)
    assert told(garage) == []
