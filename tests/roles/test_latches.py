"""What a residual current or a bad diode stopped stays stopped over any restart, until the plug was out or a person came."""

from helper_garage import Garage, evse, site
from helper_secondary import Unit

from ampacity.console.console import Console
from ampacity.store.memory_files import MemoryFiles, PowerCut


def tripped():
    """A car charges at the primary's own point, a residual current stops it, and is over."""
    garage = Garage(site(evses=[evse("evse-1", "local", watchdog_ms=1000, watchdog_tolerance_ms=100, watchdog_fixed=True,
                                     power_on_source="documented", transit_ms=0)]))  # fmt: skip
    garage.run(9000)
    garage.port.car = "C"
    garage.run(15000)
    assert garage.port.contactor
    garage.port.rcm = True
    garage.run(1000)
    garage.port.rcm = False
    garage.run(1000)
    assert not garage.port.contactor
    return garage


def closes_within(garage, ms):
    for _ in range(ms // 500):
        garage.run(500)
        if garage.port.contactor:
            return True
    return False


def test_a_residual_current_outlives_every_restart_with_the_plug_still_in():
    garage = tripped()
    for _ in range(3):
        garage.start()
        assert not closes_within(garage, 30000)
        assert garage.view("evse-1")["status"] == "Faulted"


def test_an_unplug_ends_the_latch_and_a_restart_does_not_restore_it():
    garage = tripped()
    garage.start().run(10000)
    garage.port.car = "A"
    garage.run(3000)
    garage.port.car = "C"
    assert closes_within(garage, 30000)
    garage.start()
    assert closes_within(garage, 30000)


def test_an_unplug_while_the_power_was_off_also_ends_the_latch():
    garage = tripped()
    garage.port.car = "A"
    garage.start().run(12000)
    garage.port.car = "C"
    assert closes_within(garage, 30000)


def test_a_missing_reading_is_not_an_unplug():
    garage = tripped()
    port, plant = garage.port, garage.port.plant
    port.updated_ms, port.cp_high_mv, port.cp_low_mv = None, 12000, 12000
    port.plant = lambda now_ms: None
    garage.start().run(12000)
    port.plant = plant
    assert not closes_within(garage, 20000)
    assert garage.primary.documents.get("latched") == {"evse-1": ["rcm"]}


def test_a_person_at_the_console_ends_the_latch():
    garage = tripped()
    garage.start().run(10000)
    assert Console(garage.primary.console).line("unlock evse-1 --yes", "installer", garage.now_us // 1000) == "ok"
    garage.run(2000)
    assert not garage.primary.locals[0].evse.machine.faults and not garage.primary.documents.get("latched")
    garage.start()
    assert closes_within(garage, 30000)


def test_overtemperature_is_not_latched():
    garage = tripped()
    garage.port.car = "A"
    garage.run(8000)
    garage.port.car = "C"
    assert closes_within(garage, 30000)
    garage.port.overtemp = True
    garage.run(1000)
    assert not garage.primary.documents.get("latched")


def test_a_full_disk_keeps_the_latch_until_the_restart_and_reports_it():
    garage = tripped()
    garage.port.car = "A"
    garage.run(8000)
    garage.port.car = "C"
    assert closes_within(garage, 30000)
    garage.files.bytes_max = 1
    garage.port.rcm = True
    garage.run(1000)
    garage.port.rcm = False
    assert not closes_within(garage, 20000)
    assert garage.primary.log.counters["storage_errors"] < 20
    garage.files.bytes_max = None
    garage.run(3000)
    assert garage.primary.documents.get("latched") == {"evse-1": ["rcm"]}


def test_a_secondary_also_keeps_its_latch():
    files = MemoryFiles()
    unit = Unit(files)
    unit.port.car = "C"
    unit.keep_granting(6000, 100)
    assert unit.port.contactor
    unit.port.rcm = True
    unit.run(300)
    unit.port.rcm = False
    unit.secondary.housekeep(unit.now_ms)
    for _ in range(2):
        unit = Unit(files)
        unit.port.car = "C"
        unit.keep_granting(12000, 100)
        assert not unit.port.contactor
    unit.port.car = "A"
    unit.keep_granting(2000, 100)
    unit.secondary.housekeep(unit.now_ms + 5000)
    unit = Unit(files)
    unit.port.car = "C"
    unit.keep_granting(12000, 100)
    assert unit.port.contactor


def test_once_the_latch_was_written_a_power_cut_in_any_later_write_keeps_it():
    for n in range(1, 6):
        garage = tripped()
        garage.files.cut_at_write(n)
        try:
            garage.start().run(5000)
            garage.port.car = "A"
            garage.run(500)
            garage.port.car = "C"
        except PowerCut:
            pass
        garage.port.car = "C"
        cleared = not garage.files.restart() or not garage.primary.documents.get("latched")
        garage.start()
        assert closes_within(garage, 30000) == cleared
