"""Runs on MicroPython: prints for each module of the firmware `name phase bytes`, the heap that its import keeps without what it imports.

Standard input: names of modules. Phase `start`: a primary with a CSMS imports it at its start; `use`: it is imported when it is asked for.
"""

import asyncio
import builtins
import gc
import sys

for name in ("event", "funcs", "lock", "stream"):
    __import__("asyncio." + name)
native = builtins.__import__
inner = []  # bytes of the imports within the import under way, one for each level
own = {}
phase = "start"


def alloc():
    gc.collect()
    return gc.mem_alloc()


def measured(name, *arguments):
    """As __import__; a module that is new is counted."""
    if name in sys.modules or not name.startswith("ampacity"):
        return native(name, *arguments)
    before = alloc()
    inner.append(0)
    module = native(name, *arguments)
    size = alloc() - before
    own[name] = (phase, size - inner.pop())
    if inner:
        inner[-1] += size
    return module


names = [line.strip() for line in sys.stdin]
builtins.__import__ = measured
for name in ("ampacity.roles.boot", "ampacity.roles.primary", "ampacity.roles.charging.upstream"):
    __import__(name)
phase = "use"
for name in names:
    __import__(name)
assert asyncio
for name in sorted(own):
    print(name, own[name][0], own[name][1])
