"""`ampacity run` with its serial line at the other end of a TCP connection: several units, RTU frames, a gateway that dies."""

import signal
import subprocess
import sys

import pytest
from raw_gateway import RawGateway
from serial_bench import SerialBench
from test_run_on_a_pty import SITE, shown, until
from typer.testing import CliRunner

from ampacity_host.cli import app


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_it_orders_by_the_meter_and_outlives_its_gateway(tmp_path, runtime):
    site, data = tmp_path / "site.toml", tmp_path / "data"
    with SerialBench(tmp_path) as bench:
        gateway = RawGateway(bench.path)
        site.write_text(SITE.replace('"PORT"', '"socket://127.0.0.1:%d"\ntransit_s = 5' % gateway.port))
        process = subprocess.Popen([sys.executable, "-m", "ampacity_host", "run", "--site", str(site), "--data", str(data), "--runtime", runtime],
                                   stdout=subprocess.DEVNULL)
        try:
            until(lambda: bench.limit_da == 160, 90)
            bench.house_a = 30.0
            until(lambda: bench.limit_da <= 100, 10)
            bench.house_a = 3.0
            gateway.off()
            ask = lambda *words: CliRunner().invoke(app, ["console", "--data", str(data), *words])  # noqa: E731
            until(lambda: "offline" in shown(ask("show").stdout, "bay"), 30)
            gateway.on()
            until(lambda: "online" in shown(ask("show").stdout, "bay") and "meter ok" in ask("show").stdout, 60)
            assert process.poll() is None
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) in (0, 128 + signal.SIGTERM)
            gateway.close()
