"""`python -m tools.micropython.port_types`: the modules of a board against the published types of each MicroPython port.

mypy with the library of MicroPython in place of CPython's, once for each port. The packages are pinned in port_stubs.lock; they have the same
module names, so each port has a folder of its own below .cache/port-stubs, and none is in the environment. Reported is what concerns our
modules, apart from KNOWN: what the types lack or say otherwise than the interpreter does. `--get` only brings the packages.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.micropython.debian import Failed
from tools.micropython.find import ROOT

LOCK = Path(__file__).parent / "port_stubs.lock"
CACHE = ROOT / ".cache" / "port-stubs"
PORTS = ("esp32", "rp2", "stm32")
FIRMWARE = ROOT / "firmware" / "ampacity" / "ports"
OTHERS = ("__init__", "interfaces", "linux", "linux_board", "linux_tls", "lock", "serial_over_tcp", "sim", "unix")  # of other runtimes
BOOT = ROOT / "boards" / "boot" / "main.py"
KNOWN = {  # (file, beginning of what mypy says): why it is none; each has to occur on a port
    ("mp_io.py", 'Module "asyncio" has no attribute "core"'): "it is asyncio/core.py of the interpreter",
    ("mp_tls.py", 'Module "asyncio" has no attribute "core"'): "it is asyncio/core.py of the interpreter",
    ("mp_io.py", 'Value of type variable "_Ticks" of "ticks_add" cannot be "int"'): "ticks_add(0, -1) is the documented way to the period",
    ("mp_tls.py", '"SSLContext" has no attribute "verify_mode"'): "extmod/modtls_mbedtls.c has it",
    ("mp_tls.py", '"SSLContext" has no attribute "verify_callback"'): "extmod/modtls_mbedtls.c has it",
    ("mp_tls.py", 'Cannot find implementation or library stub for module named "tls"'): "the types of stm32 are those of a board without a network",
    ("chips.py", '"type[Pin]" has no attribute "cpu"'): "reached where the table has cpu_pins: stm32",
    ("chips.py", 'Argument 3 to "Pin" has incompatible type "Any | None"'): "docs/library/machine.Pin.rst: None is no resistor",
    ("pilot_sampler.py", 'Argument 1 to "ADC" has incompatible type "machine.Pin"'): "on stm32 machine.Pin is pyb.Pin",
    ("pilot_sampler.py", 'Cannot find implementation or library stub for module named "pyb"'): "imported on stm32 only",
    ("pilot_sampler.py", 'Cannot find implementation or library stub for module named "rp2"'): "imported on rp2 only",
}
SETTINGS = """[mypy]
python_version = 3.11
mypy_path = {stubs}:{firmware}
custom_typeshed_dir = {stubs}
cache_dir = {cache}
explicit_package_bases = True
namespace_packages = True
no_site_packages = True
check_untyped_defs = True
show_error_codes = False
[mypy-ampacity.*]
follow_imports = skip
[mypy-ampacity.ports.interfaces]
follow_imports = normal
"""
ERROR = re.compile(r"(?P<path>[^:]+):(?P<line>\d+): error: (?P<text>.*)")


def get() -> None:
    """Brings the packages, once for each content of the lock file. Raises Failed."""
    done, wanted = CACHE / "lock", LOCK.read_text()
    if done.is_file() and done.read_text() == wanted:
        return
    rows = [line for line in wanted.splitlines() if line.startswith("micropython-")]
    for port in PORTS:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(row for row in rows if row.startswith((f"micropython-{port}-", "micropython-stdlib-"))) + "\n")
            file.flush()
            call = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade",
                    "--require-hashes", "--target", str(CACHE / port), "-r", file.name]  # fmt: skip
            ended = subprocess.run(call, capture_output=True, text=True)
        if ended.returncode:
            raise Failed(f"pip does not bring the types of {port}: {ended.stderr.strip().splitlines()[-1:]}")
    done.write_text(wanted)


def said(port: str, modules: list[Path]) -> list[tuple[Path, int, str]]:
    """(file, line, text) of each error that mypy finds in these modules with the types of a port. Raises Failed where it does not run."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "mypy.ini"
        settings.write_text(SETTINGS.format(stubs=CACHE / port, firmware=ROOT / "firmware", cache=CACHE / "mypy" / port))
        call = [sys.executable, "-m", "mypy", "--config-file", str(settings), *map(str, modules)]
        ended = subprocess.run(call, capture_output=True, text=True, cwd=ROOT)
    if ended.returncode not in (0, 1):
        raise Failed(f"mypy with the types of {port}: {ended.stdout}{ended.stderr}")
    rows = [ERROR.fullmatch(line) for line in ended.stdout.splitlines()]
    found = [((ROOT / row["path"]).resolve(), int(row["line"]), row["text"]) for row in rows if row]
    return [row for row in found if row[0] in modules]


def modules() -> list[Path]:
    """What runs on a board: the ports, and the boot stage."""
    return [path for path in sorted(FIRMWARE.glob("*.py")) if path.stem not in OTHERS] + [BOOT]


def findings() -> list[str]:
    """A line for each error that is not known, and for each known one that no port has any more."""
    out, left = [], set(KNOWN)
    for port in PORTS:
        for path, line, text in said(port, modules()):
            known = [key for key in KNOWN if key[0] == path.name and text.startswith(key[1])]
            left -= set(known)
            out += [] if known else [f"{path.relative_to(ROOT)}:{line}: {text} [types of {port}]"]
    return out + [f"tools/micropython/port_types.py: KNOWN: no port says this of {name} any more: {text}" for name, text in sorted(left)]


def main() -> int:
    """1 where something was found."""
    try:
        get()
        found = [] if "--get" in sys.argv[1:] else findings()
    except Failed as problem:
        print(f"port types: {problem}", file=sys.stderr)
        return 1
    if "--get" not in sys.argv[1:]:
        print("\n".join(found or [f"port types: {len(modules())} modules agree with the types of {', '.join(PORTS)}"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
