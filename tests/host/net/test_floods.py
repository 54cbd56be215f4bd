"""A controller as a process of its own, on both runtimes, against who floods it: its safety loop goes on, its memory stays."""

import base64
import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time

import pytest

from ampacity_host.configure import compile_site, load_site
from tools.micropython.find import find

SITE = """
[site]
name = "flood"
[[circuit]]
name = "main"
rating_a = 63
[[bus]]
name = "lan"
kind = "tcp"
[[evse]]
name = "bay-1"
kind = "ampacity"
bus = "lan"
host = "127.0.0.1"
tcp_port = 9
unit = 1
circuit = "main"
max_a = 16
[ocpp]
identity = "AMP-1"
url = "ws://127.0.0.1:{port}"
security_profile = 1
password = "sixteen characters"
"""
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CROWD = 100
FLOOD_S = 1.2
STALL_MS_MAX = 2000  # the aim is 250 ms on idle cores; without the mend it was seconds there
MEMORY_MIB_MAX = 20
SETTING = b'{"component":{"name":"OCPPCommCtrlr"},"variable":{"name":"HeartbeatInterval"},"attributeValue":"77"}'


def text(data):
    """A frame with this text."""
    size = bytes((len(data),)) if len(data) < 126 else bytes((126,)) + len(data).to_bytes(2, "big") if len(data) < 65536 else None
    return b"\x81" + (size or bytes((127,)) + len(data).to_bytes(8, "big")) + data


PIECES = {
    "pings": bytes((0x89, 125)) + b"p" * 125,
    "no json": bytes((0x81, 3)) + b"[1,",
    "long": text(b"[" + b"1," * 29999 + b"]"),
    "requests": text(b'[2,"n","GetTransactionStatus",{}]'),
    "settings": text(b'[2,"s","SetVariables",{"setVariableData":[' + SETTING + b"]}]"),
    "mebibyte": text(b'[2,"big","DataTransfer",{"vendorId":"x","data":"' + b"A" * 2**20 + b'"}]'),
    "cut": text(b'[2,"cut","Reset",{"type":"Immediate"}]')[:-9],  # the next one begins within the frame of this one
}


class Csms:
    """Takes the upgrade, then sends one piece over and over and reads nothing; `left`: it was hung up on."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.piece, self.left, self.floods, self.open = b"", False, 0, True
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while self.open:
            with contextlib.suppress(OSError, IndexError):
                connection, _ = self.listener.accept()
                self.meet(connection)

    def meet(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        key = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)[1]
        answer = base64.b64encode(hashlib.sha1(key + GUID).digest())
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n"
                           b"Sec-WebSocket-Accept: " + answer + b"\r\n\r\n")
        end = time.monotonic() + FLOOD_S
        connection.settimeout(0.2)
        self.floods += 1
        block = self.piece * (1 + 60000 // len(self.piece))
        with connection:
            try:
                while time.monotonic() < end:
                    with contextlib.suppress(TimeoutError):
                        connection.sendall(block)
            except OSError:
                self.left = True


class Controller:
    """A primary whose console is asked by a connection that was there before the flood."""

    def __init__(self, runtime, folder, csms):
        (folder / "site.toml").write_text(SITE.format(port=csms.listener.getsockname()[1]))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        (folder / "boot.json").write_text(json.dumps({"role": "primary", "name": "primary", "console": "127.0.0.1:%d" % self.port}))
        (folder / "site.json").write_text(json.dumps(compile_site(load_site(folder / "site.toml"))))
        program = [sys.executable] if runtime == "cpython" else [find()]
        environment = dict(os.environ, PYTHONPATH="firmware", MICROPYPATH="firmware:.frozen")
        self.process = subprocess.Popen([*program, "-m", "ampacity", str(folder)], env=environment)
        end = time.monotonic() + 30
        while True:
            try:
                self.console = socket.create_connection(("127.0.0.1", self.port), 30)
                break
            except OSError:
                assert time.monotonic() < end, "it did not come up"
                time.sleep(0.05)
        self.answer()

    def answer(self):
        data = b""
        while not data.endswith(b"> "):
            more = self.console.recv(65536)
            assert more, "the console hung up"
            data += more
        return data[:-2].decode()

    def ask(self, line):
        self.console.sendall(line.encode() + b"\n")
        return self.answer()

    def stall_ms(self):
        return json.loads(self.ask("show --json"))["stall_ms"]

    def counters(self):
        return json.loads(self.ask("show counters --json"))

    def memory_mib(self):
        with open("/proc/%d/statm" % self.process.pid) as f:
            return int(f.read().split()[1]) * 4096 / 2**20


@contextlib.contextmanager
def running(runtime, folder, piece):
    csms = Csms()
    csms.piece = piece
    controller = Controller(runtime, folder, csms)
    try:
        yield controller, csms
        assert controller.process.poll() is None
    finally:
        csms.open = False
        csms.listener.close()
        controller.process.kill()
        controller.process.wait()
        controller.console.close()


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize("kind", sorted(PIECES))
def test_a_csms_that_floods_and_reads_nothing_takes_neither_memory_nor_the_safety_loop(kind, runtime, tmp_path):
    with running(runtime, tmp_path, PIECES[kind]) as (controller, csms):
        controller.ask("show version")
        before_mib, most_mib = controller.memory_mib(), 0
        end = time.monotonic() + 30
        while time.monotonic() < end and not csms.floods:
            time.sleep(0.05)
        end = time.monotonic() + FLOOD_S
        while time.monotonic() < end:
            most_mib = max(most_mib, controller.memory_mib())
            controller.ask("show version")
            time.sleep(0.05)
        assert controller.stall_ms() < STALL_MS_MAX and most_mib - before_mib < MEMORY_MIB_MAX, (controller.stall_ms(), before_mib, most_mib)
        if kind == "pings":
            assert csms.left and controller.counters()["link.flooded"] >= 1


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_a_crowd_at_the_console_and_a_browser_are_disconnected_and_the_present_client_is_answered(runtime, tmp_path):
    with running(runtime, tmp_path, PIECES["pings"]) as (controller, _csms), contextlib.ExitStack() as stack:
        controller.ask("show version")
        for _ in range(CROWD):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(("127.0.0.1", controller.port))
            time.sleep(0.005)
        end = time.monotonic() + 30
        while time.monotonic() < end and controller.counters().get("console_turned_away", 0) < 10:
            time.sleep(0.1)
        assert controller.counters()["console_turned_away"] >= 10 and "console: no connection slot free" in controller.ask("log 50")
        with socket.create_connection(("127.0.0.1", controller.port), 10) as web:
            with contextlib.suppress(ConnectionError):
                web.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nlimit main 10\r\n")
                while web.recv(4096):
                    pass
        assert "limit by console" not in controller.ask("log 100") and controller.stall_ms() < STALL_MS_MAX
