"""Section 6: unbalance, neutral current, contracted power over a quarter of an hour, derating."""

from helper_circuit import Bench, circuit, evse, meter_facts, site

ON_MICROPYTHON_EACH = 5


def single(count, lines, **more):
    root = circuit(rating=400)
    root.update(more)
    bench = Bench(site([evse("evse-%d" % (e + 1), terminals=[[lines[e]]], max_da=320, limit_da=320) for e in range(count)], [root],
                       raise_hold_ms=1000, restart_hold_ms=1000, deadband_da=1)).start()
    for e in range(count):
        bench.guard.demand(e, True)
    return bench


def spread(bench):
    flows = [0, 0, 0]
    for s in bench.ledger.evse_states:
        for p in range(3):
            flows[p] += s.phase_da[p]
    return max(flows) - min(flows)


def test_section_6_a_single_car_gets_the_largest_unbalance():
    bench = single(1, [0], max_unbalance_da=200)
    bench.follow(10)
    assert bench.guard.want_da == [200]
    assert bench.guard.why(0).startswith("20.0 A: unbalance limit of main L1 20.0 A")


def test_section_6_cars_on_all_phases_allow_one_another_more():
    bench = single(3, [0, 1, 2], max_unbalance_da=200)
    bench.follow(40)
    assert bench.guard.want_da == [320, 320, 320]


def test_section_6_when_one_car_leaves_the_others_are_lowered_at_once():
    bench = single(3, [0, 1, 2], max_unbalance_da=200)
    bench.follow(40)
    bench.guard.demand(2, False)
    bench.follow(3)
    assert bench.guard.want_da == [200, 200, 0]
    assert spread(bench) <= 200


def test_section_6_two_on_one_phase_share_it():
    bench = single(2, [1, 1], max_unbalance_da=200)
    bench.follow(20)
    assert bench.guard.want_da == [100, 100]


def test_section_6_a_limit_of_the_neutral_is_one_of_the_difference():
    bench = single(1, [0], max_unbalance_da=200, max_neutral_da=160)
    bench.follow(10)
    assert bench.guard.want_da == [160]


def test_section_6_a_three_phase_car_unbalances_nothing_until_it_is_seen_on_one_phase():
    root = circuit(rating=400)
    root["max_unbalance_da"] = 100
    bench = Bench(site([evse()], [root], raise_hold_ms=1000)).start()
    bench.guard.demand(0, True)
    bench.follow(10)
    assert bench.guard.want_da == [160]
    for _ in range(15):
        bench.follow(1, draws=False)
        bench.measure(0, min(160, bench.guard.want_da[0]), 0, 0)
    assert bench.guard.want_da == [100]


def test_section_6_a_car_on_two_phases_may_begin_where_it_loads_the_emptiest_phase_too():
    """Only L1 is measured, at 0; of the others 6 A are declared. A car on L2 alone would be 12 A above L1; one on L1 and L2 is 6 A above L3."""
    for lines, begins in (([1], False), ([0, 1], True)):
        root = dict(circuit(rating=400, assumed=60, meter=0), max_unbalance_da=100)
        bench = Bench(site([evse(terminals=[[line] for line in lines])], [root], [meter_facts(phases=[0])], raise_hold_ms=1000)).start()
        bench.guard.demand(0, True)
        for _ in range(60):
            bench.meter(bench.ledger.evse_states[0].phase_da[0] + bench.mark % 2)
            bench.follow(1)
        assert (bench.guard.want_da[0] >= 60) == begins, (lines, bench.guard.why(0))


def contracted(watts, **more):
    root = circuit(rating=400, meter=0)
    root.update(dict({"contract_w": watts}, **more))
    bench = Bench(site([evse("evse-1"), evse("evse-2")], [root], [meter_facts()], raise_hold_ms=1000, restart_hold_ms=1000, deadband_da=1)).start()
    for e in range(2):
        bench.guard.demand(e, True)
    return bench


def quarter(bench, seconds, house=0):
    """Energy that flowed in, Wh."""
    used = 0
    for _ in range(seconds):
        bench.follow(1, meter=True, house=house)
        for p in range(3):
            used += (house + sum([s.phase_da[p] for s in bench.ledger.evse_states])) * 23
    return used // 3600


def test_section_6_the_mean_of_a_quarter_stays_within_the_contract():
    bench = contracted(13800)
    bench.guard.optional.quarter(bench.now_ms)
    assert quarter(bench, 900) <= 13800 // 4
    assert quarter(bench, 900, house=60) <= 13800 // 4


def test_section_6_generation_that_may_feed_in_takes_nothing_from_the_contract():
    """The busbar carries both, the contract counts what flows in: at night the whole of it, in the sun what is fed in as well."""
    for house, amps in ((0, 200), (-100, 300), (60, 140)):
        bench = contracted(13800, generation_da=[100] * 3)
        bench.follow(60, meter=True, house=house)
        assert amps - 15 <= sum(bench.guard.want_da) <= amps, (house, bench.guard.want_da, bench.guard.why(0))
    bench = contracted(13800, generation_da=[100] * 3)
    bench.follow(60, meter=True)
    bench.follow(20)  # without its meter
    assert sum(bench.guard.want_da) <= 200


def test_section_6_generation_takes_nothing_from_a_limit_in_watts():
    for house, amps in ((0, 200), (-100, 300)):
        bench = contracted(90000, generation_da=[100] * 3)
        bench.guard.limits.put("grid", ("circuit", 0), 13800, None, "hold", unit="w")
        bench.follow(60, meter=True, house=house)
        assert amps - 15 <= sum(bench.guard.want_da) <= amps, (house, bench.guard.want_da, bench.guard.why(0))


def test_section_6_generation_below_takes_nothing_from_a_limit_in_watts_on_a_circuit_without_a_meter():
    roof = circuit("roof", 0, 400, meter=0, generation=100)
    facts = site([evse("evse-1"), evse("evse-2")], [circuit(rating=400), roof], [meter_facts()], raise_hold_ms=1000, restart_hold_ms=1000)
    bench = Bench(facts).start()
    for e in range(2):
        bench.guard.demand(e, True)
    bench.guard.limits.put("grid", ("circuit", 0), 13800, None, "hold", unit="w")
    for second in range(60):
        bench.meter(second % 2, 0, 0)
        bench.follow(1)
    assert 185 <= sum(bench.guard.want_da) <= 200, (bench.guard.want_da, bench.guard.why(0))


def test_section_6_the_inverter_of_one_phase_does_not_count_as_its_load_in_the_unbalance():
    root = circuit(rating=400, meter=0)
    root.update(max_unbalance_da=160, generation_da=[160, 0, 0])
    evses = [evse("evse-%d" % p, terminals=[[p]], max_da=320, limit_da=320) for p in (1, 2)]
    facts = site(evses, [root], [meter_facts()], raise_hold_ms=1000, restart_hold_ms=1000)
    bench = Bench(facts).start()
    for e in range(2):
        bench.guard.demand(e, True)
    bench.follow(60, meter=True)
    assert max(bench.guard.want_da) <= 160, (bench.guard.want_da, bench.guard.why(0))


def test_section_6_unused_energy_of_a_quarter_may_be_used_in_its_rest():
    bench = contracted(13800)
    for e in range(2):
        bench.guard.demand(e, False)
    bench.guard.optional.quarter(bench.now_ms)
    bench.follow(450, meter=True)
    for e in range(2):
        bench.guard.demand(e, True)
    bench.follow(60, meter=True)
    assert sum(bench.guard.want_da) == 320
    assert "contracted power 13,800 W" not in bench.guard.why(0)


def test_section_6_why_names_the_contract_and_a_lost_meter_counts_it_as_used():
    bench = contracted(13800)
    bench.follow(60, meter=True)
    assert "contracted power 13,800 W" in bench.guard.why(0), bench.guard.why(0)
    bench.tick(7000)
    bench.follow(5)
    assert sum(bench.guard.want_da) <= 200


def test_section_5_derating_is_a_part_of_the_maximum():
    bench = single(1, [0])
    bench.follow(5)
    bench.guard.optional.derate(0, 50)
    bench.tick()
    assert bench.guard.want_da == [160]
    assert bench.guard.why(0) == "16.0 A: limit by thermal 16.0 A"
    bench.guard.optional.derate(0, 100)
    bench.follow(5)
    assert bench.guard.want_da == [320]
