"""The figures of docs/safety-case.md on meters that lie are what the measuring script prints."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LINE = re.compile(r"(.+?) +(?:found after (\d+) s|not found in (\d+) s) +([\d.]+) s above, by at most ([\d.]+) A")


def measured():
    """{scene: (found after, s; None: not found), s above, A above}."""
    words = [sys.executable, "tests/circuit/measure_lying_meters.py"]
    text = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = [LINE.fullmatch(line) for line in text.splitlines()]
    return {line[1]: (line[2] and int(line[2]), float(line[4]), float(line[5])) for line in lines}


def test_the_safety_case_gives_the_figures_that_the_script_prints():
    scenes = measured()
    text = " ".join((ROOT / "docs" / "safety-case.md").read_text().split())
    rise = "after %d s, with %.1f s above the rating in all, by at most %.1f A" % scenes["saturates at 25 A, limits rise"]
    short = "after %d s, with %g s above the rating, by at most %.1f A" % scenes["saturates at 25 A, 8 and 16 A, 4 s"]
    assert rise in text and short in text
    slow = sorted(scenes["saturates at 25 A, 6 and 32 A, %d s" % turn_s][0] for turn_s in (12, 20, 30, 60))
    assert "in turns of 12 to 60 s after %d to %d s" % (slow[0], slow[-1]) in text
    fast = [scenes["saturates at 25 A, 6 and 32 A, %d s" % turn_s] for turn_s in (4, 8)]
    halved = [scenes["shows half, 6 and 32 A, %d s" % turn_s] for turn_s in (4, 8)]
    each = [over_s / (1200 / turn_s) for (_, over_s, _), turn_s in zip(fast, (4, 8), strict=True)]
    assert all(one[0] is None for one in fast + halved)
    assert "%d and %d s above the rating in each turn, by at most %.1f A" % (round(each[0]), round(each[1]), max(one[2] for one in fast)) in text
    assert "a factor of 0.5 alike: by at most %.1f A" % max(one[2] for one in halved) in text
