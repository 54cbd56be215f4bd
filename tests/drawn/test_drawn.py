"""The drawn sites of every change: CI_SITES seeds for CI_SECONDS of attacks each; `python -m tests.drawn` plays as many as one likes."""

import pytest

from tests.drawn.life import live
from tests.drawn.run import CI_SECONDS, CI_SITES


@pytest.mark.parametrize("seed", range(1, CI_SITES + 1))
def test_no_rating_is_passed_and_who_charged_at_first_charges_at_last(seed):
    life = live((seed, CI_SECONDS))
    print("drawn: %s: %d EVSEs, %d attacks" % (life["again"], life["evses"], life["attacks"]))
    assert not life["problems"], life
