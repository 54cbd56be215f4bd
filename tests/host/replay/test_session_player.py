"""Who gets which EVSE, and what is booked."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "rig"))

from small_site import evse, plant  # noqa: E402

from ampacity_host.replay.session_player import SessionPlayer  # noqa: E402
from ampacity_host.replay.sessions import Session  # noqa: E402
from ampacity_host.rig.plant.wallbox import Wallbox  # noqa: E402

START_S = 1_700_000_000
HOUR_S = 3600


def session(name, arrival_h, departure_h, energy_wh=1000, station=None):
    return Session(name, START_S + int(arrival_h * HOUR_S), START_S + int(departure_h * HOUR_S), energy_wh, station)


def run(sessions, hours, evses=("evse-1", "evse-2"), limit_da=160):
    site_plant, time = plant([evse(name) for name in evses])
    for point in site_plant.points:
        Wallbox(point).set_limit(limit_da)
    driver = SessionPlayer(site_plant, sessions, START_S)
    time.run_to(time.now_us + hours * HOUR_S * 1_000_000)
    return driver


def where(driver):
    return {record[0]: record[3] for record in driver.records}


def test_a_session_takes_the_evse_of_its_station_else_the_first_free_one():
    driver = run([session("a", 1, 3, station="evse-2"), session("b", 1.5, 3, station="unknown"), session("c", 3.5, 4)], 5)
    assert where(driver) == {"a": "evse-2", "b": "evse-1", "c": "evse-1"}
    assert (driver.asked, driver.served, driver.in_full, driver.turned_away) == (3, 3, 3, 0)


def test_a_car_without_a_free_evse_waits_in_order_and_is_rejected_at_departure():
    driver = run([session("a", 1, 5), session("b", 1, 5), session("c", 2, 3), session("d", 2.5, 8), session("e", 2.6, 8)], 9)
    assert where(driver)["c"] is None
    assert where(driver)["d"] == "evse-1" and where(driver)["e"] == "evse-2"
    assert (driver.served, driver.turned_away) == (4, 1)


def test_energy_is_the_requested_amount_or_the_one_that_time_and_current_permit():
    driver = run([session("a", 0, 1, 5_000), session("b", 0, 1, 50_000)], 2)
    assert driver.asked_wh == 55_000
    delivered = {record[0]: record[5] for record in driver.records}
    assert delivered["a"] == 5_000 and 10_900 < delivered["b"] < 11_040
    assert driver.in_full == 1


def test_cars_present_at_the_end_count_with_their_energy():
    driver = run([session("a", 0, 100, 50_000)], 1)
    assert driver.delivered_wh == 0
    assert driver.end() == 1
    assert 10_000 < driver.delivered_wh < 11_040


def test_between_two_cars_the_plug_is_out_for_a_while():
    site_plant, time = plant([evse("evse-1")])
    Wallbox(site_plant.points[0]).set_limit(160)
    seen = []
    driver = SessionPlayer(site_plant, [session("a", 1, 2), session("b", 1.5, 3), session("c", 2, 2.005)], START_S)
    driver.on_plug = lambda point, one: seen.append((one.name, (time.now_us // 1000 - site_plant.start_ms) // 1000))
    time.run_to(time.now_us + 4 * HOUR_S * 1_000_000)
    assert seen == [("a", HOUR_S), ("b", 2 * HOUR_S + 30)]
    assert (driver.served, driver.turned_away) == (2, 1)
