"""An hour of the garage in a storm: `make proof` runs thirty days, `make soak` weeks. And what its part `same` must not show."""

import json

import pytest

from tests.proof import soak_same
from tests.proof.soak_same import problems_of

APART = {"violations": [0, 0], "frames": 60_000, "sessions": [5, 5], "energy_wh": [10_000, 9_950], "quarter_wh_apart": 0.01,
         "evse_quarter_wh_apart": 0.02}


def test_hours_that_differ_with_and_without_bytes_are_a_failure_of_their_part():
    assert problems_of(APART, "recorded") == []
    for name, value in (("violations", [0, 1]), ("frames", 100), ("sessions", [5, 4]), ("sessions", [0, 0]), ("energy_wh", [10_000, 9_800]),
                        ("quarter_wh_apart", 0.03), ("evse_quarter_wh_apart", 0.04)):  # fmt: skip
        assert len(problems_of({**APART, name: value}, "recorded")) == 1, name
    assert problems_of({**APART, "energy_wh": [10_000, 9_500]}, "drawn") == []
    assert problems_of({**APART, "energy_wh": [10_000, 8_900]}, "drawn") == ["energy"]


def test_two_hours_are_played_minute_by_minute_and_compared(monkeypatch):
    monkeypatch.setattr(soak_same, "MINUTE_MS", 200)
    found = soak_same.compare(1, 3)
    assert found["evses"] == 3 and found["violations"] == [0, 0] and found["frames"] > 100 and found["sessions"] == [0, 0]


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.beside("tests.proof.soak", "--hours", "1", "--seed", "1", "--faults", "20", "--from-hour", "17")
def test_an_hour_of_a_garage_with_far_more_faults_than_thirty_days_have_exceeds_no_rating_and_serves_its_cars(beside):
    code, out, told = beside
    result = json.loads(out.splitlines()[-1])
    run = result["runs"][0]
    assert result["violations"] == 0, run["violations"]
    assert run["hours"] == 1 and result["faults"] >= 12 and result["sessions"] >= 5
    assert not run["problems"] and not run["ended"] and not run["growing"], run
    assert run["delivered_wh"] >= 0.5 * run["fair_wh"] > 0, run["starved"]  # a fault every three minutes takes its part
    assert code in (0, 1), told
