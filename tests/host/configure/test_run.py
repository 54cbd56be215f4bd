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
from ampacity_host.configure.command import free_address, own_folder, prepare
from ampacity_host.configure.running import supervisor
from ampacity_host.configure.running.supervisor import supervise

SITES = Path(__file__).parent / "sites"
SITE = SITES / "good" / "two-hundred-eight.toml"


def command(*words, stdin=None):
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


@pytest.fixture(autouse=True)
def signals():
    """Puts this process's handlers back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_controller_that_requests_a_restart_is_restarted(tmp_path, signals):
    assert supervise(*lives(tmp_path, 42, 42, 78)) == 78
    assert (tmp_path / "starts").read_text() == "xxx"


@pytest.mark.parametrize("status", [0, 2, 75, 78])
def test_a_controller_with_a_final_exit_status_is_not_restarted(status, tmp_path, signals):
    assert supervise(*lives(tmp_path, status, 0)) == status
    assert (tmp_path / "starts").read_text() == "x"


def test_after_a_crash_it_is_started_again_and_waits_longer_each_time(tmp_path, signals, monkeypatch, capfd):
    monkeypatch.setattr(supervisor, "WAIT_S_MIN", 0.01)
    monkeypatch.setattr(supervisor, "WAIT_S_MAX", 0.02)
    assert supervise(*lives(tmp_path, 1, -9, 3, 0)) == 0
    assert (tmp_path / "starts").read_text() == "xxxx"
    told = [line for line in capfd.readouterr().err.splitlines() if "it restarts in" in line]
    assert [line.rpartition(" in ")[2] for line in told] == ["0.01 s", "0.02 s", "0.02 s"]
    assert "with status 1 " in told[0] and "by signal 9 " in told[1]


def test_a_run_of_ten_minutes_makes_the_wait_short_again(tmp_path, signals, monkeypatch, capfd):
    monkeypatch.setattr(supervisor, "WAIT_S_MIN", 0.01)
    monkeypatch.setattr(supervisor, "HEALTHY_S", 0.0)
    assert supervise(*lives(tmp_path, 1, 1, 1, 0)) == 0
    assert capfd.readouterr().err.count("restarts in 0.01 s") == 3


def test_a_signal_in_the_wait_after_a_crash_ends_it_with_0(tmp_path):
    parent = "import os, sys\nfrom ampacity_host.configure.running import supervisor\nsupervisor.WAIT_S_MIN = 600\n"
    parent += "sys.exit(supervisor.supervise([sys.executable, '-c', 'raise SystemExit(1)'], dict(os.environ)))"
    process = subprocess.Popen([sys.executable, "-c", parent], stderr=subprocess.PIPE, text=True)
    assert "restarts in 600 s" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stderr.close()


def test_the_mark_of_a_requested_end_is_readable_by_its_owner_only(tmp_path):
    ended = supervisor.Supervisor([sys.executable, "-c", ""], dict(os.environ), tmp_path)
    ended.hand_on(signal.SIGTERM, None)
    assert ended.run() == 0 and (tmp_path / supervisor.ENDED).stat().st_mode & 0o777 == 0o600


def lives(folder, *statuses):
    """(program, environment) of a controller that ends with these, one after the other; -9: killed."""
    code = "import os, sys; f = open('starts', 'a'); f.write('x'); f.close(); n = len(open('starts').read()) - 1\n"
    code += f"status = {statuses!r}[n]\nos.kill(os.getpid(), -status) if status < 0 else sys.exit(status)"
    return [sys.executable, "-c", f"import os; os.chdir({str(folder)!r})\n" + code], dict(os.environ)


@pytest.mark.parametrize(
    ("handler", "status"),
    [("lambda *_: sys.exit(42)", 0), ("signal.SIG_DFL", 0), ("lambda *_: sys.exit(0)", 0), ("lambda *_: sys.exit(7)", 7)],
)
def test_a_signal_reaches_the_controller_and_ends_the_supervisor_with_0_unless_it_failed(handler, status, tmp_path):
    child = f"import signal, sys, time; signal.signal(signal.SIGTERM, {handler}); open('up', 'w').close(); time.sleep(30)"
    parent = "import os, sys\nfrom ampacity_host.configure.command import supervise\n"
    parent += f"sys.exit(supervise([sys.executable, '-c', {child!r}], dict(os.environ)))"
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=tmp_path)
    deadline = time.monotonic() + 20
    while not (tmp_path / "up").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == status


def test_the_data_folder_gets_site_role_and_console(tmp_path):
    facts = compile_site(load_site(SITE))
    prepare(facts, tmp_path / "data", "primary", "primary", "127.0.0.1:0")
    assert json.loads((tmp_path / "data" / "site.json").read_text()) == facts
    boot = json.loads((tmp_path / "data" / "boot.json").read_text())
    assert (boot["role"], boot["name"]) == ("primary", "primary")
    assert json.loads((tmp_path / "data" / "console.json").read_text()) == {"console": boot["console"]}
    assert (tmp_path / "data" / "site.json").stat().st_mode & 0o077 == 0


def test_a_data_folder_becomes_readable_by_its_owner_only(tmp_path):
    new, old, other = tmp_path / "new", tmp_path / "old", tmp_path / "other"
    for folder in (old, other):
        folder.mkdir(mode=0o755)
    (old / "site.json").touch()
    for folder in (new, old, other):
        own_folder(folder)
    assert [folder.stat().st_mode & 0o777 for folder in (new, old, other)] == [0o700, 0o700, 0o755]  # the last is no data folder of ours


def test_an_impossible_data_folder_is_reported_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for data in (tmp_path / "file", tmp_path / "file" / "below"):
        done = command("run", SITE, "--data", data)
        assert done.exit_code == 2 and f"--data: {data} is not a folder and cannot be created" in done.stderr and "lock" not in done.stderr

    def refused(*_):
        raise PermissionError(13, "Permission denied", "run.lock")
    for function in ("own_folder", "os.listdir"):
        with monkeypatch.context() as patch:
            patch.setattr(f"ampacity_host.configure.command.{function}", refused)
            done = command("run", SITE, "--data", tmp_path)
        assert done.exit_code == 2 and f"no read and write access to {tmp_path};" in done.stderr
        assert "run.lock" not in done.stderr and "damaged" not in done.stderr


def test_port_zero_becomes_a_free_one():
    host, port = free_address("127.0.0.1:0").split(":")
    assert host == "127.0.0.1" and 1024 <= int(port) <= 65535
    assert free_address("127.0.0.1:4000") == "127.0.0.1:4000"
    for wrong in ("4000", "localhost", "localhost:http", "localhost:70000"):
        with pytest.raises(ValueError, match="is not HOST:PORT"):
            free_address(wrong)


def test_a_virtual_bus_is_for_the_rig(tmp_path):
    done = command("run", "--site", SITES / "good" / "garage.toml", "--data", tmp_path)
    assert done.exit_code == 2 and "run it with `ampacity rig`" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_refused_site_does_not_run(tmp_path):
    done = command("run", "--site", SITES / "refused" / "reserves.toml", "--data", tmp_path)
    assert done.exit_code == 1 and "row-a L1" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_secondary_is_reported(tmp_path):
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
            text = line.decode(errors="replace").strip()
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


def test_bytes_other_than_text_are_refused_and_not_sent(console):
    program = [sys.executable, "-m", "ampacity_host", "console", "--controller", console]
    done = subprocess.run(program, input=b"\xff\xfe\n", capture_output=True, timeout=20)
    assert done.returncode == 1 and done.stdout.startswith(b"error: a line with control characters, or bytes") and done.stderr == b"", done


def test_a_refused_command_is_exit_code_one(console):
    done = command("console", "--connect", console, "limit", "main", "99")
    assert (done.exit_code, done.stdout) == (1, "error: no command limit main 99\n")


def test_the_address_comes_from_the_data_folder(console, tmp_path):
    (tmp_path / "console.json").write_text(json.dumps({"console": console}))
    assert command("console", "--data", tmp_path, "mode").exit_code == 0


def test_a_conversation_ends_with_exit(console):
    done = command("console", "--connect", console, stdin="mode\n\nmode\nexit\nmode\n")
    assert (done.exit_code, done.stdout) == (0, "mode regulating\nmode regulating\n")


def test_no_controller_is_exit_code_three(tmp_path):
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
