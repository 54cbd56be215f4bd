"""Two `ampacity run` on the real clock: a primary below another, over TCP with certificates, one on each runtime."""

import asyncio
import json
import signal
import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from certificates import Authority

PATIENCE_S = 30
LINE = 'tcp_port = {port}\nhost = "127.0.0.1"\ntls = true\nroot_pem = "root.pem"\ncertificate_pem = "{name}.pem"\nkey_pem = "{name}.key.pem"\n'
CHILD = """
[site]
name = "garage"
[parent]
{line}
unit = 4
[[circuit]]
name = "main"
rating_a = 20
[[bus]]
name = "lan"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 9
[[evse]]
name = "one"
kind = "ampacity"
bus = "lan"
unit = 2
circuit = "main"
max_a = 16
"""
TOP = """
[site]
name = "street"
[[circuit]]
name = "main"
rating_a = 63
[[bus]]
name = "net"
kind = "tcp"
{line}
[[evse]]
name = "garage"
kind = "ampacity"
site = "child.toml"
bus = "net"
unit = 4
circuit = "main"
"""


def run(folder, name, runtime):
    words = ["run", "--site", str(folder / f"{name}.toml"), "--data", str(folder / name), "--runtime", runtime]
    return subprocess.Popen([sys.executable, "-m", "ampacity_host", *words], stdin=subprocess.DEVNULL)


async def view(folder, name, wanted):
    """The controller's view as soon as wanted(it)."""
    said = None
    for _ in range(PATIENCE_S * 3):
        done = await asyncio.to_thread(CliRunner().invoke, app, ["console", "--data", str(folder / name), "show --json"])
        said = json.loads(done.stdout) if done.exit_code == 0 else None
        if said is not None and wanted(said):
            return said
        await asyncio.sleep(0.3)
    raise AssertionError(said)


@pytest.mark.parametrize(("below", "above"), [("cpython", "micropython"), ("micropython", "cpython")])
async def test_a_primary_below_is_online_and_leased_by_the_role_in_the_certificate_of_its_parent(below, above, tmp_path):
    ca = Authority()
    (tmp_path / "root.pem").write_text(ca.root)
    ca.issue("localhost").files(tmp_path, "child")
    ca.issue("street", role="Primary").files(tmp_path, "top")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for name, text in (("child", CHILD), ("top", TOP)):
        (tmp_path / f"{name}.toml").write_text(text.format(line=LINE.format(port=port, name=name)))
    running = [run(tmp_path, "child", below), run(tmp_path, "top", above)]
    try:
        await view(tmp_path, "top", lambda said: said["evses"]["garage"]["online"])
        said = await view(tmp_path, "child", lambda said: said["parent"]["state"] == "leased")
        assert said["parent"]["tcp"]["clients"] == 1 and said["parent"]["tcp"]["refused"] == 0
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(PATIENCE_S)
