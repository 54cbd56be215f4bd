"""`ampacity run` as on a small computer: a serial device with somebody else's Modbus behind it, that vanishes and returns."""

import signal
import subprocess
import sys
import time

import pytest
from serial_bench import SerialBench
from typer.testing import CliRunner

from ampacity_host.cli import app

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


def until(condition, seconds):
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.1)


def shown(text, name):
    """The line of that name."""
    return next((line for line in text.splitlines() if name in line.split()), "")


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_it_orders_by_the_meter_and_outlives_its_serial_device(tmp_path, runtime):
    site, data = tmp_path / "site.toml", tmp_path / "data"
    with SerialBench(tmp_path) as bench:
        site.write_text(SITE.replace("PORT", bench.path))
        process = subprocess.Popen([sys.executable, "-m", "ampacity_host", "run", "--site", str(site), "--data", str(data), "--runtime", runtime],
                                   stdout=subprocess.DEVNULL)
        try:
            until(lambda: bench.limit_da == 160, 60)
            bench.house_a = 30.0
            until(lambda: bench.limit_da <= 100, 10)
            bench.house_a = 3.0
            bench.pull()
            ask = lambda *words: CliRunner().invoke(app, ["console", "--data", str(data), *words])  # noqa: E731
            until(lambda: "offline" in shown(ask("show").stdout, "bay"), 30)
            bench.plug()
            until(lambda: "online" in shown(ask("show").stdout, "bay") and "meter ok" in ask("show").stdout, 60)
            log = ask("log").stdout
            assert "tty is not there" in log and "tty is there again" in log
            assert process.poll() is None and ask("nonsense").exit_code == 1
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) in (0, 128 + signal.SIGTERM)
