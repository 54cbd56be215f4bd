"""Own name queries and the time of day: cores, and their doors with a server in the same loop."""

import asyncio
import os
import socket
import struct
import time

from ampacity.base.clock import Clock
from ampacity.base.log import Log
from ampacity.base.rng import Rng
from ampacity.base.wallclock import WallClock, parse_iso
from ampacity.net import dns, ntp
from ampacity.net.resolver import Resolver, system_servers
from ampacity.net.timekeeper import PERIOD_MS, ask_time, run_timekeeper
from ampacity.net.udp import Datagrams
from check import raises

HOST = "csms.example"


def reply(query, records, code=0, flags=0x8180, count=None):
    """A server's answer to a query; records: ready bytes each."""
    head = query[:2] + struct.pack(">HHHHH", flags | code, 1, len(records) if count is None else count, 0, 0)
    return head + query[12:] + b"".join(records)


def record(name, kind, data, ttl=60, klass=1):
    return name + struct.pack(">HHIH", kind, klass, ttl, len(data)) + data


SELF = b"\xc0\x0c"  # a pointer to the question's name


def test_a_query_follows_the_rfc():
    query = dns.build_query(0x1234, "Csms.Example.")
    assert query == b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\x04csms\x07example\x00\x00\x01\x00\x01"
    for host in ("", "a..b", "x" * 64, ".".join(["abcdefgh"] * 40), "h\u00e9", "a b"):
        with raises(ValueError):
            dns.build_query(1, host)


def test_addresses_are_read_with_the_least_ttl_within_bounds():
    query = dns.build_query(7, HOST)
    a1, a2 = record(SELF, 1, b"\xc0\x00\x02\x01", 500), record(SELF, 1, b"\xc0\x00\x02\x02", 100)
    assert dns.parse_reply(reply(query, [a1, a2]), 7, HOST) == (["192.0.2.1", "192.0.2.2"], 100)
    assert dns.parse_reply(reply(query, [record(SELF, 1, bytes(4), 0)]), 7, HOST)[1] == 30
    assert dns.parse_reply(reply(query, [record(SELF, 1, bytes(4), 10**9)]), 7, HOST)[1] == 3600
    assert dns.parse_reply(reply(query, []), 7, "CSMS.example")[0] == []


def test_aliases_are_followed_and_strangers_ignored():
    query = dns.build_query(7, HOST)
    real = dns.encode_name("real.example.org")
    answer = [
        record(dns.encode_name("other.example"), 1, bytes((9, 9, 9, 9))),
        record(SELF, 5, real),
        record(SELF, 28, bytes(16)),
        record(real, 1, bytes((10, 0, 0, 1))),
        record(SELF, 1, bytes((8, 8, 8, 8))),
    ]
    assert dns.parse_reply(reply(query, answer), 7, HOST)[0] == ["10.0.0.1"]


def test_each_failure_code_of_the_server_is_an_error_of_its_kind():
    query = dns.build_query(7, HOST)
    with raises(OSError) as e:
        dns.parse_reply(reply(query, [], code=3), 7, HOST)
    assert e.error.errno == 2
    with raises(OSError) as e:
        dns.parse_reply(reply(query, [], code=2), 7, HOST)
    assert e.error.errno == 5


def test_an_answer_to_anything_else_is_refused():
    query = dns.build_query(7, HOST)
    good = [record(SELF, 1, bytes(4))]
    for data in (
        b"",
        reply(dns.build_query(8, HOST), good),
        reply(dns.build_query(7, "other.example"), good),
        reply(query, good, flags=0x0100),
        reply(query, good, count=2),
        reply(query, good, count=65),
        reply(query, good)[:-1],
        reply(query, [record(b"\xc0\xff", 1, bytes(4))]),
        reply(query, [record(b"\x80x", 1, bytes(4))]),
        bytes(2000),
    ):
        with raises(ValueError):
            print("taken:", data, dns.parse_reply(data, 7, HOST))


def test_names_that_point_at_themselves_end():
    for data in (
        b"\xc0\x00",
        b"\xc0\x02\xc0\x00",
        b"\x01a\xc0\x00",
        b"\x01a\xc0\x02",
        b"\xc0",
        b"\x05ab",
        b"\x3f" * 64,
        (b"\x3f" + b"x" * 63) * 5 + b"\x00",
        b"",
    ):
        with raises(ValueError):
            dns.read_name(data, 0)
        with raises(ValueError):
            dns.read_name(data, max(0, len(data) - 2) if data else 5)
    assert dns.read_name(b"\x01A\x00\x01b\xc0\x00x", 3) == (b"\x01b\x01a\x00", 7)


def test_any_bytes_give_an_answer_or_a_clear_refusal():
    rng = Rng(9)
    query = dns.build_query(7, HOST)
    good = reply(query, [record(SELF, 5, SELF), record(SELF, 1, bytes(4))])
    answers = refusals = 0
    for _ in range(1500):
        data = bytearray(good)
        for _ in range(1 + rng.below(3)):
            data[rng.below(len(data))] = rng.below(256)
        try:
            hosts, ttl_s = dns.parse_reply(bytes(data[: rng.between(0, len(data))]), 7, HOST)
            answers += 1
            assert ttl_s >= 0 and all(host.count(".") == 3 for host in hosts), hosts
        except (ValueError, OSError):
            refusals += 1
    assert answers and refusals and answers + refusals == 1500


def test_name_servers_are_read_from_the_systems_file():
    text = "# x\nsearch a\nnameserver 10.0.0.1\n nameserver fe80::1\nnameserver\t10.0.0.2 # y\noptions z\n"
    assert dns.servers_of(text) == ["10.0.0.1", "10.0.0.2"]
    assert system_servers("/nowhere/resolv.conf") == []


class Handmade:
    """Time that tests turn, and a datagram door with answers in it."""

    def __init__(self, answers):
        self.ms = 2**30 - 60000
        self.answers = answers
        self.asked = []

    def now_ms(self):
        return self.ms

    async def sleep_ms(self, duration_ms):
        self.ms += duration_ms
        await asyncio.sleep(0)

    def open(self, host, port):
        self.asked.append(host)
        return self

    def send(self, data):
        self.sent = data

    async def receive(self, timeout_ms):
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            self.ms += timeout_ms
            return None
        self.ms += 10
        return answer(self.sent)

    def close(self):
        self.sent = None


def address(last, ttl=60):
    return lambda query: reply(query, [record(SELF, 1, bytes((10, 0, 0, last)), ttl)])


def resolver(door, log=None):
    return Resolver(door, log or Log(), ["1.1.1.1", "2.2.2.2"], door.open)


async def test_literals_and_localhost_need_no_query():
    door = Handmade([])
    assert await resolver(door).resolve("10.1.2.3") == "10.1.2.3"
    assert await resolver(door).resolve("localhost") == "127.0.0.1"
    assert door.asked == []


async def test_an_address_is_remembered_for_its_time():
    door = Handmade([address(1), address(2)])
    names = resolver(door)
    assert [await names.resolve(HOST), await names.resolve(HOST)] == ["10.0.0.1", "10.0.0.1"]
    door.ms += 61000
    assert await names.resolve(HOST) == "10.0.0.2" and len(door.asked) == 2


async def test_garbage_is_counted_and_the_next_server_is_queried():
    log = Log()
    door = Handmade([lambda q: b"garbage", None, address(3)])
    assert await resolver(door, log).resolve(HOST) == "10.0.0.3"
    assert door.asked == ["1.1.1.1", "2.2.2.2"] and log.counters["dns.garbage"] == 1


async def test_with_all_servers_dead_the_last_address_is_used_or_it_is_an_error():
    log = Log()
    door = Handmade([address(4)])
    names = resolver(door, log)
    assert await names.resolve(HOST) == "10.0.0.4"
    door.ms += 10**9
    assert await names.resolve(HOST) == "10.0.0.4" and log.counters["dns.failed"] == 1
    with raises(OSError):
        await names.resolve("other.example")
    with raises(OSError):
        await Resolver(door, log, [], door.open).resolve(HOST)


async def test_no_such_host_is_an_error_at_once_even_if_it_was_known():
    door = Handmade([address(4), lambda q: reply(q, [], code=3), lambda q: reply(q, [])])
    names = resolver(door)
    await names.resolve(HOST)
    door.ms += 10**6
    with raises(OSError):
        await names.resolve(HOST)
    with raises(OSError):
        await names.resolve(HOST)
    assert len(door.asked) == 3


T0 = parse_iso("2026-11-20T07:09:28Z")


def ntp_time(unix_ms):
    seconds = unix_ms // 1000 + ntp.UNIX_EPOCH_S
    return struct.pack(">II", seconds & 0xFFFFFFFF, (unix_ms % 1000 << 32) // 1000)


def ntp_reply(request, unix_ms, first=0x24, stratum=2, took_ms=0, reference=b"GPS\x00"):
    head = bytes((first, stratum, 6, 0xEC)) + bytes(8) + reference + ntp_time(unix_ms)
    return head + request[40:48] + ntp_time(unix_ms) + ntp_time(unix_ms + took_ms)


def test_time_is_that_of_the_server_plus_half_of_the_round_trip():
    request = ntp.build_request(b"cookie!!")
    assert len(request) == 48 and request[0] == 0x23
    got = ntp.parse_reply(ntp_reply(request, T0, took_ms=20), b"cookie!!", 100)
    assert -2 <= got - (T0 + 20 + 40) <= 2
    later = parse_iso("2036-02-07T06:28:17Z")
    assert -2 <= ntp.parse_reply(ntp_reply(request, later), b"cookie!!", 0) - later <= 2


def test_each_reply_without_time_is_refused():
    request = ntp.build_request(b"cookie!!")
    good = ntp_reply(request, T0)
    for data, round_trip_ms in (
        (b"", 10),
        (good[:47], 10),
        (ntp_reply(ntp.build_request(b"another!"), T0), 10),
        (ntp_reply(request, T0, first=0x23), 10),
        (ntp_reply(request, T0, first=0xE4), 10),
        (ntp_reply(request, T0, stratum=0, reference=b"RATE"), 10),
        (ntp_reply(request, T0, stratum=16), 10),
        (good[:40] + bytes(8), 10),
        (good, 3000),
        (ntp_reply(request, T0, took_ms=500), 10),
    ):
        with raises(ValueError):
            print("taken:", data, ntp.parse_reply(data, b"cookie!!", round_trip_ms))


async def test_the_time_server_is_queried_through_its_door():
    log = Log()
    door = Handmade([lambda q: b"garbage", lambda q: ntp_reply(q, T0)])
    unix_ms, now_ms = await ask_time("1.2.3.4", door, log, door.open)
    assert abs(unix_ms - T0 - 10) <= 2 and now_ms == door.ms and log.counters["ntp.refused"] == 1
    assert await ask_time("1.2.3.4", door, log, door.open) is None


async def test_the_timekeeper_sets_the_clock_and_reports_a_jump():
    log = Log()
    door = Handmade([None, lambda q: ntp_reply(q, T0), lambda q: ntp_reply(q, T0)])
    wall = WallClock(door)
    task = asyncio.create_task(run_timekeeper("1.2.3.4", resolver(door), wall, door, log, door.open))
    while len(log.since(0)) < 1 and len(door.asked) < 9:
        await asyncio.sleep(0)
    task.cancel()
    assert wall.source == "ntp" and log.counters["ntp.failed"] == 1
    assert "delta_ms=-36" in log.since(0)[-1][3]


async def test_an_impossible_time_is_refused_and_counted_and_the_server_is_queried_again_soon():
    for text in ("1999-12-31T00:00:00Z", "2099-01-01T00:00:00Z"):
        log, told = Log(), []
        wrong = parse_iso(text)
        door = Handmade([lambda q, wrong=wrong: ntp_reply(q, wrong)] * 2 + [lambda q: ntp_reply(q, T0)])
        wall = WallClock(door)
        task = asyncio.create_task(run_timekeeper("1.2.3.4", resolver(door), wall, door, log, door.open, on_time=told.append))
        while wall.source is None and len(door.asked) < 9:
            await asyncio.sleep(0)
        task.cancel()
        assert wall.source == "ntp" and log.counters["ntp.refused"] == 2 and len(told) == 1 and abs(told[0] - T0) < 60000
        assert "refused" in log.since(0)[0][3] and len(log.since(0)) == 1


class Network:
    """Names and a time server that are not there before `from_ms`."""

    def __init__(self, clock, from_ms, named):
        self.clock, self.from_ms, self.named, self.asked_ms = clock, from_ms, named, []

    async def resolve(self, host):
        if self.named and self.clock.ms < self.from_ms:
            self.clock.ms += 4000
            raise OSError(5, "no name server answered")
        return "1.2.3.4"

    def open(self, host, port):
        if not self.named and self.clock.ms < self.from_ms:
            raise OSError(101, "network is unreachable")
        self.asked_ms.append(self.clock.ms)
        return self.clock


async def asked_from(from_ms, named, answers):
    """When the time server was asked, ms after the network came, and the log's counters."""
    clock, log = Handmade(answers), Log()
    network = Network(clock, clock.ms + from_ms, named)
    wall = WallClock(clock)
    begun_ms = clock.ms
    task = asyncio.create_task(run_timekeeper("ntp.example", network, wall, clock, log, network.open))
    while wall.source is None and clock.ms - begun_ms < 3600000:
        await asyncio.sleep(0)
    task.cancel()
    assert wall.source == "ntp"
    return [ms - network.from_ms for ms in network.asked_ms]


async def test_the_time_is_requested_within_seconds_after_the_network_is_up():
    for from_ms in (0, 900, 14000, 600000):
        for named in (True, False):
            asked_ms = await asked_from(from_ms, named, [lambda q: ntp_reply(q, T0)])
            assert len(asked_ms) == 1 and asked_ms[0] <= 7000, (from_ms, named, asked_ms)


async def test_a_silent_time_server_is_queried_a_few_times_soon_and_then_rarely():
    asked_ms = await asked_from(0, False, [None] * 12 + [lambda q: ntp_reply(q, T0)])
    gaps_ms = [asked_ms[n + 1] - asked_ms[n] for n in range(12)]
    assert gaps_ms == [4000] * 7 + [17000] * 5, gaps_ms


async def test_what_is_no_host_name_costs_one_line_each_time_and_is_tried_ever_more_rarely():
    for host in ("../../x", "a b", "x..y", ".", "x" * 64):
        door, log = Handmade([]), Log()
        begun_ms = door.ms
        task = asyncio.create_task(run_timekeeper(host, resolver(door), WallClock(door), door, log, door.open))
        while door.ms - begun_ms < 1200000:
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        lines = [(ms - begun_ms, level, text) for _, ms, level, text in log.since(0)]
        assert [ms for ms, _, _ in lines] == [0, 15000, 45000, 105000, 225000, 465000, 705000, 945000, 1185000], lines
        assert all([level == "debug" and text[:14] == "ntp: [Errno 2]" and "not a host name" in text for _, level, text in lines]), lines[0]


async def test_a_host_that_does_not_exist_is_queried_ever_more_rarely_until_it_does():
    door, log = Handmade([lambda q: reply(q, [], code=3)] * 3 + [address(1), lambda q: ntp_reply(q, T0)]), Log()
    begun_ms, wall = door.ms, WallClock(door)
    task = asyncio.create_task(run_timekeeper(HOST, resolver(door), wall, door, log, door.open))
    while wall.source is None and door.ms - begun_ms < 1200000:
        await asyncio.sleep(0)
    task.cancel()
    assert wall.source == "ntp" and 105000 <= door.ms - begun_ms - PERIOD_MS < 110000, door.ms - begun_ms


class RealClock(Clock):
    def now_us(self):
        return int(time.time() * 1000000)


def bound():
    """A datagram socket on a free port, and the port."""
    while True:
        port = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
        door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            door.bind(socket.getaddrinfo("127.0.0.1", port, 0, socket.SOCK_DGRAM)[0][-1])
            door.setblocking(False)
            return door, port
        except OSError:
            door.close()


async def answer_on(door, answer, count):
    """A server for `count` datagrams."""
    try:
        while count:
            await asyncio.sleep(0.01)
            try:
                data, sender = door.recvfrom(1500)
            except OSError:
                continue
            door.sendto(answer(data), sender)
            count -= 1
    finally:
        door.close()


async def test_names_and_time_over_real_sockets():
    dns_door, dns_port = bound()
    ntp_door, ntp_port = bound()
    names = asyncio.create_task(answer_on(dns_door, address(7), 1))
    time_server = asyncio.create_task(answer_on(ntp_door, lambda q: ntp_reply(q, T0), 1))
    clock, log = RealClock(), Log()
    assert await Resolver(clock, log, ["127.0.0.1"], port=dns_port).resolve(HOST) == "10.0.0.7"
    unix_ms, _ = await ask_time("127.0.0.1", clock, log, port=ntp_port)
    assert abs(unix_ms - T0) < 500 and log.counters == {}
    await names
    await time_server


async def test_a_port_without_a_listener_counts_as_silence():
    door = Datagrams("127.0.0.1", 9)
    try:
        door.send(b"x")
        assert await door.receive(60) is None
    finally:
        door.close()


async def flood_on(door, count):
    """Answers each of two questions with that many datagrams of garbage at once."""
    for _ in range(2):
        asked = None
        while asked is None:
            try:
                asked = door.recvfrom(1500)
            except OSError:
                await asyncio.sleep(0.01)
        for _ in range(count):
            door.sendto(b"x" * 60, asked[1])
    door.close()


async def watch(log, seen):
    """How many false answers there were, and how many at most in one turn of the loop."""
    while True:
        count = log.counter("ntp.refused", 0) + log.counter("dns.garbage", 0)
        seen[1] = max(seen[1], count - seen[0])
        seen[0] = count
        await asyncio.sleep(0)


async def ask_name(clock, log, port):
    try:
        await Resolver(clock, log, ["127.0.0.1"], port=port).resolve(HOST, 300)
    except OSError:
        return None


async def test_a_flood_of_false_answers_blocks_no_other_task_and_fills_no_log():
    for ask in (lambda clock, log, port: ask_time("127.0.0.1", clock, log, port=port), ask_name):
        door, port = bound()
        clock, log, seen = RealClock(), Log(), [0, 0]
        tasks = [asyncio.create_task(flood_on(door, 150)), asyncio.create_task(watch(log, seen))]
        assert await ask(clock, log, port) is None
        for task in tasks:
            task.cancel()
        door.close()
        assert seen[0] > 50 and seen[1] == 1, seen
        assert len(log.since(0)) <= 1, log.since(0)
