"""The console over a real socket."""

import asyncio
import socket
import sys

from helper_target import Target, finished, set_quickly

from ampacity.base.errors import Rejected
from ampacity.base.within import within
from ampacity.console.console import Console
from ampacity.console.server import CLIENTS_MAX, WAITING, answered, role_of, serve
from ampacity.ports.detect import detect_platform
from check import raises

PORT = 21827  # below the range of which a system takes the ports of clients


async def ask(reader, writer, text):
    writer.write(text)
    await writer.drain()
    return await until_prompt(reader)


async def until_prompt(reader):
    data = b""
    while not data.endswith(b"> "):
        data += await reader.read(256)
    return data


async def test_each_line_is_answered_and_the_prompt_ends_the_answer():
    platform = detect_platform()[0](".", {})
    target = Target()
    server = await serve(platform, "127.0.0.1", PORT, target.access, lambda: target, target.log)
    reader, writer = await platform.connect("127.0.0.1", PORT)
    assert await until_prompt(reader) == b"> "
    assert await ask(reader, writer, b"show version\n") == b"version: 0.1.0\n> "
    assert await ask(reader, writer, b"\r\n") == b"> "
    assert await ask(reader, writer, b"limit main 16\n") == b"ok\n> "
    answer = await ask(reader, writer, b"why evse-1\n")
    assert answer.count(b"> ") == 1 and "\u2192 house".encode() in answer
    assert await ask(reader, writer, b"\xff\xfe\n") == b"error: line: use UTF-8\n> "
    other_reader, other_writer = await platform.connect("127.0.0.1", PORT)
    await until_prompt(other_reader)
    await ask(reader, writer, b"set share.slot_s 600\n")
    assert await ask(other_reader, other_writer, b"commit\n") == b"nothing staged\n> "
    other_writer.write(b"x" * 4000)
    await other_writer.drain()
    closed = False
    try:
        closed = await other_reader.read(256) == b""
    except OSError:
        closed = True
    assert closed
    platform.abort(writer)
    other_writer.close()
    server.close()


def test_a_local_door_is_the_installers_until_a_password_is_set_and_others_stay_shut():
    target = Target()
    assert role_of("127.0.0.1", target.access) == "installer"
    with raises(Rejected) as e:
        role_of("0.0.0.0", target.access)
    assert e.field == "console"
    finished(target.access.change("a long pass phrase"))
    assert role_of("127.0.0.1", target.access) == "none" and role_of("0.0.0.0", target.access) == "none"


async def test_setting_the_password_ends_the_free_role_at_once():
    target = Target()
    console = Console(target)
    line = b"password a long pass phrase"
    clock = detect_platform()[0](".", {}).clock
    assert await answered(console, line, role_of("127.0.0.1", target.access), clock) == b"ok\n> "
    assert b"login" in await answered(console, b"limit main 16", role_of("127.0.0.1", target.access), clock)


class Bench:
    """A console at PORT, and the connections to it."""

    def __init__(self):
        self.platform = detect_platform()[0](".", {})
        self.target = Target()
        self.asked = 0
        self.open = []

    def found(self):
        self.asked += 1
        return self.target

    async def __aenter__(self):
        self.server = await serve(self.platform, "127.0.0.1", PORT, self.target.access, self.found, self.target.log)
        return self

    async def __aexit__(self, *error):
        for writer in self.open:
            self.platform.abort(writer)
        self.server.close()
        await self.platform.clock.sleep_ms(20)

    async def connect(self):
        reader, writer = await self.platform.connect("127.0.0.1", PORT)
        self.open.append(writer)
        return reader, writer

    async def ended(self, reader):
        """Did the other side end it, within some seconds?"""
        try:
            while await within(reader.read(256), 10):
                pass
        except OSError:
            pass
        return True

    async def counted(self, name, least=1):
        for _ in range(500):
            if self.target.log.counter(name, 0) >= least:
                return True
            await self.platform.clock.sleep_ms(10)
        return False


async def test_of_a_hundred_silent_connections_most_are_closed_and_active_clients_are_served():
    async with Bench() as bench:
        reader, writer = await bench.connect()
        await until_prompt(reader)
        assert await ask(reader, writer, b"show version\n") == b"version: 0.1.0\n> "
        silent = []
        for _ in range(100):
            silent.append((await bench.connect())[0])
        assert await bench.counted("console_turned_away", 100 - WAITING)
        for other in silent[: 100 - WAITING]:
            assert await bench.ended(other)
        assert await ask(reader, writer, b"show version\n") == b"version: 0.1.0\n> "
        assert bench.asked == 1, "nothing is loaded for who says nothing"
        lines = [text for _n, _ms, _level, text in bench.target.log.since(0) if text.startswith("console: no connection slot free")]
        assert len(lines) == 1, lines
        late, writer = await bench.connect()
        assert await until_prompt(late) == b"> " and await ask(late, writer, b"show version\n") == b"version: 0.1.0\n> "


async def test_of_the_active_clients_the_one_silent_for_longest_is_replaced():
    async with Bench() as bench:
        talks = []
        for _ in range(CLIENTS_MAX + 1):
            reader, writer = await bench.connect()
            await until_prompt(reader)
            await ask(reader, writer, b"show version\n")
            talks.append((reader, writer))
        assert await bench.ended(talks[0][0])
        for reader, writer in talks[1:]:
            assert await ask(reader, writer, b"show version\n") == b"version: 0.1.0\n> "


async def test_data_of_a_browser_ends_the_connection_without_any_action():
    async with Bench() as bench:
        for count, said in enumerate((
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\nlimit main 10\r\n",
            b"GET /limit HTTP/1.1\r\nlimit main 10\r\n",
            b"OPTIONS * HTTP/1.0\nlimit main 10\n",
            b"PRI * HTTP/2.0\r\n\r\nlimit main 10\r\n",
            b"\x16\x03\x01\x02\x0a\x01\nlimit main 10\n",
            b"\x00\x01\x00\x00!\x12\xa4B\nlimit main 10\n",
        )):
            reader, writer = await bench.connect()
            await until_prompt(reader)
            writer.write(said)
            await writer.drain()
            assert await bench.ended(reader) and await bench.counted("console_foreign", count + 1), said
        assert bench.target.limits == []
        assert any(["console: not a console client" in text for _n, _ms, _level, text in bench.target.log.since(0)])
        reader, writer = await bench.connect()
        await until_prompt(reader)
        assert await ask(reader, writer, b"limit main 10\n") == b"ok\n> "


async def test_lines_that_come_all_at_once_leave_others_their_turn():
    async with Bench() as bench:
        ticks, going = [], True

        async def tick():
            while going:
                ticks.append(1)
                await bench.platform.clock.sleep_ms(0)

        reader, writer = await bench.connect()
        await until_prompt(reader)
        task = asyncio.create_task(tick())
        before = len(ticks)
        writer.write(b"show version\n" * 100)
        await writer.drain()
        data = b""
        while data.count(b"> ") < 100:
            data += await reader.read(4096)
        going = False
        await task
        assert len(ticks) - before >= 100


async def from_host(host):
    """(reader, writer) of a connection to the console that comes from this address of the machine."""
    sock = socket.socket()
    sock.bind(socket.getaddrinfo(host, 0)[0][-1])
    sock.connect(socket.getaddrinfo("127.0.0.1", PORT)[0][-1])
    sock.setblocking(False)
    if sys.implementation.name == "micropython":
        stream = asyncio.StreamReader(sock)
        return stream, stream
    return await asyncio.open_connection(sock=sock)


PASSWORD = b"login a long pass phrase\n"


async def test_a_stranger_that_guesses_without_end_keeps_the_installer_out_from_nowhere():
    async with Bench() as bench:
        set_quickly(bench.target.store, "a long pass phrase")
        going = True

        async def guesses(host):
            reader, writer = await from_host(host)
            bench.open.append(writer)
            await until_prompt(reader)
            while going:
                assert b"error: login" in await ask(reader, writer, b"login no such phrase\n")

        tasks = [asyncio.create_task(guesses("127.0.0.%d" % n)) for n in (2, 3)]
        assert await bench.counted("console_refused", 20)
        for host in ("127.0.0.7", "127.0.0.1"):
            reader, writer = await from_host(host)
            bench.open.append(writer)
            await until_prompt(reader)
            assert await ask(reader, writer, PASSWORD) == b"installer\n> "
        going = False
        for task in tasks:
            await task
        texts = [text for _n, _ms, _level, text in bench.target.log.since(0)]
        assert "console: wrong password, from 127.0.0.2" in texts


async def test_of_a_crowd_of_lines_few_wait_and_this_machine_is_answered_soon():
    async with Bench() as bench:
        set_quickly(bench.target.store, "a long pass phrase")
        for n in range(40):
            reader, writer = await from_host("127.0.0.%d" % (20 + n))
            bench.open.append(writer)
            await until_prompt(reader)
            writer.write(b"login no such phrase\n")
            await writer.drain()
        assert await bench.counted("console_busy", 20)
        reader, writer = await bench.connect()
        await until_prompt(reader)
        assert (await ask(reader, writer, b"help logout\n")).startswith(b"logout\nEnds")
        assert bench.target.log.counter("console_refused", 0) <= 12


async def test_active_unknown_clients_take_no_place_from_logged_in_ones():
    async with Bench() as bench:
        set_quickly(bench.target.store, "a long pass phrase")
        reader, writer = await bench.connect()
        await until_prompt(reader)
        assert await ask(reader, writer, PASSWORD) == b"installer\n> "
        for _ in range(2 * CLIENTS_MAX):
            other, others = await from_host("127.0.0.66")
            bench.open.append(others)
            await until_prompt(other)
            await ask(other, others, b"show version\n")
        assert await bench.counted("console_turned_away", CLIENTS_MAX)
        assert await ask(reader, writer, b"limit main 10\n") == b"ok\n> "


async def test_a_crowd_pushes_out_neither_this_machine_nor_a_known_address_before_they_have_spoken():
    async with Bench() as bench:
        set_quickly(bench.target.store, "a long pass phrase")

        async def comes(host):
            reader, writer = await from_host(host)
            bench.open.append(writer)
            return reader, writer

        reader, writer = await comes("127.0.0.7")
        await until_prompt(reader)
        assert await ask(reader, writer, PASSWORD) == b"installer\n> "
        for host in ("127.0.0.7", "127.0.0.1"):
            reader, writer = await comes(host)
            await until_prompt(reader)
            before = bench.target.log.counter("console_turned_away", 0)
            for n in range(2 * WAITING):
                await comes("127.0.0.%d" % (20 + n))
            assert await bench.counted("console_turned_away", before + WAITING)
            assert await ask(reader, writer, PASSWORD) == b"installer\n> "
