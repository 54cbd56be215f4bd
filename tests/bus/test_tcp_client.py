"""Modbus TCP: replies are known by their transaction, and a connection that no longer answers is given up."""

from helper_driver import Asker
from helper_line import IDENTITY, START_US, FakeGuard, Station, evse_facts

from ampacity.base.rng import Rng
from ampacity.bus.client.tcp_client import TcpClient
from ampacity.bus.leases.broadcast_driver import BroadcastDriver
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.leases.lease_driver import LeaseDriver
from ampacity.bus.modbus.frames import read_pdu
from ampacity.bus.modbus.mbap import MbapReceiver, mbap_frame

REPLY = b"\x03\x04\x00\x01\x00\x02"


def made(*drivers):
    engine = TcpClient({"kind": "tcp"}, list(drivers))
    engine.connected(START_US)
    return engine


def sent(engine, now_us=START_US):
    """The (transaction, unit, PDU) that it sends now."""
    data, _ = engine.next(now_us)
    receiver = MbapReceiver()
    receiver.receive(data)
    return receiver.take()


def test_a_reply_with_the_right_transaction_is_accepted_in_any_chunks():
    for chunk in (1, 4, 100):
        asker = Asker(5)
        engine = made(asker)
        transaction, unit, pdu = sent(engine)
        assert (unit, pdu) == (5, read_pdu(3, 0, 2))
        data = mbap_frame(transaction, 5, REPLY)
        for i in range(0, len(data), chunk):
            engine.receive(data[i : i + chunk], START_US + 1000)
        assert asker.replies == [REPLY] and asker.certain == [True]


def test_one_request_is_outstanding_and_units_take_turns():
    engine = made(Asker(5), Asker(6))
    units = []
    now_us = START_US
    for _ in range(4):
        now_us += 2000
        transaction, unit, _ = sent(engine, now_us)
        assert engine.next(now_us)[0] is None
        units.append(unit)
        engine.receive(mbap_frame(transaction, unit, REPLY), now_us + 500)
    assert units == [5, 6, 5, 6]


def test_a_late_reply_is_never_accepted_as_the_answer_to_another_request():
    asker = Asker(5)
    engine = made(asker)
    first = sent(engine)[0]
    second = sent(engine, START_US + 60000)[0]
    assert asker.failures == ["timeout"] and second != first
    engine.receive(mbap_frame(first, 5, REPLY), START_US + 61000)
    assert asker.replies == [] and engine.counters["late"] == 1
    engine.receive(mbap_frame(second, 5, REPLY), START_US + 62000)
    assert asker.replies == [REPLY]
    engine.receive(mbap_frame(second, 5, REPLY), START_US + 62000)
    assert asker.replies == [REPLY]


def test_the_right_transaction_from_a_wrong_unit_or_in_another_shape_fails():
    for unit, pdu in ((6, REPLY), (5, b"\x04" + REPLY[1:]), (5, b"\x03\x02\x00\x01"), (5, b"\x03"), (5, b"\x03\x06" + REPLY[2:])):
        asker = Asker(5)
        engine = made(asker)
        engine.receive(mbap_frame(sent(engine)[0], unit, pdu), START_US + 1000)
        assert asker.replies == [] and asker.failures == ["unexpected"]


def test_an_exception_is_reported_with_its_code():
    asker = Asker(5)
    engine = made(asker)
    engine.receive(mbap_frame(sent(engine)[0], 5, b"\x83\x02"), START_US + 1000)
    assert asker.failures == ["exception:2"] and engine.counters["exceptions"] == 1


def test_a_gateway_exception_for_an_unreachable_device_counts_as_silence():
    for code in (10, 11):
        asker = Asker(5)
        engine = made(asker)
        engine.receive(mbap_frame(sent(engine)[0], 5, bytes((0x83, code))), START_US + 1000)
        assert asker.failures == ["gateway"] and engine.counters["exceptions"] == 0


def test_a_connection_that_no_longer_answers_is_reset():
    engine = made(Asker(5), Asker(6))
    now_us = START_US
    for _ in range(4):
        engine.next(now_us)
        now_us += 300000
    assert engine.wants_reset and engine.counters["frames"] == 3
    engine.disconnected(now_us)
    engine.connected(now_us)
    assert not engine.wants_reset and sent(engine, now_us) is not None


def test_a_unit_that_is_silent_by_itself_does_not_cost_the_others_their_connection():
    dead, other = Asker(5), Asker(6)
    engine = made(dead, other)
    now_us = START_US + 1000
    transaction, unit, _ = sent(engine, now_us)
    if unit == 5:
        now_us += 300000
        transaction, unit, _ = sent(engine, now_us)
    assert unit == 6
    engine.receive(mbap_frame(transaction, 6, REPLY), now_us)
    other.asked_ms = now_us // 1000 + 2500
    for _ in range(5):
        now_us += 300000
        engine.next(now_us)
    assert not engine.wants_reset and len(dead.failures) >= 4 and other.failures == []
    other.asked_ms = 0
    now_us += 300000
    while not engine.wants_reset:
        engine.next(now_us)
        now_us += 300000
    assert len(other.failures) == 1, "asked once, it did not answer either"


def test_a_unit_that_is_not_asked_keeps_a_connection_without_answers_for_three_seconds_only():
    idle = Asker(6)
    engine = made(Asker(5), idle)
    idle.asked_ms = START_US // 1000 + 60000
    now_us = START_US + 1000
    while not engine.wants_reset:
        engine.next(now_us)
        now_us += 100000
    assert 3000000 <= now_us - START_US < 3600000


def test_a_stream_other_than_modbus_is_reset():
    engine = made(Asker(5))
    engine.next(START_US)
    engine.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n", START_US)
    assert engine.wants_reset


def test_a_request_on_a_lost_connection_fails_and_is_reported_to_the_drivers_each_second():
    asker, told = Asker(5), []
    asker.disconnected = told.append
    engine = made(asker)
    engine.next(START_US)
    engine.disconnected(START_US)
    assert asker.failures == ["timeout"] and len(told) == 1
    for i in range(31):
        assert engine.next(START_US + i * 100000)[0] is None
    assert len(told) == 4
    engine.connected(START_US + 4000000)
    assert engine.next(START_US + 4000000)[0] is not None


class OwnLine:
    """One of our own secondaries behind a connection, ordered to 10 A."""

    def __init__(self):
        self.guard, self.station = FakeGuard(), Station(5)
        self.driver = LeaseDriver(evse_facts(5), 0, self.guard)
        self.numbers = GrantNumbers(IDENTITY, 1)
        self.engine = made(self.driver, BroadcastDriver([self.driver], self.numbers))
        self.engine.permit(2**40)
        self.now_us = START_US
        self.driver.want(100, self.now_us // 1000)

    def run(self, steps=400):
        for _ in range(steps):
            data, wake_us = self.engine.next(self.now_us)
            if data:
                receiver = MbapReceiver()
                receiver.receive(data)
                transaction, unit, pdu = receiver.take()
                assert unit == 5
                reply = self.station.engine.answer(pdu, self.now_us // 1000)
                self.engine.receive(mbap_frame(transaction, unit, reply), self.now_us + 1000)
                self.now_us += 2000
            else:
                self.now_us = max(wake_us, self.now_us + 1000)

    def limit_da(self):
        return self.station.lease.limit_da(self.now_us // 1000)


def test_secondaries_over_tcp_get_their_grants_without_broadcasts():
    line = OwnLine()
    line.run()
    assert line.limit_da() == 100 and line.driver.facts.online
    assert line.guard.of("proven")[-1][3] == 100
    line.engine.disconnected(line.now_us)
    assert not line.driver.facts.online and len(line.guard.of("lost")) == 1


def test_a_connection_restored_after_half_a_day_has_its_grants_accepted():
    for meanwhile in (1000, 40000, 200000):
        line = OwnLine()
        line.run()
        line.engine.disconnected(line.now_us)
        for _ in range(meanwhile):
            line.numbers.next()
            if line.numbers.epoch_to_keep() is not None:
                line.numbers.kept(line.numbers.epoch_to_keep())
        line.now_us += 13 * 3600 * 1000000
        assert line.limit_da() == 0
        line.engine.connected(line.now_us)
        line.run()
        assert line.limit_da() == 100 and line.station.lease.refused == 0, meanwhile


def test_random_bytes_never_raise_and_are_never_accepted():
    rng, asker = Rng(9), Asker(5)
    engine = made(asker)
    now_us = START_US
    for _ in range(2000):
        engine.next(now_us)
        data = bytearray(mbap_frame(rng.below(4), 5, REPLY))
        for _ in range(1 + rng.below(4)):
            data[rng.below(7)] = rng.below(256)
        good = data[:7] == mbap_frame(engine._transaction, 5, REPLY)[:7]
        if not good:
            engine.receive(bytes(data), now_us)
        if engine.wants_reset:
            engine.disconnected(now_us)
            engine.connected(now_us)
        now_us += 10000
    assert asker.replies == []
