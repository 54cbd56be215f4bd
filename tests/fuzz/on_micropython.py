"""The same lives on MicroPython: `micropython tests/fuzz/on_micropython.py FRAMES SEED` prints one JSON object.

MICROPYPATH holds firmware, the root of the repository and tests/profiles, whose compiled tables are the foreign devices.
"""

import json
import sys

import compiled_tables

from tests.fuzz.cases import CASES
from tests.fuzz.play import Play


def tables():
    """Every compiled profile of the module, in the order of their names."""
    return [getattr(compiled_tables, name) for name in sorted(dir(compiled_tables)) if name == name.upper() and name[0] != "_"]


if __name__ == "__main__":
    print(json.dumps(Play(int(sys.argv[2]), CASES, tables()).run(int(sys.argv[1]))))
