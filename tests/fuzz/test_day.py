"""A quarter of an hour of the bad line, and that its eyes are open."""

from tests.fuzz.day import Day, kept


def test_on_a_bad_line_no_wrong_order_is_taken_and_none_is_lost():
    result = Day(0.25, 3).run()
    assert result["wrong"] == [] and result["violations"] == [] and result["problems"] == []
    orders = result["orders"]
    assert orders["open"] == 0 and orders["sent"] == orders["in_force"] + orders["replaced"] > 300
    assert len(result["faults"]) >= 6 and result["collisions"] > 0 and result["mode"] == "regulating"
    for name in ("crc_errors", "timeouts", "late", "foreign"):
        assert result["primary"][name] > 0, name
    assert result["secondaries"]["crc_errors"] > 0 and result["taken"]["own"] > 500 and result["taken"]["foreign"] > 200


def test_what_nobody_sent_is_noticed():
    day = Day(0.01, 1)
    day.bench.run_ms(20_000)
    assert day.ear.wrong == [] and day.ear.taken["own"] > 0
    day.ear.grant_taken(1, 7, 7, 7, 320)
    result = dict(day.result(), orders={"open": 0})
    day.bench.close()
    assert len(result["wrong"]) == 1 and not kept(result)
