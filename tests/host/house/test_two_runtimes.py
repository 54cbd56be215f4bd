"""The collection of the firmware rooms' tests: both runtimes, and no failure that passes unseen."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GOOD = "def test_one():\n    assert 1 + 1 == 2\n\n\nasync def test_two():\n    assert True\n"


@pytest.fixture
def outcome(tmp_path):
    """Runs pytest over one room's test file in a small copy of the house; gives (exit status, output)."""

    def run(text, *options):
        (tmp_path / "tests" / "base").mkdir(parents=True)
        (tmp_path / "tools").symlink_to(ROOT / "tools")
        (tmp_path / ".cache").symlink_to(ROOT / ".cache")
        for name in ("conftest.py", "beside.py", "deep.py", "workers.py", "check.py", "mpy_runner.py"):
            (tmp_path / "tests" / name).write_text((ROOT / "tests" / name).read_text())
        (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
        (tmp_path / "tests" / "base" / "test_it.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-vv", "tests/base", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    return run


def test_each_test_runs_on_both_runtimes(outcome):
    status, output = outcome(GOOD)
    assert status == 0 and "4 passed" in output
    assert "test_two[micropython] PASSED" in output


def test_a_failure_on_micropython_alone_shows_its_traceback(outcome):
    status, output = outcome("def test_order():\n    assert '%s' % b'a' == \"b'a'\"\n    'a'.zfill(3)\n")
    assert status == 1 and "1 failed, 1 passed" in output
    assert "'str' object has no attribute 'zfill'" in output and "'a'.zfill(3)" in output


def test_a_process_that_ends_early_fails_every_test_of_its_file(outcome):
    status, output = outcome(GOOD + "\n\ndef test_zz():\n    import os, sys\n    (getattr(os, '_exit', None) or sys.exit)(7)\n", "-k", "micropython")
    assert status == 1 and "3 failed" in output and "status 7" in output


def test_a_missing_runtime_is_a_failure(outcome):
    status, output = outcome(GOOD, "--micropython", "/nowhere/micropython")
    assert status == 1 and "2 failed, 2 passed" in output and "does not start" in output


def test_one_named_test_runs_alone_on_both(outcome):
    status, output = outcome(GOOD + "\n\ndef test_bad():\n    assert False\n", "-k", "test_one")
    assert status == 0 and "2 passed" in output


SAMPLED = "ON_MICROPYTHON_EACH = 2\nDEEP = (\"test_d\",)\n" + "".join(f"\n\ndef test_{name}():\n    pass\n" for name in "abcd")


def played(output):
    return sorted(line.split()[0].split("::")[1] for line in output.splitlines() if " PASSED" in line)


def test_a_file_declares_its_deep_tests_and_those_deep_on_micropython_only(outcome):
    status, output = outcome(SAMPLED)
    assert status == 0 and played(output) == ["test_a", "test_a[micropython]", "test_b", "test_c", "test_c[micropython]"]


def test_tests_that_a_file_omits_are_deep(outcome):
    status, output = outcome(SAMPLED, "-m", "deep")
    assert status == 0 and played(output) == ["test_b[micropython]", "test_d", "test_d[micropython]"]
