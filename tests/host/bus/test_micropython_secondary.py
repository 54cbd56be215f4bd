"""Our primary on CPython audits and orders our secondary in a MicroPython process, over a pty."""

import asyncio
import os
from pathlib import Path

from helper_pty import Clock, PtyLine, until

from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.leases.broadcast_driver import BroadcastDriver
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.leases.lease_driver import LeaseDriver
from ampacity.bus.transport import run_rtu
from tools.micropython.find import find

ROOT = Path(__file__).resolve().parents[3]
FACTS = {"unit": 5, "fallback_da": 0, "watchdog_ms": 4000, "survives": True, "terminals": [[0], [1], [2]]}


class FakeGuard:
    def __init__(self):
        self.proofs = []

    def send(self, evse, most_da, now_ms, held=False):
        return 1

    def proven(self, evse, order_id, limit_da, now_ms):
        self.proofs.append(limit_da)

    def __getattr__(self, name):
        return lambda *arguments: None


async def test_a_secondary_in_a_micropython_process_takes_grants_and_proves_them():
    line, clock, guard = PtyLine(), Clock(), FakeGuard()
    env = {**os.environ, "MICROPYPATH": "firmware:.frozen"}
    process = await asyncio.create_subprocess_exec(find(), "tests/host/bus/mpy_secondary.py", line.path, cwd=ROOT, env=env)
    driver = LeaseDriver(FACTS, 0, guard, 20)
    engine = RtuClient({"baud": 19200, "transit_ms": 100}, [driver, BroadcastDriver([driver], GrantNumbers(77, 1))])
    engine.permit(2**41)
    task = asyncio.create_task(run_rtu(engine, line, clock))
    try:
        await until(lambda: driver.facts.online, 10)
        driver.want(120, clock.now_ms())
        await until(lambda: guard.proofs[-1:] == [120])
        driver.want(60, clock.now_ms())
        await until(lambda: guard.proofs[-1:] == [60])
        assert driver.facts.serial == "SN-MPY" and driver.facts.limit_da == 60
    finally:
        task.cancel()
        process.kill()
        await process.wait()
        line.close()
