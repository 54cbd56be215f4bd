"""The part `tests` of the proof: every test that is marked `deep` (tests/deep.py), which `make test` leaves out."""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(deep=False):
    """{"tests", "failures", "problems"}; at CI depth only those of the proof itself."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "tests.xml"
        words = [sys.executable, "-m", "pytest", "-n", str(os.cpu_count() or 1), "-m", "deep", "--junitxml=%s" % report]
        words += ["tests" if deep else "tests/proof"]
        done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode not in (0, 1) or not report.exists():
            raise RuntimeError("pytest ended with %d: %s" % (done.returncode, done.stdout[-2000:]))
        return told(ElementTree.parse(report).getroot())


def told(root):
    """Of a JUnit report: how many were played, and the names of those that failed."""
    cases = list(root.iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    failed = ["%s::%s" % (case.get("classname"), case.get("name")) for case in failed]
    return {"tests": len(cases), "failures": len(failed), "problems": failed}
