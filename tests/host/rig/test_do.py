"""`ampacity rig do`: words become an operation of the control channel, of the rig that was started last."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ampacity_host.rig.do import NotMeant, request_of

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
    for words, text in ((["plg"], "did you mean plug?"), ([], "name an operation"), (["unplug", "a", "b"], "unplug EVSE [FIELD=VALUE")):
        with pytest.raises(NotMeant) as caught:
            request_of(words)
        assert text in str(caught.value)


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
