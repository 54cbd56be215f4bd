"""A commit on trial: it stays where somebody confirms it in time, else everything is as before; and the journal of who changed what."""

from helper_target import Target, said, set_quickly

from ampacity.console.console import Console
from ampacity.console.journal import ROWS_MAX
from ampacity.console.settings import TRIAL
from ampacity.store.memory_files import MemoryFiles, PowerCut

MINUTE_MS = 60000


class Desk:
    def __init__(self, files=None, role="installer", door="network", peer=None):
        self.target = Target(files)
        self.target.settings.load()
        self.console = Console(self.target, peer, door)
        self.role = role
        self.now_ms = 1000

    def __call__(self, text):
        return said(self.console, text, self.role, self.now_ms)

    def pass_ms(self, duration_ms):
        self.now_ms += duration_ms
        self.target.changes.step(self.now_ms)

    def slot_s(self):
        return self.target.settings.value("share.slot_s")


def committed(line="commit"):
    desk = Desk()
    desk("set share.slot_s 600")
    desk(line)
    return desk


def after_start(desk):
    return Desk(desk.target.files.restart())


def test_a_commit_is_on_trial_for_ten_minutes_and_undone_then():
    desk = committed()
    assert desk.slot_s() == 600 and "10 min" in Desk()("set share.slot_s 600 commit")
    desk.pass_ms(10 * MINUTE_MS - 1)
    assert desk.slot_s() == 600 and "left_s: 1" in desk("show changes")
    desk.pass_ms(1)
    assert desk.slot_s() == 900 and desk.target.applied == [("slot", 600), ("slot", 900)]
    assert "on_trial" not in desk("show changes") and after_start(desk).slot_s() == 900
    assert desk.target.returned == ["settings"]


def test_confirmed_in_time_it_stays_also_after_a_start():
    desk = committed("commit 2")
    desk.pass_ms(2 * MINUTE_MS - 1)
    assert desk("commit confirm") == "settings confirmed"
    desk.pass_ms(60 * MINUTE_MS)
    assert desk.slot_s() == 600 and after_start(desk).slot_s() == 600
    assert "nothing is on trial" in desk("commit confirm")


def test_a_start_within_the_time_undoes_it():
    later = after_start(committed())
    assert later.slot_s() == 900 and "not confirmed" in later.target.settings.refused[0]
    assert later.target.settings.undone and later.target.store.get(TRIAL) is None and "nothing is on trial" in later("commit confirm")


def test_a_rollback_undoes_it_at_once_but_discards_what_is_staged_first():
    desk = committed()
    desk("set share.deadband 1.0")
    assert desk("rollback") == "1 discarded" and desk.slot_s() == 600
    assert desk("rollback") == "settings: as before the commit" and desk.slot_s() == 900
    assert desk("rollback") == "0 discarded"


def test_a_damaged_record_of_a_trial_ends_the_trial_with_the_defaults():
    for damaged in (b"garbage", b"", b"00000000\n{}"):
        desk = Desk()
        desk("set share.slot_s 600 commit 0")
        desk("set share.slot_s 700")
        desk("set share.deadband 1.0 commit")
        desk.target.files.replace(TRIAL + ".set", damaged)
        later = after_start(desk)
        table = later.target.settings
        assert (table.value("share.slot_s"), table.value("share.deadband")) == (900, 5) and later.target.applied == []
        assert table.undone and "damaged" in table.refused[0]
        later("set share.rotate off commit 0")
        last = after_start(later).target.settings
        assert (last.value("share.slot_s"), last.value("share.rotate")) == (900, False) and not last.undone and not last.refused


def test_a_record_of_a_trial_that_is_damaged_while_it_runs_is_not_needed():
    for end in ("rollback", ""):
        desk = committed()
        desk.target.files.replace(TRIAL + ".set", b"garbage")
        desk(end) if end else desk.pass_ms(10 * MINUTE_MS)
        assert desk.slot_s() == 900 and after_start(desk).slot_s() == 900 and not after_start(desk).target.settings.refused


def test_a_medium_that_refuses_to_end_a_damaged_trial_is_asked_again_at_the_next_start():
    desk = committed()
    files = desk.target.files
    files.replace(TRIAL + ".set", b"garbage")
    files.bytes_max = 0
    assert after_start(desk).slot_s() == 900
    files.bytes_max = None
    assert after_start(desk).slot_s() == 900 and after_start(desk).target.settings.refused == []


def test_without_a_confirm_time_it_stays():
    desk = committed("commit 0")
    desk.pass_ms(200 * MINUTE_MS)
    assert desk.slot_s() == 600 and after_start(desk).slot_s() == 600


def test_a_second_commit_on_trial_joins_the_first_and_both_are_undone_together():
    desk = committed()
    desk("set share.slot_s 700")
    desk("set share.deadband 1.0 commit")
    assert "on trial already" in desk("set share.rotate off commit 0")
    desk.pass_ms(10 * MINUTE_MS)
    table = desk.target.settings
    assert (table.value("share.slot_s"), table.value("share.deadband"), table.value("share.rotate")) == (900, 5, True)


def test_a_second_commit_that_is_refused_leaves_the_first_on_trial():
    desk = committed()
    assert "nothing, ever" in desk("set site.slot_owner me commit")
    desk.pass_ms(10 * MINUTE_MS)
    assert desk.slot_s() == 900


def test_a_power_cut_at_any_write_of_a_commit_on_trial_starts_as_before_it():
    for n in range(1, 12):
        files = MemoryFiles(seed=n)
        desk = Desk(files)
        desk("set share.slot_s 600 commit 0")
        desk("set share.slot_s 700")
        files.cut_at_write(n)
        try:
            desk("commit")
            files.cut_at_write(0)
        except PowerCut:
            pass
        assert after_start(desk).slot_s() == 600, n


def test_a_power_cut_at_any_write_while_it_is_undone_starts_as_before_it():
    for n in range(1, 6):
        files = MemoryFiles(seed=n)
        desk = Desk(files)
        desk("set share.slot_s 600 commit")
        files.cut_at_write(n)
        try:
            desk.pass_ms(10 * MINUTE_MS)
        except PowerCut:
            pass
        assert after_start(desk).slot_s() == 900, n


def test_a_medium_that_refuses_to_undo_is_tried_again():
    desk = committed()
    desk.target.files.bytes_max = 0
    desk.pass_ms(10 * MINUTE_MS)
    assert "cannot be undone" in desk.target.log.since(0)[-1][3]
    desk.target.files.bytes_max = None
    desk.pass_ms(2000)
    assert desk.slot_s() == 900


def test_wrong_minutes_are_refused_and_nothing_is_in_force():
    desk = Desk()
    desk("set share.slot_s 600")
    for line in ("commit 121", "commit soon", "commit 1 2", "commit -1", "set share.slot_s 600 commit never"):
        assert "0..120 minutes" in desk(line), line
    assert desk.slot_s() == 900 and "600" in desk("show changes")


def test_a_setting_that_touches_safety_needs_a_person_once_a_password_is_set():
    desk = Desk()
    desk.target.settings.row("share.slot_s").safety = True
    assert "staged" in desk("set share.slot_s 600") and not desk("commit 0").startswith("error")
    set_quickly(desk.target.store, "a long pass phrase")
    assert "share.slot_s is refused: it touches safety" in desk("set share.slot_s 700") and desk.slot_s() == 600
    desk.target.present = True
    desk("set share.slot_s 700")
    desk.target.present = False
    assert "it touches safety" in desk("commit") and desk.slot_s() == 600
    desk.target.present = True
    assert not desk("commit").startswith("error") and desk.slot_s() == 700


def test_a_serial_console_is_a_person_at_the_controller():
    desk = Desk(door="serial")
    desk.target.settings.row("share.slot_s").safety = True
    set_quickly(desk.target.store, "a long pass phrase")
    assert not desk("set share.slot_s 700 commit 0").startswith("error") and desk.slot_s() == 700


def test_the_journal_says_who_changed_what_and_is_kept():
    desk = Desk(peer="10.0.0.5")
    desk("set share.slot_s 600 commit")
    desk("commit confirm")
    desk("limit main 16 60")
    desk("show site")
    desk("set share.slot_s 5 commit")
    desk("password correct-horse-battery")
    lines = after_start(desk)("log changes").split("\n")
    assert lines == [
        "1 1 s after a start installer at network 10.0.0.5: share.slot_s: 900 s to 600 s",
        "2 1 s after a start installer at network 10.0.0.5: settings confirmed",
        "3 1 s after a start installer at network 10.0.0.5: limit main 16 60",
        "4 1 s after a start installer at network 10.0.0.5: password of the installer set",
    ]


def test_what_is_undone_by_itself_is_in_the_journal_of_the_controller():
    desk = committed()
    desk.pass_ms(10 * MINUTE_MS)
    assert desk("log changes").split("\n")[-1] == "2 601 s after a start controller: settings not confirmed in time: as before the commit"


def test_the_journal_is_bounded_and_counts_on():
    desk = Desk()
    for n in range(ROWS_MAX + 5):
        desk("limit main %d" % (n + 6))
    lines = desk("log changes").split("\n")
    assert len(lines) == ROWS_MAX and lines[-1][:3] == "%d " % (ROWS_MAX + 5) and lines[0][:2] == "6 "


def test_a_medium_that_refuses_the_journal_stops_no_change():
    desk = Desk(MemoryFiles(bytes_max=0))
    assert desk("limit main 16") == "ok" and len(desk.target.limits) == 1
    assert "journal of changes: not kept" in desk.target.log.since(0)[-1][3]


def test_a_damaged_journal_says_so_and_continues():
    desk = Desk()
    desk("limit main 16")
    desk.target.files.replace("changes.set", b"garbage")
    later = after_start(desk)
    assert "damaged" in later("log changes") and later("limit main 10") == "ok"


def test_no_secret_gets_into_the_journal():
    desk = Desk()
    desk("set ocpp.password correct-horse-battery commit")
    desk("password another-horse-battery")
    assert "horse" not in desk("log changes") and "***" in desk("log changes")


def test_a_commit_of_many_settings_is_one_write_of_the_journal():
    desk = Desk()
    for line in ("set share.slot_s 600", "set share.deadband 1.0", "set share.rotate off", "set time.source ntp"):
        desk(line)
    before = desk.target.files.writes
    assert not desk("commit").startswith("error")
    assert desk.target.files.writes == before + 3  # the values before the trial, the settings, and the journal
    assert len(after_start(desk)("log changes").split("\n")) == 4


def no_memory(name, data=None):
    raise MemoryError("memory allocation failed")


def test_a_full_memory_while_settings_are_stored_leaves_those_before_in_force():
    for line, trial in (("commit 0", None), ("commit", None), ("commit", "before")):
        desk = committed() if trial else Desk()
        slot_s, replace = desk.slot_s(), desk.target.files.replace
        desk("set share.slot_s 700")

        def fail(name, data, replace=replace):
            return no_memory(name) if name == "console.set" else replace(name, data)

        desk.target.files.replace = fail
        assert desk(line) == "error: too little memory is free"
        desk.target.files.replace = replace
        assert desk.slot_s() == slot_s and desk.target.applied[-1] == ("slot", slot_s)
        assert ("on_trial" in desk("show changes")) == bool(trial) and "700" in desk("show changes")
        assert after_start(desk).slot_s() == 900


def test_a_full_memory_while_a_trial_is_undone_is_tried_again():
    desk = committed()
    replace, desk.target.files.replace = desk.target.files.replace, no_memory
    desk.pass_ms(10 * MINUTE_MS)
    assert "cannot be undone" in desk.target.log.since(0)[-1][3]
    desk.target.files.replace = replace
    desk.pass_ms(2000)
    assert desk.slot_s() == 900 == after_start(desk).slot_s()


def test_a_full_memory_is_an_answer_and_counted():
    desk = Desk()
    desk.target.view = no_memory_at_all
    assert desk("show") == "error: too little memory is free" and desk.target.log.counters["console_failed"] == 1


def no_memory_at_all():
    raise MemoryError()
