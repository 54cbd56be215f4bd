"""What holds for the whole site holds for each EVSE, wherever the root is in the list of circuits."""

from helper_garage import Garage, site
from test_limits_of_the_csms import NOON_MS, profile
from test_manual_limits import again, say
from test_one_owner import OCPP, OFFLINE, accepted

from ampacity.ocpp.smart_charging.handlers import set_charging_profile


def garage_with_the_root_last(**changes):
    """evse-1 is fed through `sub`, evse-2 by the root; both charge."""
    facts = site(**changes)
    main = facts["circuits"][0]
    main["rating_da"] = [320] * 3
    facts["circuits"] = [dict(main, name="sub", parent=1, rating_da=[200] * 3), main]
    facts["evses"][1]["circuit"] = 1
    return Garage(facts)


def charging(garage):
    garage.run(9000)
    garage.port.car = garage.unit.port.car = "C"
    return garage.run(30000)


def test_a_limit_of_the_site_by_hand_is_one_of_all_EVSEs_also_after_a_restart():
    garage = charging(garage_with_the_root_last())
    assert sum(garage.amps_da()) >= 310
    assert say(garage, "limit site 14") == "ok"
    garage.run(15000)
    assert 120 <= sum(garage.amps_da()) <= 140, garage.amps_da()
    again(garage)
    assert 120 <= sum(garage.amps_da()) <= 140 and max(garage.most_da) <= 140
    assert say(garage, "limit site off") == "ok"
    assert sum(again(garage).amps_da()) >= 310


def test_a_limit_of_the_site_below_all_minimums_is_named_for_each():
    garage = charging(garage_with_the_root_last())
    say(garage, "limit site 4")
    garage.run(15000)
    assert garage.amps_da() == [0, 0]
    assert ["limit by console 4.0 A" in garage.view(name)["why"] for name in ("evse-1", "evse-2")] == [True, True]


def test_unreadable_limits_are_0_A_for_all():
    garage = charging(garage_with_the_root_last())
    garage.primary.documents.put("limits", {"a": 1})
    again(garage)
    assert garage.most_da == [0, 0, 0] and garage.amps_da() == [0, 0]


def test_the_limit_of_the_station_is_one_of_all_EVSEs():
    ocpp = dict(OCPP, config=dict(OFFLINE, **{"AuthCtrlr.Enabled": "false"}))
    garage = charging(accepted(garage_with_the_root_last(ocpp=ocpp)))
    station, now_ms = garage.primary.upstream.station, garage.now_us // 1000
    garage.primary.wallclock.set_unix(NOON_MS, "csms", now_ms)
    request = {"evseId": 0, "chargingProfile": profile(1, 20, "A", 14, "ChargingStationMaxProfile")}
    assert set_charging_profile(station, request, "", now_ms) == {"status": "Accepted"}
    garage.run(20000)
    assert 120 <= sum(garage.amps_da()) <= 140, garage.amps_da()
    assert station.config["max_da"] == 320


def test_the_main_meter_is_that_of_the_root():
    garage = garage_with_the_root_last(ocpp=OCPP).run(3000)
    primary = garage.primary
    primary.site["circuits"][1]["meter"] = 0
    primary.site["meters"] = [{"phases": [1, 0]}]
    primary.buses.meters = [MeterDriver()]
    primary.readings = [{"amps_da": [50, -20], "volts_dv": [2310, 2290], "power_w": 690, "energy_wh": 7000, "export_wh": 11}]
    primary.upstream._main_meter(garage.now_us // 1000)
    assert primary.upstream.station.main_meter.values["power_w"] == 690


class MeterDriver:
    """One that answers."""

    class facts:
        online = True
