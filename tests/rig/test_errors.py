"""Every way in which a request can be wrong is an error answer that says what would be right, and the rig stays up."""

import contextlib
import json
import socket

import pytest
from rig_process import SITE, running

from ampacity_host.rig.control_channel.client import RigClient

WRONG = [
    ("dance", {}, "plug"),
    ("plug", {}, "evse-1"),
    ("plug", {"evse": 3}, "evse-1"),
    ("plug", {"evse": "attic"}, "evse-2"),
    ("plug", {"evse": "evse-2", "car": []}, "object"),
    ("plug", {"evse": "evse-2", "car": {"colour": "red"}}, "phases"),
    ("plug", {"evse": "evse-2", "car": {"phases": 2.5}}, "1, 2 or 3"),
    ("plug", {"evse": "evse-2", "car": {"max_a": "16"}}, "number"),
    ("plug", {"evse": "evse-2", "car": {"obeys": 1}}, "true or false"),
    ("unplug", {"evse": "evse-2"}, "plugged in"),
    ("unplug", {}, "evse-1"),
    ("ev", {"evse": "evse-2", "action": "charge"}, "plugged in"),
    ("ev", {"evse": "evse-1", "action": "fly"}, "charge"),
    ("present_token", {"evse": "evse-1"}, "text"),
    ("present_token", {"token": 5}, "text"),
    ("present_token", {"evse": "attic", "token": "1"}, "evse-1"),
    ("button", {"evse": "evse-1", "name": "start"}, "emergency_stop"),
    ("bay", {"evse": "evse-1"}, "true or false"),
    ("background", {"circuit": "attic"}, "main"),
    ("background", {"circuit": "main", "l1": -1}, "0.."),
    ("background", {"circuit": "main", "l1": "1"}, "number"),
    ("fault", {}, "cut"),
    ("fault", {"kind": "gremlin"}, "cut"),
    ("fault", {"kind": "cut", "target": "attic"}, "rs485-1"),
    ("fault", {"kind": "cut", "target": "evse-1"}, "rs485-1"),
    ("fault", {"kind": "nan", "target": "evse-1"}, "welded"),
    ("fault", {"kind": "hang", "target": "grid"}, "primary"),
    ("fault", {"kind": "noise", "target": "rs485-1", "ber": "much"}, "number"),
    ("fault", {"kind": "cut", "target": "rs485-1", "on": "yes"}, "true or false"),
    ("primary", {"action": "nap"}, "power_cycle"),
    ("primary", {}, "kill"),
    ("primary", {"action": "power_cut_at_write"}, "number"),
    ("primary", {"action": "power_cut_at_write", "n": 0}, "1.."),
    ("provision", {"ocpp": "0.9"}, "2.0.1"),
    ("provision", {"csms_url": "ws://127.0.0.1:1", "evses": 99}, "1..3"),
    ("provision", {"csms_url": "ws://127.0.0.1:1", "config": []}, "object"),
    ("config_set", {"value": 1}, "text"),
    ("config_set", {"key": "A.B"}, "number"),
    ("config_set", {"key": "A.B", "value": 1}, "this site has no [ocpp] section"),
    ("config_delete", {}, "text"),
    ("seed", {"store": "attic"}, "auth_cache"),
    ("seed", {"store": "auth_cache"}, "text"),
    ("limit", {"target": "site", "amps": 1}, "console"),
    ("limit", {"source": "wish"}, "console"),
    ("limit", {"source": "console", "target": "attic", "amps": 1}, "main"),
    ("limit", {"source": "console", "amps": -1}, "number"),
    ("limit", {"source": "console", "amps": []}, "number"),
    ("limit", {"source": "console", "percent": 120}, "0..100"),
    ("console", {}, "text"),
    ("console", {"text": 7}, "text"),
    ("worst", {"since_ms": "long"}, "number"),
    ("advance", {}, "number"),
    ("advance", {"ms": -5}, "0.."),
    ("fault", {"kind": "cut", "target": "rs485-1", "on": None, "ms": []}, "number"),
]  # fmt: skip


@pytest.fixture(scope="module")
def rig():
    with running(SITE, "--clock", "virtual") as one:
        yield one


@pytest.mark.parametrize("op,fields,right", WRONG)
def test_a_wrong_request_is_answered_with_the_correct_form(rig, op, fields, right):
    answer = rig.answer(op, **fields)
    assert answer["ok"] is False and right in answer["error"] and "own fault" not in answer["error"]
    assert "unsupported" not in answer and answer["id"] is not None


@pytest.mark.parametrize("op", ["csms", "csms_log", "safety_load"])
def test_operations_that_this_rig_lacks_are_refused_and_not_listed(rig, op):
    answer = rig.answer(op, method="Reset", payload={}, name="pump", on=True)
    assert answer["ok"] is False and answer["unsupported"] is True and op not in rig.hello()["ops"]


def test_a_second_plug_is_an_error_and_changes_nothing(rig):
    rig.plug(evse="evse-3", car={"max_a": 10})
    answer = rig.answer("plug", evse="evse-3")
    assert not answer["ok"] and "unplug" in answer["error"]
    assert rig.state()["truth"]["evses"]["evse-3"]["plugged"]
    rig.unplug(evse="evse-3")
    assert not rig.answer("unplug", evse="evse-3")["ok"]


def raw(rig):
    host, _, port = rig.ready["control"].rpartition(":")
    return socket.create_connection((host, int(port)), 20)


@pytest.mark.parametrize("line", [b"no JSON", b"[1]", b"7", b"null", b'"text"', b'{"op":"hello"', b"\xff\xfe{}", b'{"id":1,"op":"\xc3"}', b"{}",
                                  b'{"id":1,"op":["hello"]}', b"[" * 100_000, b'{"id":2,"op":7}',
                                  b'{"id":NaN,"op":"hello"}', b'{"id":3,"op":"' + b"x" * 100_000 + b'"}'])  # fmt: skip
def test_a_line_other_than_a_request_is_answered(rig, line):
    with raw(rig) as one, one.makefile("rwb") as file:
        file.write(line + b"\n" + b'{"id":9,"op":"hello"}\n')
        file.flush()
        refused, answered = json.loads(file.readline()), json.loads(file.readline())
        assert refused["ok"] is False and "own fault" not in refused["error"]
        assert answered["ok"] is True and answered["id"] == 9


def test_a_huge_line_ends_that_client_only(rig):
    with raw(rig) as one:
        heard = b""
        with contextlib.suppress(OSError):
            one.sendall(b"x" * 20 * 2**20 + b"\n")
            while chunk := one.recv(4096):
                heard += chunk
        assert not heard or json.loads(heard)["ok"] is False
    assert rig.hello()["ok"]


def test_an_id_of_any_kind_is_returned(rig):
    with raw(rig) as one, one.makefile("rwb") as file:
        for number in (1, "a", None, 2.5, [1]):
            file.write(json.dumps({"id": number, "op": "hello"}).encode() + b"\n")
            file.flush()
            assert json.loads(file.readline())["id"] == number


def test_many_clients_are_served_each_in_its_order(rig):
    clients = [RigClient(rig.ready["control"]) for _ in range(30)]
    for turn in range(3):
        for client in clients:
            assert client.state()["t_ms"] >= 0, turn
    half = clients[0]
    half._socket.sendall(b'{"id":1,"op":"sta')
    for client in clients[1:]:
        client.close()
    half.close()
    assert rig.hello()["ok"]
