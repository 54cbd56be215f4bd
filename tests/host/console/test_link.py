"""The link to a controller's console: what it repeats and what not, over a socket and over a serial device."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
from console_talker import SerialTalker, talker
from typer.testing import CliRunner

from ampacity_host.cli import app
from ampacity_host.console.link import BlockingLink, ConsoleLink, LinkLost, Refused, SerialDoor, SocketDoor, as_json
from ampacity_host.rig.process.process_bench import console_at

PATIENCE_S = 30


def socket_link(address):
    return BlockingLink(SocketDoor(*address))


def test_a_line_is_sent_again_after_a_restart_of_the_controller():
    link = socket_link(talker({"show site": "mode regulating"}, drop_first=True))
    assert link.ask("show site") == "mode regulating"
    link.close()


def test_a_line_with_an_effect_is_not_sent_twice():
    link = socket_link(talker({"commission next": "ok"}, drop_first=True))
    assert link.ask("commission next").startswith("error: the connection was lost at `commission`")
    assert link.ask("commission next") == "ok"
    link.close()


@pytest.mark.parametrize("line", ["show site\npassword evil", "show\x15", "show\r", "why \x7f", "set \x85"])
def test_a_line_with_control_characters_is_not_sent(line):
    said = []

    class Answers(dict):
        def __getitem__(self, line):
            said.append(line)
            return "ok"

    link = BlockingLink(SocketDoor(*talker(Answers())), lambda: "a phrase\npassword evil")
    assert link.ask(line) == "error: a line with control characters, or bytes that are no text, is not sent"
    assert link.ask("show") == "ok" and said == ["show"]
    link.close()


def test_a_refusal_keeps_the_controllers_words():
    link = socket_link(talker({"commission start x": "error: commission start: 'x' is not allowed; use evse-1"}))
    with pytest.raises(Refused, match="use evse-1"):
        as_json(link, "commission start x")


@pytest.mark.parametrize("needs", [
    "error: limit needs installer rights; login as installer first: `login PASSWORD`",
    "error: show needs viewer rights; login as viewer first: `login viewer PASSWORD`"])
def test_a_login_is_made_where_the_controller_asks_for_one(needs):
    said = iter([needs, "ok"])

    class Answers(dict):
        def __getitem__(self, line):
            return "installer" if line == "login a phrase" else next(said)

    link = BlockingLink(SocketDoor(*talker(Answers())), lambda: "a phrase")
    assert link.ask("limit main 16") == "ok"
    link.close()


@pytest.mark.parametrize("password, text", [(None, "login as installer first"), ("a phrase", "wrong password")])
def test_without_the_password_the_refusal_is_the_answer(password, text):
    answers = {"limit main 16": "error: login as installer first: `login PASSWORD`", "login a phrase": "error: wrong password"}
    link = BlockingLink(SocketDoor(*talker(answers)), lambda: password)
    assert text in link.ask("limit main 16")
    link.close()


NEEDS_LOGIN = b"error: show needs viewer rights; login as viewer first: `login viewer PASSWORD`\r\n"


class Locked:
    """A serial console whose login outlives the connection."""

    def __init__(self):
        self.known = False

    def __call__(self, line):
        if line.startswith("login") or line == "logout":
            self.known = line == "login a phrase"
            return b"installer\r\n" if self.known else b"no role\r\n"
        return b"mode regulating\r\n" if self.known else NEEDS_LOGIN


@pytest.mark.parametrize("words, typed", [(("show", "site"), None), ((), "show site\nshow\n")])
def test_the_tool_logs_out_of_a_serial_console_where_it_has_logged_in(monkeypatch, words, typed):
    locked = Locked()
    talker = SerialTalker(locked)
    monkeypatch.setenv("AMPACITY_PASSWORD", "a phrase")
    result = CliRunner().invoke(app, ["console", "--controller", talker.name, *words], input=typed)
    assert result.exit_code == 0 and "mode regulating" in result.stdout
    assert talker.lines[:3] == ["show site", "login a phrase", "show site"] and talker.lines[-1] == "logout" and not locked.known


def test_a_login_of_a_person_at_a_serial_console_remains():
    locked = Locked()
    talker = SerialTalker(locked)
    for line in ("login a phrase", "show"):
        assert CliRunner().invoke(app, ["console", "--controller", talker.name, *line.split()]).exit_code == 0
    assert talker.lines == ["login a phrase", "show"] and locked.known


def test_a_connection_that_broke_before_the_end_is_made_again_to_log_out():
    talker = SerialTalker(Locked())
    link = BlockingLink(SerialDoor(talker.name), lambda: "a phrase")
    assert link.ask("show") == "mode regulating"
    link._link.close()
    link.close()
    link.close()
    assert talker.lines[-1] == "logout" and talker.lines.count("logout") == 1


def test_a_rig_still_sees_its_primary_once_a_password_is_set(monkeypatch):
    shown = iter(["error: show needs viewer rights; login as viewer first: `login viewer PASSWORD`", "{}", "{}"])

    class Answers(dict):
        def __getitem__(self, line):
            return "installer" if line == "login a phrase" else next(shown)

    async def views():
        link = console_at(talker(Answers())[1])
        seen = [await link.json("show --json"), await link.json("show --json")]
        link.close()
        return seen

    monkeypatch.setenv("AMPACITY_PASSWORD", "a phrase")
    assert asyncio.run(views()) == [{}, {}]


def test_a_scan_at_a_controller_logs_in_with_the_password_of_the_environment(monkeypatch):
    told = iter(["error: scan needs installer rights; login as installer first: `login PASSWORD`", "error: bus: 'lane' is not allowed; use rs485-1"])

    class Answers(dict):
        def __getitem__(self, line):
            return "installer" if line == "login a phrase" else next(told)

    monkeypatch.setenv("AMPACITY_PASSWORD", "a phrase")
    result = CliRunner().invoke(app, ["scan", "--controller", "127.0.0.1:%d" % talker(Answers())[1], "--bus", "lane"])
    assert result.exit_code != 0 and "use rs485-1" in result.output, result.output


def test_a_missing_controller_is_reported_with_the_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(LinkLost, match=f":{port}: Connection refused$"):
        socket_link(("127.0.0.1", port)).ask("state")


# An early answer follows its line; a late greeting, in front of a first answer that takes longer, was taken for the answer to the next line.
@pytest.mark.parametrize("timing", [{}, {"greets_s": 0}, {"greets_s": 0.1, "first_s": 0.5}, {"greets_s": 0.7, "first_s": 0.5},
                                    {"greets_s": 0.7, "deaf": True}])
@pytest.mark.parametrize("echo", [False, True])
def test_a_serial_console_is_used_alike_with_or_without_echo_whenever_it_greets(timing, echo):
    talker = SerialTalker(lambda line: (line + "\r\n" if echo else "").encode() + b"to %s\r\n" % line.encode(), **timing)
    link = BlockingLink(SerialDoor(talker.name))
    assert [link.ask("state"), link.ask("restart"), link.ask("show")] == ["to state", "to restart", "to show"]
    assert talker.lines == ["state", "restart", "show"]
    link.close()


def test_a_serial_device_that_is_missing_or_silent_is_reported():
    with pytest.raises(LinkLost, match="/dev/nothing"):
        BlockingLink(SerialDoor("/dev/nothing-here")).ask("state")
    controller, terminal = os.openpty()
    link = ConsoleLink(SerialDoor(os.ttyname(terminal)), connect_s=0.2, retry_s=0)
    with pytest.raises(LinkLost, match="no answer"):
        asyncio.run(link.ask("state"))
    os.close(controller)
    os.close(terminal)


def test_the_greeting_of_a_controller_that_restarts_is_no_answer():
    greets = iter([True, True, False])
    talker = SerialTalker(lambda line: None if next(greets) else b"fine\r\n")
    link = BlockingLink(SerialDoor(talker.name))
    assert link.ask("commit").startswith("error: the connection was lost at `commit`: the command may have been executed")
    assert link.ask("show") == "fine" and talker.lines == ["commit", "show", "show"]
    link.close()


def test_an_answer_without_words_counts_where_it_comes_twice():
    talker = SerialTalker(lambda line: b"")
    link = BlockingLink(SerialDoor(talker.name))
    assert link.ask("log 1") == "" and talker.lines == ["log 1", "log 1"]
    assert link.ask("") == "" and len(talker.lines) == 2
    link.close()


def console(*serve):
    """Address of a socket; each connection that comes is handed to the next of `serve`."""
    server = socket.create_server(("127.0.0.1", 0))

    def accept():
        for each in serve:
            connection, _ = server.accept()
            connection.sendall(b"> ")
            each(connection)
    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()


def answering(connection):
    while line := connection.recv(4096):
        connection.sendall(b"to " + line + b"> ")


def test_a_line_is_sent_again_after_a_connection_that_ended_while_idle():
    gone = threading.Event()

    def restarting(connection):
        connection.sendall(b"to " + connection.recv(4096) + b"> ")
        connection.close()
        gone.set()

    link = socket_link(console(restarting, answering))
    assert link.ask("show") == "to show"
    assert gone.wait(PATIENCE_S)
    assert link.ask("commission next") == "to commission next"
    link.close()


async def test_a_late_answer_is_not_taken_for_that_of_the_next_line():
    late = threading.Event()

    def slow(connection):
        connection.recv(4096)
        late.wait(PATIENCE_S)
        connection.sendall(b"to show\n> ")

    link = ConsoleLink(SocketDoor(*console(slow, answering)))
    asked = asyncio.create_task(link.ask("show"))
    await asyncio.sleep(0.1)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    late.set()
    assert await link.ask("scan stop") == "to scan stop"
    link.close()


async def test_one_time_limit_applies_to_all_attempts_at_an_answer():
    def mute(connection):
        while connection.recv(4096):
            pass

    link = ConsoleLink(SocketDoor(*console(mute, mute)), answer_s=0.2)
    with pytest.raises(LinkLost, match="no answer"):
        await link.ask("show")
    with pytest.raises(LinkLost, match="no answer"):
        await link.ask("restart")


def test_earlier_output_of_a_serial_device_for_another_client_is_not_an_answer():
    talker = SerialTalker(lambda line: b"mode regulating\r\n")
    talker.say(b"the rest of another answer\r\n> ")
    link = BlockingLink(SerialDoor(talker.name))
    assert link.ask("state") == "mode regulating"
    link.close()


@pytest.mark.parametrize("words", [("console", "show"), ("commission", "--no-scan")])
def test_ctrl_c_ends_the_wait_for_an_answer(words):
    heard = threading.Event()

    def mute(connection):
        connection.recv(4096)
        heard.set()
        connection.recv(4096)

    host, port = console(mute)
    command = [sys.executable, "-m", "ampacity_host", *words, "--controller", f"{host}:{port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as one:
        assert heard.wait(PATIENCE_S)
        one.send_signal(signal.SIGINT)
        assert one.wait(PATIENCE_S) == 130
        assert "Traceback" not in one.stderr.read()
