"""A meter's line for people."""

from ampacity.console.render import render_meter


def test_an_old_power_is_shown_with_its_age():
    meter = {"online": True, "amps_a": [46.0], "power_w": -2, "power_age_s": 58}
    assert render_meter("grid", meter) == "meter grid  online  46.0 A  -2 W (58 s ago)"
    del meter["power_age_s"]
    assert render_meter("grid", meter) == "meter grid  online  46.0 A  -2 W"


def test_currents_have_the_digits_that_were_measured_on_both_runtimes():
    for da in range(640):
        meter = {"online": True, "amps_a": [da / 10, -da / 10], "power_w": 0}
        whole, tenth = da // 10, da % 10
        sign = "-" if da else ""
        shown = "%d.%d  %s%d.%d A" % (whole, tenth, sign, whole, tenth)
        assert render_meter("grid", meter).replace("-0.0", "0.0") == "meter grid  online  %s  0 W" % shown, da
