"""A secondary as a process of its own on both runtimes, with pymodbus as its primary and a plant behind its pins."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest
from point_plant import Plant
from pty_pair import Pair
from pymodbus.client import ModbusSerialClient

from ampacity.bus.leases import register_table as table
from tools.micropython.find import find


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
    client = ModbusSerialClient(pair.ours, baudrate=19200, timeout=1, retries=10)  # a pty has no parity; a busy machine has no time at once
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
