"""The installer's console of a secondary."""

from binascii import b2a_base64

from helper_secondary import Unit, config

from ampacity.base import strict_json
from ampacity.bus.leases import register_table as table
from ampacity.bus.modbus.frames import words, write_pdu
from ampacity.console.console import Console
from ampacity.roles.configuration.site_trial import SITE, SiteTrial, digest
from ampacity.roles.secondary import checked
from ampacity.roles.service.secondary_console import SecondaryConsole
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles
from ampacity.update.cbor import encode


class Now:
    def __init__(self, unit):
        self.unit = unit

    def now_ms(self):
        return self.unit.now_ms


def desk(unit=None):
    unit = unit or Unit()
    console = Console(SecondaryConsole(unit.secondary, Now(unit)))
    return unit, lambda text: console.line(text, "installer", unit.now_ms)


def test_settings_take_effect_together_and_outlive_a_restart():
    unit, say = desk()
    say("set fallback_a 8")
    say("set max_a 13.0")
    assert say("commit 0") == "fallback_a: 0.0 A to 8.0 A\nmax_a: 16.0 A to 13.0 A"
    unit.secondary.housekeep(unit.now_ms)
    lease = Unit(unit.files).secondary.lease
    assert (lease.fallback_da, lease.max_da) == (80, 130)


def test_a_damaged_record_of_a_trial_leaves_the_minimum_also_after_the_next_start():
    unit, say = desk()
    say("set fallback_a 8 commit 0")
    say("set fallback_a 10")
    say("commit")
    unit.files.replace("console_trial.set", b"garbage")
    for _ in range(3):
        unit, say = desk(Unit(unit.files))
        lease = unit.secondary.lease
        assert (lease.fallback_da, lease.max_da, lease.power_on_da) == (0, 60, 0)
    assert "not confirmed" in say("log changes")
    say("set max_a 16")
    say("set fallback_a 9 commit 0")
    assert Unit(unit.files).secondary.lease.fallback_da == 90


def test_settings_that_the_medium_does_not_take_are_refused():
    unit, say = desk()
    unit.files.bytes_max = 0
    say("set fallback_a 8")
    assert say("commit 0").startswith("error: storage: ") and unit.secondary.lease.fallback_da == 0


def test_settings_that_do_not_fit_one_another_change_nothing():
    unit, say = desk()
    say("set fallback_a 20")
    assert say("commit").startswith("error: fallback_a `20.0` is refused") and unit.secondary.lease.fallback_da == 0
    assert "0.0..80.0 A" in say("set fallback_a 90")


def test_settings_have_the_names_of_the_site_file_and_former_ones_are_read():
    unit, say = desk()
    for typed, shown in (
        ("fallback 8", "fallback_a: 8.0 A"), ("hardware_max 13", "max_a: 13.0 A"), ("power_on 6", "power_on_a: 6.0 A"),
        ("longest_lease_ms 7000", "watchdog_s: 7 s"), ("watchdog_s 9", "watchdog_s: 9 s"),
    ):  # fmt: skip
        assert not say("set " + typed + " commit 0").startswith("error")
        assert shown in say("show settings")
    assert "1..3600 s" in say("set longest_lease_ms 10")
    assert [line.split(":")[0] for line in say("show settings").split("\n")] == ["fallback_a", "max_a", "power_on_a", "watchdog_s"]
    lease = unit.secondary.lease
    assert (lease.fallback_da, lease.max_da, lease.power_on_da, lease.longest_ms) == (80, 130, 60, 9000)


def test_settings_that_fit_only_together_are_taken_together_whatever_their_order():
    unit, say = desk()
    lease = unit.secondary.lease
    for fallback, most in (("18", "20"), ("6", "10"), ("16", "16")):
        say("set fallback_a " + fallback)
        say("set max_a " + most)
        assert not say("commit 0").startswith("error")
        assert (lease.fallback_da, lease.max_da) == (int(fallback) * 10, int(most) * 10)
    say("set fallback_a 25")
    say("set max_a 20")
    say("set watchdog_s 5")
    assert say("commit").startswith("error: fallback_a `25.0` is refused")
    assert (lease.fallback_da, lease.max_da, lease.longest_ms) == (160, 160, 10000)


def test_registers_are_unlocked_for_a_time():
    unit, say = desk()
    data = words((60, 160, 60, 100))
    frame = write_pdu(table.SETTINGS_AT, data)
    assert unit.engine.answer(frame, unit.now_ms)[0] == 0x90
    assert say("unlock 60") == "ok" and unit.engine.answer(frame, unit.now_ms)[0] == 16
    unit.run(60000)
    unit.secondary.housekeep(unit.now_ms)
    assert unit.engine.answer(frame, unit.now_ms)[0] == 0x90
    assert say("unlock for ever").startswith("error: unlock")


def test_a_secondary_console_shows_the_state_and_its_reason():
    unit, say = desk()
    unit.port.car = "C"
    unit.keep_granting(4000, 100)
    assert "limit_a: 10.0" in say("show") and "pilot: C2" in say("show")
    assert say("why evse-2") == "10.0 A: leased, max_a 16.0 A"
    assert say("limit main 16").startswith("error: limit")


class Doors:
    """The part of a platform that a new configuration needs."""

    folder = ""

    def __init__(self, unit, disk, level=None):
        self.files, self.data_files, self.boot = unit.files, disk, {} if level is None else {"presence": "gpio:4"}
        self.level, self.clock = level, Now(unit)

    def input(self, name):
        return None if name != "gpio:4" or self.level is None else lambda: self.level


def with_disk(unit=None, disk=None, level=None):
    """(unit, its disk with site.json, what says a line at its console, the console's target)."""
    unit = unit or Unit()
    disk = disk or MemoryFiles()
    if disk.read(SITE) is None:
        disk.replace(SITE, strict_json.dumps(config()).encode())
    target = SecondaryConsole(unit.secondary, Now(unit), Doors(unit, disk, level), checked)
    console = Console(target)
    return unit, disk, lambda text: console.line(text, "installer", unit.now_ms), target


def test_a_bundle_for_a_secondary_without_slots_is_refused_with_that_reason():
    say = with_disk()[2]
    assert "this controller has no slots" in say("transfer begin bundle 1 " + "00" * 32)
    assert "there is no transfer `poem`" in say("transfer begin poem 1 " + "00" * 32)


def send(say, facts):
    data = encode(facts, simple=True)
    answer = say("transfer begin configuration %d %s" % (len(data), digest(data)))
    while answer[:7] == "offset " and int(answer[7:]) < len(data):
        at = int(answer[7:])
        answer = say("transfer data %d %s" % (at, str(b2a_base64(data[at : at + 360]), "ascii").strip()))
    while answer[:7] == "offset ":
        answer = say("transfer end")
    return answer


def test_a_new_configuration_of_a_secondary_is_checked_committed_and_restarts_it():
    unit, disk, say, target = with_disk()
    assert "max_da" in send(say, config(max_da=900)) and say("commit") == "nothing staged"
    told = strict_json.loads(send(say, config(max_da=130)))
    assert told["safety"] == ["max_da: 160 -> 130"] and "on trial for 5 min" in say("commit 5")
    target.step(unit.now_ms)
    assert not target.restarts
    target.step(unit.now_ms + 500)
    assert target.restarts and strict_json.loads(disk.read(SITE))["max_da"] == 130
    SiteTrial(DocumentStore(unit.files), unit.files, disk).start()
    unit, disk, say, target = with_disk(Unit(unit.files), disk)
    assert "left_s: 300" in say("show changes") and say("commit confirm") == "configuration confirmed"


def test_settings_on_trial_are_as_before_after_a_start_of_the_secondary():
    unit, disk, say, _ = with_disk()
    say("set max_a 13")
    say("commit")
    assert unit.secondary.lease.max_da == 130
    again = Unit(unit.files)
    _, _, say, _ = with_disk(again, disk)
    assert again.secondary.lease.max_da == 160 and "settings not confirmed before a restart" in say("log changes")
    assert Unit(unit.files).secondary.lease.max_da == 160


def test_settings_on_trial_are_as_before_after_their_time():
    unit, _, say, target = with_disk()
    say("set fallback_a 8 commit 1")
    assert unit.secondary.lease.fallback_da == 80
    target.step(unit.now_ms + 59999)
    assert unit.secondary.lease.fallback_da == 80
    target.step(unit.now_ms + 60000)
    assert unit.secondary.lease.fallback_da == 0 and Unit(unit.files).secondary.lease.fallback_da == 0


def test_its_ratings_need_a_person_once_a_password_is_set():
    for level, done in ((None, False), (False, False), (True, True)):
        unit, _, say, _ = with_disk(level=level)
        unit.secondary.documents.put("access", {"kind": "pbkdf2-sha256", "rounds": 1, "salt": "00", "hash": "00" * 32})
        assert ("it touches safety" in say("set max_a 13 commit 0")) != done and (unit.secondary.lease.max_da == 130) == done, level


def test_a_presence_input_that_the_board_does_not_have_is_reported_and_never_closed():
    unit = Unit()
    doors = Doors(unit, MemoryFiles())
    doors.boot = {"presence": "gpio:9"}
    target = SecondaryConsole(unit.secondary, Now(unit), doors, checked)
    assert not target.changes.present() and "gpio:9 is no input" in unit.log.since(0)[-1][3]
