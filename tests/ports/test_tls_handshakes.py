"""Connections that are to be secured: how many at once, and for how long they may say nothing."""

import asyncio

from ampacity.ports import tls_handshakes as handshakes
from counted_platform import Platform


class Client:
    """A connection that speaks, or shakes hands to the end, when it is told so; `fails`: how it ends instead."""

    def __init__(self, name, fails=None):
        self.name = name
        self.fails = fails
        self.speaks, self.ends = asyncio.Event(), asyncio.Event()


class Door:
    def __init__(self, at_once=1, least_ms=0):
        self.platform, self.told, self.served, self.tasks = Platform(), [], [], []
        how = (lambda writer: writer.speaks.wait(), self.accept)
        self.handler = handshakes.serving(self.platform, how, (at_once, least_ms), self.serve, self.told.append)

    async def accept(self, reader, writer):
        await writer.ends.wait()
        if writer.fails:
            raise OSError(writer.fails)
        return reader, "secured " + writer.name

    async def serve(self, reader, writer):
        self.served.append(writer)

    def aborted(self):
        return [writer.name for writer in self.platform.aborted]

    async def enter(self, client):
        self.tasks.append(asyncio.create_task(self.handler(None, client)))
        await turns()
        return client


async def turns():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_silent_client_is_counted_and_disconnected_after_its_time():
    kept, handshakes.HANDSHAKE_S = handshakes.HANDSHAKE_S, 0.1
    try:
        door = Door()
        await door.enter(Client("silent"))
        halfway = await door.enter(Client("halfway"))
        halfway.speaks.set()
        assert door.platform.aborted == []
        for task in door.tasks:
            await task
    finally:
        handshakes.HANDSHAKE_S = kept
    assert sorted(door.aborted()) == ["halfway", "silent"] and door.served == []
    assert door.told == ["tls: client at 10.0.0.9 sent nothing for 0.1 s", "tls: client at 10.0.0.9 stalled during the handshake"]


async def test_a_silent_crowd_is_disconnected_except_four_and_displaces_neither_handshakes_nor_active_clients():
    door = Door(at_once=2)
    first = await door.enter(Client("first"))
    first.speaks.set()
    await turns()
    for n in range(1200):
        await door.enter(Client(str(n)))
    assert door.aborted() == [str(n) for n in range(1200 - handshakes.WAITING)]
    late = Client("late")
    late.speaks.set()
    await door.enter(late)
    for client in (first, late):
        client.ends.set()
    await turns()
    assert door.served == ["secured first", "secured late"]
    assert door.told[0].startswith("tls handshakes: no connection slot free")
    for task in door.tasks:
        task.cancel()


async def test_a_failed_handshake_is_reported_and_a_dropped_one_only_once():
    door = Door()
    bad = await door.enter(Client("bad", "tls: no certificate"))
    bad.speaks.set()
    bad.ends.set()
    await turns()
    assert door.told == ["tls: no certificate"] and door.aborted() == ["bad"]
    slow, other = await door.enter(Client("slow", "tls: aborted")), await door.enter(Client("other"))
    for event in (slow.speaks, other.speaks):
        event.set()
        await turns()
    slow.ends.set()
    other.ends.set()
    await turns()
    assert door.served == ["secured other"] and len(door.told) == 2 and "no connection slot free" in door.told[1]
