"""A replacement ends in service, or says what is wrong, and never waits for ever."""

from ampacity.commission.replace import OVER, PROOF_MS, READ_MS, Replacement, UnitObservation, serial_fits, summary

START_MS = 2**30 - 60000
GOOD = [("watchdog", 10000, 10000, True, "watchdog"), ("fallback", 60, 60, True, "fallback"), ("mode", 1, None, True, "raw")]
BAD = [("watchdog", 10000, 600000, False, "watchdog")]


def unit(**facts):
    known = {"answers": True, "fingerprint": "NEW-1", "known": "OLD", "settings": GOOD, "read_ms": START_MS + 500, "state": "returning"}
    known.update(facts)
    return UnitObservation(**known)


def begun():
    return Replacement("evse-3", unit(settings=BAD, read_ms=-1), START_MS)


def test_old_and_new_unit_are_shown_before_any_action():
    assert summary("evse-3", unit()) == "evse-3: old serial number OLD, new NEW-1; replace evse-3 serial=NEW-1 accepts it"
    assert "nothing was replaced" in summary("evse-3", unit(fingerprint="OLD"))
    assert "nothing answers" in summary("evse-3", unit(answers=False))
    assert "serial=none" in summary("evse-3", unit(fingerprint=None)) and "serial=none" in summary("evse-3", unit(fingerprint="OLD", numbered=False))


def test_a_replacement_ends_in_service_after_settings_and_a_proven_order():
    run = begun()
    assert run.accept and run.audit
    run.step(unit(settings=BAD), START_MS + 600)
    assert run.stage == "settings"
    run.step(unit(), START_MS + 1000)
    assert run.stage == "order" and "waiting for a proven order" in run.text()
    run.step(unit(state="ok"), START_MS + 4000)
    assert run.stage == OVER and run.outcome == "passed"
    assert [line[1] for line in run.lines] == [
        "serial number NEW-1 accepted in place of OLD", "watchdog 10.0 s, read back", "fallback 6.0 A, read back",
        "mode 1, written; not readable", "an order was sent, read back and has settled", "it is in service"]  # fmt: skip
    assert run.status()["settings"][0] == ["watchdog", 10000, 10000, True, "watchdog"]


def test_readings_before_the_acceptance_do_not_count():
    run = begun()
    run.step(unit(read_ms=START_MS - 1), START_MS + 5000)
    assert run.stage == "settings"


def test_a_reading_requested_before_the_acceptance_is_repeated():
    run = begun()
    run.audit = False
    run.step(unit(read_ms=START_MS - 1), START_MS + 1000)
    assert not run.audit
    run.step(unit(read_ms=START_MS - 1), START_MS + 4000)
    assert run.audit and run.stage == "settings"


def test_a_setting_that_was_not_accepted_is_named_with_its_value():
    run = begun()
    run.step(unit(settings=BAD, wrong="setting at 257 does not hold"), START_MS + READ_MS + 1)
    assert run.outcome == "failed" and ("FAIL", "watchdog should be 10.0 s, shows 600.0 s") in run.lines
    assert run.lines[-1] == ("FAIL", "setting at 257 does not hold")


def test_a_unit_that_does_not_answer_ends_the_replacement():
    run = begun()
    run.step(unit(answers=False), START_MS + READ_MS + 1)
    assert run.outcome == "failed" and run.lines[-1][1] == "nothing answers"


def test_another_unit_in_between_ends_the_replacement():
    run = begun()
    run.step(unit(fingerprint="NEW-2"), START_MS + 1000)
    assert run.outcome == "failed" and "NEW-2" in run.lines[-1][1]


def test_an_order_that_is_never_proven_ends_the_replacement():
    run = begun()
    run.step(unit(), START_MS + 1000)
    run.step(unit(), START_MS + 1000 + PROOF_MS + 1)
    assert run.outcome == "failed" and "state returning" in run.lines[-1][1]


def test_after_an_abort_the_replacement_changes_nothing_more():
    run = begun()
    run.abort()
    assert run.outcome == "failed"
    run.step(unit(state="ok"), START_MS + 2000)
    run.abort()
    assert run.outcome == "failed" and len(run.lines) == 2


def test_a_serial_number_is_the_fingerprint_or_a_part_of_it():
    assert serial_fits("NEW-1", "NEW-1") and serial_fits("NEW", "NEW-1") and not serial_fits("NE", "NEW-1") and not serial_fits("x", None)
