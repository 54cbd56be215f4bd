"""Connections: names are refused, a refused connection is an error, an abort is a reset that wakes its reader."""

import asyncio

from ampacity.base.errors import Rejected
from ampacity.ports.detect import detect_platform
from check import raises

PORT = 21839


def platform():
    return detect_platform()[0](".", {})


async def test_a_connection_that_is_refused_is_an_oserror():
    with raises(OSError):
        reader, writer = await platform().connect("127.0.0.1", 9)
        await reader.read(1)


async def test_a_name_is_refused_before_anything_is_sent():
    with raises(Rejected) as e:
        await platform().connect("csms.example", 80)
    assert e.field == "host"


async def test_bytes_go_both_ways_and_an_abort_resets_the_other_side_and_ends_the_local_read():
    here = platform()
    endings = []

    async def handle(reader, writer):
        writer.write(await reader.read(16))
        await writer.drain()
        try:
            endings.append(await reader.read(16))
        except OSError:
            endings.append(b"reset")
        writer.close()

    server = await here.listen("127.0.0.1", PORT, handle)
    reader, writer = await here.connect("127.0.0.1", PORT)
    writer.write(b"ping")
    await writer.drain()
    assert await reader.read(16) == b"ping"
    ended = []

    async def read_on():
        try:
            ended.append(await reader.read(16))
        except OSError:
            ended.append(b"error")

    task = asyncio.create_task(read_on())
    await here.clock.sleep_ms(20)
    here.abort(writer)
    for _ in range(100):
        await here.clock.sleep_ms(5)
        if ended and endings:
            break
    task.cancel()
    server.close()
    assert endings == [b"reset"] and ended in ([b""], [b"error"])


async def test_the_clock_only_grows_and_sleeps_for_the_requested_time():
    clock = platform().clock
    before_us, before_ms = clock.now_us(), clock.now_ms()
    await clock.sleep_ms(12)
    assert clock.now_us() - before_us >= 11000 and clock.now_ms() >= before_ms + 11
    shown = [clock.now_us() for _ in range(200)]
    assert shown == sorted(shown)


def test_a_device_must_be_named():
    here = platform()
    with raises(Rejected) as e:
        here.device_of({"name": "rs485-1", "port": "virtual"})
    assert e.field == "port"
    here.boot = {"lines": {"rs485-1": "/dev/pts/9"}}
    assert here.device_of({"name": "rs485-1", "port": "virtual"}) == "/dev/pts/9"
    assert here.device_of({"name": "rs485-2", "port": "/dev/ttyAMA0"}) == "/dev/ttyAMA0"


def test_reset_leaves_with_the_status_that_asks_for_a_restart():
    with raises(SystemExit) as e:
        platform().reset("immediate")
    assert e.error.args[0] == 42


async def test_a_reader_of_an_aborted_connection_never_receives_data_of_another():
    here = platform()
    heard, taken = [], []

    async def handle(reader, writer):
        taken.append(writer)
        try:
            heard.append(await reader.read(16))
        except OSError:
            heard.append(b"aborted")
        for _ in range(3):
            here.abort(writer)  # each number is closed once, whoever has it by now
        await here.clock.sleep_ms(1)

    server = await here.listen("127.0.0.1", PORT + 1, handle)
    first = await here.connect("127.0.0.1", PORT + 1)
    while not taken:
        await here.clock.sleep_ms(5)
    here.abort(taken[0])
    second = await here.connect("127.0.0.1", PORT + 1)
    while len(taken) < 2:
        await here.clock.sleep_ms(5)
    here.abort(taken[0])
    third = await here.connect("127.0.0.1", PORT + 1)
    for _, writer in (second, third):
        writer.write(b"mine")
        await writer.drain()
    for _ in range(100):
        await here.clock.sleep_ms(5)
        if len(heard) == 3:
            break
    for _, writer in (first, second, third):
        here.abort(writer)
    server.close()
    assert heard[0] in (b"", b"aborted") and heard[1:] == [b"mine", b"mine"], heard


async def test_an_abort_of_a_connection_that_has_ended_touches_no_other():
    here = platform()
    taken = []

    async def handle(reader, writer):
        taken.append(writer)

    server = await here.listen("127.0.0.1", PORT + 2, handle)
    first = await here.connect("127.0.0.1", PORT + 2)
    while not taken:
        await here.clock.sleep_ms(5)
    taken[0].close()
    await taken[0].wait_closed()
    second = await here.connect("127.0.0.1", PORT + 2)  # with the number that the first one had
    while len(taken) < 2:
        await here.clock.sleep_ms(5)
    here.abort(taken[0])
    taken[1].write(b"mine")
    await taken[1].drain()
    assert await second[0].read(16) == b"mine" and await first[0].read(16) == b""
    for writer in (first[1], second[1], taken[1]):
        here.abort(writer)
    server.close()
