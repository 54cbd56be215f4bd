"""30 days without a CSMS, on the virtual clock, in little storage: samples go, and each transaction still begins, ends and has its
numbers without a gap, and no security event is lost. With enough storage nothing goes: tests/host/ocpp/test_offline_month_in_full.py."""

from station_bench import Bench
from test_thinning import chains, payloads, whole

HOUR_MS = 3600000
STEP_MS = 300000
DAYS = 30
VALUES = {"power_w": 3680, "amps_da": [160, 0, 0], "volts_dv": [2300, 2300, 2300], "offered_da": 160}


class Month:
    """A site of which each EVSE charges a car every day; `begun`, `told`: transactions and security events that there were."""

    def __init__(self, journal_bytes, evses):
        self.bench = bench = Bench(evses, journal_bytes=journal_bytes).booted()
        self.evses = evses
        self.energy_wh = 1000
        self.told = 0
        self.most_bytes = 0
        bench.set("SampledDataCtrlr", "TxUpdatedInterval", "900")
        self.begun = 1
        self.session(1, 1)
        bench.drop()
        self.before = len(chains(bench))
        bench.sent = []

    def meter(self):
        for evse in range(1, self.evses + 1):
            self.bench.station.meter_values(evse, dict(VALUES, energy_wh=self.energy_wh), self.bench.now_ms)

    def advance(self, hours):
        for _ in range(hours):
            self.energy_wh += 3680
            self.meter()
            self.bench.advance(HOUR_MS, STEP_MS)
            self.most_bytes = max(self.most_bytes, self.bench.station.queue._journal.size())

    def session(self, evse, hours):
        self.bench.charging(evse)
        self.advance(hours)
        self.bench.state("SuspendedEV", evse)
        self.bench.unplug(evse)

    def day(self, number):
        bench = self.bench
        for evse in range(1, self.evses + 1):
            bench.charging(evse)
        self.advance(4)
        if number % 7 == 6:
            bench.power_cycle()
            self.meter()
            for evse in range(1, self.evses + 1):
                bench.station.session_event(evse, "plugged", {}, bench.now_ms)
                bench.state("Charging", evse)
        self.advance(4)
        for evse in range(1, self.evses + 1):
            bench.state("SuspendedEV", evse)
            bench.unplug(evse)
        self.begun += self.evses
        bench.station.security_event("MaintenanceLoginAccepted", "day %d" % number, bench.now_ms)
        self.told += 1
        self.advance(16)

    def live(self):
        """(chains of events, security events) that the CSMS gets after the month."""
        for number in range(DAYS):
            self.day(number)
        self.bench.advance(10000, 100)
        self.bench.connect()
        return whole(self.bench), payloads(self.bench.sent, "SecurityEventNotification")


def register(event):
    return event["meterValue"][-1]["sampledValue"][0]["value"]


def test_a_month_without_a_csms_keeps_begin_and_end_of_each_transaction_in_little_storage():
    month = Month(65536, 1)
    found, security = month.live()
    assert len(found) == month.begun - 1 == 30 and month.most_bytes <= 65536
    for tx in found:
        assert register(found[tx][-1]) - register(found[tx][0]) == 8 * 3680
    kinds = [s["type"] for s in security]
    assert [s["techInfo"] for s in security if s["type"] != "MemoryExhaustion"] == ["day %d" % n for n in range(DAYS)]
    assert kinds.count("MemoryExhaustion") >= 1
    assert month.bench.log.counters["ocpp_samples_dropped"] > 50 and "ocpp_events_lost" not in month.bench.log.counters
