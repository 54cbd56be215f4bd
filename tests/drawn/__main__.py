"""`python -m tests.drawn [--first S] [--count N] [--processes P] [--json]`: sites drawn at random, on the rig, with trouble after trouble.

Each seed is one site of any make, tree and wiring that `ampacity check` takes, and one life on it. What was found is said with
the seed that plays it again, the site and what was done to it. Exit code 1: something was found.
"""

import argparse
import json
import multiprocessing
import sys

from tests.drawn.life import live


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.drawn", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--processes", type=int, help="left out: one for each core")
    parser.add_argument("--json", action="store_true", help="only the last line")
    options = parser.parse_args()
    found = []
    with multiprocessing.Pool(options.processes) as pool:
        for done, life in enumerate(pool.imap_unordered(live, range(options.first, options.first + options.count)), 1):
            found += [life] if life["problems"] else []
            said = (done, options.count, life["seed"], life["evses"], life["problems"] or "well")
            print("drawn: %d of %d, seed %d, %d EVSEs: %s" % said, file=sys.stderr)
    if not options.json:
        for life in found:
            print("--- seed %d\n%s\n%s\n%s" % (life["seed"], life["site"], "\n".join(life["log"]), "\n".join(life["problems"])))
    print(json.dumps({"sites": options.count, "found": [{key: life[key] for key in ("seed", "problems")} for life in found]}))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
