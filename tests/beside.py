"""Long runs in a process of their own: begun before the first test, asked for by the last.

A test marked `@pytest.mark.beside("module", "--option", …)` gets what `python -m module --option …` left as the fixture
`beside`: (exit code, standard output, the last lines of standard error). So a day of simulation costs a second core, not
the time of all the tests behind it; it is nice to what runs beside it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NICE = 10
TOLD_BYTES = 4000


class Beside:
    """One process and what it writes."""

    def __init__(self, words):
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        paths = [str(ROOT / name) for name in ("firmware", "host", "tests", "")]
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
        self.process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=ROOT, env=environment, stdout=self.out, stderr=self.err, preexec_fn=lambda: os.nice(NICE))

    def result(self):
        code = self.process.wait()
        texts = []
        for file in (self.out, self.err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return code, texts[0], texts[1][-TOLD_BYTES:]

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.out.close()
        self.err.close()


def words_of(item):
    marker = item.get_closest_marker("beside")
    return None if marker is None else marker.args


class Plugin:
    """Begins what the collected tests ask for, puts those tests last, ends what is left at the end."""

    def __init__(self):
        self.runs = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items.sort(key=lambda item: words_of(item) is not None)

    def pytest_collection_finish(self, session):
        if session.config.option.collectonly or hasattr(session.config, "workerinput"):  # workers share the tests among them
            return
        for item in session.items:
            if words_of(item) is not None:
                self._run(words_of(item))

    def _run(self, words):
        if words not in self.runs:
            self.runs[words] = Beside(words)
        return self.runs[words]

    def pytest_sessionfinish(self, session):
        for run in self.runs.values():
            run.end()

    @pytest.fixture
    def beside(self, request):
        return self._run(words_of(request.node)).result()
