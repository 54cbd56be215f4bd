"""Keys of a terminal and the echo for it: what is shown is what the line is."""

from helper_target import Target

from ampacity.console.completion import words_after
from ampacity.console.console import COMMANDS, LINE_MAX
from ampacity.console.line_editor import LINES_MAX, SHOWN_MAX, LineEditor

RUB = b"\x08 \x08"


def no_words(before, begun):
    return []


class Screen:
    """A terminal: what is typed, and what one line of it shows then."""

    def __init__(self, complete=no_words):
        self.editor = LineEditor(b"> ", complete)
        self.lines = []

    def type(self, data):
        """The echo."""
        for byte in data:
            line = self.editor.take(byte)
            if line is not None:
                self.lines.append(line)
        out, self.editor.out = self.editor.out, b""
        return out

    def shown(self, data):
        """What stands in the line behind the echo."""
        line, at = [], 0
        for letter in self.type(data).decode():
            if letter == "\x08":
                at -= 1
                continue
            line[at : at + 1] = [letter]
            at += 1
        return "".join(line[:at])


def test_the_echo_of_keys_is_the_line():
    screen = Screen()
    assert screen.shown(b"shoe\x7fw site\x08\x08\x08\x08bus") == "show bus"
    assert screen.type(b"\r") == b"\r\n" and screen.lines == [b"show bus"]


def test_backspace_removes_a_whole_character_and_nothing_before_the_line():
    screen = Screen()
    assert screen.shown("why Straße".encode() + b"\x7f\x7f") == "why Stra"
    screen.type(b"\r")
    assert screen.lines == ["why Stra".encode()]
    assert screen.type(b"\x7f\x08") == b""


def test_control_u_removes_the_line_and_control_c_begins_a_new_one():
    screen = Screen()
    assert screen.type(b"abc\x15") == b"abc" + RUB * 3
    assert screen.type(b"abc\x03") == b"abc^C\r\n> "
    screen.type(b"d\r")
    assert screen.lines == [b"d"]


def test_arrows_recall_earlier_lines_and_the_oldest_are_dropped():
    screen = Screen(lambda before, begun: ["line"])
    for i in range(LINES_MAX + 2):
        screen.type(b"line %d\r" % i)
    screen.type(b"line %d\r" % (LINES_MAX + 1))
    assert screen.type(b"\x1b[A") == b"line %d" % (LINES_MAX + 1)
    assert screen.type(b"\x1bOA").endswith(b"line %d" % LINES_MAX)
    assert screen.type(b"\x1b[B").endswith(b"line %d" % (LINES_MAX + 1)) and screen.type(b"\x1b[B") == RUB * 6
    assert screen.type(b"\x1b[B") == b"\x07"
    screen.type(b"\x10" * LINES_MAX)
    assert screen.editor.line == b"line 2" and screen.type(b"\x10") == b"\x07"


def test_other_keys_of_a_terminal_change_nothing():
    screen = Screen()
    screen.type(b"show\x1b[C\x1b[1;5D\x1b[3~\x1bOP\x00\x01\x04 bus\r")
    assert screen.lines == [b"show bus"]


def test_a_line_has_an_end():
    screen = Screen()
    assert screen.type(b"x" * (LINE_MAX + 1)).endswith(b"x\x07")
    screen.type(b"\r")
    assert screen.lines == [b"x" * LINE_MAX]


def test_secrets_are_stars_also_when_they_are_completed_or_corrected():
    asked = []
    screen = Screen(lambda before, begun: asked.append(before) or ["wrong"])
    assert screen.type("login grün\x7f\x7fx".encode()) == b"login ****" + RUB * 2 + b"*"
    assert screen.type(b"\t") == b"\x07" and not asked
    screen.type(b"\rset ocpp.password geheim\r")
    assert screen.lines == [b"login grx", b"set ocpp.password geheim"] and screen.type(b"\x10") == b"\x07"
    assert screen.type(b"set ocpp.password ge") == b"set ocpp.password **"


def test_a_password_behind_a_word_that_is_nearly_right_is_stars():
    for typed in (b"LOGIN ", b"xlogin ", b"set x; login ", b"login\xc2\xa0", b"passwords ", b"  Password:"):
        screen = Screen(lambda before, begun: [begun])
        assert screen.type(typed + b"geheim") == typed + b"*" * 6, typed
        screen.type(b"\r")
        assert screen.type(b"\x10") == b"\x07", typed


def test_a_line_that_is_no_command_is_not_recalled_and_after_the_end_nothing_is():
    screen = Screen(lambda before, begun: [word for word in ("show", "logout") if word.startswith(begun)])
    for line in (b"lgoin geheim", b"geheim", b"sho x", b"\xff\xfe x"):
        assert screen.type(line + b"\r\x10") == line + b"\r\n\x07", line
    screen.type(b"show bus\r")
    assert screen.type(b"\x10\x15") == b"show bus" + RUB * 8
    screen.editor.forget()
    assert screen.type(b"\x10") == b"\x07"


def test_a_tab_adds_what_all_words_have_in_common_and_a_second_one_lists_them():
    screen = Screen(lambda before, begun: [word for word in ("bay-10", "bay-12", "gate") if word.startswith(begun)])
    assert screen.type(b"why g\t") == b"why gate "
    assert screen.type(b"\x15why b\t").endswith(b"why bay-1")
    assert screen.type(b"\t") == b"\r\nbay-10  bay-12\r\n> why bay-1"
    assert screen.type(b"x\t\t") == b"x\x07\x07" and screen.type(b"\x7f\t") == RUB + b"\x07"


def test_a_long_list_of_words_is_cut():
    words = ["bay-%03d" % i for i in range(SHOWN_MAX + 5)]
    screen = Screen(lambda before, begun: [word for word in words if word.startswith(begun)])
    told = screen.type(b"why bay-0\t\t").decode()
    assert "bay-031  …\r\n" in told and "bay-032" not in told


def test_the_words_that_may_come_next():
    target = Target()
    for before, begun, role, expected in (
        ("", "lo", "none", ["log", "login", "logout"]),
        ("help ", "res", "viewer", ["restart"]),
        ("show ", "c", "viewer", ["changes", "circuit", "counters"]),
        ("show evse ", "", "viewer", ["evse-1", "evse-2"]),
        ("show circuit ", "", "viewer", ["main"]),
        ("show circuit ", "", "none", []),
        ("show circuit main ", "e", "viewer", []),
        ("isolate ", "", "installer", ["evse-1", "evse-2", "off", "on"]),
        ("isolate evse-1 ", "o", "installer", ["off", "on"]),
        ("limit ", "m", "installer", ["main"]),
        ("set ", "share.", "installer", ["share.deadband", "share.rotate", "share.slot_s"]),
        ("set ", "share.", "none", []),
        ("set time.source ", "", "installer", ["csms", "ntp"]),
        ("set share.rotate ", "", "installer", ["off", "on"]),
        ("set share.rotate on ", "", "installer", ["commit"]),
        ("set nothing ", "", "installer", []),
        ("login ", "", "none", ["installer", "manufacturer", "viewer"]),
        ("login viewer ", "", "none", []),
        ("nonsense ", "", "installer", []),
    ):  # fmt: skip
        assert words_after(target, COMMANDS, role, before, begun) == expected, (before, begun, words_after(target, COMMANDS, role, before, begun))
