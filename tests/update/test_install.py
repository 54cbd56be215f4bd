"""A bundle into the spare slot: in pieces, with a fixed buffer, continued after an interruption, refused by the name of what is wrong."""

import sys

from helper_bundle import INSTALLER, NEXT_RELEASE, RELEASE, STRANGER, bundle, content, key_list
from helper_controller import Controller, feed, finish
from helper_medium import AFTER, BEFORE, TORN, Medium, PowerCut

from ampacity.base.errors import NotNow, Rejected
from ampacity.update.manifest import CONFIGURATION
from ampacity.update.slot_state import EMPTY, READY, RECEIVING
from check import raises

FILES = [("app.mpy", content(1, 5000)), ("empty", b""), ("lib/big.mpy", content(2, 30000)), ("lib/z.mpy", content(3, 4096))]
GOOD = bundle(FILES)
CUT_EACH = 3 if sys.implementation.name == "micropython" else 1
BYTES = sum([len(each) for _, each in FILES])


def refused(field, data, piece=1000):
    """What a controller says; nothing of it is started or changes the medium before its signature is right."""
    controller = Controller(Medium())
    kept = controller.medium.kept.copy()
    taking = controller.install()
    with raises(Rejected) as e:
        feed(taking, data, piece)
    assert e.field == field, str(e.error)
    assert not taking.ready and controller.slots.state.slots[0].state == EMPTY
    if taking.manifest is None:
        assert controller.medium.kept == kept
    with raises(Rejected):
        taking.step()
    return e


def test_a_bundle_in_pieces_of_any_size_fills_the_slot():
    for piece in (1, 7, 4096, 100000):
        if piece == 1:
            files = [("a", b"x" * 50), ("b", b"")]
        else:
            files = FILES
        controller = Controller(Medium())
        taking = controller.receive(bundle(files), piece)
        assert taking.ready and controller.slots.state.slots[0].state == READY and taking.manifest.version == "2.0.0"
        for path, data in files:
            assert controller.medium.content("a/" + path) == data


def test_a_bundle_of_half_a_mebibyte_is_taken_in_blocks():
    controller = Controller(Medium())
    files = [("image", content(9, 4096) * 128)]
    taking = controller.install()
    data = bundle(files)
    largest = 0
    while not taking.ready:
        if taking.step() and not taking.ready:
            taking.write(taking.offset, data[taking.offset : taking.offset + 10000])
        largest = max(largest, len(taking._buffer))
    assert largest <= 4096 and controller.medium.longest_read <= 4096
    assert controller.medium.content("a/image") == files[0][1]


def test_bytes_are_wanted_in_order_and_those_that_are_there_are_passed_over():
    taking = Controller(Medium()).install()
    taking.step()
    assert taking.write(0, GOOD[:4]) == 4 and taking.offset == 4
    assert taking.write(0, GOOD[:6]) == 6 and taking.offset == 6
    assert taking.write(2, GOOD[2:4]) == 2 and taking.offset == 6
    with raises(NotNow) as e:
        taking.write(7, GOOD[7:9])
    assert "next byte wanted is 6" in str(e.error)
    assert taking.write(6, GOOD[6:100]) == 2  # the prefix is read first
    feed(taking, GOOD)
    assert taking.ready


def test_a_bundle_with_a_byte_too_many_is_refused():
    controller = Controller(Medium())
    taking = controller.install()
    with raises(Rejected) as e:
        feed(taking, GOOD + b"\0")
    assert e.field == "bundle" and controller.slots.state.slots[0].state == EMPTY


def test_a_wrong_signature_is_refused_before_a_byte_is_stored():
    refused("signature", bundle(FILES, signer=STRANGER, kid=RELEASE.kid))
    for at in range(len(GOOD) - BYTES - 64, len(GOOD) - BYTES, 9):
        changed = bytearray(GOOD)
        changed[at] ^= 0x10
        refused("signature", bytes(changed))


def test_a_key_that_is_unknown_or_signs_another_kind_is_refused():
    assert "counter 1" in refused("key", bundle(FILES, signer=STRANGER)).allowed
    assert "application" in refused("key", bundle(FILES, signer=INSTALLER)).allowed
    assert "configuration" in refused("key", bundle(FILES, {3: CONFIGURATION, 9: ["SN-1"]})).allowed


def test_a_revoked_key_is_refused():
    controller = Controller(Medium())
    finish(controller.trust.offer(key_list(2, ((NEXT_RELEASE, 1, "next"),), (RELEASE,))))
    with raises(Rejected) as e:
        controller.receive(GOOD)
    assert e.field == "key" and "not revoked" in e.allowed
    assert len(e.value) == 16 and int(e.value, 16) > 0  # as `ampacity bundle key list` shows it
    assert controller.receive(bundle(FILES, signer=NEXT_RELEASE)).ready


def test_a_bundle_for_another_product_board_or_controller_is_refused():
    refused("product", bundle(FILES, {2: "other"}))
    refused("board", bundle(FILES, {4: ["board-b"]}))
    refused("controller", bundle(FILES, {9: ["SN-2"]}))
    refused("size", bundle([("big", b"")], {8: [["big", (1 << 20) + 1, bytes(32)]]}))
    refused("manifest.floor", bundle(FILES, {7: 3}))


def test_content_that_is_not_what_the_manifest_says_is_refused():
    for at in (len(GOOD) - BYTES, len(GOOD) - 4097, len(GOOD) - 1):
        changed = bytearray(GOOD)
        changed[at] ^= 1
        assert "SHA-256" in refused("files[%d]" % {len(GOOD) - BYTES: 0, len(GOOD) - 4097: 2, len(GOOD) - 1: 3}[at], bytes(changed)).allowed


def test_a_configuration_goes_to_its_own_slots():
    controller = Controller(Medium())
    taking = controller.install()
    data = bundle([("site.json", b"{}")], {3: CONFIGURATION, 9: ["SN-1"]}, INSTALLER)
    with raises(AssertionError):
        feed(taking, data[:-1])
    feed(taking, data)
    assert controller.settings.state.slots[0].state == READY and controller.slots.state.slots[0].state == EMPTY


def test_an_interrupted_bundle_is_continued_where_the_medium_ends():
    for cut in range(1, 22, CUT_EACH):
        for mode in (BEFORE, AFTER, TORN):
            medium = Medium()
            controller = Controller(medium)
            medium.cut(cut, mode)
            try:
                controller.receive(GOOD)
                raise AssertionError("only %d writes" % medium.writes)
            except PowerCut:
                medium.cut(0, mode)
            written = medium.size("a/lib/big.mpy") or 0
            controller = Controller(medium)
            taking = controller.install()
            given = 0
            data = GOOD
            while not taking.ready:
                if taking.step() and not taking.ready:
                    given += taking.write(taking.offset, data[taking.offset : taking.offset + 1000])
            assert medium.content("a/lib/big.mpy") == FILES[2][1] and medium.content("a/app.mpy") == FILES[0][1]
            if mode != TORN and controller.slots.state.slots[0].digest:
                assert given <= len(GOOD) - written, (cut, mode, given, written)


def test_a_bundle_that_is_ready_is_only_read_again_when_it_is_offered_again():
    controller = Controller(Medium())
    controller.receive(GOOD)
    taking = controller.install()
    given = 0
    while not taking.ready:
        if taking.step() and not taking.ready:
            given += taking.write(taking.offset, GOOD[taking.offset : taking.offset + 1000])
    assert given == len(GOOD) - BYTES


def test_another_bundle_takes_the_place_of_an_interrupted_one():
    controller = Controller(Medium())
    taking = controller.install()
    with raises(AssertionError):
        feed(taking, GOOD[:-5000])
    assert controller.slots.state.slots[0].state == RECEIVING
    other = bundle([("app.mpy", b"other")], {5: "2.1.0", 6: 3})
    assert controller.receive(other).ready
    assert controller.medium.list("a") == ["a/.manifest", "a/app.mpy"]


def test_a_medium_that_refuses_ends_the_attempt_and_the_next_one_continues():
    controller = Controller(Medium())
    taking = controller.install()
    with raises(AssertionError):
        feed(taking, GOOD[:-5000])
    controller.medium.refuses = True
    with raises(OSError):
        feed(taking, GOOD)
    with raises(OSError):
        taking.write(taking.offset, b"x")
    controller.medium.refuses = False
    assert controller.receive(GOOD).ready


def test_what_the_medium_holds_is_read_back_before_the_slot_is_ready():
    controller = Controller(Medium())
    taking = controller.install()
    with raises(AssertionError):
        feed(taking, GOOD[:-10])
    controller.medium.kept["a/app.mpy"] = b"\0" + FILES[0][1][1:]
    with raises(Rejected) as e:
        feed(taking, GOOD)
    assert e.field == "slot" and "app.mpy" in e.value and controller.slots.state.slots[0].state == EMPTY


def test_what_is_written_after_the_slot_went_on_trial_changes_nothing():
    controller = Controller(Medium())
    taking = controller.receive(GOOD)
    controller.slots.activate(controller.trust)
    with raises(Rejected):
        taking.write(len(GOOD), b"x")
    assert Controller(controller.medium).runs == "2.0.0"
