"""Some minutes of the bad line (a quarter of an hour is deep), and that its eyes are open."""

import pytest

from tests.deep import sample
from tests.fuzz.day import Day, kept


@pytest.mark.parametrize("hours", sample([0.06, 0.25], 2))
def test_on_a_bad_line_no_wrong_order_is_taken_and_none_is_lost(hours):
    result = Day(hours, 3).run()
    assert result["wrong"] == [] and result["violations"] == [] and result["problems"] == []
    orders = result["orders"]
    assert orders["open"] == 0 and orders["sent"] == orders["in_force"] + orders["replaced"] > 1000 * hours
    assert len(result["faults"]) >= 24 * hours and result["collisions"] > 0 and result["mode"] == "regulating"
    for name in ("crc_errors", "timeouts", "late") + (("foreign",) if hours > 0.1 else ()):
        assert result["primary"][name] > 0, name
    assert result["secondaries"]["crc_errors"] > 0 and result["taken"]["own"] > 2000 * hours and result["taken"]["foreign"] > 800 * hours


def test_what_nobody_sent_is_noticed():
    day = Day(0.01, 1)
    day.bench.run_ms(20_000)
    assert day.ear.wrong == [] and day.ear.taken["own"] > 0
    day.ear.grant_taken(1, 7, 7, 7, 320)
    result = dict(day.result(), orders={"open": 0})
    day.bench.close()
    assert len(result["wrong"]) == 1 and not kept(result)
