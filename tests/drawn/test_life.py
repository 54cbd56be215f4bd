"""Who is missed at the end of a life on a drawn site, and for how long a car may wait."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from ampacity_host.rig.plant.may_draw import MayDraw
from ampacity_host.rig.plant.overload_allowance import OverloadAllowance
from tests.drawn.life import NOT_ASKED, SATED, SUMS, UNSEEN, Life, live
from tests.drawn.run import CI_SECONDS
from tools.digests import MACHINE, ROOT

QUEUED, UNBALANCED = "queued: main L1 (32.0 A)", "queued: unbalance limit of main L2 20.0 A; too little"


def missed(left, drawn_da=(0, 0, 0), short=()):
    """({EVSE: why} of who is missed, {EVSE: reason} of who is not) of e1, which did not charge; e2 did, and does not measure."""
    judge = SimpleNamespace(unmeasured={"e2"}, drawn_da={"e1": [0], "e2": list(drawn_da)})
    one = SimpleNamespace(judge=judge, left=lambda: dict(left), evses=("e1", "e2"), charged={"e2"})
    life = SimpleNamespace(one=one, short=set(short))
    return Life.left(life), life.not_asked


def test_who_waits_beside_an_unmeasured_evse_is_missed():
    assert missed({"e1": QUEUED}, (160, 0, 0)) == ({"e1": QUEUED}, {})


def test_only_below_an_unbalance_limit_while_such_a_one_draws_nobody_is_missed():
    assert missed({"e1": UNBALANCED}, (160, 0, 0)) == ({}, {"e1": UNSEEN})
    assert missed({"e1": UNBALANCED}) == ({"e1": UNBALANCED}, {})


def test_who_is_not_missed_is_told_with_the_reason():
    assert missed({"e1": QUEUED}, short=("e1",)) == ({}, {"e1": SUMS})
    assert missed({}) == ({}, {"e1": SATED})
    assert set(NOT_ASKED) == {UNSEEN, SUMS, SATED}


def test_every_primary_has_to_regulate_at_last():
    below = {"evse-1": {"mode": "degraded"}, "evse-1.evse-2": {"mode": "quarantine"}, "evse-3": None}
    for view, wrong in (
        ({"mode": "regulating"}, []), ({"mode": "safe"}, ["the primary does not regulate any more: safe"]),
        (None, ["the primary does not regulate any more: None"]),
        ({"mode": "degraded", "below": below}, ["the primary evse-1.evse-2 does not regulate any more: quarantine",
                                                "the primary evse-3 does not regulate any more: None"]),
    ):  # fmt: skip
        assert Life.mode(SimpleNamespace(one=SimpleNamespace(state={"primary": view}))) == wrong


def test_a_car_may_wait_for_half_an_hour_or_for_a_turn_of_each_that_waits():
    settings = {"slot_s": 900, "restart_hold_s": 60}
    for waiting, most_s in ((0, 1_800), (1, 1_800), (3, 3 * (900 + 60 + 60))):
        one = SimpleNamespace(hungry=lambda waiting=waiting: set(range(waiting + 1)), charged={waiting})
        assert Life.time_s(SimpleNamespace(one=one, site={"settings": settings})) == most_s


@pytest.mark.parametrize("seed", (1, 4))
def test_the_verdict_on_a_drawn_site_does_not_depend_on_the_judge_of_the_rig(seed, monkeypatch):
    """So that judge is none of the sources of these figures: tools/digests.py."""
    with_it = live((seed, CI_SECONDS))
    monkeypatch.setattr(OverloadAllowance, "excused_until_ms", lambda self, account, until_ms: account.since_ms)
    monkeypatch.setattr("ampacity_host.rig.plant.plant.attach_allowances", lambda plant: None)
    monkeypatch.setattr(MayDraw, "moves", lambda self, by_da: None)
    monkeypatch.setattr(MayDraw, "update", lambda self: None)
    monkeypatch.setattr(MayDraw, "replaced", lambda self, offer_da: None)
    assert {**live((seed, CI_SECONDS)), "cpu_s": 0} == {**with_it, "cpu_s": 0}


def test_a_drawn_site_is_played_without_the_ports_of_a_machine():
    """So they are none of the sources of these figures: tools/digests.py."""
    program = "import sys; from tests.drawn.life import live; live((1, 60)); print(*sorted(sys.modules))"
    played = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=300, check=True).stdout.split()
    machine = {path.removeprefix("firmware/").removesuffix(".py").replace("/", ".") for path in MACHINE}
    assert "ampacity.circuit.guard" in played and len(machine) == 3
    assert not machine & set(played)
