"""Large random trees under every fault, the whole firmware's cores, plant truth as judge (safety.md 8.3, 8.5).

AMPACITY_DEEP=1: many more, and larger, sites.
"""

import os
import random
import tempfile
from pathlib import Path

import pytest
from hostile_site import HostileSite, rage
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from random_site import draw

DEEP = bool(os.environ.get("AMPACITY_DEEP"))
EXAMPLES, STEPS = (150, 40) if DEEP else (12, 15)
COUNTS = (2, 3, 5, 8, 16, 32, 64) if DEEP else (2, 3, 5, 8)


def drawn(count, seed):
    with tempfile.TemporaryDirectory(prefix="ampacity-site.") as folder:
        return draw(random.Random(seed), count, Path(folder))


class Adversary(RuleBasedStateMachine):
    """Hypothesis chooses the site, every move, and how long the site runs between them."""

    @initialize(count=st.sampled_from(COUNTS), seed=st.integers(0, 2**20))
    def start(self, count, seed):
        self.site = HostileSite(drawn(count, seed), seed)

    @rule(move=st.sampled_from(HostileSite.MOVES), choice=st.integers(0, 2**20), seconds=st.integers(1, 12))
    def attack(self, move, choice, seconds):
        move(self.site, random.Random(choice))
        self.site.run(seconds)

    @invariant()
    def no_sample_above_a_rating(self):
        assert not hasattr(self, "site") or not self.site.bench.violations()

    def teardown(self):
        if hasattr(self, "site"):
            self.site.heal()
            self.site.everybody_charges()


Adversary.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=not DEEP,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])  # fmt: skip
TestAdversary = Adversary.TestCase


def test_a_large_tree_of_64_holds_through_a_storm():
    site = rage(drawn(64, 3), 3, 4)
    assert site.bench.primary.role is None or len(site.bench.primary.role.guard.want_da) == 64


@pytest.mark.parametrize("seed, count", [(5, 8), (31, 2), (424, 8)])
def test_seeds_that_once_left_somebody_waiting_for_ever(seed, count):
    chance = random.Random(seed)
    chance.choice((2, 3, 4, 6, 8, 16))
    with tempfile.TemporaryDirectory(prefix="ampacity-site.") as folder:
        facts = draw(chance, count, Path(folder))
    site = rage(facts, seed, 25)
    site.heal()
    site.everybody_charges()
