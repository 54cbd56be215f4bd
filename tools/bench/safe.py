"""Row `safe`: the bus is cut at full load; time until every EVSE draws no more than its reserve."""

from collections.abc import Iterator

from tools.bench.entry import Entry, entry
from tools.bench.garage import fill, garage, until

ROWS = ("safe",)
EVSES, CUTS = 12, 8


def rows() -> Iterator[Entry]:
    with garage(EVSES, rating_a=250) as (bench, csms, facts):
        fill(bench, csms, (3,), 400_000)
        configured_ms = max(each["watchdog_ms"] + each["settle_ms"] for each in facts["evses"])
        reserve_da = [each["fallback_da"] for each in facts["evses"]]
        worst_ms = max(cut_ms(bench, reserve_da, number) for number in range(CUTS))
    note = f"{EVSES} secondaries, worst of {CUTS} cuts at random moments, virtual clock; from the cut, the lease was renewed before"
    yield entry("safe", worst_ms / 1000, configured_ms / 1000, "s", "<= 1.05", note)


def cut_ms(bench, reserve_da: "list[int]", number: int) -> int:  # type: ignore[no-untyped-def]
    """One cut, and the return to full load."""
    points = bench.plant.points
    full = sum(point.amps_da for point in points)
    bench.run_ms(1_000 + number * 377)
    bench.fault_injector.set("cut", "bus-0", True, {})
    took_ms = until(bench, lambda: all(max(point.terminal_amps_da()) <= da for point, da in zip(points, reserve_da, strict=True)), 60_000, 20)
    bench.fault_injector.set("cut", "bus-0", False, {})
    until(bench, lambda: sum(point.amps_da for point in points) > full * 9 // 10, 900_000, 5000)
    return took_ms
