"""The link and servers that send more than anybody can want, or all at once."""

import asyncio

from link_bench import Bench, Station, echo, say, served_again, upgrade
from peer import frame, unmask


class Talkative(Station):
    """Answers each message at once; keeps how many answers ever waited together, and what others did meanwhile."""

    def __init__(self, turns):
        super().__init__()
        self.most, self.turns, self.between = 0, turns, []

    def receive(self, text, now_ms):
        self.seen.append(text)
        self.queue.append("answer " + text)
        self.most = max(self.most, len(self.queue))
        self.between.append(self.turns[0])


async def pours(bench, reader, writer):
    """All messages at once, whatever is said to them."""
    await upgrade(reader, writer)
    await say(writer, frame(1, b"x") * 500)
    while await reader.read(4096):
        pass


async def test_messages_that_arrive_together_are_taken_one_by_one_and_other_tasks_run():
    turns = [0]

    async def others():
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    async with Bench(pours, Talkative(turns)) as bench:
        task = asyncio.create_task(others())
        await bench.until(lambda: bench.station.seen.count("x") == 500, "taken")
        task.cancel()
    station = bench.station
    assert station.most == 1, station.most
    stuck = [n for n in range(1, 500) if station.between[n] == station.between[n - 1]]
    assert not stuck, len(stuck)


async def pings_for_ever(bench, reader, writer):
    """Pings without end, and nothing is read; the next connection gets an echo."""
    if bench.accepted > 1:
        return await echo(bench, reader, writer)
    await upgrade(reader, writer)
    bench.pinged = 0
    for _ in range(100):
        await say(writer, frame(9, b"p" * 125) * 1000)
        bench.pinged += 1000
    return None


async def test_a_server_that_floods_pings_is_disconnected_and_counted():
    async with Bench(pings_for_ever) as bench:
        await served_again(bench)
        assert bench.log.counters["link.flooded"] == 1, bench.log.counters
        assert bench.pinged < 100000
    assert any(["more than 10 pings a second" in text for _n, _ms, _level, text in bench.log.since(0)])


async def a_hundred_pings(bench, reader, writer):
    await upgrade(reader, writer)
    await say(writer, b"".join([frame(9, b"%d" % n) for n in range(200)]))
    data = b""
    while data.count(b"\x8a") < 200 and len(data) < 5000:
        data += await reader.read(4096)
    bench.pongs = [payload for opcode, payload in unmask(data) if opcode == 10]
    await reader.read(10)


async def test_pings_within_the_bound_are_all_answered_in_their_order():
    async with Bench(a_hundred_pings) as bench:
        bench.pongs = []
        await bench.until(lambda: len(bench.pongs) >= 200, "answered")
        assert bench.pongs == [b"%d" % n for n in range(200)] and bench.link.online


async def pours_for_ever(bench, reader, writer):
    """Frames without end that ask for no answer, each kind on a connection of its own; then an echo."""
    if bench.accepted > len(bench.floods):
        return await echo(bench, reader, writer)
    await upgrade(reader, writer)
    flood = bench.floods[bench.accepted - 1]
    for _ in range(200):
        await say(writer, flood)
    return None


async def test_a_server_that_floods_messages_is_disconnected_and_counted():
    async with Bench(pours_for_ever, fast=1) as bench:
        bench.floods = [
            frame(1, b"x") * 1000, frame(10) * 2000, frame(1, b"[", fin=False) + frame(0, b" ", fin=False) * 2000 + frame(0, b"]"),
            frame(1, b"x" * 9000) * 8,
        ]
        await bench.until(lambda: bench.accepted >= 5, "left four times")
        await served_again(bench)
        assert bench.log.counters["link.flooded"] == 4, bench.log.counters
        assert bench.station.seen.count("x") < 1000
    assert any(["more than 20 messages a second" in text for _n, _ms, _level, text in bench.log.since(0)])


async def asks_one_by_one(bench, reader, writer):
    await upgrade(reader, writer)
    for _ in range(1500):
        await say(writer, frame(1, b"x"))
        if not await reader.read(4096):
            return
    await reader.read(10)


async def test_a_server_that_waits_for_each_answer_may_call_at_any_rate():
    async with Bench(asks_one_by_one, Talkative([0]), fast=1) as bench:
        await bench.until(lambda: bench.station.seen.count("x") == 1500, "asked")
        assert bench.link.online and "link.flooded" not in bench.log.counters


class Asking(Station):
    """Has a request under way at all times, and answers each of the server's."""

    def receive(self, text, now_ms):
        self.seen.append(text)
        self.queue.append("[3,1,{}]" if text[:2] == "[2" else "[2,1,{}]")


async def answers_and_asks(bench, reader, writer):
    await upgrade(reader, writer)
    for _ in range(1500):
        await say(writer, frame(1, b"[3,1,{}]") + frame(1, b"[2,1,{}]"))
        size = 0
        while size < 28:  # a request and an answer, 14 bytes each
            data = await reader.read(4096)
            if not data:
                return
            size += len(data)
    await reader.read(10)


async def test_answers_together_with_requests_are_not_a_flood():
    async with Bench(answers_and_asks, Asking(), fast=1) as bench:
        until_ms = bench.clock.now_ms() + 8000  # where each exchange takes 40 ms there are fewer
        await bench.until(lambda: len(bench.station.seen) >= 3000 or bench.clock.now_ms() > until_ms, "exchanged")
        assert "link.flooded" not in bench.log.counters and len(bench.station.seen) > 100
