"""Limits of the CSMS in amperes and in watts: both hold while it is not known which time is true, and people read one name."""

from test_one_owner import managed

from ampacity.ocpp.smart_charging.handlers import set_charging_profile

NOON_MS = 1795176000000  # 2026-11-20T12:00:00Z
DAY_MS = 86400000


def profile(number, day, unit, limit, purpose):
    schedule = {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    schedule["startSchedule"] = "2026-11-%dT00:00:00Z" % day
    return {
        "id": number, "stackLevel": number, "chargingProfilePurpose": purpose, "chargingProfileKind": "Absolute",
        "validFrom": "2026-11-%dT00:00:00Z" % day, "validTo": "2026-11-%dT00:00:00Z" % (day + 1), "chargingSchedule": [schedule],
    }


def limited_both_ways(purpose, evse_id, watts, amps):
    """Charging, with a limit in amperes on one day and one in watts on the next; nobody knows which day it is."""
    garage = managed(AuthCtrlr__Enabled="false")
    garage.port.car = garage.unit.port.car = "C"
    garage.run(30000)
    station, now_ms = garage.primary.upstream.station, garage.now_us // 1000
    garage.primary.wallclock.set_unix(NOON_MS, "csms", now_ms)
    for document in (profile(1, 20, "A", amps, purpose), profile(2, 21, "W", watts, purpose)):
        assert set_charging_profile(station, {"evseId": evse_id, "chargingProfile": document}, "", now_ms) == {"status": "Accepted"}
    garage.primary.wallclock.set_unix(NOON_MS + DAY_MS, "csms", now_ms + 1)
    garage.run(20000)
    assert len(garage.primary.wallclock.others_ms(garage.now_us // 1000)) == 1
    return garage


def test_the_lower_limit_of_an_evse_is_in_force_and_why_names_ocpp_in_either_unit():
    garage = limited_both_ways("TxDefaultProfile", 2, 4830, 16)
    assert garage.amps_da()[1] <= 70 and garage.view("evse-2")["why"] == "7.0 A: limit by ocpp 7.0 A"
    garage = limited_both_ways("TxDefaultProfile", 2, 11040, 8)
    assert garage.amps_da()[1] <= 80 and garage.view("evse-2")["why"] == "8.0 A: limit by ocpp 8.0 A"


def test_K04_FR_05_the_lower_limit_of_the_station_is_in_force_and_why_names_ocpp_in_either_unit():
    garage = limited_both_ways("ChargingStationMaxProfile", 0, 9660, 20)
    assert sum(garage.amps_da()) <= 140 and "limit by ocpp 9,660 W" in garage.view("evse-1")["why"]
    garage = limited_both_ways("ChargingStationMaxProfile", 0, 13800, 15)
    assert sum(garage.amps_da()) <= 150 and "limit by ocpp 15.0 A" in garage.view("evse-1")["why"]
