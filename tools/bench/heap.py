"""Row `heap`: a primary with OCPP and 16 charging secondaries on 32-bit MicroPython, code frozen as on a board.

Live heap is what is left after a collection; the least heap is the smallest with which the busy site starts, regulates
and keeps its transactions for RUN_S. The run is without TLS: the 23 KiB of a session are added to both figures.
"""

import asyncio
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.command import prepare
from ampacity_host.csms.bench import BenchCsms
from tools.bench.bus_line import PacedPty, stations
from tools.bench.entry import Entry, entry, unmeasured
from tools.micropython.build32 import ROOT

ROWS = ("heap",)
UNITS, BAUD, RUN_S = 16, 19200, 20
KIB = 1024
TLS_KIB = 23
LIVE_AIM_KIB, LEAST_AIM_KIB = 96, 160
STEP_KIB, MOST_KIB = 8, 512
DEST = ROOT / ".cache" / "micropython32-frozen"
PROBE = Path(__file__).parent / "probes" / "heap.py"


def frozen_runtime() -> Path:
    """A 32-bit runtime with this very firmware frozen in, built if need be (about a minute). Raises RuntimeError."""
    firmware = sorted((ROOT / "firmware" / "ampacity").rglob("*.py"))
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in firmware)).hexdigest()
    known = DEST / ".firmware"
    if known.exists() and known.read_text() == stamp and (DEST / "micropython").exists():
        return DEST / "micropython"
    DEST.mkdir(parents=True, exist_ok=True)
    manifest = DEST / "manifest.py"
    manifest.write_text(f'package("ampacity", base_path="{ROOT / "firmware"}", opt=3)\n')
    command = [sys.executable, "-m", "tools.micropython.build32", "--dest", str(DEST), "--freeze", str(manifest)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[0])
    known.write_text(stamp)
    return DEST / "micropython"


def site_text(port: str, url: str) -> str:
    """16 secondaries on one line below one circuit, with an upstream."""
    head = f'[site]\nname = "bench"\n[[circuit]]\nname = "main"\nrating_a = 200\n[[bus]]\nname = "line"\nkind = "rtu"\nport = "{port}"\n'
    evses = "".join(
        f'[[evse]]\nname = "e{unit}"\nkind = "ampacity"\nbus = "line"\nunit = {unit}\ncircuit = "main"\nmax_a = 32\n'
        for unit in range(1, UNITS + 1)
    )
    return head + evses + f'[ocpp]\nidentity = "BENCH"\nurl = "{url}"\npassword = "bench"\n'


@asynccontextmanager
async def busy_site(folder: Path) -> AsyncIterator[BenchCsms]:
    """Cars at every secondary, a CSMS, and the data folder of their primary."""
    csms = BenchCsms()
    await csms.start()
    engines = stations(UNITS, BAUD)
    for engine in engines:
        engine.map.pilot, engine.map.plug = "C", 1
    line = PacedPty(engines, BAUD)
    (folder / "site.toml").write_text(site_text(line.path, str(csms.url)))
    prepare(compile_site(load_site(folder / "site.toml")), folder, "primary", "primary", "127.0.0.1:0")
    try:
        yield csms
    finally:
        line.close()
        await csms.stop()


async def run_once(runtime: Path, heap_kib: int, run_s: float) -> "tuple[int, int] | None":
    """(largest live heap in bytes, transactions) of a run with that heap; None if it did not last."""
    with tempfile.TemporaryDirectory(prefix="ampacity-bench.") as name:
        folder = Path(name)
        async with busy_site(folder) as csms:
            process = await asyncio.create_subprocess_exec(
                str(runtime), "-X", f"heapsize={heap_kib}K", str(PROBE), str(folder),
                env={"MICROPYPATH": ".frozen"}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            live: list[int] = []
            reader = asyncio.ensure_future(collect(process, live))
            await start_all(csms, run_s)
            lasted = process.returncode is None
            transactions = len(csms.transactions)
            if lasted:
                process.kill()
            await process.wait()
            await reader
    return (max(live), transactions) if lasted and live and transactions == UNITS else None


async def collect(process: asyncio.subprocess.Process, live: "list[int]") -> None:
    """The figures that the probe prints."""
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"live "):
            live.append(int(line[5:]))


async def start_all(csms: BenchCsms, run_s: float) -> None:
    """A remote start for every EVSE, once the station is there; then let it run."""
    loop = asyncio.get_running_loop()
    end = loop.time() + run_s
    left = list(range(1, UNITS + 1))
    while left and loop.time() < end:
        token = {"idToken": f"T{left[0]}", "type": "Central"}
        answer = await csms.call("RequestStartTransaction", {"evseId": left[0], "remoteStartId": left[0], "idToken": token}, 2000)
        if answer.get("result", {}).get("status") == "Accepted":
            left.pop(0)
        else:
            await asyncio.sleep(0.3)  # the station or this EVSE is not there yet
    await asyncio.sleep(max(0.0, end - loop.time()))


def least_heap_kib(runtime: Path) -> int:
    """By halving the range down to STEP_KIB."""
    low, high = 0, MOST_KIB // STEP_KIB
    while high - low > 1:
        middle = (low + high) // 2
        if asyncio.run(run_once(runtime, middle * STEP_KIB, RUN_S)):
            high = middle
        else:
            low = middle
    return high * STEP_KIB


def rows() -> Iterator[Entry]:
    try:
        runtime = frozen_runtime()
    except RuntimeError as problem:
        yield unmeasured("heap", str(problem))
        return
    roomy = asyncio.run(run_once(runtime, MOST_KIB, 2 * RUN_S))
    if roomy is None:
        yield unmeasured("heap", f"the busy site does not last with {MOST_KIB} KiB")
        return
    note = f"{UNITS} transactions, {TLS_KIB} KiB of TLS added, not measured"
    yield entry("heap/live", roomy[0] / KIB + TLS_KIB, LIVE_AIM_KIB, "KiB", "<= 1", note)
    yield entry("heap/least", least_heap_kib(runtime) + TLS_KIB, LEAST_AIM_KIB, "KiB", "<= 1", f"{note}; runs of {RUN_S} s")
