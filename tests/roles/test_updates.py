"""What becomes of a bundle that reaches a running primary: the table of docs/updates.md through its console and its folder."""

import os
import time

from helper_garage import site
from helper_updates import Root, UpdatingGarage, put, release

from ampacity.base import strict_json
from ampacity.console.console import Console
from ampacity.roles.updates import inbox
from ampacity.store.memory_files import MemoryFiles
from ampacity.update.cbor import encode
from update.helper_bundle import NEXT_RELEASE, RELEASE, STRANGER, key_list

READY = "2.0 is ready in slot b; it is tried after no EVSE has charged for a minute, or `update activate`"


def outcome(data):
    """(the answer to the push, the version that runs in the end, the result that is kept)"""
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        answer = garage.push(data)
        garage.follow()
        return answer, garage.runs, garage.show()["result"]


def test_a_good_bundle_is_pushed_tried_and_confirmed():
    assert outcome(release(2)) == (READY, "2.0", "confirmed: 2.0")


def test_bundles_that_are_not_for_this_controller_are_refused_with_the_field():
    for data, field in (
        (release(2, None, STRANGER, RELEASE.kid), "signature"),
        (release(2, None, STRANGER), "key"),
        (release(2, {4: ["board-c"]}), "board"),
        (release(2, {2: "other"}), "product"),
        (release(2, {9: ["SN-2"]}), "controller"),
        (release(2)[:-9] + b"\0" * 9, "files[0]"),
        (release(2)[:-9], "size"),
        (b"x" * 400, "bundle"),
    ):
        answer, runs, _ = outcome(data)
        assert answer[:7] == "error: " and field in answer, (field, answer)
        assert runs == "1.0", field


def test_a_bundle_of_another_length_than_its_manifest_leaves_the_slot_of_the_version_before():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        garage.push(release(2))
        garage.follow()
        before = garage.show()["slots"]
        assert before == {"a": "good 1.0", "b": "good 2.0"}
        for data in (release(3) + b"x", release(3)[:-1]):
            answer = garage.push(data)
            assert answer[:7] == "error: " and "size" in answer, answer
            assert garage.show()["slots"] == before


def test_a_configuration_and_a_bundle_come_by_the_same_transfer_one_after_the_other():
    with Root() as root:
        disk = MemoryFiles()
        disk.replace("site.json", strict_json.dumps(site()).encode())
        garage = UpdatingGarage(root)
        garage.data_files = garage.platform.data_files = disk
        garage.run(3000)
        assert "bundle, configuration, secondaries" in garage.say("transfer begin x 1 " + "00" * 32)
        facts = site()
        facts["evses"][1]["limit_da"] = 100
        data = encode(facts, simple=True)
        assert garage.push(data, 1, "configuration") == len(data[:360])
        assert "a transfer of configuration is under way" in garage.push(release(2))
        answer = garage.push(data, name="configuration")
        assert strict_json.loads(answer)["changes"] == ["evses[evse-2].limit_da: 160 -> 100"]
        assert garage.push(release(2)) == READY and "limit_da" in garage.say("show changes")


def test_a_downgrade_below_the_floor_is_refused():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        for sequence in (2, 3):
            garage.push(release(sequence))
            garage.follow()
        assert garage.runs == "3.0" and garage.show()["floor"] == 2
        answer = garage.push(release(1))
        assert "sequence" in answer and "downgrade" in answer, answer
        assert garage.show()["refused"]["field"] == "sequence"


def test_a_bus_that_stays_silent_rolls_back_within_15_minutes():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        garage.push(release(2))
        garage.run(70000)
        assert garage.platform.resets, "it was not tried"
        garage.start()
        assert garage.runs == "2.0" and garage.show()["trial"]["minutes_left"] == 15
        garage.cut = True
        began_us = garage.now_us
        garage.follow()
        assert garage.runs == "1.0" and garage.show()["result"] == "rolled back: 2.0: not seen: bus"
        assert (garage.now_us - began_us) // 60000000 <= 15


def test_a_release_that_crashes_is_rolled_back_after_three_starts():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        garage.push(release(2))
        garage.run(70000)
        versions = []
        for _ in range(4):
            garage.start()
            versions.append(garage.runs)
        assert versions == ["2.0", "2.0", "2.0", "1.0"], versions


def test_a_bundle_waits_while_a_car_charges_unless_the_installer_says_so():
    with Root() as root:
        garage = UpdatingGarage(root)
        garage.port.car = "C"
        garage.run(20000)
        garage.push(release(2))
        garage.run(120000)
        assert not garage.platform.resets and garage.show()["waits"] == "evse evse-1 charges"
        delivery = garage.show()["delivery"]
        assert delivery["state"] == "ready" and delivery["bytes"] == delivery["of"] > 0
        assert garage.say("update activate")[:6] == "sure? "
        assert garage.say("yes") == "restarting: 2.0 is on trial for up to 15 minutes"
        garage.run(2000)
        assert garage.platform.resets
        garage.port.car = "A"
        assert garage.follow().runs == "2.0"
        assert garage.show()["result"] is None or garage.follow().show()["result"] == "confirmed: 2.0"


def test_a_bundle_on_hold_waits_and_the_hold_outlives_a_restart():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        garage.say("update hold on")
        garage.run(1000)
        garage.push(release(2))
        garage.run(120000)
        garage.start()
        garage.run(120000)
        assert not garage.platform.resets and garage.show()["waits"] == "hold" and garage.runs == "1.0"
        garage.say("update hold off")
        assert garage.follow().runs == "2.0"


def test_a_hold_that_a_full_medium_cannot_keep_is_not_changed():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        assert garage.say("update hold on")[:7] != "error: "
        garage.files.bytes_max = 1
        answer = garage.say("update hold off")
        assert answer[:7] == "error: " and "storage" in answer, answer
        assert garage.show()["hold"] is True
        garage.files.bytes_max = None
        assert garage.say("update hold off")[:7] != "error: " and garage.show()["hold"] is False


def test_a_pulled_cable_continues_where_it_was_also_after_a_restart():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        data = release(2, size=40000)
        first = garage.push(data, most=60)
        assert 15000 < first < 25000, first
        garage.run(61000)
        assert garage.show()["delivery"]["state"] == "idle"
        garage.start()
        again = garage.push(data, most=4)
        assert again >= first - 4 * 4096, (first, again)
        assert garage.push(data) == READY


def test_a_confirmed_release_can_be_rolled_back_by_the_installer():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        garage.push(release(2, {7: 0}))
        assert garage.follow().runs == "2.0"
        assert garage.say("update roll-back --yes") == "restarting"
        garage.run(2000)
        garage.start()
        assert garage.runs == "1.0" and garage.show()["result"] == "rolled back: by the installer"


def test_a_key_list_is_taken_by_the_same_way():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        assert garage.push(key_list(2, ((NEXT_RELEASE, 1, "next"),), (RELEASE,))) == "keys in force"
        assert garage.show()["keys"] == 2
        assert "key" in garage.push(release(2))
        answer = garage.push(release(2, None, NEXT_RELEASE))
        assert answer == READY, answer
        assert "counter" in garage.push(key_list(1))


def test_a_folder_delivers_what_is_newer_and_only_that():
    with Root() as root:
        put(root.path + "/inbox/b.bundle", release(2))
        garage = UpdatingGarage(root).run(3000)
        assert garage.follow().runs == "2.0"
        garage.start()
        garage.run(30000)
        assert "not newer" in garage.show()["refused"]["text"] and garage.runs == "2.0"
        put(root.path + "/inbox/c.bundle", release(3, size=6000))
        garage.run(30000)
        assert garage.follow().runs == "3.0"


def test_what_cannot_be_read_keeps_no_other_file_of_the_folder_out_and_is_logged_once():
    with Root() as root:
        put(root.path + "/inbox/a.bundle", release(3))
        put(root.path + "/inbox/c.bundle", release(2))
        for name in ("keys.cose", "b.bundle"):
            os.mkdir(root.path + "/inbox/" + name)
        garage = UpdatingGarage(root)
        inbox.open = lambda path, mode: open(path + "none" if "a.bundle" in path else path, mode)
        garage.run(50000)
        lines = [line[3] for line in garage.log.since(0) if " from the folder " in line[3]]
        assert len(lines) == 2 and "a.bundle" in lines[0] and "c.bundle" in lines[1], lines
        assert garage.follow().runs == "2.0"
        del inbox.open
        os.rmdir(root.path + "/inbox/keys.cose")
        os.rmdir(root.path + "/inbox/b.bundle")


def test_a_file_is_offered_again_after_its_stick_was_taken_out():
    with Root() as root:
        path = root.path + "/inbox/a.bundle"
        put(path, release(2))
        garage = UpdatingGarage(root)

        def gone(path, mode):
            os.rename(path, path + ".gone")
            return open(path, mode)

        inbox.open = gone
        garage.run(20000)
        del inbox.open
        os.rename(path + ".gone", path)
        assert garage.run(30000).follow().runs == "2.0"


def test_a_file_that_becomes_readable_is_taken_some_minutes_later_and_the_log_has_the_reason():
    with Root() as root:
        put(root.path + "/inbox/a.bundle", release(2))
        garage = UpdatingGarage(root)
        inbox.open = lambda path, mode: open(path + "none" if "a.bundle" in path else path, mode)
        garage.run(30000)
        del inbox.open
        reasons = [line[3] for line in garage.log.since(0) if "a.bundle cannot be read" in line[3]]
        assert len(reasons) == 1 and "Errno 2" in reasons[0], reasons
        assert garage.run(200000).follow(1).runs == "1.0"
        assert garage.run(100000).follow().runs == "2.0"


def test_a_file_whose_content_changes_but_not_its_size_is_taken():
    with Root() as root:
        path, data = root.path + "/inbox/a.bundle", release(2)
        put(path, bytes(len(data)))
        garage = UpdatingGarage(root).run(30000)
        time.sleep(1.1)  # stat counts seconds
        put(path, data)
        assert garage.run(30000).follow().runs == "2.0"


def test_a_symbolic_link_in_the_folder_is_not_followed_where_the_platform_can_tell():
    if hasattr(os, "symlink"):
        with Root() as root:
            put(root.path + "/elsewhere", release(2))
            os.mkdir(root.path + "/inbox")
            os.symlink(root.path + "/elsewhere", root.path + "/inbox/a.bundle")
            garage = UpdatingGarage(root).run(40000)
            assert not [line for line in garage.log.since(0) if " from the folder " in line[3]]
            os.remove(root.path + "/inbox/a.bundle")


def test_a_release_that_was_rolled_back_is_not_taken_again_from_the_folder():
    with Root() as root:
        put(root.path + "/inbox/b.bundle", release(2))
        garage = UpdatingGarage(root).run(80000)
        garage.start()
        garage.cut = True
        assert garage.follow().runs == "1.0"
        garage.cut = False
        garage.run(200000)
        assert not garage.platform.resets and "was rolled back before" in garage.show()["refused"]["text"]


def test_a_slot_that_runs_in_place_of_a_damaged_one_is_not_written():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        garage.push(release(2, {7: 0}))
        assert garage.follow().runs == "2.0"
        with open(root.path + "/slots/b/application.pack", "wb") as file:
            file.write(b"damaged")
        garage.start()
        assert garage.runs == "1.0"
        garage.run(3000)
        assert garage.push(release(3, {7: 0}))[:22] == "3.0 is ready in slot b"
        garage.start()
        assert garage.runs == "1.0"
        assert garage.follow().runs == "3.0"


def test_a_restart_for_an_update_unlocks_no_evse():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        unlocked = []
        garage.primary.guard.unlock = unlocked.append
        garage.push(release(2))
        garage.run(70000)
        assert garage.platform.resets and unlocked == []


def test_nothing_is_written_between_a_roll_back_and_its_restart():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        garage.push(release(2, {7: 0}))
        assert garage.follow().runs == "2.0"
        assert garage.say("update roll-back --yes") == "restarting"
        assert "restarts" in garage.push(release(3, {7: 0}))
        garage.start()
        assert garage.runs == "1.0"


def test_without_its_root_keys_a_controller_runs_without_updates():
    with Root() as root:
        garage = UpdatingGarage(root)
        os.remove(root.path + "/boot/roots")
        super(UpdatingGarage, garage).start(update=root.path, slot="a")
        garage.console = Console(garage.primary.console)
        garage.run(3000)
        assert "update" not in garage.primary.view()
        told = [line[3] for line in garage.log.since(0) if "no update is possible" in line[3]]
        assert len(told) == 1 and "no slots in " + root.path in told[0] and "[Errno 2]" in told[0], told
        for name in ("bundle", "secondaries"):
            answer = garage.say("transfer begin %s 1 " % name + "00" * 32)
            assert "transfer `%s` is refused: this controller has no slots" % name in answer, answer
        assert "there is no transfer `poem`" in garage.say("transfer begin poem 1 " + "00" * 32)


def test_the_commands_are_explained():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        for word in ("update", "transfer", "secondaries"):
            text = garage.say("help " + word)
            assert len(text.split("\n")) > 1, text
        assert "\nfloor: 0" in garage.say("show update") and garage.say("update") == "confirmed: 1.0"
        assert garage.say("show update")[:14] == "configuration:"
        assert garage.say("update now")[:7] == "error: "


def test_a_long_delivery_never_keeps_the_safety_loop_waiting():
    with Root() as root:
        garage = UpdatingGarage(root).run(3000)
        garage.push(release(2, size=200000))
        assert garage.show()["longest_step_ms"] < 100


def test_a_bundle_waits_15_minutes_for_an_evse_that_is_lost_while_its_car_charges_and_says_so():
    with Root() as root:
        garage = UpdatingGarage(root)
        garage.unit.port.car = "C"
        garage.run(20000)
        garage.push(release(2))
        garage.run(5000)
        assert garage.show()["waits"] == "evse evse-2 charges"
        garage.cut = True
        garage.run(890000)
        assert not garage.platform.resets and garage.show()["waits"] == "evse evse-2 charged and does not answer: awaited for 1 min more"
        garage.run(30000)
        assert garage.show()["not_awaited"] == ["evse-2"] and garage.show()["waits"] == "a minute without charging"
        assert "evse-2: no answer for 15 min: no restart waits for its transaction" in str(garage.log.since(0))
        garage.run(60000)
        assert garage.platform.resets
