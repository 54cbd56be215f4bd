"""A device that never answered is told as that, with its address and what to check: in `why`, and once in the log."""

from helper_garage import Garage

TOLD = "no valid answer on bus rs485-1 unit 2 since start: check its power, wiring, unit number, baud and parity; "
TOLD += "`ampacity scan` shows which units answer"


def lines(garage, words):
    return [line[3] for line in garage.log.since(0) if words in line[3]]


def cut_from_the_start():
    garage = Garage()
    garage.cut = True
    return garage


def test_an_evse_that_never_answered_is_named_with_its_address_and_the_next_step():
    garage = cut_from_the_start().run(60000)
    assert lines(garage, "valid answer") == ["evse-2: " + TOLD]
    assert garage.primary.why(1) == "0.0 A: no answer; " + TOLD


def test_a_late_first_answer_is_reported_and_removes_the_reason_from_why():
    garage = cut_from_the_start().run(20000)
    garage.cut = False
    garage.run(20000)
    assert lines(garage, "first answer") == ["evse-2: the first answer came, on bus rs485-1 unit 2"]
    assert "valid answer" not in garage.primary.why(1)


def test_an_evse_that_becomes_silent_later_counts_as_having_answered():
    garage = Garage().run(20000)
    garage.cut = True
    garage.run(60000)
    assert not lines(garage, "valid answer") and not lines(garage, "first answer") and "valid answer" not in garage.primary.why(1)
