"""An EVSE that hides its use of a phase is counted there by the meter, but must give there, too."""

from tests.drawn.findings.partly_measured import table as partly
from tests.drawn.findings.scene import RTU, circuit, evse, meter, site, told
from tests.drawn.table import table

ROOT = circuit("main", 32.0, meter="m", assumed_other_a=20.0, breaker="C63")
TEXT = site(ROOT, meter(), RTU, evse("e1", bus="b", unit=1), evse("e2", bus="b", unit=2))


def other_load_rises(one, title):
    one.background("main", 0, 16, 0)
    one.go(120_000)
    found = told(one, title)
    budget_ms = max(one.judge.times.again_ms("main"), one.judge.times.total_ms("main"))
    assert found["over_s"].get("main", 0) * 1000 <= budget_ms + 300, (found, budget_ms)


def test_a_reading_that_stands_still_does_not_keep_the_only_car_from_giving():
    with table(TEXT) as one:
        one.plug("e1", phases=1, then_phases=3, then_ms=200_000)
        one.go(190_000, 1_000)
        one.fault("stale_reading", "e1")
        one.go(60_000, 1_000)
        other_load_rises(one, "its reading stands still")


def test_one_that_measures_its_first_terminal_only_gives_on_all():
    with partly(TEXT, "e1") as one:
        one.plug("e1", phases=3)
        one.go(120_000, 1_000)
        other_load_rises(one, "only its first terminal is measured")
