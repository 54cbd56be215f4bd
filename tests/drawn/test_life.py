"""Who is missed at the end of a life on a drawn site, and for how long a car may wait."""

from types import SimpleNamespace

from tests.drawn.life import AGAIN_S, SATED, SUMS, UNSEEN, Life

QUEUED, UNBALANCED = "queued: main L1 (32.0 A)", "queued: unbalance limit of main L2 20.0 A; too little"


def missed(why, drawn_da, short=(), hungry=True):
    judge = SimpleNamespace(unmeasured={"e2"}, drawn_da={"e1": [0], "e2": drawn_da})
    one = SimpleNamespace(judge=judge, evses=["e1", "e2"], charged={"e2"}, left=lambda: {"e1": why} if hungry else {})
    life = SimpleNamespace(one=one, short=set(short), not_asked={})
    return list(Life.left(life)), life.not_asked


def test_who_waits_beside_an_unmeasured_evse_is_missed():
    assert missed(QUEUED, [160, 0, 0]) == (["e1"], {})


def test_only_below_an_unbalance_limit_while_such_a_one_draws_nobody_is_missed():
    assert missed(UNBALANCED, [160, 0, 0]) == ([], {"e1": UNSEEN})
    assert missed(UNBALANCED, [0, 0, 0]) == (["e1"], {})


def test_who_is_not_missed_is_counted():
    assert missed(QUEUED, [0], short=["e1"]) == ([], {"e1": SUMS})
    assert missed(QUEUED, [0], hungry=False) == ([], {"e1": SATED})


def test_the_time_follows_from_the_slots_where_many_wait():
    for count, time_s in ((2, AGAIN_S), (12, 12 * 240)):
        one = SimpleNamespace(hungry=lambda count=count: set(range(count)), charged=set())
        life = SimpleNamespace(one=one, site={"settings": {"slot_s": 120, "restart_hold_s": 60}})
        assert Life.time_s(life) == time_s
