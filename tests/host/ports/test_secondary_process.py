"""A secondary as a process of its own on both runtimes, with pymodbus as its primary and a plant behind its pins."""

import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time

import pytest
from pty_pair import Pair
from pymodbus.client import ModbusSerialClient

from ampacity.bus.leases import register_table as table
from tools.micropython.find import find

HIGH = {"A": 12000, "B": 9000, "C": 6000}


class Plant(socketserver.ThreadingTCPServer):
    """The bench's end of the pins of one charging point."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.car, self.fed, self.hello = "A", 0, None
        self.pilot, self.contactor = ["x1", 0], False
        self.link = self.connection = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.console = probe.getsockname()[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def inputs(self):
        kind, permille = self.pilot
        high_mv = -12000 if kind == "f" else HIGH[self.car]
        low_mv = high_mv if kind == "x1" else -12000
        amps_da = permille * 6 // 10 if self.contactor and self.car == "C" else 0
        return {"evse": "evse-2", "cp": [high_mv, low_mv], "pp": None, "amps": [amps_da] * 3, "volts": [2300] * 3,
                "wh": 4321, "closed": self.contactor, "faults": []}

    def tell(self, message):
        self.link.write(json.dumps(message).encode() + b"\n")

    def until(self, condition, limit_s=10):
        end = time.monotonic() + limit_s
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)
        return condition()


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.link, self.server.connection = self.wfile, self.connection
        repeat = threading.Thread(target=self.repeat, daemon=True)
        try:
            for line in self.rfile:
                self.take(json.loads(line), repeat)
        except ConnectionError:
            pass  # its controller is gone with bytes unread: each test ends it by SIGKILL

    def take(self, message, repeat):
        plant = self.server
        if "hello" in message:
            plant.hello = message["hello"]
            repeat.start()
        elif "wd" in message:
            plant.fed += 1
        else:
            plant.pilot, plant.contactor = message["pilot"], message["contactor"]
            plant.tell(plant.inputs())

    def repeat(self):
        try:
            while True:
                self.server.tell(self.server.inputs())
                time.sleep(0.1)
        except (OSError, ValueError):
            pass


@pytest.fixture(params=["cpython", "micropython"])
def site(request, tmp_path):
    pair, plant = Pair(tmp_path), Plant()
    folder = tmp_path / "data"
    folder.mkdir()
    boot = {"role": "secondary", "name": "evse-2", "sim": "127.0.0.1:%d" % plant.server_address[1],
            "lines": {"rs485-1": pair.theirs}, "console": "127.0.0.1:%d" % plant.console}
    config = {"role": "secondary", "bus": "rs485-1", "unit": 2, "port": "virtual", "baud": 19200, "parity": "E",
              "max_da": 160, "fallback_da": 60, "lease_max_ms": 10000, "serial": "S2", "terminals": 3}
    (folder / "boot.json").write_text(json.dumps(boot))
    (folder / "site.json").write_text(json.dumps(config))
    program = [sys.executable] if request.param == "cpython" else [find()]
    environment = dict(os.environ, PYTHONPATH="firmware", MICROPYPATH="firmware:.frozen")
    process = subprocess.Popen([*program, "-m", "ampacity", str(folder)], env=environment)
    client = ModbusSerialClient(pair.ours, baudrate=19200, timeout=1, retries=2)  # a pty has no parity
    try:
        assert plant.until(lambda: plant.hello == "evse-2" and plant.fed > 2), "it did not come up"
        assert client.connect()
        yield plant, client, process
    finally:
        client.close()
        process.kill()
        process.wait()
        plant.shutdown()
        plant.server_close()
        pair.close()


def status(client):
    registers = client.read_holding_registers(table.STATUS_AT, count=table.length(table.STATUS), device_id=2).registers
    names, at = {}, 0
    for name, kind, _, _ in table.STATUS:
        size = table.size_of(kind)
        names[name] = registers[at] if size == 1 else registers[at] << 16 | registers[at + 1]
        at += size
    return names


def grant(client, sequence, limit_da, lease_ds):
    reply = client.write_registers(table.GRANT_AT, [limit_da, lease_ds, sequence, 0, 7, 1, 0], device_id=2)
    assert not reply.isError()


def test_a_car_charges_by_grant_falls_back_by_lease_and_leaves(site):
    plant, client, process = site
    assert status(client)["limit_da"] == 60 and status(client)["energy_wh"] == 4321
    plant.car = "C"
    grant(client, 1, 160, 100)
    assert plant.until(lambda: plant.contactor and plant.pilot == ["pwm", 266])
    assert plant.until(lambda: status(client)["measured_l1_da"] == 159)
    assert status(client)["state"] == 1 and status(client)["sequence"] == 1
    grant(client, 2, 160, 10)
    assert plant.until(lambda: plant.pilot == ["pwm", 100], 3) and status(client)["state"] == 2
    plant.car = "A"
    plant.tell(plant.inputs())
    left = time.monotonic()
    assert plant.until(lambda: not plant.contactor, 2) and time.monotonic() - left < 1
    plant.tell({"fault": "hang", "on": True})
    time.sleep(0.3)
    fed = plant.fed
    time.sleep(0.3)
    assert plant.fed == fed and status(client)["protocol"] == 1
    plant.tell({"fault": "hang", "on": False})
    assert plant.until(lambda: plant.fed > fed + 1)
    with socket.create_connection(("127.0.0.1", plant.console), 5) as console:
        console.sendall(b"show --json\n")
        answer = b""
        while answer.count(b"> ") < 2:
            answer += console.recv(4096)
    assert json.loads(answer.split(b"> ")[1])["mode"] == "fallback"
    assert process.poll() is None


def test_it_ends_with_its_bench(site):
    plant, client, process = site
    plant.connection.shutdown(socket.SHUT_RDWR)
    assert process.wait(30) == 0
