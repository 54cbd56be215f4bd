"""What people and transactions are told of the meters."""

from ampacity.meter.readings import Readings

READING = {"amps_da": [100, -40, 5], "volts_dv": [2300, 2310, 2290], "power_w": None, "energy_wh": None, "export_wh": None}
START_MS = 2**30 - 60000


def with_(**changes):
    reading = dict(READING)
    reading.update(changes)
    return reading


def test_a_meter_never_heard_has_neither_age_nor_reading():
    readings = Readings(2)
    assert readings.age_ms(1, START_MS) is None and readings.fresh(1, START_MS) is None and readings.power_w(1, START_MS) is None


def test_a_reading_is_shown_until_it_is_too_old():
    readings = Readings(1, 5000)
    readings.put(0, READING, START_MS)
    assert readings.fresh(0, START_MS + 5000)["amps_da"] == [100, -40, 5]
    assert readings.fresh(0, START_MS + 5001) is None and readings.age_ms(0, START_MS + 90000) == 90000


def test_power_is_the_meters_own_where_it_has_one():
    readings = Readings(1)
    readings.put(0, with_(power_w=-1234), START_MS)
    assert readings.power_w(0, START_MS) == -1234


def test_power_without_a_register_follows_from_signed_currents_and_voltages():
    readings = Readings(1)
    readings.put(0, READING, START_MS)
    assert readings.power_w(0, START_MS) == (100 * 2300 - 40 * 2310 + 5 * 2290) // 100
    readings.put(0, with_(amps_da=[-100, 0, 0]), START_MS)
    assert readings.power_w(0, START_MS) == -2300


def test_power_is_unknown_when_a_current_is_no_number():
    readings = Readings(1)
    readings.put(0, with_(amps_da=None), START_MS)
    assert readings.power_w(0, START_MS) is None


def test_counters_do_not_go_stale_and_outlive_samples_without_them():
    readings = Readings(1)
    readings.put(0, with_(energy_wh=5000, export_wh=20), START_MS)
    readings.put(0, READING, START_MS + 1000)
    assert readings.energy_wh(0) == (5000, 20)
