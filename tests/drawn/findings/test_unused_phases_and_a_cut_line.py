"""A phase is lent for as long as orders can follow its return: with the line cut that is the exposure."""

from tests.drawn.findings.scene import RTU, circuit, evse, meter, site, told
from tests.drawn.table import table

LINES = ("L1", "L2", "L3")


def test_a_cut_line_does_not_let_a_return_last_longer_than_is_printed():
    row = [evse("e%d" % n, bus="b", unit=n, phases=[LINES[(n + at) % 3] for at in range(3)], watchdog_s=60) for n in (1, 2, 3)]
    with table(site(circuit("main", 32.0, meter="m", breaker="C32"), meter(), RTU, *row)) as one:
        one.plug("e2", "e3", phases=1)
        one.plug("e1", phases=1, then_phases=3, then_ms=202_000)
        one.go(200_000, 1_000)
        one.fault("cut", "b")
        one.go(120_000)
        found = told(one, "the line is cut, and a phase is used again")
        assert found["over_s"].get("main", 0) * 1000 <= one.judge.times.again_ms("main") + 300, found
