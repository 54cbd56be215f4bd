"""Row `ocpp-to-bus`: time from a SetChargingProfile at the station to the last byte of the order on the bus."""

from collections.abc import Iterator
from typing import Any

from tools.bench.bus import reading_ms
from tools.bench.bus_line import char_us
from tools.bench.entry import Entry, entry
from tools.bench.garage import fill, garage, until

ROWS = ("ocpp-to-bus",)
EVSES, BAUD, CHANGES = 16, 19200, 20


def rows() -> Iterator[Entry]:
    with garage(EVSES, 400, per_bus=EVSES, baud=BAUD) as (bench, csms, _):
        fill(bench, csms, (3,), 400_000)
        worst_ms = max(reaction_ms(bench, csms, number) for number in range(CHANGES))
    note = f"reading {EVSES} secondaries once at {BAUD}, the wire's own time; worst of {CHANGES} lowers of one EVSE; virtual clock"
    yield entry("ocpp-to-bus", worst_ms, reading_ms(EVSES, BAUD), "ms", "<= 1.5", note)


def reaction_ms(bench: Any, csms: Any, number: int) -> float:
    """The lease of a unit receives the order with the frame that carries it: seen at the device, one frame's end after transmission."""
    unit = number % EVSES + 1
    bench.run_ms(20_000 + number * 137)
    amps = 7.0 + number // EVSES
    before_da = bench.primary.role.guard.last_order_da(unit - 1)
    ends_us: list[float] = []

    def frame(station: Any, data: bytes) -> None:
        if station.primary and bench.primary.role.guard.last_order_da(unit - 1) == int(amps * 10):
            ends_us.append(bench.loop.now_us + len(data) * char_us(BAUD))

    line = bench.lines["bus-0"]
    spy, line.on_frame = line.on_frame, lambda station, data: (spy and spy(station, data), frame(station, data))
    begun_us = bench.loop.now_us
    period = {"startPeriod": 0, "limit": amps}
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
    profile = {"id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative"}
    csms.send_call("SetChargingProfile", {"evseId": unit, "chargingProfile": {**profile, "chargingSchedule": [schedule]}})
    until(bench, lambda: ends_us, 30_000, 10)
    line.on_frame = spy
    assert before_da != int(amps * 10)
    csms.send_call("ClearChargingProfile", {"chargingProfileId": 1})
    until(bench, lambda: bench.primary.role.guard.last_order_da(unit - 1) > 100, 300_000)
    return (ends_us[0] - begun_us) / 1000
