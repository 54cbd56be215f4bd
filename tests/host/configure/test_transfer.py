"""`ampacity configure` over the console of a running controller, on both runtimes: `ampacity run` in a process of its own."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import tty

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from ampacity_host.configure.transfer.backup_file import BackupError, contents, read_backup, write_backup
from ampacity_host.configure.transfer.canonical import digest, to_cbor
from ampacity_host.configure.transfer.command import FIELD
from ampacity_host.configure.transfer.interfaces import Active

PATIENCE_S = 30
SITE = """
[site]
name = "yard"
[[circuit]]
name = "main"
rating_a = RATING
assumed_other_a = 10
[[bus]]
name = "net"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 9
[[evse]]
name = "bay"
kind = "ampacity"
bus = "net"
unit = 1
circuit = "main"
max_a = 16
limit_a = LIMIT
[ocpp]
identity = "CS1"
url = "ws://127.0.0.1:9"
password = "correct-horse-battery"
"""


def ampacity(*words, **more):
    return CliRunner().invoke(app, [str(word) for word in words], env=more or None)


def site(folder, name="site.toml", rating=63, limit=16):
    path = folder / name
    path.write_text(SITE.replace("RATING", str(rating)).replace("LIMIT", str(limit)))
    return path


class Yard:
    """A controller that runs on site.toml. The commands name it by its data folder."""

    def __init__(self, folder, runtime, *options):
        self.folder, self.data, self.runtime, self.options = folder, folder / "data", runtime, options
        self.process = None
        self.start(site(folder))

    def start(self, path):
        command = [sys.executable, "-m", "ampacity_host", "run", str(path), "--data", str(self.data), "--runtime", self.runtime]
        command += self.options
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.wait(lambda: self("console", "show", "version").exit_code == 0)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=PATIENCE_S)[1]

    def __call__(self, *words, **more):
        return ampacity(*words, "--controller", self.data, **more)

    def console(self, *words):
        return self("console", *words).stdout

    def wait(self, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def limit_da(self):
        result = self("configure", "pull")
        return json.loads(result.stdout)["evses"][0]["limit_da"] if result.exit_code == 0 else None


@pytest.fixture(params=["cpython", "micropython"])
def yard(request, tmp_path):
    made = Yard(tmp_path, request.param)
    yield made
    made.stop()


def test_push_diff_backup_and_restore_as_an_installer_does_them(yard, tmp_path):
    new = site(tmp_path, "new.toml", limit=10)
    result = yard("configure", "diff", new)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "evses[bay].limit_da: 160 -> 100")
    assert yard("configure", "backup", tmp_path / "b.json").exit_code == 0
    result = yard("configure", "push", new, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0 and told["ok"] and told["confirmed"] and told["changes"] == ["evses[bay].limit_da: 160 -> 100"]
    assert yard("configure", "diff", new).exit_code == 0 and "not compared, a secret: ocpp.password" in yard("configure", "diff", new).stdout
    assert "confirmed" in yard.console("log", "changes")
    yard("console", "set", "idle_s", "120", "commit", "0")
    result = yard("configure", "restore", tmp_path / "b.json")
    assert result.exit_code == 0 and "kept as it was on the controller: ocpp.password" in result.stdout and yard.limit_da() == 160
    assert json.loads((yard.data / "site.json").read_text())["ocpp"]["password"] == "correct-horse-battery"

    assert "sent over the console is active" not in yard.stop()
    yard("configure", "pull")
    yard.start(site(tmp_path))
    assert yard.limit_da() == 160
    yard.stop()
    yard.start(site(tmp_path, limit=9))  # a changed site file is the later one
    assert yard.limit_da() == 90


def test_a_crash_before_the_confirmation_brings_the_previous_configuration_back(yard, tmp_path):
    result = yard("configure", "push", site(tmp_path, "new.toml", limit=10), "--trial")
    assert result.exit_code == 0 and "`commit confirm`" in result.stdout and yard.limit_da() == 100
    os.kill(int((yard.data / "lock").read_text().split()[0]), signal.SIGKILL)
    yard.wait(lambda: yard.limit_da() == 160)
    assert "on_trial" not in yard.console("show", "changes")


def test_a_sent_configuration_outlives_the_supervisor_and_a_refused_one_changes_nothing(yard, tmp_path):
    assert yard("configure", "push", site(tmp_path, "new.toml", limit=10)).exit_code == 0
    assert yard("configure", "push", site(tmp_path, "bad.toml", rating=12)).exit_code == 1 and yard.limit_da() == 100
    stored = (yard.data / "site.json").read_bytes()
    backup = read_backup_of(yard, tmp_path)
    backup["site"]["evses"][0]["max_da"] = 5
    write_again(tmp_path / "b.json", backup)
    result = yard("configure", "restore", tmp_path / "b.json", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1 and not told["ok"] and "bay" in told["error"], told
    assert (yard.data / "site.json").read_bytes() == stored
    yard.stop()
    yard.start(tmp_path / "site.toml")
    assert yard.limit_da() == 100
    assert "sent over the console is active" in yard.stop()


def read_backup_of(yard, folder):
    assert yard("configure", "backup", folder / "b.json").exit_code == 0
    return read_backup(folder / "b.json")


def write_again(path, backup):
    """A changed backup whose digest is right."""
    backup.pop("sha256")
    backup["sha256"] = digest(to_cbor(backup))
    write_backup(path, backup)


def test_with_a_password_a_login_is_needed_and_a_rating_needs_a_person(tmp_path):
    yard = Yard(tmp_path, "cpython")
    try:
        yard.console("password", "a long pass phrase")
        free, rated = site(tmp_path, "free.toml", limit=10), site(tmp_path, "rated.toml", rating=80)
        refused = yard("configure", "push", free)
        assert refused.exit_code == 1 and "--password-file" in refused.stderr and yard.data.joinpath("site.json").exists()
        (tmp_path / "pw").write_text("a long pass phrase\n")
        assert yard("configure", "push", free, "--password-file", tmp_path / "pw").exit_code == 0
        refused = yard("configure", "push", rated, AMPACITY_PASSWORD="a long pass phrase")
        assert refused.exit_code == 1 and "circuits[main].breaker is refused: it touches safety" in refused.stderr
        assert yard("configure", "pull", AMPACITY_PASSWORD="wrong pass phrase").exit_code == 1
        time.sleep(1.1)  # after a wrong one
        assert yard("configure", "diff", free, AMPACITY_PASSWORD="a long pass phrase").exit_code == 0
    finally:
        yard.stop()


def joined(folder):
    """Two pseudo-terminals whose ends are joined: (names, file numbers to close)."""
    pairs = [os.openpty() for _ in range(2)]
    for _, theirs in pairs:
        tty.setraw(theirs)
    (one, _), (other, _) = pairs

    def carry():
        try:
            while True:
                for ready in select.select([one, other], [], [], 1.0)[0]:
                    os.write(other if ready == one else one, os.read(ready, 4096))
        except (OSError, ValueError):
            return

    threading.Thread(target=carry, daemon=True).start()
    return [os.ttyname(theirs) for _, theirs in pairs], [number for pair in pairs for number in pair]


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_over_the_serial_console_a_rating_is_changed_because_a_person_is_there(tmp_path, runtime):
    (far, near), numbers = joined(tmp_path)
    yard = Yard(tmp_path, runtime, "--console-line", far)
    try:
        yard.console("password", "viewer", "135790")
        yard.console("password", "a long pass phrase")
        rated = site(tmp_path, "rated.toml", rating=80)
        result = ampacity("configure", "push", rated, "--controller", near, AMPACITY_PASSWORD="a long pass phrase")
        assert result.exit_code == 0 and "circuits[main].rating_da" in result.stdout, result.output
        result = ampacity("console", "--controller", near, "log", "changes", AMPACITY_PASSWORD="a long pass phrase")
        assert "installer at serial: configuration confirmed" in result.stdout
        assert ampacity("configure", "diff", rated, "--controller", near, AMPACITY_PASSWORD="a long pass phrase").exit_code == 0
        assert "login as viewer first" in ampacity("console", "--controller", near, "show", "site").stdout  # the tools have logged out
    finally:
        yard.stop()
        for number in numbers:
            os.close(number)


def test_mistakes_of_use_are_2_and_no_connection_is_3(tmp_path):
    path = site(tmp_path)
    assert ampacity("configure", "push", path).exit_code == 2
    assert ampacity("configure", "push", path, "--controller", "nonsense").exit_code == 2
    assert ampacity("configure", "push", path, "--controller", "127.0.0.1:9").exit_code == 3
    assert ampacity("configure", "push", path, "--controller", "127.0.0.1:9", "--prompt").exit_code == 2
    assert ampacity("configure", "push", path, "--controller", "127.0.0.1:9", "--minutes", 0).exit_code == 2
    assert ampacity("configure", "restore", tmp_path / "none.json", "--controller", "127.0.0.1:9").exit_code == 2
    result = ampacity("configure", "pull", "--controller", "127.0.0.1:9", "--json")
    assert result.exit_code == 3 and json.loads(result.stdout)["ok"] is False


ACTIVE = Active({"name": "yard", "ocpp": {"password": None}}, ["ocpp.password"], "00")


def test_a_backup_is_read_back_and_belongs_to_its_owner(tmp_path):
    told = contents(ACTIVE, {"settings": {"idle_s": "120"}, "secrets": []})
    write_backup(tmp_path / "b", told)
    assert read_backup(tmp_path / "b") == told and (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert told["missing"] == ["ocpp.password"] and told["settings"] == {"idle_s": "120"}


@pytest.mark.parametrize("field, value, said", [
    ("settings", {"idle_s": "1200"}, "sha256: the file was changed"), ("kind", "poem", "kind"), ("format", 2, "format"),
    ("missing", "none", "missing"), ("site", None, "site"), ("sha256", "0" * 64, "sha256")])
def test_a_backup_that_was_changed_is_refused_with_its_field(tmp_path, field, value, said):
    told = contents(ACTIVE, {"settings": {}, "secrets": []})
    (tmp_path / "b").write_text(json.dumps(told | {field: value}))
    with pytest.raises(BackupError, match="^" + said):
        read_backup(tmp_path / "b")
    result = ampacity("configure", "restore", tmp_path / "b", "--controller", "127.0.0.1:9")
    assert result.exit_code == 1 and said in result.stderr


def test_a_secret_that_the_backup_has_not_is_wrong_usage(tmp_path):
    write_backup(tmp_path / "b", contents(ACTIVE, {"settings": {}, "secrets": []}))
    result = ampacity("configure", "restore", tmp_path / "b", "--controller", "127.0.0.1:9", "--secret", "ocpp.url=x")
    assert result.exit_code == 2 and "it has: ocpp.password" in result.stderr


@pytest.mark.parametrize("field, value", [
    ("settings", {"slot_s 700 commit 0\npassword evil-evil-evil-1": "1"}), ("settings", {"idle_s": "120\npassword evil-evil-evil-1"}),
    ("settings", {"idle_s": "120 commit 0"}), ("settings", {"idle_s commit 0": "120"}), ("settings", {"": "1"}), ("settings", {"idle_s": ""}),
    ("settings", {"idle_s": 120}), ("settings", {"idle_s": "1" * 121}), ("settings", {"idle_s": "\x1b[A"}), ("missing", [1]), ("missing", ["a\nb"])])
def test_a_backup_whose_settings_would_be_other_commands_is_refused_before_anything_is_sent(tmp_path, field, value):
    write_again(tmp_path / "b", contents(ACTIVE, {"settings": {}, "secrets": []}) | {field: value})
    with pytest.raises(BackupError, match="^" + field):
        read_backup(tmp_path / "b")


@pytest.mark.parametrize("site", ["[" * 100000, '{"a": ' * 800 + "1" + "}" * 800, '"\\ud800"'])
def test_a_backup_that_no_tool_wrote_is_refused_in_a_line(tmp_path, site):
    told = json.dumps(contents(ACTIVE, {"settings": {}, "secrets": []}) | {"site": {"name": "HERE"}})
    (tmp_path / "b").write_text(told.replace('"HERE"', site))
    result = ampacity("configure", "restore", tmp_path / "b", "--controller", "127.0.0.1:9")
    assert result.exit_code == 1 and len(result.stderr.splitlines()) == 1, result.exception


def test_an_object_names_the_field_only_where_there_is_one(tmp_path):
    result = ampacity("configure", "push", site(tmp_path), "--controller", "127.0.0.1:9", "--json")
    assert result.exit_code == 3 and json.loads(result.stdout)["field"] is None
    for text, field in [
        ("circuits[main].breaker is refused: it touches safety", "circuits[main].breaker"), ("sha256: changed", "sha256"), ("wrong password", None),
        ("role `secondary` is refused; expected: none", "role"), ("the connection was lost at `commit`: the command may have", None)]:
        found = FIELD.match(text)
        assert (found and found[1]) == field, text
