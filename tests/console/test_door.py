"""The console over a real socket."""

from helper_target import Target, finished

from ampacity.base.errors import Rejected
from ampacity.console.console import Console
from ampacity.console.door import answered, role_of, serve
from ampacity.ports.here import platform
from check import raises

PORT = 41827


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
    doors = platform()[0](".", {})
    target = Target()
    server = await serve(doors, "127.0.0.1", PORT, target.access, lambda: target)
    reader, writer = await doors.connect("127.0.0.1", PORT)
    assert await until_prompt(reader) == b"> "
    assert await ask(reader, writer, b"show version\n") == b"version: 0.1.0\n> "
    assert await ask(reader, writer, b"\r\n") == b"> "
    assert await ask(reader, writer, b"limit main 16\n") == b"ok\n> "
    answer = await ask(reader, writer, b"why evse-1\n")
    assert answer.count(b"> ") == 1 and "\u2192 house".encode() in answer
    assert await ask(reader, writer, b"\xff\xfe\n") == b"error: line: use UTF-8\n> "
    other_reader, other_writer = await doors.connect("127.0.0.1", PORT)
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
    doors.abort(writer)
    other_writer.close()
    server.close()


def test_a_local_door_is_the_installers_until_a_password_is_set_and_others_stay_shut():
    target = Target()
    assert role_of("127.0.0.1", target.access) == "installer"
    with raises(Rejected) as e:
        role_of("0.0.0.0", target.access)
    assert e.field == "console"
    finished(target.access.change("a long pass phrase"))
    assert role_of("127.0.0.1", target.access) == "user" and role_of("0.0.0.0", target.access) == "user"


async def test_setting_the_password_ends_the_free_role_at_once():
    target = Target()
    console = Console(target)
    line = b"password a long pass phrase"
    clock = platform()[0](".", {}).clock
    assert await answered(console, line, role_of("127.0.0.1", target.access), clock) == b"ok\n> "
    assert b"login" in await answered(console, b"limit main 16", role_of("127.0.0.1", target.access), clock)
