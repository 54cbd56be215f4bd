"""Tests of a controller at the factory: what its prompt can show. Wiring, relays and pilot need the test bench of the product."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ampacity_host.board.findings import Board
from ampacity_host.configure.push_pull import Prompt
from ampacity_host.flash.prompt import remove

PROBE, PROBE_BYTES = "identity/probe", 4096
FREE_KIB_MIN = 64
HEAP_SHARE = 2  # at least half of what the board's file says is free at the prompt
SLEEP_MS = 200
FACTS = """
import gc, os, sys, time
gc.collect()
_start = time.ticks_ms()
time.sleep_ms({sleep_ms})
_slept = time.ticks_diff(time.ticks_ms(), _start)
try:
    _s = os.statvfs('.')
    _free = _s[0] * _s[3]
except (AttributeError, OSError):
    _free = -1
try:
    import machine
    _id, _reset = machine.unique_id(), machine.reset_cause()
except (ImportError, AttributeError):
    _id, _reset = b'', -1
_name, _version = sys.implementation[:2]
print((_name, tuple(_version)[:3], sys.platform, _id, _reset, gc.mem_free(), _free, _slept, os.urandom(16), os.urandom(16)))
"""
NAMES = ("name", "version", "platform", "unique_id", "reset_cause", "heap_free", "files_free", "slept_ms", "random_a", "random_b")


@dataclass(frozen=True)
class Check:
    """One test. allowed: what it may be, for people."""

    name: str
    found: str
    allowed: str
    ok: bool


def facts(prompt: Prompt) -> dict[str, Any]:
    """What the controller says about itself. Raises NoConnection, TransferRefused."""
    return dict(zip(NAMES, prompt.run(FACTS.format(sleep_ms=SLEEP_MS)), strict=True))


def checks(board: Board, found: dict[str, Any], prompt: Prompt) -> list[Check]:
    """All tests. Raises NoConnection, TransferRefused."""
    least = tuple(int(part) for part in board["interpreter"]["least"].split("."))
    heap_kib = board["memory"]["heap_kib"] // HEAP_SHARE
    version = ".".join(str(part) for part in found["version"])
    files_kib = found["files_free"] // 1024
    return [
        Check("interpreter", f"{found['name']} {version}", f"micropython {board['interpreter']['least']} or newer",
              found["name"] == "micropython" and tuple(found["version"])[: len(least)] >= least),
        Check("heap", f"{found['heap_free'] // 1024} KiB free", f"{heap_kib} KiB or more", found["heap_free"] >= heap_kib * 1024),
        Check("file system", f"{files_kib} KiB free", f"{FREE_KIB_MIN} KiB or more", files_kib >= FREE_KIB_MIN or found["files_free"] < 0),
        Check("clock", f"{found['slept_ms']} ms", f"{SLEEP_MS - 10} to {SLEEP_MS * 2} ms", SLEEP_MS - 10 <= found["slept_ms"] <= SLEEP_MS * 2),
        Check("random source", "two numbers", "two that differ", found["random_a"] != found["random_b"]),
        stored(prompt),
    ]  # fmt: skip


def stored(prompt: Prompt) -> Check:
    """A file that is written, read back and removed."""
    prompt.run(f"with open({PROBE!r}, 'wb') as _f:\n _f.write(bytes(range(256)) * {PROBE_BYTES // 256}) and None")
    same = prompt.hash_of(PROBE) == sha256(bytes(range(256)) * (PROBE_BYTES // 256)).digest()
    remove(prompt, PROBE)
    return Check("storage", "read back the same" if same else "reads back other bytes", "the same", same)
