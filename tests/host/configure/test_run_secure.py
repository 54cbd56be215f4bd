"""`ampacity run` as an installer does it: a site file with wss:// and certificates beside it, both runtimes, the real clock."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from ampacity_host.csms.server import BenchCsms
from certificates import Authority
from site_run import OWN, PASSWORD, PATIENCE_S, ROOT, YARD, Running, site
from tests.deep import sample


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize("profile", sample([2, 3], 2, 1))
async def test_a_site_file_with_wss_connects_and_the_station_is_accepted(profile, runtime, tmp_path):
    ca, csms = Authority(), BenchCsms()
    (tmp_path / "root.pem").write_text(ca.root)
    ca.issue("AMP-1").files(tmp_path, "own")
    await csms.start(tls=ca.server_context(tmp_path, ca.issue(), ca if profile == 3 else None))
    own = PASSWORD if profile == 2 else OWN
    running = Running(tmp_path, runtime, site(csms.url, profile, ROOT, own))
    try:
        said = await running.view(lambda view: view["connected"])
        assert "trouble" not in said and csms.stations["AMP-1"]["boots"] == 1
        assert csms.stations["AMP-1"]["password"] == ("0123456789abcdef" if profile == 2 else None)
        secret = b"0123456789abcdef" if profile == 2 else b"PRIVATE KEY"
        holding = [path for path in running.data.rglob("*") if path.is_file() and secret in path.read_bytes()]
        assert running.data / "site.json" in holding and not any(path.stat().st_mode & 0o77 for path in holding)  # A01.FR.10
        assert running.data.stat().st_mode & 0o77 == 0
    finally:
        running.end()
        await csms.stop()
    assert csms.findings == []


@pytest.mark.parametrize("profile", [1, 2, 3])
def test_A00_FR_004_nothing_starts_whose_security_profile_is_not_configured(profile, tmp_path):
    url = "ws://127.0.0.1:9/ocpp" if profile == 1 else "wss://127.0.0.1:9/ocpp"
    running = Running(tmp_path, "cpython", site(url, profile))
    assert running.process.wait(PATIENCE_S) == 1
    needs = {1: ["password"], 2: ["root_pem"], 3: ["root_pem", "certificate_pem"]}[profile]
    assert all(running.lines(f"ocpp: {key}: is missing, but security_profile is {profile}") == 1 for key in needs)


async def test_a_foreign_certificate_is_reported_on_the_console_and_later_to_the_csms(tmp_path):
    ca, csms = Authority(), BenchCsms()
    (tmp_path / "root.pem").write_text(ca.root)
    await csms.start(tls=Authority("Stranger").server_context(tmp_path, Authority("Stranger").issue()))
    port = int(csms.url.rpartition(":")[2])
    running = Running(tmp_path, "cpython", site(csms.url, 2, ROOT, PASSWORD))
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
    running = Running(tmp_path, "cpython", site(old.url, 1, ROOT, PASSWORD))
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


BEHIND_TLS = """
[[bus]]
name = "secured"
kind = "tcp"
host = "127.0.0.1"
tcp_port = {port}
tls = true
root_pem = "root.pem"
certificate_pem = "own.pem"
key_pem = "own.key.pem"
[[evse]]
name = "two"
kind = "ampacity"
bus = "secured"
unit = 3
circuit = "main"
max_a = 16
"""


def unreadable(folder, ca):
    (folder / "own.key.pem").unlink()
    return "key_pem", "cannot be read"


def garbage(folder, ca):
    (folder / "root.pem").write_text("none")
    return "root_pem", "no certificate"


def expired(folder, ca):
    ca.issue("p", role="Primary", days=(-9, -1)).files(folder, "own")
    return "certificate_pem", "has expired"


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize("broken", sample([unreadable, garbage, expired], 3, 1))
async def test_a_primary_starts_without_the_devices_whose_certificates_cannot_be_used_and_connects_when_they_are_replaced(broken, runtime, tmp_path):
    ca, shaken = Authority(), []

    def good():
        (tmp_path / "root.pem").write_text(ca.root)
        ca.issue("p", role="Primary").files(tmp_path, "own")

    good()
    context = ca.server_context(tmp_path, ca.issue(), ca)
    server = await asyncio.start_server(lambda reader, writer: shaken.append(writer), "127.0.0.1", 0, ssl=context)
    text = YARD + BEHIND_TLS.format(port=server.sockets[0].getsockname()[1])
    field, why = broken(tmp_path, ca)
    running = Running(tmp_path, runtime, text)
    checked = CliRunner().invoke(app, ["check", str(tmp_path / "site.toml")])
    assert checked.exit_code == 1 and field in checked.output and why in " ".join(checked.output.split())
    try:
        assert await until(lambda: running.lines(": no connection: "))  # the safety loop runs
        assert running.lines(f"warning: {tmp_path}/site.toml:") and running.lines("; until then the controller runs without this connection")
        assert broken is expired or running.lines("line secured 127.0.0.1:") and running.lines(f"no connection: tls: {field}: ")
        assert running.process.poll() is None and not shaken
    finally:
        running.end()
    good()
    running = Running(tmp_path, runtime, text)
    try:
        assert await until(lambda: shaken)
    finally:
        running.end()
        server.close()


async def until(there):
    """Whether that came about in time."""
    for _ in range(PATIENCE_S * 5):
        if there():
            return True
        await asyncio.sleep(0.2)
    return False
