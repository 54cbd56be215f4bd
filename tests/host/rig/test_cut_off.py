"""Other load steps up while lower orders do not reach an EVSE: which of them excuse an overload, and for how long."""

import pytest
from small_site import evse, run_ms, site

from ampacity_host.rig.base.timeline import Timeline
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.overload_allowance import ALLOWED, CUT_OFF, LATE, STEP
from ampacity_host.rig.plant.plant import Plant

BUDGET_MS = (7_000, 12_000, 4_000, 3_000, 30_000)
STEP_MS, LATE_MS, CUT_OFF_MS = 7_000, 12_000, 42_000
LONG_MS = 120_000
TWO = (evse("a", bus=0), evse("b", bus=1))
BELOW = (evse("garage.a", bus=2, circuit=1, owner="garage"),)
BELOW_TWO = (evse("garage.row.a", bus=3, circuit=1, owner="garage.row"),)
PRIMARIES = {"garage": {"above": "primary", "bus": 1}, "garage.row": {"above": "garage", "bus": 2}}


class Played:
    """Cars at 15.9 A on each of these EVSEs, on the circuit `main` of 63 A; `row` below it belongs to `owner`, and has a meter of its own."""

    def __init__(self, evses=TWO, owner="primary", row_da=4_000):
        facts = site([dict(one) for one in evses], primaries=PRIMARIES)
        facts["buses"] = [dict(facts["buses"][0], name="bus-%d" % at) for at in range(4)]
        facts["circuits"][0]["owner"] = "primary"
        facts["circuits"][1].update(owner=owner, meter=1, rating_da=[row_da] * 3)
        facts["meters"].append(dict(facts["meters"][0], name="row", unit=101))
        for one in facts["evses"]:
            one.setdefault("owner", "primary")
        self.time = Timeline()
        self.plant = Plant(facts, self.time, budgets_ms=[BUDGET_MS] * 2)
        for point in self.plant.points:
            point.plug(Car(ramp_da_per_s=1_000, need_wh=10**6))
            point.drive("pwm", 266, True)
        self.run(20_000)

    def run(self, ms):
        run_ms(self.time, ms)

    def fault(self, way, on=True, kind="cut"):
        self.plant.interruptions.note(way, (kind, "it"), on, self.plant.now_ms)

    def other(self, above_da, circuit="main"):
        """So much more than the rating leaves, on all phases."""
        one = self.plant.circuit[circuit]
        ours_da = one.accounts[1].may_da - one.accounts[1].other_da
        self.plant.set_background(one, [one.accounts[1].rating_da - ours_da + above_da] * 3)

    def pause(self, at):
        self.plant.points[at].drive("x1", 1000, False)

    def excused_ms(self, circuit="main", ms=LONG_MS):
        """Of an overload that lasts for `ms` more from now on."""
        self.plant.close()
        account = self.plant.circuit[circuit].accounts[1]
        before_ms = account.violation_ms
        self.run(ms)
        self.plant.close()
        return ms - (account.violation_ms - before_ms)


def about(ms):
    return pytest.approx(ms, abs=1_000)


def test_the_times_of_this_page_are_those_of_the_rows():
    allowance = Played().plant.circuit["main"].accounts[1].allowance
    assert [ALLOWED[kind].ms(allowance, None) for kind in (STEP, LATE, CUT_OFF)] == [STEP_MS, LATE_MS, CUT_OFF_MS]


@pytest.mark.parametrize("way", [1, "b"])
def test_an_evse_on_a_wire_or_connection_that_is_cut_excuses_what_it_was_ordered(way):
    played = Played()
    played.pause(0)
    played.run(6_000)
    played.fault(way)
    played.other(100)
    assert played.excused_ms() == about(CUT_OFF_MS)


@pytest.mark.parametrize("way", [0, 2, "a", "c", "primary"])
def test_no_other_fault_excuses_anything_of_it(way):
    played = Played()
    played.pause(0)
    played.run(6_000)
    played.fault(way)
    played.other(100)
    assert played.excused_ms() == about(STEP_MS)


def test_what_orders_reach_is_to_be_lowered_within_the_time_of_a_fault_of_a_meter():
    for paused, excused_ms in ((False, LATE_MS), (True, CUT_OFF_MS)):
        played = Played()
        played.fault(1)
        played.other(100)
        if paused:
            played.run(2_000)
            played.other(259)  # as much as before, when that car has paused
            played.pause(0)
        assert played.excused_ms() + 2_000 * paused == about(excused_ms)


def test_an_excess_above_what_it_was_ordered_is_a_step_like_others():
    played = Played((TWO[1],))
    played.fault(1)
    played.other(170)
    assert played.excused_ms() == about(STEP_MS)


def test_a_car_above_its_order_has_the_time_of_that_only():
    excused_ms = []
    for cut in (False, True):
        played = Played((TWO[1],))
        played.plant.points[0].drive("pwm", 100, True)
        played.run(6_000)
        if cut:
            played.fault(1)
        played.other(-10)
        played.plant.points[0].set_fault("disobeys", True)
        excused_ms.append(played.excused_ms(ms=600_000))
    assert excused_ms[0] == about(excused_ms[1])


@pytest.mark.parametrize(("kind", "before_ms", "excused_ms"), [
    ("cut", 10_000, CUT_OFF_MS - 10_000), ("cut", 3_600_000, STEP_MS), ("cut_rx", 40_000, STEP_MS), ("cut_rx", 35_000, STEP_MS),
    ("cut", 29_000, 13_000), ("late", 3_600_000, STEP_MS), ("noise", 3_600_000, CUT_OFF_MS),
])  # fmt: skip
def test_a_device_that_nothing_reaches_holds_its_order_from_the_beginning_of_that_on(kind, before_ms, excused_ms):
    played = Played((TWO[1],))
    played.fault(1, kind=kind)
    played.run(before_ms)
    played.other(100)
    assert played.excused_ms() == about(excused_ms)


def test_a_fault_that_begins_when_the_lower_order_was_to_be_in_force_excuses_nothing():
    for after_ms, excused_ms in ((6_500, CUT_OFF_MS), (8_500, STEP_MS)):
        played = Played((TWO[1],))
        played.other(100)
        played.run(after_ms)
        played.fault(1)
        assert played.excused_ms() + min(after_ms, STEP_MS) == about(excused_ms)


def test_a_later_fault_excuses_it_while_a_meter_has_one_too():
    played = Played((TWO[1],))
    played.plant.meter["grid"].set_fault("dead", True, {})
    played.other(100)
    played.run(11_000)
    played.fault(1)
    assert played.excused_ms() + 11_000 == about(CUT_OFF_MS)


def test_the_effects_of_a_fault_that_ended_last_for_half_a_minute():
    for before_ms, excused_ms in ((0, 30_000), (20_000, 10_000), (29_500, STEP_MS), (31_000, STEP_MS)):
        played = Played((TWO[1],))
        played.fault(1, kind="noise")
        played.run(1_000)
        played.fault(1, False, kind="noise")
        played.run(before_ms)
        played.other(100)
        assert played.excused_ms() == about(excused_ms)


def test_the_end_of_one_fault_is_not_the_end_of_another_at_the_same_place():
    played = Played((TWO[1],))
    played.fault(1)
    played.fault(1, kind="noise")
    played.fault(1, False, kind="noise")
    played.other(100)
    assert played.excused_ms() == about(CUT_OFF_MS)


def test_faults_that_follow_each_other_are_one():
    for gap_ms, excused_ms in ((0, CUT_OFF_MS), (900, CUT_OFF_MS), (3_000, 38_000)):
        played = Played((TWO[1],))
        played.fault("b", kind="cut")
        played.other(100)
        played.run(8_000)
        played.fault("b", False, kind="cut")
        played.run(gap_ms)
        played.fault(1, kind="noise")
        assert played.excused_ms() + 8_000 + gap_ms == about(excused_ms), gap_ms


def test_an_order_that_rises_after_a_step_has_reached_its_evse():
    for kind, ended_ms in (("noise", None), ("cut", 31_000)):
        played = Played((TWO[1],))
        played.pause(0)
        played.run(6_000)
        played.fault(1, kind=kind)
        played.other(100 - 159)
        played.run(20_000)
        if ended_ms:
            played.fault(1, False, kind=kind)
            played.run(2_000)
        played.plant.set_background(played.plant.circuit["main"], [600] * 3)
        played.run(20_000)
        played.plant.points[0].drive("pwm", 266, True)
        assert played.excused_ms() == about(0)


def test_a_car_that_comes_to_an_order_that_its_evse_holds_is_no_later_order():
    played = Played((TWO[1],))
    car = played.plant.points[0].unplug()
    played.pause(0)
    played.run(6_000)
    played.fault(1, kind="noise")
    played.plant.set_background(played.plant.circuit["main"], [600] * 3)
    played.run(20_000)
    played.plant.points[0].plug(car)
    played.plant.points[0].drive("pwm", 266, True)
    assert played.excused_ms() == about(CUT_OFF_MS - 20_000)


def test_a_primary_below_that_does_not_read_an_evse_reports_no_sum():
    for way, excused_ms in ((2, STEP_MS + 33_000), (3, STEP_MS + 3_000), (0, LATE_MS + 3_000)):
        played = Played(BELOW, "garage")
        played.plant.points[0].car.max_da = 100
        played.plant.points[0].want(False)
        played.plant.points[0].want(True)
        played.run(10_000)
        played.plant.wire_faults.note(way, ("noise", "it"), True, played.plant.now_ms)
        played.other(50)
        assert played.excused_ms() == about(excused_ms), way


def test_a_line_to_a_primary_below_leads_to_its_evses_and_not_from_its_own_circuits():
    for way, main_ms, row_ms in ((1, CUT_OFF_MS, STEP_MS), ("garage", CUT_OFF_MS, STEP_MS), (2, CUT_OFF_MS, CUT_OFF_MS),
                                 ("garage.a", CUT_OFF_MS, CUT_OFF_MS), (0, STEP_MS, STEP_MS), (3, STEP_MS, STEP_MS)):
        for circuit, excused_ms in (("main", main_ms), ("row", row_ms)):
            played = Played(BELOW, "garage", 400)
            played.fault(way)
            played.other(100, circuit)
            assert played.excused_ms(circuit) == about(excused_ms), (way, circuit)


def test_three_levels():
    for way, main_ms, row_ms in ((1, CUT_OFF_MS, STEP_MS), (2, CUT_OFF_MS, CUT_OFF_MS), ("garage", CUT_OFF_MS, STEP_MS),
                                 ("garage.row", CUT_OFF_MS, CUT_OFF_MS), (3, CUT_OFF_MS, CUT_OFF_MS), (0, STEP_MS, STEP_MS)):
        for circuit, excused_ms in (("main", main_ms), ("row", row_ms)):
            played = Played(BELOW_TWO, "garage", 400)
            played.fault(way)
            played.other(100, circuit)
            assert played.excused_ms(circuit) == about(excused_ms), (way, circuit)


def test_a_name_with_a_dot_is_a_name():
    for way, excused_ms in ((1, STEP_MS), (0, CUT_OFF_MS), ("hall", STEP_MS), ("hall.a", CUT_OFF_MS)):
        played = Played((evse("hall.a", bus=0),))
        played.fault(way)
        played.other(100)
        assert played.excused_ms() == about(excused_ms)
