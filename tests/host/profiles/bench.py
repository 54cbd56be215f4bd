"""A virtual line for one driver and its simulated device: real bytes in between, a judge that writes down what it is told.

The judge is small and generous: it lets everything go that fits under `room_da`, and keeps the ledger's first rule
(bound = the largest live order) so that tests can compare what was booked with what the device really did.
"""

from pymodbus.framer.rtu import FramerRTU

from ampacity.bus.profile.evse_driver import EvseDriver
from ampacity.bus.profile.meter_driver import MeterDriver
from ampacity_host.profiles import compile_profile, evse_facts, load, meter_facts
from ampacity_host.rig.devices import make_device

START_MS = 2**30 - 60_000
STEP_MS = 10


class FakeGuard:
    """Takes notes; `reserve`, `feeding` and `room_da` are set by the test."""

    def __init__(self, reserve_da: int = 0) -> None:
        self.reserve = reserve_da
        self.feeding = True
        self.room_da = 10_000
        self.orders: list[int] = []
        self.notes: list[tuple] = []
        self.proofs: dict[int, int] = {}
        self.shown: dict[str, object] = {}
        self.samples: list[tuple] = []
        self.limits: list[int] = []
        self.measures: list = []
        self.fed_count = 0

    def reserve_da(self, evse: int) -> int:
        return self.reserve

    def send(self, evse: int, most_da: int, now_ms: int, held: bool = False) -> "int | None":
        lowers = bool(self.orders) and most_da < self.orders[-1]
        if most_da > self.room_da or not (self.feeding or lowers or most_da <= self.reserve):
            return None
        self.orders.append(most_da)
        self.notes.append((now_ms, "send", most_da))
        return len(self.orders)

    def proven(self, evse: int, order_id: int, limit_da: int, now_ms: int) -> None:
        assert limit_da <= self.orders[order_id - 1]
        self.proofs[order_id] = limit_da
        self.notes.append((now_ms, "proven", limit_da))

    def answered(self, evse: int, order_id: int, now_ms: int, certain: bool = False) -> None:
        self.notes.append((now_ms, "answered", order_id))

    def refused(self, evse: int, order_id: int, now_ms: int) -> None:
        self.notes.append((now_ms, "refused", order_id))

    def reported(self, evse: int, limit_da: int, now_ms: int) -> None:
        self.limits.append(limit_da)

    def measured(self, evse: int, amps_da: list, sample_ms: int, now_ms: int) -> None:
        self.measures.append(amps_da)

    def heard(self, evse: int, now_ms: int) -> None:
        pass

    def lost(self, evse: int, now_ms: int) -> None:
        self.notes.append((now_ms, "lost", 0))

    def fed(self, evse: int, now_ms: int) -> None:
        self.fed_count += 1

    def audit_due(self, evse: int) -> bool:
        return False

    def state(self, evse: int) -> str:
        return "ok"

    def resend_due(self, evse: int) -> bool:
        return False

    def may_feed(self, evse: int, now_ms: int) -> bool:
        return self.feeding

    def evidence(self, evse: int, key: str, value: object, now_ms: int) -> None:
        self.shown[key] = value

    def meter(self, meter: int, amps_da: "list | None", now_ms: int, raw_mark: int) -> None:
        self.samples.append((now_ms, amps_da, raw_mark))

    def kinds(self, kind: str) -> list:
        return [note for note in self.notes if note[1] == kind]


class Plant:
    """A car that draws what it is offered at once."""

    def __init__(self, car_state: str = "C") -> None:
        self.car_state = car_state
        self.volts_dv = [2300, 2310, 2290]
        self.energy_wh = 1000
        self.limit_da = 0
        self.history: list[tuple] = []

    def set_limit(self, da: int) -> None:
        self.limit_da = da

    @property
    def amps_da(self) -> list:
        return [self.limit_da if self.car_state == "C" else 0] * 3


class Mains:
    """What a meter measures."""

    def __init__(self) -> None:
        self.amps_a = [10.0, -4.0, 0.52]
        self.volts_v = [230.0, 231.0, 229.0]


class Bench:
    """driver ↔ device; `run` moves time; `cut` drops all bytes, `cut_tx` those to the device, `cut_rx` those from it."""

    def __init__(self, driver: object, device: object, guard: FakeGuard) -> None:
        self.driver, self.device, self.guard = driver, device, guard
        self.now_ms = START_MS
        self.cut_tx = self.cut_rx = False
        self.frames: list[tuple] = []
        self.worst_da = 0
        self._flying: "tuple | None" = None
        self._quiet_ms = 0
        self._tid = 0

    def run(self, ms: int) -> None:
        until_ms = self.now_ms + ms
        while self.now_ms < until_ms:
            self.now_ms += STEP_MS
            self.device.tick(self.now_ms)
            self._land()
            self._launch()
            if hasattr(self.device, "limit_da"):
                self.worst_da = max(self.worst_da, self.device.limit_da)

    def run_until(self, true: object, ms: int = 60_000) -> int:
        """Run until true() holds; how long it took. Fails after ms."""
        begin_ms = self.now_ms
        while not true():
            assert self.now_ms - begin_ms < ms, "it did not come to that"
            self.run(STEP_MS)
        return self.now_ms - begin_ms

    def _land(self) -> None:
        if self._flying is None:
            return
        request, answer, due_ms = self._flying
        if answer is not None and self.now_ms >= due_ms:
            self._flying = None
            self._quiet_ms = self.now_ms + request.gap_ms
            if answer[0] & 0x80:
                self.driver.failed(request, f"exception:{answer[1]}", self.now_ms)
            else:
                self.driver.reply(request, answer, self.now_ms)
        elif answer is None and self.now_ms >= due_ms:
            self._flying = None
            self.driver.failed(request, "timeout", self.now_ms)

    def _launch(self) -> None:
        if self._flying is not None or self.now_ms < self._quiet_ms:
            return
        wish = self.driver.urgency(self.now_ms)
        if wish is None or wish[1] > self.now_ms:
            return
        request = self.driver.take(self.now_ms)
        if request is None:
            return
        request.sent_ms = self.now_ms
        self.frames.append((self.now_ms, bytes(request.pdu)))
        answers = [] if self.cut_tx else self.device.receive(self._frame(request), self.now_ms * 1000)
        if answers and not self.cut_rx:
            self._flying = (request, self._unframe(answers[0][0]), answers[0][1] // 1000)
        else:
            self._flying = (request, None, self.now_ms + request.timeout_ms)

    def _frame(self, request: object) -> bytes:
        if self.device.framing == "rtu":
            data = bytes([request.unit]) + request.pdu
            return data + FramerRTU.compute_CRC(data).to_bytes(2, "big")
        self._tid += 1
        return self._tid.to_bytes(2, "big") + b"\0\0" + (len(request.pdu) + 1).to_bytes(2, "big") + bytes([request.unit]) + request.pdu

    def _unframe(self, frame: bytes) -> bytes:
        return frame[1:-2] if self.device.framing == "rtu" else frame[7:]

    def writes(self, address: int) -> list[int]:
        """Values that were sent to a register by single writes, in order."""
        found = []
        for _, pdu in self.frames:
            if pdu[0] == 6 and int.from_bytes(pdu[1:3], "big") == address:
                found.append(int.from_bytes(pdu[3:5], "big"))
        return found


def evse_bench(name: str, site: dict, plant: "Plant | None" = None, reserve_da: "int | None" = None, seed: int = 1) -> Bench:
    """One charge controller with its driver; the judge's reserve is what the facts say."""
    profile = load(name)
    plant = plant or Plant()
    facts = evse_facts(profile, site)
    facts.update({"unit": 255 if profile["link"]["media"] == ["tcp"] else 1, "terminals": [[0], [1], [2]]})
    reserve = max(facts["fallback_da"], facts["power_on_da"]) if reserve_da is None else reserve_da
    guard = FakeGuard(reserve)
    driver = EvseDriver(facts, compile_profile(profile), 0, guard)
    clock = type("Clock", (), {"now_ms": staticmethod(lambda: START_MS)})
    device = make_device(profile, facts["unit"], plant, clock, seed, site=site)
    return Bench(driver, device, guard)


def meter_bench(name: str, mains: "Mains | None" = None, framing: str = "rtu") -> Bench:
    """One meter with its driver."""
    profile = load(name)
    facts = meter_facts(profile, {"phases": ["L1", "L2", "L3"]})
    facts.update({"unit": 100, "phases": [0, 1, 2]})
    guard = FakeGuard()
    driver = MeterDriver(facts, compile_profile(profile), 0, guard, None)
    clock = type("Clock", (), {"now_ms": staticmethod(lambda: START_MS)})
    device = make_device(profile, 100, mains or Mains(), clock, framing=framing)
    return Bench(driver, device, guard)
