"""A primary brings its own bundle to a secondary over the bus: beside the orders, continued after every break, tried only on an order."""

import os
import struct

from helper_garage import evse, site
from helper_updates import BusGarage, Root, release

from ampacity.bus.leases import update_window as window
from ampacity.roles.updates import places
from check import raises

SIZE = 30000


def updated(root, unit_root, size=SIZE, facts=None):
    """A primary that runs release 2, and its secondary with release 1."""
    garage = BusGarage(root, unit_root, facts).run(3000)
    garage.push(release(2, size=size))
    garage.follow()
    assert garage.runs == "2.0"
    return garage


def test_a_secondary_receives_the_bundle_and_tries_it_on_an_order():
    with Root() as root, Root() as unit_root:
        garage = updated(root, unit_root)
        assert garage.say("secondaries") == "evse-2: not looked at"
        assert garage.say("secondaries stage")[-15:] == "bytes to evse-2"
        assert garage.staged() == "evse-2: ready"
        garage.run(200000)
        assert unit_root.version == "1.0", "it was tried without an order"
        assert garage.say("secondaries activate evse-2")[:6] == "sure? "
        assert garage.say("yes") == "ordered: evse-2"
        garage.run(60000)
        assert unit_root.version == "2.0" and garage.say("secondaries") == "evse-2: on trial"
        garage.run(150000)
        assert garage.unit_updates.view(0)["result"] == "confirmed: 2.0" and garage.say("secondaries") == "evse-2: runs sequence 2"


def test_a_secondary_that_hears_nothing_rolls_back_by_itself_and_its_primary_learns_it():
    with Root() as root, Root() as unit_root:
        garage = updated(root, unit_root)
        garage.say("secondaries stage")
        garage.staged()
        garage.say("secondaries activate evse-2 --yes")
        garage.run(15000)
        assert unit_root.version == "2.0"
        garage.cut = True
        garage.run(16 * 60000)
        assert unit_root.version == "1.0"
        garage.cut = False
        garage.run(130000)
        assert garage.say("secondaries") == "evse-2: rolled back"


def test_a_car_that_charges_keeps_its_secondary_from_the_restart():
    with Root() as root, Root() as unit_root:
        garage = updated(root, unit_root)
        garage.say("secondaries stage")
        garage.staged()
        garage.unit.port.car = "C"
        garage.run(30000)
        assert garage.unit.secondary.evse.charging
        garage.say("secondaries activate evse-2 --yes")
        garage.run(10000)
        assert "does not restart now" in garage.say("secondaries") and unit_root.version == "1.0"


def test_a_broken_line_a_restart_of_either_side_and_it_continues():
    with Root() as root, Root() as unit_root:
        garage = updated(root, unit_root)
        garage.say("secondaries stage")
        garage.run(12000)
        first = garage.unit_updates.updater.delivery.offset
        assert 2000 < first < SIZE, first
        garage.cut = True
        garage.run(100000)
        garage.cut = False
        garage.run(3000)
        garage.start()
        garage.run(15000)
        garage.unit_start()
        assert garage.staged() == "evse-2: ready"
        assert garage.updater.slots.state.outcome == "confirmed: 2.0"


def test_a_secondary_of_another_board_refuses_and_says_the_field():
    with Root() as root, Root() as unit_root:
        other_board(unit_root)
        garage = updated(root, unit_root)
        garage.say("secondaries stage")
        assert garage.staged() == "evse-2: refused: board"


def other_board(unit_root):
    with open(unit_root.path + "/identity/identity.json", "wb") as file:
        file.write(b'{"format":1,"serial":"SN-2","board":"board-x","variant":""}')


def test_a_bundle_for_another_board_is_kept_for_secondaries_and_brought_to_them():
    with Root() as root, Root() as unit_root:
        other_board(unit_root)
        garage = BusGarage(root, unit_root).run(3000)
        data = release(3, {4: ["board-x"]}, size=SIZE)
        assert garage.push(data, most=30, name="secondaries") > 10000
        garage.start()
        assert garage.push(data, name="secondaries") == "%d bytes are ready for secondaries: `secondaries stage`" % len(data)
        assert garage.say("secondaries stage") == "%d bytes to evse-2" % len(data)
        garage.run(15000)
        garage.start()
        assert garage.staged() == "evse-2: ready"
        garage.say("secondaries activate evse-2 --yes")
        garage.run(30000)
        assert unit_root.version == "3.0" and garage.runs == "1.0"
        garage.say("secondaries forget")
        assert garage.say("secondaries stage")[-15:] == "bytes to evse-2"


def test_a_file_for_secondaries_that_differs_from_its_digest_is_refused():
    with Root() as root, Root() as unit_root:
        garage = BusGarage(root, unit_root).run(3000)
        data = release(3, size=5000)
        garage.push(data, most=5, name="secondaries")
        with open(root.path + "/staged/bundle", "r+b") as file:
            file.write(b"xxxx")
        garage.start()
        assert "SHA256" in garage.push(data, name="secondaries")
        assert garage.push(data, name="secondaries")[-18:] == "secondaries stage`"


class Medium:
    """In place of `os`: a medium with so many free bytes."""

    def __init__(self, free):
        self.free = free

    def statvfs(self, path):
        return (1, 1, 0, self.free, self.free)


def test_a_file_for_secondaries_leaves_the_room_of_an_update_and_what_is_no_bundle_does_not_stay():
    with Root() as root, Root() as unit_root:
        garage = BusGarage(root, unit_root).run(3000)
        kept, real = root.path + "/staged", places.os
        try:
            places.os = Medium(65536 + 688128 + 20000)
            assert "at most 20000 bytes" in garage.push(release(3, size=30000), name="secondaries") and "staged" not in os.listdir(root.path)
            data = release(3, size=15000)
            came = garage.push(data, most=20, name="secondaries")
            places.os.free -= came
            assert garage.push(data, name="secondaries")[-18:] == "secondaries stage`"
            places.os.free -= len(data) - came
            assert "at most 20000 bytes" in garage.push(release(4, size=20000), name="secondaries")
            assert os.listdir(kept) == ["bundle"], "the one before stays"
            places.os.free = 0
            assert "at most 0 bytes" in garage.push(data + data, name="secondaries")
        finally:
            places.os = real
        assert "ampacity bundle sign" in garage.push(b"x" * 5000, name="secondaries") and os.listdir(kept) == []


def test_of_a_file_for_secondaries_nothing_stays_on_a_medium_that_gets_full():
    def full(name, data):
        raise OSError(28, "no space left")

    with Root() as root, Root() as unit_root:
        garage = BusGarage(root, unit_root).run(3000)
        updates = [part for part in garage.primary.parts if hasattr(part, "load")][0].load()
        sink = updates.load_staging().open(9000, bytes(32), garage.now_us // 1000)
        assert sink.write(0, bytes(5000)) == 5000 and sorted(os.listdir(root.path + "/staged")) == ["bundle", "of"]
        sink._tree.append = full
        with raises(OSError):
            sink.write(5000, bytes(4000))
        assert os.listdir(root.path + "/staged") == []


def test_a_secondary_without_slots_takes_no_bundle():
    with Root() as root, Root() as unit_root:
        garage = updated(root, unit_root)
        garage.unit.secondary.map.update_window = None
        garage.say("secondaries stage")
        assert garage.staged() == "evse-2: it takes no bundles over the bus"
        assert garage.view("evse-2")["online"]


def test_names_and_states_that_are_wrong_are_refused():
    with Root() as root, Root() as unit_root:
        garage = BusGarage(root, unit_root).run(3000)
        assert "no secondary `evse-1`" in garage.say("secondaries stage evse-1")
        assert "ready there" in garage.say("secondaries activate evse-2 --yes")
        assert garage.say("secondaries now")[:7] == "error: "
        assert garage.say("secondaries stage")[:5] != "error"
        assert garage.say("secondaries stop")[:7] == "stopped"


def lie(garage, state, field=b""):
    """The secondary gives this answer to each request."""
    raw = struct.pack(">HIIIIH", state, 0, 0, 1, 0, 0) + field + bytes(window.FIELD_BYTES - len(field))
    garage.unit.secondary.map.update_window.read = lambda address, count: raw[2 * (address - 41200) :][: 2 * count]


def test_a_state_that_is_unknown_here_ends_the_update_of_that_secondary_and_nothing_else():
    for state in (0, 7, 99, 65535):
        with Root() as root, Root() as unit_root:
            garage = updated(root, unit_root)
            lie(garage, state)
            garage.say("secondaries stage")
            garage.run(5000)
            assert garage.say("secondaries") == "evse-2: its state %d is unknown here" % state
            assert garage.show()["secondaries"]["evse-2"][:9] == "its state" and garage.view("evse-2")["online"]
            assert garage.primary.documents.get("staging")["names"] == [], "a restart continues with it"


def test_a_field_with_any_bytes_is_shown_without_those_that_are_no_text():
    for field, shown in (
        (b"\xff\xfe\xff", ""), (b"\xe4", ""), (b"\x1b[2J\n> x", "[2J> x"), (b"files[1]\0", "files[1]"), (b"\x7f\x9b\xc3\xa4z", "z"),
    ):  # fmt: skip
        with Root() as root, Root() as unit_root:
            garage = updated(root, unit_root)
            garage.say("secondaries stage")
            garage.run(3000)
            lie(garage, window.REFUSED, field)
            garage.run(5000)
            assert garage.say("secondaries") == "evse-2: refused: " + shown
            assert garage.view("evse-2")["online"]


def two_secondaries():
    """evse-3 is on the same line as evse-2; nobody answers there."""
    facts = site()
    facts["evses"].append(evse("evse-3", "ampacity", bus=0, unit=3))
    return facts


def test_a_secondary_that_does_not_answer_keeps_no_other_one_of_its_line_from_its_bundle():
    with Root() as root, Root() as unit_root:
        garage = updated(root, unit_root, facts=two_secondaries())
        garage.say("secondaries stage evse-3 evse-2")
        garage.run(20000)
        assert garage.say("secondaries").split("\n") == ["evse-2: queued", "evse-3: waiting for its answer"]
        began_ms = garage.now_us // 1000
        while "evse-2: ready" not in garage.say("secondaries"):
            garage.run(1000)
            assert garage.now_us // 1000 - began_ms < 120000, garage.say("secondaries")
        silent = [line for line in garage.log.since(0) if "update of evse-3" in line[3]]
        asked = garage.engine._schedule.filler.exchanges
        garage.run(600000)
        assert garage.say("secondaries").split("\n") == ["evse-2: ready", "evse-3: waiting for its answer"]
        assert [line for line in garage.log.since(0) if "update of evse-3" in line[3]] == silent, "the log fills with its turns"
        assert 5 < garage.engine._schedule.filler.exchanges - asked <= 12, "it is asked once in a minute"


def test_a_secondary_that_begins_again_and_again_keeps_no_other_one_from_its_turn():
    def broken(*data):
        raise OSError(5, "its medium")

    with Root() as root, Root() as unit_root:
        garage = updated(root, unit_root, facts=two_secondaries())
        garage.say("secondaries stage")
        garage.run(5000)
        garage.unit_updates.updater.delivery._intake.write = broken
        garage.unit_updates.updater.delivery._made = broken
        garage.run(20000)
        assert garage.say("secondaries").split("\n")[1] == "evse-3: queued"
        garage.run(20000)
        assert garage.say("secondaries").split("\n")[1] == "evse-3: waiting for its answer"


def cycle_and_shed(staging):
    """(longest poll cycle in ms, ms from a lower target to its grant in force) of a charging secondary."""
    with Root() as root, Root() as unit_root:
        garage = updated(root, unit_root, 120000)
        garage.unit.port.car = "C"
        garage.run(30000)
        assert garage.unit.secondary.evse.charging
        if staging:
            garage.say("secondaries stage")
            garage.run(3000)
            assert garage.unit_updates.updater.delivery.busy()
        longest, most = 0, 0
        for turn in range(10):
            garage.say("limit evse-2 %d" % (10 if turn % 2 else 16))
            garage.run(15000 + 20 * turn)
            garage.say("limit evse-2 %d" % (8 if turn % 2 else 12))
            began_us, wanted = garage.now_us, 80 if turn % 2 else 120
            while garage.unit.secondary.lease.limit_da(garage.unit.now_ms) > wanted:
                garage.run(20)
                assert garage.now_us - began_us < 2000000
            longest = max(longest, (garage.now_us - began_us) // 1000)
            most = max(most, garage.engine.counters["cycle_ms"])
        if staging:
            assert 30000 < garage.unit_updates.updater.delivery.offset < 120000
        return most, longest


def test_staging_delays_no_order_beyond_one_exchange_and_no_cycle():
    plain, beside = cycle_and_shed(False), cycle_and_shed(True)
    print("cycle and shed without and with staging, ms:", plain, beside)
    assert beside[0] <= plain[0] + 80, (plain, beside)
    assert beside[1] <= plain[1] + 80, (plain, beside)
