"""Runs on MicroPython: what a primary with a CSMS imports at its start; prints modules, and names in the modules and their classes.

Of frozen code the heap holds these tables and a few words for each function: about 21 bytes for each name on 32 bits.
"""

import sys

from ampacity.roles import boot, primary  # noqa: F401
from ampacity.roles.charging import upstream  # noqa: F401

tables = {}
for name in sys.modules:
    if name.startswith("ampacity"):
        module = sys.modules[name]
        tables[id(module)] = len(module.__dict__)
        for value in module.__dict__.values():
            if isinstance(value, type) and hasattr(value, "__dict__"):
                tables[id(value)] = len(value.__dict__)
print(len([name for name in sys.modules if name.startswith("ampacity")]), sum(tables.values()))
