"""`ampacity run` as on a small computer: a serial device with somebody else's Modbus behind it, that vanishes and returns."""

import signal
import subprocess
import sys
import time

import pytest
from raw_gateway import RawGateway
from serial_bench import SerialBench
from typer.testing import CliRunner

from ampacity_host.cli import app
from tests.deep import sample

SITE = """
[site]
name = "pty"

[[circuit]]
name = "main"
rating_a = 40.0
assumed_other_a = 10.0
meter = "grid"

[[bus]]
name = "line"
kind = "rtu"
port = "PORT"

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "line"
unit = 100

[[evse]]
name = "bay"
kind = "heidelberg-energy-control"
bus = "line"
unit = 6
circuit = "main"
max_a = 16.0
"""


def until(condition, seconds, every_s=0.1):
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(every_s)


def shown(text, name):
    """The line of that name."""
    return next((line for line in text.splitlines() if name in line.split()), "")


def outlives(folder, bench, runtime, port, pull, plug):
    """A controller on that port orders by the meter, loses its line, and has it again; its log at the end."""
    site, data = folder / "site.toml", folder / "data"
    site.write_text(SITE.replace('"PORT"', port))
    process = subprocess.Popen([sys.executable, "-m", "ampacity_host", "run", "--site", str(site), "--data", str(data), "--runtime", runtime],
                               stdout=subprocess.DEVNULL)
    ask = lambda *words: CliRunner().invoke(app, ["console", "--data", str(data), *words])  # noqa: E731
    try:
        until(lambda: bench.limit_da == 160, 90)
        bench.house_a = 30.0
        until(lambda: bench.limit_da <= 100, 10)
        bench.house_a = 3.0
        pull()
        until(lambda: "offline" in shown(ask("show").stdout, "bay"), 30, 1)
        plug()
        until(lambda: "online" in shown(ask("show").stdout, "bay") and "meter ok" in ask("show").stdout, 60, 1)
        assert process.poll() is None and ask("nonsense").exit_code == 1
        return ask("log").stdout
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, 128 + signal.SIGTERM)


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_it_orders_by_the_meter_and_outlives_its_serial_device(tmp_path, runtime):
    with SerialBench(tmp_path) as bench:
        log = outlives(tmp_path, bench, runtime, '"%s"' % bench.path, bench.pull, bench.plug)
    assert "tty is not there" in log and "tty is available again" in log


@pytest.mark.parametrize("runtime", sample(["cpython", "micropython"], 2, 1))
def test_so_it_does_where_the_line_is_at_the_other_end_of_a_tcp_connection(tmp_path, runtime):
    with SerialBench(tmp_path) as bench:
        gateway = RawGateway(bench.path)
        port = '"socket://127.0.0.1:%d"\ntransit_s = 5' % gateway.port
        try:
            outlives(tmp_path, bench, runtime, port, gateway.off, gateway.on)
        finally:
            gateway.close()
