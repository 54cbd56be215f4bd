"""Whatever comes in, each mistake gets its clear error, is counted, and the site goes on."""

import json

import pytest
from hostile_csms import BROKEN, LAST, UNANSWERED, HostileCsms
from stand import DEMO, ROOT, Stand, running, some
from typer.testing import CliRunner

from ampacity_host.cli import app
from tests.deep import deep, sample

MISTAKES = sorted((ROOT / "tests" / "host" / "configure" / "sites" / "mistakes").glob("*.toml"))


def test_a_hostile_csms_is_answered_counted_and_outlived():
    with HostileCsms() as csms, running(some("evse-1", "evse-2", "evse-6"), "--runtime", "micropython", "--csms", csms.url) as rig:
        stand = Stand(rig, False)
        for name, value in (("WaitMinimum", "1"), ("RandomRange", "0"), ("RepeatTimes", "0")):
            rig.config_set(key="OCPPCommCtrlr.RetryBackOff" + name, value=value)
        stand.until(csms.tame.is_set, 60_000)
        stand.until(stand.connected, 20_000)
        assert csms.connections == LAST + 1 and stand.primary["mode"] in ("quarantine", "regulating")
        errors = [answer for answer in csms.answers if answer[0] == 4]
        assert len(errors) == len(BROKEN) - UNANSWERED + 1 and all(answer[2] and answer[3] for answer in errors)
        counted = rig.console(text="show counters")["text"]
        for name in ("link.oversized: 3", "ocpp_oversized: 1", "link.garbage: 1", "link.utf8: 1", "ocpp_refused: ", "ocpp_unasked: "):
            assert name in counted
        rig.plug(evse="evse-1")
        stand.until(lambda: stand.status("evse-1") == "Plugged", 20_000)
        rig.present_token(token="A", type="ISO14443", evse="evse-1")
        stand.until(lambda: stand.amps("evse-1") > 5.5, 40_000)
        assert rig.worst()["primary"]["restarts"] == 0


GARBAGE = (("babble", {}), ("noise", {"ber": 0.3}), ("echo", {}), ("wrong_unit", {}), ("duplicate", {}), ("second_primary", {}))
MORE = (("noise", {"ber": 0.002}), ("delay", {"ms": 150}), ("late", {}), ("foreign_client", {"writes": True}))


@pytest.mark.parametrize("kinds", [GARBAGE, *deep([(GARBAGE + MORE,)])])
def test_garbage_on_the_line_stops_no_device_for_longer_than_it_lasts(kinds):
    with running(DEMO, "--clock", "virtual", "--no-csms") as rig:
        stand = Stand(rig, True)
        for name in rig.ready["evses"]:
            rig.plug(evse=name)
        everybody = lambda: all(stand.amps(name) > 5.5 for name in rig.ready["evses"])  # noqa: E731
        stand.until(everybody, 60_000)
        for kind, options in kinds:
            rig.fault(kind=kind, target="rs485-1", **options)
            stand.pass_ms(8_000)
            rig.fault(kind=kind, target="rs485-1", on=False)
            # somebody who writes what we write looks like a second device; that is taken back after 32 lone answers
            stand.until(everybody, 240_000 if kind == "foreign_client" else 120_000, 1_000)
        counters = stand.primary["buses"]["rs485-1"]
        assert counters["crc_errors"] and counters["garbage"] and counters["foreign"] and counters["echoes"] and counters["timeouts"]
        assert stand.violations_ms() == 0


@pytest.mark.parametrize("path", sample(MISTAKES, 8), ids=lambda path: path.stem)
def test_a_site_file_with_a_mistake_is_refused_by_check_and_rig_alike(path):
    done = CliRunner().invoke(app, ["check", str(path), "--json"])
    report = json.loads(done.stdout)
    if done.exit_code == 0:
        assert report["ok"]  # a warning only
        return
    assert done.exit_code == 1 and not report["ok"]
    done = CliRunner().invoke(app, ["rig", "--site", str(path), "--clock", "virtual"])
    assert done.exit_code == 1 and done.stderr.startswith("ampacity: ") and "Traceback" not in done.stderr


@pytest.mark.parametrize("options", [
    ("--control", "foo"), ("--control", "127.0.0.1:99999"), ("--csms", "nonsense"), ("--csms", "ws://h:99999"), ("--bench-csms", "127.0.0.1:x"),
    ("--mains", "/nowhere.csv"), ("--clock", "virtual", "--runtime", "micropython"), ("--clock", "virtual", "--csms", "ws://127.0.0.1:1"),
    ("--no-csms", "--csms", "ws://127.0.0.1:1"), ("--runtime", "lua"),
], ids=" ".join)
def test_options_that_cannot_be_meant_end_with_2_and_a_line(options):
    done = CliRunner().invoke(app, ["rig", "--site", str(ROOT / "sites" / "demo.toml"), *options])
    assert done.exit_code == 2 and done.stderr.strip() and "Traceback" not in done.stderr


@pytest.mark.parametrize("request_", [
    {"op": "dance"}, {"op": 5}, {}, {"op": "__init__"}, {"op": "plug", "evse": 7}, {"op": "plug", "evse": "evse-1", "car": []},
    {"op": "background", "circuit": "house", "l1": "x"}, {"op": "fault", "kind": "noise", "target": "rs485-1", "ber": "loud"},
    {"op": "primary", "action": "fly"}, {"op": "console"}, {"op": "csms", "method": 5},
    {"op": "limit", "source": "ocpp", "target": "moon", "amps": 1},
    {"op": "advance", "ms": -1}, {"op": "worst", "since_ms": "x"}, {"op": "provision", "evses": -3}, {"op": "config_set", "key": "no", "value": "1"},
], ids=json.dumps)
def test_an_unknown_operation_or_field_is_answered_and_changes_nothing(desk, request_):
    before = desk.rig.state()["t_ms"]
    answer = desk.rig.answer(request_.get("op"), **{key: value for key, value in request_.items() if key != "op"})
    assert not answer["ok"] and answer["error"] and "fault" not in answer["error"].split(":")[0]
    assert desk.rig.state()["t_ms"] == before


@pytest.fixture(scope="module")
def desk():
    with running(DEMO, "--clock", "virtual") as rig:
        stand = Stand(rig, True)
        stand.until(stand.connected, 10_000)
        yield stand
