"""Section 3.2: test steps where phases, cars and EVSEs without a reading stand next to each other."""

from helper_circuit import circuit, evse, meter_facts, site
from helper_meter import Yard, rising, saturates

from ampacity.circuit.trusted.metering.meter_trust import MeterTrust

ON_MICROPYTHON_EACH = 4
ALL, SINGLE = (0, 1, 2), (0,)
THREE = [[0], [1], [2]]


def mixed(*terminals, rating=460, assumed=330, max_da=160):
    """EVSEs with these terminals below a meter."""
    evses = [evse("evse-%d" % (e + 1), terminals=one, max_da=max_da, limit_da=max_da) for e, one in enumerate(terminals)]
    facts = site(evses, [circuit(rating=rating, assumed=assumed, meter=0)], [meter_facts()], raise_hold_ms=3000, restart_hold_ms=10000)
    yard = Yard(facts=facts).start()
    yard.other = [20, 20, 20]
    return yard


def suspect(yard, *phases):
    for p in phases:
        yard.guard.other.estimators[0]._suspect(p)
    return yard


def test_a_car_that_stops_in_a_test_counts_as_no_pause_of_another_phase():
    """Cars of L1 and L2 need 13 A and stop in each test; the one of L3 is at its minimum. 51 of 46 A flowed there without end."""
    yard = mixed([[0]], [[1]], [[2]], assumed=420)
    for e in range(3):
        yard.plug(e, SINGLE, 160 if e < 2 else 60)
        yard.cars[e].least_da = 130 if e < 2 else 60
    yard.run(300)
    yard.lie = saturates(2, 322)
    yard.run(1800, rising(2, 420))
    yard.run(2700)
    assert yard.state == "lost" and yard.over_ms <= 3600000, yard.over_ms


def test_phases_whose_cars_must_pause_have_a_pause_each():
    """Six cars of 6 A, two on each phase; the transformer of L3 saturates. It was found after two hours."""
    yard = mixed([[0]], [[0]], [[1]], [[1]], [[2]], [[2]], assumed=400)
    for e in range(6):
        yard.plug(e, SINGLE, 60)
    yard.run(300)
    yard.lie = saturates(2, 322)
    yard.run(4200, rising(2, 400))
    assert yard.state == "lost" and yard.over_ms <= 1800000, yard.over_ms


def beside(unread, lie, assumed=330):
    """An EVSE of L1 that is not read, and two cars of L3; its transformer saturates."""
    yard = mixed([[0]] if unread == "one phase" else THREE, [[2]], [[2]], assumed=assumed)
    yard.unmeasured = (0,)
    yard.guard.limit("console", ("evse", 0), 100, None, "release")
    for e in range(3):
        yard.plug(e, ALL if e == 0 and unread != "one phase" else SINGLE, 160)
    yard.run(120)
    yard.lie = lie
    return yard


def test_the_meter_is_tested_next_to_an_evse_that_is_not_read():
    """65 of 46 A flowed on L3 without end, since no step was seen on any phase."""
    yard = beside("one phase", saturates(2, 368))
    yard.run(2400, rising(2, 330))
    assert yard.state == "lost" and yard.over_ms <= 900000, yard.over_ms


def test_a_correct_meter_keeps_its_trust_next_to_an_evse_that_is_not_read():
    yard = beside("three phases", lambda it, amps: amps)
    for k in range(24):  # that EVSE's order changes, and its car comes and goes
        yard.guard.limit("console", ("evse", 0), 60 + 20 * (k % 3), None, "release")
        if k % 5 == 4:
            yard.unplug(0)
        elif yard.cars[0] is None:
            yard.plug(0, ALL, 160)
        yard.run(150)
    assert yard.state == "ok" and yard.over_ms == 0 and not yard.guard.needs_inspection(0)


def begins_slowly(lie, *suspected):
    """A car that begins after a quiet hour with 2 A, and 1 A more each second: (second, da) of each limit by a test."""
    yard, lowered = mixed([[0], [1], [2]], rating=320, assumed=200), []
    yard.run(3600)
    suspect(yard, *suspected).run(120)
    yard.plug(0, ALL, 0)
    yard.lie = lie

    def each(it, second):
        it.cars[0].most_da = min(160, 20 + 10 * second)
        lowered.extend((second, most_da) for most_da, _ in it.guard.limits.sources_of("evse", 0))

    return yard.run(60, each), lowered


def test_a_car_that_begins_slowly_after_a_quiet_hour_is_the_step_itself():
    """It was paused for a test at 7 A, and rested."""
    yard, lowered = begins_slowly(lambda it, amps: amps)
    assert yard.cars[0].da == 160 and not lowered, lowered


def test_a_car_that_begins_slowly_below_a_suspected_meter_is_not_paused_for_a_test():
    yard, lowered = begins_slowly(lambda it, amps: amps, 0)
    paused = [second for second, most_da in lowered if not most_da]
    assert yard.cars[0].da >= 100 and not paused, paused
    assert yard.state == "ok" and yard.guard.other.estimators[0].held_da[0] < 0


def test_a_meter_that_shows_little_of_a_car_that_begins_slowly_is_tested_a_moment_later():
    yard, lowered = begins_slowly(lambda it, amps: [20 + (da - 20) // 2 for da in amps])
    assert lowered and 15 <= lowered[0][0] <= 45, lowered


def test_a_suspicion_ends_next_to_a_car_that_starts_and_stops():
    """Each of its steps is certain, so a pause that had to wait 15 s after one never came: the others had 6 A of 16 without end."""
    yard = mixed(THREE, THREE, THREE, rating=400, assumed=210)
    yard.guard.limit("console", ("chargers", 0), 180, None, "release")
    for e in range(3):
        yard.plug(e, ALL, 160 if e else 60)
    suspect(yard.run(120), *ALL)
    yard.guard.limit("console", ("chargers", 0), None, None, "release")

    def each(it, second):
        it.cars[0].most_da = 60 if second % 20 < 10 else 0

    yard.run(180, each)
    assert max(yard.guard.other.estimators[0].held_da) < 0 and yard.cars[1].da >= 120, yard.guard.why(1)


def test_a_car_that_begins_slowly_is_the_step_itself_also_an_hour_after_one_that_ended_slowly():
    yard, paused = mixed(THREE, THREE, rating=320, assumed=200), []
    yard.plug(0, ALL, 100)
    yard.cars[0].least_da = 0

    def tapers(it, second):
        it.other = [20 + 30 * (second // 37 % 2)] * 3
        it.cars[0].most_da = min(100, max(0, 100 - (second - 2400) // 2))

    yard.run(2660, tapers).unplug(0)
    yard.other = [20, 20, 20]
    yard.run(3700).plug(1, ALL, 0)

    def begins(it, second):
        it.cars[1].most_da = min(160, 20 + 10 * second)
        paused.extend(second for most_da, _ in it.guard.limits.sources_of("evse", 1) if not most_da)

    yard.run(60, begins)
    assert yard.cars[1].da == 160 and not paused, paused


def test_a_doubted_meter_is_trusted_again_next_to_an_evse_that_is_not_read():
    """Before, no step told anything there, and a person was asked after 25 min."""
    yard = beside("three phases", lambda it, amps: amps, 100)
    estimator = yard.guard.other.estimators[0]
    estimator.trust.require_steps(2, 0, yard.now_ms)
    estimator.trust.failed("did not follow a step of the EVSEs")
    estimator._lose("lost", "")
    yard.run(180)
    assert yard.state == "ok" and not yard.guard.needs_inspection(0)


def test_a_suspicion_that_no_test_can_clear_holds_up_no_test_of_another_phase():
    """An EVSE of L2 that does not answer holds 10 A there, as far as is known; the transformer of L3 saturates."""
    yard = mixed([[1]], [[2]])
    yard.guard.limit("console", ("evse", 0), 100, None, "release")
    yard.plug(0, SINGLE, 100)
    yard.plug(1, SINGLE, 160)
    yard.run(60)
    yard.unmeasured = (0,)
    yard.run(20)
    suspect(yard, 1)
    yard.lie = saturates(2, 368)
    yard.run(1800, rising(2, 330))
    assert yard.state == "lost" and yard.over_ms <= 900000, yard.over_ms


def test_a_suspected_phase_that_leaves_no_room_is_the_task_of_a_person_while_another_phase_charges():
    """L2 shows 41 of 46 A for ever: its car got nothing, and no person was asked as long as a car of L1 charged."""
    yard = mixed([[0]], [[1]], assumed=280)
    yard.plug(0, SINGLE, 160)
    yard.run(60)
    suspect(yard, 1)
    yard.lie = lambda it, amps: [amps[0], 410, amps[2]]
    yard.plug(1, SINGLE, 160)
    yard.run(1000)
    assert not yard.guard.needs_inspection(0) and yard.cars[0].da == 160 and not yard.cars[1].da
    yard.run(400)
    assert yard.guard.needs_inspection(0) and "suspected; no EVSE has margin for a test step" in yard.guard.why(1), yard.guard.why(1)


def test_no_person_is_asked_where_cars_wait_for_something_else_than_the_meter():
    """A limit of 0 A, and a suspicion: the meter shows less than is declared."""
    yard = mixed(THREE, rating=400, assumed=150)
    yard.plug(0, ALL, 160)
    yard.run(60)
    suspect(yard, 0, 1, 2)
    yard.other = [130, 130, 130]
    yard.guard.limit("ems", ("chargers", 0), 0, None, "release")
    yard.run(2400)
    assert yard.state == "ok" and not yard.guard.needs_inspection(0)
    yard.guard.limit("ems", ("chargers", 0), None, None, "release")
    yard.run(120)
    assert yard.cars[0].da == 160


def suspected(yard, second_uses, least_da):
    """A car at a limit of 7 A leaves below a meter that is suspected on all phases, and the next one comes: its EVSE, after 20 min."""
    yard.guard.limit("ems", ("chargers", 0), 70, None, "release")
    yard.plug(0, ALL, 70)
    yard.run(120)
    suspect(yard, 0, 1, 2)
    yard.unplug(0)
    yard.run(700)
    yard.guard.limit("ems", ("chargers", 0), None, None, "release")
    yard.plug(1, second_uses, 160)
    yard.cars[1].least_da = least_da
    yard.run(1200)
    return yard


def test_a_car_that_needs_13_a_begins_below_a_suspected_meter():
    """12 A remain by the declaration. Before, it never charged: 13.0 A were left, and 13.2 A are tried."""
    yard = suspected(mixed(THREE, THREE, assumed=340), ALL, 130)
    assert yard.cars[1].da >= 130 and yard.state == "ok" and max(yard.guard.other.estimators[0].held_da) < 0


def test_a_car_of_any_phase_may_start_below_a_suspected_meter():
    """The one car that waits is on L2 or L3: only L1 was looked at, where no car waited."""
    for p in (1, 2):
        yard = suspected(mixed(THREE, [[p]], assumed=390), SINGLE, 80)
        assert yard.cars[1].da >= 80 and yard.state == "ok", p


def test_a_car_that_stops_in_a_test_is_tested_again_soon_after_a_suspicion():
    """It needs 10 A, and the transformer of its phase saturates at 90 %: 35.1 of 32 A for an hour at a time."""
    yard = mixed([[0]], [[2]], [[1]], rating=320, assumed=195)
    for e, most_da in enumerate((100, 160, 160)):
        yard.plug(e, SINGLE, most_da)
        yard.cars[e].least_da = 100
    yard.run(60)
    yard.lie = saturates(1, 288)
    spell = [0, 0]  # seconds above the rating at a time: now, at most

    def each(it, second):
        it.other[1] = min(191, it.other[1] + 1)
        spell[0] = spell[0] + 1 if it.flows()[1] > 320 else 0
        spell[1] = max(spell)

    yard.run(9000, each)
    assert spell[1] <= 960, spell


def test_a_suspicion_after_an_uneven_step_is_ended_by_an_uneven_one_only():
    """The transformer of L1 is on the conductor of L3. Tests lower the car of three phases, which such a meter follows: 62 of 46 A for 2 h."""
    for shown in ((2, 1, 2), (1, 0, 2)):
        yard = mixed(THREE, [[0]])
        yard.other = [160, 160, 160]
        yard.lie = lambda it, amps, shown=shown: [amps[q] for q in shown]
        yard.plug(0, ALL, 160)
        yard.run(60)
        yard.plug(1, SINGLE, 160)
        yard.run(60)
        for _ in range(160):
            yard.other = [yard.other[0] + 1, 160, 160]
            yard.run(5)
        assert yard.state == "lost" and yard.over_ms <= 15000, (shown, yard.over_ms)


def test_a_correct_meter_outlives_a_missed_rise_of_a_car_of_one_phase():
    """Other load falls in the second in which the car of L1 rises; the car of three phases cannot clear that, the one of L1 can."""
    yard = mixed(THREE, [[0]])
    yard.other = [200, 160, 160]
    yard.guard.limit("ems", ("evse", 1), 60, None, "release")
    yard.plug(0, ALL, 160)
    yard.plug(1, SINGLE, 160)
    yard.run(120)
    yard.guard.limit("ems", ("evse", 1), None, None, "release")

    def falls(it, second):
        it.other = [260 - it.cars[1].da, 160, 160]

    yard.run(20, falls)
    yard.run(300)
    assert yard.state == "ok" and max(yard.guard.other.estimators[0].held_da) < 0 and yard.over_ms == 0


def test_the_stop_of_the_car_whose_rise_was_missed_shows_the_wiring():
    """It charges for 5 s only. The stop spared the other phases, too, and the car of three phases clears the rest."""
    yard = mixed(THREE, [[0]])
    yard.other = [150, 50, 50]
    yard.plug(0, ALL, 160)
    yard.run(120)
    yard.plug(1, SINGLE, 100)

    def falls(it, second):
        it.other = [50 if it.cars[1].da else it.other[0], 50, 50]

    while not yard.cars[1].da:
        yard.run(1, falls)
    yard.run(4, falls)
    yard.unplug(1)
    yard.run(120)
    assert yard.state == "ok" and max(yard.guard.other.estimators[0].held_da) < 0


def test_a_suspicion_after_an_uneven_step_that_no_car_could_repeat_is_ended_by_an_even_one():
    """The car of L1 draws too little for a test step, or is gone without a stop that was seen. A correct meter was lost after a minute of that,
    and a person was asked."""
    for single_da in (45, 0):
        yard = mixed(THREE, THREE, [[0]], assumed=330)
        for e in range(2):
            yard.plug(e, ALL, 160)
        if single_da:
            yard.plug(2, SINGLE, single_da)
            yard.cars[2].least_da = 0
        yard.run(120)
        yard.guard.other.estimators[0]._suspect(0, 6)
        yard.run(90)
        assert yard.state == "ok" and max(yard.guard.other.estimators[0].held_da) < 0, single_da


def test_an_uneven_step_of_a_car_below_another_primary_is_not_awaited_from_it():
    """Of what is below a primary only the sum is known: no step of it spares L2 and L3 as long as other cars charge there."""
    evses = [evse("row", max_da=320, limit_da=320, primary=True)]
    facts = site(evses, [circuit(rating=460, assumed=330, meter=0)], [meter_facts()], raise_hold_ms=3000, restart_hold_ms=10000)
    yard = Yard(facts=facts).start()
    yard.other = [20, 20, 20]
    yard.plug(0, ALL, 160)
    yard.run(120)
    yard.guard.other.estimators[0]._suspect(0, 6)
    yard.run(90)
    assert yard.state == "ok" and max(yard.guard.other.estimators[0].held_da) < 0


def test_the_phases_that_a_suspicion_spares_are_forgotten_with_it_at_a_restart():
    trust = MeterTrust([True] * 3)
    trust.load({"owed": [0, 1, 0], "against": [6, 5, 0], "blame": [12, 0, 0, 0, 0], "latched": False, "reason": ""})
    assert trust.against == [0, 5, 0]


def test_a_primary_below_begins_below_a_suspected_meter_whatever_grant_it_asks_for():
    """It asks for at least 20 A, and 13 A remain by the declaration. Before, no car below charged, and no person was asked."""
    evses = [evse("row", max_da=320, limit_da=320, primary=True), evse("evse-2", max_da=160, limit_da=160)]
    facts = site(evses, [circuit(rating=460, assumed=330, meter=0)], [meter_facts()], raise_hold_ms=3000, restart_hold_ms=10000)
    yard = Yard(facts=facts).start()
    yard.other = [20, 20, 20]
    suspect(yard, 0, 1, 2)
    yard.guard.other.estimators[0].held_da = [70, 70, 70]
    yard.plug(0, ALL, 320)
    yard.run(600, lambda it, second: it.guard.minimum_grant(0, 200))
    assert yard.cars[0].da >= 100 and yard.state == "ok"


def test_the_phases_that_a_suspicion_spares_are_forgotten_when_the_meter_fails_on_another_phase():
    """Else L1 would get no routine test with cars of three phases: 64 of 46 A without end."""
    yard = mixed(THREE, THREE, assumed=250)
    for e in range(2):
        yard.plug(e, ALL, 160)
    yard.run(120)
    estimator = yard.guard.other.estimators[0]
    estimator._suspect(0, 6)
    estimator.trust.require_steps(1, 0, yard.now_ms)
    estimator.trust.failed("did not follow a step of the EVSEs")
    yard.run(600)
    assert yard.state == "ok" and estimator.trust.against == [0, 0, 0]
    yard.lie = saturates(0, 368)
    yard.run(1500, rising(0, 250))
    assert yard.state == "lost" and yard.over_ms <= 900000, yard.over_ms


def test_no_person_is_asked_where_only_an_evse_that_is_not_read_charges():
    yard = mixed(THREE, rating=200, assumed=30)
    yard.unmeasured = (0,)
    yard.plug(0, ALL, 160)
    yard.run(120)
    suspect(yard, 0)
    yard.run(2400)
    assert yard.state == "ok" and not yard.guard.needs_inspection(0) and yard.cars[0].da == 160
