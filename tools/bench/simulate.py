"""Row `simulate`: simulated seconds per second of one core, with 24 charging EVSEs, a meter and a CSMS.

CPU time, not elapsed time: other work on the machine does not count. With all bytes every Modbus and OCPP message is encoded
and decoded; with --no-bytes orders and readings are facts, and the delivered energy must be the same.
"""

import time
from collections.abc import Iterator

from tools.bench.entry import Entry, entry
from tools.bench.garage import fill, garage

ROWS = ("simulate",)
EVSES = 24
BYTES_S, FACTS_S = 600, 3600
SAME = "kWh delivered in {} min of {} cars, without bytes against with all"


def run(no_bytes: bool, span_s: int) -> "tuple[float, float]":
    """(simulated seconds per second, kWh delivered)."""
    with garage(EVSES, no_bytes=no_bytes) as (bench, csms, _):
        fill(bench, csms)
        before_wh = delivered_wh(bench)
        begun = time.process_time()
        bench.run_ms(span_s * 1000)
        spent = time.process_time() - begun
        assert not bench.loop.problems, bench.loop.problems[0]
        return span_s / spent, (delivered_wh(bench) - before_wh) / 1000


def delivered_wh(bench) -> int:  # type: ignore[no-untyped-def]
    return sum(point.energy_wh for point in bench.plant.points)


def rows() -> Iterator[Entry]:
    note = f"{EVSES} EVSEs charging, {BYTES_S} s, CPU time"
    speed, _ = run(False, BYTES_S)
    yield entry("simulate/bytes", speed, 1, "x real time", ">= 300", note)
    speed, facts_kwh = run(True, FACTS_S)
    yield entry("simulate/no-bytes", speed, 1, "x real time", ">= 2000", note.replace(str(BYTES_S), str(FACTS_S)))
    _, bytes_kwh = run(False, FACTS_S)
    yield entry("simulate/same", facts_kwh, bytes_kwh, "kWh", None, SAME.format(FACTS_S // 60, EVSES))
