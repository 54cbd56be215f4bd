"""`make first-hour` runs what docs/install.md says, step by step."""

import re
from pathlib import Path

from tests.first_hour import COMMANDS, FirstHour

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "install.md").read_text()
ROWS = dict(re.findall(r"^\| (\d) \| (.+)$", PAGE.split("If something does not work")[0], re.MULTILINE))


def test_each_command_and_what_it_prints_is_in_its_step_of_the_page():
    for step, command, promised in COMMANDS:
        place = PAGE if " push " in command else ROWS[str(step)]
        assert command in place, (step, command)
        if promised.endswith(".") or promised == "mode regulating":
            assert promised in PAGE, promised


def test_every_step_of_the_page_before_the_commissioning_has_a_command():
    assert {str(step) for step, _, _ in COMMANDS} == set(ROWS) - {"1", "8"}


def test_a_command_is_run_as_it_is_written_but_for_its_places(tmp_path):
    hour = FirstHour(tmp_path, "/dev/pts/7", "file:///nowhere")
    assert hour.words("ampacity console --controller DIR show site")[2:] == ["--controller", str(tmp_path / "data"), "show", "site"]
    assert hour.words("ampacity scan --port /dev/ttyUSB0 --standing")[:5] == ["ampacity", "scan", "--port", "/dev/pts/7", "--standing"]
    assert hour.words("git clone")[-2:] == ["file:///nowhere", "ampacity"]
    assert hour.environment["PATH"].startswith(str(tmp_path / "ampacity" / ".venv" / "bin"))
