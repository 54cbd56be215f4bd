"""Two slots: what is started, tried, confirmed and rolled back."""

from helper_bundle import NEXT_RELEASE, RELEASE, bundle, content, key_list
from helper_controller import Controller, finish
from helper_medium import Medium

from ampacity.base.errors import NotNow, Rejected
from ampacity.update.cbor import encode
from ampacity.update.records import Record
from ampacity.update.slot_state import BAD, GOOD, NONE, READY, SlotState, decoded
from ampacity.update.slots import BOOTS_MAX, MINUTES_MAX
from ampacity.update.trial import BUS, CONFIRMED, OCPP, ROLLED_BACK, SAFETY_LOOP
from check import raises


def release(sequence, floor=1, size=3000, signer=RELEASE):
    return bundle([("app.mpy", content(sequence, size))], {5: "%d.0" % sequence, 6: sequence, 7: floor}, signer)


def running(*sequences):
    """A controller on which these releases were installed and confirmed, one after another."""
    controller = Controller(Medium())
    for sequence in sequences:
        controller = controller.update(release(sequence))
    return controller


def tried(controller, data):
    """The controller after the restart into the trial of this bundle."""
    controller.receive(data)
    controller.slots.activate(controller.trust)
    return Controller(controller.medium)


def test_a_new_controller_has_nothing_to_start_and_takes_its_first_bundle():
    controller = Controller(Medium())
    assert controller.runs is None and controller.slot == NONE
    controller = tried(controller, release(1))
    assert controller.runs == "1.0" and controller.live(1000) == CONFIRMED
    assert Controller(controller.medium).runs == "1.0"


def test_an_update_runs_in_the_other_slot_and_the_one_before_is_kept():
    controller = running(1, 2)
    state = controller.slots.state
    assert controller.runs == "2.0" and controller.slot == 1 and state.outcome == "confirmed: 2.0"
    assert [slot.state for slot in state.slots] == [GOOD, GOOD] and [slot.version for slot in state.slots] == ["1.0", "2.0"]
    assert running(1, 2, 3).slot == 0


def test_a_bundle_is_not_started_before_it_is_activated():
    controller = running(1)
    controller.receive(release(2))
    assert controller.slots.state.slots[1].state == READY
    assert Controller(controller.medium).runs == "1.0"


def test_only_a_slot_that_is_ready_can_be_activated():
    controller = running(1)
    with raises(NotNow) as e:
        controller.slots.activate(controller.trust)
    assert "slot 1 is empty" in str(e.error)


def test_what_is_not_confirmed_is_started_three_times_and_then_rolled_back():
    controller = tried(running(1), release(2))
    for _ in range(BOOTS_MAX - 1):
        assert controller.runs == "2.0"
        controller = Controller(controller.medium)
    assert controller.runs == "2.0"
    controller = Controller(controller.medium)
    assert controller.runs == "1.0" and controller.slots.state.slots[1].state == BAD
    assert controller.slots.state.outcome == "rolled back: 2.0: not confirmed, no boots left"
    assert Controller(controller.medium).runs == "1.0"


def test_a_slot_that_is_whole_and_cannot_be_started_ends_its_trial_at_once():
    controller = running(1)
    controller.receive(release(2))
    controller.slots.activate(controller.trust)
    boot = controller.slots.boot(controller.trust, lambda number: "it cannot be mounted" if number == 1 else "")
    finish(boot)
    state = controller.slots.state
    assert (boot.slot, boot.manifest.version, state.trial, state.slots[1].state) == (0, "1.0", NONE, BAD)
    assert state.outcome == "rolled back: 2.0: it cannot be mounted" and Controller(controller.medium).runs == "1.0"


def test_in_place_of_an_active_slot_that_cannot_be_started_the_one_before_runs():
    controller = running(1, 2)
    boot = controller.slots.boot(controller.trust, lambda number: "it cannot be mounted" if number == 1 else "")
    finish(boot)
    assert boot.slot == 0 and controller.slots.state.outcome == "slot 1: it cannot be mounted"
    boot = controller.slots.boot(controller.trust, lambda number: "it cannot be mounted")
    finish(boot)
    assert boot.slot == NONE and boot.manifest is None


def test_a_controller_that_works_is_confirmed_after_two_minutes():
    controller = tried(running(1), release(2))
    assert controller.live(120) is None
    assert controller.live(121) == CONFIRMED and controller.slots.state.active == 1


def test_each_missing_fact_rolls_back_after_fifteen_minutes_and_is_named():
    for missing in (SAFETY_LOOP, BUS, OCPP):
        controller = tried(running(1), release(2))
        facts = [each for each in (SAFETY_LOOP, BUS, OCPP) if each != missing]
        assert controller.live(MINUTES_MAX * 60, facts) is None
        assert controller.live(MINUTES_MAX * 60 + 1, facts) == ROLLED_BACK
        controller = Controller(controller.medium)
        assert controller.runs == "1.0" and controller.slots.state.outcome == "rolled back: 2.0: not seen: " + missing


def test_a_fact_that_is_not_needed_is_not_waited_for():
    controller = tried(running(1), release(2))
    controller.trial._needed = (SAFETY_LOOP, BUS)
    assert controller.live(200, (SAFETY_LOOP, BUS)) == CONFIRMED


def test_what_works_only_now_and_then_is_not_confirmed():
    controller = tried(running(1), release(2))
    for second in range(MINUTES_MAX * 60 + 1):
        for fact in (SAFETY_LOOP, OCPP) + ((BUS,) if second % 180 < 10 else ()):
            controller.trial.saw(fact, second * 1000)
        outcome = controller.trial.step(second * 1000)
    assert outcome == ROLLED_BACK


def test_the_minutes_of_all_starts_count_together():
    controller = tried(running(1), release(2))
    assert controller.live(8 * 60 + 30, ()) is None
    controller = Controller(controller.medium)
    assert controller.slots.state.minutes == MINUTES_MAX - 10
    assert controller.live(6 * 60, ()) is None and controller.live(6 * 60 + 1, ()) == ROLLED_BACK
    assert Controller(controller.medium).runs == "1.0"


def test_a_bundle_below_the_floor_is_a_downgrade_and_the_floor_rises_when_one_is_confirmed():
    controller = running(1)
    controller = tried(controller, release(5, floor=4))
    assert controller.slots.state.floor == 1
    controller.live(1000)
    assert controller.slots.state.floor == 4
    with raises(Rejected) as e:
        controller.receive(release(3))
    assert e.field == "sequence" and "4 or higher" in e.allowed
    assert controller.receive(release(4)).ready


def test_a_failed_update_does_not_raise_the_floor():
    controller = tried(running(1), release(5, floor=5))
    controller.live(1000, ())
    controller = Controller(controller.medium)
    assert controller.slots.state.floor == 1 and controller.receive(release(2)).ready


def test_a_slot_whose_key_was_revoked_meanwhile_is_not_activated():
    controller = running(1)
    controller.receive(release(2))
    finish(controller.trust.offer(key_list(2, ((NEXT_RELEASE, 1, "next"),), (RELEASE,))))
    with raises(Rejected) as e:
        controller.slots.activate(controller.trust)
    assert e.field == "key" and Controller(controller.medium).runs == "1.0"


def test_nothing_is_installed_while_a_slot_is_on_trial():
    controller = tried(running(1), release(2))
    with raises(NotNow) as e:
        controller.receive(release(3))
    assert "on trial" in str(e.error)
    controller.live(1000)
    assert controller.receive(release(3)).ready


def test_an_operator_rolls_back_to_the_slot_before():
    controller = running(1, 2)
    controller.slots.roll_back("by the operator")
    controller = Controller(controller.medium)
    assert controller.runs == "1.0" and controller.slots.state.outcome == "rolled back: by the operator"
    controller.slots.roll_back("again")
    assert Controller(controller.medium).runs == "2.0"


def test_an_operator_cannot_roll_back_below_the_floor_or_to_nothing():
    controller = running(1)
    with raises(NotNow):
        controller.slots.roll_back("by the operator")
    controller = controller.update(release(5, floor=5))
    with raises(Rejected) as e:
        controller.slots.roll_back("by the operator")
    assert e.field == "sequence" and Controller(controller.medium).runs == "5.0"


def test_an_operator_ends_a_trial_at_once():
    controller = tried(running(1), release(2))
    controller.slots.roll_back("by the operator")
    assert Controller(controller.medium).runs == "1.0"


def test_a_slot_that_was_damaged_is_not_started():
    controller = running(1)
    controller.receive(release(2))
    controller.slots.activate(controller.trust)
    controller.medium.kept["b/app.mpy"] = b"x" + controller.medium.kept["b/app.mpy"][1:]
    controller = Controller(controller.medium)
    assert controller.runs == "1.0" and "app.mpy is missing or damaged" in controller.slots.state.outcome
    assert controller.slots.state.slots[1].state == BAD


def test_in_place_of_a_damaged_active_slot_the_one_before_runs_if_the_floor_permits_it():
    for floor, runs in ((1, "1.0"), (2, None)):
        controller = running(1)
        controller = controller.update(release(2, floor))
        del controller.medium.kept["b/app.mpy"]
        assert Controller(controller.medium).runs == runs


def test_a_count_that_cannot_be_kept_starts_the_confirmed_slot():
    controller = running(1)
    controller.receive(release(2))
    controller.slots.activate(controller.trust)
    controller.medium.refuses = True
    assert Controller(controller.medium).runs == "1.0"
    controller.medium.refuses = False
    assert Controller(controller.medium).runs == "2.0"


def test_a_confirmation_that_cannot_be_kept_is_tried_again():
    controller = tried(running(1), release(2))
    controller.medium.refuses = True
    assert controller.live(300) is None
    controller.medium.refuses = False
    assert controller.live(301) == CONFIRMED


def test_a_medium_that_refuses_keeps_no_failing_update_running():
    controller = tried(running(1), release(2))
    controller.medium.refuses = True
    assert controller.live(MINUTES_MAX * 60, ()) is None
    assert controller.live(MINUTES_MAX * 60 + 1, ()) == ROLLED_BACK
    assert Controller(controller.medium).runs == "1.0"


def lose(controller, *names):
    for name in names:
        for i in (0, 1):
            controller.medium.kept["%s.%d" % (name, i)] = b"\xff" * 30


def test_without_a_record_the_signed_slots_are_found_again_and_the_newer_is_tried():
    controller = running(1, 2)
    lose(controller, "application")
    controller = Controller(controller.medium)
    assert controller.runs == "2.0" and controller.trial is not None and "record was lost" in controller.slots.state.outcome
    for _ in range(BOOTS_MAX):
        controller = Controller(controller.medium)
    assert controller.runs == "1.0"


def test_without_a_record_a_slot_without_a_signature_is_not_started():
    controller = running(1)
    lose(controller, "application", "keys")
    assert Controller(controller.medium, keys=False).runs is None
    controller = running(1)
    lose(controller, "application")
    whole = controller.medium.kept["a/.manifest"]
    controller.medium.kept["a/.manifest"] = whole[:-1] + bytes([whole[-1] ^ 1])
    assert Controller(controller.medium).runs is None


def test_a_record_of_another_version_is_none():
    good = SlotState().encoded()
    assert decoded(good) is not None
    for raw in (b"", b"\x80", good[:-1], good.replace(b"\x88\1", b"\x88\2"), b"\x88" + b"\1" * 8):
        assert decoded(raw) is None


def spoilt_states(state):
    """Records whose checksum is right and whose fields are not."""
    good = [1, state.active, state.trial, state.boots, state.minutes, state.floor, state.outcome, [slot.listed() for slot in state.slots]]
    for at in range(1, len(good)):
        for wrong in ("x", -5, 9, 1 << 40, b"", [], {}, [[]], [[1, 2], [3]]):
            changed = list(good)
            changed[at] = wrong
            yield changed
    for at in range(5):
        for wrong in ("x" if at != 3 else 5, [], -7):
            slots = [slot.listed() for slot in state.slots]
            slots[0][at] = wrong
            yield good[:7] + [slots]


def test_a_record_with_impossible_fields_counts_as_lost_and_the_slots_are_found_again():
    controller = running(1, 2)
    medium = controller.medium
    for record in spoilt_states(controller.slots.state):
        one = Record(medium, "application")
        one.load()
        one.save(encode(record))
        controller = Controller(medium)
        assert controller.runs in ("1.0", "2.0"), record
