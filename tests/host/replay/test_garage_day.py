"""Hours of a garage with more cars than EVSEs: the whole firmware, orders as facts; and some minutes of it with every byte.

`python -m tests.proof --parts replay` plays a recorded day of 24 EVSEs by the command itself.
"""

import random

import pytest

from ampacity_host.replay.results import circuit_totals, violations
from ampacity_host.replay.session_player import SessionPlayer
from ampacity_host.replay.sessions import Session
from ampacity_host.replay.simulation import Simulation
from simulated import set_up
from tests.deep import deep
from tests.proof.replay import problems_of, site_text

START_S = 1_772_409_600
SPAN_S, SHORT_S = 1_500, 900
HOUR_S = 3_600
EVSES, FEW = 8, 4


def played(tmp_path, sessions, span_s, no_bytes):
    """(driver, stage) after these cars; nothing was raised."""
    path = tmp_path / "site.toml"
    path.write_text(site_text(40, 20, EVSES, 4))
    setup = set_up(path, 1, csms=True)
    one = Simulation(setup.facts, 1, START_S, no_bytes=no_bytes)
    driver = SessionPlayer(one.plant, sessions, START_S)
    driver.on_plug = one.on_plug
    one.run_ms(span_s * 1000)
    one.plant.close()
    assert one.bench.loop.problems == []
    one.close()
    return driver, one


def test_hours_with_more_cars_than_evses_violate_nothing_and_serve_as_many_as_possible(tmp_path):
    chance = random.Random(7)
    arrivals_s = sorted(START_S + chance.randrange(60, HOUR_S) for _ in range(14))
    stays = [(at_s, at_s + chance.randrange(HOUR_S // 2, 2 * HOUR_S), chance.randrange(1_000, 5_000)) for at_s in arrivals_s]
    sessions = [Session(str(n), *stay) for n, stay in enumerate(stays)]
    driver, one = played(tmp_path, sessions, 3 * HOUR_S + 120, True)
    assert driver.asked == 14 and driver.served + driver.turned_away == 14 and driver.served >= 13
    assert driver.delivered_wh >= 0.9 * driver.asked_wh
    assert violations(one.plant) == [] and not circuit_totals(one.plant)["main"]["would_trip"]
    assert one.ocpp()["transactions"] == driver.served and one.frames() == 0


def busy(tmp_path, evses, span_s, no_bytes):
    """(books, violations, transactions) of a car at every EVSE, come within some minutes, with and without bytes."""
    sessions = [Session(str(n), START_S + 30 + 33 * n, START_S + span_s - 5 * (n % 7), 900 + 450 * n) for n in range(evses)]
    driver, one = played(tmp_path, sessions, span_s, no_bytes)
    return driver.served, driver.in_full, driver.delivered_wh, violations(one.plant), one.ocpp()["transactions"]


@pytest.mark.parametrize("evses, span_s", [(FEW, SHORT_S), *deep([(EVSES, SPAN_S)])])
def test_runs_with_and_without_bytes_agree(tmp_path, evses, span_s):
    full, facts = busy(tmp_path, evses, span_s, False), busy(tmp_path, evses, span_s, True)
    assert full[3] == facts[3] == []
    assert full[0] == facts[0] == full[4] == facts[4] == evses
    assert abs(full[1] - facts[1]) <= 1
    assert abs(full[2] - facts[2]) <= full[2] // 50, (full, facts)  # in minutes each second that a plug is seen later counts


BOOKS = {"violations": [], "circuits": {"main": {"would_trip": False}}, "ocpp": {"transactions": 3}, "energy_wh": {"asked": 1000, "delivered": 900},
         "sessions": {"asked": 4, "served": 3, "turned_away": 1}}


def test_the_accounts_of_the_recorded_day_are_checked_against_their_bounds():
    assert problems_of(0, BOOKS, "recorded") == []
    for name, value in (("violations", ["x"]), ("circuits", {"main": {"would_trip": True}}), ("ocpp", {"transactions": 2}),
                        ("energy_wh", {"asked": 1000, "delivered": 899}), ("sessions", {"asked": 5, "served": 3, "turned_away": 1})):  # fmt: skip
        assert len(problems_of(0, {**BOOKS, name: value}, "recorded")) == 1, name
    assert problems_of(1, BOOKS, "recorded") == ["exit code 1"]
