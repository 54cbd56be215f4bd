"""The whole grid of states and events, and the numbers of the standard."""

from ampacity.evse.iec61851 import cable_da, level_of, permille_of
from ampacity.evse.pilot_transitions import EVENTS, OUTPUTS, STATES, TRANSITIONS

CLOSED = ("charging", "pausing")


def test_every_state_has_a_row_for_every_event():
    assert len(TRANSITIONS) == len(STATES) * len(EVENTS) == 156
    for state in STATES:
        for event in EVENTS:
            assert TRANSITIONS[state, event] in STATES


def test_the_contactor_closes_only_from_the_checks_or_while_it_is_closed():
    for state in STATES:
        for event in EVENTS:
            following = TRANSITIONS[state, event]
            if following in CLOSED and state not in CLOSED:
                assert (state, event, following) == ("checking", "ready", "charging")


def test_every_state_opens_on_unplug_short_and_fault_unless_the_pilot_hides_the_car():
    for state in STATES:
        if OUTPUTS[state][0] == "f" or state == "held":
            continue
        assert TRANSITIONS[state, "A"] == "idle"
        assert TRANSITIONS[state, "E"] == "shorted"
        assert TRANSITIONS[state, "fault"] == "faulted"
        assert TRANSITIONS[state, "B"] not in CLOSED
        assert TRANSITIONS[state, "D"] == "venting"


def test_only_pwm_is_shown_to_a_car_that_may_charge():
    for state in STATES:
        pilot, closed, iec_state = OUTPUTS[state]
        assert pilot == "pwm" or not closed or state == "pausing"
        assert (iec_state[-1] == "2") == (pilot == "pwm") or state == "waking"


def test_each_state_is_reached_from_idle():
    reached = ["idle"]
    for state in reached:
        for event in EVENTS:
            if TRANSITIONS[state, event] not in reached:
                reached.append(TRANSITIONS[state, event])
    assert sorted(reached) == sorted(STATES)


def test_duty_by_table_A7_rounds_down():
    for current_da, permille in (
        (59, 0), (60, 100), (100, 166), (130, 216), (160, 266), (200, 333), (320, 533), (510, 850), (511, 844),
        (630, 892), (800, 960), (900, 960),
    ):
        assert permille_of(current_da) == permille


def current_of(permille):
    """What a car reads from a duty, in deci-amperes, rounded down; 0: it must not charge. Table A.8."""
    if permille < 80 or permille > 970:
        return 0
    if permille < 100:
        return 60
    if permille <= 850:
        return permille * 6 // 10
    return min(800, (permille - 640) * 25 // 10)


def test_no_duty_is_read_by_a_car_as_more_than_was_offered():
    for permille, current_da in ((79, 0), (80, 60), (99, 60), (100, 60), (850, 510), (860, 550), (960, 800), (970, 800), (971, 0)):
        assert current_of(permille) == current_da
    for current_da in range(0, 801):
        assert current_of(permille_of(current_da)) <= current_da


def test_levels_keep_their_state_in_the_gaps_between_the_bands():
    for high_mv, level in ((12000, "A"), (9000, "B"), (6000, "C"), (3000, "D"), (0, "E"), (-12000, "N")):
        assert level_of(high_mv, "?") == level
        assert level_of(high_mv + 900, "?") == level and level_of(high_mv - 900, "?") == level
    for high_mv in (10500, 7500, 4500, 1500):
        assert level_of(high_mv, "B") == "B" and level_of(high_mv, "C") == "C"


def test_cables_carry_the_rating_of_their_resistor_and_in_doubt_less():
    for ohm, current_da in ((1500, 130), (680, 200), (220, 320), (100, 630), (4501, None), (59, None), (None, None)):
        assert cable_da(ohm) == current_da
    assert cable_da(990) == 200 and cable_da(1050) == 130 and cable_da(350) == 200 and cable_da(150) == 320
