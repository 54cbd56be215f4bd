"""The boot stage on Linux: before each start of the controller `ampacity run --slots DIR` chooses the slot, as `boards/boot/main.py` does on a board.

DIR holds `boot/roots`, `update/`, `slots/` and `identity/` as on a board (`ampacity.roles.updates.places`). Where no slot can be started,
or the folder cannot be read (damaged, or not mounted yet), the firmware of the installed package runs: an update never replaces that.
"""

import os
from pathlib import Path

from ampacity.base.errors import Rejected
from ampacity.roles.updates.places import Places
from ampacity.update.slot_content import FOLDERS
from ampacity.update.slot_state import NONE
from ampacity_host.configure.running.supervisor import print_line
from ampacity_host.places import BOARDS
from ampacity_host.rig.process.runtime import command, find_micropython

ARCHIVE, IMAGE = "application.zip", "application.pack"  # for CPython, for MicroPython
START = (
    "import sys; sys.path.insert(0, {boot!r}); import main; sys.path.pop(0); main.mount({folder!r}); "
    "from ampacity.roles.boot import main as run; sys.exit(run([{data!r}, {slot!r}]))"
)


class SlotChoice:
    """root: the folder with the slots; runtime: of the package's own firmware; data: data folder."""

    def __init__(self, root: Path, runtime: str, data: Path) -> None:
        self._root, self._runtime, self._data = root, runtime, data

    def program(self) -> tuple[list[str], dict[str, str]]:
        """(arguments, environment) of the next start. A slot on trial has used up one of its starts then. Raises OSError."""
        try:
            places = Places(str(self._root), "", "")
        except (Rejected, OSError) as problem:  # the controller finds the same, and runs without updates
            print_line(f"--slots {self._root}: {problem}: the firmware of the installed package runs, without slots")
            own: tuple[list[str], dict[str, str]] = command(self._runtime, self._data)
            return own
        boot = places.slots.boot(places.trust)
        while not boot.step():
            pass
        arguments, environment = command(self._runtime, self._data)
        if boot.slot == NONE:
            return arguments, environment
        folder, slot = self._root / "slots" / FOLDERS[boot.slot], FOLDERS[boot.slot]
        if (folder / IMAGE).is_file():
            environment = dict(os.environ) | {"MICROPYPATH": ".frozen"}
            code = START.format(boot=str(BOARDS / "boot"), folder=str(folder), data=str(self._data), slot=slot)
            heap = ["-X", "heapsize=16M"]
            return [find_micropython("micropython"), *heap, "-c", code], environment
        arguments, environment = command("cpython", self._data)
        environment["PYTHONPATH"] = str(folder / ARCHIVE)
        return [*arguments, slot], environment


def check_root(root: Path) -> None:
    """Raises ValueError where this can never be a folder of `ampacity bundle slots`; one that is not there may be mounted later."""
    if os.path.exists(root) and not os.path.isdir(root):
        raise ValueError(f"--slots: {root} is no folder; use one of `ampacity bundle slots`")
