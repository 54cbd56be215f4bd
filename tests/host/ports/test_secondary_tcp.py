"""A secondary over Modbus/TCP as a process of its own on both runtimes: plain, and with TLS and roles; pymodbus asks."""

import contextlib
import json
import os
import socket
import ssl
import subprocess
import sys
import time

import pytest
from point_plant import Plant
from pymodbus.client import ModbusTcpClient, ModbusTlsClient
from test_secondary_process import status

from ampacity.bus.leases import register_table as table
from certificates import Authority
from tools.mbpoll import find as mbpoll
from tools.micropython.find import find

RUNTIMES = ["cpython", "micropython"]
NAME = "secondary.example"
GRANT = [160, 100, 1, 0, 7, 1, 0]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def secondary(runtime, tmp_path, tls=None, roles=None):
    """(its plant, its port) of a running secondary."""
    plant, port, folder = Plant(), free_port(), tmp_path / "data"
    folder.mkdir()
    boot = {"role": "secondary", "name": "evse-2", "sim": "127.0.0.1:%d" % plant.server_address[1],
            "console": "127.0.0.1:%d" % plant.console}
    tcp = {"host": "127.0.0.1", "tcp_port": port} | ({"tls": tls} if tls else {}) | ({"roles": roles} if roles else {})
    config = {"role": "secondary", "unit": 2, "max_da": 160, "fallback_da": 60, "lease_max_ms": 10000, "serial": "S2",
              "terminals": 3, "tcp": tcp}
    (folder / "boot.json").write_text(json.dumps(boot))
    (folder / "site.json").write_text(json.dumps(config))
    program = [sys.executable] if runtime == "cpython" else [find()]
    environment = dict(os.environ, PYTHONPATH="firmware", MICROPYPATH="firmware:.frozen")
    process = subprocess.Popen([*program, "-m", "ampacity", str(folder)], env=environment)
    try:
        assert plant.until(lambda: plant.hello == "evse-2" and plant.fed > 2), "it did not come up"
        yield plant, port
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        plant.shutdown()
        plant.server_close()


def show(plant):
    """The secondary's view by its console."""
    with socket.create_connection(("127.0.0.1", plant.console), 5) as console:
        console.sendall(b"show --json\n")
        answer = b""
        while answer.count(b"> ") < 2:
            answer += console.recv(4096)
    return json.loads(answer.split(b"> ")[1])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_plain_tcp_serves_several_clients_and_survives_rubbish(runtime, tmp_path):
    with secondary(runtime, tmp_path) as (plant, port):
        clients = [ModbusTcpClient("127.0.0.1", port=port, timeout=6, retries=1) for _ in range(3)]
        assert all(client.connect() for client in clients)
        plant.car = "C"
        assert not clients[0].write_registers(table.GRANT_AT, GRANT, device_id=2).isError()
        assert plant.until(lambda: plant.contactor and plant.pilot == ["pwm", 266])
        with socket.create_connection(("127.0.0.1", port)) as rubbish:
            rubbish.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert rubbish.recv(100) == b""
        assert [status(client)["limit_da"] for client in clients] == [160] * 3
        more = [ModbusTcpClient("127.0.0.1", port=port, timeout=6, retries=1) for _ in range(3)]
        assert all(client.connect() and status(client)["state"] == 1 for client in more)
        said = show(plant)["tcp"]
        assert said["clients"] == 7 and said["turned_away"] >= 2, said
        for client in clients + more:
            client.close()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_foreign_client_on_plain_tcp_reads_no_numbers_and_is_not_obeyed_while_the_primary_is_connected(runtime, tmp_path):
    with secondary(runtime, tmp_path) as (plant, port):
        primary = ModbusTcpClient("127.0.0.1", port=port, timeout=6, retries=1)
        stranger = ModbusTcpClient("127.0.0.1", port=port, timeout=6, retries=1, source_address=("127.0.0.2", 0))
        plant.car = "C"
        assert primary.connect() and stranger.connect()
        assert not primary.write_registers(table.GRANT_AT, [100, *GRANT[1:]], device_id=2).isError()
        assert plant.until(lambda: plant.contactor and plant.pilot == ["pwm", 166])
        shown = status(stranger)
        assert (shown["identity"], shown["epoch"], shown["sequence"]) == (0, 0, 0) and status(primary)["identity"] == 7
        crowd = [socket.create_connection(("127.0.0.1", port), 10, ("127.0.0.3", 0)) for _ in range(10)]
        assert plant.until(lambda: "no connection slot free" in told(plant, "log"))
        stranger.write_registers(table.GRANT_AT, [160, 100, 2, 0, 7, 1, 0], device_id=2)
        assert "alarm: a second source of grants, at 127.0.0.2" in told(plant, "log"), "noise does not hide it"
        assert status(primary)["limit_da"] == 100 and status(primary)["sequence"] == 1
        assert show(plant)["tcp"]["second_sources"] == 1
        for each in (*crowd, primary, stranger):
            each.close()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_strangers_that_ask_do_not_displace_the_connection_of_the_running_lease(runtime, tmp_path):
    with secondary(runtime, tmp_path) as (plant, port):
        plant.car = "C"
        request = bytes((0, 1, 0, 0, 0, 6, 2, 3)) + table.STATUS_AT.to_bytes(2, "big") + bytes((0, 4))
        with socket.create_connection(("127.0.0.1", port), 10) as primary, contextlib.ExitStack() as stack:
            grant = b"".join(value.to_bytes(2, "big") for value in [100, *GRANT[1:]])
            primary.sendall(bytes((0, 1, 0, 0, 0, 7 + len(grant), 2, 16)) + table.GRANT_AT.to_bytes(2, "big") + bytes((0, 7, 14)) + grant)
            assert primary.recv(100)[7] == 16
            for n in range(12):
                stranger = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10, (f"127.0.0.{n + 2}", 0)))
                stranger.sendall(request)
                assert stranger.recv(100)[7] == 3
            forger = ModbusTcpClient("127.0.0.1", port=port, timeout=6, retries=0, source_address=("127.0.0.99", 0))
            assert forger.connect()
            forger.write_registers(table.GRANT_AT, [160, 100, 2, 0, 7, 1, 0], device_id=2)
            forger.close()
            primary.sendall(request)
            assert primary.recv(100)[7] == 3
            said = show(plant)["tcp"]
            assert said["second_sources"] == 1 and said["turned_away"] >= 8, said


def test_mbpoll_reads_and_grants_over_tcp(tmp_path):
    with secondary("cpython", tmp_path) as (plant, port):
        def ask(*words):
            common = [mbpoll(), "-m", "tcp", "-p", str(port), "-a", "2", "-0", "-1", "-q", "-t", "4"]
            done = subprocess.run([*common, *map(str, words)], capture_output=True, text=True, timeout=20)
            assert done.returncode == 0, done
            return done.stdout

        assert f"[{table.STATUS_AT}]: \t1" in ask("-r", table.STATUS_AT, "-c", 4, "127.0.0.1")
        plant.car = "C"
        assert "Written 7 references" in ask("-r", table.GRANT_AT, "127.0.0.1", *GRANT)
        assert plant.until(lambda: plant.contactor and plant.pilot == ["pwm", 266])


def tls_client(port, ca, pair, folder):
    """A pymodbus client with that certificate; pair None: without."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca.root)
    context.check_hostname = False  # this client of pymodbus names nobody
    if pair is not None:
        context.load_cert_chain(*pair.files(folder, f"client-{id(pair)}"))
    return ModbusTlsClient("127.0.0.1", port=port, sslctx=context, timeout=10, retries=0)


def get(client):
    return client.read_holding_registers(table.STATUS_AT, count=4, device_id=2)


def put(client, address=table.GRANT_AT, values=GRANT):
    return client.write_registers(address, values, device_id=2)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_over_tls_the_role_in_the_certificate_decides_and_what_it_refuses_is_counted(runtime, tmp_path):
    ca = Authority()
    server = ca.issue(NAME)
    tls = {"root_pem": ca.root, "certificate_pem": server.certificate, "key_pem": server.key}
    with secondary(runtime, tmp_path, tls, {"Operator": ["read"], "Primary": ["read", "order"]}) as (plant, port):
        plant.car = "C"

        def client(**options):
            one = tls_client(port, ca, ca.issue("client", **options), tmp_path)
            assert one.connect()
            return one

        operator = client(role="Operator")
        assert get(operator).registers[3] == 60
        refused = put(operator)
        assert refused.isError() and refused.exception_code == 1
        assert get(operator).registers[3] == 60 and not plant.contactor
        for named in (None, "operator", "Installer", b"\x13\x08Operator"):
            nobody = client(role=named)
            answer = get(nobody)
            assert answer.isError() and answer.exception_code == 1
            nobody.close()
        primary = client(role="Primary")
        assert not put(primary).isError()
        assert plant.until(lambda: plant.contactor and plant.pilot == ["pwm", 266])
        assert put(primary, table.SETTINGS_AT, [0]).exception_code == 1
        said = show(plant)["tcp"]
        assert said["refused"] == 6 and said["handshakes_refused"] == 0, said
        operator.close()
        primary.close()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_client_with_a_missing_or_foreign_certificate_gets_no_answer(runtime, tmp_path):
    ca, stranger = Authority(), Authority("Stranger")
    server = ca.issue(NAME)
    tls = {"root_pem": ca.root, "certificate_pem": server.certificate, "key_pem": server.key}
    with secondary(runtime, tmp_path, tls) as (plant, port):
        pairs = [None, stranger.issue("client", role="Primary"), ca.issue("client", role="Primary", days=(-9, -1))]
        for pair in pairs:
            client = tls_client(port, ca, pair, tmp_path)
            with contextlib.suppress(Exception):  # it may break at once or at the first word: no answer comes either way
                client.connect()
                assert get(client).isError()
            client.close()
        with socket.create_connection(("127.0.0.1", port), 5) as plain:  # no TLS at all
            plain.sendall(bytes((0, 1, 0, 0, 0, 6, 2, 3)) + (40000).to_bytes(2, "big") + bytes((0, 2)))
            with contextlib.suppress(ConnectionResetError):
                assert b"SunS" not in plain.recv(100)
        assert plant.until(lambda: show(plant)["tcp"]["handshakes_refused"] >= 4), show(plant)
        good = tls_client(port, ca, ca.issue("client", role="Primary"), tmp_path)
        assert good.connect() and not get(good).isError() and show(plant)["tcp"]["clients"] == 1
        good.close()


def test_on_micropython_at_most_two_handshakes_run_and_connected_clients_stay(tmp_path):
    ca = Authority()
    server = ca.issue(NAME)
    tls = {"root_pem": ca.root, "certificate_pem": server.certificate, "key_pem": server.key}
    with secondary("micropython", tmp_path, tls) as (plant, port):
        primary = tls_client(port, ca, ca.issue("client", role="Primary"), tmp_path)
        assert primary.connect() and not get(primary).isError()
        slow = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(2)]
        for each in slow:
            each.sendall(b"\x16")
        time.sleep(0.3)
        with socket.create_connection(("127.0.0.1", port), 5) as third, contextlib.suppress(ConnectionResetError):
            third.sendall(b"\x16")
            assert third.recv(10) == b""
        assert not get(primary).isError() and show(plant)["tcp"]["handshakes_refused"] == 1
        for each in slow:
            each.close()
        other = tls_client(port, ca, ca.issue("client", role="Operator"), tmp_path)
        assert plant.until(other.connect) and not get(other).isError() and not get(primary).isError()
        other.close()
        primary.close()


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_silent_crowd_is_disconnected_reported_and_excludes_no_client(runtime, secure, tmp_path):
    ca = Authority()
    server = ca.issue(NAME)
    tls = {"root_pem": ca.root, "certificate_pem": server.certificate, "key_pem": server.key} if secure else None
    with secondary(runtime, tmp_path, tls) as (plant, port):
        def client():
            if secure:
                return tls_client(port, ca, ca.issue("client", role="Primary"), tmp_path)
            return ModbusTcpClient("127.0.0.1", port=port, timeout=5, retries=1)

        first = client()
        assert first.connect() and not get(first).isError()
        crowd = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(60)]
        assert plant.until(lambda: ended(crowd) >= 60 - 12, 30), ended(crowd)
        assert not get(first).isError(), "who is being served stays"
        late = client()
        assert plant.until(lambda: late.connect() and not get(late).isError(), 30)
        log = told(plant, "log")
        assert "no connection slot free" in log and log.count("no connection slot free") < 5, log
        for each in [*crowd, first, late]:
            each.close()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_despite_a_stream_of_silent_connections_each_active_client_is_served_over_tls(runtime, tmp_path, capfd):
    ca = Authority()
    server, pair, silent = ca.issue(NAME), ca.issue("client", role="Primary"), []
    with secondary(runtime, tmp_path, {"root_pem": ca.root, "certificate_pem": server.certificate, "key_pem": server.key}) as (_, port):
        for _ in range(6):
            for _ in range(12):
                silent.append(socket.create_connection(("127.0.0.1", port), 10))
            client = tls_client(port, ca, pair, tmp_path)
            assert client.connect() and not get(client).isError()
            client.close()
        for each in silent:
            each.close()
    assert "Traceback" not in capfd.readouterr().err


def ended(sockets):
    """How many of them the other end has closed."""
    count = 0
    for one in sockets:
        one.setblocking(False)
        try:
            count += one.recv(1) == b""
        except BlockingIOError:
            pass
        except OSError:
            count += 1
    return count


def told(plant, line):
    """The answer of the secondary's console."""
    with socket.create_connection(("127.0.0.1", plant.console), 5) as console:
        console.sendall(line.encode() + b"\n")
        answer = b""
        while answer.count(b"> ") < 2:
            answer += console.recv(4096)
    return answer.decode()
