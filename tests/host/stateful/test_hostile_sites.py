"""Large random trees under every fault, the whole firmware's cores, plant truth as judge (safety.md 8.3, 8.5).

`make proof` (part trees) plays 400 sites; AMPACITY_DEEP=1: 150 of them here, larger ones.
"""

import os
import random
import tempfile
from pathlib import Path

import pytest
from adversary import COUNTS_DEEP, Adversary, drawn
from hostile_site import HostileSite, rage
from hypothesis import HealthCheck, settings
from random_site import draw

from ampacity.circuit.trusted.intake import Intake
from tests.deep import sample

DEEP = bool(os.environ.get("AMPACITY_DEEP"))
EXAMPLES, STEPS = (150, 40) if DEEP else (4, 15)


class Played(Adversary):
    counts = COUNTS_DEEP if DEEP else Adversary.counts


Played.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=not DEEP,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])  # fmt: skip
TestAdversary = Played.TestCase


def test_a_large_tree_of_64_holds_through_a_storm():
    site = rage(drawn(64, 3), 3, 4)
    assert site.bench.primary.role is None or len(site.bench.primary.role.guard.want_da) == 64


@pytest.mark.parametrize("seed, count", sample([(5, 8), (31, 2), (424, 8)], 3, 1))
def test_seeds_that_once_left_somebody_waiting_for_ever(seed, count):
    chance = random.Random(seed)
    chance.choice((2, 3, 4, 6, 8, 16))
    with tempfile.TemporaryDirectory(prefix="ampacity-site.") as folder:
        facts = draw(chance, count, Path(folder))
    site = rage(facts, seed, 25)
    site.heal()
    site.everybody_charges()
    assert not site.bench.violations()


@pytest.mark.parametrize("seed, count", [(410, 2), (2145, 2), (3356, 3)])
def test_a_line_that_echoed_while_a_device_was_away_serves_it_afterwards(seed, count):
    """On a line with devices that get nothing but writes answered by their repetition."""
    with tempfile.TemporaryDirectory(prefix="ampacity-site.") as folder:
        site = HostileSite(draw(random.Random(seed), count, Path(folder)), seed)
    site.run(30)
    site._begin("echo", "line-0", {})
    for name in site.remote:
        site._begin("power_off", name, {})
    site.run(60)
    site.heal()
    site.everybody_charges()
    assert not site.bench.violations()


def cars_that_come_and_go(count, seed):
    """A minute of nothing else."""
    site = HostileSite(drawn(count, seed), seed)
    for turn in range(5):
        chance = random.Random(turn)
        site.plug(chance)
        site.plug(chance)
        site.run(12)
        site.unplug(chance)


def test_current_that_is_given_on_before_a_car_has_settled_is_found_though_no_more_flows(monkeypatch):
    proven = Intake.proven

    def at_once(self, evse, order_id, limit_da, now_ms):
        proven(self, evse, order_id, limit_da, now_ms)
        s = self.evse_states[evse]
        s.book.orders = [order for order in s.book.orders if order.gone_ms < 0]
        self.bounds.update_bound(s)

    sites = [(3, 1), (3, 6), (5, 7)]
    for count, seed in sites:
        cars_that_come_and_go(count, seed)
    monkeypatch.setattr(Intake, "proven", at_once)
    for count, seed in sites:
        with pytest.raises(AssertionError, match="violations"):
            cars_that_come_and_go(count, seed)
