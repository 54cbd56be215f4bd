"""From when a car counts as one that draws nothing: from when it stopped, whatever part of its order it used before."""

from helper_circuit import Bench, circuit, evse, site
from helper_picky_cars import draw, garage, plug

ON_MICROPYTHON_EACH = 3
TIMES = {"raise_hold_ms": 1000, "restart_hold_ms": 2000, "idle_ms": 20000, "slot_s": 3600, "wake_ms": 200000}


def play(bench, seconds, *most_da):
    """Seconds in which the first was offered current, and in which it was paused."""
    offered = paused = 0
    for _ in range(seconds):
        draw(bench, most_da)
        offered += bench.guard.want_da[0] > 0
        paused += "next retry" in bench.guard.why(0)
    return offered, paused


def test_section_6_a_car_that_used_a_part_of_its_order_and_stops_for_a_moment_is_not_asleep():
    """It draws 7 of 10 A, as long as `idle_s` or longer, then nothing for less than that."""
    for part_s in (20, 40, 200):
        bench = garage(3, 300, **TIMES)
        play(bench, part_s, 70, 320, 320)
        assert play(bench, 15, 0, 320, 320) == (15, 0), (part_s, bench.guard.why(0))
        assert play(bench, 200, 70, 320, 320) == (200, 0), (part_s, bench.guard.why(0))


def test_section_6_a_car_that_used_a_part_of_its_order_is_asleep_a_while_after_it_stopped():
    bench = garage(3, 300, **TIMES)
    play(bench, 100, 70, 320, 320)
    assert play(bench, 200, 0, 320, 320)[1] > 10, bench.guard.why(0)


def row(**own):
    """A primary below, or another EVSE, beside two that take all."""
    bench = Bench(site([evse("p", **own), evse("e", unit=2), evse("f", unit=3)], [circuit(rating=300)], **TIMES)).start()
    for e in range(3):
        plug(bench, e)
    return bench


def test_section_6_a_row_that_reports_a_request_is_paused_a_while_after_one_of_its_cars_drew_last():
    """Of its grant its cars draw a part, for long; then none draws for less than three times `idle_s`."""
    bench = row(primary=True, max_da=320, limit_da=320)
    bench.guard.minimum_grant(0, 60)
    play(bench, 200, 70, 320, 320)
    assert play(bench, 50, 0, 320, 320)[1] == 0, bench.guard.why(0)
    assert play(bench, 60, 0, 320, 320)[1] > 10, bench.guard.why(0)


def idle_after(bench, seconds):
    """Offered current in turns shorter than `idle_s`, of which it draws nothing; the seconds until it is idle, at most these."""
    for second in range(seconds):
        bench.guard.limit("user", ("evse", 0), 0 if second % 20 >= 15 else None, None, "hold")
        draw(bench, (0, 320, 320))
        if "next retry" in bench.guard.why(0):
            return second
    return seconds


def test_section_6_the_turns_of_the_car_before_do_not_count():
    """No level above its minimum is possible, so nothing is tried with it; three times `idle_s` in turns of 15 s make it idle."""
    alone_s = idle_after(row(max_da=60, limit_da=60), 400)
    assert 60 < alone_s < 120, alone_s
    bench = row(max_da=60, limit_da=60)
    idle_after(bench, alone_s - 20)
    bench.unplug(0)
    bench.guard.demand(0, False)
    bench.tick(1000)
    plug(bench, 0)
    again_s = idle_after(bench, 400)
    assert again_s > alone_s - 10, (alone_s, again_s)
