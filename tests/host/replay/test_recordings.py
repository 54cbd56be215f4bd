"""Recorded sessions and other load, as they come."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ampacity.base.wallclock import EARLIEST_MS, LATEST_MS
from ampacity_host.replay import command
from ampacity_host.replay.other_load import OtherLoadRecording
from ampacity_host.replay.sessions import ColumnError, SessionFile, parse_columns
from ampacity_host.replay.times import DAY_S, TimeReader, in_accepted_years

DATA = Path(__file__).parents[2] / "data"
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"


def write(tmp_path, text):
    path = tmp_path / "recording.csv"
    path.write_text(text)
    return path


def sessions(tmp_path, text, zone=None, columns=None):
    return SessionFile(write(tmp_path, text), TimeReader(zone), columns)


def test_known_headers_are_recognised_and_energy_takes_its_unit_from_them(tmp_path):
    kilo = sessions(tmp_path, "arrival_local,departure_local,energy_kwh\n2026-01-01T10:00,2026-01-01T11:00,1.5\n")
    plain = sessions(tmp_path, "plug_in_utc,plug_out_utc,energy_wh,garage\n2026-01-01T10:00,2026-01-01T11:00,1500.4,G\n")
    assert [one.energy_wh for one in kilo.sessions + plain.sessions] == [1500, 1500]
    assert plain.sessions[0].station == "G"


def test_invalid_rows_are_counted_by_reason_and_omitted(tmp_path):
    file = sessions(tmp_path, "arrival_local,departure_local,energy_kwh\n"
                    "2026-01-01T10:00,2026-01-01T10:00,1\n2026-01-01T10:00,,1\n2026-01-01T10:00,2026-01-01T11:00,-1\n"
                    "2026-01-01T10:00,2026-01-01T11:00,nan\nyesterday,2026-01-01T11:00,1\n2026-01-01T10:00,2026-01-01T11:00,2\n")
    assert len(file.sessions) == 1 and file.rows == 6
    assert sum(file.refused.values()) == 5


ABSURD = ("0001-01-01T00:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59", "9999-12-31T23:59:59-12:00", "1e308", "-1e308", "1e999", "inf", "nan",
          "-0", "\u00b2", "9" * 400, "0", "", " ", "x\x00y", "2026-02-30T10:00")  # fmt: skip


@pytest.mark.parametrize("value", ABSURD)
def test_an_absurd_field_makes_an_invalid_row_and_no_crash(value, tmp_path):
    good = {"arrival_local": "2026-01-01T10:00", "departure_local": "2026-01-01T11:00", "energy_kwh": "1", "phases": "3", "max_a": "16"}
    for zone in (None, BERLIN):
        for field in good:
            row = ",".join(value if name == field else text for name, text in good.items())
            file = sessions(tmp_path, ",".join(good) + "\n" + row + "\n" + ",".join(good.values()) + "\n", zone)
            assert len(file.sessions) + sum(file.refused.values()) == file.rows == 2
    for header in ("time_local,l1_a", "time_local,power_w,voltage_v", "time_local,power_kw,evse_power_w"):
        names = header.split(",")
        for field in names:
            rows = [",".join(value if name == field and n == 1 else "2026-01-01T10:%02d" % n if name == "time_local" else "100" for name in names)
                    for n in range(4)]  # fmt: skip
            mains = OtherLoadRecording(write(tmp_path, header + "\n" + "\n".join(rows) + "\n"), TimeReader(BERLIN), 3, 230)
            mains.begin(1_700_000_000)
            assert max(mains.at(5000)[0]) < 10**10


def test_a_recording_of_one_moment_is_refused(tmp_path):
    with pytest.raises(ColumnError):
        OtherLoadRecording(write(tmp_path, "time_local,l1_a\n" + "2026-01-01T10:00,1\n" * 3), TimeReader(), 3, 230)


def test_columns_can_be_named(tmp_path):
    text = "in,out,kwh_total,where\n2026-01-01T10:00,2026-01-01T11:00,3,evse-2\n"
    file = sessions(tmp_path, text, columns=parse_columns("arrival=in,departure=out,energy=kwh_total,station=where"))
    assert (file.sessions[0].energy_wh, file.sessions[0].station) == (3000, "evse-2")
    with pytest.raises(ColumnError, match="arrival"):
        sessions(tmp_path, text)
    with pytest.raises(ColumnError, match="nowhere"):
        sessions(tmp_path, text, columns={"arrival": "nowhere"})


def test_a_session_over_the_autumn_change_is_an_hour_longer_than_by_the_clock(tmp_path):
    text = "arrival_local,departure_local,energy_kwh\n2019-10-26T22:00,2019-10-27T08:00,3\n"
    one = sessions(tmp_path, text, BERLIN).sessions[0]
    assert one.departure_s - one.arrival_s == 11 * 3600


def test_an_hour_that_happened_twice_never_makes_a_session_end_before_it_began(tmp_path):
    text = "arrival_local,departure_local,energy_kwh\n2019-10-27T02:50,2019-10-27T02:10,1\n"
    one = sessions(tmp_path, text, BERLIN).sessions[0]
    assert one.departure_s - one.arrival_s == 20 * 60


@pytest.mark.parametrize("day", ["1990-07-01", "2015-10-01", "2024-02-29", "2026-03-02", "2099-12-31"])
def test_the_time_of_the_controller_has_the_weekday_and_date_of_the_recording(day):
    times = TimeReader(BERLIN)
    then_s = times.read(day + "T12:00", False)
    told_s = in_accepted_years(then_s)
    before, told = datetime.fromtimestamp(then_s, UTC), datetime.fromtimestamp(told_s, UTC)
    assert EARLIEST_MS <= told_s * 1000 <= LATEST_MS and 2025 <= told.year < 2075
    assert (told.weekday(), told.month, told.day, told.hour) == (before.weekday(), before.month, before.day, before.hour)
    assert times.time_of_day_s(told_s) == times.time_of_day_s(then_s)


def test_an_hour_that_the_clock_skips_does_not_exist():
    times = TimeReader(BERLIN)
    with pytest.raises(ValueError, match="does not exist"):
        times.read("2019-03-31T02:30", False)
    assert times.read("2019-03-31T02:30", True) == 1553999400


def test_the_day_starts_at_local_midnight():
    times = TimeReader(BERLIN)
    noon_s = times.read("2019-07-01T12:00", False)
    assert times.local_day_start(noon_s) == noon_s - DAY_S // 2
    assert times.time_of_day_s(noon_s) == DAY_S // 2


def mains(tmp_path, text, start="2026-05-01T00:00", one_phase="l1", columns=None):
    times = TimeReader()
    one = OtherLoadRecording(write(tmp_path, text), times, 3, 230, columns, one_phase)
    one.begin(times.read(start, True))
    return one


def test_other_load_is_aligned_by_time_of_day_and_repeated():
    times = TimeReader()
    one = OtherLoadRecording(DATA / "mains.csv", times, 3, 230)
    one.begin(times.read("2026-07-01T00:00", True))
    at_seven = one.at(7 * 3_600_000)
    assert at_seven[0][0] > one.at(3 * 3_600_000)[0][0]
    assert at_seven[1] == 8 * 3_600_000
    assert one.at(7 * 3_600_000 + 5 * 86_400_000)[0] == at_seven[0]


def test_single_phase_load_is_put_on_the_given_phase_and_rounded_up(tmp_path):
    text = "time_local,active_power_kw\n2026-01-01T00:00,2.3\n2026-01-01T00:01,1.001\n"
    assert mains(tmp_path, text).at(60_000)[0] == [44, 0, 0]
    assert mains(tmp_path, text, one_phase="all").at(0)[0] == [100, 100, 100]


def test_a_measured_current_precedes_power_and_the_included_evse_is_subtracted(tmp_path):
    text = "time_local,active_power_kw,current_a\n2026-01-01T00:00,9,1.5\n2026-01-01T00:01,9,1.5\n"
    assert mains(tmp_path, text).at(0)[0] == [15, 0, 0]
    text = "time_local,house_power_w,evse_power_w\n2026-01-01T00:00,2300,1150\n2026-01-01T00:01,2300,1150\n"
    assert mains(tmp_path, text).at(0)[0] == [50, 0, 0]


def test_a_recording_shorter_than_a_day_is_played_end_to_end(tmp_path):
    text = "time_local,current_a\n2026-01-01T10:00,1\n2026-01-01T10:01,2\n"
    one = mains(tmp_path, text)
    assert [one.at(60_000 * minute)[0][0] for minute in (600, 601, 602, 603)] == [10, 20, 10, 20]


def test_gaps_hold_the_last_value_and_bad_rows_are_counted(tmp_path):
    text = "time_local,current_a\n2026-01-01T00:00,1\n2026-01-01T00:01,\n2026-01-01T00:02,3\n2026-01-01T00:03,4\n"
    one = mains(tmp_path, text)
    assert one.refused == 1 and one.at(90_000)[0][0] == 10


def test_a_recording_is_the_file_itself_or_the_one_in_the_folder_that_is_named_and_no_other(tmp_path, monkeypatch):
    beside = tmp_path / "shared" / "data"
    for folder in (beside, tmp_path / "named"):
        folder.mkdir(parents=True)
    (beside / "one.csv").write_text("beside")
    (tmp_path / "named" / "two.csv").write_text("named")
    monkeypatch.setattr(command, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMPACITY_DATA", str(tmp_path / "named"))
    assert command.find_data("two.csv").read_text() == "named" and command.find_data("named/two.csv").is_file()
    with pytest.raises(command.UsageError, match="one.csv: there is no such file, neither here nor in .*named$"):
        command.find_data("one.csv")
    monkeypatch.delenv("AMPACITY_DATA")
    assert command.find_data("one.csv").read_text() == "beside"
    with pytest.raises(command.UsageError, match="AMPACITY_DATA is not set"):
        command.find_data("two.csv")
    monkeypatch.setattr(command, "CHECKOUT", None)
    with pytest.raises(command.UsageError, match="one.csv: there is no such file, neither here nor in a folder of recordings"):
        command.find_data("one.csv")


def test_recordings_of_tests_are_in_the_repository_on_every_machine():
    assert os.environ["AMPACITY_DATA"] == str(DATA)
    with pytest.raises(command.UsageError):
        command.find_data("norway_residential_sessions.csv")
