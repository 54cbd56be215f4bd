"""EVSEs that are ordered in watts, between two lines: they get their current, and no line more than its rating."""

import pytest
from test_virtual_bench import bench, plug_all

SUPPLIES = {"split": 'system = "split"\n', "wye": "voltage = 120\n"}
SITE = """
[site]
name = "yard"
{supply}
[[circuit]]
name = "main"
rating_a = 40.0
assumed_other_a = 0
continuous = 1
[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
parity = "N"
"""
EVSE = """
[[evse]]
name = "{name}"
kind = "delta-ac-max"
bus = "line"
unit = {unit}
circuit = "main"
max_a = 32.0
power_on_a = 6.0
phases = ["L1-L2"]
"""


@pytest.mark.parametrize("system", SUPPLIES)
def test_pairs_ordered_in_watts_share_the_rating_of_their_lines(tmp_path, system):
    one = bench(tmp_path, SITE.format(supply=SUPPLIES[system]) + EVSE.format(name="a", unit=1) + EVSE.format(name="b", unit=2))
    plug_all(one)
    most_a = 0.0
    for _ in range(60):
        one.run_ms(1_000)
        drawn_a = sum(point.amps_da for point in one.plant.points) / 10
        most_a = max(most_a, drawn_a)
    one.close()
    assert most_a <= 40.0 and drawn_a >= 40.0 * 0.88, (most_a, drawn_a)
