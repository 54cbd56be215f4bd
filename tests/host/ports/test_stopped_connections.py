"""Connections that are served when a controller stops end with it, and nothing of that looks like a fault."""

import os
import signal
import socket
import ssl
import subprocess
import sys

import pytest

from ampacity_host.places import FIRMWARE
from certificates import Authority

PATIENCE_S = 30
SCRIPT = """
import asyncio, sys
from ampacity.base.log import Log
from ampacity.console.server import ConsoleServer
from ampacity.ports.linux import LinuxPlatform, run
from ampacity.ports.tls_credentials import TlsCredentials

class Access:
    def is_set(self):
        return True

    def knows(self, host):
        return True

async def main(folder, secured):
    doors = LinuxPlatform(folder, {})
    tls = []
    if secured:
        texts = [open(folder + "/" + name).read() for name in ("root.pem", "own.pem", "own.key.pem")]
        tls = [doors.server_tls(TlsCredentials(*texts)), lambda text: None]
    port_of = ConsoleServer(doors, lambda: None, Log(50), lambda: "viewer", Access().knows)
    server = await doors.listen("127.0.0.1", 0, port_of.handle, *tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(600)

try:
    run(main(sys.argv[1], sys.argv[2] == "tls"))
except KeyboardInterrupt:
    print("ended")
"""


@pytest.fixture(params=["plain", "tls"])
def stopped(request, tmp_path):
    """stopped(n): (what the n clients read last, status, stdout, stderr) of a controller that n consoles are connected to when SIGTERM comes."""
    authority = Authority()
    (tmp_path / "root.pem").write_text(authority.root)
    authority.issue().files(tmp_path, "own")
    secure = ssl.create_default_context(cadata=authority.root)
    secure.load_cert_chain(*authority.issue().files(tmp_path, "client"))

    def connected(port, answered):
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        client = secure.wrap_socket(plain, server_hostname="localhost") if request.param == "tls" and answered else plain
        if answered:
            assert client.recv(100) == b"> "
        return client

    def stop(answered, silent=0):
        words = [sys.executable, "-c", SCRIPT, str(tmp_path), request.param]
        process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(FIRMWARE)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        port = int(process.stdout.readline())
        clients = [connected(port, n < answered) for n in range(answered + silent)]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
        for client in clients:
            try:
                assert client.recv(100) in (b"", b"> ")
            except OSError:
                pass
            client.close()
        return process.returncode, out, err

    return stop


@pytest.mark.parametrize(("answered", "silent"), [(1, 0), (5, 0), (1, 3)])
def test_a_stop_with_connections_prints_nothing_on_standard_error(stopped, answered, silent):
    assert stopped(answered, silent) == (0, "ended\n", "")


LATE = """
import asyncio, socket, sys
from ampacity.ports.linux import LinuxPlatform, run

async def main():
    async def never(reader, writer):
        await reader.read()

    server = await LinuxPlatform("", {}).listen("127.0.0.1", 0, never)
    held, loop = socket.create_connection(server.sockets[0].getsockname()), asyncio.get_running_loop()
    created = loop.create_task

    def create_task(one, **more):
        made = created(one, **more)
        if "accept" not in one.__qualname__:
            loop.call_soon(me.cancel)
            made.cancel()  # before its first step
        return made

    me, loop.create_task = asyncio.current_task(), create_task
    await asyncio.sleep(600)

try:
    run(main())
except BaseException as problem:
    print("ended", type(problem).__name__)
"""


def test_nor_does_a_connection_whose_task_is_cancelled_before_its_first_step(tmp_path):
    done = subprocess.run([sys.executable, "-c", LATE], env={**os.environ, "PYTHONPATH": str(FIRMWARE)}, capture_output=True, text=True,
                          timeout=PATIENCE_S, cwd=tmp_path)  # fmt: skip
    assert (done.stdout, done.stderr) == ("ended CancelledError\n", "")
