"""Primaries below primaries (rule 13): three levels and more, each of them lost in turn, judged by what really flows."""

from helper_hierarchy import Leaf, Node, Street

from ampacity.bus.leases import register_table as table
from ampacity.circuit.cascaded_guard import CascadedGuard, CascadedLedger

ON_MICROPYTHON_EACH = 6
RATING_DA = 400


def street(fallback_da=0, rating_da=RATING_DA):
    """40 A for two garages of 25 A with two charging points each, and one charging point at the street itself."""
    left = Node("left", 2, 250, [Leaf("a", 2, fallback_da=fallback_da), Leaf("b", 3, fallback_da=fallback_da)])
    right = Node("right", 3, 250, [Leaf("c", 2), Leaf("d", 3)])
    return Street(Node("street", 0, rating_da, [left, right, Leaf("e", 4)])).run(15000)


def charging(**how):
    town = street(**how).plug_all().run(25000)
    assert min(amps(town)) >= 60, amps(town)
    return town


def amps(town):
    return [port.amps_da[0] for port in town.top.ports()]


def all_charge_again(town, duration_ms):
    town.run(duration_ms)
    assert min(amps(town)) >= 60, amps(town)
    assert town.over_rating() == []


def test_all_share_the_street_and_no_rating_is_exceeded():
    town = charging().run(20000)
    assert sum(amps(town)) >= RATING_DA - 10 and town.over_rating() == []


def test_the_parent_counts_the_sum_that_may_be_drawn_below():
    town = charging().run(20000)
    guard = town.top.primary.guard
    for index, name in ((0, "left"), (1, "right")):
        below = town.node(name).primary.guard
        assert guard.bound_da(index) == [max(below.sums_da())] * 3 == [below.ledger.granted_da] * 3


def test_after_the_death_of_the_parent_every_garage_is_at_its_fallback_within_its_watchdog():
    town = charging()
    town.top.dead = True
    town.run(11000)
    assert amps(town) == [0] * 5
    town.top.start(town.now_us)
    all_charge_again(town, 40000)


def test_with_a_fallback_the_garage_continues_within_the_fallback_sum():
    town = charging(fallback_da=60)
    assert town.top.primary.guard.reserve_da(0) == 120
    town.top.dead = True
    town.run(30000)
    assert amps(town)[:2] == [60, 60] and amps(town)[2:] == [0, 0, 0]
    town.top.start(town.now_us)
    all_charge_again(town, 40000)


def test_a_dead_garage_counts_until_its_watchdog_and_all_those_below_have_expired():
    town = charging()
    left, guard = town.node("left"), town.top.primary.guard
    left.dead = True
    least_da = guard.bound_da(0)[0]
    town.run(left.facts["watchdog_ms"])
    assert guard.bound_da(0)[0] == least_da and guard.state(0) == "silent"
    town.run(20000)
    assert guard.bound_da(0)[0] == 0 and amps(town)[:2] == [0, 0]
    assert sum(amps(town)[2:]) > 270, "the others take what it left"
    left.start(town.now_us)
    all_charge_again(town, 50000)


def test_what_a_garage_measures_counts_as_old_as_the_oldest_of_its_readings():
    town = charging()
    town.run(20000)  # what is steady is read seldom
    left, state, ages_ms = town.node("left"), town.top.primary.guard.ledger.evse_states[0], []
    for _ in range(40):
        town.run(150)
        oldest_ms = min([s.measured_ms for s in left.primary.guard.ledger.evse_states])
        assert oldest_ms - 3000 <= state.measured_ms <= oldest_ms
        ages_ms.append(town.now_us // 1000 - oldest_ms)
    assert max(ages_ms) > 600, "or nothing was old"


def test_a_garage_whose_safety_loop_hangs_shows_its_parent_no_measured_current_until_it_runs_again():
    town = charging()
    left, state = town.node("left"), town.top.primary.guard.ledger.evse_states[0]
    shown = left.primary.parent_link.map
    assert max(shown.measured_da) > 0
    left.hung = True
    read_ms = state.measured_ms
    town.run(3000)
    assert shown.measured_da == [None, None, None] and state.measured_ms - read_ms <= 2000
    assert town.top.primary.guard.state(0) == "ok"
    left.hung = False
    town.run(2000)
    assert max(shown.measured_da) > 0
    all_charge_again(town, 50000)


def test_a_restarted_garage_proves_nothing_before_its_evses_are_proven():
    town = charging()
    left, guard = town.node("left"), town.top.primary.guard
    left.start(town.now_us)
    left.below[0].cut = True
    town.run(9000)
    assert left.primary.parent_link.map._proven == (0, 0, 0) and guard.bound_da(0)[0] >= 130
    left.below[0].cut = False
    all_charge_again(town, 50000)


def test_a_restart_of_a_garage_takes_nothing_from_the_others():
    town = charging().run(20000)
    before = amps(town)[2:]
    town.node("left").dead = True
    town.run(3000)
    town.node("left").start(town.now_us)
    for _ in range(20):
        town.run(500)
        assert amps(town)[2:] == before
    all_charge_again(town, 20000)


def test_a_cut_line_to_an_evse_frees_its_current_only_after_its_lease():
    town = charging().run(20000)
    town.node("left").below[0].cut = True
    town.run(5000)
    assert amps(town)[1] <= 67
    town.run(20000)
    assert amps(town)[0] == 0 and amps(town)[1] >= 125
    town.node("left").below[0].cut = False
    all_charge_again(town, 30000)


def test_a_cut_line_to_a_garage_lets_its_lease_lapse():
    town = charging().run(20000)
    town.node("left").cut = True
    town.run(12000)
    assert town.node("left").primary.parent_link.lease.state(town.now_us // 1000) == "fallback" and amps(town)[:2] == [0, 0]
    town.run(30000)
    town.node("left").cut = False
    all_charge_again(town, 50000)


def test_a_garage_whose_grant_falls_with_each_second_proves_it_step_by_step_and_no_evse_is_paused():
    town = charging(rating_da=600).run(20000)
    guard = town.top.primary.guard
    for limit_da in range(600, RATING_DA - 5, -5):
        guard.limit("user", ("chargers", 0), limit_da, None, "hold")
        town.run(1000)
        assert not any([guard.plan.reservations.stuck(e) for e in range(3)]), (limit_da, guard.why(0), guard.why(1))
        assert min(amps(town)) >= 57, (limit_da, amps(town))
    town.run(10000)
    assert 380 <= sum(amps(town)) <= 400 and town.over_rating() == [], amps(town)


def silent_leaf_while_another_starts():
    """One car at 16 A behind a garage; its line is cut in the moment in which the street needs half of it."""
    town = street(rating_da=200)
    ports = town.top.ports()
    ports[0].car = "C"
    town.run(25000)
    assert amps(town)[0] >= 158
    town.node("left").below[0].cut = True
    ports[4].car = "C"
    town.run(40000)
    return town


def neighbour_while_its_giver_is_silent(capacity=None):
    """The street is full; within a garage one is to give to the other, and cannot hear it. capacity: of the garage's grant from then on."""
    left = Node("left", 2, 250, [Leaf("a", 2), Leaf("b", 3)])
    town = Street(Node("street", 0, 290, [left, Leaf("e", 4)])).run(15000)
    ports = town.top.ports()
    ports[0].car = ports[2].car = "C"
    town.run(30000)
    assert sum(amps(town)) >= 280
    ledger = left.primary.guard.ledger
    if capacity is not None:
        ledger._rule_13_capacity_da = capacity
    ledger.take_grant(ledger.granted_da, ledger.fallback_da)
    ports[1].car = "C"
    while not left.primary.buses.drivers[1].facts.plugged:
        town.run(20)
    left.below[0].cut = True
    town.run(6000)
    return town


def with_ledger(mutant, scene):
    CascadedGuard.ledger_class = mutant
    try:
        return scene()
    finally:
        CascadedGuard.ledger_class = CascadedLedger


class ProvesAtOnce(CascadedLedger):
    def _rule_13_sum_da(self):
        return 0


def test_a_lower_grant_is_proven_only_when_all_below_are_within_it():
    assert silent_leaf_while_another_starts().over_rating() == []


def test_a_grant_proven_too_early_overloads_the_street():
    assert with_ledger(ProvesAtOnce, silent_leaf_while_another_starts).over_rating() == ["street"]


def test_a_lowered_and_a_raised_evse_both_count_within_the_grant():
    assert neighbour_while_its_giver_is_silent().over_rating() == []


def test_a_garage_that_ignores_its_grant_overloads_the_street():
    assert neighbour_while_its_giver_is_silent(lambda: 1 << 20).over_rating() == ["street"]


def test_the_status_shows_the_grant_before_until_the_lower_one_is_proven():
    town = charging().run(20000)
    parent_link = town.node("left").primary.parent_link
    shown = parent_link.map._proven
    parent_link.guard.ledger.permits.tick_ms = town.now_us // 1000
    assert shown == (parent_link.lease.identity, parent_link.lease.epoch, parent_link.lease.sequence)
    now_ms = town.now_us // 1000
    assert parent_link.lease.grant(shown[0], shown[1], (shown[2] + 1) & 0xFFFF, 10000, 60, now_ms)
    town.node("left").primary.safety.tick(now_ms)
    assert parent_link.map._proven == shown and parent_link.map.limit_shown_da(now_ms) == max(parent_link.guard.sums_da()) > 60


def test_settings_of_a_primary_cannot_be_written():
    parent_link = street().node("left").primary.parent_link
    assert parent_link.map.write(table.SETTINGS_AT, bytes((0, 100)), 0) == 3
    read = parent_link.map.read(table.SETTINGS_AT, 5, 0)
    after_ms = (read[8] << 8 | read[9]) * 100
    assert after_ms >= parent_link.facts["after_lease_ms"] > 10000


def test_a_reserve_below_that_is_larger_than_declared_reaches_the_parent():
    town = street()
    leaf = town.node("left").below[0]
    assert leaf.unit.secondary.map.set_settings(60, 160, 60, 10000)
    town.run(3000)
    assert town.node("left").primary.parent_link.lease.fallback_da == 60
    assert town.top.primary.guard.reserve_da(0) == 60


def test_a_reserve_larger_than_the_grant_does_not_prevent_a_proof():
    town = street(fallback_da=60)
    assert town.top.primary.guard.mode == "regulating" and town.top.primary.guard.want_da[0] == 0


def test_four_levels_fall_one_after_the_other_and_rise_again():
    row = Node("row", 2, 250, [Leaf("a", 2), Leaf("b", 3)])
    garage = Node("garage", 2, 300, [row, Leaf("c", 3)])
    town = Street(Node("street", 0, 400, [garage, Leaf("d", 3)])).run(25000).plug_all().run(30000)
    assert min(amps(town)) >= 60 and town.over_rating() == []
    assert garage.facts["watchdog_ms"] > 10000 + row.facts["watchdog_ms"] > 20000 + 10000
    for lost in (town.top, garage, row):
        lost.dead = True
        town.run(15000)
        assert amps(town)[:2] == [0, 0]
        lost.start(town.now_us)
        all_charge_again(town, 60000)
