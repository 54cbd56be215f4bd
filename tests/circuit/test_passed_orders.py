"""Orders that came and went between two readings of an EVSE, and a meter that showed what was drawn then (section 3)."""

from helper_frames import live, metered


def is_trusted_when_read_again(bench):
    """The next readings show the current from before the pause."""
    bench.tick(300)
    for _ in range(4):
        bench.measure(0, 150, 150, 150)
        bench.tick(1000)
        bench.meter(250, 251, 250)
    assert bench.guard.meter_state(0) == "ok", bench.guard.meter_reason(0)


def test_rule_3_2_an_own_pause_between_two_readings_is_no_contradiction():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 100, 150)
    for order_da in (0, 160):  # neither is answered
        assert bench.send(order_da) is not None
        bench.tick(400)
    bench.meter(110, 110, 110)  # the car draws 1 A again
    is_trusted_when_read_again(bench)


def test_rule_3_2_a_car_that_recovers_slowly_from_an_own_pause_is_no_contradiction():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 100, 150)
    assert bench.order(0) is not None
    bench.tick(300)
    bench.measure(0, 120, 120, 120)  # on its way down
    assert bench.order(160) is not None
    bench.tick(1200)
    bench.meter(104, 104, 104)  # 0.4 A, about to rise again
    is_trusted_when_read_again(bench)


def test_rule_3_2_an_own_pause_that_ended_within_the_age_of_a_frame_is_no_contradiction():
    """The frame shows the pause; the reading after the new order does not any more."""
    bench = metered()
    bench.stand(160)
    live(bench, 8, 100, 150)
    assert bench.send(0) is not None
    bench.tick(400)
    assert bench.order(160) is not None
    bench.tick(300)
    bench.measure(0, 150, 150, 150)
    bench.tick(200)
    bench.meter(110, 110, 110)
    is_trusted_when_read_again(bench)


def test_rule_3_2_an_own_pause_that_readings_show_hides_no_contradiction():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 100, 150)
    assert bench.order(0) is not None
    live(bench, 8, 100, 0)
    bench.stand(160)
    live(bench, 2, 100, 150)
    live(bench, 3, -150, 150)
    assert bench.guard.meter_state(0) == "lost"
