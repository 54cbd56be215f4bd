"""The console's lines and answers."""

from helper_target import VIEW, Target, finished, said, set_quickly

from ampacity.base import strict_json
from ampacity.console.access import VIEWER, rank
from ampacity.console.console import COMMANDS, Console
from ampacity.console.render import render
from ampacity.console.settings import parse_da
from ampacity.store.memory_files import MemoryFiles


class Desk:
    def __init__(self, role="installer", files=None):
        self.target = Target(files)
        self.console = Console(self.target)
        self.role = role
        self.now_ms = 1000

    def __call__(self, text):
        return said(self.console, text, self.role, self.now_ms)

    def refused(self, text):
        """The refusal's text; it was counted and is one."""
        before = self.target.log.counters.get("console_refused", 0)
        answer = self(text)
        assert answer.startswith("error: "), answer
        assert self.target.log.counters["console_refused"] == before + 1
        return answer


def test_show_as_json_is_the_view_on_one_line():
    desk = Desk("viewer")
    answer = desk("show --json")
    assert "\n" not in answer and strict_json.loads(answer) == VIEW == strict_json.loads(desk("state --json"))


def test_show_for_people_has_a_line_for_each_circuit_and_evse():
    lines = Desk("viewer")("show").split("\n")
    assert lines == [
        "mode regulating",
        "circuit main  margin 10.0  12.5  9.0 A  other 20.0  20.0  20.0 A  meter ok",
        "evse evse-1  Charging  online  order 16.0 A  measured 15.9  15.9  15.9 A",
        "evse evse-2  Unavailable  offline  order - A  measured 0.0 A",
    ]


def test_show_of_a_part_and_its_json():
    desk = Desk("viewer")
    assert "margin_a: 10.0  12.5  9.0" in desk("show circuit main")
    assert strict_json.loads(desk("show evse evse-2 --json")) == VIEW["evses"]["evse-2"]
    assert desk("show bus") == "rs485-1:\n  errors: 0\n  frames: 12"
    assert desk("show version") == "version: 0.1.0"
    desk.refused("nonsense")
    assert desk("show counters") == "console_refused: 1"


def test_names_that_are_not_there_are_refused_with_those_that_are():
    desk = Desk()
    assert "evse-1, evse-2" in desk.refused("show evse evse-9")
    assert "evse-1, evse-2" in desk.refused("why evse-9")
    assert "circuit" in desk.refused("show weather")
    assert "`help` lists them" in desk.refused("reboot")
    assert "site, main, evse-1" in desk.refused("limit attic 16")


def test_why_gives_the_reasons():
    assert Desk("viewer")("why evse-1").startswith("16.0 A: garage L2")


def test_the_log_shows_the_newest_lines():
    desk = Desk("viewer")
    for n in range(30):
        desk.target.log.add("info", "line %d" % n, n * 1000 + 7)
    assert desk("log 2") == "29 28.007 info line 28\n30 29.007 info line 29"
    assert len(desk("log").split("\n")) == 20
    assert "1..200" in desk.refused("log 201")


def test_limits_in_amperes_and_watts_for_a_time_and_off():
    desk = Desk()
    for line in ("limit main 16", "limit main 16.5 60", "limit evse-1 6.0A", "limit site 11000W 90s", "limit main off"):
        assert desk(line) == "ok"
    assert desk.target.limits == [
        ("main", 160, None, None), ("main", 165, None, 60000), ("evse-1", 60, None, None),
        ("site", None, 11000, 90000), ("main", None, None, None),
    ]  # fmt: skip
    for line in ("limit main", "limit main 16.55", "limit main -1", "limit main x", "limit main 16 0", "limit main 16 soon"):
        desk.refused(line)
    assert len(desk.target.limits) == 5


def test_amperes_are_typed_with_at_most_one_decimal():
    for text, value_da in (
        ("16", 160), ("16.5", 165), ("0.1", 1), ("16A", 160), ("16.", None), (".5", None), ("1e1", None), ("16.55", None), ("", None),
    ):  # fmt: skip
        assert parse_da(text) == value_da


def test_digits_of_other_kinds_are_refused_and_not_a_crash():
    desk = Desk()
    for line in ("limit main \u00b2", "limit main 1\u00b2", "limit main 6.\u00b2", "limit main \u00b2W", "limit main 16 \u00b2",
                 "limit main \u0661\u0666", "set share.slot_s \u00b2", "set share.deadband \u00b2", "log \u00b2x"):
        answer = desk(line)
        assert answer.startswith("error: ") or line.startswith("log"), line
    assert desk.target.limits == []


def test_data_of_a_device_cannot_move_the_cursor_of_the_reader():
    assert render({"serial": "A\x1b[2J\nmode regulating", "list": ["\x07"]}) == "list: \\x07\nserial: A\\x1b[2J\\nmode regulating"


def test_settings_are_staged_and_take_effect_together_at_commit():
    desk = Desk()
    assert "staged" in desk("set share.slot_s 600") and "staged" in desk("set share.deadband 1.5")
    assert desk.target.applied == []
    assert "share.deadband: 0.5 A (0.0..5.0 A), staged: 1.5 A" in desk("show settings")
    assert desk("commit 0") == "share.deadband: 0.5 A to 1.5 A\nshare.slot_s: 900 s to 600 s"
    assert desk.target.applied == [("deadband", 15), ("slot", 600)]
    assert desk.target.log.since(0)[-1][3] == "set share.slot_s: 900 s to 600 s"
    assert desk("commit") == "nothing staged"


def test_one_line_can_set_and_commit():
    desk = Desk()
    assert desk("set share.slot_s 600 commit 0") == "share.slot_s: 900 s to 600 s"
    assert desk.target.applied == [("slot", 600)]


def test_a_rollback_forgets_what_was_staged():
    desk = Desk()
    desk("set share.slot_s 600")
    assert desk("rollback") == "1 discarded" and desk("commit") == "nothing staged" and desk.target.applied == []


def test_a_refused_setting_names_field_and_range_and_stages_nothing():
    desk = Desk()
    for line, allowed in (
        ("set share.slot_s 10", "60..86400 s"), ("set share.slot_s soon", "60..86400 s"), ("set share.deadband 5.1", "0.0..5.0 A"),
        ("set share.rotate perhaps", "on, off"), ("set time.source moon", "csms, ntp"), ("set nothing 1", "share.slot_s"),
        ("set share.slot_s", "share.slot_s needs a value: 60..86400 s"), ("set share.slot_s commit", "60..86400 s"),
        ("set share.rotate", "share.rotate needs a value: on, off"), ("set nothing", "share.slot_s"), ("set", "KEY VALUE"),
    ):  # fmt: skip
        assert allowed in desk.refused(line)
    assert desk("commit") == "nothing staged"


def test_a_commit_that_is_refused_in_part_leaves_all_as_it_was():
    desk = Desk()
    desk("set share.slot_s 600")
    desk("set site.slot_owner me")
    assert "nothing, ever" in desk.refused("commit")
    assert desk.target.applied == [("slot", 600), ("slot", 900)]
    assert desk.target.settings.value("share.slot_s") == 900 and desk.target.store.get("console") is None


def test_a_failing_medium_changes_nothing_and_is_reported():
    desk = Desk(files=MemoryFiles(bytes_max=0))
    desk("set share.slot_s 600")
    assert desk("commit 0").startswith("error: storage") and desk.target.applied == [("slot", 600), ("slot", 900)]


def test_committed_settings_are_applied_at_the_next_start_and_unfitting_ones_are_not():
    desk = Desk()
    desk("set share.slot_s 600")
    desk("set time.source ntp")
    desk("commit 0")
    later = Target(desk.target.files)
    later.settings.load()
    assert sorted(later.applied) == [("slot", 600), ("source", "ntp")] and later.settings.value("share.slot_s") == 600
    later.store.put("console", {"share.slot_s": 5, "time.source": "ntp"})
    again = Target(desk.target.files)
    again.settings.load()
    assert again.applied == [("source", "ntp")] and "share.slot_s" in again.settings.refused[0]


def test_a_secret_is_never_shown():
    desk = Desk()
    answers = [desk("set ocpp.password correct-horse-battery"), desk("show settings"), desk("commit"), desk("show settings")]
    answers.append(desk("log"))
    assert desk.target.applied == [("password", "correct-horse-battery")]
    assert not [answer for answer in answers if "horse" in answer]


def test_the_user_reads_and_the_installer_changes():
    desk = Desk("viewer")
    set_quickly(desk.target.store, "a long pass phrase")
    for name, least, _ in COMMANDS:
        if rank(least) > rank(VIEWER):
            assert "login" in desk.refused(name + " x y")
    assert "login" in desk.refused("isolate evse-1 on")
    assert Desk("installer")("isolate evse-1 on") == "isolated evse-1"


def test_a_login_with_the_password_makes_an_installer_until_logout():
    desk = Desk("viewer")
    assert "no password is set" in desk.refused("login anything")
    finished(desk.target.access.change("a long pass phrase"))
    assert "wrong password" in desk.refused("login wrong pass phrase")
    assert "the next attempt is possible in 1 s" in desk.refused("login a long pass phrase")
    desk.now_ms += 1000
    assert desk("login a long pass phrase") == "installer"
    assert desk("limit main 16") == "ok"
    assert desk("logout") == "none"
    desk.refused("limit main 16")


def test_wrong_passwords_cost_time_that_grows():
    desk = Desk("viewer")
    finished(desk.target.access.change("a long pass phrase"))
    waits = []
    for _ in range(4):
        desk.refused("login nonsense")
        answer = desk.refused("login nonsense")
        waits.append(int(answer.split(" in ")[1].split()[0]))
        desk.now_ms += 1000 * waits[-1]
    assert waits == [1, 2, 4, 8]


def test_the_password_is_long_kept_as_a_hash_and_set_by_the_installer():
    desk = Desk()
    assert "12..64" in desk.refused("password short") and "short" not in desk.refused("password short")
    assert desk("password a long pass phrase") == "ok"
    kept = desk.target.files.read("access.set")
    assert b"phrase" not in kept and b"hash" in kept
    assert "phrase" not in desk("log")


def test_a_line_that_is_too_long_is_refused_and_an_empty_one_is_nothing():
    desk = Desk()
    assert "at most 512" in desk.refused("x" * 600)
    assert desk("") == "" and desk("   ") == ""


def test_help_names_every_command():
    answer = Desk("viewer")("help")
    for _, _, usage in COMMANDS:
        assert usage in answer
    assert "isolate EVSE on|off" in answer
