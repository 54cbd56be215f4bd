"""The circuits, buses and meters of a site as components of the station: what a CSMS reads of why a car gets what it gets."""

from helper_garage import Garage, site

from ampacity.base.strict_json import dumps, loads
from ampacity.ocpp.device_model.handlers import get_report, get_variables
from ampacity.roles.charging.site_model import LINES

OCPP = {"version": "2.0.1", "identity": "T-1", "url": "ws://127.0.0.1:9000", "security_profile": 1, "password": "0123456789abcdef"}


def garage(seconds=20, **changes):
    one = Garage(site(ocpp=OCPP, **changes))
    one.start()
    if seconds:
        one.run(1000 * seconds)
    return one


def read(one, component, variable, instance=None, part=None, evse=None):
    """attributeValue, or the status that refuses it."""
    where = {"name": component}
    if instance:
        where["instance"] = instance
    if evse:
        where["evse"] = {"id": evse}
    item = {"component": where, "variable": {"name": variable}}
    if part:
        item["variable"]["instance"] = part
    result = get_variables(one.primary.upstream.station, {"getVariableData": [item]}, "", 0)["getVariableResult"][0]
    return result.get("attributeValue", result["attributeStatus"])


def test_a_circuit_shows_its_rating_its_margin_and_its_other_load():
    one = garage(rating_da=205)
    name = one.primary.site["circuits"][0]["name"]
    guard = one.primary.guard
    assert [read(one, "DistributionPanel", "Fuse", name, part) for part in "123"] == ["20", "20", "20"]
    assert read(one, "DistributionPanel", "Margin", name, "L2") == "%.1f" % (guard.margin_da(0)[1] / 10)
    assert read(one, "DistributionPanel", "OtherLoad", name, "L3") == "%.1f" % (guard.other_da(0)[2] / 10)
    assert read(one, "DistributionPanel", "Problem", name) == "false"
    assert read(one, "DistributionPanel", "State", name).startswith(guard.mode)
    assert read(one, "AmpacityCtrlr", "Mode") == guard.mode


def test_an_evse_shows_its_circuit_its_order_and_its_bound():
    one = garage()
    guard = one.primary.guard
    for evse in (1, 2):
        assert read(one, "EVSE", "Circuit", evse=evse) == one.primary.site["circuits"][0]["name"]
        assert read(one, "EVSE", "BoundCurrent", evse=evse) == "%.1f" % (max(guard.bound_da(evse - 1)) / 10)
        assert read(one, "EVSE", "ReserveCurrent", evse=evse) == "%.1f" % (guard.reserve_da(evse - 1) / 10)
        order_da = guard.last_order_da(evse - 1)
        assert read(one, "EVSE", "OrderedCurrent", evse=evse) == ("" if order_da is None else "%.1f" % (order_da / 10))


def test_a_bus_names_the_devices_that_do_not_answer():
    one = garage()
    name = one.primary.buses.wires[0].name
    assert read(one, "AmpacityBus", "Problem", name) == "false", read(one, "AmpacityBus", "State", name)
    assert read(one, "AmpacityBus", "State", name) == "all 1 devices answer"
    one.cut = True
    one.run(30000)
    silent = [facts["name"] for facts, driver, _ in one.primary.buses.wires[0].members if not driver.facts.online]
    assert silent and read(one, "AmpacityBus", "Problem", name) == "true"
    assert read(one, "AmpacityBus", "State", name) == "%s: no answer" % ", ".join(silent)


class Meter:
    """A driver with two inputs, on L2 and L1."""

    def __init__(self):
        self.facts = self
        self.online, self.fault, self.amps_da, self.power_w = True, None, [320, -15], 22011


def test_a_meter_shows_the_currents_of_its_lines_and_nothing_once_it_is_lost_or_frozen():
    one = garage(0)
    primary, meter = one.primary, Meter()
    primary.site["meters"], primary.buses.meters = [{"name": "grid", "phases": [1, 0]}], [meter]
    primary.site["circuits"][0]["meter"] = 0

    def shown():
        return [read(one, "AmpacityMeter", "ACCurrent", "grid", line) for line in LINES] + [
            read(one, "AmpacityMeter", name, "grid") for name in ("Power", "Problem")]

    for state in ("ok", "lost", "frozen", "ok"):
        primary.guard.meter_state = lambda circuit, state=state: state
        known = ["-1.5", "32.0", "UnknownVariable", "22011"] if state == "ok" else ["", "", "UnknownVariable", ""]
        assert shown() == known + ["false"], state
    meter.online = False
    assert shown() == ["", "", "UnknownVariable", "", "true"]
    primary.site["circuits"][0]["meter"] = -1  # one that measures no circuit is lost when it does not answer
    assert shown()[3] == ""
    meter.online = True
    assert shown()[3] == "22011"
    meter.amps_da = meter.power_w = None
    assert shown() == ["", "", "UnknownVariable", "", "false"]


def test_what_is_not_there_is_unknown():
    one = garage(0)
    name = one.primary.site["circuits"][0]["name"]
    assert read(one, "DistributionPanel", "Fuse", "attic", "1") == "UnknownComponent"
    assert read(one, "DistributionPanel", "Fuse", None, "1") == "UnknownComponent"
    assert read(one, "DistributionPanel", "Fuse", name, "4") == "UnknownVariable"
    assert read(one, "DistributionPanel", "Fuse", name) == "UnknownVariable"
    assert read(one, "DistributionPanel", "State", name, evse=1) == "UnknownComponent"
    assert read(one, "AmpacityMeter", "Power", "m") == "UnknownComponent"
    assert read(one, "EVSE", "Circuit", "garage") == "UnknownComponent"


def test_a_report_of_a_component_has_each_of_its_instances():
    one = garage(0)
    station = one.primary.upstream.station
    request = {"requestId": 7, "componentVariable": [{"component": {"name": "DistributionPanel"}, "variable": {"name": "Fuse"}}]}
    assert get_report(station, request, "", 0) == {"status": "Accepted"}
    data = [item for _ in range(2) for item in loads(dumps(station.reports.pull(0)[1]))["reportData"]]
    name = one.primary.site["circuits"][0]["name"]
    assert [(d["component"], d["variable"]["instance"]) for d in data] == [({"name": "DistributionPanel", "instance": name}, p) for p in "123"]
    assert data[0]["variableAttribute"][0]["value"] == "20"
    assert read(one, "distributionPANEL", "fuse", name.upper(), "1") == read(one, "DistributionPanel", "Fuse", name, "1") == "20"
    request["componentVariable"][0]["component"]["instance"] = "attic"
    assert get_report(station, request, "", 0) == {"status": "EmptyResultSet"}
    request["componentVariable"][0]["component"]["instance"] = name.upper()
    assert name != name.upper() and get_report(station, request, "", 0) == {"status": "Accepted"}
