"""`ampacity bundle push` to a running `ampacity run --slots` on both runtimes: refused bundles, a broken connection, a restart into the new slot."""

import contextlib
import json
import os
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from ampacity_host.console.controller_option import parse_controller
from ampacity_host.console.link import REFUSED, LinkLost
from ampacity_host.update.bundle import Manifest, files_of, listed, pack
from ampacity_host.update.key_folder import KeyFolder
from ampacity_host.update.push import NotTaken, Progress, Push, push_command
from tests.host.console.console_talker import SerialTalker
from tools.deb.rauc import SITE

START_S = 40


def said(*words, status=0):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == status, (words, done.exit_code, done.output)
    return done


def sign(folder, name, sequence, board, **changes):
    fields = {"--key": "release", "--board": board, "--release": f"{sequence}.0", "--sequence": sequence, "--keys": folder / "keys"} | changes
    said("bundle", "sign", folder / "app", "--out", folder / name, *[word for pair in fields.items() for word in pair])
    return folder / name


def for_another_board(folder, name, sequence=1):
    """What `bundle sign` refuses to make of these files where it knows that board."""
    files = files_of(folder / "app")
    manifest = Manifest("ampacity", "application", ["rp2350"], f"{sequence}.0", sequence, 0, listed(files), [])
    (folder / name).write_bytes(pack(manifest, files, KeyFolder(folder / "keys").signing_key("release")))
    return folder / name


@pytest.fixture
def yard(tmp_path):
    """Keys, and a function that prepares slots and the application of a board."""
    keys = ("--keys", tmp_path / "keys")
    said("bundle", "key", "new", "root-a", "--root", *keys)
    said("bundle", "key", "new", "release", *keys)
    (tmp_path / "site.toml").write_text(SITE)

    def prepared(board):
        said("bundle", "slots", tmp_path / "root", "--board", board, *keys)
        if board == "linux-arm":
            said("bundle", "application", "--out", tmp_path / "app")
        else:
            said("build", board, "--out", tmp_path / "built")
            (tmp_path / "built" / "app").rename(tmp_path / "app")
        return tmp_path

    return prepared


@contextlib.contextmanager
def running(folder, runtime, *options):
    """The controller; its console answers."""
    words = ["run", "site.toml", "--data", "data", "--slots", "root", "--runtime", runtime, *options]
    process = subprocess.Popen([sys.executable, "-m", "ampacity_host", *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_s = time.monotonic() + START_S
        while CliRunner().invoke(app, ["console", "--controller", str(folder / "data"), "show", "version"]).exit_code:
            assert time.monotonic() < until_s and process.poll() is None
            time.sleep(0.2)
        yield folder / "data"
    finally:
        process.terminate()
        process.wait(30)


def update_of(data):
    done = CliRunner().invoke(app, ["console", "--controller", str(data), "show", "update", "--json"])
    return json.loads(done.stdout) if done.exit_code == 0 else {}


@pytest.mark.parametrize(("runtime", "board"), [("cpython", "linux-arm"), ("micropython", "unix")])
def test_bundles_are_refused_or_restart_the_controller_in_their_slot(yard, runtime, board):
    folder = yard(board)
    good = sign(folder, "good", 1, board)
    other_board = for_another_board(folder, "other-board")
    damaged = folder / "damaged"
    damaged.write_bytes(good.read_bytes()[:-4] + b"\0\0\0\0")
    forged = folder / "forged"
    forged.write_bytes(good.read_bytes().replace(b"1.0", b"7.0", 1))
    with running(folder, runtime) as data:
        for file, field in ((other_board, "board"), (forged, "signature"), (damaged, "files[0]")):
            done = said("bundle", "push", file, "--controller", data, "--json", status=1)
            assert json.loads(done.stdout)["field"] == field, done.stdout
        assert update_of(data)["runs"] is None
        done = json.loads(said("bundle", "push", good, "--controller", data, "--activate", "--json").stdout)
        assert done["ok"] and done["sent"] >= done["bytes"] == good.stat().st_size
        until_s = time.monotonic() + START_S
        while not (found := update_of(data)).get("trial"):
            assert time.monotonic() < until_s, found
            time.sleep(0.5)
        assert found["runs"] == "a" and found["trial"]["minutes_left"] == 15
        said("bundle", "push", good, "--controller", data, status=1)
        modules = CliRunner().invoke(app, ["console", "--controller", str(data), "show", "version"])
        assert modules.exit_code == 0


READY = "2.0 is ready in slot b; it is tried after `update activate`"


class Breaking:
    """A link that is lost at each of these lines."""

    def __init__(self, lines, size):
        self.lost, self.at, self.size, self.asked = list(lines), 0, size, []

    def ask(self, line):
        self.asked.append(line)
        word = " ".join(line.split()[:2])
        if self.lost and self.lost[0] == word:
            self.lost.pop(0)
            if word == "transfer end":
                return REFUSED + "the connection was lost at `transfer`: the command may have been executed"
            raise LinkLost("gone")
        if word == "transfer data":
            self.at = min(self.size, self.at + 360)
        if word == "transfer end":
            return READY
        return f"offset {self.at}"

    def close(self):
        pass


def test_a_push_continues_after_lost_connections():
    link = Breaking(["transfer begin", "transfer data", "transfer data", "transfer end"], 2000)
    push = Push(link, os.urandom(2000), Progress(True), lambda _: None)
    assert push.run("bundle") == READY
    assert len([line for line in link.asked if line.startswith("transfer begin")]) == 5


class Guarded(Breaking):
    """Each new connection has no rights until its login."""

    def __init__(self, lines, size):
        super().__init__(lines, size)
        self.known = False

    def ask(self, line):
        if line.startswith("login "):
            self.known = line == "login right"
            return "installer" if self.known else REFUSED + "login is refused: wrong password"
        if not self.known:
            return REFUSED + "transfer needs installer rights; login as installer first: `login PASSWORD`"
        try:
            return super().ask(line)
        except LinkLost:
            self.known = False
            raise


def test_a_push_logs_in_again_after_a_lost_connection():
    push = Push(Guarded(["transfer data", "transfer data"], 2000), bytes(2000), Progress(True), lambda _: None, "right")
    assert push.run("bundle") == READY
    for password, text in (("wrong", "wrong password"), (None, "needs installer rights")):
        with pytest.raises(NotTaken, match=text):
            Push(Guarded([], 2000), bytes(2000), Progress(True), lambda _: None, password).run("bundle")


def test_a_push_gives_up_after_ten_lost_connections():
    link = Breaking(["transfer data"] * 20, 2000)
    with pytest.raises(LinkLost):
        Push(link, bytes(2000), Progress(True), lambda _: None).run("bundle")
    assert len(link.lost) == 10


def test_a_push_without_any_answer_ends_at_the_second_attempt_with_its_reason(capsys):
    link = Breaking(["transfer begin"] * 20, 2000)
    with pytest.raises(LinkLost, match="^gone$"):
        Push(link, bytes(2000), Progress(False), lambda _: None).run("bundle")
    shown = capsys.readouterr()
    assert len(link.asked) == 2 and "gone; once more" in shown.out + shown.err and "was lost" not in shown.out + shown.err


def test_a_refusal_has_the_words_of_the_controller():
    class Refusing(Breaking):
        def ask(self, line):
            return REFUSED + "transfer needs installer rights"

    with pytest.raises(NotTaken, match="installer rights"):
        Push(Refusing([], 10), bytes(10), Progress(True)).run("bundle")


@pytest.mark.parametrize("at", ["transfer begin", "transfer data", "transfer end"])
@pytest.mark.parametrize("answer", ["", "offset", "offset 9 of 10", "fine", "ready", "idle"])
def test_an_answer_that_is_not_known_is_no_success(at, answer):
    class Odd(Breaking):
        def ask(self, line):
            return answer if line.startswith(at) else super().ask(line)

    with pytest.raises(NotTaken, match=f"^transfer: .*{answer!r}$"):
        Push(Odd([], 10), bytes(10), Progress(True)).run("bundle")


@pytest.mark.parametrize("answer", [
    READY, "configuration 7 is ready in slot a; it is tried after no EVSE has charged for a minute, or `update activate`", "keys in force",
    "10 bytes are ready for secondaries: `secondaries stage`"])
def test_each_way_in_which_a_transfer_ends_is_known(answer):
    class Ending(Breaking):
        def ask(self, line):
            return answer if line == "transfer end" else super().ask(line)

    assert Push(Ending([], 10), bytes(10), Progress(True)).run("bundle") == answer


class Slots:
    """The answers of a controller to a push."""

    def __init__(self, size):
        self.at, self.size, self.restarts = 0, size, 0

    def __call__(self, line):
        words = line.split()
        if words[1] == "data" and int(words[2]) >= 720 and not self.restarts:
            self.restarts += 1
            return None
        if words[1] == "data":
            self.at = min(self.size, int(words[2]) + 360)
        texts = {"end": READY, "update": "{}", "activate": "fine"}
        return (texts.get(words[1], f"offset {self.at}") + "\n").encode()


def pushed(tmp_path, capsys, *options, **timing):
    (tmp_path / "file").write_bytes(bytes(2000))
    slots = Slots(2000)
    talker = SerialTalker(slots, **timing)
    status = push_command(tmp_path / "file", parse_controller(talker.name), None, "activate" in options, False)
    return status, capsys.readouterr(), talker, slots


def test_a_push_at_a_serial_console_that_greets_late_and_restarts_sends_everything(tmp_path, capsys):
    status, shown, talker, slots = pushed(tmp_path, capsys, greets_s=0.1, first_s=0.5)
    assert status == 0 and READY in shown.out and (slots.at, slots.restarts) == (2000, 1)
    assert len([line for line in talker.lines if line.startswith("transfer begin")]) == 2


def test_an_activation_with_an_answer_that_is_not_known_is_no_success(tmp_path, capsys):
    status, shown, _, _ = pushed(tmp_path, capsys, "activate")
    assert status == 1 and "update activate: the controller gave no answer that is known here, but 'fine'" in shown.err


def test_usage_and_connection_have_their_exit_codes(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    assert push_command(tmp_path / "none", parse_controller("127.0.0.1:1"), None, False, False) == 2
    assert push_command(tmp_path / "file", parse_controller("127.0.0.1:1"), None, False, False) == 3
    said("bundle", "push", tmp_path / "file", status=2)


def test_slots_are_prepared_once_and_need_root_keys(tmp_path):
    assert "root key" in said("bundle", "slots", tmp_path / "root", "--keys", tmp_path / "keys", status=1).output
    said("bundle", "key", "new", "root-a", "--root", "--keys", tmp_path / "keys")
    said("bundle", "key", "new", "release", "--keys", tmp_path / "keys")
    said("bundle", "slots", tmp_path / "root", "--keys", tmp_path / "keys")
    assert "already" in said("bundle", "slots", tmp_path / "root", "--keys", tmp_path / "keys", status=1).output


def test_the_application_of_linux_is_the_same_from_two_runs(tmp_path):
    for name in ("one", "two"):
        said("bundle", "application", "--out", tmp_path / name)
    assert (tmp_path / "one" / "application.zip").read_bytes() == (tmp_path / "two" / "application.zip").read_bytes()
    (tmp_path / "one" / "other").touch()
    said("bundle", "application", "--out", tmp_path / "one", status=2)
