"""Recorded cars at a site with a primary below: those at the top show cards, those below are served, and all is one plant."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "rig"))

from test_cascade import GARAGE, ROW, STREET  # noqa: E402

from ampacity_host.configure import compile_site, load_site  # noqa: E402
from ampacity_host.replay.command import Replay, UsageError  # noqa: E402
from ampacity_host.replay.results import violations  # noqa: E402
from ampacity_host.replay.session_player import SessionPlayer  # noqa: E402
from ampacity_host.replay.sessions import Session  # noqa: E402
from ampacity_host.replay.simulation import make_simulation  # noqa: E402
from ampacity_host.rig.base.cascade import Cascade  # noqa: E402

OCPP = '\n[ocpp]\nversion = "2.0.1"\nidentity = "AMP-0001"\nurl = "ws://127.0.0.1:9000"\nsecurity_profile = 1\npassword = "0123456789abcdef"\n'
START_S = 1_700_000_000
STAY_S = 240


@pytest.fixture
def path(tmp_path):
    for name, text in (("street", STREET + OCPP), ("garage", GARAGE), ("row", ROW)):
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path / "street.toml"


@pytest.mark.parametrize("unmanaged", [False, True])
def test_cars_at_every_level_get_the_requested_energy(path, unmanaged):
    site = load_site(path)
    cascade = Cascade(site, compile_site(site))
    simulation = make_simulation(SimpleNamespace(unmanaged=unmanaged, no_bytes=False, faults=0), cascade.flat, 3, START_S, cascade)
    cars = [Session(f"car-{n}", START_S + 30, START_S + 30 + STAY_S, 150) for n in range(4)]
    driver = SessionPlayer(simulation.plant, cars, START_S)
    driver.on_plug = simulation.on_plug
    simulation.run_ms((60 + STAY_S) * 1000)
    assert {record[3] for record in driver.records} == {"kerb", "garage.door", "garage.row.one", "garage.row.two"}
    assert driver.in_full == 4, driver.records
    assert (unmanaged or not violations(simulation.plant)) and simulation.ocpp()["transactions"] == (0 if unmanaged else 1)
    simulation.close()


def test_without_bytes_it_is_refused_and_faults_reach_primaries_below(path, tmp_path):
    (tmp_path / "cars.csv").write_text("arrival_utc,departure_utc,energy_kwh\n2026-01-05T08:00:00Z,2026-01-05T12:00:00Z,10\n")
    args = SimpleNamespace(site=path, sessions=str(tmp_path / "cars.csv"), mains=None, mains_phases=None, columns=None, from_date=None,
                           days=1, seed=1, no_bytes=True)
    with pytest.raises(UsageError, match="all bytes"):
        Replay(args)
    site = load_site(path)
    cascade = Cascade(site, compile_site(site))
    simulation = make_simulation(SimpleNamespace(unmanaged=False, no_bytes=False, faults=60), cascade.flat, 3, START_S, cascade)
    assert {("cut", "garage.row", 120_000), ("restart", "garage", 0)} <= set(simulation.trouble._kinds)
    simulation.close()
