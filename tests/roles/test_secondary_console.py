"""The installer's console of a secondary."""

from helper_secondary import Unit

from ampacity.bus.leases import register_table as table
from ampacity.bus.modbus.frames import words, write_pdu
from ampacity.console.console import Console
from ampacity.roles.service.secondary_console import SecondaryConsole


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
