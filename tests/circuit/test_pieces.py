"""A share that is left after every piece: what happens meanwhile, and that it comes to the same."""

from helper_circuit import Bench, circuit, evse, site

from ampacity.circuit.policy.allocator import Member, pieces

ON_MICROPYTHON_EACH = 3
COUNT, RATING_DA = 40, 2400


class Slowly(Bench):
    """A few pieces a tick, as on a controller that can do no more."""

    pieces = 5

    def tick(self, ms=100):
        end_ms = self.now_ms + ms
        while self.now_ms < end_ms:
            self.now_ms += 100
            self.guard.tick(self.now_ms, False)
            for _ in range(self.pieces):
                self.guard.share_on()


def garage(kind, count=COUNT, rating=RATING_DA, **settings):
    evses = [evse("evse-%d" % (e + 1), priority=1 + e % 3 // 2) for e in range(count)]
    bench = kind(site(evses, [circuit(rating=rating)], raise_hold_ms=2000, restart_hold_ms=3000, **settings)).start()
    for e in range(count):
        bench.guard.demand(e, True)
    return bench


def begun(bench):
    """In the middle of a share: at least three pieces are done and one is left."""
    while bench.guard.sharing:
        bench.guard.share_on()
    bench.guard.demands.changed = True
    bench.now_ms += 100
    bench.guard.tick(bench.now_ms, False)
    for _ in range(3):
        bench.guard.share_on()
    assert bench.guard.sharing
    return bench


def test_section_6_a_share_over_many_ticks_has_the_same_result():
    at_once, slowly = garage(Bench), garage(Slowly)
    for bench in (at_once, slowly):
        bench.follow(90)
    assert slowly.guard.want_da == at_once.guard.want_da
    assert sum(slowly.guard.want_da) == RATING_DA and min(slowly.guard.want_da) == 0


def test_section_6_targets_come_into_force_when_all_are_known():
    bench = begun(garage(Slowly, 20, 3200))
    assert bench.guard.want_da == [0] * 20
    while bench.guard.sharing:
        bench.guard.share_on()
    assert bench.guard.want_da == [160] * 20


def test_section_6_a_shed_does_not_wait_for_a_share():
    bench = garage(Slowly)
    bench.follow(90)
    begun(bench)
    bench.shrink(1000)
    bench.now_ms += 100
    bench.guard.tick(bench.now_ms, False)
    assert bench.guard.sharing
    assert 0 < sum(bench.guard.want_da) <= 1000
    while bench.guard.sharing:
        bench.guard.share_on()
    assert sum(bench.guard.want_da) <= 1000


def test_section_6_an_evse_unplugged_during_a_share_is_not_raised_by_it():
    bench = begun(garage(Slowly, 20, 3200))
    bench.guard.demand(7, False)
    while bench.guard.sharing:
        bench.guard.share_on()
    assert bench.guard.want_da[7] == 0 and bench.guard.want_da[8] == 160


def test_section_7_a_share_ends_without_effect_when_the_safe_state_begins():
    bench = begun(garage(Slowly))
    bench.guard.enter_safe_state("a test", bench.now_ms)
    assert not bench.guard.sharing
    bench.guard.share_on()
    assert bench.guard.want_da == [0] * COUNT


def test_section_6_an_abandoned_share_is_repeated_with_the_same_free_current():
    bench, other = garage(Slowly), garage(Bench)
    begun(bench)
    bench.guard.plan.tick(bench.now_ms, False)  # as when the mode does not allow it for a moment
    for each in (bench, other):
        each.follow(90)
    assert bench.guard.want_da == other.guard.want_da


def test_section_6_pieces_are_the_allocation():
    for free in (700, 1234, 5000):
        both = [[Member(e, (0, 1 + e % 2), 60, 160 + e, 1 + e % 3, 2 - e // 20, 0) for e in range(COUNT)] for _ in range(2)]
        list(pieces([free, free // 2, free], both[0]))
        assert len([1 for _ in pieces([free, free // 2, free], both[1])]) > 10
        assert [m.goal_da for m in both[0]] == [m.goal_da for m in both[1]]
