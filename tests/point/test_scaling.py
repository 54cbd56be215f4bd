"""Scaling of a board file: pilot, cable coding, temperature."""

from ampacity.evse.iec61851 import cable_da
from ampacity.point.samples import PilotScale
from ampacity.point.scaling import coding_ohm, measured_mv, sensor_c

PULL = {"pull_up_ohm": 1000, "pull_up_mv": 3300, "pull_down_ohm": 0}
PARALLEL = {"pull_up_ohm": 1000, "pull_up_mv": 5000, "pull_down_ohm": 4700}


def pp_mv(facts, ohm):
    if facts["pull_down_ohm"]:
        ohm = ohm * facts["pull_down_ohm"] // (ohm + facts["pull_down_ohm"])
    return facts["pull_up_mv"] * ohm // (facts["pull_up_ohm"] + ohm)


def test_the_example_of_the_porting_guide():
    adc = {"numerator": 24000, "denominator": 2880, "offset_mv": -13750}
    assert [measured_mv(adc, pin_mv) for pin_mv in (210, 1650, 3090)] == [-12000, 0, 12000]


def test_each_coding_resistor_reads_as_its_current_at_its_limits():
    for facts in (PULL, PARALLEL):
        for ohm, current_da in ((1500, 130), (680, 200), (220, 320), (100, 630), (1515, 130), (673, 200), (222, 320), (99, 630)):
            assert cable_da(coding_ohm(facts, pp_mv(facts, ohm))) == current_da


def test_an_open_pp_has_no_resistor_and_a_short_is_no_coding():
    for facts in (PULL, PARALLEL):
        assert coding_ohm(facts, facts["pull_up_mv"]) is None
        assert cable_da(coding_ohm(facts, 0)) is None and cable_da(coding_ohm(facts, pp_mv(facts, 40))) is None
    assert coding_ohm(PARALLEL, pp_mv(PARALLEL, 10**7)) is None


def test_a_sensor_with_a_falling_slope():
    assert sensor_c({"zero_mv": 500, "mv_per_k": 10}, 750) == 25
    assert sensor_c({"zero_mv": 1500, "mv_per_k": -5}, 1375) == 25


def test_raw_samples_become_cp_in_one_step_without_a_loss_of_millivolts():
    scale = PilotScale({"numerator": 25, "denominator": 3, "offset_mv": -13750}, 3300, 65535)
    for cp_mv in (-12000, 0, 6000, 12000):
        raw = (cp_mv + 13750) * 3 * 65535 // (25 * 3300)
        assert abs(scale.cp_mv(raw) - cp_mv) <= 1


def test_an_inverting_amplifier_has_its_high_half_at_the_low_counts():
    scale = PilotScale({"numerator": -25, "denominator": 3, "offset_mv": 13750}, 3300, 65535)
    low, high = [(13750 - cp_mv) * 3 * 65535 // (25 * 3300) for cp_mv in (-12000, 9000)]
    levels = scale.levels([high, high, high, low, low, low], 0)
    assert abs(levels[0] - 9000) <= 1 and abs(levels[1] + 12000) <= 1
