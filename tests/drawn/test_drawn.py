"""A few sites drawn at random, on the rig; `python -m tests.drawn` plays as many as one likes."""

import pytest

from tests.deep import deep
from tests.drawn.life import live


@pytest.mark.parametrize("seed", [1, 3, *deep(seed for seed in range(1, 21) if seed not in (1, 3))])
def test_no_rating_is_passed_and_who_charged_at_first_charges_at_last(seed):
    life = live((seed, 100))
    assert not life["problems"], life
