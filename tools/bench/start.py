"""Row `start`: from the start of the process to the first order on the bus, against the start of Python with three imports."""

import os
import pty
import select
import subprocess
import sys
import tempfile
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.command import prepare
from ampacity_host.rig.process.runtime import command
from tools.bench.entry import Entry, entry, unmeasured

ROWS = ("start",)
ROUNDS, GIVE_UP_S = 5, 20.0
WRITE_MULTIPLE = 16
SITE = """
[site]
name = "bench"
[[circuit]]
name = "main"
rating_a = 63
[[bus]]
name = "line"
kind = "rtu"
port = "{port}"
[[evse]]
name = "one"
kind = "ampacity"
bus = "line"
unit = 1
circuit = "main"
max_a = 16
"""


def first_order_s(runtime: str) -> float:
    """One start on `runtime`: seconds until a write request is on the line. Raises TimeoutError."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    with tempfile.TemporaryDirectory(prefix="ampacity-bench.") as name:
        data = Path(name)
        (data / "site.toml").write_text(SITE.format(port=os.ttyname(theirs)))
        prepare(compile_site(load_site(data / "site.toml")), data, "primary", "primary", "127.0.0.1:0")
        arguments, environment = command(runtime, data)
        start = time.perf_counter()
        process = subprocess.Popen(arguments, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            wait_for_order(ours, start)
            return time.perf_counter() - start
        finally:
            process.kill()
            process.wait()
            os.close(ours)
            os.close(theirs)


def wait_for_order(line: int, start: float) -> None:
    """Reads frames (a burst of bytes each) until one has a function code that writes."""
    while time.perf_counter() - start < GIVE_UP_S:
        if select.select([line], [], [], 0.05)[0]:
            frame = os.read(line, 512)
            if len(frame) > 2 and frame[1] == WRITE_MULTIPLE:
                return
    raise TimeoutError(f"no order within {GIVE_UP_S:g} s")


def python_s() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import asyncio, json, struct"], check=True)
    return time.perf_counter() - start


def rows() -> Iterator[Entry]:
    """The best of several starts, measured alternately with the reference."""
    for runtime, aim in (("cpython", "<= 3"), ("micropython", None)):
        ours, reference = [], []
        try:
            for _ in range(ROUNDS):
                ours.append(first_order_s(runtime))
                reference.append(python_s())
        except Exception as problem:
            yield unmeasured(f"start/{runtime}", str(problem))
            continue
        yield entry(f"start/{runtime}", min(ours) * 1000, min(reference) * 1000, "ms", aim)
