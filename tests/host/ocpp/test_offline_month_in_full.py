"""30 days without a CSMS, on the virtual clock, with enough storage: no transaction event, no sample and no security event is lost."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ocpp"))

from test_offline_month import DAYS, Month, register  # noqa: E402


def test_a_month_without_a_csms_loses_nothing_with_enough_storage():
    month = Month(4 << 20, 3)
    found, security = month.live()
    assert len(found) == month.begun - 1 == 90
    for tx in found:
        triggers = [event["triggerReason"] for event in found[tx]]
        assert triggers.count("MeterValuePeriodic") == 32 and len(triggers) in (36, 37, 38), triggers
        assert register(found[tx][-1]) - register(found[tx][0]) == 8 * 3680
    assert [s["techInfo"] for s in security] == ["day %d" % n for n in range(DAYS)]
    counters = month.bench.log.counters
    assert not [name for name in counters if "dropped" in name or "lost" in name] and month.bench.station.queue.count == 0
