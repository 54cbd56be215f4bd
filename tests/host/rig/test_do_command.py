"""`ampacity rig do`: words become an operation of the control channel, of the rig that was started last."""

import contextlib
import inspect
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ampacity_host.rig.base import bench
from ampacity_host.rig.control_channel import do_command as do
from ampacity_host.rig.control_channel import external_limit, operations
from ampacity_host.rig.control_channel.do_command import WrongWords, do_command, remember, request_of
from ampacity_host.rig.control_channel.fields import FieldError, Fields
from ampacity_host.rig.plant import car, overdraw

SITE = Path(__file__).parents[1] / "configure" / "sites" / "good" / "garage.toml"


def test_words_and_fields_become_a_request():
    for text, wanted in (
        ("plug bay-1", ("plug", {"evse": "bay-1"})),
        ("plug 7 phases=1 max_a=16.5 mac=12", ("plug", {"evse": "7", "car": {"phases": 1, "max_a": 16.5, "mac": "12"}})),
        ("ev bay-1 pause", ("ev", {"evse": "bay-1", "action": "pause"})),
        ("fault cut bay-2", ("fault", {"kind": "cut", "target": "bay-2"})),
        ("fault delay rs485-1 ms=80 on=off", ("fault", {"kind": "delay", "target": "rs485-1", "ms": 80, "on": False})),
        ("fault cut bay-2 off", ("fault", {"kind": "cut", "target": "bay-2", "on": False})),
        ("background main 1 2.5", ("background", {"circuit": "main", "l1": 1, "l2": 2.5})),
        ("limit main 20 60", ("limit", {"target": "main", "amps": 20, "ttl_s": 60, "source": "console"})),
        ("limit main off source=ocpp", ("limit", {"target": "main", "amps": None, "source": "ocpp"})),
        ("console why bay-1", ("console", {"text": "why bay-1"})),
        ("console of=garage.row why a=b", ("console", {"of": "garage.row", "text": "why a=b"})),
        ("csms timeout_ms=5 Reset {}", ("csms", {"timeout_ms": 5, "method": "Reset", "payload": {}})),
        ("csms Reset {\"type\": \"Immediate\"}", ("csms", {"method": "Reset", "payload": {"type": "Immediate"}})),
        ("primary kill", ("primary", {"action": "kill"})), ("state", ("state", {})), ("advance 1000", ("advance", {"ms": 1000})),
    ):  # fmt: skip
        assert request_of(text.split()) == wanted, text
    for words, text in ((["plg"], "did you mean plug?"), ([], "no operation; name one: "), (["unplug", "a", "b"], "unplug EVSE [FIELD=VALUE")):
        with pytest.raises(WrongWords) as caught:
            request_of(words)
        assert text in str(caught.value)


def test_an_unknown_field_or_operation_is_named_with_the_known_ones():
    for text, wanted in (
        ("plug hdb foo=1", "plug: no field 'foo'; it has: evse, phases, max_a"),
        ("plug hdb max_amp=16", "no field 'max_amp', did you mean max_a? it has: evse"),
        ("state x=1", "state: no field 'x'; it has none"), ("fault cut bay-2 mss=1", "no field 'mss', did you mean ms?"),
        ("frobnicate", "no operation 'frobnicate'; name one: hello, plug"),
    ):  # fmt: skip
        with pytest.raises(WrongWords) as caught:
            request_of(text.split())
        assert wanted in str(caught.value), text
    for text in ("plug 7 sleep_ms=9 factor=2", "limit main percent=50 source=ocpp", "seed auth_cache A type=Central",
                 "fault miswired b phases=L1,L2", "fault off_shows b a=6"):  # fmt: skip
        assert request_of(text.split())


def test_every_field_that_the_rig_reads_can_be_typed():
    known = {name.rstrip("…") for op in do.KNOWN for name in (*do.ORDER.get(op, ()), *do.BEFORE.get(op, ()), *do.MORE.get(op, ()))}
    for module in (operations, external_limit, bench):
        read = re.findall(r'fields\.(?:text|flag|number|integer|da|one_of|mapping|has)\("(\w+)"', inspect.getsource(module))
        assert read and set(read) <= known, (module.__name__, set(read) - known)
    read = re.findall(r'(?:number|_flag|_count|pop)\((?:take, |number, )?"(\w+)"', inspect.getsource(car) + inspect.getsource(overdraw))
    assert set(read) == set(car.FIELDS)


def test_a_missing_word_is_named_by_the_rig():
    for read, field in ((lambda f: f.one_of("evse", {"bay": 1}, "an EVSE"), "evse"), (lambda f: f.text("text"), "text"),
                        (lambda f: f.number("ms"), "ms"), (lambda f: f.flag("on"), "on")):  # fmt: skip
        with pytest.raises(FieldError) as caught:
            read(Fields({}))
        assert str(caught.value).startswith(f"{field}: it is missing; use ")


@pytest.mark.parametrize("text, status", [("error: no such command", 1), ("fine", 0)])
def test_a_console_line_that_the_controller_refuses_ends_with_1(text, status, monkeypatch, capsys):
    monkeypatch.setattr(do, "asked", lambda kept, op, fields: {"id": 1, "ok": True, "text": text})
    assert do_command(["console", "bla"], "127.0.0.1:9") == status
    assert text in capsys.readouterr().out


class Other:
    """Another program at a port: takes what is said to it, and answers each line with `answer`."""

    def __init__(self, answer):
        self.answer, self.heard = answer, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            with one, contextlib.suppress(OSError):
                while data := one.recv(4096):
                    self.heard += data
                    one.sendall(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["ampacity", "rig", "my site.toml"])
    return tmp_path / "ampacity" / "rig.json"


def test_the_address_of_a_killed_rig_is_not_used(state, capsys):
    with Other(b'{"ok":true,"ops":[]}\n') as other:
        remember(other.address)
        kept = json.loads(state.read_text())
        with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
            ended.wait()
        state.write_text(json.dumps(kept | {"process": kept["process"].replace(str(os.getpid()), str(ended.pid), 1)}))
        assert do_command(["unplug", "bay-1"], None) == 3
        said = capsys.readouterr().err
        assert f"the rig at {other.address} has ended; start it with: ampacity rig 'my site.toml'" in said
        assert other.heard == b""


@pytest.mark.parametrize("answer", [b'{"ok":true,"ops":[]}\n', b'{"ok":true,"ops":[],"process":"1 2 3"}\n', b"220 mail\n", b"7\n", b"{}\n"])
def test_another_server_at_the_address_gets_only_the_identification_request(state, capsys, answer):
    with Other(answer) as other:
        remember(other.address)
        assert do_command(["unplug", "bay-1"], None) == 3
        assert "has ended; start it with" in capsys.readouterr().err
        assert b"hello" in other.heard and b"unplug" not in other.heard


def test_a_program_other_than_a_rig_gets_no_operations_at_a_named_address_either(state, capsys):
    with Other(b"HTTP/1.1 400 Bad Request\r\n\r\n") as other:
        assert do_command(["unplug", "bay-1"], other.address) == 3
        assert f"the server at {other.address} is not a rig" in capsys.readouterr().err
        assert b"unplug" not in other.heard


@pytest.mark.parametrize("control", ["nonsense", "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:\u00b2"])
def test_an_invalid_address_is_wrong_usage_and_named(state, capsys, control):
    assert do_command(["state"], control) == 2
    said = capsys.readouterr().err
    assert f"--control: {control!r} is not HOST:PORT" in said and "1..65535" in said


def test_the_last_rig_needs_no_address(tmp_path):
    environment = dict(os.environ, XDG_STATE_HOME=str(tmp_path))
    program = [sys.executable, "-m", "ampacity_host"]

    def do(*words):
        return subprocess.run([*program, "rig", "do", *words], capture_output=True, text=True, timeout=60, env=environment)

    assert do("state").returncode == 3
    started = [*program, "rig", "--site", str(SITE), "--clock", "virtual", "--no-csms"]
    rig = subprocess.Popen(started, stdout=subprocess.PIPE, env=environment, text=True)
    try:
        name = json.loads(rig.stdout.readline())["evses"][0]
        done = do("plug", name, "max_a=16")
        assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
        assert do("advance", "1000").returncode == 0
        assert json.loads(do("state").stdout)["truth"]["evses"][name]["plugged"] is True
        assert "mode" in do("console", "show", "site").stdout
        again = do("plug", name)
        assert again.returncode == 1 and "unplug it first" in again.stderr
        assert do("plgu", name).returncode == 2 and do("state", "--control", "127.0.0.1:1").returncode == 3
        assert do("stop").returncode == 0 and rig.wait(30) == 0
    finally:
        if rig.poll() is None:
            rig.terminate()
            rig.wait(30)
        rig.stdout.close()
    assert do("state").returncode == 3
