"""A recorded day of a garage with 24 EVSEs: the whole firmware, orders as facts; and an hour of it with every byte."""

from types import SimpleNamespace

from garage import DAY, replay, site_text

from ampacity_host.replay.driver import Driver
from ampacity_host.replay.record import violations
from ampacity_host.replay.sessions import Session
from ampacity_host.replay.stage import Stage
from ampacity_host.rig.setup import Setup

START_S = 1_772_409_600
SPAN_S = 1_500


def test_a_recorded_day_breaks_no_promise_and_serves_whom_it_can(tmp_path, capsys):
    status, result, real = replay(tmp_path, capsys, no_bytes=True)
    sessions, energy = result["sessions"], result["energy_wh"]
    assert status == 0 and result["violations"] == [] and not result["circuits"]["main"]["would_trip"]
    assert sessions["served"] + sessions["turned_away"] == sessions["asked"]
    assert energy["delivered"] >= 0.9 * energy["asked"]
    assert result["ocpp"]["transactions"] == sessions["served"] and result["frames"] == 0
    assert sessions["asked"] == 55 if real else sessions["asked"] >= 3, DAY


def busy(tmp_path, no_bytes):
    """(books, violations, orders) of 24 cars that come within some minutes, with and without bytes."""
    path = tmp_path / "site.toml"
    path.write_text(site_text())
    setup = Setup(SimpleNamespace(site=str(path), seed=1, no_csms=False, bench_csms=None, csms=None, ocpp=None))
    one = Stage(setup.facts, 1, START_S, no_bytes=no_bytes)
    sessions = [Session(str(n), START_S + 30 + 11 * n, START_S + SPAN_S - 5 * (n % 7), 900 + 150 * n) for n in range(24)]
    driver = Driver(one.plant, sessions, START_S)
    driver.on_plug = one.on_plug
    one.run_ms(SPAN_S * 1000)
    one.plant.close()
    books = (driver.served, driver.in_full, driver.delivered_wh, violations(one.plant), one.ocpp()["transactions"])
    assert one.bench.loop.problems == []
    one.close()
    return books


def test_with_every_byte_it_comes_out_as_without(tmp_path):
    full, facts = busy(tmp_path, False), busy(tmp_path, True)
    assert full[3] == facts[3] == []
    assert full[0] == facts[0] == full[4] == facts[4] == 24
    assert abs(full[1] - facts[1]) <= 1
    assert abs(full[2] - facts[2]) <= full[2] // 50, (full, facts)  # in minutes each second that a plug is seen later counts
