"""`ampacity configure` at a serial console whose answers are garbled, or at a serial device that does not answer."""

import base64
import json
import os
import tty

import cbor2
import pytest
from test_transfer import ampacity, site

from ampacity_host.configure import push_pull
from ampacity_host.configure.transfer import command
from ampacity_host.configure.transfer.answers import Garbled
from ampacity_host.configure.transfer.canonical import digest, redacted, to_cbor
from ampacity_host.configure.transfer.over_console import OverConsole
from ampacity_host.console.link import SerialDoor
from tests.host.console.console_talker import SerialTalker

NOISE = b"\x8f\xe2\x90\x07"


class Controller:
    """Takes any configuration. garbled: beginning of a line → what is answered to it, `times` times."""

    def __init__(self, garbled, times=1 << 30):
        self.active, self.sent, self.trial = to_cbor({"name": "yard"}), b"", None
        self.garbled, self.left = garbled, times
        self.lines = []

    def __call__(self, line):
        self.lines.append(line)
        text = self.answer(line.split())
        for beginning, wrong in self.garbled.items():
            if line.startswith(beginning) and self.left:
                self.left -= 1
                return wrong(text) + b"\r\n"
        return text + b"\r\n"

    def answer(self, words):
        if words == ["config", "info"]:
            told = {"role": "primary", "bytes": len(self.active), "sha256": digest(self.active), "secrets": [], "trial": self.trial}
            return json.dumps(told).encode()
        if words[:2] == ["config", "read"]:
            return base64.b64encode(self.active[int(words[2]) :][:336])
        if words[:2] == ["config", "settings"]:
            return b'{"settings": {}, "secrets": []}'
        if words[:2] == ["transfer", "begin"]:
            self.sent = b""
        elif words[:2] == ["transfer", "data"]:
            self.sent += base64.b64decode(words[3])
        elif words[:2] == ["transfer", "end"]:
            told = {"count": 1, "changes": ["name: yard \u2192 shed"], "safety": [], "kept": [], "missing": [], "sha256": digest(self.sent)}
            return json.dumps(told, ensure_ascii=False).encode()
        elif words == ["commit", "confirm"]:
            self.trial = None
            return b"confirmed"
        elif words[0] == "commit":
            self.active, self.trial = to_cbor(redacted(cbor2.loads(self.sent))[0]), "running"
            return b"restarting"
        return b"offset %d" % len(self.sent) if words[0] == "transfer" else b'{"version": "1"}'


def cut(text):
    return text[:-1]


def noisy(text):
    return text[:9] + NOISE + text[9:]


def one_letter(text):
    """Noise that is a letter of base64."""
    return text[:8] + (b"A" if text[8:9] != b"A" else b"B") + text[9:]


@pytest.mark.parametrize(("words", "beginning", "wrong"), [
    ("pull", "show version", noisy), ("pull", "show version", lambda text: b"["), ("pull", "show version", lambda text: b"7"),
    ("pull", "config info", noisy), ("diff", "config info", cut), ("diff", "config info", lambda text: b"[1]"),
    ("pull", "config info", lambda text: text.replace(b'"bytes"', b'"bytfs"')), ("backup", "config info", lambda text: b"7"),
    ("pull", "config read", noisy), ("diff", "config read", cut), ("diff", "config read", one_letter), ("backup", "config read", one_letter),
    ("backup", "config settings", noisy), ("backup", "config settings", lambda text: text.replace(b"{}", b"[]")),
    ("push", "transfer begin", noisy), ("push", "transfer begin", lambda text: b"offset \xc2\xb2"), ("push", "transfer data", lambda text: b"offset"),
    ("push", "transfer end", noisy), ("push", "transfer end", cut)])
def test_a_garbled_answer_is_one_line_and_no_connection(tmp_path, words, beginning, wrong):
    talker = SerialTalker(Controller({beginning: wrong}))
    more = {"pull": ["--out", tmp_path / "out"], "backup": [tmp_path / "out"]}.get(words, [site(tmp_path)])
    result = ampacity("configure", words, *more, "--controller", talker.name, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 3 and "was garbled" in told["error"] and talker.name in told["error"] and told["field"] is None, result.output
    assert f"ampacity: {told['error']}\n" in result.stderr and not (tmp_path / "out").exists()
    assert not [line for line in talker.lines if line.startswith("commit")]


def test_a_configuration_that_changes_while_it_is_read_is_not_called_noise(tmp_path):
    def changed(text):
        controller.active = to_cbor({"name": "shed"})
        return text

    controller = Controller({"config info": changed}, times=1)
    result = ampacity("configure", "pull", "--controller", SerialTalker(controller).name)
    assert result.exit_code == 1 and "sha256: the configuration changed while it was read" in result.stderr


@pytest.mark.parametrize("beginning", ["commit 10", "commit confirm", "transfer end"])
def test_what_the_controller_runs_on_tells_whether_a_garbled_order_was_followed(tmp_path, beginning):
    controller = Controller({beginning: noisy}, times=1)
    result = ampacity("configure", "push", site(tmp_path), "--controller", SerialTalker(controller).name)
    assert result.exit_code == 0 and "active and confirmed: 1 changes" in result.stdout and controller.left == 0, result.output


def test_settings_are_discarded_where_the_answer_to_one_is_garbled():
    controller = Controller({"set idle_s": noisy})
    name = SerialTalker(controller).name
    way = OverConsole(lambda: SerialDoor(name), lambda: None)
    with pytest.raises(Garbled):
        way.set_settings({"idle_s": "120", "min_s": "5"})
    way.close()
    assert controller.lines == ["set idle_s 120", "rollback"]


@pytest.fixture
def silent(monkeypatch):
    """A serial device that nobody answers at; the tools are less patient."""
    monkeypatch.setattr(push_pull, "CONNECT_S", 0.3)
    monkeypatch.setattr(command, "DETECT_S", 0.2)
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_at_a_silent_device_there_is_one_object_which_says_what_was_tried(tmp_path, silent):
    result = ampacity("configure", "diff", site(tmp_path), "--controller", silent, "--json")
    error = json.loads(result.stdout)["error"]
    assert result.exit_code == 3 and error.startswith(f"no console at {silent}: no answer; no MicroPython prompt at {silent}: "), result.output
    result = ampacity("configure", "diff", site(tmp_path), "--controller", silent, "--prompt", "--json")
    assert result.exit_code == 3 and json.loads(result.stdout)["error"].startswith("no MicroPython prompt at ")


def test_the_self_test_at_a_silent_device_prints_nothing_to_read(silent):
    result = ampacity("selftest", "--controller", silent, "--json")
    assert (result.exit_code, result.stdout) == (3, "") and f"ampacity: no MicroPython prompt at {silent}: " in result.stderr
