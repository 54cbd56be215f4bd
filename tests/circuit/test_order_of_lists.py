"""What the site file lists in another order, or measures on some lines only, is no other site."""

from helper_circuit import Bench, circuit, evse, meter_facts, mute_evse, site
from helper_meter import Yard
from helper_preemption import SLOT_S, Beside

ON_MICROPYTHON_EACH = 4


def two_levels(root_first):
    """Three EVSEs at their minimum of 6 A: two below a circuit of 13 A, one on the root of 20 A; each circuit has a meter."""
    root, part = (0, 1) if root_first else (1, 0)
    circuits = [None, None]
    circuits[root] = circuit("main", -1, 200, meter=root)
    circuits[part] = circuit("part", root, 130, meter=part)
    facts = [evse("evse-%d" % (e + 1), max_da=60, limit_da=60, circuit=(part, part, root)[e]) for e in range(3)]
    bench = Bench(site(facts, circuits, [meter_facts(name="m%d" % m) for m in (0, 1)]))
    bench.other = [0, 0]
    bench.root, bench.part = root, part
    for _ in range(12):
        play(bench)
    for e in range(3):
        bench.guard.demand(e, True)
    for _ in range(60):
        play(bench)
    return bench


def play(bench):
    """A second: all orders are obeyed, both meters show what flows."""
    for _ in range(2):
        for e, facts in enumerate(bench.facts["evses"]):
            bench._drive(e, facts, True)
        drawn = [s.phase_da for s in bench.ledger.evse_states]
        bench.mark += 1
        for meter in (bench.root, bench.part):
            flows = [bench.other[1] + sum([drawn[e][p] for e in (0, 1)]) for p in range(3)]
            if meter == bench.root:
                flows = [flows[p] + bench.other[0] + drawn[2][p] for p in range(3)]
            flows[0] += bench.mark % 2
            bench.guard.meter(meter, flows, bench.now_ms, bench.mark)
        bench.tick(500)
    return list(bench.guard.want_da)


def test_section_6_a_circuit_below_is_relieved_before_those_above_in_either_order_of_the_list():
    for root_first in (True, False):
        bench = two_levels(root_first)
        assert play(bench) == [60, 60, 60]
        bench.other = [0, 30]
        wants = [play(bench) for _ in range(20)]
        assert min([want[2] for want in wants]) == 60, (root_first, wants)
        assert wants[-1].count(0) == 1, (root_first, wants)


def test_rule_3_2_a_meter_of_two_lines_is_trusted_again_next_to_an_EVSE_on_the_third():
    facts = site([evse("evse-1", terminals=[[0]]), evse("evse-2", terminals=[[0], [2]])], [circuit(rating=400, assumed=100, meter=0)],
                 [meter_facts(phases=[1, 2])], raise_hold_ms=3000, restart_hold_ms=10000)
    yard = Yard(facts=facts)
    yard.lie = lambda yard, amps: [amps[1], amps[2]]
    yard.run(20)
    yard.plug(0, (0,), 160)
    yard.plug(1, (0, 1), 160)
    yard.run(60)
    yard.fed = [0, 160, 0]
    yard.run(15)
    assert yard.guard.meter_state(0) == "lost"
    yard.fed = [0, 0, 0]
    yard.run(180)
    assert yard.guard.meter_state(0) == "ok" and sum(yard.guard.other.metered[0].trust.missing_steps) == 0


def test_section_6_others_give_nothing_for_one_that_may_not_start():
    """By its default state (rule 7): it has no watchdog, and what it holds would not fit next to other load that is declared."""
    bench = Beside([(160, 0, True, 160), (160, 0, False, 160), (160, 0, False, 160)], rating=400)
    facts = bench.facts
    facts["evses"][0] = dict(mute_evse("evse-1", max_da=160, limit_da=160, power_on_da=0), unit=1)
    facts["circuits"][0]["assumed_other_da"] = [350] * 3
    bench = Again(facts, bench)
    bench.plug(1)
    bench.plug(2)
    bench.run(120)
    assert bench.drawn == [0, 160, 160]
    bench.plug(0)
    bench.run(10 * SLOT_S)
    assert bench.longest_s[1:] == [0, 0] and bench.drawn[1:] == [160, 160], (bench.longest_s, bench.drawn)
    assert bench.drawn[0] == 0 and bench.above_s == 0


class Again(Beside):
    """The bench of another one with changed facts."""

    def __init__(self, facts, like):
        Bench.__init__(self, facts)
        self.__dict__.update({name: value for name, value in like.__dict__.items() if name not in ("facts", "guard", "ledger", "now_ms", "mark")})
        for name in ("charged_s", "waited_s", "longest_s", "offered_s", "drawn"):
            setattr(self, name, [0] * len(facts["evses"]))
        self.turns_s = [[] for _ in facts["evses"]]
        self.start()
        self.run(5)


def test_rule_3_3_other_load_that_was_seen_outlives_a_new_name_of_its_circuit_and_the_pause_of_all():
    """Until then the circuit of the former name counts it; afterwards nothing had."""
    facts = site([evse("evse-1")], [circuit(rating=600, assumed=200, meter=0)], [meter_facts()])
    bench = Bench(facts).start()
    for _ in range(20):
        bench.meter(450, 20, 20)
        bench.tick(1000)
    kept = bench.guard.evidence_dump()
    for _ in range(2):
        again = Bench(dict(facts, circuits=[dict(facts["circuits"][0], name="mains")]), kept).start()
        assert max(again.ledger.assumed_da[:3]) >= 450, again.ledger.assumed_da
        kept = again.guard.evidence_dump()
    assert kept["site"].get("before") is None
