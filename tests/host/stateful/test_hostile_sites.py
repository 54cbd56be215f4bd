"""Large random trees under every fault, the whole firmware's cores, plant truth as judge (safety.md 8.3, 8.5).

`make proof` (part trees) plays 400 sites; AMPACITY_DEEP=1: 150 of them here, larger ones.
"""

import os
import random
import tempfile
from pathlib import Path

import pytest
from adversary import COUNTS_DEEP, Adversary, drawn
from hostile_site import rage
from hypothesis import HealthCheck, settings
from random_site import draw

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
