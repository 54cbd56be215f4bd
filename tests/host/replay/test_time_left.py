"""How far a replay is, what it leaves, and that how often it is looked at changes nothing."""

import io
import re
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial

import pytest
from test_managed import START_S, sessions, simulation
from test_unmanaged import DATA, SITE, replay

from ampacity_host.progress_line import ProgressLine
from ampacity_host.replay.results import circuit_totals
from ampacity_host.replay.session_player import SessionPlayer
from ampacity_host.replay.time_left import HOUR_MS, SLICE_MS, TimeLeft, duration

DAY_MS = 86_400_000


def told(speed, seconds, total_ms=DAY_MS, hint="hurry"):
    """What somebody reads who waits so long for a run at so many times real time: (real second, text)."""
    now_s, heard = 0.0, []
    out = io.StringIO()
    pace = TimeLeft(total_ms, ProgressLine(out), lambda text: heard.append((now_s, text)), hint, lambda: now_s)
    done_ms, length = 0, 0
    while now_s < seconds and done_ms < total_ms:
        step_ms = min(pace.slice_ms, total_ms - done_ms)
        now_s += step_ms / 1000 / speed
        done_ms += step_ms
        pace.passed(done_ms, "2026-03-02 00:00")
        if len(out.getvalue()) > length:
            heard.append((now_s, out.getvalue()[length:].strip()))
            length = len(out.getvalue())
    return heard


@pytest.mark.parametrize("speed", [3, 20, 200, 3000])
def test_the_remaining_time_is_printed_within_two_seconds_at_any_speed(speed):
    heard = told(speed, 30)
    at_s, text = heard[0]
    assert at_s <= 2.5 and "left" in text  # 3 times real time: a slice of five seconds is 1.7 s
    line = next(text for _, text in heard if "times real time" in text)
    assert "%d times real time" % speed in line and "of 24.0 h" in line and len(line) < 80


def test_a_long_wait_prints_the_quicker_way_once_and_a_short_one_does_not():
    assert sum("hurry" in text for _, text in told(200, 30)) == 1
    assert sum("hurry" in text for _, text in told(3000, 30)) == 0
    assert sum("hurry" in text for _, text in told(200, 30, hint="")) == 0


def test_a_slice_takes_about_half_a_second_of_real_time():
    for speed, expected_ms in ((3000, HOUR_MS), (10, SLICE_MS), (1, 1000)):
        now = [0.0]
        pace = TimeLeft(100 * DAY_MS, ProgressLine(io.StringIO()), print, "", partial(now.__getitem__, 0))
        for _ in range(30):
            now[0] += pace.slice_ms / 1000 / speed
            pace.passed(1, "")
        assert pace.slice_ms <= expected_ms and 0.1 * speed <= pace.slice_ms / 1000 <= max(1, 1.2 * speed)


def test_durations_are_words():
    assert [duration(s) for s in (0, 40, 420, 12_600, 200_000)] == ["1 s", "40 s", "7 min", "3.5 h", "2.3 days"]


def test_the_sampling_rate_changes_nothing(tmp_path):
    def books(slices_ms):
        one = simulation(tmp_path, "", faults=120.0)
        driver = SessionPlayer(one.plant, sessions(2), START_S)
        for ms in slices_ms:
            one.run_ms(ms)
        found = driver.delivered_wh, one.orders(), one.frames(), circuit_totals(one.plant)
        one.close()
        return found

    assert books([120_000]) == books([1, 999, 5000, 23_456, 90_544])


def test_a_real_run_prints_its_progress_and_offers_the_quicker_way(tmp_path):
    (tmp_path / "site.toml").write_text(SITE % "63.0")
    run = subprocess.Popen([sys.executable, "-m", "ampacity_host", "replay", "--site", "site.toml", "--sessions", str(DATA / "sessions.csv"),
                            "--days", "7"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        heard = []
        for line in run.stderr:
            heard.append(line)
            if "times real time" in line:
                break
        assert re.match(r"2026-03-0\d \d\d:\d\d, [\d.]+ % of 7.0 days, \d+ times real time, .* left$", heard[-1]), heard
        assert any("--no-bytes" in line for line in heard)
    finally:
        run.kill()
        run.wait()


def test_written_files_are_named(tmp_path, capsys):
    status, _, err = replay(tmp_path, capsys, out=str(tmp_path / "out"))
    names = re.search("written: (.*)", err)[1].split(", ")
    assert status == 0 and names == [str(tmp_path / "out" / name) for name in ("sessions.csv", "circuits.csv", "replay.png")]
    assert all((tmp_path / "out" / name).stat().st_size > 100 for name in names)


def test_the_chart_of_several_days_names_the_year_and_has_the_panels_of_the_demonstration():
    from matplotlib.text import Text  # half a second that no other worker spends

    from ampacity_host.report.chart import days_figure

    first_s = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    rows = range(0, 3 * 1440, 60)
    flat = [[float(minute % 20) for minute in rows]] * 3
    figure = days_figure([("main", [63.0] * 3, flat, flat), ("row", [32.0] * 3, flat, flat)], [first_s + 60 * minute for minute in rows], "t")
    words = [one.get_text() for one in figure.findobj(Text)]
    assert "local time of the site, 2026-03-02 00:00 to 2026-03-04 23:00" in words
    assert "main L1: other load and EVSEs" in words and any(text.startswith("row, rating 32 A; least margin") for text in words)
    lines = [line.get_linestyle() for line in figure.axes[1].get_lines()[:3]]
    assert len(set(map(str, lines))) == 3  # told apart without colour
