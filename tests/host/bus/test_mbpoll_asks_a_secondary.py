"""A plain Modbus program, as an installer has it at hand, reads and orders one of our secondaries over a serial line."""

import asyncio
from contextlib import asynccontextmanager

from helper_pty import Clock, PtyLine

from ampacity.base.within import within
from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.bus.transport import run_rtu
from tools.mbpoll import find


@asynccontextmanager
async def secondary():
    """(ask, map, clock) of unit 5; ask(options, …) -> (exit status, what it printed)."""
    line, clock = PtyLine(), Clock()
    registers = RegisterMap(Lease(60, 160, 60), "SN-4711", "1.2.3", unit=5)
    task = asyncio.create_task(run_rtu(ModbusServer(5, registers), line, clock))

    async def ask(options, *values):
        command = ["-m", "rtu", "-b", "19200", "-0", "-1", "-q", *options.split(), line.path, *map(str, values)]
        process = await asyncio.create_subprocess_exec(find(), *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        out, _ = await within(process.communicate(), 20)
        return process.returncode, out.decode()
    try:
        yield ask, registers, clock
    finally:
        task.cancel()
        line.close()


def words(text):
    """{address: word} of what it printed of a read."""
    rows = [line.split() for line in text.splitlines() if line.startswith("[")]
    return {int(row[0].strip("[]:")): int(row[1], 0) for row in rows}


async def test_holding_and_input_registers_show_the_same():
    async with secondary() as (ask, registers, _clock):
        registers.energy_wh = 70000
        for kind in ("4", "3"):
            status, text = await ask("-a 5 -t %s -r %d -c 12" % (kind, table.STATUS_AT))
            shown = words(text)
            assert status == 0 and shown[table.STATUS_AT] == table.PROTOCOL, text
            assert [shown[table.STATUS_AT + 10], shown[table.STATUS_AT + 11]] == [1, 4464]
        _, text = await ask("-a 5 -t 4:hex -r %d -c 2" % table.BASE)
        assert [words(text)[table.BASE + i] for i in range(2)] == [0x5375, 0x6E53]


async def test_a_grant_of_several_registers_and_a_setting_of_one_are_obeyed():
    async with secondary() as (ask, registers, clock):
        status, text = await ask("-a 5 -t 4 -r %d" % table.GRANT_AT, 100, 100, 1, 0xA1B2, 0xC3D4, 1, 0)
        assert status == 0 and "Written 7 references" in text, text
        assert registers.lease.limit_da(clock.now_ms()) == 100
        registers.unlocked = True
        status, text = await ask("-a 5 -t 4 -r %d" % table.SETTINGS_AT, 80)
        assert status == 0 and registers.lease.fallback_da == 80, text


async def test_missing_registers_are_refused_by_name_and_foreign_units_are_silent():
    async with secondary() as (ask, _registers, _clock):
        _, text = await ask("-a 5 -t 4 -r 100 -c 1")
        assert "Illegal data address" in text
        _, text = await ask("-a 5 -t 4 -r %d" % table.SETTINGS_AT, 80)
        assert "Illegal data value" in text
        _, text = await ask("-a 5 -t 0 -r 1 -c 1")
        assert "Illegal function" in text
        _, text = await ask("-a 6 -t 4 -r %d -c 1 -o 0.2" % table.STATUS_AT)
        assert "timed out" in text
