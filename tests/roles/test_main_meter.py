"""The meter at the grid connection is EVSE 0 of the station; what an order offers is shown in watts."""

from helper_garage import Garage, site

from ampacity.roles.charging.upstream import by_line, offered_w

OCPP = {"version": "2.0.1", "identity": "T-1", "url": "ws://127.0.0.1:9", "security_profile": 1, "password": "0123456789abcdef", "storage_kib": 32}


class Driver:
    class facts:
        online = True


def metered():
    """A garage with a station upstream; its meter has two inputs, on L2 and L1."""
    garage = Garage(site(ocpp=OCPP)).run(3000)
    primary = garage.primary
    primary.site["circuits"][0]["meter"] = 0
    primary.site["meters"] = [{"phases": [1, 0]}]
    primary.buses.meters = [Driver()]
    primary.readings = [{"amps_da": [50, -20], "volts_dv": [2310, 2290], "power_w": 690, "energy_wh": 7000, "export_wh": 11}]
    return garage, primary.upstream


def test_the_readings_of_the_main_meter_reach_the_station_by_line():
    garage, upstream = metered()
    upstream._main_meter(garage.now_us // 1000)
    assert upstream.station.main_meter.values == {
        "amps_da": [-20, 50, None], "volts_dv": [2290, 2310, None], "power_w": 690, "energy_wh": 7000, "export_wh": 11,
    }
    assert [evse.id for evse in upstream.station.metered()] == [0, 1, 2]


def test_a_main_meter_that_is_lost_shows_nothing():
    garage, upstream = metered()
    Driver.facts.online = False
    upstream._main_meter(garage.now_us // 1000)
    Driver.facts.online = True
    assert upstream.station.main_meter.values == {}


def test_a_site_without_a_main_meter_has_no_EVSE_0():
    garage = Garage(site(ocpp=OCPP)).run(3000)
    assert garage.primary.upstream.station.main_meter is None


def test_the_storage_of_the_site_is_that_of_the_queue():
    assert Garage(site(ocpp=OCPP)).primary.upstream.station.queue._journal.size_max == 32 * 1024


def test_what_an_order_offers_in_watts():
    assert offered_w(160, [2300, 2300, 2300]) == 11040
    assert offered_w(160, None) is None and offered_w(None, [2300]) is None and offered_w(60, [2300, None, 2300]) is None
    assert by_line(None, [0, 1, 2]) == [None, None, None] and by_line([5], [2]) == [None, None, 5]
