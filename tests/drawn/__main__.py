"""`python -m tests.drawn [--sites N] [--seconds S] [--seed K] [--jobs J] [--new] [--json]`: sites drawn at random, with attack after attack.

Each seed is one site of any make, tree and wiring that `ampacity check` takes, and one life on it: S seconds of attacks, and at most
half an hour more until everybody charges again. A judge of its own sums the cars' currents (judge.py). What was found is said with
the command that plays it again, the site and what was done to it. `--new`, for every night: begins at a seed that the clock gives, and
prints it. Exit code 1: something was found.
"""

import argparse
import json
import sys
import time

from tests.drawn.run import CI_SECONDS, CI_SITES, lives, summary


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.drawn", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", "--first", type=int, default=1, help="the first seed")
    parser.add_argument("--sites", "--count", type=int, default=CI_SITES)
    parser.add_argument("--seconds", type=int, default=CI_SECONDS, help="of attacks, for each site")
    parser.add_argument("--jobs", "--processes", type=int, help="left out: one for each core")
    parser.add_argument("--new", action="store_true", help="seeds that were not tried before")
    parser.add_argument("--json", action="store_true", help="only the last line")
    options = parser.parse_args()
    first = int(time.time()) if options.new else options.seed
    found = []
    for life in lives(first, options.sites, options.seconds, options.jobs):
        found.append(life)
        if life["problems"] and not options.json:
            print("--- %s\n%s\n%s\n%s" % (life["again"], life["site"], "\n".join(life["log"]), "\n".join(life["problems"])), flush=True)
    print(json.dumps({"seconds": options.seconds, **summary(found)}))
    return 1 if any(life["problems"] for life in found) else 0


if __name__ == "__main__":
    sys.exit(main())
