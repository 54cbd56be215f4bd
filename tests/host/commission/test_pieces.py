"""The host's pieces: links, people, usage, papers, pages, and the bench's faults of wiring."""

import io
import json
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner
from wired_site import SITE, Desk, Installer, yard

from ampacity.commission.scan import ANY_TEXT
from ampacity_host.cli import app
from ampacity_host.commission.guide import Guide
from ampacity_host.commission.html_report import html
from ampacity_host.commission.installer import KeyboardInstaller, NoInstaller
from ampacity_host.commission.report import NoReport, assemble, holds, read, scan_findings
from ampacity_host.commission.svg_plot import plot
from ampacity_host.console.link import Refused
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.plant.car import Car
from tests.host.console.console_talker import talker

KEBA = """
[[evse]]
name = "keba-{number}"
kind = "keba-p30"
bus = "lan"
host = "127.0.0.1"
tcp_port = 503{number}
unit = 255
circuit = "main"
max_a = 16.0
min_a = 6.0
power_on_a = 0.0
"""


def test_input_typed_before_a_question_is_not_its_answer(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n"))
    keys = KeyboardInstaller()
    while keys._lines.qsize() < 3:
        time.sleep(0.01)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    keys.asked()
    assert keys.poll("evse-1", "identity") is None and not keys.agrees("may it stand?")


@pytest.mark.parametrize(("words", "status", "told"), [
    (["commission"], 2, "name the controller"),
    (["commission", "--console", "here", "--port", "there"], 2, "name the controller once"),
    (["commission", "--console", "nonsense"], 2, "DIR, HOST:PORT or TTY"),
    (["commission", "--console", "127.0.0.1:9"], 3, "no console at 127.0.0.1:9"),
    (["commission", "--port", "/dev/nothing-here"], 3, "/dev/nothing-here"),
    (["report", "commission", "/nowhere.json"], 2, "/nowhere.json"),
])
def test_wrong_usage_is_reported_with_the_correct_form(words, status, told):
    result = CliRunner().invoke(app, words)
    assert result.exit_code == status and told in result.output


def test_a_file_other_than_a_report_is_reported(tmp_path):
    for text in ("", "[]", '{"kind": "other"}', '{"kind": "commissioning report"}'):
        path = tmp_path / "x.json"
        path.write_text(text)
        with pytest.raises(NoReport, match="x.json"):
            read(path)
    path.write_text('{"kind": "commissioning report", "head": {}, "evses": []}')
    result = CliRunner().invoke(app, ["report", "commission", str(path)])
    assert result.exit_code == 2 and "damaged" in result.output


HEAD = {"site": "yard", "firmware": "0.1.0", "site_sha256": "00", "controller": "1", "began": None, "ended": None, "evses": {}, "signed": None,
        "finished": True}


def test_a_report_without_any_evse_did_not_pass():
    report = assemble(HEAD, [], [])
    assert report["outcome"] == "not done" and holds(report)
    assert "No faults found" in html(report) and "not signed" in html(report)


def test_an_aborted_run_did_not_pass_even_if_all_executed_steps_did():
    head = {**HEAD, "finished": False, "aborted": [["evse-2", []]], "evses": {"evse-1": {"index": 0, "outcome": "passed"}}}
    report = assemble(head, [], [])
    assert report["outcome"] == "not done"
    assert "the run was aborted; not done: evse-2 (all steps)" in html(report) and "No faults found in the completed steps." in html(report)


def test_typed_text_is_data_on_the_page_and_not_markup():
    page = html(assemble({**HEAD, "site": "<b>", "signed": {"by": "<script>", "at": None, "seal": "0"}}, [], []))
    assert "<script>" not in page and "&lt;script&gt;" in page and "was changed" in page


def test_two_devices_that_answer_each_other_are_a_finding_of_the_scan():
    verdict = "another Modbus client reads unit 3 with function 6, or two devices with address 3 answer each other"
    scan = {"bus": "rs485-1", "found": [], "verdict": verdict}
    assert scan_findings([scan])[0]["level"] == "error"
    assert scan_findings([{**scan, "put_right": True}])[0]["level"] == "warning"
    assert not scan_findings([{**scan, "verdict": ""}])


def test_an_empty_recording_has_no_plot():
    assert plot({"name": "a", "steps": [], "samples": []}) == ""


def test_an_unattended_run_skips_steps_that_need_a_person():
    nobody = NoInstaller(patience=2)
    assert [nobody.poll("a", "load") for _ in range(3)] == [None, None, "skip"]
    assert nobody.poll("a", "identity") == "skip" and not nobody.agrees("may it stand?")


def test_a_keyboard_accepts_valid_words_and_rejects_others(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\nwhat\nskip\n\n"))
    keyboard, words = KeyboardInstaller(), []
    end_s = time.monotonic() + 20
    while len(words) < 3 and time.monotonic() < end_s:
        word = keyboard.poll("a", "load")
        words += [word] if word else []
    assert words == ["next", "skip", "next"] and "'what'?" in capsys.readouterr().err


@pytest.mark.parametrize(("kind", "target", "options", "told"), [
    ("miswired", "evse-2", {"phases": ["L2"]}, "3 entries of L1, L2, L3"),
    ("miswired", "evse-2", {"phases": ["L2", "L4", "L1"]}, "3 entries of L1, L2, L3"),
    ("reversed", "grid", {"inputs": ["L9"]}, "a list of L1, L2, L3"),
    ("swapped_phases", "grid", {"inputs": ["L1"]}, "two of them"),
    ("same_unit", "evse-3", {"unit": 400}, "1..247"),
    ("same_unit", "evse-2", {"unit": 3}, "a simulated device on a serial line"),
])
def test_an_invalid_wiring_fault_is_refused_with_the_valid_ones(tmp_path, kind, target, options, told):
    bench = yard(tmp_path)
    bench.start()
    with pytest.raises(FieldError, match=told.replace(".", r"\.")):
        bench.fault_injector.set(kind, target, True, options)


def test_after_wiring_faults_end_the_wiring_follows_the_site_file(tmp_path):
    bench = yard(tmp_path)
    bench.start()
    for kind, target, options in (("miswired", "evse-2", {"phases": ["L2", "L3", "L1"]}), ("same_unit", "evse-4", {"unit": 3}),
                                  ("reversed", "grid", {"inputs": ["L3"]}), ("swapped_phases", "grid", {"inputs": ["L1", "L2"]})):
        bench.fault_injector.set(kind, target, True, options)
    assert bench.plant.point["evse-2"].terminals == [[1], [2], [0]] and bench.hosts["evse-4"].device.unit == 3
    for kind, target in (("miswired", "evse-2"), ("same_unit", "evse-4"), ("reversed", "grid"), ("swapped_phases", "grid")):
        bench.fault_injector.set(kind, target, False, {})
    bench.run_ms(40_000)
    assert bench.plant.point["evse-2"].terminals == [[0], [1], [2]]
    assert json.loads(Desk(bench).ask("show evse evse-4 --json"))["online"]


def test_the_unattended_command_writes_both_reports_and_sets_its_exit_status(tmp_path, monkeypatch):
    from ampacity_host.commission import command

    bench = yard(tmp_path)
    bench.start()
    bench.plant.point["evse-1"].plug(Car(phases=1))
    bench.run_ms(40_000)
    desk = Desk(bench)
    monkeypatch.setattr(command, "open_link", lambda controller: desk)
    monkeypatch.setattr(command, "Guide", lambda link, person, screen: Guide(link, person, screen, desk.sleep))
    words = ["commission", "evse-1", "--controller", "127.0.0.1:1", "--unattended", "--no-scan", "--by", "Ada", "--json",
             "--out", str(tmp_path / "r.html")]
    early = CliRunner().invoke(app, words)
    assert early.exit_code == 1 and "needs a password" in early.output and "load" not in early.output, early.output
    desk.set_password()
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout.split("\n")[-2])
    assert report == read(tmp_path / "r.json") and holds(report) and report["head"]["signed"]["by"] == "Ada"
    assert "evse-1" in (tmp_path / "r.html").read_text()
    assert [step["outcome"] for step in report["evses"][0]["steps"]] == ["passed", "not done", "passed", "not needed", "not needed"]
    refused = CliRunner().invoke(app, ["commission", "evse-9", "--console", "127.0.0.1:1", "--unattended", "--no-scan"])
    assert refused.exit_code == 1 and "evse-1, evse-2, evse-3, evse-4" in refused.output
    nowhere = CliRunner().invoke(app, [*words[:-1], str(tmp_path / "no" / "r.html")])
    assert nowhere.exit_code == 2 and "No such file" in nowhere.output


def test_a_scan_at_the_controller_also_polls_the_units_of_the_site_file(tmp_path):
    text = SITE.replace("[[meter]]", '[[bus]]\nname = "lan"\nkind = "tcp"\nhost = "127.0.0.1"\ntcp_port = 5020\nprivate = true\n[[meter]]')
    bench = yard(tmp_path, text + KEBA.format(number=1))
    bench.start()
    bench.run_ms(20_000)
    desk = Desk(bench)

    def found(line, most_s):
        assert desk.ask(line).startswith("scan: ")
        for _ in range(most_s):
            desk.sleep(1)
            document = json.loads(desk.ask("scan status --json"))
            if document["stage"] == "over":
                break
        return document
    assert [(row["unit"], row["device"]) for row in found("scan lan standing=yes", 8)["found"]] == [(255, "keba-p30")]  # early
    desk.ask("scan stop")
    over = found("scan rs485-1 standing=yes baud=own", 60)
    assert over["stage"] == "over" and [row["unit"] for row in over["found"]][-1] == 100
    assert not scan_findings([{"bus": "lan", "found": [{"unit": 1, "note": ANY_TEXT}], "verdict": ""}])


RUNNING = {"running": True, "evse": "evse-1", "step": "load", "ask": None, "progress": "", "seconds": 3, "done": [], "left": [], "findings": []}


def test_without_a_terminal_progress_is_printed_and_ctrl_c_reports_that_the_run_continues():
    host, port = talker({"commission start --yes": "started: evse-1", "commission status 0 --json": json.dumps(RUNNING)})
    words = [sys.executable, "-m", "ampacity_host", "commission", "--controller", f"{host}:{port}", "--no-scan"]
    own = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # also where the tests were started without Ctrl-C
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **own) as one:
        assert one.stderr.readline().startswith("started: evse-1")
        assert one.stderr.readline() == "evse-1 load: 3 s elapsed; next: the report\n"
        one.send_signal(signal.SIGINT)
        said = one.stderr.read()
        assert one.wait(30) == 130
    assert said.startswith("ampacity: interrupted here; the run continues in the controller: `commission abort`") and said.count("\n") == 1, said


class Told:
    """A link that notes what it is asked; no scan begins."""

    def __init__(self, desk):
        self.desk, self.asked = desk, []

    def ask(self, line):
        self.asked.append(line)
        return "error: not now" if line.startswith("scan") else self.desk.ask(line)


def test_an_unknown_name_is_refused_before_any_bus_stops_and_only_named_buses_stop(tmp_path):
    text = SITE.replace("[[meter]]", '[[bus]]\nname = "lan"\nkind = "tcp"\nhost = "127.0.0.1"\ntcp_port = 5020\nprivate = true\n[[meter]]')
    text += "".join(KEBA.format(number=number) for number in (1, 2))
    bench = yard(tmp_path, text)
    bench.start()
    bench.run_ms(2_000)

    def scanned(*names):
        link = Told(Desk(bench))
        try:
            Guide(link, NoInstaller(), Installer(bench).screen).scan(names)
        except Refused as problem:
            assert "evse-1, evse-2" in str(problem)
            return [line for line in link.asked if line.startswith("scan")] or None
        return [line.split(" units")[0] for line in link.asked if line.startswith("scan")]
    assert scanned("nosuch") is None and scanned("keba-1", "nosuch") is None and scanned("keba-1", "keba-1") is None
    assert scanned("evse-1") == []
    assert scanned("keba-1") == ["scan lan 127.0.0.1:5031"]
    assert scanned("keba-2", "evse-2") == ["scan lan 127.0.0.1:5032", "scan rs485-1"]


def test_options_of_the_controller_commands_reach_it():
    host, port = talker({"commission status --json": '{"running": false}'})
    result = CliRunner().invoke(app, ["console", "--connect", f"{host}:{port}", "commission", "status", "--json"])
    assert result.exit_code == 0 and '"running"' in result.output
