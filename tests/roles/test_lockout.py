"""An EVSE that draws above its order: contactor by the grant's flag, feeder and alarm by outputs, status, reset."""

from helper_garage import Garage, evse, site
from helper_secondary import PlantPort

from ampacity.console.console import Console


class Greedy(PlantPort):
    """A car that takes 16 A whatever it is offered, through a contactor that may be welded."""

    greedy = welded = False

    def plant(self, now_ms):
        PlantPort.plant(self, now_ms)
        if self.greedy and (self.contactor or self.welded):
            self.amps_da = [160] * 3
            self.contactor_closed = True


def greedy_garage(**changes):
    facts = site(alarm_output="relay-9")
    facts["evses"][1] = evse("evse-2", "ampacity", bus=0, unit=2, limit_da=60, feeder_output="relay-1", **changes)
    garage = Garage(facts)
    port, own = Greedy("evse-2"), garage.unit.secondary.evse
    port.on_input, port.on_change = own.port.on_input, own.port.on_change
    garage.unit.port = own.port = port
    garage.run(9000)
    port.car = "C"
    garage.run(10000)
    assert garage.amps_da()[1] == 60
    return garage


def test_a_pause_stops_a_car_that_ignores_its_offer_because_the_secondary_opens_its_contactor():
    garage = greedy_garage()
    garage.unit.port.greedy = True
    garage.run(14000)
    assert garage.view("evse-2")["status"] == "Faulted"
    assert garage.platform.outputs["relay-9"].on
    garage.run(30000)
    assert garage.amps_da()[1] == 0
    assert not garage.platform.outputs["relay-1"].on


def test_a_welded_contactor_is_followed_by_the_flag_the_feeder_and_the_lockout():
    garage = greedy_garage()
    garage.unit.port.greedy = garage.unit.port.welded = True
    garage.run(21000)
    assert garage.unit.secondary.map.flags == 2
    garage.run(8000)
    assert garage.platform.outputs["relay-1"].on
    assert garage.view("evse-2")["bound_a"] == [16.0] * 3
    garage.platform.outputs["relay-1"].seen = True
    garage.unit.port.greedy = garage.unit.port.welded = False
    garage.cut = True
    garage.run(1000)
    assert garage.view("evse-2")["bound_a"] == [0.0] * 3
    garage.cut = False
    garage.platform.outputs["relay-1"].seen = False
    garage.primary.reset("Immediate", 2, garage.now_us // 1000)
    garage.run(1000)
    assert not garage.platform.outputs["relay-1"].on
    garage.unit.secondary.machine.reset_faults()
    garage.run(90000)
    assert garage.unit.secondary.map.flags == 0
    assert garage.primary.guard.state(1) == "ok"
    assert not garage.platform.outputs["relay-9"].on


def test_the_local_contactor_opens_and_stays_open_until_the_reset():
    garage = Garage().run(9000)
    driver = garage.primary.buses.drivers[0]
    driver.hold_open(True)
    driver.lock_out(True)
    garage.port.car = "C"
    garage.run(8000)
    assert driver.facts.fault == "locked_out" and not garage.port.contactor
    driver.hold_open(False)
    driver.lock_out(False)
    garage.run(20000)
    assert driver.facts.fault is None and garage.port.contactor


def test_a_restart_at_the_console_frees_no_lockout():
    garage = greedy_garage()
    garage.unit.port.greedy = garage.unit.port.welded = True
    garage.run(30000)
    assert garage.platform.outputs["relay-1"].on and garage.primary.guard.locked_out(1)
    console = Console(garage.primary.console)
    assert "Lock-outs stay" in console.line("restart", "installer", garage.now_us // 1000)
    assert console.line("yes", "installer", garage.now_us // 1000) == "restarting"
    garage.run(400)
    assert garage.platform.outputs["relay-1"].on and garage.primary.guard.locked_out(1) and garage.platform.resets == []
    garage.run(1000)
    assert garage.platform.resets == ["immediate"]
    garage.start().run(3000)
    assert garage.platform.outputs["relay-1"].on and garage.primary.guard.locked_out(1)
    console = Console(garage.primary.console)
    assert console.line("unlock evse-2 --yes", "installer", garage.now_us // 1000) == "ok" and not garage.primary.guard.locked_out(1)
