"""Every case is played twice: with the station in this process, and with it inside MicroPython (one process for all cases)."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "host" / "ocpp"))

import station_runtimes  # noqa: E402


@pytest.fixture(autouse=True, params=["cpython", "micropython"])
def runtime(request):
    """The runtime of the station."""
    if request.param == "micropython":
        station_runtimes.MICROPYTHON.fresh()
        station_runtimes.use(station_runtimes.MICROPYTHON)
    yield request.param
    station_runtimes.use(station_runtimes.HERE)


@pytest.fixture(autouse=True, scope="session")
def micropython_ends():
    yield
    station_runtimes.MICROPYTHON.close()
