"""Talks to one of our own secondaries: audit, status, proof of grants. BroadcastDriver (broadcast_driver.py) sends the grants.

A grant carries a sequence number and the status shows the newest one taken, so a read proves an order by itself:
neither echo nor late answer can show a number before the grant was taken. A read renews nothing, so silent units
may be polled freely. Settings are read back once for each start and each change of the secondary: the status
carries the boot counter and a mark of the settings, so one status read says that they are still what was audited.
"""

import struct

from ampacity.base.compat import const
from ampacity.bus.client.request import LOWER, ORDER, OVERDUE, ROUTINE, Request
from ampacity.bus.device_facts import ALL_TRAFFIC, IDLE_POLL_MS, NO_TRAFFIC, STEADY_POLL_MS, DeviceFacts
from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.broadcast_driver import NOT_DUE
from ampacity.bus.modbus.frames import read_pdu, read_write_pdu

if False:  # for the type checker
    from typing import Any

POLL_MS = 250
_STILL_MS = const(15000)
_STILL_DA = const(5)
_REFRESH_LEAD_MS = const(400)  # before a refresh its settings are read back, for older ones count no more (rule 8)
_TIMEOUT_MS = const(200)
_LOST_AFTER = const(3)  # failures in a row
_RESEND_MS = const(100)
_REAUDIT_MS = const(5000)
_HOLD_MS = const(50)  # after the guard refused
_RESEND_BELOW_MS = const(1000)  # a primary below proves a lower grant only when all of its own are proven and settled
_MUTED_MS = const(1000)
_FLAG_OPEN = const(2)  # of a grant: open the contactor
_SENT_MAX = const(8)  # orders whose proof is still awaited
EVIDENCE = ("fingerprint", "watchdog_ms", "fallback_da", "power_on_da", "max_da", "mode_ok")
STATES = (("A", "A1", "A2"), ("B", "B1", "B2"), ("C", "C1", "C2"), ("D", "D1", "D2"), ("E", "E1", "E2"), ("F", "F1", "F2"))
FAULTS = ("residual current", "over-temperature", "lock", "protective earth", "pilot", "contactor", "meter", "other")

_STATUS_FORMAT = table.format_of(table.STATUS)
_STATUS_LENGTH = table.length(table.STATUS)
_SETTINGS_FORMAT = table.format_of(table.SETTINGS)
_STATUS_PDU = read_pdu(3, table.STATUS_AT, _STATUS_LENGTH)
_NAMES_AT = table.BASE + 44  # firmware version and serial number
_NAMES_PDU = read_pdu(3, _NAMES_AT, 24)
_SETTINGS_PDU = read_pdu(3, table.SETTINGS_AT, table.length(table.SETTINGS))
# places in the unpacked status block
_STATE = const(1)
_FAULT_BITS = const(2)
_LIMIT = const(3)
_AMPS = const(7)
_ENERGY = const(10)
_CAR_PHASES = const(11)
_PILOT = const(12)
_PLUG = const(13)
_VOLTS = const(14)
_LEASE_LEFT = const(17)
_BOOT = const(18)
_IDENTITY = const(19)
_EPOCH = const(20)
_SEQUENCE = const(21)
_MARK = const(22)
STATUS, NAMES, SETTINGS, CHECK, DONE = 0, 1, 2, 3, 4  # steps of the audit
IN_BROADCAST, ALONE_WANTED, ALONE_NOW = 0, 1, 2  # how its next grant goes: refused in a broadcast it is tried alone, right after a status read


class LeaseFacts(DeviceFacts):
    """A secondary shows no power: it is that of its currents at its voltages."""

    @property
    def power_w(self) -> "int | None":  # type: ignore[override]
        """W, None where one of them is not measured."""
        if self.amps_da is None or self.volts_dv is None:
            return None
        total = 0
        for i in range(len(self.amps_da)):
            total += self.amps_da[i] * self.volts_dv[i]
        return total // 100


class LeaseDriver:
    """Driver of one secondary. evse_facts: its entry of the site facts; index: its place there; guard: the safety core."""

    poll_feeds = False
    # these values apply to most secondaries, until they are set: what is not an attribute of its own takes no heap
    below = False  # rule 13: a primary with EVSEs of its own
    poll_ms = POLL_MS
    fallback_da = 0
    terminals = 3
    flags = 0  # of its grants; other than 0 it is granted alone, for a broadcast carries none
    traffic = ALL_TRAFFIC
    _resend_ms = _RESEND_MS
    _reserve_da = 0
    _sent_flags = 0
    _failures = 0
    _refuses = False  # its last answer was an exception: it is not asked again at once
    _reaudit_ms = 0
    _unicast = IN_BROADCAST
    watchdog_ms = 10000  # the lease of its grants
    survives = True

    def __init__(self, evse_facts: "dict[str, Any]", index: int, guard: "Any", poll_ms: int = POLL_MS) -> None:
        self.index = index
        self.guard = guard
        self.facts = LeaseFacts()
        self.broadcaster: Any = None  # the BroadcastDriver that this driver belongs to
        if poll_ms != POLL_MS:
            self.poll_ms = poll_ms
        if evse_facts.get("primary"):
            self.below = True
            self._resend_ms = _RESEND_BELOW_MS
        watchdog_ms = evse_facts.get("lease_ms") or evse_facts.get("watchdog_ms", self.watchdog_ms)
        if watchdog_ms != self.watchdog_ms:
            self.watchdog_ms = watchdog_ms
        if evse_facts.get("fallback_da"):
            self.fallback_da = evse_facts["fallback_da"]
        if self.fallback_da or evse_facts.get("power_on_da"):
            self._reserve_da = max(self.fallback_da, evse_facts.get("power_on_da", 0))
        if not evse_facts.get("survives", False):
            self.survives = False
        if len(evse_facts.get("terminals", ((0,), (1,), (2,)))) != 3:
            self.terminals = len(evse_facts["terminals"])
        self.want_da = 0
        self.order_da: int | None = None  # last one sent
        self.sent_ms = 0
        self._number = -1  # of the newest order
        self._lowering = True
        self._hold_ms = 0
        self._resend = False
        self._sent: tuple[tuple[int, int, int], ...] = ()  # (number, order id, da), oldest first
        self._proven_da = -1
        self._unproven = False  # the newest order is another one than what is proven
        self._step = STATUS
        self._known = (-1, -1)  # boot counter and settings mark that the audit belongs to
        self._evidence: tuple[object, ...] = ()  # values of EVIDENCE, as read
        self.idle_poll_ms = 0  # with nothing new about it, so long between two readings; 0: as often as the bus allows
        self._still: tuple[Any, ...] = (0, None, None)  # when something last changed: state, order and currents since then
        self._asked_ms = -poll_ms
        self._status = Request(evse_facts["unit"], _STATUS_PDU, ROUTINE, _TIMEOUT_MS, tag=STATUS)

    @property
    def unit(self) -> int:
        """Its address."""
        return self._status.unit

    # what the roles and the table ask

    def join(self, broadcaster: "Any") -> None:
        """From now on its grants are those of this BroadcastDriver."""
        self.broadcaster = broadcaster

    def want(self, limit_da: int, now_ms: int) -> None:
        """The order that should be in force; called each tick."""
        if limit_da != self.want_da:
            self.want_da = limit_da
            self._hold_ms = now_ms
            if self.broadcaster is not None:
                self.broadcaster.dirty = True

    def hold_open(self, on: bool) -> None:
        """Its contactor is to be open, or (off) as its order requires; until the next call."""
        self.flags = _FLAG_OPEN if on else 0
        if self.broadcaster is not None:
            self.broadcaster.update_members()

    def set_traffic(self, level: int, now_ms: int) -> None:
        """A test of its fail-safe: ALL_TRAFFIC, READS_ONLY (readings, no grants) or NO_TRAFFIC (nothing is sent to it)."""
        if level != ALL_TRAFFIC and self.traffic == ALL_TRAFFIC:
            self._failures = _LOST_AFTER
            self._lose(now_ms)
        self.traffic = level
        if self.broadcaster is not None:
            self.broadcaster.dirty = True

    def reaudit(self, now_ms: int) -> None:
        """Read again who it is and how it is set."""
        if self._step in (CHECK, DONE):
            self._step = NAMES

    def grant_due(self, now_ms: int) -> int:
        """LOWER, ORDER or NOT_DUE: does a grant have to go out now?"""
        if self.traffic != ALL_TRAFFIC or now_ms < self._hold_ms:
            return NOT_DUE
        order_da, want_da = self.order_da, self.want_da
        if order_da is None or want_da < order_da:
            return LOWER
        if want_da > order_da:
            return ORDER
        age_ms = now_ms - self.sent_ms
        if self.flags != self._sent_flags and order_da <= self.fallback_da:
            return LOWER
        if self._resend and age_ms >= self._resend_ms:
            harmless = order_da <= self.fallback_da or self.broadcaster.permitted(now_ms)
            return LOWER if self._lowering and harmless else ORDER
        return ORDER if age_ms >= self.refresh_ms() else NOT_DUE

    def grant_due_ms(self, now_ms: int) -> int:
        """No grant is due now: when that may change without a want or an answer."""
        if self.traffic != ALL_TRAFFIC:
            return now_ms + _MUTED_MS
        if now_ms < self._hold_ms:
            return max(self._hold_ms, now_ms + _HOLD_MS)
        return self.sent_ms + (self._resend_ms if self._resend else self.refresh_ms())

    def refresh_ms(self) -> int:
        """From one grant to the next that only renews the lease: a quarter of it."""
        lease_ms: int = self.broadcaster.lease_ms
        return lease_ms // 4

    def order(self, number: int, now_ms: int) -> "int | None":
        """Ask the guard for what should go out now; the value, recorded as sent, or None."""
        want_da, order_da = self.want_da, self.order_da
        value_da: int = want_da
        order_id = self.guard.send(self.index, want_da, now_ms)
        stale = now_ms - self.sent_ms >= self.refresh_ms() // 2
        if order_id is None and order_da is not None and want_da > order_da and stale:
            value_da = order_da  # the raise must wait: keep what it has
            order_id = self.guard.send(self.index, value_da, now_ms)
        if order_id is None:
            self._hold_ms = now_ms + _HOLD_MS
            if self._unicast == IN_BROADCAST:
                self._unicast = ALONE_WANTED
            return None
        self._record(number, order_id, value_da, now_ms)
        return value_da

    def _record(self, number: int, order_id: int, value_da: int, now_ms: int) -> None:
        if self.order_da is None or value_da != self.order_da:
            self._lowering = self.order_da is None or value_da < self.order_da
        if value_da < self.want_da:
            self._hold_ms = now_ms + _HOLD_MS
        self.order_da, self.sent_ms, self._number = value_da, now_ms, number
        if self._sent_flags != self.flags:
            self._sent_flags = self.flags
        self._unproven = self._unproven or value_da != self._proven_da
        if self._resend:
            self._resend = False
        if self._unicast != IN_BROADCAST:
            self._unicast = IN_BROADCAST
        self._sent = self._sent[1 - _SENT_MAX :] + ((number, order_id, value_da),)

    # driver of the contract

    def urgency(self, now_ms: int) -> "tuple[int, int] | None":
        """When the next reading is due; the grants are the table's, except alone on a path without broadcasts."""
        if self.traffic == NO_TRAFFIC:
            return None
        if self._unicast == ALONE_NOW or self.flags or (self.broadcaster is not None and not self.broadcaster.can_broadcast):
            priority = self.grant_due(now_ms)
            if priority != NOT_DUE:
                return priority, now_ms
        soon_ms = self._asked_ms + (self.poll_ms or 1 if self._refuses else 1)
        if self._sent and (self._unproven or not self.idle_poll_ms):
            return OVERDUE, max(self.sent_ms, soon_ms)
        if self._step != DONE:
            return OVERDUE, soon_ms
        return ROUTINE, self._idle_due_ms() if self.idle_poll_ms else self._asked_ms + self.poll_ms

    def _idle_due_ms(self) -> int:
        """Nothing flows there: its readings may wait while others need the bus, unless it is about to get a grant."""
        soon_ms = self._asked_ms + self.poll_ms
        if self.want_da != self.order_da or self._unicast != IN_BROADCAST or self._resend:
            return soon_ms
        due_ms = self._asked_ms + self.idle_poll_ms
        if self.order_da <= self.fallback_da:
            return due_ms
        grant_ms = self.sent_ms + self.refresh_ms() - _REFRESH_LEAD_MS
        if grant_ms >= due_ms:
            return due_ms
        return grant_ms if grant_ms > soon_ms else soon_ms

    def take(self, now_ms: int) -> "Request | None":
        """Takes the request that is due, for the bus to send now: a grant of its own where broadcasts do not reach it, a step of the audit,
        or its status. None: the guard refused the grant.
        """
        if self._unicast == ALONE_NOW or self.flags or (self.broadcaster is not None and not self.broadcaster.can_broadcast):
            priority = self.grant_due(now_ms)
            if priority != NOT_DUE:
                return self._take_grant(priority, now_ms)
        self._asked_ms = now_ms
        if self._step == NAMES:
            return Request(self.unit, _NAMES_PDU, OVERDUE, _TIMEOUT_MS, tag=NAMES)
        if self._step == SETTINGS:
            return Request(self.unit, _SETTINGS_PDU, OVERDUE, _TIMEOUT_MS, tag=SETTINGS)
        return self._status

    def _take_grant(self, priority: int, now_ms: int) -> "Request | None":
        """A grant and the status that proves it in one exchange (function 23 writes before it reads)."""
        grants = self.broadcaster
        if self._unicast == ALONE_NOW:
            self._unicast = ALONE_WANTED
        if priority != LOWER and not grants.permitted(now_ms):
            return None
        number = grants.numbers.next()
        value_da = self.order(number, now_ms)
        if value_da is None:
            grants.numbers.take_back()
            return None
        self._asked_ms = now_ms
        data = grants.unicast(number, value_da, self.flags)
        pdu = read_write_pdu(table.STATUS_AT, _STATUS_LENGTH, table.GRANT_AT, data)
        return Request(self.unit, pdu, priority, _TIMEOUT_MS, 2 + 2 * _STATUS_LENGTH, tag=STATUS)

    def reply(self, request: Request, pdu: bytes, now_ms: int) -> None:
        """Its answer: audit, facts and proofs. One that may belong to an older request proves only a grant that it shows."""
        if self._failures:
            self._failures = 0
            self._refuses = False
        self.guard.heard(self.index, now_ms)
        if request.pdu[0] == 23 and request.certain and self._sent:
            self.guard.answered(self.index, self._sent[-1][1], now_ms)  # it is not on its way any more
        if request.tag == STATUS:
            status = struct.unpack(_STATUS_FORMAT, pdu[2:])
            if request.certain:
                self._on_status(status, request, now_ms)
            elif self._step == DONE and self._known == (status[_BOOT], status[_MARK]):
                self._prove(status, request, now_ms)  # maybe old, but a grant that it shows was taken
        elif not request.certain:
            pass
        elif request.tag == NAMES and self._step == NAMES:
            firmware = _text(pdu[2:18])
            self.facts.firmware = self.broadcaster.interned(firmware) if self.broadcaster is not None else firmware
            serial = _text(pdu[18:50])
            if serial != self.facts.serial:
                self.facts.serial = serial  # a text that others have, too, is not made twice
            self._step = SETTINGS
        elif request.tag == SETTINGS and self._step == SETTINGS:
            self._on_settings(struct.unpack(_SETTINGS_FORMAT, pdu[2:]))
            self._step = CHECK

    def failed(self, request: Request, reason: str, now_ms: int) -> None:
        """No answer that counts (reasons: EvseDriver.failed); after _LOST_AFTER in a row it counts as silent."""
        if request.pdu[0] == 23 and reason[:9] == "exception" and self._sent:
            self.guard.refused(self.index, self._sent[-1][1], now_ms)
        self._refuses = reason[:9] == "exception"
        self._failures += 1
        self.idle_poll_ms = 0
        if self._failures == _LOST_AFTER:
            self._lose(now_ms)

    def disconnected(self, now_ms: int) -> None:
        """The connection that leads to it is gone."""
        if self.facts.online or self._failures < _LOST_AFTER:
            self._failures = _LOST_AFTER
            self._lose(now_ms)

    # what was read

    def _lose(self, now_ms: int) -> None:
        self.facts.online = False
        self.idle_poll_ms = 0
        self._proven_da = -1
        self._step = STATUS
        self._evidence = ()
        self._resend = True
        self.guard.lost(self.index, now_ms)

    def _idle_poll(self, amps: "list[int] | None", now_ms: int) -> int:
        """How long the next reading may wait: not at all while something moves, or did a moment ago."""
        if amps is None or not self.poll_ms or self.below:  # below a primary much moves that a sum does not show
            return 0
        before = self._still
        same = before[1] == self.facts.state and before[2] == self.order_da and len(before) == 3 + len(amps)
        for at, da in enumerate(amps):
            same = same and abs(da - before[3 + at]) <= _STILL_DA
        if not same:
            self._still = (now_ms, self.facts.state, self.order_da) + tuple(amps)
        if now_ms - self._still[0] < _STILL_MS:
            return 0
        return STEADY_POLL_MS if self.order_da or self._reserve_da or any(amps) else IDLE_POLL_MS

    def _on_settings(self, values: "tuple[int, ...]") -> None:
        fallback_da, max_da, power_on_da, longest_ds, after_ds = values
        watchdog_ms = min(self.watchdog_ms, longest_ds * 100) + after_ds * 100
        self._evidence = (self.facts.serial, watchdog_ms, fallback_da, power_on_da, max_da, True)

    def _on_status(self, s: "tuple[int, ...]", request: Request, now_ms: int) -> None:
        if s[0] != table.PROTOCOL:
            self.facts.fault = "protocol version " + str(s[0])
            return
        self._audit((s[_BOOT], s[_MARK]), now_ms)
        self._read_facts(s, now_ms)
        self.guard.reported(self.index, s[_LIMIT], now_ms)
        amps = self.facts.amps_da
        self.idle_poll_ms = self._idle_poll(amps, now_ms) if self._step == DONE else 0
        if amps and not self.below:
            amps = amps + [da for da in s[_AMPS + self.terminals : _AMPS + 3] if da != table.NOT_MEASURED]
        sample_ms = request.sent_ms - table.PASSED_MS - (s[_CAR_PHASES] >> 8) * 100 if self.below else request.sent_ms
        self.guard.measured(self.index, amps, sample_ms, now_ms)
        if self.below:
            self.guard.minimum_grant(self.index, (s[_PLUG] >> 8) * 10)
        if self._step == DONE:
            self._watch_source(s, now_ms)
            self._prove(s, request, now_ms)
            if self._unicast == ALONE_WANTED:
                self._unicast = ALONE_NOW

    def _audit(self, known: "tuple[int, int]", now_ms: int) -> None:
        """Same boot, same mark: the settings are what was read. Else they are read again."""
        if known == self._known and self._step in (CHECK, DONE):
            fresh = self._step == CHECK
            self._step = DONE
            if fresh or not self.survives:
                for i in range(len(self._evidence)):
                    self.guard.evidence(self.index, EVIDENCE[i], self._evidence[i], now_ms)
                if self.survives:
                    self._evidence = ()  # it is read again before the guard needs it again
            elif now_ms >= self._reaudit_ms and self.guard.audit_due(self.index):
                self._reaudit_ms = now_ms + _REAUDIT_MS
                self._step = NAMES  # it was declared away meanwhile: who it is must be read again
            self.facts.online = True
        else:
            self._known = known
            self._step = NAMES
            self.facts.online = False

    def _prove(self, s: "tuple[int, ...]", request: Request, now_ms: int) -> None:
        """The newest grant that the device took, if it is one of ours and still in force, proves that order."""
        grants = self.broadcaster
        if grants is None or self.order_da is None:
            return
        ours = s[_IDENTITY] == grants.numbers.identity
        shown = s[_EPOCH] << 16 | s[_SEQUENCE] if ours and s[_LEASE_LEFT] > 0 else -1
        if ours and shown < 0:
            grants.numbers.shown(s[_EPOCH], s[_SEQUENCE])
        for i in range(len(self._sent)):
            number, order_id, value_da = self._sent[i]
            if number == shown and s[_LIMIT] <= value_da:
                self.guard.proven(self.index, order_id, s[_LIMIT], now_ms)
                self._sent = self._sent[i + 1 :]
                self._proven_da = value_da
                self._unproven = self._unproven and number != self._number
                break
        if request.sent_ms >= self.sent_ms and shown != self._number:
            self._resend = grants.dirty = self._unproven = True  # asked after the newest order, and not in force

    def _watch_source(self, s: "tuple[int, ...]", now_ms: int) -> None:
        """A lease that runs by a grant that was never ours, in one that had ours in force: another primary grants, too (rule 9)."""
        if self._proven_da < 0 or self.broadcaster is None or not s[_IDENTITY] or not s[_LEASE_LEFT]:
            return
        numbers = self.broadcaster.numbers
        ours = s[_IDENTITY] == numbers.identity and not numbers.ahead(s[_EPOCH], s[_SEQUENCE])
        if not ours and self.broadcaster.on_foreign is not None:
            self.broadcaster.on_foreign(self.index, now_ms)

    def _read_facts(self, s: "tuple[int, ...]", now_ms: int) -> None:
        facts, n = self.facts, self.terminals
        amps, volts = s[_AMPS : _AMPS + n], s[_VOLTS : _VOLTS + n]
        facts.amps_da = None if table.NOT_MEASURED in amps else list(amps)
        facts.volts_dv = None if table.NOT_MEASURED in volts else list(volts)
        facts.limit_da = s[_LIMIT]
        facts.energy_wh = s[_ENERGY]
        facts.state = _state(s[_PILOT])
        facts.plugged = bool(s[_PLUG] & 1)
        facts.contactor_closed = bool(s[_PLUG] & 4)
        facts.charging = facts.contactor_closed and facts.state[0] in "CD"
        fault = _fault(s[_FAULT_BITS]) if s[_FAULT_BITS] or s[_STATE] == 4 else None
        if fault != facts.fault:
            facts.fault = fault
        facts.updated_ms = now_ms


def _state(pilot: int) -> str:
    """The letter and digit of the status' pilot word; one text for all units, for it is made with each reading."""
    letter, digit = (pilot & 0x7F) - 65, pilot >> 8
    if 0 <= letter < len(STATES) and digit < 3:
        return STATES[letter][digit]
    return chr(pilot & 0x7F) + (str(digit) if digit else "")


def _fault(bits: int) -> str:
    return ", ".join([FAULTS[i] for i in range(len(FAULTS)) if bits & (1 << i)]) or "faulted"


def _text(data: bytes) -> str:
    """Text of registers, without its padding; what is not ASCII becomes a question mark."""
    return "".join([chr(b) if 32 <= b < 127 else "?" for b in data.rstrip(b"\x00 ")])
