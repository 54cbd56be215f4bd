"""The judge itself: its geometry, and excuses that are spent once."""

from pathlib import Path

import pytest

from ampacity_host.rig.plant import overload_allowance as plant
from tests.drawn.geometry import Geometry
from tests.drawn.judge import EXCUSES, STEP, Excuse, Judge
from tests.drawn.life import NOT_ASKED
from tests.drawn.printed import short_of_room

SAFETY_CASE = Path(__file__).resolve().parents[2] / "docs/safety-case.md"

SITE = """
[site]
name = "yard"
[[circuit]]
name = "main"
rating_a = [40.0, 32.0, 32.0]
meter = "m"
[[circuit]]
name = "row"
parent = "main"
rating_a = 32.0
[[evse]]
name = "turned"
circuit = "row"
max_a = 32.0
phases = ["L2", "L3", "L1"]
[[evse]]
name = "between"
circuit = "main"
max_a = 32.0
phases = ["L1-L2"]
"""
POWER_ALONE = '[[meter]]\nname = "n"\nprofile = "eastron-sdm72"\n'
REPORT = {"budgets": [{"circuit": name, "total_ms": 6_000, "exposure_ms": 16_000, "car_ms": 5_000, "device_ms": 200} for name in ("main", "row")],
          "buses": []}  # fmt: skip


def state(t_ms, turned_a, between_a, order_a=16.0):
    evses = {"turned": [turned_a, turned_a, 0.0], "between": [between_a]}
    truth = {name: {"terminals": ends, "order_a": order_a, "told_a": order_a} for name, ends in evses.items()}
    amps = {"main": [between_a, turned_a + between_a, turned_a], "row": [0.0, turned_a, turned_a]}
    return {"t_ms": t_ms, "primary": None, "truth": {"evses": truth, "circuits": {name: {"amps": row} for name, row in amps.items()}}}


def test_terminals_load_the_lines_that_the_file_names():
    geometry = Geometry(SITE)
    assert geometry.above["row"] == ["row", "main"] and geometry.ratings["main"] == [400, 320, 320]
    sums = geometry.sums({"turned": [100, 100, 0], "between": [70]}, {"row": [5, 0, 0]})
    assert sums == {"main": [75, 170, 100], "row": [5, 100, 100]}


def test_a_rating_passed_without_an_attack_is_wrong_at_once():
    judge = Judge(SITE, REPORT)
    judge.see(state(1_000, 16.0, 16.0))
    judge.see(state(1_500, 17.0, 16.0))
    assert judge.crossed is None and judge.wrong_ms == {"main": 500} and judge.worst == {"main": 330}


def stepped(troubles_s, troubled=False):
    """A step of 10 A that nobody answers, with troubles that begin then: how many ms of the excess are excused."""
    judge = Judge(SITE, REPORT)
    judge.geometry.seen["main"] = {0, 1, 2}
    judge.see(state(1_000, 0.0, 30.0))
    judge.step("main", [0.0, 10.0, 0.0], troubled)
    for second in range(1, 120):
        if second in troubles_s:
            judge.prolong()
        judge.see(state(1_000 + 1000 * second, 0.0, 30.0))
    return 119_000 - judge.wrong_ms["main"]


def test_troubles_one_after_the_other_do_not_prolong_a_step_more_than_one_does():
    """6 s of the circuit; with 16 s until the watchdogs ran out and 5 s of a lost meter in a trouble."""
    assert stepped(()) == 6_000
    assert stepped((3,)) == 24_000 - 1_000
    assert stepped((6,)) == 26_000
    assert stepped((3, 6, 12, 20, 26, 28)) == stepped(range(120)) == 27_000
    assert stepped(range(120), troubled=True) == stepped((), troubled=True) == 27_000


def changed_car(before, phases):
    """A car is taken away, and one with so many phases is plugged in, on a circuit that carries the first alone: ms that are not excused."""
    budgets = [dict(row, again_ms=4_000) for row in REPORT["budgets"]]
    judge = Judge(SITE, dict(REPORT, budgets=budgets))
    judge.step("main", [0.0, 0.0, 31.0], False)
    judge.plugged("turned", before)
    judge.see(state(20_000, 0.0, 0.0, order_a=1.0))
    judge.plugged("turned", None)
    judge.see(state(20_500, 0.0, 0.0, order_a=1.0))
    assert judge.may_ms == {}
    judge.plugged("turned", phases)
    for step in range(20):
        judge.see(state(21_000 + 500 * step, 2.0, 0.0, order_a=1.0))
    return judge.wrong_ms.get("main", 0)


def test_the_next_car_may_use_more_phases_for_the_time_of_that_and_not_longer():
    assert changed_car(1, 1) == changed_car(3, 3) == 10_000
    assert 5_000 <= changed_car(1, 3) <= 6_000


def test_a_car_above_its_order_is_excused_once_and_then_no_more():
    judge = Judge(SITE, REPORT)
    judge.strays("turned", 10)
    for t_ms in range(0, 60_000, 500):
        judge.see(state(t_ms, 17.0, 16.0))
    once_ms = judge.times.detection_ms("turned")
    assert judge.over_ms["main"] == 59_500 and 59_500 - once_ms - 500 <= judge.wrong_ms["main"] <= 59_500 - once_ms


def test_a_car_slightly_above_its_order_spends_its_time_only_while_its_primary_runs():
    judge = Judge(SITE, REPORT)
    judge.strays("turned", 10)
    judge.stopped.add("")
    for t_ms in range(0, 600_000, 500):
        judge.see(state(t_ms, 17.0, 16.0))
    assert not judge.wrong_ms
    judge.stopped.discard("")
    for t_ms in range(600_000, 660_000, 500):
        judge.see(state(t_ms, 17.0, 16.0))
    once_ms = judge.times.detection_ms("turned")
    assert 60_000 - once_ms - 500 <= judge.wrong_ms["main"] <= 60_000 - once_ms


def test_a_car_far_above_its_order_has_no_more_time_while_its_primary_is_stopped():
    judge = Judge(SITE, REPORT)
    judge.strays("turned", 20)
    judge.stopped.add("")
    for t_ms in range(0, 120_000, 500):
        judge.see(state(t_ms, 18.0, 16.0))
    assert judge.wrong_ms["main"] >= 120_000 - 3 * judge.times.detection_ms("turned") - 1_000


def test_no_more_is_excused_than_the_car_is_above_its_order():
    judge = Judge(SITE, REPORT)
    judge.strays("turned", 10)
    judge.see(state(0, 17.0, 17.0, 16.5))
    judge.see(state(500, 17.0, 17.0, 16.5))
    assert judge.wrong_ms == {"main": 500}


def test_a_step_that_no_meter_sees_has_no_excuse():
    judge = Judge(SITE.replace('meter = "m"\n', ""), REPORT)
    judge.step("main", [20.0, 20.0, 20.0], False)
    assert not judge.excuses


UNMEASURED = {**REPORT, "findings": [{"code": "unmeasured", "where": "between"}]}


def test_an_unmeasured_car_may_take_more_of_an_old_order_for_the_time_of_a_step():
    judge = Judge(SITE, UNMEASURED)
    for t_ms in range(0, 60_000, 500):
        judge.see(state(t_ms, 16.0, 10.0 if t_ms < 40_000 else 17.0, 17.0))
    assert judge.over_ms == {"main": 20_000} and judge.wrong_ms == {"main": 20_000 - 6_000 - 500}, judge.wrong_ms


def test_troubles_prolong_the_time_of_an_unmeasured_car_that_takes_more_as_long_as_that_of_a_step():
    judge = Judge(SITE, UNMEASURED)
    for t_ms in range(0, 90_000, 500):
        if t_ms > 40_000:
            judge.prolong()
        judge.see(state(t_ms, 16.0, 10.0 if t_ms < 40_000 else 17.0, 17.0))
    assert judge.over_ms == {"main": 50_000} and judge.wrong_ms == {"main": 50_000 - 27_000 - 500}, judge.wrong_ms


def test_an_unmeasured_car_that_follows_a_raise_has_no_excuse():
    judge = Judge(SITE, UNMEASURED)
    for t_ms in range(0, 45_000, 500):
        late = t_ms >= 40_000
        judge.see(state(t_ms, 16.0, 17.0 if late else 10.0, 17.0 if late else 10.0))
    assert judge.wrong_ms == judge.over_ms == {"main": 5_000}


def test_what_an_unmeasured_car_could_take_more_counts_where_no_meter_would_see_it():
    for text, could in ((SITE, {}), (SITE.replace('meter = "m"\n', ""), {"main": 500})):
        judge = Judge(text, UNMEASURED)
        judge.see(state(0, 16.0, 10.0, 17.0))
        judge.see(state(500, 16.0, 10.0, 17.0))
        assert judge.may_ms == could


@pytest.mark.parametrize("every_ms, could_ms", [(1_000, 2 * 5_000), (60_000, 0)])
def test_orders_that_were_not_seen_in_the_settle_time_are_not_those_of_now(every_ms, could_ms):
    judge = Judge(SITE.replace('meter = "m"\n', ""), REPORT)
    for t_ms in range(every_ms, 180_000, every_ms):
        seen = state(t_ms, 0.0, 0.0)
        for place, name in enumerate(("turned", "between")):
            row = seen["truth"]["evses"][name]
            row["order_a"] = row["told_a"] = 32.0 if t_ms // 60_000 % 2 == place else 0.0
        judge.see(seen)
    assert judge.may_ms.get("main", 0) == could_ms, "each gives all to the other twice within a second"


def test_what_a_device_offered_before_its_first_car_counts_for_no_car():
    judge = Judge(SITE, REPORT)
    judge.see(state(0, 0.0, 0.0, 32.0))
    for name in ("turned", "between"):
        judge.plugged(name, 3)
    judge.see(state(500, 0.0, 0.0, 0.0))
    assert not any(judge.may_ms.values())
    judge.see(state(1_000, 0.0, 0.0, 32.0))
    judge.plugged("turned", 3)
    judge.see(state(1_500, 0.0, 0.0, 0.0))
    assert judge.may_ms == {"main": 1_000}, "another car counts with what was offered to the one before"


def test_what_a_device_that_rounds_up_offers_to_a_car_that_draws_nothing_is_excused_as_what_it_would_draw():
    for told in (False, True):
        judge = Judge(SITE, REPORT)
        for name in ("turned", "between"):
            judge.plugged(name, 3)
        if told:
            judge.strays("between", 10)
        for t_ms in (0, 500):
            here = state(t_ms, 16.0, 0.0, 16.5)
            here["truth"]["evses"]["turned"]["told_a"], here["truth"]["evses"]["between"]["told_a"] = 16.0, 15.5
            judge.see(here)
        assert bool(judge.may_ms.get("main")) != told, judge.may_ms


def possible(tell, order_a=16.0, told_a=16.0, drawn_a=0.0, other_a=(25.0, 25.0, 25.0), again_ms=0):
    """(judge, ms that cars could draw too much for on the root without an excuse) of two minutes in which they draw less."""
    text, budgets = SITE + '[[meter]]\nname = "m"\n', [dict(row, again_ms=again_ms) for row in REPORT["budgets"]]
    judge = Judge(text, dict(REPORT, budgets=budgets))
    judge.step("main", other_a, False)
    judge.excuses.clear()
    judge.plugged("turned", 1)
    tell(judge)
    for t_ms in range(0, 120_001, 500):
        here = state(t_ms, drawn_a, 0.0, order_a)
        here["truth"]["evses"]["turned"]["told_a"], here["truth"]["evses"]["between"]["order_a"] = told_a, 0.0
        here["truth"]["evses"]["between"]["told_a"] = 0.0
        judge.see(here)
    assert not judge.wrong_ms
    return judge, 120_000 - judge.may_ms.get("main", 0)


def test_what_cars_may_draw_and_do_not_is_excused_for_the_time_of_its_row_and_no_longer():
    judge, excused_ms = possible(lambda one: one.lies("m"))
    lie_ms = judge.times.total_ms("main") + 65_300 + judge.times.settle_ms("main")
    assert lie_ms <= excused_ms <= lie_ms + 500
    for tell, times, options in (
        (lambda one: one.strays("turned", 10), 1, {"order_a": 8.0, "told_a": 7.0}),
        (lambda one: one.strays("turned"), 3, {"order_a": 16.0, "told_a": 6.0}),
        (lambda one: one.foreign(["turned"]), 1, {"order_a": 6.0, "told_a": 6.0, "other_a": (30.0, 30.0, 30.0)}),
    ):
        judge, excused_ms = possible(tell, **options)
        once_ms = times * judge.times.detection_ms("turned")
        assert once_ms <= excused_ms <= once_ms + 500, (excused_ms, once_ms)
    judge, excused_ms = possible(lambda one: one.plugged("turned", 3), other_a=(0.0, 0.0, 25.0), again_ms=4_000)
    assert 4_000 <= excused_ms <= 4_500


def test_what_cars_may_draw_spends_nothing_of_what_they_draw():
    judge, _ = possible(lambda one: one.lies("m"))
    for t_ms in range(120_500, 300_001, 500):
        judge.see(state(t_ms, 16.0, 0.0))
    lie_ms = judge.times.total_ms("main") + 65_300 + judge.times.settle_ms("main")
    assert lie_ms <= judge.over_ms["main"] - judge.wrong_ms["main"] <= lie_ms + 500


def test_what_a_primary_says_of_its_orders_excuses_nothing():
    judge = Judge(SITE, REPORT)
    judge.strays("turned")
    for t_ms in (0, 500):
        here = state(t_ms, 17.0, 16.0, order_a=17.0)
        here["primary"] = {"evses": {"turned": {"order_a": 6.0}, "between": {"order_a": 6.0}}}
        judge.see(here)
    assert judge.wrong_ms == {"main": 500}


def test_what_somebody_else_writes_is_excused_where_it_may_be_held_and_no_more_than_that():
    for order_a, turned_a, excused in ((6.0, 6.0, True), (6.0, 11.0, False), (11.0, 6.0, False)):
        judge = Judge(SITE, REPORT)
        judge.step("row", [0.0, 0.0, 30.0], False)
        judge.excuses.clear()
        judge.foreign(["turned"])
        judge.see(state(0, turned_a, 0.0, order_a))
        judge.see(state(500, turned_a, 0.0, order_a))
        assert not judge.wrong_ms.get("row") == excused


def excuses_of(where):
    """The cells of a place's rows in the safety case's table of what judges allow."""
    rows = [line.strip("| ").split(" | ") for line in SAFETY_CASE.read_text().splitlines() if line.startswith("| %s |" % where)]
    return [tuple(row[1:]) for row in rows]


def test_the_safety_case_names_every_excuse_of_the_drawn_sites_and_no_other():
    assert excuses_of("drawn sites") == list(EXCUSES.values())


def test_the_safety_case_names_what_the_plant_of_other_simulations_allows():
    assert excuses_of("other simulations") == [row[:3] for row in plant.ALLOWED.values()]


def test_the_safety_case_names_who_is_not_asked_and_nobody_else():
    assert [row[0] for row in excuses_of("not asked on drawn sites")] == list(NOT_ASKED.values())


def test_an_excuse_without_a_bound_is_refused():
    for kind, bound in (("a whim", {"left_ms": 1}), (STEP, {})):
        with pytest.raises(ValueError, match="without a bound"):
            Excuse(kind, [], None, **bound)


def test_who_can_never_charge_is_told_from_the_printed_reserves_and_from_what_is_declared_below():
    rows = [{"circuit": name, "phase": line, "rating_a": 32.0, "reserves_a": 20.0} for name in ("main", "row") for line in ("L1", "L2", "L3")]
    report = {"circuits": rows, "reserves": [{"evse": "between", "to_a": 20.0}]}
    row = 'parent = "main"\n'
    for text, found in ((SITE, set()), (SITE.replace(row, row + "assumed_other_a = 7.0\n"), {"turned"}),
                        (SITE.replace(row, row + 'assumed_other_a = 7.0\nmeter = "n"\n'), set()),
                        (SITE.replace(row, row + 'assumed_other_a = 7.0\nmeter = "n"\n') + POWER_ALONE, {"turned"}),
                        (SITE.replace('meter = "m"\n', "").replace(row, row + 'assumed_other_a = 7.0\nmeter = "n"\n'), {"turned"}),
                        (SITE.replace(row, row + 'generation_a = 7.0\nmeter = "n"\n'), {"turned"}),
                        (SITE.replace(row, row + 'generation_a = 5.6\nmeter = "n"\n'), {"turned"}),  # 6.4 A, and readings differ
                        (SITE.replace(row, row + 'generation_a = 5.5\nmeter = "n"\n'), set())):  # fmt: skip
        assert short_of_room(report, Geometry(text), {}) == found
    for watts, short in ((4.5, set()), (4.48, {"turned"})):  # 3 x 6.5 A at 230 V
        assert short_of_room(report, Geometry(SITE.replace(row, row + f"contract_kw = {watts}\n")), {}) == short
    assert short_of_room(report, Geometry(SITE), {"turned": 115}) == set()  # 12 A are left
    assert short_of_room(report, Geometry(SITE), {"turned": 116, "between": 200}) == {"turned"}
    unmetered = Geometry(SITE.replace('meter = "m"\n', ""))
    assert short_of_room(report, unmetered, {"turned": 118}) == set() and short_of_room(report, unmetered, {"turned": 119}) == {"turned"}
    shown = Geometry(SITE.replace(row, row + 'meter = "n"\n'))
    full = {"circuits": [one | {"reserves_a": 31.6} for one in rows], "reserves": [{"evse": "turned", "to_a": 20.0}]}
    assert short_of_room(full, unmetered, {"between": 0}) == set(), "all that it needs is its own reserve"
    assert short_of_room(full, shown, {"between": 0}) == {"between", "turned"}, "a meter that shows 0.1 A of nothing leaves less"


def test_an_unbalance_limit_counts_what_is_declared_of_lines_that_its_meter_does_not_measure():
    one_line = '[[meter]]\nname = "n"\nprofile = "eastron-sdm120"\n'
    for limit_a, short in ((12.9, {"turned"}), (13.0, set())):  # 6 A on L2, where 7 A are declared, above L1
        text = SITE.replace('parent = "main"\n', 'parent = "main"\nassumed_other_a = 7.0\nmeter = "n"\nmax_unbalance_a = %s\n' % limit_a) + one_line
        assert short_of_room({"circuits": [], "reserves": []}, Geometry(text), {}) == short


def test_a_meter_tells_of_the_lines_that_it_measures_and_of_no_other():
    one_line, row = '[[meter]]\nname = "m"\nprofile = "eastron-sdm120"\n', 'parent = "main"\n'
    rows = [{"circuit": "row", "phase": line, "rating_a": 32.0, "reserves_a": 20.0} for line in ("L1", "L2", "L3")]
    declared = SITE.replace(row, row + 'assumed_other_a = 7.0\nmeter = "n"\n') + one_line.replace('"m"', '"n"')
    short = short_of_room({"circuits": rows, "reserves": [{"evse": "between", "to_a": 20.0}]}, Geometry(declared), {})
    assert short == {"turned"}  # on L2 and L3 what is declared counts
    for line in range(3):
        judge = Judge(SITE + one_line, REPORT)
        judge.step("main", [30.0 if at == line else 0.0 for at in range(3)], False)
        assert bool(judge.excuses) == (line == 0), line
