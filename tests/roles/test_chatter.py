"""A device that comes and goes each second for a day: what a person needs is still in the log, read through the console."""

from helper_garage import Garage
from test_lockout import greedy_garage

from ampacity.console.console import Console

DAY_MS = 86400000
PASS_MS = 20000  # the housekeeping steps so often in the simulated day
ON_MICROPYTHON_EACH = 3


def log_of(garage, words="log 100"):
    return Console(garage.primary.console).line(words, "installer", garage.now_us // 1000)


def locked_out():
    garage = greedy_garage()
    garage.unit.port.greedy = garage.unit.port.welded = True
    garage.run(30000)
    assert "locked: evse-2 locked out" in log_of(garage)
    return garage


def chatter(garage, duration_ms):
    """The events of a device that answers and does not answer in turn, each second, and what its session makes of it."""
    platform, primary = garage.platform, garage.primary
    end_us, online = platform.clock.us + duration_ms * 1000, True
    name = "evse-1"
    while platform.clock.us < end_us:
        for _ in range(PASS_MS // 1000):
            platform.clock.us += 1000000
            now_ms, online = platform.clock.us // 1000, not online
            primary.guard.events.append((now_ms, "back" if online else "lost", name + (": settings audited" if online else " does not answer")))
            primary.guard.events.append((now_ms, "mode", "regulating -> degraded: evse-1" if online else "degraded -> regulating: "))
            primary.device_log.add("info", "evse %s: %s" % (name, "plugged" if online else "unplugged"), now_ms)
        primary.step(now_ms)
    garage.now_us = platform.clock.us


def test_a_lock_out_and_an_alarm_survive_a_day_of_chatter():
    garage = locked_out()
    garage.primary.guard.events.append((garage.now_us // 1000, "alarm", "main: meter lost; inspect it"))
    chatter(garage, DAY_MS)
    for words in ("log 100", "log 5"):
        text = log_of(garage, words)
        assert "locked: evse-2 locked out" in text and "alarm: main: meter lost" in text and "evse-2 draws above its order: 16.0 A" in text, text
    assert "suppressed" in text and "evse-1" in text
    assert garage.log.counters["log_lines_suppressed"] > 2 * DAY_MS // 1000
    assert garage.log.dropped < 2500  # of 259,200


def test_a_neighbour_is_logged_in_full_during_the_chatter():
    garage = Garage().run(9000)
    chatter(garage, 600000)
    garage.unit.port.car = "C"
    garage.run(9000)
    assert "evse evse-2: plugged" in log_of(garage) and "evse evse-2: charging" in log_of(garage)


def test_a_line_that_is_cut_each_few_seconds_is_counted():
    garage = Garage().run(9000)
    garage.log = garage.primary.log
    for _ in range(60):
        garage.cut = not garage.cut
        garage.run(7000 if garage.cut else 3000)
    lines = [line[3] for line in garage.log.since(0) if "evse-2" in line[3]]
    assert len(lines) < 40 and garage.log.counters["log_lines_suppressed"] > 20


def test_a_secondary_whose_lease_comes_and_goes_keeps_its_fault_in_the_log():
    garage = Garage().run(9000)
    unit, log = garage.unit, garage.unit.log
    unit.port.car = "C"
    unit.keep_granting(5000, 160)
    unit.port.rcm = True
    unit.run(1000)
    unit.port.rcm, unit.port.car = False, "A"
    unit.run(5000)
    for i in range(400):
        unit.grant(160 if i % 2 else 60, lease_ds=10)
        unit.run(2000)
    assert "faulted: rcm" in "".join([line[3] for line in log.since(0)])
    assert log.counters["log_lines_suppressed"] > 100
    assert len(log.since(0)) <= 200 and log.dropped < 300
