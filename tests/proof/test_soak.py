"""An hour of a tight garage with every byte and without: the same currents. `make soak` and `make proof` run the weeks."""

import pytest

from tests.proof.soak_same import compare


@pytest.mark.timeout(900)
def test_without_bytes_the_same_currents_flow_as_with_all_of_them():
    found = compare(1, 8, from_hour=15)
    full_wh, facts_wh = found["energy_wh"]
    assert found["violations"] == [0, 0] and found["frames"] > 50_000
    assert found["sessions"][0] == found["sessions"][1] >= 4
    assert abs(full_wh - facts_wh) <= 0.01 * full_wh, found
    assert found["quarter_wh_apart"] <= 0.02 and found["evse_quarter_wh_apart"] <= 0.03, found
