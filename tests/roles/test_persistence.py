"""What lowers our trust is in the journal before anything is raised again, wherever the power goes."""

from helper_garage import Garage, evse, site
from test_lockout import greedy_garage

from ampacity.base.errors import Rejected
from ampacity.console.console import Console
from ampacity.store.memory_files import MemoryFiles, PowerCut
from check import raises

ON_MICROPYTHON_EACH = 5


def locked_out():
    """A welded contactor has just been locked out; the power goes within the second."""
    garage = greedy_garage()
    garage.unit.port.greedy = garage.unit.port.welded = True
    for _ in range(400):
        garage.run(100)
        if garage.primary.guard.locked_out(1):
            return garage.run(200)
    raise AssertionError("not locked out")


def say(garage, text):
    return Console(garage.primary.console).line(text, "installer", garage.now_us // 1000)


def test_a_lock_out_outlives_a_power_cut_right_after_it():
    garage = locked_out()
    for _ in range(3):
        garage.start().run(400)
        assert garage.primary.guard.locked_out(1) and garage.platform.outputs["relay-9"].on


def test_a_lock_out_outlives_a_power_cut_in_any_write():
    for n in range(1, 8):
        garage = greedy_garage()
        garage.files.cut_at_write(n)
        garage.unit.port.greedy = garage.unit.port.welded = True
        raised_da = 0
        try:
            for _ in range(600):
                garage.run(100)
                if garage.primary.guard.locked_out(1):
                    raised_da = max(raised_da, garage.primary.guard.last_order_da(0) or 0)
        except PowerCut:
            pass
        garage.files.restart()
        garage.start().run(400)
        assert garage.primary.guard.locked_out(1) or not raised_da, n


def charging(files=None):
    garage = Garage(files=files)
    garage.port.car = garage.unit.port.car = "C"
    return garage


def test_nothing_is_raised_on_a_full_disk_that_never_stored_the_site_and_this_is_reported():
    garage = charging(MemoryFiles(bytes_max=1))
    garage.facts["alarm_output"] = "relay-9"
    garage.start().run(30000)
    assert garage.amps_da() == [0, 0]
    assert "storage" in garage.view("evse-1")["why"] and garage.platform.outputs["relay-9"].on
    assert any("without saved state" in line[3] for line in garage.log.since(0))
    garage.files.bytes_max = None
    garage.run(5000)
    assert garage.platform.resets == ["immediate"]  # by itself
    garage.start().run(60000)
    assert min(garage.amps_da()) > 60 and not garage.platform.outputs["relay-9"].on


def test_orders_in_force_continue_while_the_disk_is_full_and_lowers_are_sent():
    garage = charging().run(30000)
    assert garage.port.contactor and garage.unit.port.contactor
    had_da = garage.amps_da()
    garage.files.bytes_max = 1
    garage.primary.guard.ledger.assumed_da[0] = 1
    garage.primary.guard.ledger.journal_barrier.mark_dirty()
    garage.run(60000)
    assert garage.amps_da() == had_da
    say(garage, "limit evse-1 6")
    garage.run(20000)
    assert garage.amps_da()[0] == 60 and garage.amps_da()[1] == had_da[1]
    garage.files.bytes_max = None
    garage.run(40000)
    assert garage.amps_da()[1] > had_da[1]


def test_a_disk_that_became_full_after_storing_all_delays_no_evse():
    garage = charging().run(70000)
    garage.files.bytes_max = 1
    garage.start().run(40000)
    assert min(garage.amps_da()) > 60


def test_settings_found_to_be_worse_are_stored_at_once():
    facts = site()
    facts["evses"][1] = evse("evse-2", "ampacity", bus=0, unit=2)
    garage = Garage(facts).run(9000)
    guard, now_ms = garage.primary.guard, garage.now_us // 1000
    guard.evidence(1, "fallback_da", 80, now_ms)
    garage.primary.step(now_ms + 20)
    assert garage.primary.persistence.evidence()["evses"]["evse-2"]["fallback_da"] == 80


def test_unchanged_trust_is_written_at_most_once_a_minute():
    garage = charging().run(30000)
    version, writes = garage.primary.guard.ledger.journal_barrier.version, garage.files.writes
    garage.run(110000)
    assert garage.primary.guard.ledger.journal_barrier.version == version
    assert garage.files.writes <= writes + 2


def test_accepting_a_device_does_not_end_its_lock_out():
    garage = locked_out()
    assert "unlock evse-2" in say(garage, "accept evse-2 --yes")
    garage.run(1000)
    assert garage.primary.guard.locked_out(1)
    garage.start().run(400)
    assert garage.primary.guard.locked_out(1) and garage.primary.guard.fault(1)


def swapped():
    garage = locked_out()
    guard, now_ms = garage.primary.guard, garage.now_us // 1000
    garage.unit.port.greedy = garage.unit.port.welded = False
    guard.evidence(1, "fingerprint", "NEW", now_ms)
    assert guard.state(1) == "swapped"
    return garage


def test_a_locked_out_device_that_is_swapped_out_and_in_again_is_still_locked_out():
    garage = swapped()
    guard = garage.primary.guard
    guard.evidence(1, "fingerprint", guard.ledger.evse_states[1].evidence.known_fingerprint, garage.now_us // 1000)
    guard.accept_device(1)
    assert guard.state(1) == "disobeyed" and guard.locked_out(1)


def test_a_new_unit_in_the_place_of_a_locked_out_one_charges():
    garage = swapped()
    garage.primary.guard.accept_device(1)
    assert not garage.primary.guard.locked_out(1) and garage.primary.guard.fault(1) is None
    garage.unit.secondary.machine.reset_faults()
    garage.unit.secondary.map.serial = "NEW"
    garage.run(90000)
    assert garage.primary.guard.state(1) in ("ok", "swapped") and not garage.primary.guard.locked_out(1)


def test_a_swapped_unit_is_also_locked_after_a_restart_until_the_known_one_answers():
    facts = site()
    garage = Garage(facts).run(9000)
    guard = garage.primary.guard
    known = guard.ledger.evse_states[1].evidence.known_fingerprint
    guard.evidence(1, "fingerprint", "NEW", garage.now_us // 1000)
    garage.primary.step(garage.now_us // 1000 + 20)
    garage.cut = True
    garage.start().run(30000)
    assert garage.primary.guard.state(1) == "swapped" and garage.primary.guard.bound_da(1) == [160] * 3
    garage.primary.guard.evidence(1, "fingerprint", known, garage.now_us // 1000)
    assert garage.primary.guard.state(1) != "swapped"


def test_an_evse_that_draws_is_not_isolated():
    garage = charging().run(30000)
    for name in ("evse-1", "evse-2"):
        assert "it draws 9.9 A" in say(garage, "isolate %s on --yes" % name)
    assert garage.primary.guard.state(0) == "ok"
    garage.port.car = "A"
    garage.run(2000)
    assert say(garage, "isolate evse-1 on --yes") == "ok"
    with raises(Rejected):
        garage.primary.guard.confirm_removed("evse-1", 0)
    assert "nothing that left" in say(garage, "gone")


def damage(garage, name, gone=False):
    kept = garage.files.read(name + ".set")
    garage.files.remove(name + ".set")
    if not gone:
        garage.files.replace(name + ".set", kept[:20] + bytes((kept[20] ^ 1,)) + kept[21:])


def test_after_damaged_evidence_nothing_is_raised_over_any_number_of_restarts_until_a_confirmation():
    for gone in (False, True):
        garage = locked_out()
        damage(garage, "evidence", gone)
        before = garage.files.read("evidence.set")
        garage.port.car = "C"
        for _ in range(2):
            garage.start().run(40000)
            assert garage.amps_da()[0] == 0, gone
            assert "evidence" in garage.view("evse-1")["why"] and garage.primary.guard.mode == "safe"
            assert any("`relearn`" in line[3] for line in garage.log.since(0)) and garage.files.read("evidence.set") == before
        garage.unit.port.greedy = garage.unit.port.welded = False
        assert say(garage, "relearn").startswith("sure? ") and say(garage, "relearn --yes") == "restarting"
        garage.run(1000)
        assert garage.platform.resets == ["immediate"]
        garage.start().run(60000)
        assert garage.amps_da()[0] >= 60 and "error" in say(garage, "relearn")


def test_unreadable_latched_faults_wait_for_the_unplug():
    garage = charging()
    garage.port.car = "C"
    garage.run(30000)
    garage.primary.documents.put("latched", {"evse-1": ["rcm"]})
    for gone in (False, True):
        damage(garage, "latched", gone)
        garage.start().run(30000)
        assert garage.amps_da()[0] == 0 and any("latched faults" in line[3] for line in garage.log.since(0))
    garage.port.car = "A"
    garage.run(10000)
    garage.port.car = "C"
    garage.run(60000)
    assert garage.amps_da()[0] >= 60


def test_missing_limits_count_as_unreadable_ones():
    garage = charging().run(30000)
    say(garage, "limit main 10")
    damage(garage, "limits", gone=True)
    garage.start().run(40000)
    assert garage.amps_da() == [0, 0]


def test_the_housekeeping_continues_while_an_evse_that_left_still_counts():
    facts = site(rating_da=400)
    facts["evses"].append(evse("evse-3", "ampacity", bus=0, unit=3, watchdog_ms=0, watchdog_fixed=True))
    garage = Garage(facts).run(20000)
    garage.facts = site(rating_da=400)
    garage.start().run(20000)  # a start looks at what an EVSE lacks after 5 s
    assert "evse-3" in say(garage, "gone") and garage.amps_da() == [0, 0]
