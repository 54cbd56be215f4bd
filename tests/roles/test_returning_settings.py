"""The registers of a secondary show no setting that is less than what a power cut, or the end of a trial, brings back."""

import struct

from helper_garage import Garage
from helper_secondary import Unit, config

from ampacity.base import strict_json
from ampacity.base.rng import Rng
from ampacity.bus.leases import register_table as table
from ampacity.bus.modbus.frames import read_pdu, words, write_pdu
from ampacity.console.console import Console
from ampacity.roles.configuration.site_trial import SITE, SiteTrial
from ampacity.roles.secondary import checked
from ampacity.roles.service.secondary_console import SecondaryConsole
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles

ON_MICROPYTHON_EACH = 5
MINUTE_MS = 60000


class Doors:
    """The part of a platform that the console of a secondary needs."""

    folder = ""

    def __init__(self, unit, disk):
        self.unit, self.files, self.data_files, self.boot, self.clock = unit, unit.files, disk, {}, self

    def now_ms(self):
        return self.unit.now_ms

    def input(self, name):
        return None


class Desk:
    """One life of a secondary with its console."""

    def __init__(self, files=None, disk=None, **changes):
        self.unit = Unit(files, **changes)
        self.disk = disk or MemoryFiles()
        if self.disk.read(SITE) is None:
            self.disk.replace(SITE, strict_json.dumps(config(**changes)).encode())
        doors = Doors(self.unit, self.disk)
        self.target = SecondaryConsole(self.unit.secondary, doors, doors, checked)
        self.console = Console(self.target, door="serial")

    def __call__(self, line):
        return self.console.line(line, "installer", self.unit.now_ms)

    def pass_ms(self, duration_ms):
        """The housekeeping after that time."""
        self.unit.now_ms += duration_ms
        self.unit.secondary.housekeep(self.unit.now_ms)
        self.target.step(self.unit.now_ms)

    def write(self, *values):
        """Settings over the bus: the reply's function."""
        return self.unit.engine.answer(write_pdu(table.SETTINGS_AT, words(values)), self.unit.now_ms)[0]

    def shown(self):
        """(fallback, maximum, power-on value) in da and the longest lease in ds, as a primary reads them."""
        return struct.unpack(">HHHH", self.unit.engine.answer(read_pdu(3, table.SETTINGS_AT, 4), self.unit.now_ms)[2:])

    def in_force(self):
        lease = self.unit.secondary.lease
        return lease.fallback_da, lease.max_da, lease.power_on_da, lease.longest_ms // 100


def copy_of(files):
    out = MemoryFiles()
    for name in files.list():
        out.replace(name, files.read(name))
    return out


def on_trial(line="commit 5"):
    """0 A on trial where 16 A were."""
    desk = Desk()
    for text in ("set fallback_a 16", "set power_on_a 16", "set watchdog_s 60", "commit 0", "set fallback_a 0", "set power_on_a 0",
                 "set max_a 10", "set watchdog_s 5", line):  # fmt: skip
        assert not desk(text).startswith("error"), text
    return desk


def test_a_lower_on_trial_is_in_force_but_the_registers_show_what_returns():
    desk = on_trial()
    mark = desk.unit.status()["settings_mark"]
    assert desk.in_force() == (0, 100, 0, 50) and desk.shown() == (160, 160, 160, 600)
    desk.pass_ms(1000)
    assert desk.shown() == (160, 160, 160, 600)
    assert desk("commit confirm") == "settings confirmed"
    assert desk.shown() == (0, 100, 0, 50) and desk.unit.status()["settings_mark"] != mark
    assert Desk(desk.unit.files).shown() == (0, 100, 0, 50)


def test_a_trial_that_ends_or_is_undone_brings_back_what_was_shown():
    for line in ("", "rollback"):
        desk = on_trial()
        desk(line) if line else desk.pass_ms(5 * MINUTE_MS)
        assert desk.in_force() == desk.shown() == (160, 160, 160, 600), line
    desk = Desk(on_trial().unit.files)
    assert desk.in_force() == desk.shown() == (160, 160, 160, 600)
    desk("set fallback_a 0 commit 0")
    assert desk.shown() == (0, 160, 160, 600)


def test_a_raise_on_trial_is_shown_at_once():
    desk = Desk()
    desk("set fallback_a 16 commit 5")
    assert desk.shown() == (160, 160, 0, 100)
    desk.pass_ms(5 * MINUTE_MS)
    assert desk.shown() == desk.in_force() == (0, 160, 0, 100)


def test_where_the_medium_refuses_to_end_a_trial_what_may_return_is_shown():
    desk = on_trial()
    remove, desk.unit.files.remove = desk.unit.files.remove, refuse
    assert desk("commit confirm").startswith("error: storage")
    assert desk.shown() == (160, 160, 160, 600)
    later = Desk(desk.unit.files)
    assert later.shown() == (160, 160, 160, 600)
    desk.unit.files.remove = remove
    assert Desk(desk.unit.files).shown() == (160, 160, 160, 600)


def refuse(name, data=None):
    raise OSError(30, "read-only")


def test_a_trial_that_a_start_cannot_undo_is_shown_as_what_the_next_start_brings_back():
    desk = on_trial()
    desk.unit.files.bytes_max = 0
    later = Desk(desk.unit.files)
    assert later.in_force() == (0, 100, 0, 50) and later.shown() == (160, 160, 160, 600)
    desk.unit.files.bytes_max = None
    assert Desk(desk.unit.files).in_force() == (160, 160, 160, 600)


def test_a_record_of_a_trial_with_other_values_stops_no_start():
    desk = on_trial()
    DocumentStore(desk.unit.files).put("console_trial", {"fallback_a": "16", "power_on_a": None, "max_a": 99999, "nothing": 1})
    assert Desk(desk.unit.files).in_force()[0] == 0


def test_a_lower_over_the_bus_is_shown_once_it_is_stored():
    desk = on_trial("rollback")
    desk("set fallback_a 16 commit 0")
    desk("unlock 60")
    assert desk.write(0, 100, 0, 50) == 16
    assert desk.in_force() == (0, 100, 0, 50) and desk.shown() == (160, 160, 160, 600)
    desk.unit.files.bytes_max = 0
    desk.pass_ms(1000)
    assert desk.shown() == (160, 160, 160, 600) == Desk(copy_of(desk.unit.files)).in_force()
    desk.unit.files.bytes_max = None
    desk.pass_ms(1000)
    assert desk.shown() == (0, 100, 0, 50) == Desk(copy_of(desk.unit.files)).in_force()
    assert desk.write(70, 100, 60, 50) == 16 and desk.shown() == (70, 100, 60, 50)


def with_new_configuration(**changes):
    """A life on a configuration on trial, after one that falls back to 16 A."""
    first = Desk(fallback_da=160, power_on_da=120)
    new = dict(fallback_da=0, power_on_da=0, max_da=100, lease_max_ms=5000)
    new.update(changes)
    trial = SiteTrial(DocumentStore(first.unit.files), first.unit.files, first.disk)
    trial.arm(strict_json.dumps(config(**new)).encode(), 5)
    trial.start()
    return Desk(first.unit.files, first.disk, **new)


def test_a_configuration_on_trial_shows_what_the_previous_one_would_bring_back():
    desk = with_new_configuration()
    assert desk.in_force() == (0, 100, 0, 50) and desk.shown() == (160, 160, 120, 100)
    assert desk("commit confirm") == "configuration confirmed"
    desk.pass_ms(1000)
    assert desk.shown() == (0, 100, 0, 50)


def test_a_configuration_that_returns_is_shown_until_the_restart():
    for line in ("", "rollback"):
        desk = with_new_configuration()
        desk(line) if line else desk.pass_ms(5 * MINUTE_MS)
        desk.pass_ms(100)
        assert desk.shown() == (160, 160, 120, 100), line
        desk.pass_ms(1000)
        assert desk.target.restarts and desk.shown() == (160, 160, 120, 100), line


def test_a_previous_configuration_that_cannot_be_read_counts_as_the_most_there_is():
    for garbage in (b"garbage", b'{"unit":2}', b'{"unit":2,"max_da":9000}'):
        first = with_new_configuration()
        first.unit.files.replace("site.previous", garbage)
        desk = Desk(first.unit.files, first.disk, fallback_da=0)
        assert desk.shown()[:3] == ((800, 800, 800) if garbage != b'{"unit":2}' else (0, 320, 0)), garbage


def test_settings_of_an_installer_outlive_both_configurations_and_are_shown_as_they_are():
    first = Desk(fallback_da=160)
    first("set fallback_a 8")
    first("set power_on_a 7 commit 0")
    trial = SiteTrial(DocumentStore(first.unit.files), first.unit.files, first.disk)
    trial.arm(strict_json.dumps(config(fallback_da=60)).encode(), 5)
    trial.start()
    desk = Desk(first.unit.files, first.disk, fallback_da=60)
    assert desk.in_force() == desk.shown() == (80, 160, 70, 100)


def test_a_commit_without_room_for_its_record_leaves_no_trial_behind():
    desk = Desk()
    desk("set fallback_a 16 commit 0")
    desk("set fallback_a 0")
    show, desk.unit.secondary.may_return = desk.unit.secondary.may_return, full
    assert desk("commit 5") == "error: too little memory is free"
    desk.unit.secondary.may_return = show
    assert desk.in_force() == desk.shown() == (160, 160, 0, 100) and desk("commit 0") == "fallback_a: 16.0 A to 0.0 A"
    assert Desk(desk.unit.files).in_force() == desk.shown() == (0, 160, 0, 100)


def full(values):
    raise MemoryError("memory allocation failed")


def test_whatever_is_done_a_restart_brings_back_no_more_than_was_shown():
    for seed in range(1, 13):
        rng, desk = Rng(seed), Desk()
        for _ in range(40):
            step(desk, rng)
            shown = desk.shown()
            after = Desk(copy_of(desk.unit.files)).in_force()
            most = [max(values) for values in zip(after, desk.in_force())]
            assert all([most[i] <= shown[i] for i in range(4)]), (seed, shown, after, desk.in_force())


def step(desk, rng):
    """One thing that an installer, the bus, the time or the medium does."""
    what = rng.below(9)
    if what < 3:
        for key, most in (("fallback_a", 21), ("power_on_a", 21), ("max_a", 21), ("watchdog_s", 30)):
            if rng.chance(500):
                desk("set %s %d" % (key, rng.below(most)))
        desk(("commit 1", "commit 0", "rollback")[what])
    elif what == 3:
        desk("commit confirm")
    elif what == 4:
        desk("rollback")
    elif what == 5:
        desk("unlock 60")
        desk.write(10 * rng.below(20), 60 + 10 * rng.below(15), 10 * rng.below(20), 10 * rng.below(50))
    elif what == 6:
        desk.unit.files.bytes_max = 0 if rng.chance(400) else None
    else:
        desk.pass_ms((1000, 70000)[what - 7])


def test_a_primary_counts_the_reserve_that_returns_until_the_lower_is_confirmed():
    garage = Garage()
    garage.run(9000)
    unit = garage.unit
    console = Console(SecondaryConsole(unit.secondary, Doors(unit, None)), door="serial")
    for text, reserve_a in (("set fallback_a 16 commit 0", 16.0), ("set fallback_a 0 commit 5", 16.0), ("commit confirm", 0.0)):
        assert not console.line(text, "installer", unit.now_ms).startswith("error"), text
        garage.run(10000)
        assert garage.view("evse-2")["reserve_a"] == reserve_a, text
