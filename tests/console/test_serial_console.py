"""The console on a serial line: lines in, answers out, no faster than the line; a session ends by itself."""

from helper_target import Target, set_quickly

from ampacity.console.serial_console import IDLE_MS, PENDING_BYTES_MAX, PIECE_BYTES, SerialConsole, line_facts

PHRASE = "a long pass phrase"
RUB = b"\x08 \x08"


class Hand:
    """A clock moved by hand; sleeping moves it."""

    def __init__(self):
        self.ms = 1000

    def now_ms(self):
        return self.ms

    def now_us(self):
        return self.ms * 1000

    async def sleep_ms(self, duration_ms):
        self.ms += duration_ms


class Wire:
    def __init__(self):
        self.up = True
        self.pieces = []

    def write(self, data):
        self.pieces.append(data)


class Desk:
    def __init__(self):
        self.target, self.clock, self.wire = Target(), Hand(), Wire()
        self.console = SerialConsole(self.wire, self.clock, self.target.access, lambda: self.target)

    async def type(self, data):
        del self.wire.pieces[:]
        await self.console.take(data)
        return b"".join(self.wire.pieces)


async def test_lines_are_answered_whatever_their_end_and_in_whatever_pieces():
    desk = Desk()
    assert await desk.type(b"show version\n") == b"version: 0.1.0\n> "
    assert await desk.type(b"show ver") == b"" and await desk.type(b"sion\n") == b"version: 0.1.0\n> "
    assert await desk.type(b"logout\r\nshow version\r\n") != b"" and len(desk.wire.pieces) == 2
    assert await desk.type(b"\n") == b"> "


async def test_a_long_answer_leaves_in_pieces_with_the_time_that_the_line_takes():
    desk = Desk()
    before_ms = desk.clock.ms
    answer = await desk.type(b"show site --json\n")
    assert len(answer) > PIECE_BYTES and max([len(piece) for piece in desk.wire.pieces]) == PIECE_BYTES
    assert desk.clock.ms - before_ms >= len(answer) * 10 * 1000 // 115200 - 25


async def test_a_session_with_rights_ends_after_ten_minutes_and_with_its_device():
    for end in ("idle", "gone"):
        desk = Desk()
        set_quickly(desk.target.store, PHRASE)
        assert b"login as installer" in await desk.type(b"limit main 16\n")
        assert await desk.type(b"login " + PHRASE.encode() + b"\n") == b"installer\n> "
        assert await desk.type(b"limit main 16\n") == b"ok\n> "
        if end == "idle":
            desk.clock.ms += IDLE_MS + 1
        else:
            desk.wire.up = False
            await desk.type(b"")
            desk.wire.up = True
        assert b"login as installer" in await desk.type(b"limit main 16\n"), end


async def test_noise_without_a_line_end_takes_no_memory():
    desk = Desk()
    for _ in range(20):
        assert await desk.type(b"\xff" * (PENDING_BYTES_MAX // 8)) == b""
    assert b"error" in await desk.type(b"\n") and await desk.type(b"show version\n") == b"version: 0.1.0\n> "


async def test_it_is_in_the_journal_as_the_serial_interface():
    desk = Desk()
    await desk.type(b"limit main 16\n")
    assert b"installer at serial: limit main 16" in await desk.type(b"log changes\n")


async def test_pieces_of_a_line_that_come_after_a_long_silence_are_one_line():
    desk = Desk()
    desk.clock.ms += 2 * IDLE_MS
    assert await desk.type(b"show ver") == b"" and await desk.type(b"sion\n") == b"version: 0.1.0\n> "


async def test_return_begins_echo_for_a_person_and_a_line_feed_ends_it():
    desk = Desk()
    assert await desk.type(b"show version\r") == b"\r> show version\r\nversion: 0.1.0\r\n> "
    assert await desk.type(b"sh") == b"sh" and await desk.type(b"ow\x7f\x7fow\t") == b"ow" + RUB * 2 + b"ow "
    assert await desk.type(b"vers\t\r") == b"version \r\nversion: 0.1.0\r\n> "
    assert await desk.type(b"show version\n") == b"show version\r\nversion: 0.1.0\n> "
    assert await desk.type(b"show version\n") == b"version: 0.1.0\n> "


async def test_a_program_that_opens_the_line_removes_what_a_person_left_there():
    desk = Desk()
    await desk.type(b"\rrestart --ye")
    assert (await desk.type(b"s\x15\n")).endswith(b"\n> ") and desk.target.restarts == 0
    assert await desk.type(b"show version\n") == b"version: 0.1.0\n> "
    await desk.type(b"restart --yes")
    assert (await desk.type(b"\x15\n")).endswith(b"\n> ") and desk.target.restarts == 0


async def test_both_halves_of_a_line_end_are_one_line_end_wherever_they_are_cut():
    desk = Desk()
    assert (await desk.type(b"show version\r")).endswith(b"> ")
    assert await desk.type(b"\nshow version\r\n") == b"version: 0.1.0\n> "


async def test_a_terminal_is_offered_the_names_of_the_site_only_with_the_rights_to_see_them():
    desk = Desk()
    assert await desk.type(b"\rwhy e\t") == b"\r\n> why evse-"
    assert await desk.type(b"\t") == b"\r\nevse-1  evse-2\r\n> why evse-"
    set_quickly(desk.target.store, "123456", "access_viewer")
    set_quickly(desk.target.store, PHRASE)
    await desk.type(b"\x15")
    assert await desk.type(b"why e\t") == b"why e\x07"
    await desk.type(b"\x15login viewer 123456\r")
    assert await desk.type(b"why e\t") == b"why evse-"


async def test_a_password_is_neither_echoed_nor_kept_in_the_history():
    desk = Desk()
    set_quickly(desk.target.store, PHRASE)
    told = await desk.type(b"\rlogin " + PHRASE.encode() + b"\r")
    assert told == b"\r\n> login " + b"*" * len(PHRASE) + b"\r\ninstaller\r\n> "
    assert await desk.type(b"\x1b[A") == b"\x07"


async def test_a_password_behind_a_mistyped_command_is_in_no_answer_log_journal_file_or_history():
    desk = Desk()
    await desk.type(b"limit main 16\n")
    for end in (b"\r", b"\n"):
        told = await desk.type(b"\r\x15lgoin geheim" + end)
        assert told.count(b"geheim") == 1 and b"`lgoin`" in told, told  # the echo of the keys
        assert b"geheim" not in await desk.type(b"\r\x10") and b"geheim" not in await desk.type(b"\x15log 100\rlog changes\r")
        assert not [line for line in desk.target.log.since(0) if "geheim" in line[3]]
        files = desk.target.files
        names = files.list()
        assert names and not [name for name in names if b"geheim" in files.read(name)]
    await desk.type(b"\r\x15show version\r\x15lgoin geh")
    desk.clock.ms += IDLE_MS + 1
    assert b"geh" not in await desk.type(b"\r") and await desk.type(b"\x10") == b"\x07"


async def test_a_logout_ends_the_history():
    desk = Desk()
    await desk.type(b"\rset x geheim\r")
    assert await desk.type(b"\x10") == b"set x geheim"
    await desk.type(b"\x15logout\r")
    assert await desk.type(b"\x10") == b"\x07"


async def test_a_device_that_is_not_there_is_said_once_and_when_it_comes():
    said = []
    desk = Desk()
    desk.console = SerialConsole(desk.wire, desk.clock, desk.target.access, lambda: desk.target, said.append)
    for up in (True, False, False, True, True, False):
        desk.wire.up = up
        await desk.type(b"")
    assert said == ["is not there", "is there", "is not there"]


def test_the_line_has_the_settings_of_a_terminal():
    assert line_facts("uart:0") == {"name": "console", "port": "uart:0", "baud": 115200, "parity": "N", "stop": 1}
