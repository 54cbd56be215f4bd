"""The real thing for a few seconds: a rig, its processes, one car, as lines."""

import re
import subprocess
import sys

SHORT = """
import sys
from ampacity_host.demo.command import run
from ampacity_host.demo.story import Step, Story, car, other_load
steps = (other_load(0.2, 9, 7, 6, title="Power up", mark="power up", wait="up"), *car(1.0, "evse-1", "ANNA"),
         Step(3.0, None, {}, "It charges", "", "charging", "regulating"))
sys.exit(run("cpython", True, sys.argv[1], Story(steps, 9.0)))
"""


def test_a_car_charges_and_the_last_lines_are_printed(tmp_path):
    chart = tmp_path / "short.svg"
    done = subprocess.run([sys.executable, "-c", SHORT, str(chart)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "chart: %s" % chart
    assert [re.match(r"least margin (\S+): -?\d+\.\d A on L\d", line)[1] for line in lines[-5:-1]] == ["house", "garage", "row-a", "row-b"]
    assert "<svg" in chart.read_text()[:600]
    assert any(re.search(r"\d:\d\d    evse-1: Charging", line) for line in lines)
    assert "No rule was broken." in lines
