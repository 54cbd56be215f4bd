"""`ampacity scan` as an installer types it: on a serial device of this computer, and over TCP."""

import asyncio
import json
import subprocess
import sys
import threading

from desk import Plant
from hub import Hub, Now, device

from ampacity.bus.modbus.frames import rtu_frame
from ampacity_host.rig.devices import make_device, serve_tcp


def scanned(*options):
    command = [sys.executable, "-m", "ampacity_host", "scan", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Server(threading.Thread):
    """A Modbus TCP device on a port of its own."""

    def __init__(self, name, unit):
        super().__init__(daemon=True)
        self._device = make_device(name, unit, Plant(), Now(), 1, "tcp")
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self.start()
        self._up.wait(30)

    def run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(serve_tcp(self._device))
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(asyncio.sleep(0.05))

    def end(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.join(5)


def test_devices_of_three_manufacturers_are_found_at_their_speeds():
    devices = [
        (device("evse-heidelberg-energy-control", 2), 19200), (device("meter-abb-b23-b24", 3), 19200), (device("evse-kse-wbx", 2), 9600),
    ]  # fmt: skip
    with Hub(devices) as hub:
        status, out, err = scanned("--port", hub.path, "--standing", "--units", "2-3", "--baud", "19200E1,9600E1", "--json")
    found = {(row["setting"], row["unit"]): row["device"] for row in json.loads(out)["found"]}
    assert status == 0, err
    assert found == {("19200E1", 2): "heidelberg-energy-control", ("19200E1", 3): "abb-b23-b24", ("9600E1", 2): "kse-wbx"}
    assert all(frame[1] in (3, 4, 43) for _, frame in hub.heard)


def test_a_line_with_a_primary_is_not_scanned():
    with Hub([], chatter=(9600, rtu_frame(7, b"\x03\x00\x00\x00\x02"))) as hub:
        status, out, _ = scanned("--port", hub.path, "--standing", "--baud", "19200E1,9600N1")
    assert status == 1 and hub.heard == []
    assert out == "stopped: another Modbus client reads unit 7 with function 3 at 9600N1; no request was sent\n"


def test_a_device_behind_tcp_is_found():
    server = Server("evse-keba-p30", 255)
    try:
        status, out, err = scanned("--tcp", f"127.0.0.1:{server.port}", "--standing", "--units", "254-255")
        assert status == 0 and out.startswith("unit 255  keba-p30  ") and "serial 10000001" in out, err
    finally:
        server.end()


def test_several_hosts_are_scanned_and_silent_ones_are_named():
    servers = [Server("evse-keba-p30", 255), Server("meter-eastron-sdm630", 3)]
    try:
        hosts = [f"127.0.0.1:{server.port}" for server in servers]
        status, out, err = scanned("--tcp", ",".join([hosts[0], "127.0.0.1:1", hosts[1]]), "--standing", "--units", "3,255")
        assert status == 0, err
        found = [line for line in out.splitlines() if line.startswith("unit ")]
        wanted = zip(found, hosts, ("keba-p30", "sdm630"), strict=True)
        assert all(host in line and name in line for line, host, name in wanted), out
        assert "127.0.0.1:1 was not found: " in out and "baud" not in out
        status, out, err = scanned("--tcp", "127.0.0.1:1,127.0.0.1:2", "--standing")
        assert status == 3 and "127.0.0.1:1 (" in err and "127.0.0.1:2 (" in err
    finally:
        for server in servers:
            server.end()


def test_bad_options_name_field_and_what_is_allowed():
    for options, wanted in (
        ((), "--port TTY, --tcp HOST:PORT or --controller DIR"), (("--port", "x", "--tcp", "y"), "name one place"),
        (("--port", "x", "--units", "0"), "1..247"), (("--port", "x", "--baud", "9601"), "9600, 19200"),
        (("--tcp", "host:99999"), "port 1..65535"), (("--console", "nowhere:x", "--bus", "a"), "DIR, HOST:PORT or TTY"),
        (("--console", "127.0.0.1:1"), "--bus NAME"),
    ):  # fmt: skip
        status, out, err = scanned(*options)
        assert status == 2 and wanted in err and not out, (options, err)


def test_a_missing_port_is_reported_in_one_line():
    for options in (("--port", "/dev/nowhere", "--standing"), ("--tcp", "127.0.0.1:1", "--standing"), ("--console", "127.0.0.1:1", "--bus", "a")):
        status, _, err = scanned(*options)
        assert status == 3 and err.strip().count("\n") <= 1, err
