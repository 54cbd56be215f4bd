"""How several workers (`-n auto`) share the tests: the longest first, and a file's tests together.

What a file builds for its tests is built once, by the worker that plays the file, on both runtimes; a MicroPython process plays
a whole file. The files of a folder in TOGETHER read the same (the rules of the house: every source), so that one worker plays them
all. The tests of a file in APART share nothing and are given out one by one. Those in LANES spend their time with real clocks, lines
and processes: one worker for each lane plays them one after another, from the first moment on, beside one worker for each core, and
these are nicer. What the collection made, a million objects, is left out of every garbage collection that comes after it. How long
each file takes, in seconds of processor time, stands in tests/seconds.txt, so that no long file is left for the end;
`make test PYTEST_OPTIONS=--write-seconds` writes it anew for the files that it plays. A file that is missing there counts as short.
"""

import gc
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SECONDS = ROOT / "tests" / "seconds.txt"
WORTH_S = 1.0  # what takes less is not written down
APART = (
    "tests/drawn/test_drawn.py",
    "tests/host/profiles/test_undocumented_variants.py",
    "tests/proof/test_alone.py",
    "tests/proof/test_anypolicy.py",
    "tests/proof/test_proof.py",
    "tests/proof/test_soak.py",
)
LANES = (  # of about the same time by the clock
    (
        "tests/e2e/test_behind_a_gateway.py",
        "tests/e2e/test_offline.py",
        "tests/e2e/test_tcp_secondaries.py",
        "tests/host/configure/test_run_fallback.py",
        "tests/host/cli/test_streams.py",
        "tests/host/configure/test_signals.py",
        "tests/host/package/test_package.py",
        "tests/host/ports/test_stopped_connections.py",
        "tests/rig/test_real_storage.py",
    ),
    (
        "tests/e2e/test_real_garage.py",
        "tests/e2e/test_run_on_a_pty.py",
        "tests/host/configure/test_console_terminal.py",
        "tests/host/configure/test_service_manager.py",
        "tests/host/configure/test_without_medium.py",
        "tests/host/net/test_against_websockets.py",
        "tests/host/net/test_floods.py",
        "tests/host/net/test_secure_upstream.py",
        "tests/host/ports/test_full_output.py",
        "tests/host/ports/test_secondary_process.py",
        "tests/rig/test_keys.py",
        "tests/rig/test_real_cascade.py",
        "tests/rig/test_real_rig.py",
    ),
)
TOGETHER = ("tests/host/house",)
WAITING = {file: "lane %d of what waits" % number for number, lane in enumerate(LANES, 1) for file in lane}
NICE = 5
SPENT = "processor seconds"


def file_of(nodeid):
    return nodeid.split("::")[0]


def folder_of(file):
    return file.rpartition("/")[0]


def scope_of(nodeid):
    """What goes to one worker as a whole."""
    file = file_of(nodeid)
    if file in APART:
        return nodeid
    return folder_of(file) if folder_of(file) in TOGETHER else WAITING.get(file, file)


def seconds_of(text):
    """{test file: seconds} of what `text_of` wrote."""
    return {file: float(seconds) for seconds, file in (line.split() for line in text.splitlines() if line)}


def text_of(seconds):
    """The longest first."""
    rows = sorted(((round(spent, 1), file) for file, spent in seconds.items() if spent >= WORTH_S), key=lambda row: (-row[0], row[1]))
    return "".join("%.1f %s\n" % row for row in rows)


def longest_first(items, seconds):
    """In place, after all that waits; files that are not known come last, in the order that they had."""
    together = {folder: sum(spent for file, spent in seconds.items() if folder_of(file) == folder) for folder in TOGETHER}

    def rank(item):
        file = file_of(item.nodeid)
        return WAITING.get(file, "other"), -together.get(folder_of(file), seconds.get(file, 0))

    items.sort(key=rank)


def spent_s():
    """Processor time of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def count():
    """One for each core, and one for each lane of what waits."""
    return len(os.sched_getaffinity(0)) + len(LANES)


class Plugin:
    """Orders the tests of a run with workers, and counts what each file takes."""

    def __init__(self, config):
        self.config, self.seconds, self.at_s, self.nice = config, {}, 0.0, False

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config, log):
        from xdist.scheduler import LoadScopeScheduling

        class Scheduling(LoadScopeScheduling):
            def _split_scope(self, nodeid):
                return scope_of(nodeid)

        config.option.loadscopereorder = False  # as `longest_first` has it, not by the number of tests
        return Scheduling(config, log)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self):
        """Whatever was collected lives to the end: tests that ask for a garbage collection would look through all of it each time."""
        gc.disable()
        try:
            return (yield)
        finally:
            gc.freeze()
            gc.enable()

    def pytest_collection_modifyitems(self, config, items):
        if hasattr(config, "workerinput") and SECONDS.is_file():
            longest_first(items, seconds_of(SECONDS.read_text()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        """A worker is nice as soon as it plays what does not wait."""
        if hasattr(self.config, "workerinput") and not self.nice and file_of(item.nodeid) not in WAITING:
            self.nice = True
            os.nice(NICE)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        if call.when == "teardown":
            now_s = spent_s()
            report.user_properties.append((SPENT, now_s - self.at_s))
            self.at_s = now_s

    def pytest_collection_finish(self):
        self.at_s = spent_s()

    def pytest_runtest_logreport(self, report):
        if report.when == "teardown":
            file = file_of(report.nodeid)
            self.seconds[file] = self.seconds.get(file, 0) + dict(report.user_properties).get(SPENT, 0)

    def pytest_sessionfinish(self):
        if self.config.getoption("--write-seconds") and not hasattr(self.config, "workerinput"):
            known = seconds_of(SECONDS.read_text()) if SECONDS.is_file() else {}
            there = {file: spent for file, spent in known.items() if (ROOT / file).is_file()}
            SECONDS.write_text(text_of({**there, **self.seconds}))
