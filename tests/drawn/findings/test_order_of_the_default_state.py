"""A car whose goal the default state does not permit begins with less."""

from tests.drawn.life import live


def test_a_car_at_a_device_without_watchdog_whose_goal_is_more_than_the_default_state_permits_begins_with_less():
    """Seed 28: two changes of the site file and an echo have taught that the device makes more of its orders."""
    life = live((28, 600))
    assert life["problems"] == [] and life["charged"] == life["evses"] == 5
