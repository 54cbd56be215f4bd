"""Orders as facts: the buses of a primary without a frame, for runs of weeks.

It has the interface of the firmware's Buses (roles/control/buses.py): drivers, meters, wires, wire_of, permit. Each driver
requests permission for every order as drivers on a bus do, and the device behind it obeys, reports and falls back as a
healthy device does; only the wire is omitted: bytes, collisions, lost answers. A reading contains the values of the device's
registers (`frameless_registers.py`). One poll cycle of a bus takes as long as with frames (`cycle_ms`), so that proofs and
readings have a realistic age.
"""

from ampacity.bus.device_facts import DeviceFacts
from ampacity_host.configure.analysis.line_timing import line_of, lines_of
from ampacity_host.rig.plant.wallbox import Wallbox
from ampacity_host.rig.virtual.frameless_registers import MeterReadings, ProfileReadings, SecondaryReadings
from ampacity_host.rig.virtual.idle_pacing import CLOSE_MS

ORDER_MS = 30        # from a request to the device, the time of a broadcast
PROOF_MS = 120       # from the order to the reading that proves it
RETRY_MS = 100
ROUND_MS_MIN = 500
METER_ROUND_MS = 250 # a meter is polled more often than an EVSE
STILL_METER_MS = 1_000
STILL_ROUND_MS = 2_000
LOST_MS = 1_500      # without an answer for this time it is silent, as after three failures on a bus
LATE_MS = 3_000      # the next cycle without a permit of a safety pass: readings do not wait for permits
DRAWS_DA = 10        # a car that draws


class FramelessDevice:
    """The device: a limit that stays in force until its lease or watchdog expires, then the fallback."""

    def __init__(self, time, facts, point):
        self._time = time
        self._box, self._facts = Wallbox(point), facts
        self._watchdog_ms = facts["watchdog_ms"]
        self._fallback_da = facts["fallback_da"]
        self._until_ms = None
        self.limit_da = facts["power_on_da"]
        self.alive = True
        self._box.set_limit(self.limit_da)

    @property
    def watchdog(self):
        if not self._watchdog_ms or self._until_ms is None:
            return "none"
        return "armed" if self._time.now_ms < self._until_ms else "expired"

    def obey(self, limit_da):
        self.limit_da = limit_da
        self._box.set_limit(limit_da)
        self.feed()

    def feed(self):
        if not self._watchdog_ms:
            return
        waiting = self._until_ms is not None and self._time.now_ms < self._until_ms
        self._until_ms = self._time.now_ms + self._watchdog_ms
        if not waiting:
            self._time.at_ms(self._until_ms, self._expire)

    def restart(self):
        """A short loss of its power."""
        self._until_ms = None
        self.limit_da = self._facts["power_on_da"]
        self._box.set_limit(self.limit_da)

    def _expire(self):
        if self._until_ms is None:
            return
        if self._time.now_ms < self._until_ms:
            self._time.at_ms(self._until_ms, self._expire)
        else:
            self.limit_da = self._fallback_da
            self._box.set_limit(self._fallback_da)


class FramelessDriver:
    """One EVSE. guard: the safety core. `facts` as of every driver. shows: the values of its registers."""

    def __init__(self, bus, facts_in, index, guard, point, shows):
        self._bus, self._time = bus, bus.time
        self.unit, self.index, self.guard = facts_in["unit"], index, guard
        self._facts_in, self._point = facts_in, point
        self.device, self._shows = bus.device(facts_in, point), shows
        self.facts = DeviceFacts()
        self.facts.serial = "FACT-%s" % facts_in["name"]
        self.facts.firmware = "fact"
        self._want_da = None
        self._order = None            # [order id, da, sent_ms, proven]
        self._due = None
        self._audited = False
        self._fed_ms = self._heard_ms = -10**9
        self._shown = None

    def want(self, limit_da, now_ms):
        if limit_da != self._want_da:
            self._want_da = limit_da
            self._time.cancel(self._due)
            self._due = self._time.at_ms(now_ms + ORDER_MS, self._try)

    def _try(self):
        """Sends the request if the guard permits it, else later."""
        self._due = None
        now_ms = self._time.now_ms
        order = self._order
        if not self._audited or (order is not None and order[1] == self._want_da):
            return
        if self._bus.may_send(order is None or self._want_da < order[1]):
            self._refresh_evidence(now_ms)
            order_id = self.guard.send(self.index, self._want_da, now_ms)
            if order_id is not None:
                return self._send(order_id, now_ms)
        self._due = self._time.at_ms(now_ms + RETRY_MS, self._try)
        return None

    def _send(self, order_id, now_ms):
        self._order = [order_id, self._want_da, now_ms, False]
        self._fed_ms = now_ms
        if self.is_cut_off():
            return
        self.device.obey(self._want_da)
        self.guard.answered(self.index, order_id, now_ms)
        self._time.at_ms(now_ms + PROOF_MS, self._prove, self._order)

    def _prove(self, order):
        if order is self._order and self._bus.alive and not self.is_cut_off():
            now_ms = self._time.now_ms
            self.guard.heard(self.index, now_ms)
            if not self._shows.by_measure:
                order[3] = True
                self.guard.proven(self.index, order[0], self.device.limit_da, now_ms)
            self.report(now_ms)

    def round(self, now_ms):
        """The routine reading, and the feeding of the watchdog."""
        if self.is_cut_off():
            return self._unanswered(now_ms)
        self._heard_ms = now_ms
        self.guard.heard(self.index, now_ms)
        if not self._audited:
            self._audit(now_ms)
        order = self._order
        if order is not None and self._feed_due(order[1], now_ms) and self._bus.may_send(False):
            self._refresh_evidence(now_ms)
            order_id = self.guard.send(self.index, order[1], now_ms)
            if order_id is not None:
                order[0], self._fed_ms = order_id, now_ms
                self.device.obey(order[1])
                if not self._shows.by_measure:
                    self.guard.proven(self.index, order_id, order[1], now_ms)
        elif self._due is None and self._want_da is not None:
            self._try()
        return self.report(now_ms)

    def is_cut_off(self):
        """A fault of a replay has disconnected it."""
        return self._facts_in["name"] in self._bus.cut_off

    def _unanswered(self, now_ms):
        if self.facts.online and now_ms - self._heard_ms >= LOST_MS:
            self.facts.online = self._audited = False
            self._order = None
            self.guard.lost(self.index, now_ms)

    def _feed_due(self, order_da, now_ms):
        """An order not above the fallback needs no feeding: it stays in force."""
        return order_da > self._facts_in["fallback_da"] and now_ms - self._fed_ms >= self._facts_in["watchdog_ms"] // 4

    def _refresh_evidence(self, now_ms):
        """Settings that a restart may lose are read again before each order (safety.md, rule 8)."""
        if not self._facts_in.get("survives"):
            self._audit(now_ms)

    def _audit(self, now_ms):
        facts = self._facts_in
        for key, value in (("fingerprint", facts.get("fingerprint") or self.facts.serial), ("watchdog_ms", facts["watchdog_ms"]),
                           ("fallback_da", facts["fallback_da"]), ("power_on_da", facts["power_on_da"]),
                           ("max_da", facts["max_da"]), ("mode_ok", True)):
            self.guard.evidence(self.index, key, value, now_ms)
        self._audited = self.facts.online = True

    def report(self, now_ms):
        """Passes a reading to the guard and into the facts."""
        point, facts, limit_da = self._point, self.facts, self.device.limit_da
        facts.updated_ms = now_ms
        facts.energy_wh = self._shows.energy_wh(point)
        shown = (point.amps_da, point.power, point.state_text, point.closed, limit_da)
        if shown != self._shown:
            self._shown = shown
            self._shows.show(facts, point, limit_da)
        if self._shows.shows_limit:
            self.guard.reported(self.index, limit_da, now_ms)
        self.guard.measured(self.index, facts.amps_da, now_ms, now_ms)
        if self._shows.by_measure:
            self._prove_by_measure(now_ms)

    def _prove_by_measure(self, now_ms):
        """For a device without a readable limit: a car that draws, no more than ordered, after it has settled
        (bus/profile/proof/order_proof.py).
        """
        order, amps_da, site = self._order, self.facts.amps_da, self._facts_in
        if order is None or order[3] or not amps_da or now_ms < order[2] + site["settle_ms"] + site["latency_ms"]:
            return
        if DRAWS_DA <= max(amps_da) <= order[1]:
            order[3] = True
            self.guard.proven(self.index, order[0], order[1], now_ms)


class FramelessMeter:
    """One meter: its reading goes to the guard in each cycle. shows: the values of its registers."""

    def __init__(self, index, guard, meter, on_reading, shows):
        self._index, self._judge, self._meter, self._on_reading = index, guard, meter, on_reading
        self._shows = shows
        self.name = meter.name
        self.facts = DeviceFacts()
        self._seen = None

    def due(self, now_ms, lively):
        """Is there a change to read, or is a reading due anyway?"""
        seen = self._meter.changes
        if not lively and seen == self._seen and now_ms - self.facts.updated_ms < STILL_METER_MS:
            return False
        self._seen = seen
        return True

    @property
    def has_changed(self):
        """Does it show something else than in its last cycle?"""
        return self._meter.changes != self._seen

    def round(self, now_ms):
        reading, shows = self._meter.reading(), self._shows
        amps_ma, volts_mv, power_w = reading["amps_ma"], reading["volts_mv"], reading["power_w"]
        facts, whole = self.facts, None not in amps_ma
        facts.amps_da = shows.amps_da([(ma + 50) // 100 for ma in amps_ma], power_w) if whole else None
        facts.volts_dv, facts.power_w = shows.volts_dv([mv // 100 for mv in volts_mv]), shows.power_w(power_w)
        facts.online, facts.updated_ms = True, now_ms
        self._judge.meter(self._index, facts.amps_da, now_ms, hash((tuple(amps_ma), tuple(volts_mv))))
        if self._on_reading is not None:
            self._on_reading(self._index, {"amps_da": facts.amps_da, "volts_dv": facts.volts_dv, "power_w": facts.power_w,
                                           "energy_wh": None, "export_wh": None}, now_ms)


class FramelessBuses:
    """bench: a VirtualBench. site, guard, on_reading: as for the firmware's Buses."""

    def __init__(self, bench, site, guard, on_reading=None):
        self._bench, self.time = bench, bench.time
        self.alive = True
        self.cut_off = bench.cut_off
        self._permit_until_ms = -1
        self.wires = []
        self.wire_of = [None] * len(site["evses"])
        points = bench.plant.points
        profiles, own = site["profiles"], SecondaryReadings()
        self.drivers = [None if facts["kind"] == "local" else
                        FramelessDriver(self, facts, index, guard, points[index],
                                        ProfileReadings(profiles[facts["profile"]]) if facts["profile"] else own)
                        for index, facts in enumerate(site["evses"])]
        self._ours = [driver for driver in self.drivers if driver is not None]
        self.meters = [FramelessMeter(index, guard, bench.plant.meters[index], on_reading, MeterReadings(profiles[facts["profile"]]))
                       for index, facts in enumerate(site["meters"])]
        lines = lines_of(site)
        self._line_of = [None if driver is None else lines.index(line_of(lines, site, facts))
                         for driver, facts in zip(self.drivers, site["evses"], strict=True)]
        self._round_ms = [max(ROUND_MS_MIN, line.cycle_ms) for line in lines]
        self._due_ms = [self.time.now_ms + round_ms for round_ms in self._round_ms]
        self._asked = False
        self._late = self.time.at_ms(self.time.now_ms + LATE_MS, self._round)
        self.time.at_ms(self.time.now_ms + METER_ROUND_MS, self._read_meters)

    def device(self, facts, point):
        """The device at a point; it outlives the primary."""
        if point.device is None:
            point.device = FramelessDevice(self.time, facts, point)
        return point.device

    def permit(self, until_ms):
        """Rule 11, as on a bus: feeding follows a safety pass, and so does the cycle when it is due."""
        self._permit_until_ms = until_ms
        if not self._asked and self.time.now_ms >= min(self._due_ms, default=self.time.now_ms):
            self._asked = True
            self.time.at_ms(self.time.now_ms, self._round)

    def may_send(self, lower):
        return self.alive and (lower or self.time.now_ms < self._permit_until_ms + CLOSE_MS)

    def _round(self):
        if not self.alive:
            return
        now_ms, still_ms = self.time.now_ms, 0 if self._bench.pacing.lively else STILL_ROUND_MS
        self._asked = False
        for driver in self._ours:
            if driver.device.alive and now_ms >= self._due_ms[self._line_of[driver.index]]:
                driver.round(now_ms)
        for line, due_ms in enumerate(self._due_ms):
            if now_ms >= due_ms:
                self._due_ms[line] = now_ms + max(self._round_ms[line], still_ms)
        self.time.cancel(self._late)
        self._late = self.time.at_ms(max([now_ms + LATE_MS, *self._due_ms]), self._round)

    def _read_meters(self):
        if not self.alive:
            return
        now_ms, pacing = self.time.now_ms, self._bench.pacing
        meters = [meter for meter in self.meters if meter.name not in self.cut_off]
        if any([meter.has_changed for meter in meters]):  # other load: the guard waits for the readings after such a frame
            self._due_ms = [min(due_ms, now_ms + round_ms) for due_ms, round_ms in zip(self._due_ms, self._round_ms, strict=True)]
            pacing.stir()
        for meter in meters:
            if meter.due(now_ms, pacing.lively):
                meter.round(now_ms)
        self.time.at_ms(now_ms + METER_ROUND_MS, self._read_meters)

    def close(self):
        """The primary has ended: no more traffic."""
        self.alive = False
