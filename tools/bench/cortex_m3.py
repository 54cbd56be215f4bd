"""Firmware on an emulated Cortex-M3: compiled modules placed in its memory, and a program that uses the machine's clock.

The clock counts instructions at 8 ns each, 125 MHz. A real core also waits for its flash: it is not faster.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from tools.bench.runtime32 import PROBES
from tools.micropython.find import ROOT

HOME = ROOT / ".cache" / "cortex-m3"
BUNDLE_AT, PROGRAM_AT = 0x21000000, 0x21800000
MISSING = "no emulated Cortex-M3 here; run: make cortex-m3"


def there() -> bool:
    return (HOME / "run").exists()


def bundle(folder: Path, modules: "dict[str, Path]") -> Path:
    """The modules, compiled, as one file that probes/decide_m3.py reads. modules: name in the bundle -> source."""
    index, data = [], b""
    for name, source in modules.items():
        compiled = folder / "module.mpy"
        subprocess.run([HOME / "mpy-cross", "-O3", "-o", compiled, source], check=True)
        code = compiled.read_bytes()
        index.append(f"{name} {len(code)}")
        data += code
    head = "\n".join(index).encode()
    file = folder / "bundle"
    file.write_bytes(len(head).to_bytes(4, "big") + head + data)
    return file


def circuit_modules() -> "dict[str, Path]":
    """The safety core, which imports only itself, and its loop."""
    firmware = ROOT / "firmware"
    ours = firmware / "ampacity"
    sources = [ours / "__init__.py", *sorted((ours / "circuit").rglob("*.py"))]
    sources += [ours / "roles" / name for name in ("__init__.py", "control/__init__.py", "control/safety_loop.py")]
    return {str(path.relative_to(firmware).with_suffix(".mpy")): path for path in sources}


def ask(folder: Path, file: Path, program: str, timeout_s: float) -> str:
    """What the program prints. Raises RuntimeError with its error, or on a timeout.

    The program is placed in memory with the bundle: a serial console loses characters that arrive faster than it reads.
    """
    source = (program + "print(chr(4))\n").encode()
    (folder / "program").write_bytes(source)
    laid = [(file, BUNDLE_AT), (folder / "program", PROGRAM_AT)]
    devices = [word for path, at in laid for word in ("-device", f"loader,file={path},addr={at:#x},force-raw=on")]
    command = [str(HOME / "run"), *devices]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            _until(process, b">>> ", timeout_s)
            _type(process, f"import uctypes;exec(uctypes.bytes_at({PROGRAM_AT:#x},{len(source)}))", timeout_s)
            heard = _until(process, b"\x04", timeout_s, b"Error")
        finally:
            process.kill()
    return heard.partition(b"\x04")[0].decode(errors="replace").strip()


def _type(process: "subprocess.Popen[bytes]", line: str, timeout_s: float) -> None:
    """Sends each character after the echo of the previous one."""
    assert process.stdin is not None
    for character in line:
        process.stdin.write(character.encode())
        process.stdin.flush()
        _until(process, character.encode(), timeout_s)
    process.stdin.write(b"\r")
    process.stdin.flush()


def _until(process: "subprocess.Popen[bytes]", end: bytes, timeout_s: float, wrong: bytes = b"\x00") -> bytes:
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    heard, late = b"", time.monotonic() + timeout_s
    while end not in heard:
        piece = process.stdout.read()
        heard += piece or b""
        if wrong in heard and heard.endswith(b">>> "):
            raise RuntimeError(heard.decode(errors="replace").strip().splitlines()[-2])
        if process.poll() is not None or time.monotonic() > late:
            raise RuntimeError("the emulated board is silent: " + heard.decode(errors="replace")[-200:])
        if not piece:
            time.sleep(0.002)
    return heard


def decision_us(count: int, rounds: int, timeout_s: float = 120.0) -> "tuple[int, int, int]":
    """(mean microseconds of a decision, number of charging EVSEs, microseconds of its longest stretch)."""
    with tempfile.TemporaryDirectory(prefix="ampacity-m3.") as name:
        file = bundle(Path(name), {**circuit_modules(), "decide.mpy": PROBES / "decide.py"})
        start = (PROBES / "decide_m3.py").read_text() + "\nimport decide\ndecide.clock_us = clock_us\n"
        mode, charging, mean, longest = ask(Path(name), file, start + f"decide.run({count}, {rounds})\n", timeout_s).split()
    if mode not in ("regulating", "degraded"):
        raise RuntimeError(f"{count} EVSEs: the core is in {mode}")
    return int(mean), int(charging), int(longest)
