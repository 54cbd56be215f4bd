"""The rig of the demonstration: a separate process, controlled over its control channel."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from ampacity_host.rig.control_channel.client import RigClient

READY_S = 40
END_S = 10


class RigFailed(Exception):
    """It did not come up, or went away; the text has its last words."""


class DemoRig:
    """`with DemoRig(site, runtime) as rig:` - `rig.ready` is its line, `rig.client` a RigClient. Ends it whatever happens."""

    def __init__(self, site, runtime):
        self._folder = tempfile.TemporaryDirectory(prefix="ampacity-demo-")
        self._arguments = [sys.executable, "-m", "ampacity_host", "rig", "--site", str(site), "--runtime", runtime,
                           "--data", str(Path(self._folder.name) / "data")]
        self._process = None
        self.ready = self.client = None

    def __enter__(self):
        words = open(self._words(), "wb")
        with words:
            self._process = subprocess.Popen(self._arguments, stdout=subprocess.PIPE, stderr=words, stdin=subprocess.DEVNULL,
                                             start_new_session=True)  # Ctrl-C is ours: we take it down in order
        try:
            self.ready = self._wait()
            self.client = RigClient(self.ready["control"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def _words(self):
        return os.path.join(self._folder.name, "rig.log")

    def _wait(self):
        """The ready line; RigFailed when it ends or takes too long."""
        stream = self._process.stdout
        found, _, _ = select.select([stream], [], [], READY_S)
        line = stream.readline() if found else b""
        if not line:
            raise RigFailed("the rig did not come up\n" + self.last_words())
        return json.loads(line)

    def last_words(self):
        """The last lines that the rig and its controllers wrote."""
        logs = [Path(self._words()), *sorted(Path(self._folder.name).glob("data/*.log"))]
        texts = ["%s: %s" % (path.name, line) for path in logs if path.exists()
                 for line in path.read_text(errors="replace").strip().splitlines()[-4:]]
        return "\n".join(texts)

    def __exit__(self, *error):
        if self.client is not None:
            self.client.close()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()
