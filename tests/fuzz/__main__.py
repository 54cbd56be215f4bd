"""`python -m tests.fuzz [--frames N] [--seed S] [--micropython] [--json] [--processes P]`: bent frames into both ends of a bus.

Secondaries and primaries, serial and TCP, with every driver there is, in virtual time. Nothing may be raised, nothing may
grow, no order may be taken and nothing handed to a driver that was not, whole and with its checksum, on the line.
A life that went wrong is named with its seed: `--seed S --frames N` plays it again. Exit code 1: something was found.
"""

import argparse
import json
import sys

from tests.fuzz.run import QUICK, QUICK_MICROPYTHON, on_cpython, on_micropython


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, help="default %d, on MicroPython %d" % (QUICK, QUICK_MICROPYTHON))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--micropython", action="store_true", help="on the unix runtime instead, one process")
    parser.add_argument("--processes", type=int, help="left out: one for each core")
    parser.add_argument("--json", action="store_true", help="only the last line")
    options = parser.parse_args()
    for name in ("frames", "processes"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error("--%s: %d is not allowed; use 1 or more" % (name, value))
    tell = None if options.json else lambda text: print(text, file=sys.stderr, flush=True)
    if options.micropython:
        result = on_micropython(options.frames or QUICK_MICROPYTHON, options.seed)
    else:
        result = on_cpython(options.frames or QUICK, options.seed, options.processes, tell)
    if not options.json:
        for problem in result["problems"]:
            print(problem)
        for name in sorted(result["counters"]):
            print("%-28s %12d" % (name, result["counters"][name]))
    print(json.dumps(result))
    return 1 if result["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
