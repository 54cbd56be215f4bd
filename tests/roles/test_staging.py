"""A primary brings its own bundle to a secondary over the bus: beside the orders, continued after every break, tried only on an order."""

from helper_garage import evse, site
from helper_updates import BusGarage, Root, release

SIZE = 30000


def updated(root, unit_root, size=SIZE):
    """A primary that runs release 2, and its secondary with release 1."""
    garage = BusGarage(root, unit_root).run(3000)
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


def test_a_secondary_with_a_state_that_is_not_known_stops_nothing():
    with Root() as root, Root() as unit_root:
        garage = updated(root, unit_root)
        garage.unit_updates.facts = lambda: (7, 0, 0, 1, 0, 0, "\x1b[2J")
        garage.say("secondaries stage")
        garage.run(30000)
        assert garage.say("secondaries") == "evse-2: state 7 is not known: another version of the firmware?"
        assert not [line for line in garage.log.since(0) if "Traceback" in line[3]]


def test_a_secondary_that_does_not_answer_keeps_no_other_one_of_its_line_waiting():
    with Root() as root, Root() as unit_root:
        facts = site()
        facts["evses"].append(evse("evse-3", "ampacity", bus=0, unit=3))
        garage = BusGarage(root, unit_root, facts).run(3000)
        garage.push(release(2, size=SIZE))
        garage.follow()
        garage.say("secondaries stage evse-3 evse-2")
        for _ in range(600):
            garage.run(1000)
            if "evse-2: ready" in garage.say("secondaries"):
                break
        assert garage.say("secondaries") == "evse-2: ready\nevse-3: waiting for its answer"
        garage.run(120000)
        assert garage.say("secondaries") == "evse-2: ready\nevse-3: waiting for its answer"


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
