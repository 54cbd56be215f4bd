"""Where a controller keeps its slots, and who it is to a bundle.

One folder, the root, holds `boot/roots` (the public root keys), `update/` (key list and state of the slots), `slots/` with the folders `a` and
`b`, `configurations/` with the same for signed configurations, `identity/identity.json` of the manufacture and `inbox/` for bundles on a stick.
On a microcontroller it is the file system itself.
"""

import os

from ampacity.store.disk_files import DiskFiles
from ampacity.store.slot_files import SlotFiles
from ampacity.update.manifest import Device
from ampacity.update.records import Record
from ampacity.update.slot_content import FOLDERS
from ampacity.update.slot_state import NONE
from ampacity.update.slots import Slots
from ampacity.update.trust import TrustStore

if False:  # for the type checker
    from typing import Any

PRODUCT = "ampacity"
CONFIGURATION = "configuration"  # name of the record
ROOT_KEY_BYTES = 64
KEPT_BYTES = 65536  # of the medium, for what the controller stores next to the slots
SLOT_BYTES = 688128  # of an application (decision 23): the spare slot keeps its room
NO_ROOM_KNOWN = 0x7FFFFFFF


class Places:
    """root: the folder, "" for that of a board; slot: letter of the slot that was started, "" where the firmware is none of them.

    board: name of the board, from its board file; that of the identity comes first. Raises OSError where the root keys cannot be read.
    """

    def __init__(self, root: str, slot: str, board: str) -> None:
        roots = _roots(root + "/boot/roots")  # before anything is made: what is not there may be mounted later
        self.root = root
        self.slot = FOLDERS.index(slot) if slot in FOLDERS else NONE
        self.tree = SlotFiles(root + "/slots")
        records = DiskFiles(root + "/update")
        self.trust = TrustStore(Record(records, "keys"), roots)
        self.slots = Slots(Record(records, "application"), self.tree)
        self.configurations = Slots(Record(records, CONFIGURATION), SlotFiles(root + "/configurations"))
        identity = _identity(root + "/identity/identity.json")
        self.device = Device(PRODUCT, identity.get("board") or board, identity.get("serial") or "", NO_ROOM_KNOWN)

    def measure(self) -> int:
        """How large a bundle may be now: what is free, with what the spare slot takes. The result: how large a file next to the slots may be."""
        held = 0
        try:
            found = os.statvfs((self.root or "") + "/")
            spare = FOLDERS[1 - self.slot if self.slot != NONE else 0]
            held = sum([self.tree.size(name) or 0 for name in self.tree.list(spare)])
            self.device.slot_bytes = max(0, found[1] * found[4] + held - KEPT_BYTES)
        except (OSError, AttributeError):  # a medium that does not say: it refuses when it is full
            self.device.slot_bytes = NO_ROOM_KNOWN
        return self.device.slot_bytes - max(held, SLOT_BYTES)


def _roots(path: str) -> "tuple[bytes, ...]":
    with open(path, "rb") as file:
        raw = file.read()
    return tuple([raw[at : at + ROOT_KEY_BYTES] for at in range(0, len(raw), ROOT_KEY_BYTES)])


def _identity(path: str) -> "dict[str, Any]":
    from ampacity.base import strict_json

    try:
        with open(path, "rb") as file:
            found = strict_json.loads(file.read(1024), size_max=1024)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
