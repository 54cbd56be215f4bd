"""`ampacity run` and `ampacity console`: the data folder, the restart on 42, signals, one command and a conversation."""

import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from ampacity_host.configure import compile_site, load_site, secondary_config
from ampacity_host.configure.command import free_address, prepare, supervise

SITES = Path(__file__).parent / "sites"
SITE = SITES / "good" / "two-hundred-eight.toml"


def command(*words, stdin=None):
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


@pytest.fixture
def signals():
    """Puts this process's handlers back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_controller_that_asks_for_it_is_started_again(tmp_path, signals):
    code = "import sys; f = open('starts', 'a'); f.write('x'); f.close(); sys.exit(42 if len(open('starts').read()) < 3 else 7)"
    folder = os.getcwd()
    os.chdir(tmp_path)
    try:
        assert supervise([sys.executable, "-c", code], dict(os.environ)) == 7
    finally:
        os.chdir(folder)
    assert (tmp_path / "starts").read_text() == "xxx"


def test_a_signal_reaches_the_controller_and_ends_the_supervisor(tmp_path):
    child = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(42)); open('up', 'w').close(); time.sleep(30)"
    parent = "import os, sys\nfrom ampacity_host.configure.command import supervise\n"
    parent += f"sys.exit(supervise([sys.executable, '-c', {child!r}], dict(os.environ)))"
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=tmp_path)
    deadline = time.monotonic() + 20
    while not (tmp_path / "up").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 42


def test_the_data_folder_gets_site_role_and_console(tmp_path):
    facts = compile_site(load_site(SITE))
    prepare(facts, tmp_path / "data", "primary", "primary", "127.0.0.1:0")
    assert json.loads((tmp_path / "data" / "site.json").read_text()) == facts
    boot = json.loads((tmp_path / "data" / "boot.json").read_text())
    assert (boot["role"], boot["name"]) == ("primary", "primary")
    assert json.loads((tmp_path / "data" / "console.json").read_text()) == {"console": boot["console"]}
    assert (tmp_path / "data" / "site.json").stat().st_mode & 0o077 == 0


def test_port_zero_becomes_a_free_one():
    host, port = free_address("127.0.0.1:0").split(":")
    assert host == "127.0.0.1" and 1024 <= int(port) <= 65535
    assert free_address("127.0.0.1:4000") == "127.0.0.1:4000"
    for wrong in ("4000", "localhost", "localhost:http", "localhost:70000"):
        with pytest.raises(ValueError, match="is no HOST:PORT"):
            free_address(wrong)


def test_a_virtual_bus_is_for_the_rig(tmp_path):
    done = command("run", "--site", SITES / "good" / "garage.toml", "--data", tmp_path)
    assert done.exit_code == 2 and "ampacity rig runs such a site" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_refused_site_does_not_run(tmp_path):
    done = command("run", "--site", SITES / "refused" / "reserves.toml", "--data", tmp_path)
    assert done.exit_code == 1 and "row-a L1" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_secondary_that_the_site_does_not_have_is_said(tmp_path):
    done = command("run", "--site", SITE, "--data", tmp_path, "--secondary", "nine")
    assert done.exit_code == 1 and "have: one, two, three" in done.stderr


def test_the_configuration_of_a_secondary_names_nothing_of_the_upstream():
    config = secondary_config(compile_site(load_site(SITES / "good" / "garage.toml")), "evse-2")
    assert "ocpp" not in json.dumps(config)


class Console(socketserver.StreamRequestHandler):
    """A controller's console as it looks from outside: a prompt, lines in, text and a prompt out."""

    def handle(self):
        self.wfile.write(b"> ")
        for line in self.rfile:
            text = line.decode().strip()
            answer = "mode regulating" if text == "mode" else f"error: no command {text}"
            self.wfile.write(f"{answer}\n> ".encode())


@pytest.fixture
def console():
    """HOST:PORT of such a console."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Console) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield "127.0.0.1:%d" % server.server_address[1]
        server.shutdown()


def test_one_command_prints_its_answer(console):
    done = command("console", "--connect", console, "mode")
    assert (done.exit_code, done.stdout) == (0, "mode regulating\n")


def test_a_refused_command_is_exit_code_one(console):
    done = command("console", "--connect", console, "limit", "main", "99")
    assert (done.exit_code, done.stdout) == (1, "error: no command limit main 99\n")


def test_the_address_comes_from_the_data_folder(console, tmp_path):
    (tmp_path / "console.json").write_text(json.dumps({"console": console}))
    assert command("console", "--data", tmp_path, "mode").exit_code == 0


def test_a_conversation_ends_with_exit(console):
    done = command("console", "--connect", console, stdin="mode\n\nmode\nexit\nmode\n")
    assert (done.exit_code, done.stdout) == (0, "mode regulating\nmode regulating\n")


def test_nobody_there_is_exit_code_three(tmp_path):
    done = command("console", "--connect", free_address("127.0.0.1:0"), "mode")
    assert done.exit_code == 3 and "no console at" in done.stderr


def test_no_address_is_wrong_usage(tmp_path):
    assert command("console", "mode").exit_code == 2
    assert command("console", "--data", tmp_path, "mode").exit_code == 3  # a controller's name, and nobody there
    assert command("console", "--connect", "here", "mode").exit_code == 2


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--clock", "virtual", "--runtime", "micropython"), "--runtime micropython cannot run on --clock virtual"),
        (("--clock", "virtual", "--csms", "ws://127.0.0.1:9000"), "--csms cannot be reached on --clock virtual"),
        (("--no-csms", "--bench-csms", "127.0.0.1:0"), "exclude each other"),
    ],
)
def test_rig_options_that_exclude_each_other_are_refused_by_name(options, text):
    done = command("rig", "--site", SITES / "good" / "garage.toml", *options)
    assert done.exit_code == 2 and text in done.stderr
