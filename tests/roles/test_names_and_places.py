"""What is kept belongs to a name or to a device, not to its place in the site file; and what a name may be."""

import json

from helper_csms import OCPP
from helper_garage import Garage, HandPlatform, site
from helper_hierarchy import Leaf, Node, Street
from test_commissioning import Yard
from test_manual_limits import again, charging, say, told

ON_MICROPYTHON_EACH = 4


class OwnPoint(HandPlatform):
    """A board: it has one charging point, whatever the site file calls it."""

    def evse_hardware(self, name):
        port = list(self._ports.values())[0]
        port.name = name
        return port


class Board(Garage):
    platform_class = OwnPoint


def with_names(garage, *names):
    garage.facts = json.loads(json.dumps(garage.facts))
    for facts, name in zip(garage.facts["evses"], names):
        facts["name"] = name
    return garage.start()


def test_a_residual_current_keeps_the_own_point_open_also_under_another_name():
    garage = Board().run(9000)
    garage.port.car = "C"
    garage.run(20000)
    garage.port.rcm = True
    garage.run(1000)
    garage.port.rcm = False
    with_names(garage.run(5000), "bay-1").run(40000)
    assert garage.view("bay-1")["status"] == "Faulted" and garage.amps_da()[0] == 0
    garage.start().run(40000)
    assert garage.view("bay-1")["status"] == "Faulted"
    garage.port.car = "A"
    garage.run(5000)
    garage.port.car = "C"
    garage.run(30000)
    assert garage.amps_da()[0] > 0 and garage.primary.documents.get("latched") in (None, {})


def test_the_energy_of_the_own_point_counts_on_after_a_restart():
    garage = Garage().run(9000)
    garage.port.car = "C"
    garage.run(150000)
    before_wh = garage.primary.evses.facts(0).energy_wh
    assert before_wh > 250
    garage.start().run(2000)
    assert before_wh - 100 <= garage.primary.evses.facts(0).energy_wh <= before_wh


def test_a_limit_above_what_is_stored_is_refused_and_the_others_stay():
    garage = charging()
    assert say(garage, "limit evse-2 12") == "ok"
    assert "0 to 6300 A" in say(garage, "limit site 11000")
    assert say(garage, "limit site 6300") == "ok"
    again(garage)
    assert garage.most_da[0] > 180 and garage.amps_da()[1] <= 120 and told(garage, "error", "unreadable") == []


def test_a_limit_of_a_site_with_other_lines_is_in_force_with_its_least():
    garage = charging()
    assert say(garage, "limit evse-2 10") == "ok"
    facts = garage.facts = json.loads(json.dumps(garage.facts))
    facts["phases"] = 1
    for circuit in facts["circuits"]:
        circuit.update(rating_da=[200], assumed_other_da=[0], generation_da=[0])
    for each in facts["evses"]:
        each["terminals"] = [[0]]
    again(garage)
    assert 60 <= garage.amps_da()[1] <= 100 and "limit by" not in garage.view("evse-1")["why"] and told(garage, "error", "unreadable") == []


def test_a_setting_of_an_EVSE_waits_until_its_name_returns():
    garage = charging()
    assert "error" not in say(garage, "set evse-2.limit_a 8 commit 0")
    garage.run(2000)
    with_names(garage, "evse-1", "bay-2").run(9000)
    assert "error" not in say(garage, "set idle_s 300 commit 0")
    garage.run(2000)
    with_names(garage, "evse-1", "evse-2").run(60000)
    assert 60 <= garage.amps_da()[1] <= 80
    assert "error" not in say(garage, "set evse-2.limit_a 16 commit 0")
    garage.run(2000)
    again(garage, 60000)
    assert garage.amps_da()[1] > 80


def test_a_sheet_of_commissioning_belongs_to_its_EVSE_in_any_order():
    yard = Yard().commission()
    yard.facts = json.loads(json.dumps(yard.facts))
    yard.facts["evses"].reverse()
    yard.start()
    yard.run(15000)
    yard.commission("evse-2")
    assert ['"name":"%s"' % name in yard.type("commission report %s --json" % name).replace(" ", "") for name in ("evse-1", "evse-2")] == [True, True]


def test_a_bus_is_found_by_its_name_before_its_number():
    facts = site()
    facts["buses"] = [dict(facts["buses"][0], name=name) for name in ("2", "1")]
    garage = Garage(facts).run(9000)
    from ampacity.roles.service.scanning import Scanning

    assert [Scanning(garage.primary)._bus(name)[0]["name"] for name in ("1", "2", "0")] == ["1", "2", "2"]


def test_rule_8_a_primary_below_declares_also_the_reserve_of_an_EVSE_that_left_its_site_file_from_its_start_on():
    a, b = Leaf("a", 2), Leaf("b", 3, fallback_da=60)
    garage, s = Node("garage", 2, 630, [a, b]), Leaf("s", 3)
    street = Street(Node("street", 0, 120, [garage, s])).run(20000)
    b.port.car = "C"
    street.run(30000)
    garage.site = json.loads(json.dumps(garage.site))
    garage.site["evses"] = [each for each in garage.site["evses"] if each["name"] != "b"]
    garage.site["parent"].update(fallback_da=0, power_on_da=0)
    garage.start(street.now_us)
    street.run(2000)
    assert garage.primary.guard.mode == "quarantine" and garage.primary.parent_link.lease.fallback_da == 60
    garage.dead = True
    s.port.car = "C"
    street.top.most_da = 0
    street.run(90000)
    assert street.top.most_da <= 120 and b.port.amps_da[0] == 60


def test_a_lockout_of_the_own_point_holds_also_under_another_name():
    garage = Board().run(10000)
    guard = garage.primary.guard
    guard.ledger.bounds.escalation.lock(guard.ledger.evse_states[0], 2, garage.now_us // 1000)
    guard.ledger.journal_barrier.mark_dirty()
    garage.run(61000)
    with_names(garage, "bay-1")
    garage.port.car = "C"
    garage.run(60000)
    assert garage.primary.guard.fault(0) and garage.amps_da()[0] == 0 and garage.primary.guard.removed_evses() == []


def test_what_the_CSMS_set_for_an_EVSE_moves_with_it_when_the_entries_are_exchanged():
    facts = site()
    facts["ocpp"] = OCPP
    garage = Garage(facts).run(9000)
    assert garage.primary.upstream.station.availability.change("2", False, garage.now_us // 1000) == "Accepted"
    garage.run(1000)
    garage.facts = json.loads(json.dumps(garage.facts))
    garage.facts["evses"].reverse()
    garage.start().run(9000)
    assert [garage.primary.upstream.operative(i) for i in (0, 1)] == [False, True]
    assert garage.primary.site["evses"][0]["name"] == "evse-2"
