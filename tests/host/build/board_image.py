"""`python -m tests.host.build.board_image`: the application of each board starts on 32-bit MicroPython with the board's heap (`make images`).

It starts by the boot stage out of a flashed file system, from its slot or frozen into the interpreter, and runs until its role works. The chip is
`board_image_script.py`. A secondary is asked and ordered over its UART by this firmware's own driver; a primary polls and orders a
secondary here, reaches its CSMS over TLS, and has a charging point of its own on the pins of the board.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ampacity.base.within import within
from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.leases.broadcast_driver import BroadcastDriver
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.lease_driver import LeaseDriver
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.bus.transport import run_rtu
from ampacity_host.board.command import chosen
from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.push_pull import encoded
from ampacity_host.flash.content import content, content_of_frozen
from tests.certificates import Authority
from tests.host.flash.release import release
from tests.secure_csms import Csms
from tools.bench.runtime32 import frozen_runtime
from tools.micropython.find import find

HERE = Path(__file__).resolve().parent
DOUBLES = HERE.parents[1] / "ports"  # fake_machine.py
UNIT, BAUD = 5, 19200
LIMIT_S = 60
KIB = 1024
SLOT_BYTES = 1152 * KIB  # of the smallest board
PASSWORD = "0123456789abcdef"
SITE = """
[site]
name = "image"
[[circuit]]
name = "main"
rating_a = 63.0
[[bus]]
name = "rs485"
kind = "rtu"
port = "uart:{uart}"
baud = {baud}
parity = "E"
[[evse]]
name = "own"
kind = "local"
circuit = "main"
max_a = 16.0
[[evse]]
name = "bay-1"
kind = "ampacity"
bus = "rs485"
unit = {unit}
circuit = "main"
max_a = 16.0
[ocpp]
identity = "AMP-1"
url = "wss://localhost:{csms}/ocpp"
security_profile = 2
password = "{password}"
root_pem = "root.pem"
"""


@dataclass(frozen=True)
class Case:
    """board: NAME:VARIANT; role: of the image, "both" works as a primary; frozen: the firmware is in the interpreter, and not in a slot."""

    board: str
    role: str
    frozen: bool = False

    @property
    def name(self):
        return f"{self.board} {self.role}"

    @property
    def heap_kib(self):
        return chosen(self.board)["memory"]["heap_kib"]

    def files(self, folder):
        """The files of a new controller. folder: for the bundle and the keys."""
        if self.frozen:
            return content_of_frozen().files
        name = self.board.partition(":")[0]
        bundle, keys = release(folder, name, self.role)
        return content(name, SLOT_BYTES, bundle.read_bytes(), keys, lambda *_: None).files


CASES = (  # what a manufacturer ships: frozen where the code does not fit the heap
    Case("esp32-s3:psram", "both"), Case("esp32-s3:psram", "primary"), Case("esp32-s3:psram", "secondary"),
    Case("esp32-s3:no-psram", "secondary", True),
    Case("rp2350:pico2-w", "primary", True), Case("rp2350:pico2-w", "secondary"),
    Case("stm32h7:nucleo-h743zi", "primary", True), Case("stm32h7:nucleo-h743zi", "secondary"),
)  # fmt: skip


class UartLine:
    """The line at the board's transceiver: a TCP port that its UART connects to."""

    def __init__(self):
        self._data, self._event, self._writer = bytearray(), asyncio.Event(), None

    async def open(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        self._writer = writer
        try:
            while data := await reader.read(512):
                self._data += data
                self._event.set()
        except ConnectionError:
            pass  # its controller is gone with bytes unread

    def write(self, data):
        if self._writer is not None:
            self._writer.write(data)

    async def read(self, timeout_us):
        try:
            await within(self._event.wait(), timeout_us / 1e6)
        except asyncio.TimeoutError:
            return b""
        self._event.clear()
        data, self._data = bytes(self._data), bytearray()
        return data

    def close(self):
        self._server.close()
        if self._writer is not None:
            self._writer.close()


class Clock:
    def now_us(self):
        return time.monotonic_ns() // 1000

    def now_ms(self):
        return self.now_us() // 1000


class Guard:
    """One that permits every order."""

    def __init__(self):
        self.proofs = []

    def send(self, evse, most_da, now_ms, held=False):
        return 1

    def proven(self, evse, order_id, limit_da, now_ms):
        self.proofs.append(limit_da)

    def __getattr__(self, name):
        return lambda *arguments: None


class Board:
    """A flashed board with its power on. lines: what it printed."""

    def __init__(self, case, root, files):
        self.case, self.root, self.lines = case, root, []
        self.facts = chosen(case.board)
        self.uart = self.facts["serial"][0]["uart"]
        self.line = UartLine()
        self.store({**files, "data/board.json": json.dumps(self.facts).encode()})

    def store(self, files):
        for name, data in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_bytes(data)

    async def power_on(self, program, heap_kib, modules):
        command = [program, "-X", f"heapsize={heap_kib}K", str(HERE / "board_image_script.py"), str(self.root), str(self.line.port)]
        environment = dict(os.environ, MICROPYPATH=os.pathsep.join([str(DOUBLES), *modules]))
        self.process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)  # fmt: skip
        self.reading = asyncio.create_task(self._read())

    async def _read(self):
        async for line in self.process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())

    async def until(self, condition, what):
        end = time.monotonic() + LIMIT_S
        while not condition():
            assert self.process.returncode is None and not self.reading.done(), f"{self.case.name} ended before {what}: {self.lines[-12:]}"
            assert time.monotonic() < end, f"{self.case.name}: not within {LIMIT_S} s: {what}: {self.lines[-12:]}"
            await asyncio.sleep(0.01)

    def heap(self):
        """(bytes in use but for the simulated chip, bytes) some seconds after the first feed of the watchdog, None before."""
        return next((tuple(int(word) for word in line.split()[1:]) for line in self.lines if line.startswith("heap ")), None)

    async def end(self):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self.reading
        self.line.close()


async def played(case, root, files, program, heap_kib, modules=(".frozen",)):
    """Starts it, lets its role work, and gives (bytes of heap in use, bytes of heap). Raises AssertionError where it does not get so far."""
    board = Board(case, root, files)
    await board.line.open()
    work = ordered if case.role == "secondary" else orders
    return await work(board, lambda: board.power_on(program, heap_kib, modules))


async def ordered(board, power_on):
    """A secondary answers, takes two orders and proves them."""
    config = {"role": "secondary", "bus": "rs485", "unit": UNIT, "port": f"uart:{board.uart}", "baud": BAUD, "parity": "E",
              "max_da": 160, "fallback_da": 0, "serial": "SN-IMAGE", "terminals": 3}  # fmt: skip
    boot = {"role": "secondary", "meter": "none"}
    board.store({"data/boot.json": json.dumps(boot).encode(), "data/site.json": json.dumps(config).encode()})
    facts = {"unit": UNIT, "fallback_da": 0, "watchdog_ms": 4000, "survives": True, "terminals": [[0], [1], [2]]}
    clock, guard = Clock(), Guard()
    driver = LeaseDriver(facts, 0, guard, 20)
    engine = RtuClient({"baud": BAUD, "transit_ms": 100}, [driver, BroadcastDriver([driver], GrantNumbers(77, 1))])
    engine.permit(2**41)
    bus = asyncio.create_task(run_rtu(engine, board.line, clock))
    await power_on()
    try:
        await board.until(lambda: driver.facts.online, "its first answer")
        for limit_da in (120, 60):
            driver.want(limit_da, clock.now_ms())
            await board.until(lambda limit_da=limit_da: guard.proofs[-1:] == [limit_da], "the proof of an order")
        facts = driver.facts
        assert (facts.serial, facts.limit_da, facts.state, facts.fault) == ("SN-IMAGE", 60, "A1", None), vars(facts)
        await board.until(board.heap, "the heap of a running role")
        return board.heap()
    finally:
        bus.cancel()
        await board.end()


async def orders(board, power_on):
    """A primary orders the secondary on its line, and is known to its CSMS, over TLS."""
    ca, csms = Authority(), Csms(board.root)
    await csms.use(ca.issue())
    (board.root / "root.pem").write_text(ca.root)
    (board.root / "site.toml").write_text(SITE.format(uart=board.uart, baud=BAUD, unit=UNIT, csms=csms.port, password=PASSWORD))
    boot = {"role": "primary", "meter": "none"}
    board.store({"data/boot.json": json.dumps(boot).encode(), "data/site.json": encoded(compile_site(load_site(board.root / "site.toml")))})
    registers = RegisterMap(Lease(0, 160, 0), "SN-BAY", "0.1.0", unit=UNIT)
    bus = asyncio.create_task(run_rtu(ModbusServer(UNIT, registers, BAUD), board.line, Clock()))
    await power_on()
    try:
        await board.until(lambda: registers.grants, "its first order")
        await board.until(lambda: csms.boots and (1, "Available") in csms.statuses, "its own charging point at the CSMS")
        await board.until(board.heap, "the heap of a running role")
        assert csms.secured[0] is not None
        return board.heap()
    finally:
        bus.cancel()
        await board.end()
        await csms.end()


async def figures(case):
    """(bytes of heap in use but for the simulated chip, bytes of heap) on the 32-bit runtime. Raises RuntimeError, AssertionError."""
    program = str(frozen_runtime(fetch=True)) if case.frozen else find("micropython32")
    with tempfile.TemporaryDirectory(prefix="ampacity-images.") as folder:
        root, keys = Path(folder) / "root", Path(folder) / "keys"
        keys.mkdir()
        return await played(case, root, case.files(keys), program, case.heap_kib)


def main():
    """A line for each image. 1: one did not get as far as it should."""
    failed = 0
    for case in CASES:
        place = "frozen" if case.frozen else "slot"
        try:
            used, _ = asyncio.run(figures(case))
            print(f"| `{case.board}` | {case.role} | {place} | {case.heap_kib} | {used // KIB} |", flush=True)
        except (AssertionError, RuntimeError) as problem:
            failed = 1
            print(f"{case.name}, {place}: {problem}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
