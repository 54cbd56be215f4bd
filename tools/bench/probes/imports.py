"""Runs on MicroPython: imports the modules named on standard input one by one, and tells what each keeps of the heap."""

import gc
import sys

for line in sys.stdin:
    name = line.strip()
    gc.collect()
    before = gc.mem_alloc()
    __import__(name)
    gc.collect()
    print(name, gc.mem_alloc() - before)
