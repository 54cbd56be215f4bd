"""Row `journal`: appends that survive a power cut, against the same bytes plainly appended with fsync. Same folder."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tools.bench.entry import Entry, entry

ROWS = ("journal",)
RECORDS, RECORD_BYTES, ROUNDS = 300, 300, 5


def ours_s(folder: Path) -> float:
    from ampacity.store.disk_files import DiskFiles
    from ampacity.store.journal import Journal

    journal = Journal(DiskFiles(str(folder)), "bench", size_max=1 << 20)
    start = time.perf_counter()
    for _ in range(RECORDS):
        journal.append(bytes(RECORD_BYTES))
    return time.perf_counter() - start


def plain_s(folder: Path) -> float:
    with open(folder / "plain", "ab", buffering=0) as file:
        start = time.perf_counter()
        for _ in range(RECORDS):
            file.write(bytes(RECORD_BYTES))
            os.fsync(file.fileno())
        return time.perf_counter() - start


def rows() -> Iterator[Entry]:
    """The better of several rounds each, taken in turn: the medium's own noise is larger than the difference."""
    ours, plain = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="ampacity-bench.") as folder:
            ours.append(ours_s(Path(folder)))
            plain.append(plain_s(Path(folder)))
    each_ms = 1000 / RECORDS
    yield entry("journal", min(ours) * each_ms, min(plain) * each_ms, "ms", "<= 1.5", f"{RECORD_BYTES}-byte records, CPython")
