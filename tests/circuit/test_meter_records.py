"""What was seen at a circuit, and what counts against its meter, over renames, moves and meters that leave (rule 15)."""

from helper_changed_site import Cars, hall_and_shop, one, two, without_meters
from helper_circuit import Bench, circuit, evse, meter_facts, site

ON_MICROPYTHON_EACH = 2


def test_rule_15_names_that_are_exchanged_do_not_count_what_was_seen_twice():
    for first, then in ((("a", "b"), ("b", "a")), (("hall", None), ("hall-1", "hall"))):
        kept = Cars(hall_and_shop(*first), house=(150,)).start().run(100).kept()
        for _ in range(3):
            bench = Cars(hall_and_shop(*then), kept, house=(150,)).start().run(300)
            kept = bench.kept()
            assert min(bench.draw) >= 110 and bench.ledger.assumed_da[:9:3] == [151, 151, 0], (then, bench.draw)


def test_rule_15_what_was_seen_stays_where_only_the_meter_has_moved():
    """Nothing says that circuit a is another one: its EVSE is there as before."""
    kept = Cars(hall_and_shop("a", "b"), house=(100,)).start().run(100).kept()
    moved = hall_and_shop("a", "b")
    moved["circuits"][1]["meter"], moved["circuits"][2]["meter"] = -1, 0
    assert Cars(moved, kept, house=(0,)).start().run(10).ledger.assumed_da[:9:3] == [202, 101, 101]


def test_rule_15_a_meter_that_left_says_nothing_of_circuits_that_are_renamed_later():
    with_annex = hall_and_shop("row", "shop", meter=50)
    with_annex["circuits"].append(circuit("annex", 0, 160))
    with_annex["evses"].append(dict(evse("e3", circuit=3), unit=3))
    kept = Cars(hall_and_shop("a", "shop"), house=(150,)).start().run(60).kept()
    kept = Cars(hall_and_shop("row", "shop", meter=50), kept, house=(150,)).start().run(100).kept()
    for facts in (hall_and_shop("row", "store", meter=50), with_annex):
        facts["circuits"][0]["rating_da"] = [630] * 3
        bench = Cars(facts, kept, house=(150,)).start().run(300)
        assert min(bench.draw) >= 150 and bench.ledger.assumed_da[0] == 151, (bench.draw, bench.ledger.assumed_da)


def test_rule_15_a_meter_that_left_with_its_circuit_says_nothing_of_a_neighbour_that_is_renamed():
    def tenant(name, there=True, assumed=300):
        circuits = [circuit("main", rating=630), circuit(name, 0, 320, assumed=assumed, meter=0)]
        meters = [meter_facts(name="m1", unit=101, sample_ms=0)]
        evses = [evse("e1", circuit=1, unit=1)]
        if there:
            circuits.append(circuit("tenant", 0, 200, meter=1))
            meters.append(meter_facts(name="m2", unit=100, sample_ms=0))
            evses.append(evse("e2", circuit=2, unit=2))
        return site(evses, circuits, meters)

    bench = Cars(tenant("hall"), house=(50, 0)).start().run(20)
    for _ in range(3):
        bench.guard.other.estimators[2].trust.failed("test")
    for names in (("hall", "row"), ("row",)):
        kept = bench.kept()
        for name in names:
            renamed = Cars(tenant(name, there=False), kept, house=(50,)).start().run(100)
            kept = renamed.kept()
        assert renamed.guard.meter_state(1) == "ok" and renamed.draw[0] >= 150
        back = Cars(tenant("row"), kept, house=(50, 0)).start()
        assert back.guard.needs_inspection(2) and not back.guard.needs_inspection(1)


def test_rule_15_what_a_person_confirmed_of_a_circuit_stays_confirmed_when_it_is_renamed():
    def facts(name, unit):
        circuits = [circuit("main", rating=630), circuit(name, 0, 320, assumed=300, meter=0)]
        return site([evse("e1", circuit=1)], circuits, [meter_facts(sample_ms=0, unit=unit)])

    bench = Cars(facts("a", 100), house=(50,)).start().run(20)
    for _ in range(3):
        bench.guard.other.estimators[1].trust.failed("test")
    kept = Cars(facts("row", 150), bench.kept(), house=(50,)).start().kept()
    bench = Cars(facts("row", 150), kept, house=(50,)).start().run(20)
    assert bench.guard.needs_inspection(1)
    bench.guard.trust_meter(1)
    bench.run(20).guard.confirm_assumed(1)
    kept = bench.kept()
    assert "meters_gone" not in kept
    assert not Cars(facts("hall", 150), kept, house=(50,)).start().guard.needs_inspection(1)


def test_rule_3_2_a_latch_that_a_new_meter_took_over_also_waits_for_the_meter_itself():
    bench = Cars(two("a", "b"), house=(0, 0)).start().run(10)
    for _ in range(3):
        bench.guard.other.estimators[1].trust.failed("test")
    replaced = two("a", "b")
    replaced["meters"][0]["unit"] = 150
    kept = Cars(replaced, bench.kept()).start().kept()
    replaced["meters"][1]["unit"] = 100
    assert [Cars(replaced, kept).start().guard.needs_inspection(c) for c in (1, 2)] == [True, True]


def test_rule_15_what_was_assumed_at_a_circuit_without_a_meter_follows_its_new_name():
    kept = Cars(hall_and_shop("a", "b"), house=(100,)).start().run(60).kept()
    without = hall_and_shop("a", "b")
    without["circuits"][1]["meter"], without["meters"] = -1, []
    kept = Bench(without, kept).start().guard.evidence_dump()
    for name, other in (("row", "b"), ("row", "shop")):
        renamed = hall_and_shop(name, other)
        renamed["circuits"][1]["meter"], renamed["meters"] = -1, []
        assert Bench(renamed, kept).start().ledger.assumed_da[:9:3] == [101, 101, 0], (name, other)


def test_rule_15_what_was_seen_counts_also_when_a_meter_is_replaced_in_two_steps():
    kept = Cars(one("a"), house=(120,)).start().run(60).kept()
    kept = Bench(without_meters(one("a")), kept).start().guard.evidence_dump()
    replaced = one("a", unit=150)
    for _ in range(3):
        bench = Cars(replaced, kept, house=(120,), dead=(0,)).start().run(120)
        kept = bench.kept()
        assert bench.guard.meter_state(1) == "lost" and 60 <= bench.draw[0] <= 80
    bench = Cars(one("a"), house=(0,)).start().run(10)
    for _ in range(3):
        bench.guard.other.estimators[1].trust.failed("test")
    kept = Bench(without_meters(one("a")), bench.kept()).start().guard.evidence_dump()
    for _ in range(2):
        bench = Cars(replaced, kept).start()
        assert bench.guard.needs_inspection(1)
        kept = bench.kept()


def test_rule_15_what_was_seen_follows_the_evses_and_the_name_where_no_meter_tells_them_apart():
    kept = Cars(hall_and_shop("a", "b"), house=(120,)).start().run(60).kept()
    without = Bench(without_meters(hall_and_shop("a", "b")), kept).start().guard.evidence_dump()
    for journal in (kept, without):
        bench = Bench(without_meters(hall_and_shop("b", "a")), journal).start()
        assert bench.ledger.assumed_da[3] >= 120 and bench.ledger.assumed_da[6] >= 120
        bench = Bench(without_meters(hall_and_shop("hall", "a", units=(1, 9))), journal).start()
        assert bench.ledger.assumed_da[3] >= 120 and bench.ledger.assumed_da[6] >= 120
    dead = Cars(hall_and_shop("b", "a", meter=50), kept, house=(120,), dead=(0,)).start().run(120)
    assert dead.ledger.assumed_da[3] >= 120 and dead.draw[0] >= 60


def test_rule_15_a_circuit_that_is_inserted_above_the_root_takes_nothing_from_it():
    def inserted(meter):
        circuits = [circuit("grid", rating=630, meter=0), circuit("main", 0, 250)]
        return site([evse("e1", circuit=1)], circuits, [meter_facts(sample_ms=0, unit=meter)])

    root = site([evse("e1")], [circuit("main", rating=250, meter=0)], [meter_facts(sample_ms=0, unit=100)])
    kept = Cars(root, house=(150,)).start().run(60).kept()
    for meter in (100, 150):
        bench = Cars(inserted(meter), kept, house=(0,)).start().run(120)
        assert 60 <= bench.draw[0] <= 100, bench.draw


def test_rule_15_what_was_seen_counts_where_the_evses_are_when_rows_are_inserted_or_merged():
    def rows(*circuits, below):
        found = [circuit("main", rating=630)] + [circuit(name, parent, 200) for name, parent in circuits]
        return site([evse("e%d" % (i + 1), circuit=c, unit=i + 1) for i, c in enumerate(below)], found)

    before = rows(("hall", 0), ("r1", 1), ("r2", 1), below=(2, 3))
    before["circuits"][1]["meter"], before["meters"] = 0, [meter_facts(sample_ms=0)]
    kept = Cars(before, house=(120,)).start().run(60).kept()
    kept = Bench(rows(("hall", 0), ("r1", 1), ("r2", 1), below=(2, 3)), kept).start().guard.evidence_dump()
    for facts in (rows(("board", 0), below=(1, 1)), rows(("board", 0), ("r1", 1), ("r2", 1), below=(2, 3))):
        assert Bench(facts, kept).start().ledger.assumed_da[3] >= 120
    root = Cars(site([evse("e1")], [circuit("main", rating=250, meter=0)], [meter_facts(sample_ms=0)]), house=(150,)).start().run(60).kept()
    root = Bench(site([evse("e1")], [circuit("main", rating=250)]), root).start().guard.evidence_dump()
    for names in (("grid", "row"), ("row",), ("main", "row")):
        circuits = [circuit(name, i - 1, 250) for i, name in enumerate(names)]
        assert Bench(site([evse("e1", circuit=len(names) - 1)], circuits), root).start().ledger.assumed_da[0] >= 150, names


def test_rule_15_a_healthy_meter_has_no_latch_of_one_that_left_with_the_name_of_its_circuit():
    bench = Cars(two("row-1", "row-2"), house=(0, 20)).start().run(20)
    for _ in range(3):
        bench.guard.other.estimators[1].trust.failed("test")
    renumbered = two("row-1", None, one_only=True)
    renumbered["evses"][0]["unit"], renumbered["meters"][0]["unit"] = 2, 101
    after = Cars(renumbered, bench.kept(), house=(20,)).start().run(60)
    assert not after.guard.needs_inspection(1) and after.draw[0] >= 150


def test_why_names_the_circuit_without_a_meter_whose_former_load_keeps_a_car_waiting():
    kept = Cars(hall_and_shop("a", "b"), house=(150,)).start().run(60).kept()
    swapped = without_meters(hall_and_shop("b", "a"))
    bench = Cars(swapped, kept).start().run(60)
    assert bench.draw[1] == 0 and "`confirm a`" in bench.guard.why(1), bench.guard.why(1)
    bench.guard.confirm_assumed(2)
    assert bench.run(120).draw[1] >= 60


def test_what_is_no_text_in_the_journal_is_left_out():
    kept = Cars(one("a"), house=(120,)).start().run(20).kept()
    for wrong in ([], {}, 5, None):
        row = dict(kept["meters"]["a"], at=wrong, name=wrong)
        journal = dict(kept, meters={"a": row}, meters_gone=[row])
        assert Bench(one("a"), journal).start().ledger.assumed_da[3] >= 120


def test_an_evse_that_moves_to_another_circuit_takes_no_other_load_with_it():
    def facts(at):
        circuits = [circuit("main", rating=630), circuit("a", 0, 320, meter=0), circuit("b", 0, 200)]
        return site([evse("e1", circuit=at)], circuits, [meter_facts(sample_ms=0)])

    kept = Cars(facts(1), house=(150,)).start().run(60).kept()
    moved = Cars(facts(2), kept, house=(150,)).start().run(200)
    assert moved.draw[0] >= 150 and moved.ledger.assumed_da[:9:3] == [151, 151, 0]
