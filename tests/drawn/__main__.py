"""`python -m tests.drawn [--sites N] [--seconds S] [--seed K] [--jobs J] [--json]`: sites drawn at random, with attack after attack.

Each seed is one site of any make, tree and wiring that `ampacity check` takes, and one life on it: S seconds of attacks, and at most
half an hour more until everybody charges again. A judge of its own sums the cars' currents (judge.py). What was found is said with
the seed that plays it again, the site and what was done to it. `--new`: begins at a seed that the clock gives. Exit code 1: something was found.
"""

import argparse
import json
import multiprocessing
import sys
import time

from tests.drawn.life import live


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.drawn", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", "--first", type=int, default=1, help="the first seed")
    parser.add_argument("--sites", "--count", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=300, help="of attacks, for each site")
    parser.add_argument("--jobs", "--processes", type=int, help="left out: one for each core")
    parser.add_argument("--new", action="store_true", help="seeds that were not tried before")
    parser.add_argument("--json", action="store_true", help="only the last line")
    options = parser.parse_args()
    first = int(time.time()) if options.new else options.seed
    found, waiting = [], 0
    with multiprocessing.Pool(options.jobs) as pool:
        orders = [(seed, options.seconds) for seed in range(first, first + options.sites)]
        for done, life in enumerate(pool.imap_unordered(live, orders), 1):
            found += [life] if life["problems"] else []
            waiting += len(life["waiting"])
            said = (done, options.sites, life["seed"], life["evses"], life["problems"] or "well")
            print("drawn: %d of %d, seed %d, %d EVSEs: %s" % said, file=sys.stderr, flush=True)
    if not options.json:
        for life in found:
            print("--- seed %d\n%s\n%s\n%s" % (life["seed"], life["site"], "\n".join(life["log"]), "\n".join(life["problems"])))
    print(json.dumps({"sites": options.sites, "seed": first, "seconds": options.seconds, "waiting_for_a_person": waiting,
                      "found": [{key: life[key] for key in ("seed", "problems")} for life in found]}))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
