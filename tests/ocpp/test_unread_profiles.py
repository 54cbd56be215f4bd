"""Charging profiles that the store lost lift no limit: no current there until the CSMS says what holds."""

from station_bench import Bench
from test_smart_charging import limits, profile, put


def lost(*names):
    bench = Bench().booted()
    put(bench, profile(1, limit=6), 1)
    put(bench, profile(2, limit=9), 2)
    for name in names:
        bench.files.replace(name + ".set", b"00000000\n[]")
    bench.power_cycle()
    bench.connect()
    return bench


def test_an_unreadable_profile_stops_its_evse_and_no_other():
    bench = lost("ocpp_profile_1")
    assert limits(bench) == [(1, None, 0, None), (2, None, 90, None)]
    assert [line for line in bench.log.since(0) if "charging profile 1 of EVSE 1" in line[3]]
    bench.power_cycle()
    bench.connect()
    assert limits(bench)[0] == (1, None, 0, None)


def test_setting_or_clearing_the_profile_ends_the_stop():
    bench = lost("ocpp_profile_1")
    assert put(bench, profile(3, limit=7, stack=1), 2) == "Accepted"
    assert limits(bench)[0] == (1, None, 0, None)
    assert put(bench, profile(1, limit=8), 1) == "Accepted"
    assert limits(bench) == [(1, None, 80, None), (2, None, 70, None)]
    bench = lost("ocpp_profile_1")
    assert bench.call("ClearChargingProfile", {"chargingProfileId": 1})["status"] == "Accepted"
    assert bench.call("ClearChargingProfile", {"chargingProfileId": 1})["status"] == "Unknown"
    bench.power_cycle()
    bench.connect()
    assert limits(bench) == [(2, None, 90, None)]


def test_an_unreadable_list_of_profiles_stops_the_station():
    bench = lost("ocpp_profiles")
    assert limits(bench) == [(0, None, 0, None)]
    assert bench.call("ClearChargingProfile", {})["status"] == "Accepted"
    assert limits(bench) == []


def test_what_is_set_or_cleared_for_one_evse_ends_no_stop_of_the_station():
    bench = Bench().booted()
    put(bench, profile(1, "ChargingStationMaxProfile", limit=6), 0)
    put(bench, profile(2, limit=9), 2)
    bench.files.replace("ocpp_profile_1.set", b"00000000\n[]")
    bench.power_cycle()
    bench.connect()
    assert limits(bench)[0] == (0, None, 0, None)
    assert bench.call("ClearChargingProfile", {"chargingProfileCriteria": {"evseId": 2}})["status"] == "Accepted"
    assert put(bench, profile(3, limit=7), 1) == "Accepted"
    assert limits(bench)[0] == (0, None, 0, None)
    assert put(bench, profile(4, "ChargingStationMaxProfile", limit=16), 0) == "Accepted"
    assert limits(bench)[0] == (0, None, 0, None)  # profile 1 could be the lower one
    assert bench.call("ClearChargingProfile", {"chargingProfileId": 1})["status"] == "Accepted"
    assert limits(bench)[0] == (0, None, 160, None)
