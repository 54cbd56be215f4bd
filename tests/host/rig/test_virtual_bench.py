"""The bench on a virtual clock from inside: controllers that die, orders as facts, faults of every kind."""

import tomllib

import pytest

from ampacity_host.rig.base.timeline import START_MS
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.fault_injection.injector import DEVICE_KINDS, LINE_KINDS, METER_KINDS, PLANT_KINDS, PRIMARY_KINDS
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.worst import worst_circuits
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from simulated import set_up

SITE = """
[site]
name = "t"

[[circuit]]
name = "main"
rating_a = 50.0
assumed_other_a = 20.0
meter = "grid"

[[bus]]
name = "rs485-1"
kind = "rtu"
port = "virtual"

[[bus]]
name = "lan"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 5020
private = true

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "rs485-1"
unit = 100

[[evse]]
name = "a"
kind = "local"
circuit = "main"
max_a = 32.0

[[evse]]
name = "b"
kind = "ampacity"
bus = "rs485-1"
unit = 2
circuit = "main"
max_a = 16.0

[[evse]]
name = "c"
kind = "keba-p30"
bus = "lan"
unit = 255
circuit = "main"
max_a = 16.0
power_on_a = 0.0
"""
READY_MS = 16_000


def bench(tmp_path, text=SITE, **options):
    assert tomllib.loads(text)
    path = tmp_path / "site.toml"
    path.write_text(text)
    setup = set_up(path)
    one = VirtualBench(setup.facts, setup.seed, **options)
    one.start()
    one.run_ms(READY_MS)
    return one


def plug_all(one):
    for point in one.plant.points:
        point.plug(Car())


def amps(one):
    return {point.name: point.amps_da for point in one.plant.points}


def test_orders_as_facts_share_as_frames_do(tmp_path):
    shares = []
    for no_bytes in (False, True):
        one = bench(tmp_path, no_bytes=no_bytes)
        plug_all(one)
        one.run_ms(60_000)
        shares.append(amps(one))
        assert one.orders >= 3
        assert (one.lines["rs485-1"].frames == 0) == no_bytes
        assert sum(sum(circuit["over_ms"]) for circuit in worst_circuits(one.plant).values()) == 0
        assert one.loop.problems == []
    assert all(abs(shares[0][name] - shares[1][name]) <= 5 for name in shares[0])


def test_orders_as_facts_fall_back_when_the_primary_dies(tmp_path):
    one = bench(tmp_path, no_bytes=True)
    plug_all(one)
    one.run_ms(30_000)
    assert amps(one)["b"] > 60
    one.primary.kill()
    one.run_ms(30_000)
    assert amps(one)["a"] == amps(one)["b"] == 0


def test_a_killed_controller_leaves_no_task_and_writes_nothing_more(tmp_path):
    one = bench(tmp_path)
    plug_all(one)
    one.run_ms(5_000)
    sent, writes = one.lines["rs485-1"].frames, one.primary.files.writes
    one.primary.kill()
    one.run_ms(10)
    assert not one.primary.tasks and not one.primary.running
    one.run_ms(60_000)
    assert one.primary.files.writes == writes
    assert one.lines["rs485-1"].frames <= sent + 1


def test_the_store_outlives_its_controller_until_a_wipe(tmp_path):
    one = bench(tmp_path)
    kept = one.primary.files.list()
    assert kept
    one.primary.kill()
    assert one.primary.files.list() == kept
    one.primary.files.wipe()
    assert one.primary.files.list() == []


def test_time_begins_just_below_the_wrap_and_is_crossed(tmp_path):
    one = bench(tmp_path)
    assert one.start_ms == START_MS
    plug_all(one)
    one.run_ms(60_000)
    assert one.time.now_ms > 2**30 and min(amps(one).values()) > 60


@pytest.mark.parametrize("kinds,targets", [
    (LINE_KINDS, ("rs485-1", "b", "grid")), (LINE_KINDS, ("lan", "c")),
    (PLANT_KINDS, ("a", "b")), (DEVICE_KINDS, ("b", "c")), (METER_KINDS, ("grid",)), (PRIMARY_KINDS, ("primary",))])
def test_every_fault_begins_and_ends_without_an_overload(tmp_path, kinds, targets):
    one = bench(tmp_path)
    plug_all(one)
    one.run_ms(5_000)
    for kind in kinds:
        for target in targets:
            one.fault_injector.set(kind, target, True, {"s": 60} if kind == "clock_jump" else {"ber": 0.001})
            one.run_ms(400)
            one.fault_injector.set(kind, target, False, {})
            one.run_ms(200)
    one.run_ms(5_000)
    assert sum(sum(circuit["violation_ms"]) for circuit in worst_circuits(one.plant).values()) == 0
    assert one.loop.problems == []


@pytest.mark.parametrize("kind,target", [("cut", "a"), ("restart", "a"), ("nan", "b"), ("hang", "b"), ("welded", "grid"), ("round_up", "rs485-1")])
def test_a_fault_that_does_not_fit_its_target_is_refused(tmp_path, kind, target):
    one = bench(tmp_path)
    with pytest.raises(FieldError):
        one.fault_injector.set(kind, target, True, {})


def test_a_swapped_secondary_shows_another_serial_number(tmp_path):
    one = bench(tmp_path)
    before = one.secondary_settings("b")["serial"]
    one.fault_injector.set("swapped", "b", True, {})
    assert one.secondary_settings("b")["serial"] != before


def test_a_hardware_watchdog_opens_the_primarys_own_contactor(tmp_path):
    one = bench(tmp_path)
    plug_all(one)
    one.run_ms(10_000)
    point = one.plant.point["a"]
    assert point.closed
    one.primary.kill()
    one.run_ms(800)
    assert point.closed
    one.run_ms(400)
    assert not point.closed and point.pilot == "x1"


def test_a_meter_reply_to_a_dead_primary_is_not_a_sample_of_the_next(tmp_path):
    one = bench(tmp_path, SITE.replace("eastron-sdm630", "schneider-iem3x55"))
    one.run_ms(5_000)
    for at_ms in range(0, 900, 30):
        one.run_ms(500 + at_ms)
        one.primary.kill()
        one.flush()
        one.primary.start()
        one.run_ms(3_000)
        guard = one.primary.role.guard
        assert guard.ledger.assumed_da == guard.site.assumed_da, at_ms
        assert one.view()["circuits"]["main"]["meter"] == "ok"
    one.close()
