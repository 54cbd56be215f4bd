"""Cars that start late, or need more to start than to continue: one trial in every second retry, after all rounds."""

from helper_circuit import Bench, circuit, evse, site
from helper_picky_cars import drive, garage, plug

ON_MICROPYTHON_EACH = 3


def test_section_6_an_idle_car_is_offered_more_rarely_after_a_few_rounds():
    """Full, or to charge later: a minute at one level in every second retry, and no longer one level after the other."""
    bench = garage(3, 220, wake_ms=120000)
    above = [0, 0]
    for part in (0, 1):
        for _ in range(5400):
            drive(bench, 1, (1000, 60, 60))
            above[part] += bench.guard.want_da[0] > 73
    assert bench.guard.demands.learnt.rounds[0] == 3
    assert above[0] > above[1] and 60 < above[1] < 0.05 * 5400, above


def test_section_6_rounds_end_also_where_the_last_levels_never_fit():
    """13 A never fit beside a reserve of 6 A on 17 A: a car that is full is tried three times, and then at one level only."""
    evses = [evse("evse-1"), evse("evse-2", fallback_da=60, power_on_da=60)]
    times = {"raise_hold_ms": 1000, "restart_hold_ms": 2000, "idle_ms": 20000, "slot_s": 60, "wake_ms": 60000}
    bench = Bench(site(evses, [circuit(rating=170)], **times)).start()
    for e in (0, 1):
        plug(bench, e)
    levels = [set(), set()]
    for part in (0, 1):
        for _ in range(1500):
            drive(bench, 1, (1000, 60))
            levels[part].add(bench.guard.site.evses[0].min_da)
    assert len(levels[0]) == 3 and levels[1] == {60, max(levels[0])}, levels


def late(needs_da, seconds, **settings):
    """A car that is to charge later: after all rounds it waits for current; seconds in which each drew."""
    bench = garage(3, 200, wake_ms=120000, **settings)
    drive(bench, 5400, (1000, 60, 60))
    assert bench.guard.demands.learnt.rounds[0] == 3
    return drive(bench, seconds, (needs_da, 60, 60))


def test_section_6_a_car_that_waits_for_a_later_time_charges_whatever_it_needs():
    """Its rounds were over before its time came: one of 8 or 10 A at a share of 6.6 A never charged."""
    for needs_da in (80, 100, 130):
        charged = late(needs_da, 3600)
        assert min(charged) > 1200, (needs_da, charged)


def test_section_6_a_car_alone_that_waits_for_a_later_time_charges_whatever_it_needs():
    bench = garage(1, 200, wake_ms=120000)
    drive(bench, 5400, (1000,))
    charged = drive(bench, 600, (100,))
    assert charged[0] > 300, (charged, bench.guard.why(0))


def begins_above(bench, state, seconds):
    """The first car begins at 10 A and continues down to 6 A; seconds in which it drew."""
    charged = 0
    for _ in range(seconds):
        needs_da = state.get("da", 60 if state.get("drew") else 100)
        state["drew"] = drive(bench, 1, [needs_da] + [60] * (len(bench.guard.site.evses) - 1))[0]
        charged += state["drew"]
    return charged


def test_section_6_a_car_that_starts_above_what_it_needs_then_starts_again_after_a_pause():
    """It had drawn at its share of 6.6 A, so no more than that was offered: no charge until it was unplugged."""
    for count, pause in ((3, True), (3, False), (1, True), (1, False)):
        bench, state = garage(count, 200, wake_ms=120000), {}
        for e in range(1, count):
            bench.guard.demand(e, False)
        begins_above(bench, state, 60)
        for e in range(1, count):
            plug(bench, e)
        assert begins_above(bench, state, 300) == 300, (count, state)
        if pause:
            bench.guard.limit("user", ("evse", 0), 0, None, "hold")
            begins_above(bench, state, 60)
            bench.guard.limit("user", ("evse", 0), None, None, "hold")
        else:
            begins_above(bench, {"da": 1000}, 300)
            state["drew"] = 0
        charged = begins_above(bench, state, 2400)
        assert charged > 900, (count, pause, charged, bench.guard.why(0))


def test_section_6_a_rest_between_rounds_ends_where_a_level_becomes_possible():
    """8 A, all that a limit left, were tried; when the limit ended its car stayed at 6 A on an empty circuit until the rest was over."""
    bench = garage(1, 200, wake_ms=900000)
    bench.guard.limit("user", ("chargers", 0), 80, None, "hold")
    drive(bench, 600, (100,))
    assert bench.guard.want_da == [60] and bench.guard.why(0) == "6.0 A: its car takes no more"
    bench.guard.limit("user", ("chargers", 0), None, None, "hold")
    charged = drive(bench, 120, (100,))
    assert charged[0] > 60, (charged, bench.guard.why(0))


def test_section_6_what_was_learnt_is_kept_while_nothing_is_possible_at_all():
    """Neither a limit of 0 A nor one below the usual minimum shows that its car needs less."""
    for where in (("evse", 0), ("chargers", 0)):
        for limit_da in (0, 50):
            bench = garage(2, 180)
            drive(bench, 300, (100, 60))
            assert bench.guard.site.evses[0].min_da == 102
            bench.guard.limit("user", where, limit_da, None, "hold")
            drive(bench, 300, (100, 60))
            bench.guard.limit("user", where, None, None, "hold")
            charged = drive(bench, 60, (100, 60))
            assert charged[0] > 40, (where, limit_da, charged, bench.guard.why(0))


def test_section_6_what_was_learnt_is_forgotten_where_only_less_is_possible_and_that_in_short_turns():
    """It had begun at 10.2 A for another reason, and 8 A are possible for 15 s in each 75 s: less than `idle_s` at a time."""
    bench = garage(2, 180)
    drive(bench, 300, (100, 60))
    bench.guard.demand(1, False)
    charged = 0
    for _ in range(12):
        for limit_da, seconds in ((0, 60), (80, 15)):
            bench.guard.limit("user", ("chargers", 0), limit_da, None, "hold")
            charged += drive(bench, seconds, (60, 60))[0]
    assert charged > 60, (charged, bench.guard.why(0))


def test_section_6_a_pause_is_shorter_where_no_other_can_use_what_was_given_back():
    """Its neighbours are gone: its car, which waited for a later time, is tried again after `idle_s`, at the highest level."""
    bench = garage(3, 200, wake_ms=600000)
    for _ in range(9000):
        drive(bench, 1, (1000, 60, 60))
        if bench.guard.demands.learnt is not None and bench.guard.demands.learnt.rounds[0] == 3 and "next retry in 30 min" in bench.guard.why(0):
            break
    assert "next retry in 30 min" in bench.guard.why(0)
    for e in (1, 2):
        bench.guard.plugged(e, False)
        bench.guard.demand(e, False)
    charged = drive(bench, 120, (100, 60, 60))
    assert charged[0] > 60, (charged, bench.guard.why(0))


def test_section_6_a_pause_is_not_shorter_where_others_cannot_use_the_current_for_a_moment_only():
    """Other load ends for 15 s in each 75 s: less than `idle_s`. A retry after each such moment would pause the neighbour."""
    bench = garage(2, 320, wake_ms=300000)
    had_da, paused = 0, 0
    for part in range(72):
        for limit_da, seconds in ((180, 60), (None, 15)):
            bench.guard.limit("user", ("chargers", 0), limit_da, None, "hold")
            for _ in range(seconds):
                drive(bench, 1, (1000, 60))
                if part >= 24:
                    had_da += bench.guard.want_da[1]
                    paused += not bench.guard.want_da[1]
    assert had_da > 0.93 * 160 * 48 * 75 and paused < 120, (had_da / (48 * 75), paused)
