"""`ampacity run` as an installer starts it, for tests of the connection to the CSMS: a site with one EVSE that never answers."""

import asyncio
import json
import os
import signal
import subprocess
import sys

from typer.testing import CliRunner

from ampacity_host.cli import app

PATIENCE_S = 40
IDENTITY = "AMP-1"
YARD = """
[site]
name = "yard"
[[circuit]]
name = "main"
rating_a = 63
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
PASSWORD = 'password = "0123456789abcdef"\n'
OWN = 'certificate_pem = "own.pem"\nkey_pem = "own.key.pem"\n'
ROOT = 'root_pem = "root.pem"\n'


def site(url, profile, *lines):
    """The site file; lines: more of [ocpp], such as PASSWORD."""
    return f'{YARD}[ocpp]\nidentity = "{IDENTITY}"\nurl = "{url}"\nsecurity_profile = {profile}\n' + "".join(lines)


class Running:
    """`ampacity run` on a site in a folder, with its data in `data`."""

    def __init__(self, folder, runtime, text):
        (folder / "site.toml").write_text(text)
        self.data = folder / f"data-{runtime}"
        words = ["run", "--site", str(folder / "site.toml"), "--data", str(self.data), "--runtime", runtime]
        self.log = folder / "log.txt"
        with self.log.open("a") as out:
            command = [sys.executable, "-m", "ampacity_host", *words]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=dict(os.environ))

    async def view(self, wanted):
        """What its console shows of the connection upstream, as soon as wanted(it)."""
        said = None
        for _ in range(PATIENCE_S * 5):
            done = await asyncio.to_thread(CliRunner().invoke, app, ["console", "--data", str(self.data), "show ocpp --json"])
            said = json.loads(done.stdout) if done.exit_code == 0 else None
            if said is not None and wanted(said):
                return said
            await asyncio.sleep(0.2)
        raise AssertionError(said)

    def lines(self, text):
        """In how many lines it has written the text."""
        return sum(text in line for line in self.log.read_text().splitlines())

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


def network_profile(url, profile):
    """connectionData of SetNetworkProfile, as the library `ocpp` wants it."""
    return {"ocpp_version": "OCPP20", "ocpp_transport": "JSON", "ocpp_csms_url": url, "message_timeout": 30, "security_profile": profile,
            "ocpp_interface": "Wired0"}  # fmt: skip
