"""How long a limit of the CSMS takes to the wire, on the virtual clock: when it arrives, and when a period of a schedule begins."""

import pytest

from ampacity.base.wallclock import format_iso
from tools.bench.bus import reading_ms
from tools.bench.bus_line import char_us
from tools.bench.garage import fill, garage, until

EVSES, BAUD = 3, 19200
CYCLE_MS = reading_ms(EVSES, BAUD) + 100  # and a meter


@pytest.fixture(scope="module")
def charging():
    with garage(EVSES, 400, per_bus=EVSES, baud=BAUD) as (bench, csms, _):
        fill(bench, csms, (3,), 400_000)
        yield bench, csms


def ordered_us(bench, da, most_ms):
    """When the last byte of the order of da to the first unit left."""
    ends_us = []

    def frame(station, data):
        if station.primary and bench.primary.role.guard.last_order_da(0) == da:
            ends_us.append(bench.loop.now_us + len(data) * char_us(BAUD))

    line = bench.lines["bus-0"]
    spy, line.on_frame = line.on_frame, lambda station, data: (spy and spy(station, data), frame(station, data))
    until(bench, lambda: ends_us, most_ms, 10)
    line.on_frame = spy
    return ends_us[0]


def send(csms, unix_ms, *periods):
    schedule = {"id": 1, "chargingRateUnit": "A", "startSchedule": format_iso(unix_ms // 1000 * 1000)}
    schedule["chargingSchedulePeriod"] = [{"startPeriod": start, "limit": limit} for start, limit in periods]
    profile = {"id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute"}
    csms.send_call("SetChargingProfile", {"evseId": 1, "chargingProfile": {**profile, "chargingSchedule": [schedule]}})


def unix_ms(bench):
    return bench.primary.role.wallclock.unix_ms(bench.loop.now_ms)


def cleared(bench, csms):
    csms.send_call("ClearChargingProfile", {"chargingProfileId": 1})
    until(bench, lambda: bench.primary.role.guard.last_order_da(0) > 150, 300_000)


def test_a_profile_is_on_the_wire_within_one_bus_cycle(charging):
    bench, csms = charging
    took_ms = []
    for number in range(5):
        bench.run_ms(20_000 + 137 * number)
        began_us = bench.loop.now_us
        send(csms, unix_ms(bench), (0, 7 + number))
        took_ms.append((ordered_us(bench, 70 + 10 * number, 5000) - began_us) / 1000)
        cleared(bench, csms)
    print("profile to wire", took_ms)
    assert max(took_ms) <= CYCLE_MS


@pytest.mark.parametrize("connected", [True, False])
def test_a_period_that_begins_is_on_the_wire_within_one_bus_cycle(charging, connected):
    bench, csms = charging
    took_ms = []
    for number in range(5):
        bench.run_ms(20_000 + 173 * number)
        start_ms = unix_ms(bench) // 1000 * 1000
        send(csms, start_ms, (0, 14), (60, 7 + number))
        bench.run_ms(5000)
        assert bench.primary.role.guard.last_order_da(0) == 140
        if not connected:
            bench.upstream.set_down(True)
        begins_us = bench.loop.now_us + (start_ms + 60_000 - unix_ms(bench)) * 1000
        took_ms.append((ordered_us(bench, 70 + 10 * number, 90_000) - begins_us) / 1000)
        bench.upstream.set_down(False)
        until(bench, lambda: bench.primary.role.upstream.station.accepted(), 300_000)
        cleared(bench, csms)
    print("period to wire", connected, took_ms)
    assert -1 <= min(took_ms) and max(took_ms) <= CYCLE_MS
