"""The files of a new controller: boot stage, public root keys, key list, and a verified bundle in slot a, confirmed.

The bundle is installed by the firmware's own room `update` into a medium in memory, so that a controller finds exactly what an update
would have left. A controller whose firmware is frozen into its interpreter has the boot stage's `main.py` alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ampacity.base.errors import NotNow, Rejected
from ampacity.update.install import Install
from ampacity.update.manifest import APPLICATION, Device
from ampacity.update.records import Record
from ampacity.update.slots import Slots
from ampacity.update.trust import TrustStore
from ampacity_host.board.manifest import frozen
from ampacity_host.build.about import NAME
from ampacity_host.build.compiler import Module, compiled
from ampacity_host.places import BOARDS
from ampacity_host.update.application import check_image
from ampacity_host.update.bundle import Device as Wanted
from ampacity_host.update.bundle import Manifest, verify
from ampacity_host.update.key_folder import LIST, KeyFolder
from ampacity_host.update.refused import Refused

BOOT = BOARDS / "boot"
SLOTS_FOLDER, RECORDS_FOLDER, BOOT_FOLDER = "slots", "update", "boot"
PRODUCT = "ampacity"
STAGE = "main.py"
ENTRY_FROZEN = b"ampacity/roles/boot."  # the name of a module that the stage starts, as a frozen interpreter contains it


class Medium:
    """Files in memory: the doors `files` and `tree` of the room `update`. kept: name → content."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        """All of a file, None if there is none."""
        return self.kept.get(name)

    def replace(self, name: str, data: bytes) -> None:
        """The file holds `data`."""
        self.kept[name] = bytes(data)

    def size(self, name: str) -> int | None:
        """Bytes of a file, None if there is none."""
        return len(self.kept[name]) if name in self.kept else None

    def part(self, name: str, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset` on."""
        return self.kept[name][offset : offset + size]

    def append(self, name: str, data: bytes) -> None:
        """Adds to a file."""
        self.kept[name] = self.kept.get(name, b"") + bytes(data)

    def sync(self, name: str) -> None:
        """Nothing to do in memory."""

    def list(self, folder: str) -> list[str]:
        """Names of the files below a folder."""
        return sorted(name for name in self.kept if name.startswith(folder + "/"))

    def remove(self, name: str) -> None:
        """The file is gone."""
        self.kept.pop(name, None)


@dataclass(frozen=True)
class Content:
    """files: path from the root of the file system → content; manifest: of the bundle in it, None: the firmware is in the interpreter."""

    files: dict[str, bytes]
    manifest: Manifest | None


def content(board: str, slot_bytes: int, bundle: bytes, keys: Path, progress: Callable[[int, int], None]) -> Content:
    """The files of a new controller. Raises Refused, OSError, NotCompiled."""
    folder = KeyFolder(keys)
    roots = tuple(folder.roots().values())
    manifest = verify(bundle, folder.keys(), Wanted(board, None, 0, PRODUCT))
    _check(manifest, bundle, board)
    try:
        records, tree = _installed(bundle, roots, (keys / LIST).read_bytes(), Device(PRODUCT, board, "", slot_bytes))
    except (Rejected, NotNow) as problem:
        raise Refused("bundle", f"a controller refuses it: {problem}") from None
    files = {f"{RECORDS_FOLDER}/{name}": data for name, data in records.kept.items()}
    files |= {f"{SLOTS_FOLDER}/{name}": data for name, data in tree.kept.items()}
    files |= {f"{BOOT_FOLDER}/{module.path}": module.data for module in stage(progress)}
    files |= {STAGE: (BOOT / STAGE).read_bytes(), f"{BOOT_FOLDER}/roots": b"".join(roots)}
    return Content(dict(sorted(files.items())), manifest)


def content_of_frozen() -> Content:
    """The files of a new controller whose firmware is frozen into its interpreter. Raises OSError."""
    return Content({STAGE: (BOOT / STAGE).read_bytes()}, None)


def stage(progress: Callable[[int, int], None]) -> list[Module]:
    """The boot stage's modules, compiled."""
    return compiled(frozen(BOOT / "manifest.py"), progress)


def _check(manifest: Manifest, bundle: bytes, board: str) -> None:
    """A bundle of an application image for this board? Raises Refused."""
    paths = [path for path, _, _ in manifest.files]
    if manifest.kind != "application" or paths != [NAME]:
        raise Refused("bundle", f"holds {', '.join(paths[:3])}; use a bundle of what `ampacity build` made: {NAME}")
    check_image(bundle[-manifest.size :], [board])


def _installed(bundle: bytes, roots: tuple[bytes, ...], key_list: bytes, device: Device) -> tuple[Medium, Medium]:
    """(records, slots) of a controller that took this bundle as its first one. Raises Rejected, NotNow."""
    records, tree = Medium(), Medium()
    trust = TrustStore(Record(records, "keys"), roots)
    offer = trust.offer(key_list)
    while not offer.step():
        pass
    slots = Slots(Record(records, "application"), tree)
    taking = Install({APPLICATION: slots}, trust, device)
    while not taking.ready:
        if taking.step() and not taking.ready:
            taking.write(taking.offset, bundle[taking.offset :])
    slots.activate(trust)
    slots.confirm(taking.manifest.floor if taking.manifest else 0)
    return records, tree
