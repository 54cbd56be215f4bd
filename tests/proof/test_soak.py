"""A day of the garage in its storm; an hour of a tight one with every byte and without. `make soak` and `make proof` run weeks."""

import json

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


@pytest.mark.timeout(1800)
@pytest.mark.beside("tests.proof.soak", "--days", "1", "--seed", "3", "--faults", "2")
def test_a_day_of_a_garage_with_random_faults_exceeds_no_rating_and_serves_its_cars(beside):
    code, out, told = beside
    result = json.loads(out.splitlines()[-1])
    run = result["runs"][0]
    assert result["days"] == 1 and result["violations"] == 0, run["violations"]
    assert result["faults"] >= 20 and result["sessions"] >= 15
    assert not run["problems"] and not run["ended"] and not run["growing"], run
    assert run["served"] >= 0.9 * run["sessions"], run["starved"]  # forty faults a day take their part
    assert code in (0, 1), told
