"""Row `journal`: appends that survive a power cut, against plain appends of the same bytes with fsync in the same folder."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.bench.entry import Entry, entry

ROWS = ("journal",)
RECORDS, RECORD_BYTES = 1000, 300


def rows() -> Iterator[Entry]:
    """The median of many, measured alternately: the noise of the medium is larger than the difference."""
    from ampacity.store.disk_files import DiskFiles
    from ampacity.store.journal import Journal

    record = bytes(RECORD_BYTES)
    with tempfile.TemporaryDirectory(prefix="ampacity-bench.") as folder, open(Path(folder) / "plain", "ab", buffering=0) as file:
        journal = Journal(DiskFiles(str(Path(folder) / "journal")), "bench", size_max=1 << 20)

        def plain() -> None:
            file.write(record)
            os.fsync(file.fileno())

        pairs = [(spent_s(lambda: journal.append(record)), spent_s(plain)) for _ in range(RECORDS)]
    ours, reference = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    yield entry("journal", ours, reference, "ms", "<= 1.5", f"{RECORD_BYTES}-byte records, median of {RECORDS}, CPython")


def spent_s(work: "Callable[[], object]") -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
