"""The link: whatever the server does, it is counted, logged, and the connection comes back."""

import asyncio
import time

from link_bench import Bench, Station, echo, say, served_again, upgrade
from peer import frame, unmask

from check import raises


async def test_messages_go_both_ways_and_stop_closes_properly():
    async with Bench(echo) as bench:
        bench.station.queue.append("first")
        await bench.until(lambda: "first" in bench.station.seen, "echoed")
        assert bench.link.online
        bench.station.queue.append("second \u00e9")
        bench.link.wake()
        await bench.until(lambda: "second \u00e9" in bench.station.seen, "echoed again")
    assert bench.station.seen == ["connected", "first", "second \u00e9", "disconnected"]
    assert bench.platform.asked == [("127.0.0.1", bench.port)] and not bench.link.online
    assert bench.log.counters == {"link.connects": 1, "link.drops": 1}


async def bad_then_echo(bench, reader, writer):
    """The first connection gets the garbage; the next ones an echo."""
    if bench.accepted == 1:
        if bench.upgrade_first:
            await upgrade(reader, writer)
        await say(writer, bench.bad)
        bench.answer = await reader.read(4096)
        bench.answer = await reader.read(4096) if bench.upgrade_first is False else bench.answer
    else:
        await echo(bench, reader, writer)


async def test_each_kind_of_bad_server_is_counted_and_the_link_recovers():
    for counter, bad, first in (
        ("link.garbage", b"\xff\xff\xff\xff", True),
        ("link.oversized", frame(2, b"x" * 66000)[:100], True),
        ("link.utf8", frame(1, b"\xff\xfe"), True),
        ("link.refused", b"HTTP/1.1 401 Unauthorized\r\n\r\n", False),
        ("link.refused", b"HTTP/1.1 404 Not Found\r\n\r\n", False),
        ("link.refused", b"\x00garbage\x00", False),
    ):
        bench = Bench(bad_then_echo)
        bench.bad, bench.upgrade_first = bad, first
        async with bench:
            await served_again(bench)
        assert bench.log.counters[counter] == 1, (counter, bench.log.counters)
        if first:
            code = {"link.garbage": 1002, "link.oversized": 1009, "link.utf8": 1007}[counter]
            opcode, payload = unmask(bench.answer)[-1]
            assert opcode == 8 and payload[:2] == bytes((code >> 8, code & 255)), (counter, payload)


async def close_then_echo(bench, reader, writer):
    if bench.accepted == 1:
        await upgrade(reader, writer)
        await say(writer, frame(8, b"\x03\xe9restart"))
        await reader.read(100)
    else:
        await echo(bench, reader, writer)


async def test_a_server_that_closes_is_connected_again():
    async with Bench(close_then_echo) as bench:
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "back")
    assert "link closed: code=1001 restart" in [line[3] for line in bench.log.since(0)]
    assert bench.station.seen.count("connected") == 2 == bench.station.seen.count("disconnected")


async def silent_then_echo(bench, reader, writer):
    if bench.accepted == 1:
        await upgrade(reader, writer)
        while await reader.read(4096):
            pass
    else:
        await echo(bench, reader, writer)


async def test_a_server_that_answers_no_ping_is_disconnected():
    bench = Bench(silent_then_echo)
    bench.config.ping_interval_s, bench.config.pong_timeout_ms = 1, 2000
    async with bench:
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "back")
        await asyncio.sleep(0.3)  # six pings, all answered
        assert bench.accepted == 2
    assert bench.log.counters["link.silent"] == 1 and "no pong" in str(bench.log.since(0))


async def mute_then_echo(bench, reader, writer):
    if bench.accepted == 1:
        while await reader.read(4096):
            pass
    else:
        await echo(bench, reader, writer)


async def test_a_server_that_never_answers_the_upgrade_is_disconnected():
    bench = Bench(mute_then_echo)
    bench.config.handshake_timeout_ms = 3000
    async with bench:
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "back")
    assert bench.log.counters["link.silent"] == 1


async def drips_then_echo(bench, reader, writer):
    """A message that comes byte by byte, as a frame or as fragments, and never ends."""
    if bench.accepted > 2:
        return await echo(bench, reader, writer)
    await upgrade(reader, writer)
    await say(writer, frame(1, b"x" * 60000)[:10] if bench.accepted == 1 else frame(1, b"[", fin=False))
    while bench.accepted <= 2:
        await say(writer, b" " if bench.accepted == 1 else frame(0, b" ", fin=False))
        await asyncio.sleep(0.05)
    return None


async def test_a_server_whose_message_never_ends_is_disconnected():
    async with Bench(drips_then_echo) as bench:
        await bench.until(lambda: bench.accepted >= 3, "left twice")
        await served_again(bench)
        assert bench.log.counters["link.silent"] == 2 and any(["not complete for 6" in line[3] for line in bench.log.since(0)])


async def deaf_then_echo(bench, reader, writer):
    if bench.accepted == 1:
        await upgrade(reader, writer)
        await asyncio.sleep(3)
    else:
        await echo(bench, reader, writer)


async def test_a_server_that_does_not_read_is_disconnected():
    bench = Bench(deaf_then_echo)
    bench.config.send_timeout_ms, bench.config.ping_interval_s = 3000, 0
    bench.station.queue = ["x" * 60000] * 200
    async with bench:
        await bench.until(lambda: bench.log.counters.get("link.silent"), "given up")
        bench.station.queue = []
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "back")
        assert not bench.platform.still_open(bench.platform.writers[0]), "each such connection would keep a socket"
    assert "has not read" in str([line for line in bench.log.since(0) if "lost" in line[3]])


async def test_while_the_network_is_down_attempts_continue_and_are_counted():
    bench = Bench(echo)
    bench.platform.down = True
    async with bench:
        await bench.until(lambda: bench.log.counters.get("link.failed", 0) >= 2, "tried twice")
        bench.platform.down = False
        await bench.until(lambda: bench.link.online, "up")
    assert "no route" in str(bench.log.since(0))


async def test_an_invalid_url_is_reported_and_a_new_one_is_used_at_once():
    bench = Bench(echo)
    bench.config.retry_wait_min_s = 1000
    await bench.listen()
    good, bench.config.url = bench.config.url, "http://localhost"
    bench.task = asyncio.create_task(bench.link.run())
    try:
        await bench.until(lambda: bench.log.counters.get("link.failed"), "refused")
        bench.config.url = good
        bench.link.reconnect()
        await bench.until(lambda: bench.link.online, "up")
        bench.link.reconnect()
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "up again")
    finally:
        await bench.__aexit__()
    assert "ws://" in bench.log.since(0)[0][3]


async def test_an_error_of_the_station_itself_is_not_hidden():
    bench = Bench(echo)

    def broken(text, now_ms):
        raise KeyError("a bug")

    bench.station.receive = broken
    bench.station.queue.append("x")
    await bench.listen()
    with raises(KeyError):
        await bench.link.run()
    bench.server.close()
    await asyncio.sleep(0.01)


async def test_a_connection_that_is_left_for_what_the_server_does_is_counted_and_the_next_waits_for_the_back_off():
    async with Bench(echo) as bench:
        bench.link.leave("silent", "nothing happens without a connection")
        await bench.until(lambda: bench.link.online, "up")
        bench.config.retry_wait_min_s = 30
        bench.link.leave("silent", "link lost: the CSMS answers no requests")
        await bench.until(lambda: not bench.link.online, "left")
        assert bench.link.trouble == "link lost: the CSMS answers no requests"
        left_ms = bench.clock.now_ms()
        await bench.until(lambda: bench.link.online, "up again")
        assert bench.clock.now_ms() - left_ms > 20000
        assert bench.log.counters["link.silent"] == 1


async def refused_then_closed(bench, reader, writer):
    """The first is refused, the second answers one message and closes, the third is an echo."""
    if bench.accepted == 1:
        await reader.read(4096)
        await say(writer, b"HTTP/1.1 403 Forbidden\r\n\r\n")
        return
    if bench.accepted == 2:
        await upgrade(reader, writer)
        await say(writer, frame(1, b"hello") + frame(8, b"\x03\xe8"))
        await reader.read(4096)
        return
    await echo(bench, reader, writer)


async def test_only_the_newest_trouble_is_reported_and_none_while_connected():
    async with Bench(refused_then_closed) as bench:
        assert bench.link.trouble is None
        seen = []
        failed = bench.link.failed
        bench.link.failed = lambda counter, text: (failed(counter, text), seen.append(bench.link.trouble))
        bench.config.retry_wait_min_s = 1
        await bench.until(lambda: "hello" in bench.station.seen and not bench.link.online, "closed")
        assert "HTTP 403" in seen[0]
        await bench.until(lambda: bench.link.trouble == "the connection to %s has ended" % bench.config.url, "told")
        bench.link.reconnect()
        await bench.until(lambda: bench.link.online, "up")
        assert bench.link.trouble is None


async def asks_twice(bench, reader, writer):
    """A question in good order and a message that is too large, in one piece; keeps what comes back."""
    if bench.accepted > 1:
        await echo(bench, reader, writer)
        return
    await upgrade(reader, writer)
    await say(writer, frame(1, b"question") + frame(2, b"x" * 66000)[:100])
    data = b""
    while True:
        more = await reader.read(4096)
        if not more:
            break
        data += more
    bench.heard = unmask(data)


async def test_a_request_before_a_message_that_ends_the_connection_is_still_answered():
    async with Bench(asks_twice) as bench:
        bench.heard = None
        receive = bench.station.receive

        def answering(text, now_ms):
            receive(text, now_ms)
            bench.station.queue.append("answer to " + text)

        bench.station.receive = answering
        await bench.until(lambda: bench.heard is not None, "ended")
        assert [payload for opcode, payload in bench.heard if opcode == 1] == [b"answer to question"]
        assert [payload[:2] for opcode, payload in bench.heard if opcode == 8] == [b"\x03\xf1"] and bench.heard[-1][0] == 8
        await bench.until(lambda: bench.log.counters.get("link.connects") == 2, "back")
    assert bench.log.counters["link.oversized"] == 1


async def asks_too_much(bench, reader, writer):
    """A request of 1 MiB in many frames, one of 70 KB in one, and an ordinary one."""
    await upgrade(reader, writer)
    big = b'[2,"big","X",{"data":"' + b"x" * (1 << 20) + b'"}]'
    for at in range(0, len(big), 50000):
        await say(writer, frame(1 if at == 0 else 0, big[at : at + 50000], at + 50000 >= len(big)))
    await say(writer, frame(1, big[:70000]) + frame(1, b"question"))
    await reader.read(100)


async def test_a_message_that_is_too_long_is_reported_and_the_connection_lives():
    async with Bench(asks_too_much) as bench:
        await bench.until(lambda: "question" in bench.station.seen, "asked")
        sizes = [event[1] for event in bench.station.seen if event[0] == "oversized"]
        assert sizes == [(1 << 20) + 25, 70000] and bench.link.online and bench.accepted == 1
        assert all(event[2].startswith(b'[2,"big",') for event in bench.station.seen if event[0] == "oversized")
    assert bench.log.counters["link.oversized"] == 2


async def fails_and_answers_in_turn(bench, reader, writer):
    """Every other connection gets one message and is over."""
    if bench.accepted % 2:
        return
    await upgrade(reader, writer)
    await say(writer, frame(1, b"x") + frame(8))
    await reader.read(10)


async def test_a_server_that_answers_once_between_failures_is_connected_ever_more_rarely():
    async with Bench(fails_and_answers_in_turn) as bench:
        config = bench.link.config
        config.retry_wait_min_s, config.retry_random_range_s, config.retry_repeat_times = 1, 0, 3
        begun_ms = bench.clock.now_ms()
        await bench.until(lambda: bench.accepted >= 7, "called")
        took_ms = bench.clock.now_ms() - begun_ms
        assert took_ms >= 14000, took_ms  # 1 + 1 + 2 + 2 + 4 + 4 s; where each answer makes the wait short it is 8 s


async def test_no_trouble_of_a_link_shows_the_query_or_the_password_of_its_address():
    async with Bench(refused_then_closed) as bench:
        told = []
        bench.link.on_failure = lambda counter, text: told.append(text)
        bench.config.url += "/ocpp?token=TOPSECRET"
        bench.config.retry_wait_min_s = 1
        bench.platform.down = True
        bench.link.reconnect()
        await bench.until(lambda: "no route to host" in (bench.link.trouble or ""), "refused by the network")
        told.append(bench.link.trouble)
        bench.platform.down = False
        await bench.until(lambda: (bench.link.trouble or "").endswith("/ocpp has ended"), "ended")
        told.append(bench.link.trouble)
        shown = "\n".join(told + [line[3] for line in bench.log.since(0)])
        assert "TOPSECRET" not in shown and "no connection to ws://localhost:%d/ocpp: " % bench.port in shown


class Waiting(Station):
    """Lets others have their turn for so many ms after each message, although it has an answer."""

    waits = False
    rest_ms = 0
    until_ms = 0
    late_s = 0  # for so long nothing else runs when the wait has ended

    def receive(self, text, now_ms):
        super().receive(text, now_ms)
        self.queue.append("answer to " + text)
        self.until_ms = now_ms + self.rest_ms

    def next(self, now_ms):
        self.waits = now_ms < self.until_ms
        if self.waits:
            return None, self.until_ms
        if self.queue:
            self.seen.append("answered")
        elif self.late_s and self.seen[-1] == "answered":  # the answer has left
            self.seen.append("late")
            time.sleep(self.late_s)
        return super().next(now_ms)


async def asks_two(bench, reader, writer):
    if bench.accepted > 1:
        await echo(bench, reader, writer)
        return
    await upgrade(reader, writer)
    await say(writer, frame(1, b"one") + frame(1, b"two"))
    while True:
        data = await reader.read(4096)
        if not data:
            return
        for opcode, payload in unmask(data):
            if opcode in (8, 9):
                await say(writer, frame(opcode if opcode == 8 else 10, payload))


async def test_the_next_message_is_read_when_the_answer_to_the_last_one_has_left_also_where_the_station_waits():
    station = Waiting()
    station.rest_ms = 1000
    async with Bench(asks_two, station) as bench:
        await bench.until(lambda: station.seen.count("answered") == 2, "answered")
        assert [text for text in station.seen if text != "connected"] == ["one", "answered", "two", "answered"]


async def test_a_pong_that_lies_unread_while_the_station_waits_is_no_silence():
    station = Waiting()
    station.rest_ms = 6000
    bench = Bench(asks_two, station)
    bench.config.ping_interval_s, bench.config.pong_timeout_ms = 1, 2000
    async with bench:
        await bench.until(lambda: station.seen.count("answered") == 2, "answered")
        await asyncio.sleep(0.2)  # four more pings, all answered
        assert bench.accepted == 1 and "link.silent" not in bench.log.counters


async def test_a_pong_that_lies_unread_is_no_silence_also_where_others_were_late_when_the_wait_ended():
    station = Waiting()
    station.rest_ms, station.late_s = 3000, 1.2  # longer than the link takes to look again
    bench = Bench(asks_two, station)
    bench.config.ping_interval_s, bench.config.pong_timeout_ms = 1, 1000
    async with bench:
        await bench.until(lambda: station.seen.count("answered") == 2, "answered")
        assert bench.accepted == 1 and "link.silent" not in bench.log.counters


async def test_a_link_that_is_left_while_the_station_waits_closes_at_once():
    station = Waiting()
    station.rest_ms = 600000
    bench = Bench(asks_two, station)
    bench.config.close_timeout_ms = 2000000  # longer than `until` waits
    async with bench:
        await bench.until(lambda: "one" in station.seen, "asked")
        bench.link.stop()
        await bench.until(lambda: "disconnected" in station.seen, "closed")
        assert "link.silent" not in bench.log.counters and bench.accepted == 1
