"""From when a car counts as one that draws nothing: from when it stopped, whatever part of its order it used before."""

from helper_circuit import Bench, circuit, evse, site
from helper_picky_cars import garage, plug

ON_MICROPYTHON_EACH = 3


def draw(bench, seconds, most_da):
    """Each car draws its order, at most its own current; seconds in which the first was offered any, and in which it was paused."""
    offered = paused = 0
    for _ in range(seconds):
        for e, want in enumerate(bench.guard.want_da):
            bench.audit(e)
            order_id = bench.send(want, e)
            if order_id is not None:
                bench.prove(order_id, want, e)
            draws = min(most_da[e], want)
            bench.measure(e, draws, draws, draws)
        bench.tick(1000)
        offered += bench.guard.want_da[0] > 0
        paused += "next retry" in bench.guard.why(0)
    return offered, paused


def test_section_6_a_car_that_used_a_part_of_its_order_and_stops_for_a_moment_is_not_asleep():
    """It draws 7 of 10 A, then nothing for less than `idle_s`."""
    for part_s in (15, 200):
        bench = garage(3, 300, idle_ms=20000, slot_s=3600, wake_ms=200000)
        draw(bench, part_s, (70, 320, 320))
        assert draw(bench, 15, (0, 320, 320)) == (15, 0), (part_s, bench.guard.why(0))
        assert draw(bench, 200, (70, 320, 320)) == (200, 0), (part_s, bench.guard.why(0))


def test_section_6_a_car_that_used_a_part_of_its_order_is_asleep_a_while_after_it_stopped():
    bench = garage(3, 300, idle_ms=20000, slot_s=3600, wake_ms=200000)
    draw(bench, 100, (70, 320, 320))
    assert draw(bench, 200, (0, 320, 320))[1] > 10, bench.guard.why(0)


def test_section_6_a_row_that_reports_a_request_is_paused_a_while_after_one_of_its_cars_drew_last():
    """Of its grant its cars draw a part, for long; then none draws for less than three times `idle_s`."""
    facts = site([evse("p", primary=True, max_da=320, limit_da=320), evse("e", unit=2), evse("f", unit=3)], [circuit(rating=300)])
    facts["settings"].update({"raise_hold_ms": 1000, "restart_hold_ms": 2000, "idle_ms": 20000, "slot_s": 3600, "wake_ms": 200000})
    bench = Bench(facts).start()
    for e in range(3):
        plug(bench, e)
    bench.guard.minimum_grant(0, 60)
    draw(bench, 200, (70, 320, 320))
    bench.guard.minimum_grant(0, 60)
    assert draw(bench, 50, (0, 320, 320))[1] == 0, bench.guard.why(0)
    assert draw(bench, 60, (0, 320, 320))[1] > 10, bench.guard.why(0)
