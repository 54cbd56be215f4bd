"""The command line as a whole: one way to name things, one meaning for an exit code, help that is whole, old spellings that work."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import ampacity
from ampacity_host.cli import app
from ampacity_host.cli.spelling import OLD, respelled
from ampacity_host.configure.site_file.ocpp_versions import SPOKEN
from ampacity_host.console.controller_option import ControllerRef, parse_controller
from ampacity_host.places import SITES
from tests.host.console.console_talker import SerialTalker

DEMO = str(SITES / "demo.toml")
DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(autouse=True)
def signals():
    """Puts this process's handlers back: `ampacity run` takes them."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def said(*words, **options):
    return CliRunner().invoke(app, [str(word) for word in words], **options)


def commands():
    """{words that call it: command}, without groups."""
    found = {}

    def visit(words, command):
        for name, below in getattr(command, "commands", {"": None}).items():
            if below is None:
                found[words] = command
            else:
                visit((*words, name), below)
    visit((), get_command(app))
    return found


ALL = commands()


@pytest.mark.parametrize("words", [(), ("report",), *ALL])
def test_help_is_complete_at_80_columns_and_contains_no_python(words):
    text = said(*words, "--help", env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).stdout
    assert "..." not in text.replace("]...", "").replace("}...", "") and "<" not in text
    for line in text.splitlines():
        assert len(line) <= 80 and not line.endswith("…")
    if words and words != ("report",):
        assert "Exit code" in text


@pytest.mark.parametrize("words", ALL)
def test_every_command_takes_json(words):
    assert "--json" in [name for parameter in ALL[words].params for name in parameter.opts]


def test_a_name_of_an_option_means_the_same_in_every_command():
    for words, command in ALL.items():
        names = {name for parameter in command.params for name in parameter.opts}
        assert not names & {"--site", "--connect"}, words
        assert "--port" not in names or words in (("scan",), ("flash",), ("factory", "run"))  # a serial device itself
        assert "--console" not in names or words == ("run",)  # where a console is to listen
        assert "--data" not in names or words in (("run",), ("rig",))  # a folder that is made
        if "site" in {parameter.name for parameter in command.params}:
            assert "site" in {parameter.name for parameter in command.params if parameter.param_type_name == "argument"}, words


def test_former_spellings_are_read_as_the_present_ones():
    assert respelled(["--site", "a.toml", "--seed", "1"], OLD["rig"]) == ["a.toml", "--seed", "1"]
    assert respelled(["--seed", "1", "--site=a.toml"], OLD["rig"]) == ["a.toml", "--seed", "1"]
    assert respelled(["show", "--data", "d", "--", "--data", "x"], OLD["console"]) == ["show", "--controller=d", "--", "--data", "x"]
    assert respelled(["--data"], OLD["console"]) == ["--data"]
    assert respelled(["--port", "/dev/a", "x"], OLD["scan"]) == ["--port", "/dev/a", "x"]
    with pytest.raises(ValueError):
        respelled(["--console", "d", "--port", "/dev/a"], OLD["commission"])


@pytest.mark.parametrize("words", [
    ("check", DEMO), ("check", DEMO, "--data", DATA), ("check", DEMO, "--controller", DATA)])
def test_a_site_is_checked_in_either_spelling(words):
    assert said(*words).exit_code == 0


@pytest.mark.parametrize("words", [["rig", "{}"], ["rig", "--site", "{}"], ["rig", "--site={}"], ["replay", "{}", "--sessions", "x.csv"],
                                   ["replay", "--site", "{}", "--sessions", "x.csv"], ["run", "{}", "--data", "d"],
                                   ["run", "--site", "{}", "--data", "d"], ["check", "{}"], ["push", "{}", "--controller", "/dev/nowhere"],
                                   ["diff", "{}", "--port", "/dev/nowhere"], ["scan", "{}", "--tcp", "127.0.0.1:1"],
                                   ["scan", "--site", "{}", "--tcp", "127.0.0.1:1"]])
def test_a_missing_site_file_is_2_and_a_refused_one_is_1_in_every_command(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("arrival,departure,energy_kwh\n2026-03-02T08:00,2026-03-02T09:00,1\n")
    (tmp_path / "bad.toml").write_text("[site]\nname = 3\n")
    missing = said(*(word.format("no.toml") for word in words))
    assert missing.exit_code == 2 and "ampacity: no site file no.toml" in missing.stderr
    refused = said(*(word.format("bad.toml") for word in words))
    assert refused.exit_code == 1 and "bad.toml" in refused.output and "Traceback" not in refused.output


ASKING = (["console", "show"], ["commission"], ["replace", "bay"], ["scan", "--bus", "b"])


@pytest.mark.parametrize("words", ASKING)
def test_a_controller_is_named_in_one_way_and_its_errors_have_one_exit_code(words, tmp_path):
    for controller, status, text in (
        ("nonsense", 2, "DIR, HOST:PORT or TTY"), ("host:99999", 2, "DIR, HOST:PORT or TTY"),
        (tmp_path, 3, "is its controller running"), (tmp_path / "none", 3, "no data folder"),
        ("127.0.0.1:9", 3, "127.0.0.1:9"), ("/dev/nowhere", 3, "/dev/nowhere"),
    ):  # fmt: skip
        done = said(*words, "--controller", controller)
        assert done.exit_code == status and text in done.stderr and "Traceback" not in done.stderr, (controller, done.stderr)
    assert said(*words).exit_code == 2
    assert said(*words, "--controller", "a:1", "--controller", "b:1").exit_code == 2


@pytest.mark.parametrize("words", [("check", DEMO), ("report", "excursions")])
def test_a_missing_data_folder_is_3(words, tmp_path):
    assert said(*words, "--controller", tmp_path / "none").exit_code == 3


@pytest.mark.parametrize("words", [("run", DEMO), ("rig", DEMO), ("rig", DEMO, "--clock", "virtual")])
def test_an_empty_data_folder_is_2_and_not_the_current_directory(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = said(*words, "--data", "")
    assert done.exit_code == 2 and "--data" in done.stderr and "must not be empty" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("version", ["1.6", "2.1", "nonsense"])
@pytest.mark.parametrize("words", [(), ("--no-csms",), ("--clock", "virtual", "--no-csms")])
def test_a_rig_refuses_an_unknown_ocpp_version_and_names_the_known_ones(words, version):
    done = said("rig", DEMO, *words, "--ocpp", version)
    assert done.exit_code == 2 and done.stderr == f"ampacity: --ocpp: OCPP {version} is not supported by this firmware; use 2.0.1\n"


def test_the_ocpp_versions_equal_those_of_the_firmware():
    folders = {path.name for path in (Path(ampacity.__file__).parent / "ocpp").glob("v[0-9]*")}
    assert folders == {"v" + version.replace(".", "") for version in SPOKEN}


def test_an_unreadable_address_is_reported_as_such_and_not_as_a_stopped_controller(tmp_path, monkeypatch):
    def refused(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))
    monkeypatch.setattr(Path, "read_text", refused)
    done = said("console", "show", "--controller", tmp_path)
    assert done.exit_code == 3 and f"no read access to {tmp_path}/console.json" in done.stderr


def test_a_text_names_a_folder_a_console_or_a_serial_device(tmp_path):
    person, terminal = os.openpty()
    assert parse_controller(os.ttyname(terminal)) == ControllerRef(tty=os.ttyname(terminal))
    assert parse_controller(str(tmp_path)) == ControllerRef(folder=tmp_path) and parse_controller("[::1]:80") == ControllerRef(address="[::1]:80")
    os.close(person)
    os.close(terminal)


def test_a_console_on_a_serial_device_answers():
    talker = SerialTalker(lambda line: b"you said %s\n" % line.encode())
    done = said("console", "show", "site", "--json", "--controller", talker.name)
    assert (done.exit_code, done.stdout) == (0, '{"text": "you said show site --json"}\n')


def test_the_version_is_an_option_too():
    assert said("--version").stdout == said("version").stdout
    assert ampacity.__version__ in said("--version").stdout and said("--version").exit_code == 0


def test_a_shell_can_complete_commands_and_options():
    def completed(text):
        environment = dict(os.environ, _AMPACITY_COMPLETE="complete_bash", COMP_WORDS=text, COMP_CWORD=str(len(text.split(" ")) - 1))
        return subprocess.run([sys.executable, "-c", "from ampacity_host.cli import app; app(prog_name='ampacity')"], env=environment,
                              capture_output=True, text=True).stdout.split()
    assert completed("ampacity comm") == ["commission"]
    assert completed("ampacity commission --con") == ["--controller"]
    assert "--bash" not in completed("ampacity ") and "check" in completed("ampacity ")


def test_run_first_prints_the_address_of_its_console_as_json(tmp_path):
    (tmp_path / "bad.toml").write_text("[site]\nname = 3\n")
    done = said("run", tmp_path / "bad.toml", "--data", tmp_path / "d", "--json")
    facts = json.loads(done.stdout.splitlines()[0])
    assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", facts["console"]) and facts["runtime"] == "cpython"
