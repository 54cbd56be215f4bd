"""What the proof has found by now: a run that was ended goes on where it was, as long as the sources are the same.

One file for each figure and digest of its sources (tools/digests.py), `FOLDER/worlds-1a2b3c4d.jsonl`: a line for each result,
[its key, the result]. A line that was cut short is left out. `Kept(None)` keeps nothing, and knows nothing.
"""

import json
import multiprocessing
import os
from pathlib import Path

from tools.digests import ROOT, code

FOLDER = ROOT / ".cache" / "proof"


class Kept:
    """folder: where results are kept, a Path; None: nowhere."""

    def __init__(self, folder: "Path | None" = None):
        self.folder = folder

    def found(self, figure):
        """{key: result} of today's sources. A key is the text of what makes that result one of its own."""
        path = self._path(figure)
        if path is None or not path.is_file():
            return {}
        rows = {}
        for line in path.read_text().splitlines():
            try:
                key, value = json.loads(line)
            except ValueError:
                continue
            rows[key] = value
        return rows

    def put(self, figure, key, value):
        path = self._path(figure)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write("\n" + json.dumps([key, value]))

    def forget(self, figures):
        """Begin anew."""
        for figure in figures:
            path = self._path(figure)
            if path is not None:
                path.unlink(missing_ok=True)

    def _path(self, figure):
        return self.folder and self.folder / f"{figure}-{code(figure)}.jsonl"

    def mapped(self, figure, job, tasks, processes=None, context="fork", lives=1):
        """Results of job(task) as they come, those that are kept first. processes: left out, one for each core; lives: tasks of one process."""
        found = self.found(figure)
        left = [task for task in tasks if repr(task) not in found]
        yield from [found[repr(task)] for task in tasks if repr(task) in found]
        if not left:
            return
        with multiprocessing.get_context(context).Pool(min(processes or os.cpu_count() or 1, len(left)), maxtasksperchild=lives) as pool:
            for task, result in pool.imap_unordered(_Job(job), left, chunksize=1):
                self.put(figure, repr(task), result)
                yield result


class _Job:
    """Says which task its result is of."""

    def __init__(self, job):
        self.job = job

    def __call__(self, task):
        return task, self.job(task)
