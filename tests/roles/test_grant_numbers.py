"""A primary's grants over long outages, restarts and troubles of its store: whoever hears them obeys."""

from helper_garage import Garage

from ampacity.bus.leases.grant_numbers import EPOCH_LEAD, EPOCH_NUMBERS
from ampacity.store.faulty_files import FaultyFiles
from ampacity.store.memory_files import MemoryFiles


def charging(files=None):
    garage = Garage(files=files).run(9000)
    garage.port.car = garage.unit.port.car = "C"
    garage.run(20000)
    assert min(garage.amps_da()) >= 95
    return garage


def give(garage, count):
    """So many grants for others, with the housekeeping that a second's worth of them has."""
    for _ in range(count):
        if garage.primary.numbers.next() % 1000 == 0:
            garage.primary.persistence.keep_epoch(garage.primary.numbers, garage.now_us // 1000)
            garage.primary.persistence._epoch_ms = 0


def copied(files):
    """A copy of what is stored."""
    again = MemoryFiles()
    for name in files.list():
        again.append(name, files.read(name))
        again.sync(name)
    return again


def test_a_secondary_that_was_cut_off_for_half_a_day_or_a_week_charges_again_at_once():
    for numbers in (1000, 40000, 47000, 600000):
        garage = charging()
        garage.cut = True
        garage.run(25000)
        give(garage, numbers)
        garage.cut = False
        garage.run(70000)
        assert min(garage.amps_da()) >= 95 and max(garage.most_da) <= 200, numbers
        assert garage.unit.secondary.lease.refused == 0


def test_the_next_epoch_is_stored_before_a_grant_uses_it_and_a_restart_exceeds_it():
    garage = charging()
    garage.run(1000)
    give(garage, EPOCH_NUMBERS - EPOCH_LEAD)
    garage.run(400)
    numbers = garage.primary.numbers
    assert numbers.epoch == 1 and stored_epoch(garage) == 2
    give(garage, EPOCH_LEAD)
    garage.run(5000)
    assert numbers.epoch == 2 and garage.unit.secondary.lease.epoch == 2
    garage.start()
    assert garage.primary.numbers.epoch == 3
    garage.run(40000)
    assert min(garage.amps_da()) >= 95 and max(garage.most_da) <= 200


def stored_epoch(garage):
    return garage.primary.persistence.documents.get("identity")["epoch"]


def test_a_full_disk_stops_no_grant_and_the_epoch_is_stored_later():
    files = FaultyFiles(MemoryFiles(), None, None)
    garage = charging(files)
    files.full = True
    for _ in range(2):
        give(garage, 20000)
        garage.run(10000)
    assert garage.primary.numbers.epoch == 1 and min(garage.amps_da()) >= 95
    files.full = False
    garage.run(20000)
    assert garage.primary.numbers.epoch == 2 and min(garage.amps_da()) >= 95
    assert garage.unit.secondary.lease.refused == 0


def test_a_restored_old_store_strands_no_evse():
    garage = Garage()
    old = copied(garage.files)
    for _ in range(5):
        garage.start()
    garage.run(9000)
    garage.port.car = garage.unit.port.car = "C"
    garage.run(20000)
    assert min(garage.amps_da()) >= 95 and garage.unit.secondary.lease.epoch == 6
    garage.files = old
    garage.start()
    assert garage.primary.numbers.epoch == 2
    garage.run(60000)
    assert min(garage.amps_da()) >= 95 and max(garage.most_da) <= 200
    assert garage.primary.numbers.epoch == 7 == stored_epoch(garage)
