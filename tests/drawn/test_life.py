"""Who is missed at the end of a life on a drawn site."""

from types import SimpleNamespace

from tests.drawn.life import Life

QUEUED, UNBALANCED = "queued: main L1 (32.0 A)", "queued: unbalance limit of main L2 20.0 A; too little"


def missed(why, drawn_da, first=("e1",)):
    judge = SimpleNamespace(unmeasured={"e2"}, drawn_da={"e1": [0], "e2": drawn_da})
    life = SimpleNamespace(one=SimpleNamespace(judge=judge, left=lambda: {"e1": why}))
    return list(Life.left(life, set(first))), life.not_asked


def test_who_waits_beside_an_unmeasured_evse_is_missed():
    assert missed(QUEUED, [160, 0, 0]) == (["e1"], set())


def test_only_below_an_unbalance_limit_while_such_a_one_draws_nobody_is_missed():
    assert missed(UNBALANCED, [160, 0, 0]) == ([], {"e1"})
    assert missed(UNBALANCED, [0, 0, 0]) == (["e1"], set())


def test_who_had_never_charged_is_not_missed():
    assert missed(QUEUED, [0], first=()) == ([], set())
