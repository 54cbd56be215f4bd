"""Section 3.2, the account of one meter: what it owes, what is held against it, and what ends that."""

from ampacity.circuit.trusted.metering.meter_trust import BLAME_MAX, BUCKETS, FAILED, PHASE, SIGN, MeterTrust, ints

T = 1000000


def trusting(*loaded):
    return MeterTrust(list(loaded or (True, True, True)))


def test_a_phase_that_failed_owes_two_steps_and_the_others_nothing():
    trust = trusting()
    assert trust.is_trusted(T) and not trust.has_missing_steps()
    trust.require_steps(1, 0, T)
    assert trust.missing_steps == [0, 2, 0] and not trust.is_trusted(T)
    assert [trust.needs_step(p) for p in range(3)] == [False, True, False]
    trust.followed(0, 7)
    trust.followed(1, 0)
    assert trust.missing_steps == [0, 1, 0] and trust.needs_step(1)
    trust.followed(1, 0)
    assert trust.missing_steps == [0, 0, 0] and trust.is_trusted(T)
    trust.followed(1, 0)
    assert trust.missing_steps == [0, 0, 0]


def test_every_phase_that_any_failing_step_spared_is_to_be_spared_until_all_is_paid():
    trust = trusting()
    trust.require_steps(0, 2, T)
    trust.require_steps(0, 4, T)
    for spared, left in ((0, 2), (2, 2), (4, 2), (6, 1), (7, 0)):
        trust.followed(0, spared)
        assert trust.missing_steps[0] == left, spared
        assert trust.against[0] == (6 if left else 0)


def test_a_phase_that_no_evse_loads_is_covered_by_the_loaded_ones():
    trust = trusting(True, False, True)
    trust.require_steps(1, 5, T)
    assert trust.missing_steps == [2, 0, 2] and trust.against == [0, 0, 0] and trust.failed_ms == -1
    trust = trusting(True, False, True)
    trust.require_steps(0, 0, T)
    assert trust.missing_steps == [2, 0, 0]


def test_without_any_loaded_phase_one_minute_ends_the_distrust():
    for failed_ms in (0, T):
        trust = trusting(False, False, False)
        trust.require_steps(1, 0, failed_ms)
        trust.failed(SIGN)
        assert trust.missing_steps == [0, 0, 0] and trust.text() == SIGN
        assert not trust.is_trusted(failed_ms) and not trust.is_trusted(failed_ms + 59999)
        assert trust.is_trusted(failed_ms + 60000)
    assert trusting(False, False, False).is_trusted(0) and trusting().is_trusted(0)


def test_the_third_failure_is_the_last_and_counts_no_further():
    trust = trusting()
    for number in (1, 2, 3):
        assert not trust.latched
        trust.failed(PHASE)
        assert trust.unsaved_failures == number and trust.reason == PHASE
    assert trust.latched and not trust.is_trusted(T) and not trust.needs_step(0)
    trust.require_steps(0, 0, T)
    assert not trust.needs_step(0)
    trust.failed(SIGN)
    assert trust.unsaved_failures == 3 and trust.reason == PHASE and trust.blame == [3 * FAILED, 0, 0, 0, 0]


def test_a_failure_explained_by_jumps_weighs_a_twelfth():
    trust = trusting()
    trust.failed(PHASE, True)
    trust.failed(PHASE)
    assert trust.blame[0] == 13
    trust.failed(PHASE)
    for _ in range(10):
        assert not trust.latched
        trust.failed(PHASE, True)
    trust.failed(PHASE, True)
    assert sum(trust.blame) == BLAME_MAX == 36 and trust.latched


def test_a_failure_counts_against_a_meter_for_30_hours():
    trust = trusting()
    trust.failed(PHASE)
    for turns in range(BUCKETS):
        assert trust.blame == [12 * (at == turns) for at in range(5)]
        assert trust.dump() is not None
        trust.advance()
    assert trust.blame == [0] * 5 and trust.dump() is None
    trust.failed(PHASE)
    trust.advance()
    trust.failed(PHASE)
    trust.failed(PHASE)
    assert trust.latched, "over the turns of a day they add up"


def test_the_reason_for_distrust_names_the_phases_or_the_person():
    trust = trusting()
    assert trust.text() == ""
    trust.require_steps(0, 0, T)
    trust.require_steps(2, 0, T)
    trust.failed(PHASE)
    assert trust.text() == PHASE + "; trusted again when it follows the steps of the EVSEs on L1, L3"
    for _ in range(2):
        trust.failed(PHASE)
    assert trust.text() == PHASE + ", third time within 24 h: inspection required"


def test_a_confirmation_by_a_person_clears_all_distrust():
    trust = trusting()
    trust.require_steps(0, 6, T)
    for _ in range(3):
        trust.failed(PHASE)
        trust.advance()
    trust.reset()
    assert trust.is_trusted(T) and trust.dump() is None and trust.text() == "" and trust.reason == ""
    assert (trust.missing_steps, trust.against, trust.blame) == ([0] * 3, [0] * 3, [0] * 5)
    trust = trusting(False)
    trust.require_steps(0, 0, 0)
    trust.reset()
    assert trust.is_trusted(0)


def test_the_journal_has_all_distrust_of_a_meter_and_nothing_else():
    for wrong in (lambda t: t.require_steps(1, 5, T), lambda t: t.failed(SIGN, True), lambda t: [t.failed(SIGN) for _ in range(3)]):
        trust, again = trusting(), trusting()
        wrong(trust)
        again.load(trust.dump())
        assert (again.missing_steps, again.against, again.blame, again.latched, again.reason) == (
            trust.missing_steps, trust.against, trust.blame, trust.latched, trust.reason)  # fmt: skip
        assert again.dump() == trust.dump() and again.unsaved_failures == 0
    assert trusting().dump() is None
    latched = trusting()
    latched.latched = True
    assert latched.dump() is not None


def test_only_well_formed_journal_entries_are_used():
    kept = {"owed": [9, 1, 0], "against": [4, 0, 0], "blame": [1, 2, 3, 4, 5], "latched": 1, "reason": "x"}
    for more, expected in (
        ({}, ([2, 1, 0], [4, 0, 0], [1, 2, 3, 4, 5], True, "x")),
        ({"owed": [9, 1]}, ([0] * 3, [0] * 3, [1, 2, 3, 4, 5], True, "x")),
        ({"against": None}, ([0] * 3, [0] * 3, [1, 2, 3, 4, 5], True, "x")),
        ({"blame": [1] * 4}, ([2, 1, 0], [4, 0, 0], [0] * 5, True, "x")),
        ({"latched": None, "reason": None}, ([2, 1, 0], [4, 0, 0], [1, 2, 3, 4, 5], False, "")),
    ):
        trust = trusting()
        trust.load(dict(kept, **more))
        assert (trust.missing_steps, trust.against, trust.blame, trust.latched, trust.reason) == expected, more
    for kept in (None, [], 3):
        trust = trusting()
        trust.load(kept)
        assert trust.dump() is None


def test_numbers_of_a_journal_are_nonnegative_integers():
    assert ints([0, 1, 2], 3) == [0, 1, 2]
    for values in ([0, 1], [0, 1, 2, 3], (0, 1, 2), None, "012", [0, 1, -1], [0, 1, True], [0, 1, "2"], [0, None, 1]):
        assert ints(values, 3) is None, values
    given = [1, 2, 3]
    assert ints(given, 3) is not given
