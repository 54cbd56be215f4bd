"""The TCP station with a latching fail-safe and a separate enable: its driver against its simulated device."""

from bench import Plant, evse_bench

SITE = {"max_a": 16, "fallback_a": 0.0, "power_on_a": 0.0}


def online(site=SITE, **more):
    bench = evse_bench("keba-p30", site, **more)
    bench.run_until(lambda: bench.driver.facts.online, 10_000)
    return bench


def ordered(bench, limit_da, ms=15_000):
    bench.driver.want(limit_da, bench.now_ms)
    return bench.run_until(lambda: bench.device.limit_da == limit_da and bench.guard.proofs.get(len(bench.guard.orders)) == limit_da, ms)


def test_the_fail_safe_is_off_from_the_factory_and_is_set_shown_and_reported():
    bench = online({**SITE, "fallback_a": 8.0, "watchdog_s": 30})
    assert bench.guard.shown["watchdog_ms"] == 30_000 and bench.guard.shown["fallback_da"] == 80
    assert bench.writes(5016) == [8000] and bench.writes(5018)[0] == 30
    assert bench.writes(5020) == []


def test_every_request_is_for_one_whole_value():
    bench = online()
    bench.run(15_000)
    reads = {(int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")) for _, pdu in bench.frames if pdu[0] == 3}
    assert len(reads) > 12 and {count for _, count in reads} == {2}


def test_the_limit_is_written_and_shown_before_the_device_is_enabled():
    bench = online()
    from_frame = len(bench.frames)
    ordered(bench, 130)
    sent = [pdu for _, pdu in bench.frames[from_frame:]]
    limit, enable = sent.index(b"\x06\x13\x8c\x32\xc8"), sent.index(b"\x06\x13\x96\x00\x01")
    assert limit < enable and b"\x03\x04\x4c\x00\x02" in sent[limit:enable]
    assert bench.guard.orders[-2:] == [130, 130]


def test_an_enable_after_a_refused_limit_counts_as_the_maximum():
    bench = online()
    bench.device.fault("ignore_writes")
    bench.guard.room_da = 150
    bench.driver.want(100, bench.now_ms)
    bench.run(10_000)
    assert bench.writes(5014) == [0] and 160 not in bench.guard.orders


def test_a_pause_also_lowers_the_limit():
    bench = online()
    ordered(bench, 130)
    ordered(bench, 0)
    assert bench.device.user_ma == 6000 and not bench.device.enabled
    assert bench.guard.orders[-2:] == [60, 0]


def test_a_setpoint_of_zero_is_never_written():
    bench = online()
    ordered(bench, 130)
    ordered(bench, 0)
    bench.run(10_000)
    assert min(bench.writes(5004)) == 6000


def test_the_fail_safe_is_fed_by_its_own_register_and_does_not_fire():
    bench = online()
    ordered(bench, 130)
    bench.run(60_000)
    assert bench.device.watchdog == "armed" and bench.device.limit_da == 130
    assert bench.writes(5018).count(10) >= 15


def test_nothing_feeds_the_device_without_permission():
    bench = online()
    ordered(bench, 130)
    bench.guard.feeding = False
    bench.run(13_000)
    assert bench.device.watchdog == "expired" and bench.device.limit_da == 0


def test_after_the_fail_safe_fired_current_and_enable_are_both_written_again():
    bench = online({**SITE, "fallback_a": 6.0})
    ordered(bench, 130)
    bench.cut_tx = True
    bench.run_until(lambda: bench.device.watchdog == "expired")
    assert bench.device.limit_da == 60
    bench.cut_tx = False
    from_frame = len(bench.frames)
    bench.run_until(lambda: bench.device.limit_da == 130, 40_000)
    sent = [pdu for _, pdu in bench.frames[from_frame:]]
    assert b"\x06\x13\x8c\x32\xc8" in sent and b"\x06\x13\x96\x00\x01" in sent


def test_after_a_restart_the_fail_safe_is_armed_again_before_the_limit_is_raised():
    bench = online()
    ordered(bench, 130)
    from_frame = len(bench.frames)
    bench.device.fault("restart")
    bench.run_until(lambda: bench.device.limit_da == 130, 40_000)
    sent = [pdu for _, pdu in bench.frames[from_frame:]]
    assert sent.index(b"\x06\x13\x9a\x00\x0a") < sent.index(b"\x06\x13\x8c\x32\xc8")
    assert bench.device.timeout_s == 10


def test_a_station_as_built_offers_its_switch_setting_after_a_restart():
    bench = online({"max_a": 16, "fallback_a": 0.0})
    bench.device.fault("restart")
    assert bench.device.limit_da == 160


def test_another_station_at_the_same_address_is_detected_by_its_serial_number():
    bench = online()
    before = bench.guard.shown["fingerprint"]
    bench.device.fault("swapped")
    assert bench.run_until(lambda: bench.guard.shown["fingerprint"] != before, 20_000) < 20_000


def test_raises_observe_the_interval_of_the_manufacturer_and_lowers_do_not():
    bench = online()
    ordered(bench, 100)
    started_ms = bench.now_ms
    bench.driver.want(110, bench.now_ms)
    bench.run_until(lambda: bench.device.limit_da == 110, 10_000)
    assert bench.now_ms - started_ms > 4000
    bench.driver.want(70, bench.now_ms)
    assert bench.run_until(lambda: bench.device.limit_da == 70) < 500


def test_without_a_car_the_state_is_a():
    bench = online(plant=Plant("A"))
    bench.run(2000)
    assert bench.driver.facts.state == "A1" and bench.driver.facts.serial == str(bench.device.serial)
