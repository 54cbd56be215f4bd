"""Days that nobody thought of: random sessions, links and requests; random frames. The same on both runtimes."""

from station_bench import Bench

from ampacity.base.rng import Rng
from ampacity.base.strict_json import dumps
from ampacity.ocpp.v201.actions import HANDLERS

STATES = ("Charging", "SuspendedEV", "SuspendedEVSE", "EVConnected")
POINTS = ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer", "EVConnected,Authorized")


def act(bench, rng):
    """One thing that may happen at a site."""
    evse = rng.between(1, 3)
    kind = rng.below(12)
    if kind < 2:
        bench.plug(evse)
    elif kind == 2:
        bench.unplug(evse)
    elif kind < 5:
        bench.card(evse, "CARD%d" % rng.below(3))
    elif kind < 7:
        bench.state(STATES[rng.below(4)], evse)
    elif kind == 7:
        if bench.station.online:
            bench.drop()
        else:
            bench.connect()
    elif kind == 8:
        bench.power_cycle()
        for i in range(1, 4):
            if bench.present[i]:
                bench.plug(i)
            else:
                bench.unplug(i)
    elif kind == 9 and bench.station.online:
        token = {"idToken": "APP", "type": "Central"}
        bench.call("RequestStartTransaction", {"idToken": token, "remoteStartId": 1, "evseId": evse})
    elif kind == 10 and bench.station.online:
        bench.call("RequestStopTransaction", {"transactionId": bench.station.transaction(evse) or "none"})
    else:
        bench.advance(rng.between(1, 200) * 1000)
    if kind < 2:
        bench.present[evse] = True
    elif kind == 2:
        bench.present[evse] = False


def check(told):
    """What the CSMS must find in the events of any day."""
    transactions = {}
    for action, payload in told:
        if action == "TransactionEvent":
            transactions.setdefault(payload["transactionInfo"]["transactionId"], []).append(payload)
    for events in transactions.values():
        kinds = [p["eventType"] for p in events]
        assert [p["seqNo"] for p in events] == list(range(len(events))), [p["seqNo"] for p in events]
        assert kinds[0] == "Started" and kinds.count("Started") == 1, kinds
        assert "Ended" not in kinds[:-1], kinds
        assert [p["timestamp"] for p in events] == sorted([p["timestamp"] for p in events])
        assert sum(1 for p in events if "remoteStartId" in p["transactionInfo"]) <= 2
    return transactions


def test_on_any_day_each_transaction_is_reported_from_start_to_end_without_a_gap():
    started = 0
    for seed in range(12):
        rng = Rng(seed + 1)
        bench = Bench(evses=3, config={"queue_max": 100000}).booted()
        bench.present = {1: False, 2: False, 3: False}
        bench.set("TxCtrlr", "TxStartPoint", POINTS[rng.below(5)])
        bench.set("TxCtrlr", "TxStopPoint", POINTS[rng.below(5)])
        bench.set("TxCtrlr", "StopTxOnEVSideDisconnect", ("true", "false")[rng.below(2)])
        bench.set("OCPPCommCtrlr", "MessageAttemptInterval", "1", "TransactionEvent")
        bench.station.meter_values(1, {"energy_wh": 1}, bench.now_ms)
        for _ in range(150):
            act(bench, rng)
        if not bench.station.online:
            bench.connect()
        for i in range(1, 4):
            bench.plug(i)
            bench.unplug(i)
        bench.advance(300000)
        transactions = check(bench.sent)
        started += len(transactions)
        open_now = [bench.station.transaction(i) for i in range(1, 4)]
        for tx in transactions:
            assert (transactions[tx][-1]["eventType"] == "Ended") != (tx in open_now)
    assert started > 60


def test_no_energy_while_a_transaction_ends_or_before_its_car_is_seen_again_and_each_stop_has_a_reason():
    allowed = stopped = 0
    for seed in range(12):
        rng = Rng(seed + 100)
        bench = Bench(evses=3).booted()
        bench.present = {1: False, 2: False, 3: False}
        before = {}
        for _ in range(150):
            act(bench, rng)
            for evse in bench.station.evses:
                may = bench.may_charge(evse.id)
                if evse.tx is not None and (evse.tx.restored or evse.tx.ending is not None):
                    assert not may, seed
                if before.get(evse.id) == (bench.station.boot_number, True) and not may:
                    assert evse.ended_by, seed
                    stopped += 1
                before[evse.id] = (bench.station.boot_number, may)
                allowed += may
    assert allowed > 300 and stopped > 30, (allowed, stopped)


class Plant:
    """Cars at three EVSEs that draw on for a while after they were told to stop; each has a register."""

    def __init__(self, bench, rng):
        self.bench, self.rng = bench, rng
        self.wh = {1: 100, 2: 200, 3: 300}
        self.plugged = {1: False, 2: False, 3: False}
        self.may = {1: False, 2: False, 3: False}
        self.tail_s = {1: 0, 2: 0, 3: 0}

    def obey(self):
        for i in (1, 2, 3):
            before, self.may[i] = self.may[i], self.bench.may_charge(i)
            if before and not self.may[i]:
                self.tail_s[i] = self.rng.below(8)

    def second(self):
        """A second goes by: actions, currents, readings."""
        bench = self.bench
        self.obey()
        bench.advance_only(1000)
        for i in (1, 2, 3):
            flows = self.plugged[i] and (self.may[i] or self.tail_s[i] > 0)
            if self.plugged[i]:
                bench.event(i, "charging", {"state": "Charging" if self.may[i] else "EVConnected"})
            if flows:
                self.wh[i] += 6
            self.tail_s[i] = max(0, self.tail_s[i] - 1)
            values = {"energy_wh": self.wh[i], "flows": flows, "read_ms": bench.now_ms, "energy_ms": bench.now_ms}
            bench.station.meter_values(i, values, bench.now_ms)
        bench.pump()

    def unplug(self, i):
        self.plugged[i] = False
        self.bench.unplug(i)
        self.obey()
        self.tail_s[i] = 0

    def act(self):
        i, kind = self.rng.between(1, 3), self.rng.below(10)
        if kind < 3 and not self.plugged[i]:
            self.plugged[i] = True
            self.bench.plug(i)
        elif kind < 4 and self.plugged[i]:
            self.unplug(i)
        elif kind < 7:
            self.bench.card(i, "CARD%d" % self.rng.below(2))
        elif kind == 7:
            self.bench.drop() if self.bench.station.online else self.bench.connect()
        elif kind == 8 and self.bench.station.online:
            self.bench.call("RequestStopTransaction", {"transactionId": self.bench.station.transaction(i) or "none"})
        for _ in range(self.rng.below(12)):
            self.second()


def register(payload):
    values = payload.get("meterValue") or ()
    return [v["value"] for item in values for v in item["sampledValue"] if v["measurand"] == "Energy.Active.Import.Register"]


def test_on_any_day_the_energy_of_the_transactions_is_that_of_the_plant():
    delivered = 0
    for seed in range(10):
        rng = Rng(seed + 50)
        bench = Bench(evses=3, config={"queue_max": 100000}).booted()
        bench.set("TxCtrlr", "TxStartPoint", POINTS[seed % 5])
        bench.set("TxCtrlr", "TxStopPoint", ("EVConnected,Authorized", "EVConnected", "Authorized", "PowerPathClosed")[seed % 4])
        plant = Plant(bench, rng)
        plant.second()
        before = dict(plant.wh)
        for _ in range(60):
            plant.act()
        if not bench.station.online:
            bench.connect()
        for i in (1, 2, 3):
            if not plant.plugged[i]:
                bench.plug(i)
            plant.unplug(i)
        for _ in range(130):
            plant.second()
        told = {1: 0, 2: 0, 3: 0}
        for events in check(bench.sent).values():
            values = [value for payload in events for value in register(payload)]
            assert events[-1]["eventType"] == "Ended" and values == sorted(values)
            told[events[0]["evse"]["id"]] += values[-1] - values[0]
        for i in (1, 2, 3):
            assert plant.wh[i] - before[i] == told[i], (seed, i, plant.wh[i] - before[i], told[i])
            delivered += told[i]
    assert delivered > 3000


def noise(rng, depth=3):
    """Some JSON value."""
    kind = rng.below(9 if depth else 6)
    if kind < 6:
        return (None, True, rng.next32() - 2**31, "x" * rng.below(60), 1.5, "Accepted")[kind]
    if kind < 8:
        return [noise(rng, depth - 1) for _ in range(rng.below(4))]
    keys = ("id", "evseId", "evse", "type", "idToken", "chargingProfile", "status", "customData", "requestId")
    return {keys[rng.below(9)]: noise(rng, depth - 1) for _ in range(rng.below(5))}


def test_no_frame_breaks_the_station_and_each_request_is_answered():
    rng = Rng(5)
    bench = Bench().booted()
    for i in range(400):
        name = HANDLERS[rng.below(len(HANDLERS))][0]
        frame = [2, "n%d" % i, name, noise(rng)] if rng.chance(700) else noise(rng)
        text = dumps(frame)
        if rng.chance(200):
            text = text[: rng.below(len(text) + 1)]
        bench.raw.clear()
        bench.station.receive(text, bench.now_ms)
        bench.pump()
        if isinstance(frame, list) and len(frame) == 4 and frame[0] == 2 and text == dumps(frame):
            assert [f[0] for f in bench.raw if f[1] == "n%d" % i] in ([3], [4]), text
    assert bench.station.accepted()
