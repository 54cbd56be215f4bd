"""`python -m tests.drawn.findings.long_outage [HOURS]`: one of our secondaries is cut off for hours and must charge again soon.

Minutes of computing for each night of the site, so no test runs it.
"""

import sys

from tests.drawn.findings.scene import RTU, circuit, everybody_charges, evse, site, told
from tests.drawn.table import table


def back_after(hours):
    """Who has not charged within half an hour of the line's return: {EVSE: why}."""
    with table(site(circuit("main", 40.0), RTU, evse("e1", "local"), evse("e2", bus="b", unit=2))) as one:
        one.go(30_000)
        one.fault("cut", "e2")
        one.skip(int(hours * 3_600_000))
        one.fault("cut", "e2", on=False)
        one.plug("e2")
        one.forget()
        left = everybody_charges(one)
        told(one, "7 cut off for %s h" % hours)
        return left


if __name__ == "__main__":
    sys.exit(bool(back_after(float(sys.argv[1]) if len(sys.argv) > 1 else 13.0)))
