"""Section 6: charging by what would else be fed in."""

from helper_circuit import Bench, circuit, evse, meter_facts, site

from ampacity.circuit.policy.constraints.sum_constraints import watts_text
from ampacity.circuit.trusted.errors import NotNow

ON_MICROPYTHON_EACH = 3


def sunny(count=1, run_ms=120000, **more):
    facts = site([evse("evse-%d" % (e + 1), **more) for e in range(count)], [circuit(rating=600, meter=0, generation=200)], [meter_facts()],
                 raise_hold_ms=1000, restart_hold_ms=1000)
    facts["solar"] = {"circuit": 0, "evses": [0], "run_ms": run_ms, "margin_w": 0}
    bench = Bench(facts).start()
    for e in range(count):
        bench.guard.demand(e, True)
    return bench


def shine(bench, surplus_da, seconds):
    """The house feeds in so much on each phase, less what our EVSEs take."""
    for _ in range(seconds):
        for e, facts in enumerate(bench.facts["evses"]):
            bench._drive(e, facts, True)
        shown = [-surplus_da] * 3
        for s in bench.ledger.evse_states:
            for p in range(3):
                shown[p] += s.phase_da[p]
        shown[0] += bench.mark % 2
        bench.meter(*shown)
        for e, facts in enumerate(bench.facts["evses"]):
            bench._drive(e, facts, True)
        bench.tick(1000)
    return bench.guard.want_da[0]


def test_section_6_without_surplus_no_evse_starts():
    assert shine(sunny(), 0, 90) == 0
    assert shine(sunny(), 50, 90) == 0


def test_section_6_a_surplus_must_persist_before_it_starts_a_car():
    bench = sunny()
    assert shine(bench, 100, 50) == 0
    assert shine(bench, 100, 60) > 0


def test_section_6_charging_follows_the_surplus_and_feeds_nothing_from_the_grid():
    bench = sunny()
    shine(bench, 100, 120)
    assert 90 <= bench.guard.want_da[0] <= 100
    assert bench.guard.why(0).startswith("%d.%d A: solar surplus " % divmod(bench.guard.want_da[0], 10)), bench.guard.why(0)
    shine(bench, 140, 60)
    assert 130 <= bench.guard.want_da[0] <= 140
    shine(bench, 80, 30)
    assert 75 <= bench.guard.want_da[0] <= 80


def test_section_6_a_cloud_shorter_than_the_least_run_costs_nothing_but_the_minimum():
    bench = sunny(run_ms=400000)
    shine(bench, 100, 120)
    assert shine(bench, 0, 200) == 60


def test_section_6_after_its_least_run_it_stops_when_the_surplus_was_short_for_long():
    bench = sunny(run_ms=120000)
    shine(bench, 100, 120)
    assert shine(bench, 0, 160) == 60
    assert shine(bench, 0, 60) == 0


def test_section_6_a_lost_meter_ends_it_at_once():
    bench = sunny()
    shine(bench, 100, 120)
    bench.tick(6000)
    assert bench.guard.want_da[0] == 0


def test_section_6_other_evses_charge_as_usual_and_a_person_may_choose_the_mode():
    bench = sunny(2)
    shine(bench, 0, 60)
    assert bench.guard.want_da == [0, 160]
    bench.guard.optional.solar(0, False)
    shine(bench, 0, 20)
    assert bench.guard.want_da == [160, 160]
    bench.guard.optional.solar(1, True)
    shine(bench, 0, 5)
    assert bench.guard.want_da == [160, 0]


def test_section_6_a_site_without_surplus_charging_reports_it():
    error = raises_text(lambda: Bench(site([evse("bay-1")])).guard.optional.solar(0, True))
    assert error == "solar: this site has no [solar] section"


def raises_text(call):
    try:
        call()
    except NotNow as error:
        return str(error)
    return ""


def test_why_compares_the_surplus_with_the_minimum():
    bench = sunny()
    assert bench.guard.why(0) == "0.0 A: solar surplus unknown: meter of main lost", bench.guard.why(0)
    shine(bench, 30, 40)
    text = "0.0 A: solar surplus %s is below the minimum of 4,140 W (6 A, three phases)"
    assert bench.guard.why(0) == text % watts_text(bench.guard.optional.solar_surplus.surplus_da * 23), bench.guard.why(0)
    shine(bench, 100, 20)
    assert bench.guard.why(0).endswith(" W, charging starts after 60 s of it"), bench.guard.why(0)


def test_a_power_has_a_comma_between_thousands():
    assert [watts_text(watts) for watts in (0, 999, 2070, 1234567)] == ["0 W", "999 W", "2,070 W", "1,234,567 W"]


def test_why_counts_the_phases_of_the_evse_that_lacks_surplus():
    bench = sunny(terminals=[[0]])
    shine(bench, 4, 40)
    assert bench.guard.why(0).endswith(" is below the minimum of 1,380 W (6 A, one phase)"), bench.guard.why(0)


def test_section_6_one_phase_where_the_surplus_is_too_small_for_three_and_back():
    bench = sunny(phase_switch=True)
    guard = bench.guard
    sets = [0, 1, 2]
    for second in range(600):
        want = guard.optional.phases_wanted(0)
        if want != len(sets):
            sets = [0] if want == 1 else [0, 1, 2]
            assert bench.bound() == 0, "a switch is made at 0 A"
            assert guard.phases_sent(0, sets, bench.now_ms)
            guard.phases_proven(0, sets, bench.now_ms)
        s = bench.ledger.evse_states[0]
        bench.order(guard.want_da[0])
        da = guard.want_da[0]
        bench.guard.measured(0, [da if index in sets else 0 for index in range(3)], bench.now_ms, bench.now_ms)
        solar_surplus = 40 if second < 400 else 120
        bench.meter(*[s.phase_da[p] - solar_surplus + (bench.mark % 2) * (p == 0) for p in range(3)])
        bench.guard.measured(0, [da if index in sets else 0 for index in range(3)], bench.now_ms, bench.now_ms)
        bench.tick(1000)
        if second == 399:
            assert sets == [0] and 100 <= da <= 120, (sets, da)
            assert bench.guard.bound_da(0)[1:] == [0, 0]
    assert guard.optional.phases_wanted(0) == 1, "not again before its hold time"
    for _ in range(600):
        bench.order(guard.want_da[0])
        da = guard.want_da[0]
        if guard.optional.phases_wanted(0) != len(sets):
            sets = [0, 1, 2]
            assert guard.phases_sent(0, sets, bench.now_ms)
            guard.phases_proven(0, sets, bench.now_ms)
        drawn = [da if index in sets else 0 for index in range(3)]
        bench.guard.measured(0, drawn, bench.now_ms, bench.now_ms)
        bench.meter(*[drawn[p] - 120 + (bench.mark % 2) * (p == 0) for p in range(3)])
        bench.guard.measured(0, drawn, bench.now_ms, bench.now_ms)
        bench.tick(1000)
    assert len(sets) == 3 and 100 <= guard.want_da[0] <= 120


def test_rule_14_a_phase_switch_that_no_device_performs_is_abandoned():
    bench = sunny(phase_switch=True)
    shine(bench, 40, 250)
    assert bench.guard.optional.phases_wanted(0) == 3
    assert bench.kinds().count("phases") == 2
    assert not bench.guard.optional.phase_switch.inhibited[0]


def test_section_6_only_an_evse_below_the_circuit_of_the_surplus_may_charge_by_it():
    """Its own current would count as surplus."""
    facts = site([evse("evse-1"), evse("evse-2", circuit=1)], [circuit(rating=600, meter=0, generation=200), circuit("row", 0), circuit("roof", 0)],
                 [meter_facts()])
    facts["solar"] = {"circuit": 1, "evses": [1], "run_ms": 120000, "margin_w": 0}
    optional = Bench(facts).guard.optional
    assert raises_text(lambda: optional.solar(0, True)) == "solar: it is not below the circuit of [solar]"
    assert raises_text(lambda: optional.solar(1, True)) == raises_text(lambda: optional.solar(0, False)) == ""
