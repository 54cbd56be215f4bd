"""The options of `ampacity rig`, each once: where the CSMS listens, recorded other load, the live view, the other runtime."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rig_process import OCPP, SITE, running
from test_real_rig import children, wait_for

from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.process.runtime import find_micropython

DATA = Path(__file__).parents[1] / "data"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def open_files(pid):
    """What the open files of a process are, one text each."""
    for entry in Path("/proc/%d/fd" % pid).iterdir():
        try:
            yield os.readlink(entry)
        except FileNotFoundError:  # a file that it has closed meanwhile
            continue


def listening(pids):
    """TCP ports on which one of these processes listens."""
    inodes = {name[8:-1] for pid in pids for name in open_files(pid) if name.startswith("socket:[")}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and row[9] in inodes}


def ptys(pid):
    return sum(name == "/dev/ptmx" for name in open_files(pid))


def test_the_bench_csms_listens_at_the_given_address_and_sigterm_leaves_nothing():
    port = free_port()
    with running(SITE + OCPP, "--bench-csms", "127.0.0.1:%d" % port) as rig:
        assert rig.ready["csms"].startswith("ws://127.0.0.1:%d" % port)
        with socket.create_connection(("127.0.0.1", port), 5):
            assert wait_for(lambda: rig.state()["primary"]["ocpp"]["connected"], 20)
        family = [rig.process.pid, *children(rig.process.pid)]
        ports = listening(family)
        assert port in ports and int(rig.ready["control"].rpartition(":")[2]) in ports and ptys(rig.process.pid) == 2
        rig.process.send_signal(signal.SIGTERM)
        assert rig.process.wait(30) == 0
        wait_for(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in family[1:]), 3)
        for number in ports:
            with socket.socket() as again:
                again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                again.bind(("127.0.0.1", number))


def test_the_operation_stop_also_ends_it():
    with running(SITE, "--clock", "virtual") as rig:
        rig.stop()
        assert rig.process.wait(30) == 0


def test_recorded_other_load_flows_in_the_root_and_a_step_is_added_to_it():
    with running(SITE, "--clock", "virtual", "--mains", str(DATA / "mains.csv")) as rig:
        rig.advance(ms=1_000)
        recorded = rig.state()["truth"]["circuits"]["main"]["other"]
        assert recorded[0] > 0
        rig.background(circuit="main", l1=3)
        assert rig.state()["truth"]["circuits"]["main"]["other"][0] == pytest.approx(recorded[0] + 3, abs=0.05)


def test_the_live_view_shows_the_state_and_ends_with_the_rig(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(SITE)
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "ampacity_host", "rig", "--site", str(site), "--clock", "virtual", "--ui"]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"})
    os.close(slave)
    try:
        seen, end_s = b"", time.monotonic() + 20
        while b"evse-3" not in seen.partition(b'"ready"')[2].partition(b"\n")[2] and time.monotonic() < end_s:
            if select.select([master], [], [], 0.5)[0]:
                seen += os.read(master, 65_536)
        assert json.loads(seen.partition(b"{")[1] + seen.partition(b"{")[2].partition(b"\n")[0])["ready"]
        assert b"evse-3" in seen.partition(b'"ready"')[2].partition(b"\n")[2]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        os.close(master)


def test_the_32_bit_runtime_runs_a_site_or_the_error_names_how_to_get_it(tmp_path):
    try:
        find_micropython("micropython32")
    except FieldError as missing:
        assert "make micropython32" in str(missing)
        return
    with running(SITE, "--runtime", "micropython32", "--heap", "768") as rig:
        rig.plug(evse="evse-2")
        assert wait_for(lambda: rig.state()["primary"]["evses"]["evse-2"]["online"], 30)
        assert 0 < rig.state()["primary"]["heap_free"] < 768 * 1024
        assert rig.ready["primary"]["runtime"] == "micropython32"
