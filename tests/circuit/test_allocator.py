"""Section 6: lexicographic max-min with classes and weights, 0 or at least the minimum, whole deci-amperes."""

from ampacity.circuit.policy.allocator import Member, pieces


def member(index, rows=(0,), least=60, most=160, weight=1, priority=1, base=0):
    return Member(index, rows, least, most, weight, priority, base)


def shares(free, *members):
    list(pieces(free, list(members)))
    return [m.goal_da for m in members]


def test_section_6_equal_cars_share_equally_to_the_last_deci_ampere():
    assert shares([200], member(0), member(1)) == [100, 100]
    assert shares([201], member(0), member(1)) == [101, 100]


def test_section_6_current_that_one_evse_cannot_take_goes_to_the_others():
    assert shares([300], member(0, most=80), member(1), member(2)) == [80, 110, 110]


def test_section_6_weights_divide_in_proportion():
    assert shares([240], member(0, weight=2), member(1)) == [160, 80]


def test_section_6_the_higher_priority_class_precedes():
    assert shares([200], member(0, priority=2), member(1)) == [160, 0]
    assert shares([240], member(0, priority=2), member(1)) == [160, 80]


def test_section_6_when_not_every_minimum_fits_the_first_of_the_queue_are_served():
    assert shares([150], member(0), member(1), member(2)) == [75, 75, 0]


def test_section_6_no_evse_gets_less_than_its_minimum():
    assert shares([100], member(0), member(1)) == [100, 0]


def test_section_6_a_full_circuit_stops_only_the_evses_below_it():
    assert shares([400, 150], member(0, (0, 1)), member(1, (0, 1)), member(2)) == [75, 75, 160]


def test_section_6_phases_are_filled_one_by_one():
    got = shares([200, 200, 200], member(0, (0, 1, 2)), member(1, (0,)), member(2, (1,), most=70))
    assert got == [100, 100, 70]


def test_section_6_a_reserve_that_is_counted_anyway_costs_nothing():
    assert shares([40], member(0, base=60), member(1, base=60)) == [80, 80]


def test_section_6_who_waits_keeps_what_its_reserve_carries_where_that_is_of_use():
    def kept(da, *rows):
        one = member(1, least=180, most=200, base=120)
        one.kept_da, one.limit_rows = da, rows
        return one

    assert shares([80], member(0), member(1, least=180, most=200, base=120)) == [80, 0]
    assert shares([80], member(0), kept(120)) == [80, 120]
    assert shares([140], member(0), kept(120)) == [80, 180], "it is not kept below what there is room for"
    assert shares([80, 110], member(0), kept(120, 1)) == [80, 0], "a limit from outside counts what flows"


def test_section_6_a_row_named_twice_counts_twice():
    assert shares([200], member(0, (0, 0))) == [100]


def test_section_6_the_queue_continues_past_an_evse_that_does_not_fit():
    assert shares([100, 50], member(0, (0, 1)), member(1, (0,))) == [0, 100]


def test_section_6_an_overdrawn_circuit_has_no_free_current():
    assert shares([-20], member(0), member(1)) == [0, 0]
