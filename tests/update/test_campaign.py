"""The table of docs/updates.md: what becomes of each bundle, and of a power cut in every write of a whole campaign."""

import sys

from helper_bundle import NEXT_RELEASE, RELEASE, STRANGER, bundle, content, key_list
from helper_controller import Controller, finish
from helper_medium import AFTER, BEFORE, TORN, Medium, PowerCut

from ampacity.base.errors import Rejected
from ampacity.update import manifest
from ampacity.update.manifest import FORMAT
from ampacity.update.slot_state import NONE
from ampacity.update.trial import BUS, CONFIRMED, OCPP, ROLLED_BACK, SAFETY_LOOP
from check import raises

DEEP = ("test_a_controller_boots_after_a_cut_in_every_write_of_a_campaign",)
FACTS = (SAFETY_LOOP, BUS, OCPP)


def release(sequence, changes=None, signer=RELEASE, kid=None, format=FORMAT):
    fields = {5: "%d.0" % sequence, 6: sequence, 7: sequence - 1}
    fields.update(changes or {})
    files = [("app.mpy", content(sequence, 5000)), ("lib/none", b""), ("lib/z.mpy", content(sequence + 100, 700))]
    return bundle(files, fields, signer, kid, format)


ONE, TWO, THREE = release(1), release(2), release(3)
NEXT_KEYS = key_list(2, ((RELEASE, 1, "release"), (NEXT_RELEASE, 1, "next")))
REVOKING = key_list(2, ((NEXT_RELEASE, 1, "next"),), (RELEASE,))


def installed():
    """A controller that runs release 2, after release 1."""
    return Controller(Medium()).update(ONE).update(TWO)


def outcome(data, keys=None, facts=FACTS):
    """(what is refused or becomes of the trial, the version that runs after a restart)"""
    controller = installed()
    if keys:
        finish(controller.trust.offer(keys))
    try:
        controller.receive(data)
        controller.slots.activate(controller.trust)
    except Rejected as error:
        return error.field, Controller(controller.medium).runs
    controller = Controller(controller.medium)
    ended = controller.live(1000, facts)
    return ended, Controller(controller.medium).runs


def test_a_good_bundle_is_confirmed():
    assert outcome(THREE) == (CONFIRMED, "3.0")


def test_a_bad_signature_is_refused():
    assert outcome(release(3, None, STRANGER, RELEASE.kid)) == ("signature", "2.0")


class Older:
    """The firmware of a controller whose boot stage mounts littlefs images: the same, with bundles of format 1."""

    def __enter__(self):
        manifest.FORMAT = 1

    def __exit__(self, kind, error, trace):
        manifest.FORMAT = FORMAT


OLD = {1: 1}  # the format in a manifest


def test_a_controller_whose_boot_stage_mounts_no_pack_refuses_the_bundle_and_runs_on():
    with Older():
        controller = Controller(Medium()).update(release(1, OLD, format=1))
        kept = controller.medium.kept.copy()
        for data, field in ((TWO, "bundle, format"), (release(2, format=1), "manifest.format")):
            with raises(Rejected) as e:
                controller.receive(data)
            assert e.field == field and "1" in e.error.allowed
        assert controller.medium.kept == kept and Controller(controller.medium).runs == "1.0"


def test_a_bundle_for_the_boot_stage_of_before_is_refused():
    assert outcome(release(3, OLD, format=1)) == ("bundle, format", "2.0")
    assert outcome(release(3, OLD)) == ("manifest.format", "2.0")


def test_a_slot_that_was_filled_for_the_boot_stage_of_before_is_not_started_and_takes_the_next_bundle():
    with Older():
        medium = Controller(Medium()).update(release(1, OLD, format=1)).medium
        assert Controller(medium).runs == "1.0"
    assert Controller(medium).runs is None
    assert Controller(medium).update(TWO).runs == "2.0"


def test_a_bundle_for_another_board_is_refused():
    assert outcome(release(3, {4: ["board-c"]})) == ("board", "2.0")


def test_a_downgrade_is_refused():
    assert outcome(release(2)) == (CONFIRMED, "2.0")
    assert outcome(release(1)) == (CONFIRMED, "1.0")  # the floor of release 2 is 1
    assert outcome(release(1), None, ()) == (ROLLED_BACK, "2.0")
    controller = installed().update(THREE)
    assert controller.slots.state.floor == 2
    try:
        controller.receive(ONE)
        raise AssertionError("accepted")
    except Rejected as error:
        assert error.field == "sequence"


def test_a_bundle_of_a_revoked_key_is_refused():
    assert outcome(THREE, REVOKING) == ("key", "2.0")
    assert outcome(release(3, None, NEXT_RELEASE), REVOKING) == (CONFIRMED, "3.0")


def test_a_failing_health_check_is_rolled_back():
    for missing in FACTS:
        assert outcome(THREE, None, [fact for fact in FACTS if fact != missing]) == (ROLLED_BACK, "2.0")


class Campaign:
    """New keys, then release 3, which is confirmed, then release 4, whose bus is silent: every kind of write that there is."""

    def __init__(self):
        medium = Medium()
        controller = installed()
        medium.kept = controller.medium.kept.copy()
        medium.fresh = controller.medium.fresh.copy()
        self.medium = medium
        self.four = release(4)

    def run(self):
        """To its end, or to the power cut. It may be called again and again and continues where it was."""
        controller = Controller(self.medium)
        assert controller.slot != NONE, "nothing can be started"
        if controller.trial is None:
            if controller.trust.counter == 1:
                finish(controller.trust.offer(NEXT_KEYS))
            if controller.runs == "2.0":
                controller = self.tried(controller, THREE)
            elif controller.slots.state.outcome[:11] != "rolled back":
                controller = self.tried(controller, self.four)
            else:
                return controller
        controller.live(1000, FACTS if controller.runs == "3.0" else (SAFETY_LOOP, OCPP))
        assert controller.trial.outcome == (CONFIRMED if controller.runs == "3.0" else ROLLED_BACK)
        return self.run()

    def tried(self, controller, data):
        controller.receive(data)
        controller.slots.activate(controller.trust)
        return Controller(self.medium)


def whole():
    """Writes of a campaign that nothing interrupts."""
    campaign = Campaign()
    controller = campaign.run()
    assert controller.runs == "3.0" and controller.slots.state.outcome == "rolled back: 4.0: not seen: bus"
    return campaign.medium.writes


def cut_in(writes):
    """For each of these writes and each kind of cut: the controller boots with a whole, signed slot, and the campaign ends as it should."""
    for n in writes:
        for mode in (BEFORE, AFTER, TORN):
            campaign = Campaign()
            campaign.medium.cut(n, mode)
            try:
                campaign.run()
                raise AssertionError("there is no write %d" % n)
            except PowerCut:
                pass
            again = Controller(campaign.medium)
            assert again.runs in ("2.0", "3.0", "4.0"), (n, mode)
            controller = campaign.run()
            assert controller.runs == "3.0", (n, mode, controller.runs)
            assert controller.slots.state.slots[controller.slot].version == "3.0" and controller.slots.state.floor == 2
            assert controller.trust.counter == 2


def test_a_controller_boots_after_a_cut_in_every_write_of_a_campaign():
    cut_in(range(1, whole() + 1))


def test_a_controller_boots_after_a_cut_in_a_sample_of_the_writes_of_a_campaign():
    writes = whole()
    assert writes > 50
    cut_in(range(1, writes + 1, 29 if sys.implementation.name == "micropython" else 11))


def test_a_controller_boots_after_two_cuts():
    for first in range(3, whole(), 11):
        for second in (1, 2, 5):
            campaign = Campaign()
            for n in (first, second):
                campaign.medium.cut(n, TORN)
                try:
                    campaign.run()
                except PowerCut:
                    pass
                campaign.medium.cut(0, TORN)
            assert campaign.run().runs == "3.0", (first, second)
