"""Hours without a word: one of our secondaries is cut off, or the primary is gone, and everybody charges again soon."""

import pytest

from tests.deep import sample
from tests.drawn.findings.scene import RTU, circuit, everybody_charges, evse, settle_in, site, within
from tests.drawn.table import table

HOUR_MS = 3_600_000
TWO = site(circuit("main", 40.0), RTU, evse("e1", "local"), evse("e2", bus="b", unit=2))


@pytest.mark.parametrize("hours", sample([1, 13], 2))
def test_a_secondary_that_was_cut_off_for_hours_charges_again(hours):
    with table(TWO) as one:
        one.go(30_000)
        one.fault("cut", "e2")
        one.skip(hours * HOUR_MS)
        one.fault("cut", "e2", on=False)
        one.plug("e2")
        one.forget()
        left = everybody_charges(one, 300)
        within(one, "7 cut off for %d h" % hours)
        assert not left, left


@pytest.mark.parametrize("hours", sample([4, 7 * 24], 2))
def test_after_an_outage_of_the_primary_everybody_charges_again(hours):
    with table(TWO) as one:
        one.plug()
        settle_in(one)
        one.primary("kill")
        one.go(hours * HOUR_MS, 60_000)
        one.primary("start")
        one.forget()
        left = everybody_charges(one, 300)
        within(one, "the primary was gone for %d h" % hours)
        assert not left, left
