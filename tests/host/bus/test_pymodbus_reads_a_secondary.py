"""An independent Modbus client reads and orders one of our secondaries over a serial line."""

import asyncio
import struct
from contextlib import asynccontextmanager

from helper_pty import Clock, PtyLine, until
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.exceptions import ModbusIOException

from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.bus.transport import run_rtu

IDENTITY = (0xA1B2, 0xC3D4)


def grant(limit_da, sequence):
    return [limit_da, 100, sequence, *IDENTITY, 1, 0]


@asynccontextmanager
async def secondary(baud=19200):
    """(client, map, clock) of unit 5 on a pty."""
    line, clock = PtyLine(), Clock()
    registers = RegisterMap(Lease(60, 160, 60), "SN-4711", "1.2.3", unit=5)
    task = asyncio.create_task(run_rtu(ModbusServer(5, registers, baud), line, clock))
    client = AsyncModbusSerialClient(line.path, baudrate=baud, timeout=0.5, retries=0)
    assert await client.connect()
    try:
        yield client, registers, clock
    finally:
        client.close()
        task.cancel()
        line.close()


async def test_the_sunspec_chain_is_walked():
    async with secondary() as (client, _map, _clock):
        at, models = table.BASE + 2, []
        assert (await client.read_holding_registers(table.BASE, count=2, device_id=5)).registers == [0x5375, 0x6E53]
        while True:
            model, length = (await client.read_holding_registers(at, count=2, device_id=5)).registers
            if model == 0xFFFF:
                break
            models.append(model)
            at += 2 + length
        assert models == [1, 64640, 64641, 64642]


async def test_status_is_one_request_by_either_function():
    async with secondary() as (client, registers, _clock):
        registers.energy_wh = 70000
        for read in (client.read_holding_registers, client.read_input_registers):
            answer = await read(table.STATUS_AT, count=table.length(table.STATUS), device_id=5)
            assert answer.registers[0] == table.PROTOCOL and answer.registers[10:12] == [1, 4464]


async def test_a_grant_by_function_16_and_by_function_23():
    async with secondary() as (client, registers, clock):
        answer = await client.write_registers(table.GRANT_AT, grant(100, 1), device_id=5)
        assert not answer.isError() and registers.lease.limit_da(clock.now_ms()) == 100
        answer = await client.readwrite_registers(
            read_address=table.STATUS_AT, read_count=25, write_address=table.GRANT_AT, values=grant(120, 2), device_id=5
        )
        assert not answer.isError(), answer
        assert answer.registers[3] == 120 and answer.registers[23] == 2


async def test_a_setting_is_written_by_function_6_once_it_is_unlocked():
    async with secondary() as (client, registers, _clock):
        registers.unlocked = True
        answer = await client.write_register(table.SETTINGS_AT, 80, device_id=5)
        assert not answer.isError() and registers.lease.fallback_da == 80 and registers.settings_changed


async def test_a_broadcast_is_obeyed_and_not_answered():
    async with secondary() as (client, registers, clock):
        values = [*IDENTITY, 1, 1, 100, 4, 3, 60, 140, 0xFFFF]
        await client.write_registers(table.BROADCAST, values, device_id=0, no_response_expected=True)
        await until(lambda: registers.lease.limit_da(clock.now_ms()) == 140)
        assert not (await client.read_holding_registers(table.STATUS_AT, count=1, device_id=5)).isError()


async def test_errors_are_exceptions_and_foreign_units_are_not_answered():
    async with secondary() as (client, _map, _clock):
        assert (await client.read_holding_registers(0, count=1, device_id=5)).exception_code == 2
        assert (await client.write_register(table.GRANT_AT, 160, device_id=5)).exception_code == 2
        assert (await client.write_register(table.SETTINGS_AT, 0, device_id=5)).exception_code == 3
        assert (await client.read_coils(0, count=1, device_id=5)).exception_code == 1
        try:
            answer = await client.read_holding_registers(table.STATUS_AT, count=1, device_id=6)
            assert answer.isError()
        except ModbusIOException:
            pass
        assert not (await client.read_holding_registers(table.STATUS_AT, count=1, device_id=5)).isError()


async def test_the_device_identifies_itself():
    async with secondary() as (client, _map, _clock):
        answer = await client.read_device_information(read_code=1, object_id=0, device_id=5)
        assert answer.information == {0: b"Ampacity", 1: b"Charging point", 2: b"1.2.3"}


def test_the_register_map_unpacks_the_broadcast_of_the_table():
    assert table.length(table.ORDERS) == table.BROADCAST_HEAD + 1
    assert struct.calcsize(table.format_of(table.ORDERS[:-1])) == 2 * table.BROADCAST_HEAD
