"""The driver of one secondary, call by call: when a grant is due, what a reading proves, and when a unit is lost."""

import struct

from helper_line import FakeGuard, evse_facts

from ampacity.bus.client.request import LOWER, ORDER, OVERDUE, ROUTINE, Request
from ampacity.bus.device_facts import ALL_TRAFFIC, NO_TRAFFIC, READS_ONLY
from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.broadcast_driver import NOT_DUE
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.leases.lease_driver import ALONE_WANTED, LeaseDriver

ROWS = [row[0] for row in table.STATUS]
IDENTITY, EPOCH = 0xA1B2C3D4, 5


class Table:
    """What a driver asks of its BroadcastDriver."""

    lease_ms = 10000
    can_broadcast = True
    dirty = False
    permit = True
    counted = 0

    on_foreign = None

    def __init__(self):
        self.numbers = GrantNumbers(IDENTITY, EPOCH)

    def permitted(self, now_ms):
        return self.permit

    def update_members(self):
        self.counted += 1

    def interned(self, text):
        return text

    def unicast(self, number, value_da, flags):
        return struct.pack(">HHHIHH", value_da, self.lease_ms // 100, number & 0xFFFF, IDENTITY, number >> 16, flags)


class Guard(FakeGuard):
    def minimum_grant(self, *a):
        self.calls.append(("least",) + a)


def driver(**more):
    """One whose audit is done, at 10 A in force by grant 7 since 0 ms."""
    made = fresh(**more)
    feed(made, 0)
    names(made)
    settings(made)
    feed(made, 10)
    assert made._step == 4
    granted(made, 100, 7, 20)
    feed(made, 30, limit_da=100, sequence=7)
    made.guard.calls = []
    return made


def fresh(**more):
    made = LeaseDriver(evse_facts(5, **more), 2, Guard(), 250)
    made.broadcaster = Table()
    return made


def granted(made, da, sequence, now_ms):
    made.want(da, now_ms)
    assert made.order(EPOCH << 16 | sequence, now_ms) == da


def status(**values):
    row = {"protocol": 1, "state": 1, "limit_da": 0, "lease_left_ds": 90, "boot_count": 3, "identity": IDENTITY, "epoch": EPOCH, "sequence": 0,
           "settings_mark": 77, "pilot": 0x0243, "plug": 5, "volts_l1_dv": 2300, "volts_l2_dv": 2310, "volts_l3_dv": 2290,
           "measured_l1_da": 10, "measured_l2_da": 20, "measured_l3_da": 30, "energy_wh": 1234}  # fmt: skip
    row.update(values)
    return b"\x03\x00" + struct.pack(table.format_of(table.STATUS), *[row.get(name, 0) for name in ROWS])


def feed(made, now_ms, certain=True, sent_ms=None, **values):
    """A status reading, asked when `take` says."""
    request = made._status
    request.certain, request.sent_ms = certain, now_ms if sent_ms is None else sent_ms
    made.reply(request, status(**values), now_ms)


def names(made, serial=b"SN1", certain=True):
    request = Request(5, b"\x03", tag=1)
    request.certain = certain
    made.reply(request, b"\x03\x30" + b"1.2.3" + bytes(11) + serial + bytes(32 - len(serial)), 5)


def settings(made, certain=True, fallback=60, most=160, power_on=20, longest=100, after=3):
    request = Request(5, b"\x03", tag=2)
    request.certain = certain
    made.reply(request, b"\x03\x0a" + struct.pack(table.format_of(table.SETTINGS), fallback, most, power_on, longest, after), 6)


def test_an_audit_reads_status_names_settings_and_the_status_again():
    made = fresh()
    assert made.facts.online is False and made.take(0).tag == 0
    feed(made, 10)
    assert made.take(20).tag == 1 and not made.facts.online
    names(made, certain=False)
    assert made.take(30).tag == 1, "an answer that may be old is none"
    names(made)
    assert made.take(40).tag == 2 and (made.facts.firmware, made.facts.serial) == ("1.2.3", "SN1")
    settings(made, certain=False)
    assert made.take(50).tag == 2
    settings(made)
    assert made.take(60).tag == 0 and not made.guard.of("evidence")
    feed(made, 70)
    assert made.facts.online and [(c[2], c[3]) for c in made.guard.of("evidence", 2)] == [
        ("fingerprint", "SN1"), ("watchdog_ms", 10300), ("fallback_da", 60), ("power_on_da", 20), ("max_da", 160), ("mode_ok", True)]  # fmt: skip
    feed(made, 80)
    assert len(made.guard.of("evidence")) == 6, "settings that survive a restart are told once"
    made = driver(survives=False)
    feed(made, 80, limit_da=100, sequence=7)
    assert len(made.guard.of("evidence")) == 6, "others with each reading"


def test_the_watchdog_of_a_secondary_is_its_lease_or_the_longest_that_it_takes():
    for longest, after, more, watchdog_ms in ((100, 0, {}, 10000), (50, 0, {}, 5000), (200, 7, {}, 10700), (600, 0, {"lease_ms": 20000}, 20000)):
        made = fresh(**more)
        feed(made, 0)
        names(made)
        settings(made, longest=longest, after=after)
        assert made._evidence[1] == watchdog_ms


def test_a_new_boot_count_or_settings_mark_starts_a_new_audit():
    for change in ({"boot_count": 4}, {"settings_mark": 78}):
        made = driver()
        feed(made, 100, limit_da=100, sequence=7, **change)
        assert not made.facts.online and made.take(110).tag == 1 and not made.guard.of("proven")


def test_a_unit_declared_absent_is_read_again_every_five_seconds():
    made = driver()
    made.guard.unaudited = (2,)
    feed(made, 10000)
    assert made.take(10010).tag == 1
    names(made)
    settings(made)
    feed(made, 10020)
    feed(made, 14999)
    assert made.take(14999).tag == 0
    feed(made, 15000)
    assert made.take(15000).tag == 1
    made = driver()
    made.reaudit(50)
    assert made.take(60).tag == 1
    made.reaudit(70)
    names(made)
    made.reaudit(80)
    assert made.take(90).tag == 2, "an audit that runs goes on"


def test_another_protocol_is_a_fault_and_nothing_is_read_from_it():
    made = driver()
    feed(made, 100, protocol=2, limit_da=50)
    assert made.facts.fault == "protocol version 2" and made.facts.limit_da == 100 and not made.guard.of("reported")


def test_a_reading_is_facts_for_people_and_the_guard():
    made = driver()
    feed(made, 100, sent_ms=90, limit_da=90, sequence=7, energy_wh=0x12345678, pilot=0x0142, plug=0b0101, faults=0b10000010, measured_l2_da=25)
    facts = made.facts
    assert (facts.limit_da, facts.energy_wh, facts.state, facts.plugged, facts.contactor_closed, facts.charging) == (90, 0x12345678, "B1", True,
        True, False)
    assert (facts.amps_da, facts.volts_dv, facts.power_w, facts.fault, facts.updated_ms) == (
        [10, 25, 30], [2300, 2310, 2290], (10 * 2300 + 25 * 2310 + 30 * 2290) // 100, "over-temperature, other", 100)  # fmt: skip
    assert made.guard.of("reported") == [("reported", 2, 90, 100)] and made.guard.of("measured") == [("measured", 2, [10, 25, 30], 90, 100)]
    feed(made, 200, plug=0, pilot=0x0044, measured_l3_da=0xFFFF, volts_l1_dv=0xFFFF, state=4)
    assert (facts.state, facts.plugged, facts.contactor_closed, facts.charging) == ("D", False, False, False)
    assert (facts.amps_da, facts.volts_dv, facts.power_w, facts.fault) == (None, None, None, "faulted")
    feed(made, 300, plug=4, pilot=0x0243)
    assert facts.charging and facts.fault is None and facts.state == "C2"
    feed(made, 400, pilot=0x0347)
    assert facts.state == "G3"
    made = driver(terminals=[[1]])
    feed(made, 100, measured_l2_da=0xFFFF)
    assert made.facts.amps_da == [10] and made.facts.volts_dv == [2300]
    assert made.guard.of("measured")[-1][2] == [10, 30], "the safety core sees what it shows on terminals that the site file does not name"


def test_a_primary_below_reports_its_sum_and_its_least_useful_current():
    made = driver(primary=True)
    feed(made, 2000, sent_ms=1900, plug=(8 << 8) | 1, car_phases=(14 << 8) | 7)
    assert made.guard.of("least") == [("least", 2, 80)] and made.idle_poll_ms == 0
    assert made.guard.of("measured")[0][3] == 1900 - 1400 - 300, "as old as its oldest part, and as a pass that hangs"


def test_a_grant_that_is_shown_in_force_proves_its_order_and_those_before():
    made = driver()
    for number, da in ((8, 90), (9, 80), (10, 70)):
        granted(made, da, number, 100)
    feed(made, 100, limit_da=80, sequence=9)
    assert [c[1:4] for c in made.guard.of("proven")] == [(2, 3, 80)], "the third order of this judge"
    feed(made, 110, limit_da=90, sequence=8)
    assert len(made.guard.of("proven")) == 1, "what was proven is gone"
    feed(made, 120, limit_da=71, sequence=10)
    assert len(made.guard.of("proven")) == 1, "more than was granted"
    feed(made, 130, limit_da=70, sequence=10)
    assert made.guard.of("proven")[-1][2:4] == (4, 70)


def test_a_foreign_grant_or_a_lapsed_one_proves_nothing():
    for change in ({"identity": 9}, {"lease_left_ds": 0}, {"epoch": 6}, {"sequence": 7}):
        made = driver()
        granted(made, 90, 8, 100)
        feed(made, 110, **dict({"limit_da": 90, "sequence": 8}, **change))
        assert not made.guard.of("proven"), change
        assert made._resend and made.broadcaster.dirty


def test_a_reading_before_the_order_was_sent_requires_no_repetition():
    for sent_ms, again in ((99, False), (100, True)):
        made = driver()
        granted(made, 90, 8, 100)
        made.broadcaster.dirty = False
        feed(made, 110, sent_ms=sent_ms, limit_da=100, sequence=7)
        assert made._resend == again == made.broadcaster.dirty


def test_an_answer_that_may_be_old_proves_what_it_shows_and_is_no_reading():
    made = driver()
    granted(made, 90, 8, 100)
    feed(made, 110, certain=False, limit_da=90, sequence=8)
    assert made.guard.of("proven") and not made.guard.of("reported") and not made.guard.of("measured")
    made = driver()
    granted(made, 90, 8, 100)
    feed(made, 110, certain=False, limit_da=90, sequence=8, boot_count=4)
    assert not made.guard.of("proven") and made.facts.online


def test_only_eight_orders_wait_for_their_proof():
    made = driver()
    for number in range(9):
        granted(made, 90 - number, 8 + number, 100)
    feed(made, 110, limit_da=90, sequence=8)
    assert not made.guard.of("proven")
    feed(made, 110, limit_da=89, sequence=9)
    assert made.guard.of("proven")


def test_a_lower_goes_first_a_raise_after_it_and_a_refresh_at_a_quarter_of_the_lease():
    made = driver()
    assert made.grant_due(1000) == NOT_DUE and made.grant_due_ms(1000) == 20 + 2500
    assert made.grant_due(2519) == NOT_DUE and made.grant_due(2520) == ORDER
    for want_da, priority in ((99, LOWER), (101, ORDER), (100, NOT_DUE)):
        made.want(want_da, 1000)
        assert made.grant_due(1000) == priority and made.broadcaster.dirty
    assert fresh().grant_due(0) == LOWER and fresh().grant_due(0) == LOWER
    made.broadcaster.dirty = False
    made.want(100, 1001)
    assert not made.broadcaster.dirty


def test_after_a_refusal_no_request_is_sent_for_50_ms():
    made = driver()
    made.guard.verdict = lambda evse, da: False
    made.want(110, 1000)
    assert made.order(EPOCH << 16 | 8, 1000) is None
    assert made.grant_due(1049) == NOT_DUE and made.grant_due_ms(1049) == 1099 and made.grant_due(1050) == ORDER


def test_a_raise_that_must_wait_keeps_what_the_unit_has_before_its_lease_runs_out():
    for after_ms, value_da in ((1249, None), (1250, 100)):
        made = driver()
        made.guard.verdict = lambda evse, da: da <= 100
        made.want(110, 20)
        assert made.order(EPOCH << 16 | 8, 20 + after_ms) == value_da
    assert made.grant_due(20 + after_ms + 49) == NOT_DUE and made.order_da == 100
    made.guard.verdict = lambda evse, da: False
    assert made.order(EPOCH << 16 | 9, 9000) is None


def test_an_order_not_in_force_is_sent_again_after_100_ms_and_a_lower_before_all_others():
    for first_da, priority in ((90, LOWER), (110, ORDER)):
        made = driver()
        granted(made, first_da, 8, 100)
        feed(made, 110, limit_da=100, sequence=7)
        assert made.grant_due(199) == NOT_DUE and made.grant_due_ms(199) == 200 and made.grant_due(200) == priority
    made.broadcaster.permit = False
    granted(made, 90, 9, 300)
    feed(made, 310, limit_da=110, sequence=8)
    assert made.grant_due(400) == ORDER, "a lower above its fallback waits for the permit"
    made.fallback_da = 90
    assert made.grant_due(400) == LOWER
    made = driver(primary=True)
    granted(made, 90, 8, 100)
    feed(made, 110, limit_da=100, sequence=7)
    assert made.grant_due(1099) == NOT_DUE and made.grant_due(1100) == LOWER


def test_an_order_to_open_the_contactor_is_sent_alone():
    made = driver(fallback_da=100)
    made.hold_open(True)
    assert made.flags == 2 and made.broadcaster.counted == 1 and made.grant_due(100) == LOWER
    assert made.urgency(100) == (LOWER, 100)
    request = made.take(100)
    assert request.pdu[0] == 23 and request.priority == LOWER and request.pdu[-2:] == b"\x00\x02" and request.tag == 0
    made.hold_open(False)
    assert made.flags == 0
    made = driver()
    made.hold_open(True)
    assert made.grant_due(100) == NOT_DUE, "above its fallback with the next grant"


def test_for_a_single_unit_a_grant_and_its_proof_are_one_exchange():
    made = driver()
    made.broadcaster.can_broadcast = False
    made.want(90, 100)
    assert made.urgency(100) == (LOWER, 100)
    used = made.broadcaster.numbers.used
    request = made.take(100)
    assert request.pdu[0] == 23 and request.unit == 5 and made.order_da == 90 and made.broadcaster.numbers.used == used + 1
    request.certain = True
    request.sent_ms = 100
    made.reply(request, b"\x17\x00" + status(limit_da=90, sequence=1)[2:], 110)
    assert made.guard.of("answered") == [("answered", 2, 2, 110)] and made.guard.of("proven")[0][2:4] == (2, 90)
    made.want(95, 200)
    made.broadcaster.permit = False
    assert made.take(200) is None and made.order_da == 90 and made.broadcaster.numbers.used == used + 1, "a raise waits for the permit"
    made.broadcaster.permit = True
    made.guard.verdict = lambda evse, da: False
    assert made.take(200) is None and made.broadcaster.numbers.used == used + 1, "its number was given to no grant"
    assert made.urgency(200)[0] != ORDER
    made.guard.verdict = None
    made.want(80, 300)
    request = made.take(300)
    made.failed(request, "timeout", 310)
    assert not made.guard.of("refused")
    made.failed(request, "exception:4", 310)
    assert made.guard.of("refused") == [("refused", 2, 3, 310)]
    made.failed(made._status, "exception:4", 310)
    assert len(made.guard.of("refused")) == 1, "a reading that is refused is no order"


def test_a_unit_that_answers_with_exceptions_is_asked_no_more_often_than_one_that_answers():
    made = fresh()
    for now_ms in (1000, 2000):
        request = made.take(now_ms)
        made.failed(request, "exception:4", now_ms + 3)
        assert made.urgency(now_ms + 4)[1] == now_ms + 250
    feed(made, 3000)
    made.take(3001)
    assert made.urgency(3002)[1] <= 3002, "an audit goes on at once"


def test_an_order_refused_in_a_broadcast_is_sent_alone_after_a_reading():
    made = driver()
    made.guard.verdict = lambda evse, da: False
    made.want(110, 100)
    made.order(EPOCH << 16 | 8, 100)
    made.guard.verdict = None
    assert made.take(160).tag == 0
    feed(made, 160, limit_da=100, sequence=7)
    assert made.urgency(160) == (ORDER, 160)
    request = made.take(160)
    assert request.pdu[0] == 23 and made.order_da == 110 and made.urgency(170)[0] == OVERDUE


def test_readings_are_overdue_while_something_waits_for_them():
    made = driver()
    assert made.urgency(40) == (ROUTINE, made._asked_ms + 250)
    made.take(40)
    assert made.urgency(50) == (ROUTINE, 290)
    granted(made, 90, 8, 100)
    assert made.urgency(110) == (OVERDUE, 100)
    made.take(120)
    assert made.urgency(130) == (OVERDUE, 121)
    made = fresh()
    made.take(40)
    assert made.urgency(50) == (OVERDUE, 41)


def test_a_fail_safe_test_stops_the_grants_or_all_requests():
    for level, urgent in ((ALL_TRAFFIC, True), (READS_ONLY, True), (NO_TRAFFIC, False)):
        made = driver()
        made.want(50, 100)
        made.set_traffic(level, 100)
        assert (made.urgency(100) is not None) == urgent and (made.grant_due(100) == NOT_DUE) == (level != ALL_TRAFFIC)
        assert len(made.guard.of("lost")) == (level != ALL_TRAFFIC) and (made.grant_due_ms(100) == 1100) == (level != ALL_TRAFFIC)
        made.set_traffic(level, 100)
        assert len(made.guard.of("lost")) == (level != ALL_TRAFFIC)
    made.broadcaster.dirty = False
    made.set_traffic(ALL_TRAFFIC, 200)
    assert made.broadcaster.dirty and made.grant_due(200) != NOT_DUE
    made.failed(made._status, "timeout", 200)
    assert len(made.guard.of("lost")) == 1, "it is lost already"


def test_three_failures_in_a_row_and_no_fewer_lose_a_unit_once():
    made = driver()
    made.idle_poll_ms = 2000
    for number in range(5):
        made.failed(made._status, "timeout", 100 + number)
        assert len(made.guard.of("lost")) == (number >= 2) and made.facts.online == (number < 2) and made.idle_poll_ms == 0
    assert made.guard.of("lost") == [("lost", 2, 102)]
    assert made.take(200).tag == 0 and not made.guard.of("refused")
    made = driver()
    for _ in range(5):
        made.failed(made._status, "timeout", 100)
        made.failed(made._status, "timeout", 100)
        feed(made, 110, limit_da=100, sequence=7)
    assert not made.guard.of("lost"), "an answer between them begins the row anew"
    assert len(made.guard.of("heard")) == 5


def test_after_a_loss_the_unit_is_audited_again_and_gets_its_order_again():
    made = driver()
    for _ in range(3):
        made.failed(made._status, "timeout", 100)
    assert made.grant_due(200) in (LOWER, ORDER)
    feed(made, 300, limit_da=100, sequence=7)
    assert made.take(310).tag == 1 and not made.guard.of("evidence")


def test_a_closed_connection_loses_the_unit_at_once_and_only_once():
    made = driver()
    for _ in range(2):
        made.disconnected(100)
        assert made.guard.of("lost") == [("lost", 2, 100)]
    made = driver()
    made.facts.online = False
    made.disconnected(100)
    assert len(made.guard.of("lost")) == 1
    made.facts.online = True
    made.disconnected(200)
    assert len(made.guard.of("lost")) == 2


def calm_after(ms, before=None, **values):
    """calm_ms of one that shows this for so long."""
    made = driver(**values.pop("facts", {}))
    row = dict({"limit_da": 100, "sequence": 7, "measured_l1_da": 0, "measured_l2_da": 0, "measured_l3_da": 0}, **values)
    feed(made, 1000, **dict(row, **(before or {})))
    feed(made, 1000 + ms, **row)
    return made.idle_poll_ms


def test_readings_grow_rare_when_nothing_moved_for_a_quarter_of_a_minute():
    assert calm_after(14999) == 0 and calm_after(15000) == 800
    assert calm_after(15000, {"measured_l1_da": 5}) == 800 and calm_after(15000, {"measured_l1_da": 6}) == 0
    assert calm_after(15000, {"pilot": 0x0142}) == 0 and calm_after(15000, {"measured_l1_da": 0xFFFF}) == 0
    assert calm_after(15000, measured_l1_da=0xFFFF) == 0
    for facts, idle_poll_ms in (({}, 2000), ({"power_on_da": 20}, 800), ({"fallback_da": 20}, 800)):
        made = driver(**facts)
        granted(made, 0, 8, 100)
        row = {"limit_da": 0, "sequence": 8, "measured_l1_da": 0, "measured_l2_da": 0, "measured_l3_da": 0}
        feed(made, 1000, **row)
        feed(made, 16000, **row)
        assert made.idle_poll_ms == idle_poll_ms, facts
        feed(made, 16100, **dict(row, measured_l2_da=1))
        assert made.idle_poll_ms == 800


def test_an_idle_unit_is_read_before_its_next_grant_and_on_request():
    made = driver()
    made._asked_ms, made.idle_poll_ms, made.sent_ms = 1000, 800, 0
    assert made.urgency(1000) == (ROUTINE, 1800)
    made.sent_ms = 1000 - 2500 + 400 + 700
    assert made.urgency(1000) == (ROUTINE, 1700)
    made.sent_ms = 1000 - 2500 + 400 + 200
    assert made.urgency(1000) == (ROUTINE, 1250), "no sooner than any other"
    made.fallback_da = 100
    assert made.urgency(1000) == (ROUTINE, 1800), "its lease may run out"
    for name, value in (("want_da", 90), ("_unicast", ALONE_WANTED), ("_resend", True)):
        made = driver(fallback_da=100)
        made._asked_ms, made.idle_poll_ms = 1000, 800
        setattr(made, name, value)
        assert made.urgency(1000) == (ROUTINE, 1250), name


def test_the_grant_numbers_learn_what_a_unit_shows_of_the_own_identity_under_a_lapsed_lease():
    for change, told in (({"lease_left_ds": 0}, True), ({}, False), ({"identity": 9, "lease_left_ds": 0}, False)):
        made = driver()
        feed(made, 100, limit_da=60, epoch=9, sequence=3, **change)
        assert made.broadcaster.numbers._lost == told, change
