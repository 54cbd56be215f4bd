"""A residual current at the primary's own point, over its restarts and over a power cut in any write: no reclosing by itself."""

import pytest
from site_changes import Yard, evse, site_text

from tests.deep import sample

SITE = site_text([evse("evse-1", 0, "local"), evse("evse-2", 2)])


def charging():
    yard = Yard(SITE)
    yard.do("plug", evse="evse-1")
    assert yard.run(30)["evse-1"] > 10.0
    return yard


def up_again(yard, seconds):
    """The most that evse-1 drew in that time, the power given back whenever it went."""
    most_a = 0.0
    for _ in range(seconds):
        most_a = max(most_a, yard.run(1)["evse-1"])
        if not yard.bench.primary.running:
            yard.restart()
    return most_a


@pytest.mark.parametrize("kind", sample(["residual_current", "diode"], 2))
def test_no_restart_ends_the_latch_but_the_unplug_does(kind):
    yard = charging()
    yard.do("fault", kind=kind, target="evse-1")
    yard.run(5)
    yard.do("fault", kind=kind, target="evse-1", on=False)
    for action in ("power_cycle", "power_cycle", "power_cycle"):
        yard.do("primary", action=action)
        assert up_again(yard, 40) == 0.0
    assert yard.primary["evses"]["evse-1"]["status"] == "Faulted"
    yard.do("unplug", evse="evse-1")
    yard.run(10)
    yard.do("plug", evse="evse-1")
    assert yard.run(40)["evse-1"] > 10.0


@pytest.mark.parametrize("n", sample(range(1, 6), 3))
def test_a_power_cut_in_any_later_write_does_not_end_the_latch(n):
    yard = charging()
    yard.do("fault", kind="residual_current", target="evse-1")
    yard.do("primary", action="power_cut_at_write", n=n)
    up_again(yard, 70)
    yard.do("fault", kind="residual_current", target="evse-1", on=False)
    assert up_again(yard, 60) == 0.0, n
    yard.restart(cut=n)
    assert up_again(yard, 90) == 0.0, n
