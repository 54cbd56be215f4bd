"""Row `stall`: the longest gap between two safety ticks of a primary on 32-bit MicroPython, in real time.

Its heap is the least heap of row `heap` plus a quarter; it has 16 secondaries on a paced line, and a CSMS. The cases are the
causes of long gaps: TLS handshakes, a silent name server, a message of the largest size, a CSMS that floods, the upload of a log, the
download of a signed bundle.
"""

import asyncio
import itertools
import json
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ampacity.base.within import within
from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.command import prepare
from ampacity_host.csms.server import BenchCsms
from tools.bench.bus_line import PacedPty, stations
from tools.bench.busy_site import BAUD, EVSE, UNITS
from tools.bench.entry import Entry, entry, unmeasured
from tools.bench.heap import KIB, known_least_kib
from tools.bench.runtime32 import PROBES, frozen_runtime
from tools.bench.tls import TlsServer
from tools.bench.update_server import make_slots, ordered, served

ROWS = ("stall",)
TICK_MS, AIM = 100, "<= 2.5"
CASE_S, HANDSHAKES, REPEATS = 4.0, 2, 3
CASE_S_MAX, DOWNLOAD_S = 300, 280
REQUESTS = itertools.count(1)  # ids of UpdateFirmware
MESSAGE_BYTES = 65_000
FLOOD, FLOOD_BYTES, FLOOD_S = 10_000, 1 << 20, 120
PROGRAM_KIB = 16  # of the bench program in that heap
HEAD = """
[site]
name = "stall"
[[circuit]]
name = "main"
rating_a = 200
[[bus]]
name = "line"
kind = "rtu"
port = "{port}"
[ocpp]
identity = "BENCH"
url = "{url}"
password = "a password of twenty"
"""


class Process:
    """The primary; `worst()`: the longest gap since the previous call, and the most CPU time in one gap, in ms."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.online = False
        self.failures = 0
        self.words: list[str] = []
        self._gap_ms = self._busy_ms = 0
        self.reader = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            words = line.decode(errors="replace").split()
            if words[:1] == ["stall"]:
                self._gap_ms = max(self._gap_ms, int(words[1]))
                self.online = words[2] == "True"
                self.failures = int(words[3])
                self._busy_ms = max(self._busy_ms, int(words[4]))
            else:
                self.words.append(line.decode(errors="replace").strip())

    def worst(self) -> "tuple[int, int]":
        worst = self._gap_ms, self._busy_ms
        self._gap_ms = self._busy_ms = 0
        return worst

    def say(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write((text + "\n").encode())

    async def until_online(self, online: bool = True) -> None:
        for _ in range(300):
            if self.online == online:
                return
            if self.process.returncode is not None:
                raise RuntimeError(" ".join(self.words[-1:]) or "it ended")
            await asyncio.sleep(0.1)
        raise TimeoutError("no connection to the CSMS")


@asynccontextmanager
async def primary(runtime: Path, heap_kib: int, csms: BenchCsms, tls: TlsServer, folder: Path, slots: Path) -> AsyncIterator[Process]:
    engines = stations(UNITS, BAUD)
    for engine in engines:
        engine.map.pilot, engine.map.plug = "C", 1
    line = PacedPty(engines, BAUD)
    evses = "".join(EVSE.format(unit=unit) for unit in range(1, UNITS + 1))
    folder.mkdir()
    (folder / "site.toml").write_text(HEAD.format(port=line.path, url=csms.url) + evses)
    prepare(compile_site(load_site(folder / "site.toml")), folder, "primary", "primary", "127.0.0.1:0", {"update": str(slots)})
    process = await asyncio.create_subprocess_exec(
        str(runtime), "-X", f"heapsize={(heap_kib + PROGRAM_KIB) * KIB}", str(PROBES / "stall.py"), str(folder), str(tls.root),
        env={"MICROPYPATH": ".frozen"}, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    watched = Process(process)
    try:
        yield watched
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await watched.reader
        line.close()


async def busy(csms: BenchCsms) -> str:
    """Every EVSE charges."""
    for evse in range(1, UNITS + 1):
        token = {"idToken": f"T{evse}", "type": "Central"}
        await csms.call("RequestStartTransaction", {"evseId": evse, "remoteStartId": evse, "idToken": token}, 3000)
    await asyncio.sleep(CASE_S)
    return f"{len(csms.transactions)} transactions"


async def handshakes(watched: Process, csms: BenchCsms, tls: TlsServer) -> str:
    server = await asyncio.get_running_loop().create_server(csms._session, "127.0.0.1", 0, ssl=tls.context)
    before = csms.stations["BENCH"]["connects"]
    try:
        watched.say(f"url wss://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await watched.until_online(False)
        for _ in range(HANDSHAKES):
            await watched.until_online()
            await asyncio.sleep(1)
            csms.drop()
            await watched.until_online(False)
    finally:
        server.close()
    watched.say(f"url {csms.url}")
    await watched.until_online()
    return f"{csms.stations['BENCH']['connects'] - before - 1} handshakes"


async def dead_names(watched: Process, csms: BenchCsms) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        watched.say(f"dns {silent.getsockname()[1]}")
        watched.say("url ws://csms.example:9000")
        await asyncio.sleep(CASE_S)
        silent.setblocking(False)
        assert silent.recv(512), "nobody asked the name server"
    watched.say(f"url {csms.url}")
    await watched.until_online()
    return "a name server that is silent"


async def large_message(watched: Process, csms: BenchCsms) -> str:
    await watched.until_online()
    before = csms.stations["BENCH"]["connects"]
    answer = await csms.call("DataTransfer", {"vendorId": "bench", "data": "x" * (MESSAGE_BYTES - 100)}, 5_000)
    await watched.until_online()
    ended = "" if csms.stations["BENCH"]["connects"] == before else ", and the connection ended"
    return f"a DataTransfer of {MESSAGE_BYTES} bytes: {answer.get('error', {}).get('code', 'answered')}{ended}"


async def flood(watched: Process, csms: BenchCsms) -> str:
    """Requests and settings without a pause, then one message of a mebibyte: the station leaves the connection, and must come back."""
    await watched.until_online()
    setting = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}, "attributeValue": "300"}
    asked = (("GetTransactionStatus", {}), ("SetVariables", {"setVariableData": [setting]}))
    texts = [json.dumps([2, f"f{number}", *asked[number % 2]]) for number in range(FLOOD)]
    before = csms.stations["BENCH"]["connects"]
    for text in [*texts, json.dumps([2, "big", "DataTransfer", {"vendorId": "bench", "data": "x" * FLOOD_BYTES}])]:
        csms.send_text(text)
    begin_s = time.monotonic()
    while csms.stations["BENCH"]["connects"] == before:
        if time.monotonic() - begin_s > FLOOD_S:
            raise TimeoutError(f"a flood did not end the connection, or the station has not come back after {FLOOD_S} s")
        await asyncio.sleep(0.1)
    await watched.until_online()
    return f"{FLOOD} requests at once, then {FLOOD_BYTES} bytes; connected again {time.monotonic() - begin_s:.0f} s after the last byte"


async def soon_again(csms: BenchCsms) -> None:
    """The CSMS wants an attempt to connect every second: in the configuration of the link alone the next SetVariables would undo it."""
    names = {"RetryBackOffWaitMinimum": "1", "RetryBackOffRandomRange": "0", "RetryBackOffRepeatTimes": "0"}
    data = [{"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name}, "attributeValue": value} for name, value in names.items()]
    answer = await csms.call("SetVariables", {"setVariableData": data}, 5_000)
    results = [each["attributeStatus"] for each in answer.get("result", {}).get("setVariableResult", ())]
    assert results == ["Accepted"] * len(names), f"not set: {answer}"


async def upload(watched: Process, csms: BenchCsms) -> str:
    """GetLog to a server of this bench."""
    await watched.until_online()
    sizes: list[int] = []

    async def put(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        sizes.append(len(await reader.readexactly(size)))
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(put, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        log = {"remoteLocation": f"http://127.0.0.1:{port}/"}
        answer = await csms.call("GetLog", {"logType": "DiagnosticsLog", "requestId": port, "log": log}, 5_000)
        for _ in range(100):
            if sizes:
                break
            await asyncio.sleep(0.1)
        assert sizes, f"no log arrived: {answer}"
    finally:
        server.close()
    return f"a log of {sizes[0]} bytes"


async def download(watched: Process, csms: BenchCsms, bundle: bytes) -> str:
    """UpdateFirmware with a signed bundle from a server of this bench, up to the restart that waits for the cars."""
    await watched.until_online()
    async with served(bundle) as url:
        status = await ordered(csms, url, next(REQUESTS), DOWNLOAD_S)
    assert status == "InstallScheduled", f"the last status was {status}"
    return f"a signed bundle of {len(bundle)} bytes, downloaded and verified"


async def quietest(watched: Process, step: Any) -> "tuple[int, str]":
    """(longest gap, note) of the quietest of REPEATS: other processes only add to it. 0 if the case did not occur."""
    gaps, most_busy_ms = [], 0
    for _ in range(REPEATS):
        watched.worst()
        try:
            note = await within(step(), CASE_S_MAX)
        except (RuntimeError, OSError, AssertionError, TimeoutError) as problem:
            return 0, str(problem) or "it took too long"
        await asyncio.sleep(0.5)
        gap_ms, busy_ms = watched.worst()
        gaps.append(gap_ms)
        most_busy_ms = max(most_busy_ms, busy_ms)
    said = f"the quietest of {REPEATS} ({max(gaps)} ms the worst); at most {most_busy_ms} ms of CPU between ticks"
    return min(gaps), f"{note}; {said}; {watched.failures} loops failed"


async def cases(runtime: Path, heap_kib: int, tls: TlsServer) -> "list[tuple[str, int, str]]":
    """(case, longest gap, note) in turn."""
    csms = BenchCsms()
    await csms.start()
    folder = tempfile.TemporaryDirectory(prefix="ampacity-bench.")
    slots, bundle = make_slots(Path(folder.name))
    out: list[tuple[str, int, str]] = []
    steps: tuple[tuple[str, Any], ...] = (
        ("busy", lambda: busy(csms)),
        ("tls-connect", lambda: handshakes(watched, csms, tls)),
        ("dead-name-server", lambda: dead_names(watched, csms)),
        ("64-kib-message", lambda: large_message(watched, csms)),
        ("log-upload", lambda: upload(watched, csms)),
        ("firmware-download", lambda: download(watched, csms, bundle)),
        ("csms-flood", lambda: flood(watched, csms)),
    )
    async with primary(runtime, heap_kib, csms, tls, Path(folder.name) / "data", slots) as watched:
        await watched.until_online()
        await asyncio.sleep(3)
        await soon_again(csms)
        for name, step in steps:
            out.append((name, *await quietest(watched, step)))
    await csms.stop()
    folder.cleanup()
    return out


def rows() -> Iterator[Entry]:
    tls = TlsServer(accept=False)
    try:
        runtime = frozen_runtime()
        heap_kib = known_least_kib(runtime) * 5 // 4
        for name, gap_ms, note in asyncio.run(cases(runtime, heap_kib, tls)):
            if gap_ms:
                yield entry(f"stall/{name}", gap_ms, TICK_MS, "ms", AIM, f"{heap_kib} KiB of heap; {note}")
            else:
                yield unmeasured(f"stall/{name}", note)
    except RuntimeError as problem:
        yield unmeasured("stall", str(problem))
    finally:
        tls.close()
