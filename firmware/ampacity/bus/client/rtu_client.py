"""The primary's end of one RS-485 line: one request at a time, its reply matched as well as RTU allows.

RTU names neither the requester nor the request: a reply is known only by its unit, function and length, and by
coming when one was asked for. So a reply of any other shape is thrown away, what repeats our own bytes is our
echo, and while a request may still be answered late (bus fact transit_ms), the next reply of that shape of that
unit is handed over as uncertain: it shows that a device hears and proves nothing. If the older request asked for
something else, it is not handed over at all. A unit answers in the order of its requests, and a line keeps it (D8): after
an answer that no older request could have, none to an older one is expected any more.
"""

from ampacity.base.compat import const
from ampacity.bus.client.duplicate_address import DuplicateAddresses
from ampacity.bus.client.engine import Engine
from ampacity.bus.client.request import Request
from ampacity.bus.client.schedule import Slot
from ampacity.bus.modbus.frames import (
    FRAME_BYTES_MAX,
    WRITES,
    char_us,
    crc_ok,
    refusal,
    reply_len,
    reply_pdu_len,
    request_len,
    rtu_frame,
    silence_us,
)
from ampacity.bus.modbus.rtu_receiver import STALL_US, RtuReceiver

if False:  # for the type checker
    from typing import Any

_TURNAROUND_US = const(5000)  # after a broadcast, for devices that must act on it before they can listen again
_LATE_MAX = const(8)  # requests of a unit whose answers may still come
_WRITES_KEPT = const(3)  # of each unit: two devices may still be at the one before
_OWN_WRITE_US = const(2000000)  # so long a write that equals ours byte for byte counts as ours, not as foreign
_SECOND_REPLY_US = const(120000)  # an answer of a unit that may be two waits so long for a second one
_STRAY_BYTES_MAX = const(2)  # before a reply: a line driver that switches; more may be a damaged echo
_BABBLE_US = const(100000)  # after this time a line that is never silent is used nevertheless


class RtuClient(Engine):
    """Engine of one serial bus. bus_facts: baud, parity, stop, transit_ms (site facts). drivers: contract of a driver.

    `counters`: frames sent, replies, failures by kind, and cycle_ms. `on_foreign`: called with (unit, function,
    now_ms) for each valid frame that is neither ours nor an answer to us. `duplicate_addresses`: units with one address; `on_duplicate_address`:
    called with (unit, text, now_ms) when the report about a unit has changed. schedule: replaces the default Schedule. spelling: how a frame is
    written on the line where that is not RTU (ascii_client.py).
    """

    def __init__(self, bus_facts: "dict[str, Any]", drivers: "list[Any]", schedule: "Any" = None, spelling: "Any" = None) -> None:
        Engine.__init__(self, drivers, schedule)
        baud: int = bus_facts.get("baud", 19200)
        plain = bus_facts.get("parity", "E") == "N" and bus_facts.get("stop", 1) == 1
        self._char_us = char_us(baud, 10 if plain else 11)
        self._silence_us = silence_us(baud)
        self._transit_us: int = bus_facts.get("transit_ms", 0) * 1000
        self._receiver = RtuReceiver((), reply_len, self._silence_us, self._char_us)
        self._receiver.on_skipped = self._skipped
        self._spelling = spelling
        if spelling is not None:
            self._char_us = spelling.byte_us(self._char_us)
        self._sent_end_us = 0
        self._deadline_us = 0  # for the first byte; moves while bytes come, at most to
        self._limit_us = 0
        self._busy_us = 0  # the line is silent from here on
        self._blocked_us = -1  # since when a request waits for silence
        self._echo = b""
        self._echo_at = 0
        self._echoing = False
        self._echoes: bool | None = None  # the last answer of another form came with one echo before it, or with nothing; None: unknown
        self._heard = 0  # bytes since the request
        self._only_repeat = b""  # of functions 5 and 6: echo or reply, by its time the other one than by what is known of the line
        self._late_requests: dict[int, list[tuple[bytes, int]]] = {}  # unit: (PDU never answered, until when it may be), the newest first
        self._late_until_us = 0  # of the one whose answer the last one may have been
        self._now_us = 0
        self._last_reply = (0, b"")  # the unit that answered last, and its PDU
        self._garbled_until = (0, 0, 0)  # unit and function of an answer that could not be used, and until when more of it may come
        self._own_writes: dict[int, list[list[Any]]] = {}  # unit: what functions 5 and 6 wrote of late, and until when it is not foreign
        self._held_reply = b""  # an answer that waits whether another one follows
        self.duplicate_addresses = DuplicateAddresses()
        self.on_duplicate_address: Any = None
        self.on_foreign: Any = None

    def next(self, now_us: int) -> "tuple[bytes | None, int]":
        """What to send now, if anything, and when to call again unless bytes come before."""
        self._now_us = now_us
        if self._request is not None:
            self._match(now_us)
            if self._request is not None:
                self._give_up(now_us)
            if self._request is not None:
                wake_us = self._receiver.wake_at() or self._deadline_us
                return None, max(now_us + 1, min(wake_us, self._deadline_us))
        if now_us < self._busy_us:
            return None, self._busy_us
        self._receiver.flush()
        if self._spelling is None:
            return self._send_next(now_us)
        data, wake_us = self._send_next(now_us)
        return (self._spelling.write(data) if data else None), wake_us

    def receive(self, data: bytes, now_us: int, spelled: bool = True) -> None:
        """Bytes from the line; the last one came at now_us. spelled: they are written as the line has it, False: they are a frame."""
        if spelled and self._spelling is not None:
            self._read_spelled(data, now_us)
            return
        self._now_us = now_us
        self._heard += len(data)
        if self._blocked_us < 0:
            self._blocked_us = now_us
        if now_us - self._blocked_us < _BABBLE_US or self._request is not None:
            self._busy_us = max(self._busy_us, now_us + self._silence_us)
        if self._echo:
            data = self._strip_echo(data, now_us)
            if not data:
                return
        self._receiver.receive(data, now_us)
        if self._request is None:
            return
        if now_us + STALL_US > self._deadline_us:
            self._deadline_us = min(now_us + STALL_US, self._limit_us)
        self._match(now_us)

    def _read_spelled(self, data: bytes, now_us: int) -> None:
        """Whole lines are handed on as frames, an answer that is on its way is waited for."""
        for frame, stray in self._spelling.read(data):
            self._heard += stray
            if frame:
                self.receive(frame, now_us, False)
            else:
                self.counters["crc_errors"] += 1
        if self._spelling.inside and self._request is not None and now_us + STALL_US > self._deadline_us:
            self._deadline_us = min(now_us + STALL_US, self._limit_us)

    # sending

    def _send(self, slot: Slot, request: Request, now_us: int) -> "tuple[bytes, int]":
        if request.adu is None:
            request.adu = rtu_frame(request.unit, request.pdu)
        adu = request.adu
        end_us = now_us + len(adu) * self._char_us
        if request.pdu[0] in (5, 6):
            self._note_write(request.unit, request.pdu, end_us)
        self._sent_end_us = end_us
        self._echo, self._echo_at, self._heard = adu, 0, 0
        self._blocked_us = -1
        self.counters["frames"] += 1
        self._schedule.started(slot, now_us)
        if request.unit == 0 or request.one_way:
            return adu, self._one_way_sent(slot, request, end_us)
        self._request, self._slot = request, slot
        self._receiver.units = (request.unit,)
        self._busy_us = end_us + self._silence_us
        self._deadline_us = self._busy_us + request.timeout_ms * 1000
        self._limit_us = self._deadline_us + FRAME_BYTES_MAX * self._char_us
        return adu, self._deadline_us

    def _one_way_sent(self, slot: Slot, request: Request, end_us: int) -> int:
        self._receiver.units = ()
        self._busy_us = end_us + max(self._silence_us, request.gap_ms * 1000 or _TURNAROUND_US)
        if request.one_way:
            self._schedule.one_way_sent(slot, end_us, request.gap_ms * 1000)
        else:
            self._schedule.succeeded(slot, end_us, 0)
        return self._busy_us

    # matching

    def _strip_echo(self, data: bytes, now_us: int) -> bytes:
        """Take our own bytes off the front of what we hear; anything else ends the search."""
        echo, at = self._echo, self._echo_at
        size = min(len(data), len(echo) - at)
        if data[:size] != echo[at : at + size]:
            held = echo[:at]
            self._echo = b""
            self._echoing = False
            return held + data
        self._echo_at = at + size
        if self._echo_at < len(echo):
            return b""
        self._echo = b""
        if self._request is not None and self._request.pdu[0] in (5, 6):
            early = self._too_soon(now_us)
            if not early and not self._echoing:
                return echo + data[size:]
            if early != self._echoing:
                self._only_repeat = echo[1:-2]
                return data[size:]
        self._echoing = True
        self.counters["echoes"] += 1
        return data[size:]

    def _too_soon(self, now_us: int) -> bool:
        """The reply of functions 5 and 6 repeats the request; only the time, and earlier echoes of the line, distinguish the two."""
        return now_us < self._sent_end_us + self._silence_us + (len(self._request.adu) - 1) * self._char_us

    def _match(self, now_us: int) -> None:
        while self._request is not None:
            frame = self._receiver.take(now_us)
            if frame is None:
                return
            pdu = frame[1]
            reason = self._fits(self._request, pdu)
            if self._held_reply:
                self._second_reply(pdu, now_us)
            elif reason == "other":
                self.counters["unexpected"] += 1
            elif reason:
                self._last_reply = (self._request.unit, pdu)
                if pdu[0] & 0x80:
                    self._late_until_us = self._refusal_until_us(pdu[0] & 0x7F)
                if self._late_until_us:  # that may have been an older one, and its own may still come: as long as the older one could
                    self._note_late(self._request, now_us, self._late_until_us)
                self._fail("duplicate" if self.duplicate_addresses.certain(self._request.unit) else reason, now_us)
            else:
                self._answered(pdu, now_us)

    def _fits(self, request: Request, pdu: bytes) -> str:
        """"": the reply; "other": not of this request, continue to wait; else why the request failed."""
        asked = request.pdu
        if pdu[0] == asked[0] | 0x80 and len(pdu) == 2:
            return refusal(pdu)
        size = request.reply_len or reply_pdu_len(asked)
        if pdu[0] != asked[0] or (size and len(pdu) != size):
            return "other"
        if pdu[0] in (5, 6, 15, 16) and pdu[1:3] != asked[1:3]:
            return "other"
        if pdu[0] in (5, 6) and pdu[3:5] != asked[3:5]:
            return self._check_late_reply(request, False)
        return self._check_late_reply(request)

    def _check_late_reply(self, request: Request, repeats: bool = True) -> str:
        """Could the reply belong to an older request of the same shape? Then it is uncertain, or useless. repeats: a write of one value was
        answered with that value, as the protocol demands; another one proves nothing."""
        if request.certain != repeats:
            request.certain = repeats
        self._late_until_us = 0
        named = 0 if request.pdu[0] not in (5, 6, 15, 16) else 5 if repeats else 3  # so much of the request is in the answer of a write
        for pdu, until_us in self._late_requests.get(request.unit, ()):
            if self._now_us < until_us and pdu[0] == request.pdu[0] and reply_pdu_len(pdu) == reply_pdu_len(request.pdu):
                if pdu[:named] != request.pdu[:named]:
                    continue
                request.certain = False
                if pdu != request.pdu:
                    self._late_until_us = until_us
                    return "unexpected"
        return ""

    def _refusal_until_us(self, function: int) -> int:
        """Until when an older request of this function may be refused; 0: none."""
        late = [until_us for pdu, until_us in self._late_requests.get(self._request.unit, ()) if pdu[0] == function and self._now_us < until_us]
        return max(late) if late else 0

    def _answered(self, pdu: bytes, now_us: int) -> None:
        if self._only_repeat:  # that was the echo, this is the reply
            self._echoing = True
            self.counters["echoes"] += 1
        if self._request.unit in self.duplicate_addresses.suspects:
            self._held_reply = pdu
            self._deadline_us = now_us + _SECOND_REPLY_US
            self._limit_us = max(self._limit_us, self._deadline_us)
            return
        self._hand_over(pdu, now_us)

    def _hand_over(self, pdu: bytes, now_us: int) -> None:
        request, slot = self._request, self._slot
        self._request = None
        stray = self._heard - len(pdu) - 3 - (len(request.adu) if self._echoing else 0)
        if request.pdu[0] in (5, 6):
            request.not_echo = self._echoes is self._echoing and stray <= _STRAY_BYTES_MAX
        else:
            request.not_echo = True
            changed = self._echoes is (not self._echoing)  # one echo may be lost: two readings show that it has ended
            self._echoes = None if changed or stray > _STRAY_BYTES_MAX else self._echoing
        if request.certain and request.not_echo and request.unit in self._late_requests:
            del self._late_requests[request.unit]
        self._last_reply = (request.unit, pdu)
        self.counters["replies"] += 1
        self._outcome(request.unit, False)
        self._schedule.succeeded(slot, now_us, request.gap_ms * 1000, request.follows)
        if request.wakes:
            self._schedule.woken(slot, now_us)
        self._end()
        slot.driver.reply(request, pdu, now_us // 1000)

    def _fail(self, reason: str, now_us: int) -> None:
        request, slot = self._request, self._slot
        self._request = None
        if reason[:9] == "exception":
            self.counters["exceptions"] += 1
            self._schedule.succeeded(slot, now_us, request.gap_ms * 1000)
        else:
            self.counters[{"timeout": "timeouts", "crc": "crc_errors"}.get(reason, "unexpected")] += 1
            if reason in ("crc", "duplicate", "alone"):
                self._garbled_until = (request.unit, request.pdu[0], now_us + request.timeout_ms * 1000)
            if reason == "crc":
                self._outcome(request.unit, True)
            if request.wakes:
                self._schedule.woken(slot, now_us)
            else:
                self._schedule.failed(slot, now_us, request.gap_ms * 1000, reason == "alone")
        self._end()
        slot.driver.failed(request, reason, now_us // 1000)

    def _give_up(self, now_us: int) -> None:
        """A whole reply came in pieces that no checksum fits, or the time is over and an answer may still come."""
        request = self._request
        size = (request.reply_len or reply_pdu_len(request.pdu)) + 3
        if self._held_reply:
            if not self._receiver.empty():
                self._fail("duplicate", now_us)
            elif now_us >= self._deadline_us:
                self._hand_over_held(now_us)
            return
        echo = 0 if self._echoing else len(request.adu)  # of what came so much may be a damaged echo, and the answer follows
        if self._receiver.spoilt(size + (echo if self._echoes is not False else 0), now_us):
            self._note_late(request, now_us)
            self._fail("crc", now_us)
        elif now_us >= self._deadline_us and not self._is_answer(request, now_us):
            self._note_late(request, now_us)
            self._fail("timeout" if self._receiver.empty() else "crc", now_us)

    def _note_late(self, request: Request, now_us: int, until_us: int = 0) -> None:
        """Its answer may still come. That of a request that only wakes is that of nothing else, except the same order repeated."""
        if not request.wakes:
            known = [late for late in self._late_requests.get(request.unit, ()) if now_us < late[1]]
            own_us = now_us + self._transit_us + request.timeout_ms * 1000
            if not until_us or request.pdu[0] in (15, 16):  # a write that was not answered is none that was, however long it takes
                until_us = own_us
            until_us = max([until_us] + [late[1] for late in known if late[0] == request.pdu])
            self._late_requests[request.unit] = [(request.pdu, until_us)] + [late for late in known if late[0] != request.pdu][: _LATE_MAX - 1]

    def _is_answer(self, request: Request, now_us: int) -> bool:
        """Nothing followed what repeated the request, so whether the line echoes is unknown from now on. One that came too soon is handed
        over, proving nothing: an adapter or a pty may be faster than its baud. One that came later than an echo does is not, this time."""
        if not self._only_repeat:
            return False
        echoed, self._echoing, self._echoes = self._echoing, False, None
        if echoed or not self._receiver.empty() or self._check_late_reply(request):
            return False
        self._hand_over(self._only_repeat, now_us)
        return True

    def _end(self) -> None:
        self._receiver.units = ()
        self._echo = self._only_repeat = self._held_reply = b""
        self._blocked_us = -1
        self.counters["cycle_ms"] = self._schedule.cycle_ms

    # what was not for us

    def _skipped(self, data: bytes) -> None:
        """Valid frames among what was thrown away: a late answer, or traffic of other devices."""
        at, end = 0, len(data)
        while end - at >= 4:
            size = self._frame_at(data, at, end)
            if not size:
                self.counters["garbage"] += 1
                return
            self._heard_other(data[at], bytes(data[at + 1 : at + size - 2]))
            at += size

    def _frame_at(self, data: bytes, at: int, end: int) -> int:
        for size in (request_len(data, at, end), reply_len(data, at, end), end - at):
            if 4 <= size <= end - at and crc_ok(data[at : at + size]):
                return size
        return 0

    def _heard_other(self, unit: int, pdu: bytes) -> None:
        if self._is_own_write(unit, pdu):
            self._note_write(unit, pdu, self._now_us)  # two devices take each other's answers for requests, again and again
            self._report_duplicate(unit, self.duplicate_addresses.second_same(unit))
            return
        rest = (unit, pdu[0] & 0x7F) == self._garbled_until[:2] and self._now_us < self._garbled_until[2]
        for late, until_us in self._late_requests.get(unit, ()):
            rest = rest or (late[0] == pdu[0] & 0x7F and self._now_us < until_us)
        if rest:
            self.counters["late"] += 1
            return
        if unit == self._last_reply[0] and self._is_second_reply(unit, pdu):
            return
        self.counters["foreign"] += 1
        if self.on_foreign is not None:
            self.on_foreign(unit, pdu[0], self._now_us // 1000)

    # two devices with one address

    def _note_write(self, unit: int, pdu: bytes, now_us: int) -> None:
        """The last writes to a unit, each once, the newest first."""
        kept = [one for one in self._own_writes.get(unit, []) if one[0] != pdu]
        self._own_writes[unit] = ([[pdu, now_us + _OWN_WRITE_US]] + kept)[:_WRITES_KEPT]

    def _is_own_write(self, unit: int, pdu: bytes) -> bool:
        for own, until_us in self._own_writes.get(unit, ()):
            if own == pdu and self._now_us < until_us:
                return True
        return False

    def _is_second_reply(self, unit: int, pdu: bytes) -> bool:
        """Is this a second answer to what the unit has just answered? Then it is noted."""
        last = self._last_reply[1]
        if pdu == last:
            self._report_duplicate(unit, self.duplicate_addresses.second_same(unit))
        elif last and pdu[0] & 0x7F == last[0] & 0x7F and pdu[0] not in WRITES:
            self._note_double(unit)
        else:
            return False
        return True

    def _second_reply(self, pdu: bytes, now_us: int) -> None:
        """While an answer was held another one came: neither is taken. A line may carry the same one twice."""
        unit = self._request.unit
        if pdu != self._held_reply:
            self._note_double(unit)
        else:
            self._report_duplicate(unit, self.duplicate_addresses.second_same(unit))
            if not self.duplicate_addresses.certain(unit):
                return
        self._fail("duplicate", now_us)

    def _hand_over_held(self, now_us: int) -> None:
        """No second answer came. While it is certain that two are there, a single one may be the wrong one's."""
        unit = self._request.unit
        if not self.duplicate_addresses.certain(unit):
            self._hand_over(self._held_reply, now_us)
            return
        self._outcome(unit, False)
        self._fail("alone", now_us)

    def _note_double(self, unit: int) -> None:
        self.counters["doubles"] += 1
        self._report_duplicate(unit, self.duplicate_addresses.second_differs(unit))

    def _outcome(self, unit: int, garbled: bool) -> None:
        self._report_duplicate(unit, self.duplicate_addresses.outcome(unit, garbled))

    def _report_duplicate(self, unit: int, changed: bool) -> None:
        if changed and self.on_duplicate_address is not None:
            self.on_duplicate_address(unit, self.duplicate_addresses.text(unit), self._now_us // 1000)


def is_write(function: int) -> bool:
    """Does a request of this function change something in the device?"""
    return function in WRITES
