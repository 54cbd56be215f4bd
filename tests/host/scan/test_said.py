"""What `scan`, `report`, `replay` and `replace` say to a wrong word or place, and to Ctrl-C: a sentence, and the documented exit code."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from ampacity_host.scan import replace


def command(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_an_invalid_port_is_named_with_the_valid_form(tmp_path):
    file = tmp_path / "file"
    file.touch()
    for place, status, said in (
        ("/dev/ttyNONE7", 3, "--port: there is no serial device /dev/ttyNONE7; this computer has: "),
        (tmp_path, 2, f"--port: {str(tmp_path)!r} is not allowed; use a serial device, such as /dev/ttyUSB0"),
        (file, 2, f"--port: {str(file)!r} is not allowed; use a serial device, such as /dev/ttyUSB0"),
        ("/dev/null", 2, "--port: '/dev/null' is not allowed; use a serial device, such as /dev/ttyUSB0"),
    ):
        done = command("scan", "--port", place, "--standing")
        assert done.exit_code == status and done.stderr.startswith("ampacity: " + said) and len(done.stderr.splitlines()) == 1, done.stderr


def test_an_invalid_report_is_named_without_python_terms(tmp_path):
    (tmp_path / "text.json").write_text("hello")
    (tmp_path / "other.json").write_text("{}")
    for name, said in (("none.json", "cannot be read: no such file or directory"), ("", "cannot be read: is a directory"),
                       ("text.json", "not a commissioning report"), ("other.json", "not a commissioning report")):  # fmt: skip
        done = command("report", "commission", tmp_path / name)
        assert done.exit_code == 2 and said in done.stderr and "use the .json that" in done.stderr and "Errno" not in done.stderr, done.stderr


@pytest.mark.parametrize(("option", "value", "least"), [("--days", "-1", 1), ("--days", "0", 1), ("--faults", "-0.5", 0), ("--faults", "nan", 0)])
def test_a_number_below_its_range_is_refused_with_the_range(tmp_path, option, value, least):
    site = tmp_path / "site.toml"
    site.touch()
    done = command("replay", site, "--sessions", "any.csv", option, value)
    assert done.exit_code == 2 and f"{option}'" in done.stderr and f"{value} is not allowed; use {least} or more" in done.stderr, done.stderr


class Ended:
    """A controller that is talked to until Ctrl-C comes at `words`."""

    def __init__(self, words):
        self.words = words

    def ask(self, line):
        if line.startswith(self.words):
            raise KeyboardInterrupt
        over = {"lines": [], "stage": "over", "outcome": "passed"}
        return json.dumps(over) if line.endswith("--json") else "old serial=1; new serial=2 "

    def close(self):
        pass


@pytest.mark.parametrize(("words", "said"), [
    ("replace bay-1", "nothing was changed; the new unit of bay-1 stays locked at 0 A"),
    ("replace status", "the controller continues with bay-1"),
    ("commission", "the new unit of bay-1 is accepted and in service; its test continues"),
])  # fmt: skip
def test_ctrl_c_in_a_replacement_reports_the_state_of_the_unit(monkeypatch, capsys, tmp_path, words, said):
    monkeypatch.setattr(replace, "open_link", lambda controller: Ended(words))
    options = SimpleNamespace(ref=None, evse="bay-1", serial="2", out=tmp_path / "r.html", by=None)
    options.unattended, options.no_test, options.json = True, False, False
    assert replace.replace_command(options) == 130
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("ampacity: interrupted: " + said), lines
