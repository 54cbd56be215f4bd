"""Section 3.2: a failed meter below which no EVSE has margin for a step is suspected again, and one EVSE may start for a test."""

from helper_meter import Yard
from test_suspected_meter import ALL, limited, suspect_all, suspected

ON_MICROPYTHON_EACH = 6


def helpless(lie=None, count=3):
    """Three cars at their minimum; their meter failed, because no test step was made, and without it there is no margin at all."""
    yard = Yard(count=count, rating=300, assumed=290).start()
    for e in range(count):
        yard.plug(e, ALL, 160)
    limited(yard, 60)
    yard.run(90)
    assert [car.da for car in yard.cars] == [60] * count
    tests, yard.guard.optional.meter_test_steps = yard.guard.optional.meter_test_steps, None
    suspect_all(yard)
    yard.run(70)
    yard.guard.optional.meter_test_steps = tests
    assert yard.state == "lost" and [car.da for car in yard.cars] == [0] * count
    if lie:
        yard.lie = lie
    yard.over_ms = yard.times = 0
    return yard


def test_below_a_correct_meter_that_failed_all_charge_again_within_ten_minutes():
    yard = helpless()
    yard.run(600)
    assert yard.state == "ok" and not suspected(yard) and [car.da for car in yard.cars] == [60, 60, 60]
    assert yard.over_ms == 0 and yard.trust.blame[0] == 12, "the failure counts as long as any"


def test_a_meter_that_lies_fails_again_with_the_start_of_one_car_and_after_the_third_time_a_person_must_look():
    """It shows none of our EVSEs, and so little of other load that any car could start."""
    yard = helpless(lambda it, amps: [100, 100, 100])
    yard.other = [280, 280, 280]
    over_s, began = [], [0]

    def watch(it, second):
        over = max(it.flows()) > 300
        if over and not began[0]:
            over_s.append(0)
        if over:
            over_s[-1] += 1
        began[0] = over

    yard.run(3600, watch)
    assert yard.trust.latched and 1 <= len(over_s) <= 2 and max(over_s) <= 20, over_s
    assert yard.worst_da <= 280 + 132


def test_it_is_not_tried_where_no_car_waits():
    yard = helpless()
    for e in range(3):
        yard.unplug(e)
    yard.run(900)
    assert yard.state == "lost" and not suspected(yard)


def test_a_meter_that_saturates_at_what_two_of_three_draw_is_not_trusted_by_the_step_of_the_third():
    """All are at their minimum. A step from a level that a test lowered already says nothing about the level above it."""
    yard = Yard(count=3, rating=320, assumed=192).start()
    for e in range(3):
        yard.plug(e, ALL, 74)
    yard.other = [96, 96, 96]
    yard.run(120)
    assert [car.da for car in yard.cars] == [74, 74, 74]
    suspect_all(yard)
    yard.lie = lambda it, amps: [min(da, 280) for da in amps]
    assert not [second for second in range(56) if not suspected(yard.run(1)) and yard.state == "ok"]
