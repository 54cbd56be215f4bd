"""A meter's line for people."""

from ampacity.console.render import render_meter


def test_an_old_power_is_shown_with_its_age():
    meter = {"online": True, "amps_a": [46.0], "power_w": -2, "power_age_s": 58}
    assert render_meter("grid", meter) == "meter grid  online  46.0 A  -2 W (58 s ago)"
    del meter["power_age_s"]
    assert render_meter("grid", meter) == "meter grid  online  46.0 A  -2 W"
