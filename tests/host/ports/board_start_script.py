"""Runs inside MicroPython with a simulated `machine`: a controller starts on a board until its hardware watchdog starts.

`micropython board_start_script.py FOLDER`: FOLDER has board.json, boot.json and site.json. Prints one JSON object of what there is then.
"""

import json
import sys

from fake_machine import Machine

fake = Machine(lambda pin: 1650)


class WDT:
    def __init__(self, timeout):
        loaded = [name for name in sys.modules if name.startswith("ampacity.")]
        driven = [pin for pin in fake.directions if fake.directions[pin] == "out"] + list(fake.duty)
        print(json.dumps({"timeout": timeout, "loaded": loaded, "driven": driven}))
        sys.exit(0)


fake.WDT, fake.reset_cause = WDT, lambda: 0
sys.modules["machine"] = fake
sys.modules.update(fake.modules())

from ampacity.ports.board import BoardPlatform  # noqa: E402  # after the simulated module
from ampacity.roles import boot  # noqa: E402
from ampacity.store.memory_files import MemoryFiles  # noqa: E402

boot.make_platform = lambda folder, facts: BoardPlatform(folder, facts, MemoryFiles())
sys.exit(boot.main([sys.argv[1]]))
