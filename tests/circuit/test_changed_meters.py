"""A changed site file (rule 15): what a meter has seen and what counts against it follows the meter, what speaks against an EVSE the EVSE."""

from helper_circuit import Bench, circuit, evse, foreign_evse, meter_facts, mute_evse, site

from ampacity.circuit.cascaded_guard import CascadedGuard
from ampacity.circuit.trusted.site.check import ReserveSums

ON_MICROPYTHON_EACH = 2
MODEL = "wall-box"


class Cars(Bench):
    """Each EVSE has a car that draws all it is offered. `house`: other load per meter, in da; `dead`: meters that do not answer."""

    def __init__(self, facts, kept=None, house=(), dead=(), guard_class=None):
        Bench.__init__(self, facts, kept, *([guard_class] if guard_class else []))
        self.house, self.dead = house, dead
        self.draw = [0] * len(facts["evses"])

    def run(self, seconds):
        evses = range(len(self.draw))
        for e in evses:
            self.guard.plugged(e, True)
            self.guard.demand(e, True)
        for _ in range(seconds):
            for e in evses:
                want = self.guard.want_da[e]
                self.audit(e)
                order = self.send(want, e)
                if order is None:
                    want = self.guard.last_order_da(e)
                    order = self.send(want, e) if want is not None else None
                if order is not None:
                    self.prove(order, want, e)
                self.draw[e] = self.guard.last_order_da(e) or 0
            for part_ms in (200, 800):
                for e in evses:
                    self.measure(e, *[self.draw[e]] * 3)
                if part_ms == 200:
                    self.mark += 1
                    for m in range(len(self.house)):
                        below = [self.draw[e] for e in evses if self.measures(m, e)]
                        if m not in self.dead:
                            da = self.house[m] + sum(below)
                            self.guard.meter(m, [da + self.mark % 2, da, da], self.now_ms, self.mark)
                self.tick(part_ms)
        return self

    def measures(self, meter, e):
        return [c.meter for c in self.guard.site.circuits].index(meter) in self.guard.site.paths[self.guard.site.evses[e].circuit]

    def kept(self):
        return self.guard.evidence_dump()


def two(first, second, one_only=False):
    """Two circuits, each with a meter (units 100 and 101) and an EVSE (units 1 and 2), below a root without one."""
    circuits, meters = [circuit("main", rating=630), circuit(first, 0, 200, meter=0)], [meter_facts(name="m1", unit=100, sample_ms=0)]
    evses = [evse("e1", circuit=1, unit=1)]
    if not one_only:
        circuits.append(circuit(second, 0, 200, meter=1))
        meters.append(meter_facts(name="m2", unit=101, sample_ms=0))
        evses.append(evse("e2", circuit=2, unit=2))
    return site(evses, circuits, meters)


def one(name, root="main", declared=0, **more):
    circuits = [circuit(root, rating=250), circuit(name, 0, 200, assumed=declared, meter=0)]
    return site([evse("e1", circuit=1)], circuits, [meter_facts(sample_ms=0, **more)])


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
    for facts in (two("a", "b"), two("x", "b")):
        back = Cars(facts, kept).start()
        assert back.guard.needs_inspection(1) and not back.guard.needs_inspection(2) and "meters_gone" not in back.kept()


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
    assert [row["name"] for row in kept["meters_gone"]] == ["new"]
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


def hall_and_shop(metered, plain, meter=0, units=(1, 2)):
    """A circuit with a meter and one without, with an EVSE each; of `plain` None neither."""
    circuits = [circuit("main", rating=400), circuit(metered, 0, 320, meter=0)] + ([circuit(plain, 0, 160)] if plain else [])
    found = site([evse("e%d" % i, circuit=i) for i in range(1, len(circuits))], circuits, [meter_facts(name="m", sample_ms=0, unit=100 + meter)])
    for each, unit in zip(found["evses"], units):
        each["unit"] = unit
    return found


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


def without_meters(facts):
    for each in facts["circuits"]:
        each["meter"] = -1
    return dict(facts, meters=[])


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
