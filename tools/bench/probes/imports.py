"""Runs on MicroPython: imports the modules named on standard input one by one, and prints the heap that each keeps."""

import gc
import sys

for line in sys.stdin:
    name = line.strip()
    gc.collect()
    before = gc.mem_alloc()
    __import__(name)
    gc.collect()
    print(name, gc.mem_alloc() - before)
