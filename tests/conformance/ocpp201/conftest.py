"""Every case is played twice: with the station in this process, and with it inside MicroPython (one process for all cases).

`@pytest.mark.cpython("reason")` leaves out the second; a case that does not use the station there without this mark fails.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "host" / "ocpp"))

import station_runtimes  # noqa: E402


def pytest_generate_tests(metafunc):
    """A case that has parameters `runtime` of its own starts its station by itself."""
    definition = metafunc.definition
    own = any("runtime" in str(mark.args[0]) for mark in definition.iter_markers("parametrize"))
    if not own:
        alone = definition.get_closest_marker("cpython") is not None
        metafunc.parametrize("station_runtime", ["cpython"] if alone else ["cpython", "micropython"], indirect=True)


@pytest.fixture(autouse=True)
def station_runtime(request):
    """The runtime of the station of a Conversation."""
    kind, far = getattr(request, "param", "cpython"), station_runtimes.MICROPYTHON
    if kind == "micropython":
        far.fresh()
        station_runtimes.use(far)
    yield kind
    station_runtimes.use(station_runtimes.HERE)
    assert kind == "cpython" or far.used(), "this case made no object inside MicroPython: mark.cpython"


@pytest.fixture(autouse=True, scope="session")
def micropython_ends():
    yield
    station_runtimes.MICROPYTHON.close()
