"""Rows `bus-cycle`, `bus-pymodbus` and `shed`: this bus against the transmission time on the wire, and against pymodbus' client."""

import asyncio
import time
from typing import Any

from ampacity.base.rng import Rng
from ampacity.bus.client.request import OVERDUE, Request
from ampacity.bus.leases import register_table as table
from ampacity.bus.modbus.frames import read_pdu
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.bus.transport import run_rtu
from tools.bench.bus_line import START_US, Meter, PacedPty, PtyLine, RealClock, VirtualLine, char_us, gap_us, primary, stations
from tools.bench.entry import Entry, entry

ROWS = ("bus-cycle", "bus-pymodbus", "shed")
STATUS_COUNT = table.length(table.STATUS)
ASK_CHARS, ANSWER_CHARS = 8, 5 + 2 * STATUS_COUNT
ORDER_CHARS, ACKNOWLEDGE_CHARS = 9 + 2 * table.length(table.GRANT), 8
LIMIT_AT = [name for name, *_ in table.STATUS].index("limit_da")  # of the status; each row before it takes one register
REAL_BAUD, REAL_UNITS = 19200, 16


def rows(only: "str | None" = None) -> "list[Entry]":
    """Every row, or those that `only` names."""
    out: list[Entry] = []
    if only is None or only.startswith("bus-cycle"):
        out += [cycle(count, baud) for count in (1, 4, 16, 32) for baud in (9600, 19200, 115200)]
        out.append(asyncio.run(cycle_real()))
    if only is None or only.startswith("bus-pymodbus"):
        out += asyncio.run(against_pymodbus())
    if only is None or only.startswith("shed"):
        out += [shed(baud, "<= 2") for baud in (9600, 19200)] + [shed(115200, None)]
        out.append(asyncio.run(shed_real()))
    return out


def exchange_us(baud: int, asked: int, answered: int) -> float:
    """A request and its reply on the wire, with the silence after each; the secondaries answer without further delay."""
    return (asked + answered) * char_us(baud) + 2 * gap_us(baud)


def reading_ms(count: int, baud: int) -> float:
    """The transmission time of one status read of each of so many secondaries, without any other traffic."""
    return count * exchange_us(baud, ASK_CHARS, ANSWER_CHARS) / 1000


def broadcast_chars(count: int) -> int:
    chars: int = 9 + 2 * (table.BROADCAST_HEAD + count)
    return chars


def cycle(count: int, baud: int) -> Entry:
    """Mean poll cycle in virtual time while every unit holds a refreshed grant."""
    engine, drivers = primary(count, baud)
    line = VirtualLine(engine, {s.unit: s for s in stations(count, baud)}, baud)
    for driver in drivers:
        driver.want(160, 0)
    while line.now_us < START_US + 10e6 * (1 + count * 10 // 32):
        line.step()
    polls = [start for start, _, data in line.frames if data[0] == 1 and data[1] == 3]
    first = len(polls) // 3
    ours_ms = (polls[-1] - polls[first]) / (len(polls) - 1 - first) / 1000
    began, frames = time.process_time(), len(line.frames)
    while len(line.frames) < frames + 500:
        line.step()
    cpu_us = (time.process_time() - began) / 500 * 1e6
    wire_ms = reading_ms(count, baud)
    note = f"refreshes of the lease included; {cpu_us:.0f} us of CPU an exchange, both ends"
    return entry(f"bus-cycle/{count}x{baud}/virtual", ours_ms, wire_ms, "ms", "<= 1.05", note)


async def cycle_real() -> Entry:
    """The same in real time, over a pty with the timing of the wire."""
    wire = PacedPty(stations(REAL_UNITS, REAL_BAUD), REAL_BAUD)
    line = PtyLine(wire.path)
    engine, drivers = primary(REAL_UNITS, REAL_BAUD)
    for driver in drivers:
        driver.want(160, 0)
    task = asyncio.ensure_future(run_rtu(engine, line, RealClock()))
    await asyncio.sleep(7)
    task.cancel()
    polls = [at for at, data in line.written if data[0] == 1 and data[1] == 3]
    line.close()
    wire.close()
    ours_ms = (polls[-1] - polls[5]) / (len(polls) - 6) * 1000
    wire_ms = reading_ms(REAL_UNITS, REAL_BAUD)
    return entry(f"bus-cycle/{REAL_UNITS}x{REAL_BAUD}/real", ours_ms, wire_ms, "ms", None, "CPython, both ends in one process")


async def against_pymodbus() -> "list[Entry]":
    """Every unit receives one order and is read once, in real time on the same line for both clients; each sends orders in its own way."""
    ours_ms = await our_round()
    note = f"{REAL_UNITS} units at {REAL_BAUD}; real time over a paced pty; our orders by one broadcast, "
    alike, other = "theirs too: like with like", f"theirs by {REAL_UNITS} acknowledged writes: what a broadcast saves"
    return [entry("bus-pymodbus/broadcast", ours_ms, await pymodbus_round(True), "ms", "<= 1.05", note + alike),
            entry("bus-pymodbus/acknowledged", ours_ms, await pymodbus_round(False), "ms", "<= 0.75", note + other)]


async def pymodbus_round(broadcast: bool) -> float:
    """Sends orders, by one broadcast or one write per unit, until every status has been read after its order."""
    from pymodbus.client import AsyncModbusSerialClient

    wire = PacedPty(stations(REAL_UNITS, REAL_BAUD), REAL_BAUD)
    client = AsyncModbusSerialClient(wire.path, baudrate=REAL_BAUD, timeout=1, retries=0)
    await client.connect()
    rounds = []
    for sequence, value_da in ((1, 160), (2, 150), (3, 140)):
        began = time.monotonic()
        if broadcast:
            orders = [1, 1, 1, sequence, 100, 1, REAL_UNITS, *[value_da] * REAL_UNITS]
            await client.write_registers(table.BROADCAST, orders, device_id=0, no_response_expected=True)
            await asyncio.sleep((broadcast_chars(REAL_UNITS) * char_us(REAL_BAUD) + gap_us(REAL_BAUD)) / 1e6)
        for unit in range(1, REAL_UNITS + 1):
            if not broadcast:
                order = await client.write_registers(table.GRANT_AT, [value_da, 100, sequence, 1, 1, 1, 0], device_id=unit)
                await asyncio.sleep(gap_us(REAL_BAUD) / 1e6)
                assert not order.isError()
            status = await client.read_holding_registers(table.STATUS_AT, count=STATUS_COUNT, device_id=unit)
            await asyncio.sleep(gap_us(REAL_BAUD) / 1e6)
            assert status.registers[LIMIT_AT] == value_da
        rounds.append(time.monotonic() - began)
    client.close()
    wire.close()
    return min(rounds) * 1000


async def our_round() -> float:
    """From a change of all orders until the status of every unit has been read after it."""
    wire = PacedPty(stations(REAL_UNITS, REAL_BAUD), REAL_BAUD)
    line = PtyLine(wire.path)
    engine, drivers = primary(REAL_UNITS, REAL_BAUD)
    task = asyncio.ensure_future(run_rtu(engine, line, RealClock()))
    await asyncio.sleep(4)
    rounds = []
    for value_da in (160, 150, 140):
        began = time.monotonic()
        now_ms = RealClock().now_ms()
        for driver in drivers:
            driver.want(value_da, now_ms)
        while not all(d.facts.limit_da == value_da for d in drivers):
            await asyncio.sleep(0.001)
        rounds.append(time.monotonic() - began)
    task.cancel()
    line.close()
    wire.close()
    return min(rounds) * 1000


def shed(baud: int, aim: "str | None") -> Entry:
    """Worst of 1,000: from the last byte of a meter frame to the last byte of the order that it causes."""
    rng, units = Rng(1), 16
    causes: list[int] = []
    drivers: list[Any] = []

    def seen(now_ms: int) -> None:
        if rng.chance(500):
            causes.append(len(line.frames))
            for driver in drivers:
                driver.want(60 + len(causes) % 2 * 40 if rng.chance(900) else 70, now_ms)

    meter = Meter(Request(100, read_pdu(3, table.STATUS_AT, 40), OVERDUE, 200), 250, seen)
    engine, lease_drivers = primary(units, baud, (meter,))
    drivers += lease_drivers
    by_unit = {s.unit: s for s in stations(units, baud)}
    by_unit[100] = ModbusServer(100, by_unit[1].map, baud)
    line = VirtualLine(engine, by_unit, baud)
    while len(causes) < 1000:
        line.step()
    worst_ms = max(reaction_ms(line, cause, baud) for cause in causes[:-1])
    reference_ms = broadcast_chars(units) * char_us(baud) / 1000
    return entry(f"shed/{baud}/virtual", worst_ms, reference_ms, "ms", aim, "16 secondaries, worst of 1,000; orders change in the meter's callback")


async def shed_real() -> Entry:
    """The same in real time, over a pty with the timing of the wire."""
    drivers: list[Any] = []
    causes: list[float] = []

    def seen(now_ms: int) -> None:
        if len(causes) * 16 < len(wire.said):
            causes.append(wire.said[-1][0])
            for driver in drivers:
                driver.want(60 + len(causes) % 2 * 40, now_ms)

    meter = Meter(Request(100, read_pdu(3, table.STATUS_AT, 40), OVERDUE, 400), 250, seen)
    engine, lease_drivers = primary(REAL_UNITS, REAL_BAUD, (meter,))
    drivers += lease_drivers
    slaves = stations(REAL_UNITS, REAL_BAUD)
    wire = PacedPty([*slaves, ModbusServer(100, slaves[0].map, REAL_BAUD)], REAL_BAUD)
    line = PtyLine(wire.path)
    task = asyncio.ensure_future(run_rtu(engine, line, RealClock()))
    await asyncio.sleep(25)
    task.cancel()
    line.close()
    wire.close()
    orders = [(at, len(data)) for at, data in line.written if data[0] == 0]
    found = [next(((at - cause) * 1000 + size * char_us(REAL_BAUD) / 1000 for at, size in orders if at > cause), 0.0) for cause in causes]
    found = sorted(one for one in found if one)
    note = f"CPython, both ends in one process; the worst of {len(found)}, the median {found[len(found) // 2]:.3g} ms"
    return entry(f"shed/{REAL_BAUD}/real", found[-1], broadcast_chars(REAL_UNITS) * char_us(REAL_BAUD) / 1000, "ms", None, note)


def reaction_ms(line: VirtualLine, cause: int, baud: int) -> float:
    """The cause is the meter's frame cause - 1; its reply ended one gap before the next frame could be sent."""
    _, meter_end, _ = line.frames[cause - 1]
    heard_us = meter_end + gap_us(baud) + (5 + 2 * 40) * char_us(baud)
    for _, end, data in line.frames[cause : cause + 40]:
        if data[0] == 0:
            return (end - heard_us) / 1000
    return float("inf")
