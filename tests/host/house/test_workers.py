"""How workers share the tests: files stay together, the longest come first, a run beside is begun once and ended."""

import gc
import subprocess
import sys
from types import SimpleNamespace

from house import ROOT

from tests import workers

CONFTEST = '''
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests import beside, workers

beside.ROOT = Path(__file__).parent

def pytest_addoption(parser):
    parser.addoption("--write-seconds", action="store_true")

def pytest_configure(config):
    config.addinivalue_line("markers", "beside(module, *words): x")
    config.pluginmanager.register(beside.Plugin(config), "runs beside")
    config.pluginmanager.register(workers.Plugin(config), "shared by workers")
'''
ASKING = '''
import pytest

@pytest.mark.beside("long_run", {count!r}, "3")
def test_a_long_run_starts_once(beside):
    code, out, told = beside
    assert (code, out, told) == (3, "well\\n", "told\\n")
'''
LONG_RUN = '''
import sys, time
with open(sys.argv[1], "a") as file:
    file.write("begun\\n")
time.sleep(float(sys.argv[3]) if sys.argv[3:] else 0.2)
print("well")
print("told", file=sys.stderr)
sys.exit(int(sys.argv[2]))
'''


def played(folder, *options):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *options, str(folder)]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, timeout=60)


def written(folder, **files):
    (folder / "conftest.py").write_text(CONFTEST.format(root=str(ROOT)))
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


def test_a_long_run_starts_once_with_and_without_workers(tmp_path):
    for number, options in enumerate((["-n", "2"], [])):
        count = tmp_path / f"count-{number}"
        text = ASKING.format(count=str(count))
        written(tmp_path, long_run=LONG_RUN, test_a=text, test_b=text, test_c="def test_short():\n    pass\n")
        done = played(tmp_path, *options)
        assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout
        assert count.read_text() == "begun\n"
        assert not list((tmp_path / "tmp").glob("ampacity-beside.*"))


def test_a_long_run_without_a_waiting_test_is_ended(tmp_path):
    count = tmp_path / "count"
    text = ASKING.format(count=str(count)).replace('"3")', '"3", "600")')
    written(tmp_path, long_run=LONG_RUN, test_a="def test_fails():\n    assert False\n", test_b=text)
    done = played(tmp_path, "-x")
    assert done.returncode == 1 and "1 failed" in done.stdout
    assert not list((tmp_path / "tmp").glob("ampacity-beside.*"))
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(count) not in left


def item(name):
    return SimpleNamespace(nodeid=name)


def test_the_longest_file_comes_first_and_its_tests_keep_their_order():
    items = [item(name) for name in ("a.py::test_2", "a.py::test_1", "b.py::test_1", "c.py::test_1", "b.py::test_2")]
    workers.longest_first(items, {"b.py": 4.0, "c.py": 9.5})
    assert [one.nodeid for one in items] == ["c.py::test_1", "b.py::test_1", "b.py::test_2", "a.py::test_2", "a.py::test_1"]


def test_waiting_tests_precede_all_and_each_lane_goes_to_one_worker():
    (first, other), second = workers.LANES[0][:2], workers.LANES[1][0]
    items = [item(name) for name in ("a.py::test_1", first + "::test_1", "b.py::test_1", second + "::test_1", other + "::test_1")]
    workers.longest_first(items, {"a.py": 400.0, other: 2.0})
    scopes = [workers.scope_of(one.nodeid) for one in items]
    assert scopes == ["lane 1 of what waits", "lane 1 of what waits", "lane 2 of what waits", "a.py", "b.py"]
    assert workers.count() >= 1 + len(workers.LANES)


def test_a_file_goes_to_one_worker_on_both_runtimes_and_a_long_one_test_by_test():
    assert workers.scope_of("tests/base/test_time.py::test_x") == workers.scope_of("tests/base/test_time.py::test_y[micropython]")
    long = workers.APART[0]
    assert workers.scope_of(long + "::test_x[1]") != workers.scope_of(long + "::test_x[2]")


def test_files_with_the_same_sources_count_as_one_long_file():
    house = [item(workers.TOGETHER[0] + "/test_%s.py::test_x" % name) for name in "ab"]
    items = [item("a.py::test_1"), house[0], item("b.py::test_1"), house[1]]
    workers.longest_first(items, {"a.py": 3.0, "b.py": 6.0} | {workers.file_of(one.nodeid): 4.0 for one in house})
    assert items[:2] == house and items[2].nodeid == "b.py::test_1"


def test_files_with_the_same_sources_go_to_one_worker():
    assert workers.scope_of("tests/host/house/test_style.py::test_x") == workers.scope_of("tests/host/house/test_rooms.py::test_y[1]")
    assert all((ROOT / folder).is_dir() for folder in workers.TOGETHER)


def test_files_with_special_distribution_exist():
    assert [name for name in (*workers.APART, *workers.WAITING) if not (ROOT / name).is_file()] == []


def test_recorded_times_are_read_again_and_short_ones_are_omitted():
    text = workers.text_of({"a.py": 0.4, "b.py": 12.34, "c.py": 2.0, "d.py": 12.31})
    assert text == "12.3 b.py\n12.3 d.py\n2.0 c.py\n"
    assert workers.seconds_of(text) == {"b.py": 12.3, "d.py": 12.3, "c.py": 2.0}


def test_the_recorded_times_belong_to_existing_files():
    gone = [name for name in workers.seconds_of(workers.SECONDS.read_text()) if not (ROOT / name).is_file()]
    assert not gone, f"take these lines out of {workers.SECONDS.relative_to(ROOT)}: {gone}"


def test_what_was_collected_is_not_looked_through_for_garbage():
    assert gc.isenabled() and gc.get_freeze_count() > 10_000
