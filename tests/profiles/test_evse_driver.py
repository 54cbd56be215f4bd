"""The interpreter of charge controller profiles: probe, audit, order, proof, loss; on both runtimes."""

from compiled_tables import HEIDELBERG_ENERGY_CONTROL
from helper_device import Registers, exchange, run
from helper_guard import FakeGuard

from ampacity.bus.client.request import ORDER
from ampacity.bus.profile.evse_driver import EvseDriver

START_MS = 2**30 - 60000
PAUSE = b"\x06\x01\x05\x00\x00"
FACTS = {
    "unit": 3, "terminals": [[0], [1], [2]], "watchdog_ms": 10000, "fallback_da": 60, "min_da": 60, "max_da": 160,
    "boot_ms": 500, "settle_ms": 5000, "latency_ms": 100,
}  # fmt: skip


def wall_box():
    return Registers({4: 264, 5: 7, 6: 101, 7: 99, 8: 100, 10: 230, 11: 231, 12: 229, 13: 1, 100: 16, 101: 6, 257: 15000, 259: 1})


def bench(reserve_da=60):
    guard = FakeGuard(reserve_da)
    return EvseDriver(FACTS, HEIDELBERG_ENERGY_CONTROL, 0, guard), wall_box(), guard


def online(reserve_da=60):
    driver, device, guard = bench(reserve_da)
    run(driver, device, START_MS, 2000)
    assert driver.facts.online
    return driver, device, guard, START_MS + 2000


def test_the_first_frame_is_a_probe_and_needs_permission():
    driver, device, guard = bench()
    assert exchange(driver, device, START_MS) == PAUSE
    assert guard.orders == [0] and ("answered", 1) in guard.notes


def probed(own, certain=True):
    """What the judge hears of the answer to a probe: own, it cannot be our echo; certain, nor that of an older request."""
    driver, device, guard = bench()
    request = driver.take(START_MS)
    request.not_echo, request.certain = own, certain
    driver.reply(request, request.pdu, START_MS + 20)
    return guard.certain


def test_only_a_certain_answer_overwrites_the_remembered_order_of_the_device():
    assert probed(own=True) == [True]
    assert probed(own=False) == [False]
    assert probed(own=True, certain=False) == []


def test_a_part_of_an_order_overwrites_nothing_that_the_device_remembers():
    driver, device, guard, now_ms = online(reserve_da=160)
    del guard.certain[:]
    driver.want(100, now_ms)
    run(driver, device, now_ms, 2000)
    assert guard.certain and not any(guard.certain)


def test_a_probe_without_permission_is_not_sent():
    driver, device, guard = bench()
    guard.room_da = -1
    assert run(driver, device, START_MS, 3000) == []


def test_a_blank_serial_number_is_none_while_a_device_starts():
    guard, now_ms = FakeGuard(60), START_MS
    guard.audit_due = lambda evse: "fingerprint" not in guard.shown
    table = dict(HEIDELBERG_ENERGY_CONTROL, identity=dict(HEIDELBERG_ENERGY_CONTROL["identity"], fingerprint=[9]))
    driver, device = EvseDriver(FACTS, table, 0, guard), wall_box()
    device.values[101] = 0
    asked = len(run(driver, device, now_ms, 20000))
    assert driver.facts.online and "fingerprint" not in guard.shown and asked < 200, asked
    device.values[101] = 6
    run(driver, device, now_ms + 20000, 10000)
    assert guard.shown.pop("fingerprint") == "60"
    now_ms += 50000
    device.values[101] = 0
    driver.reaudit(now_ms)
    run(driver, device, now_ms, 30000)
    assert "fingerprint" not in guard.shown, "it starts once more"
    run(driver, device, now_ms + 30000, 40000)
    assert guard.shown["fingerprint"] == "0", "a device without a number has this one"


def test_two_devices_that_answer_in_turn_are_reported_as_two():
    driver, device, guard, now_ms = online()
    for switch, twins in ((13, False), (16, True)):
        device.values[100] = switch
        driver.reaudit(now_ms)
        run(driver, device, now_ms, 2000)
        now_ms += 2000
        assert (("duplicate",) in guard.notes) == twins
    driver.reaudit(now_ms)
    run(driver, device, now_ms, 2000)
    assert guard.notes.count(("duplicate",)) == 1


def test_a_unit_that_returns_after_a_long_time_was_exchanged_twice():
    driver, device, guard, now_ms = online()
    for switch in (13, 16):
        device.values[100] = switch
        now_ms += 700000
        driver.reaudit(now_ms)
        run(driver, device, now_ms, 2000)
    assert ("duplicate",) not in guard.notes


def test_the_settings_are_shown_with_when_they_were_read():
    driver, device, guard, now_ms = online()
    rows, read_ms, wrong = driver.settings_shown()
    shown = [("standby", 4, 4, True), ("watchdog", 10000, 10000, True), ("fallback", 60, 60, True), ("remote_lock", 1, 1, True)]
    assert [row[:4] for row in rows] == shown
    assert START_MS <= read_ms < now_ms and wrong is None
    driver.disconnected(now_ms)
    assert driver.settings_shown()[1] == -1


def test_the_recipe_writes_only_settings_that_differ():
    driver, device, guard, _ = online()
    assert device.written == [(261, 0), (258, 4), (257, 10000), (262, 60)]
    assert guard.shown["watchdog_ms"] == 10000 and guard.shown["fallback_da"] == 60 and guard.shown["max_da"] == 160


def test_a_raise_waits_for_a_fresh_reading_of_the_settings_and_is_proven_by_a_later_read():
    driver, device, guard, now_ms = online()
    driver.want(160, now_ms)
    sent = run(driver, device, now_ms, 600)
    order = sent.index(b"\x06\x01\x05\x00\xa0")
    assert sent[order - 1][:3] == b"\x03\x01\x01" and sent[order + 1][:3] == b"\x03\x01\x01"
    assert guard.notes[-1] == ("proven", len(guard.orders), 160) or ("proven", len(guard.orders), 160) in guard.notes


def test_a_lower_within_the_reserve_needs_no_reading_of_the_settings():
    driver, device, guard, now_ms = online()
    driver.want(160, now_ms)
    run(driver, device, now_ms, 1000)
    driver.want(0, now_ms + 1000)
    assert driver.urgency(now_ms + 1000)[0] == 0
    assert exchange(driver, device, now_ms + 1000) == PAUSE


def test_a_reply_that_may_be_an_older_one_proves_nothing():
    driver, device, guard, now_ms = online()
    driver.want(60, now_ms)
    exchange(driver, device, now_ms)
    before = [note for note in guard.notes if note[0] == "proven"]
    request = None
    for step in range(20):
        request = driver.take(now_ms + 200 + step * 50)
        if request is not None and request.pdu[0] == 3:
            break
        if request is not None:
            driver.reply(request, device.answer(bytes(request.pdu)), now_ms + 210 + step * 50)
    request.certain = False
    request.sent_ms = now_ms + 1200
    driver.reply(request, device.answer(bytes(request.pdu)), now_ms + 1300)
    assert [note for note in guard.notes if note[0] == "proven"] == before


def test_an_order_answered_for_an_older_one_may_still_be_on_its_way():
    driver, device, guard = bench()
    request = driver.take(START_MS)
    request.certain = False
    driver.reply(request, device.answer(bytes(request.pdu)), START_MS + 10)
    assert guard.orders == [0] and ("answered", 1) not in guard.notes


def test_no_feeding_frame_is_sent_without_permission():
    driver, device, guard, now_ms = online()
    guard.feeding = False
    assert run(driver, device, now_ms, 5000) == []


def test_postponed_readings_are_preceded_by_an_order_within_the_reserve_however_rarely_the_unit_is_polled():
    driver, device, guard, now_ms = online(reserve_da=0)
    guard.feeding, guard.standing = False, "returning"
    assert PAUSE in run(driver, device, now_ms, 5000, 700)
    guard.feeding, guard.standing = True, "ok"
    run(driver, device, now_ms + 5000, 3000)
    assert driver.facts.online


def test_three_unanswered_requests_make_a_device_silent_and_then_only_probes_are_sent():
    driver, device, guard, now_ms = online()
    driver.want(160, now_ms)
    run(driver, device, now_ms, 1000)
    run(driver, None, now_ms + 1000, 2000, 600)
    assert ("lost",) in guard.notes and not driver.facts.online
    assert set(run(driver, None, now_ms + 4000, 20000)) == {b"\x06\x01\x05\x00\x3c"}


def test_a_device_that_answers_alone_again_after_a_duplicate_address_is_polled_more_often_than_a_silent_one():
    asked = {"alone": 0, "timeout": 0}
    for reason in asked:
        driver, device, guard = bench()
        for now_ms in range(START_MS, START_MS + 60000, 100):
            wish = driver.urgency(now_ms)
            request = driver.take(now_ms) if wish is not None and wish[1] <= now_ms else None
            if request is not None:
                asked[reason] += 1
                driver.failed(request, reason, now_ms)
    assert asked["timeout"] <= 15 and 50 <= asked["alone"] <= 61


def test_settings_lost_in_a_restart_stop_raises_until_they_are_corrected():
    driver, device, guard, now_ms = online()
    driver.want(100, now_ms)
    run(driver, device, now_ms, 1000)
    device.values.update({257: 15000, 258: 0, 261: 0, 262: 0})
    device.written.clear()
    driver.want(160, now_ms + 1000)
    run(driver, device, now_ms + 1000, 5000)
    assert device.written[-1] == (261, 160)
    assert device.written.index((257, 10000)) < device.written.index((261, 160))


def test_a_refused_order_is_reported_to_the_guard_and_not_repeated_in_a_burst():
    driver, device, guard, now_ms = online()
    device.refuse = (261,)
    driver.want(160, now_ms)
    run(driver, device, now_ms, 60000)
    refusals = [note for note in guard.notes if note[0] == "refused"]
    assert 2 <= len(refusals) <= 5
    device.refuse = ()
    driver.want(80, now_ms + 60000)  # another order waits for nothing
    run(driver, device, now_ms + 60000, 1000)
    assert device.written[-1] == (261, 80)


def test_readings_become_facts():
    driver, device, guard, now_ms = online()
    run(driver, device, now_ms, 500)
    facts = driver.facts
    assert facts.state == "C2" and facts.plugged and facts.charging
    assert facts.amps_da == [101, 99, 100] and facts.volts_dv == [2300, 2310, 2290]


def test_a_foreign_limit_is_overwritten_by_the_order():
    driver, device, guard, now_ms = online()
    driver.want(100, now_ms)
    run(driver, device, now_ms, 1000)
    device.values[261] = 60
    run(driver, device, now_ms + 1000, 15000)
    assert device.values[261] == 100


def test_a_lost_connection_makes_it_silent_at_once():
    driver, device, guard, now_ms = online()
    driver.disconnected(now_ms)
    assert not driver.facts.online and ("lost",) in guard.notes


def test_an_error_state_gives_no_information_about_the_car():
    driver, device, _ = bench()
    device.values[5] = 10
    run(driver, device, START_MS, 2000)
    assert driver.facts.plugged is None and driver.facts.state == "F"
    device.values[5] = 7
    run(driver, device, START_MS + 2000, 3000)
    assert driver.facts.plugged is True
    device.values[5] = 10
    run(driver, device, START_MS + 5000, 3000)
    assert driver.facts.plugged is True and not driver.facts.charging
    device.values[5] = 2
    run(driver, device, START_MS + 8000, 3000)
    assert driver.facts.plugged is False


def refuse(driver, now_ms, wanted, code):
    """Answer requests until one reads `wanted`, and refuse that one; the request."""
    device = wall_box()
    for at_ms in range(now_ms, now_ms + 10000, 100):
        request = driver.take(at_ms)
        if request is None:
            continue
        request.sent_ms = at_ms
        if request.tag[:2] == ("read", wanted):
            driver.failed(request, "exception:%d" % code, at_ms + 20)
            return at_ms + 20
        driver.reply(request, device.answer(bytes(request.pdu)), at_ms + 20)
    raise AssertionError("it never read " + wanted)


def test_a_refused_reading_leaves_no_current_values():
    driver, device, guard, now_ms = online()
    seen = []
    guard.measured = lambda evse, amps_da, sample_ms, at_ms: seen.append(amps_da)
    run(driver, device, now_ms, 1000)
    assert seen[-1] == [101, 99, 100] and driver.facts.power_w == 0
    refuse(driver, now_ms + 1000, "live", 4)
    assert seen[-1] is None and driver.facts.amps_da is None and driver.facts.power_w is None


def test_a_block_that_is_refused_is_read_value_by_value():
    driver, device, guard, now_ms = online()
    device.longest = 1
    seen = []
    guard.measured = lambda evse, amps_da, sample_ms, at_ms: seen.append(amps_da)
    run(driver, device, now_ms, 6000)
    assert seen[-1] == [101, 99, 100] and driver.facts.power_w == 0 and driver.facts.online


def test_a_busy_device_is_polled_again_for_the_whole_cycle():
    driver, device, guard, now_ms = online()
    run(driver, device, now_ms, 1000)
    seen = []
    guard.measured = lambda evse, amps_da, sample_ms, at_ms: seen.append(amps_da)
    later_ms = refuse(driver, now_ms + 1000, "live", 6)
    assert seen == [] and driver.facts.amps_da == [101, 99, 100]
    run(driver, device, later_ms, 1000)
    assert seen[-1] == [101, 99, 100]


def test_a_refused_proof_is_not_requested_again_at_once():
    driver, device, guard, now_ms = online()
    driver.want(160, now_ms)
    later_ms = refuse(driver, now_ms, "proof", 6)
    priority, due_ms = driver.urgency(later_ms)
    assert priority > ORDER or due_ms > later_ms
    assert driver.urgency(later_ms + 1000)[0] == ORDER


def test_a_device_that_stays_in_its_watchdog_state_gets_every_write_of_its_order_again():
    for latched in (0, 1):
        guard, device = FakeGuard(60), wall_box()
        watchdog = dict(HEIDELBERG_ENERGY_CONTROL["watchdog"], latched=latched)
        driver = EvseDriver(FACTS, dict(HEIDELBERG_ENERGY_CONTROL, watchdog=watchdog), 0, guard)
        run(driver, device, START_MS, 3000)
        device.values[5] = 9
        run(driver, device, START_MS + 3000, 1000)
        assert driver.facts.fault is not None
        del device.written[:]
        run(driver, device, START_MS + 4000, 12000)
        assert device.written == [(261, 0)] * (2 if latched else 0)
        device.values[5] = 7
        run(driver, device, START_MS + 16000, 1000)
        del device.written[:]
        run(driver, device, START_MS + 17000, 12000)
        assert device.written == []


def test_two_unanswered_requests_never_make_a_device_silent_but_the_third_in_a_row_does():
    driver, device, guard, now_ms = online()
    for _ in range(3):
        for _ in range(2):
            while exchange(driver, None, now_ms) is None:
                now_ms += 100
            now_ms += 1000
            assert driver.facts.online
        run(driver, device, now_ms, 2000)
        now_ms += 2000
    assert ("lost",) not in guard.notes
    for number in range(3):
        while exchange(driver, None, now_ms) is None:
            now_ms += 100
        now_ms += 1000
        assert driver.facts.online == (number < 2)
