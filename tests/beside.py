"""Long runs in a process of their own: begun before the first test, asked for by the last.

A test marked `@pytest.mark.beside("module", "--option", …)` gets what `python -m module --option …` left as the fixture
`beside`: (exit code, standard output, the last lines of standard error). So it costs a second core and not the time of all
the tests behind it. Several workers (`-n`) share one folder: the first of them begins each run, the one whose turn the test is
waits for it, and the process that began the workers ends what is left. With workers all cores are taken, so that a run is as
nice to them as a worker; without it is nicer.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NICE = 10
TOLD_BYTES = 4000
LOOK_S = 0.1


class Runs:
    """A folder with one folder for each run: `pid` of its process group, `out`, `err`, and `code` when it has ended."""

    def __init__(self, folder, nice):
        self.folder, self.nice = Path(folder), nice

    def _of(self, words):
        return self.folder / hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]

    def begin(self, words):
        """Begin that run, unless somebody has."""
        try:
            self._of(words).mkdir()
        except FileExistsError:
            return
        paths = [str(ROOT / name) for name in ("firmware", "host", "tests", "")]
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
        script = 'cd "$0" && "$@" > "%s/out" 2> "%s/err"; echo $? > "%s/new"; mv "%s/new" "%s/code"' % ((self._of(words),) * 5)
        process = subprocess.Popen(["sh", "-c", script, str(ROOT), sys.executable, "-m", *words], env=environment,
                                   stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=lambda: os.nice(self.nice))  # fmt: skip
        (self._of(words) / "pid").write_text(str(process.pid))

    def result(self, words):
        """(exit code, standard output, the end of standard error), once it has ended; begun here if nobody did."""
        self.begin(words)
        place = self._of(words)
        while not (place / "code").exists():
            time.sleep(LOOK_S)
        out, err = ((place / name).read_text(errors="replace") for name in ("out", "err"))
        return int((place / "code").read_text()), out, err[-TOLD_BYTES:]

    def end(self):
        """End what runs, and forget all."""
        for pid in self.folder.glob("*/pid"):
            if not (pid.parent / "code").exists():
                try:
                    os.killpg(int(pid.read_text()), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        shutil.rmtree(self.folder, ignore_errors=True)


def words_of(item):
    marker = item.get_closest_marker("beside")
    return None if marker is None else marker.args


class Plugin:
    """Begins what the collected tests ask for, puts those tests last, ends what is left at the end."""

    def __init__(self, config):
        """A worker is given its folder; who has none makes one, and ends what is in it."""
        given = getattr(config, "workerinput", {}).get("beside")
        self.mine = given is None
        shared = not self.mine or bool(getattr(config.option, "tx", None))
        self.runs = Runs(given or tempfile.mkdtemp(prefix="ampacity-beside."), 0 if shared else NICE)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node):
        node.workerinput["beside"] = str(self.runs.folder)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items.sort(key=lambda item: words_of(item) is not None)

    def pytest_collection_finish(self, session):
        if not session.config.option.collectonly:
            for item in session.items:
                if words_of(item) is not None:
                    self.runs.begin(words_of(item))

    def pytest_unconfigure(self):
        if self.mine:
            self.runs.end()

    @pytest.fixture
    def beside(self, request):
        return self.runs.result(words_of(request.node))
