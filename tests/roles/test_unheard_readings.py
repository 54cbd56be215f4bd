"""What the station reports of an EVSE that is not heard: nothing that was measured before; its register only where a transaction ends."""

from test_one_owner import managed

from ampacity.ocpp.monitoring.handlers import set_variable_monitoring
from ampacity.ocpp.transactions.meter_values import sampled

ALL = ["Power.Active.Import", "Power.Offered", "Current.Import", "Voltage", "Energy.Active.Import.Register"]


def names(evse, context="Sample.Periodic"):
    return sorted({item["measurand"] for item in sampled(evse, ALL, context)})


def test_J02_FR_18_values_of_before_are_not_reported_with_the_time_of_now():
    garage = managed(AuthCtrlr__Enabled="false")
    garage.unit.port.car = "C"
    garage.run(40000)
    station = garage.primary.upstream.station
    evse = station.evses[1]
    assert names(evse) == sorted(ALL) and evse.tx is not None
    register_wh = evse.values.get("energy_wh")
    garage.cut = True
    garage.run(20000)
    assert not garage.view("evse-2")["online"] and garage.amps_da()[1] == 0
    assert names(evse) == [] and station.model.value(2, station.model.find(2, "EVSE", "Power")) == "0"
    ended = sampled(evse, ALL, "Transaction.End")
    assert [(item["measurand"], item["value"] >= register_wh) for item in ended] == [("Energy.Active.Import.Register", True)]
    garage.cut = False
    garage.run(20000)
    assert names(evse) == sorted(ALL)


def test_N07_FR_14_a_planned_restart_keeps_which_thresholds_are_exceeded():
    garage = managed(AuthCtrlr__Enabled="false")
    garage.unit.port.car = "C"
    garage.run(30000)
    station = garage.primary.upstream.station
    where = {"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "Power"}}
    wanted = dict(where, value=1000, type="UpperThreshold", severity=5)
    answer = set_variable_monitoring(station, {"setMonitoringData": [wanted]}, "", garage.now_us // 1000)["setMonitoringResult"][0]
    garage.run(20000)
    garage.unit.port.car = "A"
    garage.run(5000)
    before = garage.primary.documents.get("ocpp_monitors")["exceeded"]
    garage.primary.reset("installer", 0, garage.now_us // 1000)
    garage.run(3000)
    assert garage.platform.resets and (before, garage.primary.documents.get("ocpp_monitors")["exceeded"]) == ([answer["id"]], [])


def test_a_threshold_of_the_power_is_cleared_while_the_EVSE_is_not_heard():
    garage = managed(AuthCtrlr__Enabled="false")
    garage.unit.port.car = "C"
    garage.run(40000)
    station = garage.primary.upstream.station
    where = {"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "Power"}}
    wanted = [dict(where, value=value, type=kind, severity=5) for kind, value in (("UpperThreshold", 1000), ("LowerThreshold", 100))]
    set_variable_monitoring(station, {"setMonitoringData": wanted}, "", garage.now_us // 1000)
    monitoring = station.optional.find("monitoring")
    for cut, exceeded in ((False, [True, False]), (True, [False, True]), (False, [True, False])):
        garage.cut = cut
        garage.run(25000)
        assert garage.view("evse-2")["online"] != cut and [each.active for each in monitoring.custom] == exceeded, cut
