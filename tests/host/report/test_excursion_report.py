"""`ampacity report excursions`: from the controller's own journal to lines for people."""

import json

import pytest

from ampacity.base.clock import Clock
from ampacity.base.log import Log
from ampacity.base.wallclock import WallClock
from ampacity.circuit.guard import Guard
from ampacity.roles.optional.excursion_log import ExcursionLog
from ampacity.store.disk_files import DiskFiles
from ampacity_host.report.excursion_report import NoData, read_excursions, report_command

START_MS = 2**30
SITE = {"phases": 3, "circuits": [{"name": "main", "parent": -1, "rating_da": [630] * 3, "breaker": "C63", "meter": 0}],
        "evses": [], "buses": [], "meters": [{"name": "grid", "phases": [0, 1, 2]}], "settings": {}}


class StillClock(Clock):
    def now_ms(self):
        return START_MS


def recorded(folder, peak_da, seconds=10, dated=True):
    """A controller that saw one excursion on L2."""
    wallclock = WallClock(StillClock())
    if dated:
        wallclock.set_unix(1_780_000_000_000, "ntp", START_MS)
    guard = Guard(SITE, START_MS)
    kept = ExcursionLog(guard, DiskFiles(str(folder / "store")), wallclock, Log())
    for second in range(seconds + 10):
        now_ms = START_MS + second * 1000
        guard.meter(0, [100, peak_da if second < seconds else 0, 100], now_ms, second)
        kept.reading(0, now_ms)
    kept.step(START_MS + 60_000)
    return kept


def test_the_record_of_the_controller_is_read_with_its_date(tmp_path, capsys):
    recorded(tmp_path, 730)
    assert report_command(tmp_path) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2026-05-28 20:26:40 UTC  main L2 up to 73.0 A"), lines
    assert lines[1].startswith("1 excursions, ")


def test_a_possible_breaker_trip_sets_the_exit_status(tmp_path, capsys):
    recorded(tmp_path, 3200)
    assert report_command(tmp_path, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["excursions"][0]["would_trip"] is True


def test_a_missing_date_is_reported(tmp_path, capsys):
    recorded(tmp_path, 730, dated=False)
    report_command(tmp_path)
    assert capsys.readouterr().out.startswith("time unknown")


def test_an_empty_record_is_reported(tmp_path, capsys):
    (tmp_path / "store").mkdir()
    assert report_command(tmp_path) == 0
    assert capsys.readouterr().out == "no excursion above a rating\n"


def test_a_folder_without_a_store_is_refused(tmp_path):
    with pytest.raises(NoData):
        read_excursions(tmp_path)
    assert report_command(tmp_path) == 3


def test_the_ring_keeps_the_newest(tmp_path):
    kept = recorded(tmp_path, 730)
    record = read_excursions(tmp_path)[0]
    for number in range(300):
        kept.core.records.append(dict(record, peak_da=1000 + number))
        kept.step(START_MS)
    records = read_excursions(tmp_path)
    assert records[-1]["peak_da"] == 1299 and len(records) < 300


@pytest.mark.parametrize("field", ["circuit", "phase", "peak_da", "duration_ms", "over_das", "used_permille", "would_trip", "unix_ms"])
@pytest.mark.parametrize("wrong", [None, "x", [], -1, 10**30])
def test_a_record_of_another_shape_is_left_out(tmp_path, field, wrong):
    kept = recorded(tmp_path, 730)
    record = read_excursions(tmp_path)[0]
    kept.journal.append(json.dumps({**record, field: wrong}).encode())
    assert read_excursions(tmp_path)[0] == record and report_command(tmp_path) in (0, 1)
