"""What the station reports of an EVSE that is not heard: nothing that was measured before; its register only where a transaction ends."""

from test_one_owner import managed

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
