"""What is no regular file in the place of a stored one is unreadable, and holds no start up."""

import os
import subprocess
import sys

import pytest

from tools.micropython.find import find

READ = """
import sys
from ampacity.store.disk_files import DiskFiles
try:
    print("read", len(DiskFiles(sys.argv[1]).read(sys.argv[2])))
except OSError as e:
    print("refused", e.errno)
"""


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_a_stored_entry_that_is_not_a_file_is_unreadable(kind, runtime, tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    if kind == "fifo":
        os.mkfifo(store / "a.set")
    else:
        (store / "a.set").mkdir()
    (tmp_path / "read.py").write_text(READ)
    program = [sys.executable] if runtime == "cpython" else [find()]
    environment = dict(os.environ, PYTHONPATH="firmware", MICROPYPATH="firmware:.frozen")
    done = subprocess.run([*program, str(tmp_path / "read.py"), str(store), "a.set"], env=environment, capture_output=True, text=True, timeout=30)
    assert done.stdout.split()[0] == "refused", (done.stdout, done.stderr)
