"""Whom a primary speaks to in one life: own secondaries, foreign devices, meters; and the judge, the real one or notes."""

from ampacity.bus.leases.broadcast_driver import BroadcastDriver
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.lease_driver import LeaseDriver
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.profile.evse_driver import EvseDriver
from ampacity.bus.profile.meter_driver import MeterDriver
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.circuit.guard import Guard
from tests.fuzz.watch import Wrong

START_MS = 2**30 - 60000
IDENTITY = 0xA1B2C3D4
TICK_MS = 100
WISHES_DA = (0, 0, 60, 80, 160, 320)


class Notes:
    """A judge that says yes, mostly."""

    def __init__(self, rng):
        self.rng = rng
        self.orders = 0
        self.reserve = (0, 60, 160)[rng.below(3)]

    def send(self, evse, most_da, now_ms, held=False):
        if self.rng.chance(100):
            return None
        self.orders += 1
        return self.orders

    def reserve_da(self, evse):
        return self.reserve

    def may_feed(self, evse, now_ms):
        return not self.rng.chance(50)

    def audit_due(self, evse):
        return self.rng.chance(5)

    def resend_due(self, evse):
        return self.rng.chance(5)

    def state(self, evse):
        return "ok"

    def told(self, *_more):
        pass

    answered = refused = proven = reported = measured = heard = lost = fed = evidence = meter = duplicate = phases_shown = told


class Watched:
    """Between drivers and judge: what only an answer can tell is told only while one is handed over."""

    def __init__(self, judge):
        self.judge = judge
        self.inside = ""
        self.proofs = 0
        self.heard_ms = {}  # of each EVSE, its last answer
        self.send, self.reserve_da, self.may_feed = judge.send, judge.reserve_da, judge.may_feed
        self.audit_due, self.resend_due, self.state = judge.audit_due, judge.resend_due, judge.state
        self.fed, self.lost = judge.fed, judge.lost

    def _only(self, *where):
        if self.inside not in where:
            raise Wrong("the judge is told something although no answer came")

    def answered(self, evse, order_id, now_ms, certain=False):
        self._only("reply")
        self.judge.answered(evse, order_id, now_ms)

    def proven(self, evse, order_id, limit_da, now_ms):
        self._only("reply")
        self.proofs += 1
        self.judge.proven(evse, order_id, limit_da, now_ms)

    def reported(self, evse, limit_da, now_ms):
        self._only("reply")
        self.judge.reported(evse, limit_da, now_ms)

    def duplicate(self, evse, now_ms):
        self._only("reply", "exception")  # as evidence: what was read before it tells who is there
        self.judge.duplicate(evse, now_ms)

    def measured(self, evse, amps_da, sample_ms, now_ms):
        self._only("reply", "exception")
        self.judge.measured(evse, amps_da, sample_ms, now_ms)

    def heard(self, evse, now_ms):
        self._only("reply", "exception")
        self.heard_ms[evse] = now_ms
        self.judge.heard(evse, now_ms)

    def evidence(self, evse, key, value, now_ms):
        if now_ms > self.heard_ms.get(evse, -1):  # else told again for an order: of an answer's time, or of the time of its request
            self._only("reply", "exception")  # the round was over with it
        self.judge.evidence(evse, key, value, now_ms)

    def meter(self, meter, amps_da, now_ms, raw_mark):
        self._only("reply")
        self.judge.meter(meter, amps_da, now_ms, raw_mark)

    def refused(self, evse, order_id, now_ms):
        self._only("exception")
        self.judge.refused(evse, order_id, now_ms)


class Spy:
    """A driver as the engine sees it: `heard(unit, pdu)` must know the bytes of whatever is handed over."""

    def __init__(self, driver, judge, heard):
        self.driver, self.judge, self.heard = driver, judge, heard
        self.unit, self.poll_feeds, self.facts = driver.unit, driver.poll_feeds, driver.facts
        self.urgency, self.take, self.want = driver.urgency, driver.take, driver.want
        self.shown = self.facts_now()

    def reply(self, request, pdu, now_ms):
        self.heard(request.unit, pdu)
        if pdu[0] != request.pdu[0] or len(pdu) != _reply_length(request.pdu):
            raise Wrong("%r is handed over as the answer to %r" % (pdu, request.pdu))
        self.unmoved()
        self.judge.inside = "reply"
        self.driver.reply(request, pdu, now_ms)
        self.judge.inside = ""
        self.shown = self.facts_now()

    def failed(self, request, reason, now_ms):
        refused = reason[:9] == "exception"
        if refused:
            self.heard(request.unit, bytes((request.pdu[0] | 0x80, int(reason[10:]))))
        self.unmoved()
        self.judge.inside = "exception" if refused else "failed"
        self.driver.failed(request, reason, now_ms)
        self.judge.inside = ""
        self.shown = self.facts_now()

    def disconnected(self, now_ms):
        tell = getattr(self.driver, "disconnected", None)
        if tell is not None:
            tell(now_ms)
        self.shown = self.facts_now()

    def facts_now(self):
        f = self.facts
        return (f.state, f.plugged, f.charging, f.amps_da, f.volts_dv, f.power_w, f.energy_wh, f.limit_da, f.serial, f.firmware,
                f.contactor_closed, f.updated_ms)  # fmt: skip

    def unmoved(self):
        """Between two answers no fact has changed."""
        if self.facts_now() != self.shown:
            raise Wrong("facts of unit %d changed by no answer: %r, before %r" % (self.unit, self.facts_now(), self.shown))


def _reply_length(pdu):
    """Of the regular answer's PDU."""
    if pdu[0] in (5, 6, 15, 16):
        return 5
    count = (pdu[3] << 8) | pdu[4]
    return 2 + (2 * count if pdu[0] > 2 else (count + 7) // 8)


class Own:
    """One of our secondaries with its real engine."""

    def __init__(self, unit, baud):
        self.unit = unit
        self.map = RegisterMap(Lease(0, 160, 0), "SN%d" % unit, "1.0.0", unit=unit)
        self.map.measured_da = [0, 0, 0]
        self.engine = ModbusServer(unit, self.map, baud)

    def answer(self, pdu, now_ms):
        reply = self.engine.answer(pdu, now_ms)
        del self.map.grants[:]
        return reply


class Registers:
    """A foreign device: what was written is read back, all else is one of a few values, the same each time."""

    def __init__(self, unit, rng):
        self.unit, self.rng = unit, rng
        self.values = {}
        self.plain = (0, 1, 2, 7, 16, 230, 0xFFFF)[rng.below(7)]

    def answer(self, pdu, now_ms):
        code, at = pdu[0], (pdu[1] << 8) | pdu[2] if len(pdu) > 4 else 0
        if self.rng.chance(20):
            return bytes((code | 0x80, 1 + self.rng.below(6)))
        if code in (5, 6) and len(pdu) == 5:
            self.values[at] = (pdu[3] << 8) | pdu[4]
            return pdu
        if code == 16 and len(pdu) > 7:
            for i in range((len(pdu) - 6) // 2):
                self.values[at + i] = (pdu[6 + 2 * i] << 8) | pdu[7 + 2 * i]
            return pdu[:5]
        count = (pdu[3] << 8) | pdu[4] if len(pdu) == 5 else 0
        if code not in (1, 2, 3, 4) or not 0 < count < 126:
            return bytes((code | 0x80, 1))
        if code < 3:
            return bytes((code, (count + 7) >> 3)) + self.rng.bytes((count + 7) >> 3)
        data = bytearray(2 * count)
        for i in range(count):
            value = self.values.get(at + i, -1)
            if value < 0:
                value = self.values[at + i] = self.plain if self.rng.chance(700) else self.rng.below(65536)
            data[2 * i], data[2 * i + 1] = value >> 8, value & 0xFF
        if self.rng.chance(100):  # a live value moves
            self.values[at + self.rng.below(count)] = self.rng.below(65536)
        return bytes((code, 2 * count)) + bytes(data)


class Garage:
    """own, foreign, meters: how many of each. heard: as Spy wants it. `drivers` for the engine, `devices` by unit."""

    def __init__(self, rng, tables, own, foreign, meters, heard, baud=19200):
        self.rng = rng
        kinds = ["own"] * own + ["box"] * foreign
        boxes = [table for table in tables if table["kind"] == "evse" and table["order"]]
        counters = [table for table in tables if table["kind"] == "meter"]
        self.guard = None if rng.chance(500) else Guard(_site(kinds, meters, rng), START_MS)
        self.judge = Watched(self.guard or Notes(rng))
        self.spies, self.devices, self.leases = [], {}, []
        for index in range(len(kinds)):
            facts = _evse(index, kinds[index], rng)
            if kinds[index] == "own":
                driver, device = LeaseDriver(facts, index, self.judge), Own(facts["unit"], baud)
                self.leases.append(driver)
            else:
                driver, device = EvseDriver(facts, boxes[rng.below(len(boxes))], index, self.judge), Registers(facts["unit"], rng)
            self._add(driver, device, heard)
        for index in range(meters):
            table = counters[rng.below(len(counters))]
            driver = MeterDriver({"unit": 100 + index, "phases": [0, 1, 2]}, table, index, self.judge)
            self._add(driver, Registers(100 + index, rng), heard)
        self.evses = self.spies[: len(kinds)]
        self.drivers = list(self.spies)
        if self.leases:
            self.drivers.append(BroadcastDriver(self.leases, GrantNumbers(IDENTITY, 1)))
        self.tick_ms = 0

    def _add(self, driver, device, heard):
        self.spies.append(Spy(driver, self.judge, heard))
        self.devices[device.unit] = device

    def tick(self, engine, now_ms):
        """What a role does ten times a second."""
        if now_ms < self.tick_ms:
            return
        self.tick_ms = now_ms + TICK_MS
        guard, rng = self.guard, self.rng
        if guard is not None:
            which = rng.below(len(self.evses)) if self.evses else -1
            if which >= 0:
                guard.plugged(which, True)
                guard.demand(which, rng.chance(800))
            guard.tick(now_ms)
            for index in range(len(self.evses)):
                self.evses[index].want(guard.want_da[index], now_ms)
            del guard.events[:]
        elif self.evses:
            self.evses[rng.below(len(self.evses))].want(WISHES_DA[rng.below(6)], now_ms)
        if guard is None or guard.feed_ok:
            engine.permit(now_ms + 2 * TICK_MS)


def _evse(index, kind, rng):
    own = kind == "own"
    return {
        "name": "evse-%d" % (index + 1), "kind": "ampacity" if own else "profile", "bus": 0, "unit": index + 1, "circuit": 0,
        "terminals": [[0], [1], [2]] if index % 3 else [[index % 2]], "max_da": 160, "limit_da": 160, "min_da": 60, "step_da": 1,
        "feeder_da": 320, "priority": 1, "weight": 1, "fallback_da": 0, "watchdog_ms": 10000, "watchdog_tolerance_ms": 1000,
        "watchdog_fixed": False, "power_on_da": 0, "power_on_source": "settings" if own else "documented", "settle_ms": 5000,
        "latency_ms": 100, "transit_ms": 100, "boot_ms": 500, "survives": own, "holds": False, "poll_feeds": False,
        "proof": "sequence" if own else "limit", "fingerprint": None,
    }  # fmt: skip


def _site(kinds, meters, rng):
    circuit = {"name": "main", "parent": -1, "rating_da": [(200, 400, 1000)[rng.below(3)]] * 3, "assumed_other_da": [50] * 3,
               "meter": 0 if meters else -1, "generation_da": [0] * 3}  # fmt: skip
    return {
        "format": 1, "name": "fuzz", "phases": 3, "voltage_v": 230, "circuits": [circuit], "buses": [{"name": "b", "kind": "rtu"}],
        "meters": [{"name": "m%d" % i, "phases": [0, 1, 2], "timeout_ms": 5000, "frozen_ms": 5000, "coarse": False, "bus": 0, "unit": 100 + i}
                   for i in range(meters)],
        "evses": [_evse(i, kinds[i], rng) for i in range(len(kinds))],
        "settings": {"slot_s": 900, "deadband_da": 5, "raise_hold_ms": 1000, "restart_hold_ms": 2000, "idle_ms": 300000},
    }  # fmt: skip
