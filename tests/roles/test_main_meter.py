"""Readings for the station: the meter at the grid connection is EVSE 0, signed ones are passed on, what an order offers is shown in watts."""

from helper_garage import Garage, site

from ampacity.ocpp.transactions.meter_values import sampled
from ampacity.roles.charging.evse_readings import more_readings, offered_w
from ampacity.roles.charging.upstream import by_line

NOON_MS = 1795176000000  # 2026-11-20T12:00:00Z
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


def test_J01_FR_11_and_J02_FR_07_an_EVSE_names_its_phases_as_the_main_meter_does_however_it_is_wired():
    facts = site(ocpp=OCPP)
    facts["evses"][1]["terminals"] = [[2], [0], [1]]
    upstream = Garage(facts).run(3000).primary.upstream
    evse = upstream.station.evses[1]
    evse.values = {"amps_da": [30, 10, 20], "volts_dv": [2300, 2310, 2320], "powers_w": [690, 231, 464]}
    found = {}
    for item in sampled(evse, ["Current.Import", "Voltage", "Power.Active.Import"], "Sample.Clock"):
        found[(item["measurand"], item.get("phase"))] = item["value"]
    assert found == {
        ("Current.Import", "L3"): 3, ("Current.Import", "L1"): 1, ("Current.Import", "L2"): 2,
        ("Voltage", "L3-N"): 230, ("Voltage", "L1-N"): 231, ("Voltage", "L2-N"): 232, ("Power.Active.Import", None): 1385,
        ("Power.Active.Import", "L3"): 690, ("Power.Active.Import", "L1"): 231, ("Power.Active.Import", "L2"): 464,
    }


def test_a_main_meter_that_is_lost_shows_nothing():
    garage, upstream = metered()
    Driver.facts.online = False
    upstream._main_meter(garage.now_us // 1000)
    Driver.facts.online = True
    assert upstream.station.main_meter.values == {}


def test_J01_FR_17_the_register_of_the_main_meter_is_read_before_each_clock_aligned_interval():
    for interval_s, since_s in ((15, 3), (60, 3), (5, 10)):
        garage, upstream = metered()
        asked = []
        driver = Driver()
        driver.show_energy = asked.append
        garage.primary.buses.meters = [driver]
        upstream.variable("AlignedDataCtrlr", "Interval", str(interval_s), garage.now_us // 1000)
        garage.primary.wallclock.set_unix(NOON_MS, "csms", garage.now_us // 1000)
        noon_ms, slots = garage.now_us // 1000, set()
        for _ in range(1300):
            garage.now_us += 100000
            upstream.station.next(garage.now_us // 1000)
            count = len(asked)
            upstream._main_meter(garage.now_us // 1000)
            for since_ms in asked[count:]:
                begins_ms = since_ms + 1000 * since_s - noon_ms
                assert begins_ms % (1000 * interval_s) == 0 and 0 <= garage.now_us // 1000 - since_ms <= 1000 * since_s
                slots.add(begins_ms // 1000)
        assert sorted(slots)[:2] == [interval_s, 2 * interval_s] and len(slots) == 130 // interval_s, interval_s


def test_a_main_meter_whose_values_do_not_count_shows_nothing():
    garage, upstream = metered()
    for state, shows in (("lost", False), ("ok", True), ("frozen", False)):
        garage.primary.guard.meter_state = lambda circuit, state=state: state
        garage.now_us += 2000000
        upstream._main_meter(garage.now_us // 1000)
        assert ("power_w" in upstream.station.main_meter.values) == shows, state


def test_a_site_without_a_main_meter_has_no_EVSE_0():
    garage = Garage(site(ocpp=OCPP)).run(3000)
    assert garage.primary.upstream.station.main_meter is None


def test_what_the_meter_of_the_own_charging_point_has_signed_reaches_the_station():
    garage = Garage(site(ocpp=OCPP)).run(3000)
    station = garage.primary.upstream.station
    assert "signed" not in station.evses[0].values
    garage.port.signed = {"data": "OCMF|{}|{}", "encoding": "OCMF", "method": "", "key": "30"}
    garage.run(3000)
    assert station.evses[0].values["signed"] == garage.port.signed and "signed" not in station.evses[1].values
    assert station.model.find(1, "FiscalMetering", "PublicKey") is not None and station.model.find(2, "FiscalMetering", "PublicKey") is None


def test_the_storage_of_the_site_is_that_of_the_queue():
    assert Garage(site(ocpp=OCPP)).primary.upstream.station.queue._journal.size_max == 32 * 1024


def test_what_an_order_offers_in_watts():
    assert offered_w(160, [2300, 2300, 2300]) == 11040
    assert offered_w(160, None) is None and offered_w(None, [2300]) is None and offered_w(60, [2300, None, 2300]) is None
    assert by_line(None, [0, 1, 2]) == [None, None, None] and by_line([5], [2]) == [None, None, 5]


class Shown:
    """A driver of a device behind a profile, as far as its readings go."""

    def __init__(self, powers_w, terminals=3, online=True):
        self.device = self.facts = self.readings = self
        self.powers_w, self.terminals, self.online = powers_w, terminals, online

    def index(self, name):
        return 0 if name == "power_l1" and self.powers_w is not None else -1

    def phases(self, start, count):
        return self.powers_w[:count] if start == "power" else None


def test_the_power_of_each_phase_is_passed_on_where_the_profile_reads_it():
    assert more_readings(Shown([1150, 1200, 1100])) == {"powers_w": [1150, 1200, 1100]}
    assert more_readings(Shown([1150, 1200, 1100], terminals=1)) == {"powers_w": [1150]}
    for driver in (Shown(None), Shown([1150]), Shown([1, 2, 3], online=False), object()):
        assert more_readings(driver) == {}
