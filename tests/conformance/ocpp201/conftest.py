"""Every case is played twice: with the station in this process, and with it inside MicroPython (one process for all cases).

`@pytest.mark.cpython("reason")` leaves out the second; a case that does not use the station there without this mark fails.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "host" / "ocpp"))

import station_runtimes  # noqa: E402


def pytest_generate_tests(metafunc):
    alone = metafunc.definition.get_closest_marker("cpython") is not None
    metafunc.parametrize("runtime", ["cpython"] if alone else ["cpython", "micropython"], indirect=True)


@pytest.fixture(autouse=True)
def runtime(request):
    """The runtime of the station."""
    far = station_runtimes.MICROPYTHON
    if request.param == "micropython":
        far.fresh()
        station_runtimes.use(far)
    yield request.param
    station_runtimes.use(station_runtimes.HERE)
    assert request.param == "cpython" or far.used(), "this case made no object inside MicroPython: mark.cpython"


@pytest.fixture(autouse=True, scope="session")
def micropython_ends():
    yield
    station_runtimes.MICROPYTHON.close()
