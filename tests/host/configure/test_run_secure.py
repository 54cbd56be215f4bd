"""`ampacity run` as an installer does it: a site file with wss:// and certificates beside it, both runtimes, the real clock."""

import asyncio
import json
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from ampacity_host.csms.server import BenchCsms
from certificates import Authority
from tests.deep import sample

PATIENCE_S = 25
SITE = """
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
[ocpp]
identity = "AMP-1"
url = "{url}"
security_profile = {profile}
root_pem = "root.pem"
"""
PASSWORD = 'password = "0123456789abcdef"\n'
CERTIFICATE = 'certificate_pem = "own.pem"\nkey_pem = "own.key.pem"\n'


class Running:
    """`ampacity run` on a site in a folder; `ask(words)`: its console."""

    def __init__(self, folder, runtime, text):
        (folder / "site.toml").write_text(text)
        self.data = folder / f"data-{runtime}"
        words = ["run", "--site", str(folder / "site.toml"), "--data", str(self.data), "--runtime", runtime]
        self.process = subprocess.Popen([sys.executable, "-m", "ampacity_host", *words], stdin=subprocess.DEVNULL)

    async def view(self, wanted):
        """The upstream's part of the view as soon as wanted(it)."""
        said = None
        for _ in range(PATIENCE_S * 5):
            done = await asyncio.to_thread(CliRunner().invoke, app, ["console", "--data", str(self.data), "show ocpp --json"])
            said = json.loads(done.stdout) if done.exit_code == 0 else None
            if said is not None and wanted(said):
                return said
            await asyncio.sleep(0.2)
        raise AssertionError(said)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize("profile", sample([2, 3], 2, 1))
async def test_a_site_file_with_wss_connects_and_the_station_is_accepted(profile, runtime, tmp_path):
    ca, csms = Authority(), BenchCsms()
    (tmp_path / "root.pem").write_text(ca.root)
    ca.issue("AMP-1").files(tmp_path, "own")
    await csms.start(tls=ca.server_context(tmp_path, ca.issue(), ca if profile == 3 else None))
    own = PASSWORD if profile == 2 else CERTIFICATE
    running = Running(tmp_path, runtime, SITE.format(url=csms.url, profile=profile) + own)
    try:
        said = await running.view(lambda view: view["connected"])
        assert "trouble" not in said and csms.stations["AMP-1"]["boots"] == 1
        assert csms.stations["AMP-1"]["password"] == ("0123456789abcdef" if profile == 2 else None)
        assert running.data.joinpath("site.json").stat().st_mode & 0o77 == 0
    finally:
        running.end()
        await csms.stop()
    assert csms.findings == []


async def test_a_foreign_certificate_is_reported_on_the_console_and_later_to_the_csms(tmp_path):
    ca, csms = Authority(), BenchCsms()
    (tmp_path / "root.pem").write_text(ca.root)
    await csms.start(tls=Authority("Stranger").server_context(tmp_path, Authority("Stranger").issue()))
    port = int(csms.url.rpartition(":")[2])
    running = Running(tmp_path, "cpython", SITE.format(url=csms.url, profile=2) + PASSWORD)
    try:
        said = await running.view(lambda view: "trouble" in view)
        assert "is not signed by a root certificate of this controller" in said["trouble"] and not said["connected"]
        await csms.stop()
        await csms.start(port=port, tls=ca.server_context(tmp_path, ca.issue()))
        await running.view(lambda view: view["connected"] and view["queue"] == 0)
    finally:
        running.end()
        await csms.stop()
    events = [json.loads(frame["text"])[3] for frame in csms.frames if '"SecurityEventNotification"' in frame["text"]]
    assert [event["type"] for event in events].count("InvalidCsmsCertificate") == 1


async def test_a_csms_moves_the_station_to_another_one_over_tls_and_it_stays_there(tmp_path):
    ca, old, new = Authority(), BenchCsms(), BenchCsms()
    (tmp_path / "root.pem").write_text(ca.root)
    await old.start()
    await new.start(tls=ca.server_context(tmp_path, ca.issue()))
    running = Running(tmp_path, "cpython", SITE.format(url=old.url, profile=1) + PASSWORD)
    try:
        await running.view(lambda view: view["connected"])
        data = {"ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": new.url, "messageTimeout": 30, "securityProfile": 2,
                "ocppInterface": "Wired0"}
        assert (await old.call("SetNetworkProfile", {"configurationSlot": 2, "connectionData": data}))["result"]["status"] == "Accepted"
        variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}, "attributeValue": "2,1"}
        answer = await old.call("SetVariables", {"setVariableData": [variable]})
        assert answer["result"]["setVariableResult"][0]["attributeStatus"] == "Accepted", answer
        assert (await old.call("Reset", {"type": "Immediate"}))["result"]["status"] == "Accepted"
        for _ in range(PATIENCE_S * 10):
            if "AMP-1" in new.identities:
                break
            await asyncio.sleep(0.1)
        await running.view(lambda view: view["connected"])
        assert new.stations["AMP-1"]["boots"] == 1 and old.stations["AMP-1"]["connects"] == 1
        boot = new.stations["AMP-1"]["boot"]
        assert boot["reason"] == "RemoteReset", boot
    finally:
        running.end()
        await old.stop()
        await new.stop()
    assert old.findings == new.findings == []
