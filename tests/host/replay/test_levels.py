"""Recorded cars at a site with a primary below: those at the top show cards, those below are served, and all is one plant."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "rig"))

from test_family import GARAGE, ROW, STREET  # noqa: E402

from ampacity_host.configure import compile_site, load_site  # noqa: E402
from ampacity_host.replay.driver import Driver  # noqa: E402
from ampacity_host.replay.main import Replay, UsageError  # noqa: E402
from ampacity_host.replay.record import violations  # noqa: E402
from ampacity_host.replay.sessions import Session  # noqa: E402
from ampacity_host.replay.stage import make_stage  # noqa: E402
from ampacity_host.rig.family import Family  # noqa: E402

OCPP = '\n[ocpp]\nversion = "2.0.1"\nidentity = "AMP-0001"\nurl = "ws://127.0.0.1:9000"\nsecurity_profile = 1\npassword = "0123456789abcdef"\n'
START_S = 1_700_000_000
STAY_S = 240


@pytest.fixture
def path(tmp_path):
    for name, text in (("street", STREET + OCPP), ("garage", GARAGE), ("row", ROW)):
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path / "street.toml"


@pytest.mark.parametrize("unmanaged", [False, True])
def test_cars_at_every_level_get_what_they_asked_for(path, unmanaged):
    site = load_site(path)
    family = Family(site, compile_site(site))
    stage = make_stage(SimpleNamespace(unmanaged=unmanaged, no_bytes=False, faults=0), family.flat, 3, START_S, family)
    cars = [Session(f"car-{n}", START_S + 30, START_S + 30 + STAY_S, 150) for n in range(4)]
    driver = Driver(stage.plant, cars, START_S)
    driver.on_plug = stage.on_plug
    stage.run_ms((60 + STAY_S) * 1000)
    assert {record[3] for record in driver.records} == {"kerb", "garage.door", "garage.row.one", "garage.row.two"}
    assert driver.in_full == 4, driver.records
    assert (unmanaged or not violations(stage.plant)) and stage.ocpp()["transactions"] == (0 if unmanaged else 1)
    stage.close()


def test_without_bytes_it_is_refused_and_faults_reach_primaries_below(path, tmp_path):
    (tmp_path / "cars.csv").write_text("arrival_utc,departure_utc,energy_kwh\n2026-01-05T08:00:00Z,2026-01-05T12:00:00Z,10\n")
    args = SimpleNamespace(site=path, sessions=str(tmp_path / "cars.csv"), mains=None, mains_phases=None, columns=None, from_date=None,
                           days=1, seed=1, no_bytes=True)
    with pytest.raises(UsageError, match="all bytes"):
        Replay(args)
    site = load_site(path)
    family = Family(site, compile_site(site))
    stage = make_stage(SimpleNamespace(unmanaged=False, no_bytes=False, faults=60), family.flat, 3, START_S, family)
    assert {("cut", "garage.row", 120_000), ("restart", "garage", 0)} <= set(stage.trouble._kinds)
    stage.close()
