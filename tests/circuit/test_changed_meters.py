"""A changed site file (rule 15): what a meter has seen and what counts against it follows the meter, what speaks against an EVSE the EVSE."""

from helper_changed_site import Cars, one, two
from helper_circuit import Bench, circuit, evse, foreign_evse, meter_facts, mute_evse, site

from ampacity.circuit.cascaded_guard import CascadedGuard
from ampacity.circuit.trusted.site.check import ReserveSums

ON_MICROPYTHON_EACH = 2
MODEL = "wall-box"


def test_rule_3_3_what_was_seen_counts_at_the_circuit_that_the_meter_measures_now():
    kept = Cars(two("a", "b"), house=(120, 0)).start().run(60).kept()
    for facts in (two("a", "b"), two("b", "a"), two("b", None, one_only=True)):
        changed = Cars(facts, kept, house=(120, 0)[: len(facts["meters"])], dead=(0,)).start().run(240)
        assert changed.guard.meter_state(1) == "lost" and 60 <= changed.draw[0] <= 80, (changed.draw, facts)
    assert all([120 <= da <= 122 for da in changed.ledger.assumed_da[:6]]), "and above, where no meter is"


def test_rule_3_2_a_latch_follows_its_meter_and_waits_for_it():
    bench = Cars(two("a", "b"), house=(0, 0)).start().run(10)
    for _ in range(3):
        bench.guard.other.estimators[1].trust.failed("test")
    assert bench.guard.needs_inspection(1)
    kept = bench.kept()
    changed = Cars(two("b", "a"), kept).start()
    assert changed.guard.needs_inspection(1) and not changed.guard.needs_inspection(2)
    without = two("a", "b")
    without["circuits"], without["meters"], without["evses"] = without["circuits"][::2], [meter_facts(name="m2", unit=101)], without["evses"][1:]
    without["circuits"][1]["meter"], without["evses"][0]["circuit"] = 0, 1
    kept = Cars(without, kept).start().kept()
    assert [row["name"] for row in kept["meters_gone"]] == ["a"]
    same = two("a", "b")
    for facts in (same, two("x", "b")):
        back = Cars(facts, kept).start()
        assert back.guard.needs_inspection(1) and not back.guard.needs_inspection(2)
        assert [row["at"] for row in back.kept().get("meters_gone", ())] == [""] * (facts is not same), "the load of circuit a waits for its name"


def test_what_was_seen_and_a_latch_outlive_a_start_without_the_meter():
    bench = Cars(one("a"), house=(110,)).start().run(20)
    for _ in range(3):
        bench.guard.other.estimators[1].trust.failed("test")
    facts = one("a")
    facts["meters"], facts["circuits"][1]["meter"] = [], -1
    without = Bench(facts, bench.kept()).start()
    assert without.ledger.assumed_da[3] >= 110 and without.ledger.assumed_da[0] >= 110
    again = Bench(facts, without.guard.evidence_dump()).start()
    assert again.ledger.assumed_da[3] >= 110
    back = Bench(one("a"), again.guard.evidence_dump()).start()
    assert back.guard.needs_inspection(1) and back.ledger.assumed_da[3] >= 110
    again.guard.confirm_assumed(1)
    assert again.ledger.assumed_da[3] == 0
    confirmed = Bench(facts, again.guard.evidence_dump()).start()
    assert confirmed.ledger.assumed_da[3] == 0 == confirmed.ledger.assumed_da[0]
    back = Bench(one("a"), confirmed.guard.evidence_dump()).start()
    assert back.guard.needs_inspection(1) and back.ledger.assumed_da[3] == 0


def test_a_circuit_with_another_name_charges_as_before_and_counts_once_above():
    kept = Cars(one("a", declared=40), house=(110,)).start().run(60).kept()
    for names in (("row", "main"), ("row", "grid"), ("hall", "row"), ("row", "main")):
        bench = Cars(one(names[0], names[1], declared=40), kept, house=(110,)).start().run(120)
        assert bench.draw[0] >= 80 and bench.ledger.assumed_da[0] <= 112, (names, bench.draw, bench.ledger.assumed_da)
        assert [text for _, kind, text in bench.guard.events if kind == "assumed"] == []
        kept = bench.kept()


def test_a_circuit_without_a_meter_inherits_nothing_of_its_neighbour():
    def facts(first, second):
        circuits = [circuit(rating=630), circuit(first, 0, 320, meter=0), circuit(second, 0, 200)]
        return site([evse("e1", circuit=1, unit=1), evse("e2", circuit=2, unit=2)], circuits, [meter_facts(sample_ms=0)])

    kept = Cars(facts("a", "b"), house=(150,)).start().run(60).kept()
    bench = Cars(facts("row-1", "row-2"), kept, house=(150,)).start().run(60)
    assert bench.draw == [160, 160] and bench.ledger.assumed_da[6:9] == [0, 0, 0] and bench.ledger.assumed_da[3] >= 150


def test_rule_7_other_load_that_was_seen_counts_also_in_a_circuit_that_is_inserted_above():
    def facts(inserted):
        hall = [circuit("hall", 0, 250)] if inserted else []
        circuits = [circuit("main", rating=630), circuit("a", 2 if inserted else 0, 200, meter=0)] + hall
        return site([mute_evse("e1", circuit=2 if inserted else 0)], circuits, [meter_facts(sample_ms=0)])

    class Apart(Cars):
        def measures(self, meter, e):
            return False

    kept = Apart(facts(False), house=(150,)).start().run(60).kept()
    bench = Apart(facts(True), kept, house=(0,)).start().run(120)
    assert bench.draw[0] + 150 <= 250 and bench.draw[0] >= 60


def test_rule_3_2_a_failed_meter_owes_its_steps_on_the_lines_that_the_evses_have_now():
    def facts(line):
        evses = [evse("e%d" % unit, terminals=[[line]], unit=unit) for unit in (1, 2)]
        return site(evses, [circuit(rating=320, meter=0, assumed=200)], [meter_facts(sample_ms=0)])

    bench = Bench(facts(0)).start()
    bench.guard.other.estimators[0].trust.failed("test")
    kept = bench.guard.evidence_dump()
    kept["meters"]["main"]["trust"]["owed"] = [2, 0, 0]
    assert Bench(facts(0), kept).guard.other.estimators[0].trust.missing_steps == [2, 0, 0]
    assert Bench(facts(1), kept).guard.other.estimators[0].trust.missing_steps == [0, 2, 0]


def apart(rating=250):
    evses = [foreign_evse("e%d" % unit, profile=MODEL, unit=unit) for unit in (1, 2)]
    return site(evses, [circuit(rating=rating)])


def test_rules_8_and_10_what_speaks_against_an_evse_outlives_a_start_without_it():
    bench = Bench(apart()).start()
    bench.guard.optional.commissioned(0, False, True, {}, bench.now_ms)
    bench.ledger.bounds.escalation.lock(bench.ledger.evse_states[1], 2, bench.now_ms)
    kept = bench.guard.evidence_dump()
    for removed in ((0, 1), (1, 0)):
        for starts in (1, 3):
            facts, state = apart(), kept
            facts["evses"] = [facts["evses"][removed[1]]]
            for _ in range(starts):
                without = Bench(facts, state)
                for _ in range(40):
                    without.tick(1000)
                state = without.guard.evidence_dump()
            facts = apart()
            facts["evses"].reverse()
            facts["evses"][0]["name"] = "renamed"
            back = Bench(facts, state)
            assert back.ledger.evse_states[1].evidence.distrusted and back.guard.locked_out(0), (removed, starts)
            assert not back.ledger.evse_states[0].evidence.distrusted and not back.guard.locked_out(1)
            assert "left" not in back.guard.evidence_dump()
            assert ReserveSums(facts, state).reserve_da[1] == back.ledger.evse_states[1].reserve_da == 160


def test_rule_15_a_circuit_that_returns_has_its_former_rating_until_all_have_paused():
    def facts(rating):
        circuits = [circuit(rating=630)] + ([circuit("a", 0, rating)] if rating else [])
        return site([evse("e1", circuit=len(circuits) - 1, unit=1), mute_evse("e2", circuit=len(circuits) - 1, unit=2)], circuits)

    bench = Bench(facts(200)).start()
    for e in (0, 1):
        bench.stand(100, e)
    kept = bench.guard.evidence_dump()
    without = Bench(facts(0), kept)
    without.tick(500)
    for journal in (kept, without.guard.evidence_dump()):
        assert Bench(facts(320), journal).ledger.cap_da[3:6] == [200] * 3


def test_rule_13_a_primary_below_declares_the_reserves_of_evses_that_moved_at_both_places():
    def facts(first, second):
        evses = [evse("e%d" % unit, terminals=[[line]], fallback_da=60, unit=unit) for unit, line in ((1, first), (2, second))]
        return dict(site(evses, [circuit(rating=320)]), parent={"fallback_da": 60, "power_on_da": 60})

    bench = Cars(facts(1, 0), guard_class=CascadedGuard)
    bench.guard.grant(320)
    bench.start()
    for e in (0, 1):
        bench.stand(100, e)
    assert bench.guard.reserves_da() == 60
    changed = Cars(facts(0, 1), bench.kept(), guard_class=CascadedGuard)
    changed.guard.grant(320)
    changed.tick(200)
    assert changed.guard.reserves_da() == 120


def test_section_4_the_tests_of_another_device_of_this_name_do_not_count_in_the_check():
    def facts(unit):
        found = site([foreign_evse("e1", watchdog_ms=0), evse("e2")])
        found["evses"][0]["unit"] = unit
        return found

    bench = Bench(facts(1)).start()
    bench.guard.optional.commissioned(0, True, True, {"holds": 1, "power_on_da": 0}, bench.now_ms)
    kept = bench.guard.evidence_dump()
    kept["evses"]["e1"]["distrusted"] = True
    sums, live = ReserveSums(facts(77), kept), Bench(facts(77), kept)
    assert sums.reserve_da == [s.reserve_da for s in live.ledger.evse_states][:2] and sums.reserve_da[0] > 0


def test_rule_3_3_what_counts_at_a_circuit_without_a_meter_outlives_every_restart():
    """Circuit a is split: x has a new meter, y has none."""
    def split():
        circuits = [circuit("main", rating=630), circuit("x", 0, 200, meter=0), circuit("y", 0, 200)]
        found = site([evse("e1", circuit=2)], circuits, [meter_facts(name="new", sample_ms=0)])
        found["meters"][0]["unit"] = 150
        return found

    kept = Cars(two("a", "b"), house=(120, 0)).start().run(20).kept()
    for _ in range(3):
        bench = Bench(split(), kept).start()
        assert bench.ledger.assumed_da[6] >= 120, bench.ledger.assumed_da
        kept = bench.guard.evidence_dump()
    earlier = {name: {"seen": row["seen"], "trust": row["trust"]} for name, row in kept["meters"].items()}
    kept = dict(kept, meters=earlier, assumed={"y": [120] * 3})
    kept.pop("meters_gone", None)
    for _ in range(3):
        bench = Bench(split(), kept).start()
        assert bench.ledger.assumed_da[6] >= 120
        kept = bench.guard.evidence_dump()
    bench.guard.confirm_assumed(2)
    bench = Bench(split(), bench.guard.evidence_dump()).start()
    assert bench.ledger.assumed_da[6:9] == [0, 0, 0]


def test_rule_3_3_what_was_seen_at_a_circuit_counts_there_also_by_the_meter_of_another():
    """The meter of b (unit 101) is given up; that of a (unit 100) is connected to b."""
    kept = Cars(two("a", "b"), house=(0, 120)).start().run(60).kept()
    moved = two("b", None, one_only=True)
    moved["evses"][0]["unit"] = 2
    bench = Cars(moved, kept, house=(120,), dead=(0,)).start().run(240)
    assert bench.draw[0] + 120 <= 200 and bench.draw[0] >= 60


def test_a_latch_waits_for_its_meter_also_when_a_new_circuit_has_it_as_well():
    bench = Cars(two("a", "b"), house=(0, 0)).start().run(10)
    for _ in range(3):
        bench.guard.other.estimators[1].trust.failed("test")
    replaced = two("new", "b")
    replaced["meters"][0]["unit"], replaced["evses"][0]["unit"] = 150, 50
    kept = Cars(replaced, bench.kept()).start().kept()
    assert [row["name"] for row in kept["meters_gone"] if row["at"]] == ["new"]
    back = Cars(two("a", "b"), kept).start()
    assert back.guard.needs_inspection(1) and not back.guard.needs_inspection(2)


def test_rules_8_and_10_what_speaks_against_an_evse_outlives_its_isolation_and_a_start_without_it():
    def without():
        facts = apart()
        facts["evses"] = facts["evses"][1:]
        return facts

    def disturbed(bench, kind):
        if kind == "distrusted":
            bench.guard.optional.commissioned(0, False, True, {}, bench.now_ms)
        elif kind == "seen":
            bench.guard.optional.commissioned(0, True, True, {"power_on_da": 160}, bench.now_ms)
        elif kind == "locked":
            bench.ledger.bounds.escalation.lock(bench.ledger.evse_states[0], 2, bench.now_ms)
        return bench

    for kind in ("distrusted", "seen", "locked"):
        for isolated in (False, True):
            bench = disturbed(Bench(apart()).start(), kind)
            again = Bench(apart(), bench.guard.evidence_dump())
            if isolated:
                bench.guard.isolate(0, True)
            back = Bench(apart(), Bench(without(), bench.guard.evidence_dump()).start().guard.evidence_dump())
            assert back.guard.reserve_da(0) == again.guard.reserve_da(0) and back.guard.locked_out(0) == again.guard.locked_out(0), (kind, isolated)
            known = [one.ledger.evse_states[0].evidence.dump() for one in (again, back)]
            assert back.guard.locked_out(0) == (kind == "locked") and known[0] == known[1]
