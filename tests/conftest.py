"""Every test file of a firmware room runs twice: on CPython, and in one MicroPython process of its own.

The second run shows as items `test_file.py::test_name[micropython]`. Without a runtime they fail.
"""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

from tests import beside, deep, workers
from tools.micropython.find import MissingRuntime, find

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
ROOMS = ("base", "circuit", "evse", "point", "bus", "ocpp", "net", "store", "console", "commission", "ports", "roles", "update", "x509", "profiles")
FILE_S_MAX = 300
HEAP = "8M"
os.environ["AMPACITY_DATA"] = str(TESTS / "data")  # recordings that only some machines have change no test: they are for make proof and make bench

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so in the background of a shell; what the tests start would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("shared machine", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None)
hypothesis.settings.load_profile("shared machine")  # how long an example takes says something of the machine, not of the code


def pytest_addoption(parser):
    parser.addoption("--micropython", metavar="PROGRAM", help="the MicroPython program for the firmware rooms' tests")
    parser.addoption("--write-seconds", action="store_true", help="write down what each file took (tests/workers.py)")


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config):
    """Asked for before anything is configured."""
    return workers.count()


def pytest_configure(config):
    config.pluginmanager.register(beside.Plugin(config), "runs beside")
    config.pluginmanager.register(workers.Plugin(config), "shared by workers")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """The firmware's loop ignores signals from its end on, for its process ends too; a program that a later test starts would inherit that."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        return (yield)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def pytest_collect_file(file_path, parent):
    in_room = file_path.parent.parent == TESTS and file_path.parent.name in ROOMS
    if in_room and file_path.name.startswith("test_") and file_path.suffix == ".py":
        return MicroPythonFile.from_parent(parent, path=file_path)
    return None


def pytest_itemcollected(item):
    if deep.is_deep(item):
        item.add_marker("deep")


def pytest_pycollect_makemodule(module_path, parent):
    return NeighbourModule.from_parent(parent, path=module_path)


class NeighbourModule(pytest.Module):
    """A test module that imports helpers of its own folder; two folders may use one helper name."""

    def collect(self):
        folder = str(self.path.parent)
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)
        for helper in self.path.parent.glob("*.py"):
            known = sys.modules.get(helper.stem)
            if known is not None and getattr(known, "__file__", None) != str(helper):
                del sys.modules[helper.stem]
        return super().collect()


class MicroPythonFile(pytest.File):
    """One file of tests for MicroPython; its process is started when the first result is asked for."""

    results = None

    def collect(self):
        for name, is_deep in deep.on_micropython(self.path.read_text()):
            item = MicroPythonItem.from_parent(self, name=name + "[micropython]", test=name)
            if is_deep:
                item.add_marker("deep")
            yield item

    def result(self, test):
        if self.results is None:
            self.results, self.ending = self.run()
        return self.results.get(test, self.ending)

    def run(self):
        """({test: error text, "" if it passed}, what to say for tests without a result)."""
        wanted = [item.test for item in self.session.items if item.parent is self]
        try:
            program = self.config.getoption("--micropython") or find()
        except MissingRuntime as missing:
            return {}, str(missing)
        path = os.pathsep.join(["firmware", "tests", str(self.path.parent.relative_to(ROOT)), ".frozen"])
        command = [program, "-X", "heapsize=" + HEAP, "tests/mpy_runner.py", str(self.path.relative_to(ROOT)), *wanted]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "MICROPYPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=FILE_S_MAX,
            )
        except subprocess.TimeoutExpired as late:
            return results_of(late.stdout or b""), "MicroPython did not end within %d s" % FILE_S_MAX
        except OSError as error:
            return {}, f"{program} does not start: {error}"
        output = done.stdout.decode(errors="replace")
        results = results_of(done.stdout)
        if done.returncode not in (0, 1) or (done.returncode == 1 and not any(results.values())):
            return {}, f"the MicroPython process ended with status {done.returncode}:\n{output[-4000:]}"
        return results, "MicroPython gave no result for this test:\n" + output[-4000:]


def results_of(stdout):
    """{test name: error text} from the runner's JSON lines; other lines are the tests' own prints."""
    results = {}
    for line in stdout.decode(errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and {"test", "ok", "error"} <= set(row):
            results[row["test"]] = "" if row["ok"] else row["error"] or "failed"
    return results


class MicroPythonItem(pytest.Item):
    """One test of a MicroPythonFile."""

    def __init__(self, *, test, **more):
        super().__init__(**more)
        self.test = test
        self.add_marker("micropython")

    def runtest(self):
        error = self.parent.result(self.test)
        if error:
            raise FailedOnMicroPython(error)

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, FailedOnMicroPython):
            return with_source(str(excinfo.value))
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, f"{self.name}"


class FailedOnMicroPython(Exception):
    """A test failed there; the text is MicroPython's traceback."""


def with_source(trace):
    """The traceback with the source line under each place, which MicroPython leaves out."""
    lines = []
    for line in trace.splitlines():
        lines.append(line)
        place = re.search(r'File "([^"]+)", line (\d+)', line)
        if place and (ROOT / place[1]).is_file():
            source = (ROOT / place[1]).read_text().splitlines()
            if int(place[2]) <= len(source):
                lines.append("    " + source[int(place[2]) - 1].strip())
    return "\n".join(lines)
