"""What was seen at one circuit counts there until a person confirms it there, over every change of the site around it (3.3, rule 15)."""

from helper_changed_site import Cars, assumed, started, tree

from ampacity.circuit.trusted.metering.meter_trust import MeterTrust

ON_MICROPYTHON_EACH = 2

ONE, TWO = [("e1", 1, 1)], [("e1", 1, 1), ("e2", 2, 2)]


def ab(meter_a=-1, meter_b=-1, units=(), root=630, below=200):
    return tree([("main", -1, root, -1), ("a", 0, 200, meter_a), ("b", 0, below, meter_b)], units, TWO)


def test_rule_3_3_confirm_lowers_what_was_seen_at_that_circuit_and_not_at_the_one_above():
    rows = [("main", -1, 320, 0), ("a", 0, 200, 1)]
    kept = started(tree(rows, [100, 101], [("e1", 0, 1), ("e2", 1, 2)]), house=(250, 60)).kept()
    without = tree([("main", -1, 320, -1), ("a", 0, 200, 0)], [101], [("e1", 0, 1), ("e2", 1, 2)])
    bench = started(without, kept, house=(0,))
    bench.guard.confirm_assumed(1)
    for _ in range(2):
        bench.run(120)
        assert assumed(bench)["main"] >= 250 and sum(bench.draw) <= 70, (assumed(bench), bench.draw)
        bench = started(without, bench.kept(), house=(0,))


def test_rule_3_3_why_names_the_circuit_below_whose_load_it_is_and_its_confirm_lasts():
    """The meter of b was taken out; what it had seen fills the root, which has none."""
    kept = started(ab(meter_b=0, units=[100], root=250, below=250), house=(200,)).kept()
    bench = started(ab(root=250, below=250), kept, 120)
    assert "`confirm b`" in bench.guard.why(0) and "`confirm b`" in bench.guard.why(1)
    bench.guard.confirm_assumed(0)
    assert assumed(bench)["main"] >= 200 and "`confirm b`" in bench.run(60).guard.why(0)
    bench.guard.confirm_assumed(2)
    for _ in range(3):
        bench.run(120)
        assert min(bench.draw) >= 60 and assumed(bench) == {"main": 0, "a": 0, "b": 0}
        bench = started(ab(root=250, below=250), bench.kept())


def test_rule_15_a_circuit_that_several_others_became_has_the_sum_of_what_was_seen_there():
    kept = started(ab(0, 1, units=[100, 101]), house=(150, 100)).kept()
    for journal in (kept, started(ab(), kept).kept()):
        for name in ("ab", "a", "b"):
            merged = [("main", -1, 630, -1), (name, 0, 320, -1)]
            bench = started(tree(merged, [], [("e1", 1, 1), ("e2", 1, 2)]), journal)
            assert assumed(bench)[name] >= 250 and sum(bench.draw) <= 70, (name, assumed(bench), bench.draw)


def test_rule_15_circuits_that_become_one_have_the_sum_also_where_those_above_get_other_names():
    def facts(below, evses, root="main", hall="hall"):
        return tree([(root, -1, 630, -1), (hall, 0, 630, -1)] + [(name, 1, 320, meter) for name, meter in below], [100, 101], evses)

    kept = started(facts([("a", 0), ("b", 1)], [("e1", 2, 1), ("e2", 3, 2)]), house=(150, 100)).kept()
    for root, hall in (("main", "halle"), ("grid", "hall"), ("grid", "halle")):
        bench = started(dict(facts([("b", -1)], [("e1", 2, 1), ("e2", 2, 2)], root, hall), meters=[]), kept)
        assert assumed(bench)["b"] >= 250 and sum(bench.draw) <= 70, (root, hall, assumed(bench), bench.draw)


def test_rule_15_a_circuit_that_is_renamed_and_has_its_name_again_counts_once():
    def facts(name, meter=-1):
        return tree([("main", -1, 630, -1), (name, 0, 320, meter)], [100] if meter >= 0 else [], ONE)

    kept = started(facts("a", 0), house=(100,)).kept()
    for name in ("a", "z", "a", "z", "a"):
        bench = started(facts(name), kept)
        assert 100 <= assumed(bench)[name] <= 102 and 100 <= assumed(bench)["main"] <= 102 and bench.draw[0] >= 150
        kept = bench.kept()
        assert len(kept.get("meters_gone", ())) <= 2


def test_rule_15_a_circuit_that_was_taken_out_between_two_others_adds_nothing_above_it():
    rows = [("main", -1, 630, -1), ("hall", 0, 320, -1), ("row", 1, 200, 0)]
    kept = started(tree(rows, [100], [("e1", 2, 1)]), house=(150,)).kept()
    bench = started(tree(rows[:2], [], ONE), kept, 120)
    assert 150 <= assumed(bench)["hall"] <= 152 and 150 <= assumed(bench)["main"] <= 152 and bench.draw[0] >= 150
    bench.guard.confirm_assumed(1)
    assert 150 <= assumed(bench)["main"] <= 152, "the circuit above changed, too: what flowed there counts until it is confirmed there"


def test_rule_15_what_was_seen_waits_for_the_name_of_a_circuit_that_left_also_without_a_meter():
    moved = ab(meter_b=0, units=[100])
    kept = started(moved, started(ab(meter_a=0, units=[100]), house=(150,)).kept(), house=(0,)).kept()
    without = tree([("main", -1, 630, -1), ("b", 0, 200, 0)], [100], [("e2", 1, 2)])
    bench = started(moved, started(without, kept, house=(0,)).kept(), house=(0,))
    assert assumed(bench)["a"] >= 150 and bench.draw[0] == 0 and bench.draw[1] >= 150
    bench.guard.confirm_assumed(1)
    bench = started(moved, bench.run(10).kept(), house=(0,))
    assert assumed(bench)["a"] == 0
    kept = started(tree([("main", -1, 630, -1), ("a", 0, 200, 0)], [100], [("e1", 1, 1), ("e2", 1, 2)]), house=(150,)).kept()
    split = tree([("main", -1, 630, -1), ("x", 0, 200, -1), ("y", 0, 200, -1)], [], TWO)
    kept = started(tree([("main", -1, 630, -1), ("y", 0, 200, -1)], [], [("e2", 1, 2)]), started(split, kept).kept()).kept()
    assert assumed(started(split, kept))["x"] >= 150


def test_rule_15_what_a_circuit_below_took_over_is_confirmed_there_alone():
    def facts(meter=-1, evses=(("e1", 2, 1),)):
        return tree([("main", -1, 630, -1), ("a", 0, 200, meter), ("row", 1, 200, -1)], [100] if meter >= 0 else [], evses)

    kept = started(facts(0), house=(150,)).kept()
    kept = started(tree([("main", -1, 630, -1), ("row", 0, 200, -1)], [], ONE), kept).kept()
    bench = started(facts(evses=[("e1", 2, 1), ("e2", 1, 2)]), kept, 120)
    assert "`confirm row`" in bench.guard.why(0)
    bench.guard.confirm_assumed(2)
    bench.run(60)
    assert bench.draw == [0, 0] and "`confirm a`" in bench.guard.why(0) and "`confirm a`" in bench.guard.why(1)


def test_rule_3_3_what_was_seen_is_kept_also_where_circuits_below_declare_more():
    rows = [("main", -1, 630, -1), ("hall", 0, 320, 0), ("c", 1, 200, -1)]
    kept = started(tree(rows, [100], ONE, [("c", 200)]), house=(150,)).kept()
    without = tree([("main", -1, 630, -1), ("hall", 0, 200, -1), ("c", 1, 200, -1)], [], ONE, [("c", 200)])
    for journal in (kept, started(without, kept).kept()):
        assert assumed(started(tree([("main", -1, 630, -1), ("hall", 0, 200, -1)], [], ONE), journal))["hall"] >= 150


def test_rule_15_a_latch_waits_for_the_meter_of_a_circuit_that_is_renamed_meanwhile():
    def facts(name, meter, unit=100):
        return tree([("main", -1, 630, -1), (name, 0, 200, meter)], [unit] if meter >= 0 else [], ONE)

    bench = started(facts("a", 0), seconds=10, house=(50,))
    for _ in range(3):
        bench.guard.other.estimators[1].trust.failed("test")
    kept = started(facts("a", -1), bench.kept(), 10).kept()
    for _ in range(2):
        bench = started(facts("row", 0, 150), kept, 10, house=(50,))
        assert bench.guard.needs_inspection(1)
        kept = bench.kept()


def test_rule_3_2_a_failed_meter_still_lacks_its_steps_after_a_time_without_evses():
    def facts(at, meter, evses):
        circuits = [("main", -1, 630, -1), ("a", 0, 200, 0 if meter == 1 else -1), ("z", 0, 200, 0 if meter == 2 else -1)]
        return tree(circuits, [100], [("e1", at, 1)] if evses else [("e9", 2, 9)])

    bench = started(facts(1, 1, True), seconds=10, house=(120,))
    trust = bench.guard.other.estimators[1].trust
    for p in range(3):
        trust.require_steps(p, 0, bench.now_ms)
    trust.failed("test")
    for away in (facts(1, 1, False), facts(1, 2, True)):
        kept = bench.kept()
        for _ in range(2):
            kept = started(away, kept, 3, house=(120,)).kept()
        back = started(facts(1, 1, True), kept, 3, house=(120,)).guard
        assert back.meter_state(1) == "lost" and back.other.estimators[1].trust.missing_steps == [2, 2, 2]


def test_rule_15_a_board_that_becomes_part_of_one_with_a_dead_meter_takes_its_load_there():
    rows = [("main", -1, 630, -1), ("hall", 0, 200, 0), ("a", 1, 200, 1)]
    kept = started(tree(rows, [100, 101], [("e1", 2, 1), ("e2", 2, 2)]), house=(0, 150), dead=(0,)).kept()
    bench = started(tree(rows[:2], [100], [("e1", 1, 1), ("e2", 1, 2)]), kept, house=(150,), dead=(0,))
    assert assumed(bench)["hall"] >= 150 and bench.draw == [0, 0]
    meter = started(tree(rows[:2], [100], [("e1", 1, 1), ("e2", 1, 2)]), kept, house=(20,))
    assert meter.guard.meter_state(1) == "ok" and sum(meter.draw) >= 150


def test_why_names_a_circuit_whose_confirm_helps_and_not_one_whose_load_is_drawn():
    """The load of b is drawn all the time; row is part of what the meter of hall shows; c is what once was."""
    circuits = [("main", -1, 250, -1), ("b", 0, 320, 0), ("c", 0, 320, 1), ("d", 0, 320, -1)]
    bench = started(tree(circuits, [100, 101], [("e1", 3, 1)]), seconds=30, house=(120, 110))
    bench.house = (120, 0)
    assert "`confirm c`" in bench.run(30).guard.why(0)
    bench.guard.confirm_assumed(2)
    assert bench.run(90).draw[0] >= 110
    circuits = [("main", -1, 300, -1), ("hall", 0, 500, 0), ("row", 1, 500, 1), ("c", 0, 200, -1)]
    bench = started(tree(circuits, [100, 101], [("e1", 3, 1), ("e2", 2, 2)], [("hall", 150)]), house=(250, 150))
    bench.house = (160, 150)
    assert "`confirm hall`" in bench.run(60).guard.why(0)
    bench.guard.confirm_assumed(1)
    assert min(bench.run(120).draw) >= 60


def test_why_names_no_circuit_that_is_not_in_the_site():
    """Circuit a left with its EVSE, and nothing says yet that they are gone."""
    kept = started(tree([("main", -1, 320, -1), ("a", 0, 320, 0), ("b", 0, 320, 1)], [100, 101], TWO), house=(250, 150)).kept()
    renamed = tree([("main", -1, 320, -1), ("z", 0, 320, -1), ("b", 0, 320, -1)], [], TWO + [("e3", 0, 3)])
    bench = Cars(renamed, kept).start().run(60)
    for _ in range(4):
        named = bench.guard.why(2).split("`confirm ")[1:]
        for name in [each.split("`")[0] for each in named][:1]:
            bench.guard.confirm_assumed(["main", "z", "b"].index(name))
        bench.run(60)
    assert bench.draw[2] >= 60


def test_rule_15_names_that_left_do_not_push_out_what_counts_against_a_meter():
    count = 16

    def facts(prefix, metered=True):
        rows = [("main", -1, 6300, -1)] + [(prefix + str(i), 0, 200, i if metered else -1) for i in range(count)]
        return tree(rows, range(100, 100 + count) if metered else (), [("e%d" % i, 1 + i, 1 + i) for i in range(3)])

    bench = started(facts("a"), None, 5, [50] * count)
    for _ in range(3):
        bench.guard.other.estimators[1].trust.failed("test")
    kept = bench.kept()
    for prefix in "bcdefg":
        kept = started(facts(prefix, False), kept, 1).kept()
        assert len(kept["meters_gone"]) <= 64
    assert started(facts("g"), kept, 3, [50] * count).guard.needs_inspection(1)


def test_rule_3_2_what_a_meter_lacks_without_evses_is_the_most_of_all_its_records():
    kept = {"owed": [2, 2, 2], "against": [6, 5, 3], "blame": [12, 0, 0, 0, 0], "latched": False, "reason": "x"}
    trust = MeterTrust([False] * 3)
    for record in (kept, dict(kept, owed=[0, 0, 0], against=[0, 0, 0])):
        trust.load(record)
    again = MeterTrust([False] * 3)
    again.load(trust.dump())
    assert again.dump() == kept
