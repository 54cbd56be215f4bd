"""`ampacity replay --unmanaged`: what would flow with nobody in charge."""

import json
from pathlib import Path
from types import SimpleNamespace

from ampacity_host.replay.command import run

DATA = Path(__file__).parents[2] / "data"
SITE = """
[site]
name = "t"

[[circuit]]
name = "main"
rating_a = %s
assumed_other_a = 0.0

[[evse]]
name = "evse-1"
kind = "local"
circuit = "main"
max_a = 32.0
phases = ["L1", "L2", "L3"]

[[bus]]
name = "rs485-1"
kind = "rtu"
port = "virtual"

[[evse]]
name = "evse-2"
kind = "ampacity"
bus = "rs485-1"
unit = 2
circuit = "main"
max_a = 32.0
phases = ["L1", "L2", "L3"]
"""


def replay(tmp_path, capsys, rating="63.0", **options):
    site = tmp_path / "site.toml"
    site.write_text(SITE % rating)
    args = {"site": str(site), "sessions": str(DATA / "sessions.csv"), "mains": None, "mains_phases": "l1", "from_date": None,
            "days": None, "columns": None, "car": None, "faults": 0.0, "seed": None, "out": None, "json": True,
            "unmanaged": True, "no_bytes": False}
    args.update(options)
    status = run(SimpleNamespace(**args))
    out, err = capsys.readouterr()
    return status, json.loads(out.splitlines()[-1]) if out else None, err


def test_the_accounts_of_two_days_are_exact(tmp_path, capsys):
    status, result, err = replay(tmp_path, capsys)
    assert status == 0 and result["violations"] == []
    assert result["sessions"] == {"asked": 7, "served": 7, "in_full": 7, "turned_away": 0}
    assert result["energy_wh"] == {"asked": 92_000, "delivered": 92_000}
    assert result["circuits"]["main"]["min_margin_a"] == [31.0, 31.0, 31.0]
    assert "1 of 8 rows left out" in err


def test_an_overload_is_a_violation_with_exit_code_1_and_a_breaker_verdict(tmp_path, capsys):
    status, result, _ = replay(tmp_path, capsys, rating="32.0", car="3,32")
    assert status == 1
    books = result["circuits"]["main"]
    assert books["would_trip"] and books["min_margin_a"][0] == -32.0 and books["over_ms"][0] > 600_000
    assert result["violations"][0]["circuit"] == "main"


def test_other_load_counts_and_files_are_written(tmp_path, capsys):
    out = tmp_path / "out"
    status, result, _ = replay(tmp_path, capsys, mains=str(DATA / "mains.csv"), car="1,16", out=str(out))
    assert result["circuits"]["main"]["min_margin_a"][0] < 47.0
    assert (out / "sessions.csv").read_text().count("\n") == 8
    assert (out / "circuits.csv").is_file() and (out / "replay.png").stat().st_size > 1000


def test_a_wrong_option_is_reported_and_ends_with_2(tmp_path, capsys):
    header = "arrival_local,departure_local,energy_kwh\n"
    far = header + "1991-01-01T10:00,1991-01-01T11:00,1\n2099-01-01T10:00,2099-01-01T11:00,1\n"
    for name, text in (("far", far), ("long", header + "x" * 200_000)):
        (tmp_path / name).write_text(text)
        status, result, err = replay(tmp_path, capsys, sessions=str(tmp_path / name))
        assert status == 2 and result is None and "Traceback" not in err and err, name
    for wrong in ({"car": "3,inf"}, {"car": "3,nan"}, {"faults": float("inf")}, {"faults": float("nan")}, {"days": 10**9},
                  {"from_date": "9999-12-31"},
                  {"car": "three"}, {"sessions": "nowhere.csv"}, {"columns": "arrival=x"}, {"from_date": "1999-01-01", "days": 1}):
        status, result, err = replay(tmp_path, capsys, **wrong)
        assert status == 2 and result is None and err, wrong


def test_a_primary_below_without_its_site_file_is_refused_with_the_remedy(tmp_path, capsys):
    more = '\n[[evse]]\nname = "below"\nkind = "ampacity"\nbus = "rs485-1"\nunit = 3\ncircuit = "main"\nmax_a = 16.0\nafter_lease_s = 20\n'
    site = tmp_path / "above.toml"
    site.write_text(SITE % "63.0" + more)
    status, _, err = replay(tmp_path, capsys, site=str(site))
    assert status == 2 and "needs the site file of a primary below (site = …)" in err
