"""The firmware under recorded cars: cards, transactions, books. Minutes, not days: a day of it is a command's work."""

import pytest

from ampacity_host.replay.results import circuit_totals, violations
from ampacity_host.replay.session_player import SessionPlayer
from ampacity_host.replay.sessions import Session
from ampacity_host.replay.simulation import Simulation
from simulated import LOCAL_AND_SECONDARY, set_up

START_S = 1_772_409_600
SITE = LOCAL_AND_SECONDARY.format(rating_a=25.0, local_a=25.0, secondary_a=25.0) + "%s\n"
OCPP = """
[ocpp]
version = "2.0.1"
identity = "AMP-0001"
url = "ws://127.0.0.1:9000"
security_profile = 1
password = "0123456789abcdef"
"""


def simulation(tmp_path, ocpp, **options):
    path = tmp_path / "site.toml"
    path.write_text(SITE % ocpp)
    setup = set_up(path, 1, csms=True)
    return Simulation(setup.facts, 1, START_S, **options)


def sessions(minutes):
    return [Session(str(n), START_S + 20, START_S + 60 * minutes, 600) for n in range(2)]


@pytest.mark.parametrize("no_bytes", [False, True])
def test_cars_are_served_in_full_within_the_rating(tmp_path, no_bytes):
    one = simulation(tmp_path, OCPP, no_bytes=no_bytes)
    driver = SessionPlayer(one.plant, sessions(9), START_S)
    driver.on_plug = one.on_plug
    one.run_ms(600_000)
    assert (driver.served, driver.in_full, driver.delivered_wh) == (2, 2, 1_200)
    assert circuit_totals(one.plant)["main"]["over_ms"] == [0, 0, 0] and violations(one.plant) == []
    assert one.ocpp()["transactions"] == 2 and one.ocpp()["sent"] > 10
    assert one.orders() >= 2 and (one.frames() == 0) == no_bytes
    one.close()


@pytest.mark.parametrize("no_bytes", [False, True])
def test_a_site_without_a_csms_serves_every_car_and_faults_violate_nothing(tmp_path, no_bytes):
    one = simulation(tmp_path, "", faults=120.0, no_bytes=no_bytes)
    driver = SessionPlayer(one.plant, sessions(19), START_S)
    driver.on_plug = one.on_plug
    one.run_ms(1_200_000)
    assert sum(one.trouble.done.values()) >= 3
    assert violations(one.plant) == [] and driver.delivered_wh > 0
    assert one.ocpp() == {"sent": 0, "transactions": 0}
    one.close()
