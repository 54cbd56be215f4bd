"""The RTU wall box whose watchdog any request feeds: its driver against its simulated device, bytes in between."""

import pytest
from bench import START_MS, Plant, evse_bench

SITE = {"max_a": 16, "fallback_a": 0.0}


def online(site=SITE, **more):
    bench = evse_bench("heidelberg-energy-control", site, **more)
    bench.run_until(lambda: bench.driver.facts.online, 5000)
    return bench


def ordered(bench, limit_da, ms=5000):
    bench.driver.want(limit_da, bench.now_ms)
    return bench.run_until(lambda: bench.device.limit_da == limit_da and bench.guard.proofs.get(len(bench.guard.orders)) == limit_da, ms)


def test_the_first_frame_to_an_unknown_device_is_a_probe_at_the_least_it_can_be_ordered():
    bench = online()
    assert bench.frames[0][1] == b"\x06\x01\x05\x00\x00"
    assert bench.guard.notes[0][1:] == ("send", 0)


def test_settings_are_read_and_corrected_before_any_raise():
    bench = online({"max_a": 16, "fallback_a": 6.0, "watchdog_s": 20})
    assert bench.guard.shown == {"fingerprint": "264-160-60", "max_da": 160, "watchdog_ms": 20000, "fallback_da": 60}
    assert (bench.writes(258), bench.writes(257), bench.writes(262)) == ([4], [20000], [60])
    assert bench.device.limit_da == 0


def test_an_order_is_in_force_and_proven_by_a_read_requested_after_it():
    bench = online()
    assert ordered(bench, 137) < 1000
    sent = next(n for n in bench.guard.notes if n[1:] == ("send", 137))
    proven = next(n for n in bench.guard.notes if n[1:] == ("proven", 137))
    reads = [t for t, pdu in bench.frames if pdu[0] == 3 and sent[0] < t < proven[0]]
    assert reads


def test_an_order_above_the_reserve_is_sent_only_after_a_fresh_read_of_the_settings():
    bench = online()
    bench.run(3000)
    ordered(bench, 100)
    ordered(bench, 80)
    for at_ms, pdu in bench.frames:
        if pdu[:3] == b"\x06\x01\x05" and pdu[3:] != b"\0\0":
            assert any(p[:3] == b"\x03\x01\x01" and 0 < at_ms - t <= 500 for t, p in bench.frames)


def test_a_pause_and_a_resume():
    bench = online()
    ordered(bench, 160)
    ordered(bench, 0)
    assert bench.driver.facts.limit_da == 0
    ordered(bench, 60)


def test_a_lower_is_sent_before_every_reading():
    bench = online()
    ordered(bench, 160)
    bench.driver.want(0, bench.now_ms)
    assert bench.driver.urgency(bench.now_ms)[0] == 0
    before = len(bench.frames)
    bench.run(400)
    assert bench.frames[before][1] == b"\x06\x01\x05\x00\x00"


def test_readings_feed_the_watchdog_so_that_it_does_not_fire_in_normal_operation():
    bench = online()
    ordered(bench, 160)
    bench.run(30_000)
    assert bench.device.watchdog == "armed" and bench.device.limit_da == 160
    assert bench.driver.facts.state == "C2" and bench.guard.measures[-1] == [160, 160, 160]
    assert bench.guard.fed_count > 100


def test_without_permission_to_feed_no_reading_is_sent_and_the_device_falls_back():
    bench = online()
    ordered(bench, 160)
    bench.guard.feeding = False
    bench.run(1000)
    before = len(bench.frames)
    bench.run(11_000)
    assert len(bench.frames) == before
    assert bench.device.watchdog == "expired" and bench.device.limit_da == 0


def test_lowers_are_still_sent_while_feeding_is_forbidden():
    bench = online()
    ordered(bench, 160)
    bench.guard.feeding = False
    bench.driver.want(70, bench.now_ms)
    bench.run(1000)
    assert bench.device.limit_da == 70


def test_a_silent_device_gets_nothing_but_probes_within_its_reserve():
    bench = online({"max_a": 16, "fallback_a": 6.0})
    ordered(bench, 160)
    bench.cut_rx = True
    bench.run_until(lambda: bench.driver.link == "silent")
    before = len(bench.frames)
    bench.run(30_000)
    assert {pdu for _, pdu in bench.frames[before:]} == {b"\x06\x01\x05\x00\x3c"}
    assert bench.device.limit_da == 60


def test_a_disconnected_device_falls_back_and_recovers_with_the_line():
    bench = online({"max_a": 16, "fallback_a": 6.0})
    ordered(bench, 160)
    bench.cut_tx = True
    fell_ms = bench.run_until(lambda: bench.device.limit_da == 60)
    assert 9000 <= fell_ms <= 11_500
    assert not bench.driver.facts.online
    bench.cut_tx = False
    bench.run_until(lambda: bench.device.limit_da == 160 and bench.driver.facts.online, 30_000)


@pytest.mark.parametrize("kind", ["restart", "forget_settings", "swapped"])
def test_after_a_restart_settings_are_corrected_before_the_order_is_sent_again(kind):
    bench = online({"max_a": 16, "fallback_a": 6.0})
    ordered(bench, 160)
    from_frame = len(bench.frames)
    bench.device.fault(kind)
    assert bench.device.limit_da == 0
    bench.run_until(lambda: bench.device.limit_da == 160, 30_000)
    sent = [pdu for _, pdu in bench.frames[from_frame:]]
    order = sent.index(b"\x06\x01\x05\x00\xa0")
    assert b"\x06\x01\x01\x27\x10" in sent[:order] and b"\x06\x01\x06\x00\x3c" in sent[:order]


def test_a_restart_too_short_to_be_missed_is_found_by_the_settings():
    bench = online()
    ordered(bench, 160)
    bench.device.boot_ms = 0
    bench.device.fault("restart")
    bench.run_until(lambda: bench.device.limit_da == 160, 20_000)
    assert bench.guard.kinds("lost") == [] and bench.writes(257).count(10_000) == 2


def test_the_current_of_the_device_never_exceeds_the_bound_of_the_guard():
    bench = online()
    for limit_da in (60, 160, 75, 110, 0, 83):
        ordered(bench, limit_da)
        assert bench.device.limit_da <= bench.guard.orders[-1]
    assert bench.worst_da == 160


def test_writes_that_are_answered_and_ignored_are_never_proven():
    bench = online()
    ordered(bench, 100)
    bench.device.fault("ignore_writes")
    bench.driver.want(60, bench.now_ms)
    bench.run(20_000)
    assert bench.guard.proofs.get(len(bench.guard.orders)) is None
    assert len(bench.writes(261)) > 4 and bench.guard.limits[-1] == 100


def test_an_order_without_margin_is_not_sent():
    bench = online()
    ordered(bench, 100)
    bench.guard.room_da = 110
    bench.driver.want(160, bench.now_ms)
    bench.run(5000)
    assert bench.device.limit_da == 100 and 160 not in bench.guard.orders


def test_an_old_layout_is_reported_and_never_raised():
    bench = evse_bench("heidelberg-energy-control", SITE)
    bench.device.layout = 0x0107
    bench.driver.want(160, bench.now_ms)
    bench.run(15_000)
    assert bench.device.limit_da == 0 and not bench.driver.facts.online
    assert "0x0107" in bench.driver.facts.fault


def test_a_lock_left_closed_after_state_f_is_opened_again():
    bench = online(seed=2)
    ordered(bench, 160)
    bench.cut_tx = True
    bench.run_until(lambda: bench.device.watchdog == "expired")
    bench.device.settings[259] = 0
    bench.cut_tx = False
    bench.run_until(lambda: bench.device.limit_da == 160, 30_000)
    assert bench.device.settings[259] == 1


def test_a_device_recovers_after_a_loss_of_power():
    bench = online()
    ordered(bench, 160)
    bench.device.fault("power_off")
    assert bench.device.limit_da == 0
    bench.run(20_000)
    bench.device.fault("power_off", False)
    bench.run_until(lambda: bench.device.limit_da == 160, 30_000)


def test_without_a_car_the_state_is_a():
    bench = online(plant=Plant("A"))
    bench.run(1000)
    assert bench.driver.facts.state == "A1" and not bench.driver.facts.plugged


def test_a_seed_repeats_the_run():
    runs = [online(seed=5) for _ in range(2)]
    for bench in runs:
        ordered(bench, 120)
    assert runs[0].frames == runs[1].frames and runs[0].frames[0][0] > START_MS
