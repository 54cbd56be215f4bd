"""The 32-bit MicroPython with this firmware frozen in; built if necessary."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tools.micropython.build32 import ROOT

DEST = ROOT / ".cache" / "micropython32-frozen"
NAMES = ROOT / "boards" / "frozen_names.py"  # as the manifests of the boards
PROBES = ROOT / "tools" / "bench" / "probes"


def frozen_runtime(fetch: bool = False) -> Path:
    """The program; a build takes about a minute. fetch: also 32-bit libraries, where gcc has none. Raises RuntimeError if the build fails."""
    firmware = [*sorted((ROOT / "firmware" / "ampacity").rglob("*.py")), NAMES]
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in firmware)).hexdigest()
    DEST.mkdir(parents=True, exist_ok=True)
    known, program = DEST / ".firmware", DEST / "micropython"
    with open(DEST / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.environ.get("AMPACITY_FROZEN_AS_IT_IS") and program.exists():
            return program
        if not (program.exists() and known.exists() and known.read_text() == stamp):
            build(fetch)
            known.write_text(stamp)
    return program


def build(fetch: bool) -> None:
    manifest = DEST / "manifest.py"
    manifest.write_text(f'package("ampacity", base_path="{ROOT / "firmware"}", opt=3)\nmodule("{NAMES.name}", base_path="{NAMES.parent}", opt=3)\n')
    command = [sys.executable, "-m", "tools.micropython.build32", "--dest", str(DEST), "--freeze", str(manifest)] + ([] if fetch else ["--no-fetch"])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "the build failed").splitlines()[0])
