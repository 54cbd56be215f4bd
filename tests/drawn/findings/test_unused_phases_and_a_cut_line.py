"""With the line cut no order can follow the return of a phase: it lasts until the watchdogs end, as `ampacity check` prints."""

from tests.drawn.findings.scene import RTU, circuit, evse, meter, site, told
from tests.drawn.table import table

LINES = ("L1", "L2", "L3")


def test_with_a_cut_line_a_return_lasts_no_longer_than_the_exposure():
    row = [evse("e%d" % n, bus="b", unit=n, phases=[LINES[(n + at) % 3] for at in range(3)], watchdog_s=60) for n in (1, 2, 3)]
    with table(site(circuit("main", 32.0, meter="m", breaker="C63"), meter(), RTU, *row)) as one:
        one.plug("e2", "e3", phases=1)
        one.plug("e1", phases=1, then_phases=3, then_ms=202_000)
        one.go(200_000, 1_000)
        one.fault("cut", "b")
        one.go(120_000)
        found = told(one, "the line is cut, and a phase is used again")
        assert not found["over_s"] or found["over_s"]["main"] * 1000 <= one.judge.times.exposure_ms() + 300, found
