"""A primary starts on MicroPython with words of 32 bits: there an import inside an import takes 4.6 KB of a stack of 40 KB."""

import subprocess

import pytest

from ampacity_host.places import FIRMWARE
from tools.micropython.find import find

DEEPEST = 6  # the seventh leaves too little for the compiler
COUNT = """
import asyncio, builtins, gc, json, os, sys, time
from ampacity.roles.boot import import_leaves
real, depth, chain, deepest = builtins.__import__, [0], [], []
def counted(name, *more):
    new = name not in sys.modules
    if new:
        chain.append(name)
        if len(chain) > len(deepest):
            deepest[:] = chain
    try:
        return real(name, *more)
    finally:
        if new:
            chain.pop()
builtins.__import__ = counted
import_leaves({"profiles": [0]})
import ampacity.%s
print(len(deepest), *deepest)
"""


@pytest.mark.parametrize("module", ["roles.primary", "roles.secondary", "bus.profile.evse_driver", "ocpp.station"])
def test_no_chain_of_imports_is_longer_than_the_stack_allows(module):
    ended = subprocess.run([find(), "-X", "heapsize=16M", "-c", COUNT % module], env={"MICROPYPATH": f"{FIRMWARE}:.frozen"},
                           capture_output=True, text=True, timeout=60)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    depth, *chain = ended.stdout.split()
    assert 0 < int(depth) <= DEEPEST, chain
